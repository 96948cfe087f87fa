//! Redirects, and what goes along with them.

use std::sync::{Arc, Mutex};

use super::misbehaving::{ends_in, meets, says};
use super::web_server::{WebServer, ok, status};
use super::{Fetched, LIST};

#[test]
fn places_that_are_not_gone_to() {
    for (place, part) in [
        ("/list.txt", "circle"),
        ("http://127.0.0.1:1/list.txt", "loopback"),
        ("http://0x7f.1/list.txt", "loopback"),
        ("http://2130706433/", "loopback"),
        ("http://localhost/", "loopback"),
        ("http://[::1]/", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://10.0.0.1/", "private"),
        ("http://[fd00::1]/", "private"),
        ("http://100.64.0.1/", "shared"),
        ("http://0.0.0.0/", "this network"),
        ("http://[64:ff9b::7f00:1]/", "loopback"),
        ("http://[2002:7f00:1::]/", "loopback"),
        ("file:///etc/passwd", "http and https"),
        ("ftp://203.0.113.1/", "http and https"),
        ("gopher://x/", "http and https"),
    ] {
        let state = if part.contains("http") || part == "circle" {
            "suspicious"
        } else {
            "unreachable"
        };
        let message = meets(state, move |_, stream| {
            status(stream, "302 Found", &[("Location", place)])
        });
        says(&message, &[part]);
    }
    let message = meets("suspicious", |_, stream| status(stream, "301 Moved", &[]));
    says(&message, &["does not say where"]);
}

#[test]
fn circles_and_endless_ways() {
    let message = meets("suspicious", |asked, stream| {
        let next = if asked.path == "/a" { "/b" } else { "/a" };
        status(stream, "307 Temporary Redirect", &[("Location", next)])
    });
    says(&message, &["circle"]);
    let message = meets("suspicious", |asked, stream| {
        let next = format!("{}x", asked.path);
        status(stream, "308 Permanent Redirect", &[("Location", &next)])
    });
    says(&message, &["too many"]);
}

#[test]
fn a_redirect_on_the_same_server_is_followed_with_the_secret() {
    let keys = "auth = { kind = \"header\", name = \"Auth-Key\", secret_file = \"secret\" }";
    let server = WebServer::start(|asked, stream| match &*asked.path {
        "/list.txt" => status(stream, "302 Found", &[("Location", "/there?sig=abc")]),
        _ => ok(stream, "text/plain", LIST.as_bytes()),
    });
    let fetched = Fetched::of(server, "/list.txt", keys);
    fetched.bench.file("secret", "s3cret");
    assert_eq!(fetched.run()["outcome"], "read");
    let asked = fetched.server.asked();
    assert_eq!(asked[1].path, "/there?sig=abc");
    for asked in asked {
        assert_eq!(asked.field("auth-key"), Some("s3cret"));
    }
}

/// A feed behind a proxy, which sees all requests whole.
fn behind_proxy(keys: &str, place: &'static str) -> (Fetched, Vec<super::Asked>, String) {
    let proxy = WebServer::start(move |asked, stream| {
        if asked.path.starts_with("http://feed.example/list.txt") {
            return status(stream, "302 Found", &[("Location", place)]);
        }
        ok(stream, "text/plain", LIST.as_bytes())
    });
    let fetched = Fetched::of(proxy, "/", keys);
    fetched.describe("http://feed.example/list.txt", keys);
    fetched.bench.file("secret", "s3cret");
    let mut command = fetched.bench.command();
    command
        .args(["--feeds", "feeds", "feeds", "run", "test", "--json"])
        .env("HTTP_PROXY", fetched.server.url(""))
        .env("http_proxy", fetched.server.url(""))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let asked = fetched.server.asked();
    (fetched, asked, told.concat())
}

#[test]
fn secrets_do_not_go_to_another_host() {
    for keys in [
        "auth = { kind = \"bearer\", secret_file = \"secret\" }",
        "auth = { kind = \"basic\", user = \"me\", secret_file = \"secret\" }",
        "auth = { kind = \"header\", name = \"X-Key\", secret_file = \"secret\" }",
        "auth = { kind = \"query\", name = \"key\", secret_file = \"secret\" }",
    ] {
        for place in ["http://other.example/l", "http://feed.example:8080/l"] {
            let (fetched, asked, told) = behind_proxy(keys, place);
            assert_eq!(fetched.active().len(), 3, "{told}");
            let sent = |asked: &super::Asked| {
                let values = asked.fields.iter().map(|(_, value)| value.as_str());
                let all: Vec<&str> = values.chain([asked.path.as_str()]).collect();
                let all = all.join(" ");
                all.contains("s3cret") || all.contains("bWU6czNjcmV0")
            };
            assert!(sent(&asked[0]), "{keys}: {asked:?}");
            assert!(!sent(&asked[1]), "{keys}: {asked:?}");
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}

#[test]
fn what_goes_wrong_tells_no_secret() {
    let keys = "auth = { kind = \"query\", name = \"key\", secret_file = \"secret\" }";
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt?user=me", keys);
    fetched.bench.file("secret", "s3cret");
    fetched.run();
    let log = Arc::new(Mutex::new(Vec::new()));
    for answer in ["500 Internal Server Error", "302 Found", "403 Forbidden"] {
        fetched.server.now(move |asked, stream| {
            // A server may give back what it was sent.
            status(
                stream,
                answer,
                &[("Location", &format!("ftp://x{}", asked.path))],
            )
        });
        let output = fetched
            .bench
            .run(&["--feeds", "feeds", "feeds", "run", "test"]);
        log.lock().unwrap().extend(output.stdout);
        log.lock().unwrap().extend(output.stderr);
    }
    let asked = fetched.server.asked();
    assert_eq!(asked[0].path, "/list.txt?user=me&key=s3cret");
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("403") && !log.contains("s3cret") && !log.contains("user=me"),
        "{log}"
    );
}

#[test]
fn a_private_address_needs_the_operators_word() {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    fetched.run();
    let feed = std::fs::read_to_string(
        fetched
            .bench
            .file("x", "")
            .with_file_name("feeds/test.toml"),
    );
    let guarded = feed.unwrap().replace("allow_private = true", "");
    fetched.bench.file("feeds/test.toml", guarded.clone());
    let message = ends_in(&fetched, "unreachable");
    says(&message, &["loopback", "allow_private"]);
    // Nor by a name.
    let by_name = guarded.replace("http://127.0.0.1", "http://localhost");
    fetched.bench.file("feeds/test.toml", by_name);
    says(
        &ends_in(&fetched, "unreachable"),
        &["loopback", "allow_private"],
    );
    assert_eq!(fetched.server.asked().len(), 1);
}
