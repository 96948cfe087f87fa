//! Where a walk through a collection stands.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::collect::Errand;

/// What was added so shortly before a walk began is asked for again by the
/// next: a server may date an object before it shows it, and add another at
/// the same time.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// What is taken from a time so that what was added at it comes too, on a
/// server that counts in milliseconds or finer.
const INSTANT: SignedDuration = SignedDuration::from_millis(1);

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bookmark {
    /// How objects are read.
    reading: String,
    /// The id of the collection, where the feed's address has several.
    #[serde(default)]
    collection: Option<String>,
    /// What was added after this is asked for; `None`: everything.
    pub(super) since: Option<Timestamp>,
    /// When the walk began, by the server's clock; `None`: it has not.
    pub(super) began: Option<Timestamp>,
    /// When the last object so far was added.
    pub(super) last: Option<Timestamp>,
}

impl Bookmark {
    /// That of the errand, if there is one and it still holds; else the
    /// beginning.
    pub(super) fn of(errand: &Errand<'_>) -> Bookmark {
        let known = errand
            .bookmark
            .and_then(|text| serde_json::from_str(text).ok());
        let known = known.filter(|known: &Bookmark| known.reading == errand.reading);
        known.unwrap_or_else(|| Bookmark::beginning(errand))
    }

    fn beginning(errand: &Errand<'_>) -> Bookmark {
        Bookmark {
            reading: errand.reading.to_owned(),
            collection: None,
            since: None,
            began: None,
            last: None,
        }
    }

    /// It is about this collection: at its beginning, if it was about another.
    pub(super) fn go_to(&mut self, collection: &str, errand: &Errand<'_>) {
        if self.collection.as_deref() != Some(collection) {
            *self = Bookmark::beginning(errand);
            self.collection = Some(collection.to_owned());
        }
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("a bookmark is plain data")
    }

    /// Goes on by time: from the last object on, what was added with it
    /// included. Says whether that is further on than it was.
    pub(super) fn go_by_time(&mut self) -> bool {
        let since = self.last.and_then(|last| last.checked_sub(INSTANT).ok());
        let is_further = since > self.since;
        self.since = since.max(self.since);
        is_further
    }

    /// Goes on after the last object, and whatever was added with it.
    pub(super) fn go_over_last(&mut self) -> bool {
        let is_further = self.last > self.since;
        self.since = self.last.max(self.since);
        is_further
    }

    /// There is no more: the next walk begins where nothing can be missed.
    /// `is_empty`: this one found nothing.
    pub(super) fn settle(&mut self, is_empty: bool) {
        let began = self.began.take();
        if is_empty && self.last.is_none() {
            return;
        }
        let safe = began.and_then(|began| began.checked_sub(OVERLAP).ok());
        let reached = match (self.last, safe) {
            (Some(last), Some(safe)) => Some(last.min(safe)),
            (_, safe) => safe,
        };
        self.since = reached.max(self.since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    fn walk(since: Option<Timestamp>, last: Option<Timestamp>) -> Bookmark {
        Bookmark {
            collection: None,
            reading: "r".to_owned(),
            since,
            began: at(10_000),
            last,
        }
    }

    #[test]
    fn what_may_still_come_with_an_early_time_is_asked_for_again() {
        let settled = |since, last, is_empty| {
            let mut bookmark = walk(since, last);
            bookmark.settle(is_empty);
            assert_eq!(bookmark.began, None);
            bookmark.since
        };
        assert_eq!(settled(at(1), at(50), false), at(50));
        assert_eq!(settled(at(1), at(9_999), false), at(9_400));
        assert_eq!(
            settled(at(1), at(99_999), false),
            at(9_400),
            "a wrong clock"
        );
        assert_eq!(settled(at(1), None, false), at(9_400), "no header");
        assert_eq!(settled(at(1), None, true), at(1));
        assert_eq!(
            settled(at(9_500), at(9_600), false),
            at(9_500),
            "never back"
        );
    }

    #[test]
    fn by_time_the_last_one_comes_again() {
        let mut bookmark = walk(at(1), at(50));
        assert!(bookmark.go_by_time());
        assert!(bookmark.since < at(50) && bookmark.since > at(49));
        assert!(!bookmark.go_by_time());
        assert!(bookmark.go_over_last());
        assert_eq!(bookmark.since, at(50));
        assert!(!bookmark.go_over_last());
    }
}
