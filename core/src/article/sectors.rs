//! Which sectors of industry a text is about.

use super::word::has_words;

/// Words for the sectors of CISA, by their slugs.
const WORDS: [(&str, &[&str]); 16] = [
    (
        "chemical",
        &[
            "chemical industry",
            "chemical company",
            "chemical sector",
            "chemical plant",
            "petrochemical",
        ],
    ),
    (
        "commercial-facilities",
        &[
            "retailer",
            "retailers",
            "retail sector",
            "hospitality sector",
            "hotels",
            "casino",
            "casinos",
            "shopping mall",
            "stadium",
        ],
    ),
    (
        "communications",
        &[
            "telecom",
            "telecoms",
            "telecommunications",
            "telecommunication",
            "mobile operator",
            "mobile carrier",
            "internet service provider",
            "broadcaster",
        ],
    ),
    (
        "critical-manufacturing",
        &[
            "manufacturing",
            "manufacturer",
            "manufacturers",
            "automaker",
            "automotive",
            "steel maker",
            "semiconductor",
        ],
    ),
    ("dams", &["hydroelectric", "hydropower dam"]),
    (
        "defense-industrial-base",
        &[
            "defense contractor",
            "defense contractors",
            "defence contractor",
            "defense industry",
            "defence industry",
            "defense industrial base",
            "military contractor",
            "aerospace and defense",
            "defense sector",
            "defence sector",
        ],
    ),
    (
        "emergency-services",
        &[
            "emergency services",
            "police department",
            "fire department",
            "law enforcement systems",
            "emergency dispatch",
        ],
    ),
    (
        "energy",
        &[
            "energy sector",
            "energy company",
            "energy companies",
            "power grid",
            "electric utility",
            "electric utilities",
            "power plant",
            "oil and gas",
            "pipeline operator",
            "energy provider",
            "electricity supplier",
            "energy infrastructure",
        ],
    ),
    (
        "financial-services",
        &[
            "bank",
            "banks",
            "banking sector",
            "financial institution",
            "financial institutions",
            "financial services",
            "financial sector",
            "credit union",
            "cryptocurrency exchange",
            "insurance company",
            "insurer",
            "payment processor",
            "fintech",
        ],
    ),
    (
        "food-and-agriculture",
        &[
            "agriculture",
            "agricultural",
            "food producer",
            "food supply",
            "food industry",
            "meat processor",
            "grocery",
        ],
    ),
    (
        "government-services-and-facilities",
        &[
            "government agencies",
            "government agency",
            "government entities",
            "government organizations",
            "government networks",
            "ministry of",
            "ministries",
            "embassies",
            "embassy",
            "federal agencies",
            "municipality",
            "public sector",
            "diplomatic",
            "parliament",
            "universities",
            "school district",
            "schools",
        ],
    ),
    (
        "healthcare",
        &[
            "healthcare",
            "health care",
            "hospital",
            "hospitals",
            "medical center",
            "patient data",
            "pharmaceutical",
            "pharmaceuticals",
            "health system",
            "medical devices",
        ],
    ),
    (
        "information-technology",
        &[
            "managed service provider",
            "managed service providers",
            "msp",
            "msps",
            "software vendor",
            "it service providers",
            "it services",
            "cloud providers",
            "hosting providers",
            "technology companies",
            "software supply chain",
            "software developers",
        ],
    ),
    (
        "nuclear",
        &[
            "nuclear power",
            "nuclear facility",
            "nuclear facilities",
            "nuclear plant",
            "nuclear sector",
        ],
    ),
    (
        "transportation-systems",
        &[
            "airline",
            "airlines",
            "airport",
            "airports",
            "railway",
            "railways",
            "shipping company",
            "logistics companies",
            "maritime",
            "transportation",
            "aviation",
            "port authority",
        ],
    ),
    (
        "water-and-wastewater",
        &[
            "water utility",
            "water utilities",
            "wastewater",
            "water treatment",
            "water system",
            "water systems",
            "water sector",
        ],
    ),
];

/// The slugs of the sectors that a text, in lower case, names: sorted.
pub(super) fn find_sectors(lower: &str) -> Vec<String> {
    let named = |(_, words): &&(&str, &[&str])| words.iter().any(|word| has_words(lower, word));
    WORDS
        .iter()
        .filter(named)
        .map(|(slug, _)| (*slug).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sector::SECTORS;

    #[test]
    fn every_sector_has_words() {
        assert_eq!(WORDS.map(|(slug, _)| slug), SECTORS);
        for (slug, words) in WORDS {
            for word in words {
                assert_eq!(*word, word.to_lowercase());
                assert!(find_sectors(&format!("x {word}.")).contains(&slug.to_owned()));
            }
        }
        assert!(find_sectors("embankment").is_empty());
    }
}
