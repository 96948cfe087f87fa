//! Every call by which the store changes its files, each with every fault, in a
//! history that does everything that writes. After it: what was acknowledged
//! is there, what was not is wholly there or wholly absent, batch by batch, and
//! search, lists and totals say the same.

mod history;
mod model;

use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::files::faulty::{Fault, Faulty};
use crate::log::generation::Generation;
use crate::{Index, IndexError};

use history::{HISTORY, Sight, Step, look, open, perform};
use model::Model;

/// How many ways a power cut may have with what was not synced.
const SEEDS: u64 = 5;
/// What is said after a crash, enough to begin another segment.
const AFTER: (i64, Step) = (2000, Step::Say("plain", &MANY));
const MANY: [(&str, u8); 16] = [
    ("k", 1),
    ("l", 1),
    ("m", 1),
    ("n", 1),
    ("o", 1),
    ("p", 1),
    ("q", 1),
    ("r", 1),
    ("s", 1),
    ("t", 1),
    ("u", 1),
    ("v", 1),
    ("w", 1),
    ("x", 1),
    ("y", 1),
    ("z", 1),
];

/// Lives the history as far as it goes without a failure. Gives the store and
/// what may be seen from then on.
fn live(dir: &Path, disk: &Faulty) -> (Option<Index>, Vec<Sight>) {
    let (mut index, mut model) = (None, Model::default());
    for step in HISTORY {
        let mut allowed = vec![model.sight()];
        let along = model.perform(step);
        if perform(&mut index, dir, disk, step).is_err() {
            allowed.extend(along);
            return (index, allowed);
        }
    }
    (index, vec![model.sight()])
}

/// The calls that each step takes without a fault, when it does what the model
/// says.
fn calls_of_steps() -> Vec<RangeInclusive<u64>> {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::new(dir.path(), 0, None);
    let (mut index, mut model) = (None, Model::default());
    let mut calls = Vec::new();
    for step in HISTORY {
        let first = disk.calls() + 1;
        perform(&mut index, dir.path(), &disk, step).unwrap();
        calls.push(first..=disk.calls());
        model.perform(step);
        let index = index.as_ref().expect("it is open");
        assert_eq!(look(index), model.sight(), "after {step:?}");
    }
    drop(index);
    let generation = Generation::read(dir.path()).unwrap();
    assert_eq!(generation.number, 3, "each compaction has something to do");
    let Generation {
        compacted, first, ..
    } = generation;
    assert!(
        compacted > 1 && first > 3,
        "both kinds of segments roll over"
    );
    calls.push(disk.calls()..=disk.calls());
    calls
}

/// How many calls the history takes.
fn calls() -> u64 {
    *calls_of_steps().last().expect("there are steps").end()
}

/// Opens what a power cut left, looks, goes on, and looks again.
fn recover(disk: &Faulty, variant: u64, allowed: &[Sight], crash: &str) {
    let dir = tempfile::tempdir().unwrap();
    disk.cut_power(dir.path());
    let disk = Faulty::new(dir.path(), variant, None);
    let index = open(dir.path(), &disk).unwrap_or_else(|error| panic!("{crash}: {error}"));
    let seen = look(&index);
    assert!(allowed.contains(&seen), "{crash}: {seen:#?}\n{allowed:#?}");
    go_on(index, dir.path(), &disk, seen, crash);
}

/// The names of segments in a directory.
fn segments(dir: &Path) -> BTreeSet<PathBuf> {
    let paths = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "log")
                && !path.ends_with("fetches.log")
        })
        .collect()
}

/// The names of those that the log is.
fn of_log(dir: &Path) -> BTreeSet<PathBuf> {
    let generation = Generation::read(dir).unwrap();
    let numbers = generation.segments(dir).unwrap();
    numbers
        .into_iter()
        .map(|number| generation.path(dir, number))
        .collect()
}

/// A store that was opened after a crash takes more, and has it and all
/// else after a power cut that leaves only what was synced.
fn go_on(index: Index, dir: &Path, disk: &Faulty, mut seen: Sight, crash: &str) {
    let mut index = Some(index);
    perform(&mut index, dir, disk, AFTER).unwrap_or_else(|error| panic!("{crash}: {error}"));
    assert_eq!(
        segments(dir),
        of_log(dir),
        "{crash}: what is left over goes"
    );
    let grown = look(index.as_ref().expect("it is open"));
    let after = tempfile::tempdir().unwrap();
    disk.cut_power(after.path());
    let index = Index::open(after.path()).unwrap_or_else(|error| panic!("{crash}: {error}"));
    assert_eq!(look(&index), grown, "{crash}");
    seen.extend(grown.clone());
    assert_eq!(seen, grown, "{crash}");
}

#[test]
fn the_power_goes_at_any_call() {
    for seed in 0..SEEDS {
        for at in 1..=calls() {
            let dir = tempfile::tempdir().unwrap();
            let disk = Faulty::new(dir.path(), seed, Some((at, Fault::PowerCut)));
            let (index, allowed) = live(dir.path(), &disk);
            drop(index);
            recover(&disk, seed, &allowed, &format!("seed {seed}, call {at}"));
        }
    }
}

/// Where one file decides which of many count, there are more ways in which the
/// directory may be left.
#[test]
fn the_power_goes_at_any_call_of_a_compaction() {
    let calls = calls_of_steps().into_iter().zip(HISTORY);
    let compactions = calls.filter(|(_, (_, step))| matches!(step, Step::Compact(..)));
    for at in compactions.flat_map(|(calls, _)| calls) {
        for seed in SEEDS..SEEDS + 12 {
            let dir = tempfile::tempdir().unwrap();
            let disk = Faulty::new(dir.path(), seed, Some((at, Fault::PowerCut)));
            let (index, allowed) = live(dir.path(), &disk);
            drop(index);
            recover(&disk, seed, &allowed, &format!("seed {seed}, call {at}"));
        }
    }
}

/// The process is killed, and the kernel still has what it wrote; a new one
/// goes on, and then the power goes.
#[test]
fn the_process_is_killed_at_any_call() {
    for seed in 0..2 {
        for at in 1..=calls() {
            let crash = format!("killed at call {at}");
            let dir = tempfile::tempdir().unwrap();
            let disk = Faulty::new(dir.path(), seed, Some((at, Fault::PowerCut)));
            let (index, allowed) = live(dir.path(), &disk);
            drop(index);
            disk.mend();
            let index = open(dir.path(), &disk).unwrap_or_else(|error| panic!("{crash}: {error}"));
            let seen = look(&index);
            assert!(allowed.contains(&seen), "{crash}: {seen:#?}\n{allowed:#?}");
            go_on(index, dir.path(), &disk, seen, &crash);
        }
    }
}

/// A call fails. Whatever it was, the store answers as before, and either goes
/// on as if nothing had happened or takes nothing until it is opened anew.
#[test]
fn any_call_may_fail() {
    for seed in 0..SEEDS {
        for at in 1..=calls() {
            outlive(Fault::Error, at, seed);
        }
    }
}

/// There is no space from some call on: nothing is lost, nothing half kept, and
/// with space it goes on, be it with something else.
#[test]
fn the_disk_may_be_full_at_any_call() {
    for seed in 0..4 {
        for at in 1..=calls() {
            outlive(Fault::Full, at, seed);
        }
    }
}

/// Lives the history with one fault that is mended when it has shown.
fn outlive(fault: Fault, at: u64, variant: u64) {
    let crash = format!("{fault:?} at call {at}, seed {variant}");
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::new(dir.path(), variant, Some((at, fault)));
    let (mut index, mut model) = (None, Model::default());
    for step in HISTORY {
        let mut allowed = vec![model.sight()];
        allowed.extend(model.perform(step));
        if perform(&mut index, dir.path(), &disk, step).is_ok() {
            continue;
        }
        let seen = index.as_ref().map(look);
        assert!(seen.iter().all(|seen| allowed.contains(seen)), "{crash}");
        disk.mend();
        if let (Fault::Full, 2.., Some(seen)) = (fault, variant, &seen) {
            let index = index.take().expect("it was looked at");
            return go_on(index, dir.path(), &disk, seen.clone(), &crash);
        }
        if let (Fault::Error, 4) = (fault, variant) {
            drop(index);
            return outlive_opened(dir.path(), &disk, &allowed, &crash);
        }
        match perform(&mut index, dir.path(), &disk, step) {
            Ok(()) => {
                let index = index.as_ref().expect("it is open");
                assert_eq!(look(index), model.sight(), "{crash}, after {step:?}");
            }
            Err(IndexError::ReadOnly { .. }) => {
                assert_eq!(fault, Fault::Error, "{crash}: a full disk passes");
                assert_eq!(index.as_ref().map(look), seen, "{crash}");
                drop(index);
                return outlive_opened(dir.path(), &disk, &allowed, &crash);
            }
            Err(error) => panic!("{crash}: {error}"),
        }
    }
    drop(index);
    recover(&disk, variant, &[model.sight()], &crash);
}

/// Opened anew, with what the kernel shows, the store goes on.
fn outlive_opened(dir: &Path, disk: &Faulty, allowed: &[Sight], crash: &str) {
    let index = open(dir, disk).unwrap_or_else(|error| panic!("{crash}: {error}"));
    let seen = look(&index);
    assert!(allowed.contains(&seen), "{crash}: {seen:#?}\n{allowed:#?}");
    go_on(index, dir, disk, seen, crash);
}
