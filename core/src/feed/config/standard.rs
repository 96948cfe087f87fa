//! The rules of formats that say themselves what everything in them is.

use super::{Names, RawConfidence, RawFormat, RawType, RawValue};

/// The columns that connectors of such formats give; `docs/feeds.md` says
/// what each is. A column may have several cells, but `type` goes for all
/// values of its row.
const VALUE: &str = "value";
const TYPE: &str = "type";

fn one(name: &str) -> Names {
    Names(vec![name.to_owned()])
}

/// A format whose rows have the standard columns. It may say how values are
/// written, what every claim has, and how many rows may be refused; where
/// things are it does not say.
pub(super) fn mapped(raw: &RawFormat) -> Result<RawFormat, String> {
    if !raw.value.is_empty() || raw.type_rule.is_some() {
        return Err(format!(
            "the connector {:?} knows what the values are: leave value and type out",
            raw.connector().unwrap_or_default()
        ));
    }
    Ok(RawFormat {
        value: vec![RawValue {
            column: one(VALUE),
            template: None,
            range: None,
            types: Names::default(),
            split: None,
            several: false,
            mentions: false,
            confidence: None,
        }],
        type_rule: Some(RawType {
            column: one(TYPE),
            types: [
                ("ip", "ip"),
                ("host", "host"),
                ("hash", "hash"),
                ("auto", "auto"),
            ]
            .map(|(name, types)| (name.to_owned(), one(types)))
            .into(),
            common: false,
        }),
        first_seen: one("first_seen"),
        last_seen: one("last_seen"),
        expires_at: one("expires_at"),
        malware: one("malware"),
        techniques: one("technique"),
        sectors: one("sector"),
        withdrawn: one("withdrawn"),
        tags: one("tag"),
        // One cell is one tag: it may have commas.
        tag_separators: String::new(),
        references: vec!["{reference}".to_owned()],
        ports: one("port"),
        confidence: Some(RawConfidence {
            column: one("confidence"),
            steps: Vec::new(),
            names: std::collections::HashMap::new(),
        }),
        context: Some("{context}".to_owned()),
        tlp: one("tlp"),
        // What has no type here (registry keys, rules) says nothing against a
        // document: its own structure tells whether it is one.
        max_refused: raw.max_refused.or(Some(100)),
        ..raw.clone()
    })
}
