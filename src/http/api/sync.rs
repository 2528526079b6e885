//! The collector's phone: it brings what it made without a network and learns what it needs for the next round, in one request that can be repeated.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::authority::Question;
use crate::domain::phone::{ClockReading, Contact, PhoneNote};
use crate::domain::pickup::VoidPickup;
use crate::domain::{Command, Refusal, VillageCode};
use crate::http::API;
use crate::http::api::pickups::PickupBody;
use crate::http::api::sync_news::DeltaAnswer;
use crate::http::api::sync_results::{ItemResult, Items, Settled};
use crate::http::extract::{Body, read_part};
use crate::http::listing;
use crate::http::phone::PhoneVisit;
use crate::http::problem::Problem;
use crate::http::written::{
    AmountOrNothing, InstantText, NoLess, NumberText, Plain, PlainText, VillageText, maybe,
};
use crate::ledger::access::AccessError;
use crate::ledger::phone::{DeviceNumbers, Told};

/// The version of what phones and the service say to each other. An answer without the header is not this service's, whatever its status: a page that
/// asks for a password to the network, say.
const PROTOCOL: i64 = 1;
const PROTOCOL_HEADER: (HeaderName, HeaderValue) = (
    HeaderName::from_static("jinfu-sync"),
    HeaderValue::from_static("1"),
);
/// The oldest page for phones with which pickups may still be made; what older ones bring is taken all the same.
const APP_MIN: &str = env!("CARGO_PKG_VERSION");
/// The newest page for phones.
const APP_LATEST: &str = env!("CARGO_PKG_VERSION");
/// How many items one request may carry.
const ITEMS_MOST: usize = 500;

/// What a phone sends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncBody {
    /// The version of the protocol.
    #[schema(minimum = 1, maximum = 1)]
    protocol: i64,
    /// The version of the page that the phone shows.
    app: PlainText,
    /// The village that it collects in.
    village: VillageText,
    /// What the device is called: its letter, say.
    device: PlainText,
    /// What its clock showed when it sent.
    sent_at: InstantText,
    /// The cursor that it was last given.
    cursor: Option<String>,
    queue: Option<QueueBody>,
    /// Pickups and voids, in any order.
    #[schema(value_type = Vec<SyncItem>, max_items = 500)]
    items: Vec<Value>,
}

/// What waits on the phone, that of this request among it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueBody {
    #[schema(minimum = 0)]
    length: u32,
    /// Since when the oldest of it waits, by the phone's clock.
    oldest_at: Option<InstantText>,
}

/// One thing that the phone made: a pickup or a void. Its times are what the phone's clock showed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncItem {
    /// The command id.
    #[schema(value_type = Uuid)]
    #[expect(
        dead_code,
        reason = "it is read before the rest, so that every answer names it"
    )]
    id: String,
    /// The village that it was made in, where that is another than the request's.
    village: Option<VillageText>,
    clock: Option<ClockBody>,
    /// What the household was told that the pickup is worth.
    told_amount: Option<AmountOrNothing>,
    pickup: Option<PickupBody>,
    void: Option<VoidItem>,
}

/// How far the phone's clock was behind the service's at the last contact before the item was made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockBody {
    /// What had to be added to the phone's time, in milliseconds: the `skew_ms` of that contact.
    offset_ms: i64,
    /// The `now` of that contact.
    known_at: InstantText,
}

/// A pickup that is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidItem {
    pickup_no: NumberText,
    voided_at: InstantText,
    reason: PlainText,
}

impl ClockBody {
    fn read(&self) -> Result<ClockReading, Problem> {
        let at = self.known_at.read("known_at");
        Ok(ClockReading {
            offset: SignedDuration::from_millis(self.offset_ms),
            at: at.map_err(|refusal| Problem::from(refusal).within("/clock"))?,
        })
    }
}

impl VoidItem {
    fn command(&self) -> Result<VoidPickup, Refusal> {
        let Plain(reason) = self.reason.read("reason")?;
        Ok(VoidPickup {
            pickup_no: self.pickup_no.read("pickup_no")?,
            voided_at: self.voided_at.read("voided_at")?,
            phone: None,
            reason,
        })
    }
}

/// The request, once it is read.
pub(crate) struct Asked {
    pub(crate) village: VillageCode,
    pub(crate) device: String,
    pub(crate) contact: Contact,
    /// When the phone was stopped, if it was.
    pub(crate) stopped_at: Option<Timestamp>,
}

impl SyncItem {
    /// The village and the command, with the times corrected.
    pub(crate) fn command(&self, asked: &Asked) -> Result<(VillageCode, Command), Problem> {
        let village = maybe(self.village.as_ref(), "village")?;
        let told_amount = maybe(self.told_amount.as_ref(), "told_amount")?;
        let known = self.clock.as_ref().map(ClockBody::read).transpose()?;
        let corrected = |shown_at| {
            let (at, is_clock_unknown) = asked.contact.correct(shown_at, known);
            let note = PhoneNote {
                shown_at,
                is_clock_unknown,
                told_amount: None,
                stopped_at: asked.stopped_at,
                is_device_assumed: false,
            };
            (at, note)
        };
        let command = match (&self.pickup, &self.void) {
            (Some(pickup), None) => {
                let pickup = pickup.recorded();
                let mut pickup = pickup.map_err(|problem| problem.inside("/pickup"))?;
                let (at, note) = corrected(pickup.occurred_at);
                pickup.occurred_at = at;
                pickup.phone = Some(PhoneNote {
                    told_amount: told_amount.map(|NoLess(amount)| amount),
                    is_device_assumed: pickup.device.is_none(),
                    ..note
                });
                pickup.device.get_or_insert_with(|| asked.device.clone());
                Command::RecordPickup(pickup)
            }
            (None, Some(void)) => {
                let void = void.command().map_err(Problem::from);
                let mut void = void.map_err(|problem| problem.inside("/void"))?;
                let (at, note) = corrected(void.voided_at);
                (void.voided_at, void.phone) = (at, Some(note));
                Command::VoidPickup(void)
            }
            (None, None) => return Err(Refusal::Empty { field: "pickup" }.into()),
            (Some(_), Some(_)) => return Err(both()),
        };
        Ok((village.unwrap_or_else(|| asked.village.clone()), command))
    }
}

fn both() -> Problem {
    let status = axum::http::StatusCode::BAD_REQUEST;
    Problem::new(status, "wrong-type")
        .with("reason", "a pickup and a void, expected one of them")
        .at("")
}

impl SyncBody {
    fn read(&self, phone: &PhoneVisit) -> Result<(Asked, Told), Problem> {
        if self.protocol != PROTOCOL {
            return Err(Refusal::OutOfRange {
                field: "protocol",
                value: self.protocol.to_string(),
                least: PROTOCOL.to_string(),
                most: PROTOCOL.to_string(),
            }
            .into());
        }
        if self.items.len() > ITEMS_MOST {
            return Err(Refusal::OutOfRange {
                field: "items",
                value: self.items.len().to_string(),
                least: "0".to_owned(),
                most: ITEMS_MOST.to_string(),
            }
            .into());
        }
        let Plain(device) = self.device.read("device")?;
        if device.is_empty() {
            return Err(Refusal::Empty { field: "device" }.into());
        }
        let asked = Asked {
            village: self.village.read("village")?,
            contact: Contact {
                sent_at: self.sent_at.read("sent_at")?,
                received_at: phone.visit.service.ledger.clock().now(),
            },
            device,
            stopped_at: phone.stopped_at,
        };
        // Who shows a cursor that was never given, or one of another village, is told everything.
        let filter = filter(&asked.village);
        let told = self.cursor.as_deref();
        let told = told.and_then(|cursor| listing::key_of(cursor, &filter).ok());
        let told = told.and_then(|key| Told::read(&key)).unwrap_or_default();
        self.log(&asked)?;
        Ok((asked, told))
    }

    /// Leaves a trace of how the phone fares.
    fn log(&self, asked: &Asked) -> Result<(), Problem> {
        let Plain(app) = self.app.read("app")?;
        let oldest = self
            .queue
            .as_ref()
            .and_then(|queue| queue.oldest_at.as_ref());
        let oldest = maybe(oldest, "oldest_at");
        let oldest = oldest.map_err(|refusal| Problem::from(refusal).within("/queue"))?;
        let waits = oldest.map_or(0, |oldest| {
            asked.contact.sent_at.duration_since(oldest).as_secs()
        });
        tracing::info!(
            village = %asked.village,
            device = asked.device,
            app,
            items = self.items.len(),
            waiting = self.queue.as_ref().map_or(0, |queue| queue.length),
            waiting_seconds = waits,
            skew_seconds = asked.contact.offset().as_secs(),
            "a phone is heard"
        );
        Ok(())
    }
}

/// What cursors of a village belong to.
pub(crate) fn filter(village: &VillageCode) -> String {
    format!("phone {village}")
}

/// What a phone is answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncAnswer {
    /// The version of the protocol; the header `Jinfu-Sync` says the same.
    protocol: i64,
    /// The time of the service.
    now: String,
    /// How far the phone's clock is behind that of the service, in milliseconds; below nothing if it is ahead.
    skew_ms: i64,
    /// What became of the items, by their ids. One that is missing stays on the phone and is sent again.
    results: Vec<ItemResult>,
    /// Which numbers of the device arrived; none for a phone that was stopped.
    numbers: Vec<NumbersAnswer>,
    /// What changed since the cursor; none for a phone that was stopped.
    delta: Option<DeltaAnswer>,
    /// The oldest page with which pickups may still be made.
    app_min: &'static str,
    /// The newest page.
    app_latest: &'static str,
}

/// The numbers of a device that begin alike (R-PD-2).
#[derive(Serialize, ToSchema)]
pub(crate) struct NumbersAnswer {
    /// What they begin with.
    prefix: String,
    /// The highest that arrived.
    last: Option<String>,
    /// The first hundred of those below it that did not.
    missing: Vec<String>,
    /// How many did not.
    missing_count: i64,
}

impl From<DeviceNumbers> for NumbersAnswer {
    fn from(numbers: DeviceNumbers) -> NumbersAnswer {
        NumbersAnswer {
            prefix: numbers.prefix,
            last: numbers.last,
            missing: numbers.missing,
            missing_count: numbers.missing_count,
        }
    }
}

/// Takes in what a collector's phone made, each item for itself and in any order, and tells what changed since it was told last. The same item may be
/// sent again and gets the same answer (R-PK-6); a void that comes before its pickup is kept until that comes.
#[utoipa::path(post, path = "/sync", tag = "phones", request_body = SyncBody, responses((status = 200, body = SyncAnswer)))]
pub(crate) async fn sync(
    phone: PhoneVisit,
    Body(mut body): Body<SyncBody>,
) -> Result<Response, Problem> {
    let (asked, told) = body.read(&phone)?;
    let visit = &phone.visit;
    visit.asks(Question::Phone(&asked.village)).await?;
    let items = Items::read(std::mem::take(&mut body.items), |item| {
        read_part::<SyncItem>(item)?.command(&asked)
    })?;
    let Settled { results, open } = items.settle(visit, &asked).await?;
    let (mut numbers, mut delta) = (Vec::new(), None);
    if asked.stopped_at.is_none() {
        let ledger = &visit.service.ledger;
        numbers = ledger.device_numbers(&asked.village, &asked.device).await?;
        delta = Some(DeltaAnswer::since(&phone, &asked, &told).await?);
    } else if !results.iter().any(ItemResult::is_taken) {
        return Err(open.unwrap_or_else(|| AccessError::PhoneStopped.into()));
    }
    let skew = asked.contact.offset().as_millis();
    let answer = SyncAnswer {
        protocol: PROTOCOL,
        now: asked.contact.received_at.to_string(),
        skew_ms: i64::try_from(skew).unwrap_or(i64::MAX),
        results,
        numbers: numbers.into_iter().map(NumbersAnswer::from).collect(),
        delta,
        app_min: APP_MIN,
        app_latest: APP_LATEST,
    };
    Ok(Json(answer).into_response())
}

/// Marks every answer of the path as this service's, whoever gives it: also what is turned away before anybody is recognised.
pub(crate) async fn mark(request: Request, next: Next) -> Response {
    let is_for_phones = request.uri().path().strip_prefix(API) == Some("/sync");
    let mut response = next.run(request).await;
    if is_for_phones {
        let (name, value) = PROTOCOL_HEADER;
        response.headers_mut().insert(name, value);
    }
    response
}
