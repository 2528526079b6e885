//! The entries that concern one household, with the reasons people gave.

use std::collections::BTreeMap;

use crate::domain::journal::{Flow, Posting};
use crate::domain::{Event, HouseholdNo, Money};
use crate::store::column::Place;
use crate::store::engine::{Tx, run};
use crate::store::error::StoreError;

/// An entry as far as it concerns a household.
#[derive(Debug)]
pub(crate) struct Concerning {
    /// Its number.
    pub(crate) seq: i64,
    /// The date it is booked on.
    pub(crate) booked_on: jiff::civil::Date,
    /// What happened.
    pub(crate) event: Event,
    /// The postings that name the household.
    pub(crate) postings: Vec<Posting>,
    /// The reason that was given, unless it was erased.
    pub(crate) reason: Option<String>,
    /// The entry that reversed it.
    pub(crate) reversed_by: Option<i64>,
}

const LIST_ENTRIES: &str = "
select
    e.seq,
    e.booked_on,
    e.content,
    p.content,
    r.seq
from household_entry as h
join journal_entry as e
    on e.village_id = h.village_id
    and e.seq = h.seq
left join entry_private as p
    on p.village_id = e.village_id
    and p.seq = e.seq
left join journal_entry as r
    on r.village_id = e.village_id
    and r.reverses_seq = e.seq
where h.village_id = $1
    and h.household_no = $2
order by e.booked_on, e.seq
";

const LIST_POSTINGS: &str = "
select
    p.seq,
    p.debit_account,
    p.debit_subject,
    p.credit_account,
    p.credit_subject,
    p.amount_fen,
    p.flow,
    p.period
from household_entry as h
join posting as p
    on p.village_id = h.village_id
    and p.seq = h.seq
    and (p.debit_subject = h.household_no or p.credit_subject = h.household_no)
where h.village_id = $1
    and h.household_no = $2
order by p.seq, p.line_no
";

type EntryRow = (i64, String, String, Option<String>, Option<i64>);
type PostingRow = (
    i64,
    String,
    String,
    String,
    String,
    i64,
    String,
    Option<String>,
);

/// Lists what concerns a household, in the order of the dates it is booked on.
///
/// # Errors
/// As the engine says.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    village_id: i64,
    number: &HouseholdNo,
) -> Result<Vec<Concerning>, StoreError> {
    let rows: Vec<PostingRow> = run!(tx, connection => sqlx::query_as(LIST_POSTINGS).bind(village_id).bind(number.as_str()).fetch_all(connection))?;
    let mut postings: BTreeMap<i64, Vec<Posting>> = BTreeMap::new();
    for row in rows {
        postings.entry(row.0).or_default().push(read_posting(row)?);
    }
    let rows: Vec<EntryRow> = run!(tx, connection => sqlx::query_as(LIST_ENTRIES).bind(village_id).bind(number.as_str()).fetch_all(connection))?;
    rows.into_iter()
        .map(|(seq, booked_on, content, private, reversed_by)| {
            let details = private.map(|private| {
                Place("entry_private", "content").json::<BTreeMap<String, String>>(&private)
            });
            Ok(Concerning {
                seq,
                booked_on: Place("journal_entry", "booked_on").date(&booked_on)?,
                event: Place("journal_entry", "content").json(&content)?,
                postings: postings.remove(&seq).unwrap_or_default(),
                reason: details
                    .transpose()?
                    .and_then(|mut details| details.remove("reason")),
                reversed_by,
            })
        })
        .collect()
}

fn read_posting(row: PostingRow) -> Result<Posting, StoreError> {
    let (_, debit_account, debit_subject, credit_account, credit_subject, fen, flow, period) = row;
    let flow: Flow = Place("posting", "flow").flow(&flow)?;
    Ok(Posting {
        debit: Place("posting", "debit_account").side(&debit_account, &debit_subject)?,
        credit: Place("posting", "credit_account").side(&credit_account, &credit_subject)?,
        amount: Money::from_fen(fen),
        flow,
        charge: Place("posting", "period").optional_charge(period.as_deref())?,
    })
}
