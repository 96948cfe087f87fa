//! What is measured: figures, and what samples say.

use std::time::Duration;

use serde::Serialize;

/// One measured number.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// `suite.what`, the same in every run.
    pub(crate) name: &'static str,
    /// How much.
    pub(crate) value: f64,
    /// Of what: `1/s`, `ms`, `B`, `ratio`, ….
    pub(crate) unit: &'static str,
    /// How it was taken, in one sentence.
    #[serde(skip)]
    pub(crate) how: &'static str,
}

impl Figure {
    pub(super) fn new(
        name: &'static str,
        value: f64,
        unit: &'static str,
        how: &'static str,
    ) -> Figure {
        Figure {
            name,
            value,
            unit,
            how,
        }
    }
}

/// Numbers of the same kind.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<f64>);

impl Samples {
    /// The smallest that at least this share of the samples does not exceed;
    /// not a number without samples.
    pub(super) fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 ≤ share ≤ 1
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn median(&mut self) -> f64 {
        self.quantile(0.5)
    }

    pub(super) fn p99(&mut self) -> f64 {
        self.quantile(0.99)
    }

    pub(super) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Samples {
        Samples(samples.into_iter().collect())
    }
}

/// A duration in milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let mut samples: Samples = (1..=200).rev().map(f64::from).collect();
        assert_eq!(samples.median().to_bits(), 100.0_f64.to_bits());
        assert_eq!(samples.p99().to_bits(), 198.0_f64.to_bits());
        assert_eq!(samples.quantile(0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(samples.quantile(1.0).to_bits(), 200.0_f64.to_bits());
        assert!(Samples::default().median().is_nan());
    }
}
