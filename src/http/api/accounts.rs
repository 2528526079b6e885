//! Accounts of people, their tokens, cards for households, codes for collectors' phones, and the record of who did what.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::authority::{Question, Scope};
use crate::domain::report::region::RegionPrefix;
use crate::domain::{Refusal, Role};
use crate::http::extract::{Asked, Body, Visit};
use crate::http::listing::{Listing, Page};
use crate::http::problem::Problem;
use crate::http::session::written;
use crate::http::written::{CollectorText, maybe};
use crate::ledger::access::{AccountRecord, AuditRecord, Deed, NewAccount, NewToken, TokenRecord};

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountAnswer {
    name: String,
    role: &'static str,
    /// How far it reaches: `*`, or the first digits of villages' codes.
    scope: String,
    collector: Option<String>,
    is_disabled: bool,
    created_at: String,
}

impl From<AccountRecord> for AccountAnswer {
    fn from(record: AccountRecord) -> AccountAnswer {
        AccountAnswer {
            name: record.name,
            role: record.role.word(),
            scope: record.scope,
            collector: record.collector,
            is_disabled: record.is_disabled,
            created_at: record.created_at.to_string(),
        }
    }
}

/// The accounts, by name.
#[utoipa::path(get, path = "/users", tag = "users", params(Page), responses((status = 200, body = Listing<AccountAnswer>)))]
pub(crate) async fn list(
    Asked(visit, page): Asked<Page>,
) -> Result<Listing<AccountAnswer>, Problem> {
    visit.asks(Question::Accounts).await?;
    let after = page.after("users")?.unwrap_or_default();
    let rows = visit.service.access.accounts(&after, page.rows()).await?;
    let rows = rows.into_iter().map(AccountAnswer::from).collect();
    Ok(Listing::page(rows, &page, "users", |row| row.name.clone()))
}

/// The role of an account.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleBody {
    Collector,
    Clerk,
    Supervisor,
    Official,
    Administrator,
}

impl From<RoleBody> for Role {
    fn from(role: RoleBody) -> Role {
        match role {
            RoleBody::Collector => Role::Collector,
            RoleBody::Clerk => Role::Clerk,
            RoleBody::Supervisor => Role::Supervisor,
            RoleBody::Official => Role::Official,
            RoleBody::Administrator => Role::Administrator,
        }
    }
}

/// An account that is made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountBody {
    /// It stands in the journal, so it is no name of a person.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    role: RoleBody,
    /// How far it reaches: `*`, or the first 2 to 12 digits of villages' codes.
    #[schema(examples("430302101"))]
    scope: String,
    collector: Option<CollectorText>,
    #[schema(min_length = 12, max_length = 128)]
    password: String,
}

fn scope(text: &str) -> Result<Scope, Refusal> {
    match text {
        "*" => Ok(Scope::Everywhere),
        digits => RegionPrefix::parse("scope", digits).map(Scope::Region),
    }
}

pub(crate) fn deed<'a>(
    visit: &'a Visit,
    actor: &'a str,
    action: &'static str,
    subject: &'a str,
) -> Deed<'a> {
    Deed {
        actor,
        action,
        village: None,
        subject: Some(subject),
        is_allowed: true,
        trace_id: visit.context.trace_id(),
    }
}

/// Makes an account.
#[utoipa::path(post, path = "/users", tag = "users", request_body = AccountBody, responses((status = 201)))]
pub(crate) async fn add(
    visit: Visit,
    Body(body): Body<AccountBody>,
) -> Result<StatusCode, Problem> {
    visit.administers().await?;
    let account = NewAccount {
        name: body.name.clone(),
        role: body.role.into(),
        scope: scope(&body.scope)?,
        collector: maybe(body.collector.as_ref(), "collector")?,
    };
    let actor = written(&visit.identity);
    let deed = deed(&visit, &actor, "add_user", &body.name);
    let access = &visit.service.access;
    access
        .add_account(deed, &account, Some(&body.password))
        .await?;
    Ok(StatusCode::CREATED)
}

/// Whether an account is let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisabledBody {
    is_disabled: bool,
}

/// Lets an account in no more, or again; its sessions end.
#[utoipa::path(post, path = "/users/{account}/disabled", tag = "users", request_body = DisabledBody, responses((status = 204)))]
pub(crate) async fn disable(
    visit: Visit,
    Body(body): Body<DisabledBody>,
) -> Result<StatusCode, Problem> {
    visit.administers().await?;
    let (actor, name) = (written(&visit.identity), visit.part("account"));
    let action = if body.is_disabled {
        "disable_user"
    } else {
        "enable_user"
    };
    let deed = deed(&visit, &actor, action, name);
    visit
        .service
        .access
        .disable(deed, name, body.is_disabled)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    #[schema(min_length = 12, max_length = 128)]
    password: String,
}

/// Sets the password of an account, one's own or as the administrator; its sessions end.
#[utoipa::path(post, path = "/users/{account}/password", tag = "users", request_body = PasswordBody, responses((status = 204)))]
pub(crate) async fn set_password(
    visit: Visit,
    Body(body): Body<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let name = visit.part("account");
    if !visit.owns_account(name)? {
        visit.administers().await?;
    }
    let actor = written(&visit.identity);
    let deed = deed(&visit, &actor, "set_password", name);
    visit
        .service
        .access
        .set_password(deed, name, &body.password)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenAnswer {
    id: Uuid,
    label: String,
    /// How far it reaches, where that is not as far as its account.
    scope: Option<String>,
    may_write: bool,
    created_at: String,
    expires_at: String,
    /// When it was last used, to the minute.
    seen_at: String,
}

impl From<TokenRecord> for TokenAnswer {
    fn from(record: TokenRecord) -> TokenAnswer {
        TokenAnswer {
            id: record.id,
            label: record.label,
            scope: record.scope,
            may_write: record.may_write,
            created_at: record.created_at.to_string(),
            expires_at: record.expires_at.to_string(),
            seen_at: record.seen_at.to_string(),
        }
    }
}

/// The tokens of an account.
#[utoipa::path(get, path = "/users/{account}/tokens", tag = "users", responses((status = 200, body = Listing<TokenAnswer>)))]
pub(crate) async fn tokens(visit: Visit) -> Result<Listing<TokenAnswer>, Problem> {
    visit.asks(Question::Accounts).await?;
    let rows = visit.service.access.tokens(visit.part("account")).await?;
    Ok(Listing::whole(
        rows.into_iter().map(TokenAnswer::from).collect(),
    ))
}

/// A token that is made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// How far it reaches; as its account where it is not said.
    scope: Option<String>,
    #[schema(minimum = 1, maximum = 366)]
    days: i64,
    #[serde(default)]
    may_write: bool,
    #[schema(max_length = 64)]
    label: String,
}

/// A secret that is told once.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretAnswer {
    pub(crate) secret: String,
}

/// Makes a token for an account.
#[utoipa::path(post, path = "/users/{account}/tokens", tag = "users", request_body = TokenBody, responses((status = 201, body = SecretAnswer)))]
pub(crate) async fn issue_token(
    visit: Visit,
    Body(body): Body<TokenBody>,
) -> Result<(StatusCode, Json<SecretAnswer>), Problem> {
    visit.administers().await?;
    let token = NewToken {
        scope: body.scope.as_deref().map(scope).transpose()?,
        days: body.days,
        may_write: body.may_write,
        label: body.label,
    };
    let (actor, name) = (written(&visit.identity), visit.part("account"));
    let deed = deed(&visit, &actor, "issue_token", name);
    let secret = visit.service.access.issue_token(deed, name, &token).await?;
    let secret = secret.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(SecretAnswer { secret })))
}

/// Takes a token back.
#[utoipa::path(delete, path = "/users/{account}/tokens/{token}", tag = "users", responses((status = 204)))]
pub(crate) async fn revoke_token(visit: Visit) -> Result<StatusCode, Problem> {
    visit.administers().await?;
    let id = Uuid::try_parse(visit.part("token")).map_err(|_| Problem::not_found())?;
    let (actor, name) = (written(&visit.identity), visit.part("account"));
    let deed = deed(&visit, &actor, "revoke_token", name);
    visit.service.access.revoke_token(deed, name, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A card with its PIN; told once.
#[derive(Serialize, ToSchema)]
pub(crate) struct CardAnswer {
    /// What the printed code says.
    card: String,
    /// The PIN, for the household's eyes.
    pin: String,
}

/// Makes a card and a PIN for a household; its earlier ones work no more.
#[utoipa::path(post, path = "/villages/{village}/households/{household}/access/card", tag = "users", responses((status = 201, body = CardAnswer)))]
pub(crate) async fn issue_card(visit: Visit) -> Result<(StatusCode, Json<CardAnswer>), Problem> {
    let (village, number) = (visit.village()?, visit.household()?);
    visit.keeps(&village).await?;
    let actor = written(&visit.identity);
    let deed = Deed {
        village: Some(&village),
        ..deed(&visit, &actor, "issue_card", number.as_str())
    };
    let card = visit
        .service
        .access
        .issue_card(deed, &village, &number)
        .await?;
    let answer = CardAnswer {
        card: card.secret.reveal().to_owned(),
        pin: card.pin.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Something that somebody did, or was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAnswer {
    id: Uuid,
    at: String,
    /// A role and an account.
    actor: String,
    action: String,
    village: Option<String>,
    /// About whom or what: a household's number, an account's name.
    subject: Option<String>,
    is_allowed: bool,
    /// The id of the request.
    trace_id: String,
}

impl From<AuditRecord> for AuditAnswer {
    fn from(record: AuditRecord) -> AuditAnswer {
        AuditAnswer {
            id: record.id,
            at: record.at.to_string(),
            actor: record.actor,
            action: record.action,
            village: record.village,
            subject: record.subject,
            is_allowed: record.is_allowed,
            trace_id: record.trace_id,
        }
    }
}

/// Who signed in, who was refused, who read personal details, in the order of time.
#[utoipa::path(get, path = "/audit", tag = "users", params(Page), responses((status = 200, body = Listing<AuditAnswer>)))]
pub(crate) async fn audit(
    Asked(visit, page): Asked<Page>,
) -> Result<Listing<AuditAnswer>, Problem> {
    visit.asks(Question::Audit).await?;
    let after = page.after("audit")?;
    let after = after.map(|text| Uuid::try_parse(&text)).transpose();
    let after = after.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "cursor-unknown"))?;
    let rows = visit.service.access.audit(after, page.rows()).await?;
    let rows = rows.into_iter().map(AuditAnswer::from).collect();
    Ok(Listing::page(rows, &page, "audit", |row| {
        row.id.to_string()
    }))
}
