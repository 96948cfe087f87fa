//! Collectors: how the documents of a feed are got, one after another.
//!
//! Most feeds are one document at one address ([`document`]); others are many:
//! pages, a manifest with what it names, changes since a position. A collector
//! knows which to ask for next and where it stands; it does not know what is
//! in them, nor what becomes of them.
//!
//! Where it stands is a *bookmark*, a text in its own words. Each document
//! comes with the bookmark to go on from once it has been read; that is noted
//! after the document's claims are durable, so a crash at any point reads
//! something again (which is harmless) and never misses anything.
//!
//! A collector is one file in `collect/` and one line in [`COLLECTORS`]; the
//! `collector` of a feed's `[[format]]` names it.

use iocd_core::feed::Feed;
use jiff::Timestamp;

use crate::fetch::{Answer, FetchError, Request, Spooled, Web, shown, shown_host};

pub mod document;
pub mod iocd;
pub mod misp_feed;
pub mod taxii;

/// What a collector is sent for.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// Whose documents.
    pub feed: &'a Feed,
    /// The feed's address.
    pub url: &'a str,
    /// Which of what is there, for collectors that choose.
    pub collection: Option<&'a str>,
    /// Where it stood after the last document that was read; `None`: at the
    /// beginning.
    pub bookmark: Option<&'a str>,
    /// Stands for how documents are read: another one, and what was read
    /// before would be read otherwise today.
    pub reading: &'a str,
    /// Bytes of a document at most.
    pub max_size: u64,
    /// The time.
    pub now: Timestamp,
}

impl Errand<'_> {
    /// Asks for something in the feed's name: with its secret, and bounded as
    /// it says.
    pub fn get(&self, web: &dyn Web, wanted: &Wanted<'_>) -> Result<Answer, FetchError> {
        let fetching = &self.feed.fetching;
        web.get(&Request {
            url: wanted.url,
            home: self.url,
            auth: fetching.auth.as_ref(),
            allow_private: fetching.allow_private,
            max_size: self.max_size,
            etag: wanted.etag,
            last_modified: wanted.last_modified,
            fields: wanted.fields,
        })
    }

    /// What came from the feed's server is not what it should be.
    fn wrong(&self, problem: impl Into<String>) -> FetchError {
        FetchError::Body {
            host: shown_host(self.url),
            problem: problem.into(),
        }
    }

    /// The feed's address without what may be secret.
    fn shown(&self) -> String {
        shown(self.url)
    }
}

/// What a collector asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The address.
    pub url: &'a str,
    /// As in [`Request`].
    pub etag: Option<&'a str>,
    /// As in [`Request`].
    pub last_modified: Option<&'a str>,
    /// As in [`Request`].
    pub fields: &'a [(&'a str, &'a str)],
}

/// What a collector found.
#[derive(Debug)]
pub enum Found {
    /// The feed is as it was when it was last read.
    Unchanged {
        /// Where it stands now.
        bookmark: String,
    },
    /// A document to be read.
    Document(Document),
    /// What another server tells of its changes, to be mirrored.
    Changes(Changes),
}

/// A document to be read.
#[derive(Debug)]
pub struct Document {
    /// What to call it in reports.
    pub name: String,
    /// The document, perhaps still packed as a file (gzip, zip).
    pub body: Spooled,
    /// It is the feed's list as it is now: the feed's contract is about it, and
    /// what a snapshot no longer has, has left. Else it is a part, or news.
    pub is_list: bool,
    /// When it was last changed, as its server says.
    pub changed_at: Option<Timestamp>,
    /// Where to go on once it has been read.
    pub bookmark: String,
}

/// What another server tells of its changes.
#[derive(Debug)]
pub struct Changes {
    /// As [`crate::exchange::changes`] has it.
    pub body: Spooled,
    /// What it is a part of.
    pub stage: Stage,
    /// Where to go on once it has been mirrored.
    pub bookmark: iocd::Bookmark,
}

/// What a part of another server's changes is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What is new since everything was mirrored.
    News,
    /// A walk through everything. One that was begun in an earlier run has no
    /// first part in this one.
    Walk {
        /// With this part it begins.
        is_first: bool,
        /// With this part it has everything.
        is_last: bool,
    },
}

/// Gets the documents of a feed.
pub trait Collector {
    /// The next document; `None` once there are no more for now. After an
    /// error it is not asked again.
    fn next(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Found>, FetchError>;
}

/// A collector's name and how to send one.
pub struct CollectorEntry {
    /// What `collector = "…"` says.
    pub name: &'static str,
    /// Its documents are whole lists ([`Document::is_list`]). Of a feed whose
    /// documents are parts, nobody knows what it no longer has.
    pub gives_lists: bool,
    /// At its address there may be several, of which `collection = "…"` names one.
    pub chooses: bool,
    /// Makes one that goes on from the errand's bookmark. A bookmark that it
    /// cannot read counts as none.
    pub send: fn(&Errand<'_>) -> Box<dyn Collector>,
}

/// Every collector; the first one is that of formats that name none.
pub static COLLECTORS: &[CollectorEntry] = &[
    CollectorEntry {
        name: "document",
        gives_lists: true,
        chooses: false,
        send: document::send,
    },
    CollectorEntry {
        name: "misp-feed",
        gives_lists: false,
        chooses: false,
        send: misp_feed::send,
    },
    CollectorEntry {
        name: "taxii",
        gives_lists: false,
        chooses: true,
        send: taxii::send,
    },
    CollectorEntry {
        name: "iocd",
        gives_lists: false,
        chooses: false,
        send: iocd::send,
    },
];

/// The collector of this name.
pub fn find(name: Option<&str>) -> Option<&'static CollectorEntry> {
    match name {
        None => COLLECTORS.first(),
        Some(name) => COLLECTORS.iter().find(|entry| entry.name == name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A feed for errands.
    pub(super) fn feed() -> Feed {
        let text = "name = \"test\"\ntitle = \"Test\"\npublisher = \"Example\"\n\
                    category = \"vendor\"\nconfidence = 50\nextent = \"events\"\n\
                    [[format]]\nname = \"text\"\nconnector = \"lines\"\n\
                    value = [{ column = \"value\" }]";
        text.parse().unwrap()
    }

    /// An errand from the beginning.
    pub(super) fn errand<'a>(feed: &'a Feed, url: &'a str) -> Errand<'a> {
        Errand {
            feed,
            url,
            collection: None,
            bookmark: None,
            reading: "now",
            max_size: 1 << 20,
            now: Timestamp::UNIX_EPOCH,
        }
    }
}
