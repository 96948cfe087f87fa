//! `GET /api/v1/iocs`: active entries, newest update first, as JSON, CSV or text.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::Response;
use iocd_core::claim::{Category, Confidence};
use iocd_core::export::csv::{self, Cells};
use iocd_core::export::json::{self, write_string};
use iocd_core::export::{Format, txt, write_number, write_time};
use iocd_core::query::{Entry, EntrySink, Filter, Page};
use jiff::{SignedDuration, Timestamp};

use super::accept::check_accept;
use super::code::Code;
use super::error::ApiError;
use super::escape::encode_into;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use crate::config::Tier;
use crate::store::ClaimStore;

const PATH: &str = "/api/v1/iocs";
const PARAMETERS: &[&str] = &[
    "type",
    "confidence",
    "category",
    "since",
    "until",
    "limit",
    "offset",
    "format",
    "raw",
    "include_expired",
    "include_warned",
    // Of the contract, and not in this version:
    "industry",
    "source",
    "tag",
    "technique",
    "malware",
    "min_score",
    "cursor",
    "include_removed",
];
/// Entries on a page where the client does not say.
const DEFAULT_LIMIT: u32 = 100;

/// Answers with a page of the entries that the filters admit.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let tier = call.caller.tier();
    let query = call.request.uri().query();
    // Whole seconds: times in the answer should read like the others.
    let second = Timestamp::from_second(call.now.as_second()).unwrap_or(call.now);
    let asked = Asked::read(query, call.app.settings.api_key_in_query, tier, second)?;
    if !asked.format_given {
        check_accept(call.request.headers(), asked.format.media_type())?;
    }
    if !tier.formats.admit(asked.format) {
        let (format, tier) = (asked.format.as_str(), &tier.name);
        let message = format!("Format {format} is not part of tier {tier}: use json or csv.");
        return Err(ApiError::new(Code::TierRequired, message).about("format"));
    }
    let mut answer = Answer {
        out: Vec::with_capacity(64 << 10),
        asked: &asked,
        now: second,
        revision: call.app.store.counts().revision,
        next: None,
        entries: 0,
    };
    call.app
        .store
        .list(&asked.filter, asked.page, call.now, &mut answer)
        .await?;
    let Answer { mut out, next, .. } = answer;
    if asked.format == Format::Json {
        out.extend_from_slice(b"]}");
    }
    let mut response = Response::new(Body::from(out));
    set_content_type(response.headers_mut(), asked.format.media_type());
    if let Some(link) =
        next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok())
    {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// The list as it was asked for, and as the tier allows.
pub(super) struct Asked {
    filter: Filter,
    /// Whether the client gave a `since`: only then do links carry it.
    since_given: bool,
    page: Page,
    format: Format,
    /// Whether the client named the format: then what it accepts besides does
    /// not matter.
    format_given: bool,
    cells: Cells,
}

impl Asked {
    pub(super) fn read(
        query: Option<&str>,
        api_key: bool,
        tier: &Tier,
        now: Timestamp,
    ) -> Result<Asked, ApiError> {
        let cap = tier.results;
        let mut asked = Asked {
            filter: Filter::default(),
            since_given: false,
            page: Page {
                offset: 0,
                limit: DEFAULT_LIMIT.min(cap),
            },
            format: Format::default(),
            format_given: false,
            cells: Cells::default(),
        };
        let filter = &mut asked.filter;
        let mut parameters = Parameters::new(query, PARAMETERS, api_key);
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "type" => filter.kind = Some(parameter.kind()?),
                "confidence" => {
                    let names = ["high", "medium", "low"];
                    let read = |text: &str| {
                        Confidence::ALL
                            .into_iter()
                            .find(|label| label.as_str() == text)
                    };
                    filter.confidence = Some(parameter.one_of(read, names)?);
                }
                "category" => {
                    let names = Category::ALL.map(Category::as_str);
                    filter.category = Some(parameter.one_of(Category::from_name, names)?);
                }
                "since" => {
                    filter.since = Some(parameter.time()?);
                    asked.since_given = true;
                }
                "until" => filter.until = Some(parameter.time()?),
                "limit" => {
                    let limit = parameter.number(1)?.min(u64::from(cap));
                    asked.page.limit = u32::try_from(limit).unwrap_or(cap);
                }
                "offset" => asked.page.offset = parameter.number(0)?,
                "format" => {
                    let names = Format::ALL.map(Format::as_str);
                    asked.format = parameter.one_of(|text| text.parse().ok(), names)?;
                    asked.format_given = true;
                }
                "raw" => {
                    asked.cells = if parameter.switch()? {
                        Cells::Raw
                    } else {
                        Cells::Guarded
                    };
                }
                "include_expired" => filter.include_expired = parameter.switch()?,
                "include_warned" => filter.include_warned = parameter.switch()?,
                // Of this version: never in a list.
                "include_removed" if !parameter.switch()? => {}
                _ => return Err(parameter.not_available()),
            }
        }
        if let Some(days) = tier.lookback_days {
            let earliest = now
                .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
                .unwrap_or(Timestamp::MIN);
            filter.since = filter.since.max(Some(earliest));
        }
        Ok(asked)
    }

    /// This list from another place on.
    fn link(&self, offset: u64) -> String {
        let Filter {
            kind,
            confidence,
            category,
            since,
            until,
            include_expired,
            include_warned,
        } = self.filter;
        let mut link = format!("{PATH}?limit={}&offset={offset}", self.page.limit);
        let mut add = |name: &str, value: &str| {
            link.push('&');
            link.push_str(name);
            link.push('=');
            encode_into(&mut link, value);
        };
        if let Some(kind) = kind {
            add("type", kind.as_str());
        }
        if let Some(confidence) = confidence {
            add("confidence", confidence.as_str());
        }
        if let Some(category) = category {
            add("category", category.as_str());
        }
        if let Some(since) = since.filter(|_| self.since_given) {
            add("since", &since.to_string());
        }
        if let Some(until) = until {
            add("until", &until.to_string());
        }
        for (name, given) in [
            ("include_expired", include_expired),
            ("include_warned", include_warned),
        ] {
            if given {
                add(name, "true");
            }
        }
        if self.format != Format::Json {
            add("format", self.format.as_str());
        }
        if self.cells == Cells::Raw {
            link.push_str("&raw=true");
        }
        link
    }
}

/// The body as it is written.
struct Answer<'a> {
    out: Vec<u8>,
    asked: &'a Asked,
    now: Timestamp,
    revision: u64,
    next: Option<String>,
    entries: u64,
}

impl Answer<'_> {
    fn write_head(&mut self, total: u64) {
        let out = &mut self.out;
        let page = self.asked.page;
        out.extend_from_slice(b"{\"meta\":{\"total\":");
        write_number(out, total);
        out.extend_from_slice(b",\"limit\":");
        write_number(out, u64::from(page.limit));
        out.extend_from_slice(b",\"offset\":");
        write_number(out, page.offset);
        out.extend_from_slice(b",\"generated_at\":\"");
        write_time(out, self.now);
        out.extend_from_slice(b"\",\"feed_version\":\"");
        write_number(out, self.revision);
        out.extend_from_slice(b"\",\"source\":\"iocd\",\"filters\":{");
        write_filters(out, &self.asked.filter);
        out.extend_from_slice(b"}},\"links\":{\"self\":");
        write_string(out, &self.asked.link(page.offset));
        if let Some(next) = &self.next {
            out.extend_from_slice(b",\"next\":");
            write_string(out, next);
        }
        out.extend_from_slice(b"},\"data\":[");
    }
}

impl EntrySink for Answer<'_> {
    fn total(&mut self, total: u64) {
        let page = self.asked.page;
        let after = page.offset.saturating_add(u64::from(page.limit));
        self.next = (after < total).then(|| self.asked.link(after));
        match self.asked.format {
            Format::Json => self.write_head(total),
            Format::Csv => self.out.extend_from_slice(csv::HEADER.as_bytes()),
            Format::Txt => {}
        }
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        match self.asked.format {
            Format::Json => {
                if self.entries > 0 {
                    self.out.push(b',');
                }
                json::write_entry(&mut self.out, entry);
            }
            Format::Csv => csv::write_entry(&mut self.out, entry, self.asked.cells),
            Format::Txt => txt::write_entry(&mut self.out, entry),
        }
        self.entries += 1;
    }
}

/// The filters as applied: `since` may be the tier's lookback.
fn write_filters(out: &mut Vec<u8>, filter: &Filter) {
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        let comma = if text.is_empty() { "" } else { "," };
        // None of the values has a character that JSON escapes.
        write!(text, "{comma}\"{name}\":\"{value}\"").expect("writing to a String cannot fail");
    };
    if let Some(kind) = filter.kind {
        add("type", kind.as_str());
    }
    if let Some(confidence) = filter.confidence {
        add("confidence", confidence.as_str());
    }
    if let Some(category) = filter.category {
        add("category", category.as_str());
    }
    if let Some(since) = filter.since {
        add("since", &since.to_string());
    }
    if let Some(until) = filter.until {
        add("until", &until.to_string());
    }
    for (name, given) in [
        ("include_expired", filter.include_expired),
        ("include_warned", filter.include_warned),
    ] {
        if given {
            add(name, "true");
        }
    }
    out.extend_from_slice(text.as_bytes());
}
