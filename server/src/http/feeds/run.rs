//! `POST /api/v1/feeds/{name}/run`: a feed now, whatever its schedule.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use tokio::runtime::Handle;

use super::{PATH, second};
use crate::http::accept::check_accept;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::front::Call;
use crate::http::headers::set_content_type;
use crate::http::parameter::Parameters;
use crate::run::RunError;
use crate::store::ClaimStore;

/// Has a feed run. The answer does not wait for that: other machines take
/// their time. How it went is in the feed's state.
pub(in crate::http) async fn run<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let path = call.request.uri().path();
    let name = path.strip_prefix(PATH).unwrap_or_default();
    let name = name.strip_suffix("/run").unwrap_or_default().to_owned();
    let Some(runner) = &call.app.runner else {
        let error = ApiError::new(Code::Unavailable, "This server does not fetch feeds.");
        return Err(error.retry_after(3600));
    };
    let turn = runner.take(&name).map_err(|error| refusal(error, &name))?;
    let by = call.caller.key().id.clone();
    tracing::info!(request_id = %call.id, by, feed = name, "a run of a feed was asked for");
    let runtime = Handle::current();
    let feed = Arc::<str>::from(&*name);
    tokio::task::spawn_blocking(move || {
        // How it went is in the log already.
        if let Err(error) = turn.run(&runtime, None) {
            tracing::error!(feed = &*feed, %error, "a feed could not be run");
        }
    });
    let body = json!({
        "meta": {"generated_at": second(call.now)},
        "data": {"name": name, "running": true, "started_at": second(call.now)},
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::ACCEPTED;
    set_content_type(response.headers_mut(), "application/json");
    Ok(response)
}

fn refusal(error: RunError, name: &str) -> ApiError {
    match error {
        RunError::UnknownFeed(_) => {
            let error = ApiError::new(Code::NotFound, "There is no feed of this name.");
            error.about("name").given(name)
        }
        RunError::NoAddress(_) => {
            let message = "This feed has no address to be fetched from: it is read from files.";
            let error = ApiError::new(Code::NotFound, message);
            error.about("name").given(name)
        }
        RunError::Mirrored { by, .. } => ApiError::new(
            Code::FeedBusy,
            format!("This feed is mirrored from another server by the feed {by}: run that."),
        ),
        RunError::Busy(_) => ApiError::new(
            Code::FeedBusy,
            "This feed is being run already: wait for that.",
        ),
        error => ApiError::internal(error),
    }
}
