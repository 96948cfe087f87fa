//! `/api/v1/keys`: the keys of the caller's own account. A key of another
//! account is not found, whoever asks.

use axum::body::Body;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::accept::check_accept;
use super::code::Code;
use super::disk::wait_for_disk;
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use crate::control::{ControlError, DEFAULT_USAGE_DAYS, MAX_REASON, MAX_USAGE_DAYS};
use crate::store::ClaimStore;

mod description;
mod fields;
mod wanted;

pub(super) use description::{CREATE, LIST, REVOKE, SHOW, USAGE};
use description::{DAYS, PAGE};
use fields::Fields;
use wanted::WantedKey;

/// Keys on a page where the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1_000;

const WARNING: &str = "Store this API key now: it is shown only this once.";

/// `GET /api/v1/keys`: the account's keys, newest first.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    let (mut limit, mut offset) = (DEFAULT_LIMIT, 0);
    let mut parameters = Parameters::of(&call, PAGE);
    while let Some(parameter) = parameters.next()? {
        match parameter.name {
            "limit" => limit = parameter.number()?.min(MAX_LIMIT),
            _ => offset = parameter.number()?,
        }
    }
    let account = call.caller.key().account.clone();
    let (total, keys) = wait_for_disk(&call.app, move |control| {
        let mut keys = control.keys_of(&account)?;
        keys.reverse();
        let total = keys.len();
        let [skipped, shown] = [offset, limit].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let page: Vec<_> = keys.into_iter().skip(skipped).take(shown).collect();
        Ok((total, control.describe_keys(&page)?))
    })
    .await?;
    let meta = json!({"total": total, "limit": limit, "offset": offset});
    Ok(answer(&json!({"meta": meta, "data": keys})))
}

/// `POST /api/v1/keys`: makes a key that can do no more than the caller's.
pub(super) async fn create<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let fields = Fields::read(call.request, WantedKey::FIELDS).await?;
    let wanted = WantedKey::read(fields, &call.app.settings.tiers)?;
    let request = wanted.granted_by(&call.caller)?;
    let key = wait_for_disk(&call.app, move |control| {
        let (info, secret) = control.create_key(&request)?;
        let mut key = control.describe_key(&info)?;
        key["key"] = secret.reveal().into();
        Ok(key)
    })
    .await?;
    let id = key["id"].as_str().unwrap_or_default();
    tracing::info!(request_id = %call.id, by = call.caller.key().id, key = id, "key made");
    let location = HeaderValue::from_str(&format!("/api/v1/keys/{id}"));
    let mut response = answer(&json!({"data": key, "meta": {"warning": WARNING}}));
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `GET /api/v1/keys/{id}`.
pub(super) async fn show<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let named = Named::of(&call);
    let key = wait_for_disk(&call.app, move |control| {
        control.describe_key(&control.key_of(&named.account, &named.id)?)
    })
    .await?;
    Ok(answer(&json!({"data": key})))
}

/// `DELETE /api/v1/keys/{id}`: ends a key at once and for good. Ending it
/// again changes nothing.
pub(super) async fn revoke<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let named = Named::of(&call);
    let mut fields = Fields::read_optional(call.request, &["reason"]).await?;
    let reason = fields.take_text(
        "reason",
        &format!("a text of at most {MAX_REASON} characters"),
    )?;
    let (was_revoked, key) = wait_for_disk(&call.app, move |control| {
        let key = control.key_of(&named.account, &named.id)?;
        let revoked = control.revoke_key(&key.id, reason.as_deref())?;
        Ok((key.revoked_at.is_some(), control.describe_key(&revoked)?))
    })
    .await?;
    let message = if was_revoked {
        "The API key had been revoked before."
    } else {
        tracing::info!(request_id = %call.id, by = call.caller.key().id, key = key["id"].as_str(), "key revoked");
        "API key revoked successfully"
    };
    let body = json!({"success": true, "message": message, "data": key});
    Ok(answer(&body))
}

/// `GET /api/v1/keys/{id}/usage`: how much a key was used.
pub(super) async fn usage<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    let mut days = DEFAULT_USAGE_DAYS;
    let mut parameters = Parameters::of(&call, DAYS);
    while let Some(parameter) = parameters.next()? {
        days = u32::try_from(parameter.number()?).unwrap_or(MAX_USAGE_DAYS);
    }
    let named = Named::of(&call);
    let usage = wait_for_disk(&call.app, move |control| {
        let key = control.key_of(&named.account, &named.id)?;
        control.usage(&key.id, days)
    })
    .await?;
    Ok(answer(&json!({"data": usage.to_json()})))
}

/// The key that the path names, and the only account that it may be of.
struct Named {
    account: String,
    id: String,
}

impl Named {
    fn of<S>(call: &Call<S>) -> Named {
        // Behind "", "api", "v1" and "keys". Ids need no escapes: a name that
        // has some is no id.
        let id = call.request.uri().path().split('/').nth(4);
        Named {
            account: call.caller.key().account.clone(),
            id: id.unwrap_or_default().to_owned(),
        }
    }
}

fn answer(body: &Json) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    set_content_type(response.headers_mut(), "application/json");
    response
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::UnknownKey(_) => {
                ApiError::new(Code::NotFound, "There is no such key in your account.")
            }
            ControlError::KeyLimit { limit, .. } => {
                let message = format!(
                    "Your account has the {limit} keys that its tier allows: revoke one first."
                );
                ApiError::new(Code::KeyLimitReached, message)
            }
            ControlError::TierAboveAccount { .. } => {
                ApiError::new(Code::TierRequired, error.to_string()).about("tier")
            }
            ControlError::Name(given) => {
                let expected =
                    "1 to 100 characters, not only blanks, none of them a control character";
                ApiError::invalid("name", &given, expected)
            }
            ControlError::Reason => {
                ApiError::new(Code::InvalidParameter, error.to_string()).about("reason")
            }
            // What else there is was checked before, or is not the client's doing.
            error => ApiError::internal(error),
        }
    }
}
