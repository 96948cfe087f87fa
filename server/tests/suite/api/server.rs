//! The server over real sockets on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iocd::control::KeyRequest;
use iocd::http::{Served, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::standing::Stand;

pub(super) struct Running {
    pub(super) stand: Stand,
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) served: JoinHandle<Served>,
}

/// Serves on a free port.
pub(super) async fn start(toml: &str) -> Running {
    let stand = Stand::with(toml);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = Arc::clone(&stand.app);
    let served = tokio::spawn(serve(app, listener, async move {
        stopped.await.ok();
    }));
    Running {
        stand,
        address,
        stop,
        served,
    }
}

/// Sends text, and reads until the server closes.
pub(super) async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    // The server may reset the connection after its answer.
    stream.read_to_end(&mut reply).await.ok();
    String::from_utf8(reply).unwrap()
}

pub(super) fn get(target: &str, more: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n")
}

#[tokio::test]
async fn it_answers_over_a_socket_and_stops_in_order() {
    let running = start("").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let auth = format!("x-api-key: {key}\r\n");
    let reply = exchange(
        running.address,
        &get("/api/v1/iocs/search?q=evil.example.com", &auth),
    )
    .await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.contains("\"total\":0"));
    let reply = exchange(running.address, &get("/healthz", "")).await;
    assert!(reply.contains("{\"status\":\"ok\"}"));

    // An idle connection does not hold up a stop.
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    running.stop.send(()).unwrap();
    assert_eq!(running.served.await.unwrap(), Served::Finished);
    assert!(TcpStream::connect(running.address).await.is_err());
    let info = running.stand.app.control.keys().unwrap().remove(0);
    let usage = running.stand.app.control.usage(&info.id, 1).unwrap();
    assert_eq!((usage.total(), usage.count(200..300)), (1, 1));
}

#[tokio::test]
async fn half_open_connections_do_no_harm() {
    let limits = "[limits]\nheader_timeout_seconds = 1\nmax_connections_per_address = 2000";
    let running = start(limits).await;
    let mut half_open = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        if number % 2 == 0 {
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: loc")
                .await
                .unwrap();
        }
        half_open.push(stream);
    }
    let begun = Instant::now();
    let reply = exchange(running.address, &get("/healthz", "")).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(1));
    // And they are not kept for ever.
    for mut stream in half_open {
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest);
        tokio::time::timeout(Duration::from_secs(5), read)
            .await
            .expect("closed by now")
            .ok();
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let running = start("[limits]\nmax_connections = 2").await;
    let _one = TcpStream::connect(running.address).await.unwrap();
    let two = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let reply = exchange(running.address, &get("/healthz", "")).await;
    assert!(
        reply.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{reply}"
    );
    assert!(reply.contains("\"code\":\"unavailable\"") && reply.contains("retry-after: 1\r\n"));
    assert!(reply.contains("x-request-id: req_"));
    drop(two);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        exchange(running.address, &get("/healthz", ""))
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn what_is_no_http_gets_the_documented_error_body() {
    let running = start("").await;
    let auth = format!(
        "x-api-key: {}\r\n",
        running.stand.key(&KeyRequest::named("a"))
    );
    let target = |length: usize| format!("/api/v1/iocs/search?q={}", "a".repeat(length));
    let fields = |count: usize| {
        (0..count).fold(String::new(), |fields, number| {
            fields + &format!("x-{number}: y\r\n")
        })
    };
    for (text, status, code) in [
        (get(&target(62_000), &auth), "414", "uri_too_long"),
        (get(&target(70_000), &auth), "414", "uri_too_long"),
        (get(&target(200_000), &auth), "414", "uri_too_long"),
        (
            get("/healthz", &format!("x: {}\r\n", "y".repeat(40_000))),
            "431",
            "headers_too_large",
        ),
        (
            get("/healthz", &format!("x: {}\r\n", "y".repeat(200_000))),
            "431",
            "headers_too_large",
        ),
        (get("/healthz", &fields(150)), "431", "headers_too_large"),
        ("nonsense\r\n\r\n".to_owned(), "400", "invalid_parameter"),
    ] {
        let reply = exchange(running.address, &text).await;
        let shown: String = text.chars().take(40).collect();
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status} ")),
            "{shown}: {reply}"
        );
        assert!(
            reply.contains(&format!("\"code\":\"{code}\"")),
            "{shown}: {reply}"
        );
        assert!(
            reply.contains("content-type: application/json\r\n"),
            "{shown}: {reply}"
        );
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{shown}: {reply}"
        );
    }
}

#[tokio::test]
async fn replies_to_measure_with_are_not_served() {
    let running = start("").await;
    let key = running.stand.key(&KeyRequest::named("a"));
    let auth = format!("x-api-key: {key}\r\n");
    for target in ["/bench/fixed?bytes=5", "/bench/bare?bytes=5"] {
        let reply = exchange(running.address, &get(target, &auth)).await;
        assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");
    }
    running.stop.send(()).unwrap();
    assert_eq!(running.served.await.unwrap(), Served::Finished);
}
