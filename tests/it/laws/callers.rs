//! Sixteen callers at once on one ledger: what they do together keeps the books whole, and no credit is paid out twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jinfu::clock::Chance;
use jinfu::domain::cash_custody::PaidFrom;
use jinfu::domain::closing::CloseMonth;
use jinfu::domain::decide::{Outcome, Verdict, decide};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::month::parse_time;
use jinfu::domain::opening::{OpeningLine, RecordOpening};
use jinfu::domain::payout::{ApprovePayout, PayPayout, RequestPayout};
use jinfu::domain::pickup::{Confirmation, RecordPickup, WeighedLine};
use jinfu::domain::settlement::OffsetCredit;
use jinfu::domain::sign_off::ReopenMonth;
use jinfu::domain::{Account, Book, Command, Event, Money, Month, Quantity, Request, Role};
use jinfu::ledger::{Answer, Error, Ledger};

use super::engines::check_reports;
use super::village::{code, collector, first_month, household, material, number, opening, request};
use crate::harness::{Database, on_both};

const CALLERS: usize = 16;

/// What the saving household has, and what everybody asks for: it covers seven payouts.
const CREDIT: i64 = 7_400;
const ASKED: i64 = 1_000;

/// What was accepted, by the number of its entry.
type Accepted = Mutex<BTreeMap<i64, Request>>;

/// A ledger with what it accepted.
struct Office {
    ledger: Ledger,
    accepted: Accepted,
}

impl Office {
    async fn submit(&self, id: usize, role: Role, name: &str, command: Command) -> Answer {
        let request = request(id, (role, name), command);
        let answer = self.ledger.submit(request.clone()).await;
        assert!(!matches!(&answer, Err(Error::Unavailable(_))), "{answer:?}");
        if let Ok(Outcome::Recorded(recorded)) = &answer {
            self.accepted.lock().unwrap().insert(recorded.seq, request);
        }
        answer
    }
}

/// What was accepted, decided again in the order of the journal by a book in memory, comes to the same balances and reports.
async fn decide_again(ledger: &Ledger, accepted: BTreeMap<i64, Request>) {
    let now = ledger.clock().now();
    let (mut book, chance) = (Book::unopened(code()), Chance::seeded(9));
    book.set_now(now);
    let entries = ledger.head(&code()).await.unwrap().next_seq - 1;
    assert!(
        accepted.keys().copied().eq(1..=entries),
        "every entry was answered"
    );
    let times = |is_meant: fn(&Command) -> bool| {
        let commands = accepted.values().map(|request| &request.command);
        commands.filter(|command| is_meant(command)).count()
    };
    assert!(times(|command| matches!(command, Command::CloseMonth(_))) > 1);
    assert!(times(|command| matches!(command, Command::ReopenMonth(_))) > 0);
    for (seq, request) in accepted {
        match decide(&mut book, &request, chance.salt()) {
            Ok(Verdict::Record(entry, _)) => assert_eq!(entry.seq, seq),
            other => panic!("{seq} {request:?}: {other:?}"),
        }
    }
    for index in 0..super::village::HOUSEHOLDS {
        let no = household(&format!("H{index:03}"));
        let statement = ledger.statement(&code(), &no, (None, None)).await.unwrap();
        let account = book.account(&no).unwrap();
        let open: Money = account.open_charges().map(|(_, open)| open).sum();
        let there = (
            statement.credit_closing,
            statement.advance_closing,
            statement.owed_closing,
        );
        assert_eq!((account.credit, account.advance, open), there, "{no}");
    }
    for month in [first_month(), Month::at(now)] {
        let (mut here, mut there) = (
            book.month_report(month).unwrap(),
            ledger.report(&code(), month).await.unwrap(),
        );
        // The seals are over chains with other salts.
        (here.sealed, there.sealed) = (None, None);
        assert_eq!(here, there);
    }
}

fn pickup(caller: usize, turn: usize) -> Command {
    // H000 saves up, so the others pick up.
    Command::RecordPickup(RecordPickup {
        phone: None,
        pickup_no: number(&format!("P{caller}-{turn}")),
        occurred_at: parse_time("at", &format!("2025-01-{:02}T09:00:00+08:00", turn + 2)).unwrap(),
        household_no: household(&format!("H{:03}", 1 + (caller + turn) % 5)),
        collector: collector("C1"),
        confirmation: Confirmation::Card,
        lines: vec![WeighedLine {
            material: material("ZB"),
            gross: Quantity::grams(1_000 + 700 * caller as i64),
            tare: Quantity::grams(0),
            deduction: 0,
            deduction_reason: String::new(),
        }],
        round: None,
        device: None,
        told_list: None,
        is_paper: false,
    })
}

/// What one caller does; how many payouts of the saving household it got through.
async fn call(office: Arc<Office>, caller: usize) -> usize {
    let month = first_month();
    let mut id = (caller + 1) * 1_000;
    let mut next = || {
        id += 1;
        id
    };
    let mut paid = 0;
    for turn in 0..6 {
        let (now, clerk) = (office.ledger.clock().now(), Role::Clerk);
        drop(
            office
                .submit(next(), clerk, "wang", pickup(caller, turn))
                .await,
        );
        let asked = Command::RequestPayout(RequestPayout {
            household_no: household("H000"),
            amount: Money::from_fen(ASKED),
            requested_at: now,
        });
        if let Ok(Outcome::Recorded(recorded)) = office.submit(next(), clerk, "wang", asked).await {
            let Event::PayoutRequested(event) = &recorded.event else {
                panic!("{recorded:?}");
            };
            let number = event.number.clone();
            let approve = Command::ApprovePayout(ApprovePayout {
                number: number.clone(),
                approved_at: now,
            });
            office
                .submit(next(), Role::Supervisor, "li", approve)
                .await
                .unwrap();
            let pay = Command::PayPayout(PayPayout {
                number,
                paid_at: now,
                paid_from: PaidFrom::Bank,
            });
            office.submit(next(), clerk, "chen", pay).await.unwrap();
            paid += 1;
        }
        let close = CloseMonth {
            month,
            missing_reason: None,
        };
        let reopen = ReopenMonth {
            month,
            reason: "a pickup is missing".to_owned(),
        };
        for command in [
            Command::ChargeFees(ChargeFees { month }),
            Command::OffsetCredit(OffsetCredit { month }),
            Command::CloseMonth(close),
            Command::ReopenMonth(reopen),
        ] {
            drop(office.submit(next(), clerk, "wang", command).await);
        }
    }
    paid
}

#[test]
fn sixteen_callers_at_once_pay_no_credit_twice_and_keep_the_books_whole() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let office = Arc::new(Office {
            ledger: database.open("2025-02-03T09:00:00+08:00", 1).await,
            accepted: Accepted::default(),
        });
        let credit = OpeningLine::Credit {
            household_no: household("H000"),
            amount: Money::from_fen(CREDIT),
        };
        let fund = OpeningLine::Account {
            account: Account::AccumulatedFund,
            subject: "rest".to_owned(),
            amount: Money::from_fen(CREDIT),
        };
        let lines = [credit, fund].map(|line| Command::RecordOpening(RecordOpening { line }));
        for (index, command) in opening(true).into_iter().chain(lines).enumerate() {
            office
                .submit(10_000_000 + index, Role::Clerk, "wang", command)
                .await
                .unwrap();
        }
        let calls: Vec<_> = (0..CALLERS)
            .map(|caller| tokio::spawn(call(Arc::clone(&office), caller)))
            .collect();
        let mut paid = 0;
        for call in calls {
            paid += call.await.unwrap();
        }
        let Office { ledger, accepted } = Arc::into_inner(office).unwrap();
        assert_eq!(paid as i64, CREDIT / ASKED, "{engine:?}");
        for index in 0..super::village::HOUSEHOLDS {
            let no = household(&format!("H{index:03}"));
            let statement = ledger.statement(&code(), &no, (None, None)).await.unwrap();
            assert!(!statement.credit_closing.is_negative(), "{engine:?} {no}");
        }
        let last = Month::at(ledger.clock().now());
        check_reports(&format!("{engine:?}"), &ledger, last).await;
        decide_again(&ledger, accepted.into_inner().unwrap()).await;
        database.close(ledger).await;
    });
}
