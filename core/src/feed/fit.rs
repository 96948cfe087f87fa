//! What an input is, by its beginning.

use jiff::Timestamp;
use memchr::memmem;

use super::cell::printable;
use super::connector::Syntax;
use super::outcome::{FeedError, Row};
use super::read::{HEAD, Reader};
use super::{Feed, Format};

/// The name of the root element of STIX 1.x, behind its prefix.
const STIX_1: &[u8] = b"STIX_Package";

/// How well the beginning of an input suits a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) rows: u64,
    pub(super) refused: u64,
    /// Where there are no rows: whether it is a list all the same.
    pub(super) envelope: bool,
}

impl Fit {
    /// Whether every row could be read.
    pub(super) fn is_perfect(self) -> bool {
        self.rows > 0 && self.refused == 0
    }

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
    reject_foreign(head, format.syntax)?;
    let is_json = format.syntax.contains(&Syntax::Json);
    if !is_json && let Some(found) = json_start(head) {
        return Err(FeedError::NotThisFormat {
            expected: format!("text ({})", format.name),
            found: found.to_owned(),
        });
    }
    let cut = head.len() >= HEAD;
    // A row that the end of the head cuts is no fault of the input's.
    let end = if cut && format.syntax.contains(&Syntax::Text) {
        memchr::memrchr2(b'\n', b'\r', head).map_or(head.len(), |place| place + 1)
    } else {
        head.len()
    };
    let mut ignore = |_: Row| {};
    let mut reader = Reader::new(feed, format, Timestamp::UNIX_EPOCH, &mut ignore);
    let result = reader.run(&mut &head[..end]);
    let fit = Fit {
        rows: reader.summary.rows,
        refused: reader.summary.refused,
        // Behind more comments than the head has, a header may still come.
        envelope: cut || reader.is_list(&feed.recognition, head),
    };
    match result {
        Ok(()) => Ok(fit),
        Err(FeedError::Truncated { .. }) if cut || fit.rows > fit.refused => Ok(fit),
        // Until there it was this; reading will tell.
        Err(FeedError::Malformed { .. }) if fit.rows > fit.refused => Ok(fit),
        Err(error) => Err(error),
    }
}

/// The format that suits the input best; the earlier of two that suit alike.
pub(super) fn choose_format(feed: &Feed, head: &[u8]) -> Result<usize, FeedError> {
    let mut best: Option<(usize, Fit)> = None;
    let mut failure = None;
    let mut truncated = None;
    let mut blank = false;
    for (index, format) in feed.formats.iter().enumerate() {
        match fit(feed, format, head) {
            Ok(fit) if fit.agrees(format, true) => {
                if best.is_none_or(|(_, other)| is_better(fit, other)) {
                    best = Some((index, fit));
                }
                // Nothing can suit better, and of equals the earlier is taken.
                if fit.is_perfect() {
                    break;
                }
            }
            Ok(fit) if fit.rows > 0 => {
                failure.get_or_insert(index);
            }
            Ok(_) => blank = true,
            Err(error) if feed.formats.len() == 1 => return Err(error),
            Err(error @ FeedError::Truncated { .. }) => {
                truncated.get_or_insert(error);
            }
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
    if let Some(error) = truncated {
        return Err(error);
    }
    if blank || visible_start(head).is_empty() {
        return Err(FeedError::Empty);
    }
    let names: Vec<&str> = feed.formats.iter().map(|format| &*format.name).collect();
    let mut line = String::from_utf8_lossy(head)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
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

/// Turns away what is certainly in none of these ways of writing: web pages,
/// XML, archives, binary data.
pub(super) fn reject_foreign(head: &[u8], syntax: &[Syntax]) -> Result<(), FeedError> {
    let found = match visible_start(head).as_slice() {
        [b'<', ..] if root_element(head).is_some_and(|name| name.ends_with(STIX_1)) => {
            return Err(FeedError::NotThisFormat {
                expected: "STIX 2".to_owned(),
                found: "STIX 1.x XML: not supported; convert it with stix2-elevator".to_owned(),
            });
        }
        [b'<', ..] if syntax.contains(&Syntax::Xml) => return Ok(()),
        [b'<', b'{' | b'[', ..] => "text that begins with \"<\" and is neither JSON nor XML",
        [b'<', rest @ ..] => {
            let lower = rest.to_ascii_lowercase();
            let xml = [&b"?xml"[..], b"rss", b"feed"]
                .iter()
                .any(|name| lower.starts_with(name));
            if xml {
                "an XML document"
            } else {
                "an HTML page"
            }
        }
        [0x1f, 0x8b, ..] => "data compressed with gzip",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "data compressed with zstd",
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => "data compressed with bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "data compressed with xz",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7z archive",
        [b'R', b'a', b'r', b'!', 0x1a, ..] => "a RAR archive",
        [b'%', b'P', b'D', b'F', b'-', ..] => {
            "a PDF document: extract its text first, as pdftotext does"
        }
        _ if !is_utf16(head) && head.iter().take(512).any(|byte| *byte == 0) => "binary data",
        _ => return Ok(()),
    };
    Err(FeedError::NotThisFormat {
        expected: "a list of indicators".to_owned(),
        found: found.to_owned(),
    })
}

/// The name of the first element of a document of markup.
fn root_element(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head;
    loop {
        rest = &rest[memchr::memchr(b'<', rest)?..];
        let end: &[u8] = match rest {
            [_, b'?', ..] => b"?>",
            [_, b'!', b'-', b'-', ..] => b"-->",
            [_, b'!', ..] => b">",
            _ => {
                let name = &rest[1..];
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
                return Some(&name[..name.iter().position(is_end)?]);
            }
        };
        rest = &rest[memmem::find(rest, end)?..];
    }
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])
}

/// The first bytes that show something, in whatever width.
fn visible_start(head: &[u8]) -> Vec<u8> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let (head, wide) = if is_utf16(head) {
        (&head[2..], true)
    } else {
        (head, false)
    };
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
