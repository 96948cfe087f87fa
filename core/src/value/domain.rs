//! Host names.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::Reason;

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A domain in lower-case A-labels.
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, Reason> {
    let name = host(text)?;
    if is_file_extension(last_label(&name)) {
        return Err(Reason::FileExtension);
    }
    Ok(name)
}

/// As [`canonical`], but what a URL names as its host may end like a file.
pub(crate) fn host(text: &str) -> Result<Cow<'_, str>, Reason> {
    let dotless = text.strip_suffix('.').unwrap_or(text);
    match check(dotless) {
        Ok(Encoding::None) => return Ok(Cow::Borrowed(dotless)),
        // capitals, other scripts, or A-labels that have to be verified
        Ok(Encoding::Claimed) | Err(Reason::BadCharacter) => {}
        Err(reason) => return Err(reason),
    }
    // An encoded name is longer than this, if not than its UTF-8: bounds the work.
    if text.len() > 4 * MAX_NAME {
        return Err(Reason::NameTooLong);
    }
    let ascii = Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .map_err(|_| why_not_ascii(text))?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    check(name)?;
    Ok(if name == dotless {
        Cow::Borrowed(dotless)
    } else {
        Cow::Owned(name.to_owned())
    })
}

fn why_not_ascii(text: &str) -> Reason {
    let odd = |b: u8| b.is_ascii() && !is_name_byte(b.to_ascii_lowercase());
    if text.bytes().any(odd) {
        Reason::BadCharacter
    } else {
        Reason::InvalidIdn
    }
}

const fn is_name_byte(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')
}

/// Whether a name says that its labels are encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    None,
    Claimed,
}

/// Lengths, labels and characters of a lower-case name without trailing dot,
/// in one pass.
fn check(name: &str) -> Result<Encoding, Reason> {
    let bytes = name.as_bytes();
    let mut encoding = Encoding::None;
    let mut start = 0;
    let mut flaw = None;
    for (position, &b) in bytes.iter().enumerate() {
        if b == b'.' {
            // a character that is none may still turn out to be a dot
            flaw = flaw.or(check_label(position - start).err());
            start = position + 1;
        } else if !is_name_byte(b) {
            return Err(Reason::BadCharacter);
        } else if b == b'-' && position == start + 3 && bytes[start..].starts_with(b"xn--") {
            encoding = Encoding::Claimed;
        }
    }
    if name.len() > MAX_NAME {
        return Err(Reason::NameTooLong);
    }
    if let Some(flaw) = flaw {
        return Err(flaw);
    }
    if start == 0 {
        return Err(Reason::SingleLabel);
    }
    check_label(bytes.len() - start)?;
    let tld = &bytes[start..];
    // A number would make it an IPv4 address to the URL standard, and no name
    // space at all (not even one beside the DNS, as i2p) has anything else.
    let [first, .., last] = tld else {
        return Err(Reason::BadTld);
    };
    if !first.is_ascii_lowercase() || *last == b'-' || tld.contains(&b'_') {
        return Err(Reason::BadTld);
    }
    if matches!(tld, b"invalid" | b"test" | b"localhost") {
        return Err(Reason::SpecialUseName);
    }
    Ok(encoding)
}

fn check_label(length: usize) -> Result<(), Reason> {
    match length {
        0 => Err(Reason::EmptyLabel),
        1..=MAX_LABEL => Ok(()),
        _ => Err(Reason::LabelTooLong),
    }
}

/// What follows the last dot.
pub(crate) fn last_label(name: &str) -> &str {
    memchr::memrchr(b'.', name.as_bytes()).map_or(name, |dot| &name[dot + 1..])
}

/// Whether the name ends in something of the public suffix list.
pub(crate) fn has_known_suffix(name: &str) -> bool {
    // Three of four names in feeds end in these; the list takes longer to ask.
    matches!(last_label(name), "com" | "net" | "org")
        || psl::suffix(last_label(name).as_bytes()).is_some_and(|suffix| suffix.is_known())
        // where the list has nothing but a wildcard
        || psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// The part of a domain that somebody registered: the public suffix (ICANN
/// and private sections) and one label more. `None` for a public suffix.
pub(crate) fn registrable(name: &str) -> Option<&str> {
    let registrable = psl::domain_str(name)?;
    let (_, suffix) = registrable.split_once('.')?;
    if !WILDCARDS.contains(&suffix) {
        return Some(registrable);
    }
    // one label more than the list says
    let above = name.strip_suffix(registrable)?.strip_suffix('.')?;
    Some(&name[above.rfind('.').map_or(0, |dot| dot + 1)..])
}

/// Suffixes whose rule in the public suffix list had a wildcard (`*.suffix`)
/// that newer editions dropped. The wider reading stays: at worst a claim does
/// not spread to subdomains, never to somebody else's name.
const WILDCARDS: [&str; 1] = ["alwaysdata.net"];

/// Endings that people write as file names and that are no top-level domain.
fn is_file_extension(tld: &str) -> bool {
    tld.len() <= 8 && PACKED_EXTENSIONS.binary_search(&pack(tld)).is_ok()
}

/// Up to eight bytes as a number that sorts as they do.
const fn pack(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut packed = 0;
    let mut at = 0;
    while at < 8 {
        packed = packed << 8
            | if at < bytes.len() {
                bytes[at] as u64
            } else {
                0
            };
        at += 1;
    }
    packed
}

const PACKED_EXTENSIONS: [u64; FILE_EXTENSIONS.len()] = {
    let mut packed = [0; FILE_EXTENSIONS.len()];
    let mut at = 0;
    while at < packed.len() {
        packed[at] = pack(FILE_EXTENSIONS[at]);
        at += 1;
    }
    packed
};

/// Sorted, at most eight bytes each. Endings that are top-level domains too
/// (`zip`, `sh`, `py`) do not belong here.
#[rustfmt::skip] // a table
const FILE_EXTENSIONS: [&str; 160] = [
    "7z", "apk", "asar", "ashx", "asmx", "asp", "aspx", "avi", "bak", "bat", "bin", "bmp", "bz2",
    "cfg", "cfm", "cgi", "chm", "class", "cmd", "conf", "config", "cpl", "cpp", "cs", "csproj",
    "css", "csv", "dat", "db", "dex", "dll", "dmg", "dmp", "doc", "docm", "docx", "dotm", "drv",
    "dump", "elf", "eml", "eot", "etl", "evt", "evtx", "exe", "exp", "flv", "gif", "gz", "hpp",
    "hta", "htm", "html", "hwp", "hxx", "ico", "img", "iml", "ini", "ipa", "iso", "jar", "jnlp",
    "jpeg", "jpg", "js", "jse", "json", "jsp", "jspx", "lib", "lnk", "log", "lua", "lzh", "m4a",
    "manifest", "mdb", "mkv", "mp3", "mp4", "msg", "msi", "msp", "ocx", "odp", "ods", "odt", "ova",
    "pcap", "pcapng", "pdb", "pdf", "php", "php3", "php5", "phtml", "png", "pps", "ppsx", "ppt",
    "pptm", "pptx", "ps1", "psd", "psm1", "pst", "pyc", "pyd", "pyo", "rar", "rb", "reg", "rpm",
    "rtf", "scr", "sct", "sln", "sql", "sqlite", "svg", "swf", "sys", "tar", "tgz", "tif", "tiff",
    "tlb", "tmp", "toml", "torrent", "tsv", "ttf", "txt", "vbe", "vbproj", "vbs", "vcxproj", "vhd",
    "vhdx", "vmdk", "war", "wasm", "wav", "webm", "webp", "wmv", "woff", "woff2", "wsf", "wsh",
    "xls", "xlsb", "xlsm", "xlsx", "xml", "xz", "yaml", "yml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_extensions_are_sorted_and_no_domains() {
        assert!(FILE_EXTENSIONS.is_sorted());
        for extension in FILE_EXTENSIONS {
            assert!(!has_known_suffix(&format!("a.{extension}")), "{extension}");
            assert!(
                extension.len() <= 8 && is_file_extension(extension),
                "{extension}"
            );
        }
    }

    #[test]
    fn names_that_are_none() {
        for (text, reason) in [
            ("example", Reason::SingleLabel),
            ("example..com", Reason::EmptyLabel),
            (".example.com", Reason::EmptyLabel),
            ("example.com..", Reason::EmptyLabel),
            ("192.0.2.999", Reason::BadTld),
            ("example.c_m", Reason::BadTld),
            ("example.x", Reason::BadTld),
            ("example.2b", Reason::BadTld),
            ("exam ple.com", Reason::BadCharacter),
            ("exam/ple.com", Reason::BadCharacter),
            ("xn--0.com", Reason::InvalidIdn),
            ("setup.exe", Reason::FileExtension),
            ("a.localhost", Reason::SpecialUseName),
        ] {
            assert_eq!(canonical(text), Err(reason), "{text}");
        }
        let long = format!("{}.com", "a.".repeat(130));
        assert_eq!(canonical(&long), Err(Reason::NameTooLong));
        let label = format!("{}.com", "a".repeat(64));
        assert_eq!(canonical(&label), Err(Reason::LabelTooLong));
    }

    #[test]
    fn registrable_names() {
        for (name, expected) in [
            ("a.b.example.co.uk", Some("example.co.uk")),
            ("co.uk", None),
            ("a.example.nope", Some("example.nope")),
            ("shop.alwaysdata.net", None),
            ("b.a.shop.alwaysdata.net", Some("a.shop.alwaysdata.net")),
        ] {
            assert_eq!(registrable(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_folded() {
        for text in ["a_b.example.com", "a--b.example.com", "a-b.i2p"] {
            assert!(matches!(canonical(text), Ok(Cow::Borrowed(_))), "{text}");
        }
        assert!(matches!(
            canonical("xn--bd-via.example"),
            Ok(Cow::Borrowed(_))
        ));
        assert_eq!(canonical("EXAMPLE.com.").unwrap(), "example.com");
        assert_eq!(canonical("fa\u{df}.example").unwrap(), "xn--fa-hia.example");
    }
}
