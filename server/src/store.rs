//! What the server needs of a store, in domain words.
//!
//! [`ClaimStore`] keeps claims and answers questions about them. The embedded
//! store answers at once; a database behind a socket answers later: hence
//! futures. No method may block for longer than memory and a local disk take.

pub mod embedded;

use std::future::Future;
use std::sync::Arc;

use iocd_core::claim::held::Outcome;
use iocd_core::claim::retained::{Changes, Progress, Transfer};
use iocd_core::claim::{Claim, ClaimId, ClaimIdSet, Source, Status};
use iocd_core::query::{
    Brief, BriefSink, ChangeSink, Containing, Entry, EntrySink, Filter, Following, Listing,
    ManyOptions, Match, Page, Question, Reach, Stats,
};
use iocd_core::questions::Questions;
use iocd_core::related::Ties;
use iocd_core::value::Value;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

/// Statements of one source, heard at one time. A store takes a batch wholly
/// or not at all.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// Who says so. Its description replaces what the store had under its name.
    pub source: &'a Source,
    /// What it says. Claims about one value are merged in order before they
    /// are compared with what the store has: the first of them has the
    /// outcome of the whole; a later one is `Merged` if the whole changed
    /// something and it said more than those before it, else `Unchanged`.
    pub claims: Vec<Claim>,
    /// When the store heard it, in whole seconds. Becomes the `updated_at` of
    /// what changes, unless the store already has a later one: commit times
    /// never decrease.
    pub heard_at: Timestamp,
    /// Whether a claim that no longer holds begins anew: nothing is kept of
    /// what was said before it ended. A feed's repeated statements are one
    /// entry, also across an end; a person who took something back and says it
    /// otherwise means only that.
    pub anew: bool,
}

/// What recording a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// One for each claim of the batch, in order.
    pub outcomes: Vec<Outcome>,
    /// The claims' identities, in the same order.
    pub ids: Vec<ClaimId>,
    /// The store's revision after the batch.
    pub revision: u64,
}

/// Why a claim ends other than by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The source's list no longer has it.
    RemovedBySource,
    /// The source took it back as wrong.
    FalsePositive,
}

impl Removal {
    /// The status of an entry that ended so.
    pub fn status(self) -> Status {
        match self {
            Removal::RemovedBySource => Status::Removed,
            Removal::FalsePositive => Status::FalsePositive,
        }
    }
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries that are not removed, expired by the sweeper or retracted.
    pub active: u64,
    /// All entries that are retained, one for each (value, source).
    pub retained: u64,
    /// Latest revision.
    pub revision: u64,
}

/// What a store takes up, where that can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Bytes on disk that grow with what is stored.
    pub disk: u64,
    /// Bytes on the heap of this process, about.
    pub memory: u64,
}

/// A store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A write did not reach the disk; nothing of it is kept.
    #[error(
        "the claim store could not write: {0}. Nothing of this batch was kept; free space or repair the disk, then repeat it"
    )]
    Write(#[source] std::io::Error),
    /// What is stored does not agree with its checksum.
    #[error("the claim store is damaged: {0}. Restore a backup")]
    Corrupt(String),
    /// The question is about a time of which not everything is kept.
    #[error("history is kept since {since}: ask about that time or a later one")]
    HistoryCompacted {
        /// The earliest time that can be asked about.
        since: Timestamp,
    },
    /// The store has not had this revision, or no longer knows what happened
    /// after it.
    #[error("what happened after revision {0} is not known")]
    UnknownRevision(u64),
    /// The one who asked no longer waits for the answer.
    #[error("the question was given up before it was answered")]
    Abandoned,
    /// The store is not there or is not answering.
    #[error("the claim store is not available: {0}")]
    Unavailable(String),
}

/// Keeps claims, and answers questions about them.
///
/// Rules that every store shares are in `iocd_core`: merging in
/// [`iocd_core::claim::held`], what answers what in
/// [`iocd_core::matching`]. An entry whose `expires_at` has passed is
/// `expired` whether or not [`expire_due`](ClaimStore::expire_due) has run.
pub trait ClaimStore: Send + Sync + 'static {
    /// Takes a batch. When this returns, it is durable and searchable.
    /// Statements that change nothing write nothing and move no revision.
    fn record(&self, batch: Batch<'_>) -> impl Future<Output = Result<Receipt, StoreError>> + Send;

    /// A complete fetch of a snapshot source showed just the claims
    /// `present`: its other active claims end as removed, and those present
    /// count as seen at that time. Answers how many were removed.
    fn retain_present(
        &self,
        source: &Source,
        present: &ClaimIdSet,
        fetched_at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// A complete fetch of a snapshot source showed the very list of the one
    /// before it: its active claims count as seen at that time. What was over
    /// by then stays over.
    fn retain_all(
        &self,
        source: &Source,
        fetched_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends what `source` claims about these values. Answers how many active
    /// claims that were.
    fn remove(
        &self,
        source: &Source,
        values: &[Value],
        reason: Removal,
        at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives every active claim whose time is over a revision as expired;
    /// those of a mirrored source a
    /// [`GRACE`](iocd_core::claim::mirrored::GRACE) later. Answers how many.
    fn expire_due(&self, now: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Judges what is held, and what comes, by these warnings. An entry of
    /// which that changes what lists and filters go by has a new revision, as
    /// has one whose source is described anew under another category or
    /// another `list_non_global`; an expired one is then said and ended again.
    /// Answers how many entries changed. Cheap if the set is the one in force.
    fn assess(
        &self,
        warnings: Arc<WarningSet>,
        at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Tells `sink` every entry that answers the question: active ones first,
    /// then by match distance (nearest first), confidence label (highest
    /// first), newest update, id. Of a cascade the total is exact too, but
    /// pages need not reach further than
    /// [`MAX_DEPTH`](iocd_core::query::MAX_DEPTH).
    fn find<S: EntrySink + Send>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Tells `sink` the entries about values that contain a text, in the order
    /// of [`find`](ClaimStore::find). The total is exact; pages need not reach
    /// further than [`MAX_DEPTH`](iocd_core::query::MAX_DEPTH).
    fn find_containing<S: EntrySink + Send>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Tells `sink` entries that are tied to those of an answer, as [`Ties`]
    /// says: tie by tie, the newest update first within each.
    fn related<S: EntrySink + Send>(
        &self,
        ties: &Ties,
        now: Timestamp,
        sink: &mut S,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Tells `sink` the answer to each of the questions, in order: what
    /// [`find`](ClaimStore::find) would answer. A store that looks many values
    /// up at a time faster than one by one does so here.
    fn find_many<S: BriefSink + Send>(
        &self,
        questions: &Questions,
        options: ManyOptions,
        sink: &mut S,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            for position in 0..questions.len() {
                let readings: Vec<Value> = questions
                    .get(position)
                    .map(|question| question.readings().map(|r| r.value.to_value()).collect())
                    .unwrap_or_default();
                let question = Question {
                    readings: &readings,
                    reach: Reach::Scope,
                    status: options.status,
                    page: Page {
                        offset: 0,
                        limit: options.limit,
                    },
                    now: options.now,
                    as_of: false,
                };
                self.find(&question, &mut InBrief(&mut *sink)).await?;
            }
            Ok(())
        }
    }

    /// Tells `sink` what happened to the entries of a list after a revision,
    /// oldest first, and gives the revision up to which that is all: to go on
    /// from there neither skips nor repeats, whatever is written meanwhile.
    ///
    /// An entry that was added or has changed is told as it is now, at its
    /// last change; one that is due to expire is not told, but its end is when
    /// the sweeper has come by. With `include_removed` an entry that has left
    /// the list is told where it did, whatever came after; and perhaps one that
    /// the caller never had.
    fn follow<S: ChangeSink + Send>(
        &self,
        following: &Following<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// When a revision came, where the store knows.
    fn revised_at(&self, _revision: u64) -> Option<Timestamp> {
        None
    }

    /// A number that is another one once a list narrowed so may be another
    /// than it was, but for scores; `None` where the store cannot tell. The
    /// same time and nothing written between give the same number.
    fn mark(&self, _filter: &Filter, _now: Timestamp) -> Option<u64> {
        None
    }

    /// A number that stands for the meaning of revisions: another one, and
    /// those of before mean nothing any more (a backup was restored).
    fn epoch(&self) -> u64;

    /// Tells `sink` the entries that the filter admits, newest update first.
    /// An entry is listable if no warning withholds its value; one about a
    /// value that is not globally reachable only where its source says so.
    /// Gives the revision of the last entry where the page is full.
    fn list<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        sink: &mut S,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Goes on with a list behind the entry that has this revision: tells
    /// `sink` what comes there, without a total. Quicker than an offset.
    fn list_on<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        behind: u64,
        sink: &mut S,
    ) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Counts what [`list`](ClaimStore::list) gives without a filter, as
    /// [`Stats`] says.
    fn stats(&self, now: Timestamp) -> impl Future<Output = Result<Stats, StoreError>> + Send;

    /// The sources that the store knows, in the order in which they came, with
    /// when a complete fetch last showed the whole list of each.
    fn listed_sources(&self) -> Vec<(Source, Option<Timestamp>)>;

    /// Some of the claims whose last change came after what was told and by
    /// the revision `until`, in the order of that change, `most` of them at
    /// most, each as it is now. Whoever goes on from what was reached, until
    /// no revision is left, has every claim as it is. Fails with
    /// [`StoreError::UnknownRevision`] where that could not be so any more.
    fn changes(
        &self,
        told: Progress,
        until: u64,
        most: usize,
    ) -> impl Future<Output = Result<Changes, StoreError>> + Send;

    /// Describes a source of another server as it is there; its `mirrored_by`
    /// is given. `listed_at` as in [`listed_sources`](ClaimStore::listed_sources).
    fn mirror_source(
        &self,
        source: &Source,
        listed_at: Option<Timestamp>,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Has claims of mirrored sources be as they are at another server, by the
    /// rule of [`iocd_core::claim::mirrored`]. Answers how many changed.
    fn mirror(
        &self,
        claims: Vec<Transfer>,
        at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Counts the claims of a source that hold, but for those `told`.
    fn count_untold(
        &self,
        source: &str,
        told: &ClaimIdSet,
        at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends the active claims of a mirrored source that the other server no
    /// longer has, as removed: all but those `present`. Answers how many.
    fn retain_mirrored(
        &self,
        source: &str,
        present: &ClaimIdSet,
        at: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Why the store takes no writes until it is opened anew, if so. It goes on
    /// answering.
    fn refusal(&self) -> Option<String> {
        None
    }

    /// How much there is. Cheap enough for every request.
    fn counts(&self) -> Counts;

    /// What it takes up, where that can be told in milliseconds.
    fn footprint(&self) -> Option<Footprint> {
        None
    }

    /// The sources that the store knows, in the order in which they came.
    fn sources(&self) -> Vec<Source>;
}

/// Hands entries on in brief.
struct InBrief<'a, S>(&'a mut S);

impl<S: BriefSink> EntrySink for InBrief<'_, S> {
    fn total(&mut self, total: u64) {
        self.0.question(total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.entry(&Brief {
            kind: entry.kind,
            value: entry.value,
            source: entry.source,
            confidence: entry.confidence,
            status: entry.status,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            malware: entry.malware,
            score: entry.score,
            matched: entry.matched.unwrap_or(Match::EXACT),
        });
    }
}
