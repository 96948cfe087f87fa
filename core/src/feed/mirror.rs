//! The `iocd` connector: what another server tells of its changes.
//!
//! That is no list of one feed: it has the sources of that server, each with
//! its claims as they are held there. The collector of the same name gets it,
//! and a store mirrors it ([`crate::claim::mirrored`]); nothing of it can be
//! read as what one feed says.

use super::connector::{Connector, Sink, no_settings};
use super::input::Input;
use super::outcome::FeedError;
use crate::observation::Columns;

/// What `connector` and `collector` of such a format say.
pub(super) const NAME: &str = "iocd";

pub(super) fn configure(
    settings: toml::Table,
    _: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    no_settings(settings)?;
    Ok(Box::new(Mirrored))
}

#[derive(Debug)]
struct Mirrored;

impl Connector for Mirrored {
    fn read(&self, _: &Columns, _: &mut Input<'_>, _: &mut dyn Sink) -> Result<(), FeedError> {
        Err(FeedError::NotThisFormat {
            expected: "a feed's own list".to_owned(),
            found: "a document to be read as the changes of another server: these are mirrored \
                    from its address, by the collector \"iocd\", and an export of it is taken in \
                    by `iocd store import`"
                .to_owned(),
        })
    }
}
