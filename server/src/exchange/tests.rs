use iocd_core::claim::{Category, Claim, Extent, Source, Status};
use iocd_core::value::{Kind, Value};
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// An export of a small store.
fn exported() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let source = Source {
        extent: Extent::Snapshot,
        expires_after: Some(9),
        ..Source::new("feed", "Feed", Category::Community)
    };
    let value = |name| Value::parse(Kind::Domain, name).unwrap();
    let claim = |name| Claim {
        tags: vec!["tag".into()],
        ports: vec![80],
        ..Claim::new(value(name), 80)
    };
    let claims = vec![claim("a.example.com"), claim("b.example.com")];
    index.record(&source, claims, at(0)).unwrap();
    let gone = [value("a.example.com")];
    index
        .remove(&source, &gone, Status::Removed, at(5))
        .unwrap();
    let mut out = Vec::new();
    let mut exporter = Exporter::new(&index);
    while exporter.write_some(&mut out).unwrap() {}
    out
}

/// Imports lines into an empty store, and verifies the store.
fn take(lines: &[u8]) -> Result<Imported, ExchangeError> {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let imported = import(&index, &mut &*lines, at(100));
    drop(index);
    let tell = &mut |problem: iocd_index::Problem| panic!("{problem}");
    let checked = iocd_index::check(dir.path(), tell).unwrap();
    Index::open(dir.path()).unwrap();
    if let Ok(imported) = &imported {
        assert!(checked.retained <= imported.entries);
    }
    imported
}

#[test]
fn an_export_is_taken_whole() {
    let imported = take(&exported()).unwrap();
    assert_eq!((imported.sources, imported.entries), (1, 2));
    assert_eq!(imported.changed, 2);
}

#[test]
fn what_another_server_says_is_not_merged_with_and_not_exported_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let mirrored = Source {
        mirrored_by: Some("upstream".into()),
        ..Source::new("feed", "Feed", Category::Community)
    };
    index.mirror_source(&mirrored, None, at(0)).unwrap();
    let export = exported();
    let refused = import(&index, &mut &*export, at(100)).unwrap_err();
    let message = refused.to_string();
    assert!(
        message.starts_with("line 1: source \"feed\" is mirrored") && message.contains("upstream"),
        "{message}"
    );
    // Nor without its first line.
    let claims = export.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    assert!(import(&index, &mut &export[claims..], at(100)).is_err());
    assert_eq!(index.counts(), (0, 0, 0));

    let mut out = Vec::new();
    Exporter::new(&index).write_some(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\"feed\"") && !text.contains("mirrored_by"));
    // Nor is it taken from an older export.
    let older = text.replacen("\"name\"", "\"mirrored_by\":\"up\",\"name\"", 1);
    let other = tempfile::tempdir().unwrap();
    let other = Index::open(other.path()).unwrap();
    import(&other, &mut older.as_bytes(), at(100)).unwrap();
    assert_eq!(other.sources()[0].mirrored_by, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the bytes, a store is whole after an import.
    #[test]
    fn any_bytes_are_taken_or_refused(bytes: Vec<u8>) {
        let _ = take(&bytes);
    }

    #[test]
    fn a_changed_export_is_taken_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        again: bool,
    ) {
        let mut bytes = exported();
        if again {
            bytes.extend_from_within(..);
        }
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = take(&bytes);
    }
}
