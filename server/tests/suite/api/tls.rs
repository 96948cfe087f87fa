//! Encrypted connections.

use std::path::Path;
use std::sync::Arc;

use iocd::config::TlsSettings;
use iocd::http::{Listening, serve};
use iocd::tls::{Tls, TlsError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::standing::Stand;

/// Writes a certificate for `localhost` and its key, and gives the certificate.
fn certify(dir: &Path) -> CertificateDer<'static> {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    std::fs::write(dir.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn settings(dir: &Path) -> TlsSettings {
    TlsSettings {
        certificate: dir.join("cert.pem"),
        key: dir.join("key.pem"),
    }
}

async fn connect(
    address: std::net::SocketAddr,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn connections_are_encrypted_and_certificates_replaced_while_serving() {
    let dir = TempDir::new().unwrap();
    let first = certify(dir.path());
    let tls = Arc::new(Tls::load(&settings(dir.path())).unwrap());
    let stand = Stand::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let listening = Listening {
        listener,
        tls: Some(Arc::clone(&tls)),
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = Arc::clone(&stand.app);
    let serving = tokio::spawn(serve(app, listening, async move {
        stopped.await.ok();
    }));

    for version in [&TLS12, &TLS13] {
        let mut stream = connect(address, &first, &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let reply = ask(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }
    // Who speaks in the clear is not answered in the clear.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut reply = Vec::new();
    plain.read_to_end(&mut reply).await.ok();
    assert!(!reply.starts_with(b"HTTP"), "{reply:?}");

    let mut before = connect(address, &first, &[&TLS13]).await.unwrap();
    assert!(!tls.reload_changed().unwrap(), "nothing has changed");
    let second = certify(dir.path());
    assert!(tls.reload_changed().unwrap());
    assert!(connect(address, &first, &[&TLS13]).await.is_err());
    let mut after = connect(address, &second, &[&TLS13]).await.unwrap();
    assert!(ask(&mut after).await.starts_with("HTTP/1.1 200"));
    assert!(
        ask(&mut before).await.starts_with("HTTP/1.1 200"),
        "it goes on"
    );

    // Half of a new pair: what was in force stays, and the mistake is told once.
    let cert = std::fs::read(dir.path().join("cert.pem")).unwrap();
    certify(dir.path());
    std::fs::write(dir.path().join("cert.pem"), cert).unwrap();
    let error = tls.reload_changed().unwrap_err();
    assert!(matches!(error, TlsError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("key.pem"), "{error}");
    assert!(!tls.reload_changed().unwrap());
    assert!(tls.reload().is_err(), "whoever asks hears it again");
    let mut after = connect(address, &second, &[&TLS13]).await.unwrap();
    assert!(ask(&mut after).await.starts_with("HTTP/1.1 200"));

    // A stop waits neither for idle connections nor for half a handshake.
    let _idle = connect(address, &second, &[&TLS13]).await.unwrap();
    let _silent = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    assert_eq!(serving.await.unwrap(), iocd::http::Served::Finished);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let dir = TempDir::new().unwrap();
    let load = || {
        Tls::load(&settings(dir.path()))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(load().contains("cert.pem"), "{}", load());
    certify(dir.path());
    std::fs::write(dir.path().join("key.pem"), "no key").unwrap();
    assert!(
        load().contains("key.pem") && load().contains("private key"),
        "{}",
        load()
    );
    certify(dir.path());
    std::fs::write(dir.path().join("cert.pem"), "").unwrap();
    assert!(
        load().contains("cert.pem") && load().contains("certificate"),
        "{}",
        load()
    );
}
