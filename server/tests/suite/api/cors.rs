//! Pages of other origins.

use axum::http::Method;
use iocd::control::KeyRequest;

use super::standing::{Stand, request};

const SOC: &str = "https://soc.example.com";
const ALLOWED: &str = "access-control-allow-origin";
const SEARCH: &str = "/api/v1/iocs/search?q=evil.example.com";

fn open() -> Stand {
    Stand::with("cors_origins = ['https://soc.example.com', 'http://localhost:3000']")
}

#[tokio::test]
async fn no_page_may_ask_unless_its_origin_is_named() {
    let closed = Stand::new();
    let key = closed.key(&KeyRequest::named("a"));
    let headers = [("x-api-key", &*key), ("origin", SOC)];
    let reply = closed.get_with(SEARCH, &headers).await;
    assert_eq!(reply.status, 200);
    assert_eq!((reply.header(ALLOWED), reply.header("vary")), ("", ""));
    let preflight = [("origin", SOC), ("access-control-request-method", "GET")];
    let reply = closed
        .send(request(Method::OPTIONS, "/api/v1/iocs", &preflight))
        .await;
    reply.error(405, "method_not_allowed");
    assert_eq!(reply.header(ALLOWED), "");

    let open = open();
    let key = open.key(&KeyRequest::named("a"));
    for other in [
        "https://soc.example.com.evil.example.net",
        "https://soc.example.com:8443",
        "http://soc.example.com",
        "https://SOC.example.com",
        "null",
        "*",
    ] {
        let reply = open
            .get_with(SEARCH, &[("x-api-key", &key), ("origin", other)])
            .await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header(ALLOWED), "", "{other}");
        assert_eq!(reply.header("vary"), "Origin");
        let preflight = [("origin", other), ("access-control-request-method", "GET")];
        let reply = open
            .send(request(Method::OPTIONS, SEARCH, &preflight))
            .await;
        reply.error(405, "method_not_allowed");
        assert_eq!(reply.header(ALLOWED), "", "{other}");
    }
    let two = [("x-api-key", &*key), ("origin", SOC), ("origin", "null")];
    assert_eq!(open.get_with(SEARCH, &two).await.header(ALLOWED), "");
}

#[tokio::test]
async fn a_page_of_a_named_origin_reads_answers_and_errors() {
    let stand = open();
    let key = stand.key(&KeyRequest::named("a"));
    for origin in [SOC, "http://localhost:3000"] {
        let answer = stand
            .get_with(SEARCH, &[("x-api-key", &key), ("origin", origin)])
            .await;
        answer.ok();
        let error = stand.get_with(SEARCH, &[("origin", origin)]).await;
        error.error(401, "missing_api_key");
        let nothing = stand.get_with("/nothing", &[("origin", origin)]).await;
        nothing.error(404, "not_found");
        for reply in [answer, error, nothing] {
            assert_eq!(reply.header(ALLOWED), origin);
            assert_eq!(reply.header("vary"), "Origin");
            assert!(
                reply
                    .header("access-control-expose-headers")
                    .contains("x-request-id")
            );
            // A key is never a cookie.
            assert_eq!(reply.header("access-control-allow-credentials"), "");
        }
    }
}

#[tokio::test]
async fn a_browser_is_told_beforehand_what_may_be_asked() {
    let stand = open();
    let preflight = [
        ("origin", SOC),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let reply = stand
        .send(request(Method::OPTIONS, "/api/v1/iocs/search", &preflight))
        .await;
    assert_eq!((reply.status.as_u16(), &*reply.text), (204, ""));
    assert_eq!(reply.header(ALLOWED), SOC);
    assert!(
        reply
            .header("access-control-allow-methods")
            .contains("POST")
    );
    for field in ["authorization", "x-api-key", "content-type"] {
        assert!(reply.header("access-control-allow-headers").contains(field));
    }
    assert_eq!(reply.header("access-control-max-age"), "600");
    assert!(reply.header("x-request-id").starts_with("req_"));
    // What is no preflight is a method like others.
    let plain = stand
        .send(request(Method::OPTIONS, "/api/v1/iocs", &[("origin", SOC)]))
        .await;
    plain.error(405, "method_not_allowed");
}
