//! One worker: blocks in, findings out.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use iocd_core::extract::{Candidate, Taker, candidates, host_mention};
use iocd_core::normalize::{Lenience, read};
use iocd_core::value::Value;

use super::memory::{Memory, Verdict};
use super::{Done, Finding, Members};

pub(super) struct Worker<'m, M: Members> {
    members: &'m M,
    memory: Memory,
    /// Values that were not told at once, and those that are known.
    asked: Vec<Asked>,
    failure: Option<M::Error>,
}

/// A value in the block at hand.
struct Asked {
    value: Value,
    span: Range<usize>,
    doubtful: bool,
    /// Of the text it was read from; `None` if that is another value's.
    hash: Option<u64>,
    is_known: bool,
}

impl<'m, M: Members> Worker<'m, M> {
    pub(super) fn new(members: &'m M) -> Worker<'m, M> {
        Worker {
            members,
            memory: Memory::new(),
            asked: Vec::new(),
            failure: None,
        }
    }

    /// The known values of a block.
    pub(super) fn read(&mut self, block: Vec<u8>) -> Result<Done, M::Error> {
        // the lossy reading is slower even where nothing is lost
        let text = match std::str::from_utf8(&block) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(&block),
        };
        self.asked.clear();
        candidates(&text, self);
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.ask_together()?;
        let findings = self.findings(&text);
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        let buffer = match text {
            Cow::Borrowed(_) => block,
            Cow::Owned(text) => text.into_bytes(),
        };
        Ok(Done {
            lines,
            findings,
            buffer,
        })
    }

    /// Asks for what was not told at once.
    fn ask_together(&mut self) -> Result<(), M::Error> {
        let open: HashSet<Value> = self
            .asked
            .iter()
            .filter(|asked| !asked.is_known)
            .map(|asked| asked.value.clone())
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let known = self.members.known_of(open.into_iter().collect())?;
        let mut known_texts = HashSet::new();
        for asked in &mut self.asked {
            asked.is_known |= known.contains(&asked.value);
            if asked.is_known {
                known_texts.extend(asked.hash);
            }
        }
        for asked in &self.asked {
            if let Some(hash) = asked.hash.filter(|hash| !known_texts.contains(hash)) {
                self.memory.remember(hash, Verdict::Unknown);
            }
        }
        Ok(())
    }

    fn findings(&self, text: &str) -> Vec<Finding> {
        let mut line = 0;
        let mut counted = 0;
        self.asked
            .iter()
            .filter(|asked| asked.is_known)
            .map(|asked| {
                // a host stands behind the beginning of its URL: never before
                let start = asked.span.start.max(counted);
                line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..start]).count() as u64;
                counted = start;
                Finding {
                    line,
                    value: asked.value.clone(),
                    written: text[asked.span.clone()].to_owned(),
                    doubtful: asked.doubtful,
                }
            })
            .collect()
    }

    /// Whether a value is known, or may be.
    fn look_up(
        &mut self,
        value: Value,
        span: Range<usize>,
        doubtful: bool,
        hash: u64,
    ) -> Result<bool, M::Error> {
        let told = self.members.is_known(&value)?;
        if told != Some(false) {
            self.asked.push(Asked {
                value,
                span,
                doubtful,
                hash: told.is_none().then_some(hash),
                is_known: told == Some(true),
            });
        }
        Ok(told != Some(false))
    }

    fn judge(&mut self, candidate: &Candidate<'_>, hash: u64) -> Result<bool, M::Error> {
        let Ok(reading) = read(candidate.kind, candidate.text, Lenience::Prose) else {
            self.memory.remember(hash, Verdict::Nothing);
            return Ok(false);
        };
        let host = host_mention(&reading.value, candidate);
        let mut open = self.look_up(
            reading.value,
            candidate.span.clone(),
            candidate.doubtful,
            hash,
        )?;
        if let Some(host) = host {
            open |= self.look_up(host.reading.value, host.span, host.doubtful, hash)?;
        }
        if !open {
            self.memory.remember(hash, Verdict::Unknown);
        }
        Ok(true)
    }
}

impl<M: Members> Taker for Worker<'_, M> {
    fn take(&mut self, candidate: &Candidate<'_>) -> bool {
        let hash = self.memory.hash(candidate.kind, candidate.text);
        match self.memory.verdict(hash) {
            Some(Verdict::Nothing) => return false,
            Some(Verdict::Unknown) => return true,
            None => {}
        }
        if self.failure.is_some() {
            return false;
        }
        self.judge(candidate, hash).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            false
        })
    }
}
