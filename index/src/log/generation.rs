//! Which files the log is. Compaction writes what it keeps of the log into new
//! segments and then says in one small file that these count: a new
//! generation.
//!
//! ```text
//! "iocdgenr" | version u32 | generation u32 | its segments u32
//! first segment after them u32 | history: time u32, revision u64 | CRC-32C u32 of these
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::segment::{plain_number, plain_path};
use crate::error::IndexError;
use crate::files::{Files, place, write_draft};

const MAGIC: [u8; 8] = *b"iocdgenr";
/// Version of the file format.
const VERSION: u32 = 1;
/// Name of the file. It is not there before the first compaction.
pub(crate) const FILE: &str = "generation";
const SIZE: usize = 8 + 5 * 4 + 8 + 4;

/// What has been compacted, and what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generation {
    /// How many times the store has been compacted.
    pub(crate) number: u32,
    /// How many segments the last time made: they are numbered from 0 on.
    pub(crate) compacted: u32,
    /// Number of the first segment after them.
    pub(crate) first: u32,
    /// From where on history is kept.
    pub(crate) horizon: Horizon,
}

/// From where on all that happened is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// Unix seconds.
    pub(crate) time: u32,
    /// The last revision before.
    pub(crate) revision: u64,
}

/// The switch to a generation failed.
pub(crate) enum SwitchFailure {
    /// The one before is in force.
    Nothing(io::Error),
    /// Which one is in force shows at the next opening.
    Unknown(io::Error),
}

impl Generation {
    /// That of the store in `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Generation, IndexError> {
        let path = dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => decode(&bytes, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Generation::default()),
            Err(error) => Err(IndexError::io(path)(error)),
        }
    }

    /// Makes it that of the store in `dir`, durably. Its segments are on the disk.
    pub(crate) fn begin(&self, files: &dyn Files, dir: &Path) -> Result<(), SwitchFailure> {
        let path = dir.join(FILE);
        let draft = write_draft(files, &path, &self.encode());
        let draft = draft.map_err(SwitchFailure::Nothing)?;
        place(files, &draft, &path).map_err(SwitchFailure::Unknown)
    }

    /// The file of a segment.
    pub(crate) fn path(&self, dir: &Path, number: u32) -> PathBuf {
        if number < self.first {
            dir.join(format!("claims-{number:06}-{}.log", self.number))
        } else {
            plain_path(dir, number)
        }
    }

    /// The segments of the log in `dir`; none may be missing.
    pub(crate) fn segments(&self, dir: &Path) -> Result<Vec<u32>, IndexError> {
        let mut found = self.files(dir)?;
        found.sort_unstable();
        let mut segments = Vec::new();
        let expected = (0..self.compacted).chain(self.first..);
        let mut present = found.iter().filter(|file| file.is_in_force).peekable();
        for number in expected {
            if present.peek().is_none() && number >= self.first {
                break;
            }
            if present.next().is_none_or(|file| file.number != number) {
                return Err(IndexError::NotASegment {
                    path: self.path(dir, number),
                    what: "it is missing, though there are later ones: restore a backup",
                });
            }
            segments.push(number);
        }
        if segments.is_empty() && !found.is_empty() {
            return Err(IndexError::NotASegment {
                path: dir.join(FILE),
                what: "it is missing, though there are segments that it should name: restore a backup",
            });
        }
        Ok(segments)
    }

    /// Removes the segments that are not of the log: those of generations
    /// before, or of one that never came into force.
    pub(crate) fn remove_leftovers(&self, files: &dyn Files, dir: &Path) -> Result<(), IndexError> {
        for file in self.files(dir)? {
            if !file.is_in_force {
                let path = dir.join(file.name);
                files.remove(&path).map_err(IndexError::io(path))?;
            }
        }
        Ok(())
    }

    /// The files of `dir` that are segments by their names.
    fn files(&self, dir: &Path) -> Result<Vec<SegmentFile>, IndexError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).map_err(IndexError::io(dir))? {
            let name = entry.map_err(IndexError::io(dir))?.file_name();
            found.extend(name.to_str().and_then(|name| self.file(name)));
        }
        Ok(found)
    }

    fn file(&self, name: &str) -> Option<SegmentFile> {
        let (number, is_in_force) = if let Some(number) = plain_number(name) {
            (number, number >= self.first)
        } else {
            let (number, generation) = compacted_number(name)?;
            (number, generation == self.number && number < self.compacted)
        };
        Some(SegmentFile {
            number,
            is_in_force,
            name: name.to_owned(),
        })
    }

    /// The file's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let numbers = [
            VERSION,
            self.number,
            self.compacted,
            self.first,
            self.horizon.time,
        ];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend_from_slice(&self.horizon.revision.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }
}

/// A file that is a segment by its name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SegmentFile {
    number: u32,
    is_in_force: bool,
    name: String,
}

/// The number of a compacted segment whose file has this name, and its generation.
fn compacted_number(name: &str) -> Option<(u32, u32)> {
    let numbers = name.strip_prefix("claims-")?.strip_suffix(".log")?;
    let (number, generation) = numbers.split_once('-')?;
    let (number, generation) = (number.parse().ok()?, generation.parse().ok()?);
    let is_it = format!("claims-{number:06}-{generation}.log") == name;
    is_it.then_some((number, generation))
}

fn decode(bytes: &[u8], path: PathBuf) -> Result<Generation, IndexError> {
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk());
        word.copied().map(u32::from_le_bytes)
    };
    let sum = |bytes: &[u8]| crc32c::crc32c(&bytes[..SIZE - 4]);
    match word(8) {
        Some(found) if bytes.starts_with(&MAGIC) && found != VERSION => {
            return Err(IndexError::Version {
                path,
                found,
                supported: VERSION,
            });
        }
        _ => {}
    }
    let is_whole = bytes.len() == SIZE && bytes.starts_with(&MAGIC);
    let fields = (word(12), word(16), word(20), word(24), word(28), word(32));
    let (true, (Some(number), Some(compacted), Some(first), Some(time), Some(low), Some(high))) =
        (is_whole && word(SIZE - 4) == Some(sum(bytes)), fields)
    else {
        return Err(IndexError::DamagedGeneration { path });
    };
    Ok(Generation {
        number,
        compacted,
        first,
        horizon: Horizon {
            time,
            revision: u64::from(high) << 32 | u64::from(low),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation() -> Generation {
        Generation {
            number: 3,
            compacted: 2,
            first: 5,
            horizon: Horizon {
                time: 7,
                revision: (1 << 40) + 9,
            },
        }
    }

    #[test]
    fn what_is_written_is_read_and_no_other() {
        let bytes = generation().encode();
        let path = PathBuf::from("generation");
        assert_eq!(decode(&bytes, path.clone()).unwrap(), generation());
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(decode(&other, path.clone()).is_err(), "byte {at}");
            assert!(decode(&bytes[..at], path.clone()).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn the_log_is_what_the_generation_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let of_log = [
            "claims-000000-3.log",
            "claims-000001-3.log",
            "claims-000005.log",
            "claims-000006.log",
        ];
        let others = [
            "claims-000002-3.log",
            "claims-000000-2.log",
            "claims-000004.log",
        ];
        for name in of_log.iter().chain(&others) {
            fs::write(path(name), "").unwrap();
        }
        fs::write(path("claims-1.log"), "").unwrap();
        let generation = generation();
        assert_eq!(generation.segments(dir.path()).unwrap(), [0, 1, 5, 6]);
        for (number, name) in [0, 1, 5, 6].into_iter().zip(of_log) {
            assert_eq!(generation.path(dir.path(), number), path(name));
        }
        generation
            .remove_leftovers(&crate::files::Disk, dir.path())
            .unwrap();
        assert!(others.iter().all(|name| !path(name).exists()));
        assert!(of_log.iter().all(|name| path(name).exists()));
        assert!(path("claims-1.log").exists(), "no name of a segment");
        // Later ones need not be there; earlier ones must.
        fs::remove_file(path("claims-000006.log")).unwrap();
        assert_eq!(generation.segments(dir.path()).unwrap(), [0, 1, 5]);
        fs::remove_file(path("claims-000005.log")).unwrap();
        assert_eq!(generation.segments(dir.path()).unwrap(), [0, 1]);
        // Without the file that names them, it is not an empty store.
        Generation::default().segments(dir.path()).unwrap_err();
        fs::remove_file(path("claims-000001-3.log")).unwrap();
        generation.segments(dir.path()).unwrap_err();
    }
}
