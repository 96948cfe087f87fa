//! Backups of a data directory, and data directories out of backups.
//!
//! A backup is a directory with the files of the claim store up to the last
//! acknowledged batch, the control database, that of the articles, the key of
//! the digests, and a manifest that names each with its length and BLAKE3 hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use iocd_index::{IndexError, SnapshotFile, begin_epoch};
use serde::Serialize;

mod manifest;
mod staging;

use crate::articles::{ARTICLES, ArticlesError};
use crate::control::{ControlError, DATABASE, KEY_FILE};
use crate::owner::Node;
use manifest::{Item, Manifest};
use staging::Staging;

/// The claim store, in the data directory.
pub const CLAIMS: &str = "claims";

/// A backup was not made, or not restored. Where it was to be, nothing is left.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The directory has something in it.
    #[error("{} is not empty: name a directory that is empty or does not exist", .0.display())]
    NotEmpty(PathBuf),
    /// A directory of an earlier attempt is in the way.
    #[error("{} is there from an attempt that was cut short: remove it", .0.display())]
    Leftover(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory is no backup, or not one that this program can read.
    #[error("{}: {what}", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file is not as it was backed up.
    #[error("{} is not as it was backed up: {what}. Nothing was restored; use another backup", .path.display())]
    Differs {
        /// Which.
        path: PathBuf,
        /// How it differs.
        what: &'static str,
    },
    /// About the claim store.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// About the articles.
    #[error(transparent)]
    Articles(#[from] ArticlesError),
    /// About the control data.
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl BackupError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BackupError {
        let path = path.into();
        move |source| BackupError::Io { path, source }
    }
}

/// What was backed up or restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Entries, ended ones too.
    pub entries: u64,
    /// Latest revision.
    pub revision: u64,
    /// When the backup was made.
    pub created_at: String,
}

impl Summary {
    fn of(manifest: &Manifest) -> Summary {
        Summary {
            files: manifest.files.len(),
            bytes: manifest.files.iter().map(|item| item.bytes).sum(),
            entries: manifest.entries,
            revision: manifest.revision,
            created_at: manifest.created_at.clone(),
        }
    }
}

/// Writes a backup of an open data directory into `dir`, which is empty or
/// does not exist, while it is in use. All that was acknowledged before is in it.
pub fn write(node: &Node, dir: &Path) -> Result<Summary, BackupError> {
    let staging = Staging::begin(dir)?;
    node.control.flush_usage()?;
    // Before the claims: an article that is told has the claims that it speaks of.
    node.articles.copy_to(&staging.path(ARTICLES))?;
    let snapshot = node.store.index().snapshot()?;
    let mut files = Vec::new();
    staging.create_dir(CLAIMS)?;
    for SnapshotFile { name, mut content } in snapshot.files {
        files.push(staging.copy(&format!("{CLAIMS}/{name}"), &mut *content)?);
    }
    let database = staging.path(DATABASE);
    node.control.copy_to(&database)?;
    files.push(staging.sync(DATABASE)?);
    files.push(staging.sync(ARTICLES)?);
    let path = node.dir.join(KEY_FILE);
    let mut key = File::open(&path).map_err(BackupError::io(&path))?;
    files.push(staging.copy(KEY_FILE, &mut key)?);
    let manifest = Manifest {
        created_at: node.clock.now().to_string(),
        entries: snapshot.retained,
        revision: snapshot.revision,
        files,
    };
    staging.copy(manifest::FILE, &mut &manifest.to_bytes()[..])?;
    staging.finish(&[CLAIMS])?;
    Ok(Summary::of(&manifest))
}

/// Makes a data directory `data`, which is empty or does not exist, out of the
/// backup in `dir`. It begins a new epoch.
pub fn restore(dir: &Path, data: &Path) -> Result<Summary, BackupError> {
    let manifest = Manifest::read(dir)?;
    let staging = Staging::begin(data)?;
    staging.create_dir(CLAIMS)?;
    for item in &manifest.files {
        let path = dir.join(&item.file);
        let file = File::open(&path).map_err(BackupError::io(&path))?;
        // One byte more would tell that the file has grown.
        let copied = staging.copy(&item.file, &mut file.take(item.bytes + 1))?;
        check_copy(&path, item, &copied)?;
    }
    begin_epoch(&staging.path(CLAIMS))?;
    staging.finish(&[CLAIMS])?;
    Ok(Summary::of(&manifest))
}

fn check_copy(path: &Path, expected: &Item, copied: &Item) -> Result<(), BackupError> {
    let what = if copied.bytes < expected.bytes {
        "it is shorter"
    } else if copied.bytes > expected.bytes {
        "it is longer"
    } else if copied.blake3 != expected.blake3 {
        "its bytes differ"
    } else {
        return Ok(());
    };
    Err(BackupError::Differs {
        path: path.to_owned(),
        what,
    })
}
