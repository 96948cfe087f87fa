//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use ipnet::IpNet;

/// The other end of the connection: an extension of each request that came
/// over a socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The client's address: the other end of the connection, or, where that is a
/// trusted proxy, the last address of `X-Forwarded-For` that is none.
pub(super) fn client_address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let Peer(peer) = request.extensions().get::<Peer>()?;
    let mut address = peer.ip().to_canonical();
    if !is_trusted(&address) {
        return Some(address);
    }
    let fields: Vec<_> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .collect();
    let hops = fields
        .iter()
        .rev()
        .flat_map(|field| field.to_str().unwrap_or_default().rsplit(','));
    for hop in hops {
        // What is no address was not written by a proxy that can be trusted.
        let Ok(hop) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        address = hop.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::new(Body::empty());
        request
            .extensions_mut()
            .insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        for field in forwarded {
            request
                .headers_mut()
                .append("x-forwarded-for", field.parse().unwrap());
        }
        let trusted = ["192.0.2.0/24".parse().unwrap()];
        client_address(&request, &trusted).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(address("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            address("192.0.2.1", &["203.0.113.66, 198.51.100.1, 192.0.2.7"]),
            "198.51.100.1"
        );
        assert_eq!(
            address("192.0.2.1", &["203.0.113.66", "198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            address("192.0.2.1", &["198.51.100.1, nonsense"]),
            "192.0.2.1"
        );
        assert_eq!(address("::ffff:203.0.113.9", &[]), "203.0.113.9");
        assert!(client_address(&Request::new(Body::empty()), &[]).is_none());
    }
}
