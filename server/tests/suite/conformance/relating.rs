//! What else belongs to an answer.

use iocd::store::ClaimStore;
use iocd_core::claim::{ArticleRef, Claim, ClaimIdSet};
use iocd_core::related::MAX_RELATED;

use crate::answer::related;
use crate::values::{at, claim, record, source, value};

async fn told<S: ClaimStore>(store: &S, text: &str) -> Vec<String> {
    let answer = related(store, &value(text), 50).await;
    assert_eq!(answer.total, Some(answer.entries.len() as u64));
    let entries = answer.entries.iter();
    entries
        .map(|entry| format!("{} {}", entry.value, entry.matched.unwrap().kind.as_str()))
        .collect()
}

fn of_family(text: &str, name: &str) -> Claim {
    Claim {
        malware: Some(name.to_owned()),
        ..claim(text)
    }
}

pub(crate) async fn article_file_malware_campaign_in_that_order<S: ClaimStore>(store: &S) {
    let [md5, sha256] = [("a", 32), ("b", 64)].map(|(digit, length)| digit.repeat(length));
    let article = ArticleRef {
        id: "7".into(),
        title: "Worm".into(),
        url: "https://example.com/7".into(),
        published_at: at(0),
    };
    let of_article = |text| Claim {
        article: Some(article.clone()),
        ..claim(text)
    };
    let of_campaign = |text| Claim {
        tags: vec!["campaign:spring".into(), "worm".into()],
        ..claim(text)
    };
    let asked = Claim {
        context: Some(format!("Malware sample, MD5 {md5}, SHA-256 {sha256}")),
        malware: Some("Worm".into()),
        tags: vec!["Campaign:Spring".into(), "worm".into()],
        ..of_article(&md5)
    };
    let said = [
        of_campaign("campaign.example.com"),
        of_family("old.example.com", "WORM"),
        of_family("new.example.com", "worm"),
        of_family("other.example.com", "wormy"),
        claim(&sha256),
        of_article("article.example.com"),
        asked,
        claim("alone.example.com"),
    ];
    for (second, said) in said.into_iter().enumerate() {
        record(store, &source("a"), i64::try_from(second).unwrap(), [said]).await;
    }
    let expected = [
        "article.example.com same_article".to_owned(),
        format!("{sha256} same_file"),
        "new.example.com same_malware".to_owned(),
        "old.example.com same_malware".to_owned(),
        "campaign.example.com same_campaign".to_owned(),
    ];
    assert_eq!(told(store, &md5).await, expected);
    assert_eq!(told(store, "alone.example.com").await, [""; 0]);
    assert_eq!(told(store, "nothing.example.com").await, [""; 0]);
}

pub(crate) async fn related_entries_are_active_and_about_other_values<S: ClaimStore>(store: &S) {
    let (a, gone) = (source("a"), source("gone"));
    record(store, &gone, 1, [of_family("gone.example.com", "Worm")]).await;
    store
        .retain_present(&gone, &ClaimIdSet::default(), at(2))
        .await
        .unwrap();
    let over = Claim {
        expires_at: Some(at(40)),
        ..of_family("over.example.com", "Worm")
    };
    record(store, &a, 3, [over, of_family("x.example.com", "Worm")]).await;
    record(store, &source("b"), 4, [of_family("x.example.com", "Worm")]).await;
    record(store, &a, 5, [of_family("asked.example.com", "Worm")]).await;
    record(
        store,
        &source("b"),
        6,
        [of_family("asked.example.com", "Worm")],
    )
    .await;
    // Two sources name it, and it is told once: as the later one says it.
    assert_eq!(
        told(store, "asked.example.com").await,
        ["x.example.com same_malware"]
    );
    let answer = related(store, &value("asked.example.com"), 50).await;
    assert_eq!(answer.sources(), ["b"]);
    // What no longer says so is not tied by it.
    record(
        store,
        &a,
        100_000,
        [Claim {
            last_seen: Some(at(100_000)),
            ..of_family("x.example.com", "Bot")
        }],
    )
    .await;
    let answer = related(store, &value("asked.example.com"), 100_001).await;
    assert_eq!(answer.sources(), ["b"]);
}

pub(crate) async fn few_of_many_are_related<S: ClaimStore>(store: &S) {
    let said = |number| of_family(&format!("h{number}.example.com"), "Worm");
    record(store, &source("a"), 10, (0..100).map(said)).await;
    record(
        store,
        &source("a"),
        20,
        [of_family("asked.example.com", "Worm")],
    )
    .await;
    let answer = related(store, &value("asked.example.com"), 50).await;
    assert_eq!(answer.entries.len(), MAX_RELATED);
    assert_eq!(answer.values()[..2], ["h99.example.com", "h98.example.com"]);
}
