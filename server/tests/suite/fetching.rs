//! Feeds fetched from servers that are as they should be, and from others.

use std::io;
use std::net::TcpStream;

use serde_json::Value as Json;

use crate::cli::Bench;

mod bombs;
mod contract;
mod mirroring;
mod misbehaving;
mod misp_feed;
mod month;
mod pages;
mod redirecting;
mod running;
mod scheduled;
mod secured;
mod taxii;
mod web_server;

use web_server::{Asked, WebServer};

/// A list of three addresses.
const LIST: &str = "203.0.113.1\n203.0.113.2\n203.0.113.3\n";

/// A data directory with one feed, `test`, and the server that it comes from.
struct Fetched {
    bench: Bench,
    server: WebServer,
}

impl Fetched {
    /// A feed of a server that answers so.
    fn from(
        answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Fetched {
        Fetched::of(WebServer::start(answer), "/list.txt", "")
    }

    /// A feed of a server, with more keys in its description.
    fn of(server: WebServer, path: &str, keys: &str) -> Fetched {
        let fetched = Fetched {
            bench: Bench::new(),
            server,
        };
        fetched.describe(&fetched.server.url(path), keys);
        fetched.bench.file("iocd.toml", SETTINGS);
        fetched
    }

    /// Describes the feed.
    fn describe(&self, url: &str, keys: &str) {
        let feed = FEED.replace("URL", url).replace("KEYS", keys);
        self.bench.file("feeds/test.toml", feed);
    }

    /// Runs the feed.
    fn run(&self) -> Json {
        self.command(&["feeds", "run", "test", "--json"]).1
    }

    /// The exit code and the JSON of a command.
    fn command(&self, arguments: &[&str]) -> (i32, Json) {
        let mut all = vec!["--feeds", "feeds"];
        all.extend(arguments);
        let output = self.bench.run(&all);
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text).unwrap_or_else(|_| {
            panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
        });
        (output.status.code().unwrap(), json)
    }

    /// How the feed is.
    fn state(&self) -> Json {
        self.command(&["feeds", "show", "test", "--json"]).1
    }

    /// Active entries of the feed's addresses.
    fn active(&self) -> Vec<String> {
        let mut all: Vec<_> = self
            .bench
            .ok(&["list", "--limit", "10000", "--format", "txt"])
            .lines()
            .map(str::to_owned)
            .collect();
        all.sort();
        all
    }
}

const SETTINGS: &str = "
    [fetch]
    timeout_seconds = 8
    idle_timeout_seconds = 1
    host_pause_seconds = 0
    max_bytes = 1000000
";

const FEED: &str = r#"
    name = "test"
    title = "Test"
    publisher = "Example"
    category = "vendor"
    confidence = 60
    extent = "snapshot"
    interval = "1h"
    list_non_global = true
    allow_private = true
    KEYS
    [[format]]
    name = "text"
    url = "URL"
    connector = "lines"
    value = [{ column = "value", type = "ip" }]
"#;
