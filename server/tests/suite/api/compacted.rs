//! What the API says about a past that is no longer kept: over the embedded
//! store, compacted.

use iocd::control::KeyRequest;
use iocd::store::embedded::Embedded;
use iocd::store::{ClaimStore as _, Removal};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::standing::Stand;
use crate::embedded::{compact, open};
use crate::values::{DAY, at, claim, record, source, value};

const LIST: &str = "/api/v1/iocs";

fn link(body: &Json, name: &str) -> String {
    body["links"][name].as_str().unwrap().to_owned()
}

/// A list of three of which one comes, goes and comes again, and its key.
async fn filled() -> (Stand<Embedded>, String, TempDir) {
    let (store, directory) = open();
    let stand = Stand::over(store, "");
    let store = &*stand.app.store;
    let names = ["a.example.com", "b.example.com", "c.example.com"];
    record(store, &source("feed"), 100, names.map(claim)).await;
    leave_and_come_again(&stand, 200).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key, directory)
}

async fn leave_and_come_again(stand: &Stand<Embedded>, second: i64) {
    let store = &*stand.app.store;
    let (feed, gone) = (source("feed"), [value("a.example.com")]);
    let reason = Removal::RemovedBySource;
    let removed = store.remove(&feed, &gone, reason, at(second)).await;
    assert_eq!(removed.unwrap(), 1);
    record(store, &feed, second + 50, [claim("a.example.com")]).await;
}

#[tokio::test]
async fn a_search_as_of_a_time_before_history_is_refused() {
    let (stand, key, _directory) = filled().await;
    let target = |path: &str, second| {
        let time = at(second).to_string().replace(':', "%3A");
        format!("{LIST}/search?{path}&as_of={time}")
    };
    let asked = [
        "q=a.example.com",
        "q=a.example.com&match=cascade",
        "q=example.com&match=contains",
    ];
    let mut before = Vec::new();
    for path in asked {
        stand.get(&key, &target(path, 150)).await.ok();
        before.push(stand.get(&key, &target(path, 300)).await.ok());
    }
    let compacted = compact(stand.app.store.as_ref(), 300);
    assert_eq!(
        (compacted.versions_before, compacted.versions_after),
        (5, 3)
    );
    for (path, before) in asked.into_iter().zip(before) {
        let reply = stand.get(&key, &target(path, 150)).await;
        let error = reply.error(410, "history_compacted");
        assert_eq!(error["details"], json!({"parameter": "as_of"}));
        let message = error["message"].as_str().unwrap();
        let since = compacted.since.unwrap();
        assert_eq!(since, at(251));
        assert!(message.contains(&since.to_string()), "{message}");
        let again = stand.get(&key, &target(path, 300)).await.ok();
        assert_eq!(again["data"], before["data"]);
    }
}

/// A client that asks every day does not see its cursor grow old, though
/// nothing happened to what it follows.
#[tokio::test]
async fn a_quiet_list_is_followed_for_ever() {
    let (stand, key, _directory) = filled().await;
    let nothing = stand.get(&key, &format!("{LIST}?type=url")).await.ok();
    let mut delta = link(&nothing, "delta");
    for day in 1..5 {
        leave_and_come_again(&stand, day * DAY).await;
        stand.app.clock.advance(DAY * 1_000);
        compact(stand.app.store.as_ref(), (day - 1) * DAY);
        let body = stand.get(&key, &delta).await.ok();
        assert_eq!(body["data"], json!([]));
        assert!(body["links"].get("next").is_none(), "{body}");
        delta = link(&body, "delta");
        // Asked again soon, it stays.
        let body = stand.get(&key, &delta).await.ok();
        assert_eq!(link(&body, "delta"), delta);
    }
}

#[tokio::test]
async fn cursors_of_before_history_have_expired_and_later_ones_have_not() {
    let (stand, key, _directory) = filled().await;
    let list = format!("{LIST}?type=domain&limit=2");
    let old = stand.get(&key, &list).await.ok();
    leave_and_come_again(&stand, 400).await;
    let new = stand.get(&key, &list).await.ok();
    leave_and_come_again(&stand, 600).await;
    let next = stand.get(&key, &link(&new, "next")).await.ok();
    let delta = stand.get(&key, &link(&new, "delta")).await.ok();

    let compacted = compact(stand.app.store.as_ref(), 600);
    assert!(compacted.versions_after < compacted.versions_before);
    for name in ["next", "delta"] {
        let reply = stand.get(&key, &link(&old, name)).await;
        let error = reply.error(410, "cursor_expired");
        assert_eq!(error["details"], json!({"parameter": "cursor"}));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("/api/v1/iocs?type=domain"), "{message}");
    }
    let again = stand.get(&key, &link(&new, "next")).await.ok();
    assert_eq!(again["data"], next["data"]);
    let again = stand.get(&key, &link(&new, "delta")).await.ok();
    assert_eq!(again["data"], delta["data"]);
    assert_eq!(delta["data"].as_array().unwrap().len(), 1);
}
