//! `iocd bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum as _};
use serde_json::json;

use super::{Global, table};
use crate::bench::{self, Figure, Plan, Shape, Suite};

/// Measure this machine: with a synthetic corpus, or with --data the store of
/// an operator's own, which is only read and must not be in use.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Bench {
    #[command(subcommand)]
    command: Option<BenchCommand>,
    #[command(flatten)]
    corpus: CorpusArgs,
    /// What to measure, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SUITE")]
    suite: Vec<Suite>,
    /// Write settings and figures to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Say of each figure how it was taken
    #[arg(long)]
    explain: bool,
    /// Short rounds: to see that it works, not to measure
    #[arg(long)]
    quick: bool,
    /// Where the synthetic store is made, and removed again
    /// [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
}

/// Which corpus.
#[derive(Clone, Copy, Debug, Args)]
struct CorpusArgs {
    /// Entries of the synthetic corpus
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..=130_000_000))]
    entries: u64,
    /// The same number gives the same corpus
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Write the corpus, and questions about it, for other programs
    Corpus {
        #[command(flatten)]
        corpus: CorpusArgs,
        /// What stands in a line
        #[arg(long, value_enum, default_value = "tsv")]
        format: Shape,
        /// Where corpus, hits and misses are written
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// The server that a run measures
    #[command(hide = true)]
    Server {
        data: PathBuf,
        feeds: PathBuf,
        #[arg(long)]
        core: usize,
        #[arg(long)]
        quick: bool,
    },
}

impl Bench {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self.command {
            Some(BenchCommand::Corpus {
                corpus,
                format,
                out,
            }) => bench::write_corpus(&out, corpus.entries, corpus.seed, format)?,
            Some(BenchCommand::Server {
                data,
                feeds,
                core,
                quick,
            }) => {
                super::serve::start_log(&crate::config::Settings::default().log)?;
                bench::child::run(&data, &feeds, core, quick)?;
            }
            None => self.measure(global)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(self, global: &Global) -> anyhow::Result<()> {
        let live = global.data.as_deref();
        let plan = Plan {
            entries: self.corpus.entries,
            seed: self.corpus.seed,
            quick: self.quick,
            suites: self.suites(live.is_some())?,
            work: self.work,
        };
        let mut tell = |what: &str| eprintln!("iocd: {what}");
        let (entries, figures) = match live {
            Some(data) => bench::measure_live(data, &plan, &mut tell)?,
            None => (plan.entries, bench::measure(&plan, &mut tell)?),
        };
        print(&figures, self.explain)?;
        if let Some(path) = self.json {
            let suites: Vec<String> = plan.suites.iter().copied().map(name).collect();
            let settings = json!({
                "version": env!("CARGO_PKG_VERSION"),
                "entries": entries,
                "seed": plan.seed,
                "quick": plan.quick,
                "data": live,
                "suites": suites,
                "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            });
            let document = json!({"settings": settings, "figures": figures});
            let text = serde_json::to_string_pretty(&document)? + "\n";
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// The suites that were named, or all that can be.
    fn suites(&self, live: bool) -> anyhow::Result<Vec<Suite>> {
        let possible = |suite: &Suite| !live || suite.is_for_live_data();
        if let Some(suite) = self.suite.iter().find(|suite| !possible(suite)) {
            bail!(
                "--suite {} would write, or serve a store: with --data there are lookup, list, contains and open",
                name(*suite)
            );
        }
        if !self.suite.is_empty() {
            return Ok(self.suite.clone());
        }
        Ok(Suite::value_variants()
            .iter()
            .copied()
            .filter(possible)
            .collect())
    }
}

fn name(suite: Suite) -> String {
    suite
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

fn print(figures: &[Figure], explain: bool) -> std::io::Result<()> {
    let rows = figures.iter().map(|figure| {
        vec![
            figure.name.to_owned(),
            show(figure.value),
            figure.unit.to_owned(),
        ]
    });
    table::print(&["FIGURE", "VALUE", "UNIT"], rows)?;
    if explain {
        for figure in figures {
            say!("\n{}: {}", figure.name, figure.how);
        }
    }
    Ok(())
}

/// Three digits that mean something, or all before the point.
fn show(value: f64) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 5,
    };
    format!("{value:.digits$}")
}
