//! Tiers: what a key may ask for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use iocd_core::export::Format;
use serde::Deserialize;

use super::ConfigError;
use crate::limit::Limits;

/// Name of the smallest shipped tier.
pub const FREE: &str = "free";
/// Name of the shipped tier that has every format.
pub const PRO: &str = "pro";
/// Name of the shipped tier for an operator's own machines.
pub const UNLIMITED: &str = "unlimited";

/// Values that any tier may send in one bulk request.
const MAX_VALUES: u32 = 100_000;

/// One tier in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Its place among the tiers: a higher one includes the lower ones.
    pub rank: u32,
    /// Rate limits of each key.
    pub limits: Limits,
    /// Results in one answer at most.
    pub results: u32,
    /// Values in one bulk request at most.
    pub values: u32,
    /// How far back lists and exports go, in days; `None`: all the way.
    pub lookback_days: Option<u32>,
    /// How far back articles go, in days; `None`: all the way.
    pub article_lookback_days: Option<u32>,
    /// Which formats lists and exports may have.
    pub formats: Formats,
    /// Keys that are not revoked, per account; `None`: as many as one likes.
    pub keys: Option<u32>,
}

/// Formats of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Formats {
    /// json and csv.
    Basic,
    /// All.
    All,
}

impl Formats {
    /// Whether answers may be written so.
    pub fn admit(self, format: Format) -> bool {
        self == Formats::All || format != Format::Txt
    }
}

/// A tier as the configuration writes it. In numbers, 0 means "no limit".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenTier {
    /// See [`Tier::rank`]; free is 10, pro 20, unlimited 30.
    pub rank: Option<u32>,
    /// Requests in 60 seconds.
    pub requests_per_minute: Option<u32>,
    /// Requests in 24 hours.
    pub requests_per_day: Option<u32>,
    /// Results in one answer; 0 is not allowed here.
    pub results_per_request: Option<u32>,
    /// Values in one bulk request; 0, or what a tier of one's own does not
    /// say, is 100,000, which no tier exceeds.
    pub values_per_request: Option<u32>,
    /// Days that lists and exports go back.
    pub lookback_days: Option<u32>,
    /// Days that articles go back.
    pub article_lookback_days: Option<u32>,
    /// `basic` or `all`.
    pub formats: Option<Formats>,
    /// Keys per account.
    pub keys_per_account: Option<u32>,
}

impl WrittenTier {
    pub(super) fn overridden_by(self, other: WrittenTier) -> WrittenTier {
        WrittenTier {
            rank: other.rank.or(self.rank),
            requests_per_minute: other.requests_per_minute.or(self.requests_per_minute),
            requests_per_day: other.requests_per_day.or(self.requests_per_day),
            results_per_request: other.results_per_request.or(self.results_per_request),
            values_per_request: other.values_per_request.or(self.values_per_request),
            lookback_days: other.lookback_days.or(self.lookback_days),
            article_lookback_days: other.article_lookback_days.or(self.article_lookback_days),
            formats: other.formats.or(self.formats),
            keys_per_account: other.keys_per_account.or(self.keys_per_account),
        }
    }

    fn resolve(self, name: &str) -> Result<Tier, ConfigError> {
        let lacks = |missing| {
            move || ConfigError::IncompleteTier {
                tier: name.to_owned(),
                missing,
            }
        };
        let results = self
            .results_per_request
            .ok_or_else(lacks("results_per_request"))?;
        if results == 0 {
            return Err(ConfigError::Value {
                key: format!("tiers.{name}.results_per_request"),
                given: "0".into(),
                expected: "a number of at least 1".into(),
            });
        }
        let bound = |value: u32| (value > 0).then_some(value);
        Ok(Tier {
            name: name.to_owned(),
            rank: self.rank.ok_or_else(lacks("rank"))?,
            limits: Limits {
                per_minute: bound(
                    self.requests_per_minute
                        .ok_or_else(lacks("requests_per_minute"))?,
                ),
                per_day: bound(
                    self.requests_per_day
                        .ok_or_else(lacks("requests_per_day"))?,
                ),
            },
            results,
            values: self
                .values_per_request
                .and_then(bound)
                .map_or(MAX_VALUES, |values| values.min(MAX_VALUES)),
            lookback_days: bound(self.lookback_days.ok_or_else(lacks("lookback_days"))?),
            article_lookback_days: bound(
                self.article_lookback_days
                    .ok_or_else(lacks("article_lookback_days"))?,
            ),
            formats: self.formats.ok_or_else(lacks("formats"))?,
            keys: bound(
                self.keys_per_account
                    .ok_or_else(lacks("keys_per_account"))?,
            ),
        })
    }
}

impl From<&Tier> for WrittenTier {
    fn from(tier: &Tier) -> Self {
        WrittenTier {
            rank: Some(tier.rank),
            requests_per_minute: Some(tier.limits.per_minute.unwrap_or(0)),
            requests_per_day: Some(tier.limits.per_day.unwrap_or(0)),
            results_per_request: Some(tier.results),
            values_per_request: Some(tier.values),
            lookback_days: Some(tier.lookback_days.unwrap_or(0)),
            article_lookback_days: Some(tier.article_lookback_days.unwrap_or(0)),
            formats: Some(tier.formats),
            keys_per_account: Some(tier.keys.unwrap_or(0)),
        }
    }
}

/// Every tier by name. The shipped three are always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiers(BTreeMap<String, Arc<Tier>>);

impl Tiers {
    /// The tier of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Tier>> {
        self.0.get(name)
    }

    /// The smallest tier.
    pub fn lowest(&self) -> &Arc<Tier> {
        self.iter()
            .next()
            .expect("the shipped tiers are always there")
    }

    /// Every tier, smallest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Tier>> {
        let mut tiers: Vec<_> = self.0.values().collect();
        tiers.sort_by_key(|tier| tier.rank);
        tiers.into_iter()
    }

    pub(super) fn apply(
        &mut self,
        written: BTreeMap<String, WrittenTier>,
    ) -> Result<(), ConfigError> {
        for (name, tier) in written {
            let known = self
                .0
                .get(&name)
                .map_or_else(WrittenTier::default, |tier| (&**tier).into());
            let tier = known.overridden_by(tier).resolve(&name)?;
            self.0.insert(name, Arc::new(tier));
        }
        Ok(())
    }

    pub(super) fn write_toml(&self, out: &mut String) {
        for tier in self.iter() {
            let written = WrittenTier::from(&**tier);
            let name = toml::Value::String(tier.name.clone());
            let formats = match tier.formats {
                Formats::Basic => "basic",
                Formats::All => "all",
            };
            write!(out, "\n[tiers.{name}]\nformats = \"{formats}\"\n")
                .expect("writing to a String cannot fail");
            for (key, value) in [
                ("rank", written.rank),
                ("requests_per_minute", written.requests_per_minute),
                ("requests_per_day", written.requests_per_day),
                ("results_per_request", written.results_per_request),
                ("values_per_request", written.values_per_request),
                ("lookback_days", written.lookback_days),
                ("article_lookback_days", written.article_lookback_days),
                ("keys_per_account", written.keys_per_account),
            ] {
                writeln!(out, "{key} = {}", value.unwrap_or(0))
                    .expect("writing to a String cannot fail");
            }
        }
    }
}

impl Default for Tiers {
    /// The shipped tiers.
    fn default() -> Self {
        let tiers = [
            Tier {
                name: FREE.into(),
                rank: 10,
                limits: Limits {
                    per_minute: Some(10),
                    per_day: Some(1_000),
                },
                results: 100,
                values: 1_000,
                lookback_days: Some(1),
                article_lookback_days: Some(7),
                formats: Formats::Basic,
                keys: Some(3),
            },
            Tier {
                name: PRO.into(),
                rank: 20,
                limits: Limits {
                    per_minute: Some(1_000),
                    per_day: Some(1_000_000),
                },
                results: 10_000,
                values: MAX_VALUES,
                lookback_days: Some(365),
                article_lookback_days: Some(365),
                formats: Formats::All,
                keys: Some(50),
            },
            Tier {
                name: UNLIMITED.into(),
                rank: 30,
                limits: Limits::default(),
                // Not without any bound: a page by score is held in memory whole.
                results: 100_000,
                values: MAX_VALUES,
                lookback_days: None,
                article_lookback_days: None,
                formats: Formats::All,
                keys: None,
            },
        ];
        Tiers(
            tiers
                .into_iter()
                .map(|tier| (tier.name.clone(), Arc::new(tier)))
                .collect(),
        )
    }
}
