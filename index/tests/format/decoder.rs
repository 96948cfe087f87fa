//! `index/FORMAT.md` as a program: every byte is read and must be what the page
//! says. Plain and slow, from the page alone.

use std::fmt::Write as _;

/// Takes numbers off the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self, bytes: usize) -> u64 {
        let digits = self.take(bytes).iter().rev();
        digits.fold(0, |number, &digit| number << 8 | u64::from(digit))
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.varint()).unwrap()
    }

    fn varint(&mut self) -> u64 {
        let mut number = 0;
        for place in 0..5 {
            let byte = self.number(1);
            number |= (byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return number;
            }
        }
        panic!("a varint has at most five bytes");
    }

    fn text(&mut self) -> &'a str {
        let length = self.length();
        std::str::from_utf8(self.take(length)).unwrap()
    }

    fn list(&mut self) -> Bytes<'a> {
        let length = self.length();
        Bytes(self.take(length))
    }

    fn varints(&mut self) -> Vec<u64> {
        let mut list = self.list();
        let mut numbers = Vec::new();
        while !list.0.is_empty() {
            numbers.push(list.varint());
        }
        numbers
    }

    fn texts(&mut self) -> Vec<&'a str> {
        let mut list = self.list();
        let mut texts = Vec::new();
        while !list.0.is_empty() {
            texts.push(list.text());
        }
        texts
    }

    fn key(&mut self) -> String {
        let (kind, source) = (self.number(1), self.number(2));
        let id = hex(self.take(16));
        format!(
            "type {kind} source {source} id {id} value {:?}",
            self.text()
        )
    }

    /// A checksum of what came before.
    fn checksum(&mut self, of: &[u8]) {
        assert_eq!(self.number(4), u64::from(crc32c(of)));
    }

    fn end(&self) {
        assert!(self.0.is_empty(), "{} bytes too many", self.0.len());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// CRC-32C bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for &byte in bytes {
        remainder ^= u32::from(byte);
        for _ in 0..8 {
            let carry = remainder & 1;
            remainder = (remainder >> 1) ^ (carry * 0x1edc_6f41_u32.reverse_bits());
        }
    }
    !remainder
}

/// A segment's number, the version that it should have, and its bytes.
pub(crate) type Segment = (u64, u64, Vec<u8>);

/// The segments of a store in order, a line for each record.
pub(crate) fn decode_log(segments: &[Segment]) -> String {
    let mut text = String::new();
    let (mut revision, mut time) = (0, 0);
    for segment in segments {
        decode_segment(segment, &mut revision, &mut time, &mut text);
    }
    text
}

/// `revision` and `time` are those of the last batch before.
fn decode_segment(
    (number, version, file): &Segment,
    revision: &mut u64,
    time: &mut u64,
    text: &mut String,
) {
    let mut bytes = Bytes(file);
    assert_eq!(bytes.take(8), b"iocdclms");
    assert_eq!(bytes.number(4), *version, "version");
    assert_eq!(bytes.number(4), *number, "number");
    writeln!(text, "key {}", hex(bytes.take(16))).unwrap();
    bytes.checksum(&file[..32]);
    let start = |offset: u64| number << 32 | offset;
    let mut batch = 36;
    while !bytes.0.is_empty() {
        let length = bytes.number(4);
        let checksum = bytes.number(4);
        let body = bytes.take(usize::try_from(length).unwrap());
        assert_eq!(checksum, u64::from(crc32c(body)));
        let kind = body[0];
        *revision += u64::from(matches!(kind, 1 | 2));
        let mut rest = Bytes(&body[1..]);
        match kind {
            1 => decode_claim(&mut rest, text),
            2 => writeln!(text, "tombstone {} status {}", rest.key(), rest.number(1)).unwrap(),
            3 => {
                let string = std::str::from_utf8(rest.take(rest.0.len())).unwrap();
                writeln!(text, "string {string:?}").unwrap();
            }
            4 => {
                let number = rest.number(2);
                let json = std::str::from_utf8(rest.take(rest.0.len())).unwrap();
                writeln!(text, "source {number} {json}").unwrap();
            }
            5 => writeln!(text, "touch {} at {}", rest.number(8), rest.number(4)).unwrap(),
            7 => {
                let fingerprint = rest.take(16);
                writeln!(text, "judged {fingerprint:02x?}").unwrap();
            }
            8 => {
                assert_eq!(*version, 2, "only compaction leaves gaps");
                let to = rest.number(8);
                assert!(to > *revision, "a gap leads on");
                *revision = to;
                writeln!(text, "gap to {to}").unwrap();
            }
            6 => {
                assert_eq!(rest.number(8), start(batch), "start of the batch");
                assert_eq!(rest.number(8), *revision, "revision");
                let now = rest.number(4);
                assert!(now >= *time, "commit times never decrease");
                *time = now;
                batch = (file.len() - bytes.0.len()) as u64;
                writeln!(text, "commit {revision} at {time}").unwrap();
            }
            other => panic!("type {other}"),
        }
        rest.end();
    }
    assert_eq!(batch, file.len() as u64, "the file ends with a commit");
}

/// What `generation` says, and the names of the log's segments as far as
/// `exists` says that they are there.
pub(crate) fn decode_generation(
    file: &[u8],
    exists: impl Fn(&str) -> bool,
) -> (String, Vec<(u64, u64, String)>) {
    let mut bytes = Bytes(file);
    assert_eq!(bytes.take(8), b"iocdgenr");
    assert_eq!(bytes.number(4), 1, "version");
    let (generation, compacted, first) = (bytes.number(4), bytes.number(4), bytes.number(4));
    let (time, revision) = (bytes.number(4), bytes.number(8));
    bytes.checksum(&file[..36]);
    bytes.end();
    assert!(first >= compacted);
    let own =
        (0..compacted).map(|number| (number, 2, format!("claims-{number:06}-{generation}.log")));
    let later = (first..).map(|number| (number, 1, format!("claims-{number:06}.log")));
    let later = later.take_while(|(_, _, name)| exists(name));
    let text = format!(
        "generation {generation} of {compacted}, then from {first} on; history since {time}, after {revision}\n"
    );
    (text, own.chain(later).collect())
}

fn decode_claim(bytes: &mut Bytes<'_>, text: &mut String) {
    write!(text, "claim {} confidence {}", bytes.key(), bytes.number(1)).unwrap();
    let fields = bytes.varint();
    assert_eq!(fields >> 17, 0, "bits 17 and up are 0");
    let heard_at = bytes.number(4);
    write!(text, " heard {} to {heard_at}", heard_at - bytes.varint()).unwrap();
    for bit in 0..17 {
        if fields & 1 << bit == 0 {
            continue;
        }
        match bit {
            0 => write!(text, " first_seen {}", bytes.number(4)),
            1 => write!(text, " last_seen {}", bytes.number(4)),
            2 => write!(text, " expires_at {}", bytes.number(4)),
            3 => write!(text, " context {:?}", bytes.text()),
            4 => write!(text, " malware {}", bytes.varint()),
            5 => write!(text, " tags {:?}", bytes.varints()),
            6 => write!(text, " techniques {:?}", bytes.varints()),
            7 => write!(text, " sectors {:?}", bytes.varints()),
            8 => write!(text, " ports {:?}", bytes.varints()),
            9 => write!(text, " references {:?}", bytes.texts()),
            10 => write!(text, " tlp {}", bytes.number(1)),
            11 => {
                let (id, title, url) = (bytes.text(), bytes.text(), bytes.text());
                let published_at = bytes.number(4);
                write!(text, " article {id:?} {title:?} {url:?} {published_at}")
            }
            12 => write!(text, " raw {:?}", bytes.text()),
            13 => write!(text, " subtree"),
            14 => write!(text, " non_global"),
            15 => write!(text, " warned"),
            _ => write!(text, " withheld"),
        }
        .unwrap();
    }
    text.push('\n');
}

/// A line for each fetch.
pub(crate) fn decode_fetches(file: &[u8]) -> String {
    let mut text = String::new();
    let mut bytes = Bytes(file);
    assert_eq!(bytes.take(8), b"iocdfetc");
    assert_eq!(bytes.number(4), 1, "version");
    bytes.checksum(&file[..12]);
    while !bytes.0.is_empty() {
        let entry = &bytes.0[..12];
        let (source, time) = (bytes.number(4), bytes.number(4));
        assert_eq!(bytes.number(4), 0);
        bytes.checksum(entry);
        writeln!(text, "fetch {source} at {time}").unwrap();
    }
    text
}

pub(crate) fn decode_epoch(file: &[u8]) -> String {
    let mut bytes = Bytes(file);
    assert_eq!(bytes.take(8), b"iocdepch");
    assert_eq!(bytes.number(4), 1, "version");
    let epoch = bytes.number(8);
    bytes.checksum(&file[..20]);
    bytes.end();
    format!("epoch {epoch:016x}\n")
}

pub(crate) fn decode_clean(file: &[u8]) -> String {
    let mut bytes = Bytes(file);
    let end = bytes.number(8);
    bytes.checksum(&file[..8]);
    bytes.end();
    format!("end {end}\n")
}
