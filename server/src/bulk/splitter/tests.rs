use proptest::prelude::*;

use super::*;

/// The inputs of a body that comes in these pieces, and how it ended.
fn split(form: Form, pieces: &[&[u8]]) -> (Vec<String>, Option<&'static str>) {
    let mut splitter = Splitter::new(form);
    let mut inputs = Vec::new();
    let mut keep = |input: Input<'_>| {
        inputs.push(match input {
            Input::Text(text) => text.into_owned(),
            Input::Unreadable(shown, why) => format!("!{why:?} {shown}"),
            Input::Mention(..) => panic!("no form that is tested here has mentions"),
        });
    };
    for mut piece in pieces.iter().copied() {
        loop {
            match splitter.next(&mut piece) {
                Ok(Some(input)) => keep(input),
                Ok(None) => break,
                Err(malformed) => return (inputs, Some(malformed.what)),
            }
        }
        assert!(piece.is_empty(), "a piece is taken wholly");
    }
    match splitter.finish() {
        Ok(last) => {
            last.into_iter().for_each(keep);
            (inputs, None)
        }
        Err(malformed) => (inputs, Some(malformed.what)),
    }
}

/// Cut in one place, in every place.
fn check(form: Form, body: &[u8], inputs: &[&str], end: Option<&str>) {
    let whole = split(form, &[body]);
    assert_eq!(whole.0, inputs, "{}", body.escape_ascii());
    assert_eq!(whole.1, end, "{}", body.escape_ascii());
    for cut in 0..=body.len() {
        assert_eq!(
            split(form, &[&body[..cut], &body[cut..]]),
            whole,
            "cut at {cut}"
        );
    }
    let bytes: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(split(form, &bytes), whole, "byte by byte");
}

#[test]
fn lines_of_text() {
    check(Form::Text, b"", &[], None);
    check(Form::Text, b"\n", &[""], None);
    check(Form::Text, b"a\r\n\nb c\n", &["a", "", "b c"], None);
    check(
        Form::Text,
        b"a\0b\n\xff\xfe\nlast",
        &["a\0b", "!NotUtf8 \u{fffd}\u{fffd}", "last"],
        None,
    );
    check(Form::Text, b"\xc3\xa9.example\n", &["\u{e9}.example"], None);
}

#[test]
fn lines_of_json() {
    check(
        Form::Ndjson,
        b"\"a\"\n \"b\\n\\u00e9\\\\\" \r\n17\n{\"a\":[1]}\nnot json\n\n\"open\n\"\xff\"\n\"x\"",
        &[
            "a",
            "b\n\u{e9}\\",
            "!NotAString 17",
            "!NotAString {\"a\":[1]}",
            "!NotJson not json",
            "!NotJson ",
            "!NotJson \"open",
            "!NotUtf8 \u{fffd}",
            "x",
        ],
        None,
    );
}

#[test]
fn arrays() {
    check(Form::Array, b" [ ] ", &[], None);
    check(
        Form::Array,
        b"[\"a\", \"b\\\"]\\\\\",\n17 ,true,null,\"\",{\"a]\":[\"}\\\"\"]},[[]],nonsense,\"\x01\"]",
        &[
            "a",
            "b\"]\\",
            "!NotAString 17",
            "!NotAString true",
            "!NotAString null",
            "",
            "!NotAString {\"a]\":[\"}\\\"\"]}",
            "!NotAString [[]]",
            "!NotJson nonsense",
            "!NotJson \"\u{1}\"",
        ],
        None,
    );
}

#[test]
fn arrays_that_are_none() {
    let open = Some("the JSON array has no end");
    check(
        Form::Array,
        b"",
        &[],
        Some("expected a JSON array, and there is nothing"),
    );
    check(Form::Array, b" {}", &[], Some("expected a JSON array"));
    check(Form::Array, b"\"a\"", &[], Some("expected a JSON array"));
    check(Form::Array, b"[\"a\"", &["a"], open);
    check(Form::Array, b"[\"a\",\"b", &["a"], open);
    check(Form::Array, b"[\"a\",\"b\\", &["a"], open);
    check(
        Form::Array,
        b"[\"a\"\"b\"]",
        &["a"],
        Some("expected a comma or the end"),
    );
    check(
        Form::Array,
        b"[\"a\",]",
        &["a"],
        Some("expected an element"),
    );
    check(Form::Array, b"[,]", &[], Some("expected an element"));
    check(
        Form::Array,
        b"[\"a\"] x",
        &["a"],
        Some("expected nothing behind the JSON array"),
    );
    let deep = ["[".repeat(66), "]".repeat(66)].concat();
    let end = Some("more than 64 levels inside one another");
    check(Form::Array, deep.as_bytes(), &[], end);
    assert_eq!(split(Form::Array, &[&deep.as_bytes()[1..131]]).1, None);
}

#[test]
fn what_is_too_long_is_one_input() {
    let shown = "a".repeat(1_024);
    let too_long = format!("!TooLong {shown}");
    for length in [4_096, 4_097, 4_098, 30_000, 300_000] {
        let value = "a".repeat(length);
        let expected = if length == 4_096 { &value } else { &too_long };
        let body = format!("{value}\r\nb\n");
        for size in [1, 1_000, 1 << 20] {
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
            assert_eq!(split(Form::Text, &pieces).0, [expected, "b"]);
        }
        let json = format!("[\"{value}\",\"b\"]");
        for size in [1, 1_000, 1 << 20] {
            let pieces: Vec<&[u8]> = json.as_bytes().chunks(size).collect();
            let (inputs, end) = split(Form::Array, &pieces);
            assert_eq!((inputs.len(), end), (2, None));
            assert_eq!(inputs[0].starts_with("!TooLong"), length > 4_096);
            assert_eq!(inputs[1], "b");
        }
    }
    // Every character of a value may be escaped.
    let escaped = format!("[\"{}\"]", "\\u0061".repeat(4_096));
    assert_eq!(
        split(Form::Array, &[escaped.as_bytes()]).0,
        ["a".repeat(4_096)]
    );
}

proptest! {
    #[test]
    fn any_array_of_strings_comes_out(texts in proptest::collection::vec(any::<String>(), 0..20), size in 1_usize..64) {
        let body = serde_json::to_vec(&texts).unwrap();
        let pieces: Vec<&[u8]> = body.chunks(size).collect();
        prop_assert_eq!(split(Form::Array, &pieces), (texts, None));
    }

    /// Whatever comes in, pieces make no difference and nothing panics.
    #[test]
    fn pieces_make_no_difference(
        body in proptest::collection::vec(prop_oneof![
            proptest::sample::select(b"[]{}\",\\: \n\r1".to_vec()),
            any::<u8>(),
        ], 0..200),
        size in 1_usize..20,
    ) {
        for form in [Form::Text, Form::Ndjson, Form::Array] {
            let pieces: Vec<&[u8]> = body.chunks(size).collect();
            prop_assert_eq!(split(form, &pieces), split(form, &[&body]));
        }
    }
}
