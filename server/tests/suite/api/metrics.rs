//! `/metrics`.

use std::collections::HashSet;
use std::sync::Arc;

use iocd::control::{Condition, FeedState, KeyRequest, Readings, Scope};
use iocd::http::serve_metrics;
use tokio::net::TcpListener;

use super::server::exchange;
use super::standing::{Reply, Stand};
use crate::values::{claim, record, source};

fn scoped(stand: &Stand, scopes: &[Scope]) -> String {
    stand.key(&KeyRequest {
        scopes: Some(scopes.iter().copied().collect()),
        ..KeyRequest::named("scoped")
    })
}

/// The value of a sample, by its name and labels as written.
fn sample(reply: &Reply, name: &str) -> f64 {
    let mut lines = reply.text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.unwrap_or_else(|| panic!("{name} is not in {}", reply.text));
    value.parse().unwrap()
}

#[tokio::test]
async fn only_a_key_with_the_scope_reads_them() {
    let stand = Stand::new();
    stand
        .get_with("/metrics", &[])
        .await
        .error(401, "missing_api_key");
    let key = stand.key(&KeyRequest::named("reads what the API tells"));
    stand
        .get(&key, "/metrics")
        .await
        .error(403, "insufficient_scope");
    let key = scoped(&stand, &[Scope::ReadMetrics]);
    let reply = stand.get(&key, "/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    assert_eq!(reply.header("cache-control"), "no-store");
}

/// What is told in the next test, by name and labels.
const COUNTED: &[(&str, f64)] = &[
    (
        "iocd_http_requests_total{route=\"/api/v1/iocs/search\",method=\"GET\",status=\"2xx\"}",
        2.0,
    ),
    (
        "iocd_http_requests_total{route=\"/api/v1/iocs/search\",method=\"GET\",status=\"4xx\"}",
        1.0,
    ),
    (
        "iocd_http_requests_total{route=\"/api/v1/iocs\",method=\"GET\",status=\"4xx\"}",
        2.0,
    ),
    (
        "iocd_http_requests_total{route=\"other\",method=\"other\",status=\"4xx\"}",
        2.0,
    ),
    (
        "iocd_http_request_duration_seconds_count{route=\"/api/v1/iocs/search\",method=\"GET\"}",
        3.0,
    ),
    ("iocd_http_errors_total{code=\"rate_limit_exceeded\"}", 2.0),
    ("iocd_http_errors_total{code=\"not_found\"}", 2.0),
    ("iocd_store_entries{state=\"active\"}", 1.0),
    ("iocd_store_entries{state=\"ended\"}", 0.0),
    ("iocd_store_writable", 1.0),
    (
        "iocd_feed_state{feed=\"openphish\",state=\"auth_failed\"}",
        1.0,
    ),
    ("iocd_feed_state{feed=\"openphish\",state=\"ok\"}", 0.0),
    (
        "iocd_feed_last_attempt_timestamp_seconds{feed=\"openphish\"}",
        1_760_001_000.0,
    ),
    (
        "iocd_ingest_documents_total{feed=\"openphish\",verdict=\"read\"}",
        2.0,
    ),
    (
        "iocd_ingest_rows_total{feed=\"openphish\",outcome=\"accepted\"}",
        20.0,
    ),
    (
        "iocd_ingest_rows_total{feed=\"openphish\",outcome=\"refused\"}",
        5.0,
    ),
    (
        concat!(
            "iocd_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"}"
        ),
        1.0,
    ),
];

#[tokio::test]
async fn what_happens_is_counted() {
    let stand = Stand::with(
        "[tiers.trial]\nrank = 11\nrequests_per_minute = 1\nrequests_per_day = 0\n\
         results_per_request = 9\nlookback_days = 1\narticle_lookback_days = 1\n\
         formats = 'basic'\nkeys_per_account = 0",
    );
    let key = scoped(&stand, &[Scope::ReadMetrics, Scope::ReadIocs]);
    let trial = stand.key_of_tier("trial");
    record(
        &*stand.app.store,
        &source("a"),
        10,
        [claim("evil.example.com")],
    )
    .await;
    let state = FeedState {
        feed: "openphish".into(),
        condition: Condition::AuthFailed,
        last_attempt_at: Some(stand.app.clock.now()),
        ..FeedState::default()
    };
    stand.app.control.set_feed_state(&state).unwrap();
    for refused in [2, 3] {
        let reading = Readings {
            read: 1,
            accepted: 10,
            refused,
            ..Readings::default()
        };
        stand.app.control.count_reading("openphish", reading);
    }
    for target in [
        "/api/v1/iocs/search?q=evil.example.com",
        "/api/v1/iocs/search?q=x",
        "/api/v1/iocs/search?limt=x",
        "/api/v1/nothing",
        "/wp-login.php?x=1",
    ] {
        stand.get(&key, target).await;
    }
    for _ in 0..3 {
        stand.get(&trial, "/api/v1/iocs").await;
    }
    let told = stand.get(&key, "/metrics").await;
    for (name, expected) in COUNTED {
        let found = sample(&told, name);
        assert!((found - expected).abs() < 0.5, "{name} {found}");
    }
    assert!(sample(&told, "process_open_fds") > 0.0);
    assert!(sample(&told, "iocd_uptime_seconds") >= 0.0);
    assert!(
        !told.text.contains("wp-login"),
        "labels are not what clients wrote"
    );
}

#[tokio::test]
async fn the_text_is_of_the_documented_form() {
    let stand = Stand::new();
    let key = scoped(&stand, &[Scope::ReadMetrics]);
    stand.get(&key, "/metrics").await;
    let told = stand.get(&key, "/metrics").await;
    let (mut family, mut seen, mut samples) = ("", HashSet::new(), HashSet::new());
    for line in told.text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split_once(' ').expect("a text that explains").0;
            assert!(seen.insert(family), "{family} comes in one piece");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, family);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            // The process's own are named as Prometheus's libraries name them.
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(family), "{line}");
            assert!(samples.insert(name), "{name} is told once");
            value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}

#[tokio::test]
async fn an_address_of_their_own_tells_them_to_everyone_and_nothing_else() {
    let stand = Stand::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve_metrics(Arc::clone(&stand.app), listener));
    let get = |target: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    };
    let told = exchange(address, &get("/metrics")).await;
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
    assert!(told.contains("\niocd_connections_open 1\n"), "{told}");
    for target in ["/", "/api/v1/iocs", "/readyz"] {
        let told = exchange(address, &get(target)).await;
        assert!(told.starts_with("HTTP/1.1 404"), "{told}");
    }
    serving.abort();
}
