//! A process that is killed while it writes loses nothing that it said was
//! durable, and leaves no half of a batch.
//!
//! The test runs itself as a child that records batches and says so; the
//! parent kills it at random moments, many times over one store. Beside the
//! batches, the child shows a list that is another one each time, and writes checkpoints.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source};
use iocd_core::query::{Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_index::Index;
use jiff::Timestamp;

const CHILD: &str = "IOCD_KILL_TEST_DIR";
const KILLS: u64 = 60;
const BATCH: u64 = 500;
const LIST: u64 = 50;
const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// The source of the lists: each is complete, so the one before is removed.
fn lists() -> Source {
    Source {
        name: "lists".into(),
        extent: Extent::Snapshot,
        ..source()
    }
}

fn listed(list: u64, item: u64) -> Value {
    Value::parse(Kind::Domain, &format!("l{list}-i{item}.example.com")).unwrap()
}

fn source() -> Source {
    Source::new("kill", "Kill", Category::Community)
}

fn value(batch: u64, item: u64) -> Value {
    Value::parse(Kind::Domain, &format!("b{batch}-i{item}.example.com")).unwrap()
}

struct Total(u64);

impl EntrySink for Total {
    fn total(&mut self, total: u64) {
        self.0 = total;
    }

    fn entry(&mut self, _: &Entry<'_>) {}
}

fn is_there(index: &Index, value: Value) -> bool {
    is_found(index, value, StatusFilter::Any)
}

fn is_found(index: &Index, value: Value, status: StatusFilter) -> bool {
    let question = Question {
        readings: &[value],
        reach: Reach::Scope,
        status,
        page: Page {
            offset: 0,
            limit: 1,
        },
        now: Timestamp::UNIX_EPOCH,
        as_of: false,
    };
    let mut total = Total(0);
    index.find(&question, &mut total).unwrap();
    total.0 == 1
}

/// The first batch of which the store has nothing.
fn next_batch(index: &Index) -> u64 {
    (0..u64::MAX)
        .find(|&batch| !is_there(index, value(batch, 0)))
        .unwrap()
}

/// Records batches and says which are durable, until it is killed.
fn child(dir: &Path) {
    let index = Index::open(dir).unwrap();
    let mut out = std::io::stdout().lock();
    for batch in next_batch(&index).. {
        let claims = (0..BATCH)
            .map(|item| Claim::new(value(batch, item), 50))
            .collect();
        index.record(&source(), claims, NOW).unwrap();
        if batch % 4 == 0 {
            index.checkpoint().unwrap();
        }
        writeln!(out, "durable {batch}").unwrap();
        out.flush().unwrap();
        let values: Vec<Value> = (0..LIST).map(|item| listed(batch, item)).collect();
        let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), "lists");
        let present: ClaimIdSet = values.iter().map(id).collect();
        let claims = values
            .into_iter()
            .map(|value| Claim::new(value, 50))
            .collect();
        index.record(&lists(), claims, NOW).unwrap();
        index.retain_present(&lists(), &present, NOW).unwrap();
        writeln!(out, "listed {batch}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_said_to_be_durable_survives_a_kill() {
    if let Some(dir) = std::env::var_os(CHILD) {
        child(Path::new(&dir));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut said = 0;
    let mut shown: Option<u64> = None;
    let mut checked = 0;
    for kill in 0..KILLS {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "what_was_said_to_be_durable_survives_a_kill",
                "--nocapture",
            ])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let (mut last, mut last_list) = (None, None);
            for line in lines.lines().map_while(Result::ok) {
                if let Some((_, batch)) = line.rsplit_once("durable ") {
                    last = batch.parse::<u64>().ok().or(last);
                }
                if let Some((_, list)) = line.rsplit_once("listed ") {
                    last_list = list.parse::<u64>().ok().or(last_list);
                }
            }
            (last, last_list)
        });
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(5_000 + random % 100_000));
        process.kill().unwrap();
        process.wait().unwrap();
        let (last, last_list) = reader.join().unwrap();
        said = said.max(last.map_or(0, |last| last + 1));
        shown = shown.max(last_list);

        let index = Index::open(dir.path()).unwrap();
        assert_eq!(index.recovery().ignored_checkpoint, None, "kill {kill}");
        let there = next_batch(&index);
        assert!(
            there >= said,
            "kill {kill}: batch {said} was durable, the store ends at {there}"
        );
        for batch in checked..there {
            for item in 0..BATCH {
                assert!(
                    is_there(&index, value(batch, item)),
                    "kill {kill}: batch {batch} has a hole at {item}"
                );
            }
        }
        assert!(
            !is_there(&index, value(there, BATCH - 1)),
            "kill {kill}: half of batch {there} is there"
        );
        if let Some(shown) = shown {
            // Lists before the last that was said to be taken are removed.
            // Later ones may have begun; each is there as a whole or not at all.
            let is_active = |list, item| is_found(&index, listed(list, item), StatusFilter::Active);
            let active = |list| (0..LIST).filter(|&item| is_active(list, item)).count() as u64;
            assert!(
                (0..shown).all(|list| active(list) == 0),
                "kill {kill}: an old list is back"
            );
            let lists: Vec<u64> = (shown..=there).map(active).collect();
            let are_whole = lists.iter().all(|&items| items == 0 || items == LIST);
            assert!(
                are_whole && lists.contains(&LIST),
                "kill {kill}: of the lists from {shown} on, there are {lists:?}"
            );
        }
        checked = there;
    }
    assert!(said > 0, "the child never got to record anything");
    println!("{KILLS} kills over {said} durable batches of {BATCH}");
}
