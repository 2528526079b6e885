//! `jinfu demo`: a temporary book with a village of 486 households and two months, and its last report.

use std::path::Path;

use crate::cli::read::report_table;
use crate::cli::{Failure, Session, UNAVAILABLE, import, print};
use crate::clock::{Chance, Clock};
use crate::domain::Month;
use crate::ledger::Ledger;

/// The folder of the demo, in the binary, so that the demo needs nothing but the binary.
const FOLDER: [(&str, &str); 6] = [
    (
        "village.toml",
        include_str!("../../examples/data/jinfu/village.toml"),
    ),
    (
        "materials.csv",
        include_str!("../../examples/data/jinfu/materials.csv"),
    ),
    (
        "households.csv",
        include_str!("../../examples/data/jinfu/households.csv"),
    ),
    (
        "prices.csv",
        include_str!("../../examples/data/jinfu/prices.csv"),
    ),
    (
        "pickups.csv",
        include_str!("../../examples/data/jinfu/pickups.csv"),
    ),
    (
        "cash.csv",
        include_str!("../../examples/data/jinfu/cash.csv"),
    ),
];

pub(super) async fn run(session: &Session) -> Result<(), Failure> {
    let texts = &session.texts;
    let no_room = |error: std::io::Error| {
        let facts = [("file", "demo".to_owned()), ("reason", error.to_string())];
        Failure::Sentence(UNAVAILABLE, texts.tell("file-not-written", &facts))
    };
    // The folder is kept, so that what the demo says to try next can be tried.
    let folder = tempfile::Builder::new()
        .prefix("jinfu-demo-")
        .tempdir()
        .map_err(no_room)?
        .keep();
    for (file, content) in FOLDER {
        std::fs::write(folder.join(file), content).map_err(no_room)?;
    }
    let database = format!("sqlite:{}", folder.join("jinfu.db").display());
    let plan = import::read(texts, &folder)?;
    let ledger = Ledger::open(&database, Clock::System, Chance::System).await?;
    let month: Month = plan.last_month(ledger.clock().now());
    import::load(&ledger, &plan, Some(month)).await?;
    let report = ledger.report(&plan.village, month).await?;
    ledger.close().await?;
    print(&report_table(texts, &report));
    print(&format!(
        "\n{}\n",
        texts.tell("demo-next", &next(&folder, &database, month))
    ));
    Ok(())
}

fn next(folder: &Path, database: &str, month: Month) -> [(&'static str, String); 3] {
    [
        ("folder", folder.display().to_string()),
        ("database", database.to_owned()),
        ("month", month.to_string()),
    ]
}
