//! What is known of a value as a whole: warnings about it, and its score.

use iocd_core::query::StatusFilter;
use iocd_core::score::{Caution, Evidence, Explanation, Tally};
use iocd_core::value::ValueRef;
use iocd_core::warning::{ALLOWED, Judgement, NON_GLOBAL};

use crate::error::IndexError;
use crate::read::Shown;
use crate::record::ClaimRecord;
use crate::state::State;
use crate::time::timestamp;

/// How entries are told.
#[derive(Clone, Copy)]
pub(crate) struct Telling {
    /// The time of the question, in Unix seconds.
    pub(crate) now: u32,
    /// With every term of the score.
    pub(crate) explained: bool,
}

/// What speaks about a value besides its claims.
pub(crate) struct Warnings<'a> {
    pub(crate) names: Vec<&'a str>,
    caution: Caution,
}

impl State {
    /// The warnings about the value of a claim.
    pub(crate) fn warnings(&self, claim: &ClaimRecord<'_>, shown: &Shown) -> Warnings<'_> {
        let mut names = Vec::new();
        let mut caution = Caution::None;
        if claim.non_global {
            names.push(NON_GLOBAL);
        }
        // What is over is not judged again when the lists change.
        if claim.judgement != Judgement::Clear || shown.is_ended() {
            self.warnings.visit(claim.value_ref(), &mut |warning| {
                names.push(warning.name);
                if warning.withholds {
                    caution = caution.max(Caution::Withheld);
                }
                if warning.name == ALLOWED {
                    caution = Caution::Allowed;
                }
            });
        }
        Warnings { names, caution }
    }

    /// The score of the value of the claim that is shown, and its terms where
    /// they are wanted.
    pub(crate) fn score<'a>(
        &'a self,
        shown: &Shown,
        claim: &ClaimRecord<'a>,
        warnings: &Warnings<'_>,
        telling: Telling,
    ) -> Result<(u8, Option<Explanation<'a>>), IndexError> {
        let now = timestamp(telling.now);
        let ValueRef { kind, text } = claim.value_ref();
        let newest = match shown.newest {
            None => self.newest(self.hash(kind, text), kind, text)?,
            newest => newest,
        };
        let mut tally = Tally::new(kind, now);
        let mut terms = Vec::new();
        let mut failure = Ok(());
        let mut caution = warnings.caution;
        let mut is_expected = false;
        self.visit_claims(newest, StatusFilter::Any, telling.now, |other| {
            let record;
            let said = if other.slot == shown.slot {
                claim
            } else {
                match self.claim(other.slot) {
                    Ok(claim) => {
                        record = claim;
                        &record
                    }
                    Err(error) => {
                        failure = Err(error);
                        return;
                    }
                }
            };
            let source = &self.sources[said.source as usize].source;
            is_expected |= source.list_non_global;
            let evidence = Evidence {
                source,
                confidence: said.confidence,
                status: other.status,
                last_seen: timestamp(self.last_seen(other.slot, said, other.status)),
            };
            tally.add(evidence);
            if telling.explained {
                terms.push(evidence);
            }
        });
        failure?;
        if claim.non_global && !is_expected {
            caution = caution.max(Caution::Withheld);
        }
        let explanation = telling
            .explained
            .then(|| Explanation::new(kind, terms, caution, now));
        Ok((tally.score(caution), explanation))
    }
}
