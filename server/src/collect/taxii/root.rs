//! The collections of an API root, of which the feed names one.

use std::io::{BufReader, Read as _};

use reqwest::Url;
use serde::Deserialize;

use super::pager::MEDIA_TYPE;
use crate::collect::{Errand, Wanted};
use crate::fetch::{Answer, FetchError, Spooled, Web};

/// Longest list of collections, in bytes.
const MAX_LIST: u64 = 4 << 20;
/// Collections that a message names.
const MAX_NAMED: usize = 10;

/// Collections (TAXII 2.1, section 5.1).
#[derive(Debug, Deserialize)]
struct Collections {
    #[serde(default)]
    collections: Vec<Collection>,
}

#[derive(Debug, Deserialize)]
struct Collection {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default = "readable")]
    can_read: bool,
}

fn readable() -> bool {
    true
}

/// The id of the collection of an API root that the feed names by its id,
/// alias or title.
pub(super) fn find_collection(
    errand: &Errand<'_>,
    name: &str,
    web: &dyn Web,
) -> Result<String, FetchError> {
    let url = below_root(errand, "")?;
    let wanted = Wanted {
        url: url.as_str(),
        fields: &[("accept", MEDIA_TYPE)],
        ..Wanted::default()
    };
    let Answer::Document(reply) = errand.get(web, &wanted)? else {
        return Err(errand.wrong("it has no list of collections"));
    };
    let known = read(&reply.body).map_err(|problem| errand.wrong(problem))?;
    let found = choose(&known, name).map_err(|problem| errand.wrong(problem))?;
    Ok(found.id.clone())
}

/// The address of a collection of the root that the feed's address is, or with
/// no id that of the list of all. What its query asks for stays.
pub(super) fn below_root(errand: &Errand<'_>, id: &str) -> Result<Url, FetchError> {
    let wrong = |problem: &str| FetchError::Address {
        url: errand.shown(),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(errand.url).map_err(|error| wrong(&error.to_string()))?;
    let root = url.path().trim_end_matches('/').to_owned();
    if root.contains("/collections/") {
        return Err(wrong(
            "it is that of a collection already: leave `collection` out, or give the address of \
             the API root",
        ));
    }
    let root = root.strip_suffix("/collections").unwrap_or(&root);
    url.set_path(&format!("{root}/collections/"));
    if id.is_empty() {
        url.set_query(None);
        return Ok(url);
    }
    let mut path = url.path_segments_mut().expect("it has a host");
    path.pop_if_empty().extend([id, ""]);
    drop(path);
    Ok(url)
}

fn read(body: &Spooled) -> Result<Vec<Collection>, String> {
    let file = body.open().map_err(|error| error.to_string())?;
    let read: Result<Collections, _> = serde_json::from_reader(BufReader::new(file.take(MAX_LIST)));
    let read = read.map_err(|error| {
        format!(
            "what is below collections/ is no list of collections of TAXII 2.1, and the address \
             has to be that of an API root: {error}"
        )
    })?;
    Ok(read.collections)
}

fn choose<'c>(known: &'c [Collection], name: &str) -> Result<&'c Collection, String> {
    let by_name = |one: &&Collection| one.id == name || one.alias.as_deref() == Some(name);
    let mut named: Vec<_> = known.iter().filter(by_name).collect();
    if named.is_empty() {
        named = known.iter().filter(|one| one.title == name).collect();
    }
    match named[..] {
        [one] if one.can_read => Ok(one),
        [_] => Err(format!(
            "the collection {name:?} may not be read with these credentials"
        )),
        [] => {
            let titles = known.iter().take(MAX_NAMED);
            let titles: Vec<_> = titles
                .map(|one| format!("{:?} ({})", one.title, one.id.escape_debug()))
                .collect();
            Err(format!(
                "it has no collection {name:?}; it has {}",
                if titles.is_empty() {
                    "none".to_owned()
                } else {
                    titles.join(", ")
                }
            ))
        }
        _ => Err(format!(
            "several of its collections are called {name:?}: name one by its id"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::tests::{errand, feed};

    fn collection(id: &str, title: &str) -> Collection {
        Collection {
            id: id.to_owned(),
            title: title.to_owned(),
            alias: Some(format!("alias-{id}")),
            can_read: title != "secret",
        }
    }

    #[test]
    fn collections_are_named_by_id_alias_or_title() {
        let known = [
            collection("1", "Indicators"),
            collection("2", "1"),
            collection("3", "twice"),
            collection("4", "twice"),
            collection("5", "secret"),
        ];
        for (name, expected) in [
            ("1", Ok("1")),
            ("alias-2", Ok("2")),
            ("Indicators", Ok("1")),
            ("twice", Err("several")),
            ("secret", Err("may not be read")),
            ("other", Err("\"Indicators\" (1), \"1\" (2)")),
        ] {
            match (choose(&known, name), expected) {
                (Ok(found), Ok(id)) => assert_eq!(found.id, id, "{name}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn addresses_below_a_root() {
        let feed = feed();
        let below = |url: &str, id: &str| {
            below_root(&errand(&feed, url), id)
                .map(String::from)
                .map_err(|error| error.to_string())
        };
        for root in [
            "https://ti.example.com/api",
            "https://ti.example.com/api/",
            "https://ti.example.com/api/collections/",
        ] {
            let list = "https://ti.example.com/api/collections/";
            assert_eq!(below(root, "").as_deref(), Ok(list));
            let one = "https://ti.example.com/api/collections/a%20b%2F..%2F/";
            assert_eq!(below(root, "a b/../").as_deref(), Ok(one));
        }
        let filtered = below("https://ti.example.com/?match[type]=indicator", "7").unwrap();
        assert_eq!(
            filtered,
            "https://ti.example.com/collections/7/?match[type]=indicator"
        );
        let error = below("https://ti.example.com/collections/7/", "8").unwrap_err();
        assert!(error.contains("leave `collection` out"), "{error}");
    }
}
