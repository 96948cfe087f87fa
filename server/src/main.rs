//! The `iocd` binary: parses the command line and does what it says.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match iocd::cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("iocd: {error:#}");
            ExitCode::from(2)
        }
    }
}
