use super::*;

/// Knows a few values; tells them one by one or together.
struct Few {
    values: Vec<Value>,
    together: bool,
}

impl Members for Few {
    type Error = io::Error;

    fn is_known(&self, value: &Value) -> io::Result<Option<bool>> {
        Ok((!self.together).then(|| self.values.contains(value)))
    }

    fn known_of(&self, values: Vec<Value>) -> io::Result<HashSet<Value>> {
        assert!(self.together);
        Ok(values
            .into_iter()
            .filter(|value| self.values.contains(value))
            .collect())
    }
}

fn few(together: bool) -> Few {
    let values = [
        "203.0.113.7",
        "bad.example.com",
        "http://example.org/x",
        "2001:db8::9",
    ]
    .into_iter()
    .map(|text| {
        iocd_core::interpret::interpret(text, None).readings[0]
            .value
            .clone()
    })
    .collect();
    Few { values, together }
}

fn found(text: &[u8], together: bool, threads: usize) -> Vec<(u64, String, String)> {
    let mut all = Vec::new();
    scan(&mut &*text, &few(together), threads, &mut |findings| {
        all.extend(findings);
        Ok(())
    })
    .unwrap();
    all.into_iter()
        .map(|finding| (finding.line, finding.value.to_string(), finding.written))
        .collect()
}

const LOG: &str = "198.51.100.1 - - \"GET / HTTP/1.1\" 200 1 \"http://example.net/\" \"A/5.0\"\n\
203.0.113.7 - - \"GET /a?b=c HTTP/1.1\" 200 1 \"-\" \"A/5.0\"\n\
198.51.100.2 - - \"GET / HTTP/1.1\" 200 1 \"https://bad.example.com/y\" \"A/5.0\"\n\
198.51.100.1 - - \"GET / HTTP/1.1\" 200 1 \"http://example.org/x\" \"A/5.0\"\n";

#[test]
fn known_values_with_their_lines() {
    for together in [false, true] {
        let expected = [
            (2, "203.0.113.7", "203.0.113.7"),
            (3, "bad.example.com", "bad.example.com"),
            (4, "http://example.org/x", "http://example.org/x"),
        ];
        let found = found(LOG.as_bytes(), together, 2);
        let found: Vec<_> = found
            .iter()
            .map(|(line, value, written)| (*line, &**value, &**written))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn lines_are_counted_over_blocks_and_threads() {
    let lines = 40_000;
    let text = LOG.repeat(lines / 4);
    let all = found(text.as_bytes(), false, 3);
    assert_eq!(all.len(), lines / 4 * 3);
    assert!(all.is_sorted_by_key(|(line, ..)| *line));
    for (line, value, _) in &all {
        let expected = match line % 4 {
            2 => "203.0.113.7",
            3 => "bad.example.com",
            _ => "http://example.org/x",
        };
        assert_eq!(value, expected, "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let text = b"\xff\xfe 203.0.113.7\n\x00[2001:db8::9]:80 \xc3\n";
    let all = found(text, false, 1);
    assert_eq!(all[0].0, 1);
    assert_eq!(
        all[1],
        (2, "2001:db8::9".to_owned(), "[2001:db8::9]:80".to_owned())
    );
}

#[test]
fn a_visitor_can_stop() {
    let result = scan(&mut LOG.as_bytes(), &few(false), 1, &mut |_| {
        Err(io::Error::other("enough"))
    });
    assert!(result.is_err());
}
