//! Rate limits and what is told of them.

use std::sync::Arc;

use iocd::config::{FREE, PRO, UNLIMITED};

use super::server::{exchange, start};
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
async fn use_is_counted_by_status_and_endpoint() {
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
    let usage = stand.app.control.usage(&info.id, 1).unwrap();
    assert_eq!(
        (
            usage.count(200..300),
            usage.count(400..401),
            usage.count(429..430)
        ),
        (9, 1, 2)
    );
    assert_eq!(
        usage.endpoints,
        [
            ("GET /api/v1/iocs/search".to_owned(), 11),
            ("GET /api/v1/iocs".to_owned(), 1)
        ]
    );
    assert_eq!(
        (usage.peak_per_minute, usage.peak_per_day),
        (Some(10), Some(10))
    );
    assert_eq!(info.last_used_at, Some(at(1_000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_share_the_limit_exactly() {
    let running = start("[tiers.free]\nrequests_per_minute = 100").await;
    let key = running.stand.key_of_tier(FREE);
    let request = format!("GET {SEARCH} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n");
    let address = running.address;
    // 24 connections, each of which sends ten requests at once.
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let pipelined = format!("{request}\r\n").repeat(9) + &request;
            let text = format!("{pipelined}connection: close\r\n\r\n");
            tokio::spawn(async move { exchange(address, &text).await })
        })
        .collect();
    let (mut remaining, mut refused) = (Vec::new(), 0);
    for task in tasks {
        let replies = task.await.unwrap();
        for reply in replies.split("HTTP/1.1 ").skip(1) {
            let header = |name: &str| {
                let line = reply.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap().parse::<u32>().unwrap()
            };
            assert_eq!(header("x-ratelimit-limit: "), 100);
            let left = header("x-ratelimit-remaining: ");
            if reply.starts_with("200") {
                remaining.push(left);
            } else {
                assert!(reply.starts_with("429"), "{reply}");
                assert_eq!((left, header("retry-after: ")), (0, 61));
                refused += 1;
            }
        }
    }
    assert_eq!((remaining.len(), refused), (100, 140));
    // Each was told a different number, none of them twice.
    remaining.sort_unstable();
    assert!(remaining.into_iter().eq(0..100));
}
