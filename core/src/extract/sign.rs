//! Signs as they are, and as people write them to make values harmless.

/// A sign in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sign {
    /// What it stands for: `.`, `@`, `:` or `/`.
    pub(super) means: u8,
    /// Bytes that it covers, blanks around included.
    pub(super) length: usize,
    /// Whether it is anything but the sign itself.
    pub(super) defanged: bool,
}

/// Blanks that may stand on each side of a sign in brackets, or inside.
const BLANKS: usize = 3;

/// The sign at this place, if there is one.
pub(super) fn read(bytes: &[u8], at: usize) -> Option<Sign> {
    let plain = |means| {
        Some(Sign {
            means,
            length: 1,
            defanged: false,
        })
    };
    match *bytes.get(at)? {
        b @ (b'.' | b'@' | b':') => plain(b),
        b'\\' if bytes.get(at + 1) == Some(&b'.') => Some(Sign {
            means: b'.',
            length: 2,
            defanged: true,
        }),
        b'[' | b'(' | b'{' => bracketed(bytes, at),
        b' ' => match bytes.get(at + 1)? {
            b'[' | b'(' | b'{' | b' ' => bracketed(bytes, at),
            _ => None,
        },
        // 。 ． ｡ ․ ﹒, and ＠ ﹫
        0xe2 | 0xe3 | 0xef => match bytes.get(at..at + 3)? {
            [0xe3, 0x80, 0x82]
            | [0xef, 0xbc, 0x8e]
            | [0xef, 0xbd, 0xa1]
            | [0xe2, 0x80, 0xa4]
            | [0xef, 0xb9, 0x92] => Some(Sign {
                means: b'.',
                length: 3,
                defanged: true,
            }),
            [0xef, 0xbc, 0xa0] | [0xef, 0xb9, 0xab] => Some(Sign {
                means: b'@',
                length: 3,
                defanged: true,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// `[.]`, `(dot)`, ` [at] ` and the like.
pub(super) fn bracketed(bytes: &[u8], at: usize) -> Option<Sign> {
    let open = skip_blanks(bytes, at);
    let close = match bytes.get(open)? {
        b'[' => b']',
        b'(' => b')',
        b'{' => b'}',
        _ => return None,
    };
    let start = skip_blanks(bytes, open + 1);
    let (means, length) = word(bytes, start)?;
    let end = skip_blanks(bytes, start + length);
    if bytes.get(end) != Some(&close) {
        return None;
    }
    // blanks behind only where something follows on the line
    let behind = skip_blanks(bytes, end + 1);
    let follows = bytes
        .get(behind)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'[' || *b == b'/');
    let end = if follows { behind } else { end + 1 };
    Some(Sign {
        means,
        length: end - at,
        defanged: true,
    })
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let mut place = at;
    while place < at + BLANKS && bytes.get(place) == Some(&b' ') {
        place += 1;
    }
    place
}

/// What stands in the brackets, and how long it is.
fn word(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    const WORDS: [(&[u8], u8); 9] = [
        (b"dot", b'.'),
        (b"punkt", b'.'),
        (b"punto", b'.'),
        (b"point", b'.'),
        (b"ponto", b'.'),
        (b"d0t", b'.'),
        (b"at", b'@'),
        (b"et", b'@'),
        (b"arroba", b'@'),
    ];
    match *bytes.get(at)? {
        b':' if bytes[at..].starts_with(b"://") => Some((b':', 3)),
        b @ (b'.' | b'@' | b':' | b'/') => Some((b, 1)),
        _ => WORDS.iter().find_map(|&(word, means)| {
            let written = bytes.get(at..at + word.len())?;
            written
                .eq_ignore_ascii_case(word)
                .then_some((means, word.len()))
        }),
    }
}
