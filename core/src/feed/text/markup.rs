//! HTML as the text that a reader sees, byte by byte.

/// Longest tag that is looked at, in bytes: of the rest only the end counts.
const MAX_TAG: usize = 256;

/// Elements whose content nobody reads, or that only lead elsewhere.
const UNSEEN: [&str; 7] = [
    "script", "style", "svg", "template", "noscript", "iframe", "nav",
];

/// Whether a text is HTML: a page, or a piece of one.
pub(super) fn is_markup(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = String::from_utf8_lossy(&head[..head.len().min(4096)]).to_ascii_lowercase();
    let start = start.trim_start();
    let begins = |names: &[&str]| {
        let rest = start.strip_prefix('<');
        rest.is_some_and(|rest| names.iter().any(|name| rest.starts_with(name)))
    };
    let piece = [
        "p>", "p ", "div", "h1", "h2", "h3", "article", "section", "table", "ul>", "ol>", "main",
    ];
    ["<!doctype html", "<html", "<body"]
        .iter()
        .any(|sign| start.contains(sign))
        && begins(&[""])
        || begins(&piece)
}

/// Takes the bytes of a page and gives those of its text.
#[derive(Debug, Default)]
pub(super) struct Markup {
    state: State,
    /// What stands in the tag so far.
    tag: Vec<u8>,
    /// The element that is not seen.
    unseen: Option<&'static str>,
    /// Inside of `pre`, line ends count.
    is_literal: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After `<`.
    Tag,
    /// In a quoted attribute of a tag.
    Quoted(u8),
    /// After `<!--`; how many hyphens came last.
    Comment(u8),
}

impl Markup {
    /// Takes a byte.
    pub(super) fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.state {
            State::Text if byte == b'<' => {
                self.state = State::Tag;
                self.tag.clear();
            }
            State::Text => self.write(byte, out),
            State::Tag => self.push_tag(byte, out),
            State::Quoted(quote) => {
                if byte == quote {
                    self.state = State::Tag;
                    self.tag.push(b' ');
                }
            }
            State::Comment(hyphens) => {
                self.state = match byte {
                    b'-' => State::Comment(hyphens.saturating_add(1).min(2)),
                    b'>' if hyphens >= 2 => State::Text,
                    _ => State::Comment(0),
                }
            }
        }
    }

    fn write(&self, byte: u8, out: &mut Vec<u8>) {
        if self.unseen.is_some() {
            return;
        }
        let is_end = byte == b'\n' && !self.is_literal;
        out.push(if is_end { b' ' } else { byte });
    }

    fn push_tag(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'>' {
            self.state = State::Text;
            self.end_tag(out);
            return;
        }
        if self.tag.last() == Some(&b'=') && matches!(byte, b'"' | b'\'') {
            self.state = State::Quoted(byte);
            return;
        }
        if self.tag.len() < MAX_TAG || byte == b'=' {
            self.tag.push(byte);
            self.tag.truncate(MAX_TAG);
        } else if self.tag.last() == Some(&b'=') {
            self.tag.pop();
        }
        if self.tag == b"!--" {
            self.state = State::Comment(0);
        } else if !self.may_be_tag() {
            // `<user@example.com>`, `a < b`, a script's comparison
            self.state = State::Text;
            let tag = std::mem::take(&mut self.tag);
            self.write(b'<', out);
            for byte in &tag {
                self.write(*byte, out);
            }
        }
    }

    /// Whether what stands in the tag so far begins as one.
    fn may_be_tag(&self) -> bool {
        let (slash, name) = match &self.tag[..] {
            [b'/', name @ ..] => (true, name),
            name => (false, name),
        };
        if let Some(unseen) = self.unseen
            && unseen != "nav"
            && !slash
        {
            // In a script, `<` is a sign like others.
            return false;
        }
        match name {
            [] => true,
            [b'!' | b'?', ..] => !slash,
            [first, rest @ ..] => {
                let end = rest
                    .iter()
                    .find(|b| !(b.is_ascii_alphanumeric() || **b == b'-'));
                first.is_ascii_alphabetic()
                    && end.is_none_or(|b| b.is_ascii_whitespace() || *b == b'/')
            }
        }
    }

    fn end_tag(&mut self, out: &mut Vec<u8>) {
        let (closes, name) = match &self.tag[..] {
            [b'/', name @ ..] => (true, name),
            name => (false, name),
        };
        let empty = !closes && name.last() == Some(&b'/');
        let end = name
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || *b == b'-'))
            .unwrap_or(name.len());
        let name = String::from_utf8_lossy(&name[..end]).to_ascii_lowercase();
        if let Some(unseen) = self.unseen {
            let ends = closes && name == unseen
                || unseen == "nav" && matches!(&*name, "article" | "main" | "h1");
            if !ends {
                return;
            }
            self.unseen = None;
        } else if let Some(unseen) = UNSEEN.iter().find(|unseen| **unseen == name)
            && !closes
            && !empty
        {
            self.unseen = Some(unseen);
            return;
        }
        match &*name {
            "pre" => {
                self.is_literal = !closes;
                out.extend(b"\n\n");
            }
            "td" | "th" if !closes => out.extend(b" | "),
            "br" | "li" | "tr" | "div" | "dt" | "dd" | "hr" | "title" | "option" => {
                out.push(b'\n');
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table"
            | "blockquote" | "section" | "article" | "main" | "header" | "footer" | "body" => {
                out.extend(b"\n\n");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: &str) -> String {
        let mut markup = Markup::default();
        let mut out = Vec::new();
        for byte in page.bytes() {
            markup.push(byte, &mut out);
        }
        let text = String::from_utf8(out).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_page_is_what_its_reader_sees() {
        for (page, expected) in [
            ("<p>One <b>two</b></p><p>three", "One two three"),
            ("evil<span>[.]</span>example", "evil[.]example"),
            (
                "<a href='http://x.example/' title=\"a > b\">link</a>",
                "link",
            ),
            ("<script>if (a<b) { s = '</div>' }</script>seen", "seen"),
            ("<!-- a > b -- c --->seen<!DOCTYPE html>", "seen"),
            (
                "mail <user@example.com> or a < b <3",
                "mail <user@example.com> or a < b <3",
            ),
            ("<td>a<td>b</tr>c", "| a | b c"),
            ("<nav><a>Home</a><article>text", "text"),
            ("<svg/>seen <style>x</style >too", "seen too"),
        ] {
            assert_eq!(text(page), expected, "{page}");
        }
    }

    #[test]
    fn pages_and_pieces_of_them() {
        for page in [
            "<!DOCTYPE html>\n<html>",
            " <html>",
            "<p>x",
            "<div class=x>",
            "<?xml?><html>",
        ] {
            assert!(is_markup(page.as_bytes()), "{page}");
        }
        for other in [
            "# Title\n<p align=center>",
            "a <html> b",
            "<user@example.com>",
            "<ioc>",
        ] {
            assert!(!is_markup(other.as_bytes()), "{other}");
        }
    }
}
