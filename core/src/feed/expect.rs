//! The contract of a feed: what its documents are like, so that one that is not
//! is looked at by a person before it is believed.

use jiff::{SignedDuration, Timestamp};

use super::Row;
use crate::claim::Claim;
use crate::claim::Extent;
use crate::value::Kind;

mod breach;

pub use breach::Breach;

/// Rows below which the change of a list says nothing, where its feed has no
/// contract.
const FEW_ROWS: u64 = 100;
/// By how much a complete list may shrink, in percent, where its feed has no
/// contract.
const MAX_SHRINKING: u64 = 90;

/// What the documents of a feed are like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Rows, at least and at most.
    pub rows: Option<(u64, u64)>,
    /// By how much the number of rows may change from one document to the
    /// next, in percent: 50 is from half to double.
    pub max_change: Option<u8>,
    /// Share of the types in all claims, in percent.
    pub types: Vec<(Kind, u8)>,
    /// By how many percent of all claims each share may be another.
    pub tolerance: u8,
    /// Refused rows in a hundred, at most.
    pub max_refused: Option<u8>,
    /// Seconds that the newest date of a document may be past.
    pub fresh: Option<u32>,
}

/// What a document is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Data rows.
    pub rows: u64,
    /// Of them, those that were refused.
    pub refused: u64,
    /// Claims by type, in the order of [`Kind::ALL`].
    pub claims: [u64; Kind::ALL.len()],
    /// The newest sighting that a row tells.
    pub newest: Option<Timestamp>,
}

impl Seen {
    /// Takes a row into account.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        match row {
            Row::Claims { claims, .. } => self.add_claims(claims),
            Row::Article {
                article, claims, ..
            } => {
                self.newest = self.newest.max(article.published_at);
                self.add_claims(claims);
            }
            Row::Refused { .. } => self.refused += 1,
            Row::Withdrawn { .. } => {}
        }
    }

    fn add_claims(&mut self, claims: &[Claim]) {
        for claim in claims {
            self.count(claim.value.kind());
            let told = claim.first_seen.max(claim.last_seen);
            self.newest = self.newest.max(told);
        }
    }

    fn count(&mut self, kind: Kind) {
        let place = Kind::ALL.iter().position(|known| *known == kind);
        self.claims[place.expect("every type is in the list")] += 1;
    }

    /// Percent of all claims, rounded to the nearest; 0 where there are none.
    fn share(&self, count: u64) -> u64 {
        let all: u64 = self.claims.iter().sum();
        (count * 100 + all / 2).checked_div(all).unwrap_or(0)
    }

    fn of_kind(&self, kind: Kind) -> u64 {
        let counted = Kind::ALL.iter().zip(self.claims);
        counted
            .filter(|(known, _)| **known == kind)
            .map(|(_, count)| count)
            .sum()
    }
}

impl Expect {
    /// Whether a document keeps the contract. `before`: rows of the last good
    /// one; `changed_at`: when the document was last changed, as its server says.
    pub fn check(
        &self,
        seen: &Seen,
        extent: Extent,
        before: Option<u64>,
        changed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Breach> {
        if let Some((least, most)) = self.rows
            && !(least..=most).contains(&seen.rows)
        {
            return Err(Breach::Rows {
                rows: seen.rows,
                band: (least, most),
            });
        }
        self.check_change(seen.rows, extent, before)?;
        self.check_types(seen)?;
        if let Some(max) = self.max_refused
            && seen.refused * 100 > seen.rows * u64::from(max)
        {
            return Err(Breach::Refused {
                rows: seen.rows,
                refused: seen.refused,
                max,
            });
        }
        self.check_age(seen.newest.or(changed_at), now)
    }

    fn check_change(&self, rows: u64, extent: Extent, before: Option<u64>) -> Result<(), Breach> {
        let Some(before) = before else { return Ok(()) };
        let breach = |max| Err(Breach::Change { rows, before, max });
        match self.max_change.map(u64::from) {
            Some(max) => {
                let left = 100 - max.min(100);
                let shrank = rows * 100 < before * left;
                let grew = rows * left > before * 100;
                if shrank || grew { breach(max) } else { Ok(()) }
            }
            // What a complete list no longer has is removed, all of it.
            None if extent == Extent::Snapshot && self.rows.is_none() => {
                let shrank = rows * 100 < before * (100 - MAX_SHRINKING);
                if before > FEW_ROWS && shrank {
                    breach(MAX_SHRINKING)
                } else {
                    Ok(())
                }
            }
            None => Ok(()),
        }
    }

    fn check_types(&self, seen: &Seen) -> Result<(), Breach> {
        if self.types.is_empty() || seen.claims.iter().all(|count| *count == 0) {
            return Ok(());
        }
        let named = self.types.iter().map(|(kind, expected)| {
            let share = seen.share(seen.of_kind(*kind));
            (Some(*kind), share, u64::from(*expected))
        });
        let is_named = |kind: &Kind| self.types.iter().any(|(named, _)| named == kind);
        let others = Kind::ALL.iter().zip(seen.claims);
        let others = others.filter(|(kind, _)| !is_named(kind));
        let others = seen.share(others.map(|(_, count)| count).sum());
        let sum: u64 = self.types.iter().map(|(_, share)| u64::from(*share)).sum();
        let rest = (None, others, 100_u64.saturating_sub(sum));
        for (kind, share, expected) in named.chain([rest]) {
            if share.abs_diff(expected) > u64::from(self.tolerance) {
                return Err(Breach::Share {
                    kind,
                    share,
                    expected,
                    tolerance: self.tolerance,
                });
            }
        }
        Ok(())
    }

    /// Whether what is as old as that is still fresh.
    pub fn check_age(&self, newest: Option<Timestamp>, now: Timestamp) -> Result<(), Breach> {
        let Some(fresh) = self.fresh else {
            return Ok(());
        };
        let oldest = now
            .checked_sub(SignedDuration::from_secs(i64::from(fresh)))
            .unwrap_or(Timestamp::MIN);
        if newest.is_some_and(|newest| newest >= oldest) {
            return Ok(());
        }
        Err(Breach::Old { newest, fresh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(rows: u64) -> Seen {
        let mut seen = Seen {
            rows,
            ..Seen::default()
        };
        seen.claims[0] = rows;
        seen
    }

    fn now() -> Timestamp {
        Timestamp::from_second(10_000_000).unwrap()
    }

    fn check(expect: &Expect, seen: &Seen, before: Option<u64>) -> Option<String> {
        let checked = expect.check(seen, Extent::Snapshot, before, None, now());
        checked.err().map(|breach| breach.to_string())
    }

    #[test]
    fn a_complete_list_may_not_vanish_by_default() {
        let expect = Expect::default();
        for (before, rows, holds) in [
            (None, 0, true),
            (Some(100), 0, true),
            (Some(101), 0, false),
            (Some(1_000), 99, false),
            (Some(1_000), 100, true),
            (Some(1_000), 100_000, true),
        ] {
            let breach = check(&expect, &seen(rows), before);
            assert_eq!(breach.is_none(), holds, "{before:?} {rows}: {breach:?}");
        }
        let window = expect.check(&seen(0), Extent::Window, Some(5_000), None, now());
        assert_eq!(window, Ok(()), "what left a window is not removed");
    }

    #[test]
    fn bands_and_changes() {
        let expect = Expect {
            rows: Some((10, 1_000)),
            max_change: Some(50),
            ..Expect::default()
        };
        for (before, rows, holds) in [
            (None, 9, false),
            (None, 10, true),
            (None, 1_000, true),
            (None, 1_001, false),
            (Some(100), 50, true),
            (Some(100), 49, false),
            (Some(100), 200, true),
            (Some(100), 201, false),
        ] {
            let breach = check(&expect, &seen(rows), before);
            assert_eq!(breach.is_none(), holds, "{before:?} {rows}: {breach:?}");
        }
    }

    #[test]
    fn the_mix_of_types() {
        let expect = Expect {
            types: vec![(Kind::ALL[0], 90), (Kind::ALL[1], 10)],
            tolerance: 5,
            ..Expect::default()
        };
        let of = |counts: [u64; 3]| {
            let mut seen = seen(counts.iter().sum());
            seen.claims[..3].copy_from_slice(&counts);
            check(&expect, &seen, None)
        };
        assert_eq!(of([90, 10, 0]), None);
        assert_eq!(of([85, 15, 0]), None);
        assert!(of([84, 16, 0]).is_some());
        assert!(of([0, 100, 0]).is_some());
        let others = of([90, 5, 6]).unwrap_or_default();
        assert!(others.contains("of other types"), "{others}");
        assert_eq!(of([0, 0, 0]), None, "no claims, no shares");
    }

    #[test]
    fn refused_rows_and_age() {
        let expect = Expect {
            max_refused: Some(10),
            fresh: Some(86_400),
            ..Expect::default()
        };
        let mut document = seen(100);
        document.refused = 10;
        let old = check(&expect, &document, None).unwrap_or_default();
        assert_eq!(
            old,
            "it has no date, and one of the last 1 days is expected"
        );
        document.newest = now().checked_sub(SignedDuration::from_hours(24)).ok();
        assert_eq!(check(&expect, &document, None), None);
        document.refused = 11;
        assert!(check(&expect, &document, None).is_some());
        document.refused = 0;
        document.newest = now().checked_sub(SignedDuration::from_hours(25)).ok();
        assert!(check(&expect, &document, None).is_some());
        document.newest = None;
        let told = expect.check(&document, Extent::Window, None, Some(now()), now());
        assert_eq!(told, Ok(()), "the server's word stands in");
    }
}
