//! What a list is narrowed to, as parameters say it.

use std::borrow::Cow;

use iocd_core::claim::{Category, Confidence};
use iocd_core::query::{Filter, fold};
use iocd_core::sector::sector;
use iocd_core::value::{Kind, Value};

use crate::http::error::ApiError;
use crate::http::parameter::Parameter;

/// Longest tag or name of a malware family that is asked for, in characters.
pub(super) const MAX_LABEL: usize = 100;
/// Sources that one list is narrowed to.
const MAX_SOURCES: usize = 64;

/// A source by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct SourceName {
    /// The short one.
    pub(in crate::http) name: String,
    /// The one in the API.
    pub(in crate::http) title: String,
}

/// Gives the names of all sources that there are.
pub(in crate::http) type KnownSources<'a> = &'a dyn Fn() -> Vec<SourceName>;

/// Reads one of [`FILTERS`](super::description::FILTERS).
pub(super) fn read_filter(
    filter: &mut Filter,
    parameter: Parameter<'_>,
    known: KnownSources<'_>,
) -> Result<(), ApiError> {
    match parameter.name {
        "type" => filter.kind = Some(parameter.kind()?),
        "confidence" => {
            let read = |text: &str| {
                Confidence::ALL
                    .into_iter()
                    .find(|label| label.as_str() == text)
            };
            filter.confidence = Some(parameter.one_of(read)?);
        }
        "category" => {
            filter.category = Some(parameter.one_of(Category::from_name)?);
        }
        "source" => filter.sources = read_sources(parameter, &known())?,
        "tag" => filter.tag = Some(read_label(parameter)?),
        "technique" => filter.technique = Some(read_technique(parameter)?),
        "malware" => filter.malware = Some(read_label(parameter)?),
        "industry" => {
            let slug = parameter.one_of(sector)?;
            filter.sector = Some(slug.to_owned());
        }
        "min_score" => {
            let least = parameter.number()?;
            filter.min_score = u8::try_from(least).ok();
        }
        "since" => filter.since = Some(parameter.time()?),
        "until" => filter.until = Some(parameter.time()?),
        "include_expired" => filter.include_expired = parameter.switch()?,
        "include_warned" => filter.include_warned = parameter.switch()?,
        other => unreachable!("{other} is no filter"),
    }
    Ok(())
}

/// A tag or a name as sources write it.
fn read_label(parameter: Parameter<'_>) -> Result<String, ApiError> {
    let text = parameter.text()?;
    let label = text.trim();
    let is_label = !label.is_empty()
        && label.chars().count() <= MAX_LABEL
        && !label.chars().any(char::is_control);
    if is_label {
        return Ok(label.to_owned());
    }
    let expected = format_args!("1 to {MAX_LABEL} printable characters");
    Err(ApiError::invalid(parameter.name, &text, expected))
}

fn read_technique(parameter: Parameter<'_>) -> Result<String, ApiError> {
    let text = parameter.text()?;
    let id = Value::parse(Kind::MitreAttack, text.trim()).ok();
    let technique = id.filter(|id| id.as_str().starts_with('T'));
    let technique = technique.map(|id| id.as_str().to_owned());
    technique.ok_or_else(|| {
        let expected = "the id of an ATT&CK technique, T1059 or T1059.001";
        ApiError::invalid(parameter.name, &text, expected)
    })
}

/// Short names or titles with commas between them, in any case; as short
/// names, in order.
fn read_sources(parameter: Parameter<'_>, known: &[SourceName]) -> Result<Vec<String>, ApiError> {
    let text = parameter.text()?;
    let mut sources = Vec::new();
    for asked in text.split(',').map(str::trim) {
        let folded = fold(asked);
        let is_meant =
            |source: &&SourceName| source.name == folded || fold(&source.title) == folded;
        let meant = known.iter().filter(is_meant);
        let before = sources.len();
        sources.extend(meant.map(|source| source.name.clone()));
        if sources.len() == before {
            let expected = "names or titles of feeds, with commas between them";
            let names = known.iter().map(|source| Cow::Owned(source.name.clone()));
            return Err(ApiError::invalid(parameter.name, asked, expected).allowing(names));
        }
        if sources.len() > MAX_SOURCES {
            let expected = format_args!("at most {MAX_SOURCES} feeds");
            return Err(ApiError::invalid(parameter.name, &text, expected));
        }
    }
    sources.sort_unstable();
    sources.dedup();
    Ok(sources)
}

/// Names each part of a filter and its value.
pub(super) fn each_filter(filter: &Filter, visit: &mut dyn FnMut(&str, &str)) {
    let Filter {
        kind,
        confidence,
        category,
        sources,
        tag,
        technique,
        malware,
        sector,
        min_score,
        since,
        until,
        include_expired,
        include_warned,
    } = filter;
    let sources = (!sources.is_empty()).then(|| sources.join(","));
    let least = min_score.map(|least| least.to_string());
    let since = since.map(|time| time.to_string());
    let until = until.map(|time| time.to_string());
    let texts = [
        ("type", kind.map(Kind::as_str)),
        ("confidence", confidence.map(Confidence::as_str)),
        ("category", category.map(Category::as_str)),
        ("source", sources.as_deref()),
        ("tag", tag.as_deref()),
        ("technique", technique.as_deref()),
        ("malware", malware.as_deref()),
        ("industry", sector.as_deref()),
        ("min_score", least.as_deref()),
        ("since", since.as_deref()),
        ("until", until.as_deref()),
        ("include_expired", include_expired.then_some("true")),
        ("include_warned", include_warned.then_some("true")),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            visit(name, text);
        }
    }
}
