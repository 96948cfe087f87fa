//! `GET /api/v1/articles` and `GET /api/v1/articles/{id}`: security news and
//! reports, with what was extracted from them.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use super::App;
use super::accept::check_accept;
use super::code::Code;
use super::coding::respond;
use super::error::ApiError;
use super::etag::{is_current, not_modified};
use super::front::Call;
use super::parameter::Parameters;
use crate::articles::{Articles, ArticlesError};
use crate::config::{PRO, Tier};
use crate::control::{Caller, Scope};
use crate::store::ClaimStore;

mod asked;
mod cursor;
mod description;
mod fields;
mod told;

pub(super) use asked::Asked;
use asked::Format;
use description::SHOWING;
pub(super) use description::{LIST, SHOW, article as article_schema};
pub(super) use fields::brief;
use told::Told;

/// Where they are asked for.
const PATH: &str = "/api/v1/articles";
/// Bytes of a hash that are enough for a tag.
const TAG: usize = 16;

impl From<ArticlesError> for ApiError {
    fn from(error: ArticlesError) -> ApiError {
        ApiError::internal(error)
    }
}

/// Answers with a page of the articles that the filters admit.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let app = &call.app;
    let query = call.request.uri().query();
    let asked = Asked::read(
        query,
        app.settings.api_key_in_query,
        call.caller.tier(),
        call.now,
    )?;
    let headers = call.request.headers();
    if !asked.format_given {
        check_accept(headers, asked.format.media_type())?;
    }
    check_format(app, &call.caller, asked.format)?;
    let (filter, sort, after) = (asked.filter.clone(), asked.sort, asked.after);
    let limit = asked.limit;
    let page = ask(app, move |articles| {
        articles.page(&filter, sort, after, limit)
    })
    .await?;
    let told = Told::of(&asked, &page);
    let tag = told.tag(&asked);
    if is_current(headers, &tag) {
        return Ok(not_modified(tag));
    }
    let body = told.body(&asked, call.now);
    let mut response = respond(headers, asked.format.media_type(), body).await?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// Answers with one article.
pub(super) async fn show<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let headers = call.request.headers();
    check_accept(headers, "application/json")?;
    let mut archived_too = false;
    let mut parameters = Parameters::of(&call, SHOWING);
    while let Some(parameter) = parameters.next()? {
        archived_too = parameter.switch()?;
    }
    let id = call.request.uri().path().strip_prefix(PATH);
    let id = id
        .unwrap_or_default()
        .trim_start_matches('/')
        .to_ascii_lowercase();
    let asked_for = id.clone();
    let found = ask(&call.app, move |articles| articles.get(&asked_for)).await?;
    let Some(article) = found else {
        let message = "There is no article with this id.";
        return Err(ApiError::new(Code::ArticleNotFound, message)
            .about("id")
            .given(&id));
    };
    if earliest(call.caller.tier(), call.now)
        .is_some_and(|earliest| article.published_at < earliest)
    {
        let tier = &call.caller.tier().name;
        let message = format!("The article is older than tier {tier} looks back.");
        return Err(ApiError::new(Code::LookbackExceeded, message));
    }
    if article.is_archived && !archived_too {
        let message = "The article is archived: ask with include_archived=true.";
        return Err(ApiError::new(Code::ArticleArchived, message).about("include_archived"));
    }
    let data = fields::whole(&article);
    let tag = entity_tag(&[&data.to_string()]);
    if is_current(headers, &tag) {
        return Ok(not_modified(tag));
    }
    let generated_at = fields::time(call.now);
    let body =
        serde_json::json!({"meta": {"generated_at": generated_at, "source": "iocd"}, "data": data});
    let mut response = respond(headers, "application/json", body.to_string().into_bytes()).await?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// Asks the store where waiting for it holds nobody up.
pub(super) async fn ask<S, T>(
    app: &App<S>,
    question: impl FnOnce(&Articles) -> Result<T, ArticlesError> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
{
    let articles = Arc::clone(&app.articles);
    let asked = tokio::task::spawn_blocking(move || question(&articles)).await;
    Ok(asked.map_err(ApiError::internal)??)
}

/// The earliest publication that a tier may see.
pub(super) fn earliest(tier: &Tier, now: Timestamp) -> Option<Timestamp> {
    let days = tier.article_lookback_days?;
    let back = SignedDuration::from_hours(24 * i64::from(days));
    Some(now.checked_sub(back).unwrap_or(Timestamp::MIN))
}

/// Whether the caller may have this format.
fn check_format<S>(app: &App<S>, caller: &Caller, format: Format) -> Result<(), ApiError> {
    if format == Format::Json {
        return Ok(());
    }
    let name = format.as_str();
    let needed = app
        .settings
        .tiers
        .get(PRO)
        .map_or(u32::MAX, |tier| tier.rank);
    if caller.tier().rank < needed {
        let message = format!("Format {name} needs tier {PRO}: use json.");
        return Err(ApiError::new(Code::TierRequired, message).about("format"));
    }
    if !caller.may(Scope::ExportArticles) {
        let scope = Scope::ExportArticles.as_str();
        let message = format!("Format {name} needs a key with scope {scope}.");
        return Err(ApiError::new(Code::InsufficientScope, message).about("format"));
    }
    Ok(())
}

/// Of what is told but for the time: weak, for it is the same in every coding.
fn entity_tag(parts: &[&str]) -> HeaderValue {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = URL_SAFE_NO_PAD.encode(&hasher.finalize().as_bytes()[..TAG]);
    HeaderValue::from_str(&format!("W/\"{hash}\"")).expect("a hash in base64 is plain text")
}
