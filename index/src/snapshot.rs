//! The files of an open store as they stand at one moment, for a backup.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::Index;
use crate::error::IndexError;
use crate::fetches;
use crate::log::clean::{CLEAN, clean_marker};
use crate::log::generation::{self, Generation};
use crate::state::State;

/// A store as it stood at one moment, closed in order. Files of the log only
/// grow and are open here, so it stays what it is while the store goes on.
pub struct Snapshot {
    /// Latest revision.
    pub revision: u64,
    /// Claims, ended ones too.
    pub retained: u64,
    /// What its directory holds. Its epoch is not part of it: a restored
    /// store has one of its own.
    pub files: Vec<SnapshotFile>,
}

/// A file of a snapshot.
pub struct SnapshotFile {
    /// Name in the store's directory.
    pub name: String,
    /// Its bytes.
    pub content: Box<dyn Read + Send>,
}

impl Index {
    /// The files of the store as they stand now. What was acknowledged is in
    /// it. Takes a moment, during which nothing is written.
    pub fn snapshot(&self) -> Result<Snapshot, IndexError> {
        let writer = self.writer.lock();
        let state = self.state.read();
        let mut files = snapshot_log(&state, writer.log.dir())?;
        let path = &writer.fetches.path;
        let file = File::open(path).map_err(IndexError::io(path))?;
        files.push(SnapshotFile {
            name: fetches::FILE.to_owned(),
            content: Box::new(file.take(writer.fetches.end)),
        });
        Ok(Snapshot {
            revision: state.revision(),
            retained: state.retained,
            files,
        })
    }
}

fn snapshot_log(state: &State, dir: &Path) -> Result<Vec<SnapshotFile>, IndexError> {
    let mut files = Vec::new();
    for end in state.log.ends() {
        let path = state.generation.path(dir, end.segment());
        let file = File::open(&path).map_err(IndexError::io(&path))?;
        let name = path.file_name().unwrap_or_default();
        files.push(SnapshotFile {
            name: name.to_string_lossy().into_owned(),
            content: Box::new(file.take(u64::from(end.offset()))),
        });
    }
    let mut whole = |name: &str, bytes| {
        files.push(SnapshotFile {
            name: name.to_owned(),
            content: Box::new(Cursor::new(bytes)),
        });
    };
    if state.generation != Generation::default() {
        whole(generation::FILE, state.generation.encode());
    }
    // It ends with a batch: what does not hold in a copy of it is damage.
    if let Some(end) = state.log.ends().last() {
        whole(CLEAN, clean_marker(end));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU64, Ordering};

    use iocd_core::claim::{Category, Claim, Source};
    use iocd_core::value::{Kind, Value};
    use jiff::Timestamp;

    use super::*;

    const BATCH: u64 = 20;

    /// Whatever is written meanwhile, a snapshot has whole batches, all that
    /// were acknowledged before, and is a store that was closed in order.
    #[test]
    fn a_snapshot_is_one_moment_of_a_store_that_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let source = Source::new("feed", "Feed", Category::Community);
        let (acknowledged, stop) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for batch in 0.. {
                    let claim = |item| {
                        let name = format!("b{batch}-i{item}.example.com");
                        Claim::new(Value::parse(Kind::Domain, &name).unwrap(), 50)
                    };
                    let claims = (0..BATCH).map(claim).collect();
                    index
                        .record(&source, claims, Timestamp::UNIX_EPOCH)
                        .unwrap();
                    acknowledged.fetch_add(BATCH, Ordering::SeqCst);
                    if stop.load(Ordering::SeqCst) > 0 {
                        return;
                    }
                }
            });
            while acknowledged.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            for _ in 0..20 {
                let before = acknowledged.load(Ordering::SeqCst);
                let snapshot = index.snapshot().unwrap();
                let copy = tempfile::tempdir().unwrap();
                for SnapshotFile { name, mut content } in snapshot.files {
                    let mut bytes = Vec::new();
                    content.read_to_end(&mut bytes).unwrap();
                    fs::write(copy.path().join(name), bytes).unwrap();
                }
                let copy = Index::open(copy.path()).unwrap();
                assert!(copy.recovery().was_clean);
                let (active, retained, revision) = copy.counts();
                assert_eq!((retained, revision), (snapshot.retained, snapshot.revision));
                assert!(
                    active >= before && active % BATCH == 0,
                    "{before}, {active}"
                );
                assert_ne!(copy.epoch(), index.epoch());
            }
            stop.store(1, Ordering::SeqCst);
            writer.join().unwrap();
        });
    }
}
