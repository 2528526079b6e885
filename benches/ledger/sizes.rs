//! How much is measured: sane without a word, tiny with `--quick`, and each figure by an environment variable of its name.

use std::fmt;
use std::time::Duration;

/// The sizes of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Villages of the ledger.
    pub(crate) villages: u64,
    /// Households of each village.
    pub(crate) households: u64,
    /// Pickups in the filled ledger.
    pub(crate) pickups: u64,
    /// Rounds of each measurement.
    pub(crate) rounds: usize,
    /// How long callers call in one round.
    pub(crate) millis: u64,
    /// Villages that are charged and offset.
    pub(crate) run_villages: u64,
    /// Villages of the region that is reported.
    pub(crate) region_villages: u64,
    /// Pickups of each of them.
    pub(crate) region_pickups: u64,
    /// Pickup lines of the imported folder.
    pub(crate) import_lines: u64,
    /// How long more is asked of the service than it can do.
    pub(crate) overload_seconds: u64,
    /// How long connections are half open.
    pub(crate) half_open_seconds: u64,
    /// Where everything random begins.
    pub(crate) seed: u64,
}

impl Sizes {
    /// The sizes that the environment asks for.
    pub(crate) fn of(is_quick: bool) -> Sizes {
        let size = |name, usual, quick| {
            from_environment(name).unwrap_or(if is_quick { quick } else { usual })
        };
        Sizes {
            villages: size("VILLAGES", 200, 3),
            households: size("HOUSEHOLDS", 500, 20),
            pickups: size("PICKUPS", 100_000, 600),
            rounds: usize::try_from(size("ROUNDS", 5, 2)).unwrap().max(1),
            millis: size("MILLIS", 1_000, 100),
            run_villages: size("RUN_VILLAGES", 20, 2),
            region_villages: size("REGION_VILLAGES", 50, 3),
            region_pickups: size("REGION_PICKUPS", 20_000, 200),
            import_lines: size("IMPORT_LINES", 20_000, 300),
            overload_seconds: size("OVERLOAD_SECONDS", 5, 1),
            half_open_seconds: size("HALF_OPEN_SECONDS", 3, 1),
            seed: size("SEED", 1, 1),
        }
    }

    /// How long callers call in one round.
    pub(crate) const fn round(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let (_, value) = std::env::vars().find(|(other, _)| other == name)?;
    let digits = value.replace('_', "");
    Some(
        digits
            .parse()
            .unwrap_or_else(|_| panic!("{name}={value} is no number")),
    )
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VILLAGES={} HOUSEHOLDS={} PICKUPS={} ROUNDS={} MILLIS={} RUN_VILLAGES={} REGION_VILLAGES={} REGION_PICKUPS={} IMPORT_LINES={} OVERLOAD_SECONDS={} HALF_OPEN_SECONDS={} SEED={} on {} cores",
            self.villages,
            self.households,
            self.pickups,
            self.rounds,
            self.millis,
            self.run_villages,
            self.region_villages,
            self.region_pickups,
            self.import_lines,
            self.overload_seconds,
            self.half_open_seconds,
            self.seed,
            std::thread::available_parallelism().map_or(1, usize::from)
        )
    }
}
