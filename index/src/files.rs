//! What the store does to its files, as one small interface, so that tests can
//! put a disk behind it that fails, tears, reorders and runs full.
//!
//! Only what changes files goes through it, and opening them. Reading stays
//! direct: a map of the file, or its bytes at once.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

mod disk;
#[cfg(test)]
pub(crate) mod faulty;

pub(crate) use disk::{Disk, create_dir};

/// How a file is opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It is there.
    Existing,
    /// It is made; one that is there loses its bytes.
    New,
}

/// The files of one directory. Nothing that a method did is durable before a
/// `sync` of the file, or of the directory for names, has returned.
pub(crate) trait Files: Debug + Send + Sync {
    /// Opens a file for reading and writing.
    fn open(&self, path: &Path, opening: Opening) -> io::Result<Box<dyn OpenFile>>;
    /// Gives a file another name, in place of what has that name, at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file's name away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes durable which names are in the directory.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// A file that is open for writing.
pub(crate) trait OpenFile: Send {
    /// The file, for maps of it and for its length.
    fn file(&self) -> &File;
    /// Writes all bytes at an offset.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts the file off, or fills it up with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes bytes and length durable.
    fn sync(&self) -> io::Result<()>;
}

/// Bytes were not appended.
#[derive(Debug)]
pub(crate) struct AppendFailure {
    /// What the system said.
    pub(crate) source: io::Error,
    /// Why the file may not be written to again, if so: what the disk holds of
    /// it is not known.
    pub(crate) is_final: Option<String>,
}

/// Appends bytes at `end`, the end of the file, and makes them durable. Where
/// they cannot be written, most often because the disk is full, the space is
/// given back, and the next attempt may succeed. A failed sync is final:
/// syncing again would not tell what the disk holds, for the kernel forgets
/// the pages that it could not write. What it still shows of them must not be
/// taken for durable by whoever opens the file next: it is cut off.
pub(crate) fn append(file: &dyn OpenFile, bytes: &[u8], end: u64) -> Result<(), AppendFailure> {
    if let Err(source) = file.write_at(bytes, end) {
        let undone = file.set_len(end).and_then(|()| file.sync());
        let is_final = undone.err().map(|again| format!("{source}, then {again}"));
        return Err(AppendFailure { source, is_final });
    }
    file.sync().map_err(|source| {
        let undone = file.set_len(end);
        let again = undone.err().map(|again| format!(", then {again}"));
        AppendFailure {
            is_final: Some(format!("{source}{}", again.unwrap_or_default())),
            source,
        }
    })
}

/// Writes a small file as a whole: whoever opens it, after a crash too, sees
/// all of it or what was there before.
pub(crate) fn write_whole(files: &dyn Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = write_draft(files, path, bytes)?;
    place(files, &draft, path)
}

/// Writes what is to be a small file, durably, under a name beside it.
pub(crate) fn write_draft(files: &dyn Files, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let draft = path.with_extension("new");
    let file = files.open(&draft, Opening::New)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    Ok(draft)
}

/// Gives a file that was written its name, durably. If this fails, which name
/// it has after a crash is not known.
pub(crate) fn place(files: &dyn Files, draft: &Path, path: &Path) -> io::Result<()> {
    files.rename(draft, path)?;
    files.sync_dir(
        path.parent()
            .expect("a file of the store is in its directory"),
    )
}
