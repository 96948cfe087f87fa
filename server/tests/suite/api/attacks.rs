//! Attempts to get in without a key, or with more than it gives, over real
//! sockets: what a client can write is more than what a library would send.

use std::net::SocketAddr;

use iocd::control::KeyRequest;

use super::server::{Running, exchange, start};

mod connections;

const SEARCH: &str = "/api/v1/iocs/search?q=evil.example.com";
/// What only an answer to a search has.
const ANSWER: &str = "\"interpretations\"";

fn get(head: &str) -> String {
    format!("GET {SEARCH} HTTP/1.1\r\nhost: x\r\n{head}connection: close\r\n\r\n")
}

/// Status lines of all responses that the text got, and whether one answers.
async fn ask(address: SocketAddr, text: &str) -> (Vec<String>, bool) {
    let reply = exchange(address, text).await;
    let statuses = reply.split("HTTP/1.1 ").skip(1);
    let statuses = statuses.map(|part| part[..3].to_owned()).collect();
    (statuses, reply.contains(ANSWER))
}

async fn running() -> (Running, String) {
    let running = start("").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    (running, key)
}

#[tokio::test]
async fn a_key_is_taken_only_where_it_stands_as_documented() {
    let (running, key) = running().await;
    let upper = key.to_uppercase();
    let (half, rest) = key.split_at(20);
    for head in [
        format!("X_API_KEY: {key}\r\n"),
        format!("X-API-Keys: {key}\r\n"),
        format!("x-api-key : {key}\r\n"),
        format!(" x-api-key: {key}\r\n"),
        format!("x-api-key: {half}\r\n {rest}\r\n"),
        format!("x-api-key: {half}\r\nx-api-key: {rest}\r\n"),
        format!("x-api-key: {key}, {key}\r\n"),
        format!("x-api-key: \"{key}\"\r\n"),
        format!("x-api-key: {key}x\r\n"),
        format!("x-api-key: {}\r\n", &key[..key.len() - 1]),
        format!("x-api-key: {upper}\r\n"),
        format!("x-api-key: {half}\0{rest}\r\n"),
        format!("x-api-key: {}\r\n", key.replace("sk_live_", "sk%5Flive%5F")),
        format!("x-api-key: Bearer {key}\r\n"),
        format!("authorization: {key}\r\n"),
        format!("authorization: Bearer Bearer {key}\r\n"),
        format!("authorization: Bearer\t{key}\r\n"),
        format!("authorization: Bearer,{key}\r\n"),
        format!("authorization: Bearer {key} {key}\r\n"),
        format!("authorization: Token {key}\r\n"),
        format!("authorization: Bearer x\r\nx-api-key: {key}\r\n"),
        format!("authorization: Bearer {key}\r\nauthorization: Bearer x\r\n"),
        format!("authorization: Bearer {key}\r\nx-api-key:\r\n"),
        format!("proxy-authorization: Bearer {key}\r\n"),
        format!("cookie: api_key={key}\r\n"),
        format!("x-original-url: /healthz\r\nx-rewrite-url: {SEARCH}&api_key={key}\r\n"),
        format!("x-http-method-override: OPTIONS\r\nx-forwarded-authorization: Bearer {key}\r\n"),
    ] {
        let (statuses, answered) = ask(running.address, &get(&head)).await;
        assert!(!answered, "{head:?}");
        assert!(
            matches!(&*statuses[0], "400" | "401"),
            "{head:?}: {statuses:?}"
        );
    }
    // Basic credentials are for another place.
    let basic = "authorization: Basic c2tfbGl2ZV94OnNrX2xpdmVfeA==\r\n";
    let (statuses, _) = ask(running.address, &get(basic)).await;
    assert_eq!(statuses, ["401"]);
    // In the query it opens nothing, with or without another.
    let query = get("").replace(SEARCH, &format!("{SEARCH}&api_key={key}"));
    assert_eq!(
        ask(running.address, &query).await,
        (vec!["401".into()], false)
    );
    // The same key, said twice, is one.
    let twice = get(&format!(
        "authorization: bearer {key}\r\nX-Api-Key:{key} \r\n"
    ));
    assert_eq!(
        ask(running.address, &twice).await,
        (vec!["200".into()], true)
    );
}

#[tokio::test]
async fn very_long_keys_cost_nothing_and_open_nothing() {
    let (running, key) = running().await;
    for (length, status) in [
        (129, "401"),
        (30_000, "401"),
        (40_000, "401"),
        (40_000, "401"),
        (200_000, "431"),
    ] {
        let long = format!("sk_live_{}", "x".repeat(length));
        for head in [
            format!("x-api-key: {long}\r\n"),
            format!("authorization: Bearer {long}\r\n"),
            format!("x-api-key: {key}{long}\r\n"),
        ] {
            let (statuses, answered) = ask(running.address, &get(&head)).await;
            assert_eq!(
                (statuses, answered),
                (vec![status.to_owned()], false),
                "{length}"
            );
        }
    }
    let many = format!("x-api-key: {key}\r\n").repeat(60);
    assert!(
        ask(running.address, &get(&many)).await.1,
        "all are the same"
    );
    let last = format!("{many}x-api-key: sk_live_x\r\n");
    assert_eq!(
        ask(running.address, &get(&last)).await,
        (vec!["400".into()], false)
    );
}

#[tokio::test]
async fn what_hides_in_a_body_is_no_request_of_its_own_with_the_key_of_another() {
    let (running, key) = running().await;
    let hidden = format!("GET {SEARCH} HTTP/1.1\r\nhost: x\r\n\r\n");
    let post = |head: &str, body: &str| {
        format!(
            "POST /api/v1/normalize HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\
             content-type: text/plain\r\n{head}\r\n{body}"
        )
    };
    let length = hidden.len();
    for text in [
        // A body of two lengths, of which a proxy might believe either.
        post(
            &format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            &format!("0\r\n\r\n{hidden}"),
        ),
        post(
            &format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            &format!("0\r\n\r\n{hidden}"),
        ),
        post(
            &format!("content-length: 0\r\ncontent-length: {length}\r\n"),
            &hidden,
        ),
        post(&format!("content-length: 0, {length}\r\n"), &hidden),
        post(&format!("content-length: +{length}\r\n"), &hidden),
        post("content-length: -1\r\n", &hidden),
        post(
            "transfer-encoding: xchunked\r\n",
            &format!("0\r\n\r\n{hidden}"),
        ),
        post(
            "transfer-encoding: chunked, identity\r\n",
            &format!("0\r\n\r\n{hidden}"),
        ),
        post(
            "transfer-encoding : chunked\r\n",
            &format!("0\r\n\r\n{hidden}"),
        ),
        post(
            "transfer-encoding: chunked\r\n",
            &format!("0x0\r\n\r\n{hidden}"),
        ),
        post(
            "transfer-encoding: chunked\r\n",
            &format!("0\r\nx-api-key: {key}\r\n\r\n{hidden}"),
        ),
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n{hidden}"),
    ] {
        let text = format!("{text}GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let (statuses, answered) = ask(running.address, &text).await;
        // Whatever it is taken for: it never gets an answer to the search.
        assert!(!answered, "{text:?}: {statuses:?}");
        assert!(!statuses.is_empty(), "{text:?}");
    }
}

#[tokio::test]
async fn what_a_client_says_of_its_address_counts_only_behind_a_trusted_proxy() {
    for (trusted, expected) in [("[]", "401"), ("['127.0.0.1']", "200")] {
        let running = start(&format!("trusted_proxies = {trusted}")).await;
        let key = running.stand.key(&KeyRequest {
            networks: vec!["203.0.113.0/24".parse().unwrap()],
            ..KeyRequest::named("far")
        });
        let forwarded = |fields: &str| get(&format!("x-api-key: {key}\r\n{fields}"));
        let (statuses, _) = ask(
            running.address,
            &forwarded("x-forwarded-for: 203.0.113.5\r\n"),
        )
        .await;
        assert_eq!(statuses, [expected]);
        for fields in [
            "",
            "x-real-ip: 203.0.113.5\r\n",
            "forwarded: for=203.0.113.5\r\n",
            "client-ip: 203.0.113.5\r\nx-client-ip: 203.0.113.5\r\n",
            "true-client-ip: 203.0.113.5\r\ncf-connecting-ip: 203.0.113.5\r\n",
            // What the client wrote itself stands before what the proxy saw.
            "x-forwarded-for: 203.0.113.5, 198.51.100.1\r\n",
            "x-forwarded-for: 203.0.113.5\r\nx-forwarded-for: 198.51.100.1\r\n",
            "x-forwarded-for: 203.0.113.5, nonsense\r\n",
            "x-forwarded-for: 203.0.113.5, \r\n",
            "x_forwarded_for: 203.0.113.5\r\n",
        ] {
            let (statuses, answered) = ask(running.address, &forwarded(fields)).await;
            assert_eq!((&*statuses[0], answered), ("401", false), "{fields}");
        }
    }
}

#[tokio::test]
async fn who_hides_behind_a_trusted_proxy_is_not_taken_for_it() {
    let running = start("trusted_proxies = ['127.0.0.1']").await;
    let key = running.stand.key(&KeyRequest {
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..KeyRequest::named("beside the proxy")
    });
    for fields in [
        "",
        "x-forwarded-for: 203.0.113.7\r\n",
        "x-forwarded-for: \u{ff}, 203.0.113.7\r\n",
        "x-forwarded-for: 203.0.113.7\u{ff}\r\n",
        "x-forwarded-for: 1.1.1.1, 203.0.113.7:5555\r\n",
    ] {
        let head = format!("x-api-key: {key}\r\n{fields}");
        let (statuses, answered) = ask(running.address, &get(&head)).await;
        assert_eq!((&*statuses[0], answered), ("401", false), "{fields}");
    }
}

#[tokio::test]
async fn unknown_malformed_and_revoked_keys_look_the_same() {
    let (running, key) = running().await;
    running
        .stand
        .app
        .control
        .revoke_key(&key[..16], None)
        .unwrap();
    let mut replies = Vec::new();
    for presented in [
        key,
        format!("sk_live_{}", "x".repeat(43)),
        "sk_live_x".to_owned(),
        "nonsense".to_owned(),
    ] {
        let reply = exchange(
            running.address,
            &get(&format!("x-api-key: {presented}\r\n")),
        )
        .await;
        let differs =
            |line: &&str| !line.starts_with("x-request-id: ") && !line.starts_with("date: ");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        let head: Vec<_> = head.lines().filter(differs).collect();
        let (before, after) = body.split_once("req_").unwrap();
        replies.push(format!("{head:?} {before} {}", &after[16..]));
    }
    replies.dedup();
    assert_eq!(replies.len(), 1, "{replies:#?}");
}
