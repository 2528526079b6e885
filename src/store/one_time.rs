//! What is used once or counted while somebody signs in: cards and enrolment codes, PINs of households, sign-ins that failed.

use sqlx::FromRow;

use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

/// Something that is used once.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct OneTimeRow {
    pub(crate) digest: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) village_code: String,
    pub(crate) household_no: Option<String>,
    pub(crate) collector: Option<String>,
    pub(crate) expires_at: i64,
}

const INSERT: &str = "
insert into one_time (digest, kind, village_code, household_no, collector, expires_at)
values ($1, $2, $3, $4, $5, $6)
";

/// Keeps the digest of what is given out to be used once.
///
/// # Errors
/// As the engine says.
pub(crate) async fn insert(tx: &mut Tx<'_>, row: &OneTimeRow) -> Result<(), StoreError> {
    run!(tx, connection => async {
        let query = sqlx::query(INSERT)
            .bind(&row.digest)
            .bind(&row.kind)
            .bind(&row.village_code)
            .bind(&row.household_no)
            .bind(&row.collector)
            .bind(row.expires_at);
        query.execute(connection).await.map(drop)
    })
}

const USE: &str = "
delete from one_time
where digest = $1
    and kind = $2
returning digest, kind, village_code, household_no, collector, expires_at
";

/// Takes it away and tells what it was; none if it was used before, or never given out.
///
/// # Errors
/// As the engine says.
pub(crate) async fn take(
    tx: &mut Tx<'_>,
    digest: &[u8],
    kind: &'static str,
) -> Result<Option<OneTimeRow>, StoreError> {
    let digest = digest.to_vec();
    run!(tx, connection => sqlx::query_as(USE).bind(digest).bind(kind).fetch_optional(connection))
}

const DELETE_CARDS: &str = "
delete from one_time
where village_code = $1
    and household_no = $2
";

/// Makes the cards of a household worthless that were not used yet.
///
/// # Errors
/// As the engine says.
pub(crate) async fn delete_cards(
    tx: &mut Tx<'_>,
    village: &str,
    household: &str,
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        sqlx::query(DELETE_CARDS).bind(village).bind(household).execute(connection).await.map(drop)
    })
}

const DELETE_EXPIRED: &str = "delete from one_time where expires_at < $1";
const DELETE_FAILURES: &str = "delete from sign_in_failure where blocked_until < $1";

/// Forgets what has expired, and the failures that are over.
///
/// # Errors
/// As the engine says.
pub(crate) async fn forget(
    tx: &mut Tx<'_>,
    expired_before: i64,
    failed_before: i64,
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        sqlx::query(DELETE_EXPIRED).bind(expired_before).execute(connection).await.map(drop)
    })?;
    run!(tx, connection => async {
        sqlx::query(DELETE_FAILURES).bind(failed_before).execute(connection).await.map(drop)
    })
}

const SET_PIN: &str = "
insert into household_pin (village_code, household_no, pin_hash, card_mark, issued_at)
values ($1, $2, $3, $4, $5)
on conflict (village_code, household_no) do update set
    pin_hash = excluded.pin_hash,
    card_mark = excluded.card_mark,
    issued_at = excluded.issued_at
";

/// Sets the PIN of a household, and by what phones recognise the card that it is given with.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_pin(
    tx: &mut Tx<'_>,
    village: &str,
    household: &str,
    hash: &str,
    (card_mark, issued_at): (&str, i64),
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        let query = sqlx::query(SET_PIN)
            .bind(village)
            .bind(household)
            .bind(hash)
            .bind(card_mark)
            .bind(issued_at);
        query.execute(connection).await.map(drop)
    })
}

const FIND_PIN: &str = "
select pin_hash
from household_pin
where village_code = $1
    and household_no = $2
";

/// The PIN of a household, hashed.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_pin(
    tx: &mut Tx<'_>,
    village: &str,
    household: &str,
) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = run!(tx, connection => sqlx::query_as(FIND_PIN).bind(village).bind(household).fetch_optional(connection))?;
    Ok(row.map(|(hash,)| hash))
}

const LIST_MARKS: &str = "
select household_no, card_mark
from household_pin
where village_code = $1
    and card_mark is not null
    and issued_at > $2
";

/// By what the cards of a village's households are recognised that were made after an instant.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_marks(
    tx: &mut Tx<'_>,
    village: &str,
    after: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    let village = village.to_owned();
    run!(tx, connection => sqlx::query_as(LIST_MARKS).bind(village).bind(after).fetch_all(connection))
}

const FIND_FAILURES: &str = "
select failures, blocked_until
from sign_in_failure
where name = $1
    and address = $2
";

/// How many sign-ins failed in a row, and until when no more are tried.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_failures(
    tx: &mut Tx<'_>,
    name: &str,
    address: &str,
) -> Result<(i64, i64), StoreError> {
    let row: Option<(i64, i64)> = run!(tx, connection => sqlx::query_as(FIND_FAILURES).bind(name).bind(address).fetch_optional(connection))?;
    Ok(row.unwrap_or((0, 0)))
}

const SET_FAILURES: &str = "
insert into sign_in_failure (name, address, failures, blocked_until)
values ($1, $2, $3, $4)
on conflict (name, address) do update set failures = excluded.failures, blocked_until = excluded.blocked_until
";

/// Notes how many sign-ins failed in a row.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_failures(
    tx: &mut Tx<'_>,
    (name, address): (&str, &str),
    failures: i64,
    blocked_until: i64,
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        let query = sqlx::query(SET_FAILURES)
            .bind(name)
            .bind(address)
            .bind(failures)
            .bind(blocked_until);
        query.execute(connection).await.map(drop)
    })
}
