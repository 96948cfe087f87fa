//! What looks like a name and is none: files, and words of programs.

use super::name::Run;
use crate::value::domain;

/// Top-level domains that are, in a text, far more often the ending of a file.
const FILE_ENDINGS: [&str; 13] = [
    "app", "cc", "md", "mov", "pl", "ps", "pub", "py", "rs", "sh", "so", "st", "zip",
];

/// Top-level domains that programs use as names of members.
const MEMBERS: [&str; 44] = [
    "app", "author", "bar", "call", "click", "cloud", "code", "dev", "direct", "download", "email",
    "exposed", "foo", "go", "id", "in", "info", "io", "is", "it", "link", "map", "name", "new",
    "no", "now", "open", "page", "play", "post", "pro", "read", "run", "save", "search", "select",
    "shell", "stream", "style", "target", "to", "top", "web", "zone",
];

/// What such members are members of.
const OWNERS: [&str; 40] = [
    "activity", "android", "app", "args", "cls", "config", "console", "context", "ctx", "data",
    "document", "e", "env", "event", "file", "form", "item", "java", "javax", "kernel32", "key",
    "log", "logger", "math", "msg", "node", "obj", "object", "os", "req", "request", "res",
    "response", "self", "socket", "sys", "system", "this", "user", "window",
];

/// Of those, the ones that never begin the name of a host.
const KEYWORDS: [&str; 6] = ["args", "cls", "document", "self", "this", "window"];

/// What names that products give to malware begin with: `Trojan.Win32.Agent.ba`.
const DETECTIONS: [&str; 30] = [
    "adware",
    "android",
    "backdoor",
    "downloader",
    "dropper",
    "exploit",
    "gen",
    "generic",
    "hacktool",
    "heur",
    "html",
    "js",
    "linux",
    "mal",
    "malware",
    "msil",
    "osx",
    "php",
    "pua",
    "pup",
    "ransom",
    "riskware",
    "spyware",
    "trojan",
    "vbs",
    "virus",
    "w32",
    "win32",
    "win64",
    "worm",
];

/// Roots of packages, which come first where a name has its root last.
const PACKAGES: [&str; 8] = [
    "android", "androidx", "com", "java", "javax", "kotlin", "net", "org",
];

/// Whether a run of labels without defanging is no name of a host, however
/// its ending is known. `before` and `after` are the bytes around it.
pub(super) fn is_friend(text: &str, start: usize, run: &Run, before: Option<u8>) -> bool {
    let bytes = text.as_bytes();
    let ending = &text[run.last..run.end];
    let first = &text[start..run.first_end];
    let after = bytes.get(run.end).copied();
    // part of a path, of an escape, of a variable
    if matches!(before, Some(b'\\' | b'/' | b'%' | b'$' | b'~' | b'#')) {
        return true;
    }
    let upper = |text: &str| text.bytes().any(|b| b.is_ascii_uppercase());
    let lower = |text: &str| text.bytes().any(|b| b.is_ascii_lowercase());
    if upper(ending) {
        // `System.Net`, `ASP.NET`; but `EXAMPLE.COM`
        let shouted = !lower(&text[start..run.end]);
        if !shouted || ending == "NET" && run.dots == 1 {
            return true;
        }
    }
    if upper(first) && lower(first) && run.dots == 1 && is_camel(first) {
        return !matches!(ending, "com" | "net" | "org");
    }
    let common = matches!(ending, "com" | "net" | "org" | "ru" | "cn");
    // `run.exec(`, `x.name =`; a `www` tells that it is none
    if first.eq_ignore_ascii_case("www") {
        return false;
    }
    if !common && after == Some(b'(') {
        return true;
    }
    let lowered = ending.to_ascii_lowercase();
    if FILE_ENDINGS.binary_search(&lowered.as_str()).is_ok() && is_file(text, start, run) {
        return !is_listed(text, start, run.end);
    }
    let owner = first.to_ascii_lowercase();
    if run.dots == 1
        && MEMBERS.binary_search(&lowered.as_str()).is_ok()
        && OWNERS.binary_search(&owner.as_str()).is_ok()
    {
        return true;
    }
    if run.dots > 1 && KEYWORDS.binary_search(&owner.as_str()).is_ok() {
        return true;
    }
    if common {
        return false;
    }
    let capitals = text[start..run.last]
        .split('.')
        .filter(|label| {
            label.bytes().next().is_some_and(|b| b.is_ascii_uppercase()) && lower(label)
        })
        .count();
    capitals > 1
        || run.dots > 1 && upper(first) && DETECTIONS.binary_search(&owner.as_str()).is_ok()
        || PACKAGES.binary_search(&first).is_ok()
            && (ending.len() > 2 || !matches!(first, "com" | "net") && run.dots > 1)
}

/// `WScript`, `MyClass`: a capital behind a small letter.
fn is_camel(word: &str) -> bool {
    word.as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// Whether a run with the ending of a file names one: unless it has the
/// labels of a host above its registered name.
fn is_file(text: &str, start: usize, run: &Run) -> bool {
    let ending = &text[run.last..run.end];
    let stem = &text[start..run.last - 1];
    // those that name hosts as often as files: only capitals, `lib…` and
    // the usual stems tell a file
    if matches!(ending, "app" | "cc" | "ps" | "st") {
        return stem.bytes().any(|b| b.is_ascii_uppercase() || b == b'_')
            || stem.starts_with("lib")
            || matches!(
                stem,
                "main" | "test" | "setup" | "install" | "config" | "util"
            );
    }
    run.dots == 1
        || stem.bytes().any(|b| b == b'_' || b.is_ascii_uppercase())
        || stem
            .rsplit('.')
            .next()
            .is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()) || is_inner(label))
}

/// Whether a text stands alone on its line, and hosts alone on the one before
/// or behind: then it is one of a list of them.
fn is_listed(text: &str, start: usize, end: usize) -> bool {
    const LONGEST: usize = 128;
    let bytes = text.as_bytes();
    let newline = |at: usize| matches!(bytes.get(at), None | Some(b'\n' | b'\r'));
    if !newline(end) || !(start == 0 || newline(start - 1)) {
        return false;
    }
    let from = start.saturating_sub(LONGEST);
    let before = bytes[from..start].trim_ascii_end();
    let before = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let behind = bytes[end..bytes.len().min(end + LONGEST)].trim_ascii_start();
    let behind = memchr::memchr(b'\n', behind).map_or(behind, |at| &behind[..at]);
    is_host(before.trim_ascii()) || is_host(behind.trim_ascii())
}

/// Whether a line is nothing but a host, or has one: roughly.
fn is_host(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    if line.contains(char::is_whitespace) || !line.contains('.') {
        return false;
    }
    let ending = line
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    line.contains("://")
        || line.contains('@')
        || domain::has_known_suffix(line) && FILE_ENDINGS.binary_search(&ending.as_str()).is_err()
        || line.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Endings that stand before another one: `x.tar.zip`, `x.min.sh`.
fn is_inner(label: &str) -> bool {
    matches!(
        label,
        "tar"
            | "min"
            | "pdf"
            | "doc"
            | "docx"
            | "xls"
            | "xlsx"
            | "jpg"
            | "png"
            | "exe"
            | "dll"
            | "js"
            | "txt"
            | "html"
            | "php"
            | "test"
            | "spec"
            | "conf"
            | "bin"
            | "elf"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::name;

    #[test]
    fn lists_are_sorted() {
        assert!(FILE_ENDINGS.is_sorted() && MEMBERS.is_sorted());
        assert!(DETECTIONS.is_sorted() && KEYWORDS.is_sorted());
        assert!(OWNERS.is_sorted() && PACKAGES.is_sorted());
    }

    #[test]
    fn friends() {
        let friend = |text: &str| is_friend(text, 0, &name::run(text, 0), None);
        for text in [
            "report.zip",
            "main.py",
            "README.md",
            "readme.md",
            "System.Net",
            "ASP.NET",
            "WScript.Shell",
            "libfoo.so",
            "main.cc",
            "archive.tar.zip",
            "os.name",
            "this.id",
            "foo.run(",
            "com.example.app",
            "install_all.sh",
            "Trojan.Win32.Agent.ba",
            "Ransom.Win64.foo.in",
            "org.apache.commons.io",
            "self.client.name",
        ] {
            assert!(friend(text), "{text}");
        }
        for text in [
            "example.com",
            "Example.com",
            "EXAMPLE.COM",
            "www.example.zip",
            "cdn.example.sh",
            "example.cc",
            "example.app",
            "example.info",
            "PayPal-login.com",
            "Mail.Example.com",
            "com.example.login.cc",
        ] {
            assert!(!friend(text), "{text}");
        }
    }
}
