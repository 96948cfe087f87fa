//! `GET /api/v1/iocs/search`: has anyone seen this value?
//!
//! The hot path: the query string is read in place, and the answer is written
//! straight into the response's buffer.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use iocd_core::export::json::{write_entry, write_string};
use iocd_core::export::write_number;
use iocd_core::interpret::{canonical, interpret};
use iocd_core::normalize::Reading;
use iocd_core::query::{Entry, EntrySink, Page, Question, StatusFilter};
use iocd_core::value::{Kind, MAX_VALUE, Value};
use jiff::Timestamp;

use super::accept::check_accept;
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use crate::control::Control;
use crate::store::{ClaimStore, StoreError};

const PARAMETERS: &[&str] = &[
    "q",
    "type",
    "status",
    "limit",
    "offset",
    "match",
    "include_related",
    "as_of",
];
/// Entries on a page where the client does not say.
const DEFAULT_LIMIT: u32 = 100;

/// Answers with every entry whose stated scope covers the value.
pub(super) async fn search<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    let cap = call.caller.tier().results;
    let asked = Asked::read(
        call.request.uri().query(),
        call.app.settings.api_key_in_query,
        cap,
    )?;
    let out = answer(&asked, &*call.app.store, &call.app.control, call.now).await?;
    let mut response = Response::new(Body::from(out));
    set_content_type(response.headers_mut(), "application/json");
    Ok(response)
}

/// The body of the answer to a question.
pub(crate) async fn answer<S: ClaimStore>(
    asked: &Asked<'_>,
    store: &S,
    control: &Control,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let understood = Understood::read(&asked.text, asked.kind);
    let mut answer = Answer {
        out: Vec::with_capacity(1_024),
        asked,
        understood: &understood,
        control,
        entries: 0,
    };
    if understood.values.is_empty() {
        answer.total(0);
    } else {
        let question = Question {
            readings: &understood.values,
            status: asked.status,
            page: asked.page,
            now,
        };
        store.find(&question, &mut answer).await?;
    }
    let mut out = answer.out;
    out.extend_from_slice(b"]}");
    Ok(out)
}

/// The question as it was put.
pub(crate) struct Asked<'a> {
    /// In any spelling.
    pub(crate) text: Cow<'a, str>,
    /// To be read only so.
    pub(crate) kind: Option<Kind>,
    /// Which entries may answer.
    pub(crate) status: StatusFilter,
    /// Which part of the answer is wanted.
    pub(crate) page: Page,
}

impl<'a> Asked<'a> {
    pub(super) fn read(
        query: Option<&'a str>,
        api_key: bool,
        cap: u32,
    ) -> Result<Asked<'a>, ApiError> {
        let mut parameters = Parameters::new(query, PARAMETERS, api_key);
        let mut text = None;
        let mut asked = Asked {
            text: Cow::Borrowed(""),
            kind: None,
            status: StatusFilter::default(),
            page: Page {
                offset: 0,
                limit: DEFAULT_LIMIT.min(cap),
            },
        };
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "q" => text = Some(parameter.text()?),
                "type" => asked.kind = Some(parameter.kind()?),
                "status" => {
                    asked.status = parameter.one_of(read_status, ["active", "any"])?;
                }
                "limit" => {
                    let limit = parameter.number(1)?.min(u64::from(cap));
                    asked.page.limit = u32::try_from(limit).unwrap_or(cap);
                }
                "offset" => asked.page.offset = parameter.number(0)?,
                "match" => {
                    let known = ["exact", "cascade", "contains"];
                    if parameter.one_of(|text| known.iter().position(|k| *k == text), known)? > 0 {
                        return Err(parameter.not_available().allowing(["exact"]));
                    }
                }
                "include_related" => {
                    if parameter.switch()? {
                        return Err(parameter.not_available().allowing(["false"]));
                    }
                }
                _ => {
                    parameter.time()?;
                    return Err(parameter.not_available());
                }
            }
        }
        asked.text = text
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::missing("q", "the value to look for"))?;
        if asked.text.len() > MAX_VALUE {
            let expected = format_args!("at most {MAX_VALUE} bytes of text");
            return Err(ApiError::invalid("q", &asked.text, expected));
        }
        Ok(asked)
    }
}

/// The `status` parameter.
pub(super) fn read_status(text: &str) -> Option<StatusFilter> {
    match text {
        "active" => Some(StatusFilter::Active),
        "any" => Some(StatusFilter::Any),
        _ => None,
    }
}

/// The readings of the question, in their order: `changes[n]` is what was done
/// to read `values[n]`, and may end earlier where nothing was.
struct Understood {
    values: Vec<Value>,
    changes: Vec<Vec<&'static str>>,
}

impl Understood {
    fn read(text: &str, kind: Option<Kind>) -> Understood {
        // Most questions come from machines and are in canonical form already.
        if let Some(value) = canonical(text)
            && kind.is_none_or(|kind| kind == value.kind)
        {
            return Understood {
                values: vec![value.to_value()],
                changes: Vec::new(),
            };
        }
        let readings = interpret(text, kind).readings;
        let (values, changes) = readings
            .into_iter()
            .map(|Reading { value, changes, .. }| (value, changes))
            .unzip();
        Understood { values, changes }
    }
}

/// The body as it is written.
struct Answer<'a> {
    out: Vec<u8>,
    asked: &'a Asked<'a>,
    understood: &'a Understood,
    control: &'a Control,
    entries: u32,
}

impl EntrySink for Answer<'_> {
    fn total(&mut self, total: u64) {
        let out = &mut self.out;
        out.extend_from_slice(b"{\"meta\":{\"total\":");
        write_number(out, total);
        out.extend_from_slice(b",\"limit\":");
        write_number(out, u64::from(self.asked.page.limit));
        out.extend_from_slice(b",\"offset\":");
        write_number(out, self.asked.page.offset);
        out.extend_from_slice(b",\"query\":{\"input\":");
        write_string(out, &self.asked.text);
        out.extend_from_slice(b",\"interpretations\":[");
        for (position, value) in self.understood.values.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"type\":\"");
            out.extend_from_slice(value.kind().as_str().as_bytes());
            out.extend_from_slice(b"\",\"value\":");
            write_string(out, value.as_str());
            out.extend_from_slice(b",\"changes\":[");
            let changes = self
                .understood
                .changes
                .get(position)
                .map_or(&[][..], Vec::as_slice);
            for (position, change) in changes.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_string(out, change);
            }
            out.extend_from_slice(b"]}");
        }
        out.extend_from_slice(b"]}");
        if total == 0 {
            out.extend_from_slice(b",\"coverage\":");
            self.control.write_coverage(out);
        }
        out.extend_from_slice(b"},\"data\":[");
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        if self.entries > 0 {
            self.out.push(b',');
        }
        self.entries += 1;
        write_entry(&mut self.out, entry);
    }
}
