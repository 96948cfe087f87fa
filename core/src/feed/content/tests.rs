use super::*;

#[test]
fn standards_are_known_by_what_is_in_them() {
    for (text, expected) in [
        (
            r#"{"type": "bundle", "id": "bundle--x", "objects": []}"#,
            "stix",
        ),
        (
            r#"{"more": false, "objects": [{"type": "indicator", "id": "indicator--1"}]}"#,
            "stix",
        ),
        (r#"{"type": "indicator", "id": "indicator--1"}"#, "stix"),
        (r#"[{"type": "indicator", "id": "indicator--1"}]"#, "stix"),
        (r#"{"Event": {"uuid": "1"}}"#, "misp"),
        (r#"{"response": [{"Event": {}}]}"#, "misp"),
        (r#"{"response": {"Attribute": []}}"#, "misp"),
        (r#"{"uuid": "1", "info": "x", "Attribute": []}"#, "misp"),
        (
            r#"[{"type": "url", "category": "x", "value": "y", "to_ids": true}]"#,
            "misp",
        ),
        (
            r#"{"version": "https://jsonfeed.org/version/1.1", "items": []}"#,
            "rss",
        ),
    ] {
        let document = serde_json::from_str(text).unwrap();
        assert_eq!(standard_json(&document), Some(expected), "{text}");
    }
    for other in [
        r#"{"type": "url", "value": "x"}"#,
        r#"[["a"]]"#,
        "[]",
        r#"{"data": []}"#,
    ] {
        let document = serde_json::from_str(other).unwrap();
        assert_eq!(standard_json(&document), None, "{other}");
    }
}

#[test]
fn roots_of_xml() {
    for (text, expected) in [
        ("<?xml version='1.0'?><!-- <x> --><rdf:RDF a='b'>", "rdf"),
        ("<rss>", "rss"),
        ("<ioc xmlns='x'>", "ioc"),
        ("<OpenIOC>", "openioc"),
    ] {
        assert_eq!(root_name(text).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(root_name("<!-- never"), None);
}

#[test]
fn what_is_cut_off_is_closed() {
    for (text, expected) in [
        (r#"{"a": [{"b": 1}, {"c": "x,]"#, r#"{"a": [{"b": 1}]}"#),
        (r#"[1, 2, {"a": 3, "b"#, r#"[1, 2, {"a": 3}]"#),
    ] {
        assert_eq!(close(text), expected);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    for (head, reason) in [
        (&b"PK\x03\x04rest"[..], "ZIP"),
        (b"%PDF-1.7\n", "PDF"),
        (
            b"<stix:STIX_Package xmlns:stix='http://stix.mitre.org/stix-1'>",
            "STIX 1.x",
        ),
        (b"{\"a\": nonsense}", "no valid JSON"),
        (b"{\"a\": ", "ends in the middle"),
        (b" \n", "empty"),
        (
            b"{\"list\": [], \"matching_attributes\": []}",
            "warning list",
        ),
    ] {
        let error = recognise_content(head).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for text in [&b"[.]example is defanged"[..], b"plain text"] {
        assert!(
            matches!(recognise_content(text), Ok(Content::Text)),
            "{text:?}"
        );
    }
}

#[test]
fn xml_that_nobody_knows_is_told_from_pages() {
    for text in ["<?xml version='1.0'?><list><ip>a</ip></list>", "<x:Y/>"] {
        let content = recognise_content(text.as_bytes()).unwrap();
        assert!(matches!(content, Content::UnknownXml(_)), "{text}");
    }
    for text in [
        "<!DOCTYPE html><svg></svg>",
        "<p>a</p>",
        "<hxxp://a[.]example> is bad",
    ] {
        let content = recognise_content(text.as_bytes()).unwrap();
        assert!(matches!(content, Content::Standard("text")), "{text}");
    }
}

#[test]
fn schemas_are_no_documents() {
    let schema = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema",
                     "$id": "https://vendor.example/s.json", "properties": {}}"#;
    assert!(begins_as_schema(schema.as_bytes()));
    let content = recognise_content(schema.as_bytes()).unwrap();
    assert!(matches!(content, Content::Standard("text")));
    for other in [
        r#"{"$schema": "https://vendor.example/s.json", "items": ["a"]}"#,
        r#"{"$schema": "https://json-schema.org/draft-07/schema", "data": ["a"]}"#,
        "[]",
        "text",
    ] {
        assert!(!begins_as_schema(other.as_bytes()), "{other}");
    }
}
