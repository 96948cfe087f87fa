//! Servers that misbehave. Whatever they do, the feed says how it is, the last
//! good list still answers, and nothing is left lying around.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::web_server::{Asked, WebServer, ok, status};
use super::{Fetched, LIST};

/// Reads a good list first, then runs the feed against a server that does so,
/// and looks at what holds whatever that is. Gives the message.
pub(super) fn meets(
    state: &str,
    answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> String {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    fetched.run();
    fetched.server.now(answer);
    ends_in(&fetched, state)
}

/// Runs the feed and looks at what holds after any failure.
pub(super) fn ends_in(fetched: &Fetched, state: &str) -> String {
    let before = fetched.state();
    let (code, run) = fetched.command(&["feeds", "run", "test", "--json"]);
    assert_eq!((code, &run["state"]), (1, &state.into()), "{run}");
    let after = fetched.state();
    assert_eq!(after["state"], state, "{after}");
    assert_eq!(after["message"], run["message"]);
    assert_eq!(after["last_good_at"], before["last_good_at"]);
    assert_eq!(after["rows_accepted"], before["rows_accepted"]);
    assert_ne!(after["last_attempt_at"], before["last_attempt_at"]);
    assert_eq!(fetched.active().len(), 3, "the last good list answers");
    assert_eq!(fetched.bench.total("203.0.113.2"), 1);
    let spool = fetched.bench.data().join("spool");
    assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0);
    run["message"].as_str().unwrap().to_owned()
}

pub(super) fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[test]
fn statuses_that_are_no_document() {
    for (line, state, part) in [
        ("401 Unauthorized", "auth_failed", "401"),
        ("403 Forbidden", "auth_failed", "credentials"),
        ("404 Not Found", "unreachable", "address may have changed"),
        ("410 Gone", "unreachable", "410"),
        ("418 I'm a teapot", "unreachable", "418"),
        ("429 Too Many Requests", "rate_limited", "too often"),
        ("500 Internal Server Error", "unreachable", "500"),
        ("502 Bad Gateway", "unreachable", "502"),
        ("503 Service Unavailable", "unreachable", "503"),
        ("204 No Content", "suspicious", "without a document"),
        (
            "206 Partial Content",
            "suspicious",
            "a part of the document",
        ),
        ("299 Whatever", "suspicious", "no document"),
    ] {
        let message = meets(state, move |_, stream| status(stream, line, &[]));
        says(&message, &[part]);
    }
}

#[test]
fn not_modified_where_nobody_asked() {
    let fetched = Fetched::from(|_, stream| status(stream, "304 Not Modified", &[]));
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], &run["state"]),
        (&"failed".into(), &"suspicious".into())
    );
}

/// Minutes from now to the feed's next run.
fn wait_of(fetched: &Fetched) -> i64 {
    let next = fetched.command(&["feeds", "run", "test", "--json"]).1;
    let next: jiff::Timestamp = next["next_run_at"].as_str().unwrap().parse().unwrap();
    next.duration_since(jiff::Timestamp::now()).as_mins()
}

#[test]
fn who_says_when_to_come_again_is_heard() {
    let with = |value: String| {
        Fetched::from(move |_, stream| {
            status(stream, "429 Too Many Requests", &[("Retry-After", &value)])
        })
    };
    assert!((88..=92).contains(&wait_of(&with("5400".into()))));
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(90);
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    assert!((88..=92).contains(&wait_of(&with(date))));
    let day = wait_of(&with("99999999999".into()));
    assert!((24 * 60 - 2..=24 * 60 + 2).contains(&day), "{day}");
    assert!(wait_of(&with("when I like".into())) <= 1);
    let refused = Fetched::from(|_, stream| status(stream, "503 Busy", &[("Retry-After", "7200")]));
    assert!(wait_of(&refused) >= 118);
}

#[test]
fn documents_that_break_off() {
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n203.0.113.9\n")
    });
    says(&message, &["broke off"]);
    let message = meets("unreachable", |_, stream| {
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n203.0.113.9\n\r\n",
        )
    });
    says(&message, &["broke off"]);
    let message = meets("unreachable", |_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n203.0.113.9\n")
    });
    says(&message, &["broke off"]);
}

#[test]
fn a_connection_that_is_reset() {
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n203.0.113.9\n")?;
        stream.flush()?;
        reset_at_close(stream)
    });
    says(&message, &["broke off"]);
}

/// Has the connection reset when it is closed.
fn reset_at_close(stream: &TcpStream) -> io::Result<()> {
    let reset = Some(Duration::ZERO);
    rustix::net::sockopt::set_socket_linger(stream, reset).map_err(io::Error::from)
}

#[test]
fn less_is_declared_than_sent() {
    // HTTP has no way to tell: the list ends where it is said to end, in a row
    // that can still be read or cannot.
    let fetched = Fetched::from(|_, stream| {
        let body = LIST.as_bytes();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n")?;
        stream.write_all(body)
    });
    assert_eq!(fetched.run()["outcome"], "read");
    assert_eq!(fetched.active(), ["203.0.113.1", "203.0.113.2"]);
}

#[test]
fn what_is_no_http() {
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")
    });
    says(&message, &["127.0.0.1"]);
    meets("unreachable", |_, stream| stream.write_all(&[0; 4096]));
    meets("unreachable", |_, _| Ok(()));
}

#[test]
fn headers_without_measure() {
    meets("unreachable", |_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n",
            "x".repeat(2 << 20)
        )
    });
    meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        for number in 0.. {
            write!(stream, "X-{number}: x\r\n")?;
        }
        Ok(())
    });
}

#[test]
fn silence_and_drips() {
    let message = meets("unreachable", |_, _| {
        std::thread::sleep(Duration::from_secs(4));
        Ok(())
    });
    says(&message, &["no answer came in time"]);
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n203.0.113.9\n")?;
        stream.flush()?;
        std::thread::sleep(Duration::from_secs(4));
        Ok(())
    });
    says(&message, &["nothing more of the document came"]);
    // Never silent, and never done.
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
        loop {
            stream.write_all(b"\n")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    says(&message, &["bytes came in", "are waited for"]);
    let message = meets("unreachable", |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X: y\r\n")?;
            std::thread::sleep(Duration::from_millis(400));
        }
    });
    says(&message, &["in time"]);
}

#[test]
fn nobody_is_there() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    fetched.run();
    // Taken and given back: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    fetched.describe(&format!("http://{address}/list.txt"), "");
    says(&ends_in(&fetched, "unreachable"), &["refused"]);
    fetched.describe("http://no-such-host.invalid/list.txt", "");
    says(
        &ends_in(&fetched, "unreachable"),
        &["no-such-host.invalid", "resolved"],
    );
}

#[test]
fn documents_that_are_something_else() {
    let page = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>";
    let message = meets("suspicious", move |_, stream| {
        ok(stream, "text/html", page.as_bytes())
    });
    says(&message, &["HTML"]);
    meets("suspicious", |_, stream| ok(stream, "text/plain", b""));
    meets("suspicious", |_, stream| ok(stream, "text/plain", b"\n\n"));
    meets("suspicious", |_, stream| {
        ok(
            stream,
            "application/json",
            br#"{"error": "come back with a key"}"#,
        )
    });
    // Changed columns: what was an address is a name now.
    let names = "alpha\nbeta\ngamma\ndelta\nepsilon\nzeta\neta\ntheta\niota\n";
    let message = meets("suspicious", move |_, stream| {
        ok(stream, "text/plain", names.as_bytes())
    });
    says(&message, &["rows were refused"]);
    meets("suspicious", |_, stream| {
        ok(stream, "text/plain", &[0, 159, 146, 150, 0, 1, 2, 3])
    });
}

#[test]
fn a_login_page_where_a_secret_was_sent_is_about_the_secret() {
    let page = b"<html><title>Log in</title></html>";
    let keys = "auth = { kind = \"bearer\", secret_file = \"secret\" }";
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", keys);
    fetched.bench.file("secret", "s3cret\n");
    fetched.run();
    fetched
        .server
        .now(move |_, stream| ok(stream, "text/html", page));
    says(&ends_in(&fetched, "auth_failed"), &["secret"]);
    std::fs::remove_file(fetched.bench.file("secret", "")).unwrap();
    says(&ends_in(&fetched, "auth_failed"), &["secret"]);
}

#[test]
fn lists_in_other_clothes_are_read_all_the_same() {
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(LIST.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xef\xbb\xbf", LIST.replace('\n', "\r\n").as_bytes()].concat();
    for body in [utf16, marked] {
        let fetched = Fetched::from(move |_, stream| ok(stream, "application/pdf", &body));
        let run = fetched.run();
        assert_eq!(run["outcome"], "read", "{run}");
        assert_eq!(fetched.active().len(), 3);
    }
}
