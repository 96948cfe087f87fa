//! Opening a store: what is in its files becomes an [`Index`].

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use iocd_core::warning::WarningSet;
use parking_lot::{Mutex, RwLock};

use crate::Index;
use crate::checkpoint::{Saved, Schedule, Unfit};
use crate::epoch;
use crate::error::IndexError;
use crate::fetches::{Fetch, Fetches};
use crate::files;
use crate::log::{self, Address, LogSettings, Unread};
use crate::state::State;
use crate::write::Writer;

/// In force until [`Index::assess`] says otherwise.
static SHIPPED: LazyLock<Arc<WarningSet>> = LazyLock::new(Arc::default);

impl Index {
    /// Opens the store in `dir`, creating it if there is none.
    ///
    /// What follows the last whole batch is cut off and told in
    /// [`Index::recovery`]; any other disagreement in what is read is
    /// [`IndexError::Damaged`]. Of the log, that is what follows the
    /// checkpoint: records before it are verified when they are asked for, and
    /// all of them by [`check`](crate::check()).
    pub fn open(dir: &Path) -> Result<Index, IndexError> {
        Index::open_with(dir, &LogSettings::default())
    }

    pub(crate) fn open_with(dir: &Path, settings: &LogSettings) -> Result<Index, IndexError> {
        files::create_dir(dir).map_err(IndexError::io(dir))?;
        let lock = lock(dir)?;
        let files = &*settings.files;
        let epoch = match epoch::read(dir)? {
            Some(epoch) => epoch,
            None => epoch::begin(files, dir)?,
        };
        let is_closed = log::clean::read_clean_marker(dir)?.is_some();
        let (fetches, past) = Fetches::open(files, dir, is_closed)?;
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| IndexError::io(dir)(error.into()))?;
        let unread = log::open(dir, settings, key)?;

        let mut ignored = None;
        let resumed = resume(dir, epoch, &unread, &past).unwrap_or_else(|Unfit(why)| {
            ignored = Some(why);
            None
        });
        let Resumed {
            mut state,
            end,
            known,
        } = resumed.unwrap_or_else(|| Resumed {
            state: State::new(unread.key(), Arc::clone(&SHIPPED)),
            end: None,
            known: 0,
        });
        let covered = end.map_or(0, |end| unread.log().size_before(end));
        state.log = unread.log().clone();
        state.generation = unread.generation();
        let (known, new) = past.split_at(known);
        for &fetch in known {
            state.list_fetch(fetch);
        }
        let (log, log_writer, mut recovery) =
            unread.replay(end, &mut |records, commit| state.apply(records, commit))?;
        recovery.ignored_checkpoint = ignored;
        state.log = log;
        state.note_fetches(new);
        let stopped = log_writer.stopped();
        Ok(Index {
            state: RwLock::new(state),
            writer: Mutex::new(Writer {
                log: log_writer,
                fetches,
            }),
            schedule: Mutex::new(Schedule::new(settings.clone(), covered)),
            compaction: Mutex::new(()),
            recovery,
            epoch,
            stopped,
            _lock: lock,
        })
    }
}

/// What opening goes on from.
struct Resumed {
    state: State,
    /// Where in the log the checkpoint ends.
    end: Option<Address>,
    /// How many of the past fetches it has.
    known: usize,
}

/// Reads the checkpoint, if there is one.
fn resume(
    dir: &Path,
    epoch: u64,
    unread: &Unread,
    past: &[Fetch],
) -> Result<Option<Resumed>, Unfit> {
    let Some(saved) = Saved::open(dir)? else {
        return Ok(None);
    };
    saved.fit(unread, epoch, past)?;
    Ok(Some(Resumed {
        state: saved.load(Arc::clone(&SHIPPED))?,
        end: Some(saved.anchor().end),
        known: saved.fetched(),
    }))
}

fn lock(dir: &Path) -> Result<File, IndexError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(IndexError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(IndexError::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(IndexError::io(path)(error)),
    }
}
