//! What is told around the objects of a page.

use std::io::BufReader;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::fetch::{Reply, Spooled};

/// Longest `next` that is handed back, in bytes.
const MAX_NEXT: usize = 4096;

/// An envelope (TAXII 2.1, section 3.7). Objects are counted and nothing of
/// them is kept.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    /// Whether there are more.
    #[serde(default)]
    pub(super) more: bool,
    /// The server's word for where they go on.
    #[serde(default)]
    pub(super) next: Option<String>,
    #[serde(default)]
    pub(super) objects: Vec<IgnoredAny>,
}

impl Envelope {
    /// Reads a page, or says why it is none.
    pub(super) fn read(body: &Spooled) -> Result<Envelope, String> {
        let file = body.open().map_err(|error| error.to_string())?;
        let mut envelope: Envelope = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| format!("the answer is no envelope of TAXII 2.1: {error}"))?;
        if envelope
            .next
            .as_ref()
            .is_some_and(|next| next.len() > MAX_NEXT)
        {
            return Err(format!(
                "its word for where a page goes on has more than {MAX_NEXT} bytes"
            ));
        }
        envelope.next = envelope
            .next
            .filter(|next| envelope.more && !next.is_empty());
        Ok(envelope)
    }
}

/// When the first object of a page was added, and the last, as its server says.
pub(super) fn added(reply: &Reply) -> (Option<Timestamp>, Option<Timestamp>) {
    let time = |name| reply.field(name)?.trim().parse().ok();
    (
        time("x-taxii-date-added-first"),
        time("x-taxii-date-added-last"),
    )
}
