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
                url: request.url.to_owned(),
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
        bookmark = changes.bookmark.to_text();
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
    let bookmark = changes.bookmark.to_text();
    errand.bookmark = Some(&bookmark);
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
