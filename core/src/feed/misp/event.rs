//! What an event says of all of its attributes.

use crate::feed::cell::printable;
use crate::feed::object::Object;
use crate::feed::statement::StandardColumns;
use crate::observation::Observation;

/// Longest description, in characters.
pub(super) const MAX_WORDS: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Event {
    /// The cells that every attribute of it has.
    pub(super) about: Observation,
    info: Option<String>,
    organisation: Option<String>,
}

impl Event {
    /// An event by its members besides the attributes.
    pub(super) fn read(object: Object<'_>, columns: &StandardColumns) -> Event {
        let mut about = Observation::default();
        columns.push_tags(tags(object), &mut about);
        about.push_some(columns.first_seen, object.text("date"));
        let name = |key: &str| Some(printable(object.inner(key)?.text("name")?, 60));
        Event {
            about,
            info: object.text("info").map(|info| printable(info, MAX_WORDS)),
            organisation: name("Orgc").or_else(|| name("orgc")),
        }
    }

    /// One sentence about an attribute.
    pub(super) fn describe(&self, comment: Option<&str>) -> Option<String> {
        let mut words = match (self.info.as_deref(), comment) {
            (Some(info), Some(comment)) if info != comment => format!("{info}: {comment}"),
            (info, comment) => info.or(comment)?.to_owned(),
        };
        if let Some(organisation) = &self.organisation {
            words.push_str(" (");
            words.push_str(organisation);
            words.push(')');
        }
        Some(words)
    }
}

/// The tags of an event or attribute, and the galaxies that stand for some.
pub(super) fn tags(object: Object<'_>) -> impl Iterator<Item = &str> {
    let named = object.objects("Tag").filter_map(|tag| tag.text("name"));
    let clusters = object
        .objects("Galaxy")
        .flat_map(|galaxy| galaxy.objects("GalaxyCluster"))
        .filter_map(|cluster| cluster.text("tag_name"));
    named.chain(object.texts("Tag")).chain(clusters)
}
