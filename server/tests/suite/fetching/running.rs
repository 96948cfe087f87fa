//! Runs that go well.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::web_server::{WebServer, ok, status, write};
use super::{Fetched, LIST};

#[test]
fn a_list_is_read_and_what_leaves_it_is_removed() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let run = fetched.run();
    assert_eq!(run["outcome"], "read", "{run}");
    assert_eq!(
        (&run["state"], &run["documents"][0]["accepted"]),
        (&"ok".into(), &3.into())
    );
    assert_eq!(
        fetched.active(),
        ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
    );
    let shorter = "203.0.113.1\n203.0.113.4\n";
    fetched
        .server
        .now(move |_, stream| ok(stream, "text/plain", shorter.as_bytes()));
    let run = fetched.run();
    assert_eq!(run["documents"][0]["removed"], 2, "{run}");
    assert_eq!(fetched.active(), ["203.0.113.1", "203.0.113.4"]);
    let asked = fetched.server.asked();
    let agent = asked[0].field("user-agent").unwrap();
    assert!(agent.starts_with("iocd/"), "{agent}");
    assert_eq!(asked[0].path, "/list.txt");
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let sent = AtomicUsize::new(0);
    let fetched = Fetched::from(move |asked, stream| {
        if asked.field("if-none-match") == Some("\"one\"") {
            return status(stream, "304 Not Modified", &[]);
        }
        sent.fetch_add(1, Ordering::SeqCst);
        write(stream, "200 OK", &[("ETag", "\"one\"")], LIST.as_bytes())
    });
    assert_eq!(fetched.run()["outcome"], "read");
    let first = fetched.state();
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], &run["bytes"]),
        (&"unchanged".into(), &0.into())
    );
    let second = fetched.state();
    assert!(second["last_good_at"].as_str() > first["last_good_at"].as_str());
    assert_eq!(second["rows_accepted"], 3);
    // The same content under another name is the same.
    fetched
        .server
        .now(|_, stream| write(stream, "200 OK", &[("ETag", "\"two\"")], LIST.as_bytes()));
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], &run["documents"]),
        (&"unchanged".into(), &serde_json::json!([]))
    );
    assert_eq!(fetched.active().len(), 3);
    // Another description may read the same otherwise.
    fetched.describe(&fetched.server.url("/list.txt"), "tags = [\"new\"]");
    assert_eq!(fetched.run()["outcome"], "read");
}

#[test]
fn a_name_of_this_machine_is_connected_to_where_the_operator_says_so() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let by_name = fetched
        .server
        .url("/list.txt")
        .replace("127.0.0.1", "localhost");
    fetched.describe(&by_name, "");
    let run = fetched.run();
    assert_eq!(run["outcome"], "read", "{run}");
    let host = fetched.server.asked()[0].field("host").unwrap().to_owned();
    assert_eq!(host, format!("localhost:{}", fetched.server.address.port()));
}

#[test]
fn feeds_that_nobody_named_are_told_as_they_are() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let listed = fetched
        .bench
        .json(&["--feeds", "feeds", "feeds", "list", "--json"]);
    let of = |name: &str| listed.iter().find(|feed| feed["name"] == name).unwrap();
    assert_eq!(
        (&of("test")["state"], &of("test")["scheduled"]),
        (&"never".into(), &false.into())
    );
    assert_eq!(of("openphish")["on_request"], true);
    let unknown = fetched.bench.run(&["feeds", "run", "nonsense"]);
    assert_eq!(unknown.status.code(), Some(2));
    let no_address = fetched.bench.run(&["feeds", "run", "zeek-intel"]);
    let text = String::from_utf8_lossy(&no_address.stderr).into_owned();
    assert!(text.contains("iocd ingest"), "{text}");
}
