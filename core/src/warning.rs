//! What is worth knowing about a value besides that it is listed.
//!
//! Some of it the value itself tells: the constants below are its names. The
//! rest is on lists ([`WarningList`]) of values that are known to be good, or
//! too broad to act on: those shipped ([`shipped`]), those that MISP publishes
//! ([`WarningList::read_misp`]) and the operator's own ([`Pattern`]). A
//! [`WarningSet`] is many of them, compiled for looking values up.
//!
//! The names go into `warnings` of an entry and of a reading.

use jiff::Timestamp;

use crate::value::{Kind, Value, cve};

mod entry;
mod expression;
mod kinds;
mod list;
mod misp;
mod pattern;
mod rule;
mod set;
mod shipped;
#[cfg(test)]
mod tests;

pub use self::list::{Refused, RefusedEntry, WarningList, WarningListError};
pub use self::misp::{MAX_ENTRIES, MAX_EXPRESSIONS, MAX_FILE, MAX_PARTS};
pub use self::pattern::Pattern;
pub use self::set::{Judgement, ListSummary, MAX_LISTS, Warning, WarningSet};
pub use self::shipped::shipped;

/// The address, or the host, is not reachable on the public Internet.
pub const NON_GLOBAL: &str = "non_global";
/// The ending is not in the public suffix list.
pub const UNKNOWN_TLD: &str = "unknown_tld";
/// A digest that hardly came out of a hash function.
pub const LOW_ENTROPY_HASH: &str = "low_entropy_hash";
/// The hash of a file without content.
pub const EMPTY_FILE_HASH: &str = "empty_file_hash";
/// An ATT&CK group, software or mitigation.
pub const NOT_A_TECHNIQUE: &str = "not_a_technique";
/// A URL of more than 2,048 bytes that a feed gave.
pub const LONG_URL: &str = "long_url";
/// A CVE of a year that has not been assigned from yet.
pub const FUTURE_CVE: &str = "future_cve";

/// The name of the operator's own list of what is good.
pub const ALLOWED: &str = "allowed";

/// Whether a warning of this name speaks against acting on a hit: the value is
/// nobody's, or everybody's. The others only tell how sure the reading is.
pub fn is_caution(name: &str) -> bool {
    matches!(name, NON_GLOBAL | LOW_ENTROPY_HASH | EMPTY_FILE_HASH)
}

/// Whether a CVE id's year is later than the one after `now`'s (UTC).
pub fn is_future_cve(value: &Value, now: Timestamp) -> bool {
    value.kind() == Kind::Cve
        && cve::year(value.as_str())
            .is_some_and(|year| year > now.to_zoned(jiff::tz::TimeZone::UTC).year() + 1)
}
