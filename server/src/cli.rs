//! The command line: what can be said, and who does it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::config::{Settings, Written};
use crate::owner::{Owner, OwnerError};

/// Prints a line to standard output; a reader that went away is an error for
/// the caller's `?`, not a panic. Colours go only to a terminal.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        writeln!(anstream::stdout(), $($text)*)?
    }};
}

mod account;
mod allow;
mod bench;
mod config;
mod deny;
mod feeds;
mod ingest;
mod key;
mod list;
mod normalize;
mod respondent;
mod scan;
mod search;
mod serve;
mod store;
mod table;
mod warnings;

/// A threat-intelligence feed server: reads feeds of indicators of compromise
/// and answers "has anyone seen this?".
#[derive(Debug, Parser)]
#[command(
    name = "iocd",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
struct Global {
    /// Data directory [default: ./iocd-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file [default: iocd.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "IOCD_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of feed descriptions that add to the shipped ones or replace them
    #[arg(long, global = true, value_name = "DIR")]
    feeds: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API
    Serve(serve::Serve),
    /// Read feed files into the store
    Ingest(ingest::Ingest),
    /// Ask whether anyone has seen these values
    Search(search::Search),
    /// Find known values in logs and reports
    Scan(scan::Scan),
    /// List what the store holds, newest first
    List(list::List),
    /// Show how values are read
    Normalize(normalize::Normalize),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Key(key::Key),
    /// Make and list accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Keep values known to be good: they answer with a warning and leave lists
    #[command(subcommand)]
    Allow(allow::Allow),
    /// Keep values of your own that are bad
    #[command(subcommand)]
    Deny(deny::Deny),
    /// Look at the warning lists, or which of them cover values
    Warnings(warnings::Warnings),
    /// Look at the known feeds, and run them
    #[command(subcommand)]
    Feeds(feeds::Feeds),
    /// Verify, back up, restore, export and import what is stored
    #[command(subcommand)]
    Store(store::Store),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Measure this machine
    Bench(bench::Bench),
}

impl Global {
    /// The settings in force: defaults, file, environment, flags.
    fn settings(&self, flags: Written) -> anyhow::Result<Settings> {
        let flags = Written {
            data: self.data.clone(),
            feeds: self.feeds.clone(),
            ..flags
        };
        let mut environment = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with("IOCD_")) else {
                continue;
            };
            let value = value.into_string().map_err(|value| {
                anyhow::anyhow!(
                    "environment variable {name}: {} is not UTF-8",
                    value.display()
                )
            })?;
            environment.push((name.to_owned(), value));
        }
        let (environment, unknown) = Written::from_env(environment)?;
        for name in unknown {
            // Not an error: platforms set variables of their own beside ours.
            eprintln!("iocd: environment variable {name} names no setting and is passed over");
        }
        Ok(Settings::resolve([self.file()?, environment, flags])?)
    }

    /// Who does what commands ask that need something to ask about.
    fn owner(&self) -> anyhow::Result<Owner> {
        let found = Owner::find(&self.settings(Written::default())?);
        match found {
            Err(error @ OwnerError::Nothing(_)) if std::env::var_os("IOCD_URL").is_some() => {
                Err(error).context(
                    "IOCD_URL is passed over, for this is about the data directory of this machine",
                )
            }
            found => Ok(self.introduce(found?)),
        }
    }

    /// Who does what commands ask that put something in.
    fn owner_or_new(&self) -> anyhow::Result<Owner> {
        let owner = Owner::find_or_make(&self.settings(Written::default())?)?;
        Ok(self.introduce(owner))
    }

    /// Says what is worth knowing of it.
    fn introduce(&self, owner: Owner) -> Owner {
        match &owner {
            Owner::Here(node, _) => node.tell_recovery(|notice| eprintln!("iocd: {notice}")),
            Owner::There(..) if self.feeds.is_some() => eprintln!(
                "iocd: a server owns the data directory and knows its own feeds: --feeds is passed over"
            ),
            Owner::There(..) => {}
        }
        owner
    }

    /// What the configuration file says; nothing if none is named and there
    /// is none of the usual name.
    fn file(&self) -> anyhow::Result<Written> {
        let path = self.config.as_deref().unwrap_or(Path::new("iocd.toml"));
        match std::fs::read_to_string(path) {
            Ok(text) => Written::from_toml(&text).with_context(|| path.display().to_string()),
            Err(error) if self.config.is_none() && error.kind() == ErrorKind::NotFound => {
                Ok(Written::default())
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

impl Cli {
    /// Does what was said.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let global = &self.global;
        match self.command {
            Command::Serve(command) => command.run(global),
            Command::Ingest(command) => command.run(global),
            Command::Search(command) => command.run(global),
            Command::Scan(command) => command.run(global),
            Command::List(command) => command.run(global),
            Command::Normalize(command) => command.run(global),
            Command::Key(command) => command.run(global),
            Command::Account(command) => command.run(global),
            Command::Allow(command) => command.run(global),
            Command::Deny(command) => command.run(global),
            Command::Warnings(command) => command.run(global),
            Command::Feeds(command) => command.run(global),
            Command::Store(command) => command.run(global),
            Command::Config(command) => command.run(global),
            Command::Bench(command) => command.run(global),
        }
    }
}
