//! Reading a feed's bytes.

use std::io::{BufRead, Read};

use jiff::Timestamp;

use super::cell::printable;
use super::claims::ClaimMaker;
use super::connector::Sink;
use super::input::Input;
use super::outcome::{FeedError, FeedWarning, MAX_EXCERPT, Row, Summary};
use super::{Feed, Format};
use crate::observation::Observation;

/// How much of an input is looked at to tell what it is, in bytes.
pub const HEAD: usize = 64 * 1024;

/// Rows below which the share of refused ones says little.
const FEW_ROWS: u64 = 8;

/// Reads `input` as `feed` and gives every data row to `visit`, once.
///
/// `format` is an index into [`Feed::formats`]; `None` chooses by content.
/// `input` is decompressed already. Memory does not grow with the input.
/// `now` only serves to drop dates that cannot be.
pub fn read_feed(
    feed: &Feed,
    format: Option<usize>,
    input: &mut dyn BufRead,
    now: Timestamp,
    visit: &mut dyn FnMut(Row),
) -> Result<Summary, FeedError> {
    let mut head = Vec::with_capacity(HEAD);
    input.take(HEAD as u64).read_to_end(&mut head)?;
    reject_foreign(&head)?;
    let index = match format {
        Some(index) => index,
        None => choose_format(feed, &head)?,
    };
    let Some(format) = feed.formats.get(index) else {
        return Err(FeedError::NotThisFormat {
            expected: format!("one of the {} formats of {}", feed.formats.len(), feed.name),
            found: format!("number {index}"),
        });
    };
    let mut reader = Reader::new(feed, format, now, visit);
    let result = reader.run(&mut head.as_slice().chain(input));
    let mut summary = reader.summary;
    summary.format = index;
    result?;
    if summary.rows == 0 && !reader.envelope {
        return Err(FeedError::Empty);
    }
    if summary.refused > 0 && too_many(&summary, format.mapping.max_refused) {
        return Err(FeedError::TooManyRefused {
            rows: summary.rows,
            refused: summary.refused,
            first: reader.first_reason,
        });
    }
    if let Some(declared) = summary.declared
        && declared != summary.rows
    {
        summary.warnings.push(FeedWarning::CountDiffers { declared, found: summary.rows });
    }
    Ok(summary)
}

fn too_many(summary: &Summary, max: u8) -> bool {
    if max >= 100 {
        return false;
    }
    summary.claims == 0
        || (summary.rows >= FEW_ROWS && summary.refused * 100 > summary.rows * u64::from(max))
}

/// Feeds rows of one format to a visitor, and counts.
struct Reader<'f, 'v> {
    maker: ClaimMaker<'f>,
    format: &'f Format,
    visit: &'v mut dyn FnMut(Row),
    summary: Summary,
    envelope: bool,
    first_reason: String,
}

impl<'f, 'v> Reader<'f, 'v> {
    fn new(feed: &'f Feed, format: &'f Format, now: Timestamp, visit: &'v mut dyn FnMut(Row)) -> Self {
        Reader {
            maker: ClaimMaker::new(feed, &format.mapping, now),
            format,
            visit,
            summary: Summary::default(),
            envelope: false,
            first_reason: String::new(),
        }
    }

    fn run(&mut self, input: &mut dyn BufRead) -> Result<(), FeedError> {
        let format = self.format;
        format.connector.read(&format.mapping.columns, &mut Input::new(input)?, self)
    }

    fn refuse(&mut self, line: u64, text: &str, reason: &str) {
        self.summary.refused += 1;
        let reason = printable(reason, MAX_EXCERPT);
        if self.first_reason.is_empty() {
            self.first_reason.clone_from(&reason);
        }
        (self.visit)(Row::Refused { line, text: printable(text, MAX_EXCERPT), reason });
    }
}

impl Sink for Reader<'_, '_> {
    fn row(&mut self, observation: &Observation) {
        self.summary.rows += 1;
        match self.maker.make(observation) {
            Ok((claims, partly)) => {
                self.summary.claims += claims.len() as u64;
                self.summary.partly += u64::from(partly.is_some());
                (self.visit)(Row::Claims { line: observation.line, claims, partly });
            }
            Err(reason) => self.refuse(observation.line, &observation.preview(), &reason),
        }
    }

    fn refused(&mut self, line: u64, text: &str, reason: &str) {
        self.summary.rows += 1;
        self.refuse(line, text, reason);
    }

    fn skipped(&mut self, envelope: bool) {
        self.summary.skipped += 1;
        self.envelope |= envelope;
    }

    fn declared(&mut self, count: u64) {
        self.summary.declared = Some(count);
    }

    fn rows(&self) -> u64 {
        self.summary.rows
    }
}

/// How well the beginning of an input suits a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) rows: u64,
    pub(super) refused: u64,
    /// Comments or a header were there.
    pub(super) envelope: bool,
}

impl Fit {
    /// Whether this is the format. `known`: something else shows already that
    /// it is the feed, so that an empty list may count.
    pub(super) fn agrees(self, format: &Format, known: bool) -> bool {
        if self.rows == 0 {
            return known && self.envelope;
        }
        let max = u64::from(format.mapping.max_refused);
        self.rows > self.refused && self.refused * 100 <= self.rows * max
            || self.rows == self.refused && max >= 100 && known
    }
}

/// Reads the head as a format; an error if it cannot be that at all.
pub(super) fn fit(feed: &Feed, format: &Format, head: &[u8]) -> Result<Fit, FeedError> {
    if format.connector_name != "json"
        && let Some(found) = json_start(head)
    {
        return Err(FeedError::NotThisFormat {
            expected: format!("text ({})", format.name),
            found: found.to_owned(),
        });
    }
    let cut = head.len() >= HEAD;
    // A row that the end of the head cuts is no fault of the input's.
    let end = if cut && format.connector_name != "json" {
        memchr::memrchr(b'\n', head).map_or(head.len(), |place| place + 1)
    } else {
        head.len()
    };
    let mut ignore = |_: Row| {};
    let mut reader = Reader::new(feed, format, Timestamp::UNIX_EPOCH, &mut ignore);
    let result = reader.run(&mut &head[..end]);
    let fit = Fit {
        rows: reader.summary.rows,
        refused: reader.summary.refused,
        envelope: reader.envelope,
    };
    match result {
        Ok(()) => Ok(fit),
        Err(FeedError::Truncated { .. }) if cut || fit.rows > fit.refused => Ok(fit),
        Err(error) => Err(error),
    }
}

/// The format that suits the input best; the earlier of two that suit alike.
fn choose_format(feed: &Feed, head: &[u8]) -> Result<usize, FeedError> {
    let mut best: Option<(usize, Fit)> = None;
    let mut failure = None;
    for (index, format) in feed.formats.iter().enumerate() {
        match fit(feed, format, head) {
            Ok(fit) if fit.agrees(format, true) => {
                if best.is_none_or(|(_, other)| is_better(fit, other)) {
                    best = Some((index, fit));
                }
            }
            Ok(fit) if fit.rows > 0 => {
                failure.get_or_insert(index);
            }
            Ok(_) => {}
            Err(error) if feed.formats.len() == 1 => return Err(error),
            Err(_) => {}
        }
    }
    if let Some((index, _)) = best {
        return Ok(index);
    }
    if let Some(index) = failure {
        // Reading tells the reason better than we could here.
        return Ok(index);
    }
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(FeedError::Empty);
    }
    let names: Vec<&str> = feed.formats.iter().map(|format| &*format.name).collect();
    let mut line = String::from_utf8_lossy(head).lines().next().unwrap_or_default().to_owned();
    line = printable(&line, 100);
    Err(FeedError::NotThisFormat {
        expected: format!("{} ({})", feed.name, names.join(", ")),
        found: json_start(head).map_or_else(|| format!("{line:?}"), str::to_owned),
    })
}

/// More of the rows could be read; and rows at all are better than none.
pub(super) fn is_better(fit: Fit, than: Fit) -> bool {
    let read = |fit: Fit| fit.rows - fit.refused;
    if fit.rows == 0 || than.rows == 0 {
        return read(fit) > read(than);
    }
    read(fit) * than.rows > read(than) * fit.rows
}

/// Turns away what no feed is: web pages, XML, binary data.
pub(super) fn reject_foreign(head: &[u8]) -> Result<(), FeedError> {
    let found = match visible_start(head).as_slice() {
        [b'<', rest @ ..] => {
            let lower = rest.to_ascii_lowercase();
            let xml = [&b"?xml"[..], b"rss", b"feed"].iter().any(|name| lower.starts_with(name));
            if xml { "an XML document" } else { "an HTML page" }
        }
        [0x1f, 0x8b, ..] => "data compressed with gzip",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "data compressed with zstd",
        _ if !is_utf16(head) && head.iter().take(512).any(|byte| *byte == 0) => "binary data",
        _ => return Ok(()),
    };
    Err(FeedError::NotThisFormat {
        expected: "a list of indicators".to_owned(),
        found: found.to_owned(),
    })
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])
}

/// The first bytes that show something, in whatever width.
fn visible_start(head: &[u8]) -> Vec<u8> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let (head, wide) = if is_utf16(head) { (&head[2..], true) } else { (head, false) };
    head.iter()
        .copied()
        .filter(|byte| !wide || *byte != 0)
        .skip_while(u8::is_ascii_whitespace)
        .take(64)
        .collect()
}

/// What kind of JSON the input begins as, if it does.
fn json_start(head: &[u8]) -> Option<&'static str> {
    let start = visible_start(head);
    let (first, rest) = start.split_first()?;
    let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    match (first, next) {
        (b'{', Some(b'"' | b'}') | None) => Some("a JSON object"),
        (b'[', Some(b'{' | b'[' | b'"' | b']')) => Some("a JSON array"),
        _ => None,
    }
}
