//! `GET /api/v1/lookup`: the question of a search, answered for a person.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use iocd_core::value::{Kind, MAX_VALUE};
use serde_json::Value as Json;

use super::accept::check_accept;
use super::apart::{Wait, run_apart};
use super::articles;
use super::code::Code;
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use crate::store::ClaimStore;

mod answer;
mod around;
mod description;

use answer::Answer;
use around::{Around, has_surroundings};
pub(super) use description::LOOKUP;
use description::PARAMETERS;

/// Articles that are told of a CVE.
const MAX_ARTICLES: u32 = 20;

/// Answers with all that is said of one value, and what is around it.
pub(super) async fn lookup<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    let Call { app, now, .. } = call;
    let asked = Asked::read(call.request.uri().query(), app.settings.api_key_in_query)?;
    let warnings = app.warnings.current();
    let answer = Answer::find(&asked, &*app.store, &warnings, now).await?;
    let around = match answer
        .chosen()
        .filter(|found| has_surroundings(&found.value))
    {
        None => Around::default(),
        Some(found) => {
            let wait = Wait::default();
            let (store, question) = (Arc::clone(&app.store), Around::of(found, wait.is_over()));
            let find = async move { question.find(&*store, now).await };
            run_apart(&app.walks.short, &call.caller, find).await?
        }
    };
    let articles = match answer.chosen() {
        Some(found) if found.value.kind() == Kind::Cve => {
            let cve = found.value.as_str().to_owned();
            let since = articles::earliest(call.caller.tier(), now);
            let naming = articles::ask(&app, move |articles| {
                articles.naming(&cve, since, MAX_ARTICLES)
            });
            naming.await?.iter().map(articles::brief).collect()
        }
        _ => Json::Array(Vec::new()),
    };
    let sources = usize::try_from(call.caller.tier().results).unwrap_or(usize::MAX);
    let out = answer.write(&app.control, &around, &articles, sources);
    let mut response = Response::new(Body::from(out));
    set_content_type(response.headers_mut(), "application/json");
    Ok(response)
}

/// The question as it was put.
pub(super) struct Asked<'a> {
    /// In any spelling.
    text: Cow<'a, str>,
    /// To be read only so.
    kind: Option<Kind>,
}

impl<'a> Asked<'a> {
    pub(super) fn read(query: Option<&'a str>, api_key: bool) -> Result<Asked<'a>, ApiError> {
        let mut parameters = Parameters::new(query, PARAMETERS, api_key);
        let (mut given, mut kind) = (None, None);
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "type" => kind = Some(parameter.kind()?),
                name => {
                    let text = parameter.text()?;
                    if given.replace((name, text)).is_some() {
                        let message = "Parameters value and ioc mean the same: give one of them.";
                        let error = ApiError::new(Code::InvalidParameter, message);
                        return Err(error.about("ioc"));
                    }
                }
            }
        }
        let (name, text) = given
            .filter(|(_, text)| !text.is_empty())
            .ok_or_else(|| ApiError::missing("value", "the value to look up"))?;
        if text.len() > MAX_VALUE {
            let expected = format_args!("at most {MAX_VALUE} bytes of text");
            return Err(ApiError::invalid(name, &text, expected));
        }
        Ok(Asked { text, kind })
    }
}
