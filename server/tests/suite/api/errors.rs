//! Requests that cannot be answered, and what they are told.

use std::sync::Arc;
use std::task::{Context, Waker};

use axum::http::Method;
use iocd::control::{KeyRequest, Scope};
use iocd::store::{Batch, ClaimStore, Counts, Receipt, Removal, StoreError};
use iocd_core::claim::retained::{Changes, Progress, Transfer};
use iocd_core::claim::{ClaimIdSet, Source};
use iocd_core::query::{ChangeSink, Containing, EntrySink, Following, Listing, Question, Stats};
use iocd_core::related::Ties;
use iocd_core::value::Value;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use super::standing::{Stand, request};

const SEARCH: &str = "/api/v1/iocs/search";

#[tokio::test]
async fn parameters_are_checked_by_name() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    for target in ["/api/v1/iocs/search?q=x&limt=5", "/api/v1/iocs?limt=5"] {
        let details = stand
            .get(&key, target)
            .await
            .error(400, "unknown_parameter")["details"]
            .clone();
        assert_eq!(details["parameter"], "limt");
        assert_eq!(details["nearest"], "limit");
        assert!(
            details["allowed"]
                .as_array()
                .unwrap()
                .contains(&"limit".into())
        );
    }
    for target in [
        "/api/v1/iocs/search?q=x&q=y",
        "/api/v1/iocs?type=url&type=url",
    ] {
        stand
            .get(&key, target)
            .await
            .error(400, "invalid_parameter");
    }
    for target in [
        SEARCH,
        "/api/v1/iocs/search?q=",
        "/api/v1/iocs/search?type=url",
    ] {
        let error = stand
            .get(&key, target)
            .await
            .error(400, "missing_parameter");
        assert_eq!(error["details"]["parameter"], "q");
    }
}

#[tokio::test]
async fn parameters_are_checked_by_value() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    for (query, parameter) in [
        ("q=x&limit=0", "limit"),
        ("q=x&limit=-1", "limit"),
        ("q=x&limit=many", "limit"),
        ("q=x&limit=", "limit"),
        ("q=x&offset=-1", "offset"),
        ("q=x&offset=1.5", "offset"),
        ("q=x&type=host", "type"),
        ("q=x&type=", "type"),
        ("q=x&status=removed", "status"),
        ("q=x&match=fuzzy", "match"),
        ("q=x&match=cascade&offset=100000", "offset"),
        ("q=x&match=cascade&offset=99999999999999999999", "offset"),
        ("q=+xy+&match=contains", "q"),
        ("q=xyz&match=contains&offset=99901", "offset"),
        ("q=x&include_related=maybe", "include_related"),
        ("q=x&as_of=2026-01-01", "as_of"),
        ("q=x&as_of=soon", "as_of"),
        ("q=%ff%fe", "q"),
    ] {
        let reply = stand.get(&key, &format!("{SEARCH}?{query}")).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], parameter, "{query}");
        assert!(error["details"]["given"].is_string(), "{query}");
    }
    for (query, parameter) in [
        ("confidence=certain", "confidence"),
        ("category=secret", "category"),
        ("since=yesterday", "since"),
        ("until=2026-99-01", "until"),
        ("format=xml", "format"),
        ("limit=0", "limit"),
        ("industry=finance", "industry"),
        ("min_score=101", "min_score"),
        ("technique=phishing", "technique"),
        ("cursor=x", "cursor"),
        ("include_removed=true&format=csv", "format"),
        ("raw=perhaps", "raw"),
    ] {
        let reply = stand.get(&key, &format!("/api/v1/iocs?{query}")).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], parameter, "{query}");
    }
    let error = stand
        .get(&key, "/api/v1/iocs?format=xml")
        .await
        .error(400, "invalid_parameter");
    assert_eq!(
        error["details"]["allowed"],
        serde_json::json!(["json", "csv", "txt"])
    );
}

#[tokio::test]
async fn hostile_questions_get_the_documented_answers() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    let long = |length| format!("{SEARCH}?q={}", "a".repeat(length));
    stand.get(&key, &long(4_096)).await.ok();
    for length in [4_097, 10_240, 60_000] {
        let error = stand
            .get(&key, &long(length))
            .await
            .error(400, "invalid_parameter");
        assert!(error["details"]["given"].as_str().unwrap().len() <= 200);
    }
    let escaped = format!("{SEARCH}?q={}", "%41".repeat(10_240));
    stand
        .get(&key, &escaped)
        .await
        .error(400, "invalid_parameter");
    stand
        .get(&key, &long(62_000))
        .await
        .error(414, "uri_too_long");

    let nul = stand
        .get(&key, "/api/v1/iocs/search?q=evil%00.example.com")
        .await
        .ok();
    assert_eq!(nul["meta"]["total"], 0);
    assert_eq!(nul["meta"]["query"]["input"], "evil\0.example.com");
    assert_eq!(
        nul["meta"]["query"]["interpretations"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn paths_methods_and_sizes_are_checked() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    for target in [
        "/",
        "/api/v1/nothing",
        "/api/v1/iocs/",
        "/api/v1/iocs/search/x",
    ] {
        stand.get_with(target, &[]).await.error(404, "not_found");
        stand.get(&key, target).await.error(404, "not_found");
    }
    for (target, allowed) in [
        ("/healthz", "GET,HEAD"),
        ("/api/v1/iocs", "GET,HEAD"),
        (SEARCH, "GET,HEAD,POST"),
        ("/api/v1/normalize", "POST"),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::PUT] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let reply = stand.send(request(method, target, &[auth])).await;
            reply.error(405, "method_not_allowed");
            assert_eq!(reply.header("allow"), allowed);
        }
    }
    let accept = ("accept", "text/html");
    stand
        .get_with("/api/v1/iocs/search?q=x", &[auth, accept])
        .await
        .error(406, "not_acceptable");
    stand
        .get_with("/api/v1/iocs", &[auth, ("accept", "text/html")])
        .await
        .error(406, "not_acceptable");
    // A format that is named is what the client wants, whatever its defaults accept.
    let csv = stand
        .get_with(
            "/api/v1/iocs?format=csv",
            &[auth, ("accept", "application/json")],
        )
        .await;
    assert_eq!(csv.status, 200);
    let announced = ("content-length", "999999999");
    for target in ["/api/v1/iocs/search?q=x", "/healthz"] {
        stand
            .get_with(target, &[auth, announced])
            .await
            .error(413, "payload_too_large");
    }
    let filler = "x".repeat(33_000);
    let large = ("x-filler", filler.as_str());
    stand
        .get_with("/api/v1/iocs/search?q=x", &[auth, large])
        .await
        .error(431, "headers_too_large");
    let head = stand
        .send(request(Method::HEAD, "/api/v1/iocs/search?q=x", &[auth]))
        .await;
    assert_eq!(head.status, 200);
}

/// A store that fails in a way that a test chooses.
struct Failing(fn() -> Option<StoreError>);

impl Failing {
    async fn fail(&self) -> StoreError {
        match self.0() {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }
}

impl ClaimStore for Failing {
    async fn record(&self, _: Batch<'_>) -> Result<Receipt, StoreError> {
        Err(self.fail().await)
    }

    async fn retain_present(
        &self,
        _: &Source,
        _: &ClaimIdSet,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn retain_all(&self, _: &Source, _: Timestamp) -> Result<(), StoreError> {
        Err(self.fail().await)
    }

    async fn remove(
        &self,
        _: &Source,
        _: &[Value],
        _: Removal,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn expire_due(&self, _: Timestamp) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    fn listed_sources(&self) -> Vec<(Source, Option<Timestamp>)> {
        Vec::new()
    }

    async fn changes(&self, _: Progress, _: u64, _: usize) -> Result<Changes, StoreError> {
        Err(self.fail().await)
    }

    async fn mirror_source(
        &self,
        _: &Source,
        _: Option<Timestamp>,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Err(self.fail().await)
    }

    async fn mirror(&self, _: Vec<Transfer>, _: Timestamp) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn count_untold(&self, _: &str, _: &ClaimIdSet, _: Timestamp) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn retain_mirrored(
        &self,
        _: &str,
        _: &ClaimIdSet,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn assess(&self, _: Arc<WarningSet>, _: Timestamp) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    async fn find<S: EntrySink + Send>(
        &self,
        _: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        // Half an answer must not reach the client.
        sink.total(7);
        Err(self.fail().await)
    }

    async fn find_containing<S: EntrySink + Send>(
        &self,
        _: &Containing<'_>,
        _: &mut S,
    ) -> Result<(), StoreError> {
        Err(self.fail().await)
    }

    async fn related<S: EntrySink + Send>(
        &self,
        _: &Ties,
        _: Timestamp,
        _: &mut S,
    ) -> Result<(), StoreError> {
        Err(self.fail().await)
    }

    async fn stats(&self, _: Timestamp) -> Result<Stats, StoreError> {
        Err(self.fail().await)
    }

    async fn list<S: EntrySink + Send>(
        &self,
        _: &Listing<'_>,
        _: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Err(self.fail().await)
    }

    async fn list_on<S: EntrySink + Send>(
        &self,
        _: &Listing<'_>,
        _: u64,
        _: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Err(self.fail().await)
    }

    async fn follow<S: ChangeSink + Send>(
        &self,
        _: &Following<'_>,
        _: &mut S,
    ) -> Result<u64, StoreError> {
        Err(self.fail().await)
    }

    fn epoch(&self) -> u64 {
        0
    }

    fn counts(&self) -> Counts {
        Counts::default()
    }

    fn sources(&self) -> Vec<Source> {
        Vec::new()
    }
}

#[tokio::test]
async fn what_its_client_gives_up_is_counted() {
    let stand = Stand::over(Failing(|| None), "");
    let key = stand.key(&KeyRequest {
        scopes: Some([Scope::ReadIocs, Scope::ReadMetrics].into_iter().collect()),
        ..KeyRequest::named("a")
    });
    let mut asking = Box::pin(stand.get(&key, "/api/v1/iocs/search?q=evil.example.com"));
    let mut context = Context::from_waker(Waker::noop());
    assert!(asking.as_mut().poll(&mut context).is_pending());
    drop(asking);
    let told = stand.get(&key, "/metrics").await.text;
    let line = "iocd_http_requests_total{route=\"/api/v1/iocs/search\",method=\"GET\",status=\"abandoned\"} 1\n";
    assert!(told.contains(line), "{told}");
    let control = &stand.app.control;
    control.flush_usage().unwrap();
    let id = control.keys().unwrap().remove(0).id;
    let usage = control.usage(&id, 1).unwrap();
    assert_eq!((usage.count(499..500), usage.total()), (1, 2));
}

#[tokio::test]
async fn what_is_no_route_is_usage_of_the_key_that_asks() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", &*bearer)];
    stand.get(&key, "/nowhere").await.error(404, "not_found");
    let put = request(Method::PUT, "/api/v1/iocs", &headers);
    stand.send(put).await.error(405, "method_not_allowed");
    stand.get(&key, "/healthz").await.ok();
    let control = &stand.app.control;
    control.flush_usage().unwrap();
    let id = control.keys().unwrap().remove(0).id;
    let usage = control.usage(&id, 1).unwrap();
    assert_eq!((usage.count(404..406), usage.total()), (2, 2));
    assert_eq!(usage.endpoints, []);
}

#[tokio::test]
async fn failures_tell_nothing_internal() {
    let damaged = || Some(StoreError::Corrupt("segment 7 of /secret".into()));
    let stand = Stand::over(Failing(damaged), "");
    let key = stand.key(&KeyRequest::named("a"));
    for target in ["/api/v1/iocs/search?q=evil.example.com", "/api/v1/iocs"] {
        let reply = stand.get(&key, target).await;
        reply.error(500, "internal_error");
        assert!(!reply.text.contains("segment"));
    }

    let stand = Stand::over(Failing(|| panic!("secret panic")), "");
    let key = stand.key(&KeyRequest::named("a"));
    let reply = stand.get(&key, "/api/v1/iocs").await;
    reply.error(500, "internal_error");
    assert!(!reply.text.contains("secret"));
    stand.get_with("/healthz", &[]).await.ok();

    let away = || Some(StoreError::Unavailable("database at /secret".into()));
    let stand = Stand::over(Failing(away), "");
    let reply = stand
        .get(&stand.key(&KeyRequest::named("a")), "/api/v1/iocs")
        .await;
    reply.error(503, "unavailable");
    assert!(!reply.text.contains("secret"));
    assert_eq!(reply.header("retry-after"), "5");
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let stand = Stand::over(Failing(|| None), "[limits]\nrequest_timeout_seconds = 1");
    let key = stand.key(&KeyRequest::named("a"));
    stand.get(&key, "/api/v1/iocs").await.error(408, "timeout");
}
