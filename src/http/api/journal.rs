//! The journal of a village as a feed by sequence, without personal details.

use crate::domain::authority::Question;
use crate::http::api::documents::EntryAnswer;
use crate::http::extract::Asked;
use crate::http::listing::{Listing, Page};
use crate::http::problem::Problem;

/// The entries of a village in the order of the chain.
#[utoipa::path(get, path = "/villages/{village}/journal", tag = "journal", params(Page), responses((status = 200, body = Listing<EntryAnswer>)))]
pub(crate) async fn list(Asked(visit, page): Asked<Page>) -> Result<Listing<EntryAnswer>, Problem> {
    let village = visit.village()?;
    visit.asks(Question::Books(&village)).await?;
    let filter = format!("journal {village}");
    let after = page.after(&filter)?.unwrap_or_else(|| "0".to_owned());
    let after = crate::domain::number::parse_whole("cursor", &after, 0, i64::MAX)?;
    let ledger = &visit.service.ledger;
    let entries = ledger.journal_page(&village, after, page.rows()).await?;
    let rows = entries.into_iter().map(EntryAnswer::from).collect();
    Ok(Listing::page(rows, &page, &filter, |entry| {
        entry.seq.to_string()
    }))
}
