//! Clients that write all before they read, stop reading, stop writing, or go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use iocd::config::PRO;
use iocd::control::KeyRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::server::{Running, start};

fn head(key: &str, framing: &str) -> String {
    format!(
        "POST /api/v1/iocs/search HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n\
         content-type: text/plain\r\nconnection: close\r\n{framing}\r\n\r\n"
    )
}

fn values(count: usize) -> String {
    (0..count).fold(String::new(), |body, n| {
        body + &format!("hxxp://host-{n}[.]example[.]com/some/path\n")
    })
}

/// Holders of the application while nothing is asked.
async fn idle(running: &Running) -> usize {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    Arc::strong_count(&running.stand.app)
}

/// Waits until nothing of the requests is held any more.
async fn settled(running: &Running, before: usize) {
    let begun = Instant::now();
    while Arc::strong_count(&running.stand.app) > before {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "something is kept"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_write_all_before_it_reads() {
    let running = start("").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let body = values(100_000);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = head(&key, &format!("content-length: {}", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    let written = stream.write_all(body.as_bytes());
    tokio::time::timeout(Duration::from_secs(60), written)
        .await
        .expect("the body is read although nobody reads the answer")
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let inputs = reply
        .lines()
        .filter_map(|line| line.strip_prefix("{\"input\":\"hxxp://host-"));
    let numbers: Vec<usize> = inputs
        .map(|rest| rest.split('[').next().unwrap().parse().unwrap())
        .collect();
    // Chunks of the transfer encoding end with whole lines here.
    assert_eq!(numbers, (0..100_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_is_let_go() {
    let running = start("[limits]\nrequest_timeout_seconds = 1").await;
    let before = idle(&running).await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = head(&key, "transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    let body = values(100_000);
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    // The server may be gone before all is written.
    let written = tokio::time::timeout(Duration::from_secs(30), stream.write_all(chunk.as_bytes()));
    written.await.expect("it does not wait for ever").ok();
    settled(&running, before).await;
    drop(stream);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_writing_is_told_so() {
    let running = start("[limits]\nrequest_timeout_seconds = 1").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = head(&key, "content-length: 100");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
        .write_all(b"one.example.com\ntwo.exam")
        .await
        .unwrap();
    // What there is is answered while the rest is yet to come.
    let mut reply = Vec::new();
    while !reply.ends_with(b"\"total\":0}\n\r\n") {
        assert!(stream.read_buf(&mut reply).await.unwrap() > 0);
    }
    stream.read_to_end(&mut reply).await.unwrap();
    let reply = String::from_utf8(reply).unwrap();
    assert!(reply.contains("\"input\":\"one.example.com\""), "{reply}");
    assert!(
        reply.contains("{\"error\":{\"code\":\"timeout\""),
        "{reply}"
    );
    assert!(!reply.contains("two.exam"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_has_paid_for_what_was_read() {
    let running = start("").await;
    let before = idle(&running).await;
    let key = running.stand.key_of_tier(PRO);
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = head(&key, "content-length: 10000000");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(values(250).as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    while !String::from_utf8_lossy(&reply).contains("host-249") {
        assert!(stream.read_buf(&mut reply).await.unwrap() > 0);
    }
    drop(stream);
    settled(&running, before).await;
    let reply = running.stand.get(&key, "/healthz").await;
    assert_eq!(reply.header("x-ratelimit-remaining"), "997");
    running.stand.app.control.flush_usage().unwrap();
    let info = running.stand.app.control.keys().unwrap().remove(0);
    let usage = running.stand.app.control.usage(&info.id, 1).unwrap();
    assert_eq!(usage.count(200..300), 1);
}
