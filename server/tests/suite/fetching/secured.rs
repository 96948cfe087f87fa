//! TLS as it should be, and not.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use super::misbehaving::{ends_in, says};
use super::web_server::{WebServer, ok, read, status};
use super::{Fetched, LIST};

/// Who vouches for the servers of a test.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// Serves over TLS: the list, or a redirect if one is given. Gives the port.
fn serve(certificate: CertificateDer<'static>, key: &KeyPair, place: Option<String>) -> u16 {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // Whoever asks may go away.
            let _ = read(&mut stream).and_then(|_| match &place {
                Some(place) => status(&mut stream, "302 Found", &[("Location", place)]),
                None => ok(&mut stream, "text/plain", LIST.as_bytes()),
            });
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    port
}

/// A feed that was good once, and for whose servers `authority` vouches.
fn trusting(authority: &CertifiedIssuer<'static, KeyPair>) -> Fetched {
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "");
    fetched.bench.file("ca.pem", authority.pem());
    let settings = format!("{}\nca_file = \"ca.pem\"\n", super::SETTINGS);
    fetched.bench.file("iocd.toml", settings);
    fetched.run();
    fetched
}

#[test]
fn who_is_vouched_for_is_believed() {
    let authority = authority();
    let fetched = trusting(&authority);
    let key = KeyPair::generate().unwrap();
    let certificate = params("127.0.0.1").signed_by(&key, &authority).unwrap();
    let port = serve(certificate.der().clone(), &key, None);
    fetched.describe(&format!("https://127.0.0.1:{port}/list.txt"), "");
    let run = fetched.run();
    assert_eq!(run["outcome"], "read", "{run}");
}

#[test]
fn certificates_that_do_not_hold() {
    let authority = authority();
    let fetched = trusting(&authority);
    let key = KeyPair::generate().unwrap();
    let self_signed = params("127.0.0.1").self_signed(&key).unwrap();
    let mut old = params("127.0.0.1");
    old.not_before = date_time_ymd(2020, 1, 1);
    old.not_after = date_time_ymd(2021, 1, 1);
    let expired = old.signed_by(&key, &authority).unwrap();
    let elsewhere = params("other.example").signed_by(&key, &authority).unwrap();
    for (certificate, part) in [
        (self_signed, "UnknownIssuer"),
        (expired, "expired"),
        (elsewhere, "not valid for"),
    ] {
        let port = serve(certificate.der().clone(), &key, None);
        fetched.describe(&format!("https://127.0.0.1:{port}/list.txt"), "");
        says(&ends_in(&fetched, "unreachable"), &[part]);
    }
    // No TLS at all behind such an address.
    let plain = fetched.server.url("/list.txt").replace("http:", "https:");
    fetched.describe(&plain, "");
    ends_in(&fetched, "unreachable");
}

#[test]
fn a_redirect_out_of_tls_is_not_followed() {
    let authority = authority();
    let fetched = trusting(&authority);
    let key = KeyPair::generate().unwrap();
    let certificate = params("127.0.0.1").signed_by(&key, &authority).unwrap();
    let place = fetched.server.url("/list.txt");
    let port = serve(certificate.der().clone(), &key, Some(place));
    fetched.bench.file("secret", "s3cret");
    let auth = "auth = { kind = \"bearer\", secret_file = \"secret\" }";
    fetched.describe(&format!("https://127.0.0.1:{port}/list.txt"), auth);
    says(&ends_in(&fetched, "suspicious"), &["from https to http"]);
    assert_eq!(fetched.server.asked().len(), 1, "the first run's");
}
