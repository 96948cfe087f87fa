//! Many values at a time: in process, and in one request.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use iocd_core::query::{Brief, BriefSink, ManyOptions, StatusFilter};
use iocd_core::questions::Questions;
use iocd_core::value::Kind;
use iocd_index::Index;

use super::BenchError;
use super::figure::{Figure, Samples};
use super::machine::Spent;
use super::server::Server;
use super::stage::{Stage, now};

/// Values of a request: half of them stored and canonical, a quarter stored
/// and defanged or in capitals, a quarter not stored.
fn inputs(stage: &Stage) -> Vec<String> {
    let count = if stage.quick { 4_000 } else { 100_000 };
    let absent = stage.absent(count);
    stage
        .stored(count)
        .zip(absent)
        .zip([0, 1, 2, 3].into_iter().cycle())
        .map(|((stored, absent), turn)| match turn {
            0 => defang(stage.corpus.value(stored)),
            1 => stage.corpus.value(absent).1,
            _ => stage.corpus.value(stored).1,
        })
        .collect()
}

/// As reports print values.
fn defang((kind, text): (Kind, String)) -> String {
    match kind {
        Kind::Url => text.replacen("http", "hxxp", 1).replacen('.', "[.]", 2),
        Kind::Email => text.replace('@', "[@]").replace('.', "[.]"),
        Kind::Domain | Kind::Ipv4 => text.replace('.', "[.]"),
        _ => text.to_uppercase(),
    }
}

/// Reads what it is told, and keeps nothing.
#[derive(Default)]
struct Reader {
    known: usize,
}

impl BriefSink for Reader {
    fn question(&mut self, total: u64) {
        self.known += usize::from(total > 0);
    }

    fn entry(&mut self, entry: &Brief<'_>) {
        black_box(entry.value.len());
    }
}

/// Lookups of values that have been read already, in groups.
pub(super) fn measure_in_process(index: &Index, stage: &Stage) -> Result<Vec<Figure>, BenchError> {
    let inputs = inputs(stage);
    let groups: Vec<Questions> = inputs
        .chunks(100)
        .map(|inputs| {
            let mut questions = Questions::default();
            for input in inputs {
                questions.ask(input, None);
            }
            questions
        })
        .collect();
    let options = ManyOptions {
        status: StatusFilter::Seen,
        limit: 10,
        now: now(),
    };
    let mut rates = Samples::default();
    for _ in 0..rounds(stage) {
        let mut reader = Reader::default();
        let mut spent = Spent::default();
        spent.add(|| {
            groups
                .iter()
                .try_for_each(|questions| index.find_many(questions, options, &mut reader))
        })?;
        rates.push(inputs.len() as f64 / spent.processor.as_secs_f64());
        check(reader.known, &inputs)?;
    }
    Ok(vec![Figure::new(
        "bulk.lookups_per_second",
        rates.median(),
        "1/s",
        "Lookups in process in groups of 100, in one thread, by processor time: half of the values stored and canonical, a quarter stored and defanged or in capitals, a quarter not stored; read before.",
    )])
}

/// The same values in one request, in each form of a body.
pub(super) fn measure_http(server: &Server, stage: &Stage) -> Result<Vec<Figure>, BenchError> {
    let inputs = inputs(stage);
    let text = inputs.join("\n") + "\n";
    let array = serde_json::to_string(&inputs).expect("strings are JSON");
    let mut figures = Vec::new();
    for (names, path, media_type, body, how) in [
        (
            ["bulk.text.per_second", "bulk.text.per_cpu_second"],
            "iocs/search",
            "text/plain",
            &text,
            "Such 100,000 values in one POST of plain text, as who asks sees it; median of the rounds.",
        ),
        (
            ["bulk.json.per_second", "bulk.json.per_cpu_second"],
            "iocs/search",
            "application/json",
            &array,
            "The same as one JSON array.",
        ),
        (
            ["bulk.normalize.per_second", "bulk.normalize.per_cpu_second"],
            "normalize",
            "text/plain",
            &text,
            "The same values read and not looked up.",
        ),
    ] {
        let (mut seen, mut possible) = (Samples::default(), Samples::default());
        for _ in 0..rounds(stage) {
            let (elapsed, busy, known) = post(server, path, media_type, body)?;
            seen.push(inputs.len() as f64 / elapsed.as_secs_f64());
            possible.push(inputs.len() as f64 / busy.as_secs_f64());
            if path == "iocs/search" {
                check(known, &inputs)?;
            }
        }
        figures.push(Figure::new(names[0], seen.median(), "1/s", how));
        figures.push(Figure::new(
            names[1],
            possible.median(),
            "1/s",
            "The same by the processor time of the server.",
        ));
    }
    Ok(figures)
}

fn rounds(stage: &Stage) -> usize {
    if stage.quick { 1 } else { 9 }
}

fn check(known: usize, inputs: &[String]) -> Result<(), BenchError> {
    if known == inputs.len() / 4 * 3 {
        return Ok(());
    }
    Err(BenchError::Unexpected(format!(
        "{known} of {} values were found, and three of four are stored",
        inputs.len()
    )))
}

/// Sends a body and reads the whole answer: the time, the server's processor
/// time, and how many lines tell of a known value.
fn post(
    server: &Server,
    path: &str,
    media_type: &str,
    body: &str,
) -> Result<(Duration, Duration, usize), BenchError> {
    let head = format!(
        "POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        server.ready.secret,
        body.len()
    );
    let io = || BenchError::io("sending many values");
    let before = server.processor_time()?;
    let started = Instant::now();
    let mut stream = TcpStream::connect(server.ready.address).map_err(io())?;
    let mut writer = stream.try_clone().map_err(io())?;
    let answer = std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            writer.write_all(head.as_bytes())?;
            writer.write_all(body.as_bytes())
        });
        let mut answer = Vec::with_capacity(64 << 20);
        stream.read_to_end(&mut answer)?;
        writing.join().expect("writing does not panic")?;
        Ok(answer)
    });
    let answer = answer.map_err(io())?;
    let elapsed = started.elapsed();
    let busy = server.processor_time()?.saturating_sub(before);
    if !answer.starts_with(b"HTTP/1.1 200") {
        let text = String::from_utf8_lossy(&answer[..answer.len().min(500)]);
        return Err(BenchError::Unexpected(format!(
            "many values were not answered: {text}"
        )));
    }
    // Some are in a network that a warning list names.
    let statuses = [&br#""status":"known""#[..], br#""status":"warning""#];
    let counts = statuses.map(|status| memchr::memmem::find_iter(&answer, status).count());
    let known = counts.iter().sum();
    Ok((elapsed, busy, known))
}
