use super::*;

fn found(text: &str) -> Vec<String> {
    mentions(text, &Options::default())
        .into_iter()
        .map(|mention| format!("{} {}", mention.reading.value.kind(), mention.reading.value))
        .collect()
}

#[test]
fn what_reports_say() {
    for (text, expected) in [
        (
            "Foo https://example.com/about/), bar",
            "url https://example.com/about/",
        ),
        (
            "x('https://example[.]com/a.ps1');g $I y(\"https://example[.]com/b.ps1\")",
            "url https://example.com/a.ps1, url https://example.com/b.ps1",
        ),
        ("example[.]com/?q=test???", "url http://example.com/?q=test"),
        (
            "example.org/a?hxxp://example[.]com[?/]x, 192.0.2.1",
            "url http://example.org/a?hxxp://example[.]com[?/]x, ipv4 192.0.2.1",
        ),
        ("127.0.0.1\u{1d}127.0.0.2", "ipv4 127.0.0.1, ipv4 127.0.0.2"),
        ("C2 IP: 203.0.113.8:443", "ipv4 203.0.113.8"),
        ("10/10/21 2024-05-10T12:30:40Z 2024-05-40 2024.05.10", ""),
        ("123.456.7890 a. [b analysis), yo seasharpee 123howp", ""),
        (
            "report.zip, main.py and README.md use System.Net or node.js",
            "",
        ),
        (
            "[text](https://example.com/a) and <https://example.com/b>",
            "url https://example.com/a, url https://example.com/b",
        ),
        (
            "| evil.example.org | 203.0.113.9 |",
            "domain evil.example.org, ipv4 203.0.113.9",
        ),
        (
            "https://example.com/m?url=http%3A%2F%2Fexample.net%2Fcs",
            "url https://example.com/m?url=http%3A%2F%2Fexample.net%2Fcs",
        ),
        (
            "bob@example.com, eve[@]example[.]net; mal (at) example[.]org",
            "email bob@example.com, email eve@example.net, email mal@example.org",
        ),
        (
            "CVE\u{2011}2021\u{2011}44228 and cve-2014-0160, CVE 2014-0161.",
            "cve CVE-2021-44228, cve CVE-2014-0160, cve CVE-2014-0161",
        ),
        (
            "T1059.001, TA0001 (G0007)",
            "mitre-attack T1059.001, mitre-attack TA0001, mitre-attack G0007",
        ),
        (
            "0x0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef.",
            "md5 0123456789abcdef0123456789abcdef",
        ),
        (
            "2001:db8::1 [2001:db8::2]:443 2001[:]db8[:][:]3 std::io a::b 12:30:45",
            "ipv6 2001:db8::1, ipv6 2001:db8::2, ipv6 2001:db8::3",
        ),
        ("203.0.113.0/24 and 10.0.0.0/8", "ipv4 203.0.113.0/24"),
        (
            "example [.] com and evil (dot) example (dot) net",
            "domain example.com, domain evil.example.net",
        ),
        (
            "hxxp://a.example[.]com/x?a=1&amp;b=2 &lt;http://example.net/&gt;",
            "url http://a.example.com/x?a=1&b=2, url http://example.net/",
        ),
        ("http%3A%2F%2Fexample%2Ecom%2Fx", "url http://example.com/x"),
        (
            "bad@[192.168.7.3] john(work)@example.com",
            "email bad@[192.168.7.3], email john@example.com",
        ),
        ("*.example.com:8443", "domain example.com"),
        (
            "\u{57df}\u{540d}evil.example.com\u{3002}",
            "domain evil.example.com",
        ),
        (
            "m\u{fc}ller.example.com",
            "domain xn--mller-kva.example.com",
        ),
        ("imphash: 0123456789abcdef0123456789abcdef", ""),
        (
            "0123456789abcdef0123456789abcdef.exe",
            "md5 0123456789abcdef0123456789abcdef",
        ),
        (
            "203.0.113.5-203.0.113.9",
            "ipv4 203.0.113.5, ipv4 203.0.113.9",
        ),
        (
            "203.0.113.7:8080/a.bin",
            "url http://203.0.113.7:8080/a.bin",
        ),
        (
            "src=\"//cdn.example.com/x.js\"",
            "url http://cdn.example.com/x.js",
        ),
    ] {
        assert_eq!(found(text).join(", "), expected, "{text}");
    }
}

#[test]
fn paths_and_shares_behind_addresses() {
    for (text, expected) in [
        (
            "203.0.113.7/4a.ps1 203.0.113.7:8080/4a 203.0.113.7/443",
            "url http://203.0.113.7/4a.ps1, url http://203.0.113.7:8080/4a, ipv4 203.0.113.7",
        ),
        (
            r"\\203.0.113.7@80\share\a.msi file://203.0.113.8@SSL/a 203.0.113.9@80 \\h.example.com@80\x",
            "ipv4 203.0.113.7, ipv4 203.0.113.8, domain h.example.com",
        ),
    ] {
        assert_eq!(found(text).join(", "), expected, "{text}");
    }
}

#[test]
fn a_url_longer_than_a_line_ends_with_it() {
    let url = format!("https://long.example.com/{}?a=", "x".repeat(1_500));
    let text = format!("  {url}\n  b\n");
    let found: Vec<String> = mentions(&text, &Options::default())
        .iter()
        .map(|mention| mention.reading.value.as_str().to_owned())
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("https://long.example.com/xxx"));
}
