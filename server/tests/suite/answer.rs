//! What a store told, kept to look at.

use iocd::store::{ClaimStore, StoreError};
use iocd_core::claim::{ArticleRef, Category, ClaimId, Source, Status, Tlp};
use iocd_core::export::json::write_explanation;
use iocd_core::matching::Part;
use iocd_core::query::{
    Brief, BriefSink, Containing, Entry, EntrySink, Filter, Listing, ManyOptions, Match, Page,
    Question, Reach, StatusFilter,
};
use iocd_core::questions::Questions;
use iocd_core::related::Ties;
use iocd_core::score::Explanation;
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use crate::values::at;

/// An answer: its total and the entries of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) total: Option<u64>,
    pub(crate) entries: Vec<Told>,
}

/// An entry as it was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) id: ClaimId,
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) source: Source,
    pub(crate) confidence: u8,
    pub(crate) status: Status,
    pub(crate) first_seen: Option<Timestamp>,
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
    pub(crate) context: Option<String>,
    pub(crate) malware: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) techniques: Vec<String>,
    pub(crate) sectors: Vec<String>,
    pub(crate) ports: Vec<u16>,
    pub(crate) references: Vec<String>,
    pub(crate) tlp: Option<Tlp>,
    pub(crate) article: Option<ArticleRef>,
    pub(crate) warnings: Vec<String>,
    pub(crate) score: u8,
    /// As JSON.
    pub(crate) explanation: String,
    pub(crate) matched: Option<Match>,
}

/// An answer from which the ties of its entries are taken.
#[derive(Default)]
struct Tying(Ties);

impl EntrySink for Tying {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.add(entry);
    }
}

/// What the store tells as related to what is seen of a value at `second`.
pub(crate) async fn related<S: ClaimStore>(store: &S, value: &Value, second: i64) -> Answer {
    let mut tying = Tying::default();
    let question = Question {
        readings: std::slice::from_ref(value),
        reach: Reach::Scope,
        status: StatusFilter::Seen,
        page: ALL,
        now: at(second),
        as_of: false,
    };
    store.find(&question, &mut tying).await.unwrap();
    let mut answer = Answer::default();
    store
        .related(&tying.0, at(second), &mut answer)
        .await
        .unwrap();
    answer
}

impl EntrySink for Answer {
    fn total(&mut self, total: u64) {
        assert!(
            self.total.is_none() && self.entries.is_empty(),
            "the total comes first, and once"
        );
        self.total = Some(total);
    }

    fn wants_explanations(&self) -> bool {
        true
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        assert!(self.total.is_some(), "the total comes first");
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        self.entries.push(Told {
            id: entry.id,
            kind: entry.kind,
            value: entry.value.to_owned(),
            source: entry.source.clone(),
            confidence: entry.confidence,
            status: entry.status,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            expires_at: entry.expires_at,
            updated_at: entry.updated_at,
            context: entry.context.map(str::to_owned),
            malware: entry.malware.map(str::to_owned),
            tags: owned(&entry.tags),
            techniques: owned(&entry.techniques),
            sectors: owned(&entry.sectors),
            ports: entry.ports.clone(),
            references: owned(&entry.references),
            tlp: entry.tlp,
            article: entry.article.clone(),
            warnings: owned(&entry.warnings),
            score: entry.score,
            explanation: entry
                .explanation
                .as_ref()
                .map_or_else(String::new, explained),
            matched: entry.matched,
        });
    }
}

impl Told {
    pub(crate) fn category(&self) -> Category {
        self.source.category
    }
}

fn explained(explanation: &Explanation<'_>) -> String {
    let mut json = Vec::new();
    write_explanation(&mut json, explanation);
    String::from_utf8(json).unwrap()
}

impl Answer {
    /// The entries' values, in order.
    pub(crate) fn values(&self) -> Vec<&str> {
        self.entries
            .iter()
            .map(|entry| entry.value.as_str())
            .collect()
    }

    /// The entries' sources, in order.
    pub(crate) fn sources(&self) -> Vec<&str> {
        self.entries
            .iter()
            .map(|entry| entry.source.name.as_str())
            .collect()
    }
}

/// A page long enough for every test.
pub(crate) const ALL: Page = Page {
    offset: 0,
    limit: 1_000,
};

/// What the store answers to a question at `second`.
pub(crate) async fn find<S: ClaimStore>(
    store: &S,
    readings: &[Value],
    status: StatusFilter,
    page: Page,
    second: i64,
) -> Answer {
    reach(store, Reach::Scope, readings, status, page, second).await
}

/// As [`find`], as far as the question reaches.
pub(crate) async fn reach<S: ClaimStore>(
    store: &S,
    reach: Reach,
    readings: &[Value],
    status: StatusFilter,
    page: Page,
    second: i64,
) -> Answer {
    let mut answer = Answer::default();
    let question = Question {
        readings,
        reach,
        status,
        page,
        now: at(second),
        as_of: false,
    };
    store.find(&question, &mut answer).await.unwrap();
    answer
}

/// What the store answers to a search for a part of values at `second`.
pub(crate) async fn contains<S: ClaimStore>(
    store: &S,
    text: &str,
    kind: Option<Kind>,
    status: StatusFilter,
    page: Page,
    second: i64,
) -> Answer {
    let mut answer = Answer::default();
    let question = Containing {
        part: &Part::read(text).unwrap(),
        kind,
        status,
        page,
        now: at(second),
        as_of: false,
    };
    store.find_containing(&question, &mut answer).await.unwrap();
    answer
}

/// What is seen of a value at `second`.
pub(crate) async fn seen<S: ClaimStore>(store: &S, value: &Value, second: i64) -> Answer {
    find(
        store,
        std::slice::from_ref(value),
        StatusFilter::Seen,
        ALL,
        second,
    )
    .await
}

/// What the store lists at `second`.
pub(crate) async fn list<S: ClaimStore>(
    store: &S,
    filter: &Filter,
    page: Page,
    second: i64,
) -> Answer {
    let now = at(second);
    let listing = Listing {
        filter,
        page,
        now,
        revision: None,
    };
    list_as(store, &listing).await
}

/// A page of a list.
pub(crate) async fn list_as<S: ClaimStore>(store: &S, listing: &Listing<'_>) -> Answer {
    let mut answer = Answer::default();
    store.list(listing, &mut answer).await.unwrap();
    answer
}

/// All that is related to a value, as the store stood at `second`.
pub(crate) async fn seen_as_of<S: ClaimStore>(store: &S, value: &Value, second: i64) -> Answer {
    try_seen_as_of(store, value, second).await.unwrap()
}

/// As [`seen_as_of`], of a store that may not know.
pub(crate) async fn try_seen_as_of<S: ClaimStore>(
    store: &S,
    value: &Value,
    second: i64,
) -> Result<Answer, StoreError> {
    let mut answer = Answer::default();
    let question = Question {
        readings: std::slice::from_ref(value),
        reach: Reach::Cascade,
        status: StatusFilter::Any,
        page: ALL,
        now: at(second),
        as_of: true,
    };
    store.find(&question, &mut answer).await?;
    Ok(answer)
}

/// The answers to many questions, each as its total and its entries in brief.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Briefs(Vec<(u64, Vec<String>)>);

impl BriefSink for Briefs {
    fn question(&mut self, total: u64) {
        self.0.push((total, Vec::new()));
    }

    fn entry(&mut self, entry: &Brief<'_>) {
        let (_, entries) = self.0.last_mut().expect("the total comes first");
        entries.push(format!("{entry:?}"));
    }
}

/// What the store answers to many questions at `second`, checked against what
/// it answers to each of them alone.
pub(crate) async fn find_many<S: ClaimStore>(
    store: &S,
    questions: &Questions,
    status: StatusFilter,
    limit: u32,
    second: i64,
) -> Briefs {
    let options = ManyOptions {
        status,
        limit,
        now: at(second),
    };
    let mut briefs = Briefs::default();
    store
        .find_many(questions, options, &mut briefs)
        .await
        .unwrap();
    assert_eq!(briefs.0.len(), questions.len(), "an answer to each");
    for (question, (total, entries)) in questions.iter().zip(&briefs.0) {
        let readings: Vec<Value> = question.readings().map(|r| r.value.to_value()).collect();
        let page = Page { offset: 0, limit };
        let alone = find(store, &readings, status, page, second).await;
        let in_brief = alone.entries.iter().map(|told| {
            let brief = Brief {
                kind: told.kind,
                value: &told.value,
                source: &told.source,
                confidence: told.confidence,
                status: told.status,
                first_seen: told.first_seen,
                last_seen: told.last_seen,
                malware: told.malware.as_deref(),
                score: told.score,
                matched: told.matched.unwrap(),
            };
            format!("{brief:?}")
        });
        assert_eq!(Some(*total), alone.total, "{}", question.text());
        assert_eq!(
            *entries,
            in_brief.collect::<Vec<_>>(),
            "{}",
            question.text()
        );
    }
    briefs
}
