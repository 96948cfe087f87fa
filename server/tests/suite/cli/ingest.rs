//! `iocd ingest`.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::write::GzEncoder;

use super::Bench;

const URLS: &str =
    "http://bad.example.com/a\nhttp://203.0.113.7:8080/x.sh\nhttp://b%61d.example.com/b\n";

#[test]
fn reading_twice_writes_once() {
    let bench = Bench::new();
    let file = bench.file("openphish.txt", URLS);
    let path = file.to_str().unwrap();
    let first = &bench.json(&["ingest", "--json", "--feed", "openphish", "--file", path])[0];
    assert_eq!(
        (&first["rows"], &first["accepted"]),
        (&3.into(), &3.into()),
        "{first}"
    );
    let log = bench.data().join("claims/claims-000000.log");
    let size = std::fs::metadata(&log).unwrap().len();
    let again = &bench.json(&["ingest", "--json", "--feed", "openphish", "--file", path])[0];
    assert_eq!(
        (&again["rows"], &again["unchanged"]),
        (&3.into(), &3.into()),
        "{again}"
    );
    assert_eq!(std::fs::metadata(&log).unwrap().len(), size);
    assert_eq!(bench.total("hxxp://bad[.]example[.]com/a"), 1);
    assert_eq!(bench.total("http://203.0.113.7:8080/x.sh"), 1);
    assert_eq!(bench.total("http://good.example.com/"), 0);
}

#[test]
fn gzip_and_zip_are_unpacked() {
    let bench = Bench::new();
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(URLS.as_bytes()).unwrap();
    // The content counts, not the name.
    let gzipped = bench.file("openphish.txt", gzip.finish().unwrap());
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .start_file(
            "openphish/feed.txt",
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
    archive.write_all(b"http://zipped.example.com/\n").unwrap();
    let zipped = bench.file("all.bin", archive.finish().unwrap().into_inner());
    bench.ok(&[
        "ingest",
        "--feed",
        "openphish",
        "--file",
        gzipped.to_str().unwrap(),
        "--file",
        zipped.to_str().unwrap(),
    ]);
    assert_eq!(bench.total("http://bad.example.com/a"), 1);
    assert_eq!(bench.total("http://zipped.example.com/"), 1);
}

#[test]
fn only_a_snapshot_removes() {
    let bench = Bench::new();
    let ingest = |content: &str, snapshot: bool| {
        let file = bench.file("list.txt", content);
        let mut arguments = vec![
            "ingest",
            "--json",
            "--feed",
            "tor-exits",
            "--file",
            file.to_str().unwrap(),
        ];
        if snapshot {
            arguments.push("--snapshot");
        }
        bench.json(&arguments).remove(0)
    };
    let whole = "198.51.100.1\n198.51.100.2\n198.51.100.3\n";
    ingest(whole, false);
    assert_eq!(ingest("198.51.100.1\n", false)["removed"], 0);
    assert_eq!(bench.search("198.51.100.2")["data"][0]["status"], "active");
    assert_eq!(ingest("198.51.100.1\n198.51.100.4\n", true)["removed"], 2);
    assert_eq!(bench.search("198.51.100.2")["data"][0]["status"], "removed");
    assert_eq!(bench.search("198.51.100.4")["data"][0]["status"], "active");
    // Listed again.
    assert_eq!(ingest(whole, false)["merged"], 2);
    assert_eq!(bench.search("198.51.100.2")["data"][0]["status"], "active");
}

#[test]
fn a_bad_document_keeps_what_was_there() {
    let bench = Bench::new();
    let good = bench.file("good.txt", "198.51.100.1\n198.51.100.2\n");
    bench.ok(&[
        "ingest",
        "--feed",
        "tor-exits",
        "--file",
        good.to_str().unwrap(),
    ]);
    let page = bench.file(
        "page.txt",
        "<!DOCTYPE html>\n<html><body>Please sign in</body></html>\n",
    );
    let arguments = [
        "ingest",
        "--json",
        "--snapshot",
        "--feed",
        "tor-exits",
        "--file",
        page.to_str().unwrap(),
    ];
    let report = &bench.json(&arguments)[0];
    assert_eq!(report["verdict"], "bad", "{report}");
    assert!(report["reason"].is_string());
    assert_eq!(bench.search("198.51.100.2")["data"][0]["status"], "active");
    // A script that wants to know is told.
    let strict = bench.run(&[&arguments[..], &["--strict"]].concat());
    assert_eq!(strict.status.code(), Some(1));
    let missing = bench.json(&["search", "--json", "192.0.2.200"]).remove(0);
    assert_eq!(
        missing["meta"]["coverage"]["failing"], 1,
        "and so is who searches"
    );
}

#[test]
fn bad_rows_are_shown_with_line_and_reason() {
    let bench = Bench::new();
    let rows = "http://bad.example.com/a\nnot a url at all\nhttp://bad.example.com/b\nhttp://bad.example.com/c\n\
                http://bad.example.com/d\nhttp://bad.example.com/e\nhttp://bad.example.com/f\nhttp://bad.example.com/g\n";
    let file = bench.file("openphish/feed.txt", rows);
    let dir = file.parent().unwrap().to_str().unwrap();
    let shown = bench.ok(&["ingest", "--show-refused", "--dir", dir]);
    assert!(
        shown.contains("feed.txt:2:") && shown.contains("not a url at all"),
        "{shown}"
    );
    assert!(
        shown.contains("8 rows: 7 accepted, 0 merged, 0 unchanged, 1 refused"),
        "{shown}"
    );
}

#[test]
fn what_is_no_feed_is_skipped_by_name() {
    let bench = Bench::new();
    let file = bench.file("notes/readme.txt", "Dear colleague, see you at lunch.\n");
    let report = &bench.json(&[
        "ingest",
        "--json",
        "--dir",
        file.parent().unwrap().to_str().unwrap(),
    ])[0];
    assert_eq!(report["verdict"], "skipped");
    let output = bench.run(&[
        "ingest",
        "--feed",
        "nonsense",
        "--file",
        file.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nonsense"));
}

#[test]
fn a_feed_of_ones_own_needs_a_file_and_no_code() {
    let bench = Bench::new();
    bench.file(
        "my-feeds/intranet.toml",
        r#"
name = "intranet"
title = "Intranet blocks"
publisher = "We"
category = "threat-intel"
confidence = 90
extent = "snapshot"

[[format]]
name = "text"
connector = "lines"
value = [{ column = "value", type = "auto" }]
"#,
    );
    let list = bench.file("list.txt", "evil.example.org\n");
    let feeds = bench.dir.path().join("my-feeds");
    let feeds = feeds.to_str().unwrap();
    bench.ok(&[
        "--feeds",
        feeds,
        "ingest",
        "--feed",
        "intranet",
        "--file",
        list.to_str().unwrap(),
    ]);
    let entry = &bench.search("evil.example.org")["data"][0];
    assert_eq!(entry["source"]["feed_name"], "Intranet blocks");
    assert_eq!(entry["confidence"], "high");
}

/// A process that reads feeds may be killed at any moment: reading them again
/// ends in the same store as reading them once.
#[test]
fn reading_again_after_a_kill_completes_the_store() {
    let bench = Bench::new();
    let mut rows = String::new();
    for n in 0..60_000 {
        writeln!(rows, "http://h{n}.example.com/").unwrap();
    }
    let file = bench.file("feed.txt", rows);
    let arguments = [
        "ingest",
        "--json",
        "--feed",
        "openphish",
        "--file",
        file.to_str().unwrap(),
    ];
    for kill in 0..5 {
        let mut process = bench.command().args(arguments).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(40 + 97 * kill));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let report = &bench.json(&arguments)[0];
    assert_eq!(report["rows"], 60_000);
    let settled = report["accepted"].as_u64().unwrap() + report["unchanged"].as_u64().unwrap();
    assert_eq!(settled, 60_000, "{report}");
    let list: serde_json::Value =
        serde_json::from_str(&bench.ok(&["list", "--limit", "1"])).unwrap();
    assert_eq!(list["meta"]["total"], 60_000);
}

/// Two good files with a cut archive between them: the good ones are read.
#[test]
fn a_broken_archive_is_a_bad_document_among_others() {
    let bench = Bench::new();
    let mut rows = String::new();
    for n in 0..40_000_u32 {
        let h = n.wrapping_mul(0x9e37_79b1);
        writeln!(rows, "http://h{h:x}.example.com/{n}").unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(rows.as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    bench.file("in/openphish_1.txt", "http://first.example.com/\n");
    bench.file("in/openphish_2.txt.gz", b"\x1f\x8b\x08\x00garbage");
    bench.file("in/openphish_3.txt.gz", &whole[..whole.len() / 2]);
    bench.file("in/openphish_4.txt", "http://last.example.com/\n");
    let dir = bench.dir.path().join("in");
    let dir = dir.to_str().unwrap();
    let check = || {
        let reports = bench.json(&["ingest", "--json", "--dir", dir]);
        let verdicts: Vec<_> = reports
            .iter()
            .map(|report| report["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(verdicts, ["read", "bad", "bad", "read"], "{reports:?}");
        for report in &reports[1..3] {
            let reason = report["reason"].as_str().unwrap();
            assert!(
                reason.contains("deflate") || reason.contains("gzip"),
                "{reason}"
            );
        }
        assert_eq!(bench.total("http://last.example.com/"), 1);
    };
    check();
    let server = bench.serve();
    check();
    assert_eq!(server.terminate(), Some(0));
    let strict = bench.run(&["ingest", "--strict", "--dir", dir]);
    assert_eq!(strict.status.code(), Some(1));
}

#[test]
fn links_to_files_are_followed() {
    let bench = Bench::new();
    let real = bench.file("elsewhere/feed.txt", "http://linked.example.com/\n");
    bench.file("in/.hidden/openphish.txt", "http://hidden.example.com/\n");
    let link = bench.dir.path().join("in/openphish.txt");
    std::os::unix::fs::symlink(real, link).unwrap();
    std::os::unix::fs::symlink("/nowhere", bench.dir.path().join("in/dangling")).unwrap();
    let dir = bench.dir.path().join("in");
    let reports = bench.json(&["ingest", "--json", "--dir", dir.to_str().unwrap()]);
    let verdicts: Vec<_> = reports.iter().map(|report| &report["verdict"]).collect();
    assert_eq!(verdicts, ["skipped", "read"]);
    assert_eq!(bench.total("http://linked.example.com/"), 1);
    assert_eq!(bench.total("http://hidden.example.com/"), 0);
}

#[test]
fn articles_are_stored_with_their_claims_once() {
    let bench = Bench::new();
    let document = "<rss version=\"2.0\"><channel><title>News</title><link>https://krebsonsecurity.com</link>\n\
        <item><title>Emotet again</title><link>https://krebsonsecurity.com/a?utm_source=rss</link>\
        <description>&lt;p&gt;It exploits CVE-2026-0001 and calls bad[.]example[.]com.&lt;/p&gt;</description></item>\
        <item><title>Nothing</title><link>https://krebsonsecurity.com/b</link></item></channel></rss>";
    let file = bench.file("rss.xml", document);
    let path = file.to_str().unwrap();
    // By what it says of itself, and by name.
    let first = &bench.json(&["ingest", "--json", "--file", path])[0];
    assert_eq!(first["feed"], "krebsonsecurity", "{first}");
    assert_eq!(
        (&first["rows"], &first["accepted"]),
        (&2.into(), &2.into()),
        "{first}"
    );
    assert_eq!(first["claims"], 2);
    let articles = bench.data().join("articles.db");
    let again = &bench.json(&[
        "ingest",
        "--json",
        "--feed",
        "krebsonsecurity",
        "--file",
        path,
    ])[0];
    assert_eq!(
        (&again["rows"], &again["unchanged"]),
        (&2.into(), &2.into()),
        "{again}"
    );
    assert_eq!(bench.total("bad.example.com"), 1);
    assert_eq!(bench.total("CVE-2026-0001"), 1);
    assert!(articles.exists());
}
