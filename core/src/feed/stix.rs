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

use serde::Deserialize;

use self::document::Reader;
use super::connector::{Connector, Sink};
use super::input::Input;
use super::json::scan::Scanner;
use super::outcome::FeedError;
use super::statement::StandardColumns;
use crate::observation::Columns;

/// It has none: the message for a key names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    let Settings {} = settings
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
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
