//! `iocd serve` with commands beside it.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value as Json;

use super::{Bench, Server};

fn body((status, body): (u16, String)) -> Json {
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn commands_reach_the_server_that_owns_the_data() {
    let bench = Bench::new();
    let server = bench.serve();
    let socket = bench.data().join("control.sock");
    assert_eq!(
        std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::metadata(bench.data())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );

    // A key made beside the server works in it at once, and so does its end.
    let key = bench
        .ok(&["key", "create", "--name", "test"])
        .trim()
        .to_owned();
    let search = "/api/v1/iocs/search?q=bad%5B.%5Dexample.com";
    assert_eq!(body(server.ask(search, &key))["meta"]["total"], 0);
    let file = bench.file(
        "urls.txt",
        "http://bad.example.com/a\nhttp://bad.example.com/b\n",
    );
    let report = &bench.json(&[
        "ingest",
        "--json",
        "--feed",
        "openphish",
        "--file",
        file.to_str().unwrap(),
    ])[0];
    assert_eq!(report["accepted"], 2, "{report}");
    let found = body(server.ask("/api/v1/iocs/search?q=hxxp://bad%5B.%5Dexample.com/a", &key));
    assert_eq!(found["meta"]["total"], 1);
    assert_eq!(bench.total("http://bad.example.com/b"), 1);
    assert!(
        bench
            .ok(&["list", "--format", "txt"])
            .contains("http://bad.example.com/a")
    );
    let listed = body(server.ask("/api/v1/iocs?type=url", &key));
    assert_eq!(listed["meta"]["total"], 2);

    let id = bench.json(&["key", "list", "--json"])[0][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    bench.ok(&["key", "revoke", &id]);
    let (status, refused) = server.ask(search, &key);
    assert_eq!(
        (status, refused.contains("invalid_api_key")),
        (401, true),
        "{refused}"
    );

    // Errors come back as they are.
    let unknown = bench.run(&[
        "ingest",
        "--feed",
        "nonsense",
        "--file",
        file.to_str().unwrap(),
    ]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nonsense"));

    assert_eq!(server.terminate(), Some(0));
    assert!(!socket.exists());
    assert_eq!(
        bench.total("http://bad.example.com/a"),
        1,
        "the store is free and whole"
    );
}

#[test]
fn a_hangup_ends_nothing() {
    let bench = Bench::new();
    let server = bench.serve();
    assert!(server.signal("HUP"));
    for _ in 0..20 {
        assert_eq!(server.ask("/healthz", "").0, 200);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_directory_that_is_open_to_others_is_told_of_and_the_socket_is_not() {
    let bench = Bench::new();
    let log = bench.file("server.log", "");
    let data = bench.data();
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let mut serve = bench.command();
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::from(File::create(&log).unwrap()));
    let server = Server::start(&mut serve);
    let mode = std::fs::metadata(data.join("control.sock")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    assert!(!data.join(".made").exists());
    bench.ok(&["key", "create", "--name", "a"]);
    assert_eq!(server.terminate(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("other users") && log.contains("chmod 700"),
        "{log}"
    );
}

#[test]
fn refused_requests_are_logged_with_the_key_that_they_present() {
    let bench = Bench::new();
    let log = bench.file("server.log", "");
    let mut serve = bench.command();
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::from(File::create(&log).unwrap()));
    let server = Server::start(&mut serve);
    let create = ["key", "create", "--name"];
    let key = bench.ok(&[&create[..], &["a"]].concat());
    let far = bench.ok(&[&create[..], &["b", "--network", "203.0.113.0/24"]].concat());
    assert_eq!(server.ask("/nowhere", key.trim()).0, 404);
    assert_eq!(server.ask("/api/v1/iocs", far.trim()).0, 401);
    let keys = &bench.json(&["key", "list", "--json"])[0];
    assert_eq!(server.terminate(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    for (status, id) in [("404", &keys[0]["id"]), ("401", &keys[1]["id"])] {
        let mut lines = log.lines();
        let line = lines.find(|line| line.contains(&format!("status={status}")));
        assert!(line.unwrap().contains(id.as_str().unwrap()), "{log}");
    }
}

#[test]
fn usage_and_rate_windows_outlive_a_stop_and_a_crash_loses_seconds() {
    let bench = Bench::new();
    let config = "[tiers.free]\nrequests_per_minute = 0\nrequests_per_day = 6";
    bench.file("iocd.toml", config);
    let secret = bench.ok(&["key", "create", "--name", "a", "--tier", "free"]);
    let key = secret.trim();
    let search = "/api/v1/iocs/search?q=bad.example.com";
    let server = bench.serve();
    for _ in 0..4 {
        assert_eq!(server.ask(search, key).0, 200);
    }
    assert_eq!(server.terminate(), Some(0));
    let usage = |days: &str| {
        let id = &bench.json(&["key", "list", "--json"])[0][0]["id"];
        let id = id.as_str().unwrap().to_owned();
        bench
            .json(&["key", "usage", &id, "--days", days, "--json"])
            .remove(0)
    };
    assert_eq!(usage("2")["total_requests"], 4);
    let server = bench.serve();
    let statuses: Vec<_> = (0..4).map(|_| server.ask(search, key).0).collect();
    assert_eq!(statuses, [200, 200, 429, 429]);
    assert_eq!(server.terminate(), Some(0));
    let server = bench.serve();
    assert_eq!(server.ask(search, key).0, 429);
    drop(server); // kill -9

    // What the crash kept from being written down is not counted; all else is.
    let server = bench.serve();
    assert_eq!(server.ask(search, key).0, 429);
    assert_eq!(server.terminate(), Some(0));
    let told = usage("2");
    let limited = told["by_status"]["429"].as_u64().unwrap();
    assert!((3..=4).contains(&limited), "{told}");
    assert_eq!(told["by_status"]["200"], 6);
    assert_eq!(told["rate_limit_peak_per_day"], 6);
    let table = bench.ok(&["key", "usage", &key[..16]]);
    for figure in ["latency_p99_ms", "/api/v1/iocs/search", "429"] {
        assert!(table.contains(figure), "{table}");
    }
    let shown = bench.ok(&["key", "show", &key[..16]]);
    assert!(
        shown.contains("total_requests") && !shown.contains(&key[16..]),
        "{shown}"
    );
    let refused = bench.run(&["key", "usage", &key[..16], "--days", "91"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_key_revoked_by_a_command_is_refused_on_connections_that_are_open() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let bench = Bench::new();
    let server = bench.serve();
    let secret = bench.ok(&["key", "create", "--name", "a"]);
    let key = secret.trim();
    let stream = std::net::TcpStream::connect(&server.address).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut ask = || -> (String, String) {
        write!(
            &stream,
            "GET /api/v1/iocs/search?q=x HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n"
        )
        .unwrap();
        let (mut status, mut length) = (String::new(), 0);
        reader.read_line(&mut status).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(stated) = line.strip_prefix("content-length: ") {
                length = stated.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    };
    assert!(ask().0.contains(" 200 "));
    bench.ok(&["key", "revoke", &key[..16], "--reason", "lost"]);
    // At once: the command has come back.
    let (status, body) = ask();
    assert!(
        status.contains(" 401 ") && body.contains("invalid_api_key"),
        "{status}{body}"
    );
    let shown = bench.json(&["key", "show", &key[..16], "--json"]).remove(0);
    assert_eq!(shown["revoked_reason"], "lost");
}

#[test]
fn a_second_server_gets_a_clear_error() {
    let bench = Bench::new();
    let server = bench.serve();
    let second = bench.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    let error = String::from_utf8_lossy(&second.stderr);
    assert!(
        error.contains("in use") && error.contains(bench.data().to_str().unwrap()),
        "{error}"
    );
    drop(server);
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way() {
    let bench = Bench::new();
    let server = bench.serve();
    let file = bench.file("urls.txt", "http://bad.example.com/a\n");
    bench.ok(&[
        "ingest",
        "--feed",
        "openphish",
        "--file",
        file.to_str().unwrap(),
    ]);
    drop(server); // kill -9
    assert!(bench.data().join("control.sock").exists());
    assert_eq!(
        bench.total("http://bad.example.com/a"),
        1,
        "commands open the store themselves"
    );
    let server = bench.serve();
    assert_eq!(bench.total("http://bad.example.com/a"), 1);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn requests_that_run_are_finished_at_a_stop() {
    use std::io::{Read as _, Write as _};
    let bench = Bench::new();
    let server = bench.serve();
    let key = bench
        .ok(&["key", "create", "--name", "test"])
        .trim()
        .to_owned();
    // A request whose last line has yet to come is running.
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "GET /api/v1/iocs/search?q=example.com HTTP/1.1\r\nHost: x\r\n"
    )
    .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let stopping = std::thread::spawn(move || server.terminate());
    std::thread::sleep(std::time::Duration::from_millis(300));
    let finished = write!(stream, "X-API-Key: {key}\r\nConnection: close\r\n\r\n").is_ok();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert_eq!(stopping.join().unwrap(), Some(0));
    assert!(
        !finished || answer.is_empty() || answer.starts_with("HTTP/1.1 200"),
        "{answer}"
    );
}

#[test]
fn an_ingest_that_runs_is_finished_at_a_stop() {
    use std::fmt::Write as _;
    let bench = Bench::new();
    let server = bench.serve();
    let mut rows = String::new();
    for n in 0..40_000 {
        writeln!(rows, "http://h{n}.example.com/").unwrap();
    }
    let file = bench.file("feed.txt", rows);
    let mut ingest = bench.command();
    ingest
        .args(["ingest", "--json", "--feed", "openphish", "--file"])
        .arg(&file);
    let ingest = ingest.stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(server.terminate(), Some(0));
    let output = ingest.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rows"], 40_000);
    let list: Json = serde_json::from_str(&bench.ok(&["list", "--limit", "1"])).unwrap();
    assert_eq!(list["meta"]["total"], 40_000);
}
