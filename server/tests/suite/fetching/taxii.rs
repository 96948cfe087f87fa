//! Collections of TAXII servers, of which each has its own way with pages.

use std::io;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Fetched;
use super::web_server::{Asked, WebServer, status, write};

/// Objects of the collection.
const COUNT: usize = 30;

/// How a server gives its pages.
#[derive(Clone, Copy)]
struct Manner {
    /// Objects of a page at most, whatever is asked for.
    page: usize,
    /// It says `next`.
    next: bool,
    /// It says when the first and last object were added.
    dates: bool,
    /// Objects that were added at one time.
    tied: usize,
    /// Its `next` is one word for all pages of a walk: it counts what it gave.
    counting: bool,
}

const USUAL: Manner = Manner {
    page: 7,
    next: true,
    dates: true,
    tied: 4,
    counting: false,
};

/// A collection with the addresses 203.0.113.0 to 29.
struct Collection {
    manner: Manner,
    given: Mutex<usize>,
}

impl Collection {
    fn of(manner: Manner) -> Collection {
        Collection {
            manner,
            given: Mutex::default(),
        }
    }

    /// When an object was added, in microseconds.
    fn added(&self, number: usize) -> i64 {
        let tied = number / self.manner.tied * self.manner.tied;
        1_600_000_000_000_456 + i64::try_from(tied).unwrap() * 1000
    }

    fn answer(&self, asked: &Asked, stream: &mut impl io::Write) -> io::Result<()> {
        if asked.field("accept") != Some("application/taxii+json;version=2.1") {
            return status(stream, "406 Not Acceptable", &[]);
        }
        let url = url::Url::parse(&format!("http://test{}", asked.path)).unwrap();
        assert_eq!(url.path(), "/api/collections/c1/objects/");
        let parameter = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|pair| pair.1.into_owned())
        };
        let since = parameter("added_after").map_or(i64::MIN, |text| {
            text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
        });
        let mut start = (0..COUNT).find(|&number| self.added(number) > since);
        if let Some(next) = parameter("next") {
            let counted = *self.given.lock().unwrap();
            start = next.parse().ok().or(Some(counted));
        }
        let asked_for: usize = parameter("limit").unwrap().parse().unwrap();
        let Some(start) = start else {
            return write(stream, "200 OK", &[], b"{}");
        };
        let end = COUNT.min(start + asked_for.min(self.manner.page));
        *self.given.lock().unwrap() = end;
        let objects: Vec<_> = (start..end).map(object).collect();
        let mut envelope = serde_json::json!({ "objects": objects, "more": end < COUNT });
        if self.manner.next && end < COUNT {
            let word = if self.manner.counting {
                "more".to_owned()
            } else {
                end.to_string()
            };
            envelope["next"] = word.into();
        }
        let date = |number| {
            let added = jiff::Timestamp::from_microsecond(self.added(number)).unwrap();
            format!("{added:.6}")
        };
        let (first, last) = (date(start), date(end - 1));
        let mut fields = vec![("Content-Type", "application/taxii+json;version=2.1")];
        if self.manner.dates {
            fields.push(("X-TAXII-Date-Added-First", &first));
            fields.push(("X-TAXII-Date-Added-Last", &last));
        }
        write(stream, "200 OK", &fields, envelope.to_string().as_bytes())
    }
}

fn object(number: usize) -> serde_json::Value {
    serde_json::json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": format!("indicator--00000000-0000-4000-8000-{number:012}"),
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-01T00:00:00.000Z",
        "pattern": format!("[ipv4-addr:value = '203.0.113.{number}']"),
        "pattern_type": "stix",
        "valid_from": "2020-01-01T00:00:00Z",
    })
}

/// A feed of a server.
fn follow(
    answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Fetched {
    let server = WebServer::start(answer);
    let url = server.url("/api/collections/c1/");
    let fetched = Fetched::of(server, "/", "");
    fetched
        .bench
        .file("feeds/test.toml", FEED.replace("URL", &url));
    fetched
}

const FEED: &str = r#"
    name = "test"
    title = "Test"
    publisher = "Example"
    category = "vendor"
    confidence = 60
    extent = "events"
    list_non_global = true
    allow_private = true
    [[format]]
    name = "collection"
    url = "URL"
    collector = "taxii"
    connector = "stix"
"#;

fn all() -> Vec<String> {
    let mut all: Vec<_> = (0..COUNT)
        .map(|number| format!("203.0.113.{number}"))
        .collect();
    all.sort();
    all
}

#[test]
fn every_object_comes_whatever_the_manner_of_pages() {
    let manners = [
        USUAL,
        Manner {
            dates: false,
            ..USUAL
        },
        Manner {
            next: false,
            ..USUAL
        },
        Manner {
            next: false,
            page: 4,
            ..USUAL
        },
        Manner {
            page: 1000,
            tied: COUNT,
            ..USUAL
        },
        Manner {
            page: 1,
            tied: COUNT,
            ..USUAL
        },
    ];
    for manner in manners {
        let collection = Collection::of(manner);
        let fetched = follow(move |asked, stream| collection.answer(asked, stream));
        let run = fetched.run();
        assert_eq!(
            (&run["outcome"], &run["state"]),
            (&"read".into(), &"ok".into()),
            "{run}"
        );
        assert_eq!(fetched.active(), all());
        let before = fetched.server.asked().len();
        let run = fetched.run();
        assert_eq!(
            fetched.server.asked().len(),
            before + 1,
            "it is asked what is new"
        );
        if manner.dates {
            assert_eq!(run["outcome"], "unchanged", "{run}");
        }
        assert_eq!(fetched.active(), all());
    }
}

#[test]
fn a_page_of_one_time_without_a_way_on_is_asked_for_larger() {
    // 30 of one time: the server gives what is asked for, and no `next`.
    let fetched = follow(|asked, stream| {
        let manner = Manner {
            next: false,
            tied: COUNT,
            page: COUNT,
            ..USUAL
        };
        // As if it had been asked for fewer.
        let path = asked.path.replace("limit=1000", "limit=10");
        let asked = Asked {
            path,
            ..asked.clone()
        };
        Collection::of(manner).answer(&asked, stream)
    });
    assert_eq!(fetched.run()["state"], "ok");
    assert_eq!(fetched.active(), all());
}

#[test]
fn a_run_that_breaks_off_goes_on_where_it_was() {
    for counting in [false, true] {
        let collection = Collection::of(Manner { counting, ..USUAL });
        let count = AtomicUsize::new(0);
        let fetched = follow(move |asked, stream| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            if number % 3 == 2 {
                // It has given a page, and nobody has got it.
                collection.answer(asked, &mut io::sink())?;
                return io::Write::write_all(
                    stream,
                    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"more\"",
                );
            }
            collection.answer(asked, stream)
        });
        let mut runs = 0;
        loop {
            let run = fetched.run();
            runs += 1;
            assert!(runs < 20, "{run}");
            if run["outcome"] != "failed" {
                break;
            }
            assert_eq!(run["state"], "unreachable", "{run}");
        }
        assert!(runs > 1);
        assert_eq!(fetched.active(), all());
    }
}

#[test]
fn servers_that_cannot_be_followed_are_told_as_such() {
    let told = |fetched: Fetched, state: &str, words: &str| {
        let run = fetched.run();
        let message = run["message"].as_str().unwrap_or_default();
        assert!(run["state"] == state && message.contains(words), "{run}");
        fetched
    };
    let body =
        |body: &'static str| follow(move |_, stream| write(stream, "200 OK", &[], body.as_bytes()));
    told(body("<html>"), "suspicious", "no envelope of TAXII 2.1");
    told(
        body("{\"more\": true, \"objects\": [{}]}"),
        "suspicious",
        "neither",
    );
    told(
        body("{\"more\": true, \"next\": \"1\"}"),
        "suspicious",
        "circle",
    );
    for line in [
        "206 Partial Content",
        "416 Range Not Satisfiable",
        "406 Not Acceptable",
    ] {
        told(
            follow(move |_, stream| status(stream, line, &[])),
            "suspicious",
            "2.0",
        );
    }
    told(
        follow(|_, stream| status(stream, "401 Unauthorized", &[])),
        "auth_failed",
        "401",
    );
    let dates = [("X-TAXII-Date-Added-Last", "2020-01-01T00:00:00Z")];
    let page = serde_json::json!({ "more": true, "objects": [object(1)] }).to_string();
    let fetched = follow(move |_, stream| write(stream, "200 OK", &dates, page.as_bytes()));
    let fetched = told(fetched, "suspicious", "again and again");
    assert_eq!(fetched.active(), ["203.0.113.1"], "what came is kept");
}

#[test]
fn a_collection_is_found_by_its_name() {
    let collection = Collection::of(USUAL);
    let answer = move |asked: &Asked, stream: &mut TcpStream| {
        if asked.path != "/api/collections/" {
            return collection.answer(asked, stream);
        }
        let list = serde_json::json!({"collections": [
            {"id": "c0", "title": "Others", "can_read": true},
            {"id": "c1", "title": "Indicators", "can_read": true, "can_write": false},
        ]});
        write(stream, "200 OK", &[], list.to_string().as_bytes())
    };
    let server = WebServer::start(answer);
    let url = server.url("/api/");
    let fetched = Fetched::of(server, "/", "");
    let describe = |name: &str| {
        let named = format!("url = \"{url}\"\n    collection = \"{name}\"");
        let text = FEED.replace("url = \"URL\"", &named);
        fetched.bench.file("feeds/test.toml", text);
    };
    describe("Nonsense");
    let run = fetched.run();
    let message = run["message"].as_str().unwrap_or_default();
    assert!(message.contains("\"Indicators\" (c1)"), "{run}");
    describe("Indicators");
    assert_eq!(fetched.run()["state"], "ok");
    assert_eq!(fetched.active(), all());
    assert_eq!(fetched.run()["outcome"], "unchanged");
}
