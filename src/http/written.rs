//! Values as they are written in JSON: texts, which the domain's own parsers read. No figure is ever a number that a client may have rounded.

use std::marker::PhantomData;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::Deserialize;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::month::{parse_date, parse_time, parse_time_of_day};
use crate::domain::{
    BuyerCode, ChargeKey, CollectorCode, DocumentNo, Group, HouseholdNo, MaterialCode, Money,
    Month, PointCode, Refusal, VillageCode, plain_text,
};

/// A value that is written as a text.
pub(crate) trait Wire: Sized {
    /// Its name in the description of the interface.
    const NAME: &'static str;
    /// What it means.
    const MEANING: &'static str;
    /// An example.
    const EXAMPLE: &'static str;
    /// What every such text looks like.
    const PATTERN: &'static str;

    /// Reads it.
    fn read(field: &'static str, text: &str) -> Result<Self, Refusal>;
}

/// A text that stands for a value and is not read yet: only the field that it stands in can tell its name to people.
pub(crate) struct Written<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T: Wire> Written<T> {
    /// Reads the value.
    ///
    /// # Errors
    /// As the domain's own parser.
    pub(crate) fn read(&self, field: &'static str) -> Result<T, Refusal> {
        T::read(field, &self.text)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Reads a value that may be absent.
pub(crate) fn maybe<T: Wire>(
    written: Option<&Written<T>>,
    field: &'static str,
) -> Result<Option<T>, Refusal> {
    written.map(|written| written.read(field)).transpose()
}

impl<'de, T> Deserialize<'de> for Written<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Written<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Written {
            text,
            of: PhantomData,
        })
    }
}

impl<T: Wire> PartialSchema for Written<T> {
    fn schema() -> RefOr<Schema> {
        RefOr::T(Schema::Object(text_schema::<T>()))
    }
}

impl<T: Wire> ToSchema for Written<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::NAME.into()
    }
}

fn text_schema<T: Wire>() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some(T::MEANING))
        .pattern(Some(T::PATTERN))
        .examples([T::EXAMPLE])
        .build()
}

/// Implements [`Wire`] for a type with a parser of its own.
macro_rules! wire {
    ($type:ty, $alias:ident, $name:literal, $meaning:literal, $example:literal, $pattern:literal, $read:expr) => {
        #[doc = $meaning]
        pub(crate) type $alias = Written<$type>;

        impl Wire for $type {
            const NAME: &'static str = $name;
            const MEANING: &'static str = $meaning;
            const EXAMPLE: &'static str = $example;
            const PATTERN: &'static str = $pattern;

            fn read(field: &'static str, text: &str) -> Result<$type, Refusal> {
                $read(field, text)
            }
        }
    };
}

wire!(
    Money,
    AmountText,
    "Amount",
    "An amount in yuan, above nothing, with at most two decimals.",
    "12.30",
    r"^[0-9]+(\.[0-9]+)?$",
    Money::parse_positive
);
wire!(
    Timestamp,
    InstantText,
    "Instant",
    "An instant with an offset, RFC 3339.",
    "2025-09-05T09:10:00+08:00",
    r"^[0-9]{4}-.+$",
    parse_time
);
wire!(
    Date,
    DayText,
    "Day",
    "A day.",
    "2025-09-05",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    parse_date
);
wire!(
    Time,
    TimeText,
    "TimeOfDay",
    "A time of day.",
    "07:30",
    r"^[0-9]{2}:[0-9]{2}$",
    parse_time_of_day
);
wire!(
    Month,
    MonthText,
    "Month",
    "A month of the books.",
    "2025-09",
    r"^[0-9]{4}-[0-9]{2}$",
    Month::parse
);
wire!(
    VillageCode,
    VillageText,
    "VillageCode",
    "The village's administrative division code.",
    "430302101201",
    r"^[0-9]{12}$",
    VillageCode::parse
);
wire!(
    HouseholdNo,
    HouseholdText,
    "HouseholdNo",
    "A household's number in its village.",
    "03-017",
    r"^.{1,32}$",
    HouseholdNo::parse
);
wire!(
    Group,
    GroupText,
    "Group",
    "A group of the village.",
    "03",
    r"^.{0,32}$",
    Group::parse
);
wire!(
    MaterialCode,
    MaterialText,
    "MaterialCode",
    "A material's code.",
    "ZB",
    r"^.{1,32}$",
    MaterialCode::parse
);
wire!(
    CollectorCode,
    CollectorText,
    "CollectorCode",
    "A collector's code.",
    "C1",
    r"^.{1,32}$",
    CollectorCode::parse
);
wire!(
    BuyerCode,
    BuyerText,
    "BuyerCode",
    "A buyer's code.",
    "B1",
    r"^.{1,32}$",
    BuyerCode::parse
);
wire!(
    PointCode,
    PointText,
    "PointCode",
    "A collection point's code.",
    "P1",
    r"^.{1,32}$",
    PointCode::parse
);
wire!(
    DocumentNo,
    NumberText,
    "DocumentNo",
    "The number of a document.",
    "A-0457",
    r"^.{1,32}$",
    DocumentNo::parse
);
wire!(
    ChargeKey,
    ChargeText,
    "ChargeKey",
    "The period of a charge, and behind a slash the number that it was issued to, where that is another.",
    "2025-09",
    r"^[0-9]{4}-[0-9]{2}(/.+)?$",
    ChargeKey::parse
);

/// An amount that may be nothing.
pub(crate) struct NoLess(pub(crate) Money);

wire!(
    NoLess,
    AmountOrNothing,
    "AmountOrNothing",
    "An amount in yuan, nothing or more, with at most two decimals.",
    "0.00",
    r"^[0-9]+(\.[0-9]+)?$",
    |field, text| Money::parse(field, text).map(NoLess)
);

/// An amount that may be below nothing.
pub(crate) struct Signed(pub(crate) Money);

wire!(
    Signed,
    SignedAmount,
    "SignedAmount",
    "An amount in yuan, which may be below nothing.",
    "-12.30",
    r"^-?[0-9]+(\.[0-9]+)?$",
    |field, text| Money::parse_signed(field, text).map(Signed)
);

/// A plain text of up to 200 characters: a reason, a voucher, a name.
pub(crate) struct Plain(pub(crate) String);

wire!(
    Plain,
    PlainText,
    "PlainText",
    "A text without control characters.",
    "称错了",
    r"^[^\u0000-\u001f]{0,200}$",
    |field, text| plain_text(field, text, 200).map(Plain)
);

/// A figure whose unit another field tells: a weight, a count, a price.
pub(crate) struct Figure;

wire!(
    Figure,
    FigureText,
    "Figure",
    "A decimal figure, as it was weighed, counted or priced.",
    "8.350",
    r"^[0-9]+(\.[0-9]+)?$",
    |_, _: &str| Ok(Figure)
);
