//! Attributes: what they name, and what they say of it.

use std::borrow::Cow;

use super::document::Held;
use super::event::{MAX_WORDS, tags};
use crate::feed::cell::printable;
use crate::feed::object::Object;
use crate::feed::statement::{Group, StandardColumns, Statement};
use crate::feed::stix::pattern::Pattern;

/// How sure the source is of what it does not want to be looked for.
const UNSURE: &str = "30";

/// What an attribute is.
#[derive(Debug)]
pub(super) enum Read {
    /// It names values that are to be looked for.
    Names(Box<Held>),
    /// It is there to explain; perhaps by a link.
    Explains(Option<String>),
    /// It names values that are not to be looked for.
    Unmarked,
    /// It is to be looked for, and nothing here can be; or it is no attribute.
    Refused(String),
}

/// Reads an attribute. `all`: even what is not to be looked for.
pub(super) fn read_attribute(object: Object<'_>, all: bool, columns: &StandardColumns) -> Read {
    let Some(kind) = object.text("type") else {
        return Read::Refused(format!("the attribute has no type: {}", object.names()));
    };
    let value = object.word("value");
    let wanted = object.flag("to_ids").unwrap_or(kind != "link");
    let is_link =
        kind == "link" || kind == "url" && object.text("category") == Some("External analysis");
    if !wanted && is_link {
        return Read::Explains(value.map(Cow::into_owned));
    }
    // MISP never marks vulnerabilities: it is not there to be looked for on a
    // wire, but what it says of it is no mere explanation.
    let sure = wanted || kind == "vulnerability";
    let Some(value) = value else {
        if !sure {
            return Read::Explains(None);
        }
        let kind = printable(kind, 40);
        return Read::Refused(format!("the attribute of type {kind:?} has no value"));
    };
    match read_values(kind, &value) {
        Ok(groups) if groups.is_empty() && !sure => Read::Explains(None),
        Ok(groups) if groups.is_empty() => {
            let kind = printable(kind, 40);
            Read::Refused(format!("type {kind:?} is no type of value known here"))
        }
        Ok(_) if !sure && !all => Read::Unmarked,
        Ok(groups) => {
            let mut held = hold(object, columns, groups);
            if !sure {
                held.statement.about.push(columns.confidence, UNSURE);
            }
            Read::Names(Box::new(held))
        }
        Err(_) if !sure => Read::Explains(None),
        Err(reason) => Read::Refused(reason),
    }
}

fn hold(object: Object<'_>, columns: &StandardColumns, groups: Vec<Group>) -> Held {
    let mut statement = Statement {
        groups,
        ..Statement::default()
    };
    let about = &mut statement.about;
    columns.push_tags(tags(object), about);
    about.push_some(columns.first_seen, object.text("first_seen"));
    for key in ["last_seen", "timestamp"] {
        about.push_some(columns.last_seen, object.word(key).as_deref());
    }
    if object.flag("deleted") == Some(true) {
        about.push(columns.withdrawn, "true");
    }
    let comment = object.text("comment");
    // Some comments are only a link to where it was said.
    let link = comment.filter(|text| text.starts_with("http") && !text.contains(' '));
    about.push_some(columns.reference, link);
    // Attributes that were searched for stand without their event.
    let event = object.inner("Event").and_then(|event| event.text("info"));
    let comment = comment.filter(|_| link.is_none()).or(event);
    Held {
        statement,
        comment: comment.map(|words| printable(words, MAX_WORDS)),
    }
}

/// The values of an attribute of this type; none where there is no type for
/// them here. The types are those of the MISP core format.
fn read_values(kind: &str, value: &str) -> Result<Vec<Group>, String> {
    let last = || value.rsplit('|').next().unwrap_or_default();
    let group = match kind {
        "ip-src" | "ip-dst" => Group::one("ip", value),
        "domain" | "hostname" => Group::one("host", value),
        "domain|ip" => Group {
            kind: "host",
            values: value.split('|').map(str::to_owned).collect(),
            ports: Vec::new(),
        },
        "ip-src|port" | "ip-dst|port" | "hostname|port" => {
            let (host, port) = value.rsplit_once('|').unwrap_or((value, ""));
            Group {
                kind: "host",
                values: vec![host.to_owned()],
                ports: vec![port.to_owned()],
            }
        }
        "url" | "link" => Group::url(value),
        "uri" if value.contains("://") => Group::url(value),
        "email"
        | "email-src"
        | "email-dst"
        | "email-reply-to"
        | "whois-registrant-email"
        | "dns-soa-email" => Group::one("email", value),
        "md5" | "sha1" | "sha256" | "sha512" | "malware-sample" | "filename|md5"
        | "filename|sha1" | "filename|sha256" | "filename|sha512" => Group::one("hash", last()),
        "vulnerability" => Group::one("cve", value),
        "stix2-pattern" => {
            let pattern: Pattern = value
                .parse()
                .map_err(|error| format!("no STIX pattern: {error}"))?;
            return Ok(pattern.named().into_groups());
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![group])
}
