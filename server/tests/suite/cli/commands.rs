//! Commands that need no store, and keys.

use std::io::Write as _;
use std::process::Stdio;

use super::Bench;

#[test]
fn what_needs_no_store_opens_none() {
    let bench = Bench::new();
    let feeds = bench.json(&["feeds", "list", "--json"]);
    assert!(
        feeds
            .iter()
            .any(|feed| feed["name"] == "urlhaus" && feed["connector"] == "csv")
    );
    assert!(bench.ok(&["feeds", "list"]).contains("Feodo Tracker"));
    assert!(
        bench
            .ok(&["config", "show"])
            .contains("listen = \"127.0.0.1:8080\"")
    );
    bench.ok(&["normalize", "example[.]com"]);
    assert!(
        bench
            .ok(&["warnings", "8.8.8.8"])
            .contains("public_resolver")
    );
    assert!(!bench.data().exists());
}

#[test]
fn what_only_asks_makes_no_data_directory() {
    let bench = Bench::new();
    bench.file("log.txt", "a.example.com");
    for arguments in [
        &["search", "a.example.com"][..],
        &["list"],
        &["scan", "log.txt"],
        &["key", "list"],
        &["key", "show", "key_x"],
        &["key", "usage", "key_x"],
        &["key", "revoke", "key_x"],
        &["account", "list"],
        &["allow", "list"],
        &["allow", "remove", "a.example.com"],
        &["deny", "list"],
        &["deny", "remove", "a.example.com"],
        &["store", "check"],
        &["store", "compact"],
        &["store", "export"],
        &["store", "backup", "there"],
    ] {
        let output = bench
            .command()
            .args(arguments)
            .env("IOCD_URL", "http://127.0.0.1:9")
            .output();
        let output = output.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(
            error.contains("there is no data directory here"),
            "{arguments:?}: {error}"
        );
        assert!(error.contains("--data"), "{error}");
        let is_told = error.contains("IOCD_URL is passed over");
        assert!(
            is_told || arguments == ["store", "check"],
            "{arguments:?}: {error}"
        );
        assert!(!bench.data().exists(), "{arguments:?}");
    }
    bench.ok(&["account", "create", "soc", "--tier", "pro"]);
    bench.ok(&["account", "list"]);
}

#[test]
fn settings_come_from_file_environment_and_flags_in_that_order() {
    let bench = Bench::new();
    let file = bench.file(
        "other.toml",
        "listen = \"127.0.0.1:1111\"\napi_key_in_query = true\n",
    );
    let show = |envs: &[(&str, &str)]| {
        let mut command = bench.command();
        command.args(["config", "show", "--config"]).arg(&file);
        command.envs(envs.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(show(&[]).contains("listen = \"127.0.0.1:1111\""));
    let with_environment = show(&[("IOCD_LISTEN", "127.0.0.1:2222")]);
    assert!(with_environment.contains("listen = \"127.0.0.1:2222\""));
    assert!(with_environment.contains("api_key_in_query = true"));
    assert!(
        with_environment.contains(&format!("data = \"{}\"", bench.data().display())),
        "the flag wins"
    );

    bench.file("iocd.toml", "listne = \"127.0.0.1:1\"\n");
    let output = bench.run(&["config", "show"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("iocd.toml") && error.contains("listne"),
        "{error}"
    );
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let bench = Bench::new();
    let secret = bench.ok(&[
        "key",
        "create",
        "--name",
        "soar",
        "--tier",
        "pro",
        "--expires-in-days",
        "30",
    ]);
    assert!(
        secret.trim().starts_with("sk_live_") && secret.trim().len() >= 40,
        "{secret}"
    );
    let keys = &bench.json(&["key", "list", "--json"])[0];
    assert_eq!(keys[0]["name"], "soar");
    assert_eq!(keys[0]["tier"], "pro");
    assert_eq!(keys[0]["status"], "active");
    assert!(keys[0]["expires_at"].is_string());
    assert!(
        !keys.to_string().contains(secret.trim()),
        "a secret is shown once"
    );
    bench.ok(&["key", "revoke", keys[0]["id"].as_str().unwrap()]);
    assert_eq!(
        bench.json(&["key", "list", "--json"])[0][0]["status"],
        "revoked"
    );
    assert!(bench.ok(&["key", "list"]).contains("revoked"));

    bench.ok(&["account", "create", "--name", "team", "--tier", "free"]);
    bench.ok(&["account", "create", "other"]);
    let accounts = bench.ok(&["account", "list"]);
    assert!(
        accounts.contains("team") && accounts.contains("other"),
        "{accounts}"
    );
    let above = bench.run(&[
        "key",
        "create",
        "--name",
        "x",
        "--account",
        "team",
        "--tier",
        "pro",
    ]);
    assert_eq!(above.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&above.stderr).contains("free"));
}

#[test]
fn a_search_without_an_answer_says_what_it_rests_on() {
    let bench = Bench::new();
    bench.ok(&["account", "create", "soc", "--tier", "pro"]);
    let miss = bench.search("nobody.example.com");
    assert_eq!(miss["meta"]["total"], 0);
    assert_eq!(miss["meta"]["coverage"]["feeds"], 0);
    assert!(
        bench
            .ok(&["search", "nobody.example.com"])
            .contains("not found")
    );
    assert!(
        bench
            .ok(&["search", "\u{1b}[31mno value"])
            .contains("\\u{1b}"),
        "nothing escapes to the terminal"
    );
}

#[test]
fn cascades_and_parts_are_asked_for() {
    let bench = Bench::new();
    let list = bench.file("hosts.txt", "a.example.com\n");
    let list = list.to_str().unwrap();
    bench.ok(&["ingest", "--feed", "maltrail", "--file", list]);
    let asked = "http://a.example.com/x";
    assert!(bench.ok(&["search", asked]).contains("not found"));
    let found = bench.ok(&["search", "--match", "cascade", asked]);
    assert!(found.contains("url_host 2"), "{found}");
    let found = bench.ok(&["search", "--match", "contains", "A.EXAM"]);
    assert!(found.contains("a.example.com"), "{found}");
    let short = bench.run(&["search", "--match", "contains", "ab"]);
    assert_eq!(short.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&short.stderr).contains("at least 3"));
    let refused = bench.run(&["search", "--match", "fuzzy", asked]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn an_error_names_its_cause_once() {
    let bench = Bench::new();
    let output = bench.run(&["--feeds", "/nowhere/feeds", "feeds", "list"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("iocd: /nowhere/feeds: "), "{error}");
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let bench = Bench::new();
    for command in ["feeds list --json", "config show"] {
        let mut process = bench
            .command()
            .args(command.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(process.stdout.take());
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(output.stderr.is_empty(), "{command}: {output:?}");
    }
}

#[test]
fn what_a_crash_cut_off_is_told() {
    let bench = Bench::new();
    let file = bench.file("urls.txt", "http://bad.example.com/a\n");
    bench.ok(&[
        "ingest",
        "--feed",
        "openphish",
        "--file",
        file.to_str().unwrap(),
    ]);
    let claims = bench.data().join("claims");
    std::fs::remove_file(claims.join("clean")).unwrap();
    let mut log = std::fs::OpenOptions::new()
        .append(true)
        .open(claims.join("claims-000000.log"))
        .unwrap();
    log.write_all(&[7; 100]).unwrap();
    let output = bench.run(&["list", "--limit", "1"]);
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("100 bytes"), "{told}");
    assert!(
        bench.run(&["list", "--limit", "1"]).stderr.is_empty(),
        "once"
    );
}

#[test]
fn variables_of_other_programs_are_passed_over_with_a_word() {
    let bench = Bench::new();
    let output = bench
        .command()
        .args(["config", "show"])
        .env("IOCD_PORT_8080_TCP", "tcp://198.51.100.1:8080")
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("IOCD_PORT_8080_TCP"));
}
