//! What many values cost, and how many may be sent.

use std::sync::Arc;

use iocd::config::{FREE, PRO};

use super::super::standing::{Reply, Stand};
use super::{SEARCH, TEXT, stocked};

fn values(count: usize) -> String {
    "nobody.example.com\n".repeat(count)
}

/// Lines that answer, and the code of the error behind them.
fn outcome(reply: &Reply) -> (usize, Option<String>) {
    let lines = reply.lines();
    let error = lines.last().and_then(|line| line["error"]["code"].as_str());
    let answers = lines
        .iter()
        .filter(|line| line["status"].is_string())
        .count();
    assert_eq!(lines.len(), answers + usize::from(error.is_some()));
    (answers, error.map(str::to_owned))
}

async fn remaining(stand: &Stand, key: &str) -> String {
    let reply = stand.get(key, "/healthz").await;
    reply.header("x-ratelimit-remaining").to_owned()
}

#[tokio::test]
async fn a_unit_pays_for_a_hundred_values() {
    let (stand, _) = stocked("").await;
    for (count, units) in [
        (0, 1),
        (1, 1),
        (100, 1),
        (101, 2),
        (200, 2),
        (950, 10),
        (1_000, 10),
    ] {
        let key = stand.key_of_tier(PRO);
        let reply = stand.post(&key, SEARCH, TEXT, values(count)).await;
        assert_eq!(outcome(&reply), (count, None));
        assert_eq!(
            remaining(&stand, &key).await,
            (1_000 - units).to_string(),
            "{count}"
        );
    }
    let key = stand.key_of_tier(PRO);
    let reply = stand
        .post(&key, "/api/v1/normalize", TEXT, values(250))
        .await;
    assert_eq!(reply.lines().len(), 250);
    assert_eq!(remaining(&stand, &key).await, "997");
}

#[tokio::test]
async fn units_that_run_out_are_told_in_the_last_line() {
    let (stand, _) = stocked("").await;
    let key = stand.key_of_tier(FREE);
    for _ in 0..7 {
        stand.post(&key, SEARCH, TEXT, "").await;
    }
    let reply = stand.post(&key, SEARCH, TEXT, values(500)).await;
    assert_eq!(
        outcome(&reply),
        (300, Some("rate_limit_exceeded".to_owned()))
    );
    assert!(reply.text.contains("300 values were answered"));
    let reply = stand.post(&key, SEARCH, TEXT, values(1)).await;
    reply.error(429, "rate_limit_exceeded");
}

#[tokio::test]
async fn a_tier_takes_so_many_values_and_no_more() {
    let (stand, _) = stocked("").await;
    let reply = stand
        .post(&stand.key_of_tier(FREE), SEARCH, TEXT, values(1_000))
        .await;
    assert_eq!(outcome(&reply), (1_000, None));
    let reply = stand
        .post(&stand.key_of_tier(FREE), SEARCH, TEXT, values(1_001))
        .await;
    assert_eq!(outcome(&reply), (1_000, Some("tier_required".to_owned())));
    let toml =
        "[tiers.free]\nvalues_per_request = 150\n[tiers.unlimited]\nvalues_per_request = 200";
    let (stand, key) = stocked(toml).await;
    let reply = stand
        .post(&stand.key_of_tier(FREE), SEARCH, TEXT, values(151))
        .await;
    assert_eq!(outcome(&reply), (150, Some("tier_required".to_owned())));
    let reply = stand.post(&key, SEARCH, TEXT, values(201)).await;
    assert_eq!(outcome(&reply), (200, Some("payload_too_large".to_owned())));
}

#[tokio::test]
async fn a_body_is_bounded_announced_or_not() {
    let (stand, key) = stocked("[limits]\nmax_body_bytes = 100000").await;
    let body = values(6_000);
    let reply = stand.post(&key, SEARCH, TEXT, body.clone()).await;
    let (answers, error) = outcome(&reply);
    assert_eq!((answers, error.as_deref()), (0, Some("payload_too_large")));
    reply.error(413, "payload_too_large");
    let chunked = body
        .as_bytes()
        .chunks(10_000)
        .map(|piece| Ok::<_, std::convert::Infallible>(piece.to_vec()));
    let chunked: Vec<_> = chunked.collect();
    let chunked = axum::body::Body::from_stream(futures_util::stream::iter(chunked));
    let reply = stand.post(&key, SEARCH, TEXT, chunked).await;
    let (answers, error) = outcome(&reply);
    assert_eq!(error.as_deref(), Some("payload_too_large"));
    assert!((5_000..5_400).contains(&answers), "{answers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_bodies_never_exceed_the_limit() {
    let (stand, _) = stocked("[tiers.free]\nrequests_per_minute = 40").await;
    let stand = Arc::new(stand);
    let key = stand.key_of_tier(FREE);
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (stand, key) = (Arc::clone(&stand), key.clone());
            tokio::spawn(async move { stand.post(&key, SEARCH, TEXT, values(250)).await })
        })
        .collect();
    let mut units = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        if reply.status == 429 {
            continue;
        }
        let (answers, error) = outcome(&reply);
        // Cut off where a unit was refused, never within what one paid for.
        assert_eq!(error.is_some(), answers < 250);
        assert!([100, 200, 250].contains(&answers), "{answers}");
        units += answers.div_ceil(100);
    }
    assert_eq!(units, 40);
}
