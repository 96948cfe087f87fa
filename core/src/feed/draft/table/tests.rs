//! Tables and what is none.

use super::*;

fn of(text: &str) -> Option<String> {
    format(&Sample::of(text.as_bytes()))
}

#[track_caller]
fn check(text: &str, parts: &[&str]) {
    let format = of(text).unwrap_or_else(|| panic!("no table: {text}"));
    for part in parts {
        assert!(format.contains(part), "{part} is not in\n{format}");
    }
}

#[test]
fn names_and_types_in_any_order() {
    check(
        "\u{feff}Indicator,Data,Note\r\nDescription,About it,x\r\nip,203.0.113.7:44,C2 server\r\n",
        &[
            "separator = \",\"",
            "preamble = 0",
            "column = \"data\"",
            "type = { column = \"indicator\", common = true }",
            "context = \"{note}\"",
        ],
    );
    check(
        "value;type;notes\nbad[.]example.com;hostname;seen\n",
        &[
            "separator = \";\"",
            "column = \"value\"",
            "column = \"type\"",
            "defanged = true",
        ],
    );
}

#[test]
fn dates_links_and_hashes() {
    check(
        "IOC, Valid From, Valid Until, Link\n203.0.113.7,2024-01-23T00:00:00Z,2024-07-21T00:00:00Z,https://x.example/1\n",
        &[
            "first_seen = [\"valid from\"]",
            "expires_at = [\"valid until\"]",
            "references = [\"{link}\"]",
        ],
    );
    check(
        "name,md5,sha256\na.exe,d41d8cd98f00b204e9800998ecf8427e,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
        &[
            "column = \"md5\", type = \"md5\"",
            "column = \"sha256\", type = \"sha256\"",
        ],
    );
}

#[test]
fn titles_before_the_names_and_names_nobody_knows() {
    check(
        "Report of today,\n\"Made by us, for you\",\nindicator,comment\n203.0.113.7,C2\n",
        &["preamble = 2", "column = \"indicator\""],
    );
    check(
        "Incident IOCs of May,Other context\nbad.example.com,C2 domain\n",
        &[
            "preamble = 0",
            "column = \"incident iocs of may\"",
            "context = \"{other context}\"",
        ],
    );
    check(
        "Adresse,Bemerkung\nbad.example.com,C2 domain\nworse.example.com,too\n",
        &["preamble = 0", "column = \"adresse\""],
    );
    check(
        "# 2024 list\n# first_seen,ioc,malware\n2024-01-02,203.0.113.7,Emotet\n",
        &["column = \"ioc\"", "malware = [\"malware\"]"],
    );
}

#[test]
fn columns_without_names() {
    check(
        "805fb9539c7398f8c249160e699d2050e4f08d6d;a@example[.]com;203.0.113[.]7\n",
        &[
            "columns = [\"column-1\", \"column-2?\", \"column-3?\"]",
            "column = \"column-1\"",
            "column = \"column-3\"",
        ],
    );
    check(
        "203.0.113.7,ipaddress,Resolution for a known one\nbad.example.com,hostname,Suspected domain\n",
        &[
            "column = \"column-1\"",
            "type = { column = \"column-2\"",
            "context = \"{column-3}\"",
        ],
    );
}

#[test]
fn texts_are_no_tables() {
    for text in [
        "Dear reader,\nit calls bad.example.com, then 203.0.113.7, and ends.\n",
        "203.0.113.7\n203.0.113.8\n",
        "a,b\nc,d\n",
    ] {
        assert_eq!(of(text), None, "{text}");
    }
}
