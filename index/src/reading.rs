//! Reading the state for longer than a writer should wait.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLockReadGuard;

use crate::Index;
use crate::state::State;

/// Where a state is put that another has taken the place of: whoever was
/// reading it has this too, and reads on.
pub(crate) type Retirement = Arc<OnceLock<State>>;

/// Reads a state and gives way to writers now and then. Slots mean the same
/// all the while: if the store is compacted meanwhile, the state that was
/// read stays as it was until nobody reads it any more.
pub(crate) struct Reading<'a> {
    /// None once the state has retired.
    state: Option<RwLockReadGuard<'a, State>>,
    retirement: Retirement,
}

impl Index {
    /// Begins to read.
    pub(crate) fn reading(&self) -> Reading<'_> {
        let state = self.state.read();
        Reading {
            retirement: Arc::clone(&state.retirement),
            state: Some(state),
        }
    }
}

impl Reading<'_> {
    /// Lets a waiting writer go first. There may be more slots after it, and
    /// those there were may have been replaced or ended.
    pub(crate) fn give_way(&mut self) {
        if let Some(state) = &mut self.state {
            RwLockReadGuard::bump(state);
            if !Arc::ptr_eq(&state.retirement, &self.retirement) {
                self.state = None;
            }
        }
    }
}

impl Deref for Reading<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        match &self.state {
            Some(state) => state,
            None => self.retirement.get().expect("another has its place"),
        }
    }
}
