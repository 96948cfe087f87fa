//! A format's rules as written into rules that hold.

use std::collections::HashMap;

use super::{
    FeedConfigError, Names, RawDateOrder, RawFeed, RawFormat, RawType, RawValue, invalid, sorted,
    standard,
};
use crate::feed::Format;
use crate::feed::connector::CONNECTORS;
use crate::feed::date::DateOrder;
use crate::feed::mapping::{ConfidenceRule, Mapping, TypeRule, Types, ValueFrom, ValueRule};
use crate::feed::template::Template;
use crate::observation::Columns;

pub(super) fn check_format(raw: &RawFormat, feed: &RawFeed) -> Result<Format, FeedConfigError> {
    let key = |name: &str| format!("format.{}.{name}", raw.name);
    let entry = CONNECTORS
        .iter()
        .find(|entry| Some(entry.name) == raw.connector())
        .ok_or_else(|| {
            let known: Vec<&str> = CONNECTORS.iter().map(|entry| entry.name).collect();
            let given = raw.connector.as_deref().unwrap_or_default();
            invalid(
                key("connector"),
                format!("{given:?}: {} are allowed", known.join(", ")),
            )
        })?;
    if let Some(url) = &raw.url
        && !(url.starts_with("https://") || url.starts_with("http://"))
    {
        return Err(invalid(
            key("url"),
            format!("{url:?}: http and https are allowed"),
        ));
    }
    let standard;
    let raw = if entry.standard {
        standard = standard::mapped(raw).map_err(|message| invalid(key("value"), message))?;
        &standard
    } else {
        raw
    };
    let mut mapping = check_mapping(raw, feed, &key)?;
    let connector = (entry.configure)(raw.settings.clone(), &mut mapping.columns)
        .map_err(|message| invalid(key("settings"), message))?;
    if let Some(given) = connector.columns() {
        for (_, name) in mapping.columns.iter() {
            if !given.iter().any(|known| known == name) {
                let message = format!("no column {name:?}: {} are allowed", given.join(", "));
                return Err(invalid(key("value"), message));
            }
        }
    }
    Ok(Format {
        name: raw.name.clone(),
        url: raw.url.clone(),
        collector: raw.collector.clone(),
        collection: raw.collection.clone(),
        connector_name: entry.name,
        syntax: entry.syntax,
        connector: connector.into(),
        mapping: mapping.into(),
    })
}

fn check_mapping(
    raw: &RawFormat,
    feed: &RawFeed,
    key: &dyn Fn(&str) -> String,
) -> Result<Mapping, FeedConfigError> {
    let mut columns = Columns::default();
    if raw.value.is_empty() {
        return Err(invalid(key("value"), "a format has at least one value"));
    }
    let mut values = Vec::with_capacity(raw.value.len());
    for value in &raw.value {
        values.push(
            check_value(value, &mut columns).map_err(|message| invalid(key("value"), message))?,
        );
    }
    let type_rule = match &raw.type_rule {
        None => None,
        Some(rule) => Some(
            check_type_rule(rule, &mut columns).map_err(|message| invalid(key("type"), message))?,
        ),
    };
    let confidence = match &raw.confidence {
        None => None,
        Some(rule) => {
            for value in rule
                .steps
                .iter()
                .map(|step| &step.1)
                .chain(rule.names.values())
            {
                check_percent(&key("confidence"), *value)?;
            }
            let mut steps = rule.steps.clone();
            steps.sort_unstable();
            let lower = |(name, value): (&String, &u8)| (name.to_ascii_lowercase(), *value);
            let names = rule.names.iter().map(lower).collect();
            Some(ConfidenceRule {
                columns: rule.column.ids(&mut columns),
                steps,
                names,
            })
        }
    };
    let mut template = |name: &str, text: &String| {
        Template::parse(text, &mut columns).map_err(|message| invalid(key(name), message))
    };
    let context = raw
        .context
        .as_ref()
        .map(|text| template("context", text))
        .transpose()?;
    let references = raw
        .references
        .iter()
        .map(|text| template("references", text))
        .collect::<Result<_, _>>()?;
    let max_refused = raw.max_refused.unwrap_or(50);
    check_percent(&key("max_refused"), max_refused)?;
    let fixed_tags = sorted(feed.tags.iter().chain(&raw.add_tags).cloned().collect());
    Ok(Mapping {
        values,
        type_rule,
        first_seen: raw.first_seen.ids(&mut columns),
        last_seen: raw.last_seen.ids(&mut columns),
        expires_at: raw.expires_at.ids(&mut columns),
        date_order: match raw.date_order {
            RawDateOrder::MonthFirst => DateOrder::MonthFirst,
            RawDateOrder::DayFirst => DateOrder::DayFirst,
        },
        malware: raw.malware.ids(&mut columns),
        malware_strip: raw.malware_strip.clone(),
        techniques: raw.techniques.ids(&mut columns),
        sectors: raw.sectors.ids(&mut columns),
        withdrawn: raw.withdrawn.ids(&mut columns),
        tags: raw.tags.ids(&mut columns),
        tag_separators: raw.tag_separators.chars().collect(),
        fixed_tags,
        references,
        ports: raw.ports.ids(&mut columns),
        confidence,
        context,
        tlp: raw.tlp.ids(&mut columns),
        empty: raw.empty.clone(),
        unescape_html: raw.unescape_html,
        defanged: raw.defanged,
        scope: raw.scope.unwrap_or(feed.scope),
        max_refused,
        columns,
    })
}

fn check_value(raw: &RawValue, columns: &mut Columns) -> Result<ValueRule, String> {
    let from = match (&raw.column.0[..], &raw.template, &raw.range) {
        ([_, ..], None, None) => ValueFrom::Columns(raw.column.ids(columns)),
        ([], Some(template), None) => ValueFrom::Template(Template::parse(template, columns)?),
        ([], None, Some([first, last])) => {
            ValueFrom::Range(columns.intern(first), columns.intern(last))
        }
        _ => return Err("one of column, template and range is needed".to_owned()),
    };
    let anchors = match &from {
        ValueFrom::Columns(ids) => ids.clone(),
        ValueFrom::Template(template) => template.columns(),
        ValueFrom::Range(first, last) => vec![*first, *last],
    };
    for id in anchors {
        columns.anchor(id);
    }
    if (raw.several || raw.mentions) && raw.split.is_some() {
        return Err("several and mentions find what divides values, so leave split out".to_owned());
    }
    if raw.confidence.is_some_and(|value| value > 100) {
        return Err("confidence: 0 to 100 are allowed".to_owned());
    }
    Ok(ValueRule {
        from,
        types: check_types(&raw.types)?,
        split: raw.split,
        several: raw.several,
        mentions: raw.mentions,
        confidence: raw.confidence,
    })
}

fn check_types(names: &Names) -> Result<Types, String> {
    let mut kinds = Vec::new();
    for name in &names.0 {
        match Types::from_name(name) {
            Some(Types::Any) => return Ok(Types::Any),
            Some(Types::Kinds(more)) => kinds.extend(more),
            None => {
                return Err(format!(
                    "no type {name:?}: auto, ip, host, hash and the types of the API are allowed"
                ));
            }
        }
    }
    Ok(if kinds.is_empty() {
        Types::Any
    } else {
        Types::Kinds(kinds)
    })
}

fn check_type_rule(raw: &RawType, columns: &mut Columns) -> Result<TypeRule, String> {
    let mut types = HashMap::with_capacity(raw.types.len());
    for (name, names) in &raw.types {
        let checked = match &names.0[..] {
            [none] if none == "none" => None,
            _ => Some(check_types(names)?),
        };
        types.insert(name.to_ascii_lowercase(), checked);
    }
    Ok(TypeRule {
        columns: raw.column.ids(columns),
        types,
        common: raw.common,
    })
}

/// A share in a hundred.
pub(super) fn check_percent(key: &str, value: u8) -> Result<(), FeedConfigError> {
    if value > 100 {
        return Err(invalid(key, format!("{value}: 0 to 100 are allowed")));
    }
    Ok(())
}
