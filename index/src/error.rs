//! What can go wrong with the files.

use std::io;
use std::path::PathBuf;

/// The index could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process has the store open.
    #[error("{} is in use by another process: stop it, or let it do the work", .dir.display())]
    InUse {
        /// The store's directory.
        dir: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The bytes on disk are not those that were written.
    #[error(
        "segment {segment} is damaged at byte {offset}: {what}. Nothing there is served; restore a backup"
    )]
    Damaged {
        /// Number of the segment file.
        segment: u32,
        /// Byte within it.
        offset: u32,
        /// What does not agree.
        what: &'static str,
    },
    /// The note of complete fetches is not as it was written.
    #[error("{} is damaged at entry {entry}. Restore a backup, or remove the file: the next complete fetches write it anew", .path.display())]
    DamagedFetches {
        /// The file.
        path: PathBuf,
        /// Entry, from 1; 0 is the header.
        entry: usize,
    },
    /// The number of the store's epoch is not as it was written.
    #[error("{} is damaged. Restore a backup, or remove the file: the store then begins a new epoch, and clients that follow it start anew", .path.display())]
    DamagedEpoch {
        /// The file.
        path: PathBuf,
    },
    /// The note of which files the log is is not as it was written.
    #[error("{} is damaged. Restore a backup", .path.display())]
    DamagedGeneration {
        /// The file.
        path: PathBuf,
    },
    /// The store was written by another version of the format.
    #[error("{} has format version {found}, this program reads version {supported}: use the program that wrote it, or a newer one", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Version in its header.
        found: u32,
        /// Version this program reads.
        supported: u32,
    },
    /// The file is no segment of a claim store, or one of another store.
    #[error("{}: {what}", .path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An earlier write failed in a way that leaves the disk's state unknown.
    #[error(
        "the claim store takes no more writes since one failed to reach the disk: {reason}. Restart after repairing the disk"
    )]
    ReadOnly {
        /// The failure.
        reason: String,
    },
    /// A claim to be taken over names a source that was not.
    #[error("there is no source {name:?} in the store: its description comes before its claims")]
    UnknownSource {
        /// Its short name.
        name: String,
    },
    /// A claim to be mirrored is of a source that is this store's own.
    #[error("source {name:?} is this store's own, and not mirrored from another server")]
    NotMirrored {
        /// Its short name.
        name: String,
    },
    /// The question is about a time of which not everything is kept.
    #[error("history is kept since {since}, not before")]
    HistoryCompacted {
        /// The earliest time that can be asked about.
        since: jiff::Timestamp,
    },
    /// What happened after a revision is not kept.
    #[error(
        "what happened right after revision {given} is no longer kept: history begins after revision {since}"
    )]
    RevisionCompacted {
        /// What was asked for.
        given: u64,
        /// The earliest revision that can be asked about.
        since: u64,
    },
    /// The store was not compacted, and is as it was.
    #[error("the claim store was not compacted: {why}")]
    NotCompacted {
        /// What came in the way.
        why: &'static str,
    },
    /// The store has not had this revision.
    #[error("there is no revision {given} in the store, whose last is {last}")]
    UnknownRevision {
        /// What was asked for.
        given: u64,
        /// The latest revision.
        last: u64,
    },
    /// Nobody waits for the answer any more.
    #[error("the question was given up before it was answered")]
    Abandoned,
    /// A limit of the format.
    #[error("{what}")]
    TooLarge {
        /// Which, and what to do.
        what: &'static str,
    },
}

impl IndexError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> IndexError {
        let path = path.into();
        move |source| IndexError::Io { path, source }
    }
}
