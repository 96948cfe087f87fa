//! `iocd scan`.

use std::io::Write as _;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Bench;

const FEED: &str = "203.0.113.7\nbad.example.com\nhttp://example.org/x\n198.51.100.0/24\n";

fn loaded() -> Bench {
    let bench = Bench::new();
    let feeds = bench.file(
        "feeds/mixed.toml",
        "name = \"mixed\"\ntitle = \"Mixed\"\npublisher = \"Example\"\ncategory = \"community\"\n\
         confidence = 80\nextent = \"events\"\nlist_non_global = true\n[[format]]\nname = \"lines\"\n\
         connector = \"lines\"\nvalue = [{ column = \"value\", type = \"auto\" }]\n",
    );
    let file = bench.file("mixed.txt", FEED);
    bench.ok(&[
        "--feeds",
        feeds.parent().unwrap().to_str().unwrap(),
        "ingest",
        "--feed",
        "mixed",
        "--file",
        file.to_str().unwrap(),
    ]);
    bench
}

const LOG: &str = "192.0.2.1 - - \"GET / HTTP/1.1\" 200 1 \"-\" \"A/5.0\"\n\
192.0.2.1 - - \"GET / HTTP/1.1\" 200 1 \"https://bad.example.com/y\" \"A/5.0\"\n\
203.0.113.7 - - \"GET / HTTP/1.1\" 200 1 \"http://example.org/x\" \"A/5.0\"\n\
198.51.100.9 asked hxxp://bad[.]example[.]com/\n";

const EXPECTED: [(u64, &str, &str); 5] = [
    (2, "bad.example.com", "bad.example.com"),
    (3, "203.0.113.7", "203.0.113.7"),
    (3, "http://example.org/x", "http://example.org/x"),
    (4, "198.51.100.9", "198.51.100.9"),
    (4, "bad.example.com", "bad[.]example[.]com"),
];

fn check(bench: &Bench, file: &str) {
    let found: Vec<_> = bench
        .json(&["scan", "--json", file])
        .iter()
        .map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["value"].as_str().unwrap().to_owned(),
                line["written"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected =
        EXPECTED.map(|(line, value, written)| (line, value.to_owned(), written.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn known_values_of_logs_are_told_with_their_lines() {
    let bench = loaded();
    let file = bench.file("access.log", LOG);
    check(&bench, file.to_str().unwrap());
    let text = bench.ok(&["scan", file.to_str().unwrap()]);
    let lines: Vec<&str> = text.lines().collect();
    let name = file.display();
    assert_eq!(
        lines[1],
        format!("{name}:3: 203.0.113.7 (ipv4): Mixed (warning: non_global)")
    );
    assert_eq!(
        lines[3],
        format!("{name}:4: 198.51.100.9 (ipv4): Mixed lists 198.51.100.0/24 (warning: non_global)")
    );
    assert_eq!(
        lines[4],
        format!("{name}:4: bad[.]example[.]com = bad.example.com (domain): Mixed")
    );
}

#[test]
fn warning_lists_are_told() {
    let bench = loaded();
    bench.ok(&["allow", "add", "bad.example.com", "--reason", "ours"]);
    let file = bench.file("access.log", LOG);
    let found = bench.json(&["scan", "--json", file.to_str().unwrap()]);
    assert_eq!(found[0]["warnings"], serde_json::json!(["allowed"]));
    assert_eq!(found[1]["warnings"], serde_json::json!(["non_global"]));
    assert_eq!(found[2]["warnings"], serde_json::json!([]));
}

#[test]
fn gzip_and_standard_input() {
    let bench = loaded();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(LOG.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let file = bench.file("access.log.gz", &packed);
    check(&bench, file.to_str().unwrap());
    // The file is told by the name it has on the disk.
    let text = bench.ok(&["scan", file.to_str().unwrap()]);
    assert!(
        text.starts_with(&format!("{}:2: ", file.display())),
        "{text}"
    );
    for input in [LOG.as_bytes(), &packed] {
        let mut child = bench
            .command()
            .args(["scan", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), EXPECTED.len(), "{text}");
        assert!(text.starts_with("(standard input):2: bad.example.com (domain): Mixed"));
    }
}

#[test]
fn a_server_that_owns_the_store_is_asked() {
    let bench = loaded();
    let file = bench.file("access.log", LOG);
    let server = bench.serve();
    check(&bench, file.to_str().unwrap());
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn exit_codes_are_those_of_grep() {
    let bench = loaded();
    let known = bench.file("known.log", LOG);
    let unknown = bench.file("unknown.log", "192.0.2.1 asked https://example.net/\n");
    let code = |files: &[&str]| {
        let arguments: Vec<&str> = [&["scan"], files].concat();
        bench.run(&arguments).status.code()
    };
    let (known, unknown) = (known.to_str().unwrap(), unknown.to_str().unwrap());
    assert_eq!(code(&[known]), Some(0));
    assert_eq!(code(&[unknown]), Some(1));
    assert_eq!(code(&[unknown, known]), Some(0));
    assert_eq!(code(&["none.log", known]), Some(2));
    assert_eq!(code(&[]), Some(2));
}

#[test]
fn an_empty_store_is_told() {
    let bench = Bench::new();
    bench.ok(&["account", "create", "soc", "--tier", "pro"]);
    let file = bench.file("access.log", LOG);
    let output = bench.run(&["scan", file.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("nothing is stored in"), "{told}");
}
