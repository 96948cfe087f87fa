//! Lists that a client has already, large ones, and such as come compressed.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use iocd::control::KeyRequest;
use iocd::store::ClaimStore;
use iocd_core::claim::Claim;
use serde_json::Value as Json;

use super::standing::Stand;
use crate::values::{DAY, at, claim, record, source};

async fn filled<S: ClaimStore>(stand: &Stand<S>, count: u32) -> String {
    let claims = (0..count).map(|number| claim(&format!("d{number}.example.com")));
    record(&*stand.app.store, &source("com"), 100, claims).await;
    stand.key(&KeyRequest::named("a"))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// What happens to a client that asks again with the tag that it has.
async fn what_is_known_is_not_told_again<S: ClaimStore>(stand: Stand<S>) {
    let key = filled(&stand, 3).await;
    let store = &*stand.app.store;
    let ask = async |target: &str, tag: &str| {
        let (response, body) = stand.get_raw(&key, target, &[("if-none-match", tag)]).await;
        let tag = header(response.headers(), "etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        let headers = response.headers();
        assert_eq!(header(headers, "cache-control"), "private, no-cache");
        assert!(header(headers, "vary").contains("authorization"));
        assert_eq!(body.is_empty(), response.status() == 304);
        (response.status().as_u16(), tag)
    };
    let list = "/api/v1/iocs?type=domain&limit=2";
    let (status, tag) = ask(list, "\"other\"").await;
    assert_eq!(status, 200);
    stand.app.clock.advance(5_000);
    for known in [&tag, "*", &format!("\"x\", {}", &tag[2..])] {
        assert_eq!(ask(list, known).await, (304, tag.clone()), "{known}");
    }
    // Another question, another tag.
    for other in [
        "/api/v1/iocs?type=domain&limit=3",
        "/api/v1/iocs?type=domain&limit=2&offset=1",
        "/api/v1/iocs?type=domain&limit=2&format=csv",
        "/api/v1/iocs?limit=2",
    ] {
        assert_eq!(ask(other, &tag).await.0, 200, "{other}");
    }
    // What is written is news.
    let ending = Claim {
        expires_at: Some(at(2_000)),
        ..claim("ending.example.com")
    };
    record(store, &source("com"), 1_005, [ending]).await;
    let (status, tag) = ask(list, &tag).await;
    assert_eq!(status, 200);
    assert_eq!(ask(list, &tag).await.0, 304);
    // So is that the time of an entry is over, whoever knows it.
    stand.app.clock.advance(1_000_000);
    let (status, tag) = ask(list, &tag).await;
    assert_eq!(status, 200);
    // And what becomes of scores.
    stand.app.clock.advance(3_600_000);
    assert_eq!(ask(list, &tag).await.0, 200);
    let text = "/api/v1/iocs?format=txt";
    let (_, tag) = ask(text, "").await;
    stand.app.clock.advance(3_600_000);
    assert_eq!(ask(text, &tag).await.0, 304);
    // Followers are told so, too.
    let body = stand.get(&key, list).await.ok();
    let delta = body["links"]["delta"].as_str().unwrap();
    let (_, tag) = ask(delta, "").await;
    assert_eq!(ask(delta, &tag).await.0, 304);
    record(store, &source("com"), DAY, [claim("new.example.com")]).await;
    assert_eq!(ask(delta, &tag).await.0, 200);
}

#[tokio::test]
async fn what_is_known_is_not_told_again_by_the_model() {
    what_is_known_is_not_told_again(Stand::new()).await;
}

#[tokio::test]
async fn what_is_known_is_not_told_again_by_the_embedded_store() {
    let (store, _directory) = crate::embedded::open();
    what_is_known_is_not_told_again(Stand::over(store, "")).await;
}

#[tokio::test]
async fn what_is_too_old_for_the_tier_is_news() {
    let stand = Stand::new();
    filled(&stand, 3).await;
    let key = stand.key_of_tier(iocd::config::FREE);
    let ask = async |tag: &str| {
        let headers = [("if-none-match", tag)];
        let (response, _) = stand
            .get_raw(&key, "/api/v1/iocs?format=csv", &headers)
            .await;
        let tag = header(response.headers(), "etag").to_owned();
        (response.status().as_u16(), tag)
    };
    let (_, tag) = ask("").await;
    stand.app.clock.advance(1_000);
    assert_eq!(ask(&tag).await.0, 304);
    stand.app.clock.advance(DAY * 1_000);
    assert_eq!(ask(&tag).await.0, 200);
}

fn decoded(coding: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    match coding {
        "gzip" => flate2_read(bytes, &mut text),
        "zstd" => {
            let mut decoder = ruzstd::decoding::StreamingDecoder::new(bytes).unwrap();
            decoder.read_to_string(&mut text).unwrap();
        }
        _ => text.push_str(std::str::from_utf8(bytes).unwrap()),
    }
    text
}

fn flate2_read(bytes: &[u8], text: &mut String) {
    let mut decoder = flate2::read::GzDecoder::new(bytes);
    decoder.read_to_string(text).unwrap();
}

#[tokio::test]
async fn long_pages_come_in_pieces_and_as_the_client_likes_them() {
    let (store, _directory) = crate::embedded::open();
    let stand = Stand::over(store, "");
    let key = filled(&stand, 2_500).await;
    let small = stand.get(&key, "/api/v1/iocs?limit=1").await.ok();
    for format in ["json", "csv", "txt"] {
        let target = format!("/api/v1/iocs?limit=2400&format={format}");
        let (response, plain) = stand.get_raw(&key, &target, &[]).await;
        assert_eq!(header(response.headers(), "content-encoding"), "");
        // No part of it is the whole: it was streamed.
        assert_eq!(header(response.headers(), "content-length"), "");
        let plain = decoded("", &plain);
        for (accepted, coding) in [("gzip", "gzip"), ("zstd, gzip", "zstd")] {
            let headers = [("accept-encoding", accepted)];
            let (response, bytes) = stand.get_raw(&key, &target, &headers).await;
            assert_eq!(header(response.headers(), "content-encoding"), coding);
            assert!(bytes.len() < plain.len() / 4);
            assert_eq!(decoded(coding, &bytes), plain);
        }
        match format {
            "json" => {
                let body: Json = serde_json::from_str(&plain).unwrap();
                assert_eq!(body["meta"]["total"], 2_500);
                let data = body["data"].as_array().unwrap();
                assert_eq!(data.len(), 2_400);
                assert_eq!(data[0], small["data"][0]);
                let next = body["links"]["next"].as_str().unwrap();
                let rest = stand.get(&key, next).await.ok();
                assert_eq!(rest["data"].as_array().unwrap().len(), 100);
            }
            "csv" => assert_eq!(plain.lines().count(), 2_401),
            _ => assert_eq!(plain.lines().count(), 2_400),
        }
    }
}

#[tokio::test]
async fn small_answers_come_as_they_are() {
    let stand = Stand::new();
    let key = filled(&stand, 20).await;
    let headers = [("accept-encoding", "gzip")];
    for (target, coding) in [
        ("/api/v1/iocs?limit=1", ""),
        ("/api/v1/iocs?limit=20", "gzip"),
        ("/api/v1/iocs/stats", ""),
        ("/api/v1/iocs/search?q=d1.example.com", ""),
    ] {
        let (response, bytes) = stand.get_raw(&key, target, &headers).await;
        assert_eq!(
            header(response.headers(), "content-encoding"),
            coding,
            "{target}"
        );
        serde_json::from_str::<Json>(&decoded(coding, &bytes)).unwrap();
    }
}

#[tokio::test]
async fn bulk_answers_are_coded_as_the_client_likes_them() {
    let stand = Stand::new();
    let key = filled(&stand, 3).await;
    let ask = async |accepted: &str| {
        let request = Request::post("/api/v1/iocs/search")
            .header("x-api-key", &key)
            .header("content-type", "text/plain")
            .header("accept-encoding", accepted)
            .body(Body::from("d1.example.com\n".repeat(100)))
            .unwrap();
        let (response, bytes) = stand.send_raw(request).await;
        let coding = header(response.headers(), "content-encoding").to_owned();
        let text = decoded(&coding, &bytes);
        (coding, text)
    };
    let (coding, plain) = ask("identity").await;
    assert_eq!((coding.as_str(), plain.lines().count()), ("", 100));
    for coding in ["gzip", "zstd"] {
        assert_eq!(ask(coding).await, (coding.to_owned(), plain.clone()));
    }
}
