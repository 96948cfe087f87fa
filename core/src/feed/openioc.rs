//! The `openioc` connector: indicators of OpenIOC 1.0 and 1.1.
//!
//! Both say what to look for as a tree of items, each with the place where it
//! is found (`FileItem/Md5sum`), a condition and a content. 1.1 has another
//! root and may negate items.

mod about;
mod item;
mod markup;
#[cfg(test)]
mod tests;
mod text;

use self::about::About;
use self::item::Item;
use self::markup::{Markup, Piece};
use super::connector::{Connector, Sink, Skipped, no_settings};
use super::input::Input;
use super::outcome::FeedError;
use super::statement::{StandardColumns, Statement};
use crate::observation::{Columns, Observation};

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    no_settings(settings)?;
    Ok(Box::new(OpenIoc {
        columns: StandardColumns::new(columns),
    }))
}

#[derive(Debug)]
struct OpenIoc {
    columns: StandardColumns,
}

impl Connector for OpenIoc {
    fn read(
        &self,
        _: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut markup = Markup::new(input);
        let mut reader = Reader {
            columns: &self.columns,
            about: About::default(),
            item: None,
            line: 1,
            row: Observation::default(),
            root: false,
        };
        while let Some(piece) = markup.next(sink)? {
            match piece {
                Piece::Start => reader.start(&markup, sink)?,
                Piece::Text(text) => reader.text(&markup, &text),
                Piece::End => reader.end(&markup, sink),
            }
        }
        if reader.root {
            Ok(())
        } else {
            Err(FeedError::Empty)
        }
    }
}

struct Reader<'c> {
    columns: &'c StandardColumns,
    about: About,
    item: Option<Item>,
    /// Where the item begins.
    line: u64,
    row: Observation,
    /// Whether an indicator was seen.
    root: bool,
}

impl Reader<'_> {
    fn start(&mut self, markup: &Markup<'_, '_>, sink: &mut dyn Sink) -> Result<(), FeedError> {
        let name = markup.name();
        match name {
            "ioc" | "OpenIOC" => {
                self.root = true;
                let modified = ["last-modified", "published-date"];
                self.about = About::new(modified.iter().find_map(|key| markup.attribute(key)));
                sink.skipped(Skipped::Envelope);
            }
            // A collection of indicators.
            "iocs" | "OpenIOCs" => {}
            _ if !self.root => {
                return Err(FeedError::NotThisFormat {
                    expected: "OpenIOC 1.0 or 1.1 (an element <ioc> or <OpenIOC>)".to_owned(),
                    found: format!("a document of <{}>", super::cell::printable(name, 60)),
                });
            }
            "IndicatorItem" => {
                self.line = markup.line();
                self.item = Some(Item::new(|key| markup.attribute(key)));
            }
            "Context" => {
                if let Some(item) = &mut self.item {
                    item.search = markup.attribute("search").unwrap_or_default();
                }
            }
            "link" => {
                let (kind, target) = (markup.attribute("rel"), markup.attribute("href"));
                self.about.open_link(kind, target);
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, markup: &Markup<'_, '_>, text: &str) {
        match &mut self.item {
            Some(item) if markup.name() == "Content" => item.add_content(text),
            Some(_) => {}
            None => self.about.add_text(markup.name(), text),
        }
    }

    fn end(&mut self, markup: &Markup<'_, '_>, sink: &mut dyn Sink) {
        if markup.name() != "IndicatorItem" {
            self.about.end(markup.name());
        } else if let Some(item) = self.item.take() {
            self.give(&item, sink);
        }
    }

    fn give(&mut self, item: &Item, sink: &mut dyn Sink) {
        match item.values() {
            Err(reason) => sink.refused(self.line, &item.label(), &reason),
            Ok(group) => {
                let statement = Statement {
                    line: self.line,
                    damaged: item.is_damaged(),
                    groups: vec![group],
                    file: Vec::new(),
                    about: self.about.cells(self.columns),
                };
                let around = Observation::default();
                statement.give(self.columns, &around, &mut self.row, sink);
            }
        }
    }
}
