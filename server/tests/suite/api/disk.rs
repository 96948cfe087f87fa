//! A disk that lets control data wait.

use std::sync::Arc;
use std::time::Duration;

use iocd::clock::Clock;
use iocd::config::Tiers;
use iocd::control::{Control, DATABASE, FeedState, KeyRequest, Scope};
use rusqlite::Connection;

use super::standing::Stand;
use crate::values::{at, claim, record, source};

/// All on one thread: whoever waits for the disk there, lets all others wait.
#[tokio::test]
async fn who_waits_for_the_disk_waits_alone() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(1_000));
    let control = Control::open(directory.path(), Tiers::default(), clock).unwrap();
    let control = Arc::new(control);
    let stand = Stand::build(|mut app| {
        app.control = Arc::clone(&control);
        app
    });
    record(
        &*stand.app.store,
        &source("urlhaus"),
        10,
        [claim("evil.example.com")],
    )
    .await;
    let key = stand.key(&KeyRequest {
        scopes: Some([Scope::ReadIocs, Scope::ReadMetrics].into_iter().collect()),
        ..KeyRequest::named("a")
    });
    let other = Connection::open(directory.path().join(DATABASE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let noting = std::thread::spawn(move || {
        let state = FeedState {
            feed: "urlhaus".into(),
            ..FeedState::default()
        };
        control.set_feed_state(&state)
    });
    // For it to have begun. If it has not, there is less to see.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let feed = stand.get(&key, "/api/v1/feeds/urlhaus");
    let others = async {
        stand.get_with("/healthz", &[]).await.ok();
        assert_eq!(stand.get(&key, "/metrics").await.status, 200);
        tokio::time::sleep(Duration::from_millis(200)).await;
        // Later it would be too late: who waits for this gives up.
        other.execute_batch("ROLLBACK").unwrap();
    };
    let (feed, ()) = tokio::join!(feed, others);
    feed.ok();
    noting.join().unwrap().expect("it got its turn");
}
