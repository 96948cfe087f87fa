//! TLP markings: the fixed ones and those that a document defines.

use crate::claim::Tlp;
use crate::feed::claims::read_tlp;
use crate::feed::object::Object;

/// The markings of TLP 1 (STIX 2.1, section 7.2.1.4) and of TLP 2 (the OASIS
/// extension `tlp-2.0`), by their ids after `marking-definition--`.
const FIXED: [(&str, Tlp); 9] = [
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::Clear),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::Green),
    ("f88d31f6-486f-44da-b317-01333bde0b82", Tlp::Amber),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::Red),
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", Tlp::Clear),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Tlp::Green),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Tlp::Amber),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", Tlp::AmberStrict),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", Tlp::Red),
];

/// The marking that an id of the standards stands for.
pub(super) fn fixed_marking(id: &str) -> Option<Tlp> {
    let uuid = id.strip_prefix("marking-definition--")?;
    let found = FIXED
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(uuid));
    found.map(|(_, tlp)| *tlp)
}

/// The TLP that a marking definition defines, if it is one of TLP.
pub(super) fn defined_marking(object: Object<'_>) -> Option<Tlp> {
    let definition = object.inner("definition");
    let by_definition = definition.and_then(|inner| inner.text("tlp"));
    let by_extension = object.inner("extensions").and_then(|extensions| {
        extensions
            .members()
            .find_map(|(_, extension)| extension.get("tlp_2_0")?.as_str())
    });
    let named = object.text("name").filter(|name| {
        name.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("tlp:"))
    });
    read_tlp(by_definition.or(by_extension).or(named)?)
}
