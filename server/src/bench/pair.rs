//! Two loads in turn, so that what a busy machine does to one it does to the
//! other, too.

use std::time::{Duration, Instant};

use super::BenchError;
use super::figure::Samples;
use super::load::{Load, Pace, Round};
use super::server::Server;

/// A pair is disturbed if its reference took more than this of the best one's
/// processor time.
const DISTURBED: f64 = 1.10;

/// One load's round in a pair.
struct Half {
    round: Round,
    /// Processor time of the server for each request, in microseconds.
    cost: f64,
}

/// Medians over the pairs that were not disturbed. "Reference" is what the
/// other load is compared with.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Processor time of the reference by that of the other.
    pub(super) ratio: f64,
    /// 99th percentile of the other by that of the reference.
    pub(super) p99_ratio: f64,
    /// Requests a second.
    pub(super) reference_rate: f64,
    pub(super) rate: f64,
    /// Processor time for each request, in microseconds.
    pub(super) reference_cost: f64,
    pub(super) cost: f64,
    /// 99th percentile in microseconds.
    pub(super) p99: f64,
    /// Pairs that count, and all.
    pub(super) pairs: (usize, usize),
}

/// How many pairs are wanted, how many are tried for them, and how long each
/// half takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    pub(super) wanted: usize,
    pub(super) most: usize,
    pub(super) time: Duration,
}

/// Compares two loads.
pub(super) fn compare(
    server: &Server,
    load: &mut Load,
    [reference, other]: [&[Vec<u8>]; 2],
    effort: Effort,
) -> Result<Comparison, BenchError> {
    let mut pairs: Vec<[Half; 2]> = Vec::new();
    // One to warm up.
    run(server, load, reference, effort.time)?;
    run(server, load, other, effort.time)?;
    while count_undisturbed(&pairs) < effort.wanted && pairs.len() < effort.most {
        // Neither is always the first.
        let pair = if pairs.len().is_multiple_of(2) {
            let first = run(server, load, reference, effort.time)?;
            [first, run(server, load, other, effort.time)?]
        } else {
            let first = run(server, load, other, effort.time)?;
            [run(server, load, reference, effort.time)?, first]
        };
        pairs.push(pair);
    }
    let all = pairs.len();
    let most = best(&pairs) * DISTURBED;
    pairs.retain(|[reference, _]| reference.cost <= most);
    let quantiles: Vec<[f64; 2]> = pairs
        .iter_mut()
        .map(|pair| pair.each_mut().map(|half| half.round.latencies.p99()))
        .collect();
    let median =
        |of: &dyn Fn(&[Half; 2]) -> f64| pairs.iter().map(of).collect::<Samples>().median();
    Ok(Comparison {
        ratio: median(&|[reference, other]| reference.cost / other.cost),
        p99_ratio: quantiles
            .iter()
            .map(|[reference, other]| other / reference)
            .collect::<Samples>()
            .median(),
        reference_rate: median(&|[reference, _]| reference.round.per_second()),
        rate: median(&|[_, other]| other.round.per_second()),
        reference_cost: median(&|[reference, _]| reference.cost),
        cost: median(&|[_, other]| other.cost),
        p99: quantiles
            .iter()
            .map(|[_, other]| *other)
            .collect::<Samples>()
            .median(),
        pairs: (pairs.len(), all),
    })
}

fn run(
    server: &Server,
    load: &mut Load,
    requests: &[Vec<u8>],
    time: Duration,
) -> Result<Half, BenchError> {
    let before = server.processor_time()?;
    let end = Instant::now() + time;
    let round = load.run(requests, Pace::Closed, || Instant::now() < end)?;
    let busy = server.processor_time()?.saturating_sub(before);
    Ok(Half {
        cost: busy.as_secs_f64() * 1e6 / round.answers(),
        round,
    })
}

/// The least processor time that the reference took.
fn best(pairs: &[[Half; 2]]) -> f64 {
    let costs = pairs.iter().map(|[reference, _]| reference.cost);
    costs.fold(f64::INFINITY, f64::min)
}

/// How many pairs the machine did not disturb.
fn count_undisturbed(pairs: &[[Half; 2]]) -> usize {
    let most = best(pairs) * DISTURBED;
    let costs = pairs.iter().map(|[reference, _]| reference.cost);
    costs.filter(|cost| *cost <= most).count()
}
