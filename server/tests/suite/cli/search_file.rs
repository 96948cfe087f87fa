//! `iocd search --file`, and many values over HTTP to the same binary.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};

use super::Bench;

/// A bench whose store has something to find.
fn stocked() -> Bench {
    let bench = Bench::new();
    let urls = bench.file(
        "urls.txt",
        "http://bad.example.com/a\nhttp://bad.example.com/b\n",
    );
    bench.ok(&[
        "ingest",
        "--feed",
        "openphish",
        "--file",
        urls.to_str().unwrap(),
    ]);
    bench
}

/// Runs a command with this on its standard input.
fn run_with(command: &mut Command, input: &[u8]) -> Output {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = process.wait_with_output().unwrap();
    writing.join().unwrap().ok();
    output
}

const VALUES: &str =
    "hxxp://bad[.]example[.]com/a\r\nnobody.example.com\n\n\u{1b}[31mred\nhttp://bad.example.com/b";

#[test]
fn a_file_is_answered_line_by_line_with_and_without_a_server() {
    let bench = stocked();
    let file = bench.file("values.txt", VALUES);
    let arguments = ["search", "--json", "--file", file.to_str().unwrap()];
    let alone = bench.json(&arguments);
    let states: Vec<&Json> = alone.iter().map(|line| &line["status"]).collect();
    assert_eq!(states, ["known", "unknown", "invalid", "invalid", "known"]);
    assert_eq!(alone[0]["input"], "hxxp://bad[.]example[.]com/a");
    assert_eq!(alone[0]["entries"][0]["sources"], json!(["OpenPhish"]));

    let server = bench.serve();
    assert_eq!(bench.json(&arguments), alone);
    let mut command = bench.command();
    command.args(["search", "--json", "--file", "-"]);
    let piped = run_with(&mut command, VALUES.as_bytes());
    assert_eq!(piped.status.code(), Some(0));
    let lines = String::from_utf8(piped.stdout).unwrap();
    let lines: Vec<Json> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, alone);

    let table = bench.ok(&["search", "--file", file.to_str().unwrap()]);
    assert_eq!(table.lines().count(), 1 + 5);
    assert!(table.contains("OpenPhish") && table.contains("no indicator"));
    assert!(!table.contains('\u{1b}'), "nothing escapes to the terminal");
    let narrowed = bench.json(&[&arguments[..], &["--type", "domain", "--limit", "1"]].concat());
    assert_eq!(narrowed[0]["status"], "unknown");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let bench = stocked();
    let missing = bench.run(&["search", "--file", "nowhere.txt"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("nowhere.txt"));
    let both = bench.run(&["search", "--file", "x", "8.8.8.8"]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(bench.run(&["search"]).status.code(), Some(2));
}

#[test]
fn answers_do_not_wait_for_values_that_are_yet_to_come() {
    let bench = stocked();
    let server = bench.serve();
    let mut process = bench
        .command()
        .args(["search", "--json", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
    for value in ["http://bad.example.com/a", "8.8.8.8"] {
        writeln!(stdin, "{value}").unwrap();
        let line: Json = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["input"], value);
    }
    drop(stdin);
    assert!(answers.next().is_none());
    assert!(process.wait().unwrap().success());
    drop(server);
}

/// Memory that a server may use more for 100,000 values than for 10,000: what
/// is on its way, and what an allocator keeps. The body has 4.6 MB, the answer
/// more than 20 MB.
const GROWTH: u64 = 8 << 20;

#[test]
fn memory_is_flat_at_a_hundred_thousand_values() {
    let bench = stocked();
    let server = bench.serve();
    let key = bench.ok(&["key", "create", "--name", "test"]);
    let ask = |count: usize| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        write!(
            stream,
            "POST /api/v1/iocs/search HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\
             Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            key.trim()
        )
        .unwrap();
        let reader = stream.try_clone().unwrap();
        let writing = std::thread::spawn(move || {
            for first in (0..count).step_by(1_000) {
                let piece: String = (first..first + 1_000)
                    .map(|n| match n % 4 {
                        0 => "hxxp://bad[.]example[.]com/a\n".to_owned(),
                        1 => format!("no value {n} that anyone would take for one at all\n"),
                        _ => format!("hxxps://host-{n}[.]example[.]com/some/longer/path\n"),
                    })
                    .collect();
                write!(stream, "{:x}\r\n{piece}\r\n", piece.len()).unwrap();
            }
            write!(stream, "0\r\n\r\n").unwrap();
        });
        let (mut answers, mut most) = (0, 0);
        for line in BufReader::new(reader).lines() {
            let line = line.unwrap();
            answers += usize::from(line.contains("\"input\":"));
            if answers % 2_000 == 1 {
                most = most.max(server.memory());
            }
        }
        writing.join().unwrap();
        assert_eq!(answers, count);
        most
    };
    let few = ask(10_000);
    let many = ask(100_000);
    assert!(many < few + GROWTH, "{few} bytes, then {many}");
}
