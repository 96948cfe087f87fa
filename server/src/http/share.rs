//! A key's share of what all keys share.

use std::sync::Arc;

use crate::control::{Caller, Shared};

/// So much of what all share, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    caller: Arc<Caller>,
    of: Shared,
    much: u64,
}

impl Share {
    /// Takes so much, unless the key would then have more than `most`.
    pub(super) fn take(caller: &Arc<Caller>, of: Shared, much: u64, most: u64) -> Option<Share> {
        let has_room = caller.activity().holding.take(of, much, most);
        has_room.then(|| Share {
            caller: Arc::clone(caller),
            of,
            much,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.caller.activity().holding.give_back(self.of, self.much);
    }
}
