//! Completes statements by what is said elsewhere in the document.

use std::collections::HashMap;

use super::{Context, MAX_LINKS, Report, Thing};
use crate::feed::statement::StandardColumns;
use crate::feed::stix::document::Held;
use crate::feed::stix::marking::fixed_marking;
use crate::observation::Observation;

impl Context {
    /// Whether the object with this id names nothing bad.
    pub(in crate::feed::stix) fn is_background(&self, id: &str) -> bool {
        self.background.contains(id)
    }

    /// What is said of everything in the document.
    pub(in crate::feed::stix) fn push_document(
        &self,
        columns: &StandardColumns,
        around: &mut Observation,
    ) {
        for reference in &self.references {
            around.push(columns.reference, reference);
        }
    }

    /// Completes a statement by what is said elsewhere.
    pub(in crate::feed::stix) fn describe(&self, held: &mut Held, columns: &StandardColumns) {
        let report = self.members.get(&held.id);
        let report = report.map(|place| &self.reports[*place]);
        self.push_links(held, report, columns);
        let about = &mut held.statement.about;
        let markings = held.markings.iter().filter_map(|id| {
            let defined = self.markings.get(id).copied();
            defined.or_else(|| fixed_marking(id))
        });
        if let Some(strictest) = markings.max() {
            about.push(columns.tlp, strictest.as_str());
        }
        for reference in report.into_iter().flat_map(|report| &report.references) {
            about.push(columns.reference, reference);
        }
        let words = held.words.as_deref();
        let words = words.or_else(|| report?.name.as_deref());
        let creator = held.creator.as_ref().and_then(|id| self.things.get(id));
        let words = match (words, creator) {
            (Some(words), Some(Thing::Identity { name, .. })) => format!("{words} ({name})"),
            (Some(words), _) => words.to_owned(),
            (None, Some(Thing::Identity { name, .. })) => format!("Reported by {name}"),
            (None, _) => return,
        };
        about.push(columns.context, &words);
    }

    /// What it belongs to; if it does not say so itself, what its report is
    /// about: all techniques, and malware and actor if there is only one.
    fn push_links(&self, held: &mut Held, report: Option<&Report>, columns: &StandardColumns) {
        let about = &mut held.statement.about;
        let (mut malware, mut actor) = (false, false);
        for id in linked(&self.links, &held.id) {
            match self.things.get(id) {
                Some(Thing::Malware(name)) => {
                    malware = true;
                    about.push(columns.malware, name);
                }
                Some(Thing::Technique(id)) => about.push(columns.technique, id),
                Some(Thing::Actor(name)) => {
                    actor = true;
                    about.push(columns.tag, name);
                }
                Some(Thing::Identity { .. }) | None => {}
            }
            for target in linked(&self.targets, id) {
                if let Some(Thing::Identity { sectors, .. }) = self.things.get(target) {
                    for sector in sectors {
                        about.push(columns.sector, sector);
                    }
                }
            }
        }
        let things = report.into_iter().flat_map(|report| &report.about);
        let things: Vec<&Thing> = things.filter_map(|id| self.things.get(id)).collect();
        let count = |is: fn(&Thing) -> bool| things.iter().filter(|thing| is(thing)).count();
        malware |= count(|thing| matches!(thing, Thing::Malware(_))) != 1;
        actor |= count(|thing| matches!(thing, Thing::Actor(_))) != 1;
        for thing in &things {
            match thing {
                Thing::Malware(name) if !malware => about.push(columns.malware, name),
                Thing::Actor(name) if !actor => about.push(columns.tag, name),
                Thing::Technique(id) => about.push(columns.technique, id),
                _ => {}
            }
        }
    }
}

/// What an object is linked to.
fn linked<'l>(
    links: &'l HashMap<String, Vec<String>>,
    id: &str,
) -> impl Iterator<Item = &'l String> {
    links.get(id).into_iter().flatten().take(MAX_LINKS)
}
