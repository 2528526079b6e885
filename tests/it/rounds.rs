//! The service at the door: schedules, rounds with their coverage, residual waste, disputes, and their figures in the report.

use std::collections::BTreeSet;

use jinfu::domain::decide::{Outcome, Recorded};
use jinfu::domain::dispute::{About, AnswerDispute, DisputeDecision, OpenDispute};
use jinfu::domain::month::{parse_date, parse_time, parse_time_of_day};
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::refuse::{RecordTrip, RegisterCollectionPoint};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::round::{CloseRound, OpenRound, RecordStop, StopOutcome};
use jinfu::domain::schedule::{Hours, SetSchedule, VisitDays};
use jinfu::domain::{
    Actor, CollectorCode, Command, DocumentKind, DocumentNo, Group, HouseholdNo, MaterialCode,
    Month, PointCode, Quantity, Refusal, Request, Role, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use serde_json::{Value, json};

use crate::harness::{
    Database, Engine, jinfu, on_both, program, refusal, repository, submit, verify,
};

/// The village of the worked month, before its first event: H001 to H003 in group 1, H004 to H007 in group 2, H007 since 18 September.
struct Book {
    database: Database,
    ledger: Ledger,
    village: VillageCode,
}

impl Book {
    async fn new(engine: Engine) -> Book {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-09-30T20:00:00+08:00", 1).await;
        let plan = import::read(&repository("tests/golden/2025-09-core"), program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        Book {
            database,
            ledger,
            village: plan.village,
        }
    }

    async fn done(&self, command: impl Into<Command>) -> Recorded {
        match submit(&self.ledger, &self.village, command.into()).await {
            Ok(Outcome::Recorded(recorded)) => recorded,
            other => panic!("expected an entry, got {other:?}"),
        }
    }

    /// The command is refused, and leaves everything as it was.
    async fn refused(&self, command: impl Into<Command>) -> Refusal {
        let before = (self.report("2025-09").await, self.head().await);
        let refusal = refusal(submit(&self.ledger, &self.village, command.into()).await);
        assert_eq!(before, (self.report("2025-09").await, self.head().await));
        refusal
    }

    async fn head(&self) -> jinfu::domain::facts::Head {
        self.ledger.head(&self.village).await.unwrap()
    }

    async fn report(&self, month: &str) -> Value {
        let month = Month::parse("month", month).unwrap();
        let report = self.ledger.report(&self.village, month).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        serde_json::to_value(&report).unwrap()
    }

    /// Opens the books again at another time, after something was done behind the program's back.
    async fn reopened(self, sql: &str, at: &str) -> Book {
        self.ledger.close().await.unwrap();
        self.database.execute(sql).await;
        let ledger = self.database.open(at, 2).await;
        Book { ledger, ..self }
    }

    async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

/// Commands by their structs, so that a test reads as what is asked for.
macro_rules! commands {
    ($($name:ident),*) => {$(
        impl From<$name> for Asked {
            fn from(command: $name) -> Asked {
                Asked(Command::$name(command))
            }
        }
    )*};
}

struct Asked(Command);

impl From<Asked> for Command {
    fn from(asked: Asked) -> Command {
        asked.0
    }
}

commands!(
    OpenRound,
    RecordStop,
    CloseRound,
    SetSchedule,
    RecordTrip,
    RegisterCollectionPoint,
    OpenDispute,
    AnswerDispute,
    VoidDocument,
    VoidPickup,
    CorrectPickup,
    MoveOut
);

fn asked(command: impl Into<Asked>) -> Asked {
    command.into()
}

fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

fn household(text: &str) -> HouseholdNo {
    HouseholdNo::parse("household_no", text).unwrap()
}

fn collector() -> CollectorCode {
    CollectorCode::parse("collector", "C1").unwrap()
}

fn at(text: &str) -> jiff::Timestamp {
    parse_time("at", &format!("2025-{text}:00+08:00")).unwrap()
}

fn open(no: &str, group: &str, day: &str) -> Asked {
    asked(OpenRound {
        round_no: number(no),
        group: Group::parse("group", group).unwrap(),
        collector: collector(),
        held_on: parse_date("held_on", day).unwrap(),
    })
}

fn stop(no: &str, house: &str, outcome: StopOutcome, when: &str) -> Asked {
    asked(RecordStop {
        round_no: number(no),
        household_no: household(house),
        outcome,
        at: at(when),
        collector: collector(),
    })
}

fn close(no: &str) -> Asked {
    asked(CloseRound {
        round_no: number(no),
    })
}

fn carton(kg: &str) -> Vec<WeighedLine> {
    let weight = |text| Quantity::parse("gross", text, WrittenUnit::Kg).unwrap();
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: weight(kg),
        tare: weight("0"),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

fn pickup(no: &str, house: &str, when: &str, round: Option<&str>) -> Asked {
    Asked(Command::RecordPickup(RecordPickup {
        pickup_no: number(no),
        occurred_at: at(when),
        household_no: household(house),
        collector: collector(),
        confirmation: Confirmation::Card,
        lines: carton("8.000"),
        round: round.map(number),
    }))
}

fn void(no: &str, when: &str) -> Asked {
    asked(VoidPickup {
        pickup_no: number(no),
        voided_at: at(when),
        reason: "weighed wrong".to_owned(),
    })
}

fn correct(no: &str, new_no: &str, when: &str) -> Asked {
    asked(CorrectPickup {
        pickup_no: number(no),
        new_no: number(new_no),
        corrected_at: at(when),
        lines: carton("9.000"),
        reason: "weighed wrong".to_owned(),
    })
}

fn unknown(text: &str) -> Refusal {
    Refusal::DocumentUnknown {
        number: text.to_owned(),
    }
}

#[test]
fn a_door_counts_once_and_only_on_a_round_of_its_group() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "1", "2025-09-05")).await;
        let (home, nothing) = (StopOutcome::NobodyHome, StopOutcome::NothingToCollect);
        book.done(stop("B-1", "H001", home, "09-05T08:00")).await;
        book.done(stop("B-1", "H001", nothing, "09-05T11:00")).await;
        book.done(pickup("A-1", "H001", "09-05T11:30", Some("B-1")))
            .await;
        book.done(pickup("A-2", "H002", "09-05T08:10", Some("B-1")))
            .await;
        // Of another group, of another day, and of a round that nobody opened: booked, and not counted.
        book.done(pickup("A-3", "H004", "09-05T08:20", Some("B-1")))
            .await;
        book.done(stop("B-1", "H005", home, "09-05T08:30")).await;
        book.done(pickup("A-4", "H003", "09-06T08:10", Some("B-1")))
            .await;
        book.done(pickup("A-5", "H003", "09-05T08:40", Some("B-9")))
            .await;
        let report = book.report("2025-09").await;
        let rounds = json!({"held": 1, "planned": 3, "visited": 2, "coverage": "66.7"});
        assert_eq!(report["rounds"], rounds);
        assert_eq!(report["pickups"], 5);
        // Four of seven households took part.
        assert_eq!(report["participation_rate"], "57.1");
        // A pickup that is voided or replaced proves the round all the same, and one that comes in after the close of the round as well.
        book.done(void("A-2", "09-05T12:00")).await;
        book.done(correct("A-1", "A-1-1", "09-05T12:05")).await;
        book.done(close("B-1")).await;
        book.done(pickup("A-6", "H003", "09-05T08:50", Some("B-1")))
            .await;
        let rounds = json!({"held": 1, "planned": 3, "visited": 3, "coverage": "100.0"});
        assert_eq!(book.report("2025-09").await["rounds"], rounds);
        let listed = book
            .ledger
            .rounds(&book.village, Month::parse("month", "2025-09").unwrap());
        let listed = listed.await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].visited, listed[0].is_closed), (3, true));
        book.close().await;
    });
}

#[test]
fn doors_are_planned_for_who_lives_there_on_the_day() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "2", "2025-09-17")).await;
        book.done(open("B-2", "2", "2025-09-18")).await;
        book.done(asked(MoveOut {
            household_no: household("H004"),
            moved_out: parse_date("moved_out", "2025-09-20").unwrap(),
        }))
        .await;
        book.done(open("B-3", "2", "2025-09-19")).await;
        book.done(open("B-4", "2", "2025-09-20")).await;
        let home = StopOutcome::NobodyHome;
        // Gone since that day, so it is no door of the round.
        book.done(stop("B-4", "H004", home, "09-20T08:00")).await;
        let month = Month::parse("month", "2025-09").unwrap();
        let rounds = book.ledger.rounds(&book.village, month).await.unwrap();
        let planned: Vec<_> = rounds
            .iter()
            .map(|row| (row.round_no.as_str(), row.planned, row.visited))
            .collect();
        assert_eq!(
            planned,
            [("B-1", 3, 0), ("B-2", 4, 0), ("B-3", 4, 0), ("B-4", 3, 0)]
        );
        // It lived there in September, and not in October.
        assert_eq!(book.report("2025-09").await["participation_rate"], "0.0");
        book.ledger
            .clock()
            .set(parse_time("at", "2025-10-02T08:00:00+08:00").unwrap());
        book.done(pickup("A-1", "H001", "10-01T08:00", None)).await;
        assert_eq!(book.report("2025-10").await["participation_rate"], "16.7");
        let none = json!({"held": 0, "planned": 0, "visited": 0, "coverage": null});
        assert_eq!(book.report("2025-10").await["rounds"], none);
        book.close().await;
    });
}

#[test]
fn a_round_in_a_wrong_state_is_refused_by_name() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let home = StopOutcome::NobodyHome;
        let stop_at = |when| stop("B-1", "H001", home, when);
        assert_eq!(book.refused(stop_at("09-05T08:00")).await, unknown("B-1"));
        assert_eq!(book.refused(close("B-1")).await, unknown("B-1"));
        let group = |group: &str, day: &str| Refusal::GroupUnknown {
            group: group.to_owned(),
            day: parse_date("day", day).unwrap(),
        };
        let found = book.refused(open("B-1", "9", "2025-09-05")).await;
        assert_eq!(found, group("9", "2025-09-05"));
        let found = book.refused(open("B-1", "1", "2025-10-01")).await;
        assert!(matches!(
            found,
            Refusal::InTheFuture {
                field: "held_on",
                ..
            }
        ));
        let found = book.refused(open("B-1", "1", "2025-08-31")).await;
        assert!(matches!(found, Refusal::BeforeOpening { .. }));
        book.done(open("B-1", "1", "2025-09-05")).await;
        let taken = Refusal::DocumentNoTaken {
            number: "B-1".to_owned(),
        };
        assert_eq!(book.refused(open("B-1", "2", "2025-09-06")).await, taken);
        let other_day = Refusal::NotOnRoundDay {
            number: "B-1".to_owned(),
            day: parse_date("day", "2025-09-05").unwrap(),
        };
        assert_eq!(book.refused(stop_at("09-06T00:00")).await, other_day);
        let found = book.refused(stop("B-1", "H099", home, "09-05T08:00")).await;
        assert!(matches!(found, Refusal::HouseholdUnknown { .. }));
        book.done(close("B-1")).await;
        let closed = Refusal::RoundClosed {
            number: "B-1".to_owned(),
        };
        assert_eq!(book.refused(stop_at("09-05T08:00")).await, closed);
        assert_eq!(book.refused(close("B-1")).await, closed);
        book.close().await;
    });
}

#[test]
fn the_same_round_under_the_same_id_is_answered_again() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let id = book.ledger.chance().command_id(book.ledger.clock().now());
        let asked = |group| Request {
            village: book.village.clone(),
            id,
            actor: Actor::new(Role::Collector, "wang"),
            command: open("B-1", group, "2025-09-05").0,
        };
        let first = book.ledger.submit(asked("1")).await.unwrap();
        let again = book.ledger.submit(asked("1")).await.unwrap();
        let (Outcome::Recorded(first), Outcome::Recorded(again)) = (first, again) else {
            panic!("both are answered with the entry");
        };
        assert_eq!(
            (first.seq, false, true),
            (again.seq, first.replayed, again.replayed)
        );
        let other = refusal(book.ledger.submit(asked("2")).await);
        let differing = "group".to_owned();
        assert_eq!(other, Refusal::IdUsedForOtherContent { differing });
        book.close().await;
    });
}

fn schedule(group: &str, weekdays: &[i8], days: &[i8], hours: Option<(&str, &str)>) -> Asked {
    let time = |text| parse_time_of_day("from", text).unwrap();
    asked(SetSchedule {
        group: Group::parse("group", group).unwrap(),
        days: VisitDays {
            weekdays: weekdays.iter().copied().collect::<BTreeSet<_>>(),
            month_days: days.iter().copied().collect(),
        },
        hours: hours.map(|(from, to)| Hours {
            from: time(from),
            to: time(to),
        }),
    })
}

#[test]
fn a_schedule_replaces_the_one_before_and_names_the_next_visit() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let morning = Some(("08:00", "10:00"));
        let listed = async || {
            let rows = book.ledger.schedules(&book.village).await.unwrap();
            let shown = rows.into_iter().map(|row| {
                let day = row.next_visit.map(|day| day.to_string());
                (row.set.group.to_string(), day.unwrap_or_default())
            });
            shown.collect::<Vec<_>>()
        };
        // It is Tuesday, 30 September, 20:00.
        book.done(schedule("10", &[2, 5], &[], morning)).await;
        book.done(schedule("2", &[], &[15, 31], morning)).await;
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = |(group, day): &(&str, &str)| ((*group).to_owned(), (*day).to_owned());
            pairs.iter().map(owned).collect::<Vec<_>>()
        };
        assert_eq!(
            listed().await,
            pairs(&[("2", "2025-10-15"), ("10", "2025-10-03")])
        );
        book.done(schedule("2", &[], &[30], Some(("19:00", "21:00"))))
            .await;
        book.done(schedule("10", &[], &[], None)).await;
        assert_eq!(listed().await, pairs(&[("2", "2025-09-30")]));
        for (weekdays, days) in [([8].as_slice(), [].as_slice()), (&[0], &[]), (&[], &[32])] {
            let found = book.refused(schedule("1", weekdays, days, morning)).await;
            assert!(matches!(found, Refusal::OutOfRange { .. }), "{found}");
        }
        let found = book.refused(schedule("1", &[1], &[], None)).await;
        assert_eq!(found, Refusal::Empty { field: "from" });
        let swapped = Some(("10:00", "08:00"));
        let found = book.refused(schedule("1", &[1], &[], swapped)).await;
        assert!(matches!(found, Refusal::HoursEndBeforeBegin { .. }));
        book.close().await;
    });
}

fn point(hours: &[(&str, &str)]) -> Asked {
    let time = |text| parse_time_of_day("from", text).unwrap();
    asked(RegisterCollectionPoint {
        code: PointCode::parse("code", "P1").unwrap(),
        name: "村口".to_owned(),
        hours: hours
            .iter()
            .map(|(from, to)| Hours {
                from: time(from),
                to: time(to),
            })
            .collect(),
    })
}

fn trip(weight: Quantity, when: &str) -> Asked {
    asked(RecordTrip {
        point: PointCode::parse("point", "P1").unwrap(),
        at: at(when),
        weight,
    })
}

fn void_document(kind: DocumentKind, no: &str, when: &str) -> Asked {
    asked(VoidDocument {
        kind,
        number: number(no),
        voided_at: at(when),
        reason: "written down twice".to_owned(),
    })
}

#[test]
fn residual_waste_gives_the_diversion_rate_and_a_voided_trip_does_not_count() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        assert_eq!(
            book.report("2025-09").await["refuse"],
            json!({"trips": 0, "residual_kg": "0.000", "recyclables_kg": "0.000", "diversion_rate": null})
        );
        let weight = Quantity::grams(24_000);
        let found = book.refused(trip(weight, "09-05T07:00")).await;
        let point_of = |point: &str| Refusal::CollectionPointUnknown {
            point: point.to_owned(),
        };
        assert_eq!(found, point_of("P1"));
        assert_eq!(
            book.refused(point(&[])).await,
            Refusal::Empty { field: "hours" }
        );
        let found = book.refused(point(&[("07:00", "07:00")])).await;
        assert!(matches!(found, Refusal::HoursEndBeforeBegin { .. }));
        book.done(point(&[("07:00", "08:00")])).await;
        book.done(point(&[("07:00", "08:00"), ("18:00", "19:30")]))
            .await;
        let trips = [
            Quantity::grams(0),
            Quantity::grams(50_000_001),
            Quantity::new(jinfu::domain::Unit::Piece, 5),
        ];
        for weight in trips {
            let found = book.refused(trip(weight, "09-05T07:00")).await;
            assert!(matches!(
                found,
                Refusal::OutOfRange {
                    field: "weight",
                    ..
                }
            ));
        }
        for when in ["09-05T07:00", "09-06T07:00"] {
            let recorded = book.done(trip(weight, when)).await;
            assert_eq!(recorded.event.document().unwrap().0, DocumentKind::Trip);
        }
        book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        let refuse = |trips: i64, residual: &str, rate: &str| json!({"trips": trips, "residual_kg": residual, "recyclables_kg": "8.000", "diversion_rate": rate});
        assert_eq!(
            book.report("2025-09").await["refuse"],
            refuse(2, "48.000", "14.3")
        );
        let void_trip = || void_document(DocumentKind::Trip, "2025-000002", "09-07T09:00");
        let voided = book.done(void_trip()).await;
        assert_eq!(voided.event.kind(), "document_voided");
        assert_eq!(
            book.report("2025-09").await["refuse"],
            refuse(1, "24.000", "25.0")
        );
        let again = Refusal::AlreadyReversed {
            number: "2025-000002".to_owned(),
        };
        assert_eq!(book.refused(void_trip()).await, again);
        let none = void_document(DocumentKind::Trip, "2025-000009", "09-07T09:00");
        assert_eq!(book.refused(none).await, unknown("2025-000009"));
        book.close().await;
    });
}

fn dispute(house: &str, about: About, when: &str) -> Asked {
    asked(OpenDispute {
        household_no: household(house),
        about,
        opened_at: at(when),
        text: "It was more than that.".to_owned(),
    })
}

fn answer(no: &str, decision: DisputeDecision, by: Option<About>, when: &str) -> Asked {
    asked(AnswerDispute {
        number: number(no),
        decision,
        corrected_by: by,
        answered_at: at(when),
        text: "We weighed it again.".to_owned(),
    })
}

fn of(no: &str) -> About {
    About::Pickup(number(no))
}

#[test]
fn a_dispute_is_upheld_only_by_what_puts_it_right() {
    on_both(async |engine| {
        use DisputeDecision::{Rejected, Upheld};
        let book = Book::new(engine).await;
        for (no, house) in [("A-1", "H001"), ("A-2", "H001"), ("A-3", "H002")] {
            book.done(pickup(no, house, "09-05T08:00", None)).await;
        }
        let opened = book.done(dispute("H001", of("A-1"), "09-06T08:00")).await;
        assert_eq!(opened.event.document().unwrap().1.as_str(), "2025-000001");
        book.done(dispute("H001", of("A-2"), "09-06T09:00")).await;
        let (first, second) = ("2025-000001", "2025-000002");
        let missing = Refusal::CorrectionMissing {
            number: first.to_owned(),
        };
        let upheld = |by| answer(first, Upheld, by, "09-07T08:00");
        assert_eq!(book.refused(upheld(None)).await, missing);
        let not_its = |number: &str, by: &str| Refusal::NotItsCorrection {
            number: number.to_owned(),
            corrected_by: by.to_owned(),
        };
        assert_eq!(
            book.refused(upheld(Some(of("A-1")))).await,
            not_its("A-1", "A-1"),
            "it was not voided"
        );
        assert_eq!(book.refused(upheld(Some(of("A-9")))).await, unknown("A-9"));
        let found = book.refused(upheld(Some(of("A-3")))).await;
        assert!(matches!(found, Refusal::NotOfHousehold { .. }), "{found}");
        book.done(correct("A-1", "A-1-1", "09-06T10:00")).await;
        let voided = book.done(void("A-2", "09-06T11:00")).await;
        assert_eq!(
            book.refused(upheld(Some(of("A-2")))).await,
            not_its("A-1", "A-2")
        );
        let early = Refusal::AnsweredBeforeOpened {
            number: first.to_owned(),
            opened_on: parse_date("day", "2025-09-06").unwrap(),
        };
        let by_replacement = Some(of("A-1-1"));
        assert_eq!(
            book.refused(answer(first, Upheld, by_replacement.clone(), "09-05T23:59"))
                .await,
            early
        );
        assert_eq!(
            book.refused(answer(
                first,
                Rejected,
                by_replacement.clone(),
                "09-07T08:00"
            ))
            .await,
            not_its("A-1", "A-1-1")
        );
        book.done(upheld(by_replacement)).await;
        let answered = Refusal::DisputeAnsweredAlready {
            number: first.to_owned(),
        };
        let again = answer(first, Rejected, None, "09-08T08:00");
        assert_eq!(book.refused(again).await, answered);
        let by_entry = Some(About::Entry(voided.seq));
        book.done(answer(second, Upheld, by_entry, "09-07T08:00"))
            .await;
        let nobodys = answer("2025-000009", Rejected, None, "09-08T08:00");
        assert_eq!(book.refused(nobodys).await, unknown("2025-000009"));
        assert_eq!(
            book.report("2025-09").await["disputes"],
            json!({"open": 0, "overdue": 0, "opened": 2, "upheld": 2, "rejected": 0})
        );
        let void_it = void_document(DocumentKind::Dispute, first, "09-08T08:00");
        let found = book.refused(void_it).await;
        assert!(matches!(found, Refusal::NotVoidable { .. }));
        book.close().await;
    });
}

#[test]
fn a_dispute_is_about_something_of_its_own_household() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        let recorded = book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        let not_of = |number: &str, house: &str| Refusal::NotOfHousehold {
            number: number.to_owned(),
            household_no: house.to_owned(),
        };
        let when = "09-06T08:00";
        let found = book.refused(dispute("H002", of("A-1"), when)).await;
        assert_eq!(found, not_of("A-1", "H002"));
        let line = About::Entry(recorded.seq);
        let found = book.refused(dispute("H002", line.clone(), when)).await;
        assert_eq!(found, not_of(&recorded.seq.to_string(), "H002"));
        for seq in [-1, 0, 1, 99_999] {
            let found = book.refused(dispute("H001", About::Entry(seq), when)).await;
            assert_eq!(found, not_of(&seq.to_string(), "H001"));
        }
        let found = book.refused(dispute("H001", of("A-9"), when)).await;
        assert_eq!(found, unknown("A-9"));
        let found = book.refused(dispute("H099", of("A-1"), when)).await;
        assert!(matches!(found, Refusal::HouseholdUnknown { .. }));
        let found = book
            .refused(dispute("H001", of("A-1"), "10-01T08:00"))
            .await;
        assert!(matches!(found, Refusal::InTheFuture { .. }));
        book.done(dispute("H001", line, when)).await;
        // A line is put right by a later entry of the same household, not by the line itself.
        let by = |seq| {
            let remedy = Some(About::Entry(seq));
            answer("2025-000001", DisputeDecision::Upheld, remedy, when)
        };
        let found = book.refused(by(recorded.seq)).await;
        assert!(matches!(found, Refusal::NotItsCorrection { .. }));
        let voided = book.done(void("A-1", when)).await;
        book.done(by(voided.seq)).await;
        book.close().await;
    });
}

#[test]
fn disputes_of_a_past_month_stand_as_they_stood_at_its_end() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(pickup("A-1", "H001", "09-05T08:00", None)).await;
        for when in ["09-06T08:00", "09-20T08:00", "09-25T08:00"] {
            book.done(dispute("H001", of("A-1"), when)).await;
        }
        // Due on the 16th, on the 30th, and on 5 October.
        let september = json!({"open": 3, "overdue": 1, "opened": 3, "upheld": 0, "rejected": 0});
        assert_eq!(book.report("2025-09").await["disputes"], september);
        book.ledger
            .clock()
            .set(parse_time("at", "2025-10-02T08:00:00+08:00").unwrap());
        let rejected = |no| answer(no, DisputeDecision::Rejected, None, "10-01T08:00");
        book.done(rejected("2025-000001")).await;
        assert_eq!(book.report("2025-09").await["disputes"], september);
        assert_eq!(
            book.report("2025-10").await["disputes"],
            json!({"open": 2, "overdue": 2, "opened": 0, "upheld": 0, "rejected": 1})
        );
        let open = book.ledger.disputes(&book.village, None).await.unwrap();
        let shown: Vec<_> = open
            .iter()
            .map(|row| (row.number.as_str(), row.is_overdue, row.text.as_deref()))
            .collect();
        let said = Some("It was more than that.");
        assert_eq!(
            shown,
            [("2025-000002", true, said), ("2025-000003", false, said)]
        );
        book.close().await;
    });
}

#[test]
fn the_service_figures_of_a_closed_month_stay_as_they_were() {
    on_both(async |engine| {
        let book = Book::new(engine).await;
        book.done(open("B-1", "1", "2025-09-05")).await;
        book.done(point(&[("07:00", "08:00")])).await;
        book.done(trip(Quantity::grams(24_000), "09-05T07:00"))
            .await;
        book.done(pickup("A-1", "H001", "09-05T08:00", Some("B-1")))
            .await;
        let before = book.report("2025-09").await;
        let close_month = "update village_month set state = 'closed' where month = '2025-09'";
        let book = book
            .reopened(close_month, "2025-10-02T08:00:00+08:00")
            .await;
        let home = StopOutcome::NobodyHome;
        let late = refusal(
            submit(
                &book.ledger,
                &book.village,
                stop("B-1", "H002", home, "09-05T08:00").into(),
            )
            .await,
        );
        let month = Month::parse("month", "2025-09").unwrap();
        assert_eq!(late, Refusal::MonthClosed { month });
        book.done(pickup("A-2", "H002", "09-05T08:10", Some("B-1")))
            .await;
        book.done(trip(Quantity::grams(2_000), "09-06T07:00")).await;
        book.done(void_document(
            DocumentKind::Trip,
            "2025-000001",
            "10-01T09:00",
        ))
        .await;
        book.done(open("B-2", "1", "2025-09-08")).await;
        book.done(dispute("H001", of("A-1"), "09-06T08:00")).await;
        let after = book.report("2025-09").await;
        for figures in ["rounds", "refuse", "disputes"] {
            assert_eq!(before[figures], after[figures], "{figures}");
        }
        // What came late stands in the month that is open: a new trip, less one taken back.
        let october = book.report("2025-10").await;
        assert_eq!(october["refuse"]["trips"], 0);
        assert_eq!(october["refuse"]["residual_kg"], "-22.000");
        assert_eq!(october["rounds"]["planned"], 3);
        assert_eq!(october["disputes"]["opened"], 1);
        book.ledger.close().await.unwrap();
        book.database.discard().await;
    });
}

#[track_caller]
fn told(database: &Database, words: &[&str], code: i32) -> String {
    let output = jinfu("en", &database.url, words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
    match code {
        0 => String::from_utf8(output.stdout).unwrap(),
        _ => told.into_owned(),
    }
}

#[test]
fn the_office_keeps_rounds_refuse_and_disputes_at_the_command_line() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let folder = repository("tests/golden/2025-09-core")
            .display()
            .to_string();
        let run = |line: &str| told(&database, &line.split(' ').collect::<Vec<_>>(), 0);
        let refused = |line: &str| told(&database, &line.split(' ').collect::<Vec<_>>(), 1);
        run(&format!("import {folder}"));
        run("schedule set --group 1 --weekday 1,4 --day 15 --from 08:00 --to 10:30");
        let listed: Value = serde_json::from_str(&run("schedule list --format json")).unwrap();
        assert_eq!(
            listed[0]["days"],
            json!({"weekdays": [1, 4], "month_days": [15]})
        );
        assert!(listed[0]["next_visit"].is_string());
        assert!(run("schedule list").contains("Mon Thu the 15."));
        assert!(
            refused("schedule set --group 1 --weekday 1 --from 8:00 --to 10:30").contains("08:30")
        );
        run("round open --number B-1 --group 1 --collector C1 --on 2025-09-05 --by wang");
        let at = "--at 2025-09-05T09:00:00+08:00";
        run(&format!(
            "round stop --number B-1 --household H001 --outcome nobody_home --collector C1 {at}"
        ));
        run(&format!(
            "pickup record --number A-1 --household H002 --collector C1 --round B-1 --line ZB=8kg {at}"
        ));
        run("round close --number B-1");
        assert!(refused("round close --number B-1").contains("B-1 is closed"));
        let rounds: Value = serde_json::from_str(&run("round list 2025-09 --format json")).unwrap();
        assert_eq!(
            (&rounds[0]["visited"], &rounds[0]["planned"]),
            (&json!(2), &json!(3))
        );
        run("refuse point --code P1 --name gate --hours 07:00-08:00 --hours 18:00-19:00");
        run(&format!("refuse trip --point P1 --weight 24.0 {at}"));
        run(&format!("refuse trip --point P1 --weight 2600kg {at}"));
        run(&format!(
            "refuse void --number 2025-000002 --reason twice {at}"
        ));
        run(&format!(
            "dispute open --household H002 --pickup A-1 --text more {at}"
        ));
        run(&format!(
            "dispute answer --number 2025-000001 --decision rejected --text no {at}"
        ));
        assert!(run("dispute list 2025-09").contains("rejected"));
        assert_eq!(run("dispute list --format json").trim(), "[]");
        let report: Value = serde_json::from_str(&run("report 2025-09 --format json")).unwrap();
        assert_eq!(report["rounds"]["coverage"], "66.7");
        assert_eq!(report["refuse"]["diversion_rate"], "25.0");
        assert_eq!(report["disputes"]["rejected"], 1);
        assert!(run("report 2025-09").contains("25.0%"));
        let statement: Value =
            serde_json::from_str(&run("statement --household H002 --format json")).unwrap();
        assert!(statement["lines"][0]["entry"].is_i64());
        moved_whole(&database, engine).await;
        let ledger = database.open("2026-11-01T00:00:00+08:00", 1).await;
        database.close(ledger).await;
    });
}

/// The book goes into another database by way of a file, to the last hash.
async fn moved_whole(database: &Database, engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.jsonl").display().to_string();
    told(database, &["export", &file], 0);
    let other = Database::new(engine).await;
    told(&other, &["import-journal", &file], 0);
    let ledger = other.open("2026-11-01T00:00:00+08:00", 1).await;
    verify(&ledger).await;
    other.close(ledger).await;
}
