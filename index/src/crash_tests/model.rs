//! What a store should show: slow, small, and obviously right for this history.

use std::collections::BTreeMap;

use iocd_core::claim::{Extent, Status};

use super::history::{Shown, Sight, Step, source};

#[derive(Clone, Debug)]
struct Claim {
    /// How and when.
    ended: Option<(Status, i64)>,
    confidence: u8,
    heard_at: i64,
}

/// All claims by source and value, and when each list was last seen whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    claims: BTreeMap<(&'static str, &'static str), Claim>,
    listed_at: BTreeMap<&'static str, i64>,
}

impl Model {
    /// Does a step; gives what may be seen after each batch of it, the last
    /// when it is done.
    pub(super) fn perform(&mut self, (second, step): (i64, Step)) -> Vec<Sight> {
        match step {
            Step::Say(source, said) => {
                for &(value, confidence) in said {
                    self.say(source, value, confidence, second);
                }
            }
            Step::Show(source, shown) => return self.show(source, shown, second),
            Step::Withdraw(source, values, status) => {
                self.end((status, second), |source_, value, over| {
                    source == source_ && values.contains(&value) && over > second
                });
            }
            Step::Expire => self.end((Status::Expired, second), |_, _, over| over <= second),
            Step::Compact(_, ended_since) => {
                let is_kept =
                    |claim: &Claim| claim.ended.is_none_or(|(_, at)| Some(at) >= ended_since);
                self.claims.retain(|_, claim| is_kept(claim));
            }
            // Lists say the same with a label or without.
            Step::Assess | Step::Checkpoint | Step::Reopen => {}
        }
        vec![self.sight()]
    }

    fn say(&mut self, source: &'static str, value: &'static str, confidence: u8, second: i64) {
        let over = self.over(source, value);
        let claim = self.claims.entry((source, value)).or_insert(Claim {
            ended: Some((Status::Removed, second)),
            confidence: 0,
            heard_at: second,
        });
        let holds = claim.ended.is_none() && over > second;
        if !holds || confidence > claim.confidence {
            claim.ended = None;
            claim.confidence = claim.confidence.max(confidence);
            claim.heard_at = second;
        }
    }

    fn show(&mut self, source: &'static str, shown: &[&str], second: i64) -> Vec<Sight> {
        self.end((Status::Expired, second), |source_, _, over| {
            source == source_ && over <= second
        });
        let expired = self.sight();
        self.end((Status::Removed, second), |source_, value, _| {
            source == source_ && !shown.contains(&value)
        });
        let removed = self.sight();
        self.listed_at.insert(source, second);
        vec![expired, removed, self.sight()]
    }

    /// Ends the claims that hold and of which `which` says so, by source,
    /// value and when they are over.
    fn end(&mut self, how: (Status, i64), which: impl Fn(&str, &str, i64) -> bool) {
        let before = self.clone();
        for (&(source, value), claim) in &mut self.claims {
            if claim.ended.is_none() && which(source, value, before.over(source, value)) {
                claim.ended = Some(how);
            }
        }
    }

    /// When a claim that holds is over.
    fn over(&self, source: &str, value: &str) -> i64 {
        let shown = self.sight().remove(&(source.to_owned(), value.to_owned()));
        shown.and_then(|shown| shown.expires_at).unwrap_or(i64::MAX)
    }

    /// What a client sees.
    pub(super) fn sight(&self) -> Sight {
        let shown = |(&(name, value), claim): (&(&str, &str), &Claim)| {
            let source = source(name);
            let listed_at = self
                .listed_at
                .get(name)
                .filter(|_| source.extent == Extent::Snapshot && claim.ended.is_none());
            let known_at = claim.heard_at.max(listed_at.copied().unwrap_or(0));
            let shown = Shown {
                status: claim.ended.map_or(Status::Active, |(status, _)| status),
                confidence: claim.confidence,
                expires_at: source
                    .expires_after
                    .map(|after| known_at + i64::from(after)),
            };
            ((name.to_owned(), value.to_owned()), shown)
        };
        self.claims.iter().map(shown).collect()
    }
}
