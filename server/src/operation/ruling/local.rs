//! The operator's own source of claims.

use iocd_core::claim::{Category, Source, Status};
use iocd_core::query::{Entry, EntrySink, MatchKind, Page, Question, Reach, StatusFilter};
use iocd_core::value::Value;
use jiff::Timestamp;

use crate::feeds::LOCAL;
use crate::owner::Node;
use crate::store::{ClaimStore as _, StoreError};

/// Entries of a value among which its own is looked for.
const MAX_ENTRIES: u32 = 10_000;

/// Who says what the operator denies.
pub(super) fn source() -> Source {
    Source {
        // Who denies an address of the own network means it.
        list_non_global: true,
        // The operator's own word is not doubted, and does not fade.
        weight: Some(100),
        half_life: Some(u32::MAX),
        ..Source::new(LOCAL, LOCAL, Category::ThreatIntel)
    }
}

/// What the store has of a denial.
pub(super) struct Denied {
    pub(super) confidence: u8,
    pub(super) tags: Vec<String>,
    pub(super) expires_at: Option<Timestamp>,
}

/// The active denial of a value.
pub(super) async fn find(
    node: &Node,
    value: &Value,
    now: Timestamp,
) -> Result<Option<Denied>, StoreError> {
    let question = Question {
        readings: std::slice::from_ref(value),
        reach: Reach::Scope,
        status: StatusFilter::Active,
        page: Page {
            offset: 0,
            limit: MAX_ENTRIES,
        },
        now,
        as_of: false,
    };
    let mut own = Own(None);
    node.store.find(&question, &mut own).await?;
    Ok(own.0)
}

/// Picks the entry of the value's own and of this source.
struct Own(Option<Denied>);

impl EntrySink for Own {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        let is_exact = |kind: MatchKind| kind == MatchKind::Exact;
        if entry.source.name == LOCAL
            && entry.status == Status::Active
            && entry.matched.is_some_and(|matched| is_exact(matched.kind))
        {
            self.0 = Some(Denied {
                confidence: entry.confidence,
                tags: entry.tags.iter().map(ToString::to_string).collect(),
                expires_at: entry.expires_at,
            });
        }
    }
}
