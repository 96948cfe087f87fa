//! What the objects of a document say of one another.

mod describe;

use std::collections::{HashMap, HashSet};

use super::marking::defined_marking;
use super::observable::{recipients, technique_of};
use crate::claim::Tlp;
use crate::feed::cell::printable;
use crate::feed::industry::cisa_sector;
use crate::feed::object::Object;

/// References that count for a whole document.
const MAX_REFERENCES: usize = 8;

/// Longest of these, in bytes.
const MAX_REFERENCE: usize = 2048;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Links of one object to others that are followed.
const MAX_LINKS: usize = 64;

/// Relationships by which a value belongs to malware, a technique or an actor.
const BELONGS: [&str; 12] = [
    "attributed-to",
    "beacons-to",
    "communicates-with",
    "consists-of",
    "controls",
    "delivers",
    "downloads",
    "drops",
    "exfiltrates-to",
    "indicates",
    "related-to",
    "uses",
];

/// What an object is that others refer to.
#[derive(Debug)]
enum Thing {
    Malware(String),
    Technique(String),
    /// A threat actor, intrusion set or campaign.
    Actor(String),
    Identity {
        name: String,
        sectors: Vec<&'static str>,
    },
}

/// A report or grouping.
#[derive(Debug)]
struct Report {
    name: Option<String>,
    references: Vec<String>,
    /// Malware, techniques and actors that it is about.
    about: Vec<String>,
}

/// All that was said so far, by the ids of objects.
#[derive(Debug, Default)]
pub(super) struct Context {
    things: HashMap<String, Thing>,
    markings: HashMap<String, Tlp>,
    /// From what makes statements to what it belongs to.
    links: HashMap<String, Vec<String>>,
    /// From actors and malware to whom they target.
    targets: HashMap<String, Vec<String>>,
    reports: Vec<Report>,
    /// From what makes statements to its report.
    members: HashMap<String, usize>,
    /// What is there to explain, and nothing bad.
    background: HashSet<String>,
    references: Vec<String>,
}

impl Context {
    /// Takes note of what an object says of others.
    pub(super) fn learn(&mut self, object: Object<'_>) {
        let kind = object.text("type").unwrap_or_default();
        let name = || Some(printable(object.text("name")?, MAX_NAME));
        let thing = match kind {
            "malware" | "tool" => name().map(Thing::Malware),
            "attack-pattern" => technique_of(object).map(|id| Thing::Technique(id.to_owned())),
            "threat-actor" | "intrusion-set" | "campaign" => name().map(Thing::Actor),
            "identity" => name().map(|name| Thing::Identity {
                name,
                sectors: object.texts("sectors").filter_map(cisa_sector).collect(),
            }),
            _ => None,
        };
        let id = object.text("id").unwrap_or_default();
        if let Some(thing) = thing {
            self.things.insert(id.to_owned(), thing);
        }
        match kind {
            "marking-definition" => {
                if let Some(tlp) = defined_marking(object) {
                    self.markings.insert(id.to_owned(), tlp);
                }
            }
            "relationship" => self.learn_relationship(object),
            "report" | "grouping" => self.learn_report(object),
            "observed-data" if is_background(object) => self.learn_background(id, object),
            _ => {
                let recipients = recipients(object).map(str::to_owned);
                self.background.extend(recipients);
            }
        }
    }

    fn learn_relationship(&mut self, object: Object<'_>) {
        let text = |key| object.text(key).unwrap_or_default();
        let (source, target) = (text("source_ref").to_owned(), text("target_ref").to_owned());
        let relationship = text("relationship_type");
        if relationship == "targets" {
            self.targets.entry(source).or_default().push(target);
        } else if BELONGS.contains(&relationship) {
            let (from, to) = match (makes_statements(&source), makes_statements(&target)) {
                (true, false) => (source, target),
                (false, true) => (target, source),
                _ => return,
            };
            self.links.entry(from).or_default().push(to);
        }
    }

    fn learn_report(&mut self, object: Object<'_>) {
        let place = self.reports.len();
        let mut about = Vec::new();
        for id in object.texts("object_refs") {
            if makes_statements(id) {
                self.members.insert(id.to_owned(), place);
            } else if about.len() < MAX_LINKS {
                about.push(id.to_owned());
            }
        }
        let references = object.objects("external_references");
        self.reports.push(Report {
            about,
            name: object.text("name").map(|name| printable(name, MAX_NAME)),
            references: references
                .filter_map(|reference| Some(reference.text("url")?.to_owned()))
                .filter(|url| url.len() <= MAX_REFERENCE)
                .take(MAX_REFERENCES)
                .collect(),
        });
    }

    /// What was observed only to explain the rest; its links are references.
    fn learn_background(&mut self, id: &str, object: Object<'_>) {
        self.background.insert(id.to_owned());
        let refs = object.texts("object_refs").map(str::to_owned);
        self.background.extend(refs);
        let Some(objects) = object.inner("objects") else {
            return;
        };
        let inner = objects.members().filter_map(|(key, _)| objects.inner(key));
        let urls = inner.filter(|inner| inner.text("type") == Some("url"));
        let urls = urls.filter_map(|url| Some(url.text("value")?.to_owned()));
        let urls = urls.filter(|url| url.len() <= MAX_REFERENCE);
        let room = MAX_REFERENCES.saturating_sub(self.references.len());
        self.references.extend(urls.take(room));
    }
}

/// Whether objects with such ids may become statements.
fn makes_statements(id: &str) -> bool {
    let kind = id.split("--").next().unwrap_or_default();
    matches!(
        kind,
        "indicator"
            | "observed-data"
            | "ipv4-addr"
            | "ipv6-addr"
            | "domain-name"
            | "url"
            | "email-addr"
            | "file"
            | "artifact"
            | "vulnerability"
    )
}

/// Whether MISP exported this as something that only explains: a link to an
/// analysis, or what is not to be looked for.
fn is_background(object: Object<'_>) -> bool {
    object.texts("labels").any(|label| {
        label.eq_ignore_ascii_case("misp:category=\"External analysis\"")
            || label.eq_ignore_ascii_case("misp:to_ids=\"False\"")
    })
}
