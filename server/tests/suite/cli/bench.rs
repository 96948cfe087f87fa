//! `iocd bench`: that every figure is taken. What the figures are is no test's
//! business.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;

use super::Bench;

const DOCUMENTATION: &str = include_str!("../../../../docs/bench.md");

/// The names in the first column of the documentation's tables of figures.
fn documented() -> BTreeSet<&'static str> {
    DOCUMENTATION
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.contains('.'))
        .collect()
}

fn result(output: &Output, file: &Path) -> Json {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Every figure is a positive number with a unit and in the table for people;
/// gives their names.
fn check_figures<'a>(result: &'a Json, output: &Output) -> BTreeSet<&'a str> {
    let table = String::from_utf8_lossy(&output.stdout);
    let figures = result["figures"].as_array().unwrap();
    let names: BTreeSet<&str> = figures
        .iter()
        .map(|figure| {
            let name = figure["name"].as_str().unwrap();
            assert!(figure["value"].as_f64().unwrap() > 0.0, "{figure}");
            assert!(!figure["unit"].as_str().unwrap().is_empty(), "{figure}");
            assert!(table.contains(name), "{name} is not in the table");
            name
        })
        .collect();
    assert_eq!(names.len(), figures.len(), "each is told once");
    names
}

#[test]
fn a_run_takes_every_figure_that_is_documented() {
    let bench = Bench::new();
    let file = bench.data().with_extension("json");
    let output = bench
        .program()
        .args(["bench", "--quick", "--entries", "12000", "--explain"])
        .arg("--json")
        .arg(&file)
        .output()
        .unwrap();
    let result = result(&output, &file);
    assert_eq!(check_figures(&result, &output), documented());
    assert_eq!(result["settings"]["entries"], 12_000);
    assert_eq!(result["settings"]["seed"], 1);
    assert_eq!(result["settings"]["quick"], true);
    assert_eq!(result["settings"]["suites"].as_array().unwrap().len(), 8);
    for figure in result["figures"].as_array().unwrap() {
        if figure["unit"] == "records" {
            assert_eq!(figure["value"], 1.0, "one row of the list was changed");
        }
    }
}

#[test]
fn a_store_of_the_operators_own_is_measured_and_left_alone() {
    let bench = Bench::new();
    let rows: Vec<String> = (0..2_000)
        .map(|n| format!("https://host{n}.example.com/{n}"))
        .collect();
    let feed = bench.file("feed.txt", rows.join("\n"));
    bench.ok(&[
        "ingest",
        "--feed",
        "openphish",
        "--file",
        feed.to_str().unwrap(),
    ]);
    // Values that are not stored must not be sought below a name that is.
    let zone = bench.file("names.txt", "example.net\n");
    bench.ok(&[
        "ingest",
        "--feed",
        "phishing-database-wildcards",
        "--file",
        zone.to_str().unwrap(),
    ]);
    let before = contents(&bench.data());
    let file = bench.file("figures.json", "");
    let output = bench.run(&["bench", "--quick", "--json", file.to_str().unwrap()]);
    let result = result(&output, &file);
    let names = check_figures(&result, &output);
    assert!(
        names.contains("lookup.hit.per_second") && names.contains("open.clean"),
        "{names:?}"
    );
    assert!(names.is_subset(&documented()), "{names:?}");
    assert_eq!(result["settings"]["entries"], 2_001);
    assert_eq!(contents(&bench.data()), before);
    assert_eq!(bench.total("https://host7.example.com/7"), 1);
}

#[test]
fn what_is_not_possible_with_a_store_is_refused() {
    let bench = Bench::new();
    let refusal = |arguments: &[&str]| {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = refusal(&["bench", "--quick"]);
    assert!(error.contains("has no claim store"), "{error}");
    let error = refusal(&["bench", "--suite", "http"]);
    assert!(error.contains("--suite http"), "{error}");

    let server = bench.serve();
    let error = refusal(&["bench", "--quick"]);
    assert!(error.contains("stop that server"), "{error}");
    drop(server);
    // It was killed: opening would mend what it left.
    let error = refusal(&["bench", "--quick"]);
    assert!(error.contains("not closed in order"), "{error}");
}

#[test]
fn the_corpus_is_the_same_for_the_same_seed() {
    let bench = Bench::new();
    let write = |seed: &str| {
        let out = bench.data().with_extension(seed);
        let arguments = ["bench", "corpus", "--entries", "10000", "--seed", seed];
        let mut command = bench.program();
        command.args(arguments).arg("--out").arg(&out);
        assert!(command.status().unwrap().success());
        contents(&out)
    };
    let files = write("7");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["corpus.tsv", "hits.tsv", "misses.tsv"]);
    let lines = |n: usize| -> BTreeSet<&str> {
        let text = std::str::from_utf8(&files[n].1).unwrap();
        text.lines().collect()
    };
    let (corpus, hits, misses) = (lines(0), lines(1), lines(2));
    assert!(corpus.len() > 9_500 && corpus.len() < 10_000);
    assert!(hits.is_subset(&corpus));
    assert!(misses.is_disjoint(&corpus));
    assert_eq!(write("7"), files);
    assert_ne!(write("8")[0], files[0]);
}

/// Names and contents of the files below a directory.
fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(contents(&entry.path()));
        } else if entry.file_type().unwrap().is_file() {
            let name = entry.file_name().into_string().unwrap();
            files.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    files.sort();
    files
}
