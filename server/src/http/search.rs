//! `GET /api/v1/iocs/search`: has anyone seen this value?
//!
//! The hot path: the query string is read in place, and the answer is written
//! straight into the response's buffer.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use iocd_core::export::json::{write_entry, write_string};
use iocd_core::export::write_number;
use iocd_core::interpret::{canonical, interpret};
use iocd_core::matching::{MIN_PART, Part};
use iocd_core::normalize::Reading;
use iocd_core::query::{
    Containing, Entry, EntrySink, MAX_DEPTH, Matching, Page, Question, Reach, StatusFilter,
};
use iocd_core::related::Ties;
use iocd_core::value::{Kind, MAX_VALUE, Value};
use jiff::Timestamp;

use tokio::runtime::Handle;

use super::App;
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

/// Answers with every entry whose stated scope covers the value, or that is
/// related to it as the question allows.
pub(super) async fn search<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    let cap = call.caller.tier().results;
    let asked = Asked::read(
        call.request.uri().query(),
        call.app.settings.api_key_in_query,
        cap,
    )?;
    let out = if asked.matching == Matching::Exact {
        answer(&asked, &*call.app.store, &call.app.control, call.now).await?
    } else {
        answer_apart(asked.into_owned(), call.app, call.now).await?
    };
    let mut response = Response::new(Body::from(out));
    set_content_type(response.headers_mut(), "application/json");
    Ok(response)
}

/// As [`answer`], for a question that may have much to walk through: not on a
/// thread that others wait for, and not more of them at a time than permitted.
async fn answer_apart<S: ClaimStore>(
    asked: Asked<'static>,
    app: Arc<App<S>>,
    now: Timestamp,
) -> Result<Vec<u8>, ApiError> {
    let permits = Arc::clone(&app.walks);
    let permit = permits
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let runtime = Handle::current();
    let answered = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also where the client has gone.
        let _permit = permit;
        runtime.block_on(answer(&asked, &*app.store, &app.control, now))
    });
    match answered.await {
        Ok(answered) => Ok(answered?),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(failed) => Err(ApiError::internal(failed)),
        },
    }
}

/// The body of the answer to a question. A part of values that is too short to
/// be looked for is in none.
pub(crate) async fn answer<S: ClaimStore>(
    asked: &Asked<'_>,
    store: &S,
    control: &Control,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let part = match asked.matching {
        Matching::Contains => Part::read(&asked.text),
        Matching::Exact | Matching::Cascade => None,
    };
    let understood = match asked.matching {
        Matching::Contains => Understood::default(),
        Matching::Exact | Matching::Cascade => Understood::read(&asked.text, asked.kind),
    };
    let mut answer = Answer {
        out: Vec::with_capacity(1_024),
        asked,
        understood: &understood,
        control,
        entries: 0,
        ties: asked.related.then(Ties::default),
    };
    if let Some(part) = &part {
        let question = Containing {
            part,
            kind: asked.kind,
            status: asked.status,
            page: asked.page,
            now,
        };
        store.find_containing(&question, &mut answer).await?;
    } else if understood.values.is_empty() {
        answer.total(0);
    } else {
        let question = Question {
            readings: &understood.values,
            reach: match asked.matching {
                Matching::Cascade => Reach::Cascade,
                Matching::Exact | Matching::Contains => Reach::Scope,
            },
            status: asked.status,
            page: asked.page,
            now,
        };
        store.find(&question, &mut answer).await?;
    }
    let Answer { mut out, ties, .. } = answer;
    out.push(b']');
    if let Some(ties) = ties {
        out.extend_from_slice(b",\"related\":[");
        let mut related = Related { out, entries: 0 };
        if !ties.is_empty() {
            store.related(&ties, now, &mut related).await?;
        }
        out = related.out;
        out.push(b']');
    }
    out.push(b'}');
    Ok(out)
}

/// The question as it was put.
pub(crate) struct Asked<'a> {
    /// In any spelling.
    pub(crate) text: Cow<'a, str>,
    /// To be read only so.
    pub(crate) kind: Option<Kind>,
    /// What counts as an answer.
    pub(crate) matching: Matching,
    /// Which entries may answer.
    pub(crate) status: StatusFilter,
    /// Which part of the answer is wanted.
    pub(crate) page: Page,
    /// Whether what belongs to the page's entries is wanted too.
    pub(crate) related: bool,
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
            matching: Matching::default(),
            status: StatusFilter::default(),
            page: Page {
                offset: 0,
                limit: DEFAULT_LIMIT.min(cap),
            },
            related: false,
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
                    let names = Matching::ALL.map(Matching::as_str);
                    asked.matching = parameter.one_of(Matching::from_name, names)?;
                }
                "include_related" => asked.related = parameter.switch()?,
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
        if asked.matching == Matching::Contains && Part::read(&asked.text).is_none() {
            let expected = format_args!("at least {MIN_PART} characters with match=contains");
            return Err(ApiError::invalid("q", &asked.text, expected));
        }
        if asked.matching != Matching::Exact {
            asked.bound_page()?;
        }
        Ok(asked)
    }

    /// What is not by exact keys is answered to a certain depth only.
    fn bound_page(&mut self) -> Result<(), ApiError> {
        let page = &mut self.page;
        page.limit = page.limit.min(u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX));
        if page.offset.saturating_add(page.limit.into()) <= MAX_DEPTH {
            return Ok(());
        }
        let expected = format_args!(
            "offset and limit of at most {MAX_DEPTH} together with match={}; narrow the question with status or a longer q",
            self.matching.as_str()
        );
        Err(ApiError::invalid(
            "offset",
            &page.offset.to_string(),
            expected,
        ))
    }

    fn into_owned(self) -> Asked<'static> {
        Asked {
            text: Cow::Owned(self.text.into_owned()),
            ..self
        }
    }
}

fn read_status(text: &str) -> Option<StatusFilter> {
    match text {
        "active" => Some(StatusFilter::Active),
        "any" => Some(StatusFilter::Any),
        _ => None,
    }
}

/// The readings of the question, in their order: `changes[n]` is what was done
/// to read `values[n]`, and may end earlier where nothing was.
#[derive(Default)]
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
    /// Those of the page's entries, where what belongs to them is wanted.
    ties: Option<Ties>,
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
        if let Some(ties) = &mut self.ties {
            ties.add(entry);
        }
    }
}

/// What belongs to the answer, as it is written.
struct Related {
    out: Vec<u8>,
    entries: usize,
}

impl EntrySink for Related {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        if self.entries > 0 {
            self.out.push(b',');
        }
        self.entries += 1;
        write_entry(&mut self.out, entry);
    }
}
