//! MISP's own lists, where a checkout of the shared collection is beside the
//! repository: every one loads, and well-known values are on those expected.

#![allow(clippy::unwrap_used)] // tests

use iocd_core::value::{Kind, Value};
use iocd_core::warning::{WarningList, WarningSet};

#[test]
#[allow(clippy::disallowed_methods)] // the crate does no I/O, this test reads files
fn every_list_of_misp_loads() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/lists/warninglists"
    );
    let Ok(files) = std::fs::read_dir(folder) else {
        println!("skipped: ../shared/data/lists/warninglists is not here");
        return;
    };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let mut lists = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (list, refused) = WarningList::read_misp(name, &bytes).unwrap();
        println!(
            "{name}: {} entries, {} refused",
            list.entries(),
            refused.count
        );
        if let Some(first) = refused.first.first() {
            println!("    {:?}: {}", first.entry, first.reason);
        }
        lists.push(list);
    }
    assert!(lists.len() >= 52, "{} lists", lists.len());
    let set = WarningSet::new(lists);
    for (kind, text, expected) in [
        (Kind::Ipv4, "8.8.8.8", "public-dns-v4"),
        (Kind::Ipv6, "2001:4860:4860::8888", "public-dns-v6"),
        (Kind::Ipv4, "10.1.0.0/16", "rfc1918"),
        (Kind::Ipv4, "102.133.0.1", "microsoft-azure"),
        (Kind::Ipv4, "104.16.1.1", "cloudflare"),
        (Kind::Domain, "www.google.com", "google"),
        (Kind::Url, "https://www.google.com/search", "google"),
        (Kind::Domain, "google.com", "tranco10k"),
        (Kind::Email, "somebody@0-mail.com", "disposable-email"),
        (Kind::Email, "abuse@example.com", "common-contact-emails"),
        (Kind::Md5, "44D88612FEA8A8F36DE82E1278ABB02F", "eicar.com"),
        (
            Kind::Sha256,
            "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
            "eicar.com",
        ),
        (
            Kind::Md5,
            "d41d8cd98f00b204e9800998ecf8427e",
            "empty-hashes",
        ),
    ] {
        let value = Value::parse(kind, text).unwrap();
        let mut names = Vec::new();
        set.visit(value.as_ref(), &mut |warning| names.push(warning.name));
        assert!(names.contains(&expected), "{text}: {names:?}");
    }
    for (kind, text) in [
        (Kind::Domain, "0-mail.example"),
        (Kind::Url, "http://bad.example/x"),
        (Kind::Ipv4, "185.220.101.34"),
    ] {
        let value = Value::parse(kind, text).unwrap();
        let mut names = Vec::new();
        set.visit(value.as_ref(), &mut |warning| names.push(warning.name));
        println!("{text}: {names:?}");
    }
}
