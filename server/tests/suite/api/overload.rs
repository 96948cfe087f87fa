//! More than the server takes at a time, and clients that are slow.

use std::time::Duration;

use iocd::control::KeyRequest;
use iocd::http::Served;
use iocd_core::claim::Claim;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::server::{Running, exchange, get, start};
use crate::values::{claim, record, source};

/// A request whose body has yet to come, of which a first answer has.
async fn begun(running: &Running, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!(
        "POST /api/v1/iocs/search HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n\
         content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    write_chunk(&mut stream, "one.example.com\n").await.unwrap();
    let mut reply = Vec::new();
    while !String::from_utf8_lossy(&reply).contains("one.example.com") {
        assert!(stream.read_buf(&mut reply).await.unwrap() > 0);
    }
    stream
}

async fn write_chunk(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    stream.write_all(chunk.as_bytes()).await
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.ok();
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn one_address_does_not_take_every_connection() {
    let running = start("[limits]\nmax_connections_per_address = 2").await;
    let ask = || get("/healthz", "");
    let _one = TcpStream::connect(running.address).await.unwrap();
    let two = TcpStream::connect(running.address).await.unwrap();
    let reply = exchange(running.address, &ask()).await;
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    assert!(reply.contains("\"code\":\"unavailable\"") && reply.contains("from your address"));
    assert!(reply.contains("retry-after: 1\r\n"), "{reply}");
    drop(two);
    let mut reply = String::new();
    while !reply.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = exchange(running.address, &ask()).await;
    }
    // A proxy speaks for many.
    let proxied = "trusted_proxies = ['127.0.0.1']\n[limits]\nmax_connections_per_address = 1";
    let running = start(proxied).await;
    let _one = TcpStream::connect(running.address).await.unwrap();
    let reply = exchange(running.address, &ask()).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

#[tokio::test]
async fn one_request_too_many_is_told_at_once_to_come_again() {
    let running = start("[limits]\nmax_requests = 2\nmax_requests_per_key = 2").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let auth = format!("x-api-key: {key}\r\n");
    let search = || get("/api/v1/iocs/search?q=x", &auth);
    let _one = begun(&running, &key).await;
    let reply = exchange(running.address, &search()).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    let two = begun(&running, &key).await;
    let reply = exchange(running.address, &search()).await;
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    assert!(reply.contains("\"code\":\"unavailable\"") && reply.contains("retry-after: 1\r\n"));
    assert!(reply.contains("x-ratelimit-remaining: "), "{reply}");
    // Whether the server is up can be asked all the same.
    for target in ["/healthz", "/readyz"] {
        let reply = exchange(running.address, &get(target, "")).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }
    drop(two);
    let mut reply = String::new();
    while !reply.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = exchange(running.address, &search()).await;
    }
}

#[tokio::test]
async fn one_key_does_not_take_every_request() {
    let running = start("[limits]\nmax_requests = 16").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let other = running.stand.key(&KeyRequest::named("b"));
    let search = async |key: &str| {
        let auth = format!("x-api-key: {key}\r\n");
        exchange(running.address, &get("/api/v1/iocs/search?q=x", &auth)).await
    };
    let _one = begun(&running, &key).await;
    let two = begun(&running, &key).await;
    let reply = search(&key).await;
    assert!(reply.starts_with("HTTP/1.1 429 "), "{reply}");
    assert!(reply.contains("retry-after: 1\r\n"), "{reply}");
    let reply = search(&other).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    drop(two);
    let mut reply = String::new();
    while !reply.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = search(&key).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_a_request_that_runs() {
    let running = start("[limits]\nmax_requests_per_key = 1").await;
    let told = (0..600).map(|number| Claim {
        context: Some("x".repeat(20_000)),
        ..claim(&format!("{number}.example.com"))
    });
    record(&*running.stand.app.store, &source("a"), 10, told).await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let auth = format!("x-api-key: {key}\r\n");
    let ask = || {
        get(
            "/api/v1/iocs/search?match=contains&limit=600&q=example",
            &auth,
        )
    };
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut stream = socket.connect(running.address).await.unwrap();
    stream.write_all(ask().as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    // Twelve megabytes are more than the system takes.
    let reply = exchange(running.address, &ask()).await;
    assert!(reply.starts_with("HTTP/1.1 429 "), "{reply}");
    assert!(rest(&mut stream).await.ends_with("]}"));
    let mut reply = String::new();
    while !reply.starts_with("HTTP/1.1 200") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = exchange(running.address, &ask()).await;
    }
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let running = start("[limits]\nrequest_timeout_seconds = 1").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let (mut reader, mut writer) = begun(&running, &key).await.into_split();
    // Each byte comes in time; all of them are no way to send a body. Without
    // a floor it would be waited for for twenty seconds.
    let dripping = tokio::spawn(async move {
        for _ in 0..30 {
            if writer.write_all(b"1\r\nx\r\n").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        writer.write_all(b"0\r\n\r\n").await.ok();
    });
    let mut reply = Vec::new();
    reader.read_to_end(&mut reply).await.ok();
    let reply = String::from_utf8(reply).unwrap();
    assert!(
        reply.contains("{\"error\":{\"code\":\"timeout\""),
        "{reply}"
    );
    dripping.abort();
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let running = start("[limits]\nheader_timeout_seconds = 1").await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    for _ in 0..2 {
        idle.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        // It is kept for the next request.
        let mut reply = Vec::new();
        while !reply.ends_with(b"{\"status\":\"ok\"}") {
            assert!(idle.read_buf(&mut reply).await.unwrap() > 0);
        }
    }
    // Without another one it ends: else this would wait for ever.
    assert_eq!(rest(&mut idle).await, "");

    // A head that grows by a byte now and then is no request, either.
    let slow = TcpStream::connect(running.address).await.unwrap();
    let (mut reader, mut writer) = slow.into_split();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"G").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut reply = Vec::new();
    reader.read_to_end(&mut reply).await.ok();
    drop(reader);
    dripping.await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_what_runs_and_for_nothing_else() {
    let limits = "[limits]\nheader_timeout_seconds = 3600\nshutdown_timeout_seconds = 3600";
    let running = start(limits).await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut half = TcpStream::connect(running.address).await.unwrap();
    let head = format!("GET /api/v1/iocs HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n");
    half.write_all(head.as_bytes()).await.unwrap();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /hea")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let mut runs = begun(&running, &key).await;

    running.stop.send(()).unwrap();
    // These end while that one runs: no timeout here would come to their help.
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut half).await, "");
    rest(&mut idle).await;
    assert!(!running.served.is_finished());
    write_chunk(&mut runs, "two.example.com\n").await.unwrap();
    runs.write_all(b"0\r\n\r\n").await.unwrap();
    let reply = rest(&mut runs).await;
    assert!(reply.contains("two.example.com"), "{reply}");
    assert_eq!(running.served.await.unwrap(), Served::Finished);
}

#[tokio::test]
async fn a_request_names_one_host() {
    let running = start("").await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n", "400"),
        (
            "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n",
            "400",
        ),
        (
            "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
            "200",
        ),
        ("GET /healthz HTTP/1.0\r\n\r\n", "200"),
    ] {
        let reply = exchange(running.address, head).await;
        let line = reply.lines().next().unwrap_or_default();
        assert!(line.contains(&format!(" {status} ")), "{head}{reply}");
        assert!(reply.contains("x-request-id: req_"), "{reply}");
        assert_eq!(reply.contains("\"invalid_parameter\""), status == "400");
    }
    // Who presents a key is told how its windows stand, here too.
    let key = running.stand.key(&KeyRequest::named("a"));
    let head = format!("GET / HTTP/1.1\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n");
    let reply = exchange(running.address, &head).await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(reply.contains("x-ratelimit-remaining: "), "{reply}");
}

#[tokio::test]
async fn a_refusal_is_read_by_a_client_that_writes_on() {
    let running = start("").await;
    // Much more than what the server reads before it refuses.
    let endless = format!("GET /{}", "a".repeat(8 << 20));
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let write = writer.write_all(endless.as_bytes());
    let mut reply = Vec::new();
    let (_, read) = tokio::join!(write, reader.read_to_end(&mut reply));
    read.expect("the answer is not lost to a reset");
    let reply = String::from_utf8(reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 414 "), "{reply}");
    assert!(reply.contains("\"code\":\"uri_too_long\""), "{reply}");
}
