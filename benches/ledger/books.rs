//! The ledgers that sections measure copies of; each is made once, when it is first asked for.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Instant;

use jinfu::ledger::Ledger;
use tokio::runtime::Runtime;

use crate::callers::{Callers, Until, load};
use crate::database::Database;
use crate::sizes::Sizes;
use crate::table::thousands;
use crate::villages::{Pickups, opening};

/// How many pickups the small ledger has, all of one village.
pub(crate) const SMALL: u64 = 1_000;

/// Opens villages with their materials, prices and households; the books first, then what is in them.
pub(crate) async fn open(ledger: &Ledger, villages: Range<u64>, households: u64) {
    let commands = |index| opening(index, households).into_iter();
    load(
        ledger,
        villages.clone().flat_map(|index| commands(index).take(1)),
    )
    .await;
    load(ledger, villages.flat_map(|index| commands(index).skip(1))).await;
}

/// The ledgers.
pub(crate) struct Books {
    sizes: Sizes,
    opened: OnceLock<Database>,
    opened_on_server: OnceLock<Option<Database>>,
    small: OnceLock<Database>,
    filled: OnceLock<Database>,
}

impl Books {
    pub(crate) fn new(sizes: Sizes) -> Books {
        Books {
            sizes,
            opened: OnceLock::new(),
            opened_on_server: OnceLock::new(),
            small: OnceLock::new(),
            filled: OnceLock::new(),
        }
    }

    /// The village that only the reported pickups belong to: the one after those that are filled.
    pub(crate) const fn reported(&self) -> u64 {
        self.sizes.villages
    }

    /// Every village with its households, without a pickup.
    pub(crate) fn opened(&self, runtime: &Runtime) -> &Database {
        self.opened.get_or_init(|| {
            let database = Database::file();
            runtime.block_on(self.open_villages(&database));
            database
        })
    }

    /// The same on PostgreSQL.
    pub(crate) fn opened_on_server(&self, runtime: &Runtime) -> Option<&Database> {
        let made = self.opened_on_server.get_or_init(|| {
            runtime.block_on(async {
                let database = Database::server().await?;
                self.open_villages(&database).await;
                Some(database)
            })
        });
        made.as_ref()
    }

    async fn open_villages(&self, database: &Database) {
        let start = Instant::now();
        let ledger = database.open().await;
        open(&ledger, 0..self.sizes.villages + 1, self.sizes.households).await;
        ledger.close().await.unwrap();
        let households = (self.sizes.villages + 1) * self.sizes.households;
        eprintln!(
            "opened {households} households in {:.1} s",
            start.elapsed().as_secs_f64()
        );
    }

    /// One village of which the pickups are reported, and nothing else.
    pub(crate) fn small(&self, runtime: &Runtime) -> &Database {
        self.small.get_or_init(|| {
            let database = Database::file();
            runtime.block_on(async {
                let ledger = database.open().await;
                let reported = self.reported();
                open(&ledger, reported..reported + 1, self.sizes.households).await;
                self.call(ledger, self.to_report(), SMALL).await;
            });
            database
        })
    }

    /// The villages with their pickups, and the one that is reported.
    pub(crate) fn filled(&self, runtime: &Runtime) -> &Database {
        self.filled.get_or_init(|| {
            let database = Database::file_like(self.opened(runtime));
            let Sizes {
                villages,
                households,
                pickups,
                seed,
                ..
            } = self.sizes;
            let to_fill = Pickups::to_fill((0, villages), households, pickups, seed);
            runtime.block_on(async {
                self.call(database.open().await, self.to_report(), SMALL)
                    .await;
                let start = Instant::now();
                self.call(database.open().await, to_fill, pickups).await;
                let seconds = start.elapsed().as_secs_f64();
                let rate = thousands(pickups as f64 / seconds);
                eprintln!("filled with {pickups} pickups in {seconds:.1} s, {rate}/s");
            });
            database
        })
    }

    fn to_report(&self) -> Pickups {
        Pickups::to_report(
            self.reported(),
            self.sizes.households,
            SMALL,
            self.sizes.seed,
        )
    }

    async fn call(&self, ledger: Ledger, pickups: Pickups, count: u64) {
        let callers = Callers::of(ledger, pickups);
        callers.call(256, Until::Index(count)).await;
        callers.close().await;
    }

    /// What measured callers bring.
    pub(crate) fn to_call(&self) -> Pickups {
        let Sizes {
            villages,
            households,
            seed,
            ..
        } = self.sizes;
        Pickups::to_call((0, villages), households, 3, seed)
    }

    /// How the opened ledger is named in the table.
    pub(crate) fn opened_name(&self) -> String {
        let households = self.sizes.villages * self.sizes.households;
        format!("{} households, empty", thousands(households as f64))
    }

    /// How the filled ledger is named in the table.
    pub(crate) fn filled_name(&self) -> String {
        format!("{} pickups", thousands(self.sizes.pickups as f64))
    }
}
