//! Room for connections: so many at a time, and so many from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::metrics::NotTaken;

/// How many connections there may be, and are.
#[derive(Debug)]
pub(super) struct Seats {
    most: usize,
    most_per_address: usize,
    /// Proxies, which speak for many.
    trusted: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Room for one connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    /// `None` of a proxy, which is not counted by address.
    address: Option<IpAddr>,
}

impl Seats {
    pub(super) fn new(most: usize, most_per_address: usize, trusted: Vec<IpNet>) -> Arc<Seats> {
        Arc::new(Seats {
            most,
            most_per_address,
            trusted,
            taken: Mutex::default(),
        })
    }

    /// Takes a seat for a connection from `peer`, or tells why there is none.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Seat, NotTaken> {
        let peer = peer.to_canonical();
        let is_proxy = self.trusted.iter().any(|network| network.contains(&peer));
        let address = (!is_proxy).then(|| household(peer));
        let mut taken = self.lock();
        if taken.all >= self.most {
            return Err(NotTaken::Full);
        }
        if let Some(address) = address {
            let of_address = taken.by_address.entry(address).or_default();
            if *of_address >= self.most_per_address {
                return Err(NotTaken::AddressFull);
            }
            *of_address += 1;
        }
        taken.all += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            address,
        })
    }

    /// Counts are changed together, never left half changed by a panic.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(of_address) = taken.by_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// Whom an address stands for: a host of IPv6 has a network of 64 bits to
/// choose addresses from.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn no_address_has_more_than_its_share() {
        let seats = Seats::new(4, 2, vec!["192.0.2.0/24".parse().unwrap()]);
        let take = |text: &str| seats.take(address(text));
        let first = take("203.0.113.1").unwrap();
        let _second = take("::ffff:203.0.113.1").unwrap();
        assert_eq!(take("203.0.113.1").unwrap_err(), NotTaken::AddressFull);
        drop(first);
        let first = take("203.0.113.1").unwrap();
        // One host, whichever of its addresses it takes.
        let third = take("2001:db8:0:1::5").unwrap();
        let fourth = take("2001:db8:0:1:ffff::").unwrap();
        assert_eq!(take("198.51.100.1").unwrap_err(), NotTaken::Full);
        drop(third);
        assert!(take("2001:db8:0:1::6").is_ok());
        drop((first, fourth));
        assert_eq!(seats.lock().by_address.len(), 1);
    }

    #[test]
    fn a_proxy_speaks_for_many() {
        let seats = Seats::new(3, 1, vec!["192.0.2.0/24".parse().unwrap()]);
        let taken: Vec<_> = (0..3).map(|_| seats.take(address("192.0.2.7"))).collect();
        assert!(taken.iter().all(Result::is_ok));
        assert_eq!(
            seats.take(address("192.0.2.7")).unwrap_err(),
            NotTaken::Full
        );
        drop(taken);
        assert_eq!(seats.lock().all, 0);
        assert!(seats.lock().by_address.is_empty());
    }
}
