//! `iocd feeds try`.

use std::io::Write as _;
use std::process::Stdio;

use flate2::write::GzEncoder;
use serde_json::Value as Json;

use super::{Bench, shared};

/// What is told of one document.
fn told(bench: &Bench, name: &str, content: impl AsRef<[u8]>) -> Json {
    let file = bench.file(name, content);
    bench
        .json(&["feeds", "try", "--json", file.to_str().unwrap()])
        .remove(0)
}

/// `type value` of each indicator.
fn indicators(told: &Json) -> Vec<String> {
    let list = told["indicators"].as_array().unwrap();
    list.iter()
        .map(|one| {
            format!(
                "{} {}",
                one["type"].as_str().unwrap(),
                one["value"].as_str().unwrap()
            )
        })
        .collect()
}

const TABLE: &str = "\u{feff}Indicator_type,Data,Note\r\n\
    Description,Seen in May,https://blog.example.org/may\r\n\
    IP,\"203.0.113.7\r\n\",C2 server\r\n\
    ip,203.0.113.8:44,hosting\u{a0}\r\n\
    domain,bad[.]example[.]com ,\"C2, first\"\r\n\
    filename,setup.exe,dropper\r\n\
    sha256,\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856,da39a3ee5e6b4b0d3255bfef95601890afd80701\",two\r\n\
    mutex,Global\\abc,\r\n";

#[test]
fn a_vendors_table() {
    let bench = Bench::new();
    let told = told(&bench, "x.csv", TABLE);
    assert_eq!(
        indicators(&told),
        [
            "ipv4 203.0.113.7",
            "ipv4 203.0.113.8",
            "domain bad.example.com",
            "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b856",
            "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80701",
        ]
    );
    assert_eq!(told["connector"], "csv");
    assert_eq!(told["feed"], Json::Null);
    assert_eq!(told["by_type"]["ipv4"], 2);
    assert_eq!(told["indicators"][1]["ports"], serde_json::json!([44]));
    assert_eq!(told["indicators"][2]["context"], "C2, first");
    assert_eq!(told["refused_total"], 3);
    let refused = &told["refused"][1];
    assert_eq!(refused["line"], 7);
    assert!(
        refused["reason"]
            .as_str()
            .unwrap()
            .contains("\"filename\" is no indicator")
    );
    assert!(!bench.data().exists(), "nothing is stored");
}

#[test]
fn what_people_see() {
    let bench = Bench::new();
    let file = bench.file("x.csv", TABLE);
    let text = bench.ok(&["feeds", "try", "--limit", "2", file.to_str().unwrap()]);
    for part in [
        "the connector csv",
        "7 rows, 5 indicators (2 ipv4, 1 domain, 1 sha1, 1 sha256), 3 refused",
        "203.0.113.8",
        "and 3 more indicators",
        "refused: line 2: type \"Description\" is no indicator",
        "and 1 more refused",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("bad.example.com"), "{text}");
}

#[test]
fn lists_reports_pages_and_json() {
    let bench = Bench::new();
    for (content, connector, expected) in [
        (
            "# list\n203.0.113.7\n203.0.113.8 # twice seen\n",
            "lines",
            2,
        ),
        ("indicator\nbad.example.com\n", "lines", 1),
        ("0.0.0.0 bad.example.com\n127.0.0.1 localhost\n", "lines", 1),
        (
            "Loaders:\n6174276f94219bc386bdc628ca18eaec261998b7bd03077562fe93c268b42446  a b.doc\n\nC2\nbad[.]example.com port 443\n",
            "text",
            2,
        ),
        (
            "# Report\n\nIt calls hxxp://bad.example.com/a and sleeps.\n",
            "text",
            1,
        ),
        (
            "<!DOCTYPE html><html><head><script src=\"https://cdn.example.com/x.js\"></script></head>\
             <body><nav><a href=\"https://t.example.net/\">Home</a></nav><table><tr><td>bad.example.com</td>\
             <td>C2</td></tr></table></body></html>",
            "text",
            1,
        ),
        (
            r#"[{"ioc": "203.0.113.7", "ioc_type": "ip:port"}, {"ioc": "bad.example.com"}]"#,
            "json",
            2,
        ),
        (r#"["203.0.113.7", "bad.example.com"]"#, "json", 2),
        (
            r#"{"date": "2024-01-02", "ips": ["203.0.113.7"], "domains": ["bad.example.com"]}"#,
            "json",
            2,
        ),
        (
            r#"{"iocs": {"ips": ["203.0.113.7"], "domains": ["bad.example.com"]}}"#,
            "json",
            2,
        ),
        (
            r#"{"data": {"items": [{"attributes": {"value": "203.0.113.7"}}]}}"#,
            "json",
            1,
        ),
        (
            r#"{"203.0.113.7": {"tags": ["x"]}, "203.0.113.8": {"tags": []}}"#,
            "json",
            2,
        ),
        (
            r#"{"title": "x", "c2": {"domain": "bad.example.com", "ip": "203.0.113.7"}}"#,
            "json",
            2,
        ),
        (
            r#"[{"name": "x", "iocs": [{"value": "203.0.113.7"}, {"value": "203.0.113.8"}]}]"#,
            "json",
            2,
        ),
        (
            "{\"ip\": \"203.0.113.7\"}\n{\"ip\": \"203.0.113.8\"}\n",
            "json",
            2,
        ),
        (r#"{"note": "see bad[.]example[.]com"}"#, "text", 1),
        ("nothing to see here\n", "text", 0),
        (r#"{"a": 1}"#, "text", 0),
    ] {
        let told = told(&bench, "x", content);
        assert_eq!(told["error"], Json::Null, "{content}");
        assert_eq!(told["connector"], connector, "{content}");
        assert_eq!(indicators(&told).len(), expected, "{content}\n{told:#}");
    }
}

#[test]
fn sources_are_references_and_no_indicators() {
    let bench = Bench::new();
    let told = told(
        &bench,
        "report.md",
        "# Campaign\n\n## References\n* https://blog.example.org/report\n\n## C2\n\
         * hxxps://bad[.]example[.]com/a\n* hxxps://worse[.]example[.]com/b\n* hxxp://bad[.]example[.]net/\n\n\
         See [here](https://docs.example.org/) and https://www.virustotal.com/gui/file/x for more.\n",
    );
    assert_eq!(
        indicators(&told),
        [
            "url https://bad.example.com/a",
            "url https://worse.example.com/b",
            "url http://bad.example.net/",
        ]
    );
    let first = &told["indicators"][0];
    assert_eq!(first["context"], "C2");
    assert_eq!(first["references"][0], "https://blog.example.org/report");
}

#[test]
fn a_known_feed_is_read_as_such() {
    let bench = Bench::new();
    let file = bench.file("openphish/feed.txt", "http://bad.example.com/a\n");
    let path = file.to_str().unwrap();
    let told = &bench.json(&["feeds", "try", "--json", path])[0];
    assert_eq!(
        (&told["feed"], &told["connector"]),
        (&"openphish".into(), &"lines".into())
    );
    assert_eq!(told["toml"], Json::Null);
    let told = &bench.json(&["feeds", "try", "--json", "--connector", "text", path])[0];
    assert_eq!(
        (&told["feed"], &told["connector"]),
        (&Json::Null, &"text".into())
    );
    let output = bench.run(&["feeds", "try", "--feed", "nonsense", path]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no feed \"nonsense\""));
}

#[test]
fn what_cannot_be_read_is_told_and_exits_1() {
    let bench = Bench::new();
    let check = |content: &[u8], options: &[&str], reason: &str| {
        let file = bench.file("x", content);
        let arguments = [&["feeds", "try"], options, &[file.to_str().unwrap()]].concat();
        let output = bench.run(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(reason), "{reason} is not in {told}");
    };
    check(b"%PDF-1.4\n...", &[], "PDF");
    check(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", &[], "binary data");
    check(b"", &[], "empty");
    check(b"{\"a\": [1, 2", &[], "ends in the middle");
    check(b"{\"a\": [1, 2}]", &[], "no valid JSON");
    check(b"<stix:STIX_Package/>", &[], "STIX 1.x");
    check(b"\x1f\x8bbroken", &[], "cannot be read");
    check(b"203.0.113.7\n", &["--connector", "json"], "not JSON");
    check(
        b"only words\n",
        &["--connector", "lines"],
        "not a list of values",
    );
    check(b"only words\n", &["--connector", "csv"], "not a table");
    check(b"[1, 2]", &["--connector", "csv"], "not lines of text");
    let missing = bench.run(&["feeds", "try", "/nowhere/x"]);
    assert_eq!(missing.status.code(), Some(1));
    // A name that nothing has is a mistake of the question.
    let unknown = bench.run(&["feeds", "try", "--connector", "nonsense", "x"]);
    assert_eq!(unknown.status.code(), Some(2));
    let told = String::from_utf8_lossy(&unknown.stderr);
    assert!(
        told.contains("\"nonsense\"") && told.contains("lines, csv, json"),
        "{told}"
    );
}

#[test]
fn archives_and_standard_input() {
    let bench = Bench::new();
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"203.0.113.7\n203.0.113.8\n").unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(told(&bench, "x.txt.gz", &packed)["indicators_total"], 2);
    let mut process = bench
        .command()
        .args(["feeds", "try", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(&packed).unwrap();
    let output = process.wait_with_output().unwrap();
    let told: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["indicators_total"], 2);
}

/// What was drafted reads the same from then on.
#[test]
fn a_draft_is_a_feed() {
    let bench = Bench::new();
    for (name, content, count) in [
        ("table", TABLE, 5),
        (
            "list",
            "domain\nbad[.]example[.]com\nworse.example.com # twice\n",
            2,
        ),
        (
            "notes",
            "C2s:\n- bad[.]example[.]com port 443\n- 203.0.113[.]7\n",
            2,
        ),
        (
            "json",
            r#"{"iocs": {"ips": ["203.0.113.9"], "urls": ["hxxp://bad.example.com/x"]}}"#,
            2,
        ),
        (
            "lists",
            r#"[{"id": 1, "iocs": [{"value": "203.0.113.7", "type": "ip"}], "date": "2024-01-02"}]"#,
            1,
        ),
    ] {
        let file = bench.file(&format!("in/{name}"), content);
        let path = file.to_str().unwrap();
        let toml = bench.ok(&["feeds", "try", "--toml", "--feed", name, path]);
        let feeds = bench.file(&format!("feeds/{name}.toml"), toml);
        let feeds = feeds.parent().unwrap().to_str().unwrap();
        let arguments = [
            "--feeds", feeds, "ingest", "--json", "--feed", name, "--file", path,
        ];
        let report = &bench.json(&arguments)[0];
        assert_eq!(report["verdict"], "read", "{report}");
        assert_eq!(report["claims"], count, "{report}");
    }
    assert_eq!(bench.total("bad.example.com"), 3);
}

/// Every file that vendors published as lists, tables and notes is read.
#[test]
fn real_documents_are_read() {
    let mut read = 0;
    for folder in ["iocs-csv", "iocs-txt", "reports"] {
        let Some(folder) = shared(folder) else { return };
        let bench = Bench::new();
        let mut folders = vec![folder];
        let mut arguments = vec!["feeds".to_owned(), "try".into(), "--json".into()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    arguments.push(path.to_str().unwrap().to_owned());
                }
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for told in bench.json(&arguments) {
            assert_eq!(told["error"], Json::Null, "{}", told["name"]);
            read += u64::from(told["indicators_total"].as_u64() > Some(0));
        }
    }
    assert!(read >= 230, "{read} documents with indicators");
}

#[test]
fn xml_that_nobody_knows_is_told_as_such() {
    let bench = Bench::new();
    let xml = "<?xml version='1.0'?><watch><ip>203.0.113.7</ip></watch>";
    let known = told(&bench, "list.xml", xml);
    assert_eq!(indicators(&known), ["ipv4 203.0.113.7"]);
    let warning = known["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("no format that is known") && warning.contains("\"watch\""),
        "{warning}"
    );
    let page = told(&bench, "page.html", "<html><p>203.0.113.7</p></html>");
    assert_eq!(page["warnings"], serde_json::json!([]));
}

#[test]
fn a_schema_has_no_indicators() {
    let bench = Bench::new();
    let schema = r#"{"$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://schemas.vendor.example.org/ioc.json",
        "properties": {"ip": {"examples": ["203.0.113.7"]}}}"#;
    let known = told(&bench, "schema.json", schema);
    assert_eq!((&known["error"], indicators(&known)), (&Json::Null, vec![]));
    let warning = known["warnings"][0].as_str().unwrap();
    assert!(warning.contains("JSON Schema"), "{warning}");
}
