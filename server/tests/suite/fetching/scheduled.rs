//! A server that fetches by itself.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value as Json;

use super::web_server::{WebServer, ok, status};
use super::{Fetched, LIST};
use crate::cli::Server;

/// Serves with fetching on, of the feed `test` alone.
fn serve(fetched: &Fetched) -> Server {
    let mut command = fetched.bench.command();
    command
        .args(["--feeds", "feeds", "serve", "--listen", "127.0.0.1:0"])
        .env("IOCD_FETCH", "on")
        .env("IOCD_FETCH_FEEDS", "test")
        .stderr(std::process::Stdio::null());
    Server::start(&mut command)
}

/// Waits until the feed is so. A test that waits for ever has failed.
fn wait_until(fetched: &Fetched, is_so: impl Fn(&Json) -> bool) -> Json {
    loop {
        let state = fetched.state();
        if is_so(&state) {
            return state;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn feeds_run_by_themselves_and_a_restart_goes_on() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let server = serve(&fetched);
    let state = wait_until(&fetched, |state| state["state"] == "ok");
    assert_eq!(state["scheduled"], true);
    assert_eq!(fetched.active().len(), 3);
    let next: jiff::Timestamp = state["next_run_at"].as_str().unwrap().parse().unwrap();
    let wait = next.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((58..=64).contains(&wait), "{wait}");
    assert_eq!(server.terminate(), Some(0));
    // What is not due is not fetched, whoever starts.
    let server = serve(&fetched);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(fetched.state()["next_run_at"], state["next_run_at"]);
    assert_eq!(fetched.server.asked().len(), 1);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn fetching_is_off_where_it_says_so() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let server = fetched.bench.serve();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(fetched.server.asked().is_empty());
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_stop_does_not_wait_for_other_machines() {
    let fetched = Fetched::from(|_, stream| {
        std::thread::sleep(Duration::from_secs(3600));
        status(stream, "200 OK", &[])
    });
    fetched
        .bench
        .file("iocd.toml", "[fetch]\nidle_timeout_seconds = 3000");
    let server = serve(&fetched);
    wait_until(&fetched, |state| state["running"] == true);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_server_that_is_killed_at_any_moment_goes_on() {
    let round = AtomicU32::new(0);
    let fetched = Fetched::from(move |_, stream| {
        // Another list each time: two addresses stay, two come and go.
        let first = round.fetch_add(2, Ordering::SeqCst) % 200;
        let rows = (first..first + 4).map(|n| format!("203.0.113.{n}"));
        let list = rows.collect::<Vec<_>>().join("\n");
        ok(stream, "text/plain", list.as_bytes())
    });
    let feed = fetched.bench.data().with_file_name("feeds/test.toml");
    let text = std::fs::read_to_string(&feed).unwrap();
    std::fs::write(&feed, text.replace("\"1h\"", "\"1s\"")).unwrap();
    for pause in [1100, 1300, 700, 1900, 2300] {
        let server = serve(&fetched);
        std::thread::sleep(Duration::from_millis(pause));
        assert!(server.signal("KILL"));
    }
    fetched
        .server
        .now(|_, stream| ok(stream, "text/plain", LIST.as_bytes()));
    let server = serve(&fetched);
    let lists = || fetched.active();
    while lists().len() != 3 {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(lists(), LIST.lines().collect::<Vec<_>>());
    assert_eq!(fetched.state()["state"], "ok");
    assert_eq!(server.terminate(), Some(0));
    let check = fetched.bench.run(&["store", "check"]);
    assert!(check.status.success(), "{check:?}");
}

#[test]
fn a_run_can_be_asked_for_over_http() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    let mut command = fetched.bench.command();
    command.args(["--feeds", "feeds", "serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(command.stderr(std::process::Stdio::null()));
    let key = |scope| {
        fetched
            .bench
            .ok(&["key", "create", "--name", "a", "--scope", scope])
    };
    let (manager, reader) = (key("manage:feeds"), key("read:iocs"));
    let watcher = key("read:metrics");
    let post = |name: &str, key: &str| {
        let answer = server.send(&format!(
            "POST /api/v1/feeds/{name}/run HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n",
            key.trim()
        ));
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    };
    assert_eq!(post("test", &reader).0, 403);
    assert_eq!(post("nonsense", &manager).0, 404);
    assert_eq!(post("zeek-intel", &manager).0, 404, "it has no address");
    // While it is at it, nobody else runs it.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    fetched.server.now(move |_, stream| {
        let _ = wait.lock().unwrap().recv();
        ok(stream, "text/plain", LIST.as_bytes())
    });
    let (status, answer) = post("test", &manager);
    assert_eq!(status, 202, "{answer}");
    let (status, answer) = post("test", &manager);
    assert_eq!(
        (status, answer.contains("feed_busy")),
        (409, true),
        "{answer}"
    );
    drop(go);
    wait_until(&fetched, |state| state["running"] == false);
    assert_eq!(fetched.active().len(), 3);
    let (_, told) = server.ask("/api/v1/feeds/test", reader.trim());
    let told: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(told["data"]["state"], "ok", "{told}");
    assert_eq!(told["data"]["running"], false);
    let (_, metrics) = server.ask("/metrics", watcher.trim());
    for sample in [
        "iocd_feed_runs_total{feed=\"test\",outcome=\"read\"} 1",
        "iocd_feed_runs_total{feed=\"test\",outcome=\"failed\"} 0",
        "iocd_feed_received_bytes_total{feed=\"test\"} 36",
        "iocd_feed_state{feed=\"test\",state=\"ok\"} 1",
    ] {
        assert!(
            metrics.lines().any(|line| line == sample),
            "{sample}: {metrics}"
        );
    }
}

#[test]
fn what_comes_can_be_recorded() {
    let fetched = Fetched::from(|_, stream| {
        let fields = [("ETag", "\"one\""), ("Set-Cookie", "session=s3cret")];
        super::web_server::write(stream, "200 OK", &fields, LIST.as_bytes())
    });
    let record = ["feeds", "run", "test", "--json", "--record", "fixtures"];
    assert_eq!(fetched.command(&record).1["outcome"], "read");
    let path = fetched.bench.data().with_file_name("fixtures/test.http");
    let text = std::fs::read_to_string(path).unwrap();
    let head = "HTTP/1.1 200\r\netag: \"one\"\r\ncontent-length: 36\r\n\r\n";
    assert_eq!(text, format!("{head}{LIST}"));
}
