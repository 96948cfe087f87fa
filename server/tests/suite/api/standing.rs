//! What the API's tests stand on: an application, a client, a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use iocd::clock::Clock;
use iocd::config::{Settings, Written};
use iocd::control::{Control, KeyRequest};
use iocd::http::{App, Peer, router};
use iocd::store::ClaimStore;
use serde_json::Value as Json;
use tower::ServiceExt as _;

use crate::model::Model;
use crate::values::at;

/// An application over a store.
pub(crate) struct Stand<S = Model> {
    pub(crate) app: Arc<App<S>>,
    router: Router,
}

/// A response, read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Stand {
    /// An application with the default settings over an empty model.
    pub(crate) fn new() -> Stand {
        Stand::with("")
    }

    /// An application with these settings over an empty model.
    pub(crate) fn with(toml: &str) -> Stand {
        Stand::over(Model::default(), toml)
    }

    /// An application over an empty model that is made so.
    pub(crate) fn build(make: impl FnOnce(App<Model>) -> App<Model>) -> Stand {
        Stand::made(Model::default(), "", make)
    }
}

impl<S: ClaimStore> Stand<S> {
    /// An application with these settings over a store.
    pub(crate) fn over(store: S, toml: &str) -> Stand<S> {
        Stand::made(store, toml, |app| app)
    }

    fn made(store: S, toml: &str, make: impl FnOnce(App<S>) -> App<S>) -> Stand<S> {
        let settings = Settings::resolve([Written::from_toml(toml).unwrap()]).unwrap();
        let clock = Clock::manual(at(1_000));
        let control = Control::in_memory(settings.tiers.clone(), clock.clone()).unwrap();
        let app = App::new(Arc::new(store), Arc::new(control), settings, clock);
        let app = Arc::new(make(app));
        Stand {
            router: router(Arc::clone(&app)),
            app,
        }
    }

    /// A new key's secret.
    pub(crate) fn key(&self, request: &KeyRequest) -> String {
        let (_, secret) = self.app.control.create_key(request).unwrap();
        secret.reveal().to_owned()
    }

    /// The secret of a new key of a tier.
    pub(crate) fn key_of_tier(&self, tier: &str) -> String {
        self.key(&KeyRequest {
            tier: Some(tier.into()),
            ..KeyRequest::named("test")
        })
    }

    /// Sends a request from 192.0.2.1.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request
            .extensions_mut()
            .insert(Peer(SocketAddr::from(([192, 0, 2, 1], 50_000))));
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// `GET` with a key and further headers; the body as it came.
    pub(crate) async fn get_raw(
        &self,
        key: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> (Response<()>, Vec<u8>) {
        let mut request = request(Method::GET, target, headers);
        let key = HeaderValue::from_str(key).unwrap();
        request.headers_mut().insert("x-api-key", key);
        self.send_raw(request).await
    }

    /// Sends a request from 192.0.2.1; the body as it came.
    pub(crate) async fn send_raw(&self, mut request: Request<Body>) -> (Response<()>, Vec<u8>) {
        request
            .extensions_mut()
            .insert(Peer(SocketAddr::from(([192, 0, 2, 1], 50_000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), bytes.to_vec())
    }

    /// `GET` with a key.
    pub(crate) async fn get(&self, key: &str, target: &str) -> Reply {
        self.send(request(
            Method::GET,
            target,
            &[("authorization", &format!("Bearer {key}"))],
        ))
        .await
    }

    /// What is answered to a new key that asks for this, which is to go well.
    pub(crate) async fn ask(&self, target: &str) -> Json {
        let key = self.key(&KeyRequest::named("a"));
        self.get(&key, target).await.ok()
    }

    /// `POST` of a body with a key.
    pub(crate) async fn post(
        &self,
        key: &str,
        target: &str,
        media_type: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let builder = Request::builder()
            .method(Method::POST)
            .uri(target)
            .header("x-api-key", key)
            .header("content-type", media_type);
        self.send(builder.body(body.into()).unwrap()).await
    }

    /// `DELETE` with a key.
    pub(crate) async fn delete(&self, key: &str, target: &str) -> Reply {
        self.send(request(Method::DELETE, target, &[("x-api-key", key)]))
            .await
    }

    /// `GET` with headers.
    pub(crate) async fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(request(Method::GET, target, headers)).await
    }
}

/// A request without a body.
pub(crate) fn request(method: Method, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let builder = Request::builder().method(method).uri(target);
    let builder = headers.iter().fold(builder, |builder, (name, value)| {
        builder.header(*name, *value)
    });
    builder.body(Body::empty()).unwrap()
}

async fn read(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body as one JSON value a line.
    pub(crate) fn lines(&self) -> Vec<Json> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.text.lines().map(read).collect()
    }

    /// A header as text, empty where absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the status and that the body is 200's JSON.
    #[track_caller]
    pub(crate) fn ok(&self) -> Json {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// Checks everything that every error has, and answers its `error`.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> Json {
        let body = self.json();
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let error = &body["error"];
        assert_eq!(error["code"], code, "{}", self.text);
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        let id = error["request_id"].as_str().unwrap();
        assert!(id.starts_with("req_") && id.len() > 12, "{id}");
        assert_eq!(self.header("x-request-id"), id);
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        if status == 401 {
            assert_eq!(self.header("www-authenticate"), "Bearer");
        }
        assert_eq!(body.as_object().unwrap().len(), 1);
        error.clone()
    }
}
