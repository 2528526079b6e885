//! What every handler works with.

use std::sync::Arc;

use crate::http::figures::Figures;
use crate::ledger::Ledger;
use crate::ledger::access::Access;
use crate::text::{Language, Texts};

/// The service: the books, who may use them, the texts, and the figures about itself.
#[derive(Debug)]
pub struct Service {
    /// The books.
    pub ledger: Ledger,
    /// Accounts, sessions and the record of who did what.
    pub access: Access,
    pub(crate) figures: Figures,
    chinese: Arc<Texts>,
    english: Arc<Texts>,
}

impl Service {
    /// A service on opened books.
    pub fn new(ledger: Ledger, access: Access) -> Service {
        Service {
            ledger,
            access,
            figures: Figures::default(),
            chinese: Arc::new(Texts::new(Language::Chinese)),
            english: Arc::new(Texts::new(Language::English)),
        }
    }

    /// The texts of a language.
    pub(crate) fn texts(&self, language: Language) -> &Arc<Texts> {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}
