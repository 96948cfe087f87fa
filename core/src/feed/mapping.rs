//! The checked rules that make claims of a format's rows.

use std::collections::HashMap;

use super::date::DateOrder;
use super::template::Template;
use crate::claim::Scope;
use crate::observation::{ColumnId, Columns};
use crate::value::Kind;

/// How the rows of a format become claims.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) columns: Columns,
    pub(super) values: Vec<ValueRule>,
    pub(super) type_rule: Option<TypeRule>,
    pub(super) first_seen: Vec<ColumnId>,
    pub(super) last_seen: Vec<ColumnId>,
    pub(super) expires_at: Vec<ColumnId>,
    pub(super) date_order: DateOrder,
    pub(super) malware: Vec<ColumnId>,
    /// Words taken off the beginning or end of a malware name.
    pub(super) malware_strip: Vec<String>,
    pub(super) techniques: Vec<ColumnId>,
    pub(super) sectors: Vec<ColumnId>,
    /// Columns that say "true" where the source takes the value back.
    pub(super) withdrawn: Vec<ColumnId>,
    pub(super) tags: Vec<ColumnId>,
    pub(super) tag_separators: Vec<char>,
    /// Of every claim: the feed's and the format's.
    pub(super) fixed_tags: Vec<String>,
    pub(super) references: Vec<Template>,
    pub(super) ports: Vec<ColumnId>,
    pub(super) confidence: Option<ConfidenceRule>,
    pub(super) context: Option<Template>,
    pub(super) tlp: Vec<ColumnId>,
    /// Markers of emptiness beyond the common ones.
    pub(super) empty: Vec<String>,
    pub(super) unescape_html: bool,
    pub(super) defanged: bool,
    pub(super) scope: Scope,
    /// Refused rows in a hundred above which the input is another format.
    pub(super) max_refused: u8,
}

/// Where values are.
#[derive(Clone, Debug)]
pub(super) struct ValueRule {
    pub(super) from: ValueFrom,
    pub(super) types: Types,
    /// What divides several values in one cell.
    pub(super) split: Option<char>,
    /// A cell that is no value may hold several, or mention some.
    pub(super) several: bool,
    /// A cell is a text that may mention some, and need not.
    pub(super) mentions: bool,
    /// Of values found here.
    pub(super) confidence: Option<u8>,
}

/// Which text is a value.
#[derive(Clone, Debug)]
pub(super) enum ValueFrom {
    /// Every cell of the first of these columns that says something.
    Columns(Vec<ColumnId>),
    /// Composed of several cells.
    Template(Template),
    /// First and last address of a range.
    Range(ColumnId, ColumnId),
}

/// What a value may be; several are tried in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// Whatever it looks like.
    Any,
    /// One of these.
    Kinds(Vec<Kind>),
}

impl Types {
    /// The types that a name in a TOML file stands for: a type of the API,
    /// `ip`, `host`, `hash` or `auto`.
    pub(super) fn from_name(name: &str) -> Option<Types> {
        Some(match name {
            "auto" => Types::Any,
            "ip" => Types::Kinds(vec![Kind::Ipv4, Kind::Ipv6]),
            "host" => Types::Kinds(vec![Kind::Ipv4, Kind::Ipv6, Kind::Domain]),
            "hash" => Types::Kinds(vec![Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512]),
            _ => Types::Kinds(vec![name.parse().ok()?]),
        })
    }
}

/// A column that says what the value is.
#[derive(Clone, Debug)]
pub(super) struct TypeRule {
    pub(super) columns: Vec<ColumnId>,
    /// Lower-case names; `None`: something the project has no type for.
    pub(super) types: HashMap<String, Option<Types>>,
    /// Other words mean what publishers commonly mean by them.
    pub(super) common: bool,
}

/// A column that says how sure the source is.
#[derive(Clone, Debug)]
pub(super) struct ConfidenceRule {
    pub(super) columns: Vec<ColumnId>,
    /// From this number on, this confidence; sorted. None: it is a confidence.
    pub(super) steps: Vec<(u32, u8)>,
    /// Lower-case words.
    pub(super) names: HashMap<String, u8>,
}

impl ConfidenceRule {
    /// The confidence that a cell means.
    pub(super) fn read(&self, cell: &str) -> Option<u8> {
        if !self.names.is_empty()
            && let Some(value) = self.names.get(&cell.to_ascii_lowercase())
        {
            return Some(*value);
        }
        let whole = cell.split('.').next()?.trim_end_matches('%');
        let number: u32 = whole.parse().ok()?;
        if self.steps.is_empty() {
            return u8::try_from(number).ok().filter(|value| *value <= 100);
        }
        self.steps
            .iter()
            .rev()
            .find(|(from, _)| number >= *from)
            .map(|(_, value)| *value)
    }
}
