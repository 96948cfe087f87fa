use super::*;
use crate::articles::tests::{at, source};

const HOUR: i64 = 3600;

fn article(number: i64) -> Article {
    Article {
        id: format!("id-{number}"),
        title: format!("Title {number}"),
        published_at: Some(at(number)),
        ..Article::default()
    }
}

fn wanted(number: i64, text: &str) -> Wanted {
    let mut item = Item {
        title: format!("Title {number}"),
        link: format!("https://example.com/{number}"),
        ..Item::default()
    };
    item.summary.text = text.to_owned();
    Wanted {
        article: format!("id-{number}"),
        item,
    }
}

/// A store with three articles that wait for their pages.
fn waiting() -> Articles {
    let store = Articles::in_memory().unwrap();
    let articles: Vec<_> = (1..=3).map(article).collect();
    store.record(&source(), &articles, at(0)).unwrap();
    let all: Vec<_> = (1..=3).map(|number| wanted(number, "short")).collect();
    store.want_pages(&source(), &all, 7, at(0)).unwrap();
    store
}

fn due(store: &Articles, second: i64) -> Vec<String> {
    let due = store.due_pages("news", 9, at(second)).unwrap();
    due.into_iter().map(|page| page.wanted.article).collect()
}

fn want(store: &Articles, text: &str, epoch: u64, second: i64) {
    let wanted = [wanted(1, text)];
    store
        .want_pages(&source(), &wanted, epoch, at(second))
        .unwrap();
}

/// Reads the page of the first article.
fn read_first(store: &Articles) {
    let page = DuePage {
        wanted: wanted(1, "short"),
        attempts: 0,
    };
    let read = store.record_page(&source(), &page, &article(1), 7, at(0));
    read.unwrap();
}

#[test]
fn the_newest_come_first_and_what_was_read_is_done() {
    let store = waiting();
    assert_eq!(due(&store, 0), ["id-3", "id-2", "id-1"]);
    assert_eq!(store.due_pages("news", 2, at(0)).unwrap().len(), 2);
    assert!(store.due_pages("others", 2, at(0)).unwrap().is_empty());
    let page = &store.due_pages("news", 1, at(0)).unwrap()[0];
    assert_eq!(page.wanted, wanted(3, "short"));
    let whole = Article {
        summary: "More.".to_owned(),
        ..article(3)
    };
    store
        .record_page(&source(), page, &whole, 7, at(1))
        .unwrap();
    assert_eq!(due(&store, 9), ["id-2", "id-1"]);
    assert_eq!(store.get("id-3").unwrap().unwrap().summary, "More.");
    let read = PageState::Read { epoch: 7 };
    assert_eq!(store.page_state("id-3").unwrap(), read);
    assert_eq!(store.page_state("id-1").unwrap(), PageState::Unread);
    store.archive_old(SignedDuration::ZERO, at(9)).unwrap();
    assert!(due(&store, 9).is_empty(), "nobody reads what is archived");
}

#[test]
fn pages_that_fail_are_given_up_in_the_end() {
    let store = waiting();
    let mut now = 0;
    for (pause, again) in [(1, true), (4, true), (16, true), (64, false)] {
        let pages = store.due_pages("news", 9, at(now)).unwrap();
        let page = pages.iter().find(|page| page.wanted.article == "id-1");
        let tried_again = store.page_failed(page.unwrap(), 7, at(now)).unwrap();
        assert_eq!(tried_again, again);
        // An item that changes meanwhile is tried no more often.
        want(&store, &format!("other {pause}"), 7, now);
        let is_due = |second| due(&store, second).contains(&"id-1".to_owned());
        if again {
            assert!(!is_due(now + pause * HOUR - 1));
            assert!(is_due(now + pause * HOUR));
        } else {
            assert!(!is_due(now + 23 * HOUR));
        }
        now += pause * HOUR;
    }
}

#[test]
fn what_was_given_up_is_wanted_again_only_where_it_changed() {
    let store = waiting();
    for _ in 0..4 {
        let pages = store.due_pages("news", 9, at(99 * HOUR)).unwrap();
        let page = pages.iter().find(|page| page.wanted.article == "id-1");
        store.page_failed(page.unwrap(), 7, at(0)).unwrap();
    }
    want(&store, "short", 7, 48 * HOUR);
    assert_eq!(due(&store, 99 * HOUR), ["id-3", "id-2"]);
    want(&store, "longer", 7, 48 * HOUR);
    assert_eq!(due(&store, 48 * HOUR).len(), 3);
    let pages = store.due_pages("news", 9, at(48 * HOUR)).unwrap();
    assert_eq!(pages[2].attempts, 0);
}

#[test]
fn what_was_read_is_read_again_a_day_later_or_for_another_store() {
    let store = waiting();
    read_first(&store);
    want(&store, "short", 7, HOUR);
    assert_eq!(due(&store, 99 * HOUR), ["id-3", "id-2"]);
    want(&store, "longer", 7, HOUR);
    assert_eq!(due(&store, 24 * HOUR - 1).len(), 2);
    assert_eq!(due(&store, 24 * HOUR).len(), 3);
    // Until then, the article is what the page said.
    let read = PageState::Read { epoch: 7 };
    assert_eq!(store.page_state("id-1").unwrap(), read);
    read_first(&store);
    want(&store, "longer", 8, HOUR);
    assert_eq!(due(&store, HOUR).len(), 3);
    for _ in 0..4 {
        let page = store.due_pages("news", 9, at(99 * HOUR)).unwrap().remove(2);
        store.page_failed(&page, 8, at(HOUR)).unwrap();
    }
    // That store has nothing but what the feed says, and so it stays.
    assert_eq!(store.page_state("id-1").unwrap(), PageState::Unread);
    want(&store, "longer", 8, 99 * HOUR);
    assert_eq!(due(&store, 99 * HOUR).len(), 2);
}

#[test]
fn not_everything_waits() {
    let store = Articles::in_memory().unwrap();
    let articles: Vec<_> = (0..600).map(article).collect();
    store.record(&source(), &articles, at(0)).unwrap();
    let all: Vec<_> = (0..600).map(|number| wanted(number, "short")).collect();
    store.want_pages(&source(), &all, 7, at(0)).unwrap();
    let huge = wanted(1, &"<br>".repeat(MAX_ITEM));
    store.want_pages(&source(), &[huge], 7, at(0)).unwrap();
    let pages = store.due_pages("news", 900, at(0)).unwrap();
    assert_eq!(pages.len(), 500);
    assert_eq!(pages[499].wanted.article, "id-100");
    // A server that asks for patience is left alone.
    store.postpone_pages("news", at(HOUR)).unwrap();
    assert!(due(&store, HOUR - 1).is_empty());
    assert_eq!(due(&store, HOUR).len(), 9);
}
