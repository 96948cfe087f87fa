use super::*;

fn publication(tags: &[String]) -> Publication<'_> {
    Publication {
        source: "example-news",
        home: "https://news.example.com/",
        confidence: 60,
        scope: Scope::Exact,
        tags,
        now: "2026-11-24T00:00:00Z".parse().unwrap(),
    }
}

fn item() -> Item {
    Item {
        title: "Emotet &amp; friends exploit CVE-2026-0001".to_owned(),
        link: "https://news.example.com/a?utm_source=rss".to_owned(),
        guid: "7".to_owned(),
        content: Markup {
            text: "<p>The Emotet botnet attacks hospitals by Process Injection (T1059.001), says Fancy Bear's \
                   favourite site news.example.com.</p><h2>IOCs</h2><ul><li>bad[.]example[.]org<li>198.51.100[.]7:443</ul>"
                .to_owned(),
            is_html: true,
        },
        published: Some("2026-11-23T00:00:00Z".parse().unwrap()),
        tags: vec!["Malware".to_owned(), "malware".to_owned()],
        ..Item::default()
    }
}

#[test]
fn an_article_is_read() {
    let (article, claims) = read_article(&item(), None, &publication(&[])).unwrap();
    assert_eq!(article.title, "Emotet & friends exploit CVE-2026-0001");
    assert_eq!(article.url, "https://news.example.com/a");
    assert_eq!(article.tags, ["malware"]);
    assert_eq!(article.actors, ["APT28"]);
    assert_eq!(article.malware, ["Emotet"]);
    assert_eq!(article.sectors, ["healthcare"]);
    assert_eq!(article.cves, ["CVE-2026-0001"]);
    assert_eq!(article.techniques, ["T1055", "T1059.001"]);
    let values: Vec<&str> = claims.iter().map(|claim| claim.value.as_str()).collect();
    assert_eq!(values, ["bad.example.org", "198.51.100.7", "CVE-2026-0001"]);
    let claim = &claims[1];
    assert_eq!((claim.confidence, &*claim.ports), (60, &[443][..]));
    assert_eq!(claim.malware.as_deref(), Some("Emotet"));
    assert_eq!(claim.article.as_ref().unwrap().id, article.id);
    assert_eq!(claim.first_seen, article.published_at);
}

#[test]
fn ids_are_of_the_source_and_the_guid() {
    let id = |item: &Item| read_article(item, None, &publication(&[])).unwrap().0.id;
    let first = id(&item());
    let moved = Item {
        link: "https://news.example.com/b".to_owned(),
        title: "New title".to_owned(),
        ..item()
    };
    assert_eq!(id(&moved), first);
    assert_eq!(first.len(), 36);
    assert_eq!(&first[14..15], "8");
    let by_link = |link: &str| {
        let item = Item {
            guid: String::new(),
            link: link.to_owned(),
            ..item()
        };
        id(&item)
    };
    assert_eq!(
        by_link("https://news.example.com/a?utm_source=x#top"),
        by_link("https://news.example.com/a")
    );
}

#[test]
fn the_page_is_read_where_it_says_more() {
    let short = Item {
        content: Markup::default(),
        ..item()
    };
    assert!(crate::article::wants_page(&short));
    let page = format!(
        "<html><body><article>{}<p>C2: worse[.]example[.]org</p></article></body></html>",
        "<p>The loader writes its payload to disk and starts it at once, as it did before.</p>"
            .repeat(6)
    );
    let (article, _) = read_article(&short, Some(&page), &publication(&[])).unwrap();
    assert_eq!(article.indicators[0].value, "worse.example.org");
    assert_eq!(article.indicators[0].context, "C2: worse[.]example[.]org");
}

#[test]
fn what_says_nothing_is_none_and_what_is_to_come_is_undated() {
    assert!(read_article(&Item::default(), None, &publication(&[])).is_none());
    let future = Item {
        published: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        ..item()
    };
    let (article, claims) = read_article(&future, None, &publication(&[])).unwrap();
    assert_eq!(article.published_at, None);
    assert_eq!(claims[0].first_seen, None);
    // Reading it again some day says the same.
    let later = Publication {
        now: "2026-11-25T00:00:00Z".parse().unwrap(),
        ..publication(&[])
    };
    assert_eq!(read_article(&future, None, &later).unwrap().1, claims);
}
