//! `iocd store export` and `import`.

use std::fs;
use std::process::Stdio;

use serde_json::Value as Json;

use super::Bench;

/// A store with entries of several feeds, one of which has left its list.
fn filled() -> Bench {
    let bench = Bench::new();
    for (feed, name, content) in [
        ("openphish", "urls.txt", "http://bad.example.com/a\n"),
        ("maltrail", "hosts.txt", "a.example.com\nb.example.com\n"),
        ("feodo", "ips.txt", "203.0.113.7\n203.0.113.8\n"),
    ] {
        let path = bench.file(name, content);
        let path = path.to_str().unwrap();
        bench.ok(&["ingest", "--feed", feed, "--file", path]);
    }
    let shorter = bench.file("ips.txt", "203.0.113.7\n");
    let shorter = shorter.to_str().unwrap();
    bench.ok(&["ingest", "--feed", "feodo", "--snapshot", "--file", shorter]);
    assert_eq!(bench.search("203.0.113.8")["data"][0]["status"], "removed");
    bench
}

const VALUES: [&str; 5] = [
    "http://bad.example.com/a",
    "a.example.com",
    "b.example.com",
    "203.0.113.7",
    "203.0.113.8",
];

/// Every answer about what the store holds.
fn answers(bench: &Bench, data: &str) -> Vec<Json> {
    let mut answers = bench.json(&["list", "--data", data]);
    for value in VALUES {
        let answer = bench.json(&["search", "--json", "--data", data, "--", value]);
        answers.extend(answer.into_iter().map(|answer| answer["data"].clone()));
    }
    answers
}

#[test]
fn an_empty_store_that_imports_an_export_answers_the_same() {
    let bench = filled();
    let key = bench.ok(&["key", "create", "--name", "secret"]);
    let from = bench.data();
    let from = from.to_str().unwrap();
    let exported = bench.ok(&["store", "export"]);
    assert!(!exported.contains(key.trim()) && !exported.contains(&key[..16]));
    let sources = exported
        .lines()
        .filter(|line| line.starts_with("{\"source\":"));
    let entries = exported
        .lines()
        .filter(|line| line.starts_with("{\"entry\":"));
    assert_eq!((sources.count(), entries.count()), (3, 5));
    let removed = exported.lines().find(|line| line.contains("203.0.113.8"));
    assert!(removed.unwrap().contains("\"status\":\"removed\""));

    // To a file, and with a server on either side, it is the same.
    bench.ok(&["store", "export", "--output", "export.ndjson"]);
    let file = bench.data().with_file_name("export.ndjson");
    assert_eq!(fs::read_to_string(&file).unwrap(), exported);
    let server = bench.serve();
    assert_eq!(bench.ok(&["store", "export"]), exported);
    assert_eq!(server.terminate(), Some(0));

    let told = bench.ok(&["store", "import", "export.ndjson", "--data", "alone"]);
    assert_eq!(told, "read 5 entries of 3 sources: 5 changed something\n");
    assert_eq!(answers(&bench, "alone"), answers(&bench, from));
    let other = Bench::new();
    let server = other.serve();
    let told = other.ok(&["store", "import", file.to_str().unwrap()]);
    assert_eq!(told, "read 5 entries of 3 sources: 5 changed something\n");
    assert_eq!(server.terminate(), Some(0));
    let data = other.data();
    assert_eq!(
        answers(&other, data.to_str().unwrap()),
        answers(&bench, from)
    );
    assert_eq!(other.ok(&["store", "export"]), exported);

    // Once more, and into itself: nothing changes.
    for data in ["alone", from] {
        let told = bench.ok(&["store", "import", "export.ndjson", "--data", data]);
        assert_eq!(told, "read 5 entries of 3 sources: 0 changed something\n");
    }
}

#[test]
fn an_import_merges_with_what_is_there() {
    let bench = filled();
    let exported = bench.ok(&["store", "export"]);
    // As if all of it had happened a day before.
    let aged: Vec<String> = exported
        .lines()
        .map(|line| {
            let mut line: Json = serde_json::from_str(line).unwrap();
            if let Some(entry) = line.get_mut("entry") {
                for time in ["first_heard_at", "heard_at", "updated_at"] {
                    let text = entry[time].as_str().unwrap();
                    let before = text.parse::<jiff::Timestamp>().unwrap()
                        - jiff::SignedDuration::from_hours(24);
                    entry[time] = before.to_string().into();
                }
            }
            line.to_string()
        })
        .collect();
    bench.file("export.ndjson", aged.join("\n"));
    let list = bench.file("more.txt", "203.0.113.8\n203.0.113.9\n");
    let list = list.to_str().unwrap();
    let data = ["--data", "other"];
    bench.ok(&[
        "ingest", "--feed", "feodo", "--file", list, data[0], data[1],
    ]);
    let told = bench.ok(&["store", "import", "export.ndjson", data[0], data[1]]);
    assert_eq!(told, "read 5 entries of 3 sources: 5 changed something\n");
    let status = |value: &str| {
        let answer = bench
            .json(&["search", "--json", data[0], data[1], value])
            .remove(0);
        answer["data"][0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status("203.0.113.9"), "active");
    assert_eq!(status("203.0.113.7"), "active");
    assert_eq!(
        status("203.0.113.8"),
        "active",
        "heard after it was removed"
    );
    assert!(
        bench
            .ok(&["store", "check", data[0], data[1]])
            .contains("no problems")
    );
}

#[test]
fn what_is_no_export_is_refused_by_line() {
    let bench = filled();
    let exported = bench.ok(&["store", "export"]);
    let lines: Vec<&str> = exported.lines().collect();
    let refuse = |content: String, what: &str| {
        let bench = Bench::new();
        let file = bench.file("bad.ndjson", content);
        let output = bench.run(&["store", "import", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{what}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(what), "{error}");
    };
    refuse(
        format!("{}\nnonsense\n", lines[0]),
        "line 2: it is no line of an export",
    );
    refuse(
        lines[3].to_owned(),
        "line 1: source \"openphish\" is not described",
    );
    let entry = lines[3..].join("\n");
    let sources = lines[..3].join("\n");
    let wrong = |from: &str, to: &str, what: &str| {
        assert!(entry.contains(from));
        refuse(format!("{sources}\n{}", entry.replacen(from, to, 1)), what);
    };
    wrong("\"id\":\"", "\"id\":\"0", "line 4: id");
    wrong("\"confidence\":", "\"confidence\":1", "above 100");
    wrong(
        "\"status\":",
        "\"later\":1,\"status\":",
        "unknown field `later`",
    );
    wrong("//bad.example.com", "//BAD.example.com", "is written");
    refuse(
        format!("\"{}\"", "x".repeat(2 << 20)),
        "line 1: it is longer than",
    );
}

/// An export of many megabytes goes through a server that does not grow by it.
#[test]
fn memory_is_flat() {
    let bench = Bench::new();
    let names: Vec<String> = (0..50_000).map(|n| format!("h{n}.example.com")).collect();
    let list = bench.file("hosts.txt", names.join("\n"));
    let list = list.to_str().unwrap();
    bench.ok(&["ingest", "--feed", "maltrail", "--file", list]);
    let server = bench.serve();
    let before = server.memory();
    bench.ok(&["store", "export", "--output", "export.ndjson"]);
    let grown = server.memory().saturating_sub(before);
    assert_eq!(server.terminate(), Some(0));
    let file = bench.data().with_file_name("export.ndjson");
    let size = fs::metadata(&file).unwrap().len();
    assert!(size > 12 << 20, "{size}");
    assert!(grown < 6 << 20, "{grown} for {size} bytes");

    let other = Bench::new();
    let server = other.serve();
    let path = file.to_str().unwrap();
    let told = other.ok(&["store", "import", path]);
    assert!(told.starts_with("read 50000 entries"), "{told}");
    let before = server.memory();
    // All of it once more: it is read and compared, and nothing changes.
    other.ok(&["store", "import", path]);
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 6 << 20, "{grown} for {size} bytes");
}

#[test]
fn a_reader_that_has_seen_enough_ends_an_export() {
    let bench = filled();
    let mut process = bench
        .command()
        .args(["store", "export"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let nowhere = bench.run(&["store", "export", "--output", "no/where.ndjson"]);
    assert_eq!(nowhere.status.code(), Some(2));
}
