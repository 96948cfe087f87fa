//! `iocd store`: what is stored stays whole, and moves.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::Bench;

/// A data directory with two feeds, one of them a list that something left,
/// and a key.
fn filled() -> (Bench, String) {
    let bench = Bench::new();
    let ingest = |feed: &str, name: &str, content: &str, flag: Option<&str>| {
        let path = bench.file(name, content);
        let mut arguments = vec!["ingest", "--feed", feed, "--file", path.to_str().unwrap()];
        arguments.extend(flag);
        bench.ok(&arguments);
    };
    ingest("openphish", "urls.txt", "http://bad.example.com/a\n", None);
    let both = "a.example.com\nb.example.com\n";
    ingest("maltrail", "hosts.txt", both, None);
    let key = bench.ok(&["key", "create", "--name", "test"]);
    (bench, key.trim().to_owned())
}

fn log(data: &Path) -> std::path::PathBuf {
    data.join("claims/claims-000000.log")
}

fn path(bench: &Bench, name: &str) -> String {
    let path = bench.data().parent().unwrap().join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_whole_store_passes_open_or_closed() {
    let (bench, _) = filled();
    let told = bench.ok(&["store", "check"]);
    assert!(told.contains("3 entries, 3 of them active"), "{told}");
    assert!(told.contains("closed in order"), "{told}");
    assert!(told.ends_with("no problems\n"), "{told}");
    let server = bench.serve();
    let checked = bench.json(&["store", "check", "--json"]).remove(0);
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["claims"]["closed"], false);
    assert_eq!(checked["claims"]["retained"], 3);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn damage_is_named_and_nothing_is_written() {
    let (bench, _) = filled();
    let mut bytes = fs::read(log(&bench.data())).unwrap();
    let place = bytes
        .windows(13)
        .position(|window| window == b"a.example.com")
        .unwrap();
    bytes[place] ^= 1;
    fs::write(log(&bench.data()), &bytes).unwrap();
    let output = bench.run(&["store", "check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checked: Json = serde_json::from_slice(&output.stdout).unwrap();
    let problem = &checked["problems"][0];
    assert_eq!(problem["segment"], 0);
    let offset = problem["offset"].as_u64().unwrap();
    assert!((36..place as u64).contains(&offset), "{problem}");
    let told = bench.run(&["store", "check"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains(&format!("segment 0, byte {offset}: ")),
        "{told}"
    );
    assert_eq!(fs::read(log(&bench.data())).unwrap(), bytes);
    // Nor is it served: the same place is named.
    let refused = bench.run(&["search", "a.example.com"]);
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains(&format!("byte {offset}")), "{error}");
}

#[test]
fn the_control_database_and_its_key_are_checked() {
    let (bench, key) = filled();
    let secret = fs::read(bench.data().join("key.secret")).unwrap();
    fs::remove_file(bench.data().join("key.secret")).unwrap();
    let database = bench.data().join("control.sqlite");
    let mut bytes = fs::read(&database).unwrap();
    let page = bytes.len() - 4096;
    bytes[page..page + 64].fill(0xee);
    fs::write(&database, bytes).unwrap();
    let output = bench.run(&["store", "check"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("control.sqlite: "), "{told}");
    assert!(told.contains("key.secret: "), "{told}");
    assert!(!told.contains(&key), "{told}");
    assert!(!told.as_bytes().windows(32).any(|window| window == secret));
}

#[test]
fn where_there_is_no_store_none_is_made() {
    let bench = Bench::new();
    for command in ["check", "backup x", "export", "compact"] {
        let arguments = command.split(' ');
        let output = bench.command().arg("store").args(arguments).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("--data"), "{error}");
        assert!(!bench.data().exists(), "{command}");
    }
}

/// Says something, takes it back, and says it again, and lets a second pass.
fn say_again(bench: &Bench, value: &str) {
    bench.ok(&["deny", "add", value, "--reason", "seen"]);
    bench.ok(&["deny", "remove", value]);
    bench.ok(&["deny", "add", value, "--reason", "seen again"]);
    // History is kept by the second.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
}

#[test]
fn what_ended_goes_where_that_is_asked_for() {
    let (bench, _) = filled();
    let value = "evil.example.com";
    bench.ok(&["deny", "add", value, "--reason", "seen"]);
    bench.ok(&["deny", "remove", value]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let before = bench.total(value);
    let refused = bench.run(&["store", "compact", "--ended", "5"]);
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("--ended 5"), "{told}");
    assert!(told.contains("30 days"), "{told}");
    bench.ok(&["store", "compact", "--history", "0"]);
    assert_eq!(bench.total(value), before, "an end is kept for ever");
    let told = bench.ok(&["store", "compact", "--history", "0", "--ended", "0"]);
    assert!(
        told.ends_with("; 1 entry that had ended is gone\n"),
        "{told}"
    );
    assert_eq!(bench.total(value), before - 1);
    assert!(bench.ok(&["store", "check"]).ends_with("no problems\n"));
}

#[test]
fn a_store_is_compacted_with_and_without_a_server() {
    let (bench, key) = filled();
    say_again(&bench, "evil.example.com");
    let kept = bench.ok(&["store", "compact"]);
    assert!(kept.contains("all that ever happened is kept"), "{kept}");
    let before = bench.search("evil.example.com");
    let told = bench.ok(&["store", "compact", "--history", "0"]);
    assert!(told.starts_with("4 versions in "), "{told}");
    assert!(told.contains(", before 6 in "), "{told}");
    let checked = bench.ok(&["store", "check"]);
    assert!(
        checked.contains("4 entries, 4 of them active, at revision 6"),
        "{checked}"
    );
    assert!(checked.ends_with("no problems\n"), "{checked}");
    assert_eq!(bench.search("evil.example.com")["data"], before["data"]);

    let server = bench.serve();
    let target = "/api/v1/iocs/search?q=evil.example.com&as_of=2020-01-01T00:00:00Z";
    let (status, body) = server.ask(target, &key);
    assert_eq!(status, 410, "{body}");
    assert!(body.contains("history_compacted"), "{body}");
    say_again(&bench, "evil.example.org");
    let told = bench.ok(&["store", "compact", "--history", "0"]);
    assert!(told.contains(", before 7 in "), "{told}");
    assert_eq!(bench.search("evil.example.com")["data"], before["data"]);
    assert_eq!(bench.total("evil.example.org"), 1);
    assert!(bench.ok(&["store", "check"]).ends_with("no problems\n"));

    // A backup of it is a store, and so is what is left after a stop.
    bench.ok(&["store", "backup", "backup"]);
    assert_eq!(server.terminate(), Some(0));
    let restored = path(&bench, "restored");
    bench.ok(&["store", "restore", "backup", "--data", &restored]);
    for data in [restored.as_str(), bench.data().to_str().unwrap()] {
        let found = bench.json(&["search", "--json", "--data", data, "evil.example.com"]);
        assert_eq!(found[0]["data"], before["data"], "{data}");
        let exported = bench.ok(&["store", "export", "--data", data]);
        assert_eq!(exported.matches("{\"entry\"").count(), 5, "{data}");
    }
}

#[test]
fn a_backup_is_made_while_serving_and_restored() {
    let (bench, key) = filled();
    let before = bench.search("a.example.com");
    let server = bench.serve();
    let told = bench.ok(&["store", "backup", "backup/"]);
    assert!(told.contains("3 entries"), "{told}");
    // What comes later is not in it.
    let later = bench.file("later.txt", "later.example.com\n");
    bench.ok(&[
        "ingest",
        "--feed",
        "maltrail",
        "--file",
        later.to_str().unwrap(),
    ]);
    assert_eq!(bench.total("later.example.com"), 1);
    assert_eq!(server.terminate(), Some(0));

    let restored = path(&bench, "restored");
    bench.ok(&["store", "restore", "backup", "--data", &restored]);
    let ask = |value: &str| {
        bench
            .json(&["search", "--json", "--data", &restored, value])
            .remove(0)
    };
    assert_eq!(ask("a.example.com")["data"], before["data"]);
    assert_eq!(ask("later.example.com")["meta"]["total"], 0);
    let keys = bench.ok(&["key", "list", "--data", &restored]);
    assert!(keys.contains(&key[..16]), "{keys}");
    let epoch = |dir: &Path| fs::read(dir.join("claims/epoch")).unwrap();
    assert_ne!(
        epoch(Path::new(&restored)),
        epoch(&bench.data()),
        "a restored store is another epoch"
    );
    assert!(
        bench
            .ok(&["store", "check", "--data", &restored])
            .contains("no problems")
    );
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&restored).unwrap());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn nothing_is_written_over() {
    let (bench, _) = filled();
    bench.ok(&["store", "backup", "backup"]);
    let again = bench.run(&["store", "backup", "backup"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
    let over = bench.run(&["store", "restore", "backup"]);
    assert_eq!(over.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&over.stderr).contains("is not empty"));
    assert_eq!(bench.total("a.example.com"), 1);
}

/// Whatever happens to a file of a backup, it is noticed, and nothing is left
/// where the store was to be.
#[test]
fn a_backup_that_is_not_as_it_was_is_refused() {
    let (bench, _) = filled();
    bench.ok(&["store", "backup", "backup"]);
    let backup = bench.data().parent().unwrap().join("backup");
    let restored = path(&bench, "restored");
    let refuse = |what: &str| {
        let output = bench.run(&["store", "restore", "backup", "--data", &restored]);
        assert_eq!(output.status.code(), Some(2), "{what}");
        assert!(!Path::new(&restored).exists(), "{what}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(what), "{error}");
    };
    for name in ["claims/claims-000000.log", "control.sqlite", "key.secret"] {
        let whole = fs::read(backup.join(name)).unwrap();
        let mut flipped = whole.clone();
        flipped[20] ^= 4;
        fs::write(backup.join(name), flipped).unwrap();
        refuse("its bytes differ");
        fs::write(backup.join(name), &whole[1..]).unwrap();
        refuse("it is shorter");
        fs::write(backup.join(name), [&whole[..], b"x"].concat()).unwrap();
        refuse("it is longer");
        fs::remove_file(backup.join(name)).unwrap();
        refuse(name);
        fs::write(backup.join(name), whole).unwrap();
    }
    let manifest = backup.join("manifest.json");
    let whole = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, whole.replace("key.secret", "../key.secret")).unwrap();
    refuse("is no file of a backup");
    fs::write(
        &manifest,
        whole.replace("\"iocd_backup\": 1", "\"iocd_backup\": 9"),
    )
    .unwrap();
    refuse("version 9");
    fs::remove_file(&manifest).unwrap();
    refuse("no whole backup");
    fs::write(&manifest, whole).unwrap();
    bench.ok(&["store", "restore", "backup", "--data", &restored]);
}
