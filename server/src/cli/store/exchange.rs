//! `iocd store export` and `iocd store import`.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::owner::{Owner, OwnerError};

/// Bytes read and written at a time.
const PIECE: usize = 256 << 10;

/// Writes everything that is stored to a file, which appears when it is whole,
/// or to standard output.
pub(super) fn export(owner: &Owner, output: &Path) -> anyhow::Result<ExitCode> {
    if output == Path::new("-") {
        write(owner, io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut partial = output.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let file = File::create(&partial).with_context(|| partial.display().to_string())?;
    let written = write(owner, &file)
        .and_then(|()| Ok(file.sync_all()?))
        .and_then(|()| Ok(fs::rename(&partial, output)?));
    if written.is_err() {
        // What is left of it would only be taken for an export.
        let _ = fs::remove_file(&partial);
    }
    written.with_context(|| output.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn write(owner: &Owner, out: impl Write) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, out);
    // A reader that has seen enough is told by its own error, not by the owner's.
    let mut failure = None;
    let exported = owner.export(&mut |lines| {
        out.write_all(lines).map_err(|error| {
            let again = io::Error::new(error.kind(), error.to_string());
            failure = Some(error);
            again
        })
    });
    match (failure, exported) {
        (Some(error), _) | (None, Err(OwnerError::Stream(error))) => Err(error.into()),
        (None, exported) => Ok(exported.map(|()| out.flush())??),
    }
}

/// Reads an export in.
pub(super) fn import(owner: &Owner, file: &Path) -> anyhow::Result<ExitCode> {
    let mut input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(BufReader::with_capacity(PIECE, io::stdin()))
    } else {
        let opened = File::open(file).with_context(|| file.display().to_string())?;
        Box::new(BufReader::with_capacity(PIECE, opened))
    };
    let imported = owner
        .import(&mut *input)
        .with_context(|| file.display().to_string())?;
    say!(
        "read {} entries of {} sources: {} changed something",
        imported.entries,
        imported.sources,
        imported.changed
    );
    Ok(ExitCode::SUCCESS)
}
