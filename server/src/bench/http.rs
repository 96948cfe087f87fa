//! The search route beside replies that cost no thought.

use std::time::{Duration, Instant};

use iocd_core::value::Kind;

use super::BenchError;
use super::figure::Figure;
use super::load::{Load, Pace};
use super::pair::{Comparison, Effort, compare};
use super::server::Server;
use super::stage::Stage;
use crate::http::encode_into;
use crate::http::fixed::{BARE, FIXED};

/// Connections that ask at a time.
const CONNECTIONS: usize = 32;

pub(super) fn measure(
    server: &Server,
    stage: &Stage,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, BenchError> {
    let hits = searches(server, stage.stored(50_000).map(|n| stage.corpus.value(n)));
    let misses = searches(server, stage.absent(50_000).map(|n| stage.corpus.value(n)));
    let mut load = Load::connect(server.ready.address, CONNECTIONS)?;
    let effort = if stage.quick {
        Effort {
            wanted: 1,
            most: 2,
            time: Duration::from_millis(50),
        }
    } else {
        Effort {
            wanted: 9,
            most: 21,
            time: Duration::from_millis(700),
        }
    };
    let mut compare = |what: &str, reference: &[Vec<u8>], other: &[Vec<u8>]| {
        let comparison = compare(server, &mut load, [reference, other], effort)?;
        let (kept, all) = comparison.pairs;
        tell(&format!("http: {what}: {kept} of {all} pairs undisturbed"));
        Ok::<Comparison, BenchError>(comparison)
    };
    let beside_hit = fixed_reply(server, FIXED, &hits)?;
    let bare = fixed_reply(server, BARE, &hits)?;
    let beside_miss = fixed_reply(server, FIXED, &misses)?;
    let hit = compare("hits", &beside_hit, &hits)?;
    let miss = compare("misses", &beside_miss, &misses)?;
    let front = compare("what surrounds a handler", &bare, &beside_hit)?;
    let mut alone = Load::connect(server.ready.address, 1)?;
    let end = Instant::now() + effort.time;
    let mut alone = alone.run(&hits, Pace::Closed, || Instant::now() < end)?;
    Ok(figures(&hit, &miss, &front, alone.latencies.median()))
}

fn figures(hit: &Comparison, miss: &Comparison, front: &Comparison, alone: f64) -> Vec<Figure> {
    let pairs = [hit, miss, front].map(|comparison| comparison.pairs.0);
    let fewest = pairs.into_iter().min().unwrap_or(0);
    vec![
        Figure::new(
            "http.hit.ratio",
            hit.ratio,
            "ratio",
            "Processor time of the server for a fixed reply of the same size behind the same middleware, by that for a search that hits: 32 connections, the server on one core and who asks on another; median of at least nine alternating pairs, those disturbed by the machine dropped.",
        ),
        Figure::new(
            "http.miss.ratio",
            miss.ratio,
            "ratio",
            "The same for a search that finds nothing.",
        ),
        Figure::new(
            "http.front.ratio",
            1.0 / front.ratio,
            "ratio",
            "Processor time for a fixed reply behind authentication, limits, ids, counts and log by that for one without them.",
        ),
        Figure::new(
            "http.hit.cpu",
            hit.cost,
            "µs",
            "Processor time of the server for a search that hits.",
        ),
        Figure::new(
            "http.miss.cpu",
            miss.cost,
            "µs",
            "Processor time of the server for a search that finds nothing.",
        ),
        Figure::new(
            "http.fixed.cpu",
            hit.reference_cost,
            "µs",
            "Processor time of the server for the fixed reply of a hit's size.",
        ),
        Figure::new(
            "http.hit.per_second",
            hit.rate,
            "1/s",
            "Searches that hit, as who asks sees it.",
        ),
        Figure::new(
            "http.miss.per_second",
            miss.rate,
            "1/s",
            "Searches that find nothing, as who asks sees it.",
        ),
        Figure::new(
            "http.fixed.per_second",
            hit.reference_rate,
            "1/s",
            "Fixed replies of a hit's size, as who asks sees it.",
        ),
        Figure::new(
            "http.hit.p99",
            hit.p99,
            "µs",
            "99 of 100 searches that hit are answered within this with 32 connections that never rest.",
        ),
        Figure::new(
            "http.hit.p99_ratio",
            hit.p99_ratio,
            "ratio",
            "That by the same of the fixed reply, median of the pairs.",
        ),
        Figure::new(
            "http.hit.p50",
            alone,
            "µs",
            "Half of the searches that hit are answered within this, one connection.",
        ),
        Figure::new(
            "http.pairs",
            fewest as f64,
            "pairs",
            "How many pairs the machine did not disturb, in the comparison with the fewest: ratios of less than seven are worth little.",
        ),
    ]
}

/// A request for each of the values.
pub(super) fn searches(
    server: &Server,
    values: impl Iterator<Item = (Kind, String)>,
) -> Vec<Vec<u8>> {
    values
        .map(|(_, value)| {
            let mut target = "/api/v1/iocs/search?q=".to_owned();
            encode_into(&mut target, &value);
            request(server, &target)
        })
        .collect()
}

/// A request for a reply of the mean size of the answers to others, as long
/// as those are in the mean.
fn fixed_reply(
    server: &Server,
    path: &str,
    others: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, BenchError> {
    let mut left = others.len().min(2_000);
    let mut load = Load::connect(server.ready.address, 1)?;
    let round = load.run(others, Pace::Closed, || {
        left = left.saturating_sub(1);
        left > 0
    })?;
    let body = round.bytes as f64 / round.answers();
    let target = format!("{path}?bytes={body:.0}&fill=");
    let length = others.iter().map(Vec::len).sum::<usize>() / others.len();
    let missing = length.saturating_sub(request(server, &target).len());
    Ok(vec![request(server, &(target + &"x".repeat(missing)))])
}

fn request(server: &Server, target: &str) -> Vec<u8> {
    let secret = &server.ready.secret;
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {secret}\r\n\r\n").into_bytes()
}
