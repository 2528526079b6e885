//! Which status a refusal is answered with: every one is named, so that a new refusal asks for its place.

use axum::http::StatusCode;

use crate::domain::Refusal;
use crate::http::examples::EXAMPLES;

/// The status of a refusal: 400 what cannot be read, 403 what is not for the person, 404 what is not there, 409 what is there already or stands
/// otherwise, 412 what was changed meanwhile, 422 what the rules of the scheme refuse.
#[expect(
    clippy::too_many_lines,
    reason = "every refusal is named, and nothing else"
)]
pub(crate) const fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotANumber { .. }
        | Refusal::TooManyPlaces { .. }
        | Refusal::OutOfRange { .. }
        | Refusal::NotADate { .. }
        | Refusal::NotATime { .. }
        | Refusal::NotATimeOfDay { .. }
        | Refusal::NotAMonth { .. }
        | Refusal::NotAVillageCode { .. }
        | Refusal::NotARegion { .. }
        | Refusal::Empty { .. }
        | Refusal::ControlCharacter { .. }
        | Refusal::TooLong { .. }
        | Refusal::TooManyCells { .. }
        | Refusal::CellIsError { .. }
        | Refusal::CellHasNoResult { .. }
        | Refusal::CellIsDate { .. }
        | Refusal::UnknownWord { .. }
        | Refusal::WhichVillage => StatusCode::BAD_REQUEST,

        Refusal::OnlyClerkResolves { .. }
        | Refusal::OnlyClerkCorrects { .. }
        | Refusal::RoleMayNot { .. }
        | Refusal::RoundOfAnother { .. } => StatusCode::FORBIDDEN,

        Refusal::VillageUnknown { .. }
        | Refusal::NoVillageYet
        | Refusal::RegionUnknown { .. }
        | Refusal::HouseholdUnknown { .. }
        | Refusal::DocumentUnknown { .. }
        | Refusal::NoSuchVersion { .. } => StatusCode::NOT_FOUND,

        Refusal::VillageOpenAlready { .. }
        | Refusal::HouseholdNoTaken { .. }
        | Refusal::MaterialTaken { .. }
        | Refusal::DocumentNoTaken { .. }
        | Refusal::AlreadyReversed { .. }
        | Refusal::PriceListTaken { .. }
        | Refusal::HeldResolvedAlready { .. }
        | Refusal::MonthStands { .. }
        | Refusal::CannotClose { .. }
        | Refusal::RoundClosed { .. }
        | Refusal::DisputeAnsweredAlready { .. }
        | Refusal::PayoutInOtherState { .. }
        | Refusal::PayEarnedAlready { .. }
        | Refusal::MovedOutAlready { .. } => StatusCode::CONFLICT,

        Refusal::ChangedMeanwhile { .. } | Refusal::SettingsChangedMeanwhile { .. } => {
            StatusCode::PRECONDITION_FAILED
        }

        Refusal::MaterialUnknown { .. }
        | Refusal::AccountUnknown { .. }
        | Refusal::IdUsedForOtherContent { .. }
        | Refusal::TareOverGross { .. }
        | Refusal::NothingLeft { .. }
        | Refusal::PiecesHaveNoTare { .. }
        | Refusal::WrongUnit { .. }
        | Refusal::DeductionNeedsReason { .. }
        | Refusal::NoPriceListThen { .. }
        | Refusal::MaterialNotPriced { .. }
        | Refusal::MaterialTwice { .. }
        | Refusal::PerIsForPieces { .. }
        | Refusal::HazardousHasNoPrice { .. }
        | Refusal::NoLines
        | Refusal::PriceListNeedsAuthor
        | Refusal::AuthorPublishes { .. }
        | Refusal::PickupHeld { .. }
        | Refusal::PickupRejected { .. }
        | Refusal::NotHeld { .. }
        | Refusal::InTheFuture { .. }
        | Refusal::BeforeOpening { .. }
        | Refusal::EarlierRunMissing { .. }
        | Refusal::ChargesMissing { .. }
        | Refusal::MonthNotBegun { .. }
        | Refusal::MonthClosed { .. }
        | Refusal::MonthNotOver { .. }
        | Refusal::EarlierMonthOpen { .. }
        | Refusal::LaterMonthClosed { .. }
        | Refusal::SamePerson { .. }
        | Refusal::StockTooSmall { .. }
        | Refusal::BuyerOwesLess { .. }
        | Refusal::NotInTransit { .. }
        | Refusal::NotVoidable { .. }
        | Refusal::HoursEndBeforeBegin { .. }
        | Refusal::GroupUnknown { .. }
        | Refusal::NotOnRoundDay { .. }
        | Refusal::CollectionPointUnknown { .. }
        | Refusal::NotOfHousehold { .. }
        | Refusal::AnsweredBeforeOpened { .. }
        | Refusal::CorrectionMissing { .. }
        | Refusal::NotItsCorrection { .. }
        | Refusal::PayoutTooSmall { .. }
        | Refusal::PayoutOutsideWindow { .. }
        | Refusal::PayoutWhileOwing { .. }
        | Refusal::PayoutNotCovered { .. }
        | Refusal::PayoutOwnApproval { .. }
        | Refusal::PayoutExpired { .. }
        | Refusal::PayoutStepTooEarly { .. }
        | Refusal::FundTooSmall { .. }
        | Refusal::NothingEarned { .. }
        | Refusal::PayableTooSmall { .. }
        | Refusal::CashInTransitTooSmall { .. }
        | Refusal::CashTooSmall { .. }
        | Refusal::ChargeUnknown { .. }
        | Refusal::ChargeSettled { .. }
        | Refusal::ChargeIssuedLater { .. }
        | Refusal::MovedOutBeforeMovedIn { .. }
        | Refusal::AdvanceTooSmall { .. }
        | Refusal::AdvanceRefundedSince { .. }
        | Refusal::OpeningChargeNotBefore { .. }
        | Refusal::PolicyNotFromNextPeriod { .. }
        | Refusal::MergedWithItself { .. }
        | Refusal::HouseholdMerged { .. }
        | Refusal::PayoutPending { .. }
        | Refusal::ChargeNotOpen { .. }
        | Refusal::ChargeElsewhere { .. }
        | Refusal::StillOwes { .. }
        | Refusal::CreditBelowZero { .. }
        | Refusal::SameVillage { .. }
        | Refusal::ChangeBeforeLatest { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The status of a refusal of which only the code is left: it was kept so that a late duplicate hears the same.
pub(crate) fn status_of_code(code: &str) -> StatusCode {
    EXAMPLES
        .get(code)
        .map_or(StatusCode::UNPROCESSABLE_ENTITY, status)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refusal that is kept is answered again as it was the first time.
    #[test]
    fn a_code_has_the_status_of_its_refusal() {
        for (code, refusal) in EXAMPLES.iter() {
            assert_eq!(*code, refusal.code());
            assert_eq!(status_of_code(code), status(refusal), "{refusal}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_repaired_under_its_id() {
        for refusal in EXAMPLES.values() {
            let is_unread = status(refusal) == StatusCode::BAD_REQUEST;
            assert!(!(is_unread && refusal.is_kept()), "{refusal}");
        }
    }

    /// The sentences are by code, and each is told of a refusal that has an example.
    #[test]
    fn every_refusal_has_an_example() {
        let sentences = include_str!("../text/en.ftl").lines();
        let codes = sentences.filter_map(|line| line.strip_prefix("refusal-")?.split_once(" ="));
        for (code, _) in codes {
            assert!(EXAMPLES.contains_key(code), "{code}");
        }
    }
}
