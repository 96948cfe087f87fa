//! A list of articles as it was asked for, and as the tier allows.

use iocd_core::article::{Named, Severity, Topic, find_names};
use iocd_core::sector::sector;
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use super::cursor::Cursor;
use super::description::{FILTERS, MAX_NAME, PARAMETERS};
use super::fields::{EXPANSIONS, FIELDS};
use super::{PATH, earliest};
use crate::articles::{After, Filter, Sort};
use crate::config::Tier;
use crate::http::error::ApiError;
use crate::http::escape::encode_into;
use crate::http::parameter::{Parameter, Parameters};

/// Articles on a page where the client does not say, and at most in any tier.
const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 1_000;

/// How a page is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Json,
    Ndjson,
    Csv,
}

impl Format {
    pub(super) const ALL: [Format; 3] = [Format::Json, Format::Ndjson, Format::Csv];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// The list as it was asked for.
pub(in crate::http) struct Asked {
    /// The filters as stated, name and value.
    stated: Vec<(&'static str, String)>,
    /// As they are applied: `since` may be the tier's lookback.
    pub(super) filter: Filter,
    pub(super) sort: Sort,
    sort_given: bool,
    pub(super) after: Option<After>,
    cursor: Option<Cursor>,
    pub(super) limit: u32,
    pub(super) format: Format,
    /// Whether the client named the format: then what it accepts besides does
    /// not matter.
    pub(super) format_given: bool,
    /// In the order in which they are told.
    pub(super) fields: Vec<&'static str>,
}

impl Asked {
    pub(in crate::http) fn read(
        query: Option<&str>,
        api_key: bool,
        tier: &Tier,
        now: Timestamp,
    ) -> Result<Asked, ApiError> {
        let cap = tier.results.min(MAX_LIMIT);
        let mut asked = Asked {
            stated: Vec::new(),
            filter: Filter::default(),
            sort: Sort::default(),
            sort_given: false,
            after: None,
            cursor: None,
            limit: DEFAULT_LIMIT.min(cap),
            format: Format::default(),
            format_given: false,
            fields: Vec::new(),
        };
        let (mut expanded, mut chosen) = (Vec::new(), None);
        let mut parameters = Parameters::new(query, &PARAMETERS, api_key);
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "limit" => {
                    let limit = parameter.number()?.min(u64::from(cap));
                    asked.limit = u32::try_from(limit).unwrap_or(cap);
                }
                "sort" => {
                    asked.sort = parameter.one_of(Sort::from_name)?;
                    asked.sort_given = true;
                }
                "format" => {
                    let named = |text: &str| {
                        Format::ALL
                            .into_iter()
                            .find(|format| format.as_str() == text)
                    };
                    asked.format = parameter.one_of(named)?;
                    asked.format_given = true;
                }
                "expand" => {
                    expanded = names(parameter, &EXPANSIONS.map(|(name, _)| name))?;
                }
                "fields" => chosen = Some(names(parameter, &FIELDS)?),
                "cursor" => {
                    let text = parameter.text()?;
                    let expected = "a cursor from meta.next_cursor, unchanged";
                    let cursor = Cursor::decode(&text);
                    asked.cursor =
                        Some(cursor.ok_or_else(|| ApiError::invalid("cursor", &text, expected))?);
                }
                _ => asked.take_filter(parameter)?,
            }
        }
        asked.fields = told_fields(&expanded, chosen.as_deref());
        if let Some(cursor) = asked.cursor.clone() {
            asked.take_cursor(&cursor)?;
        }
        if let Some(earliest) = earliest(tier, now) {
            asked.filter.since = asked.filter.since.max(Some(earliest));
        }
        Ok(asked)
    }

    fn take_filter(&mut self, parameter: Parameter<'_>) -> Result<(), ApiError> {
        read_filter(&mut self.filter, parameter)?;
        self.stated
            .push((parameter.name, parameter.text()?.into_owned()));
        Ok(())
    }

    /// Goes on from a place: with its filters and order, and no others.
    fn take_cursor(&mut self, cursor: &Cursor) -> Result<(), ApiError> {
        let stated = std::mem::take(&mut self.filter);
        let was_stated = !std::mem::take(&mut self.stated).is_empty();
        let mut parameters = Parameters::new(Some(&cursor.filters), FILTERS, false);
        while let Some(parameter) = parameters.next()? {
            self.take_filter(parameter)?;
        }
        let is_other =
            was_stated && stated != self.filter || self.sort_given && self.sort != cursor.sort;
        if is_other {
            let expected =
                "a cursor alone, or beside the filters and the order that it was given for";
            return Err(ApiError::invalid("cursor", &cursor.encode(), expected));
        }
        self.sort = cursor.sort;
        self.after = Some(cursor.after);
        Ok(())
    }

    /// The cursor of what comes behind a place.
    pub(super) fn next(&self, after: After) -> String {
        let filters = self.filters();
        let cursor = Cursor {
            sort: self.sort,
            after,
            filters,
        };
        cursor.encode()
    }

    /// The filters as stated, as a query string.
    fn filters(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.stated {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            encode_into(&mut text, value);
        }
        text
    }

    /// The filters as they are applied.
    pub(super) fn applied(&self) -> serde_json::Map<String, serde_json::Value> {
        let stated = self.stated.iter();
        let mut applied: serde_json::Map<_, _> = stated
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        if let Some(since) = self.filter.since {
            applied.insert("since".to_owned(), super::fields::time(since).into());
        }
        applied
    }

    /// Everything that decides what is told, as text.
    pub(super) fn target(&self) -> String {
        let cursor = self.cursor.as_ref().map(Cursor::encode).unwrap_or_default();
        format!(
            "{PATH}?{}&limit={}&sort={}&format={}&fields={}&cursor={cursor}",
            self.filters(),
            self.limit,
            self.sort.as_str(),
            self.format.as_str(),
            self.fields.join(","),
        )
    }
}

fn read_filter(filter: &mut Filter, parameter: Parameter<'_>) -> Result<(), ApiError> {
    let label = |text: &str| Severity::from_name(text);
    match parameter.name {
        "q" => filter.text = Some(said(parameter)?),
        "category" => filter.topic = Some(parameter.one_of(Topic::from_name)?),
        "severity" => {
            let label = parameter.one_of(label)?;
            filter.least = filter.least.max(Some(label.least()));
            let above = Severity::ALL.into_iter().find(|other| *other > label);
            filter.below = above.map(Severity::least);
        }
        "min_severity" => {
            let label = parameter.one_of(label)?;
            filter.least = filter.least.max(Some(label.least()));
        }
        "since" => filter.since = Some(parameter.time()?),
        "modified_since" => filter.modified_since = Some(parameter.time()?),
        "has_iocs" => filter.has_iocs = Some(parameter.switch()?),
        "threat_actor" => filter.actor = Some(chief_name(&said(parameter)?)),
        "industry" => filter.sector = Some(parameter.one_of(sector)?.to_owned()),
        "mitre_technique" => filter.technique = Some(technique(parameter)?),
        other => unreachable!("{other} is no filter"),
    }
    Ok(())
}

/// A text that says something.
fn said(parameter: Parameter<'_>) -> Result<String, ApiError> {
    let text = parameter.text()?;
    let is_said = !text.trim().is_empty()
        && text.chars().count() <= MAX_NAME
        && !text.chars().any(char::is_control);
    if is_said {
        return Ok(text.trim().to_owned());
    }
    let expected = format_args!("1 to {MAX_NAME} printable characters");
    Err(ApiError::invalid(parameter.name, &text, expected))
}

/// The name that a group is told under, by any of its names.
fn chief_name(name: &str) -> String {
    let known = find_names(name);
    let mut actors = known.iter().filter(|(named, _)| *named == Named::Actor);
    match (actors.next(), actors.next()) {
        (Some((_, chief)), None) => (*chief).to_owned(),
        _ => name.to_owned(),
    }
}

fn technique(parameter: Parameter<'_>) -> Result<String, ApiError> {
    let text = parameter.text()?;
    let id = Value::parse(Kind::MitreAttack, text.trim()).ok();
    let id = id.filter(|id| id.as_str().starts_with('T') && !id.as_str().starts_with("TA"));
    let id = id.map(|id| id.as_str().to_owned());
    id.ok_or_else(|| {
        let expected = "the id of an ATT&CK technique, T1059 or T1059.001";
        ApiError::invalid(parameter.name, &text, expected)
    })
}

/// Names of a list with commas between them.
fn names(parameter: Parameter<'_>, known: &[&'static str]) -> Result<Vec<&'static str>, ApiError> {
    let text = parameter.text()?;
    text.split(',')
        .map(|name| {
            let name = name.trim();
            let found = known.iter().copied().find(|known| *known == name);
            found.ok_or_else(|| {
                let names = known.join(", ");
                let expected = format_args!("some of {names}, with commas between them");
                let allowed = known.iter().map(|name| (*name).into());
                ApiError::invalid(parameter.name, &text, expected).allowing(allowed)
            })
        })
        .collect()
}

/// What is told of each article: all but the expansions that were not asked
/// for; of these, where the client chose some, those and the id.
fn told_fields(expanded: &[&str], chosen: Option<&[&str]>) -> Vec<&'static str> {
    let is_told = |field: &&str| {
        if chosen.is_some_and(|chosen| chosen.contains(field)) {
            return true;
        }
        match EXPANSIONS.iter().find(|(_, expanded)| expanded == field) {
            Some((expansion, _)) => expanded.contains(expansion),
            None => chosen.is_none() || *field == "id",
        }
    };
    FIELDS.into_iter().filter(is_told).collect()
}
