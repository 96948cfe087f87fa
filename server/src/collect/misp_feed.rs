//! A MISP feed: a manifest of events, and each event at an address beside it.
//!
//! The manifest says when each event was last changed; those that are new or
//! have changed since are asked for, oldest first. An event that leaves the
//! manifest ends nothing: feeds rotate old events out. `hashes.csv` has nothing
//! that the events have not.

use std::collections::{BTreeMap, VecDeque};
use std::io::BufReader;

use serde::{Deserialize, Serialize};

use super::{Collector, Document, Errand, Found, Wanted};
use crate::fetch::{Answer, FetchError, Web};

/// Events of a run at most: the next run goes on.
const MAX_EVENTS: usize = 500;
/// Events of a manifest at most.
const MAX_LISTED: usize = 200_000;

/// Asks for the events that changed.
pub(super) fn send(errand: &Errand<'_>) -> Box<dyn Collector> {
    let known = errand
        .bookmark
        .and_then(|text| serde_json::from_str(text).ok());
    let known = known.filter(|known: &Bookmark| known.reading == errand.reading);
    Box::new(MispFeed {
        place: known.unwrap_or_else(|| Bookmark {
            reading: errand.reading.to_owned(),
            ..Bookmark::default()
        }),
        waiting: None,
    })
}

/// Which events were read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Bookmark {
    /// How they are read.
    reading: String,
    /// When each had last changed (Unix seconds), by UUID.
    events: BTreeMap<String, i64>,
}

/// What a manifest says of an event that matters here.
#[derive(Debug, Deserialize)]
struct Listed {
    timestamp: Seconds,
}

/// A number, or a text that is one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn get(&self) -> Option<i64> {
        match self {
            Seconds::Number(number) => Some(*number),
            Seconds::Text(text) => text.parse().ok(),
        }
    }
}

/// The collector.
struct MispFeed {
    place: Bookmark,
    /// Events to be asked for, when they changed; `None`: the manifest has not
    /// been asked for.
    waiting: Option<VecDeque<(i64, String)>>,
}

impl Collector for MispFeed {
    fn next(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Found>, FetchError> {
        if self.waiting.is_none() {
            let waiting = self.read_manifest(errand, web)?;
            let is_empty = waiting.is_empty();
            self.waiting = Some(waiting);
            if is_empty {
                let bookmark = self.written();
                return Ok(Some(Found::Unchanged { bookmark }));
            }
        }
        while let Some((changed, uuid)) = self.waiting.get_or_insert_default().pop_front() {
            let name = format!("{uuid}.json");
            self.place.events.insert(uuid, changed);
            let reply = match get(errand, web, &name) {
                Ok(Answer::Document(reply)) => reply,
                // It was asked for without a condition.
                Ok(Answer::NotModified) => return Ok(None),
                // One that is listed and not there must not keep the rest away.
                Err(FetchError::Status {
                    status: 404 | 410, ..
                }) => {
                    let feed = &errand.feed.name;
                    tracing::warn!(feed, name, "an event that the manifest lists is not there");
                    continue;
                }
                Err(error) => return Err(error),
            };
            return Ok(Some(Found::Document(Document {
                name,
                body: reply.body,
                is_list: false,
                changed_at: jiff::Timestamp::from_second(changed).ok(),
                bookmark: self.written(),
            })));
        }
        Ok(None)
    }
}

impl MispFeed {
    fn written(&self) -> String {
        serde_json::to_string(&self.place).expect("a bookmark is plain data")
    }

    /// The events that are new or have changed, oldest change first. Those that
    /// are not listed any more are forgotten.
    fn read_manifest(
        &mut self,
        errand: &Errand<'_>,
        web: &dyn Web,
    ) -> Result<VecDeque<(i64, String)>, FetchError> {
        let Answer::Document(reply) = get(errand, web, "manifest.json")? else {
            return Ok(VecDeque::new());
        };
        let wrong = |problem: String| errand.wrong(format!("manifest.json: {problem}"));
        let file = reply
            .body
            .open()
            .map_err(|error| wrong(error.to_string()))?;
        let listed: BTreeMap<String, Listed> = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| wrong(format!("it is no manifest of a MISP feed: {error}")))?;
        if listed.len() > MAX_LISTED {
            return Err(wrong(format!("it has more than {MAX_LISTED} events")));
        }
        let mut changed = Vec::new();
        for (uuid, event) in &listed {
            // It becomes part of an address.
            if !is_uuid(uuid) {
                return Err(wrong(format!("{uuid:?} is no UUID of an event")));
            }
            let at = event.timestamp.get();
            let at = at.ok_or_else(|| wrong(format!("event {uuid} has no timestamp")))?;
            if self.place.events.get(uuid) != Some(&at) {
                changed.push((at, uuid.clone()));
            }
        }
        self.place
            .events
            .retain(|uuid, _| listed.contains_key(uuid));
        changed.sort_unstable();
        changed.truncate(MAX_EVENTS);
        Ok(changed.into())
    }
}

/// Asks for a file of the feed: beside its manifest.
fn get(errand: &Errand<'_>, web: &dyn Web, name: &str) -> Result<Answer, FetchError> {
    let base = errand
        .url
        .trim_end_matches("manifest.json")
        .trim_end_matches('/');
    let url = format!("{base}/{name}");
    let wanted = Wanted {
        url: &url,
        ..Wanted::default()
    };
    errand.get(web, &wanted)
}

/// Whether it is a UUID as RFC 9562 writes it.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
