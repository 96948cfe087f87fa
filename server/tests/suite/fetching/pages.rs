//! Articles of which the feed has only a summary, and their pages.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value as Json;

use super::Fetched;
use super::web_server::{Asked, WebServer, ok, status, write};

const TEXT: &str =
    "<p>The loader writes its payload to disk and starts it at once, as it did before.</p>";

/// A page with an article that accuses `value`, and with all that surrounds
/// articles: what stands there is nobody's indicator.
fn page(title: &str, value: &str) -> String {
    let text = TEXT.repeat(6);
    format!(
        "<!DOCTYPE html><html><head><title>{title}</title></head><body>
         <nav><a href=/>Home</a> nav[.]example[.]net</nav>
         <div class='sidebar'><p>Advertisement: ads[.]example[.]net sells 198.51.100[.]66</p></div>
         <main><article class='post'><h1>{title}</h1><div class='entry-content'>{text}
         <p>It talks to {value} every hour.</p></div>
         <div class='related-posts'><p>Read on: related[.]example[.]net was seized</p></div>
         <div id='comments'><p>I saw comment[.]example[.]net as well</p></div></article></main>
         <footer>footer[.]example[.]net</footer></body></html>"
    )
}

/// A document that announces articles, by their paths.
fn feed(server: &str, paths: &[&str]) -> String {
    let item = |path: &&str| {
        format!(
            "<item><title>The loader returns</title><link>{server}{path}</link><guid>{path}</guid>
             <description>It is back, see summary[.]example[.]org</description></item>"
        )
    };
    let items: String = paths.iter().map(item).collect();
    format!("<rss version='2.0'><channel><title>News</title>{items}</channel></rss>")
}

/// A feed of articles, `/rss`, and a server that gives pages so.
fn news(
    paths: &'static [&'static str],
    keys: &str,
    pages: impl Fn(&Asked, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> Fetched {
    let answer = move |asked: &Asked, stream: &mut TcpStream| {
        if asked.path != "/rss" {
            return pages(asked, stream);
        }
        let host = asked.field("host").unwrap_or_default();
        let document = feed(&format!("http://{host}"), paths);
        ok(stream, "application/rss+xml", document.as_bytes())
    };
    let fetched = Fetched::of(WebServer::start(answer), "/rss", "");
    let url = fetched.server.url("/rss");
    let toml = FEED.replace("URL", &url).replace("KEYS", keys);
    fetched.bench.file("feeds/test.toml", toml);
    fetched
}

const FEED: &str = r#"
    name = "test"
    title = "Test"
    publisher = "Example"
    category = "news"
    confidence = 60
    extent = "events"
    interval = "1h"
    origin = "article"
    allow_private = true
    KEYS
    [[format]]
    name = "rss"
    url = "URL"
    connector = "rss"
"#;

/// How often pages were asked for.
fn asked(fetched: &Fetched) -> usize {
    let all = fetched.server.asked();
    all.iter().filter(|asked| asked.path != "/rss").count()
}

fn counts(run: &Json) -> (u64, u64) {
    assert_eq!(run["state"], "ok", "{run}");
    let count = |name: &str| run[name].as_u64().unwrap();
    (count("pages_read"), count("pages_failed"))
}

/// Runs the feed once its pages that failed are due again.
fn run_later(fetched: &Fetched) -> Json {
    let path = fetched.bench.data().join("articles.db");
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "UPDATE pages SET due_at = 0 WHERE due_at IS NOT NULL";
    database.execute(sql, []).unwrap();
    drop(database);
    fetched.run()
}

#[test]
fn a_page_is_read_once_and_its_claims_are_found() {
    let fetched = news(&["/a"], "", |_, stream| {
        ok(
            stream,
            "text/html; charset=utf-8",
            page("The loader returns", "c2[.]example[.]org").as_bytes(),
        )
    });
    assert_eq!(counts(&fetched.run()), (1, 0));
    let entry = &fetched.bench.search("c2.example.org")["data"][0];
    assert_eq!(entry["source"]["origin"], "article", "{entry}");
    assert_eq!(entry["source"]["article_title"], "The loader returns");
    assert_eq!(
        entry["context"],
        "It talks to c2[.]example[.]org every hour."
    );
    for other in ["nav", "ads", "related", "comment", "footer"] {
        let value = format!("{other}.example.net");
        assert_eq!(fetched.bench.total(&value), 0, "{value}");
    }
    assert_eq!(fetched.bench.total("198.51.100.66"), 0);
    // What the feed itself said stays.
    assert_eq!(fetched.bench.total("summary.example.org"), 1);
    let request = &fetched.server.asked()[1];
    assert!(request.field("user-agent").unwrap().starts_with("iocd/"));
    // The same, another description, another document: it is not read again,
    // and the article stays what its page says.
    assert_eq!(counts(&fetched.run()), (0, 0));
    let toml = fetched.bench.data().with_file_name("feeds/test.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, text.replace("confidence = 60", "confidence = 61")).unwrap();
    let run = run_later(&fetched);
    assert_eq!((&run["outcome"], counts(&run)), (&"read".into(), (0, 0)));
    assert_eq!(run["documents"][0]["unchanged"], 1, "{run}");
    assert_eq!(asked(&fetched), 1);
    let database = rusqlite::Connection::open(fetched.bench.data().join("articles.db")).unwrap();
    let body: String = database
        .query_row("SELECT body FROM articles", [], |row| row.get(0))
        .unwrap();
    assert!(body.contains("c2.example.org"), "{body}");
}

#[test]
fn a_run_reads_so_many_and_the_next_one_goes_on() {
    let paths = &["/a", "/b", "/c"];
    let good = |_: &Asked, stream: &mut TcpStream| {
        let page = page("The loader returns", "c2[.]example[.]org");
        ok(stream, "text/html", page.as_bytes())
    };
    let fetched = news(paths, "pages = 2", good);
    assert_eq!(counts(&fetched.run()), (2, 0));
    // The document has not changed: pages that are missing are read all the same.
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], counts(&run)),
        (&"unchanged".into(), (1, 0))
    );
    assert_eq!(asked(&fetched), 3);
    let none = news(paths, "pages = 0", good);
    assert_eq!((counts(&none.run()), asked(&none)), ((0, 0), 0));
}

#[test]
fn a_page_that_fails_is_tried_again_and_given_up() {
    let fetched = news(&["/a"], "", |_, stream| {
        status(stream, "403 Forbidden", &[])
    });
    assert_eq!(counts(&fetched.run()), (0, 1));
    assert_eq!(counts(&fetched.run()), (0, 0), "too early");
    for _ in 0..3 {
        assert_eq!(counts(&run_later(&fetched)), (0, 1));
    }
    assert_eq!(counts(&run_later(&fetched)), (0, 0), "given up");
    assert_eq!(asked(&fetched), 4);
    assert_eq!(fetched.bench.total("summary.example.org"), 1);
}

#[test]
fn servers_that_do_not_want_to_be_asked_are_left_alone() {
    let paths = &["/a", "/b", "/c", "/d", "/e"];
    let fetched = news(paths, "", |_, stream| {
        status(stream, "503 Busy", &[("Retry-After", "600")])
    });
    assert_eq!(counts(&fetched.run()), (0, 1));
    assert_eq!(counts(&fetched.run()), (0, 0));
    let broken = news(paths, "", |_, stream| status(stream, "500 Oops", &[]));
    assert_eq!(counts(&broken.run()), (0, 3));
    assert_eq!(counts(&broken.run()), (0, 2), "the others");
}

#[test]
fn pages_elsewhere_are_not_asked_for() {
    let other = WebServer::giving("x");
    let fetched = news(&["/a"], "", |_, stream| {
        status(stream, "404 Not Found", &[])
    });
    let elsewhere = [
        "https://news.example.com/a".to_owned(),
        // What is on the same host by another door is not what the operator allowed.
        other.url("/a"),
    ];
    let document = elsewhere.map(|link| {
        format!(
            "<item><title>Elsewhere</title><link>{link}</link><description>x</description></item>"
        )
    });
    let document = format!(
        "<rss version='2.0'><channel>{}</channel></rss>",
        document.concat()
    );
    fetched
        .server
        .now(move |_, stream| ok(stream, "application/rss+xml", document.as_bytes()));
    assert_eq!(counts(&fetched.run()), (0, 1));
    assert!(other.asked().is_empty());
}

#[test]
fn hostile_pages_cost_the_page_and_nothing_else() {
    type Answer = fn(&Asked, &mut TcpStream) -> std::io::Result<()>;
    let answers: [(&str, Answer); 10] = [
        ("a bomb", |_, stream| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            for _ in 0..16 {
                packed.write_all(&vec![b' '; 1 << 20])?;
            }
            let gzip = [("Content-Encoding", "gzip"), ("Content-Type", "text/html")];
            write(stream, "200 OK", &gzip, &packed.finish()?)
        }),
        ("this machine", |_, stream| {
            status(stream, "302 Found", &[("Location", "http://127.0.0.1:1/")])
        }),
        ("the metadata of a cloud", |_, stream| {
            let place = "http://169.254.169.254/latest/meta-data/";
            status(stream, "302 Found", &[("Location", place)])
        }),
        ("a circle", |asked, stream| {
            status(stream, "302 Found", &[("Location", &asked.path)])
        }),
        ("nested without end", |_, stream| {
            ok(stream, "text/html", "<div>".repeat(400_000).as_bytes())
        }),
        ("a form to sign in", |_, stream| {
            let form = "<html><body><main><h1>Welcome</h1><p>Members have access to everything that \
                        has ever been written here, and to evil[.]example[.]net.</p><form><input type=password>\
                        </form></main></body></html>";
            ok(stream, "text/html", form.as_bytes())
        }),
        ("no page", |_, stream| {
            ok(stream, "application/pdf", b"%PDF-1.7")
        }),
        ("an image that says to be a page", |_, stream| {
            ok(stream, "text/html", &[0xff, 0xd8, 0xff, 0xe0, 0, 0x10])
        }),
        ("nothing", |_, stream| ok(stream, "text/html", b"")),
        ("broken off", |_, stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<p>The loader returns")
        }),
    ];
    for (what, answer) in answers {
        let fetched = news(&["/a"], "max_size = \"8m\"", answer);
        assert_eq!(counts(&fetched.run()), (0, 1), "{what}");
        assert_eq!(fetched.bench.total("summary.example.org"), 1, "{what}");
        assert_eq!(fetched.bench.total("evil.example.net"), 0, "{what}");
        let spool = fetched.bench.data().join("spool");
        assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0, "{what}");
    }
}

#[test]
fn pages_are_read_whatever_encoding_they_are_in() {
    let fetched = news(&["/a"], "", |_, stream| {
        let page = page("The loader returns", "c2[.]example[.]org, caf\u{e9}");
        let latin: Vec<u8> = page
            .chars()
            .map(|char| u8::try_from(char).unwrap())
            .collect();
        ok(stream, "text/html; charset=utf-8", &latin)
    });
    assert_eq!(counts(&fetched.run()), (1, 0));
    let entry = &fetched.bench.search("c2.example.org")["data"][0];
    let context = entry["context"].as_str().unwrap();
    assert!(context.contains("café"), "{context}");
}

#[test]
fn a_crash_costs_no_page() {
    let (told, asked_for) = std::sync::mpsc::channel();
    let hangs = std::sync::atomic::AtomicBool::new(true);
    let fetched = news(&["/a"], "", move |_, stream| {
        if hangs.swap(false, std::sync::atomic::Ordering::SeqCst) {
            let _ = told.send(());
            // Longer than the other end lives.
            return std::io::Read::read(stream, &mut [0; 1]).map(drop);
        }
        let page = page("The loader returns", "c2[.]example[.]org");
        ok(stream, "text/html", page.as_bytes())
    });
    let mut command = fetched.bench.command();
    command.args(["--feeds", "feeds", "feeds", "run", "test"]);
    command.stdout(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    asked_for.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fetched.bench.total("c2.example.org"), 0);
    let run = fetched.run();
    assert_eq!(
        (&run["outcome"], counts(&run)),
        (&"unchanged".into(), (1, 0))
    );
    assert_eq!(fetched.bench.total("c2.example.org"), 1);
}

#[test]
fn pages_are_counted() {
    let fetched = news(&["/a", "/b"], "", |asked, stream| {
        if asked.path == "/a" {
            return status(stream, "404 Not Found", &[]);
        }
        let page = page("The loader returns", "c2[.]example[.]org");
        ok(stream, "text/html", page.as_bytes())
    });
    let mut serve = fetched.bench.command();
    serve.args(["--feeds", "feeds", "serve", "--listen", "127.0.0.1:0"]);
    let server = crate::cli::Server::start(serve.stderr(std::process::Stdio::null()));
    assert_eq!(counts(&fetched.run()), (1, 1));
    let key = ["key", "create", "--name", "a", "--scope", "read:metrics"];
    let key = fetched.bench.ok(&key);
    let (_, metrics) = server.ask("/metrics", key.trim());
    for outcome in ["read", "failed"] {
        let sample = format!("iocd_feed_pages_total{{feed=\"test\",outcome=\"{outcome}\"}} 1");
        assert!(metrics.lines().any(|line| line == sample), "{metrics}");
    }
}
