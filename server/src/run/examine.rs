//! Looking a document over before anything is taken from it.

use std::io::{self, BufRead, BufReader, Read as _};

use iocd_core::feed::expect::Seen;
use iocd_core::feed::{Feed, FeedError, Row, read_feed};
use jiff::Timestamp;

use crate::control::{Condition, MAX_REFUSED, RefusedRow};
use crate::fetch::{LARGE, MAX_RATIO, Spooled};
use crate::unpack::unpack_within;

/// What a document is like.
#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) seen: Seen,
    /// The first refused rows.
    pub(super) refused: Vec<RefusedRow>,
}

/// Why a document is not one of the feed's.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) condition: Condition,
    pub(super) message: String,
}

/// A document in a fetched file, within bounds of size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    pub(super) name: &'a str,
    pub(super) body: &'a Spooled,
    /// Bytes of the document at most.
    pub(super) max_size: u64,
}

enum Failure {
    Io(io::Error),
    Several,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl Packed<'_> {
    /// Opens the one document that the file is or holds.
    pub(super) fn read<T>(self, read: impl FnOnce(&mut dyn BufRead) -> T) -> Result<T, Unfit> {
        let file = self.body.open().map_err(|error| unfit(&error))?;
        let is_packed_within = self.body.length().saturating_mul(MAX_RATIO);
        let most = self.max_size.min(is_packed_within.max(LARGE));
        let (mut read, mut got) = (Some(read), None);
        let unpacked = unpack_within(most, self.name, file, &mut |document| {
            let read = read.take().ok_or(Failure::Several)?;
            got = Some(read(document.input));
            Ok(())
        });
        match unpacked {
            Ok(()) => got.ok_or_else(|| unfit(&"there is no document in the archive")),
            Err(Failure::Io(error)) => Err(unfit(&error)),
            Err(Failure::Several) => Err(unfit(&"there are several documents in the archive")),
        }
    }
}

fn unfit(problem: &dyn ToString) -> Unfit {
    Unfit {
        condition: Condition::Suspicious,
        message: problem.to_string(),
    }
}

/// Reads a document and takes nothing from it.
pub(super) fn examine(
    feed: &Feed,
    format: usize,
    packed: Packed<'_>,
    now: Timestamp,
) -> Result<Examined, Unfit> {
    let mut examined = Examined::default();
    let mut visit = |row: Row| {
        examined.seen.add(&row);
        if let Row::Refused { line, text, reason } = row
            && examined.refused.len() < MAX_REFUSED
        {
            examined.refused.push(RefusedRow { line, text, reason });
        }
    };
    let read = packed.read(|input| read_feed(feed, Some(format), input, now, &mut visit))?;
    match read {
        Ok(_) => Ok(examined),
        // Who is not let in is often sent to a page with a form.
        Err(error) if feed.fetching.auth.is_some() && is_page(packed.body) => Err(Unfit {
            condition: Condition::AuthFailed,
            message: format!("{error}: the secret may be wrong or have ended"),
        }),
        Err(error) => Err(unfit(&told(&error))),
    }
}

fn told(error: &FeedError) -> String {
    error.to_string()
}

/// Whether it is a page for people.
pub(super) fn is_page(body: &Spooled) -> bool {
    let Ok(file) = body.open() else { return false };
    let mut head = Vec::new();
    if BufReader::new(file)
        .take(1024)
        .read_to_end(&mut head)
        .is_err()
    {
        return false;
    }
    let head = head.to_ascii_lowercase();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
        .iter()
        .any(|mark| memchr::memmem::find(&head, mark).is_some())
}
