//! Commands that ask a server over its API.

use std::process::{Command, Output};

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::{Bench, Server};

/// A bench with a server that has something to find, and a key.
fn served() -> (Bench, Server, String) {
    let bench = Bench::new();
    let server = bench.serve();
    let urls: String = (0..250).fold(String::new(), |urls, n| {
        urls + &format!("http://bad.example.com/{n}\n")
    });
    let file = bench.file("urls.txt", urls);
    let file = file.to_str().unwrap();
    bench.ok(&["ingest", "--feed", "openphish", "--file", file]);
    let key = bench.ok(&["key", "create", "--name", "analyst"]);
    (bench, server, key.trim().to_owned())
}

/// The binary as an analyst has it: no data directory, but an address and a key.
fn remote(bench: &Bench, server: &Server, key: &str) -> Command {
    let mut command = bench.program();
    command
        .env("IOCD_URL", format!("http://{}", server.address))
        .env("IOCD_KEY", key);
    command
}

fn text(output: &Output) -> (Option<i32>, String, String) {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        lossy(&output.stdout),
        lossy(&output.stderr),
    )
}

#[test]
fn answers_are_those_that_the_owner_of_the_data_gives() {
    let (bench, server, key) = served();
    let log = "GET hxxp://bad[.]example[.]com/7 and 203.0.113.9\nhttp://bad.example.com/8?\n";
    bench.file("access.log", log.as_bytes());
    let mut values: String = (0..2_300).fold(String::new(), |values, n| {
        values + &format!("hxxp://bad[.]example.com/{n}\n")
    });
    values.push_str("\nno value\n203.0.113.1");
    bench.file("values.txt", values);
    for arguments in [
        &["search", "http://bad.example.com/1", "no value", "1.2.3.4"][..],
        &["search", "--json", "hxxp://bad[.]example.com/1"],
        &[
            "search",
            "--match",
            "cascade",
            "--limit",
            "3",
            "bad.example.com",
        ],
        &["search", "--match", "contains", "--type", "url", "example"],
        &[
            "search",
            "--status",
            "any",
            "--json",
            "http://bad.example.com/9",
        ],
        &["search", "--file", "values.txt"],
        &[
            "search",
            "--json",
            "--limit",
            "1",
            "--type",
            "url",
            "--file",
            "values.txt",
        ],
        &["list"],
        &["list", "--limit", "3", "--type", "url"],
        &["list", "--format", "csv", "--limit", "180"],
        &["list", "--format", "txt", "--limit", "1000"],
        &[
            "normalize",
            "hxxps[:]//WWW.Example[.]com/a",
            "no\nvalue",
            "\u{1b}",
            "",
        ],
        &["normalize", "--type", "domain", "EXAMPLE.com", "1.2.3.4"],
        &["scan", "access.log"],
        &["scan", "--json", "--status", "active", "access.log"],
        &["scan", "values.txt"],
    ] {
        let here = text(&bench.run(arguments));
        let there = remote(&bench, &server, &key).args(arguments).output();
        assert_eq!(text(&there.unwrap()), here, "{arguments:?}");
        assert!(!here.1.is_empty(), "{arguments:?}");
    }
    // Nothing was opened here.
    assert!(!bench.data().parent().unwrap().join("iocd-data").exists());
}

#[test]
fn what_is_no_question_is_none_here_nor_there() {
    let (bench, server, key) = served();
    let long = "a".repeat(4_097);
    for arguments in [
        &["search", ""][..],
        &["search", &long],
        &["search", "--match", "contains", "ab"],
    ] {
        let here = text(&bench.run(arguments));
        let there = remote(&bench, &server, &key).args(arguments).output();
        let there = text(&there.unwrap());
        assert_eq!(
            (here.0, &*here.1),
            (there.0, &*there.1),
            "{here:?} {there:?}"
        );
        assert_eq!(here.0, Some(2));
        let (_, told) = here
            .2
            .split_once("Parameter q")
            .expect("it says what is wrong");
        let told = told.trim_end_matches(['.', '\n']);
        assert!(there.2.contains(told), "{here:?} {there:?}");
    }
}

#[test]
fn lines_of_standard_input_are_asked_as_they_are_typed() {
    use std::io::Write as _;
    use std::process::Stdio;
    let (bench, server, key) = served();
    let input =
        "ipv4\t1.2.3[.]4\ndomain\tEXAMPLE.com\nurl\thttp://a.example.com/\nurl\tnone\n1.1.1.1\n";
    let run = |mut command: Command| {
        let mut process = command
            .arg("normalize")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        text(&process.wait_with_output().unwrap())
    };
    let here = run(bench.command());
    assert_eq!(here.1.lines().count(), 5, "{here:?}");
    assert_eq!(run(remote(&bench, &server, &key)), here);
}

#[test]
fn a_list_is_longer_than_what_a_tier_gives_at_a_time() {
    let (bench, server, _) = served();
    let free = bench.ok(&["key", "create", "--name", "free", "--tier", "free"]);
    let arguments = ["list", "--format", "csv", "--limit", "220"];
    let here = text(&bench.run(&arguments));
    let there = remote(&bench, &server, free.trim())
        .args(arguments)
        .output();
    assert_eq!(text(&there.unwrap()), here);
    assert_eq!(here.1.lines().count(), 221);
}

#[test]
fn a_server_and_a_key_are_named_in_more_than_one_way() {
    let (bench, server, key) = served();
    let url = format!("http://{}", server.address);
    let file = bench.file("key.txt", format!("{key}\n"));
    let search = ["search", "--json", "http://bad.example.com/1"];
    let flags = ["--server", &url, "--key-file", file.to_str().unwrap()];
    let output = bench.program().args(search).args(flags).output().unwrap();
    let here = text(&bench.run(&search));
    assert_eq!(text(&output), here);
    let output = bench
        .program()
        .env("IOCD_URL", &url)
        .env("IOCD_KEY_FILE", &file)
        .args(search)
        .output();
    assert_eq!(text(&output.unwrap()), here);
    // A directory that is named is what is asked, whatever the environment says.
    let output = bench
        .command()
        .env("IOCD_URL", "http://127.0.0.1:1")
        .args(search)
        .output();
    assert_eq!(text(&output.unwrap()), here);
    let both = bench.command().args(search).args(flags).output().unwrap();
    let (code, _, error) = text(&both);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("--server") && error.contains("--data"),
        "{error}"
    );
}

#[test]
fn errors_name_the_server_and_what_to_do() {
    let (bench, server, key) = served();
    let wrong = format!("sk_live_{}", "x".repeat(43));
    let free = bench.ok(&["key", "create", "--name", "f", "--scope", "read:stix"]);
    let address = server.address.clone();
    for (url, key, arguments, expected) in [
        (
            &*address,
            &*wrong,
            &["search", "a.example.com"][..],
            &["401 invalid_api_key", "IOCD_KEY"][..],
        ),
        (&address, "", &["list"], &["IOCD_KEY", "--key-file"]),
        (
            &address,
            free.trim(),
            &["list"],
            &["403 insufficient_scope", "read:iocs"],
        ),
        (
            &address,
            &key,
            &["search", "--match", "contains", "ab"],
            &["400 invalid_parameter", "characters"],
        ),
        (
            "127.0.0.1:1",
            &key,
            &["list"],
            &["http://127.0.0.1:1 does not answer", "refused"],
        ),
        (
            "",
            &key,
            &["list"],
            &["no address of a server", "http://127.0.0.1:8080"],
        ),
    ] {
        let output = bench
            .program()
            .env("IOCD_URL", format!("http://{url}"))
            .env("IOCD_KEY", key)
            .args(arguments)
            .output();
        let (code, _, error) = text(&output.unwrap());
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        for part in expected {
            assert!(error.contains(part), "{arguments:?}: {part}: {error}");
        }
        assert!(key.is_empty() || !error.contains(key), "{error}");
    }
    // What is no such server, and what is asked of none.
    let (code, _, error) = text(
        &bench
            .program()
            .args(["list", "--key-file", "x"])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(2));
    assert!(error.contains("--server"), "{error}");
}

#[test]
fn an_encrypted_server_is_trusted_by_its_certificate() {
    let bench = Bench::new();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let certificate = bench.file("cert.pem", cert.pem());
    let secret = bench.file("tls-key.pem", signing_key.serialize_pem());
    let mut serve = bench.command();
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("IOCD_TLS_CERTIFICATE", &certificate)
        .env("IOCD_TLS_KEY", &secret);
    let server = Server::start(&mut serve);
    let key = bench.ok(&["key", "create", "--name", "analyst"]);
    let ask = |with: &[(&str, &str)]| {
        let output = bench
            .program()
            .env("IOCD_URL", format!("https://{}", server.address))
            .env("IOCD_KEY", key.trim())
            .envs(with.iter().copied())
            .args(["search", "a.example.com"])
            .output();
        text(&output.unwrap())
    };
    let trusting = [("IOCD_CA_FILE", certificate.to_str().unwrap())];
    let (code, answer, error) = ask(&trusting);
    assert_eq!(code, Some(0), "{error}");
    assert!(answer.contains("not found"), "{answer}");
    let (code, _, error) = ask(&[]);
    assert_eq!(code, Some(2), "nobody vouches for it: {error}");
    assert!(error.contains("certificate"), "{error}");
    // A hangup reads the certificate again, and does not end the server.
    assert!(server.signal("HUP"));
    assert_eq!(ask(&trusting).0, Some(0));
    assert_eq!(server.terminate(), Some(0));
}
