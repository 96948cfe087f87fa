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
    ///
    /// Gives whether that said more than this claim did.
    pub fn merge(&mut self, other: &Claim) -> bool {
        let says_more = self.absorb(other);
        // Last, for by it is decided whose words count.
        raise(&mut self.last_seen, other.last_seen) | says_more
    }

    /// As [`Claim::merge`], but for `last_seen`, which stays as it is.
    pub(super) fn absorb(&mut self, other: &Claim) -> bool {
        debug_assert_eq!(self.value, other.value);
        let mut says_more = false;
        let prefer_other = other.last_seen.cmp(&self.last_seen);
        for (mine, theirs) in [
            (&mut self.context, &other.context),
            (&mut self.malware, &other.malware),
            (&mut self.raw, &other.raw),
        ] {
            if theirs.is_some()
                && theirs != mine
                && (mine.is_none() || prefer_other.then_with(|| theirs.cmp(mine)).is_gt())
            {
                mine.clone_from(theirs);
                says_more = true;
            }
        }
        says_more |= merge_article(&mut self.article, other.article.as_ref());
        says_more |= raise(&mut self.confidence, other.confidence);
        says_more |= raise(&mut self.scope, other.scope);
        let first_seen = earliest(self.first_seen, other.first_seen);
        says_more |= std::mem::replace(&mut self.first_seen, first_seen) != first_seen;
        says_more |= raise(&mut self.expires_at, other.expires_at);
        says_more |= raise(&mut self.tlp, other.tlp);
        says_more |= unite(&mut self.tags, &other.tags);
        says_more |= unite(&mut self.techniques, &other.techniques);
        says_more |= unite(&mut self.sectors, &other.sectors);
        says_more |= unite(&mut self.ports, &other.ports);
        for reference in &other.references {
            if self.references.len() >= MAX_REFERENCES {
                break;
            }
            if !self.references.contains(reference) {
                self.references.push(reference.clone());
                says_more = true;
            }
        }
        says_more
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

    /// Dates the first sighting of what a store first hears at `heard_at`: a
    /// source that tells only of a later sighting had seen it by then. Nothing
    /// is first seen after it was last seen.
    pub fn date_first_sighting(&mut self, heard_at: Timestamp) {
        if self.first_seen.is_none() {
            self.first_seen = self.last_seen.filter(|&seen| seen < heard_at);
        }
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

/// Takes the greater one; gives whether that is not what there was.
fn raise<T: Ord>(mine: &mut T, theirs: T) -> bool {
    let is_more = theirs > *mine;
    if is_more {
        *mine = theirs;
    }
    is_more
}

fn merge_article(mine: &mut Option<ArticleRef>, theirs: Option<&ArticleRef>) -> bool {
    fn key(article: &ArticleRef) -> (Timestamp, &str) {
        (article.published_at, &article.id)
    }
    let newer = theirs.filter(|theirs| mine.as_ref().is_none_or(|mine| key(theirs) > key(mine)));
    if let Some(newer) = newer {
        *mine = Some(newer.clone());
    }
    newer.is_some()
}

fn unite<T: Ord + Clone>(mine: &mut Vec<T>, theirs: &[T]) -> bool {
    // Of a set that is full, the last makes room.
    let has_room = |item: &T| mine.len() < MAX_SET || mine.last() > Some(item);
    let is_new = |item: &T| mine.binary_search(item).is_err() && has_room(item);
    let says_more = theirs.iter().any(is_new);
    if says_more {
        mine.extend_from_slice(theirs);
        tidy_set(mine);
    }
    says_more
}

fn tidy_set<T: Ord>(set: &mut Vec<T>) {
    if !set.is_sorted_by(|a, b| a < b) {
        set.sort_unstable();
        set.dedup();
    }
    set.truncate(MAX_SET);
}
