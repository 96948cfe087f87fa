//! The known feeds: the shipped ones, which are in the binary, and those of a
//! directory of the operator's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iocd_core::claim::{Extent, Source};
use iocd_core::feed::{Feed, FeedConfigError};
use rust_embed::RustEmbed;

use crate::collect;

#[derive(RustEmbed)]
#[folder = "../feeds"]
#[include = "*.toml"]
struct Shipped;

/// The source of what the operator denies.
pub const LOCAL: &str = "local";

/// A feed description could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedsError {
    /// The file or directory cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not describe a feed.
    #[error("{path}: {source}")]
    Config {
        /// Which.
        path: String,
        /// Why.
        source: FeedConfigError,
    },
    /// Nothing gets documents in the way that the feed names.
    #[error("{path}: collector {name:?}: {known} are allowed")]
    Collector {
        /// Which file.
        path: String,
        /// What it names.
        name: String,
        /// What it could.
        known: String,
    },
    /// What leaves the list could never be told.
    #[error(
        "{path}: extent = \"snapshot\": the collector {name:?} gives parts, and of parts nobody can tell what has left the list; write extent = \"events\""
    )]
    Parts {
        /// Which file.
        path: String,
        /// The collector.
        name: &'static str,
    },
    /// The address is that of one thing.
    #[error(
        "{path}: collection: there is nothing to choose from with the collector {name:?}; the collector \"taxii\" has collections"
    )]
    Collection {
        /// Which file.
        path: String,
        /// The collector.
        name: &'static str,
    },
    /// The feed would speak in the operator's name.
    #[error(
        "{path}: the name {LOCAL:?} is that of the values of `iocd deny`; name the feed otherwise"
    )]
    Reserved {
        /// Which.
        path: String,
    },
}

/// Every known feed by its name.
#[derive(Debug, Default)]
pub struct Feeds {
    feeds: Vec<Feed>,
    /// What [`Feeds::reading`] gives, by name.
    readings: BTreeMap<String, String>,
}

impl Feeds {
    /// The shipped feeds, and those of `directory`, which add to them or
    /// replace those of the same name.
    pub fn load(directory: Option<&Path>) -> Result<Feeds, FeedsError> {
        let mut feeds = BTreeMap::new();
        for name in Shipped::iter() {
            let file = Shipped::get(&name).expect("the name was just listed");
            insert(&mut feeds, &name, &String::from_utf8_lossy(&file.data))?;
        }
        if let Some(directory) = directory {
            for path in toml_files(directory)? {
                let text = std::fs::read_to_string(&path).map_err(|source| FeedsError::Io {
                    path: path.clone(),
                    source,
                })?;
                insert(&mut feeds, &path.to_string_lossy(), &text)?;
            }
        }
        let readings = feeds
            .iter()
            .map(|(name, (_, text))| (name.clone(), reading_of(text)));
        Ok(Feeds {
            readings: readings.collect(),
            feeds: feeds.into_values().map(|(feed, _)| feed).collect(),
        })
    }

    /// Stands for how a feed's documents are read: another program or another
    /// description gives another text.
    pub fn reading(&self, name: &str) -> &str {
        self.readings.get(name).map_or("", String::as_str)
    }

    /// The feed with this name.
    pub fn get(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }

    /// The feed by which the source of this name is mirrored from another
    /// server, as long as there is that feed.
    pub fn mirrors_of<'s>(&self, sources: &'s [Source], name: &str) -> Option<&'s str> {
        let source = sources.iter().find(|source| source.name == name)?;
        let by = source.mirrored_by.as_deref()?;
        self.get(by).filter(|feed| feed.mirrors()).map(|_| by)
    }

    /// All, in the order of their names.
    pub fn all(&self) -> &[Feed] {
        &self.feeds
    }
}

fn reading_of(text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(text.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Feeds with the text that describes them, by name.
type Described = BTreeMap<String, (Feed, String)>;

fn insert(feeds: &mut Described, path: &str, text: &str) -> Result<(), FeedsError> {
    let feed: Feed = text.parse().map_err(|source| FeedsError::Config {
        path: path.to_owned(),
        source,
    })?;
    if feed.name == LOCAL {
        return Err(FeedsError::Reserved {
            path: path.to_owned(),
        });
    }
    for format in &feed.formats {
        let name = format.collector.as_deref();
        let Some(entry) = collect::find(name) else {
            let known: Vec<_> = collect::COLLECTORS.iter().map(|known| known.name).collect();
            return Err(FeedsError::Collector {
                path: path.to_owned(),
                name: name.unwrap_or_default().to_owned(),
                known: known.join(", "),
            });
        };
        if format.collection.is_some() && !entry.chooses {
            return Err(FeedsError::Collection {
                path: path.to_owned(),
                name: entry.name,
            });
        }
        if feed.extent == Extent::Snapshot && !entry.gives_lists {
            return Err(FeedsError::Parts {
                path: path.to_owned(),
                name: entry.name,
            });
        }
    }
    feeds.insert(feed.name.clone(), (feed, text.to_owned()));
    Ok(())
}

fn toml_files(directory: &Path) -> Result<Vec<PathBuf>, FeedsError> {
    let io = |source| FeedsError::Io {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_feeds_are_in_the_binary() {
        let feeds = Feeds::load(None).unwrap();
        assert!(feeds.get("urlhaus").is_some());
        assert!(feeds.all().len() >= 18);
    }

    #[test]
    fn the_feed_of_the_documentation_mirrors_a_server() {
        let text = include_str!("../../docs/replication.md");
        let mut blocks = text.split("```toml\n").skip(1);
        let block = blocks.next().and_then(|rest| rest.split("```").next());
        let feed: Feed = block.unwrap().parse().unwrap();
        assert!(feed.mirrors() && feed.fetching.auth.is_some());
        let mirrored = |by: Option<&str>| Source {
            mirrored_by: by.map(str::to_owned),
            ..Source::new("a", "A", iocd_core::claim::Category::Vendor)
        };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("upstream.toml"), block.unwrap()).unwrap();
        let feeds = Feeds::load(Some(dir.path())).unwrap();
        for (by, expected) in [
            (Some("upstream"), Some("upstream")),
            (Some("urlhaus"), None),
            (Some("gone"), None),
            (None, None),
        ] {
            assert_eq!(feeds.mirrors_of(&[mirrored(by)], "a"), expected);
        }
    }

    #[test]
    fn no_feed_speaks_in_the_operators_name() {
        let dir = tempfile::tempdir().unwrap();
        let shipped = Shipped::get("openphish.toml").unwrap();
        let text = String::from_utf8_lossy(&shipped.data);
        let named = text.replace("name = \"openphish\"", "name = \"local\"");
        std::fs::write(dir.path().join("mine.toml"), named).unwrap();
        let error = Feeds::load(Some(dir.path())).unwrap_err().to_string();
        assert!(
            error.contains("mine.toml") && error.contains("iocd deny"),
            "{error}"
        );
    }

    #[test]
    fn parts_are_no_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        for (extent, holds) in [("snapshot", false), ("events", true)] {
            let text = format!(
                "name = \"a\"\ntitle = \"A\"\npublisher = \"P\"\ncategory = \"vendor\"\n\
                 confidence = 50\nextent = \"{extent}\"\n[[format]]\nname = \"stix\"\n\
                 url = \"https://a.example/collections/1/\"\ncollector = \"taxii\"\n\
                 connector = \"stix\"\n"
            );
            std::fs::write(dir.path().join("a.toml"), text).unwrap();
            let loaded = Feeds::load(Some(dir.path())).map_err(|error| error.to_string());
            match loaded {
                Ok(_) => assert!(holds),
                Err(error) => {
                    assert!(!holds, "{error}");
                    assert!(
                        error.contains("a.toml") && error.contains("\"taxii\""),
                        "{error}"
                    );
                    assert!(error.contains("extent = \"events\""), "{error}");
                }
            }
        }
    }

    #[test]
    fn only_some_collectors_choose() {
        let dir = tempfile::tempdir().unwrap();
        let text = "name = \"a\"\ntitle = \"A\"\npublisher = \"P\"\ncategory = \"vendor\"\n\
                    confidence = 50\nextent = \"events\"\n[[format]]\nname = \"stix\"\n\
                    url = \"https://a.example/\"\ncollection = \"one\"\nconnector = \"stix\"\n";
        std::fs::write(dir.path().join("a.toml"), text).unwrap();
        let error = Feeds::load(Some(dir.path())).unwrap_err().to_string();
        assert!(
            error.contains("a.toml") && error.contains("\"document\""),
            "{error}"
        );
        let taxii = text.replace("connector", "collector = \"taxii\"\nconnector");
        std::fs::write(dir.path().join("a.toml"), taxii).unwrap();
        assert!(Feeds::load(Some(dir.path())).is_ok());
    }

    #[test]
    fn a_directory_adds_and_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let shipped = Shipped::get("openphish.toml").unwrap();
        let text = String::from_utf8_lossy(&shipped.data).into_owned();
        let title = Feeds::load(None)
            .unwrap()
            .get("openphish")
            .unwrap()
            .title
            .clone();
        let mine = text.replace(&format!("title = \"{title}\""), "title = \"Mine\"");
        std::fs::write(dir.path().join("openphish.toml"), &mine).unwrap();
        std::fs::write(
            dir.path().join("other.toml"),
            mine.replace("name = \"openphish\"", "name = \"other\""),
        )
        .unwrap();
        let feeds = Feeds::load(Some(dir.path())).unwrap();
        assert_eq!(feeds.get("openphish").unwrap().title, "Mine");
        assert_eq!(feeds.get("other").unwrap().title, "Mine");
        std::fs::write(dir.path().join("bad.toml"), "name = 3").unwrap();
        let error = Feeds::load(Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("bad.toml"), "{error}");
    }
}
