//! Documents on their way: in files of the data directory, never in memory.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::FetchError;

/// The folder of documents on their way.
#[derive(Clone, Debug)]
pub struct Spool {
    dir: PathBuf,
}

/// The BLAKE3 hash of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(blake3::Hash);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A whole document in a file that goes with this value.
#[derive(Debug)]
pub struct Spooled {
    file: NamedTempFile,
    length: u64,
    /// Large, and moved about.
    hasher: Box<blake3::Hasher>,
}

impl Spool {
    /// The folder `dir`, made where there is none, and emptied: what a process
    /// that was killed left there is of no use. Whoever calls owns it.
    pub fn open(dir: PathBuf) -> Result<Spool, FetchError> {
        let spool = Spool { dir };
        let io = spool.failed();
        match fs::remove_dir_all(&spool.dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&spool.dir).map_err(io)?;
        Ok(spool)
    }

    /// An empty document to be written.
    pub(super) fn begin(&self) -> Result<Draft, FetchError> {
        Ok(Draft {
            file: NamedTempFile::new_in(&self.dir).map_err(self.failed())?,
            length: 0,
            hasher: blake3::Hasher::new(),
        })
    }

    /// A document with this content.
    pub fn keep(&self, content: &[u8]) -> Result<Spooled, FetchError> {
        let mut draft = self.begin()?;
        draft.write_all(content).map_err(self.failed())?;
        Ok(draft.finish())
    }

    /// Where something that could not be written was to be.
    pub(super) fn failed(&self) -> impl Fn(io::Error) -> FetchError {
        let path = self.dir.clone();
        move |source| FetchError::Spool {
            path: path.clone(),
            source,
        }
    }
}

/// A document that is being written.
pub(super) struct Draft {
    file: NamedTempFile,
    length: u64,
    hasher: blake3::Hasher,
}

impl Draft {
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn finish(self) -> Spooled {
        Spooled {
            hasher: Box::new(self.hasher),
            length: self.length,
            file: self.file,
        }
    }
}

impl Write for Draft {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write_all(piece)?;
        self.hasher.update(piece);
        self.length += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spooled {
    /// The document from its beginning.
    pub fn open(&self) -> io::Result<File> {
        self.file.reopen()
    }

    /// Its bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Its hash.
    pub fn hash(&self) -> Hash {
        Hash(self.hasher.finalize())
    }

    /// Puts another document behind this one.
    pub(crate) fn append(&mut self, more: &Spooled) -> Result<(), FetchError> {
        let path = self.file.path().to_owned();
        let failed = |source| FetchError::Spool {
            path: path.clone(),
            source,
        };
        self.file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut from = more.open().map_err(failed)?;
        let mut piece = vec![0; 64 << 10];
        loop {
            let length = from.read(&mut piece).map_err(failed)?;
            if length == 0 {
                return Ok(());
            }
            self.file.write_all(&piece[..length]).map_err(failed)?;
            self.hasher.update(&piece[..length]);
            self.length += length as u64;
        }
    }

    /// Moves it to where it stays: whole, or not at all.
    pub fn keep_as(self, path: &Path) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_go_with_their_value_and_what_was_left_goes_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spool");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("left"), "by a crash").unwrap();
        let spool = Spool::open(path.clone()).unwrap();
        let count = || fs::read_dir(&path).unwrap().count();
        assert_eq!(count(), 0);
        let document = spool.keep(b"one\n").unwrap();
        assert_eq!((count(), document.length()), (1, 4));
        let mut text = String::new();
        document.open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\n");
        assert_eq!(document.hash(), spool.keep(b"one\n").unwrap().hash());
        assert_ne!(document.hash(), spool.keep(b"two\n").unwrap().hash());
        document.keep_as(&dir.path().join("held")).unwrap();
        assert_eq!(count(), 0);
        assert_eq!(fs::read(dir.path().join("held")).unwrap(), b"one\n");
    }
}
