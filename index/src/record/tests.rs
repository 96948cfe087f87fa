use iocd_core::claim::{Scope, Tlp};
use iocd_core::warning::Judgement;
use proptest::prelude::*;

use super::*;

fn round_trip(record: &Record<'_>) {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    assert_eq!(bytes.len(), HEADER + length);
    assert_eq!(Record::decode(&bytes[HEADER..]).as_ref(), Ok(record));
}

#[test]
fn small_records_round_trip() {
    round_trip(&Record::String("phishing"));
    round_trip(&Record::Source {
        number: 7,
        json: "{}",
    });
    round_trip(&Record::Touch {
        revision: 9,
        last_seen: 1,
    });
    round_trip(&Record::Commit(Commit {
        start: 1,
        revision: 2,
        time: 3,
    }));
    round_trip(&Record::Judged([5; 16]));
    round_trip(&Record::Gap(1 << 40));
    round_trip(&Record::Tombstone(Tombstone {
        id: ClaimId([3; 16]),
        kind: Kind::Domain,
        value: "bad.example",
        source: 2,
        status: 2,
    }));
}

proptest! {
    #[test]
    fn claims_round_trip(
        value in "\\PC{0,200}", source: u16, confidence in 0u8..=100, heard in 1000u32.., before in 0u32..1000,
        times: (Option<u32>, Option<u32>, Option<u32>), context in proptest::option::of("\\PC{0,300}"),
        malware: Option<u32>, tags: Vec<u32>, ports: Vec<u16>, references in proptest::collection::vec("\\PC{0,80}", 0..16),
        subtree: bool, article: bool, judgement in 0..3_usize,
    ) {
        let (mut tag_items, mut port_items, mut texts) = (ItemsBuf::default(), ItemsBuf::default(), ItemsBuf::default());
        for &tag in &tags { tag_items.push(tag); }
        for &port in &ports { port_items.push(port.into()); }
        for text in &references { texts.push_text(text); }
        let claim = ClaimRecord {
            id: ClaimId([9; 16]), kind: Kind::Url, value: &value, source, confidence,
            scope: if subtree { Scope::Subtree } else { Scope::Exact }, non_global: !subtree,
            judgement: [Judgement::Clear, Judgement::Labelled, Judgement::Withheld][judgement],
            first_heard_at: heard - before, heard_at: heard,
            first_seen: times.0, last_seen: times.1, expires_at: times.2,
            context: context.as_deref(), malware, tags: tag_items.items(), techniques: Items::default(),
            sectors: Items::default(), ports: port_items.items(), references: texts.texts(),
            tlp: subtree.then_some(Tlp::Amber),
            article: article.then_some(Article { id: "a", title: "t", url: "u", published_at: 5 }),
            raw: None,
        };
        prop_assert_eq!(claim.tags.iter().collect::<Vec<_>>(), tags);
        prop_assert_eq!(claim.references.iter().collect::<Vec<_>>(), references.iter().map(String::as_str).collect::<Vec<_>>());
        round_trip(&Record::Claim(claim));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Record::decode(&bytes);
        let _ = decode_key(&bytes);
    }
}
