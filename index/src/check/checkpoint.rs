//! The checkpoint: that it is whole, and of this store.

use std::fs::File;
use std::path::Path;

use super::Problem;
use super::window::Window;
use crate::checkpoint::{FILE, Saved, Unfit};
use crate::log::generation::Generation;

/// Bytes of the log that are looked at together.
const PIECE: u64 = 1 << 20;

/// Verifies the checkpoint in `dir`, if there is one, of the store of this
/// epoch. One of another version of the format is no problem: it is passed
/// over; nor is one that compaction has left behind.
pub(super) fn check_checkpoint(
    dir: &Path,
    epoch: Option<u64>,
    generation: &Generation,
    tell: &mut dyn FnMut(Problem),
) {
    let checked = Saved::open(dir).and_then(|saved| {
        let Some(saved) = saved else { return Ok(()) };
        saved.verify()?;
        if epoch.is_some_and(|epoch| epoch != saved.epoch()) {
            return Err(Unfit("it is of another epoch"));
        }
        if saved.generation() != generation.number {
            return Err(Unfit::OTHER_GENERATION);
        }
        let segment = generation.path(dir, saved.anchor().start.segment());
        let follows = follows(&segment, &saved);
        // A server may have compacted the log meanwhile.
        let is_so_still = Generation::read(dir).is_ok_and(|now| now == *generation);
        if is_so_still { follows } else { Ok(()) }
    });
    match checked {
        Ok(()) | Err(Unfit::OTHER_VERSION | Unfit::OTHER_GENERATION) => {}
        Err(Unfit(what)) => tell(Problem::of_file(
            FILE,
            format!(
                "{what}. Opening passes it over and reads the whole log: nothing is lost, and it may be removed"
            ),
        )),
    }
}

/// Whether a segment has the batch with which the checkpoint ends.
fn follows(segment: &Path, saved: &Saved) -> Result<(), Unfit> {
    let (start, end) = (saved.anchor().start, saved.anchor().end);
    let sum = || {
        let file = File::open(segment)?;
        let mut window = Window::new(file, u64::from(end.offset()));
        let mut sum = 0;
        let (mut at, end) = (u64::from(start.offset()), u64::from(end.offset()));
        while at < end {
            let length = usize::try_from(PIECE.min(end - at)).expect("at most a piece");
            let bytes = window.get(at, length)?.unwrap_or_default();
            sum = crc32c::crc32c_append(sum, bytes);
            at += length as u64;
        }
        std::io::Result::Ok(sum)
    };
    match sum() {
        Ok(sum) if sum == saved.anchor().sum => Ok(()),
        _ => Err(Unfit::NOT_OF_THIS_LOG),
    }
}
