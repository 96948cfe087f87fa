//! Values, sources and claims to test with.

use iocd::store::{Batch, ClaimStore, Receipt};
use iocd_core::claim::{Category, Claim, Extent, Scope, Source};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

/// The time `second` seconds after the beginning of the tests' world.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

/// A value of the type that its look suggests.
pub(crate) fn value(text: &str) -> Value {
    Kind::ALL
        .into_iter()
        .find_map(|kind| Value::parse(kind, text).ok())
        .unwrap_or_else(|| panic!("{text} is no value"))
}

/// A source whose entries are listed whatever they are about.
pub(crate) fn source(name: &str) -> Source {
    Source {
        extent: Extent::Window,
        list_non_global: true,
        ..Source::new(name, &format!("{name} list"), Category::Community)
    }
}

/// A claim of confidence 80 that says nothing but the value.
pub(crate) fn claim(text: &str) -> Claim {
    Claim::new(value(text), 80)
}

/// The same about the subdomains too.
pub(crate) fn subtree(text: &str) -> Claim {
    Claim {
        scope: Scope::Subtree,
        ..claim(text)
    }
}

/// Records claims of a source, heard at `second`.
pub(crate) async fn record<S: ClaimStore>(
    store: &S,
    source: &Source,
    second: i64,
    claims: impl IntoIterator<Item = Claim>,
) -> Receipt {
    let batch = Batch {
        source,
        claims: claims.into_iter().collect(),
        heard_at: at(second),
        anew: false,
    };
    store.record(batch).await.unwrap()
}
