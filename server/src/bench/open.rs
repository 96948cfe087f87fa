//! Opening the store: after an orderly stop, and after a kill.

use std::fs;

use super::BenchError;
use super::document::{Told, write_document};
use super::figure::Figure;
use super::server::Server;
use super::stage::Stage;

pub(super) fn measure(stage: &Stage, core: usize) -> Result<Vec<Figure>, BenchError> {
    let mut server = Server::start(stage, core)?;
    let (clean, memory) = (server.ready.opening, server.ready.memory);
    let entries = server.ready.entries;

    // Entries that come after whatever the store noted of those before.
    let first = stage.corpus.entries;
    let tail = write_document(&stage.corpus, first..first + stage.later(), Told::First);
    let path = stage.file("tail.csv");
    fs::write(&path, tail).map_err(BenchError::io("writing a feed"))?;
    server.read_file(&path)?;
    let rows = server.hear_read()?;
    server.kill()?;
    let server = Server::start(stage, core)?;
    let killed = server.ready.opening;
    if server.ready.entries != entries + rows {
        return Err(BenchError::Unexpected(format!(
            "of {rows} rows that were acknowledged before a kill, {} entries are there",
            server.ready.entries.saturating_sub(entries)
        )));
    }
    server.stop()?;
    Ok(vec![
        Figure::new(
            "open.clean",
            clean,
            "s",
            "From opening the data directory to being able to answer, after an orderly stop, files in the page cache.",
        ),
        Figure::new(
            "open.killed",
            killed,
            "s",
            "The same after kill -9, behind a feed as large as the corpus, at most 1 M rows.",
        ),
        Figure::new(
            "open.memory_per_entry",
            memory as f64 / entries as f64,
            "B",
            "Growth of anonymous resident memory (RssAnon) by opening after an orderly stop.",
        ),
    ])
}
