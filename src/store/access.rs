//! Accounts, and the secrets that were given out, by their digests. No part of the books.

use sqlx::FromRow;
use uuid::Uuid;

use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

/// The tables that the application may change as it likes.
pub(crate) const TABLES: [&str; 5] = [
    "account",
    "credential",
    "one_time",
    "household_pin",
    "sign_in_failure",
];

/// An account as it stands. Instants are microseconds.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct AccountRow {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) scope: String,
    pub(crate) collector: Option<String>,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_disabled: i64,
    pub(crate) created_at: i64,
}

const INSERT_ACCOUNT: &str = "
insert into account (name, role, scope, collector, password_hash, is_disabled, created_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (name) do nothing
";

/// Adds an account; false if the name is taken.
///
/// # Errors
/// As the engine says.
pub(crate) async fn insert_account(tx: &mut Tx<'_>, row: &AccountRow) -> Result<bool, StoreError> {
    let done = run!(tx, connection => async {
        let query = sqlx::query(INSERT_ACCOUNT)
            .bind(&row.name)
            .bind(&row.role)
            .bind(&row.scope)
            .bind(&row.collector)
            .bind(&row.password_hash)
            .bind(row.is_disabled)
            .bind(row.created_at);
        query.execute(connection).await.map(|done| done.rows_affected())
    })?;
    Ok(done == 1)
}

const FIND_ACCOUNT: &str = "
select name, role, scope, collector, password_hash, is_disabled, created_at
from account
where name = $1
";

/// The account of a name.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_account(
    tx: &mut Tx<'_>,
    name: &str,
) -> Result<Option<AccountRow>, StoreError> {
    run!(tx, connection => sqlx::query_as(FIND_ACCOUNT).bind(name).fetch_optional(connection))
}

const LIST_ACCOUNTS: &str = "
select name, role, scope, collector, password_hash, is_disabled, created_at
from account
where name > $1
order by name
limit $2
";

/// The accounts behind a name.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_accounts(
    tx: &mut Tx<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<AccountRow>, StoreError> {
    run!(tx, connection => sqlx::query_as(LIST_ACCOUNTS).bind(after).bind(limit).fetch_all(connection))
}

const SET_DISABLED: &str = "
update account
set is_disabled = $2
where name = $1
";

/// Disables an account or enables it again; false if there is none.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_disabled(
    tx: &mut Tx<'_>,
    name: &str,
    is_disabled: bool,
) -> Result<bool, StoreError> {
    let flag = i64::from(is_disabled);
    let done = run!(tx, connection => async {
        let query = sqlx::query(SET_DISABLED).bind(name).bind(flag);
        query.execute(connection).await.map(|done| done.rows_affected())
    })?;
    Ok(done == 1)
}

const SET_PASSWORD: &str = "
update account
set password_hash = $2
where name = $1
";

/// Sets the password of an account; false if there is none.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_password(
    tx: &mut Tx<'_>,
    name: &str,
    hash: &str,
) -> Result<bool, StoreError> {
    let done = run!(tx, connection => async {
        let query = sqlx::query(SET_PASSWORD).bind(name).bind(hash);
        query.execute(connection).await.map(|done| done.rows_affected())
    })?;
    Ok(done == 1)
}

/// A secret that was given out. Instants are microseconds.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct CredentialRow {
    pub(crate) digest: Vec<u8>,
    pub(crate) kind: String,
    pub(crate) public_id: Uuid,
    pub(crate) account: Option<String>,
    pub(crate) village_code: Option<String>,
    pub(crate) household_no: Option<String>,
    pub(crate) collector: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) label: String,
    pub(crate) may_write: i64,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) failures: i64,
    pub(crate) blocked_until: i64,
}

const INSERT_CREDENTIAL: &str = "
insert into credential (
    digest, kind, public_id, account, village_code, household_no, collector, scope, label, may_write, created_at, expires_at, seen_at, failures,
    blocked_until
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
";

/// Keeps the digest of a secret that is given out.
///
/// # Errors
/// As the engine says.
pub(crate) async fn insert_credential(
    tx: &mut Tx<'_>,
    row: &CredentialRow,
) -> Result<(), StoreError> {
    run!(tx, connection => async {
        let query = sqlx::query(INSERT_CREDENTIAL)
            .bind(&row.digest)
            .bind(&row.kind)
            .bind(row.public_id)
            .bind(&row.account)
            .bind(&row.village_code)
            .bind(&row.household_no)
            .bind(&row.collector)
            .bind(&row.scope)
            .bind(&row.label)
            .bind(row.may_write)
            .bind(row.created_at)
            .bind(row.expires_at)
            .bind(row.seen_at)
            .bind(row.failures)
            .bind(row.blocked_until);
        query.execute(connection).await.map(drop)
    })
}

const FIND_CREDENTIAL: &str = "
select
    digest, kind, public_id, account, village_code, household_no, collector, scope, label, may_write, created_at, expires_at, seen_at, failures,
    blocked_until
from credential
where digest = $1
    and stopped_at is null
";

/// What a secret stands for; nothing if it is of a phone that was stopped.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_credential(
    tx: &mut Tx<'_>,
    digest: &[u8],
) -> Result<Option<CredentialRow>, StoreError> {
    let digest = digest.to_vec();
    run!(tx, connection => sqlx::query_as(FIND_CREDENTIAL).bind(digest).fetch_optional(connection))
}

const LIST_CREDENTIALS: &str = "
select
    digest, kind, public_id, account, village_code, household_no, collector, scope, label, may_write, created_at, expires_at, seen_at, failures,
    blocked_until
from credential
where account = $1
    and kind = 'token'
order by created_at
";

/// The tokens of an account, oldest first.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_tokens(
    tx: &mut Tx<'_>,
    account: &str,
) -> Result<Vec<CredentialRow>, StoreError> {
    let account = account.to_owned();
    run!(tx, connection => sqlx::query_as(LIST_CREDENTIALS).bind(account).fetch_all(connection))
}

/// A phone that was stopped. Instants are microseconds.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct StoppedRow {
    pub(crate) public_id: Uuid,
    pub(crate) village_code: String,
    pub(crate) collector: String,
    pub(crate) stopped_at: i64,
    pub(crate) expires_at: i64,
}

const FIND_STOPPED: &str = "
select public_id, village_code, collector, stopped_at, expires_at
from credential
where digest = $1
    and kind = 'phone'
    and stopped_at is not null
";

/// The stopped phone that a secret was given to.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_stopped(
    tx: &mut Tx<'_>,
    digest: &[u8],
) -> Result<Option<StoppedRow>, StoreError> {
    let digest = digest.to_vec();
    run!(tx, connection => sqlx::query_as(FIND_STOPPED).bind(digest).fetch_optional(connection))
}

const STOP_PHONES: &str = "
update credential
set stopped_at = $3
where village_code = $1
    and collector = $2
    and kind = 'phone'
    and stopped_at is null
";

/// Stops the phones of a collector of a village.
///
/// # Errors
/// As the engine says.
pub(crate) async fn stop_phones(
    tx: &mut Tx<'_>,
    (village, collector): (&str, &str),
    at: i64,
) -> Result<(), StoreError> {
    let (village, collector) = (village.to_owned(), collector.to_owned());
    run!(tx, connection => async {
        let query = sqlx::query(STOP_PHONES).bind(village).bind(collector).bind(at);
        query.execute(connection).await.map(drop)
    })
}

/// A phone of a collector. Instants are microseconds.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub(crate) struct PhoneRow {
    pub(crate) public_id: Uuid,
    pub(crate) collector: String,
    pub(crate) label: String,
    pub(crate) created_at: i64,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) heard_at: Option<i64>,
    pub(crate) device: Option<String>,
    pub(crate) known_seq: Option<i64>,
}

const LIST_PHONES: &str = "
select public_id, collector, label, created_at, stopped_at, heard_at, device, known_seq
from credential
where village_code = $1
    and kind = 'phone'
    and expires_at > $2
order by collector, created_at, public_id
";

/// The phones of the collectors of a village that have not expired.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list_phones(
    tx: &mut Tx<'_>,
    village: &str,
    now: i64,
) -> Result<Vec<PhoneRow>, StoreError> {
    let village = village.to_owned();
    run!(tx, connection => sqlx::query_as(LIST_PHONES).bind(village).bind(now).fetch_all(connection))
}

const FIND_PHONE: &str = "
select public_id, collector, label, created_at, stopped_at, heard_at, device, known_seq
from credential
where public_id = $1
    and kind = 'phone'
";

/// A phone of a collector, by its public id.
///
/// # Errors
/// As the engine says.
pub(crate) async fn find_phone(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<PhoneRow>, StoreError> {
    run!(tx, connection => sqlx::query_as(FIND_PHONE).bind(id).fetch_optional(connection))
}

const HEAR: &str = "
update credential
set heard_at = $2, device = $3, known_seq = $4
where public_id = $1
    and kind = 'phone'
    and (heard_at is null or heard_at <= $2)
";

/// Notes what was heard of a phone, unless something later is noted.
///
/// # Errors
/// As the engine says.
pub(crate) async fn hear(
    tx: &mut Tx<'_>,
    id: Uuid,
    at: i64,
    (device, known_seq): (&str, i64),
) -> Result<(), StoreError> {
    let device = device.to_owned();
    run!(tx, connection => async {
        let query = sqlx::query(HEAR).bind(id).bind(at).bind(device).bind(known_seq);
        query.execute(connection).await.map(drop)
    })
}

const SEE: &str = "
update credential
set seen_at = $2
where digest = $1
";

/// Notes when a secret was last used.
///
/// # Errors
/// As the engine says.
pub(crate) async fn see(tx: &mut Tx<'_>, digest: &[u8], at: i64) -> Result<(), StoreError> {
    let digest = digest.to_vec();
    run!(tx, connection => async {
        sqlx::query(SEE).bind(digest).bind(at).execute(connection).await.map(drop)
    })
}

const SET_FAILURES: &str = "
update credential
set failures = $2, blocked_until = $3
where digest = $1
";

/// Notes how many wrong PINs were given in a row.
///
/// # Errors
/// As the engine says.
pub(crate) async fn set_failures(
    tx: &mut Tx<'_>,
    digest: &[u8],
    failures: i64,
    blocked_until: i64,
) -> Result<(), StoreError> {
    let digest = digest.to_vec();
    run!(tx, connection => async {
        let query = sqlx::query(SET_FAILURES).bind(digest).bind(failures).bind(blocked_until);
        query.execute(connection).await.map(drop)
    })
}

/// Which secrets are taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taken<'a> {
    /// One, by its digest.
    Digest(&'a [u8]),
    /// A token of an account, by its public id.
    Token(&'a str, Uuid),
    /// The sessions of an account.
    Sessions(&'a str),
    /// The sessions and tokens of an account.
    Account(&'a str),
    /// Whatever a household was given.
    Household(&'a str, &'a str),
    /// What a household's phones opened, but not that they are bound.
    HouseholdSessions(&'a str, &'a str),
    /// Whatever has expired.
    Expired(i64),
}

const DELETE_DIGEST: &str = "delete from credential where digest = $1";
const DELETE_TOKEN: &str =
    "delete from credential where account = $1 and public_id = $2 and kind = 'token'";
const DELETE_SESSIONS: &str = "delete from credential where account = $1 and kind = 'session'";
const DELETE_ACCOUNT: &str = "delete from credential where account = $1";
const DELETE_HOUSEHOLD: &str =
    "delete from credential where village_code = $1 and household_no = $2";
const DELETE_HOUSEHOLD_SESSIONS: &str =
    "delete from credential where village_code = $1 and household_no = $2 and kind = 'household'";
const DELETE_EXPIRED: &str = "delete from credential where expires_at < $1";

/// Takes secrets back, and tells how many.
///
/// # Errors
/// As the engine says.
pub(crate) async fn take_back(tx: &mut Tx<'_>, taken: Taken<'_>) -> Result<u64, StoreError> {
    run!(tx, connection => async {
        let query = match taken {
            Taken::Digest(digest) => sqlx::query(DELETE_DIGEST).bind(digest.to_vec()),
            Taken::Token(account, id) => sqlx::query(DELETE_TOKEN).bind(account.to_owned()).bind(id),
            Taken::Sessions(account) => sqlx::query(DELETE_SESSIONS).bind(account.to_owned()),
            Taken::Account(account) => sqlx::query(DELETE_ACCOUNT).bind(account.to_owned()),
            Taken::Household(village, number) => {
                sqlx::query(DELETE_HOUSEHOLD).bind(village.to_owned()).bind(number.to_owned())
            }
            Taken::HouseholdSessions(village, number) => {
                sqlx::query(DELETE_HOUSEHOLD_SESSIONS).bind(village.to_owned()).bind(number.to_owned())
            }
            Taken::Expired(before) => sqlx::query(DELETE_EXPIRED).bind(before),
        };
        query.execute(connection).await.map(|done| done.rows_affected())
    })
}
