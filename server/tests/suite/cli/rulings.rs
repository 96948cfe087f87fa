//! `iocd allow`, `iocd deny` and `iocd warnings`.

use serde_json::{Value as Json, json};

use super::Bench;

/// The names in `warnings` of the first reading of a search's answer.
fn warnings(answer: &Json) -> &Json {
    &answer["meta"]["query"]["interpretations"][0]["warnings"]
}

fn refusal(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_allowed_stays_found_and_is_warned_of() {
    let bench = Bench::new();
    let urls = "http://bad.example.com/a\nhttp://a.fine.example.com/b\n";
    let file = bench.file("urls.txt", urls);
    let path = file.to_str().unwrap();
    bench.ok(&["ingest", "--feed", "openphish", "--file", path]);

    let reason = ["--reason", "ours"];
    let add = |value: &str| bench.ok(&["allow", "add", value, reason[0], reason[1]]);
    assert_eq!(
        add("hxxp://bad[.]example[.]com/a"),
        "http://bad.example.com/a is allowed: 1 entry about it\n"
    );
    assert_eq!(add("*.fine.example.com"), "*.fine.example.com is allowed\n");
    assert_eq!(add("198.51.100.9/24"), "198.51.100.0/24 is allowed\n");
    for (asked, total, expected) in [
        ("http://bad.example.com/a", 1, json!(["allowed"])),
        ("http://bad.example.com/b", 0, Json::Null),
        ("http://a.fine.example.com/b", 1, json!(["allowed"])),
        ("fine.example.com", 0, Json::Null),
        ("198.51.100.77", 0, json!(["non_global", "allowed"])),
    ] {
        let answer = bench.search(asked);
        assert_eq!(answer["meta"]["total"], total, "{asked}");
        assert_eq!(*warnings(&answer), expected, "{asked}");
    }

    let shown = bench.ok(&["search", "http://bad.example.com/a"]);
    assert!(
        shown.starts_with("http://bad.example.com/a: 1 entry, warning: allowed\n"),
        "{shown}"
    );

    bench.ok(&["allow", "add", "*.fine.example.com", "--reason", "still"]);
    let listed = &bench.json(&["allow", "list", "--json"])[0];
    let all: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|allowed| {
            let text = |field: &str| allowed[field].as_str().unwrap().to_owned();
            assert!(text("added_at").ends_with('Z'));
            format!("{} {} {}", text("type"), text("pattern"), text("reason"))
        })
        .collect();
    assert_eq!(all.len(), 3);
    assert!(all.contains(&"domain *.fine.example.com still".to_owned()));
    assert!(all.contains(&"ipv4 198.51.100.0/24 ours".to_owned()));
    assert!(bench.ok(&["allow", "list"]).contains("still"));

    bench.ok(&["allow", "remove", "http://bad.example.com/a"]);
    assert_eq!(
        *warnings(&bench.search("http://bad.example.com/a")),
        Json::Null
    );
    let near = refusal(&bench, &["allow", "remove", "fine.example.com"]);
    assert!(
        near.contains("fine.example.com is not allowed; allowed and near it: *.fine.example.com"),
        "{near}"
    );
}

#[test]
fn what_is_denied_is_an_entry_of_the_operators_own() {
    let bench = Bench::new();
    let denied = bench.ok(&[
        "deny",
        "add",
        "*.Evil[.]example",
        "--reason",
        "seen here",
        "--confidence",
        "medium",
        "--tag",
        "b",
        "--tag",
        "a",
        "--expires-in-days",
        "7",
    ]);
    assert_eq!(denied, "*.evil.example is denied\n");
    bench.ok(&["deny", "add", "10.1.2.3", "--reason", "a host of ours"]);
    let answer = bench.search("www.evil.example");
    let entry = &answer["data"][0];
    assert_eq!(entry["value"], "evil.example");
    assert_eq!(entry["confidence"], "medium");
    assert_eq!(entry["source"]["feed_name"], "local");
    assert_eq!(entry["context"], "seen here");
    assert_eq!(entry["tags"], json!(["a", "b"]));
    assert!(entry["expires_at"].is_string());
    // Denying an address of the own network is meant.
    let listed = bench.ok(&["list", "--format", "txt"]);
    assert_eq!(listed, "10.1.2.3\nevil.example\n");

    let all = &bench.json(&["deny", "list", "--json"])[0];
    assert_eq!(all[0]["pattern"], "*.evil.example");
    assert_eq!(all[0]["confidence"], "medium");
    assert_eq!(all[1]["confidence"], "high");
    let other = refusal(&bench, &["deny", "add", "evil.example", "--reason", "x"]);
    assert!(
        other.contains("`iocd deny remove '*.evil.example'` first"),
        "{other}"
    );
    assert_eq!(
        bench.ok(&["deny", "remove", "*.evil.example"]),
        "*.evil.example is no longer denied\n"
    );
    assert_eq!(
        bench.search("www.evil.example")["data"][0]["status"],
        "removed"
    );
    assert_eq!(
        bench.json(&["deny", "list", "--json"])[0]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let gone = refusal(&bench, &["deny", "remove", "*.evil.example"]);
    assert!(gone.contains("*.evil.example is not denied"), "{gone}");
}

#[test]
fn what_was_taken_back_adds_nothing_to_a_new_denial() {
    let bench = Bench::new();
    let deny = |more: &[&str]| {
        bench.ok(&[&["deny", "add", "--reason", "seen here"], more].concat());
    };
    deny(&["*.evil.example", "--tag", "a", "--expires-in-days", "7"]);
    let lasting = refusal(
        &bench,
        &["deny", "add", "*.evil.example", "--reason", "for good"],
    );
    assert!(lasting.contains("denied until"), "{lasting}");
    bench.ok(&["deny", "remove", "*.evil.example"]);
    deny(&["evil.example", "--confidence", "low"]);
    let denied = &bench.json(&["deny", "list", "--json"])[0][0];
    assert_eq!(denied["confidence"], "low");
    assert_eq!(denied["tags"], json!([]));
    assert_eq!(denied["expires_at"], Json::Null);
    assert_eq!(bench.search("www.evil.example")["meta"]["total"], 0);
}

#[test]
fn a_public_suffix_is_not_denied_with_all_below() {
    let bench = Bench::new();
    for pattern in ["*.co.uk", "*.github.io"] {
        let told = refusal(&bench, &["deny", "add", pattern, "--reason", "x"]);
        assert!(told.contains("public suffix"), "{told}");
    }
}

#[test]
fn nothing_is_both_allowed_and_denied() {
    let bench = Bench::new();
    bench.ok(&["allow", "add", "198.51.100.0/24", "--reason", "ours"]);
    bench.ok(&["deny", "add", "bad.example.com", "--reason", "bad"]);
    for (arguments, first) in [
        (
            ["deny", "add", "198.51.100.7"],
            "iocd allow remove '198.51.100.0/24'",
        ),
        (
            ["deny", "add", "198.51.100.0/25"],
            "iocd allow remove '198.51.100.0/24'",
        ),
        (
            ["deny", "add", "http://198.51.100.7/x"],
            "iocd allow remove '198.51.100.0/24'",
        ),
        (
            ["allow", "add", "*.example.com"],
            "iocd deny remove 'bad.example.com'",
        ),
        (
            ["allow", "add", "bad.example.com"],
            "iocd deny remove 'bad.example.com'",
        ),
    ] {
        let [command, verb, value] = arguments;
        let said = refusal(&bench, &[command, verb, value, "--reason", "x"]);
        assert!(said.contains(first), "{value}: {said}");
    }
    bench.ok(&["deny", "add", "*.example.net", "--reason", "bad"]);
    bench.ok(&["allow", "add", "fine.example.net", "--reason", "but this"]);
    bench.ok(&["deny", "remove", "bad.example.com"]);
    bench.ok(&["allow", "add", "bad.example.com", "--reason", "well"]);
}

#[test]
fn what_cannot_be_ruled_about_is_refused() {
    let bench = Bench::new();
    for (value, reason, expected) in [
        ("no value", "x", "cannot read \"no value\""),
        ("fooATexample.com", "x", "say which with --type"),
        ("example.com", " ", "expected 1 to 500 characters"),
        ("10.0.0.0/8", "x", "the network is too wide"),
    ] {
        let said = refusal(&bench, &["allow", "add", value, "--reason", reason]);
        assert!(said.contains(expected), "{value}: {said}");
    }
    let typed = [
        "allow",
        "add",
        "fooATexample.com",
        "--type",
        "email",
        "--reason",
        "x",
    ];
    assert!(bench.ok(&typed).starts_with("foo@example.com is allowed"));
    for arguments in [
        ["--confidence", "sure"],
        ["--expires-in-days", "0"],
        ["--tag", ""],
    ] {
        let mut all = vec!["deny", "add", "example.com", "--reason", "x"];
        all.extend(arguments);
        refusal(&bench, &all);
    }
    assert_eq!(bench.json(&["deny", "list", "--json"])[0], json!([]));
}

#[test]
fn a_server_knows_at_once() {
    let bench = Bench::new();
    let server = bench.serve();
    let key = bench.ok(&["key", "create", "--name", "test"]);
    let ask = || -> Json {
        let (status, body) = server.ask("/api/v1/iocs/search?q=example.com", key.trim());
        assert_eq!(status, 200);
        serde_json::from_str(&body).unwrap()
    };
    assert_eq!(*warnings(&ask()), Json::Null);
    bench.ok(&["allow", "add", "example.com", "--reason", "x"]);
    assert_eq!(*warnings(&ask()), json!(["allowed"]));
    bench.ok(&["allow", "remove", "example.com"]);
    bench.ok(&["deny", "add", "example.com", "--reason", "x"]);
    let answer = ask();
    assert_eq!(*warnings(&answer), Json::Null);
    assert_eq!(answer["meta"]["total"], 1);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn lists_of_the_settings_are_in_force() {
    let bench = Bench::new();
    let list = r#"{"name": "Our mail\u0007 hosts", "type": "hostname", "list": ["mail.example.com", "x y"],
        "matching_attributes": ["hostname", "url", "email-src"]}"#;
    bench.file("lists/our-mail/list.json", list);
    let config = "[warnings]\nlists = ['lists']\ninformational = ['our-mail']\n";
    bench.file("iocd.toml", config);
    let lists = &bench.json(&["warnings", "--json"])[0];
    let own = lists.as_array().unwrap().last().unwrap();
    assert_eq!(
        *own,
        json!({"name": "our-mail", "title": "Our mail hosts", "entries": 1, "refused": 1,
               "withholds": false})
    );
    assert_eq!(lists[0]["name"], "empty_file_hash");
    assert!(bench.ok(&["warnings"]).contains("public_resolver"));
    let told = bench.ok(&[
        "warnings",
        "a@mail.example.com",
        "8.8.8.8",
        "1.2.3.4",
        "no value",
    ]);
    assert_eq!(
        told,
        "email a@mail.example.com: our-mail (labels)\nipv4 8.8.8.8: public_resolver (withholds)\n\
         ipv4 1.2.3.4: on no list\nno value: it is no indicator in any reading\n"
    );
    let read = &bench.json(&["normalize", "mail.example.com"])[0];
    assert_eq!(read["warnings"], json!(["our-mail"]));

    bench.file("lists/our-mail/list.json", "{\"list\": 1}");
    let said = refusal(&bench, &["warnings"]);
    assert!(
        said.contains("lists/our-mail/list.json: this is no warning list"),
        "{said}"
    );
}

#[test]
fn a_command_that_only_asks_leaves_the_store_as_it_was_judged() {
    let bench = Bench::new();
    bench.ok(&["deny", "add", "mail.example.com", "--reason", "for a test"]);
    let listed = ["list", "--format", "txt"];
    assert_eq!(bench.ok(&listed), "mail.example.com\n");
    let list = r#"{"name": "x", "type": "string", "list": ["mail.example.com"], "matching_attributes": ["domain"]}"#;
    bench.file("lists/ours.json", list);
    bench.file("iocd.toml", "[warnings]\nlists = ['lists']\n");
    // The list names the value at once, and keeps it out of lists once it was
    // judged by a command that writes.
    let read = &bench.json(&["normalize", "mail.example.com"])[0];
    assert_eq!(read["warnings"], json!(["ours"]));
    bench.ok(&["search", "mail.example.com"]);
    assert_eq!(bench.ok(&listed), "mail.example.com\n");
    bench.ok(&[
        "allow",
        "add",
        "other.example.com",
        "--reason",
        "for a test",
    ]);
    assert_eq!(bench.ok(&listed), "");
}

#[test]
fn the_documentation_s_commands_work() {
    let text = include_str!("../../../../docs/warnings.md");
    let blocks = text.split("```sh\n").skip(1);
    let commands: Vec<&str> = blocks
        .filter_map(|block| Some(block.split_once("```")?.0))
        .collect();
    assert!(commands.len() >= 3);
    let bench = Bench::new();
    let data = bench.data();
    let script = format!(
        "set -eu\niocd() {{ '{}' --data '{}' \"$@\"; }}\n{}",
        env!("CARGO_BIN_EXE_iocd"),
        data.display(),
        commands.concat()
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(data.parent().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for expected in [
        "ipv4 8.8.8.8: public_resolver (withholds)",
        "*.example.com is allowed",
        "example.com is no longer allowed",
        "http://bad.example.net/login is denied",
        "campaign:spring",
        "*.bad.example.org is no longer denied",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
