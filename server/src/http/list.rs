//! `GET /api/v1/iocs`: the entries that filters admit, newest update first, as
//! JSON, CSV or text; and what happened to them since, oldest first.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::http::header::{ETAG, LINK};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use iocd_core::query::Following;
use jiff::{SignedDuration, Timestamp};

use super::App;
use super::accept::check_accept;
use super::apart::{Wait, run_apart};
use super::code::Code;
use super::coding::{Coding, respond, respond_in_pieces};
use super::error::ApiError;
use super::etag::{is_current, not_modified};
use super::front::Call;
use crate::store::{ClaimStore, StoreError};

pub(super) mod asked;
mod body;
mod cursor;
mod description;
mod narrowing;
mod page;
mod tag;

use asked::Asked;
use body::{Body, Links};
use cursor::{Cursor, Place};
pub(super) use description::LIST;
use narrowing::SourceName;
use page::Pieces;
use tag::entity_tag;

/// Slots passed over without news after which a client is moved on: until
/// then no news gives the same cursor back.
const QUIET: u64 = 1 << 16;
/// Age of a cursor at which that is, too: history is kept for longer.
const QUIET_FOR: SignedDuration = SignedDuration::from_hours(12);

/// Answers with a page of the entries that the filters admit, or of what
/// happened to them.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let app = Arc::clone(&call.app);
    let tier = call.caller.tier();
    let query = call.request.uri().query();
    // Whole seconds: times in the answer should read like the others.
    let second = Timestamp::from_second(call.now.as_second()).unwrap_or(call.now);
    let known = || known_sources(&app);
    let in_query = app.settings.api_key_in_query;
    let asked = Asked::read(query, in_query, tier, second, &known)?;
    if !asked.format_given {
        check_accept(call.request.headers(), asked.format.media_type())?;
    }
    if !tier.formats.admit(asked.format) {
        let (format, tier) = (asked.format.as_str(), &tier.name);
        let message = format!("Format {format} is not part of tier {tier}: use json or csv.");
        return Err(ApiError::new(Code::TierRequired, message).about("format"));
    }
    let wait = Wait::default();
    // Scores are reckoned entry by entry, and what has been replaced since a
    // list was begun is looked at one by one.
    let place = asked.cursor.as_ref().map(|cursor| cursor.place);
    let is_pinned = matches!(place, Some(Place::Page { .. }));
    let takes_long = asked.filter.min_score.is_some() || is_pinned;
    let answer = answer(
        Arc::new(asked),
        Arc::clone(&app.store),
        call.request.headers().clone(),
        second,
        wait.is_over(),
    );
    if takes_long {
        run_apart(&app.walks.long, &call.caller, answer).await
    } else {
        answer.await
    }
}

/// The names of all feeds that are known and of all sources of the store.
fn known_sources<S: ClaimStore>(app: &App<S>) -> Vec<SourceName> {
    let stored = app.store.sources().into_iter();
    let stored = stored.map(|source| (source.name, source.title));
    let feeds = app.feeds.all().iter();
    let feeds = feeds.map(|feed| (feed.name.clone(), feed.title.clone()));
    let names = feeds.chain(stored);
    names
        .map(|(name, title)| SourceName { name, title })
        .collect()
}

async fn answer<S: ClaimStore>(
    asked: Arc<Asked>,
    store: Arc<S>,
    headers: HeaderMap,
    now: Timestamp,
    is_given_up: Arc<AtomicBool>,
) -> Result<Response, ApiError> {
    let place = asked.cursor.as_ref();
    if place.is_some_and(|cursor| cursor.epoch != store.epoch()) {
        return Err(asked.cursor_expired());
    }
    // Of before it is told: what comes between is news for the next time.
    let tag = entity_tag(&asked, &*store, now);
    if let Some(tag) = tag.as_ref().filter(|tag| is_current(&headers, tag)) {
        return Ok(not_modified(tag.clone()));
    }
    let failed = |error| match error {
        StoreError::UnknownRevision(_) => asked.cursor_expired(),
        error => error.into(),
    };
    let body = Body::new(Arc::clone(&asked), now, is_given_up);
    let media_type = asked.format.media_type();
    let (mut response, links) = match place {
        Some(cursor) if cursor.place == Place::Changes => {
            let told = tell_changes(&asked, cursor, &*store, body).await;
            let (mut body, links) = told.map_err(failed)?;
            body.end(&links);
            (respond(&headers, media_type, body.out).await?, links)
        }
        _ => {
            let begun = Pieces::begin(store, Arc::clone(&asked), body).await;
            let mut pieces = begun.map_err(failed)?;
            let links = pieces.links();
            if pieces.is_whole() {
                pieces.body.end(&links);
                (respond(&headers, media_type, pieces.body.out).await?, links)
            } else {
                let coding = Coding::wanted(&headers);
                let stream = pieces.stream(links.clone());
                (respond_in_pieces(coding, media_type, stream)?, links)
            }
        }
    };
    let headers = response.headers_mut();
    for (relation, cursor) in [("next", links.next.as_ref()), ("delta", Some(&links.delta))] {
        let link =
            cursor.map(|cursor| format!("<{}>; rel=\"{relation}\"", asked.link(Some(cursor))));
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            headers.append(LINK, link);
        }
    }
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

/// What happened to the list after a revision.
async fn tell_changes<S: ClaimStore>(
    asked: &Asked,
    cursor: &Cursor,
    store: &S,
    mut body: Body,
) -> Result<(Body, Links), StoreError> {
    let now = body.now;
    let last = store.counts().revision;
    body.revision = last;
    let following = Following {
        filter: &asked.filter,
        after: cursor.revision,
        limit: asked.page.limit,
        include_removed: asked.include_removed,
        now,
    };
    let reached = store.follow(&following, &mut body).await?;
    let is_recent = |at: Timestamp| now.duration_since(at) < QUIET_FOR;
    let is_quiet = body.elements == 0
        && reached - cursor.revision < QUIET
        && store.revised_at(cursor.revision).is_none_or(is_recent);
    let delta = Cursor {
        revision: if is_quiet { cursor.revision } else { reached },
        ..cursor.clone()
    };
    let links = Links {
        next: (!is_quiet && reached < last).then(|| delta.clone()),
        delta,
    };
    Ok((body, links))
}
