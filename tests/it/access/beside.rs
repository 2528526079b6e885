//! Accounts are written beside the ledger's writer, and neither loses anything.

use std::sync::Arc;

use crate::access::{BY, Door};
use crate::harness::on_both;
use crate::harness::raw::Raw;
use crate::payout::pickup;

const EACH: usize = 200;

#[test]
fn the_ledger_and_the_record_are_written_at_the_same_time_and_nothing_is_lost() {
    on_both(async |engine| {
        let door = Arc::new(Door::new(engine).await);
        let mut raw = Raw::open(&door.village.database).await;
        let notes = "select count(*) from audit_event";
        let pickups = "select count(*) from journal_entry";
        let count = async |raw: &mut Raw, sql: &str| -> usize {
            raw.list(sql).await.remove(0).parse().unwrap()
        };
        let before = (count(&mut raw, notes).await, count(&mut raw, pickups).await);
        let mut work = tokio::task::JoinSet::new();
        for nth in 0..EACH {
            let noting = Arc::clone(&door);
            work.spawn(async move { noting.access.note(BY).await.unwrap() });
            let weighing = Arc::clone(&door);
            work.spawn(async move {
                let weighed = pickup(&format!("N-{nth}"), "H003", "1.000", "09-20T08:00");
                weighing.village.done(weighed).await;
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
        let after = (count(&mut raw, notes).await, count(&mut raw, pickups).await);
        assert_eq!(after, (before.0 + EACH, before.1 + EACH));
        drop(raw);
        Arc::into_inner(door).unwrap().close().await;
    });
}
