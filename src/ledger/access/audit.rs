//! The record: who signed in, who was refused, who read personal details.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::VillageCode;
use crate::ledger::access::{Access, AccessError};
use crate::store::audit::{self, AuditRow};
use crate::store::engine::Tx;

/// Something that somebody did, or was refused. No name of a person and no secret stands in it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// Who: a role and an account, as they stand in the journal.
    pub actor: &'a str,
    /// What, in a word such as `sign_in` or `read_household`.
    pub action: &'static str,
    /// In which village.
    pub village: Option<&'a VillageCode>,
    /// About whom or what: a household's number, an account's name.
    pub subject: Option<&'a str>,
    /// Whether it was let happen.
    pub is_allowed: bool,
    /// The id of the request, for the logs.
    pub trace_id: &'a str,
}

/// What stands in the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "as in the deed")]
pub struct AuditRecord {
    pub id: Uuid,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub village: Option<String>,
    pub subject: Option<String>,
    pub is_allowed: bool,
    pub trace_id: String,
}

impl Access {
    /// Writes down what somebody did.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`]: what cannot be written down is not to be let happen.
    pub async fn note(&self, deed: Deed<'_>) -> Result<(), AccessError> {
        self.write(async |tx| self.note_in(tx, deed).await).await
    }

    /// The same, in a transaction with what was done.
    pub(super) async fn note_in(&self, tx: &mut Tx<'_>, deed: Deed<'_>) -> Result<(), AccessError> {
        let now = self.now();
        let row = AuditRow {
            id: self.chance.command_id(now),
            at: now.as_microsecond(),
            actor: deed.actor.to_owned(),
            action: deed.action.to_owned(),
            village_code: deed.village.map(VillageCode::to_string),
            subject: deed.subject.map(str::to_owned),
            is_allowed: i64::from(deed.is_allowed),
            trace_id: deed.trace_id.to_owned(),
        };
        Ok(audit::insert(tx, &row).await?)
    }

    /// What was written down behind an id, in the order of time.
    ///
    /// # Errors
    /// [`AccessError::Unavailable`].
    pub async fn audit(
        &self,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AccessError> {
        let mut tx = self.read().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = audit::list(&mut tx, after.unwrap_or_default(), limit).await?;
        tx.rollback().await?;
        let record = |row: AuditRow| AuditRecord {
            id: row.id,
            at: Timestamp::from_microsecond(row.at).unwrap_or_default(),
            actor: row.actor,
            action: row.action,
            village: row.village_code,
            subject: row.subject,
            is_allowed: row.is_allowed == 1,
            trace_id: row.trace_id,
        };
        Ok(rows.into_iter().map(record).collect())
    }
}
