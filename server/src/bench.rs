//! `iocd bench`: an operator's own figures, of their machine and their data.
//!
//! A corpus that is the same every time is written as feeds write it, taken in
//! through the code that reads feeds, and asked about: in process, and over
//! HTTP on a server of its own ([`child`]). What each figure is, it says itself
//! ([`figure::Figure::how`]). Ratios within a run mean more than the numbers.
//!
//! | module | is |
//! | --- | --- |
//! | `corpus`, `document` | the entries, and the feeds that tell them |
//! | `stage` | where it all happens: a directory, the store in it |
//! | `live` | an operator's own store, looked at and left alone |
//! | `lookup` … `mixed` | the suites |
//! | `child`, `server` | a server in a process of its own, and its handle |
//! | `load`, `pair` | who asks it, and comparisons that a busy machine cannot spoil |
//! | `machine`, `figure` | time, memory, cores; numbers |

#![allow(clippy::cast_precision_loss)] // figures are rounded anyway

use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use iocd_index::IndexError;

use crate::control::ControlError;
use crate::ingest::IngestError;
use crate::owner::OwnerError;

mod bulk;
pub(crate) mod child;
mod contains;
mod corpus;
mod document;
mod figure;
mod http;
mod ingest;
mod list;
mod live;
mod load;
mod lookup;
mod machine;
mod mixed;
mod open;
mod pair;
mod peers;
mod server;
mod stage;

pub(crate) use figure::Figure;
pub(crate) use peers::{Shape, write_corpus};

use corpus::Corpus;
use machine::{Cores, Pinned};
use server::Server;
use stage::Stage;

/// What can be measured on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Exact lookups in process
    Lookup,
    /// The search route beside a reply that costs no thought
    Http,
    /// Feeds' text to durable entries; memory and disk
    Ingest,
    /// Filtered lists and their totals
    List,
    /// Values with a text in them
    Contains,
    /// Many values in one request
    Bulk,
    /// Opening the store
    Open,
    /// Searches while a feed is read
    Mixed,
}

impl Suite {
    /// Whether it measures nothing but a store that is there, read only.
    pub(crate) fn is_for_live_data(self) -> bool {
        use Suite::{Contains, List, Lookup, Open};
        matches!(self, Lookup | List | Contains | Open)
    }
}

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Size of the synthetic corpus.
    pub(crate) entries: u64,
    /// Which of the corpora.
    pub(crate) seed: u64,
    /// Short rounds: to see that it works, not to measure.
    pub(crate) quick: bool,
    /// Which suites, in any order.
    pub(crate) suites: Vec<Suite>,
    /// Where the synthetic store is made; the system's temporary directory if
    /// not given.
    pub(crate) work: Option<PathBuf>,
}

/// A figure could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The system did not do something.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The data directory cannot be opened.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// The store failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The control data failed.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A document was not taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// What was measured did something else than it should: its figures would
    /// be about that.
    #[error("{0}")]
    Unexpected(String),
}

impl BenchError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> BenchError {
        let what = what.into();
        move |source| BenchError::Io { what, source }
    }
}

/// Measures a synthetic store. `tell` hears what is going on.
pub(crate) fn measure(plan: &Plan, tell: &mut dyn FnMut(&str)) -> Result<Vec<Figure>, BenchError> {
    let cores = Cores::find().map_err(BenchError::io("the cores of this process"))?;
    let stage = Stage::new(plan)?;
    let has = |suite| plan.suites.contains(&suite);
    let mut figures = Vec::new();

    tell("loading");
    let pinned = pin(&cores, cores.first)?;
    let node = stage.open()?;
    let loaded = ingest::load(&stage, &node)?;
    if has(Suite::Ingest) {
        figures.extend(loaded);
    }
    let subject = stage.subject();
    let index = node.store.index();
    if has(Suite::Lookup) {
        tell("lookup");
        figures.extend(lookup::measure(index, &subject)?);
    }
    if has(Suite::List) {
        tell("list");
        figures.extend(list::measure(index, &subject)?);
    }
    if has(Suite::Contains) {
        tell("contains");
        figures.extend(contains::measure(index, &subject)?);
    }
    if has(Suite::Bulk) {
        tell("bulk, in process");
        figures.extend(bulk::measure_in_process(index, &stage)?);
    }
    node.close()?;
    drop(node);
    drop(pinned);

    // Suites that add to the store come last.
    if has(Suite::Http) || has(Suite::Bulk) {
        let server = Server::start(&stage, cores.first)?;
        let _pinned = pin(&cores, cores.last)?;
        if has(Suite::Http) {
            figures.extend(http::measure(&server, &stage, tell)?);
        }
        if has(Suite::Bulk) {
            tell("bulk");
            figures.extend(bulk::measure_http(&server, &stage)?);
        }
        server.stop()?;
    }
    if has(Suite::Open) {
        tell("open");
        figures.extend(open::measure(&stage, cores.first)?);
    }
    if has(Suite::Mixed) {
        tell("mixed");
        let mut server = Server::start(&stage, cores.first)?;
        let _pinned = pin(&cores, cores.last)?;
        figures.extend(mixed::measure(&mut server, &stage)?);
        server.stop()?;
    }
    if has(Suite::Ingest) {
        tell("ingest");
        let _pinned = pin(&cores, cores.first)?;
        figures.extend(ingest::measure(&stage)?);
    }
    Ok(figures)
}

fn pin(cores: &Cores, core: usize) -> Result<Pinned, BenchError> {
    cores.pin(core).map_err(BenchError::io("pinning to a core"))
}

/// Measures an operator's own store, which must not be in use, and leaves it
/// as it is.
pub(crate) fn measure_live(
    data: &Path,
    plan: &Plan,
    tell: &mut dyn FnMut(&str),
) -> Result<(u64, Vec<Figure>), BenchError> {
    let cores = Cores::find().map_err(BenchError::io("the cores of this process"))?;
    let _pinned = pin(&cores, cores.first)?;
    tell("opening");
    let live = live::Live::open(data)?;
    let index = live.index();
    let corpus = Corpus {
        entries: 0,
        seed: plan.seed,
    };
    let subject = live.sample(&corpus, plan.quick)?;
    let mut figures = Vec::new();
    for suite in &plan.suites {
        match suite {
            Suite::Lookup => figures.extend(lookup::measure(index, &subject)?),
            Suite::List => figures.extend(list::measure(index, &subject)?),
            Suite::Contains => figures.extend(contains::measure(index, &subject)?),
            Suite::Open => figures.extend(live.figures()),
            Suite::Http | Suite::Ingest | Suite::Bulk | Suite::Mixed => {}
        }
    }
    Ok((index.counts().0, figures))
}
