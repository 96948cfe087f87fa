//! `GET /api/v1/iocs/search`: has anyone seen this value?
//!
//! The hot path: the query string is read in place, and the answer is written
//! straight into the response's buffer.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::response::Response;
use iocd_core::matching::{MIN_PART, Part};
use iocd_core::query::{MAX_DEPTH, Matching, Page, StatusFilter};
use iocd_core::value::{Kind, MAX_VALUE};
use jiff::Timestamp;

use super::accept::check_accept;
use super::apart::{Wait, run_apart};
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use crate::store::ClaimStore;

mod answer;
mod description;

pub(crate) use answer::{Asking, answer};
use description::PARAMETERS;
pub(super) use description::{SEARCH, STATUS};

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
        call.now,
    )?;
    let out = if asked.matching == Matching::Exact {
        let app = &call.app;
        let warnings = app.warnings.current();
        let asking = Asking {
            store: &*app.store,
            control: &app.control,
            warnings: &warnings,
            is_abandoned: &|| false,
        };
        answer(&asked, asking, call.now).await?
    } else {
        let (asked, app) = (asked.into_owned(), Arc::clone(&call.app));
        let wait = Wait::default();
        let is_over = wait.is_over();
        let answer = async move {
            let warnings = app.warnings.current();
            let asking = Asking {
                store: &*app.store,
                control: &app.control,
                warnings: &warnings,
                is_abandoned: &|| is_over.load(Ordering::Relaxed),
            };
            answer(&asked, asking, call.now).await
        };
        run_apart(&call.app.walks.long, &call.caller, answer).await?
    };
    let mut response = Response::new(Body::from(out));
    set_content_type(response.headers_mut(), "application/json");
    Ok(response)
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
    /// Whether every term of the scores is wanted.
    pub(crate) explain: bool,
    /// As the store stood then.
    pub(crate) as_of: Option<Timestamp>,
}

impl<'a> Asked<'a> {
    pub(super) fn read(
        query: Option<&'a str>,
        api_key: bool,
        cap: u32,
        now: Timestamp,
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
            explain: false,
            as_of: None,
        };
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "q" => text = Some(parameter.text()?),
                "type" => asked.kind = Some(parameter.kind()?),
                "status" => {
                    asked.status = parameter.one_of(read_status)?;
                }
                "limit" => {
                    let limit = parameter.number()?.min(u64::from(cap));
                    asked.page.limit = u32::try_from(limit).unwrap_or(cap);
                }
                "offset" => asked.page.offset = parameter.number()?,
                "match" => {
                    asked.matching = parameter.one_of(Matching::from_name)?;
                }
                "include_related" => asked.related = parameter.switch()?,
                "explain" => asked.explain = parameter.switch()?,
                _ => {
                    let time = parameter.time()?;
                    if time > now {
                        let expected = "a time that is not in the future";
                        return Err(ApiError::invalid("as_of", &time.to_string(), expected));
                    }
                    asked.as_of = Some(time);
                }
            }
        }
        asked.text = text.unwrap_or_default();
        asked.checked()
    }

    /// The same question, if it can be answered: whoever asks it, over HTTP or
    /// beside the data directory, has the same answer.
    pub(crate) fn checked(mut self) -> Result<Asked<'a>, ApiError> {
        let asked = &mut self;
        if asked.text.is_empty() {
            return Err(ApiError::missing("q", "the value to look for"));
        }
        if asked.text.len() > MAX_VALUE {
            let expected = format_args!("at most {MAX_VALUE} bytes of text");
            return Err(ApiError::invalid("q", &asked.text, expected));
        }
        if asked.matching == Matching::Contains && Part::read(&asked.text).is_none() {
            let expected = format_args!(
                "at least {MIN_PART} characters between the blanks at its ends with match=contains"
            );
            return Err(ApiError::invalid("q", &asked.text, expected));
        }
        if asked.matching != Matching::Exact {
            asked.bound_page()?;
        }
        Ok(self)
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

/// The `status` parameter.
pub(super) fn read_status(text: &str) -> Option<StatusFilter> {
    match text {
        "active" => Some(StatusFilter::Active),
        "any" => Some(StatusFilter::Any),
        _ => None,
    }
}
