//! The critical infrastructure sectors of CISA, by the slugs of the API.

/// Every sector, in the order of the alphabet: `industry` in queries,
/// `sectors` of an entry.
pub const SECTORS: [&str; 16] = [
    "chemical",
    "commercial-facilities",
    "communications",
    "critical-manufacturing",
    "dams",
    "defense-industrial-base",
    "emergency-services",
    "energy",
    "financial-services",
    "food-and-agriculture",
    "government-services-and-facilities",
    "healthcare",
    "information-technology",
    "nuclear",
    "transportation-systems",
    "water-and-wastewater",
];

/// The sector with this slug.
pub fn sector(slug: &str) -> Option<&'static str> {
    SECTORS.into_iter().find(|known| *known == slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_are_in_order_and_found_by_their_slugs() {
        assert!(SECTORS.is_sorted());
        for slug in SECTORS {
            assert_eq!(sector(slug), Some(slug));
        }
        assert_eq!(sector("Energy"), None);
    }
}
