mod answers;
mod ended;
mod files;
mod together;

use std::fs;
use std::path::Path;

use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::{
    ChangeSink, Entry, EntrySink, Filter, Following, Gone, Listing, Page, Question, Reach,
    StatusFilter,
};
use iocd_core::value::{Kind, Value};

use super::*;
use crate::log::LogSettings;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn since(second: i64) -> Retention {
    Retention::since(at(second))
}

fn source() -> Source {
    Source::new("feed", "Feed", Category::Community)
}

fn value(name: &str) -> Value {
    Value::parse(Kind::Domain, &format!("{name}.example.com")).unwrap()
}

fn claim(name: &str, confidence: u8) -> Claim {
    Claim::new(value(name), confidence)
}

/// Small segments, so that there are several.
fn open(dir: &Path) -> Index {
    let settings = LogSettings {
        segment_size: 600,
        ..LogSettings::default()
    };
    Index::open_with(dir, &settings).unwrap()
}

fn say(index: &Index, second: i64, said: &[(&str, u8)]) {
    let claims = said
        .iter()
        .map(|&(name, confidence)| claim(name, confidence));
    index
        .record(&source(), claims.collect(), at(second))
        .unwrap();
}

fn end(index: &Index, second: i64, name: &str) {
    index
        .remove(&source(), &[value(name)], Status::Removed, at(second))
        .unwrap();
}

fn compact(index: &Index, second: i64) -> Compacted {
    index.compact(&since(second), &mut || true).unwrap()
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Told(Vec<String>);

impl EntrySink for Told {
    fn total(&mut self, total: u64) {
        self.0.push(total.to_string());
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let Entry {
            value,
            confidence,
            status,
            updated_at,
            ..
        } = entry;
        let status = status.as_str();
        self.0.push(format!(
            "{value} {confidence} {status} {}",
            updated_at.as_second()
        ));
    }
}

impl ChangeSink for Told {
    fn total(&mut self, total: u64) {
        EntrySink::total(self, total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        EntrySink::entry(self, entry);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.0.push(format!("{} is gone", gone.value));
    }
}

const ALL: Page = Page {
    offset: 0,
    limit: 1000,
};

fn find(index: &Index, name: &str, as_of: Option<i64>) -> Result<Told, IndexError> {
    let mut told = Told::default();
    let question = Question {
        readings: &[value(name)],
        reach: Reach::Scope,
        status: StatusFilter::Any,
        page: ALL,
        now: at(as_of.unwrap_or(10_000)),
        as_of: as_of.is_some(),
    };
    index.find(&question, &mut told).map(|()| told)
}

fn list(index: &Index, revision: Option<u64>) -> Result<Told, IndexError> {
    let mut told = Told::default();
    let listing = Listing {
        filter: &Filter::default(),
        page: ALL,
        now: at(10_000),
        revision,
    };
    index.list(&listing, &mut told).map(|_| told)
}

fn follow(index: &Index, after: u64) -> Result<(u64, Told), IndexError> {
    let mut told = Told::default();
    let following = Following {
        filter: &Filter::default(),
        after,
        limit: 1000,
        include_removed: true,
        now: at(10_000),
    };
    let reached = index.follow(&following, &mut told)?;
    Ok((reached, told))
}

fn check(dir: &Path) -> crate::Checked {
    crate::check(dir, &mut |problem| panic!("{problem}")).unwrap()
}

/// Versions of each kind: replaced and ended before second 100 and after it.
fn fill(index: &Index) {
    say(index, 10, &[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    say(index, 20, &[("a", 2), ("b", 2)]);
    say(index, 30, &[("a", 3)]);
    end(index, 40, "c");
    end(index, 40, "d");
    say(index, 50, &[("d", 9)]);
    say(index, 110, &[("a", 4), ("e", 1)]);
    end(index, 120, "b");
    say(index, 130, &[("c", 7)]);
    say(index, 140, &[("a", 5)]);
}
