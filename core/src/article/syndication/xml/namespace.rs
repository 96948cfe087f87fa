//! Prefixes of element names, by what they stand for.

use quick_xml::events::BytesStart;

/// Declarations that are kept of one document.
const MAX_DECLARED: usize = 64;

/// Namespaces that say something here, and the prefix that most give them.
const KNOWN: [(&str, &str); 8] = [
    ("http://www.w3.org/2005/Atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://purl.org/rss/1.0/", "rss"),
    ("http://my.netscape.com/rdf/simple/0.9/", "rss"),
    ("http://backend.userland.com/rss2", "rss"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
];

/// What prefixes stand for in a document. A prefix that is declared nowhere,
/// as in damaged documents, stands for what most mean by it.
#[derive(Default)]
pub(super) struct Namespaces {
    declared: Vec<(String, &'static str)>,
}

impl Namespaces {
    /// Takes up what an element declares.
    pub(super) fn declare(&mut self, start: &BytesStart<'_>) {
        for attribute in start.attributes().with_checks(false).flatten() {
            let Some(prefix) = attribute.key.as_ref().strip_prefix("xmlns:") else {
                continue;
            };
            let known = KNOWN
                .iter()
                .find(|(space, _)| *space == attribute.value.trim());
            if let Some((_, usual)) = known
                && self.declared.len() < MAX_DECLARED
            {
                self.declared.push((prefix.to_owned(), usual));
            }
        }
    }

    /// The usual prefix of an element's name, and the name without one.
    pub(super) fn resolve<'n>(&'n self, name: &'n str) -> (&'n str, &'n str) {
        let (prefix, bare) = name.split_once(':').unwrap_or(("", name));
        let declared = self.declared.iter().find(|(known, _)| known == prefix);
        (declared.map_or(prefix, |(_, usual)| usual), bare)
    }
}
