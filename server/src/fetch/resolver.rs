//! Names into addresses that may be connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::egress::objection;

/// All that a name leads to is private or the like.
#[derive(Debug, thiserror::Error)]
#[error("{name} is at {address}, which is {objection}")]
pub(super) struct Forbidden {
    pub(super) name: String,
    pub(super) address: IpAddr,
    pub(super) objection: &'static str,
}

/// A name that does not lead anywhere.
#[derive(Debug, thiserror::Error)]
#[error("the name {name} cannot be resolved: {source}")]
pub(super) struct Unresolved {
    name: String,
    source: io::Error,
}

/// Resolves names as the system does, and leaves out what may not be connected
/// to. Connections go to the very addresses that it gives, so a name that
/// means something else a moment later gains nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = look_up(&name).await?;
            let (allowed, refused) = sort_out(found);
            match refused {
                Some((address, objection)) if allowed.is_empty() => Err(Forbidden {
                    name,
                    address,
                    objection,
                }
                .into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// Resolves names as the system does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open;

impl Resolve for Open {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn look_up(name: &str) -> Result<Vec<SocketAddr>, Unresolved> {
    let unresolved = |source| Unresolved {
        name: name.to_owned(),
        source,
    };
    let found: Vec<_> = tokio::net::lookup_host((name, 0))
        .await
        .map_err(unresolved)?
        .collect();
    if found.is_empty() {
        return Err(unresolved(io::Error::other("it has no address")));
    }
    Ok(found)
}

/// Those that may be connected to, and one that may not.
fn sort_out(found: Vec<SocketAddr>) -> (Vec<SocketAddr>, Option<(IpAddr, &'static str)>) {
    let mut refused = None;
    let allowed = found.into_iter().filter(|socket| {
        let objection = objection(socket.ip());
        refused = refused.or(objection.map(|what| (socket.ip(), what)));
        objection.is_none()
    });
    (allowed.collect(), refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mixed_answer_the_public_addresses_are_taken() {
        let found = ["127.0.0.1:0", "93.184.215.14:0", "[::1]:0"].map(|text| text.parse().unwrap());
        let (allowed, refused) = sort_out(found.to_vec());
        assert_eq!(allowed, [found[1]]);
        assert_eq!(refused, Some((found[0].ip(), "loopback")));
    }

    #[tokio::test]
    async fn names_of_this_machine_are_refused() {
        let resolving = Guarded.resolve("localhost".parse().unwrap());
        let error = resolving.await.err().unwrap();
        assert!(error.downcast_ref::<Forbidden>().is_some(), "{error}");
        let mut open = Open.resolve("localhost".parse().unwrap()).await.unwrap();
        assert!(open.next().unwrap().ip().is_loopback());
    }
}
