//! Servers that mirror another one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use super::SETTINGS;
use super::web_server::{WebServer, ok, status};
use crate::cli::{Bench, Server};

const LIST: &str = r#"
    name = "NAME"
    title = "The NAME list"
    publisher = "Example"
    category = "vendor"
    confidence = 60
    extent = "EXTENT"
    expires_after = "EXPIRES"
    list_non_global = true
    [[format]]
    name = "text"
    connector = "lines"
    value = [{ column = "value", type = "domain" }]
"#;

/// A server that others mirror, or that mirrors others.
struct Node {
    bench: Bench,
    data: String,
    server: Option<Server>,
}

impl Node {
    fn new() -> Node {
        let bench = Bench::new();
        let settings = SETTINGS.replace("max_bytes = 1000000", "max_bytes = 100000000");
        bench.file("iocd.toml", settings);
        bench.file("feeds/README", "");
        Node {
            data: bench.data().to_str().unwrap().to_owned(),
            bench,
            server: None,
        }
    }

    /// One that has something of its own.
    fn filled() -> Node {
        let node = Node::new();
        node.describe("alpha", "snapshot", "30d");
        node.describe("beta", "events", "1s");
        node.describe("gamma", "events", "30d");
        node.list(
            "alpha",
            &["a1.example.com", "a2.example.com", "both.example.com"],
        );
        node.list("beta", &["b1.example.com"]);
        node.list("gamma", &["g1.example.com", "both.example.com"]);
        // What beta says is over by then.
        std::thread::sleep(Duration::from_millis(1100));
        node
    }

    fn describe(&self, name: &str, extent: &str, expires: &str) {
        let list = LIST
            .replace("NAME", name)
            .replace("EXTENT", extent)
            .replace("EXPIRES", expires);
        self.bench.file(&format!("feeds/{name}.toml"), list);
    }

    /// Has the node mirror another by a feed of this name.
    fn mirror(&self, name: &str, upstream: &Node) {
        let key = upstream.ok(&["key", "create", "--name", name]);
        let key = self.bench.file(&format!("{name}.key"), key.trim());
        self.point(name, &upstream.url(), &key);
    }

    fn point(&self, name: &str, url: &str, key: &Path) {
        let key = key.to_str().unwrap();
        let feed = format!(
            "name = \"{name}\"\ntitle = \"Mirror\"\npublisher = \"Example\"\ninterval = \"5m\"\n\
             allow_private = true\nauth = {{ kind = \"bearer\", secret_file = \"{key}\" }}\n\
             [[format]]\nname = \"changes\"\nurl = \"{url}\"\ncollector = \"iocd\"\n"
        );
        self.bench.file(&format!("feeds/{name}.toml"), feed);
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let node = ["--feeds", "feeds", "--data", &self.data];
        node.iter().chain(arguments).copied().collect()
    }

    /// A command on this node's data, that must succeed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self
            .bench
            .program()
            .args(self.arguments(arguments))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}{errors}");
        text
    }

    /// What a command that must fail says.
    fn fails(&self, arguments: &[&str]) -> String {
        let mut command = self.bench.program();
        let output = command.args(self.arguments(arguments)).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Reads a whole list of a feed.
    fn list(&self, feed: &str, values: &[&str]) {
        let file = self.bench.file("list.txt", values.join("\n") + "\n");
        let file = file.to_str().unwrap();
        self.ok(&["ingest", "--feed", feed, "--snapshot", "--file", file]);
    }

    fn serve(&mut self) {
        let mut command = self.bench.program();
        command
            .args(self.arguments(&["serve", "--listen", "127.0.0.1:0"]))
            .stderr(Stdio::null());
        self.server = Some(Server::start(&mut command));
    }

    fn stop(&mut self) {
        let server = self.server.take().unwrap();
        assert_eq!(server.terminate(), Some(0));
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.as_ref().unwrap().address)
    }

    /// Runs a feed; gives what the run says.
    fn run(&self, feed: &str) -> Json {
        let mut command = self.bench.program();
        let arguments = self.arguments(&["feeds", "run", feed, "--json"]);
        let output = command.args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Mirrors what is new, and must.
    fn follow(&self, feed: &str) -> Json {
        let run = self.run(feed);
        assert_eq!(run["state"], "ok", "{run}");
        run
    }

    /// All that is retained of the sources but these, apart from when it
    /// changed here and by whom it is mirrored.
    fn retained(&self, but: &[&str]) -> BTreeSet<String> {
        let exported = self.ok(&["store", "export"]);
        let lines = exported.lines().filter_map(|line| {
            let mut line: Json = serde_json::from_str(line).unwrap();
            let source = &line["source"]["name"];
            let source = source.as_str().or(line["entry"]["source"].as_str());
            if but.contains(&source.unwrap()) {
                return None;
            }
            for (kind, member) in [("entry", "updated_at"), ("source", "mirrored_by")] {
                if let Some(members) = line[kind].as_object_mut() {
                    members.remove(member);
                }
            }
            // Members that the line does not have were made by asking for them.
            line.as_object_mut()
                .unwrap()
                .retain(|_, told| !told.is_null());
            Some(line.to_string())
        });
        lines.collect()
    }

    /// What is listed, and how often each value is found.
    fn answers(&self) -> (BTreeSet<String>, Vec<Json>) {
        let listed = self.ok(&["list", "--limit", "10000", "--format", "csv"]);
        let found = ["a1", "a2", "a3", "b1", "g1", "both"].map(|name| {
            let value = format!("{name}.example.com");
            let told = self.ok(&["search", "--json", &value]);
            let mut told: Json = serde_json::from_str(&told).unwrap();
            let entries = told["data"].as_array_mut().unwrap();
            for entry in entries.iter_mut() {
                entry.as_object_mut().unwrap().remove("updated_at");
            }
            // Of equal ones the one that changed last comes first.
            entries.sort_by_key(|entry| entry["id"].as_str().unwrap().to_owned());
            told["data"].clone()
        });
        (listed.lines().map(str::to_owned).collect(), found.to_vec())
    }
}

#[track_caller]
fn assert_same(replica: &Node, upstream: &Node) {
    assert_eq!(replica.retained(&[]), upstream.retained(&["local"]));
    assert_eq!(replica.answers(), upstream.answers());
}

#[test]
fn a_replica_answers_as_its_upstream() {
    let mut upstream = Node::filled();
    upstream.serve();
    let mut replica = Node::new();
    replica.mirror("upstream", &upstream);
    assert_eq!(replica.follow("upstream")["outcome"], "read");
    assert_same(&replica, &upstream);
    assert_eq!(replica.follow("upstream")["outcome"], "unchanged");

    // Changes, removals, what comes back, and the operator's own values.
    upstream.list("alpha", &["a1.example.com", "a3.example.com"]);
    upstream.list("gamma", &["g1.example.com", "a3.example.com"]);
    upstream.ok(&["deny", "add", "mine.example.com", "--reason", "seen"]);
    let run = replica.follow("upstream");
    assert_eq!(run["documents"][0]["warnings"], serde_json::json!([]));
    upstream.ok(&["deny", "remove", "mine.example.com"]);
    assert_same(&replica, &upstream);
    upstream.list("alpha", &["a1.example.com", "a2.example.com"]);
    // Both may be stopped, and what is over is ended by whoever comes first.
    upstream.stop();
    replica.serve();
    replica.stop();
    upstream.serve();
    replica.point("upstream", &upstream.url(), &replica.bench.file("k", ""));
    assert_eq!(replica.run("upstream")["state"], "auth_failed");
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    assert_same(&replica, &upstream);

    // However much of its history the upstream forgets.
    upstream.list("alpha", &["a3.example.com"]);
    upstream.ok(&["store", "compact", "--history", "0"]);
    replica.follow("upstream");
    assert_same(&replica, &upstream);
}

#[test]
fn a_replica_that_is_killed_goes_on() {
    let mut upstream = Node::filled();
    let many: Vec<String> = (0..30_000).map(|n| format!("n{n}.example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    upstream.list("alpha", &many);
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    for pause in [100, 300, 600, 1000, 1500] {
        let mut command = replica.bench.program();
        command
            .args(replica.arguments(&["feeds", "run", "upstream"]))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        process.kill().unwrap();
        process.wait().unwrap();
        upstream.list("gamma", &[&format!("after{pause}.example.com")]);
    }
    replica.follow("upstream");
    assert_same(&replica, &upstream);
    assert!(replica.ok(&["store", "check"]).ends_with("no problems\n"));
}

#[test]
fn a_restored_upstream_is_compared_as_a_whole() {
    let mut upstream = Node::filled();
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    upstream.ok(&["store", "backup", "backup"]);
    upstream.list("gamma", &["lost.example.com"]);
    upstream.list("alpha", &["a1.example.com"]);
    replica.follow("upstream");
    assert_same(&replica, &upstream);

    upstream.stop();
    let restored = upstream.bench.data().with_file_name("restored");
    let restored = restored.to_str().unwrap().to_owned();
    upstream.ok(&["store", "restore", "backup", "--data", &restored]);
    upstream.data = restored;
    upstream.serve();
    upstream.list("gamma", &["again.example.com"]);
    upstream.list("alpha", &["a1.example.com", "a2.example.com"]);
    replica.mirror("upstream", &upstream);
    let run = replica.follow("upstream");
    assert_eq!(run["documents"][0]["removed"], 1, "{run}");
    // What the upstream has lost was seen, so it is found, as removed.
    let is_lost = |line: &String| line.contains("lost.example.com");
    let mut held = replica.retained(&[]);
    let lost: Vec<String> = held.iter().filter(|line| is_lost(line)).cloned().collect();
    assert!(
        lost.len() == 1 && lost[0].contains("\"removed\""),
        "{lost:?}"
    );
    held.retain(|line| !is_lost(line));
    assert_eq!(held, upstream.retained(&[]));
    assert_eq!(replica.answers(), upstream.answers());
}

#[test]
fn an_upstream_that_has_lost_nearly_all_is_not_believed() {
    let mut upstream = Node::filled();
    let many: Vec<String> = (0..200).map(|n| format!("n{n}.example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    upstream.list("alpha", &many);
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    let before = replica.retained(&[]);
    let mut other = Node::new();
    // However much else it has.
    let much: Vec<String> = (0..3000).map(|n| format!("e{n}.example.org")).collect();
    let much: Vec<&str> = much.iter().map(String::as_str).collect();
    other.describe("delta", "snapshot", "30d");
    other.list("delta", &much);
    other.serve();
    replica.mirror("upstream", &other);
    let run = replica.run("upstream");
    assert_eq!(run["state"], "suspicious", "{run}");
    assert!(
        run["message"]
            .as_str()
            .unwrap()
            .contains("new data directory")
    );
    assert_eq!(replica.retained(&["delta"]), before);
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    assert_eq!(replica.retained(&["delta"]), before);
}

#[test]
fn servers_may_stand_in_a_row_and_in_a_circle() {
    let mut first = Node::filled();
    let mut second = Node::new();
    let mut third = Node::new();
    second.describe("delta", "snapshot", "30d");
    second.list("delta", &["d1.example.com"]);
    first.serve();
    second.mirror("up", &first);
    second.follow("up");
    second.serve();
    third.mirror("up", &second);
    third.follow("up");
    third.serve();
    assert_same(&third, &second);
    assert_eq!(second.retained(&["delta"]), first.retained(&[]));

    // The first hears of its own sources, and keeps them.
    first.stop();
    first.mirror("round", &third);
    let before = first.retained(&["delta"]);
    let run = first.follow("round");
    assert_eq!(run["documents"][0]["warnings"].as_array().unwrap().len(), 3);
    assert_eq!(first.retained(&["delta"]), before);
    assert_eq!(first.retained(&[]), second.retained(&[]));
    // And what comes round is no news to anybody.
    third.stop();
    let outcome = |node: &Node, feed| node.run(feed)["outcome"].clone();
    assert_eq!(outcome(&third, "up"), "unchanged");
}

#[test]
fn what_a_server_has_of_its_own_is_not_mixed() {
    let mut upstream = Node::filled();
    upstream.serve();
    let replica = Node::new();
    replica.describe("alpha", "snapshot", "30d");
    replica.list("alpha", &["own.example.com"]);
    replica.mirror("upstream", &upstream);
    let run = replica.follow("upstream");
    let warnings = run["documents"][0]["warnings"].to_string();
    assert!(warnings.contains("alpha is not mirrored"), "{run}");
    assert_eq!(replica.retained(&["beta", "gamma"]).len(), 2);
    assert_eq!(replica.retained(&["alpha"]), upstream.retained(&["alpha"]));

    // And what is mirrored is not read here.
    replica.describe("gamma", "events", "30d");
    let file = replica.bench.file("list.txt", "own.example.com\n");
    let file = file.to_str().unwrap();
    let told = replica.fails(&["ingest", "--feed", "gamma", "--file", file]);
    assert!(
        told.contains("mirrored from another server by the feed upstream"),
        "{told}"
    );
    assert_eq!(replica.retained(&["alpha"]), upstream.retained(&["alpha"]));
    let states = replica.ok(&["feeds", "list"]);
    assert!(
        states.contains("gamma") && states.contains("upstream"),
        "{states}"
    );
    // Unless nobody mirrors it any more.
    std::fs::remove_file(replica.bench.file("feeds/upstream.toml", "")).unwrap();
    replica.ok(&["ingest", "--feed", "gamma", "--file", file]);
}

#[test]
fn what_a_server_fetches_itself_is_not_mirrored() {
    let mut upstream = Node::filled();
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    replica.describe("gamma", "events", "30d");
    let path = replica
        .bench
        .file("feeds/x", "")
        .with_file_name("gamma.toml");
    let fetched = std::fs::read_to_string(&path).unwrap();
    let fetched = fetched
        .replace("title =", "interval = \"1h\"\ntitle =")
        .replace(
            "connector =",
            "url = \"https://list.example.com/\"\nconnector =",
        );
    std::fs::write(&path, fetched).unwrap();
    let mut command = replica.bench.program();
    let arguments = replica.arguments(&["feeds", "run", "upstream", "--json"]);
    // Nothing is fetched on a schedule where no server runs.
    let output = command.args(arguments).env("IOCD_FETCH", "on").output();
    let run: Json = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let warnings = run["documents"][0]["warnings"].to_string();
    assert!(
        warnings.contains("gamma is not mirrored: this server fetches"),
        "{run}"
    );
    assert_eq!(replica.retained(&[]), upstream.retained(&["gamma"]));

    // Once it does not any more, everything comes, not what is new alone.
    upstream.list("gamma", &["g1.example.com", "g2.example.com"]);
    replica.follow("upstream");
    assert_same(&replica, &upstream);
    assert_eq!(replica.follow("upstream")["outcome"], "unchanged");
}

#[test]
fn a_source_whose_feed_is_gone_is_compared_by_the_next() {
    let mut first = Node::filled();
    let mut second = Node::new();
    second.describe("alpha", "snapshot", "30d");
    second.list("alpha", &["a1.example.com", "both.example.com"]);
    second.describe("omega", "snapshot", "30d");
    second.list("omega", &["a3.example.com"]);
    first.serve();
    second.serve();
    let of_second = ["beta", "gamma"];
    let forget = |node: &Node, feed: &str| {
        std::fs::remove_file(node.bench.file(&format!("feeds/{feed}.toml"), "")).unwrap();
    };

    // A feed that has another name, and has lost something.
    let replica = Node::new();
    replica.mirror("upstream", &first);
    replica.follow("upstream");
    forget(&replica, "upstream");
    replica.mirror("renamed", &second);
    let run = replica.follow("renamed");
    assert_eq!(run["documents"][0]["removed"], 1, "{run}");
    let lost = replica.retained(&of_second);
    let lost = lost.iter().find(|line| line.contains("a2.example.com"));
    assert!(lost.unwrap().contains("\"status\":\"removed\""), "{lost:?}");

    // A feed that goes on with its own news.
    let replica = Node::new();
    replica.mirror("first", &first);
    replica.mirror("second", &second);
    replica.follow("first");
    let run = replica.follow("second");
    let warnings = run["documents"][0]["warnings"].to_string();
    assert!(warnings.contains("mirrored by the feed first"), "{run}");
    forget(&replica, "first");
    let run = replica.follow("second");
    assert_eq!(run["documents"][0]["removed"], 1, "{run}");
    let mut held = replica.retained(&of_second);
    held.retain(|line| !line.contains("a2.example.com"));
    assert_eq!(held, second.retained(&[]));
}

#[test]
fn a_source_of_which_nothing_is_told_any_more_is_not_as_its_server_has_it() {
    let mut first = Node::filled();
    let mut second = Node::new();
    second.describe("alpha", "snapshot", "30d");
    second.list("alpha", &["a1.example.com"]);
    first.serve();
    second.serve();
    let replica = Node::new();
    replica.describe("alpha", "snapshot", "30d");
    replica.describe("gamma", "events", "30d");
    let last_good = |feed: &str| {
        let told = replica.ok(&["feeds", "show", feed, "--json"]);
        let told: Json = serde_json::from_str(&told).unwrap();
        told["last_good_at"].as_str().unwrap().to_owned()
    };
    replica.mirror("upstream", &first);
    replica.follow("upstream");
    let before = last_good("gamma");
    std::thread::sleep(Duration::from_millis(1100));
    replica.mirror("upstream", &second);
    replica.follow("upstream");
    assert_eq!(last_good("gamma"), before);
    assert!(last_good("alpha") > before);
}

#[test]
fn a_source_that_is_called_like_the_feed_is_left_alone() {
    let mut upstream = Node::filled();
    upstream.describe("upstream", "snapshot", "30d");
    upstream.list("upstream", &["u1.example.com"]);
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    let run = replica.follow("upstream");
    let warnings = run["documents"][0]["warnings"].to_string();
    assert!(
        warnings.contains("upstream is not mirrored: a feed"),
        "{run}"
    );
    assert_eq!(replica.follow("upstream")["outcome"], "unchanged");
    assert_eq!(replica.retained(&[]), upstream.retained(&["upstream"]));
}

#[test]
fn what_is_over_does_not_hold_again_before_all_news_are_told() {
    let mut upstream = Node::new();
    upstream.describe("alpha", "snapshot", "2s");
    upstream.list("alpha", &["a1.example.com"]);
    upstream.describe("gamma", "snapshot", "30d");
    upstream.list("gamma", &["g1.example.com"]);
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    std::thread::sleep(Duration::from_millis(2100));
    let standing = || {
        let (_, found) = replica.answers();
        found[0][0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(standing(), "expired");

    // The list was seen again there; what of it has ended is told later.
    let held = upstream.ok(&["store", "export"]);
    let line = |text: &str| held.lines().find(|line| line.contains(text)).unwrap();
    let mut source: Json = serde_json::from_str(line("\"name\":\"alpha\"")).unwrap();
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    source["source"]["listed_at"] = now.to_string().into();
    let other = line("\"name\":\"gamma\"");
    let entry = line("g1.example.com");
    let told = format!("{source}\n{other}\n{entry}\n");
    let server = WebServer::start(move |request, stream| {
        if request.path.contains("cursor=next") {
            return status(stream, "404 Not Found", &[]);
        }
        let document = format!("{told}{{\"cursor\":\"next\",\"more\":true}}\n");
        ok(stream, "application/x-ndjson", document.as_bytes())
    });
    let key = replica.bench.file("k", "secret");
    replica.point("upstream", &server.url(""), &key);
    assert_ne!(replica.run("upstream")["state"], "ok");
    assert_eq!(server.asked().len(), 2);
    assert_eq!(standing(), "expired");
    let told = format!("{source}\n{other}\n{{\"cursor\":\"next\",\"more\":false}}\n");
    let server =
        WebServer::start(move |_, stream| ok(stream, "application/x-ndjson", told.as_bytes()));
    replica.point("upstream", &server.url(""), &key);
    replica.follow("upstream");
    assert_eq!(standing(), "active");
}

#[test]
fn a_key_that_may_not_mirror_is_told_what_it_lacks() {
    let mut upstream = Node::filled();
    upstream.serve();
    let replica = Node::new();
    let key = upstream.ok(&["key", "create", "--name", "pro", "--tier", "pro"]);
    let key = replica.bench.file("pro.key", key.trim());
    replica.point("upstream", &upstream.url(), &key);
    let run = replica.run("upstream");
    assert_eq!(run["state"], "auth_failed", "{run}");
    assert!(
        run["message"].as_str().unwrap().contains("tier unlimited"),
        "{run}"
    );
}

#[test]
fn a_hostile_upstream_takes_nothing_away() {
    let mut upstream = Node::filled();
    upstream.serve();
    let replica = Node::new();
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    let before = replica.retained(&[]);
    let held = upstream.ok(&["store", "export"]);
    let line = |text: &str| held.lines().find(|line| line.contains(text)).unwrap();
    let (entry, source) = (line("a1.example"), line("\"name\":\"alpha\""));
    let end = "{\"cursor\":\"x\",\"more\":false}\n";
    let documents = [
        "<html>Sign in</html>\n".to_owned(),
        format!("{source}\n{entry}\n"),
        format!("{source}\n{entry}\n{end}").replace("a1.example", "a9.example"),
        format!("{entry}\n{end}"),
        format!("{source}\n{}\n{end}", "x".repeat((1 << 20) + 1)),
        format!("{source}\n{entry}\n{end}{end}"),
        format!("{source}\n{{\"cursor\":\"x\",\"more\":true}}\n"),
    ];
    let key = replica.bench.file("k", "secret");
    for document in documents {
        let shown: String = document.chars().take(300).collect();
        let server = WebServer::start(move |_, stream| {
            ok(stream, "application/x-ndjson", document.as_bytes())
        });
        replica.point("upstream", &server.url(""), &key);
        let run = replica.run("upstream");
        assert_ne!(run["state"], "ok", "{shown}");
        assert_eq!(replica.retained(&[]), before, "{shown}");
    }
    let server = WebServer::start(|_, stream| status(stream, "410 Gone", &[]));
    replica.point("upstream", &server.url(""), &key);
    assert_eq!(replica.run("upstream")["state"], "suspicious");
    assert_eq!(server.asked().len(), 2, "once more from the beginning");
    replica.mirror("upstream", &upstream);
    replica.follow("upstream");
    assert_same(&replica, &upstream);
}
