//! The `stix` connector: STIX 2.0 and 2.1 in bundles, TAXII envelopes, arrays,
//! or one object after another.
//!
//! Objects refer to each other in any order, so statements wait until the end
//! of the document, or until as much waits as may be kept.

mod check;
mod context;
mod document;
mod indicator;
mod marking;
mod observable;
pub(super) mod pattern;
#[cfg(test)]
mod tests;

use self::document::Reader;
use super::connector::{Connector, Sink, no_settings};
use super::input::Input;
use super::json::scan::Scanner;
use super::outcome::FeedError;
use super::statement::StandardColumns;
use crate::observation::Columns;

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    no_settings(settings)?;
    Ok(Box::new(Stix {
        columns: StandardColumns::new(columns),
    }))
}

#[derive(Debug)]
struct Stix {
    columns: StandardColumns,
}

impl Connector for Stix {
    fn read(
        &self,
        _: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut reader = Reader::new(&self.columns, sink);
        let result = reader.read_documents(&mut Scanner::new(input));
        reader.finish(result)
    }
}
