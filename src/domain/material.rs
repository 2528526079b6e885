//! Materials (品类): what the collector weighs or counts.

use serde::{Deserialize, Serialize};

use crate::domain::facts::{Book, Stop};
use crate::domain::journal::Decision;
use crate::domain::{Event, MaterialCode, Refusal, Unit};

/// Registers a material of the village.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegisterMaterial {
    /// Its stable code.
    pub code: MaterialCode,
    /// Its Chinese name.
    pub name: String,
    /// Its English name; may be empty.
    pub name_en: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Taken back without pay, to keep it out of the refuse.
    pub hazardous: bool,
    /// The seller must be known, as for copper and cable.
    pub needs_identity: bool,
}

/// A material as the village registered it.
pub type Material = RegisterMaterial;

impl RegisterMaterial {
    /// Registers the material.
    ///
    /// # Errors
    /// [`Refusal::MaterialTaken`] if the village has the code already.
    pub fn decide(&self, book: &Book) -> Result<Decision, Stop> {
        book.village()?;
        if book.material(&self.code).is_some() {
            return Err(Refusal::MaterialTaken {
                material: self.code.to_string(),
            }
            .into());
        }
        Ok(Decision::on(
            book.now(),
            Event::MaterialRegistered(self.clone()),
        ))
    }
}
