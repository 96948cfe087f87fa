//! The `misp` connector: events and attributes of MISP as JSON, alone, in
//! arrays, in `Event` or in `response`.

mod attribute;
mod check;
mod document;
mod event;
mod objects;
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

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Whether what is not to be looked for (`to_ids` false) is taken too, at
    /// low confidence.
    #[serde(default)]
    all: bool,
}

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    let settings: Settings = settings
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok(Box::new(Misp {
        columns: StandardColumns::new(columns),
        all: settings.all,
    }))
}

#[derive(Debug)]
struct Misp {
    columns: StandardColumns,
    all: bool,
}

impl Connector for Misp {
    fn read(
        &self,
        _: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut reader = Reader::new(&self.columns, self.all, sink);
        let result = reader.read_documents(&mut Scanner::new(input));
        reader.finish(result)
    }
}
