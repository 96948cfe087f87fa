//! `GET /openapi.json` and `GET /docs`: the description of this API, for
//! programs and for people. Both are rendered once, from the table of routes.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::code::Code;
use super::describe::schema::text;
use super::describe::{Example, Form, Operation, Tag};
use super::error::ApiError;
use super::etag::is_current;
use super::headers::set_content_type;
use super::parameter::Parameters;
use super::{App, docs, openapi, route_table};
use crate::store::ClaimStore;

pub(super) const OPENAPI: Operation = Operation {
    id: "openapi",
    tag: Tag::Server,
    summary: "This description, for programs",
    description: "OpenAPI 3.1.",
    gives: &[Form {
        media_type: "application/json",
        schema: || json!({"type": "object", "required": ["openapi", "info", "paths"]}),
        example: None,
    }],
    revalidates: true,
    errors: &[Code::UnknownParameter],
    examples: &[Example::plain("Fetch it")],
    ..Operation::NOTHING
};

pub(super) const DOCS: Operation = Operation {
    id: "docs",
    tag: Tag::Server,
    summary: "This description, for people",
    description: "A page that needs no script and no other host.",
    gives: &[Form {
        media_type: "text/html",
        schema: || text("The page."),
        example: None,
    }],
    revalidates: true,
    errors: &[Code::UnknownParameter],
    examples: &[Example::plain("Fetch it")],
    ..Operation::NOTHING
};

/// The description as it is sent.
pub(super) struct Published {
    openapi: Asset,
    docs: Asset,
}

/// A body that stays the same as long as the process.
struct Asset {
    body: Bytes,
    tag: HeaderValue,
    media_type: &'static str,
    policy: Option<HeaderValue>,
}

pub(super) async fn openapi<S: ClaimStore>(
    app: Arc<App<S>>,
    request: Request,
) -> Result<Response, ApiError> {
    Parameters::none_in(&app, &request)?;
    Ok(published(&app).openapi.answer(request.headers()))
}

pub(super) async fn docs<S: ClaimStore>(
    app: Arc<App<S>>,
    request: Request,
) -> Result<Response, ApiError> {
    Parameters::none_in(&app, &request)?;
    Ok(published(&app).docs.answer(request.headers()))
}

fn published<S: ClaimStore>(app: &App<S>) -> &Published {
    app.published.get_or_init(|| {
        let routes = route_table::<S>();
        let document = openapi::document(&routes, app.settings.api_key_in_query);
        let page = docs::page(&routes, &document);
        Published {
            openapi: Asset::new(document.to_string(), "application/json", None),
            docs: Asset::new(page, "text/html; charset=utf-8", Some(docs::policy())),
        }
    })
}

impl Asset {
    fn new(body: String, media_type: &'static str, policy: Option<HeaderValue>) -> Asset {
        let hash = blake3::hash(body.as_bytes()).to_hex();
        let tag = format!("\"{}\"", &hash[..32]);
        Asset {
            body: body.into(),
            tag: HeaderValue::from_str(&tag).expect("hex digits in quotes"),
            media_type,
            policy,
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let is_known = is_current(asked, &self.tag);
        let mut response = if is_known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(Body::from(self.body.clone()))
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, self.tag.clone());
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        );
        if let Some(policy) = &self.policy {
            headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
        if !is_known {
            set_content_type(headers, self.media_type);
        }
        response
    }
}
