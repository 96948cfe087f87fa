//! Many values: lines out, lines of answers in.

use std::io::{self, BufRead, Read as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde_json::Value as Json;

use super::{BATCH, Client, ClientError};

/// How an answer begins that is none.
const ERROR: &[u8] = b"{\"error\":";
/// Bytes of a line that are sent. A value is shorter; what is longer only has
/// to be long enough to be told so.
const MAX_LINE: u64 = 16 << 10;
/// How long a request waits for more lines when it has some.
const PATIENCE: Duration = Duration::from_millis(200);

type Tell<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

/// Asks about each line of `input`, which is read by a thread of its own: the
/// answers to what is there do not wait for lines that are yet to be written.
pub(super) async fn ask_each(
    client: &Client,
    target: &str,
    mut input: Box<dyn BufRead + Send>,
    tell: &mut Tell<'_>,
) -> Result<(), ClientError> {
    let (send, lines) = sync_channel::<io::Result<Vec<u8>>>(BATCH);
    std::thread::spawn(move || {
        loop {
            let line = read_line(&mut *input).transpose();
            let is_last = !matches!(line, Some(Ok(_)));
            // Nobody waits for lines where the asking is over.
            if line.is_some_and(|line| send.send(line).is_err()) || is_last {
                return;
            }
        }
    });
    while let Some(batch) = next_batch(&lines).map_err(ClientError::Stream)? {
        ask(client, target, "text/plain", &batch, tell).await?;
    }
    Ok(())
}

/// Asks about each of these texts, which may be any.
pub(super) async fn ask_strings<T: AsRef<str>>(
    client: &Client,
    target: &str,
    texts: &[T],
    tell: &mut Tell<'_>,
) -> Result<(), ClientError> {
    let line = |text: &T| {
        let mut line = Json::from(text.as_ref()).to_string().into_bytes();
        line.push(b'\n');
        line
    };
    for batch in texts.chunks(BATCH) {
        let batch: Vec<_> = batch.iter().map(line).collect();
        ask(client, target, "application/x-ndjson", &batch, tell).await?;
    }
    Ok(())
}

/// A line with its end, cut where it is too long; `None` behind the last one.
fn read_line(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if input.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        line.push(b'\n');
    }
    Ok(Some(line))
}

/// As many lines as a request takes, or as there are without a wait; `None`
/// behind the last one.
fn next_batch(lines: &Receiver<io::Result<Vec<u8>>>) -> io::Result<Option<Vec<Vec<u8>>>> {
    let Ok(first) = lines.recv() else {
        return Ok(None);
    };
    let mut batch = vec![first?];
    while batch.len() < BATCH {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => batch.push(line?),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(Some(batch))
}

/// Asks about lines, those that a limit left over once more.
async fn ask(
    client: &Client,
    target: &str,
    media_type: &'static str,
    lines: &[Vec<u8>],
    tell: &mut Tell<'_>,
) -> Result<(), ClientError> {
    let mut rest = lines;
    while !rest.is_empty() {
        let body = rest.concat();
        let request = || {
            let request = client.http.post(target).header(CONTENT_TYPE, media_type);
            request.body(body.clone())
        };
        let mut answers = Answers {
            tell,
            part: Vec::new(),
            answered: 0,
            error: None,
        };
        let mut response = client.send(request).await?;
        loop {
            let piece = response
                .chunk()
                .await
                .map_err(|error| client.broken(error))?;
            let Some(piece) = piece else { break };
            answers.take(&piece).map_err(ClientError::Stream)?;
        }
        let Answers {
            answered, error, ..
        } = answers;
        rest = rest.get(answered..).unwrap_or_default();
        match error {
            None if rest.is_empty() => {}
            None => return Err(client.unexpected("it ends before all values are answered")),
            // What is left is asked in another request, which says when.
            Some(error) if answered > 0 && is_limit(&error) => {}
            Some(error) => {
                return Err(ClientError::refused(
                    &client.address,
                    reqwest::StatusCode::OK,
                    &error,
                ));
            }
        }
    }
    Ok(())
}

fn is_limit(error: &[u8]) -> bool {
    let error: Json = serde_json::from_slice(error).unwrap_or_default();
    error["error"]["code"] == "rate_limit_exceeded"
}

/// Answers as they come.
struct Answers<'a, 'b> {
    tell: &'a mut Tell<'b>,
    /// The beginning of a line of which the rest has yet to come.
    part: Vec<u8>,
    answered: usize,
    /// Why the answers end before the values do.
    error: Option<Vec<u8>>,
}

impl Answers<'_, '_> {
    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.part.extend_from_slice(piece);
        let Some(end) = memchr::memrchr(b'\n', &self.part) else {
            return Ok(());
        };
        let rest = self.part.split_off(end + 1);
        let mut lines = std::mem::replace(&mut self.part, rest);
        let last = lines[..end].iter().rposition(|byte| *byte == b'\n');
        let last = last.map_or(0, |before| before + 1);
        if lines[last..].starts_with(ERROR) {
            self.error = Some(lines.split_off(last));
        }
        self.answered += memchr::memchr_iter(b'\n', &lines).count();
        (self.tell)(&lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_told_whole() {
        let long = "x".repeat(100_000);
        let text = format!("a\n\n{long}\nb");
        let mut input = text.as_bytes();
        let mut lengths = Vec::new();
        while let Some(line) = read_line(&mut input).unwrap() {
            assert_eq!(line.last(), Some(&b'\n'));
            lengths.push(line.len());
        }
        assert_eq!(lengths, [2, 1, 16_385, 2]);

        let mut told = Vec::new();
        let mut answers = Answers {
            tell: &mut |lines: &[u8]| {
                told.extend_from_slice(lines);
                Ok(())
            },
            part: Vec::new(),
            answered: 0,
            error: None,
        };
        let body = b"{\"input\":\"a\"}\n{\"input\":\"b\"}\n{\"error\":{\"code\":\"rate_limit_exceeded\"}}\n";
        for byte in body {
            answers.take(&[*byte]).unwrap();
        }
        assert_eq!(answers.answered, 2);
        assert!(is_limit(&answers.error.unwrap()));
        assert_eq!(told, b"{\"input\":\"a\"}\n{\"input\":\"b\"}\n");
    }
}
