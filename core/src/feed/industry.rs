//! Names of industries as sources write them, as sectors of CISA.

/// The sector that an industry belongs to, by the words of STIX 2.1
/// (`industry-sector-ov`), of the sector galaxy of MISP, and of CISA; `None`
/// where no sector is meant plainly.
pub(super) fn cisa_sector(name: &str) -> Option<&'static str> {
    let slug = name.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    if let Some(sector) = crate::sector::sector(&slug) {
        return Some(sector);
    }
    Some(match &*slug {
        "agriculture" | "food" => "food-and-agriculture",
        "automotive" | "manufacturing" => "critical-manufacturing",
        "commercial" | "entertainment" | "hospitality-leisure" | "hospitality" | "retail" => {
            "commercial-facilities"
        }
        "telecommunications" | "telecoms" | "media" | "news---media" => "communications",
        "defence" | "defense" | "military" | "aerospace" => "defense-industrial-base",
        "utilities" | "electric" | "electricity" | "oil" | "gas" | "oil-and-gas" => "energy",
        "banking" | "bank" | "finance" | "financial" | "insurance" => "financial-services",
        "government"
        | "government-local"
        | "government-national"
        | "government-public-services"
        | "government-regional"
        | "government,-administration"
        | "diplomacy" => "government-services-and-facilities",
        "health" | "hospital" | "hospitals" | "pharmaceuticals" | "pharmacy" => "healthcare",
        "it" | "technology" => "information-technology",
        "transport" | "transportation" | "logistic" | "civil-aviation" => "transportation-systems",
        "water" => "water-and-wastewater",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn industries_are_sectors() {
        for (name, sector) in [
            ("financial-services", Some("financial-services")),
            ("Financial Services", Some("financial-services")),
            (
                "government-national",
                Some("government-services-and-facilities"),
            ),
            ("telecommunications", Some("communications")),
            ("Defense", Some("defense-industrial-base")),
            ("education", None),
        ] {
            assert_eq!(cisa_sector(name), sector, "{name}");
        }
        // What is mapped to must be a sector.
        for name in [
            "food",
            "retail",
            "media",
            "oil",
            "bank",
            "health",
            "it",
            "transport",
            "water",
            "automotive",
        ] {
            assert!(
                crate::sector::sector(cisa_sector(name).unwrap()).is_some(),
                "{name}"
            );
        }
    }
}
