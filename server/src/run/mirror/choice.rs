//! Which of another server's sources are mirrored: those that this server has
//! of its own are left alone.

use iocd_core::claim::Source;
use iocd_core::feed::Feed;
use jiff::Timestamp;

use crate::feeds::LOCAL;
use crate::ingest::Report;
use crate::run::intake::Intake;
use crate::run::turn::Turn;
use crate::store::ClaimStore;

/// Sources, with when the whole list of each was last shown.
pub(super) type Sources = Vec<(Source, Option<Timestamp>)>;

/// What becomes of a source of the other server.
pub(super) enum Choice {
    /// It is mirrored, and was not known here.
    New,
    /// It is mirrored, as it was before.
    Mine,
    /// It is mirrored, and was by another feed, which is gone.
    Orphan,
    /// It is left alone, for this reason.
    Spared(String),
}

/// A source that the other server told of.
pub(super) struct ToldSource {
    pub(super) source: Source,
    /// When a complete fetch last showed its list, there and as is known here.
    pub(super) listed_at: Option<Timestamp>,
    pub(super) known_at: Option<Timestamp>,
    pub(super) choice: Choice,
}

impl<S: ClaimStore> Intake<'_, S> {
    /// Says of each source what becomes of it; `known` are those that there are
    /// here.
    pub(super) fn choose(
        &self,
        sources: Sources,
        known: &[(Source, Option<Timestamp>)],
    ) -> Vec<ToldSource> {
        let choose = |(source, listed_at): (Source, Option<Timestamp>)| {
            let own = known.iter().find(|(own, _)| own.name == source.name);
            ToldSource {
                choice: self.choice(&source.name, own.map(|(own, _)| own)),
                known_at: own.and_then(|(_, listed_at)| *listed_at),
                source,
                listed_at,
            }
        };
        sources.into_iter().map(choose).collect()
    }

    fn choice(&self, name: &str, own: Option<&Source>) -> Choice {
        let Turn { runner, feed } = self.turn;
        let feeds = &runner.parts().feeds;
        let spared = |why: &str| Choice::Spared(why.to_owned());
        if name == LOCAL {
            return spared("each server's own denied values are its own");
        }
        // A feed that is itself mirrored is not run any more.
        if feeds.get(name).is_some_and(Feed::mirrors) {
            return spared("a feed of this server by which it mirrors another is called so");
        }
        let by = own.map(|own| own.mirrored_by.as_ref());
        if by == Some(None) {
            return spared("this server has it as a source of its own");
        }
        if by == Some(Some(&feed.name)) {
            return Choice::Mine;
        }
        let others = own.and_then(|own| feeds.mirrors_of(std::slice::from_ref(own), name));
        if let Some(by) = others {
            return Choice::Spared(format!("it is mirrored by the feed {by}"));
        }
        if runner.is_scheduled(name) {
            return spared("this server fetches the feed of that name itself");
        }
        if own.is_some() {
            Choice::Orphan
        } else {
            Choice::New
        }
    }

    /// A source that is mirrored from now on, of which more than what is new
    /// has to be told: it was left alone before, or was another feed's.
    pub(super) fn find_missed(&self, sources: &[ToldSource]) -> Option<String> {
        let is_missed = |told: &&ToldSource| match told.choice {
            Choice::Spared(_) => false,
            Choice::Orphan => true,
            Choice::New | Choice::Mine => self.mirror.spared.contains(&told.source.name),
        };
        let missed = sources.iter().find(is_missed);
        missed.map(|told| told.source.name.clone())
    }

    /// Leaves a source alone. The log says so once, a run's report always.
    pub(super) fn spare(&mut self, name: String, why: &str, report: &mut Report) {
        let feed = &self.turn.feed.name;
        let is_first = self.run.documents.is_empty();
        if is_first || !self.mirror.spared.contains(&name) {
            let warning = format!("its source {name} is not mirrored: {why}");
            report.warnings.push(warning);
        }
        if !self.mirror.spared.contains(&name) {
            tracing::warn!(feed, source = name, why, "a source is not mirrored");
            self.mirror.spared.insert(name);
        }
    }
}
