//! The `lines` connector: one value a line, in the forms that block lists take.

use serde::Deserialize;

use super::connector::{Connector, Sink, Skipped};
use super::count::declared_count;
use super::input::{Input, LineState, TOO_LONG};
use super::outcome::FeedError;
use super::syntax::{self, Entry};
use crate::observation::{ColumnId, Columns, Observation};

/// References that a block of lines may share.
const MAX_BLOCK_REFERENCES: usize = 16;

/// The columns this connector gives.
const COLUMNS: [&str; 6] = ["value", "note", "comment", "section", "reference", "alias"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    syntax: Syntax,
    /// Beginnings of lines that hold no value.
    #[serde(default = "comment_signs")]
    comment: Vec<String>,
    /// What, after a blank, begins a comment behind a value.
    #[serde(default)]
    inline_comment: Option<String>,
    /// What stands before the value on every line, and is taken off.
    #[serde(default)]
    prefix: Option<String>,
    /// What divides the value from a note, at its first place.
    #[serde(default)]
    separator: Option<String>,
    /// Lines that are no values: headings without a sign.
    #[serde(default)]
    headings: Vec<String>,
    /// `# <this> <url>` is a reference of the lines below it.
    #[serde(default)]
    reference_comment: Option<String>,
    /// `# <this> <a>, <b>` are other names, for the whole file.
    #[serde(default)]
    alias_comment: Option<String>,
    /// Whether any other comment is a heading of the lines below it.
    #[serde(default)]
    sections: bool,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Syntax {
    /// The value stands alone, or before a separator.
    #[default]
    Plain,
    /// `127.0.0.1 host`, as in `/etc/hosts`.
    Hosts,
    /// `||host^`, the filter lists of ad blockers.
    Adguard,
    /// `address=/host/0.0.0.0`.
    Dnsmasq,
    /// `host CNAME .`, a DNS response-policy zone.
    Rpz,
}

fn comment_signs() -> Vec<String> {
    ["#", ";", "!", "//"].map(str::to_owned).to_vec()
}

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    let settings: Settings = settings
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let ids = COLUMNS.map(|name| columns.find(name));
    Ok(Box::new(Lines { settings, ids }))
}

#[derive(Debug)]
struct Lines {
    settings: Settings,
    /// Of [`COLUMNS`], those that are asked for.
    ids: [Option<ColumnId>; 6],
}

/// What comments above a line said about it.
#[derive(Default)]
struct Block {
    section: String,
    references: Vec<String>,
    aliases: Vec<String>,
    /// Values have come since the last reference: the next begins a new block.
    used: bool,
}

impl Connector for Lines {
    fn read(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut observation = Observation::default();
        let mut block = Block::default();
        let value = columns.find("value");
        loop {
            let state = input.next_line()?;
            let line = input.line();
            match state {
                LineState::End => return Ok(()),
                LineState::TooLong => {
                    sink.refused(line, input.text(), TOO_LONG);
                    continue;
                }
                LineState::Whole | LineState::Damaged => {}
            }
            let text = input.text().trim();
            if text.is_empty() {
                sink.skipped(Skipped::Blank);
            } else if self.is_comment(text) {
                // A zone has two lines for each name that it counts.
                if let Some(count) = declared_count(text)
                    && self.settings.syntax != Syntax::Rpz
                {
                    sink.declared(count);
                }
                self.learn(text, &mut block);
                sink.skipped(Skipped::Comment);
            } else if self
                .settings
                .headings
                .iter()
                .any(|heading| heading.eq_ignore_ascii_case(text))
            {
                sink.skipped(Skipped::Envelope);
            } else {
                observation.clear();
                observation.line = line;
                observation.damaged = state == LineState::Damaged;
                let Some(value) = value else { continue };
                match self.take_apart(text, value, &mut observation) {
                    Ok(true) => {
                        block.used = true;
                        self.add_block(&block, &mut observation);
                        sink.row(&observation);
                    }
                    Ok(false) => sink.skipped(Skipped::Envelope),
                    Err(reason) => sink.refused(line, text, reason),
                }
            }
        }
    }

    fn columns(&self) -> Option<Vec<String>> {
        Some(COLUMNS.map(str::to_owned).to_vec())
    }
}

impl Lines {
    fn is_comment(&self, text: &str) -> bool {
        self.settings
            .comment
            .iter()
            .any(|start| text.starts_with(&**start))
    }

    /// Fills in the cells of a line; false if it belongs to the envelope.
    fn take_apart(
        &self,
        text: &str,
        value: ColumnId,
        row: &mut Observation,
    ) -> Result<bool, &'static str> {
        let [_, note, comment, ..] = self.ids;
        let text = match &self.settings.prefix {
            Some(prefix) => text
                .strip_prefix(&**prefix)
                .ok_or("the line does not begin as the entries of this list do")?
                .trim_start(),
            None => text,
        };
        let (text, behind) = self.inline_comment(text);
        if let (Some(id), Some(behind)) = (comment, behind) {
            row.push(id, behind);
        }
        let mut give = |entry: &str| row.push(value, entry);
        let entry = match self.settings.syntax {
            Syntax::Plain => {
                let (entry, rest) = match &self.settings.separator {
                    Some(separator) => text.split_once(&**separator).unwrap_or((text, "")),
                    None => (text, ""),
                };
                give(entry.trim());
                if let (Some(id), false) = (note, rest.trim().is_empty()) {
                    row.push(id, rest.trim());
                }
                return Ok(true);
            }
            Syntax::Hosts => syntax::read_hosts(text, &mut give),
            Syntax::Adguard => syntax::read_adguard(text, &mut give),
            Syntax::Dnsmasq => syntax::read_dnsmasq(text, &mut give),
            Syntax::Rpz => syntax::read_rpz(text, &mut give),
        };
        match entry {
            Entry::Values => Ok(true),
            Entry::Envelope => Ok(false),
            Entry::Refused(reason) => Err(reason),
        }
    }

    fn inline_comment<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        let Some(sign) = &self.settings.inline_comment else {
            return (text, None);
        };
        let mut from = 0;
        while let Some(place) = text[from..].find(&**sign) {
            let place = from + place;
            if text[..place].ends_with([' ', '\t', '\u{a0}']) {
                let behind = text[place + sign.len()..].trim();
                return (
                    text[..place].trim_end(),
                    (!behind.is_empty()).then_some(behind),
                );
            }
            from = place + sign.len();
        }
        (text, None)
    }

    /// Takes in what a comment says about the lines below it.
    fn learn(&self, comment: &str, block: &mut Block) {
        let text = comment.trim_start_matches(['#', ';', '!', '/']).trim();
        let settings = &self.settings;
        if let Some(aliases) = after(text, settings.alias_comment.as_deref()) {
            let names = aliases
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            block
                .aliases
                .extend(names.take(MAX_BLOCK_REFERENCES).map(str::to_owned));
            block.aliases.truncate(MAX_BLOCK_REFERENCES);
        } else if let Some(reference) = after(text, settings.reference_comment.as_deref())
            // A reference goes on in the next comment line.
            .or_else(|| {
                (settings.reference_comment.is_some() && text.starts_with("http")).then_some(text)
            })
        {
            if block.used {
                block.references.clear();
                block.used = false;
            }
            if block.references.len() < MAX_BLOCK_REFERENCES {
                block.references.push(reference.to_owned());
            }
        } else if settings.sections && !text.is_empty() {
            block.section.clear();
            block.section.push_str(text);
        }
    }

    fn add_block(&self, block: &Block, row: &mut Observation) {
        let [_, _, _, section, reference, alias] = self.ids;
        row.end_own();
        if let (Some(id), false) = (section, block.section.is_empty()) {
            row.push(id, &block.section);
        }
        for (id, texts) in [(reference, &block.references), (alias, &block.aliases)] {
            if let Some(id) = id {
                for text in texts {
                    row.push(id, text);
                }
            }
        }
    }
}

fn after<'t>(text: &'t str, start: Option<&str>) -> Option<&'t str> {
    text.strip_prefix(start?).map(str::trim)
}
