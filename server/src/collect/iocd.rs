//! Another iocd server: what changed there since, or everything.
//!
//! A server tells everything when it is asked without a cursor, and what came
//! after one from then on. A cursor that it does not know (a backup was
//! restored there) begins a new walk through everything; so does a pause after
//! which what was ended here may hold there ([`COMPARE_AFTER`]).

use std::collections::BTreeSet;

use iocd_core::claim::mirrored::COMPARE_AFTER;
use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{Changes, Collector, Errand, Found, Stage, Wanted};
use crate::exchange::changes::read_end;
use crate::fetch::{Answer, FetchError, Reply, Web};

/// Where a server tells what changed.
const PATH: &str = "/api/v1/iocs/changes";
/// How it writes that.
const MEDIA_TYPE: &str = "application/x-ndjson";
/// Entries asked for at a time.
const LIMIT: u32 = 20_000;
/// Answers of a run at most: four hundred million entries.
const MAX_ANSWERS: u32 = 20_000;

/// Asks for what changed since.
pub(super) fn send(errand: &Errand<'_>) -> Box<dyn Collector> {
    let known = errand
        .bookmark
        .and_then(|text| serde_json::from_str(text).ok());
    let is_recent = |known: &Bookmark| errand.now.duration_since(known.followed_at) < COMPARE_AFTER;
    Box::new(Follower {
        place: known.filter(is_recent),
        answers: 0,
        is_done: false,
    })
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bookmark {
    /// In the server's words.
    cursor: String,
    /// When it was asked for.
    followed_at: Timestamp,
    /// Whether a first walk through everything has not come to its end.
    is_walking: bool,
    /// Sources there that were left alone: what was told of them is past the
    /// cursor, and has to be told again should they be mirrored one day.
    #[serde(default)]
    pub spared: BTreeSet<String>,
}

impl Bookmark {
    /// As it is kept.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a bookmark is plain data")
    }
}

/// The collector.
struct Follower {
    /// `None`: at the beginning.
    place: Option<Bookmark>,
    answers: u32,
    is_done: bool,
}

impl Collector for Follower {
    fn next(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Found>, FetchError> {
        if self.is_done || self.answers >= MAX_ANSWERS {
            return Ok(None);
        }
        let asked = match self.ask(errand, web) {
            // 400: of another server, or of one that has been replaced.
            Err(FetchError::Status {
                status: 400 | 410, ..
            }) if self.place.is_some() => {
                tracing::info!(
                    feed = errand.feed.name,
                    "the server that is mirrored has begun anew: all of it is compared"
                );
                self.place = None;
                self.ask(errand, web)
            }
            asked => asked,
        };
        let reply = asked.map_err(|error| explained(error, errand))?;
        self.answers += 1;
        let opened = reply.body.open();
        let mut body = opened.map_err(|error| errand.wrong(error.to_string()))?;
        let end = read_end(&mut body).map_err(|problem| errand.wrong(problem))?;
        let place = self.place.as_ref();
        if end.more && place.is_some_and(|place| place.cursor == end.cursor) {
            return Err(errand.wrong("it has more, and gives the same cursor again"));
        }
        let is_walking = place.is_none_or(|place| place.is_walking);
        let stage = match place {
            Some(_) if !is_walking => Stage::News,
            _ => Stage::Walk {
                is_first: place.is_none(),
                is_last: !end.more,
            },
        };
        let after = Bookmark {
            cursor: end.cursor,
            followed_at: errand.now,
            is_walking: is_walking && end.more,
            spared: place.map(|place| place.spared.clone()).unwrap_or_default(),
        };
        self.place = Some(after.clone());
        self.is_done = !end.more;
        Ok(Some(Found::Changes(Changes {
            body: reply.body,
            stage,
            bookmark: after,
        })))
    }
}

impl Follower {
    fn ask(&self, errand: &Errand<'_>, web: &dyn Web) -> Result<Reply, FetchError> {
        let cursor = self.place.as_ref().map(|place| place.cursor.as_str());
        let url = address(errand, cursor)?;
        let wanted = Wanted {
            url: url.as_str(),
            fields: &[("accept", MEDIA_TYPE)],
            ..Wanted::default()
        };
        match errand.get(web, &wanted)? {
            Answer::Document(reply) => Ok(reply),
            Answer::NotModified => Err(errand.wrong("it answered 304, which nobody asked for")),
        }
    }
}

/// The address of what changed after a cursor: the feed's has the server, or
/// where it tells that.
fn address(errand: &Errand<'_>, cursor: Option<&str>) -> Result<Url, FetchError> {
    let wrong = |problem: &str| FetchError::Address {
        url: errand.shown(),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(errand.url).map_err(|_| wrong("it is no address"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(
            "a server that is mirrored is named without a query: everything is mirrored",
        ));
    }
    let path = url.path().trim_end_matches('/');
    let path = format!("{}{PATH}", path.strip_suffix(PATH).unwrap_or(path));
    url.set_path(&path);
    let mut query = url.query_pairs_mut();
    query.append_pair("limit", &LIMIT.to_string());
    query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    drop(query);
    Ok(url)
}

/// What a server says that cannot be mirrored, or will not.
fn explained(error: FetchError, errand: &Errand<'_>) -> FetchError {
    match error {
        FetchError::Status {
            host,
            status,
            hint: _,
            retry_after,
        } if matches!(status, 403 | 404) => {
            let hint = if status == 403 {
                "mirroring needs a key with the scope read:iocs and tier unlimited: make one there \
                 with `iocd key create`"
            } else {
                "there is no iocd server that tells what changed; the url is that of the server, as \
                 https://iocd.example.org"
            };
            FetchError::Status {
                host,
                status,
                hint: Some(hint.to_owned()),
                retry_after,
            }
        }
        FetchError::Status { status: 410, .. } => {
            errand.wrong("it answered 410 to a question without a cursor")
        }
        error => error,
    }
}

#[cfg(test)]
mod tests;
