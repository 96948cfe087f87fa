//! Rate limits and what is told of them.

use std::sync::Arc;

use iocd::config::{FREE, PRO, UNLIMITED};

use super::standing::Stand;
use crate::values::at;

const SEARCH: &str = "/api/v1/iocs/search?q=evil.example.com";

#[tokio::test]
async fn every_response_says_how_the_windows_stand() {
    let stand = Stand::new();
    let key = stand.key_of_tier(FREE);
    let reply = stand.get(&key, SEARCH).await;
    reply.ok();
    assert_eq!(reply.header("x-ratelimit-limit"), "10");
    assert_eq!(reply.header("x-ratelimit-remaining"), "9");
    assert_eq!(
        reply.header("x-ratelimit-reset"),
        (at(1_000).as_second() + 61).to_string()
    );
    let reply = stand.get(&key, "/api/v1/iocs?limit=x").await;
    reply.error(400, "invalid_parameter");
    assert_eq!(reply.header("x-ratelimit-remaining"), "8");
    // Looking at what costs nothing costs nothing.
    for target in ["/healthz", "/nowhere"] {
        assert_eq!(
            stand
                .get(&key, target)
                .await
                .header("x-ratelimit-remaining"),
            "8"
        );
    }
    let pro = stand.get(&stand.key_of_tier(PRO), SEARCH).await;
    assert_eq!(
        (
            pro.header("x-ratelimit-limit"),
            pro.header("x-ratelimit-remaining")
        ),
        ("1000", "999")
    );
    let unlimited = stand.get(&stand.key_of_tier(UNLIMITED), SEARCH).await;
    assert_eq!(unlimited.header("x-ratelimit-limit"), u32::MAX.to_string());
    assert_eq!(
        unlimited.header("x-ratelimit-remaining"),
        u32::MAX.to_string()
    );
}

#[tokio::test]
async fn the_eleventh_request_of_a_free_minute_is_refused() {
    let stand = Stand::new();
    let key = stand.key_of_tier(FREE);
    for _ in 0..10 {
        stand.get(&key, SEARCH).await.ok();
    }
    let reply = stand.get(&key, SEARCH).await;
    reply.error(429, "rate_limit_exceeded");
    assert_eq!(reply.header("x-ratelimit-remaining"), "0");
    assert_eq!(reply.header("retry-after"), "61");
    // Another key of the same account has windows of its own.
    stand.get(&stand.key_of_tier(FREE), SEARCH).await.ok();
    stand.app.clock.advance(60_000);
    assert_eq!(stand.get(&key, SEARCH).await.header("retry-after"), "1");
    stand.app.clock.advance(1_000);
    stand.get(&key, SEARCH).await.ok();
}

#[tokio::test]
async fn the_day_s_window_counts_too() {
    let stand = Stand::with("[tiers.free]\nrequests_per_minute = 0\nrequests_per_day = 3");
    let key = stand.key_of_tier(FREE);
    for _ in 0..3 {
        stand.get(&key, SEARCH).await.ok();
    }
    let reply = stand.get(&key, SEARCH).await;
    reply.error(429, "rate_limit_exceeded");
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 86_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_requests_never_exceed_the_limit() {
    let stand = Arc::new(Stand::with("[tiers.free]\nrequests_per_minute = 100"));
    let key = stand.key_of_tier(FREE);
    let tasks: Vec<_> = (0..300)
        .map(|_| {
            let (stand, key) = (Arc::clone(&stand), key.clone());
            tokio::spawn(async move { stand.get(&key, SEARCH).await.status.as_u16() })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        match task.await.unwrap() {
            200 => admitted += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(admitted, 100);
}

#[tokio::test]
async fn use_is_counted_by_outcome() {
    let stand = Stand::new();
    let key = stand.key_of_tier(FREE);
    for target in [SEARCH, SEARCH, "/api/v1/iocs?limit=0"] {
        stand.get(&key, target).await;
    }
    for _ in 0..9 {
        stand.get(&key, SEARCH).await;
    }
    stand.app.control.flush_usage().unwrap();
    let info = stand.app.control.keys().unwrap().remove(0);
    let usage = stand.app.control.usage(&info.id).unwrap().remove(0);
    assert_eq!(
        (usage.succeeded, usage.client_errors, usage.limited),
        (9, 1, 2)
    );
    assert_eq!(info.last_used_at, Some(at(1_000)));
}
