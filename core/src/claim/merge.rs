//! What a source's repeated statements about one value add up to.

use jiff::Timestamp;

use super::{ArticleRef, Claim, MAX_REFERENCES};

/// Tags, techniques, sectors and ports kept per claim: the first in sort
/// order, so that the bound does not depend on the order of arrival.
const MAX_SET: usize = 64;

impl Claim {
    /// Folds a later statement of the same source about the same value into
    /// this one: earliest `first_seen`, latest `last_seen` and `expires_at`,
    /// highest confidence, widest scope, strictest marking, union of tags,
    /// techniques, sectors and ports, references in the order first given;
    /// `context`, `malware` and `raw` of the statement with the later
    /// `last_seen` (of equal ones the greater text), the newest article.
    ///
    /// Saying again what was said changes nothing, in whatever order a feed
    /// lists its rows; two rows that differ only in their context must not
    /// take turns for ever. (Hence `last_seen`, which only grows, and not
    /// `first_seen`, which shrinks as rows are merged.)
    pub fn merge(&mut self, other: &Claim) {
        debug_assert_eq!(self.value, other.value);
        let prefer_other = other.last_seen.cmp(&self.last_seen);
        for (mine, theirs) in [
            (&mut self.context, &other.context),
            (&mut self.malware, &other.malware),
            (&mut self.raw, &other.raw),
        ] {
            if theirs.is_some()
                && (mine.is_none() || prefer_other.then_with(|| theirs.cmp(mine)).is_gt())
            {
                mine.clone_from(theirs);
            }
        }
        merge_article(&mut self.article, other.article.as_ref());
        self.confidence = self.confidence.max(other.confidence);
        self.scope = self.scope.max(other.scope);
        self.first_seen = earliest(self.first_seen, other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.expires_at = self.expires_at.max(other.expires_at);
        self.tlp = self.tlp.max(other.tlp);
        unite(&mut self.tags, &other.tags);
        unite(&mut self.techniques, &other.techniques);
        unite(&mut self.sectors, &other.sectors);
        unite(&mut self.ports, &other.ports);
        for reference in &other.references {
            if self.references.len() >= MAX_REFERENCES {
                break;
            }
            if !self.references.contains(reference) {
                self.references.push(reference.clone());
            }
        }
    }

    /// Puts a claim into the form that equality and merging rely on: sets
    /// sorted, without repetitions, bounded; times in whole seconds of
    /// 1970-2106. Every store does this before it looks at a claim.
    pub fn tidy(&mut self) {
        for time in [
            &mut self.first_seen,
            &mut self.last_seen,
            &mut self.expires_at,
        ] {
            *time = time.map(whole_seconds);
        }
        if let Some(article) = &mut self.article {
            article.published_at = whole_seconds(article.published_at);
        }
        tidy_set(&mut self.tags);
        tidy_set(&mut self.techniques);
        tidy_set(&mut self.sectors);
        tidy_set(&mut self.ports);
        let mut kept = 0;
        for position in 0..self.references.len() {
            if kept == MAX_REFERENCES {
                break;
            }
            if !self.references[..kept].contains(&self.references[position]) {
                self.references.swap(kept, position);
                kept += 1;
            }
        }
        self.references.truncate(kept);
    }
}

/// The time in whole seconds, held to what stores can keep: 1970-01-01
/// 00:00:01 to 2106-02-07.
pub fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().clamp(1, i64::from(u32::MAX)))
        .expect("a 32-bit second is within range")
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn merge_article(mine: &mut Option<ArticleRef>, theirs: Option<&ArticleRef>) {
    let key = |article: &ArticleRef| (article.published_at, article.id.clone());
    if let Some(theirs) = theirs
        && mine.as_ref().is_none_or(|mine| key(theirs) > key(mine))
    {
        *mine = Some(theirs.clone());
    }
}

fn unite<T: Ord + Clone>(mine: &mut Vec<T>, theirs: &[T]) {
    if theirs.iter().any(|item| mine.binary_search(item).is_err()) {
        mine.extend_from_slice(theirs);
        tidy_set(mine);
    }
}

fn tidy_set<T: Ord>(set: &mut Vec<T>) {
    if !set.is_sorted_by(|a, b| a < b) {
        set.sort_unstable();
        set.dedup();
    }
    set.truncate(MAX_SET);
}
