//! The shipped feeds, their fixture files, and rows as lines of a golden file.

use std::fs;
use std::path::{Path, PathBuf};

use iocd_core::claim::{Claim, Scope};
use iocd_core::feed::{Feed, FeedError, Row, Summary, read_feed};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A fixed time, so that goldens stay.
pub(crate) fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

/// Every feed of `feeds/`, by name.
pub(crate) fn shipped() -> Vec<Feed> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root().join("feeds"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let feed: Feed = text
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(path.file_stem().unwrap().to_str(), Some(&*feed.name));
            feed
        })
        .collect()
}

/// One input file.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Where a feed's fixtures are.
pub(crate) fn folder(feed: &Feed) -> PathBuf {
    root().join("core/tests/feeds").join(&feed.name)
}

/// Whether a feed announces articles. All of them are read alike, so one of them
/// has files of its own, which the demo shows.
pub(crate) fn is_of_articles(feed: &Feed) -> bool {
    feed.formats[0].connector_name == "rss"
}

/// A document that the publisher of articles may serve.
fn announcement(feed: &Feed) -> Fixture {
    let home = feed.homepage.as_deref().unwrap();
    let title = &feed.title;
    let items = "<item><title>Example gateway under attack</title>
<link>HOMEgateway?utm_source=rss</link>
<pubDate>Mon, 23 Nov 2026 08:00:00 +0000</pubDate>
<description><![CDATA[<p>CVE-2026-0001 is exploited by the Emotet botnet, see <a href=\"HOMEold\">our
report</a>.</p><h3>IOCs</h3><ul><li>bad[.]example[.]com</li><li>203.0.113[.]7:443</li></ul>]]></description></item>
<item><title>Podcast</title><link>HOMEpodcast</link><description>We talk.</description></item>";
    let items = items.replace("HOME", home);
    let text = if feed.formats[0].name == "atom" {
        let entries = items
            .replace("item>", "entry>")
            .replace("pubDate>", "published>")
            .replace("Mon, 23 Nov 2026 08:00:00 +0000", "2026-11-23T08:00:00Z")
            .replace("<description>", "<content type=\"html\">")
            .replace("</description>", "</content>")
            .replace("<link>", "<link href=\"")
            .replace("</link>", "\"/>");
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{title}</title>\n<link href=\"{home}\"/>\n{entries}</feed>\n"
        )
    } else {
        format!(
            "<rss version=\"2.0\"><channel><title>{title}</title>\n<link>{home}</link>\n{items}</channel></rss>\n"
        )
    };
    Fixture {
        name: "articles.xml".to_owned(),
        bytes: text.into_bytes(),
    }
}

/// A feed's input files, by name.
pub(crate) fn fixtures(feed: &Feed) -> Vec<Fixture> {
    let announced = is_of_articles(feed).then(|| announcement(feed));
    let mut fixtures: Vec<Fixture> = fs::read_dir(folder(feed))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name != "expected.jsonl")
        })
        .map(|path| Fixture {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(&path).unwrap(),
        })
        .collect();
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    announced.into_iter().chain(fixtures).collect()
}

/// What reading gave.
pub(crate) struct Reading {
    pub(crate) rows: Vec<Row>,
    pub(crate) result: Result<Summary, FeedError>,
}

/// Reads bytes as a feed.
pub(crate) fn read(feed: &Feed, format: Option<usize>, bytes: &[u8]) -> Reading {
    let mut rows = Vec::new();
    let result = read_feed(feed, format, &mut &*bytes, now(), &mut |row| rows.push(row));
    Reading { rows, result }
}

impl Reading {
    pub(crate) fn format(&self) -> Option<usize> {
        self.result.as_ref().ok().map(|summary| summary.format)
    }

    pub(crate) fn claims(&self) -> Vec<&Claim> {
        let mut all = Vec::new();
        for row in &self.rows {
            if let Row::Claims { claims, .. } | Row::Article { claims, .. } = row {
                all.extend(claims);
            }
        }
        all
    }

    /// The first line of a file's part of the golden.
    pub(crate) fn heading(&self, feed: &Feed, file: &str) -> String {
        match &self.result {
            Ok(summary) => json!({
                "file": file,
                "format": feed.formats[summary.format].name,
                "rows": summary.rows,
                "claims": summary.claims,
                "refused": summary.refused,
                "skipped": summary.skipped,
                "warnings": summary.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
            .to_string(),
            Err(error) => json!({ "file": file, "error": error.to_string() }).to_string(),
        }
    }
}

/// A row as lines of a golden file.
pub(crate) fn lines(row: &Row) -> Vec<String> {
    match row {
        Row::Refused { line, text, reason } => {
            vec![json!({ "line": line, "refused": text, "reason": reason }).to_string()]
        }
        Row::Article {
            line,
            article,
            claims,
            ..
        } => claims
            .iter()
            .map(|claim| {
                let mut object = fields(claim);
                object.insert("line".to_owned(), json!(line));
                object.insert("article".to_owned(), json!(article.title));
                Value::Object(object).to_string()
            })
            .collect(),
        Row::Withdrawn { line, values } => values
            .iter()
            .map(|value| json!({ "line": line, "withdrawn": value.as_str() }).to_string())
            .collect(),
        Row::Claims {
            line,
            claims,
            partly,
        } => claims
            .iter()
            .map(|claim| {
                let mut object = fields(claim);
                object.insert("line".to_owned(), json!(line));
                if let Some(reason) = partly {
                    object.insert("partly".to_owned(), json!(reason));
                }
                Value::Object(object).to_string()
            })
            .collect(),
    }
}

/// The fields of a claim that say something.
fn fields(claim: &Claim) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            object.insert(key.to_owned(), value);
        }
    };
    put("type", json!(claim.value.kind().as_str()));
    put("value", json!(claim.value.as_str()));
    put("confidence", json!(claim.confidence));
    put(
        "subtree",
        if claim.scope == Scope::Subtree {
            json!(true)
        } else {
            Value::Null
        },
    );
    put(
        "first_seen",
        json!(claim.first_seen.map(|time| time.to_string())),
    );
    put(
        "last_seen",
        json!(claim.last_seen.map(|time| time.to_string())),
    );
    put(
        "expires_at",
        json!(claim.expires_at.map(|time| time.to_string())),
    );
    put("context", json!(claim.context));
    put("malware", json!(claim.malware));
    put("tags", json!(claim.tags));
    put("techniques", json!(claim.techniques));
    put("ports", json!(claim.ports));
    put("references", json!(claim.references));
    put("tlp", json!(claim.tlp.map(iocd_core::claim::Tlp::as_str)));
    put("raw", json!(claim.raw));
    object
}
