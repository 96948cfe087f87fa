//! Another iocd server: what changed there since, or everything.
//!
//! A server tells everything when it is asked without a cursor, and what came
//! after one from then on. A cursor that it does not know (a backup was
//! restored there) begins a new walk through everything; so does a pause after
//! which what was ended here may hold there ([`COMPARE_AFTER`]).

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
/// Answers of a run at most: no store can fill more of them.
const MAX_ANSWERS: u32 = 300_000;

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
struct Bookmark {
    /// In the server's words.
    cursor: String,
    /// When it was asked for.
    followed_at: Timestamp,
    /// Whether a first walk through everything has not come to its end.
    is_walking: bool,
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
        };
        let bookmark = serde_json::to_string(&after).expect("a bookmark is plain data");
        self.place = Some(after);
        self.is_done = !end.more;
        Ok(Some(Found::Changes(Changes {
            body: reply.body,
            stage,
            bookmark,
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
mod tests {
    use std::sync::Mutex;

    use axum::http::HeaderMap;
    use tempfile::TempDir;

    use super::*;
    use crate::collect::tests::{errand, feed};
    use crate::fetch::{Request, Spool};

    /// A server that answers so, the first time and then.
    struct Answers {
        spool: Spool,
        texts: Mutex<Vec<Result<&'static str, u16>>>,
        asked: Mutex<Vec<String>>,
    }

    impl Answers {
        fn of(texts: &[Result<&'static str, u16>]) -> (TempDir, Answers) {
            let dir = tempfile::tempdir().unwrap();
            let answers = Answers {
                spool: Spool::open(dir.path().join("spool")).unwrap(),
                texts: Mutex::new(texts.iter().rev().copied().collect()),
                asked: Mutex::default(),
            };
            (dir, answers)
        }

        fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }
    }

    impl Web for Answers {
        fn get(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
            let cursor = request.url.split("cursor=").nth(1).unwrap_or("-");
            self.asked.lock().unwrap().push(cursor.to_owned());
            match self.texts.lock().unwrap().pop().unwrap() {
                Ok(text) => Ok(Answer::Document(Reply {
                    fields: HeaderMap::new(),
                    body: self.spool.keep(text.as_bytes())?,
                })),
                Err(status) => Err(FetchError::Status {
                    host: "a.example".into(),
                    status,
                    hint: None,
                    retry_after: None,
                }),
            }
        }
    }

    /// Runs to the end; gives the stages, and the last bookmark.
    fn run(errand: &Errand<'_>, web: &Answers) -> Result<(Vec<Stage>, String), FetchError> {
        let mut collector = send(errand);
        let (mut stages, mut bookmark) = (Vec::new(), String::new());
        while let Some(found) = collector.next(errand, web)? {
            let Found::Changes(changes) = found else {
                panic!("{found:?}");
            };
            stages.push(changes.stage);
            bookmark = changes.bookmark;
        }
        Ok((stages, bookmark))
    }

    const MORE: Result<&str, u16> = Ok("{\"cursor\":\"one\",\"more\":true}\n");
    const LAST: Result<&str, u16> = Ok("{\"cursor\":\"two\",\"more\":false}\n");
    const WALK: [Stage; 2] = [
        Stage::Walk {
            is_first: true,
            is_last: false,
        },
        Stage::Walk {
            is_first: false,
            is_last: true,
        },
    ];

    #[test]
    fn everything_and_then_news_unless_it_was_long_ago() {
        let feed = feed();
        let mut errand = errand(&feed, "https://a.example");
        let texts = [MORE, LAST, MORE, LAST, LAST, MORE, LAST];
        let (_keep, web) = Answers::of(&texts);
        let (stages, first) = run(&errand, &web).unwrap();
        assert_eq!(stages, WALK);
        errand.bookmark = Some(&first);
        let (stages, _) = run(&errand, &web).unwrap();
        assert_eq!(stages, [Stage::News; 2]);
        errand.now += COMPARE_AFTER - jiff::SignedDuration::from_secs(1);
        assert_eq!(run(&errand, &web).unwrap().0, [Stage::News]);
        errand.now += jiff::SignedDuration::from_secs(1);
        assert_eq!(run(&errand, &web).unwrap().0, WALK);
        assert_eq!(web.asked(), ["-", "one", "two", "one", "two", "-", "one"]);
    }

    #[test]
    fn a_first_walk_that_broke_off_is_gone_on_with() {
        let feed = feed();
        let mut errand = errand(&feed, "https://a.example");
        let (_keep, web) = Answers::of(&[MORE, Err(503), LAST]);
        let mut collector = send(&errand);
        let Some(Found::Changes(changes)) = collector.next(&errand, &web).unwrap() else {
            panic!("there is an answer");
        };
        assert!(collector.next(&errand, &web).is_err());
        errand.bookmark = Some(&changes.bookmark);
        assert_eq!(run(&errand, &web).unwrap().0, WALK[1..]);
        assert_eq!(web.asked(), ["-", "one", "one"]);
    }

    #[test]
    fn a_server_that_begins_anew_is_compared_and_one_that_goes_round_is_left() {
        let feed = feed();
        let mut errand = errand(&feed, "https://a.example");
        let (_keep, web) = Answers::of(&[LAST, Err(410), MORE, LAST, MORE, MORE]);
        let (_, first) = run(&errand, &web).unwrap();
        errand.bookmark = Some(&first);
        assert_eq!(run(&errand, &web).unwrap().0, WALK);
        assert_eq!(web.asked(), ["-", "two", "-", "one"]);
        let error = run(&errand, &web).unwrap_err().to_string();
        assert!(error.contains("the same cursor again"), "{error}");
    }

    #[test]
    fn the_address_of_a_server_leads_to_its_changes() {
        let feed = feed();
        for (given, expected) in [
            (
                "https://a.example",
                "https://a.example/api/v1/iocs/changes?limit=20000",
            ),
            (
                "https://a.example/",
                "https://a.example/api/v1/iocs/changes?limit=20000",
            ),
            (
                "https://a.example/iocd/",
                "https://a.example/iocd/api/v1/iocs/changes?limit=20000",
            ),
            (
                "https://a.example/api/v1/iocs/changes",
                "https://a.example/api/v1/iocs/changes?limit=20000",
            ),
        ] {
            let url = address(&errand(&feed, given), None).unwrap();
            assert_eq!(url.as_str(), expected);
        }
        let url = address(&errand(&feed, "https://a.example"), Some("a-b_c")).unwrap();
        assert_eq!(url.query(), Some("limit=20000&cursor=a-b_c"));
        for given in ["https://a.example/?type=ipv4", "a.example"] {
            assert!(address(&errand(&feed, given), None).is_err(), "{given}");
        }
    }
}
