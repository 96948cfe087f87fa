//! Queries that look for a value in one's own logs, in the languages of those
//! who keep logs.
//!
//! | field | language | fields by |
//! | --- | --- | --- |
//! | [`Hunt::splunk`] | SPL, the `search` command | Splunk's Common Information Model |
//! | [`Hunt::kusto`] | KQL of Microsoft (Kusto) | Defender XDR advanced hunting and Sentinel |
//! | [`Hunt::elastic`] | KQL of Elastic (Kibana) | Elastic Common Schema |
//! | [`Hunt::sigma`] | a Sigma rule, YAML | Sigma's taxonomy |
//!
//! All look for the value itself (of a network, for the addresses in it), not
//! for what is around it. The time to look at is what the console is set to.
//! Values are hostile: each language's own quoting keeps a value one string
//! literal, whatever is in it.

use crate::score::RiskLevel;
use crate::value::{Kind, ValueRef};

mod elastic;
mod guidance;
mod kusto;
mod literal;
mod sigma;
mod splunk;
#[cfg(test)]
mod tests;

/// What to look for, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunt {
    /// Where to look and what a find means, for a person.
    pub guidance: &'static str,
    /// SPL. `None`, as below: what is hunted leaves no such trace in logs.
    pub splunk: Option<String>,
    /// KQL of Microsoft.
    pub kusto: Option<String>,
    /// KQL of Elastic.
    pub elastic: Option<String>,
    /// A Sigma rule. Its id is made from type and value: the same everywhere.
    pub sigma: Option<String>,
}

impl Hunt {
    /// The hunt for a value. `level` is what a find is worth (`None`: nothing
    /// is known of the value), `techniques` are ATT&CK ids that go with it.
    ///
    /// ```
    /// use iocd_core::hunting::Hunt;
    /// use iocd_core::value::{Kind, Value};
    ///
    /// let value = Value::parse(Kind::Url, "http://example.com/?a=\\|b").unwrap();
    /// let hunt = Hunt::new(value.as_ref(), None, &[]);
    /// assert_eq!(
    ///     hunt.splunk.as_deref(),
    ///     Some(r#"search index=* (url="http://example.com/?a=\\|b")"#)
    /// );
    /// ```
    pub fn new(value: ValueRef<'_>, level: Option<RiskLevel>, techniques: &[&str]) -> Hunt {
        Hunt {
            guidance: guidance::of(value),
            splunk: splunk::query(value),
            kusto: kusto::query(value),
            elastic: elastic::query(value),
            sigma: sigma::rule(value, level, techniques),
        }
    }
}

/// What an ATT&CK id names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AttackObject {
    Tactic,
    Technique,
    SubTechnique,
    Group,
    Software,
    Mitigation,
}

impl AttackObject {
    fn of(id: &str) -> AttackObject {
        match id.as_bytes() {
            [b'T', b'A', ..] => AttackObject::Tactic,
            [b'G', ..] => AttackObject::Group,
            [b'S', ..] => AttackObject::Software,
            [b'M', ..] => AttackObject::Mitigation,
            _ if id.contains('.') => AttackObject::SubTechnique,
            _ => AttackObject::Technique,
        }
    }

    fn is_technique(self) -> bool {
        matches!(self, AttackObject::Technique | AttackObject::SubTechnique)
    }
}

/// Whether a type is of file hashes.
fn is_hash(kind: Kind) -> bool {
    matches!(kind, Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512)
}
