//! `iocd store check`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use iocd_index::{Checked, Problem};
use serde_json::{Value as Json, json};

use crate::articles::{ARTICLES, check_articles};
use crate::backup::CLAIMS;
use crate::control::{DATABASE, Hasher, KEY_FILE, check_database};

/// Verifies a data directory and prints what was verified and every problem:
/// 0 if there is none, 1 if there are.
pub(super) fn run(data: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (checked, problems) = check(data)?;
    if json {
        let problems: Vec<Json> = problems.iter().map(problem_json).collect();
        say!(
            "{}",
            json!({
                "ok": problems.is_empty(),
                "claims": checked_json(&checked),
                "problems": problems,
            })
        );
    } else {
        print(&checked, &problems)?;
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The problems of a data directory or a backup, a sentence each.
pub(super) fn problems_of(dir: &Path) -> anyhow::Result<Vec<String>> {
    let (_, problems) = check(dir)?;
    Ok(problems.iter().map(ToString::to_string).collect())
}

fn check(data: &Path) -> anyhow::Result<(Checked, Vec<Problem>)> {
    let mut problems = Vec::new();
    let checked = iocd_index::check(&data.join(CLAIMS), &mut |problem| {
        problems.push(Problem {
            file: format!("{CLAIMS}/{}", problem.file),
            ..problem
        });
    })?;
    let mut of_file = |file: &str, what: String| {
        problems.push(Problem {
            file: file.to_owned(),
            segment: None,
            offset: None,
            what,
        });
    };
    let database = data.join(DATABASE);
    if database.exists() {
        let found = check_database(&database).with_context(|| database.display().to_string())?;
        for what in found {
            of_file(DATABASE, what);
        }
        if let Err(error) = Hasher::open(&data.join(KEY_FILE), false) {
            of_file(KEY_FILE, error.to_string());
        }
    } else {
        of_file(DATABASE, "it is missing".to_owned());
    }
    let articles = data.join(ARTICLES);
    // Directories of earlier versions have none.
    if articles.exists() {
        let found = check_articles(&articles).with_context(|| articles.display().to_string())?;
        for what in found {
            of_file(ARTICLES, what);
        }
    }
    Ok((checked, problems))
}

fn print(checked: &Checked, problems: &[Problem]) -> anyhow::Result<()> {
    say!(
        "{} segments, {} bytes: {} batches, {} claim versions, {} ends, {} touches, {} strings, {} sources, {} fetches",
        checked.segments,
        checked.bytes,
        checked.batches,
        checked.versions,
        checked.tombstones,
        checked.touches,
        checked.strings,
        checked.sources,
        checked.fetches
    );
    say!(
        "{} entries, {} of them active, at revision {}; {}",
        checked.retained,
        checked.active,
        checked.revision,
        if checked.is_closed {
            "closed in order"
        } else {
            "open, or not closed in order"
        }
    );
    if checked.unfinished_bytes > 0 {
        say!(
            "{} bytes at the end belong to a batch that is being written or was never finished: no problem",
            checked.unfinished_bytes
        );
    }
    for problem in problems {
        say!("{problem}");
    }
    say!(
        "{}",
        match problems.len() {
            0 => "no problems".to_owned(),
            1 => "1 problem: restore a backup".to_owned(),
            many => format!("{many} problems: restore a backup"),
        }
    );
    Ok(())
}

fn checked_json(checked: &Checked) -> Json {
    json!({
        "segments": checked.segments,
        "bytes": checked.bytes,
        "batches": checked.batches,
        "versions": checked.versions,
        "tombstones": checked.tombstones,
        "touches": checked.touches,
        "strings": checked.strings,
        "sources": checked.sources,
        "fetches": checked.fetches,
        "active": checked.active,
        "retained": checked.retained,
        "revision": checked.revision,
        "closed": checked.is_closed,
        "unfinished_bytes": checked.unfinished_bytes,
    })
}

fn problem_json(problem: &Problem) -> Json {
    json!({
        "file": problem.file,
        "segment": problem.segment,
        "offset": problem.offset,
        "what": problem.what,
    })
}
