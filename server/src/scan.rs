//! Known values in logs and reports.
//!
//! A file is read in blocks that end where a line does; workers pull values
//! out of each ([`iocd_core::extract`]) and ask who knows them, and what they
//! find is told in the order of the file. Where the store is in this process
//! a value costs one probe of its table. Logs say the same things again and
//! again: each worker remembers hashes of texts that are nothing known.
//!
//! A URL is asked for as itself and by its host, an e-mail address by its
//! domain too: whoever lists a host wants to hear of every URL on it.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use iocd_core::value::Value;

mod block;
mod memory;
mod worker;

use self::block::Blocks;
use self::worker::Worker;

/// Blocks that wait for each worker.
const WAITING: usize = 2;

/// Who tells whether values are known.
pub trait Members: Sync {
    /// Why it could not tell.
    type Error: From<io::Error> + Send;

    /// Whether the value is known, where that is told at once; `None` where
    /// many are better asked for together.
    fn is_known(&self, value: &Value) -> Result<Option<bool>, Self::Error>;

    /// Those of the values that are known.
    fn known_of(&self, values: Vec<Value>) -> Result<HashSet<Value>, Self::Error>;
}

/// A known value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line it stands in, from 1.
    pub line: u64,
    /// The value.
    pub value: Value,
    /// As it was written; of a host in a URL, the host.
    pub written: String,
    /// It may be something else: see [`iocd_core::extract::Mention`].
    pub doubtful: bool,
}

/// What became of a block.
struct Done {
    /// Lines that end in it.
    lines: u64,
    /// Their lines are counted from the block's first, which is 0.
    findings: Vec<Finding>,
    /// To be filled again.
    buffer: Vec<u8>,
}

/// Tells `visit` every known value of a text, in order, working with this
/// many threads beside the one that reads. What the visitor fails with ends
/// the scan.
pub fn scan<M: Members>(
    input: &mut dyn Read,
    members: &M,
    threads: usize,
    visit: &mut dyn FnMut(Vec<Finding>) -> Result<(), M::Error>,
) -> Result<(), M::Error> {
    let threads = threads.max(1);
    let (send, receive) = sync_channel::<(u64, Vec<u8>)>(threads * WAITING);
    let receive = Mutex::new(receive);
    let (done, all_done) = channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let done = done.clone();
            let receive = &receive;
            scope.spawn(move || work(receive, &done, members));
        }
        drop(done);
        let mut order = Order {
            next: 0,
            lines: 1,
            waiting: BTreeMap::new(),
            spare: Vec::new(),
            visit,
        };
        let mut blocks = Blocks::new(input);
        let mut number = 0;
        while let Some(block) = blocks.next(order.spare.pop().unwrap_or_default())? {
            if send.send((number, block)).is_err() {
                break;
            }
            number += 1;
            for (number, result) in all_done.try_iter() {
                order.take(number, result)?;
            }
        }
        drop(send);
        for (number, result) in all_done {
            order.take(number, result)?;
        }
        Ok(())
    })
}

/// Works on blocks until there are no more, or nobody wants the results.
fn work<M: Members>(
    receive: &Mutex<Receiver<(u64, Vec<u8>)>>,
    done: &Sender<(u64, Result<Done, M::Error>)>,
    members: &M,
) {
    let mut worker = Worker::new(members);
    loop {
        let next = receive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok((number, block)) = next else { return };
        if done.send((number, worker.read(block))).is_err() {
            return;
        }
    }
}

/// Brings results back into the order of the text.
struct Order<'a, E> {
    next: u64,
    /// The line in which the next block begins.
    lines: u64,
    waiting: BTreeMap<u64, Done>,
    spare: Vec<Vec<u8>>,
    visit: &'a mut dyn FnMut(Vec<Finding>) -> Result<(), E>,
}

impl<E> Order<'_, E> {
    fn take(&mut self, number: u64, result: Result<Done, E>) -> Result<(), E> {
        self.waiting.insert(number, result?);
        while let Some(mut done) = self.waiting.remove(&self.next) {
            self.next += 1;
            for finding in &mut done.findings {
                finding.line += self.lines;
            }
            self.lines += done.lines;
            self.spare.push(done.buffer);
            if !done.findings.is_empty() {
                (self.visit)(done.findings)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
