use super::*;
use crate::claim::Category;
use crate::query::MatchKind;
use crate::warning::{Pattern, WarningList};

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + day * 86_400).unwrap()
}

fn finding(kind: Kind, text: &str) -> Finding {
    let value = Value::parse(kind, text).unwrap();
    Finding::new(value, &WarningSet::new(Vec::new()))
}

/// An entry about `value`, told to a finding.
fn tell<'a>(
    finding: &mut Finding,
    source: &'a Source,
    value: &'a str,
    change: impl FnOnce(&mut Entry<'a>),
) {
    let mut entry = Entry {
        id: ClaimId::new(finding.value.kind(), value, &source.name),
        kind: finding.value.kind(),
        value,
        source,
        confidence: 80,
        status: Status::Active,
        first_seen: Some(at(-9)),
        last_seen: Some(at(0)),
        expires_at: None,
        updated_at: at(0),
        context: None,
        malware: None,
        tags: Vec::new(),
        techniques: Vec::new(),
        sectors: Vec::new(),
        ports: Vec::new(),
        references: Vec::new(),
        tlp: None,
        article: None,
        warnings: Vec::new(),
        score: 0,
        explanation: None,
        matched: Some(Match::EXACT),
    };
    change(&mut entry);
    finding.entry(&entry);
}

fn source(name: &str) -> Source {
    Source::new(name, name, Category::Vendor)
}

#[test]
fn statements_of_one_source_are_one_reporter() {
    let (a, b) = (source("a"), source("b"));
    let mut found = finding(Kind::Ipv4, "9.9.8.8");
    let network = |length: u8| {
        move |entry: &mut Entry<'_>| {
            let kind = MatchKind::Network;
            entry.matched = Some(Match {
                kind,
                distance: 32 - u16::from(length),
            });
            entry.first_seen = Some(at(-20));
            entry.last_seen = Some(at(-i64::from(length)));
        }
    };
    tell(&mut found, &a, "9.9.8.8", |_| {});
    tell(&mut found, &b, "9.9.8.0/24", network(24));
    tell(&mut found, &a, "9.9.0.0/16", network(16));
    let reporters = found.reporters();
    let told: Vec<_> = reporters
        .iter()
        .map(|one| {
            (
                &*one.statement.source.name,
                one.statements,
                &*one.statement.value,
            )
        })
        .collect();
    assert_eq!(told, [("a", 2, "9.9.8.8"), ("b", 1, "9.9.8.0/24")]);
    assert_eq!(reporters[0].first_seen, Some(at(-20)));
    assert_eq!(reporters[0].last_seen, Some(at(0)));
    assert_eq!(
        (found.first_seen(), found.last_seen()),
        (Some(at(-20)), Some(at(0)))
    );
    // One publisher counts once: 1 - (1 - 0.72) × (1 - 0.72 × 2^(-24/30))
    let explanation = found.explain(at(0));
    assert_eq!((explanation.terms.len(), explanation.score), (3, 84));
}

#[test]
fn what_was_taken_back_is_explained_and_not_found() {
    let mut found = finding(Kind::Domain, "bad.example.com");
    assert!(!found.is_known());
    tell(&mut found, &source("a"), "bad.example.com", |entry| {
        entry.status = Status::FalsePositive;
        entry.tags = vec!["phishing"];
    });
    assert!(!found.is_known() && found.tags().is_empty() && found.reporters().is_empty());
    assert_eq!(
        (found.status(), found.confidence(), found.threat_type()),
        (None, None, None)
    );
    let explanation = found.explain(at(0));
    assert_eq!((explanation.terms.len(), explanation.score), (1, 0));
    assert!(found.has(ClaimId::new(Kind::Domain, "bad.example.com", "a")));
}

#[test]
fn confidence_is_of_what_holds() {
    let mut found = finding(Kind::Domain, "bad.example.com");
    tell(&mut found, &source("a"), "bad.example.com", |entry| {
        entry.confidence = 50;
    });
    let ended = |entry: &mut Entry<'_>| {
        entry.confidence = 90;
        entry.status = Status::Removed;
    };
    tell(&mut found, &source("b"), "bad.example.com", ended);
    assert_eq!(found.confidence(), Some(Confidence::Medium));
    assert_eq!(found.status(), Some(Status::Active));
    let mut over = finding(Kind::Domain, "bad.example.com");
    tell(&mut over, &source("b"), "bad.example.com", ended);
    assert_eq!(over.confidence(), Some(Confidence::High));
    assert_eq!(over.status(), Some(Status::Removed));
}

#[test]
fn warnings_are_of_the_value_not_of_what_covers_it() {
    let allowed = Pattern::parse(Kind::Ipv4, "9.9.8.8").unwrap();
    let list = WarningList::from_patterns(ALLOWED, "Allowed", &[allowed]).unwrap();
    let set = WarningSet::new(vec![list]);
    for (asked, score) in [("9.9.8.8", 0), ("9.9.8.9", 72)] {
        let mut found = Finding::new(Value::parse(Kind::Ipv4, asked).unwrap(), &set);
        tell(&mut found, &source("a"), "9.9.8.0/24", |_| {});
        assert_eq!(found.explain(at(0)).score, score, "{asked}");
    }
    let mut private = finding(Kind::Ipv4, "10.0.0.1");
    tell(&mut private, &source("a"), "10.0.0.1", |_| {});
    assert_eq!(private.explain(at(0)).score, 18);
    let expecting = Source {
        list_non_global: true,
        ..source("b")
    };
    tell(&mut private, &expecting, "10.0.0.1", |entry| {
        entry.confidence = 0;
    });
    assert_eq!(private.explain(at(0)).score, 72);
}

#[test]
fn kinds_of_threat() {
    for (tags, malware, expected) in [
        (
            vec!["botnet_cc", "Phishing"],
            None,
            Some("command-and-control"),
        ),
        (vec!["PHISHING", "x"], Some("Worm"), Some("phishing")),
        (vec!["x"], Some("Worm"), Some("malware")),
        (vec!["x"], None, None),
    ] {
        let mut found = finding(Kind::Domain, "bad.example.com");
        tell(&mut found, &source("a"), "bad.example.com", |entry| {
            entry.tags = tags;
            entry.malware = malware;
        });
        assert_eq!(found.threat_type(), expected);
    }
    let mut cve = finding(Kind::Cve, "CVE-2021-44228");
    assert_eq!(cve.threat_type(), None);
    tell(&mut cve, &source("a"), "CVE-2021-44228", |_| {});
    assert_eq!(cve.threat_type(), Some("vulnerability"));
}

#[test]
fn a_technique_goes_with_itself() {
    let mut found = finding(Kind::MitreAttack, "T1059");
    assert_eq!(found.techniques(), ["T1059"]);
    tell(&mut found, &source("a"), "T1059", |entry| {
        entry.techniques = vec!["T1059", "T1001"];
    });
    assert_eq!(found.techniques(), ["T1001", "T1059"]);
    let many: Vec<_> = (0..200).map(|number| format!("tag-{number:03}")).collect();
    let mut tagged = finding(Kind::Domain, "bad.example.com");
    tell(&mut tagged, &source("a"), "bad.example.com", |entry| {
        entry.tags = many.iter().map(String::as_str).collect();
    });
    assert_eq!((tagged.tags().len(), tagged.tags()[99]), (100, "tag-099"));
}
