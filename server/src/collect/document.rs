//! One document at one address: the feed's list as it is now.

use iocd_core::claim::Extent;
use iocd_core::feed::Feed;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Collector, Document, Errand, Found, Wanted};
use crate::fetch::{Answer, FetchError, Reply, Web, read_date};

/// After which time a list that has not changed is read again all the same,
/// where the claims of it would age otherwise.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Asks for the list unless it is still the one that was read.
pub(super) fn send(errand: &Errand<'_>) -> Box<dyn Collector> {
    let known = errand
        .bookmark
        .and_then(|text| serde_json::from_str(text).ok());
    let known = known.filter(|known: &Bookmark| !known.must_read(errand));
    Box::new(One { known, done: false })
}

/// The list that was read last.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bookmark {
    /// BLAKE3, in hexadecimal digits.
    hash: String,
    etag: Option<String>,
    last_modified: Option<String>,
    /// When its rows were last read.
    read_at: Timestamp,
    /// When it was last seen to be the current one.
    seen_at: Timestamp,
    /// How it was read.
    reading: String,
}

impl Bookmark {
    /// Whether the list must be read again even if it is the same.
    fn must_read(&self, errand: &Errand<'_>) -> bool {
        let now = errand.now;
        let is_past = |since: Timestamp, span| now.duration_since(since) >= span;
        self.reading != errand.reading
            || is_past(self.read_at, read_again_after(errand.feed))
            || ends_after(errand.feed).is_some_and(|end| is_past(self.seen_at, end))
    }
}

/// What is on a complete list counts as seen whenever the list is; rows of
/// other lists have to be read for that.
fn read_again_after(feed: &Feed) -> SignedDuration {
    let is_snapshot = feed.extent == Extent::Snapshot;
    if is_snapshot && feed.fetching.expect.fresh.is_none() {
        return SignedDuration::MAX;
    }
    let quarter = ends_after(feed).map_or(SignedDuration::MAX, |end| end / 4);
    READ_AGAIN.min(quarter)
}

/// When the first claims end that are not said again.
fn ends_after(feed: &Feed) -> Option<SignedDuration> {
    let rules = feed.expires_after_by_kind.values().copied();
    let seconds = rules.chain(feed.expires_after).min()?;
    Some(SignedDuration::from_secs(i64::from(seconds)))
}

/// The collector.
struct One {
    known: Option<Bookmark>,
    done: bool,
}

impl Collector for One {
    fn next(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Found>, FetchError> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let known = self.known.take();
        let wanted = Wanted {
            url: errand.url,
            etag: known.as_ref().and_then(|known| known.etag.as_deref()),
            last_modified: known
                .as_ref()
                .and_then(|known| known.last_modified.as_deref()),
            fields: &[],
        };
        let found = match (errand.get(web, &wanted)?, known) {
            (Answer::Document(reply), known) => compare(reply, known, errand),
            (Answer::NotModified, Some(known)) => {
                let seen_at = errand.now;
                unchanged(&Bookmark { seen_at, ..known })
            }
            // It was asked for without a condition.
            (Answer::NotModified, None) => return Ok(None),
        };
        Ok(Some(found))
    }
}

/// Whether what came is what was read last.
fn compare(reply: Reply, known: Option<Bookmark>, errand: &Errand<'_>) -> Found {
    let hash = reply.body.hash().to_string();
    let is_known = known.as_ref().is_some_and(|known| known.hash == hash);
    let own = |name| reply.field(name).map(str::to_owned);
    let bookmark = Bookmark {
        hash,
        etag: own("etag"),
        last_modified: own("last-modified"),
        read_at: match known {
            Some(known) if is_known => known.read_at,
            _ => errand.now,
        },
        seen_at: errand.now,
        reading: errand.reading.to_owned(),
    };
    if is_known {
        return unchanged(&bookmark);
    }
    Found::Document(Document {
        name: file_name(errand.url).to_owned(),
        is_list: true,
        changed_at: reply.field("last-modified").and_then(read_date),
        bookmark: written(&bookmark),
        body: reply.body,
    })
}

fn unchanged(bookmark: &Bookmark) -> Found {
    Found::Unchanged {
        bookmark: written(bookmark),
    }
}

fn written(bookmark: &Bookmark) -> String {
    serde_json::to_string(bookmark).expect("a bookmark is plain data")
}

/// The last part of an address's path, without its query.
fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit('/').next();
    name.unwrap_or_default()
}
