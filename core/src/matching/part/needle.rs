//! A text that is looked for in bytes, whatever its ASCII letter case.

use std::ops::Range;

/// Places that are tried together: a loop over so many without a branch
/// becomes vector instructions.
const LANES: usize = 64;
/// Bytes of the text that are compared at each place before all of it is.
const PROBES: usize = 4;
/// What the two cases of a letter differ in, and some other characters.
const CASE: u8 = 0x20;

/// The text, in lower case, and which of its bytes are compared first.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    text: Box<[u8]>,
    /// Positions from its beginning to its end.
    probes: [usize; PROBES],
}

impl Needle {
    /// A text that is not empty and has no ASCII letters in upper case.
    pub(super) fn new(text: &str) -> Needle {
        let last = text.len() - 1;
        Needle {
            text: text.as_bytes().into(),
            probes: std::array::from_fn(|probe| last * probe / (PROBES - 1)),
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The first place where it is.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        let places = (bytes.len() + 1).checked_sub(self.text.len())?;
        let mut first = 0;
        while first + LANES <= places {
            if self.may_be_among(bytes, first) {
                let found = self.find_among(bytes, first..first + LANES);
                if found.is_some() {
                    return found;
                }
            }
            first += LANES;
        }
        self.find_among(bytes, first..places)
    }

    /// Whether the probes agree at some of the places from `first` on.
    fn may_be_among(&self, bytes: &[u8], first: usize) -> bool {
        let mut differing = [0; LANES];
        for probe in self.probes {
            let wanted = self.text[probe];
            let bytes = &bytes[first + probe..][..LANES];
            for (differing, byte) in differing.iter_mut().zip(bytes) {
                *differing |= byte ^ wanted;
            }
        }
        let agree = differing.iter().map(|bits| bits & !CASE == 0);
        agree.fold(false, |any, agree| any | agree)
    }

    /// The first of some places where it is.
    fn find_among(&self, bytes: &[u8], mut places: Range<usize>) -> Option<usize> {
        let wanted = self.text[0];
        places.find(|&place| {
            (bytes[place] ^ wanted) & !CASE == 0
                && bytes[place..][..self.text.len()].eq_ignore_ascii_case(&self.text)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_found_where_a_plain_search_finds_it(
            text in "[ab@`{.]{1,6}",
            before in "[abAB@`\\[{.]{0,300}",
            after in "[abAB@`\\[{.]{0,90}",
            is_there in proptest::bool::ANY,
        ) {
            let middle = if is_there { text.to_ascii_uppercase() } else { String::new() };
            let bytes = [before, middle, after].concat();
            let found = Needle::new(&text).find(bytes.as_bytes());
            prop_assert_eq!(found, bytes.to_ascii_lowercase().find(&text));
        }
    }
}
