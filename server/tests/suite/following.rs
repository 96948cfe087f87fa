//! Clients that follow a list, walk through it, or ask about the past while
//! others write.

use std::collections::BTreeMap;

use iocd::store::{ClaimStore, StoreError};
use iocd_core::claim::{Category, ClaimId, Confidence};
use iocd_core::query::{
    ChangeSink, Entry, Filter, Following, Gone, Listing, Page, Reach, StatusFilter,
};
use iocd_core::value::Kind;
use proptest::prelude::*;

use crate::answer::{ALL, Answer, Told, list, list_as, seen_as_of, try_seen_as_of};
use crate::embedded::{begin, compact};
use crate::histories::{
    Step, VALUES, block_on, cases, describe, histories, labels, live_on, perform, sources,
};
use crate::model::Model;
use crate::values::{at, value};

/// What a client knows of an entry that changes only under a revision.
type Known = (String, String, u8, String);

fn known(told: &Told) -> (ClaimId, Known) {
    let known = (
        told.value.clone(),
        told.updated_at.to_string(),
        told.confidence,
        format!("{:?} {:?}", told.tags, told.category()),
    );
    (told.id, known)
}

/// A client with its copy of a list.
struct Client {
    filter: Filter,
    copy: BTreeMap<ClaimId, Known>,
    after: u64,
}

#[derive(Default)]
struct Changes {
    entries: Answer,
    /// In order: an entry by its place among the entries, or the id of one
    /// that has left.
    events: Vec<Result<usize, ClaimId>>,
}

impl ChangeSink for Changes {
    fn total(&mut self, total: u64) {
        iocd_core::query::EntrySink::total(&mut self.entries, total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.events.push(Ok(self.entries.entries.len()));
        iocd_core::query::EntrySink::entry(&mut self.entries, entry);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.events.push(Err(gone.id));
    }
}

impl Client {
    /// Takes in a few pages of what happened; all of it if `pages` is none.
    /// Begins anew where that is no longer known.
    async fn poll<S: ClaimStore>(&mut self, store: &S, second: i64, pages: Option<usize>) {
        let mut polled = 0;
        while pages.is_none_or(|pages| polled < pages) {
            polled += 1;
            let mut changes = Changes::default();
            let following = Following {
                filter: &self.filter,
                after: self.after,
                limit: 2,
                include_removed: true,
                now: at(second),
            };
            let reached = match store.follow(&following, &mut changes).await {
                Err(StoreError::UnknownRevision(_)) => {
                    self.after = store.counts().revision;
                    let list = list(store, &self.filter, ALL, second).await;
                    self.copy = list.entries.iter().map(known).collect();
                    continue;
                }
                reached => reached.unwrap(),
            };
            assert!(reached >= self.after);
            for event in &changes.events {
                match event {
                    Ok(place) => {
                        let (id, known) = known(&changes.entries.entries[*place]);
                        self.copy.insert(id, known);
                    }
                    Err(id) => {
                        self.copy.remove(id);
                    }
                }
            }
            let before = std::mem::replace(&mut self.after, reached);
            if reached == before || reached == store.counts().revision {
                return;
            }
        }
    }
}

fn filters() -> Vec<Filter> {
    let all = Filter::default();
    vec![
        all.clone(),
        Filter {
            kind: Some(Kind::Domain),
            ..all.clone()
        },
        Filter {
            confidence: Some(Confidence::Low),
            ..all.clone()
        },
        Filter {
            category: Some(Category::Government),
            include_warned: true,
            ..all.clone()
        },
        Filter {
            include_expired: true,
            ..all
        },
    ]
    .into_iter()
    .chain(labels())
    .collect()
}

/// Follows lists through a history; in the end every copy is the list. Calls
/// `between` after every step.
async fn follow<S: ClaimStore>(
    name: &str,
    store: &S,
    history: &[Step],
    between: impl Fn(usize, i64),
) {
    let mut clients: Vec<Client> = filters()
        .into_iter()
        .map(|filter| Client {
            filter,
            copy: BTreeMap::new(),
            after: 0,
        })
        .collect();
    let mut now = 0;
    let mut sources = sources();
    for (number, step) in history.iter().enumerate() {
        if let Step::Wait(seconds) = step {
            now += seconds;
            continue;
        }
        describe(&mut sources, step);
        perform(store, step, &sources, now).await;
        between(number, now);
        let client = number % (clients.len() + 1);
        if let Some(client) = clients.get_mut(client) {
            client.poll(store, now, Some(1)).await;
        }
    }
    // What was due is told once the sweeper has been by.
    store.expire_due(at(now)).await.unwrap();
    for client in &mut clients {
        client.poll(store, now, None).await;
        let listing = Listing {
            filter: &client.filter,
            page: ALL,
            now: at(now),
            revision: None,
        };
        let list = list_as(store, &listing).await;
        let list: BTreeMap<ClaimId, Known> = list.entries.iter().map(known).collect();
        assert_eq!(client.copy, list, "{name}: {:?}", client.filter);
    }
}

/// Without what changes the past: descriptions, warning lists, and sightings
/// noted beside a version.
fn is_kept(step: &Step) -> bool {
    !matches!(step, Step::Redescribe { .. } | Step::Assess(_))
}

/// An entry but for what is noted beside versions (sightings, fetches), and
/// follows from it.
fn settled(mut answer: Answer) -> Answer {
    for told in &mut answer.entries {
        told.last_seen = None;
        told.expires_at = None;
        told.score = 0;
        told.explanation.clear();
    }
    answer
}

/// What was answered once is answered again as of then, and lists are walked
/// as they were when the walk began.
/// From the past since a time that `forget` gives; of what was before, the
/// store says that it does not know it, or knows it right.
async fn remember<S: ClaimStore>(store: &S, history: &[Step], forget: impl Fn(i64) -> i64) {
    let mut now = 0;
    let sources = sources();
    let mut answers = Vec::new();
    let mut lists = Vec::new();
    for step in history.iter().filter(|step| is_kept(step)) {
        let Step::Wait(seconds) = step else {
            perform(store, step, &sources, now).await;
            let revision = store.counts().revision;
            for filter in filters() {
                let listing = Listing {
                    filter: &filter,
                    page: ALL,
                    now: at(now),
                    revision: None,
                };
                let answer = list_as(store, &listing).await;
                lists.push((filter, revision, now, settled(answer)));
            }
            continue;
        };
        if *seconds > 0 {
            for text in VALUES {
                let value = value(text);
                let mut answer = Answer::default();
                let question = iocd_core::query::Question {
                    readings: std::slice::from_ref(&value),
                    reach: Reach::Cascade,
                    status: StatusFilter::Any,
                    page: ALL,
                    now: at(now),
                    as_of: false,
                };
                store.find(&question, &mut answer).await.unwrap();
                answers.push((value, now, settled(answer)));
            }
        }
        now += seconds;
    }
    let since = forget(now);
    for (value, second, answer) in answers {
        if second < since {
            let refused = try_seen_as_of(store, &value, second).await;
            let is_so = matches!(refused, Err(StoreError::HistoryCompacted { since: told }) if told == at(since));
            assert!(is_so, "{value:?} as of {second}: {refused:?}");
            continue;
        }
        let again = seen_as_of(store, &value, second).await;
        assert_eq!(settled(again), answer, "{value:?} as of {second}");
    }
    'lists: for (filter, revision, second, answer) in lists {
        let mut walked = Answer::default();
        loop {
            let page = Page {
                offset: walked.entries.len() as u64,
                limit: 3,
            };
            let listing = Listing {
                filter: &filter,
                page,
                now: at(second),
                revision: Some(revision),
            };
            let mut part = Answer::default();
            match store.list(&listing, &mut part).await {
                Err(StoreError::UnknownRevision(_)) if second < since => continue 'lists,
                done => drop(done.unwrap()),
            }
            walked.total = part.total;
            let is_last = part.entries.len() < 3;
            walked.entries.extend(part.entries);
            if is_last {
                break;
            }
        }
        assert_eq!(settled(walked), answer, "{filter:?} at revision {revision}");
    }
}

/// What happened to a list from its beginning on: the entries in order, and
/// what has left it. What ends together ends in any order.
async fn events<S: ClaimStore>(store: &S, filter: &Filter, second: i64) -> (Answer, Vec<ClaimId>) {
    let mut changes = Changes::default();
    let following = Following {
        filter,
        after: 0,
        limit: 10_000,
        include_removed: true,
        now: at(second),
    };
    store.follow(&following, &mut changes).await.unwrap();
    for told in &mut changes.entries.entries {
        // Which changes need not carry.
        told.explanation.clear();
    }
    let mut gone: Vec<_> = changes.events.into_iter().filter_map(Result::err).collect();
    gone.sort_unstable();
    (changes.entries, gone)
}

proptest! {
    #![proptest_config(cases(24))]

    /// Also by score, of which copies cannot be kept.
    #[test]
    fn both_stores_tell_the_same_changes(history in histories(30)) {
        let (embedded, _directory) = crate::embedded::open();
        let model = Model::default();
        block_on(async {
            let mut now = 0;
            live_on(&embedded, &model, &history, &mut now, &mut sources()).await;
            let by_score = |least: u8, include_expired| Filter {
                min_score: Some(least),
                include_expired,
                ..Filter::default()
            };
            let scored = [by_score(20, false), by_score(60, true)];
            for filter in filters().iter().chain(&scored) {
                let in_embedded = events(&embedded, filter, now).await;
                let in_model = events(&model, filter, now).await;
                assert_eq!(in_embedded, in_model, "{filter:?} at {now}");
            }
        });
    }

    #[test]
    fn copies_are_the_list(history in histories(40)) {
        let (embedded, _directory) = crate::embedded::open();
        block_on(follow("embedded", &embedded, &history, |_, _| ()));
        block_on(follow("model", &Model::default(), &history, |_, _| ()));
    }

    /// Some begin anew; others notice nothing.
    #[test]
    fn copies_are_the_list_of_a_store_that_is_compacted(
        history in histories(40),
        percents in prop::collection::vec(prop::option::of(0i64..=100), 40),
    ) {
        let (embedded, _directory) = crate::embedded::open();
        block_on(follow("compacted", &embedded, &history, |number, now| {
            if let Some(percent) = percents[number] {
                compact(&embedded, now * percent / 100);
            }
        }));
    }

    #[test]
    fn the_past_stays_as_it_was(history in histories(30)) {
        let (embedded, _directory) = crate::embedded::open();
        block_on(remember(&embedded, &history, |_| 0));
    }

    #[test]
    fn of_the_past_stays_what_is_kept(history in histories(30), percent in 0i64..=110) {
        let (embedded, _directory) = crate::embedded::open();
        block_on(remember(&embedded, &history, |now| {
            begin(&compact(&embedded, now * percent / 100))
        }));
    }
}
