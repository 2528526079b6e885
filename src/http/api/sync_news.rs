//! What changed since a phone was told last: households with masked names, prices, months, and pickups of the day that other phones made.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::month_close::MonthState;
use crate::domain::pickup::Pickup;
use crate::domain::{Month, Quantity};
use crate::http::api::materials::{MaterialAnswer, PriceListAnswer};
use crate::http::api::sync::{Asked, filter};
use crate::http::listing;
use crate::http::phone::PhoneVisit;
use crate::http::problem::Problem;
use crate::ledger::access::Heard;
use crate::ledger::phone::{PhoneHousehold, PhoneLists, Told};
use crate::text::masking::mask_name;

/// What changed since the cursor. A list that is none is the one that the phone has.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeltaAnswer {
    /// What is sent the next time.
    cursor: String,
    /// Whether there are more households: then it is asked again at once.
    has_more: bool,
    /// Households that are new or another than the phone knows.
    households: Vec<PhoneHouseholdAnswer>,
    /// Every price list that may be needed, those to come among them.
    price_lists: Option<Vec<PriceListAnswer>>,
    /// Every material.
    materials: Option<Vec<MaterialAnswer>>,
    /// The last thirteen months.
    months: Option<Vec<PhoneMonthAnswer>>,
    /// Pickups of the day that other phones made, and those that replaced one of its own.
    pickups: Vec<PhonePickupAnswer>,
    /// Pickups that were voided or replaced.
    gone: Vec<String>,
}

/// A household as a phone that may be lost knows it: no card, no balance.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhoneHouseholdAnswer {
    household_no: String,
    group: String,
    /// The head of the household, masked; none once it was erased.
    head: Option<String>,
    moved_out: Option<String>,
    /// The household that it was merged into.
    merged_into: Option<String>,
    /// The first twelve hexadecimal digits of the SHA-256 of what its card says.
    card_mark: Option<String>,
}

impl From<PhoneHousehold> for PhoneHouseholdAnswer {
    fn from(household: PhoneHousehold) -> PhoneHouseholdAnswer {
        PhoneHouseholdAnswer {
            household_no: household.household_no.to_string(),
            group: household.group.to_string(),
            head: household.head.as_deref().map(mask_name),
            moved_out: household.moved_out.map(|day| day.to_string()),
            merged_into: household.merged_into.map(|number| number.to_string()),
            card_mark: household.card_mark,
        }
    }
}

/// Where a month stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhoneMonthAnswer {
    month: String,
    /// `open`, `closed`, `reviewed`, `signed` or `published`.
    state: &'static str,
}

/// A pickup that another phone made.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhonePickupAnswer {
    pickup_no: String,
    household_no: String,
    occurred_at: String,
    collector: String,
    lines: Vec<PhoneLineAnswer>,
}

/// A line of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhoneLineAnswer {
    material: String,
    /// The net weight in kilograms, or the count.
    net: String,
    /// `kg` or `piece`.
    unit: &'static str,
}

impl From<Pickup> for PhonePickupAnswer {
    fn from(pickup: Pickup) -> PhonePickupAnswer {
        let lines = pickup.lines.iter();
        let line = |(material, net): (String, Quantity)| PhoneLineAnswer {
            material,
            net: net.to_string(),
            unit: net.unit().word(),
        };
        PhonePickupAnswer {
            lines: lines
                .map(|weighed| line((weighed.material.to_string(), weighed.net)))
                .collect(),
            pickup_no: pickup.pickup_no.to_string(),
            household_no: pickup.household_no.to_string(),
            occurred_at: pickup.occurred_at.to_string(),
            collector: pickup.collector.to_string(),
        }
    }
}

impl DeltaAnswer {
    /// What changed since a phone was told last. Names leave a trace before they are shown, and so does how far the phone knew the books.
    pub(crate) async fn since(
        phone: &PhoneVisit,
        asked: &Asked,
        told: &Told,
    ) -> Result<DeltaAnswer, Problem> {
        let visit = &phone.visit;
        let (village, ledger) = (&asked.village, &visit.service.ledger);
        let news = ledger.phone_news(village, told, &asked.device).await?;
        let heard = Heard {
            at: asked.contact.received_at,
            device: asked.device.clone(),
            known_seq: news.known_seq,
        };
        let (access, last_list) = (
            &visit.service.access,
            ledger.last_price_list(village).await?,
        );
        if let Err(error) = access.hear(phone.credential, &heard, last_list).await {
            tracing::warn!(?error, "that a phone was heard was not written down");
        }
        if !news.households.is_empty() {
            visit.asks(Question::Households(village)).await?;
        }
        let has_more = news.has_more();
        let (mut price_lists, mut materials, mut months) = (None, None, None);
        if let Some(PhoneLists {
            price_lists: prices,
            materials: known,
            months: states,
        }) = news.lists
        {
            price_lists = Some(prices.into_iter().map(PriceListAnswer::from).collect());
            materials = Some(known.into_iter().map(MaterialAnswer::from).collect());
            let month = |(month, state): (Month, MonthState)| PhoneMonthAnswer {
                month: month.to_string(),
                state: state.word(),
            };
            months = Some(states.into_iter().map(month).collect());
        }
        let pickups = news.pickups.into_iter().map(PhonePickupAnswer::from);
        let gone = news.gone.iter().map(ToString::to_string);
        let households = news.households.into_iter().map(PhoneHouseholdAnswer::from);
        Ok(DeltaAnswer {
            cursor: listing::cursor(&filter(village), &news.told.written()),
            has_more,
            households: households.collect(),
            price_lists,
            materials,
            months,
            pickups: pickups.collect(),
            gone: gone.collect(),
        })
    }
}
