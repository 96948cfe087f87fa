use super::*;

/// What a text that comes in these pieces mentions: where, as written, value.
fn told(pieces: &[&[u8]]) -> Vec<(u64, String, String)> {
    let mut prose = Prose::new(None);
    let mut told = Vec::new();
    let mut keep = |input: Input<'_>| match input {
        Input::Mention(written, reading, place) => told.push((
            place.offset,
            written.to_owned(),
            reading.value.as_str().to_owned(),
        )),
        other => panic!("{other:?}"),
    };
    for mut piece in pieces.iter().copied() {
        while let Some(input) = prose.next(&mut piece) {
            keep(input);
            assert!(!piece.is_empty(), "the caller would not ask again");
        }
        assert!(piece.is_empty(), "a piece is taken wholly");
    }
    while let Some(input) = prose.finish() {
        keep(input);
    }
    told
}

fn check_places(text: &[u8], told: &[(u64, String, String)]) {
    for (offset, written, _) in told {
        let offset = usize::try_from(*offset).unwrap();
        assert!(text[offset..].starts_with(written.as_bytes()), "{written}");
    }
}

#[test]
fn values_are_told_once_where_they_stand() {
    let text = "It calls hxxp://a[.]example[.]com/x, then 192.0.2.7:443 and 192.0.2[.]7.\n\
                A.EXAMPLE.com again, a@b.example.org\n";
    let found = told(&[text.as_bytes()]);
    let values: Vec<&str> = found.iter().map(|(_, _, value)| value.as_str()).collect();
    assert_eq!(
        values,
        [
            "http://a.example.com/x",
            "a.example.com",
            "192.0.2.7",
            "a@b.example.org",
            "b.example.org"
        ]
    );
    check_places(text.as_bytes(), &found);
    assert!(told(&[]).is_empty() && told(&[b"", b"\n"]).is_empty());
}

#[test]
fn bytes_that_are_not_utf8_move_nothing_and_are_in_no_value() {
    let text = b"\xff \xe2\x82 caf\xe9 a.example.com 198.51.100.1\xff \xf0\x9f\n\xfe 192.0.2.7\n\
                 http://b.example.com/caf\xe9 x caf\xe9.example.com x\xe9@example.org";
    let found = told(&[text]);
    let values: Vec<&str> = found.iter().map(|(_, _, value)| value.as_str()).collect();
    assert_eq!(
        values,
        [
            "a.example.com",
            "198.51.100.1",
            "192.0.2.7",
            "b.example.com",
            "example.org"
        ]
    );
    check_places(text, &found);
}

#[test]
fn blocks_do_not_depend_on_pieces() {
    // A value crosses each place where a block might be cut carelessly.
    let text = (0..9_000)
        .map(|number| format!("line {number} says \u{e9} h{number}.example.com\n"))
        .collect::<Vec<String>>()
        .concat();
    let text = text.as_bytes();
    assert!(text.len() > 4 * BLOCK);
    let whole = told(&[text]);
    assert_eq!(whole.len(), 9_000);
    check_places(text, &whole);
    for size in [1, 7, 1_000, BLOCK - 1, BLOCK, BLOCK + 1] {
        let pieces: Vec<&[u8]> = text.chunks(size).collect();
        assert!(told(&pieces) == whole, "pieces of {size}");
    }
    // A text of just one block, and one byte more or less.
    for length in BLOCK - 1..=BLOCK + 1 {
        let text = &text[..length];
        let pieces: Vec<&[u8]> = text.chunks(100).collect();
        assert!(told(&pieces) == told(&[text]), "{length} bytes");
    }
}

#[test]
fn a_line_that_does_not_end_is_cut_between_words() {
    for between in [" ", ",", "\""] {
        let text = (0..40_000)
            .map(|number| format!("h{number}.example.com{between}"))
            .collect::<Vec<String>>()
            .concat();
        let found = told(&[text.as_bytes()]);
        assert_eq!(found.len(), 40_000, "{between}");
        check_places(text.as_bytes(), &found);
    }
}

#[test]
fn what_is_kept_is_bounded() {
    for unit in ["\u{e9}", "a", "\u{1f600}", "\r", "a.", "\n\n\n"] {
        let text = "x".to_owned() + &unit.repeat((2 << 20) / unit.len());
        let mut prose = Prose::new(None);
        for piece in text.as_bytes().chunks(10_000) {
            let mut piece = piece;
            while prose.next(&mut piece).is_some() {}
            assert!(prose.buffer.len() <= MAX_LINE, "{unit:?}");
        }
        while prose.finish().is_some() {}
        assert_eq!(prose.read, text.len() as u64, "{unit:?}");
        assert!(prose.buffer.capacity() <= 2 * MAX_LINE, "{unit:?}");
        assert!(prose.block.shifts.is_empty(), "cut within {unit:?}");
    }
}
