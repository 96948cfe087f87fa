//! `iocd normalize`.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use super::Bench;

fn from_stdin(lines: &str) -> Vec<Json> {
    let bench = Bench::new();
    let mut process = bench
        .command()
        .arg("normalize")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn values_are_read_from_arguments() {
    let bench = Bench::new();
    let read = &bench.json(&["normalize", "hxxps://www.Example[.]com/A"])[0];
    assert_eq!(read["type"], "url");
    assert_eq!(read["value"], "https://www.example.com/A");
    assert_eq!(read["registrable"], "example.com");
    assert!(!read["changes"].as_array().unwrap().is_empty());
    assert_eq!(read["input"], "hxxps://www.Example[.]com/A");
}

#[test]
fn a_value_that_begins_with_a_dash_comes_after_two() {
    let bench = Bench::new();
    let read = &bench.json(&["normalize", "--type", "domain", "--", "-bad-.example.com"])[0];
    assert_eq!(read["input"], "-bad-.example.com");
}

#[test]
fn what_cannot_be_read_is_an_object_too() {
    let bench = Bench::new();
    let read = &bench.json(&["normalize", "--type", "md5", "xyz"])[0];
    assert_eq!(read["input"], "xyz");
    assert!(read["error"].as_str().unwrap().contains("xyz"), "{read}");
}

#[test]
fn lines_may_name_a_type() {
    let read =
        from_stdin("domain\tEXAMPLE.com\nexample.com\nnot a type\tvalue\ncve\tcve-2021-44228\r\n");
    assert_eq!(read.len(), 4);
    assert_eq!(read[0]["value"], "example.com");
    assert_eq!(read[1]["type"], "domain");
    assert_eq!(
        read[2]["input"], "not a type\tvalue",
        "only a type's name makes a typed line"
    );
    assert_eq!(read[3]["value"], "CVE-2021-44228");
}

#[test]
fn a_public_suffix_has_no_registrable_domain() {
    let read = from_stdin("domain\tco.uk\n");
    assert_eq!(
        read[0].get("registrable"),
        Some(&json!(null)),
        "{}",
        read[0]
    );
}
