//! MISP feeds: a manifest, and events beside it.

use std::io;
use std::net::TcpStream;

use super::Fetched;
use super::web_server::{Asked, WebServer, ok, status};

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
    name = "events"
    url = "URL"
    collector = "misp-feed"
    connector = "misp"
"#;

/// Of an event that is listed and not there.
const MISSING: u8 = 0;

fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Answers with events, each with when it changed and the last byte of its address.
fn answer(events: &[(u32, i64, u8)], asked: &Asked, stream: &mut TcpStream) -> io::Result<()> {
    let file = asked.path.strip_prefix("/feed/").unwrap();
    let body = if file == "manifest.json" {
        let listed = events.iter().map(|(number, at, _)| {
            (
                uuid(*number),
                serde_json::json!({ "timestamp": at.to_string(), "info": "x" }),
            )
        });
        serde_json::Value::Object(listed.collect())
    } else {
        let known = events
            .iter()
            .find(|(number, ..)| file == format!("{}.json", uuid(*number)));
        let Some((number, at, byte)) = known.filter(|(.., byte)| *byte != MISSING) else {
            return status(stream, "404 Not Found", &[]);
        };
        serde_json::json!({ "Event": {
            "uuid": uuid(*number), "info": "x", "date": "2024-01-01", "timestamp": at.to_string(),
            "Attribute": [{
                "type": "ip-dst", "category": "Network activity", "to_ids": true,
                "value": format!("203.0.113.{byte}"), "uuid": uuid(100 + number),
                "timestamp": at.to_string(),
            }],
        } })
    };
    ok(stream, "application/json", body.to_string().as_bytes())
}

#[test]
fn events_that_are_new_or_have_changed_are_read() {
    let server = WebServer::start(|asked, stream| {
        answer(&[(9, 1, MISSING), (1, 10, 1), (2, 20, 2)], asked, stream)
    });
    let url = server.url("/feed/");
    let fetched = Fetched::of(server, "/", "");
    fetched
        .bench
        .file("feeds/test.toml", FEED.replace("URL", &url));
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], &run["state"]),
        (&"read".into(), &"ok".into()),
        "{run}"
    );
    assert_eq!(fetched.active(), ["203.0.113.1", "203.0.113.2"]);
    assert_eq!(fetched.run()["outcome"], "unchanged");
    // One left, one changed, one is new.
    fetched
        .server
        .now(|asked, stream| answer(&[(2, 30, 4), (3, 5, 3)], asked, stream));
    let before = fetched.server.asked().len();
    assert_eq!(fetched.run()["outcome"], "read");
    let asked: Vec<_> = fetched.server.asked()[before..]
        .iter()
        .map(|a| a.path.clone())
        .collect();
    let event = |number| format!("/feed/{}.json", uuid(number));
    assert_eq!(
        asked,
        ["/feed/manifest.json".to_owned(), event(3), event(2)]
    );
    let all = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"];
    assert_eq!(fetched.active(), all);
}

#[test]
fn manifests_that_are_none_are_told_as_such() {
    for (body, words) in [
        ("<html>", "no manifest"),
        ("{\"../../etc/passwd\": {\"timestamp\": \"1\"}}", "no UUID"),
        (
            "{\"00000000-0000-4000-8000-000000000001\": {\"timestamp\": \"x\"}}",
            "no timestamp",
        ),
    ] {
        let server = WebServer::giving(body);
        let url = server.url("/feed/manifest.json");
        let fetched = Fetched::of(server, "/", "");
        fetched
            .bench
            .file("feeds/test.toml", FEED.replace("URL", &url));
        let run = fetched.run();
        let message = run["message"].as_str().unwrap_or_default();
        assert!(
            run["state"] == "suspicious" && message.contains(words),
            "{run}"
        );
        assert_eq!(fetched.server.asked().len(), 1);
    }
}
