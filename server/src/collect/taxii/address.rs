//! The address of a collection's objects.

use jiff::Timestamp;
use reqwest::Url;

use crate::collect::Errand;
use crate::fetch::FetchError;

/// Of which object was added when: a server that knows it counts by this.
const OWN: [&str; 2] = ["next", "added_after"];

/// The objects of a collection (its address) that are asked for: those after a time,
/// or where the server said that they go on. What the feed's address asks for
/// besides (`match[type]`, a `limit`) is asked for always.
pub(super) fn objects(
    errand: &Errand<'_>,
    collection: &str,
    since: Option<Timestamp>,
    next: Option<&str>,
    limit: u32,
) -> Result<Url, FetchError> {
    let wrong = |problem: &str| FetchError::Address {
        url: errand.shown(),
        problem: problem.to_owned(),
    };
    let mut url =
        Url::parse(collection).map_err(|error| wrong(&format!("it is no address: {error}")))?;
    let path = url.path().trim_end_matches('/').to_owned();
    let (before, last) = path.rsplit_once('/').unwrap_or_default();
    let path = match before.rsplit('/').next() {
        Some("collections") => format!("{path}/objects/"),
        _ if last == "objects" && before.contains("/collections/") => format!("{path}/"),
        _ => {
            return Err(wrong(
                "it is not that of a collection: the address ends in /collections/ and the id of \
                 one; or it is that of an API root, and `collection` names one of those below it",
            ));
        }
    };
    url.set_path(&path);
    let given: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let has_limit = given.iter().any(|(name, _)| name == "limit");
    let is_first = since.is_none() && next.is_none();
    let mut query = url.query_pairs_mut();
    query.clear();
    for (name, value) in &given {
        // Where to begin, the address may say.
        if !OWN.contains(&name.as_str()) || (is_first && name == "added_after") {
            query.append_pair(name, value);
        }
    }
    if let Some(since) = since {
        query.append_pair("added_after", &format!("{since:.6}"));
    }
    if let Some(next) = next {
        query.append_pair("next", next);
    }
    if !has_limit {
        query.append_pair("limit", &limit.to_string());
    }
    drop(query);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::tests::errand;

    fn asked(url: &str, since: Option<i64>, next: Option<&str>) -> Result<String, String> {
        let since = since.map(|second| Timestamp::from_second(second).unwrap());
        let feed = crate::collect::tests::feed();
        objects(&errand(&feed, url), url, since, next, 100)
            .map(String::from)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_collection_however_it_is_written() {
        let plain = "https://ti.example.com/api/collections/91a7/objects/?limit=100";
        for url in [
            "https://ti.example.com/api/collections/91a7",
            "https://ti.example.com/api/collections/91a7/",
            "https://ti.example.com/api/collections/91a7/objects",
            "https://ti.example.com/api/collections/91a7/objects/",
        ] {
            assert_eq!(asked(url, None, None).as_deref(), Ok(plain), "{url}");
        }
        let other = asked("https://ti.example.com/api/?key=secret", None, None).unwrap_err();
        assert!(
            other.contains("/collections/") && !other.contains("secret"),
            "{other}"
        );
    }

    #[test]
    fn what_the_address_asks_for_is_asked_for_always() {
        let url = "https://ti.example.com/collections/a?match[type]=indicator&limit=5&added_after=2020-01-01T00:00:00Z&next=x";
        let start =
            "https://ti.example.com/collections/a/objects/?match%5Btype%5D=indicator&limit=5";
        assert_eq!(
            asked(url, None, None).unwrap(),
            format!("{start}&added_after=2020-01-01T00%3A00%3A00Z")
        );
        assert_eq!(
            asked(url, Some(0), Some("a b")).unwrap(),
            format!("{start}&added_after=1970-01-01T00%3A00%3A00.000000Z&next=a+b")
        );
    }
}
