//! The description of the API, and whether the API does what it says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, Method, Request};
use iocd::control::{KeyRequest, Scope};
use iocd::feeds::Feeds;
use iocd::fetch::FetchError;
use iocd::http::{Access, App, Code, Route, route_table};
use iocd::run::{Parts, Runner};
use serde_json::Value as Json;

use super::standing::{Reply, Stand};
use crate::model::Model;
use crate::values::{claim, record, source};

mod examples;
mod page;

/// One operation of the document.
struct Described {
    method: Method,
    path: String,
    json: Json,
}

impl Described {
    /// Parameters in a place.
    fn parameters<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a Json> {
        let all = self.json["parameters"].as_array().unwrap().iter();
        all.filter(move |parameter| parameter["in"] == place)
    }

    fn is_public(&self) -> bool {
        self.json["security"].as_array().unwrap().is_empty()
    }

    /// Checks that a reply has every header that is said to come always, and
    /// none that is not told of.
    fn check_headers(&self, reply: &Reply) {
        let told_as = &self.json["responses"][reply.status.as_str()];
        assert!(told_as.is_object(), "{} {}", self.path, reply.status);
        let told = told_as["headers"].as_object().unwrap();
        for (name, header) in told {
            let is_optional = header["$ref"] == "#/components/headers/Content-Encoding";
            let comes = !reply.header(name).is_empty();
            assert!(
                comes || is_optional,
                "{} {} {name}",
                self.path,
                reply.status
            );
        }
        for name in reply.headers.keys().map(HeaderName::as_str) {
            let is_told = told.keys().any(|told| told.eq_ignore_ascii_case(name));
            let of_http = UNTOLD.contains(&name) || name.starts_with("x-ratelimit-");
            assert!(is_told || of_http, "{} {} {name}", self.path, reply.status);
        }
    }

    /// Codes that the response with a status may have.
    fn codes(&self, status: u16) -> Vec<&str> {
        let response = &self.json["responses"][status.to_string()];
        let schema = &response["content"]["application/json"]["schema"]["allOf"][1];
        let codes = schema["properties"]["error"]["properties"]["code"]["enum"].as_array();
        codes.map_or(Vec::new(), |codes| {
            codes.iter().filter_map(Json::as_str).collect()
        })
    }

    fn id(&self) -> &str {
        self.json["operationId"].as_str().unwrap()
    }

    /// The path and a query: what has to be there, and these.
    fn target(&self, given: &[(&str, &str)]) -> String {
        let needed = match self.id() {
            "search" => Some(("q", "evil.example.com")),
            "lookup" => Some(("value", "evil.example.com")),
            _ => None,
        };
        let is_given = |name| {
            given
                .iter()
                .any(|(other, _)| *other == name || *other == "ioc")
        };
        let needed = needed.into_iter().filter(|(name, _)| !is_given(*name));
        let pairs: Vec<_> = needed
            .chain(given.iter().copied())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let id = match self.id() {
            "article" => ARTICLE_ID,
            _ => KEY_ID,
        };
        let path = self.path.replace("{name}", FEED).replace("{id}", id);
        format!("{path}?{}", pairs.join("&"))
    }

    /// A body that it takes, and its type.
    fn body(&self) -> (&'static str, &'static str) {
        match self.id() {
            "createKey" => ("application/json", "{\"name\": \"another\"}"),
            "revokeKey" => ("application/json", "{\"reason\": \"a test\"}"),
            _ if self.method == Method::POST => ("text/plain", "evil.example.com\n"),
            _ => ("", ""),
        }
    }
}

/// What OpenAPI has another place for, or every answer of a server has.
const UNTOLD: [&str; 6] = [
    "content-type",
    "content-length",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
    "allow",
];

async fn document(stand: &Stand) -> Json {
    stand.get_with("/openapi.json", &[]).await.ok()
}

async fn described(stand: &Stand) -> Vec<Described> {
    let document = document(stand).await;
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(|(method, json)| Described {
                method: method.to_ascii_uppercase().parse().unwrap(),
                path: path.clone(),
                json: json.clone(),
            })
    });
    operations.collect()
}

/// The path's own key and feed, which the stand below has.
const KEY_ID: &str = "key_of_the_path";
const FEED: &str = "urlhaus";
const ARTICLE_ID: &str = "00000000-0000-8000-8000-000000000000";

/// A stand with a feed, an article, and a key that may do all.
async fn stand() -> (Stand, String) {
    let stand = Stand::build(|app| {
        let runner = runner(&app);
        app.with_runner(Arc::new(runner))
    });
    let told = [claim("listed.example.com")];
    record(&*stand.app.store, &source(FEED), 100, told).await;
    super::articles::put(&stand, &super::articles::rich());
    let key = stand.key(&all_scopes());
    (stand, key)
}

/// What runs the shipped feeds, and reaches nobody.
fn runner(app: &App<Model>) -> Runner<Model> {
    Runner::new(Parts {
        store: Arc::clone(&app.store),
        control: Arc::clone(&app.control),
        articles: Arc::clone(&app.articles),
        feeds: Arc::new(Feeds::load(None).unwrap()),
        settings: app.settings.fetch.clone(),
        dir: PathBuf::new(),
        clock: app.clock.clone(),
        seed: 0,
        web: Box::new(|| Err(FetchError::Setup("there is no network here".into()))),
    })
}

fn all_scopes() -> KeyRequest {
    KeyRequest {
        scopes: Some(Scope::ALL.into_iter().collect()),
        ..KeyRequest::named("all")
    }
}

/// Asks with a body where the route takes one. A key that the path names is
/// one that was made for it.
async fn ask(
    stand: &Stand,
    operation: &Described,
    target: &str,
    headers: &[(&str, &str)],
) -> Reply {
    let (info, _) = stand
        .app
        .control
        .create_key(&KeyRequest::named("x"))
        .unwrap();
    let target = target.replace(KEY_ID, &info.id);
    let mut request = Request::builder().method(&operation.method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (media_type, body) = operation.body();
    let has_type = headers.iter().any(|(name, _)| *name == "content-type");
    if !has_type && !body.is_empty() {
        request = request.header("content-type", media_type);
    }
    stand.send(request.body(Body::from(body)).unwrap()).await
}

fn named(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

#[tokio::test]
async fn the_document_is_as_it_was_agreed() {
    let document = document(&Stand::new()).await;
    // Its version is the program's, and no news.
    let mut document = document;
    document["info"]["version"] = "as the program's".into();
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&document).unwrap());
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let (stand, key) = stand().await;
    let operations = described(&stand).await;
    let told: BTreeSet<_> = operations
        .iter()
        .map(|o| format!("{} {}", o.method, o.path))
        .collect();
    let routes: BTreeSet<_> = route_table::<Model>().iter().map(named).collect();
    assert_eq!(told, routes);
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|o| o.json["operationId"].to_string())
        .collect();
    assert_eq!(ids.len(), operations.len());
    for operation in &operations {
        // It is there; and what the path is not described with, it is not asked with.
        let reply = ask(
            &stand,
            operation,
            &operation.target(&[]),
            &[("x-api-key", &key)],
        )
        .await;
        assert!(
            reply.status.is_success(),
            "{} {}",
            operation.path,
            reply.text
        );
        operation.check_headers(&reply);
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let is_told = told.contains(&format!("{method} {}", operation.path));
            let request = Request::builder().method(&method).uri(&operation.path);
            let reply = stand.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.status != 405, is_told, "{method} {}", operation.path);
        }
    }
}

#[tokio::test]
async fn who_may_ask_is_told() {
    let stand = Stand::new();
    let routes = route_table::<Model>();
    for operation in described(&stand).await {
        let route = routes
            .iter()
            .find(|route| route.method == operation.method && route.path == operation.path);
        match route.unwrap().access {
            Access::Everyone => assert!(operation.is_public()),
            Access::Key { scope, tier } => {
                assert_eq!(operation.json["x-tier"], tier);
                assert_eq!(operation.json["x-scope"], scope.as_str());
                assert!(!operation.is_public());
            }
        }
        let reply = ask(&stand, &operation, &operation.target(&[]), &[]).await;
        assert_eq!(
            reply.status == 401,
            !operation.is_public(),
            "{}",
            operation.path
        );
    }
}

#[tokio::test]
async fn parameters_are_those_that_the_handlers_know() {
    let (stand, key) = stand().await;
    for operation in described(&stand).await {
        if operation.is_public() {
            continue;
        }
        let target = operation.target(&[("zzz", "1")]);
        let reply = ask(&stand, &operation, &target, &[("x-api-key", &key)]).await;
        let error = reply.error(400, "unknown_parameter");
        let told: Vec<_> = operation
            .parameters("query")
            .map(|parameter| parameter["name"].clone())
            .collect();
        let allowed = error["details"]["allowed"].as_array();
        assert_eq!(
            told,
            allowed.cloned().unwrap_or_default(),
            "{}",
            operation.path
        );
    }
}

#[tokio::test]
async fn parameters_take_what_they_are_said_to_take() {
    let (stand, key) = stand().await;
    for operation in described(&stand).await {
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let (good, bad) = values(schema);
            for (values, is_good) in [(good, true), (bad, false)] {
                for value in values {
                    let target = operation.target(&[(name, &value)]);
                    let reply = ask(&stand, &operation, &target, &[("x-api-key", &key)]).await;
                    // A cursor is what this server gave, a source one that there is.
                    if is_good && !["cursor", "source"].contains(&name) {
                        assert_eq!(reply.status, 200, "{target}: {}", reply.text);
                        continue;
                    }
                    assert_eq!(reply.status, 400, "{target}: {}", reply.text);
                    let error = reply.json()["error"].clone();
                    assert_eq!(error["details"]["parameter"], name, "{target}");
                    if let Some(names) = schema["enum"].as_array() {
                        assert_eq!(
                            error["details"]["allowed"].as_array(),
                            Some(names),
                            "{target}"
                        );
                    }
                }
            }
        }
    }
}

/// Values that a schema admits, and such as it does not.
fn values(schema: &Json) -> (Vec<String>, Vec<String>) {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    if let Some(names) = schema["enum"].as_array() {
        let good = names.iter().map(|name| name.as_str().unwrap().to_owned());
        return (good.collect(), owned(&["", "zzz", "ACTIVE"]));
    }
    match schema["type"].as_str().unwrap() {
        "integer" => {
            let least = schema["minimum"].as_u64().unwrap();
            let below = i64::try_from(least).unwrap() - 1;
            let mut bad = vec![below.to_string(), String::new(), "x".into(), "1.5".into()];
            let most = schema["maximum"].as_u64();
            bad.extend(most.map(|most| (most + 1).to_string()));
            let most = most.map_or("99999999999999999999".into(), |most| most.to_string());
            (vec![least.to_string(), most], bad)
        }
        "boolean" => (owned(&["true", "false"]), owned(&["", "maybe"])),
        "string" if schema["x-max-bytes"].is_u64() => {
            assert!(schema["maxLength"].is_null(), "that would be characters");
            let most = usize::try_from(schema["x-max-bytes"].as_u64().unwrap()).unwrap();
            (
                vec!["abc".into(), "a".repeat(most), "%C3%A9".repeat(most / 2)],
                vec!["a".repeat(most + 1), "%C3%A9".repeat(most / 2 + 1)],
            )
        }
        "string" if schema["maxLength"].is_u64() => {
            let most = usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
            (
                vec!["abc".into(), "%C3%A9".repeat(most)],
                vec!["a".repeat(most + 1)],
            )
        }
        // Names with commas between them.
        "string"
            if schema["pattern"]
                .as_str()
                .is_some_and(|p| p.starts_with("^(")) =>
        {
            let names = schema["pattern"].as_str().unwrap()[2..].split(')').next();
            let mut good = owned(&names.unwrap().split('|').collect::<Vec<_>>());
            good.push(good.join(","));
            (good, owned(&["", "zzz", "iocs,", ","]))
        }
        "string" if schema["pattern"].is_string() => {
            let bad = ["", "X1059", "T1", "T1059.1", "S0001"];
            (owned(&["T1059", "T1059.001"]), owned(&bad))
        }
        "string" => (
            owned(&[
                "2020-01-02",
                "2020-01-02T03:04:05Z",
                "2020-01-02T03:04:05%2B01:00",
            ]),
            owned(&["", "soon", "2020-13-01", "1577934245"]),
        ),
        other => panic!("no values for {other}"),
    }
}

#[tokio::test]
async fn every_error_that_can_be_provoked_is_described() {
    let (stand, key) = stand().await;
    let auth = ("x-api-key", key.as_str());
    let none = stand.key(&KeyRequest {
        scopes: Some([].into_iter().collect()),
        ..KeyRequest::named("b")
    });
    let (long, large) = ("a".repeat(62_000), "x".repeat(33_000));
    for operation in described(&stand).await {
        let target = operation.target(&[]);
        let too_long = operation.target(&[("x", &long)]);
        let asked: [(&str, Vec<(&str, &str)>); 9] = [
            (&target, vec![]),
            (&target, vec![("x-api-key", "sk_live_x")]),
            (&target, vec![("x-api-key", &none)]),
            (
                &target,
                vec![auth, ("authorization", "Bearer sk_live_other")],
            ),
            (&target, vec![auth, ("accept", "image/png")]),
            (&target, vec![auth, ("content-type", "image/png")]),
            (&target, vec![auth, ("content-length", "999999999")]),
            (&target, vec![auth, ("x-filler", &large)]),
            (&too_long, vec![auth]),
        ];
        for (target, headers) in asked {
            let reply = ask(&stand, &operation, target, &headers).await;
            let status = reply.status.as_u16();
            if reply.status.is_success() {
                continue;
            }
            operation.check_headers(&reply);
            let code = reply.json()["error"]["code"].as_str().unwrap().to_owned();
            let codes = operation.codes(status);
            assert!(
                codes.contains(&&*code),
                "{} {code}: {codes:?}",
                operation.path
            );
        }
    }
}

#[tokio::test]
async fn codes_that_no_route_has_are_those_of_routes_to_come() {
    let stand = Stand::new();
    let mut told = BTreeSet::new();
    for operation in described(&stand).await {
        for (status, _) in operation.json["responses"].as_object().unwrap() {
            let codes = operation.codes(status.parse().unwrap());
            told.extend(codes.into_iter().map(str::to_owned));
        }
    }
    let all = Code::ALL.iter().map(|code| code.as_str());
    let untold: Vec<_> = all.filter(|code| !told.contains(*code)).collect();
    // `method_not_allowed` is of what is no route.
    assert_eq!(untold, ["method_not_allowed"]);
}

#[tokio::test]
async fn keys_in_the_query_are_described_where_they_are_taken() {
    let stand = Stand::with("api_key_in_query = true");
    let document = document(&stand).await;
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    assert_eq!(schemes["query"]["name"], "api_key");
    let search = &document["paths"]["/api/v1/iocs/search"]["get"];
    assert_eq!(search["security"].as_array().unwrap().len(), 3);
}
