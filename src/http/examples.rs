//! One example of every refusal, with the facts that its sentence names: what the description of the interface shows, and by which a refusal is
//! known of which only the code is left.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::date;

use crate::domain::closing::Obstacle;
use crate::domain::{Money, Month, Refusal, VillageCode};

/// An example of each refusal, by its code.
pub(crate) static EXAMPLES: LazyLock<BTreeMap<String, Refusal>> = LazyLock::new(|| {
    let examples = examples().into_iter();
    examples.map(|refusal| (refusal.code(), refusal)).collect()
});

fn month(year: i16, month: i8) -> Month {
    Month::of(date(year, month, 1))
}

fn village() -> VillageCode {
    VillageCode::parse("village", "430302101201").expect("twelve digits")
}

#[expect(
    clippy::too_many_lines,
    reason = "every refusal once, and nothing else"
)]
fn examples() -> Vec<Refusal> {
    vec![
        Refusal::NotANumber {
            field: "amount",
            value: "12,5".into(),
        },
        Refusal::TooManyPlaces {
            field: "amount",
            value: "12.345".into(),
            places: 2,
        },
        Refusal::OutOfRange {
            field: "gross",
            value: "-1".into(),
            least: "0.001".into(),
            most: "2000".into(),
        },
        Refusal::NotADate {
            field: "held_on",
            value: "2025-02-30".into(),
        },
        Refusal::NotATime {
            field: "occurred_at",
            value: "yesterday".into(),
        },
        Refusal::NotATimeOfDay {
            field: "from",
            value: "25:00".into(),
        },
        Refusal::NotAMonth {
            field: "month",
            value: "2025-13".into(),
        },
        Refusal::NotAVillageCode {
            field: "from_village",
            value: "4303".into(),
        },
        Refusal::NotARegion {
            field: "scope",
            value: "43x".into(),
        },
        Refusal::Empty { field: "reason" },
        Refusal::ControlCharacter { field: "reason" },
        Refusal::TooLong {
            field: "reason",
            longest: 200,
        },
        Refusal::TooManyCells {
            cells: 9,
            columns: 8,
        },
        Refusal::CellIsError {
            field: "amount",
            value: "#N/A".into(),
        },
        Refusal::CellHasNoResult { field: "amount" },
        Refusal::CellIsDate {
            field: "household_no",
            value: "2025-03-17".into(),
        },
        Refusal::UnknownWord {
            field: "unit",
            value: "stone".into(),
            allowed: "kg, jin, piece",
        },
        Refusal::VillageUnknown { village: village() },
        Refusal::WhichVillage,
        Refusal::NoVillageYet,
        Refusal::RegionUnknown {
            region: "99".into(),
        },
        Refusal::VillageOpenAlready { village: village() },
        Refusal::HouseholdUnknown {
            household_no: "03-017".into(),
        },
        Refusal::HouseholdNoTaken {
            household_no: "03-017".into(),
        },
        Refusal::MaterialUnknown {
            material: "ZB".into(),
        },
        Refusal::MaterialTaken {
            material: "ZB".into(),
        },
        Refusal::AccountUnknown {
            account: "1405".into(),
        },
        Refusal::DocumentUnknown {
            number: "A-0457".into(),
        },
        Refusal::DocumentNoTaken {
            number: "A-0457".into(),
        },
        Refusal::AlreadyReversed {
            number: "A-0457".into(),
        },
        Refusal::IdUsedForOtherContent {
            differing: "lines".into(),
        },
        Refusal::TareOverGross {
            tare: "1.200".into(),
            gross: "1.000".into(),
        },
        Refusal::NothingLeft {
            gross: "1.000".into(),
        },
        Refusal::PiecesHaveNoTare {
            material: "ZB".into(),
        },
        Refusal::WrongUnit {
            material: "ZB".into(),
            unit: "kg",
        },
        Refusal::DeductionNeedsReason {
            material: "ZB".into(),
        },
        Refusal::NoPriceListThen {
            at: "2025-09-05 09:10".into(),
        },
        Refusal::MaterialNotPriced {
            material: "ZB".into(),
            effective_from: "2025-09-01 00:00".into(),
        },
        Refusal::MaterialTwice {
            material: "ZB".into(),
        },
        Refusal::PerIsForPieces {
            material: "ZB".into(),
        },
        Refusal::HazardousHasNoPrice {
            material: "ZB".into(),
        },
        Refusal::PriceListTaken {
            effective_from: "2025-09-01 00:00".into(),
        },
        Refusal::NoLines,
        Refusal::PriceListNeedsAuthor,
        Refusal::AuthorPublishes {
            author: "wang".into(),
        },
        Refusal::PickupHeld {
            number: "A-0457".into(),
        },
        Refusal::PickupRejected {
            number: "A-0457".into(),
        },
        Refusal::NotHeld {
            number: "A-0457".into(),
        },
        Refusal::HeldResolvedAlready {
            number: "A-0457".into(),
        },
        Refusal::OnlyClerkResolves {
            number: "A-0457".into(),
        },
        Refusal::OnlyClerkCorrects {
            number: "A-0457".into(),
            below: Money::from_fen(2000),
        },
        Refusal::InTheFuture {
            field: "occurred_at",
            at: "2025-09-21 12:00".into(),
        },
        Refusal::BeforeOpening {
            at: "2025-09-05 09:10".into(),
            opening_month: month(2025, 1),
        },
        Refusal::EarlierRunMissing {
            month: month(2025, 8),
        },
        Refusal::ChargesMissing {
            month: month(2025, 8),
        },
        Refusal::MonthNotBegun {
            month: month(2025, 8),
        },
        Refusal::MonthClosed {
            month: month(2025, 8),
        },
        Refusal::MonthNotOver {
            month: month(2025, 9),
        },
        Refusal::EarlierMonthOpen {
            month: month(2025, 6),
            earlier: month(2025, 5),
        },
        Refusal::LaterMonthClosed {
            month: month(2025, 2),
            latest: month(2025, 3),
        },
        Refusal::MonthStands {
            month: month(2025, 8),
            state: "open",
            needed: "reviewed".into(),
        },
        Refusal::CannotClose {
            month: month(2025, 8),
            obstacles: vec![Obstacle::ChargesDue { charges: 2 }],
        },
        Refusal::NoSuchVersion {
            month: month(2025, 8),
            version: 2,
        },
        Refusal::RoleMayNot {
            role: "official",
            allowed: "clerk".into(),
        },
        Refusal::SamePerson {
            person: "clerk:wang".into(),
        },
        Refusal::StockTooSmall {
            material: "ZB".into(),
            available: "120.000".into(),
            asked: "200.000".into(),
        },
        Refusal::BuyerOwesLess {
            buyer: "B1".into(),
            owed: Money::from_fen(0),
            asked: Money::from_fen(1230),
        },
        Refusal::NotInTransit {
            round: "R-0012".into(),
            material: "ZB".into(),
        },
        Refusal::NotVoidable {
            number: "A-0457".into(),
            kind: "merge",
        },
        Refusal::HoursEndBeforeBegin {
            from: "07:30:00".into(),
            to: "07:30:00".into(),
        },
        Refusal::GroupUnknown {
            group: "03".into(),
            day: date(2025, 2, 27),
        },
        Refusal::RoundClosed {
            number: "A-0457".into(),
        },
        Refusal::RoundOfAnother {
            number: "A-0457".into(),
            collector: "C1".into(),
        },
        Refusal::NotOnRoundDay {
            number: "A-0457".into(),
            day: date(2025, 2, 1),
        },
        Refusal::CollectionPointUnknown { point: "P1".into() },
        Refusal::NotOfHousehold {
            number: "A-0457".into(),
            household_no: "03-017".into(),
        },
        Refusal::DisputeAnsweredAlready {
            number: "A-0457".into(),
        },
        Refusal::AnsweredBeforeOpened {
            number: "A-0457".into(),
            opened_on: date(2025, 9, 20),
        },
        Refusal::CorrectionMissing {
            number: "A-0457".into(),
        },
        Refusal::NotItsCorrection {
            number: "A-0457".into(),
            corrected_by: "A-000002".into(),
        },
        Refusal::PayoutTooSmall {
            amount: Money::from_fen(1230),
            least: Money::from_fen(2000),
        },
        Refusal::PayoutOutsideWindow {
            at: "2025-09-05 09:10".into(),
            months: "3, 6, 12".into(),
        },
        Refusal::PayoutWhileOwing {
            household_no: "03-017".into(),
            owed: Money::from_fen(600),
        },
        Refusal::PayoutNotCovered {
            household_no: "03-017".into(),
            asked: Money::from_fen(2000),
            credit: Money::from_fen(0),
            on_hold: Money::from_fen(0),
        },
        Refusal::PayoutOwnApproval {
            number: "A-0457".into(),
            requested_by: "clerk:wang".into(),
        },
        Refusal::PayoutExpired {
            number: "A-0457".into(),
            last_day: date(2025, 4, 17),
        },
        Refusal::PayoutInOtherState {
            number: "A-0457".into(),
            state: "requested",
            step: "pay",
        },
        Refusal::PayoutStepTooEarly {
            number: "A-0457".into(),
            at: "2025-09-05 09:10".into(),
            earliest: "2025-09-06 08:00".into(),
        },
        Refusal::FundTooSmall {
            available: Money::from_fen(1_510_000),
            asked: Money::from_fen(1_510_001),
        },
        Refusal::PayEarnedAlready {
            collector: "C3".into(),
            month: month(2025, 1),
            number: "2025-000001".into(),
        },
        Refusal::NothingEarned {
            collector: "C1".into(),
            month: month(2025, 8),
        },
        Refusal::PayableTooSmall {
            collector: "C1".into(),
            available: Money::from_fen(0),
            asked: Money::from_fen(1230),
        },
        Refusal::CashInTransitTooSmall {
            collector: "C1".into(),
            available: Money::from_fen(0),
            asked: Money::from_fen(1230),
        },
        Refusal::CashTooSmall {
            account: "1001".into(),
            available: Money::from_fen(0),
            asked: Money::from_fen(1230),
        },
        Refusal::ChargeUnknown {
            household_no: "03-017".into(),
            charge: "2025-09".into(),
        },
        Refusal::ChargeSettled {
            household_no: "03-017".into(),
            charge: "2025-09".into(),
        },
        Refusal::ChargeIssuedLater {
            household_no: "03-017".into(),
            charge: "2025-09".into(),
            issued_in: month(2025, 9),
        },
        Refusal::MovedOutAlready {
            household_no: "03-017".into(),
            moved_out: date(2025, 9, 20),
        },
        Refusal::MovedOutBeforeMovedIn {
            household_no: "03-017".into(),
            moved_in: date(2025, 9, 18),
        },
        Refusal::AdvanceTooSmall {
            household_no: "03-017".into(),
            available: Money::from_fen(0),
            asked: Money::from_fen(1000),
        },
        Refusal::AdvanceRefundedSince {
            number: "A-0457".into(),
            missing: Money::from_fen(3000),
        },
        Refusal::OpeningChargeNotBefore {
            period: month(2025, 2),
            opening_month: month(2025, 1),
        },
        Refusal::PolicyNotFromNextPeriod {
            effective_from: month(2026, 6),
        },
        Refusal::MergedWithItself {
            household_no: "03-017".into(),
        },
        Refusal::HouseholdMerged {
            household_no: "03-017".into(),
            into: "03-018".into(),
        },
        Refusal::PayoutPending {
            household_no: "03-017".into(),
            number: "A-0457".into(),
        },
        Refusal::ChargeNotOpen {
            household_no: "03-017".into(),
            charge: "2025-09".into(),
        },
        Refusal::ChargeElsewhere {
            household_no: "03-017".into(),
            charge: "2025-09".into(),
        },
        Refusal::StillOwes {
            household_no: "03-017".into(),
            amount: Money::from_fen(2000),
        },
        Refusal::CreditBelowZero {
            household_no: "03-017".into(),
            amount: Money::from_fen(380),
        },
        Refusal::SameVillage { village: village() },
        Refusal::ChangeBeforeLatest {
            household_no: "03-017".into(),
            latest: date(2025, 3, 13),
        },
        Refusal::ChangedMeanwhile {
            household_no: "03-017".into(),
        },
        Refusal::SettingsChangedMeanwhile {
            village: "金福村".into(),
        },
    ]
}
