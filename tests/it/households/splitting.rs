//! A household divided (R-HH-2).

use crate::harness::on_both;
use jinfu::domain::opening::VoidOpening;
use jinfu::domain::{ChargeKey, Command, Money, Refusal};

use super::{
    Books, cash, checks_hold, merge, month, noon, number, part, pickup, split, void_cash, yuan,
};

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
