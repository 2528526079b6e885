//! What a phone sends that was without a network all day: its pickups in one request, against a single one.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::Instant;

use jinfu::domain::Request;

use crate::Bench;
use crate::client::{Answer, Client, record, record_many};
use crate::database::Database;
use crate::rounds::{in_turn, median};
use crate::served::Served;
use crate::table::{Goal, Row, Unit};
use crate::villages::Pickups;

/// How many pickups a phone has.
const MANY: u64 = 200;
/// How often a phone asks in a round: with a single pickup, and with many.
const ASKED: (u64, u64) = (60, 6);
const GOAL: Goal = Goal::AtMost {
    floor: 12.0,
    aim: 8.0,
};

pub(crate) fn measure(bench: &Bench) -> Vec<Row> {
    let database = Database::file_like(bench.books.opened(&bench.runtime));
    let served = bench.runtime.block_on(async {
        let ledger = database.open().await;
        Served::start(ledger, &database.url, 1).await
    });
    // All of one village, since a phone belongs to one.
    let pickups = Pickups::to_call((0, 1), bench.sizes.households, 3, bench.sizes.seed);
    let connected = Client::connect(served.door.address, Ipv4Addr::LOCALHOST);
    let client = Cell::new(Some(bench.runtime.block_on(connected).unwrap()));
    let next = Cell::new(0);
    let ask = |count: u64| {
        let first = next.replace(next.get() + count);
        let requests: Vec<Request> = (first..first + count).map(|i| pickups.request(i)).collect();
        let phone = served.door.phones.of(&requests[0]);
        let bytes = match count {
            1 => record(&requests[0], phone),
            _ => record_many(&requests, phone),
        };
        let mut connection = client.take().unwrap();
        let begun = Instant::now();
        let answer = bench.runtime.block_on(connection.ask(&bytes)).unwrap();
        let took = begun.elapsed().as_secs_f64();
        client.set(Some(connection));
        assert_accepted(&answer, count);
        took
    };
    let round = |times: u64, count| median(&(0..times).map(|_| ask(count)).collect::<Vec<_>>());
    let (many, single) = in_turn(
        bench.sizes.rounds,
        || round(ASKED.1, MANY),
        || round(ASKED.0, 1),
    );
    drop(client);
    bench.runtime.block_on(served.stop());
    bench.runtime.block_on(database.drop());
    let what = "SQLite: 200 pickups from one phone in one HTTP request : 1 pickup";
    let ledger = bench.books.opened_name();
    let sides = (many.as_slice(), single.as_slice());
    vec![Row::ratio(what, &ledger, Unit::Seconds, sides, GOAL)]
}

fn assert_accepted(answer: &Answer, count: u64) {
    let told = String::from_utf8_lossy(&answer.body);
    if count == 1 {
        assert_eq!(answer.status, 201, "{told}");
    } else {
        assert_eq!(answer.status, 200, "{told}");
        assert_eq!(told.matches("\"receipt\"").count() as u64, count, "{told}");
    }
}
