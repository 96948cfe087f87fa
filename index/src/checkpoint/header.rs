//! The header of a checkpoint: of which store and which moment it is, and where
//! its sections are.
//!
//! ```text
//! "iocdckpt" | version u32 | generation u32 | key 16 bytes | epoch u64 | revision u64
//! first byte of the last batch u64 | end of it u64 | CRC-32C u32 of the batch
//! fetches u64 | CRC-32C u32 of these
//! for each section: length u64 | CRC-32C u32 of it
//! CRC-32C u32 of all of this
//! ```

use super::number::Number;
use super::{SECTIONS, Unfit};
use crate::log::Address;

const MAGIC: [u8; 8] = *b"iocdckpt";
/// Version of what is in a checkpoint. A store ignores those of other versions,
/// so it is raised whenever a part is laid out in another way, or says another
/// thing: the order of values, symbols of trigrams, labels, hashes.
pub(super) const VERSION: u32 = 4;
/// Bytes of the header.
pub(super) const HEADER: usize = 8 + 4 + 4 + 16 + 8 + 8 + 8 + 8 + 4 + 8 + 4 + SECTIONS * 12 + 4;

/// How long a section is, and its checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(super) length: u64,
    pub(super) sum: u32,
}

/// The last batch of the log that a checkpoint has: by its bytes, a log is
/// known to be the one that the checkpoint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Its first byte.
    pub(crate) start: Address,
    /// The byte after it.
    pub(crate) end: Address,
    /// CRC-32C of it.
    pub(crate) sum: u32,
}

/// How many of the complete fetches beside the log a checkpoint has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// How many.
    pub(crate) count: u64,
    /// CRC-32C of the file as far as these.
    pub(crate) sum: u32,
}

/// The header; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) generation: u32,
    pub(crate) key: [u8; 16],
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    pub(crate) anchor: Anchor,
    pub(crate) fetched: Fetched,
    pub(super) sections: [Extent; SECTIONS],
}

/// Takes numbers off the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn next<T: Number>(&mut self) -> T {
        let (number, rest) = self.0.split_at(T::SIZE);
        self.0 = rest;
        T::get(number)
    }
}

fn put<T: Number>(bytes: &mut Vec<u8>, number: T) {
    let start = bytes.len();
    bytes.resize(start + T::SIZE, 0);
    number.put(&mut bytes[start..]);
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put(&mut bytes, VERSION);
        put(&mut bytes, self.generation);
        bytes.extend_from_slice(&self.key);
        put(&mut bytes, self.epoch);
        put(&mut bytes, self.revision);
        put(&mut bytes, self.anchor.start.0);
        put(&mut bytes, self.anchor.end.0);
        put(&mut bytes, self.anchor.sum);
        put(&mut bytes, self.fetched.count);
        put(&mut bytes, self.fetched.sum);
        for section in self.sections {
            put(&mut bytes, section.length);
            put(&mut bytes, section.sum);
        }
        let sum = crc32c::crc32c(&bytes);
        put(&mut bytes, sum);
        debug_assert_eq!(bytes.len(), HEADER);
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER]) -> Result<Header, Unfit> {
        let mut fields = Fields(bytes);
        if fields.next::<u64>() != u64::from_le_bytes(MAGIC) {
            return Err(Unfit("it is no checkpoint"));
        }
        if fields.next::<u32>() != VERSION {
            return Err(Unfit::OTHER_VERSION);
        }
        let (summed, sum) = bytes.split_at(HEADER - 4);
        if crc32c::crc32c(summed) != u32::get(sum) {
            return Err(Unfit("the checksum of its header does not hold"));
        }
        Ok(Header {
            generation: fields.next(),
            key: std::array::from_fn(|_| fields.next()),
            epoch: fields.next(),
            revision: fields.next(),
            anchor: Anchor {
                start: Address(fields.next()),
                end: Address(fields.next()),
                sum: fields.next(),
            },
            fetched: Fetched {
                count: fields.next(),
                sum: fields.next(),
            },
            sections: std::array::from_fn(|_| Extent {
                length: fields.next(),
                sum: fields.next(),
            }),
        })
    }
}
