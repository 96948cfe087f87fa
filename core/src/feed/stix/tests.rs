use std::fmt::Write as _;

use crate::claim::Claim;
use crate::feed::{Feed, FeedError, Row, Summary, read_feed};

/// A feed of the connector with these settings.
fn feed() -> Feed {
    "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
     confidence = 50\nextent = \"events\"\n[[format]]\nname = \"f\"\nconnector = \"stix\"\n"
        .parse()
        .unwrap()
}

fn read(text: &str) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut bytes = text.as_bytes();
    let result = read_feed(&feed(), None, &mut bytes, now, &mut |row| rows.push(row));
    (rows, result)
}

/// An object with what every dated object needs.
fn object(kind: &str, uuid: u32, rest: &str) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{kind}--{uuid}\",\
         \"created\":\"2026-01-02T03:04:05.000Z\",\"modified\":\"2026-02-02T03:04:05Z\",{rest}}}"
    )
}

fn indicator(uuid: u32, pattern: &str, rest: &str) -> String {
    let rest = format!("\"pattern\":\"{pattern}\",\"pattern_type\":\"stix\"{rest}");
    object("indicator", uuid, &rest)
}

fn relationship(uuid: u32, source: &str, kind: &str, target: &str) -> String {
    let rest = format!(
        "\"source_ref\":\"{source}\",\"relationship_type\":\"{kind}\",\"target_ref\":\"{target}\""
    );
    object("relationship", uuid, &rest)
}

fn bundle(objects: &[String]) -> String {
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{}]}}",
        objects.join(",")
    )
}

/// What each row says: values, or the reason of a refusal.
fn told(rows: &[Row]) -> String {
    let mut told = String::new();
    for row in rows {
        match row {
            Row::Claims { claims, .. } => {
                let values: Vec<&str> = claims.iter().map(|claim| claim.value.as_str()).collect();
                write!(told, "{};", values.join(" ")).unwrap();
            }
            Row::Withdrawn { values, .. } => write!(told, "not {};", values[0]).unwrap(),
            Row::Refused { reason, .. } => write!(told, "{reason};").unwrap(),
        }
    }
    told
}

fn claims(text: &str) -> Vec<Claim> {
    let (rows, result) = read(text);
    result.unwrap();
    let mut all = Vec::new();
    for row in rows {
        if let Row::Claims { claims, .. } = row {
            all.extend(claims);
        }
    }
    all
}

#[test]
fn documents_of_all_shapes_are_read() {
    let one = indicator(1, "[domain-name:value = 'a.example.com']", "");
    let two = indicator(2, "[url:value = 'http://b.example.com/x']", "");
    let expected = "a.example.com;http://b.example.com/x;";
    for text in [
        bundle(&[one.clone(), two.clone()]),
        format!("{{\"objects\":[{one},{two}],\"spec_version\":\"2.0\",\"type\":\"bundle\"}}"),
        format!("{{\"more\":true,\"next\":\"7\",\"objects\":[{one},{two}]}}"),
        format!("[{one},{two}]"),
        format!(
            "[{},{}]",
            bundle(std::slice::from_ref(&one)),
            bundle(std::slice::from_ref(&two))
        ),
        format!("{one}\n{two}\n"),
        format!(
            "{}\n{}",
            bundle(std::slice::from_ref(&one)),
            bundle(std::slice::from_ref(&two))
        ),
    ] {
        let (rows, result) = read(&text);
        result.unwrap();
        assert_eq!(told(&rows), expected, "{text}");
    }
}

#[test]
fn documents_without_indicators_are_read() {
    let identity = object("identity", 1, "\"name\":\"X\"");
    for text in [
        identity.clone(),
        bundle(&[identity]),
        bundle(&[]),
        "{\"type\":\"bundle\",\"id\":\"bundle--1\"}".to_owned(),
        "{}".to_owned(),
        "{\"more\":false}".to_owned(),
        "[]".to_owned(),
        "[{\"id\":\"indicator--1\",\"date_added\":\"x\",\"version\":\"x\"}]".to_owned(),
    ] {
        let (rows, result) = read(&text);
        assert_eq!((result.unwrap().rows, rows.len()), (0, 0), "{text}");
    }
}

#[test]
fn what_is_no_stix_is_an_error() {
    let identity = object("identity", 1, "\"name\":\"X\"");
    for (text, reason) in [
        ("", "empty"),
        ("nothing", "text that is not JSON"),
        (
            "{\"title\":\"Unauthorized\",\"http_status\":\"401\"}",
            "an object with title, http_status",
        ),
        (
            "{\"$schema\":\"x\",\"allOf\":[]}",
            "an object with $schema, allOf",
        ),
        (
            "<stix:STIX_Package xmlns:stix=\"http://stix.mitre.org/stix-1\"/>",
            "STIX 1.x XML: not supported; convert it with stix2-elevator",
        ),
        (
            "<?xml version=\"1.0\"?>\n<!-- x --><STIX_Package>",
            "STIX 1.x XML: not supported",
        ),
        ("<html><p>STIX_Package</p>", "an HTML page"),
        (&format!("<{identity}>"), "neither JSON nor XML"),
        (
            &identity.replace("\"X\"}", "\"X\",}"),
            "a key is not a string",
        ),
        (
            &identity.replace("\"modified\"", "\"changed\""),
            "identity: modified is missing",
        ),
        (&identity.replace("2026-02", "2025-02"), "is before created"),
        (&identity.replace("2026-02", "26-02"), "is no time"),
        (
            &identity.replace("\"identity--1\"", "\"malware--1\""),
            "does not begin with its type",
        ),
        (&identity.replace("\"id\"", "\"name\""), "id is missing"),
        (&bundle(&["7".to_owned()]), "a STIX object is a JSON object"),
        (&bundle(&[identity])[..80], "the input ends in the middle"),
    ] {
        let (_, result) = read(text);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn what_cannot_be_taken_is_told() {
    let text = bundle(&[
        object(
            "indicator",
            1,
            "\"pattern\":\"rule x {}\",\"pattern_type\":\"yara\"",
        ),
        indicator(2, "[domain-name:value = 'a.example.com'", ""),
        indicator(
            3,
            "[file:name = 'x' AND windows-registry-key:key = 'y']",
            "",
        ),
        object("indicator", 4, "\"name\":\"x\""),
        object("vulnerability", 5, "\"name\":\"nameless\""),
        indicator(
            7,
            "[domain-name:value = 'good.example.com']",
            ",\"indicator_types\":[\"benign\"]",
        ),
        indicator(6, "[domain-name:value = 'b.example.com']", ""),
    ]);
    let (rows, result) = read(&text);
    assert_eq!((result.unwrap().refused, rows.len()), (6, 7));
    assert_eq!(
        told(&rows),
        "the pattern is written in the language \"yara\"; only STIX patterns are read;\
         no STIX pattern: at byte 36 of the pattern: expected ']';\
         the pattern names no value of a type known here: file:name =, windows-registry-key:key =;\
         indicator: pattern is missing, or longer than 256 KiB;\
         the vulnerability has no CVE id;\
         the indicator is of type \"benign\": it names what is good;b.example.com;"
    );
}

#[test]
fn an_indicator_is_described_by_what_surrounds_it() {
    let text = bundle(&[
        relationship(1, "indicator--1", "indicates", "malware--1"),
        relationship(2, "indicator--1", "uses", "attack-pattern--1"),
        relationship(3, "indicator--1", "indicates", "threat-actor--1"),
        relationship(4, "threat-actor--1", "targets", "identity--2"),
        relationship(5, "course-of-action--1", "mitigates", "malware--1"),
        indicator(
            1,
            "[domain-name:value = 'a.example.com']",
            ",\"name\":\"C2\",\"description\":\"Where it calls home\",\"confidence\":85,\
             \"valid_from\":\"2025-12-01T00:00:00Z\",\"valid_until\":\"2027-01-01T00:00:00Z\",\
             \"indicator_types\":[\"malicious-activity\"],\"labels\":[\"c2\",\"misp:to_ids=\\\"True\\\"\"],\
             \"kill_chain_phases\":[{\"kill_chain_name\":\"mitre-attack\",\"phase_name\":\"exfiltration\"}],\
             \"external_references\":[{\"source_name\":\"x\",\"url\":\"https://report.example.com/1\"}],\
             \"created_by_ref\":\"identity--1\",\
             \"object_marking_refs\":[\"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82\",\
             \"marking-definition--1\"]",
        ),
        object("malware", 1, "\"name\":\"Emotet\""),
        object(
            "attack-pattern",
            1,
            "\"name\":\"x\",\"external_references\":[{\"source_name\":\"mitre-attack\",\"external_id\":\"T1059.001\"}]",
        ),
        object("threat-actor", 1, "\"name\":\"TA542\""),
        object("identity", 1, "\"name\":\"Example CERT\""),
        object(
            "identity",
            2,
            "\"name\":\"Banks\",\"sectors\":[\"financial-services\"]",
        ),
        object(
            "marking-definition",
            1,
            "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"green\"}",
        ),
    ]);
    let claims = claims(&text);
    assert_eq!(claims.len(), 2, "the indicator and the technique");
    let claim = &claims[0];
    assert_eq!(claim.malware.as_deref(), Some("Emotet"));
    assert_eq!(claim.techniques, ["T1059.001"]);
    assert_eq!(claim.sectors, ["financial-services"]);
    assert_eq!(
        claim.tags,
        [
            "TA542",
            "c2",
            "malicious-activity",
            "mitre-attack:exfiltration"
        ]
    );
    assert_eq!(claim.confidence, 85);
    assert_eq!(claim.references, ["https://report.example.com/1"]);
    assert_eq!(
        claim.context.as_deref(),
        Some("C2: Where it calls home (Example CERT)")
    );
    assert_eq!(
        claim.tlp.map(crate::claim::Tlp::as_str),
        Some("amber"),
        "the stricter"
    );
    let times = [claim.first_seen, claim.last_seen, claim.expires_at];
    let times = times.map(|time| time.unwrap().to_string());
    assert_eq!(
        times,
        [
            "2025-12-01T00:00:00Z",
            "2026-02-02T03:04:05Z",
            "2027-01-01T00:00:00Z"
        ]
    );
    assert_eq!(claims[1].value.as_str(), "T1059.001");
}

#[test]
fn a_report_describes_its_members() {
    let text = bundle(&[
        indicator(
            1,
            "[domain-name:value = 'a.example.com']",
            ",\"name\":\"a.example.com\"",
        ),
        object(
            "report",
            1,
            "\"name\":\"A campaign\",\"object_refs\":[\"indicator--1\",\"malware--1\",\
             \"attack-pattern--1\",\"threat-actor--1\",\"threat-actor--2\"],\
             \"external_references\":[{\"url\":\"https://report.example.com/2\"}]",
        ),
        object("malware", 1, "\"name\":\"Emotet\""),
        object("attack-pattern", 1, "\"name\":\"Phishing - T1566\""),
        object("threat-actor", 1, "\"name\":\"TA1\""),
        object("threat-actor", 2, "\"name\":\"TA2\""),
    ]);
    let claims = claims(&text);
    assert_eq!(claims[0].context.as_deref(), Some("A campaign"));
    assert_eq!(claims[0].references, ["https://report.example.com/2"]);
    assert_eq!(claims[0].malware.as_deref(), Some("Emotet"));
    assert_eq!(claims[0].techniques, ["T1566"]);
    assert!(claims[0].tags.is_empty(), "of two actors none is meant");
}

#[test]
fn what_is_revoked_is_withdrawn() {
    let (rows, result) = read(&bundle(&[indicator(
        1,
        "[domain-name:value = 'a.example.com']",
        ",\"revoked\":true",
    )]));
    assert_eq!(told(&rows), "not a.example.com;");
    assert_eq!(result.unwrap().withdrawn, 1);
}

#[test]
fn observables_are_values_of_low_confidence() {
    let md5 = "0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";
    let text = format!(
        "[{{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--1\",\"value\":\"203.0.113.7\"}},\
         {{\"type\":\"file\",\"id\":\"file--1\",\"name\":\"x\",\"hashes\":{{\"MD5\":\"{md5}\",\"SSDEEP\":\"3:x:y\"}}}},\
         {{\"type\":\"email-addr\",\"id\":\"email-addr--1\",\"value\":\"a@bad.example.com\"}},\
         {{\"type\":\"email-addr\",\"id\":\"email-addr--2\",\"value\":\"victim@good.example.com\"}},\
         {{\"type\":\"email-message\",\"id\":\"email-message--1\",\"to_refs\":[\"email-addr--2\"]}},\
         {{\"type\":\"mutex\",\"id\":\"mutex--1\",\"name\":\"x\"}},{}]",
        relationship(1, "malware--1", "communicates-with", "ipv4-addr--1")
    );
    let (rows, _) = read(&text);
    assert_eq!(told(&rows), format!("203.0.113.7;{md5};a@bad.example.com;"));
    let all = claims(&text);
    assert!(all.iter().all(|claim| claim.confidence == 30));
    let old = object(
        "observed-data",
        1,
        "\"first_observed\":\"2025-01-01T00:00:00Z\",\"objects\":{\
         \"0\":{\"type\":\"domain-name\",\"value\":\"a.example.com\",\"resolves_to_refs\":[\"1\"]},\
         \"1\":{\"type\":\"ipv4-addr\",\"value\":\"203.0.113.7\"},\
         \"2\":{\"type\":\"email-message\",\"to_refs\":[\"3\"]},\
         \"3\":{\"type\":\"email-addr\",\"value\":\"victim@good.example.com\"}}",
    );
    let claims = claims(&old);
    let values: Vec<&str> = claims.iter().map(|claim| claim.value.as_str()).collect();
    assert_eq!(values, ["a.example.com", "203.0.113.7"]);
    assert_eq!(
        claims[0].first_seen.unwrap().to_string(),
        "2025-01-01T00:00:00Z"
    );
}

#[test]
fn what_only_explains_is_no_value() {
    let text = bundle(&[
        object(
            "observed-data",
            1,
            "\"labels\":[\"misp:category=\\\"External analysis\\\"\"],\
             \"objects\":{\"0\":{\"type\":\"url\",\"value\":\"https://report.example.com/\"}}",
        ),
        indicator(2, "[domain-name:value = 'a.example.com']", ""),
        "{\"type\":\"url\",\"id\":\"url--1\",\"value\":\"https://www.example.com/x\"}".to_owned(),
        object(
            "observed-data",
            3,
            "\"labels\":[\"misp:to_ids=\\\"False\\\"\"],\"object_refs\":[\"url--1\"]",
        ),
    ]);
    let claims = claims(&text);
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].references, ["https://report.example.com/"]);
}

#[test]
fn vulnerabilities_and_techniques_are_values() {
    let text = bundle(&[
        object("vulnerability", 1, "\"name\":\"CVE-2021-44228\""),
        object(
            "vulnerability",
            2,
            "\"name\":\"x\",\"external_references\":[{\"source_name\":\"cve\",\"external_id\":\"CVE-2020-0601\"}]",
        ),
        object("attack-pattern", 3, "\"name\":\"Phishing - T1566\""),
        object("attack-pattern", 4, "\"name\":\"Something else\""),
    ]);
    let (rows, _) = read(&text);
    assert_eq!(told(&rows), "CVE-2021-44228;CVE-2020-0601;T1566;");
}

#[test]
fn long_documents_are_read_in_parts() {
    let long = "x".repeat(200_000);
    let malware = object("malware", 1, "\"name\":\"Emotet\"");
    let mut objects = vec![
        malware,
        relationship(1, "indicator--0", "indicates", "malware--1"),
    ];
    objects.extend((0..400).map(|place| {
        let pattern = format!("[domain-name:value = 'a{place}.example.com']");
        indicator(place, &pattern, &format!(",\"description\":\"{long}\""))
    }));
    let (rows, result) = read(&bundle(&objects));
    let summary = result.unwrap();
    assert_eq!(summary.claims, 400);
    assert!(
        summary.warnings[0]
            .to_string()
            .contains("longer than 64 MiB")
    );
    let Row::Claims { claims, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert_eq!(claims[0].malware.as_deref(), Some("Emotet"));
}
