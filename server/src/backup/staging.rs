//! A directory that appears as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::manifest::Item;

/// Bytes copied at a time.
const PIECE: usize = 1 << 20;

/// A directory being filled under another name, beside where it will be. Only
/// its owner may look into it.
pub(super) struct Staging {
    target: PathBuf,
    dir: PathBuf,
    is_finished: bool,
}

impl Staging {
    /// Begins what is to be at `target`, which is empty or does not exist.
    pub(super) fn begin(target: &Path) -> Result<Staging, BackupError> {
        // Without the slash at the end that it may have been given with.
        let target: &Path = &target.components().collect::<PathBuf>();
        let first = fs::read_dir(target).map(|mut entries| entries.next());
        match first {
            Ok(None) => {}
            Ok(Some(_)) => return Err(BackupError::NotEmpty(target.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::io(target)(error)),
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".partial");
        let dir = PathBuf::from(name);
        match fs::DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Leftover(dir));
            }
            Err(error) => return Err(BackupError::io(dir)(error)),
        }
        Ok(Staging {
            target: target.to_owned(),
            dir,
            is_finished: false,
        })
    }

    /// Where a file of it is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn create_dir(&self, name: &str) -> Result<(), BackupError> {
        let path = self.path(name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(BackupError::io(path))
    }

    /// Writes a file durably.
    pub(super) fn copy(&self, name: &str, content: &mut dyn Read) -> Result<Item, BackupError> {
        let path = self.path(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(BackupError::io(&path))?;
        let item = digest(name, content, &mut |piece| file.write_all(piece));
        let item = item.map_err(BackupError::io(&path))?;
        file.sync_all().map_err(BackupError::io(path))?;
        Ok(item)
    }

    /// Makes a file durable that somebody else wrote.
    pub(super) fn sync(&self, name: &str) -> Result<Item, BackupError> {
        let path = self.path(name);
        let digested = File::open(&path).and_then(|mut file| {
            file.sync_all()?;
            digest(name, &mut file, &mut |_| Ok(()))
        });
        digested.map_err(BackupError::io(path))
    }

    /// Gives the directory its name, durably. `dirs` are those inside it.
    pub(super) fn finish(mut self, dirs: &[&str]) -> Result<(), BackupError> {
        for dir in dirs {
            sync_dir(&self.path(dir))?;
        }
        sync_dir(&self.dir)?;
        // In place of an empty directory, if there is one.
        fs::rename(&self.dir, &self.target).map_err(BackupError::io(&self.target))?;
        self.is_finished = true;
        match self.target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
            _ => sync_dir(Path::new(".")),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed is in the way of the next attempt, which says so.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Reads to the end, hands the bytes on, and tells what they were.
fn digest(
    name: &str,
    content: &mut dyn Read,
    write: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Item> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let length = content.read(&mut piece)?;
        if length == 0 {
            return Ok(Item {
                file: name.to_owned(),
                bytes,
                blake3: hasher.finalize().to_hex().to_string(),
            });
        }
        hasher.update(&piece[..length]);
        write(&piece[..length])?;
        bytes += length as u64;
    }
}

fn sync_dir(dir: &Path) -> Result<(), BackupError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(BackupError::io(dir))
}
