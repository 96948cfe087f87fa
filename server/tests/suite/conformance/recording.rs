//! Taking statements in.

use iocd::store::ClaimStore;
use iocd_core::claim::held::Outcome::{Added, Merged, Unchanged};
use iocd_core::claim::{ArticleRef, Category, Claim, Scope, Status, Tlp};
use iocd_core::query::{Filter, Match};

use crate::answer::{ALL, list, seen};
use crate::values::{DAY, at, claim, record, source, subtree, value};

pub(crate) async fn added_merged_unchanged<S: ClaimStore>(store: &S) {
    let feed = source("a");
    assert_eq!(store.counts().revision, 0);
    let first = record(
        store,
        &feed,
        10,
        [claim("evil.example.com"), claim("203.0.113.7")],
    )
    .await;
    assert_eq!(first.outcomes, [Added, Added]);
    assert_eq!(first.revision, store.counts().revision);

    let again = record(
        store,
        &feed,
        20,
        [claim("203.0.113.7"), claim("evil.example.com")],
    )
    .await;
    assert_eq!(again.outcomes, [Unchanged, Unchanged]);
    assert_eq!(again.revision, first.revision);

    let tagged = Claim {
        tags: vec!["worm".into()],
        ..claim("evil.example.com")
    };
    let more = record(store, &feed, 30, [tagged]).await;
    assert_eq!(more.outcomes, [Merged]);
    assert!(more.revision > first.revision);

    let answer = seen(store, &value("evil.example.com"), 40).await;
    assert_eq!(answer.total, Some(1));
    let entry = &answer.entries[0];
    assert_eq!(
        (entry.status, entry.matched),
        (Status::Active, Some(Match::EXACT))
    );
    assert_eq!(entry.tags, ["worm"]);
    assert_eq!(entry.first_seen, Some(at(10)));
    assert_eq!(entry.last_seen, Some(at(30)));
    assert_eq!(entry.updated_at, at(30));
    assert_eq!(entry.source, feed);
    let counts = store.counts();
    assert_eq!((counts.active, counts.retained), (2, 2));
}

pub(crate) async fn merging_keeps_the_most_of_both<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let article = |id: &str, second| ArticleRef {
        id: id.into(),
        title: format!("Title {id}"),
        url: format!("https://example.com/{id}"),
        published_at: at(second),
    };
    let one = Claim {
        confidence: 90,
        first_seen: Some(at(-500)),
        last_seen: Some(at(-300)),
        expires_at: Some(at(50 * DAY)),
        context: Some("older".into()),
        tags: vec!["b".into(), "a".into(), "b".into()],
        techniques: vec!["T1059".into()],
        sectors: vec!["energy".into()],
        ports: vec![443, 80],
        references: vec!["https://example.com/1".into()],
        tlp: Some(Tlp::Green),
        article: Some(article("new", -10)),
        ..claim("evil.example.com")
    };
    let two = Claim {
        confidence: 30,
        scope: Scope::Subtree,
        first_seen: Some(at(-400)),
        last_seen: Some(at(-200)),
        context: Some("newer".into()),
        malware: Some("Worm".into()),
        tags: vec!["c".into()],
        techniques: vec!["T1001".into()],
        ports: vec![8080],
        references: vec![
            "https://example.com/1".into(),
            "https://example.com/0".into(),
        ],
        tlp: Some(Tlp::Amber),
        article: Some(article("old", -20)),
        ..claim("evil.example.com")
    };
    record(store, &feed, 10, [one]).await;
    let receipt = record(store, &feed, 20, [two.clone()]).await;
    assert_eq!(receipt.outcomes, [Merged]);
    let answer = seen(store, &value("evil.example.com"), 30).await;
    let entry = &answer.entries[0];
    assert_eq!(entry.confidence, 90);
    assert_eq!(
        (entry.first_seen, entry.last_seen),
        (Some(at(-500)), Some(at(-200)))
    );
    assert_eq!(entry.expires_at, Some(at(50 * DAY)));
    assert_eq!(entry.context.as_deref(), Some("newer"));
    assert_eq!(entry.malware.as_deref(), Some("Worm"));
    assert_eq!(entry.tags, ["a", "b", "c"]);
    assert_eq!(entry.techniques, ["T1001", "T1059"]);
    assert_eq!(entry.sectors, ["energy"]);
    assert_eq!(entry.ports, [80, 443, 8080]);
    assert_eq!(
        entry.references,
        ["https://example.com/1", "https://example.com/0"]
    );
    assert_eq!(entry.tlp, Some(Tlp::Amber));
    assert_eq!(entry.article, Some(article("new", -10)));
    // The wider scope counts too.
    assert_eq!(
        seen(store, &value("deep.evil.example.com"), 30).await.total,
        Some(1)
    );
    assert_eq!(record(store, &feed, 40, [two]).await.outcomes, [Unchanged]);
}

pub(crate) async fn one_batch_may_repeat_itself<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let port = |port| Claim {
        ports: vec![port],
        ..claim("203.0.113.7")
    };
    let receipt = record(
        store,
        &feed,
        10,
        [port(80), claim("203.0.113.8"), port(443), port(80)],
    )
    .await;
    assert_eq!(receipt.outcomes, [Added, Added, Merged, Unchanged]);
    let answer = seen(store, &value("203.0.113.7"), 20).await;
    assert_eq!(
        (answer.total, answer.entries[0].ports.as_slice()),
        (Some(1), &[80, 443][..])
    );
    let again = record(store, &feed, 20, [port(443), port(80)]).await;
    assert_eq!(again.revision, receipt.revision);
    assert_eq!(store.counts().retained, 2);
}

pub(crate) async fn order_of_rows_does_not_matter<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let said = |context: &str, second| Claim {
        context: Some(context.into()),
        last_seen: Some(at(second)),
        ..claim("evil.example.com")
    };
    let first = record(store, &feed, 10, [said("x", -5), said("y", -5)]).await;
    let shuffled = record(store, &feed, 20, [said("y", -5), said("x", -5)]).await;
    assert_eq!(shuffled.revision, first.revision);
    assert_eq!(
        seen(store, &value("evil.example.com"), 30).await.entries[0]
            .context
            .as_deref(),
        Some("y")
    );
}

pub(crate) async fn soft_news_makes_a_revision_only_after_a_day<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let sighted = |second| Claim {
        last_seen: Some(at(second)),
        ..claim("evil.example.com")
    };
    let first = record(store, &feed, 10, [sighted(0)]).await;
    let touched = record(store, &feed, 20, [sighted(DAY - 1)]).await;
    assert_eq!(
        (&touched.outcomes[..], touched.revision),
        (&[Unchanged][..], first.revision)
    );
    // What moved is told all the same.
    let entry = seen(store, &value("evil.example.com"), 30)
        .await
        .entries
        .remove(0);
    assert_eq!(
        (entry.last_seen, entry.updated_at),
        (Some(at(DAY - 1)), at(10))
    );
    // An older sighting takes nothing back.
    record(store, &feed, 30, [sighted(5)]).await;
    let entry = seen(store, &value("evil.example.com"), 40)
        .await
        .entries
        .remove(0);
    assert_eq!(entry.last_seen, Some(at(DAY - 1)));

    let moved = record(store, &feed, 40, [sighted(DAY)]).await;
    assert_eq!(moved.outcomes, [Merged]);
    assert!(moved.revision > first.revision);
    let entry = seen(store, &value("evil.example.com"), 50)
        .await
        .entries
        .remove(0);
    assert_eq!((entry.last_seen, entry.updated_at), (Some(at(DAY)), at(40)));
}

pub(crate) async fn another_source_is_another_entry<S: ClaimStore>(store: &S) {
    record(store, &source("a"), 10, [claim("evil.example.com")]).await;
    let receipt = record(store, &source("b"), 20, [claim("evil.example.com")]).await;
    assert_eq!(receipt.outcomes, [Added]);
    let answer = seen(store, &value("evil.example.com"), 30).await;
    assert_eq!(answer.total, Some(2));
    assert_eq!(answer.sources(), ["b", "a"]);
    assert_ne!(answer.entries[0].id, answer.entries[1].id);
}

pub(crate) async fn a_new_description_counts_for_all_entries<S: ClaimStore>(store: &S) {
    let mut feed = source("a");
    record(store, &feed, 10, [claim("evil.example.com")]).await;
    feed.title = "Renamed".into();
    feed.category = Category::Government;
    let receipt = record(store, &feed, 20, []).await;
    assert!(receipt.outcomes.is_empty());
    let answer = seen(store, &value("evil.example.com"), 30).await;
    assert_eq!(answer.entries[0].source, feed);
    let only = |category| Filter {
        category: Some(category),
        ..Filter::default()
    };
    assert_eq!(
        list(store, &only(Category::Government), ALL, 30)
            .await
            .total,
        Some(1)
    );
    assert_eq!(
        list(store, &only(Category::Community), ALL, 30).await.total,
        Some(0)
    );
    assert_eq!(store.sources(), [feed]);
}

pub(crate) async fn an_empty_batch_names_its_source<S: ClaimStore>(store: &S) {
    record(store, &source("b"), 10, []).await;
    record(store, &source("a"), 20, []).await;
    let names: Vec<String> = store
        .sources()
        .into_iter()
        .map(|source| source.name)
        .collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(store.counts().retained, 0);
}

pub(crate) async fn long_and_odd_texts_survive<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let odd = "\u{0}\u{1f}\"\\ü💀\u{202e}";
    let told = Claim {
        context: Some(odd.repeat(2_000)),
        malware: Some(odd.into()),
        tags: (0..64).map(|number| format!("{number:03}{odd}")).collect(),
        references: (0..40)
            .map(|number| format!("https://example.com/{number}"))
            .collect(),
        ..subtree("evil.example.com")
    };
    record(store, &feed, 10, [told.clone()]).await;
    let entry = seen(store, &value("evil.example.com"), 20)
        .await
        .entries
        .remove(0);
    assert_eq!(entry.context, told.context);
    assert_eq!(entry.malware, told.malware);
    assert_eq!(entry.tags, told.tags);
    assert_eq!(entry.references, told.references[..16]);
}
