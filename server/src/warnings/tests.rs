//! Lists out of files.

use std::path::Path;

use iocd_core::value::{Kind, Value};

use super::*;

const LIST: &str = r#"{"name": "A list", "type": "cidr", "matching_attributes": ["ip-dst"],
    "list": ["198.51.100.0/24", "nothing"]}"#;

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn load(
    paths: &[PathBuf],
    informational: &[&str],
    builtin: bool,
) -> Result<Warnings, WarningsError> {
    Warnings::load(&WarningSettings {
        lists: paths.to_vec(),
        informational: informational.iter().map(|&name| name.to_owned()).collect(),
        builtin,
    })
}

fn names(warnings: &Warnings, kind: Kind, text: &str) -> Vec<(String, bool)> {
    let value = Value::parse(kind, text).unwrap();
    let mut names = Vec::new();
    warnings.current().visit(value.as_ref(), &mut |warning| {
        names.push((warning.name.to_owned(), warning.withholds));
    });
    names
}

#[test]
fn folders_as_misp_has_them_and_flat_ones() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "repo/lists/some-net/list.json", LIST);
    write(dir.path(), "repo/lists/.git/list.json", "no list");
    write(dir.path(), "repo/lists/some-net/README.md", "no list");
    write(dir.path(), "flat/b.json", LIST);
    write(dir.path(), "flat/a.json", LIST);
    let paths = ["repo", "flat"].map(|path| dir.path().join(path));
    let warnings = load(&paths, &["a"], false).unwrap();
    let found = [("some-net", true), ("a", false), ("b", true)];
    assert_eq!(
        names(&warnings, Kind::Ipv4, "198.51.100.7"),
        found.map(|(name, withholds)| (name.to_owned(), withholds))
    );
    assert_eq!(warnings.notices().len(), 3);
    assert!(warnings.notices()[0].contains("1 entries were read, 1 could not be"));
    assert!(names(&warnings, Kind::Ipv4, "8.8.8.8").is_empty());
}

#[test]
fn allowing_comes_first_and_replaces_what_was_allowed() {
    let warnings = Warnings::default();
    let pattern = |text: &str| Pattern::read(text, None).unwrap().remove(0);
    let before = warnings.current().fingerprint();
    warnings.allow(&[pattern("8.8.8.8")]);
    let both = [(ALLOWED, true), ("public_resolver", true)];
    assert_eq!(
        names(&warnings, Kind::Ipv4, "8.8.8.8"),
        both.map(|(name, withholds)| (name.to_owned(), withholds))
    );
    warnings.allow(&[pattern("example.com")]);
    assert_eq!(names(&warnings, Kind::Ipv4, "8.8.8.8").len(), 1);
    assert_ne!(warnings.current().fingerprint(), before);
    warnings.allow(&[]);
    assert_eq!(warnings.current().fingerprint(), before);
}

#[test]
fn a_list_of_ones_own_replaces_the_shipped_one_of_its_name() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "public_resolver.json", LIST);
    let warnings = load(&[dir.path().join("public_resolver.json")], &[], true).unwrap();
    assert!(names(&warnings, Kind::Ipv4, "8.8.8.8").is_empty());
    assert_eq!(names(&warnings, Kind::Ipv4, "198.51.100.7").len(), 1);
    assert_eq!(names(&warnings, Kind::Ipv4, "104.16.0.1").len(), 1);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "bad/list.json", "{");
    write(dir.path(), "none/x.txt", "");
    write(dir.path(), "allowed/list.json", LIST);
    write(dir.path(), "one/a.json", LIST);
    write(dir.path(), "two/a/list.json", LIST);
    let why = |paths: &[&str], informational: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|path| dir.path().join(path)).collect();
        load(&paths, informational, true).unwrap_err().to_string()
    };
    for (paths, expected) in [
        (&["bad"][..], "bad/list.json: this is no warning list"),
        (&["missing"], "missing: No such file"),
        (&["none"], "holds no .json file"),
        (&["allowed"], "another list named \"allowed\"; rename"),
        (&["one", "two"], "another list named \"a\" in "),
    ] {
        let error = why(paths, &[]);
        assert!(error.contains(expected), "{error}");
    }
    let unknown = why(&["one"], &["vpn"]);
    assert!(
        unknown.contains("no list \"vpn\"") && unknown.ends_with("public_resolver, a"),
        "{unknown}"
    );
}
