//! The body of an answer into a file, within bounds of size and time.

use std::io;
use std::time::Duration;

use reqwest::header::CONTENT_ENCODING;
use reqwest::{Response, Url};
use tokio::time::Instant;

use super::address::host;
use super::client::{Bounds, explain};
use super::coding::{Decoder, Overflow};
use super::error::FetchError;
use super::spool::{Spool, Spooled};

/// For how long a body may come as slowly as it likes.
const GRACE: Duration = Duration::from_secs(30);

/// Reads a body to its end.
pub(super) async fn receive(
    mut response: Response,
    url: &Url,
    max_size: u64,
    bounds: &Bounds,
    spool: &Spool,
) -> Result<Spooled, FetchError> {
    let bad = |error: &io::Error| FetchError::Body {
        host: host(url),
        problem: error.to_string(),
    };
    if let Some(length) = response.content_length()
        && length > max_size
    {
        let error = io::Error::other(Overflow::TooLarge(max_size));
        return Err(bad(&error));
    }
    let coding = response.headers().get(CONTENT_ENCODING);
    let coding = coding.map(|value| value.to_str().unwrap_or("something unreadable").to_owned());
    let draft = spool.begin()?;
    let mut decoder = Decoder::new(coding.as_deref(), draft, max_size).map_err(|e| bad(&e))?;
    let begun = Instant::now();
    let mut received = 0;
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| broken(&error, url))?
    {
        received += piece.len() as u64;
        decoder
            .take(&piece)
            .map_err(|error| sort(error, url, spool))?;
        check_rate(received, begun.elapsed(), bounds, url)?;
    }
    let draft = decoder.finish().map_err(|error| sort(error, url, spool))?;
    Ok(draft.finish())
}

/// A body that drips keeps a place for as long as it likes.
fn check_rate(
    received: u64,
    elapsed: Duration,
    bounds: &Bounds,
    url: &Url,
) -> Result<(), FetchError> {
    let due = bounds.min_rate.saturating_mul(elapsed.as_secs());
    if elapsed < GRACE.min(bounds.total / 2) || received >= due {
        return Ok(());
    }
    Err(FetchError::TooSlow {
        host: host(url),
        what: format!(
            "{received} bytes came in {} s, and at least {} a second are waited for",
            elapsed.as_secs(),
            bounds.min_rate
        ),
    })
}

/// Whether it is the body's fault or the disk's.
fn sort(error: io::Error, url: &Url, spool: &Spool) -> FetchError {
    // What the system said has a number; what a decoder says has none.
    if error.raw_os_error().is_some() {
        return spool.failed()(error);
    }
    let problem = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some::<&Overflow>(overflow) => overflow.to_string(),
        None => format!("it cannot be unpacked: {error}"),
    };
    FetchError::Body {
        host: host(url),
        problem,
    }
}

fn broken(error: &reqwest::Error, url: &Url) -> FetchError {
    if error.is_timeout() {
        return FetchError::TooSlow {
            host: host(url),
            what: "nothing more of the document came".to_owned(),
        };
    }
    FetchError::Unreachable {
        host: host(url),
        problem: format!("the document broke off: {}", explain(error)),
    }
}
