//! What is around a value: parents, subdomains, URLs on a host, addresses in a
//! network.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use iocd_core::claim::ClaimId;
use iocd_core::export::json::write_entry;
use iocd_core::export::write_number;
use iocd_core::lookup::Finding;
use iocd_core::query::{Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use crate::store::{ClaimStore, StoreError};

/// Entries that are told at most.
const MAX_AROUND: u32 = 25;

/// Whether anything can be around a value.
pub(super) fn has_surroundings(value: &Value) -> bool {
    matches!(
        value.kind(),
        Kind::Ipv4 | Kind::Ipv6 | Kind::Domain | Kind::Url
    )
}

/// What a cascade adds to a finding, as it is written.
#[derive(Default)]
pub(super) struct Around {
    value: Vec<Value>,
    /// Those of the finding: told already.
    known: HashSet<ClaimId>,
    total: u64,
    entries: u32,
    out: Vec<u8>,
    /// Whether nobody waits for it any more.
    is_given_up: Arc<AtomicBool>,
}

impl Around {
    /// The question what is around a finding.
    pub(super) fn of(finding: &Finding, is_given_up: Arc<AtomicBool>) -> Around {
        Around {
            value: vec![finding.value.clone()],
            known: finding.statements().map(|said| said.id).collect(),
            is_given_up,
            ..Around::default()
        }
    }

    /// Answers it: the cascade has the finding's entries, too, wherever they
    /// come in its order.
    pub(super) async fn find<S: ClaimStore>(
        mut self,
        store: &S,
        now: Timestamp,
    ) -> Result<Around, StoreError> {
        let readings = std::mem::take(&mut self.value);
        let known = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let question = Question {
            readings: &readings,
            reach: Reach::Cascade,
            status: StatusFilter::Seen,
            page: Page {
                offset: 0,
                limit: MAX_AROUND.saturating_add(known),
            },
            now,
            as_of: false,
        };
        store.find(&question, &mut self).await?;
        Ok(self)
    }

    /// Appends the `cascade` of an answer.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"total\":");
        write_number(out, self.total);
        out.extend_from_slice(b",\"entries\":[");
        out.extend_from_slice(&self.out);
        out.extend_from_slice(b"]}");
    }
}

impl EntrySink for Around {
    fn total(&mut self, total: u64) {
        self.total = total.saturating_sub(self.known.len() as u64);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        if self.entries == MAX_AROUND || self.known.contains(&entry.id) {
            return;
        }
        if self.entries > 0 {
            self.out.push(b',');
        }
        self.entries += 1;
        write_entry(&mut self.out, entry);
    }

    fn is_abandoned(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}
