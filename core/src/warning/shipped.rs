//! The lists that come with the program: `warnings/*.json`.

use super::{WarningList, WarningSet};

const FILES: [(&str, &str); 4] = [
    (
        "cloud_range",
        include_str!("../../../warnings/cloud_range.json"),
    ),
    ("eicar", include_str!("../../../warnings/eicar.json")),
    (
        "popular_domain",
        include_str!("../../../warnings/popular_domain.json"),
    ),
    (
        "public_resolver",
        include_str!("../../../warnings/public_resolver.json"),
    ),
];

/// The lists that come with the program, in the order of their names.
pub fn shipped() -> Vec<WarningList> {
    FILES
        .iter()
        .map(|(name, text)| {
            let (list, refused) = WarningList::read_misp(name, text.as_bytes())
                .expect("a test reads every shipped list");
            debug_assert_eq!(refused.first, [], "{name}");
            list
        })
        .collect()
}

impl Default for WarningSet {
    /// What the value itself tells, and the lists that come with the program.
    fn default() -> WarningSet {
        WarningSet::new(shipped())
    }
}
