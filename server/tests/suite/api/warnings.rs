//! `warnings` of what is asked for.

use iocd::control::KeyRequest;
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{claim, record, source};

async fn stocked() -> (Stand, String) {
    let stand = Stand::new();
    let said = [
        "8.8.8.8",
        "9.9.8.8",
        "www.google.com",
        "d41d8cd98f00b204e9800998ecf8427e",
    ];
    let said = said.map(claim);
    record(&*stand.app.store, &source("a"), 10, said).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

#[tokio::test]
async fn a_search_says_which_lists_cover_the_value_and_what_time_tells() {
    let (stand, key) = stocked().await;
    for (asked, expected) in [
        ("8.8.8.8", json!(["public_resolver"])),
        ("9.9.8.8", Json::Null),
        ("8.8.8%5B.%5D8", json!(["public_resolver"])),
        ("WWW.google.com.", json!(["popular_domain"])),
        ("www.google.nope", json!(["unknown_tld"])),
        ("10.0.0.1", json!(["non_global"])),
        (
            "d41d8cd98f00b204e9800998ecf8427e",
            json!(["empty_file_hash"]),
        ),
        ("CVE-2099-0001", json!(["future_cve"])),
        ("44d88612fea8a8f36de82e1278abb02f", json!(["eicar"])),
    ] {
        let reply = stand
            .get(&key, &format!("/api/v1/iocs/search?q={asked}"))
            .await;
        let reading = &reply.json()["meta"]["query"]["interpretations"][0];
        assert_eq!(reading["warnings"], expected, "{asked}: {reading}");
    }
}

#[tokio::test]
async fn a_known_value_that_a_list_withholds_is_a_warning_in_bulk() {
    let (stand, key) = stocked().await;
    let body = "8.8.8.8\n9.9.8.8\n8.8.4.4\nwww.google.com\nhttp://www.google.com/\nd41d8cd98f00b204e9800998ecf8427e\n";
    let reply = stand
        .post(&key, "/api/v1/iocs/search", "text/plain", body)
        .await;
    let told: Vec<_> = reply
        .lines()
        .iter()
        .map(|line| (line["status"].clone(), line["warnings"].clone()))
        .collect();
    let expected = [
        (json!("warning"), json!(["public_resolver"])),
        (json!("known"), Json::Null),
        (json!("unknown"), json!(["public_resolver"])),
        (json!("warning"), json!(["popular_domain"])),
        (json!("unknown"), Json::Null),
        (json!("warning"), json!(["empty_file_hash"])),
    ];
    assert_eq!(told, expected);
    let reply = stand
        .post(&key, "/api/v1/normalize", "text/plain", "8.8.8.8\n9.9.8.8")
        .await;
    let lines = reply.lines();
    assert_eq!(
        lines[0]["interpretations"][0]["warnings"],
        json!(["public_resolver"])
    );
    assert_eq!(lines[1]["warnings"], json!([]));
}
