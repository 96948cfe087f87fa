//! A thread that keeps a store short: checkpoints, so that opening it takes
//! little time, and compaction, so that it does not grow with its history.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use iocd_index::{Index, IndexError};

use super::History;

/// How often it looks whether enough was written for a checkpoint.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it looks whether there is enough to compact.
const COMPACT_EVERY: Duration = Duration::from_secs(60);
/// How long it leaves a store alone of which compaction failed: most often
/// there is no space.
const RETRY_AFTER: Duration = Duration::from_secs(3600);
/// Longest rest while it compacts.
const REST: Duration = Duration::from_millis(50);

/// The thread; it ends when this is dropped.
pub(super) struct Upkeep {
    /// Dropped to end it.
    stop: Option<mpsc::Sender<()>>,
    /// None where the system gave no thread: then there is a checkpoint only
    /// when the store is closed, and no compaction but by command.
    thread: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Of an index, which is compacted if it is said what to keep.
    pub(super) fn of(index: &Arc<Index>, history: Option<History>) -> Upkeep {
        let (stop, stopped) = mpsc::channel::<()>();
        let keeper = Keeper {
            index: Arc::clone(index),
            stopped,
        };
        let named = thread::Builder::new().name("upkeep".to_owned());
        Upkeep {
            stop: Some(stop),
            thread: named.spawn(move || keeper.run(history.as_ref())).ok(),
        }
    }
}

impl Drop for Upkeep {
    /// Waits for a checkpoint that is being written: the files are the
    /// store's for as long. A compaction is given up.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has said what it had to say.
            let _ = thread.join();
        }
    }
}

/// What the thread does.
struct Keeper {
    index: Arc<Index>,
    stopped: Receiver<()>,
}

impl Keeper {
    fn run(&self, history: Option<&History>) {
        let mut compact_at = Instant::now() + COMPACT_EVERY;
        while self.stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            self.checkpoint();
            let Some(history) = history.filter(|_| compact_at <= Instant::now()) else {
                continue;
            };
            let went_well = self.compact(history);
            let pause = if went_well {
                COMPACT_EVERY
            } else {
                RETRY_AFTER
            };
            compact_at = Instant::now() + pause;
        }
    }

    fn checkpoint(&self) {
        match self.index.checkpoint_if_due() {
            Ok(false) => {}
            Ok(true) => tracing::debug!("a checkpoint of the claim store was written"),
            Err(error) => tracing::warn!(
                %error,
                "a checkpoint of the claim store could not be written: nothing is lost, opening it takes longer"
            ),
        }
    }

    /// Compacts the store if that is due; says whether nothing went wrong.
    fn compact(&self, history: &History) -> bool {
        let retention = history.retention();
        if self.index.refusal().is_some() || !self.index.compaction_is_due(&retention) {
            return true;
        }
        let mut worked = Instant::now();
        let compacted = self.index.compact(&retention, &mut || {
            // Half of the time is left to others, and checkpoints go on.
            thread::sleep(worked.elapsed().min(REST));
            self.checkpoint();
            worked = Instant::now();
            self.stopped.try_recv() == Err(TryRecvError::Empty) && self.index.refusal().is_none()
        });
        match compacted {
            Ok(done) => tracing::info!(
                versions_before = done.versions_before,
                versions_after = done.versions_after,
                bytes_before = done.bytes_before,
                bytes_after = done.bytes_after,
                entries_gone = done.claims_gone,
                "the claim store was compacted"
            ),
            // A command is at it, or there is a stop.
            Err(IndexError::NotCompacted { why }) => {
                tracing::debug!(why, "the claim store was not compacted");
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    "the claim store could not be compacted: nothing is lost, it is tried again in an hour"
                );
                return false;
            }
        }
        true
    }
}
