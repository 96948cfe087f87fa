//! Connections that are open while their key ends.

use iocd::config::FREE;
use iocd::control::KeyRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{SEARCH, running, start};

/// A connection that is kept, and asked again and again.
struct Kept(TcpStream);

impl Kept {
    async fn ask(&mut self, text: &str) -> String {
        self.0.write_all(text.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        loop {
            let mut piece = [0; 4_096];
            let read = self.0.read(&mut piece).await.unwrap();
            assert!(
                read > 0,
                "the connection is kept: {}",
                String::from_utf8_lossy(&reply)
            );
            reply.extend_from_slice(&piece[..read]);
            let text = String::from_utf8_lossy(&reply);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.unwrap().parse::<usize>().unwrap() {
                return text.into_owned();
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_open_does_not_outlive_its_key() {
    let running = start("").await;
    let control = &running.stand.app.control;
    let key = running.stand.key(&KeyRequest {
        expires_in_days: Some(1),
        tier: Some(FREE.into()),
        ..KeyRequest::named("a")
    });
    let search = format!("GET {SEARCH} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n");
    let mut one = Kept(TcpStream::connect(running.address).await.unwrap());
    assert!(one.ask(&search).await.starts_with("HTTP/1.1 200"));
    running.stand.app.clock.advance(86_400_000);
    let expired = one.ask(&search).await;
    assert!(expired.contains("expired_api_key"), "{expired}");

    let key = running.stand.key(&KeyRequest::named("b"));
    let search = format!("GET {SEARCH} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n");
    assert!(one.ask(&search).await.starts_with("HTTP/1.1 200"));
    control.revoke_key(&key[..16], None).unwrap();
    let revoked = one.ask(&search).await;
    assert!(revoked.contains("invalid_api_key"), "{revoked}");
}

#[tokio::test]
async fn a_body_that_is_being_answered_ends_with_its_key() {
    let (running, key) = running().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!(
        "POST /api/v1/iocs/search HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\
         content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let values = "evil.example.com\n".repeat(150);
    stream
        .write_all((head + &chunk(&values)).as_bytes())
        .await
        .unwrap();
    // It is being answered.
    let mut reply = vec![0; 1_000];
    stream.read_exact(&mut reply).await.unwrap();
    running
        .stand
        .app
        .control
        .revoke_key(&key[..16], None)
        .unwrap();
    let rest = chunk(&values) + "0\r\n\r\n";
    stream.write_all(rest.as_bytes()).await.unwrap();
    loop {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await.unwrap();
        reply.extend_from_slice(&piece[..read]);
        if read == 0 || reply.ends_with(b"0\r\n\r\n") {
            break;
        }
    }
    let reply = String::from_utf8_lossy(&reply);
    let last = reply.lines().rfind(|line| line.starts_with('{')).unwrap();
    assert!(
        last.contains("invalid_api_key") && last.contains("200 values"),
        "{last}"
    );
}
