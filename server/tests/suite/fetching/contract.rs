//! Lists that break their feed's contract.

use serde_json::Value as Json;

use super::web_server::{WebServer, ok};
use super::{Fetched, LIST};

/// So many addresses, and the list of them.
fn list(count: u32) -> String {
    let address = |number: u32| std::net::Ipv4Addr::from(0xcb00_7100 + number).to_string();
    (0..count).map(|number| address(number) + "\n").collect()
}

fn give(fetched: &Fetched, list: String) {
    fetched
        .server
        .now(move |_, stream| ok(stream, "text/plain", list.as_bytes()));
}

/// A feed whose list of 200 rows was read, and with another list since.
fn broken(keys: &str, other: &str) -> (Fetched, Json) {
    let fetched = Fetched::of(WebServer::giving(""), "/list.txt", keys);
    give(&fetched, list(200));
    assert_eq!(fetched.run()["outcome"], "read");
    give(&fetched, other.to_owned());
    let run = fetched.run();
    (fetched, run)
}

#[test]
fn a_list_that_vanishes_is_held_and_the_last_good_one_answers() {
    let (fetched, run) = broken("", LIST);
    assert_eq!(
        (&run["outcome"], &run["state"]),
        (&"held".into(), &"quarantined".into())
    );
    assert_eq!(fetched.active().len(), 200);
    let state = fetched.state();
    assert_eq!(
        (&state["state"], &state["held"]["rows"]),
        (&"quarantined".into(), &3.into())
    );
    let message = state["message"].as_str().unwrap();
    assert!(
        message.contains("3 rows") && message.contains("feeds accept test"),
        "{message}"
    );
    // Once more the same changes nothing.
    assert_eq!(fetched.run()["outcome"], "held");
    assert_eq!(fetched.active().len(), 200);
    // A search without an answer says that something is wrong.
    let nothing = fetched.bench.search("192.0.2.99");
    assert_eq!(nothing["meta"]["coverage"]["failing"], 1, "{nothing}");
}

#[test]
fn an_accepted_list_is_read_and_what_comes_is_compared_with_it() {
    let (fetched, _) = broken("", LIST);
    let (code, run) = fetched.command(&["feeds", "accept", "test", "--json"]);
    assert_eq!(
        (code, &run["documents"][0]["removed"]),
        (0, &197.into()),
        "{run}"
    );
    assert_eq!(fetched.active().len(), 3);
    let state = fetched.state();
    assert_eq!(
        (&state["state"], &state["held"]),
        (&"ok".into(), &Json::Null)
    );
    assert_eq!(fetched.run()["outcome"], "unchanged");
    assert!(!fetched.bench.data().join("held/test").exists());
    let again = fetched
        .bench
        .run(&["--feeds", "feeds", "feeds", "accept", "test"]);
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn an_accepted_list_stays_accepted() {
    let (fetched, _) = broken("expect = { rows = [100, 300] }", LIST);
    let (code, _) = fetched.command(&["feeds", "accept", "test", "--json"]);
    assert_eq!(code, 0);
    // It is read again, for its description changed, and not asked about again.
    let keys = "expect = { rows = [100, 300] }\ntags = [\"new\"]";
    fetched.describe(&fetched.server.url("/list.txt"), keys);
    assert_eq!(fetched.run()["outcome"], "read");
    // Another one like it is.
    give(&fetched, list(4));
    assert_eq!(fetched.run()["outcome"], "held");
}

#[test]
fn a_rejected_list_is_not_looked_at_again() {
    let (fetched, _) = broken("", LIST);
    let (code, run) = fetched.command(&["feeds", "reject", "test", "--json"]);
    assert_eq!((code, &run["state"]), (0, &"suspicious".into()));
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], &run["state"]),
        (&"failed".into(), &"suspicious".into())
    );
    assert!(run["message"].as_str().unwrap().contains("rejected"));
    assert_eq!(fetched.active().len(), 200);
    // Another bad one is held anew; a good one clears everything.
    give(&fetched, list(10));
    assert_eq!(fetched.run()["outcome"], "held");
    give(&fetched, list(190));
    assert_eq!(fetched.run()["outcome"], "read");
    let state = fetched.state();
    assert_eq!(
        (&state["state"], &state["held"]),
        (&"ok".into(), &Json::Null)
    );
    assert_eq!(fetched.active().len(), 190);
}

#[test]
fn a_source_that_returns_to_the_last_good_list_is_good() {
    let (fetched, _) = broken("", LIST);
    give(&fetched, list(200));
    assert_eq!(fetched.run()["outcome"], "unchanged");
    assert_eq!(fetched.state()["state"], "ok");
}

#[test]
fn every_clause_of_a_contract_is_kept() {
    let names = "value = [{ column = \"value\", type = \"host\" }]";
    for (clause, other, part) in [
        ("rows = [100, 300]", list(301), "100 to 300"),
        ("max_change = 20", list(150), "at most 20 %"),
        ("max_change = 20", list(251), "at most 20 %"),
        (
            "max_refused = 5",
            list(200) + &"nonsense here\n".repeat(20),
            "20 of its 220 rows",
        ),
        (
            "types = { ipv4 = 100 }",
            list(150) + &"a.example.com\n".repeat(50),
            "75 %",
        ),
        ("fresh = \"7d\"", list(201), "no date"),
    ] {
        let keys = format!("expect = {{ {clause} }}");
        let fetched = Fetched::of(WebServer::giving(""), "/list.txt", "");
        give(&fetched, list(200));
        assert_eq!(fetched.run()["outcome"], "read");
        fetched.describe(&fetched.server.url("/list.txt"), &keys);
        let feed = fetched.bench.data().with_file_name("feeds/test.toml");
        let text = std::fs::read_to_string(&feed).unwrap();
        let ip = "value = [{ column = \"value\", type = \"ip\" }]";
        std::fs::write(&feed, text.replace(ip, names)).unwrap();
        give(&fetched, other);
        let run = fetched.run();
        assert_eq!(run["outcome"], "held", "{clause}: {run}");
        let message = run["message"].as_str().unwrap();
        assert!(message.contains(part), "{clause}: {message}");
        assert_eq!(fetched.active().len(), 200, "{clause}");
    }
}

#[test]
fn parts_of_a_bad_document_are_not_taken_in() {
    // The rows come first, and what shows that it is no list comes last.
    let torn = list(5000) + &"what is this\n".repeat(6000);
    let (fetched, run) = broken("", &torn);
    assert_eq!(
        (&run["outcome"], &run["state"]),
        (&"failed".into(), &"suspicious".into())
    );
    assert_eq!(fetched.active().len(), 200);
}
