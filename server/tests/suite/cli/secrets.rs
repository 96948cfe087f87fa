//! What the log of a server never says.

use std::fs::File;
use std::process::{Command, Stdio};

use super::{Bench, Server};

/// Sends requests in every way that a key can be presented in, right and wrong.
fn use_keys(bench: &Bench, server: &Server, keys: &[&str]) {
    for key in keys {
        for target in [
            "/api/v1/iocs/search?q=a.example.com",
            "/api/v1/iocs?limt=1",
            "/metrics",
            "/nothing",
            &format!("/api/v1/iocs/search?q=a.example.com&api_key={key}"),
            &format!("/api/v1/iocs/search?q={key}"),
            &format!("/api/v1/keys/{key}"),
            &format!("/{key}?x"),
            &format!("/api/v1/iocs/search?api_key={key}&api_key=x"),
        ] {
            server.ask(target, key);
        }
        let head = |field: &str| {
            format!("GET /api/v1/iocs HTTP/1.1\r\nhost: x\r\n{field}\r\nconnection: close\r\n\r\n")
        };
        for text in [
            head(&format!("x-api-key: {key}")),
            head(&format!("x-api-key: {key}\r\nx-api-key: other")),
            head(&format!("authorization: Basic {key}")),
            head(&format!("authorization: {key}\u{0}")),
            head(&format!("x-api-key: {key}\r\nhost: {key}")),
            format!("{key}\r\n\r\n"),
            format!("{key} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        ] {
            server.send(&text);
        }
        let mut remote = bench.program();
        remote
            .env("IOCD_URL", format!("http://{}", server.address))
            .env("IOCD_KEY", key);
        remote.args(["search", "a.example.com"]).output().unwrap();
    }
}

#[test]
fn keys_are_never_logged() {
    for (format, in_query) in [("text", "true"), ("json", "false")] {
        let bench = Bench::new();
        let log = bench.file("server.log", "");
        let mut serve: Command = bench.command();
        serve
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("IOCD_LOG_LEVEL", "trace")
            .env("IOCD_LOG_FORMAT", format)
            .env("IOCD_API_KEY_IN_QUERY", in_query)
            .stderr(Stdio::from(File::create(&log).unwrap()));
        let server = Server::start(&mut serve);
        let made = bench.ok(&["key", "create", "--name", "a"]);
        let revoked = bench.ok(&["key", "create", "--name", "b"]);
        let id = bench.json(&["key", "list", "--json"])[0][1]["id"].to_string();
        bench.ok(&["key", "revoke", id.trim_matches('"')]);
        let unknown = format!("sk_live_{}", "u".repeat(43));
        let keys = [made.trim(), revoked.trim(), unknown.as_str()];
        use_keys(&bench, &server, &keys);
        assert_eq!(server.terminate(), Some(0));

        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.lines().count() > 50, "it logs: {log}");
        assert_eq!(log.starts_with('{'), format == "json", "{log}");
        for key in keys {
            // The prefix is what an operator knows a key by; a piece of the
            // rest is a piece of the secret.
            let secret = &key[key.len() - 20..];
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{key}");
        }
    }
}
