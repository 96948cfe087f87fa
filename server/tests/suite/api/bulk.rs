//! `POST /api/v1/iocs/search` and `POST /api/v1/normalize`.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use iocd::control::KeyRequest;
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{claim, record, source, subtree};

mod connections;
mod extract;
mod limits;

pub(super) const SEARCH: &str = "/api/v1/iocs/search";
pub(super) const TEXT: &str = "text/plain";
const NDJSON: &str = "application/x-ndjson";
const ARRAY: &str = "application/json";

/// A stand whose store has something to find, and a key.
pub(super) async fn stocked(toml: &str) -> (Stand, String) {
    let stand = Stand::with(toml);
    let mut malicious = claim("http://bad.example.com/i");
    malicious.malware = Some("Emotet".into());
    let said = [
        malicious,
        claim("9.9.4.0/24"),
        claim("9.9.4.4"),
        claim("10.0.0.1"),
        subtree("evil.example.org"),
    ];
    record(&*stand.app.store, &source("a"), 10, said).await;
    let more = [claim("http://bad.example.com/i"), claim("9.9.4.4")];
    record(&*stand.app.store, &source("b"), 20, more).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

/// A body that comes in these pieces.
fn pieces<const N: usize>(pieces: [&[u8]; N]) -> Body {
    let pieces = pieces.map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)));
    Body::from_stream(stream::iter(pieces))
}

const INPUTS: [&str; 9] = [
    "hxxp://bad[.]example[.]com/i",
    "nobody.example.com",
    "9.9.4[.]4",
    "9.9.4.9:443",
    "10.0.0.1",
    "10.0.0.2",
    "no value",
    "",
    "a.evil.example.org",
];

#[tokio::test]
async fn every_input_is_answered_once_in_order_whatever_its_form() {
    let (stand, key) = stocked("").await;
    let reply = stand
        .post(&key, SEARCH, TEXT, INPUTS.join("\n") + "\n")
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), NDJSON);
    let lines = reply.lines();
    let inputs: Vec<&str> = lines
        .iter()
        .map(|line| line["input"].as_str().unwrap())
        .collect();
    assert_eq!(inputs, INPUTS);
    let states: Vec<&str> = lines
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            "known", "unknown", "known", "known", "warning", "unknown", "invalid", "invalid",
            "known"
        ]
    );
    let array = json!(INPUTS).to_string();
    assert_eq!(
        stand.post(&key, SEARCH, ARRAY, array).await.text,
        reply.text
    );
    let ndjson: String = INPUTS
        .iter()
        .map(|input| json!(input).to_string() + "\r\n")
        .collect();
    assert_eq!(
        stand.post(&key, SEARCH, NDJSON, ndjson).await.text,
        reply.text
    );
}

#[tokio::test]
async fn a_line_says_what_was_read_and_what_is_known() {
    let (stand, key) = stocked("").await;
    let reply = stand.post(&key, SEARCH, TEXT, INPUTS.join("\n")).await;
    let lines = reply.lines();
    assert_eq!(
        lines[0],
        json!({
            "input": "hxxp://bad[.]example[.]com/i",
            "status": "known",
            "type": "url",
            "value": "http://bad.example.com/i",
            "changes": ["scheme_refanged", "dot_refanged"],
            "total": 2,
            "entries": [{
                "type": "url",
                "value": "http://bad.example.com/i",
                "match": "exact",
                "status": "active",
                "confidence": "high",
                "sources": ["b list", "a list"],
                "first_seen": "2025-10-09T08:53:30Z",
                "last_seen": "2025-10-09T08:53:40Z",
                "malware": ["Emotet"],
            }],
        })
    );
    assert_eq!(
        lines[1],
        json!({"input": "nobody.example.com", "status": "unknown", "type": "domain",
               "value": "nobody.example.com", "total": 0})
    );
    assert_eq!(lines[2]["total"], 3);
    let networks = &lines[2]["entries"][1];
    assert_eq!(
        (
            &networks["value"],
            &networks["match"],
            &networks["distance"]
        ),
        (&json!("9.9.4.0/24"), &json!("network"), &json!(8))
    );
    assert_eq!(lines[4]["warnings"], json!(["non_global"]));
    assert!(lines[6]["error"].as_str().unwrap().contains("no indicator"));
    assert_eq!(lines[8]["entries"][0]["match"], "parent_domain");
    // More than one reading: all are told.
    let reply = stand
        .post(&key, SEARCH, TEXT, "bad.example.com/i")
        .await
        .lines();
    assert_eq!(reply[0]["status"], "known");
    assert_eq!(reply[0]["interpretations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn pieces_of_a_body_make_no_difference() {
    let (stand, key) = stocked("").await;
    let inputs = ["9.9.4[.]4", "\u{e9}.example.com", "no \"value\"\\"];
    let array = json!(inputs).to_string();
    let ndjson: String = inputs
        .iter()
        .map(|input| json!(input).to_string() + "\n")
        .collect();
    for (media_type, body) in [(TEXT, inputs.join("\n")), (NDJSON, ndjson), (ARRAY, array)] {
        let body = body.as_bytes();
        let whole = stand.post(&key, SEARCH, media_type, body.to_vec()).await;
        assert_eq!(whole.lines().len(), 3);
        for cut in 0..=body.len() {
            let cut_body = pieces([&body[..cut], &body[cut..]]);
            let reply = stand.post(&key, SEARCH, media_type, cut_body).await;
            assert_eq!(reply.text, whole.text, "{media_type} cut at {cut}");
        }
    }
}

#[tokio::test]
async fn what_is_no_value_is_an_invalid_line_and_no_failure() {
    let (stand, key) = stocked("").await;
    let long = "a".repeat(5_000);
    let body = [
        b"\xff\xfe\n9.9.4.4\0\n".as_slice(),
        long.as_bytes(),
        b"\n9.9.4.4",
    ]
    .concat();
    let lines = stand.post(&key, SEARCH, TEXT, body).await.lines();
    let states: Vec<&Json> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(states, ["invalid", "invalid", "invalid", "known"]);
    assert!(lines[0]["error"].as_str().unwrap().contains("UTF-8"));
    assert_eq!(lines[1]["input"], "9.9.4.4\0");
    assert!(lines[2]["error"].as_str().unwrap().contains("4096"));
    assert_eq!(lines[2]["input"].as_str().unwrap().len(), 200);

    let body = "[17, {\"value\": [\"9.9.4.4\"]}, null, \"9.9.4.4\"]";
    let lines = stand.post(&key, SEARCH, ARRAY, body).await.lines();
    let states: Vec<&Json> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(states, ["invalid", "invalid", "invalid", "known"]);
    assert_eq!(lines[0]["input"], "17");
    assert!(lines[0]["error"].as_str().unwrap().contains("string"));
    for body in ["", "[]", "\n"] {
        let media_type = if body == "[]" { ARRAY } else { TEXT };
        let reply = stand.post(&key, SEARCH, media_type, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.lines().len()),
            (200, usize::from(body == "\n"))
        );
    }
}

#[tokio::test]
async fn what_is_no_array_is_told_before_or_after_the_first_line() {
    let (stand, key) = stocked("").await;
    for body in ["", "{\"a\": 1}", "9.9.4.4", "[,"] {
        let reply = stand.post(&key, SEARCH, ARRAY, body).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], "body", "{body}");
    }
    for body in [
        "[\"9.9.4.4\"",
        "[\"9.9.4.4\" \"1.1.9.1\"]",
        "[\"9.9.4.4\"] 1",
    ] {
        let reply = stand.post(&key, SEARCH, ARRAY, body).await;
        assert_eq!(reply.status, 200, "{body}");
        let lines = reply.lines();
        assert_eq!(
            (lines.len(), &lines[0]["status"]),
            (2, &json!("known")),
            "{body}"
        );
        let error = &lines[1]["error"];
        assert_eq!(error["code"], "invalid_parameter", "{body}");
        assert_eq!(error["request_id"], reply.header("x-request-id"));
    }
}

#[tokio::test]
async fn parameters_narrow_and_are_checked() {
    let (stand, key) = stocked("").await;
    let ask = async |query: &str, body: &'static str| {
        let target = format!("{SEARCH}?{query}");
        stand.post(&key, &target, TEXT, body).await
    };
    let lines = ask("limit=1", "9.9.4.4").await.lines();
    assert_eq!(
        (
            &lines[0]["total"],
            lines[0]["entries"].as_array().unwrap().len()
        ),
        (&json!(3), 1)
    );
    let lines = ask("limit=0", "9.9.4.4").await.lines();
    assert_eq!(
        (&lines[0]["status"], &lines[0]["entries"]),
        (&json!("known"), &Json::Null)
    );
    let lines = ask(
        "type=domain&status=active&match=exact&extract=false",
        "9.9.4.4\nhttp://a.evil.example.org/x",
    )
    .await
    .lines();
    assert_eq!(lines[0]["status"], "invalid");
    assert!(lines[0]["error"].as_str().unwrap().contains("as domain"));
    assert_eq!(
        (&lines[1]["status"], &lines[1]["type"]),
        (&json!("known"), &json!("domain"))
    );
    for (query, parameter) in [
        ("limit=x", "limit"),
        ("type=host", "type"),
        ("status=removed", "status"),
        ("match=cascade", "match"),
        ("extract=maybe", "extract"),
    ] {
        let error = ask(query, "9.9.4.4").await.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], parameter, "{query}");
    }
    for query in ["q=9.9.4.4", "limt=3", "offset=0"] {
        ask(query, "9.9.4.4").await.error(400, "unknown_parameter");
    }
    ask("limit=1&limit=2", "")
        .await
        .error(400, "invalid_parameter");
}

#[tokio::test]
async fn media_types_are_the_three() {
    let (stand, key) = stocked("").await;
    for media_type in [
        "text/plain; charset=UTF-8",
        "Text/Plain",
        "text/plain;charset=\"utf-8\"",
    ] {
        assert_eq!(
            stand
                .post(&key, SEARCH, media_type, "9.9.4.4")
                .await
                .lines()
                .len(),
            1
        );
    }
    for media_type in [
        "",
        "text/csv",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-16",
    ] {
        let reply = stand.post(&key, SEARCH, media_type, "9.9.4.4").await;
        reply.error(415, "unsupported_media_type");
    }
    let request = axum::http::Request::post(SEARCH)
        .header("x-api-key", &key)
        .header("content-type", TEXT);
    let compressed = request
        .header("content-encoding", "gzip")
        .body(Body::empty());
    stand
        .send(compressed.unwrap())
        .await
        .error(415, "unsupported_media_type");
}

#[tokio::test]
async fn values_are_normalised_many_at_a_time() {
    let (stand, key) = stocked("").await;
    let target = "/api/v1/normalize";
    let body = "hxxps://www.Example[.]com/A\nexample.com/x\nno value\n192.0.2.1";
    let reply = stand.post(&key, target, TEXT, body).await;
    assert_eq!(reply.header("content-type"), NDJSON);
    let lines = reply.lines();
    assert_eq!(
        lines[0],
        json!({
            "input": "hxxps://www.Example[.]com/A",
            "type": "url",
            "value": "https://www.example.com/A",
            "changes": ["scheme_refanged", "dot_refanged", "url_normalized"],
            "registrable": "example.com",
            "warnings": [],
            "interpretations": [{
                "type": "url",
                "value": "https://www.example.com/A",
                "changes": ["scheme_refanged", "dot_refanged", "url_normalized"],
                "warnings": [],
            }],
        })
    );
    assert_eq!(lines[1]["interpretations"].as_array().unwrap().len(), 2);
    assert_eq!(
        lines[2]["error"],
        "it is no indicator in any reading that is known"
    );
    assert_eq!(
        (&lines[3]["registrable"], &lines[3]["warnings"]),
        (&Json::Null, &json!(["non_global"]))
    );
    let typed = stand
        .post(
            &key,
            "/api/v1/normalize?type=ipv4",
            ARRAY,
            "[\"example.com\"]",
        )
        .await;
    assert!(
        typed.lines()[0]["error"]
            .as_str()
            .unwrap()
            .contains("as ipv4")
    );
    let reply = stand
        .post(&key, "/api/v1/normalize?limit=1", TEXT, body)
        .await;
    reply.error(400, "unknown_parameter");
}
