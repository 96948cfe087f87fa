//! A thread that sees to it that opening the store stays short.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use iocd_index::Index;

/// How often it looks whether enough was written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The thread; it ends when this is dropped.
pub(super) struct Checkpoints {
    /// Dropped to end it.
    stop: Option<mpsc::Sender<()>>,
    /// None where the system gave no thread: then there is a checkpoint only
    /// when the store is closed.
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Writes checkpoints of an index as they become due.
    pub(super) fn of(index: &Arc<Index>) -> Checkpoints {
        let (stop, stopped) = mpsc::channel::<()>();
        let index = Arc::clone(index);
        let write = move || {
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                match index.checkpoint_if_due() {
                    Ok(false) => {}
                    Ok(true) => tracing::debug!("a checkpoint of the claim store was written"),
                    Err(error) => tracing::warn!(
                        %error,
                        "a checkpoint of the claim store could not be written: nothing is lost, opening it takes longer"
                    ),
                }
            }
        };
        let named = thread::Builder::new().name("checkpoints".to_owned());
        Checkpoints {
            stop: Some(stop),
            thread: named.spawn(write).ok(),
        }
    }
}

impl Drop for Checkpoints {
    /// Waits for a checkpoint that is being written: the files are the
    /// store's for as long.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has said what it had to say.
            let _ = thread.join();
        }
    }
}
