//! `iocd search --file`: a line for each line of a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value as Json;

use crate::cli::respondent::Respondent;
use crate::cli::table;
use crate::operation::FileSearch;

/// Bytes of the file read at a time.
const PIECE: usize = 64 << 10;
/// How an answer that is none begins.
const ERROR: &[u8] = b"{\"error\":";

/// Asks about each line of a file and prints the answers as they come: lines
/// of JSON, or columns for a person.
pub(super) fn search(
    respondent: &Respondent,
    path: &Path,
    request: &FileSearch,
    json: bool,
) -> anyhow::Result<()> {
    let input: Box<dyn BufRead + Send> = if path == Path::new("-") {
        Box::new(BufReader::with_capacity(PIECE, io::stdin()))
    } else {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        Box::new(BufReader::with_capacity(PIECE, file))
    };
    let mut printer = Printer {
        out: io::BufWriter::new(io::stdout().lock()),
        json,
        part: Vec::new(),
        error: None,
        closed: false,
    };
    if !json {
        printer.out.write_all(HEADINGS.as_bytes())?;
    }
    let asked = respondent.search_lines(request, input, &mut |lines| printer.print(lines));
    if printer.closed {
        return Ok(());
    }
    asked?;
    printer.out.flush()?;
    match printer.error {
        Some(error) => bail!("not every value was answered: {error}"),
        None => Ok(()),
    }
}

const HEADINGS: &str = "STATUS   CONFIDENCE  LAST SEEN             TYPE          VALUE  SOURCES\n";

struct Printer<W> {
    out: W,
    json: bool,
    /// The beginning of a line of which the rest has yet to come.
    part: Vec<u8>,
    /// Why the answers end before the values do.
    error: Option<String>,
    /// Who reads the answers has seen enough.
    closed: bool,
}

impl<W: Write> Printer<W> {
    fn print(&mut self, lines: &[u8]) -> io::Result<()> {
        let printed = self.print_lines(lines);
        let kind = printed.as_ref().err().map(io::Error::kind);
        self.closed |= kind == Some(ErrorKind::BrokenPipe);
        printed
    }

    fn print_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        for piece in lines.split_inclusive(|&byte| byte == b'\n') {
            if piece.ends_with(b"\n") && self.part.is_empty() {
                self.print_line(piece)?;
                continue;
            }
            self.part.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.part);
                self.print_line(&line)?;
            }
        }
        // A person, or the next program, should not wait for a full buffer.
        self.out.flush()
    }

    fn print_line(&mut self, line: &[u8]) -> io::Result<()> {
        if line.starts_with(ERROR) {
            let error: Json = serde_json::from_slice(line)?;
            self.error = Some(table::text(&error["error"], "message"));
            return Ok(());
        }
        if self.json {
            return self.out.write_all(line);
        }
        let answer: Json = serde_json::from_slice(line)?;
        let best = &answer["entries"][0];
        // What a file holds may be control characters: never to the terminal.
        let shown = match answer["value"].as_str() {
            Some(value) => value.escape_debug().to_string(),
            None => table::text(&answer, "input").escape_debug().to_string(),
        };
        let rest = match answer["error"].as_str() {
            Some(error) => error.escape_debug().to_string(),
            None => sources(&answer),
        };
        let rest = match table::text(&answer, "warnings") {
            warnings if warnings.is_empty() => rest,
            warnings => format!("{rest} (warning: {warnings})"),
        };
        writeln!(
            self.out,
            "{:<8} {:<11} {:<21} {:<13} {shown}  {rest}",
            table::text(&answer, "status"),
            table::text(best, "confidence"),
            table::text(best, "last_seen"),
            table::text(&answer, "type"),
        )
    }
}

/// Every source of every entry, each once.
fn sources(answer: &Json) -> String {
    let mut names: Vec<&str> = Vec::new();
    for entry in answer["entries"].as_array().into_iter().flatten() {
        for name in entry["sources"].as_array().into_iter().flatten() {
            if let Some(name) = name.as_str()
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names.join(", ").escape_debug().to_string()
}
