use crate::claim::Claim;
use crate::feed::{Feed, FeedError, Row, Summary, read_feed};

fn feed(settings: &str) -> Feed {
    format!(
        "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
         confidence = 50\nextent = \"events\"\n[[format]]\nname = \"f\"\nconnector = \"misp\"\n\
         settings = {{ {settings} }}\n"
    )
    .parse()
    .unwrap()
}

fn read_with(settings: &str, text: &str) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut bytes = text.as_bytes();
    let result = read_feed(&feed(settings), None, &mut bytes, now, &mut |row| {
        rows.push(row);
    });
    (rows, result)
}

fn read(text: &str) -> (Vec<Row>, Result<Summary, FeedError>) {
    read_with("", text)
}

fn attribute(kind: &str, value: &str, rest: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"value\":\"{value}\",\"to_ids\":true{rest}}}")
}

/// What each row says: values with their ports, or why not.
fn told(rows: &[Row]) -> Vec<String> {
    let said = |claim: &Claim| {
        let ports = claim.ports.iter().map(|port| format!(":{port}"));
        format!("{}{}", claim.value, ports.collect::<Vec<_>>().concat())
    };
    rows.iter()
        .map(|row| match row {
            Row::Claims { claims, .. } => claims.iter().map(said).collect::<Vec<_>>().join(" "),
            Row::Article { article, .. } => article.title.clone(),
            Row::Withdrawn { values, .. } => format!("not {}", values[0]),
            Row::Refused { reason, .. } => reason.clone(),
        })
        .collect()
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
    let a = attribute("domain", "a.example.com", "");
    let b = attribute("ip-dst", "203.0.113.7", "");
    let event = format!(
        "{{\"info\":\"x\",\"Attribute\":[{a}],\"Object\":[{{\"name\":\"o\",\"Attribute\":[{b}]}}]}}"
    );
    for text in [
        event.clone(),
        format!("{{\"Event\":{event}}}"),
        format!("{{\"response\":[{{\"Event\":{event}}}]}}"),
        format!("{{\"response\":[{event}]}}"),
        format!("{{\"response\":{{\"Attribute\":[{a},{b}]}}}}"),
        format!("{{\"response\":{{\"Event\":[{event}]}}}}"),
        format!("[{{\"Event\":{event}}}]"),
        format!("[{event}]"),
        format!("[{a},{b}]"),
        format!("{{\"Attribute\":{a}}}\n{{\"Attribute\":[{b}]}}"),
        format!("{a}\n{b}\n"),
        format!("{{\"Attribute\":{a},\"Object\":{{\"Attribute\":{b}}}}}"),
    ] {
        let (rows, result) = read(&text);
        result.unwrap();
        assert_eq!(told(&rows), ["a.example.com", "203.0.113.7"], "{text}");
    }
}

#[test]
fn documents_without_values_are_read() {
    for text in [
        "{\"Event\":{\"info\":\"x\",\"Attribute\":[]}}",
        "{\"info\":\"x\",\"date\":\"2026-01-02\",\"threat_level_id\":\"1\"}",
        "{\"response\":[]}",
        "{\"response\":{\"Attribute\":[]}}",
        "[]",
    ] {
        let (rows, result) = read(text);
        assert_eq!((result.unwrap().rows, rows.len()), (0, 0), "{text}");
    }
}

#[test]
fn what_is_no_event_is_an_error() {
    for (text, reason) in [
        ("", "empty"),
        ("uuid,event_id\n", "text that is not JSON"),
        ("{}", "an object without members"),
        (
            "{\"name\":\"Not found\",\"message\":\"x\"}",
            "an object with name, message",
        ),
        (
            "[{\"Feed\":{\"id\":\"1\"}}]",
            "no event of MISP: an object with Feed",
        ),
        (
            "{\"7a\":{\"info\":\"x\",\"Orgc\":{}}}",
            "the manifest of a MISP feed",
        ),
        (
            "{\"Event\":{\"Attribute\":[{\"type\":",
            "the input ends in the middle",
        ),
        ("{\"Event\":{\"info\":\"x\"}} x", "something else follows"),
        ("<html>", "an HTML page"),
    ] {
        let (_, result) = read(text);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn attributes_name_values_by_their_types() {
    let md5 = "0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";
    for (kind, value, expected) in [
        ("ip-src", "203.0.113.0/24", "203.0.113.0/24"),
        ("ip-dst|port", "203.0.113.7|8443", "203.0.113.7:8443"),
        ("hostname|port", "a.example.com|80", "a.example.com:80"),
        (
            "domain|ip",
            "a.example.com|203.0.113.7",
            "a.example.com 203.0.113.7",
        ),
        ("hostname", "a.example.com", "a.example.com"),
        ("url", "http://a.example.com/x", "http://a.example.com/x"),
        ("url", "a.example.com", "a.example.com"),
        ("uri", "http://a.example.com/x", "http://a.example.com/x"),
        ("md5", md5, md5),
        ("filename|md5", &format!("a b.exe|{md5}"), md5),
        ("malware-sample", &format!("x|{md5}"), md5),
        ("email-src", "A@bad.example.com", "a@bad.example.com"),
        ("vulnerability", "CVE-2021-44228", "CVE-2021-44228"),
        (
            "stix2-pattern",
            "[domain-name:value = 'a.example.com']",
            "a.example.com",
        ),
        (
            "uri",
            "/x.php",
            "type \"uri\" is no type of value known here",
        ),
        (
            "regkey|value",
            "HKLM|x",
            "type \"regkey|value\" is no type of value known here",
        ),
        (
            "x509-fingerprint-md5",
            md5,
            "type \"x509-fingerprint-md5\" is no type of value known here",
        ),
        (
            "stix2-pattern",
            "[",
            "no STIX pattern: at byte 1 of the pattern: expected a path, object:property",
        ),
    ] {
        let (rows, result) = read(&attribute(kind, value, ""));
        result.unwrap();
        assert_eq!(told(&rows), [expected], "{kind} {value}");
    }
}

#[test]
fn what_is_not_to_be_looked_for_is_left_out() {
    let text = "{\"Event\":{\"info\":\"x\",\"Attribute\":[\
        {\"type\":\"domain\",\"value\":\"a.example.com\",\"to_ids\":false},\
        {\"type\":\"domain\",\"value\":\"b.example.com\",\"to_ids\":\"1\"},\
        {\"type\":\"domain\",\"value\":\"c.example.com\"},\
        {\"type\":\"vulnerability\",\"value\":\"CVE-2021-44228\",\"to_ids\":false},\
        {\"type\":\"text\",\"value\":\"words\",\"to_ids\":false},\
        {\"type\":\"text\",\"value\":null,\"to_ids\":false},\
        {\"type\":\"link\",\"value\":\"https://report.example.com/1\",\"to_ids\":false}]}}";
    let (rows, result) = read(text);
    assert_eq!(
        told(&rows),
        ["b.example.com", "c.example.com", "CVE-2021-44228"]
    );
    let warnings = result.unwrap().warnings;
    assert!(
        warnings[0].to_string().contains("(to_ids is false): 1;"),
        "{warnings:?}"
    );
    let Row::Claims { claims, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert_eq!(claims[0].references, ["https://report.example.com/1"]);
    let (rows, result) = read_with("all = true", text);
    assert!(result.unwrap().warnings.is_empty());
    let Row::Claims { claims, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert_eq!(
        (claims[0].value.as_str(), claims[0].confidence),
        ("a.example.com", 30)
    );
    assert_eq!(rows.len(), 4);
}

#[test]
fn an_event_describes_its_attributes() {
    let text = format!(
        "{{\"Event\":{{\"Attribute\":[{}],\"Object\":[{{\"comment\":\"Second stage\",\"Attribute\":[{}]}}],\
         \"Galaxy\":[{{\"GalaxyCluster\":[{{\"tag_name\":\"misp-galaxy:ransomware=\\\"LockBit\\\"\"}}]}}],\
         \"Orgc\":{{\"name\":\"ESET\"}},\"Tag\":[{{\"name\":\"tlp:green\"}},{{\"name\":\"osint\"}},\
         {{\"name\":\"misp-galaxy:mitre-attack-pattern=\\\"PowerShell - T1059.001\\\"\"}}],\
         \"date\":\"2026-01-01\",\"info\":\"A campaign\"}}}}",
        attribute(
            "domain",
            "a.example.com",
            ",\"comment\":\"C2\",\"timestamp\":\"1767400000\",\"Tag\":[{\"name\":\"tlp:red\"},{\"name\":\"dga\"}]"
        ),
        attribute(
            "domain",
            "b.example.com",
            ",\"first_seen\":\"2025-12-01T00:00:00.000000+00:00\",\"last_seen\":\"2026-02-01T00:00:00+00:00\""
        ),
    );
    let claims = claims(&text);
    let (own, other) = (&claims[0], &claims[1]);
    assert_eq!(own.context.as_deref(), Some("A campaign: C2 (ESET)"));
    assert_eq!(own.tags, ["dga", "osint"]);
    assert_eq!(own.techniques, ["T1059.001"]);
    assert_eq!(own.malware.as_deref(), Some("LockBit"));
    assert_eq!(own.tlp.map(crate::claim::Tlp::as_str), Some("red"));
    let times =
        |claim: &Claim| [claim.first_seen, claim.last_seen].map(|time| time.unwrap().to_string());
    assert_eq!(times(own), ["2026-01-01T00:00:00Z", "2026-01-03T00:26:40Z"]);
    assert_eq!(
        times(other),
        ["2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z"]
    );
    assert_eq!(
        other.context.as_deref(),
        Some("A campaign: Second stage (ESET)")
    );
    assert_eq!(other.tlp.map(crate::claim::Tlp::as_str), Some("green"));
}

#[test]
fn hashes_of_a_file_object_are_of_one_file() {
    let (md5, sha1) = ("0a".repeat(16), "0b".repeat(20));
    let text = format!(
        "{{\"info\":\"x\",\"Object\":[{{\"name\":\"file\",\"Attribute\":[{},{}]}}]}}",
        attribute("md5", &md5, ""),
        attribute("filename|sha1", &format!("a.exe|{sha1}"), ""),
    );
    for claim in claims(&text) {
        let context = claim.context.unwrap();
        let others = crate::related::other_hashes(claim.value.as_ref(), [&*context].into_iter());
        assert_eq!(others.len(), 1, "{context}");
    }
}

#[test]
fn what_is_deleted_is_withdrawn() {
    let text = format!(
        "{{\"info\":\"x\",\"Attribute\":[{}],\"Object\":[{{\"Attribute\":[{}],\"deleted\":\"1\"}}]}}",
        attribute("domain", "a.example.com", ",\"deleted\":true"),
        attribute("domain", "b.example.com", ""),
    );
    let (rows, _) = read(&text);
    assert_eq!(told(&rows), ["not a.example.com", "not b.example.com"]);
}

#[test]
fn broken_attributes_cost_a_row() {
    let text = format!(
        "{{\"Attribute\":[7,{{}},{{\"type\":\"domain\"}},{{\"type\":tru}},{}]}}",
        attribute("domain", "a.example.com", ",\"data\":[[[\"x\"]]]"),
    );
    let (rows, result) = read(&text);
    result.unwrap();
    let told = told(&rows);
    assert_eq!(told[4], "a.example.com");
    for (row, reason) in
        told.iter()
            .zip(["is a JSON object", "no type", "no value", "no valid JSON"])
    {
        assert!(row.contains(reason), "{row}");
    }
}
