//! What every handler works with.

use std::sync::Arc;
use std::time::Duration;

use crate::http::figures::{Figures, Writer};
use crate::ledger::access::Access;
use crate::ledger::{Error, Ledger};
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

    /// Answers what was accepted, then closes the books.
    ///
    /// # Errors
    /// As [`Ledger::close`].
    pub async fn close(self) -> Result<(), Error> {
        let closed = self.access.close().await;
        self.ledger.close().await?;
        closed
    }

    /// What the writer has counted so far.
    fn writer(&self) -> Writer {
        let figures = self.ledger.figures();
        let (commands, micros) = (figures.commands.read(), figures.commit_micros.read());
        Writer {
            queue_depth: u64::try_from(self.ledger.queue_depth()).unwrap_or(u64::MAX),
            batches: commands.count(),
            commands: commands.sum,
            commit_time: Duration::from_micros(micros.sum),
        }
    }

    /// The figures of the service, those of the writer among them.
    pub(crate) fn figures(self: &Arc<Self>) -> Figures {
        let service = Arc::downgrade(self);
        let figures = self.figures.clone();
        figures.read_writer(move || {
            service
                .upgrade()
                .map_or_else(Writer::default, |service| service.writer())
        });
        figures
    }

    /// Whether requests can be served: the books can be read and the writer has not stopped.
    pub(crate) async fn is_ready(&self) -> bool {
        !self.ledger.has_stopped() && self.ledger.villages(None).await.is_ok()
    }

    /// The texts of a language.
    pub(crate) fn texts(&self, language: Language) -> &Arc<Texts> {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}
