//! `extract=true`: values out of any text.

use serde_json::{Value as Json, json};

use super::super::standing::Reply;
use super::{NDJSON, TEXT, pieces, stocked};

const SEARCH: &str = "/api/v1/iocs/search?extract=true";
const NORMALIZE: &str = "/api/v1/normalize?extract=true";

/// What each line is about, and where that stands.
fn places(reply: &Reply) -> Vec<(u64, String)> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let place = |line: &Json| Some((line["offset"].as_u64()?, line["input"].as_str()?.to_owned()));
    reply.lines().iter().filter_map(place).collect()
}

#[tokio::test]
async fn values_are_answered_in_the_order_of_the_text_each_once() {
    let (stand, key) = stocked("").await;
    let text = "It calls hxxp://bad[.]example[.]com/i\r\nand a.evil.example.org, not report.zip;\n\
                version 9.9.4.9:443; 10.0.0.1 and hxxp://bad.example[.]com/i again.";
    let reply = stand.post(&key, SEARCH, TEXT, text).await;
    assert_eq!(reply.header("content-type"), NDJSON);
    let places = places(&reply);
    for (offset, input) in &places {
        let offset = usize::try_from(*offset).unwrap();
        assert!(text[offset..].starts_with(input), "{input} at {offset}");
    }
    let inputs: Vec<&str> = places.iter().map(|(_, input)| input.as_str()).collect();
    assert_eq!(
        inputs,
        [
            "hxxp://bad[.]example[.]com/i",
            "bad[.]example[.]com",
            "a.evil.example.org",
            "9.9.4.9:443",
            "10.0.0.1"
        ]
    );
    let lines = reply.lines();
    assert_eq!(lines.len(), inputs.len());
    assert_eq!(
        lines[1],
        json!({"input": "bad[.]example[.]com", "offset": 16, "status": "unknown",
               "type": "domain", "value": "bad.example.com",
               "changes": ["dot_refanged"], "total": 0})
    );
    let states: Vec<&Json> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(states, ["known", "unknown", "known", "known", "warning"]);
    assert_eq!(lines[0]["total"], 2);
    assert_eq!(
        (&lines[2]["doubtful"], &lines[3]["doubtful"]),
        (&Json::Null, &json!(true))
    );
}

#[tokio::test]
async fn a_url_without_scheme_is_asked_for_with_both() {
    let (stand, key) = stocked("").await;
    let reply = stand
        .post(&key, SEARCH, TEXT, "see bad.example.com/i")
        .await;
    let lines = reply.lines();
    assert_eq!(
        (&lines[0]["status"], &lines[0]["value"]),
        (&json!("known"), &json!("http://bad.example.com/i"))
    );
    assert_eq!(
        lines[0]["interpretations"][1]["value"],
        "https://bad.example.com/i"
    );
}

#[tokio::test]
async fn pieces_and_bytes_that_are_no_text_make_no_difference() {
    let (stand, key) = stocked("").await;
    let body = b"\xff caf\xe9 9.9.4[.]4 \xe2\x82\n<a href='http://a.example.com/x'>9.9.4.9</a>";
    let whole = stand.post(&key, SEARCH, TEXT, body.to_vec()).await;
    let found = places(&whole);
    assert_eq!(found.len(), 4);
    for (offset, input) in &found {
        let offset = usize::try_from(*offset).unwrap();
        assert!(body[offset..].starts_with(input.as_bytes()), "{input}");
    }
    for cut in 0..=body.len() {
        let cut_body = pieces([&body[..cut], &body[cut..]]);
        let reply = stand.post(&key, SEARCH, TEXT, cut_body).await;
        assert_eq!(reply.text, whole.text, "cut at {cut}");
    }
    // Nothing in it, nothing to answer.
    for body in ["", "\n", "no value at all", "\0\0"] {
        let reply = stand.post(&key, SEARCH, TEXT, body).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, ""));
    }
}

#[tokio::test]
async fn a_long_log_is_answered_whole() {
    let (stand, key) = stocked("").await;
    let log = (0..20_000)
        .map(|number| format!("{number} GET host{}.example.com 9.9.4.4\n", number % 5_000))
        .collect::<Vec<String>>()
        .concat();
    let reply = stand.post(&key, SEARCH, TEXT, log.clone()).await;
    let found = places(&reply);
    assert_eq!(found.len(), 5_001);
    assert!(found.is_sorted());
    for (offset, input) in &found {
        let offset = usize::try_from(*offset).unwrap();
        assert!(log[offset..].starts_with(input.as_str()), "{input}");
    }
}

#[tokio::test]
async fn values_are_counted_and_not_lines() {
    let (stand, _) = stocked("[tiers.free]\nvalues_per_request = 150").await;
    let log = |count: usize| -> String {
        (0..count)
            .map(|number| format!("a line without\nh{number}.example.com h0.example.com\n"))
            .collect::<Vec<String>>()
            .concat()
    };
    for (count, units) in [(100, 1), (101, 2), (150, 2)] {
        let key = stand.key_of_tier(iocd::config::FREE);
        let reply = stand.post(&key, SEARCH, TEXT, log(count)).await;
        assert_eq!(reply.lines().len(), count);
        let left = stand.get(&key, "/healthz").await;
        let left = left.header("x-ratelimit-remaining");
        assert_eq!(left, (10 - units).to_string(), "{count}");
    }
    let key = stand.key_of_tier(iocd::config::FREE);
    let reply = stand.post(&key, SEARCH, TEXT, log(5_000)).await;
    let lines = reply.lines();
    assert_eq!(lines.len(), 151);
    assert_eq!(lines[150]["error"]["code"], "tier_required");
}

#[tokio::test]
async fn types_narrow_and_media_types_are_texts() {
    let (stand, key) = stocked("").await;
    let text = "http://bad.example.com/i 9.9.4.4 a@b.example.org";
    let target = SEARCH.to_owned() + "&type=domain";
    let lines = stand.post(&key, &target, TEXT, text).await.lines();
    let values: Vec<&Json> = lines.iter().map(|line| &line["value"]).collect();
    assert_eq!(values, ["bad.example.com", "b.example.org"]);
    for media_type in ["text/html; charset=utf-8", "text/markdown", "Text/CSV"] {
        let reply = stand.post(&key, SEARCH, media_type, text).await;
        assert_eq!(reply.lines().len(), 5, "{media_type}");
    }
    for media_type in ["application/json", NDJSON, "text/plain; charset=latin1", ""] {
        let reply = stand.post(&key, SEARCH, media_type, text).await;
        let error = reply.error(415, "unsupported_media_type");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("text/plain"), "{message}");
    }
}

#[tokio::test]
async fn values_of_a_text_are_normalised() {
    let (stand, key) = stocked("").await;
    let reply = stand
        .post(&key, NORMALIZE, TEXT, "from www.Example[.]com on")
        .await;
    assert_eq!(
        reply.lines(),
        [json!({
            "input": "www.Example[.]com",
            "offset": 5,
            "type": "domain",
            "value": "www.example.com",
            "changes": ["dot_refanged", "case_folded"],
            "registrable": "example.com",
            "warnings": [],
            "interpretations": [{
                "type": "domain",
                "value": "www.example.com",
                "changes": ["dot_refanged", "case_folded"],
                "warnings": [],
            }],
        })]
    );
}
