//! Households that change (R-HH): merged, split, moved to another village; what is booked on an old number, and moves that are half done.

use jinfu::domain::clearing::{ArriveHousehold, DepartHousehold};
use jinfu::domain::fee::ChargeFees;
use jinfu::domain::household::{ChangeHousehold, RegisterHousehold, VacancyChange};
use jinfu::domain::merge::MergeHouseholds;
use jinfu::domain::month::{parse_date, parse_time};
use jinfu::domain::move_out::MoveOut;
use jinfu::domain::opening::VoidOpening;
use jinfu::domain::pickup::{Confirmation, CorrectPickup, RecordPickup, VoidPickup, WeighedLine};
use jinfu::domain::reversal::VoidDocument;
use jinfu::domain::settlement::{CashTaker, OffsetCredit, ReceiveCash, VoidCash};
use jinfu::domain::split::{SplitHousehold, SplitPart};
use jinfu::domain::{
    ChargeKey, CollectorCode, Command, DocumentKind, DocumentNo, Group, HouseholdKind, HouseholdNo,
    MaterialCode, Money, Month, Quantity, Refusal, VillageCode, WrittenUnit,
};
use jinfu::files::import;
use jinfu::ledger::Ledger;
use jinfu::ledger::clearing::HalfDone;
use jinfu::ledger::statement::{Line, LineKind};
use serde_json::Value;

use crate::harness::{Database, Engine, jinfu, on_both, program, refusal, repository, submit};

const OTHER: &str = "430321900002";
const NOWHERE: &str = "430321900009";

fn household(text: &str) -> HouseholdNo {
    HouseholdNo::parse("household", text).unwrap()
}

fn village(text: &str) -> VillageCode {
    VillageCode::parse("village", text).unwrap()
}

fn number(text: &str) -> DocumentNo {
    DocumentNo::parse("number", text).unwrap()
}

fn yuan(text: &str) -> Money {
    Money::parse_signed("amount", text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse("month", text).unwrap()
}

/// Noon on a day of September 2025.
fn noon(day: u8) -> jiff::Timestamp {
    parse_time("at", &format!("2025-09-{day:02}T12:00:00+08:00")).unwrap()
}

fn day(day: u8) -> jiff::civil::Date {
    parse_date("on", &format!("2025-09-{day:02}")).unwrap()
}

fn weighed(kilograms: &str) -> Vec<WeighedLine> {
    vec![WeighedLine {
        material: MaterialCode::parse("material", "ZB").unwrap(),
        gross: Quantity::parse("gross", kilograms, WrittenUnit::Kg).unwrap(),
        tare: Quantity::parse("tare", "0", WrittenUnit::Kg).unwrap(),
        deduction: 0,
        deduction_reason: String::new(),
    }]
}

/// Cartons at 0.90 a kilogram.
fn pickup(no: &str, of: &str, kilograms: &str) -> Command {
    Command::RecordPickup(RecordPickup {
        device: None,
        told_list: None,
        is_paper: false,
        round: None,
        pickup_no: number(no),
        occurred_at: noon(5),
        household_no: household(of),
        collector: CollectorCode::parse("collector", "C1").unwrap(),
        confirmation: Confirmation::Card,
        lines: weighed(kilograms),
    })
}

fn void_pickup(no: &str) -> Command {
    Command::VoidPickup(VoidPickup {
        pickup_no: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn cash(of: &str, amount: &str) -> Command {
    Command::ReceiveCash(ReceiveCash {
        household_no: household(of),
        amount: yuan(amount),
        received_at: noon(6),
        taken_by: CashTaker::Office(String::new()),
    })
}

fn void_cash(no: &str) -> Command {
    Command::VoidCash(VoidCash {
        receipt_no: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn void(kind: DocumentKind, no: &str) -> Command {
    Command::VoidDocument(VoidDocument {
        kind,
        number: number(no),
        voided_at: noon(25),
        reason: "typing mistake".to_owned(),
    })
}

fn merge(from: &str, into: &str) -> Command {
    Command::MergeHouseholds(MergeHouseholds {
        from: household(from),
        into: household(into),
        on: day(10),
        reason: "the brothers live together again".to_owned(),
    })
}

fn part(no: &str, share: i64) -> SplitPart {
    SplitPart {
        household_no: household(no),
        group: None,
        headcount: 1,
        kind: None,
        share,
        advance: Money::ZERO,
        charges: Vec::new(),
    }
}

fn split(of: &str, parts: Vec<SplitPart>) -> Command {
    Command::SplitHousehold(SplitHousehold {
        household_no: household(of),
        on: day(10),
        parts,
        reason: "the son has his own stove".to_owned(),
    })
}

fn depart(of: &str, to: &str, reference: Option<&str>) -> Command {
    Command::DepartHousehold(DepartHousehold {
        household_no: household(of),
        to_village: village(to),
        new_number: None,
        on: day(20),
        reference: reference.map(number),
    })
}

fn arrival(no: &str, from: &str, reference: &str, amount: &str) -> ArriveHousehold {
    ArriveHousehold {
        household_no: household(no),
        register: None,
        from_village: village(from),
        reference: number(reference),
        amount: yuan(amount),
        advance: Money::ZERO,
        arrived_at: noon(22),
    }
}

fn registration(no: &str) -> RegisterHousehold {
    RegisterHousehold {
        household_no: household(no),
        group: Group::parse("group", "1").unwrap(),
        headcount: 2,
        kind: HouseholdKind::Resident,
        moved_in: Some(day(22)),
        vacant_since: None,
        save_up: false,
        head: "来自邻村".to_owned(),
        waivers: Vec::new(),
    }
}

/// The village of the worked month before its first event, and a neighbour without households.
struct Books {
    database: Database,
    ledger: Ledger,
    code: VillageCode,
}

impl Books {
    async fn new(engine: Engine) -> Books {
        let database = Database::new(engine).await;
        let ledger = database.open("2025-10-05T00:00:00+08:00", 1).await;
        let folder = repository("tests/golden/2025-09-core");
        let plan = import::read(&folder, program()).unwrap();
        for step in &plan.steps {
            ledger.submit(step.request.clone()).await.unwrap();
        }
        let opening = plan.steps[0].request.command.clone();
        submit(&ledger, &village(OTHER), opening).await.unwrap();
        Books {
            database,
            ledger,
            code: plan.village,
        }
    }

    async fn done(&self, command: Command) {
        let shown = format!("{command:?}");
        let answer = submit(&self.ledger, &self.code, command).await;
        assert!(answer.is_ok(), "{shown}: {answer:?}");
    }

    async fn done_there(&self, command: Command) {
        submit(&self.ledger, &village(OTHER), command)
            .await
            .unwrap();
    }

    /// The command is refused, and nothing is other than it was.
    async fn refused(&self, command: Command, expected: Refusal) {
        let before = self.report().await;
        let head = self.ledger.head(&self.code).await.unwrap();
        let answer = submit(&self.ledger, &self.code, command).await;
        assert_eq!(refusal(answer), expected);
        assert_eq!(self.ledger.head(&self.code).await.unwrap(), head);
        assert_eq!(self.report().await, before);
    }

    /// The report of September, whose rows roll from their opening to their closing.
    async fn report(&self) -> Value {
        let report = self.ledger.report(&self.code, month("2025-09")).await;
        let report = serde_json::to_value(report.unwrap()).unwrap();
        for row in report["households"].as_array().unwrap() {
            let sum = |names: &[&str]| -> Money {
                let figures = names.iter().map(|name| yuan(row[name].as_str().unwrap()));
                figures.sum()
            };
            let credit = [
                "credit_opening",
                "earned",
                "offset",
                "payouts",
                "credit_transfers",
            ];
            assert_eq!(sum(&credit), sum(&["credit_closing"]), "{row}");
            let fees = [
                "fees_opening",
                "charged",
                "waived",
                "credited_back",
                "offset",
                "paid_cash",
                "advance_used",
                "fees_transfers",
            ];
            assert_eq!(sum(&fees), sum(&["fees_closing"]), "{row}");
        }
        report
    }

    async fn lines(&self, no: &str) -> Vec<Line> {
        let number = household(no);
        let statement = self.ledger.statement(&self.code, &number, (None, None));
        statement.await.unwrap().lines
    }

    /// Credit, advance and what is owed of a household, as its statement ends.
    #[track_caller]
    fn stands(&self, no: &str, figures: [&str; 3]) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let number = household(no);
        let (no, figures) = (no.to_owned(), figures.map(yuan));
        async move {
            let statement = self.ledger.statement(&self.code, &number, (None, None));
            let statement = statement.await.unwrap();
            let found = [
                statement.credit_closing,
                statement.advance_closing,
                statement.owed_closing,
            ];
            assert_eq!(found, figures, "{no} at {place}");
        }
    }

    async fn runs(&self) {
        let month = month("2025-09");
        self.done(Command::ChargeFees(ChargeFees { month })).await;
        self.done(Command::OffsetCredit(OffsetCredit { month }))
            .await;
    }

    async fn close(self) {
        self.database.close(self.ledger).await;
    }
}

fn checks_hold(report: &Value) {
    let checks = report["checks"].as_array().unwrap();
    let off: Vec<_> = checks
        .iter()
        .filter(|check| check["holds"] == false)
        .collect();
    assert!(off.is_empty(), "{off:?}");
}

#[test]
fn a_merge_moves_credit_advance_and_charges_which_keep_their_number() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(cash("H003", "5.00")).await;
        books.stands("H003", ["31.50", "5.00", "0"]).await;
        books.done(merge("H003", "H004")).await;
        // The advance of the one pays the oldest charge of the other at once.
        books.stands("H003", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "15.00"]).await;
        books.done(merge("H002", "H004")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "25.00"]).await;
        let lines = books.lines("H004").await;
        let moved: Vec<_> = lines
            .iter()
            .filter(|line| line.kind == LineKind::Transfer && line.period.is_some())
            .map(|line| {
                let document = line.document.clone().unwrap();
                (line.period.as_ref().unwrap().to_string(), document)
            })
            .collect();
        assert_eq!(
            moved,
            [("2025-08/H002".to_owned(), "2025-000002".to_owned())]
        );
        // What is paid for the old number is paid by the household that it stands for, oldest first.
        books.done(cash("H002", "16.00")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H004", ["31.50", "0", "9.00"]).await;
        books.done(pickup("P1", "H003", "10")).await;
        books.stands("H003", ["0", "0", "0"]).await;
        books.stands("H004", ["40.50", "0", "9.00"]).await;
        // One charge for the household that they are now; the one with the other's number comes first.
        books.runs().await;
        books.stands("H004", ["21.50", "0", "0"]).await;
        let report = books.report().await;
        let rows = report["households"].as_array().unwrap();
        let charged = |no: &str| {
            let row = rows.iter().find(|row| row["household_no"] == no).unwrap();
            row["charged"].as_str().unwrap().to_owned()
        };
        assert_eq!(charged("H004"), "10.00");
        assert_eq!([charged("H002"), charged("H003")], ["0.00", "0.00"]);
        assert_eq!(report["credit"]["transfers"], "0.00");
        assert_eq!(report["fees"]["transfers"], "0.00");
        let row = rows
            .iter()
            .find(|row| row["household_no"] == "H003")
            .unwrap();
        assert_eq!(row["credit_transfers"], "-31.50");
        checks_hold(&report);
        books.close().await;
    });
}

#[test]
fn what_is_taken_back_of_an_old_number_lands_on_the_household_it_stands_for() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H003", "10")).await;
        books.done(pickup("P2", "H003", "20")).await;
        books.done(cash("H002", "15.00")).await;
        books.stands("H002", ["0", "5.00", "0"]).await;
        books.done(merge("H003", "H001")).await;
        books.stands("H001", ["64.70", "0", "0"]).await;
        books.done(void_pickup("P1")).await;
        books.stands("H001", ["55.70", "0", "0"]).await;
        let correction = CorrectPickup {
            pickup_no: number("P2"),
            new_no: number("P2-1"),
            corrected_at: noon(26),
            lines: weighed("10"),
            reason: "read wrong".to_owned(),
        };
        books.done(Command::CorrectPickup(correction)).await;
        books.stands("H001", ["46.70", "0", "0"]).await;
        books.stands("H003", ["0", "0", "0"]).await;
        let carried = books.lines("H001").await.pop().unwrap();
        assert_eq!(carried.kind, LineKind::Transfer);
        assert_eq!(carried.document.as_deref(), Some("P2-1"));
        assert_eq!(carried.amount, yuan("-9.00"));
        assert_eq!(carried.reason.as_deref(), Some("read wrong"));
        // The charge was settled when the households were merged; the advance paid the other's charge since.
        books.done(merge("H002", "H004")).await;
        books.stands("H004", ["0", "0", "15.00"]).await;
        books.done(void_cash("2025-000001")).await;
        books.stands("H004", ["0", "0", "30.00"]).await;
        books.stands("H002", ["0", "0", "0"]).await;
        checks_hold(&books.report().await);
        // Through a second merge as well.
        books.done(merge("H004", "H001")).await;
        books.stands("H001", ["46.70", "0", "30.00"]).await;
        books.stands("H004", ["0", "0", "0"]).await;
        books.done(cash("H002", "30.00")).await;
        for opening in ["charge/H002/2025-08", "credit/H003"] {
            let voided = VoidOpening {
                number: number(opening),
                voided_at: noon(27),
                reason: "paid long ago".to_owned(),
            };
            books.done(Command::VoidOpening(voided)).await;
        }
        books.stands("H001", ["15.20", "10.00", "0"]).await;
        for no in ["H002", "H003", "H004"] {
            books.stands(no, ["0", "0", "0"]).await;
        }
        books.close().await;
    });
}

#[test]
fn credit_below_zero_moves_with_a_merge_as_well() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H002", "10")).await;
        books.runs().await;
        books.done(void_pickup("P1")).await;
        books.stands("H002", ["-9.00", "0", "11.00"]).await;
        books.done(merge("H002", "H003")).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.stands("H003", ["12.50", "0", "11.00"]).await;
        checks_hold(&books.report().await);
        books.close().await;
    });
}

#[test]
fn a_household_is_not_merged_against_the_rules() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        let household_no = || "H003".to_owned();
        books
            .refused(
                merge("H003", "H003"),
                Refusal::MergedWithItself {
                    household_no: household_no(),
                },
            )
            .await;
        for (from, into) in [("H003", "H999"), ("H999", "H003")] {
            let household_no = "H999".to_owned();
            let unknown = Refusal::HouseholdUnknown { household_no };
            books.refused(merge(from, into), unknown).await;
        }
        books.done(merge("H003", "H001")).await;
        let merged = || Refusal::HouseholdMerged {
            household_no: household_no(),
            into: "H001".to_owned(),
        };
        let moved_out = MoveOut {
            household_no: household("H003"),
            moved_out: day(20),
        };
        let change = ChangeHousehold {
            household_no: household("H003"),
            effective_from: day(20),
            group: None,
            headcount: Some(3),
            kind: None,
            vacancy: VacancyChange::Unchanged,
            save_up: None,
            head: None,
            waivers: None,
        };
        for again in [
            merge("H003", "H002"),
            merge("H002", "H003"),
            split("H003", vec![part("H031", 50)]),
            depart("H003", OTHER, None),
            Command::MoveOut(moved_out.clone()),
            Command::ChangeHousehold(change),
        ] {
            books.refused(again, merged()).await;
        }
        let taken = Refusal::HouseholdNoTaken {
            household_no: household_no(),
        };
        books
            .refused(Command::RegisterHousehold(registration("H003")), taken)
            .await;
        books
            .done(Command::MoveOut(MoveOut {
                household_no: household("H001"),
                ..moved_out
            }))
            .await;
        let gone = Refusal::MovedOutAlready {
            household_no: "H001".to_owned(),
            moved_out: day(20),
        };
        books.refused(merge("H002", "H001"), gone).await;
        let early = Refusal::MovedOutBeforeMovedIn {
            household_no: "H007".to_owned(),
            moved_in: day(18),
        };
        books.refused(merge("H007", "H002"), early).await;
        let no_void = Refusal::NotVoidable {
            number: "2025-000001".to_owned(),
            kind: "merge",
        };
        books
            .refused(void(DocumentKind::Merge, "2025-000001"), no_void)
            .await;
        books.close().await;
    });
}

#[test]
fn a_split_shares_the_credit_and_leaves_the_remainder() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        // A third each of 31.50 is 10.395, half up.
        books
            .done(split("H003", vec![part("H031", 33), part("H032", 33)]))
            .await;
        books.stands("H031", ["10.40", "0", "0"]).await;
        books.stands("H032", ["10.40", "0", "0"]).await;
        books.stands("H003", ["10.70", "0", "0"]).await;
        // Two halves of an odd fen are not more than there is.
        books.done(pickup("P1", "H001", "0.01")).await;
        books
            .done(split("H001", vec![part("H011", 50), part("H012", 50)]))
            .await;
        books.stands("H011", ["3.11", "0", "0"]).await;
        books.stands("H012", ["3.10", "0", "0"]).await;
        books.stands("H001", ["0", "0", "0"]).await;
        // Advance and charges stay unless they are stated.
        books.done(cash("H004", "4.00")).await;
        let mut taking = part("H041", 0);
        taking.charges = vec![ChargeKey::own(month("2025-07"))];
        books.done(split("H004", vec![taking])).await;
        books.stands("H004", ["0", "0", "10.00"]).await;
        books.stands("H041", ["0", "0", "6.00"]).await;
        // What was paid of the charge stays where it was paid, and opens again there.
        books.done(void_cash("2025-000001")).await;
        books.stands("H004", ["0", "0", "14.00"]).await;
        books.stands("H041", ["0", "0", "6.00"]).await;
        books.done(cash("H002", "18.00")).await;
        let mut taking = part("H021", 100);
        taking.advance = yuan("3.00");
        books.done(split("H002", vec![taking])).await;
        books.stands("H002", ["0", "5.00", "0"]).await;
        books.stands("H021", ["0", "3.00", "0"]).await;
        books.runs().await;
        // The new household moved in on the 10th, so September is charged; its advance pays at once.
        books.stands("H021", ["0", "0", "7.00"]).await;
        let lines = books.lines("H041").await;
        let first = lines.first().unwrap().period.as_ref().unwrap().to_string();
        assert_eq!(first, "2025-07/H004");
        checks_hold(&books.report().await);
        // They make up: the charge has one number again, and what was opened by itself joins it.
        books.done(merge("H041", "H004")).await;
        books.stands("H041", ["0", "0", "0"]).await;
        books.stands("H004", ["0", "0", "40.00"]).await;
        books.done(cash("H004", "40.00")).await;
        books.stands("H004", ["0", "0", "0"]).await;
        checks_hold(&books.report().await);
        books.close().await;
    });
}

#[test]
fn a_household_is_not_split_against_the_rules() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        let share = |value: &str| Refusal::OutOfRange {
            field: "share",
            value: value.to_owned(),
            least: "0".to_owned(),
            most: "100".to_owned(),
        };
        let two = vec![part("H031", 60), part("H032", 41)];
        books.refused(split("H003", two), share("101")).await;
        books
            .refused(split("H003", vec![part("H031", -1)]), share("-1"))
            .await;
        books
            .refused(split("H003", Vec::new()), Refusal::Empty { field: "part" })
            .await;
        let taken = |no: &str| Refusal::HouseholdNoTaken {
            household_no: no.to_owned(),
        };
        books
            .refused(split("H003", vec![part("H001", 1)]), taken("H001"))
            .await;
        let twice = vec![part("H031", 1), part("H031", 1)];
        books.refused(split("H003", twice), taken("H031")).await;
        let household_no = "H999".to_owned();
        books
            .refused(
                split("H999", vec![part("H031", 1)]),
                Refusal::HouseholdUnknown { household_no },
            )
            .await;
        let mut nobody = part("H031", 1);
        nobody.headcount = 0;
        books
            .refused(
                split("H003", vec![nobody]),
                Refusal::OutOfRange {
                    field: "headcount",
                    value: "0".to_owned(),
                    least: "1".to_owned(),
                    most: "99".to_owned(),
                },
            )
            .await;
        let mut rich = part("H031", 1);
        rich.advance = yuan("0.01");
        books
            .refused(
                split("H003", vec![rich]),
                Refusal::AdvanceTooSmall {
                    household_no: "H003".to_owned(),
                    available: Money::ZERO,
                    asked: yuan("0.01"),
                },
            )
            .await;
        let mut settled = part("H031", 1);
        let august = ChargeKey::own(month("2025-08"));
        settled.charges = vec![august.clone()];
        let not_open = |of: &str| Refusal::ChargeNotOpen {
            household_no: of.to_owned(),
            charge: "2025-08".to_owned(),
        };
        books
            .refused(split("H003", vec![settled.clone()]), not_open("H003"))
            .await;
        settled.charges = vec![august.clone(), august];
        books
            .refused(split("H004", vec![settled]), not_open("H004"))
            .await;
        // A charge that was divided is not taken back whole.
        let mut taking = part("H041", 0);
        taking.charges = vec![ChargeKey::own(month("2025-07"))];
        books.done(split("H004", vec![taking])).await;
        let voided = VoidOpening {
            number: number("charge/H004/2025-07"),
            voided_at: noon(27),
            reason: "paid long ago".to_owned(),
        };
        books
            .refused(
                Command::VoidOpening(voided),
                Refusal::ChargeElsewhere {
                    household_no: "H004".to_owned(),
                    charge: "2025-07".to_owned(),
                },
            )
            .await;
        books.close().await;
    });
}

#[test]
fn a_move_to_another_village_is_settled_here_and_opened_there() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(pickup("P1", "H002", "10")).await;
        books.done(depart("H003", OTHER, Some("MOVE-1"))).await;
        books.stands("H003", ["0", "0", "0"]).await;
        let half_done = async |prefix| {
            let found = books.ledger.clearing(prefix).await.unwrap();
            let shown = found
                .into_iter()
                .map(|one| (one.reference.to_string(), one.problem));
            shown.collect::<Vec<_>>()
        };
        let missing = || vec![("MOVE-1".to_owned(), HalfDone::NotArrived)];
        for prefix in ["", "430321900", "430321900001", OTHER] {
            assert_eq!(half_done(prefix).await, missing());
        }
        assert_eq!(half_done("11").await, []);
        // The neighbour writes another amount, finds out, and writes it again.
        let code = books.code.to_string();
        let mut arrived = arrival("N001", &code, "MOVE-1", "31.00");
        arrived.register = Some(registration("N001"));
        books.done_there(Command::ArriveHousehold(arrived)).await;
        assert_eq!(
            half_done("").await,
            [("MOVE-1".to_owned(), HalfDone::AmountsDiffer)]
        );
        books
            .done_there(void(DocumentKind::Arrival, "2025-000001"))
            .await;
        assert_eq!(half_done("").await, missing());
        let again = arrival("N001", &code, "MOVE-1", "31.50");
        books.done_there(Command::ArriveHousehold(again)).await;
        assert_eq!(half_done("").await, []);
        let there = village(OTHER);
        let report = books.ledger.report(&there, month("2025-09")).await.unwrap();
        assert!(report.holds(), "{:?}", report.checks);
        let accounts = serde_json::to_value(&report).unwrap()["accounts"].clone();
        assert_eq!([&accounts["1261"], &accounts["2202"]], ["31.50", "-31.50"]);
        let report = books.report().await;
        assert_eq!(report["accounts"]["2261"], "-31.50");
        assert_eq!(report["credit"]["transfers"], "-31.50");
        checks_hold(&report);
        // Somebody arrives whom nobody let go.
        let stray = arrival("N001", &code, "MOVE-9", "1.00");
        books.done_there(Command::ArriveHousehold(stray)).await;
        assert_eq!(
            half_done("").await,
            [("MOVE-9".to_owned(), HalfDone::NotDeparted)]
        );
        // Open fees are paid from credit first, and the rest by cash.
        let owes = Refusal::StillOwes {
            household_no: "H002".to_owned(),
            amount: yuan("1.00"),
        };
        books.refused(depart("H002", OTHER, None), owes).await;
        books.done(cash("H002", "1.00")).await;
        books.done(depart("H002", OTHER, None)).await;
        books.stands("H002", ["0", "0", "0"]).await;
        books.close().await;
    });
}

#[test]
fn a_household_that_moves_to_another_village_is_priced_again_and_takes_its_advance_along() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        books.done(cash("H001", "10.00")).await;
        books
            .done(Command::ChargeFees(ChargeFees {
                month: month("2025-09"),
            }))
            .await;
        books.stands("H001", ["6.20", "0", "0"]).await;
        // Gone by the 15th, September is not owed: what was paid of it is advance, which goes along.
        let mut leaving = DepartHousehold {
            household_no: household("H001"),
            to_village: village(OTHER),
            new_number: Some(household("N001")),
            on: day(12),
            reference: None,
        };
        books.done(Command::DepartHousehold(leaving.clone())).await;
        books.stands("H001", ["0", "0", "0"]).await;
        let open = books.ledger.clearing("").await.unwrap();
        let departed = open[0].departed.as_ref().unwrap();
        assert_eq!(
            [departed.credit, departed.advance],
            [yuan("6.20"), yuan("10.00")]
        );
        assert_eq!(open[0].reference, number("2025-000001"));
        // It was another village: taken back, the household has left, and its credit waits for the right one.
        books
            .done(void(DocumentKind::Departure, "2025-000001"))
            .await;
        books.stands("H001", ["6.20", "10.00", "0"]).await;
        assert_eq!(books.ledger.clearing("").await.unwrap(), []);
        leaving.reference = Some(number("2025-000001"));
        books.done(Command::DepartHousehold(leaving)).await;
        books.stands("H001", ["0", "0", "0"]).await;
        let mut arrived = arrival("N001", books.code.as_str(), "2025-000001", "6.20");
        arrived.register = Some(registration("N001"));
        arrived.advance = yuan("10.00");
        books.done_there(Command::ArriveHousehold(arrived)).await;
        assert_eq!(books.ledger.clearing("").await.unwrap(), []);
        // Once the advance is used, the arrival cannot be taken back.
        let october = month("2025-10");
        let there = village(OTHER);
        books
            .done_there(Command::ChargeFees(ChargeFees { month: october }))
            .await;
        let arrived = void(DocumentKind::Arrival, "2025-000001");
        let answer = submit(&books.ledger, &there, arrived).await;
        let small = Refusal::AdvanceTooSmall {
            household_no: "N001".to_owned(),
            available: Money::ZERO,
            asked: yuan("10.00"),
        };
        assert_eq!(refusal(answer), small);
        checks_hold(&books.report().await);
        books.close().await;
    });
}

#[test]
fn a_household_does_not_move_to_another_village_against_the_rules() {
    on_both(async |engine| {
        let books = Books::new(engine).await;
        let nowhere = || Refusal::VillageUnknown {
            village: village(NOWHERE),
        };
        books
            .refused(depart("H003", NOWHERE, None), nowhere())
            .await;
        let here = books.code.clone();
        let same = || Refusal::SameVillage {
            village: here.clone(),
        };
        books
            .refused(depart("H003", here.as_str(), None), same())
            .await;
        let owes = Refusal::StillOwes {
            household_no: "H004".to_owned(),
            amount: yuan("20.00"),
        };
        books.refused(depart("H004", OTHER, None), owes).await;
        let household_no = "H999".to_owned();
        let unknown = || Refusal::HouseholdUnknown {
            household_no: household_no.clone(),
        };
        books.refused(depart("H999", OTHER, None), unknown()).await;
        let arrive = |from: &str, no: &str, amount: &str| {
            Command::ArriveHousehold(arrival(no, from, "MOVE-1", amount))
        };
        books
            .refused(arrive(NOWHERE, "H003", "1.00"), nowhere())
            .await;
        books
            .refused(arrive(here.as_str(), "H003", "1.00"), same())
            .await;
        books
            .refused(arrive(OTHER, "H999", "1.00"), unknown())
            .await;
        let below = Refusal::OutOfRange {
            field: "amount",
            value: "-1.00".to_owned(),
            least: "0.00".to_owned(),
            most: "100000000.00".to_owned(),
        };
        books.refused(arrive(OTHER, "H003", "-1.00"), below).await;
        books.done(arrive(OTHER, "H003", "1.00")).await;
        let taken = || Refusal::DocumentNoTaken {
            number: "MOVE-1".to_owned(),
        };
        books.refused(arrive(OTHER, "H001", "1.00"), taken()).await;
        books.done(depart("H003", OTHER, Some("MOVE-1"))).await;
        books
            .refused(depart("H001", OTHER, Some("MOVE-1")), taken())
            .await;
        // Credit below zero is made good first.
        books.done(pickup("P1", "H001", "10")).await;
        books.runs().await;
        books.done(void_pickup("P1")).await;
        books.stands("H001", ["-3.80", "0", "0"]).await;
        let below = Refusal::CreditBelowZero {
            household_no: "H001".to_owned(),
            amount: yuan("3.80"),
        };
        books.refused(depart("H001", OTHER, None), below).await;
        books.close().await;
    });
}

#[test]
fn the_office_merges_splits_and_moves_households_and_finds_what_is_half_done() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let run = |words: &[&str]| jinfu("en", &database.url, words);
        let told = |words: &[&str], code: i32| {
            let output = run(words);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
            String::from_utf8(output.stdout).unwrap() + &told
        };
        let folder = repository("tests/golden/2025-09-core");
        told(&["import", &folder.display().to_string()], 0);
        let neighbour = tempfile::tempdir().unwrap();
        for file in [
            "village.toml",
            "materials.csv",
            "prices.csv",
            "households.csv",
        ] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let text = text.replace("430321900001", OTHER);
            std::fs::write(neighbour.path().join(file), text).unwrap();
        }
        told(&["import", &neighbour.path().display().to_string()], 0);
        let words = |text: &str| {
            let text = text.to_owned();
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words
        };
        let office = |text: &str, code: i32| {
            let words = words(text);
            told(&words.iter().map(String::as_str).collect::<Vec<_>>(), code)
        };
        let here = "--village 430321900001";
        let there = "--village 430321900002";
        let merged = office(
            &format!(
                "household merge {here} --household H002 --into H004 --on 2025-09-10 --reason family"
            ),
            0,
        );
        assert!(
            merged.contains("Households merged") && merged.contains("2025-000001"),
            "{merged}"
        );
        office(
            &format!(
                "household split {here} --household H003 --on 2025-09-10 --part H031,headcount=2,share=50,group=2 --reason son"
            ),
            0,
        );
        assert!(office("household clearing", 0).contains("whole"));
        office(
            &format!(
                "household depart {here} --household H003 --to 430321900002 --on 2025-09-20 --new-number N001"
            ),
            0,
        );
        let missing = office("household clearing --region 430321", 1);
        assert!(
            missing.contains("15.75") && missing.contains("2025-000001"),
            "{missing}"
        );
        office(
            &format!(
                "household arrive {there} --household N001 --from 430321900001 --reference 2025-000001 --amount 15.75 --register --group 1 --headcount 2 --moved-in 2025-09-22 --at 2025-09-22T12:00:00+08:00"
            ),
            0,
        );
        office("household clearing --format json", 0);
        let refused = office(
            &format!(
                "household merge {here} --household H002 --into H001 --on 2025-09-10 --reason again"
            ),
            1,
        );
        assert!(refused.contains("merged into H004"), "{refused}");
        office("household clearing --region 43x", 1);
        // The book goes out and in again with all of it.
        let file = neighbour.path().join("book.jsonl").display().to_string();
        told(&["export", "--village", "430321900001", &file], 0);
        let other = Database::new(engine).await;
        let output = jinfu("en", &other.url, &["import-journal", &file]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        for database in [database, other] {
            let ledger = database.open("2026-11-01T00:00:00+08:00", 1).await;
            database.close(ledger).await;
        }
    });
}
