//! The state into a file.

use std::io;
use std::path::Path;

use super::header::{Anchor, Fetched, Header};
use super::{Part as _, Sink};
use crate::facets::BitSet;
use crate::files::{Files, OpenFile, Opening};
use crate::state::State;
use crate::write::Writer;

/// Writes a checkpoint into a new file, and does not sync it. The writer is
/// held: nothing changes meanwhile.
pub(super) fn write(
    files: &dyn Files,
    path: &Path,
    state: &State,
    writer: &Writer,
    anchor: Anchor,
    epoch: u64,
) -> io::Result<Box<dyn OpenFile>> {
    let file = files.open(path, Opening::New)?;
    let mut sink = Sink::new(&*file);
    state.columns.save(&mut sink)?;
    let columns = sink.end_section();
    state.table.save(&mut sink)?;
    let table = sink.end_section();
    state.order.save(&mut sink)?;
    let order = sink.end_section();
    state.trigrams.save(&mut sink)?;
    let trigrams = sink.end_section();
    state.ties.save(&mut sink)?;
    let ties = sink.end_section();
    state.expiries.save(&mut sink)?;
    let expiries = sink.end_section();
    sets(state).try_for_each(|set| set.save(&mut sink))?;
    let sets = sink.end_section();
    state.labels.save(&mut sink)?;
    let labels = sink.end_section();
    save_small(state, &mut sink)?;
    let small = sink.end_section();
    sink.finish()?;
    let header = Header {
        generation: state.generation.number,
        key: writer.log.key(),
        epoch,
        revision: state.revision(),
        anchor,
        fetched: Fetched {
            count: writer.fetches.count(),
            sum: writer.fetches.sum,
        },
        sections: [
            columns, table, order, trigrams, ties, expiries, sets, labels, small,
        ],
    };
    file.write_at(&header.encode(), 0)?;
    Ok(file)
}

/// The last batch of the log, if there is one.
pub(super) fn anchor(state: &State) -> Option<Anchor> {
    let start = state.last_batch?;
    let end = state.log.segment_end(start.segment())?;
    let sum = state.log.sum(start, end)?;
    Some(Anchor { start, end, sum })
}

fn sets(state: &State) -> impl Iterator<Item = &BitSet> {
    [
        &state.alive,
        &state.lapsed,
        &state.listable,
        &state.successors,
        &state.firsts,
    ]
    .into_iter()
    .chain(&state.kinds)
    .chain(&state.confidences)
    .chain(&state.categories)
}

fn save_small(state: &State, sink: &mut Sink<'_>) -> io::Result<()> {
    state.revisions.save(sink)?;
    for count in [state.active, state.retained] {
        sink.number(count)?;
    }
    sink.number(state.last_commit)?;
    sink.numbers(&state.judged_by)?;
    sink.number(state.shape.ipv4_lengths)?;
    sink.numbers(&state.shape.ipv6_lengths)?;
    sink.number(u8::from(state.shape.subtree))?;
    let redescribed: Vec<u16> = state.redescribed.iter().copied().collect();
    sink.list(&redescribed)?;
    sink.number(state.sources.len() as u64)?;
    for known in &state.sources {
        // When they were listed is in the file of fetches.
        sink.list(&serde_json::to_vec(&known.source).expect("a source is plain data"))?;
    }
    state.strings.save(sink)
}
