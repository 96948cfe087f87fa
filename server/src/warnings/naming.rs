//! Which names stand in `warnings` of a reading.

use iocd_core::export::json::write_string;
use iocd_core::value::{Kind, ValueRef};
use iocd_core::warning::{FUTURE_CVE, Judgement, WarningSet, is_caution, is_future_cve};
use jiff::Timestamp;

/// Appends `opening` and an array of the names: of what reading it told, of
/// the lists that cover the value, and of what the time tells; nothing where
/// there are none. Answers whether there were any.
pub(crate) fn write_names(
    out: &mut Vec<u8>,
    opening: &[u8],
    value: ValueRef<'_>,
    told: &[&'static str],
    set: &WarningSet,
    now: Timestamp,
) -> bool {
    let start = out.len();
    let mut write = |name: &str| {
        if out.len() == start {
            out.extend_from_slice(opening);
            out.push(b'[');
        } else {
            out.push(b',');
        }
        write_string(out, name);
    };
    for name in told {
        write(name);
    }
    set.visit(value, &mut |warning| {
        if !told.contains(&warning.name) {
            write(warning.name);
        }
    });
    if value.kind == Kind::Cve && is_future_cve(&value.to_value(), now) {
        write(FUTURE_CVE);
    }
    let any = out.len() > start;
    if any {
        out.push(b']');
    }
    any
}

/// Whether something speaks against acting on a hit of this reading: what
/// reading it told, or a list that withholds it.
pub(crate) fn is_to_be_doubted(
    value: ValueRef<'_>,
    told: &[&'static str],
    set: &WarningSet,
) -> bool {
    told.iter().any(|name| is_caution(name)) || set.judge(value) == Judgement::Withheld
}
