//! Verifying one segment: batch by batch, and on after damage.

use std::path::Path;

use super::Problem;
use super::ledger::Ledger;
use super::window::Window;
use crate::error::IndexError;
use crate::log::Address;
use crate::log::segment::{SEGMENT_HEADER, is_unfinished_header, read_header};
use crate::record::{COMMIT, HEADER};

/// One segment on the way.
pub(super) struct SegmentCheck<'a> {
    pub(super) number: u32,
    /// Name of its file.
    pub(super) file: String,
    pub(super) window: Window,
    /// Whether a batch at the end may be there in part.
    pub(super) may_be_unfinished: bool,
    /// After the last commit.
    pub(super) committed: u64,
    pub(super) ledger: &'a mut Ledger,
    pub(super) tell: &'a mut dyn FnMut(Problem),
}

impl SegmentCheck<'_> {
    pub(super) fn problem(&mut self, offset: u64, what: String) {
        (self.tell)(Problem {
            file: self.file.clone(),
            segment: Some(self.number),
            offset: Some(offset),
            what,
        });
    }

    /// Whether not even the header reached the disk.
    pub(super) fn is_unfinished(&mut self, path: &Path) -> Result<bool, IndexError> {
        if self.window.size() > u64::from(SEGMENT_HEADER) {
            return Ok(false);
        }
        let header = self.window.get(0, SEGMENT_HEADER as usize);
        let header = header.map_err(IndexError::io(path))?;
        Ok(header.is_none_or(is_unfinished_header))
    }

    pub(super) fn read_key(&mut self, path: &Path) -> Result<[u8; 16], IndexError> {
        let header = self.window.get(0, SEGMENT_HEADER as usize);
        let header = header.map_err(IndexError::io(path))?.unwrap_or_default();
        read_header(header, self.number, path)
    }

    pub(super) fn check_batches(&mut self) {
        let mut offset = self.committed;
        // Not known after damage: a commit may be among what is lost.
        let mut start = Some(Address::new(self.number, SEGMENT_HEADER).0);
        while offset < self.window.size() {
            let (at, what) = match self.find_end(offset) {
                Ok(end) => {
                    self.take_batch(offset, end, start);
                    (offset, self.committed) = (end, end);
                    start = Some(self.address(end));
                    continue;
                }
                Err(broken) => broken,
            };
            let next = self.go_on_after(at);
            if next.is_none() && self.may_be_unfinished {
                self.ledger.checked.unfinished_bytes += self.window.size() - self.committed;
                return;
            }
            self.problem(at, what);
            self.ledger.lose();
            let Some(next) = next else { return };
            (offset, start) = (next, None);
        }
    }

    fn address(&self, offset: u64) -> u64 {
        u64::from(self.number) << 32 | offset
    }

    /// Where the batch ends of which the next record is at `offset`, all
    /// checksums verified; or where what is wrong.
    fn find_end(&mut self, mut offset: u64) -> Result<u64, (u64, String)> {
        while offset < self.window.size() {
            let body = self.window.record(offset).map_err(|what| (offset, what))?;
            let is_commit = body[0] == COMMIT;
            offset += (HEADER + body.len()) as u64;
            if is_commit {
                return Ok(offset);
            }
        }
        let what = "the last batch has no commit record".to_owned();
        Err((self.committed, what))
    }

    fn take_batch(&mut self, mut offset: u64, end: u64, start: Option<u64>) {
        while offset < end {
            let taken = match self.window.record(offset) {
                Ok(body) => {
                    let taken = self.ledger.take(body, start);
                    taken.map_err(|what| (offset, what)).map(|()| body.len())
                }
                Err(what) => Err((offset, what)),
            };
            match taken {
                Ok(length) => offset += (HEADER + length) as u64,
                Err((at, what)) => {
                    self.problem(at, what);
                    let Some(next) = self.window.skip(at) else {
                        return;
                    };
                    offset = next;
                }
            }
        }
    }

    /// Where records hold again after one that does not; `None` if nowhere,
    /// or, where the last batch may be unfinished, nowhere after that.
    fn go_on_after(&mut self, offset: u64) -> Option<u64> {
        let start = self.address(self.committed);
        let mut at = offset + 1;
        let later = loop {
            if at >= self.window.size() {
                return None;
            }
            match self.window.commit(at) {
                Some(commit) if !self.may_be_unfinished || commit.start > start => break at,
                _ => at += 1,
            }
        };
        // The damage is one record's, if its length is to be believed.
        let next = self.window.skip(offset)?;
        Some(match self.window.record(next) {
            Ok(_) => next,
            Err(_) => later,
        })
    }
}
