//! The lines of an export. A field that is not there is not known; a field that
//! this program does not know is refused, not passed over.

use std::io::{self, BufRead, Read as _};

use iocd_core::claim::held::Held;
use iocd_core::claim::retained::{Retained, Transfer};
use iocd_core::claim::{ArticleRef, Claim, ClaimId, Scope, Source, Status, Tlp, whole_seconds};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Bytes of a line at most: far more than a claim can say.
pub(super) const MAX_LINE: usize = 1 << 20;

/// Appends a line.
pub(super) fn put(out: &mut Vec<u8>, line: &impl Serialize) {
    serde_json::to_writer(&mut *out, line).expect("a line is plain data");
    out.push(b'\n');
}

/// Appends the line of a source.
pub(super) fn put_source(out: &mut Vec<u8>, source: Source, listed_at: Option<Timestamp>) {
    let source = Source {
        // By whom it is mirrored is this server's own.
        mirrored_by: None,
        ..source
    };
    put(out, &Line::Source(SourceLine { source, listed_at }));
}

/// Reads the next line, with its end, and gives its length: 0 if there is none,
/// and more than [`MAX_LINE`] if it is longer than that.
pub(super) fn read_line(input: &mut dyn BufRead, text: &mut Vec<u8>) -> io::Result<usize> {
    text.clear();
    input.take(MAX_LINE as u64 + 1).read_until(b'\n', text)
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::large_enum_variant)] // one at a time, and nearly all are the large one
pub(super) enum Line {
    Source(SourceLine),
    Entry(EntryLine),
}

/// A source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SourceLine {
    #[serde(flatten)]
    pub(super) source: Source,
    /// When a complete fetch last showed its whole list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listed_at: Option<Timestamp>,
}

/// A claim.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryLine {
    id: String,
    r#type: Kind,
    value: String,
    /// Short name of the source.
    source: String,
    status: Status,
    confidence: u8,
    #[serde(default)]
    scope: Scope,
    /// When the store first and last heard it, and when it last changed there.
    first_heard_at: Timestamp,
    heard_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    malware: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    techniques: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sectors: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ports: Vec<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlp: Option<Tlp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    article: Option<ArticleRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

impl From<Transfer> for Line {
    fn from(transfer: Transfer) -> Line {
        let Transfer { source, claim } = transfer;
        let Retained {
            held,
            status,
            updated_at,
        } = claim;
        let claim = held.claim;
        let value = claim.value.as_ref();
        Line::Entry(EntryLine {
            id: ClaimId::new(value.kind, value.text, &source).to_string(),
            r#type: value.kind,
            value: value.text.to_owned(),
            source,
            status,
            confidence: claim.confidence,
            scope: claim.scope,
            first_heard_at: held.first_heard_at,
            heard_at: held.heard_at,
            updated_at,
            first_seen: claim.first_seen,
            last_seen: claim.last_seen,
            expires_at: claim.expires_at,
            context: claim.context,
            malware: claim.malware,
            tags: claim.tags,
            techniques: claim.techniques,
            sectors: claim.sectors,
            ports: claim.ports,
            references: claim.references,
            tlp: claim.tlp,
            article: claim.article,
            raw: claim.raw,
        })
    }
}

impl EntryLine {
    /// The claim that it is, or what is wrong with it. What another clock puts
    /// after `now` happened `now`.
    pub(super) fn into_transfer(self, now: Timestamp) -> Result<Transfer, String> {
        let value = Value::parse(self.r#type, &self.value)
            .map_err(|refusal| format!("value {:?}: {refusal}", self.value))?;
        if value.as_str() != self.value {
            let canonical = value.as_str();
            return Err(format!("value {:?} is written {canonical:?}", self.value));
        }
        let id = ClaimId::new(value.kind(), value.as_str(), &self.source).to_string();
        if id != self.id {
            return Err(format!(
                "id {:?} is not {id}, that of value and source",
                self.id
            ));
        }
        if self.confidence > 100 {
            return Err(format!("confidence {} is above 100", self.confidence));
        }
        let times = [self.first_heard_at, self.heard_at, self.updated_at];
        let [first_heard_at, heard_at, updated_at] = times.map(|time| whole_seconds(time).min(now));
        if first_heard_at > heard_at {
            return Err(format!(
                "it was first heard at {first_heard_at}, and last heard before, at {heard_at}"
            ));
        }
        let claim = Claim {
            scope: self.scope,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            expires_at: self.expires_at,
            context: self.context,
            malware: self.malware,
            tags: self.tags,
            techniques: self.techniques,
            sectors: self.sectors,
            ports: self.ports,
            references: self.references,
            tlp: self.tlp,
            article: self.article,
            raw: self.raw,
            ..Claim::new(value, self.confidence)
        };
        Ok(Transfer {
            source: self.source,
            claim: Retained {
                held: Held {
                    claim,
                    first_heard_at,
                    heard_at,
                },
                status: self.status,
                updated_at,
            },
        })
    }
}
