//! What a disk holds, and what a power cut makes of changes that were not
//! synced: each is there, is not, or is there in part, whatever their order.

use std::collections::BTreeMap;

/// Bytes of which a power cut leaves all or none.
const SECTOR: usize = 64;

/// A change of a file.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bytes at an offset.
    Bytes(u64, Vec<u8>),
    Length(u64),
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub(super) enum Rename {
    Made(String, usize),
    Renamed(String, String),
    Removed(String),
}

impl Rename {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Rename::Made(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Rename::Renamed(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Rename::Removed(name) => {
                names.remove(name);
            }
        }
    }
}

/// A file: what is on the disk, and what has yet to get there.
#[derive(Debug)]
pub(super) struct Inode {
    durable: Vec<u8>,
    pub(super) unsynced: Vec<Change>,
}

impl Inode {
    pub(super) fn durable(bytes: Vec<u8>) -> Inode {
        Inode {
            durable: bytes,
            unsynced: Vec::new(),
        }
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            apply(&mut self.durable, &change);
        }
    }

    /// What could not be written is forgotten: some of it may be on the disk,
    /// and a later sync says nothing about it.
    pub(super) fn fail_to_sync(&mut self, random: &mut Random) {
        self.durable = self.after_power_cut(random);
        self.unsynced.clear();
    }

    pub(super) fn after_power_cut(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.unsynced {
            random.tear(&mut bytes, change);
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Bytes(offset, new) => put(bytes, usize::try_from(*offset).unwrap(), new),
        Change::Length(length) => bytes.resize(usize::try_from(*length).unwrap(), 0),
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let end = offset + new.len();
    bytes.resize(bytes.len().max(end), 0);
    bytes[offset..end].copy_from_slice(new);
}

/// A sequence of numbers that looks random and is the same for each seed.
#[derive(Debug)]
pub(super) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random {
            seed,
            state: (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        }
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % end as u64).unwrap()
    }

    /// Whether a change that cannot be torn survives.
    pub(super) fn keeps(&mut self) -> bool {
        match self.seed {
            0 => false,
            1 => true,
            _ => self.below(2) == 0,
        }
    }

    /// Applies a change that was not synced, or some of it, or none.
    fn tear(&mut self, bytes: &mut Vec<u8>, change: &Change) {
        let Change::Bytes(offset, new) = change else {
            if self.keeps() {
                apply(bytes, change);
            }
            return;
        };
        let offset = usize::try_from(*offset).unwrap();
        match (self.seed, self.below(4)) {
            (1, _) | (2.., 0) => put(bytes, offset, new),
            (0, _) | (2.., 1) => {}
            // The process of writing stopped somewhere.
            (2.., 2) => {
                let end = self.below(new.len() + 1);
                put(bytes, offset, &new[..end]);
            }
            // The length got there, and of the bytes some sectors.
            (2.., _) => {
                bytes.resize(bytes.len().max(offset + new.len()), 0);
                let mut start = offset;
                while start < offset + new.len() {
                    let end = (start / SECTOR + 1) * SECTOR;
                    let end = end.min(offset + new.len());
                    if self.below(2) == 0 {
                        put(bytes, start, &new[start - offset..end - offset]);
                    }
                    start = end;
                }
            }
        }
    }
}
