//! Which feed is this file?

mod glob;

use memchr::memmem;
use serde::Deserialize;

use self::glob::matches;
use super::Feed;
use super::fit::{Fit, fit, is_better, reject_foreign};
use super::input::{Input, LineState};
use super::outcome::FeedError;

/// Bytes of the head in which signatures are looked for.
const SIGNATURE: usize = 16 * 1024;

/// How files of a feed are known, as its TOML says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recognition {
    /// Globs (`*`, `?`) for the file name, in lower case.
    #[serde(default)]
    names: Vec<String>,
    /// Names of the folder that the file is in.
    #[serde(default)]
    folders: Vec<String>,
    /// Texts in the comments or the header of a list, or in a document.
    #[serde(default)]
    contains: Vec<Signature>,
    /// Texts that show that it is something else.
    #[serde(default)]
    excludes: Vec<String>,
    /// Only if no other feed is it.
    #[serde(default)]
    fallback: bool,
    /// What it contains says more than the name of another feed's file.
    #[serde(default)]
    over_names: bool,
}

/// A text, or several that must all be there.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Signature {
    One(String),
    All(Vec<String>),
}

impl Signature {
    fn texts(&self) -> &[String] {
        match self {
            Signature::One(text) => std::slice::from_ref(text),
            Signature::All(texts) => texts,
        }
    }

    /// How long it is, if it is there.
    fn found_in(&self, envelope: &str) -> Option<usize> {
        let texts = self.texts();
        let all = !texts.is_empty() && texts.iter().all(|text| has(envelope, text));
        all.then(|| texts.iter().map(String::len).sum())
    }
}

fn has(envelope: &str, text: &str) -> bool {
    memmem::find(envelope.as_bytes(), text.as_bytes()).is_some()
}

impl Recognition {
    pub(super) fn lower_case(mut self) -> Recognition {
        for name in self.names.iter_mut().chain(&mut self.folders) {
            name.make_ascii_lowercase();
        }
        self
    }

    /// Whether an input that begins so has one of the feed's texts.
    pub(super) fn has_signature(&self, head: &[u8]) -> bool {
        self.signature(&envelope(head)).is_some()
    }

    /// The length of the longest text that is there.
    fn signature(&self, envelope: &str) -> Option<usize> {
        let found = |text: &Signature| text.found_in(envelope);
        self.contains.iter().filter_map(found).max()
    }

    /// How strongly the file seems to be of this feed: by content before name
    /// before folder, then by the length of what agreed. `None`: not at all.
    fn score(&self, file: &File<'_>) -> Option<Score> {
        if self.excludes.iter().any(|text| has(&file.envelope, text)) {
            return None;
        }
        let content = self.signature(&file.envelope);
        let name = self
            .names
            .iter()
            .filter(|glob| file.names.iter().any(|name| matches(glob, name)))
            .map(|glob| {
                glob.bytes()
                    .filter(|byte| !matches!(byte, b'*' | b'?'))
                    .count()
            })
            .max();
        let folder = file.folders.iter().any(|name| self.folders.contains(name));
        let grade = match (content, name, folder) {
            (Some(_), ..) => Grade::Content,
            (None, Some(_), _) => Grade::Name,
            (None, None, true) => Grade::Folder,
            (None, None, false) => return None,
        };
        let claim = match (self.fallback, grade) {
            (false, Grade::Content) => 3,
            (true, Grade::Content) if self.over_names => 2,
            (false, _) => 1,
            (true, _) => 0,
        };
        Some(Score {
            claim,
            grade,
            length: content.unwrap_or(0) + name.unwrap_or(0),
            folder,
        })
    }
}

/// What a file is taken for a feed's by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Folder,
    Name,
    Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Fallbacks come last, but their content may outdo a mere name.
    claim: u8,
    grade: Grade,
    length: usize,
    folder: bool,
}

/// What is looked at of a file.
struct File<'a> {
    /// Its own, and that of the archive that it is a member of.
    names: Vec<String>,
    folders: Vec<String>,
    envelope: String,
    head: &'a [u8],
}

impl<'a> File<'a> {
    fn new(path: &str, head: &'a [u8]) -> File<'a> {
        let lower = path.to_lowercase();
        let mut parts = lower.rsplit(['/', '\\']).take(MAX_DEPTH);
        let name = parts.next().unwrap_or_default();
        let mut file = File {
            names: vec![without_endings(name).to_owned()],
            folders: Vec::new(),
            envelope: envelope(head),
            head,
        };
        // An archive is named for what is in it, and lies where its member would.
        let mut nearest = true;
        for part in parts {
            let bare = without_endings(part);
            let is_archive = bare.len() != part.len();
            if is_archive {
                file.names.push(bare.to_owned());
            }
            if nearest || is_archive {
                file.folders.push(bare.to_owned());
            }
            nearest = is_archive;
        }
        file
    }
}

/// Parts of a path that are looked at, from its end.
const MAX_DEPTH: usize = 8;

fn without_endings(name: &str) -> &str {
    [".gz", ".zst", ".zip", ".xz", ".bz2"]
        .iter()
        .fold(name, |name, end| name.strip_suffix(end).unwrap_or(name))
}

/// Tells which of `feeds` a file is, and in which of its formats.
///
/// `path` may have any form; its last part, the folder that it is in and the
/// names of archives around it count. `head` is the decompressed beginning of
/// the file, at most [`HEAD`](super::HEAD) bytes of it. A file is of a feed if
/// content, name or folder say so *and* it reads as one of the feed's formats;
/// so a page, a document or a list of something else under a feed's name is
/// `None`.
pub fn recognise<'f>(feeds: &'f [Feed], path: &str, head: &[u8]) -> Option<(&'f Feed, usize)> {
    let head = &head[..head.len().min(super::HEAD)];
    let file = File::new(path, head);
    let mut candidates: Vec<(Score, &Feed)> = feeds
        .iter()
        .filter_map(|feed| Some((feed.recognition.score(&file)?, feed)))
        .collect();
    candidates.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    candidates.into_iter().find_map(|(score, feed)| {
        let format = best_format(feed, file.head, score.grade)?;
        Some((feed, format))
    })
}

fn best_format(feed: &Feed, head: &[u8], grade: Grade) -> Option<usize> {
    let known = grade > Grade::Folder;
    if reject_foreign(head, &feed.syntax()).is_err() {
        return None;
    }
    let mut best: Option<(usize, Fit)> = None;
    let mut cut = None;
    for (index, format) in feed.formats.iter().enumerate() {
        let fit = match fit(feed, format, head) {
            Ok(fit) => fit,
            // Its own words came before the end: reading will tell.
            Err(FeedError::Truncated { .. }) if grade == Grade::Content => {
                cut.get_or_insert(index);
                continue;
            }
            Err(_) => continue,
        };
        if fit.agrees(format, known) && best.is_none_or(|(_, other)| is_better(fit, other)) {
            best = Some((index, fit));
        }
        if fit.is_perfect() {
            break;
        }
    }
    best.map(|(index, _)| index).or(cut)
}

/// What an XML document says of itself before its first item.
fn announced(head: &[u8]) -> String {
    let items = [&b"<item"[..], b"<entry"];
    let ends = items.iter().filter_map(|item| memmem::find(head, item));
    let end = ends.min().unwrap_or(head.len());
    String::from_utf8_lossy(&head[..end]).into_owned()
}

/// The part of the head that is the publisher's own words: comments and the
/// first line of a list, so that no value in it can pose as a signature; of a
/// JSON document all, where a signature names a key.
fn envelope(head: &[u8]) -> String {
    let head = &head[..head.len().min(SIGNATURE)];
    let mut source = head;
    let Ok(mut input) = Input::new(&mut source) else {
        return String::new();
    };
    let mut text = String::new();
    let mut first = true;
    while let Ok(state) = input.next_line() {
        if state == LineState::End {
            break;
        }
        let line = input.text().trim();
        if line.is_empty() {
            continue;
        }
        if first && line.starts_with('<') {
            return announced(head);
        }
        if first && line.starts_with(['{', '[']) {
            return String::from_utf8_lossy(head).into_owned();
        }
        let comment = ["#", ";", "!", "//"]
            .iter()
            .any(|sign| line.starts_with(sign));
        if comment || first {
            text.push_str(line);
            text.push('\n');
        }
        first &= comment;
    }
    text
}
