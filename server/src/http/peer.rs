//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::Request;
use ipnet::IpNet;

/// The other end of the connection: an extension of each request that came
/// over a socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The client's address: the other end of the connection, or, where that is a
/// trusted proxy, the last address of `X-Forwarded-For` that is none. `None`
/// where no proxy says it in a way that can be read: whoever is asked to let in
/// certain networks only then knows nothing, and never takes the proxy for
/// its client.
pub(super) fn client_address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let Peer(peer) = request.extensions().get::<Peer>()?;
    let peer = peer.ip().to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let mut client = None;
    let fields = request.headers().get_all("x-forwarded-for");
    for field in fields.iter().rev() {
        for hop in field.as_bytes().rsplit(|byte| *byte == b',') {
            // What is no address was not written by a proxy that can be
            // trusted, and neither was anything before it.
            let hop = read_hop(hop)?;
            client = Some(hop);
            if !is_trusted(&hop) {
                return client;
            }
        }
    }
    client
}

/// An address as proxies write it: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`,
/// and with a port behind it.
fn read_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop.trim_ascii()).ok()?;
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok()?.into(),
        None => hop
            .parse::<IpAddr>()
            .or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip()))
            .ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderValue;

    use super::*;

    fn address(peer: &str, forwarded: &[&[u8]]) -> Option<String> {
        let mut request = Request::new(Body::empty());
        request
            .extensions_mut()
            .insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        for field in forwarded {
            request
                .headers_mut()
                .append("x-forwarded-for", HeaderValue::from_bytes(field).unwrap());
        }
        let trusted = ["192.0.2.0/24".parse().unwrap()];
        client_address(&request, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, forwarded, expected) in [
            (
                "203.0.113.9",
                &[b"198.51.100.1".as_slice()][..],
                "203.0.113.9",
            ),
            ("::ffff:203.0.113.9", &[], "203.0.113.9"),
            ("192.0.2.1", &[b"198.51.100.1"], "198.51.100.1"),
            (
                "192.0.2.1",
                &[b"203.0.113.66, 198.51.100.1, 192.0.2.7"],
                "198.51.100.1",
            ),
            (
                "192.0.2.1",
                &[b"203.0.113.66", b"198.51.100.1"],
                "198.51.100.1",
            ),
            ("192.0.2.1", &[b"192.0.2.8, 192.0.2.7"], "192.0.2.8"),
            // What the client wrote itself need not be readable.
            ("192.0.2.1", &[b"\xff, 198.51.100.1"], "198.51.100.1"),
            // With a port, as some proxies write it.
            (
                "192.0.2.1",
                &[b"1.1.1.1, 198.51.100.1:5555"],
                "198.51.100.1",
            ),
            ("192.0.2.1", &[b"[2001:db8::1]:443"], "2001:db8::1"),
            ("192.0.2.1", &[b"[2001:db8::1]"], "2001:db8::1"),
            ("192.0.2.1", &[b"[::ffff:203.0.113.9]:1"], "203.0.113.9"),
        ] {
            assert_eq!(
                address(peer, forwarded).as_deref(),
                Some(expected),
                "{forwarded:?}"
            );
        }
    }

    #[test]
    fn where_no_proxy_tells_the_client_nobody_is_it() {
        for forwarded in [
            &[][..],
            &[b"".as_slice()],
            &[b"198.51.100.1, nonsense"],
            &[b"198.51.100.1, "],
            &[b"198.51.100.1, 203.0.113.7\xff"],
            &[b"198.51.100.1, \xff, 192.0.2.7"],
            &[b"unknown"],
            &[b"[203.0.113.7]"],
            &[b"203.0.113.7:port"],
        ] {
            assert_eq!(address("192.0.2.1", forwarded), None, "{forwarded:?}");
        }
        assert!(client_address(&Request::new(Body::empty()), &[]).is_none());
    }
}
