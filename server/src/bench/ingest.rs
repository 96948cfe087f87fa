//! Feeds' text to durable, searchable entries; memory and disk.

use super::BenchError;
use super::corpus::Corpus;
use super::document::{LIST, Told, write_document};
use super::figure::Figure;
use super::machine::{Spent, anonymous_memory, disk_usage};
use super::stage::{Stage, now, retained};
use crate::owner::Node;

/// Loads the corpus.
pub(super) fn load(stage: &Stage, node: &Node) -> Result<Vec<Figure>, BenchError> {
    let memory = || anonymous_memory().map_err(BenchError::io("the memory of this process"));
    let Corpus { entries, .. } = stage.corpus;
    let before = memory()?;
    let (spent, rows) = stage.ingest_entries(node, 0..entries, Told::First, now())?;
    let after = memory()?;
    let disk = disk_usage(&stage.data().join("claims"))
        .map_err(BenchError::io("the size of the claim log"))?;
    let values: usize = (0..entries.min(100_000))
        .map(|n| stage.corpus.value(n).1.len())
        .sum();
    let values = values as f64 / entries.min(100_000) as f64;
    let entry = retained(node.store.index());
    Ok(vec![
        Figure::new(
            "load.entries_per_second",
            rows as f64 / spent.wall.as_secs_f64(),
            "1/s",
            "Feeds' text, in memory, to entries that are durable and searchable, in one thread of one core: parsed, normalised, recorded and synced in batches of 10,000.",
        ),
        Figure::new(
            "load.entries_per_cpu_second",
            rows as f64 / spent.processor.as_secs_f64(),
            "1/s",
            "The same by the processor time of that thread: without waiting for the disk.",
        ),
        Figure::new(
            "memory.bytes_per_entry",
            after.saturating_sub(before) as f64 / entry,
            "B",
            "Growth of anonymous resident memory (RssAnon) of the process that loaded.",
        ),
        Figure::new(
            "disk.bytes_per_entry",
            disk as f64 / entry,
            "B",
            "Blocks of the claim store's files.",
        ),
        Figure::new(
            "disk.overhead_per_entry",
            disk as f64 / entry - values,
            "B",
            "The same without the bytes of the values' own text.",
        ),
    ])
}

/// Entries that are told again, and a list that is read again.
pub(super) fn measure(stage: &Stage) -> Result<Vec<Figure>, BenchError> {
    let node = stage.open()?;
    let known = stage.later();
    let (upsert, rows) = stage.ingest_entries(&node, 0..known, Told::Again, now())?;
    let mut figures = vec![Figure::new(
        "upsert.rows_per_cpu_second",
        rows as f64 / upsert.processor.as_secs_f64(),
        "1/s",
        "Entries that the store has (at most 1 M) told again with a later last_seen and a tag more, by processor time.",
    )];
    // A value that is told twice in a list would be two rows of one claim.
    let rows: Vec<u64> = (0..known)
        .filter(|n| stage.corpus.repeated(*n).is_none())
        .collect();
    for (changed, snapshot, names, how) in [
        (
            rows[0],
            false,
            ["reingest.rows_per_cpu_second", "reingest.records_written"],
            "A list of as many rows as the corpus, at most 1 M, read again with its rows shuffled and one of them changed, by processor time.",
        ),
        (
            rows[1],
            true,
            [
                "reingest.snapshot.rows_per_cpu_second",
                "reingest.snapshot.records_written",
            ],
            "The same read as a complete list: what left it would be removed.",
        ),
    ] {
        let (spent, records) = read_again(stage, &node, &rows, changed, snapshot)?;
        let rate = rows.len() as f64 / spent.processor.as_secs_f64();
        figures.push(Figure::new(names[0], rate, "1/s", how));
        figures.push(Figure::new(
            names[1],
            records as f64,
            "records",
            "Revisions that reading the list again made: one row of it was changed.",
        ));
    }
    node.close()?;
    Ok(figures)
}

/// Reads a list of these entries, then the same shuffled with one row changed.
fn read_again(
    stage: &Stage,
    node: &Node,
    rows: &[u64],
    changed: u64,
    snapshot: bool,
) -> Result<(Spent, u64), BenchError> {
    let corpus = &stage.corpus;
    let read = |text: &str| stage.ingest(node, LIST, snapshot, text, now());
    read(&write_document(corpus, rows.iter().copied(), Told::First))?;
    let mut shuffled: Vec<u64> = rows.iter().copied().filter(|n| *n != changed).collect();
    shuffled.sort_by_cached_key(|n| corpus.scatter(*n));
    let mut text = write_document(corpus, shuffled, Told::First);
    let again = write_document(corpus, [changed], Told::Again);
    let row = again.split_inclusive('\n').nth(1);
    text.push_str(row.expect("a row follows the header"));
    let before = node.store.index().size().revision;
    let mut spent = Spent::default();
    spent.add(|| read(&text))?;
    Ok((spent, node.store.index().size().revision - before))
}
