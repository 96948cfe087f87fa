//! `GET /api/v1/iocs`: the entries that filters admit, newest update first, as
//! JSON, CSV or text; and what happened to them since, oldest first.

use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;
use iocd_core::query::{Following, Listing};
use jiff::{SignedDuration, Timestamp};

use super::accept::check_accept;
use super::code::Code;
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use crate::store::{ClaimStore, StoreError};

pub(super) mod asked;
mod body;
mod cursor;

use asked::Asked;
use body::{Body, Links};
use cursor::{Cursor, Place};

/// Slots passed over without news after which a client is moved on: until
/// then no news gives the same cursor back.
const QUIET: u64 = 1 << 16;
/// Age of a cursor at which that is, too: history is kept for longer.
const QUIET_FOR: SignedDuration = SignedDuration::from_hours(12);

/// Answers with a page of the entries that the filters admit, or of what
/// happened to them.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let tier = call.caller.tier();
    let query = call.request.uri().query();
    // Whole seconds: times in the answer should read like the others.
    let second = Timestamp::from_second(call.now.as_second()).unwrap_or(call.now);
    let asked = Asked::read(query, call.app.settings.api_key_in_query, tier, second)?;
    if !asked.format_given {
        check_accept(call.request.headers(), asked.format.media_type())?;
    }
    if !tier.formats.admit(asked.format) {
        let (format, tier) = (asked.format.as_str(), &tier.name);
        let message = format!("Format {format} is not part of tier {tier}: use json or csv.");
        return Err(ApiError::new(Code::TierRequired, message).about("format"));
    }
    let store = &*call.app.store;
    let place = asked.cursor.as_ref();
    if place.is_some_and(|cursor| cursor.epoch != store.epoch()) {
        return Err(asked.cursor_expired());
    }
    let answered = match place {
        Some(cursor) if cursor.place == Place::Changes => {
            tell_changes(&asked, cursor, store, second).await
        }
        _ => tell_page(&asked, store, second).await,
    };
    let (body, links) = answered.map_err(|error| match error {
        StoreError::UnknownRevision(_) => asked.cursor_expired(),
        error => error.into(),
    })?;
    let mut response = Response::new(body.finish(&links).into());
    set_content_type(response.headers_mut(), asked.format.media_type());
    for (relation, cursor) in [("next", links.next.as_ref()), ("delta", Some(&links.delta))] {
        let link =
            cursor.map(|cursor| format!("<{}>; rel=\"{relation}\"", asked.link(Some(cursor))));
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().append(LINK, link);
        }
    }
    Ok(response)
}

/// A page of the list as it is, or as it was when its first page was told.
async fn tell_page<'a, S: ClaimStore>(
    asked: &'a Asked,
    store: &S,
    now: Timestamp,
) -> Result<(Body<'a>, Links), StoreError> {
    let (revision, at) = match &asked.cursor {
        Some(Cursor {
            revision,
            place: Place::Page { at, .. },
            ..
        }) => (*revision, *at),
        _ => (store.counts().revision, now),
    };
    let mut body = Body::new(asked, now, revision);
    let listing = Listing {
        filter: &asked.filter,
        page: asked.page,
        now: at,
        revision: Some(revision),
    };
    store.list(&listing, &mut body).await?;
    let offset = asked
        .page
        .offset
        .saturating_add(u64::from(asked.page.limit));
    let cursor = |place| Cursor {
        epoch: store.epoch(),
        revision,
        place,
        filters: asked.filters(),
    };
    let links = Links {
        next: (offset < body.total).then(|| cursor(Place::Page { offset, at })),
        delta: cursor(Place::Changes),
    };
    Ok((body, links))
}

/// What happened to the list after a revision.
async fn tell_changes<'a, S: ClaimStore>(
    asked: &'a Asked,
    cursor: &Cursor,
    store: &S,
    now: Timestamp,
) -> Result<(Body<'a>, Links), StoreError> {
    let last = store.counts().revision;
    let mut body = Body::new(asked, now, last);
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
