//! The other end of sixty feeds, for every moment of a month.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Mutex;

use axum::http::{HeaderMap, HeaderValue};
use iocd::clock::Clock;
use iocd::fetch::{Answer, FetchError, Reply, Request, Spool, Web};

/// How many feeds there are.
pub(super) const FEEDS: usize = 60;
/// From this hour on nothing changes any more: some feeds are out of order for
/// good, all others as they should be.
const QUIET: i64 = 28 * 24;

/// What a feed was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// This version of its list.
    List(u64),
    /// It has this version.
    NotModified(u64),
    /// Two rows of more than a hundred.
    Vanished,
    /// A page for people.
    Page,
    /// An answer without a document.
    Status(u16),
    /// No answer.
    Silence,
}

/// Answers for all feeds.
pub(super) struct World {
    pub(super) clock: Clock,
    begun: i64,
    spool: Spool,
    last: Mutex<Option<(String, Served)>>,
}

/// A feed's short name.
pub(super) fn name(feed: usize) -> String {
    format!("sim-{feed}")
}

/// The number of a feed by its name.
pub(super) fn number(name: &str) -> usize {
    name.trim_start_matches("sim-").parse().unwrap()
}

/// Writes the descriptions of all feeds.
pub(super) fn describe(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    for feed in 0..FEEDS {
        let text = format!(
            r#"
            name = "{name}"
            title = "{name}"
            publisher = "Simulation"
            category = "research"
            confidence = 50
            extent = "snapshot"
            interval = "{interval}h"
            [[format]]
            name = "text"
            url = "https://{name}.example/list.txt"
            connector = "lines"
            value = [{{ column = "value", type = "ip" }}]
            "#,
            name = name(feed),
            interval = 4 + feed % 5,
        );
        std::fs::write(dir.join(format!("{}.toml", name(feed))), text).unwrap();
    }
}

/// The addresses of a version of a feed's list: each version loses some of the
/// one before, and has some more.
pub(super) fn addresses(feed: usize, version: u64) -> Vec<String> {
    let feed = u32::try_from(feed).unwrap();
    let first = u32::try_from(version).unwrap() * 7;
    let rows = 102 + feed % 9;
    let base = 0x0800_0000 + (feed << 16);
    (first..first + rows)
        .map(|offset| Ipv4Addr::from(base + offset).to_string())
        .collect()
}

/// Numbers that look random.
fn hash(numbers: [i64; 3]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    u64::from_le_bytes(*hasher.finalize().as_bytes().first_chunk().unwrap())
}

/// The state that a feed ends the month in.
pub(super) fn state_at_the_end(feed: usize) -> &'static str {
    match feed {
        0 => "auth_failed",
        1 => "rate_limited",
        2 => "suspicious",
        3 => "quarantined",
        4 | 5 => "unreachable",
        _ => "ok",
    }
}

/// What is wrong with a feed in an hour, if something is.
fn trouble(feed: usize, hour: i64) -> Option<Served> {
    let kinds = [
        Served::Status(403),
        Served::Status(429),
        Served::Page,
        Served::Vanished,
        Served::Status(503),
        Served::Silence,
    ];
    if hour >= QUIET {
        return kinds.get(feed).copied();
    }
    // The first days are good, so that there is something to lose.
    let of_feed = i64::try_from(feed).unwrap();
    let lasts = 2 + of_feed % 11;
    let dice = hash([1, of_feed, hour / lasts]);
    (hour > 24 && dice.is_multiple_of(9)).then(|| kinds[(dice / 9 % 6) as usize])
}

/// The version of a feed's list in an hour.
fn version(feed: usize, hour: i64) -> u64 {
    let every = 3 + feed as u64 % 17;
    hour.unsigned_abs().min(QUIET.unsigned_abs()) / every
}

impl World {
    pub(super) fn new(clock: Clock, spool: Spool) -> World {
        World {
            begun: clock.now().as_second(),
            clock,
            spool,
            last: Mutex::default(),
        }
    }

    /// What was served last, and to whom.
    pub(super) fn last(&self) -> Option<(String, Served)> {
        self.last.lock().unwrap().clone()
    }

    fn document(&self, url: &str, text: &str, etag: Option<&str>) -> Answer {
        let mut fields = HeaderMap::new();
        if let Some(etag) = etag {
            fields.insert("etag", HeaderValue::from_str(etag).unwrap());
        }
        Answer::Document(Reply {
            url: url.to_owned(),
            fields,
            body: self.spool.keep(text.as_bytes()).unwrap(),
        })
    }
}

impl Web for World {
    fn get(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let host = request.url.trim_start_matches("https://");
        let name = host.split('.').next().unwrap();
        let feed = number(name);
        let hour = (self.clock.now().as_second() - self.begun) / 3600;
        let version = version(feed, hour);
        let etag = format!("\"{version}\"");
        // Some servers know no conditions.
        let has_etags = !feed.is_multiple_of(3);
        let is_known = has_etags && request.etag == Some(&*etag);
        let served = match trouble(feed, hour) {
            Some(trouble) => trouble,
            None if is_known => Served::NotModified(version),
            None => Served::List(version),
        };
        *self.last.lock().unwrap() = Some((name.to_owned(), served));
        let host = name.to_owned();
        match served {
            Served::NotModified(_) => Ok(Answer::NotModified),
            Served::List(version) => {
                let mut text = String::new();
                for address in addresses(feed, version) {
                    writeln!(text, "{address}").unwrap();
                }
                Ok(self.document(request.url, &text, has_etags.then_some(&*etag)))
            }
            // Another one each hour: to be held anew.
            Served::Vanished => {
                let rows = format!("9.9.9.9\n8.1.{}.{}\n", hour / 250, hour % 250);
                Ok(self.document(request.url, &rows, None))
            }
            Served::Page => {
                Ok(self.document(request.url, "<html><form>Log in</form></html>", None))
            }
            Served::Status(status) => Err(FetchError::Status {
                host,
                status,
                hint: None,
                retry_after: (status == 429).then(|| std::time::Duration::from_secs(7000)),
            }),
            Served::Silence => Err(FetchError::TooSlow {
                host,
                what: "no answer came in time".to_owned(),
            }),
        }
    }
}
