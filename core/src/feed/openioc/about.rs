//! What an indicator says besides its items.

use crate::feed::cell::printable;
use crate::feed::statement::StandardColumns;
use crate::observation::Observation;

/// Longest text that is kept, in bytes.
const MAX_TEXT: usize = 2 * 1024;

/// Tags, families and references that are kept, each.
const MAX_LIST: usize = 16;

/// Longest description and name, in characters.
const MAX_WORDS: usize = 500;

#[derive(Debug, Default)]
pub(super) struct About {
    short: String,
    long: String,
    author: String,
    authored: String,
    modified: String,
    keywords: String,
    /// What the open `link` is, and its text.
    link: (String, String),
    tags: Vec<String>,
    malware: Vec<String>,
    references: Vec<String>,
}

impl About {
    pub(super) fn new(modified: Option<String>) -> About {
        About {
            modified: modified.unwrap_or_default(),
            ..About::default()
        }
    }

    /// A `link` begins.
    pub(super) fn open_link(&mut self, kind: Option<String>, target: Option<String>) {
        self.link = (kind.unwrap_or_default(), String::new());
        if let Some(target) = target {
            push_bounded(&mut self.references, &target);
        }
    }

    /// Text in an element.
    pub(super) fn add_text(&mut self, element: &str, text: &str) {
        let kept = match element {
            "short_description" => &mut self.short,
            "description" => &mut self.long,
            "authored_by" => &mut self.author,
            "authored_date" => &mut self.authored,
            "keywords" => &mut self.keywords,
            "link" => &mut self.link.1,
            _ => return,
        };
        if kept.len() + text.len() <= MAX_TEXT {
            kept.push_str(text);
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self, element: &str) {
        match element {
            "link" => self.close_link(),
            "keywords" => {
                let keywords = std::mem::take(&mut self.keywords);
                for word in keywords.split([',', ';', '\n']) {
                    push_bounded(&mut self.tags, word);
                }
            }
            _ => {}
        }
    }

    fn close_link(&mut self) {
        let (kind, text) = std::mem::take(&mut self.link);
        let text = text.trim();
        let list = match &*kind.to_ascii_lowercase() {
            _ if text.starts_with("http://") || text.starts_with("https://") => {
                &mut self.references
            }
            "family" | "malware" => &mut self.malware,
            "threatcategory" | "threatgroup" | "category" | "grouping" => &mut self.tags,
            _ => return,
        };
        push_bounded(list, text);
    }

    /// As the cells of a row.
    pub(super) fn cells(&self, columns: &StandardColumns) -> Observation {
        let mut about = Observation::default();
        columns.push_tags(self.tags.iter().map(|tag| &**tag), &mut about);
        for name in &self.malware {
            about.push(columns.malware, name);
        }
        for reference in &self.references {
            about.push(columns.reference, reference);
        }
        about.push(columns.first_seen, self.authored.trim());
        about.push(columns.last_seen, self.modified.trim());
        about.push(columns.context, &self.words());
        about
    }

    /// One sentence for a person.
    fn words(&self) -> String {
        let (short, long) = (self.short.trim(), self.long.trim());
        let words = match (short, long) {
            ("", long) => long.to_owned(),
            (short, long) if long.is_empty() || short.contains(long) => short.to_owned(),
            (short, long) if long.contains(short) => long.to_owned(),
            (short, long) => format!("{short}: {long}"),
        };
        let author = self.author.trim();
        if words.is_empty() || author.is_empty() {
            return words;
        }
        format!(
            "{} ({})",
            printable(&words, MAX_WORDS),
            printable(author, 60)
        )
    }
}

fn push_bounded(list: &mut Vec<String>, text: &str) {
    let text = text.trim();
    if !text.is_empty() && text.len() <= MAX_TEXT && list.len() < MAX_LIST {
        list.push(text.to_owned());
    }
}
