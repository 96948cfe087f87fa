//! Connectors: how the bytes of a format become rows.

use std::fmt;

use super::input::Input;
use super::outcome::{FeedError, FeedWarning};
use super::{articles, csv, json, lines, mirror, misp, openioc, stix, text};
use crate::article::syndication::Item;
use crate::observation::{Columns, Observation};

/// Reads one family of formats.
pub trait Connector: fmt::Debug + Send + Sync {
    /// Reads everything, giving each data row to `sink` exactly once, whole or
    /// refused.
    fn read(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError>;

    /// The columns it can give, if they do not depend on the input.
    fn columns(&self) -> Option<Vec<String>> {
        None
    }
}

/// What a line or record is that is no data row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// Nothing stands there.
    Blank,
    /// Words for a person: other things than lists begin with such, too.
    Comment,
    /// A header, a bracket, metadata: an empty list still has it.
    Envelope,
}

/// Takes what a connector reads.
pub trait Sink {
    /// A data row.
    fn row(&mut self, observation: &Observation);
    /// An article: a row whose claims are in prose.
    fn article(&mut self, item: &Item);
    /// A data row that could not even be taken apart.
    fn refused(&mut self, line: u64, text: &str, reason: &str);
    /// A line or record that is no data row.
    fn skipped(&mut self, what: Skipped);
    /// The list says how many entries it has.
    fn declared(&mut self, count: u64);
    /// Something is odd, and reading goes on.
    fn warn(&mut self, warning: FeedWarning);
    /// Data rows so far.
    fn rows(&self) -> u64;
}

/// Makes a connector of its settings, or says which key is wrong and why.
pub type Configure = fn(toml::Table, &mut Columns) -> Result<Box<dyn Connector>, String>;

/// The settings of a connector that has none.
pub(super) fn no_settings(settings: toml::Table) -> Result<(), String> {
    match settings.into_iter().next() {
        Some((key, _)) => Err(format!("no setting {key:?}: this connector has none")),
        None => Ok(()),
    }
}

/// A connector's name and how to make one from its settings.
pub struct ConnectorEntry {
    /// What `connector = "…"` says.
    pub name: &'static str,
    /// Reads the format's `settings` table; the message names the key.
    pub configure: Configure,
    /// How its documents are written.
    pub syntax: &'static [Syntax],
    /// Its documents say what everything in them is: rows have the standard
    /// columns, and a feed's TOML says nothing of where values are.
    pub standard: bool,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Lines of text.
    Text,
    /// JSON, RFC 8259.
    Json,
    /// XML, or markup that would like to be.
    Xml,
}

/// Every connector.
pub static CONNECTORS: &[ConnectorEntry] = &[
    ConnectorEntry {
        name: "lines",
        configure: lines::configure,
        syntax: &[Syntax::Text],
        standard: false,
    },
    ConnectorEntry {
        name: "csv",
        configure: csv::configure,
        syntax: &[Syntax::Text],
        standard: false,
    },
    ConnectorEntry {
        name: "json",
        configure: json::configure,
        syntax: &[Syntax::Json],
        standard: false,
    },
    ConnectorEntry {
        name: "misp",
        configure: misp::configure,
        syntax: &[Syntax::Json],
        standard: true,
    },
    ConnectorEntry {
        name: "openioc",
        configure: openioc::configure,
        syntax: &[Syntax::Xml],
        standard: true,
    },
    ConnectorEntry {
        name: "stix",
        configure: stix::configure,
        syntax: &[Syntax::Json],
        standard: true,
    },
    ConnectorEntry {
        name: "text",
        configure: text::configure,
        syntax: &[Syntax::Text, Syntax::Json, Syntax::Xml],
        standard: true,
    },
    ConnectorEntry {
        name: "rss",
        configure: articles::configure,
        syntax: &[Syntax::Xml, Syntax::Json],
        standard: true,
    },
    ConnectorEntry {
        name: mirror::NAME,
        configure: mirror::configure,
        syntax: &[Syntax::Text, Syntax::Json],
        standard: true,
    },
];
