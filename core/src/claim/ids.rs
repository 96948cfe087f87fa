//! Sets of identities, and maps from them. An identity is a cryptographic hash:
//! tables need no other.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::ClaimId;

/// A map from identities of claims.
pub type ClaimIdMap<T> = HashMap<ClaimId, T, BuildHasherDefault<OwnBits>>;
/// Identities of claims.
pub type ClaimIdSet = HashSet<ClaimId, BuildHasherDefault<OwnBits>>;

impl Hash for ClaimId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let head = self.0.first_chunk().expect("an id is longer");
        state.write_u64(u64::from_le_bytes(*head));
    }
}

/// Takes the number that it is given for the hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnBits(u64);

impl Hasher for OwnBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind;

    #[test]
    fn an_id_is_found_among_many() {
        let id = |n: u32| ClaimId::new(Kind::Domain, &format!("h{n}.example.com"), "feed");
        let ids: ClaimIdSet = (0..1_000).map(id).collect();
        assert_eq!(ids.len(), 1_000);
        assert!((0..1_000).all(|n| ids.contains(&id(n))));
        assert!(!(1_000..2_000).any(|n| ids.contains(&id(n))));
    }
}
