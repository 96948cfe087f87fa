use crate::claim::{Claim, Scope};
use crate::feed::{Feed, FeedError, Row, Summary, read_feed};

fn feed() -> Feed {
    "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
     confidence = 50\nextent = \"events\"\n[[format]]\nname = \"f\"\nconnector = \"openioc\"\n"
        .parse()
        .unwrap()
}

fn read(text: &[u8]) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut bytes = text;
    let result = read_feed(&feed(), None, &mut bytes, now, &mut |row| rows.push(row));
    (rows, result)
}

fn item(search: &str, condition: &str, content: &str) -> String {
    format!(
        "<IndicatorItem id=\"54481c42-effb-436b-b4d2-cff1cbd09a66\" condition=\"{condition}\">\n\
         <Context document=\"x\" search=\"{search}\" type=\"mir\"/>\n\
         <Content type=\"string\">{content}</Content></IndicatorItem>\n"
    )
}

fn ioc(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<ioc xmlns=\"http://schemas.mandiant.com/2010/ioc\" \
         last-modified=\"2026-02-02T00:00:00Z\"><short_description>A campaign</short_description>\
         <description>What it does</description><keywords>apt, phishing</keywords>\
         <authored_by>Example &amp; Co</authored_by><authored_date>2026-01-01T00:00:00</authored_date>\
         <links><link rel=\"family\">Emotet</link><link rel=\"threatgroup\">APT0</link>\
         <link rel=\"license\">Apache 2.0</link><link rel=\"report\" href=\"https://r.example.com/1\"/></links>\
         <definition><Indicator operator=\"OR\">{items}</Indicator></definition></ioc>"
    )
}

fn told(rows: &[Row]) -> Vec<String> {
    let said = |claim: &Claim| {
        let below = if claim.scope == Scope::Subtree {
            "*."
        } else {
            ""
        };
        format!("{below}{}", claim.value)
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

#[test]
fn items_name_values_by_their_place() {
    let md5 = "0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";
    let other = "1a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";
    for (search, condition, content, expected) in [
        ("Network/DNS", "is", "a.example.com", "a.example.com"),
        (
            "DnsEntryItem/Host",
            "contains",
            "a.example.com",
            "*.a.example.com",
        ),
        (
            "DnsEntryItem/RecordName",
            "ends-with",
            ".a.example.com",
            "*.a.example.com",
        ),
        ("PortItem/remoteIP", "is", "203.0.113.7", "203.0.113.7"),
        (
            "PortItem/remoteIP",
            "contains",
            "203.0.113.7",
            "203.0.113.7",
        ),
        (
            "RouteEntryItem/Destination",
            "is",
            "203.0.113.0/24",
            "203.0.113.0/24",
        ),
        ("FileItem/Md5sum", "is", md5, md5),
        (
            "FileItem/Md5sum",
            "is",
            &format!("{md5}, {other}"),
            &format!("{md5} {other}"),
        ),
        ("ServiceItem/serviceDLLmd5sum", "is", md5, md5),
        (
            "UrlHistoryItem/URL",
            "is",
            "http://a.example.com/x?a=1&amp;b=2,3",
            "http://a.example.com/x?a=1&b=2,3",
        ),
        ("UrlHistoryItem/URL", "is", "a.example.com", "a.example.com"),
        ("Email/From", "is", "a@bad.example.com", "a@bad.example.com"),
        (
            "Network/DNS",
            "is",
            "<![CDATA[a.example.com]]>",
            "a.example.com",
        ),
        ("Network/DNS", "is", "&#97;.example.com", "a.example.com"),
        (
            "Email/To",
            "is",
            "a@good.example.com",
            "\"Email/To\" is no place of a value known here",
        ),
        (
            "FileItem/PEInfo/Sections/Section/Md5sum",
            "is",
            md5,
            "\"FileItem/PEInfo/Sections/Section/Md5sum\" is no place of a value known here",
        ),
        (
            "FileItem/Md5sum",
            "contains",
            md5,
            "the condition \"contains\" names no whole value",
        ),
        (
            "Network/DNS",
            "matches",
            "a.*",
            "the condition \"matches\" names no whole value",
        ),
        (
            "Network/DNS",
            "isnot",
            "a.example.com",
            "the condition \"isnot\" names no whole value",
        ),
        ("Network/DNS", "is", "", "the item has no content"),
    ] {
        let (rows, result) = read(ioc(&item(search, condition, content)).as_bytes());
        result.unwrap();
        assert_eq!(told(&rows), [expected], "{search} {condition} {content}");
    }
}

#[test]
fn an_indicator_describes_its_items() {
    let (rows, result) = read(ioc(&item("Network/DNS", "is", "a.example.com")).as_bytes());
    result.unwrap();
    let Row::Claims { claims, line, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    let claim = &claims[0];
    assert_eq!(*line, 2);
    assert_eq!(
        claim.context.as_deref(),
        Some("A campaign: What it does (Example & Co)")
    );
    assert_eq!(claim.tags, ["APT0", "apt", "phishing"]);
    assert_eq!(claim.malware.as_deref(), Some("Emotet"));
    assert_eq!(claim.references, ["https://r.example.com/1"]);
    assert_eq!(
        claim.first_seen.unwrap().to_string(),
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(claim.last_seen.unwrap().to_string(), "2026-02-02T00:00:00Z");
}

#[test]
fn version_1_1_is_read() {
    let text = "<OpenIOC xmlns=\"http://openioc.org/schemas/OpenIOC_1.1\" published-date=\"2026-02-02T00:00:00Z\">\
        <metadata><short_description>x</short_description></metadata><criteria><Indicator operator=\"AND\">\
        <IndicatorItem condition=\"is\" preserve-case=\"false\" negate=\"false\">\
        <Context document=\"FileItem\" search=\"Network/DNS\"/><Content type=\"string\">a.example.com</Content></IndicatorItem>\
        <IndicatorItem condition=\"is\" negate=\"true\"><Context search=\"Network/DNS\"/>\
        <Content type=\"string\">good.example.com</Content></IndicatorItem></Indicator></criteria></OpenIOC>";
    let (rows, result) = read(text.as_bytes());
    result.unwrap();
    assert_eq!(
        told(&rows),
        [
            "a.example.com",
            "the item is negated: it says what is not there"
        ]
    );
}

#[test]
fn an_id_that_is_a_value_stands_for_an_empty_content() {
    let text = "<IndicatorItem id=\"a.example.com\" condition=\"is\"><Context search=\"Network/DNS\"/>\
        <Content type=\"string\"></Content></IndicatorItem>";
    let (rows, _) = read(ioc(text).as_bytes());
    assert_eq!(told(&rows), ["a.example.com"]);
}

#[test]
fn what_is_not_well_formed_is_read_as_far_as_possible() {
    let good = item("Network/DNS", "is", "a.example.com");
    for text in [
        ioc(&format!("{good}</nothing>")),
        ioc(&format!("<Indicator><p>{good}</Indicator>")),
    ] {
        let (rows, result) = read(text.as_bytes());
        assert_eq!(told(&rows), ["a.example.com"], "{text}");
        let warnings = result.unwrap().warnings;
        assert!(
            warnings[0].to_string().contains("not well formed"),
            "{warnings:?}"
        );
    }
    // Odd, and no fault: bytes of another encoding, a lone ampersand.
    let text = ioc(&good).replace("What it does", "Caf\u{e9} & more");
    let latin: Vec<u8> = text
        .chars()
        .map(|char| u8::try_from(u32::from(char)).unwrap())
        .collect();
    let (rows, result) = read(&latin);
    assert_eq!(
        (told(&rows), result.unwrap().warnings.len()),
        (vec!["a.example.com".to_owned()], 0)
    );
}

#[test]
fn what_is_no_openioc_is_an_error() {
    let whole = ioc(&item("Network/DNS", "is", "a.example.com"));
    let deep = ioc(&"<Indicator>".repeat(100));
    let long = ioc(&"x".repeat(2 << 20));
    for (text, reason) in [
        ("", "empty"),
        ("<rss><channel/></rss>", "a document of <rss>"),
        ("<html><body>", "a document of <html>"),
        ("<stix:STIX_Package>", "convert it with stix2-elevator"),
        ("{\"type\":\"bundle\"}", "a JSON object"),
        (&whole[..whole.len() - 30], "the input ends in the middle"),
        (&deep, "nested more than 64 deep"),
        (&long, "longer than 1 MiB"),
    ] {
        let (_, result) = read(text.as_bytes());
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains(reason),
            "{}: {error}",
            &text[..text.len().min(80)]
        );
    }
}

/// Entities cost nothing, since they are not expanded.
#[test]
fn entities_are_not_expanded() {
    let bomb = "<!DOCTYPE ioc [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">\
                <!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
    let item = item("Network/DNS", "is", "&b;&c;");
    let text = ioc(&item).replace("?>", &format!("?>{bomb}"));
    let (rows, result) = read(text.as_bytes());
    result.unwrap();
    let Row::Refused { text, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert!(text.contains("&b | &c"), "{text}");
}
