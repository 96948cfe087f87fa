//! What the owner of a data directory fetches with.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Settings;
use crate::fetch::{Client, Setup, Spool};
use crate::run::MakeWeb;

/// The folder of documents on their way, in the data directory.
const SPOOL: &str = "spool";

/// What documents are got with, once it is needed.
pub(super) fn make_web(settings: &Settings, clock: Clock, stop: watch::Receiver<bool>) -> MakeWeb {
    let dir = settings.data.join(SPOOL);
    let (bounds, authorities) = (settings.fetch.bounds, settings.fetch.ca_file.clone());
    Box::new(move || {
        Ok(Arc::new(Client::new(Setup {
            bounds,
            spool: Spool::open(dir.clone())?,
            authorities: authorities.clone(),
            clock: clock.clone(),
            stop: stop.clone(),
        })?))
    })
}

/// Where chance comes from in this process.
pub(super) fn seed() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}
