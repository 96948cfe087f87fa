//! Endpoints as they are counted: a small, bounded set of names.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Endpoints that are told apart; all further ones are one.
pub const MAX_ENDPOINTS: usize = LAST as usize + 1;

/// The number of the further ones.
const LAST: u8 = 63;
/// Their name.
const OTHER: &str = "other";

/// Names given so far, by number.
static NAMES: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());

/// An endpoint's number: as an index it is below [`MAX_ENDPOINTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint(u8);

impl Endpoint {
    /// What no other endpoint stands for.
    pub const OTHER: Endpoint = Endpoint(LAST);

    /// The endpoint of this name: a method and the template of a path,
    /// `GET /api/v1/keys/{id}`. The same name gives the same number.
    pub fn named(name: &str) -> Endpoint {
        let mut names = names();
        let number = names.iter().position(|known| **known == *name);
        let number = number.unwrap_or_else(|| {
            if names.len() < Endpoint::OTHER.index() {
                names.push(name.into());
                names.len() - 1
            } else {
                Endpoint::OTHER.index()
            }
        });
        u8::try_from(number).map_or(Endpoint::OTHER, Endpoint)
    }

    /// Its number.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The name of the endpoint with this number.
    pub fn name_of(index: usize) -> Arc<str> {
        names().get(index).cloned().unwrap_or_else(|| OTHER.into())
    }
}

/// A panic under this lock leaves a list that is whole.
fn names() -> MutexGuard<'static, Vec<Arc<str>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_number_and_the_set_is_bounded() {
        let first = Endpoint::named("GET /first");
        assert_eq!(Endpoint::named("GET /first"), first);
        assert_eq!(&*Endpoint::name_of(first.index()), "GET /first");
        for number in 0..2 * MAX_ENDPOINTS {
            assert!(Endpoint::named(&format!("GET /{number}")).index() < MAX_ENDPOINTS);
        }
        assert_eq!(Endpoint::named("GET /one-too-many"), Endpoint::OTHER);
        assert_eq!(&*Endpoint::name_of(Endpoint::OTHER.index()), "other");
    }
}
