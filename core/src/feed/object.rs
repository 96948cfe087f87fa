//! JSON objects of which little is certain: taken member by member, asked
//! leniently.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::json::scan::{Capture, Scanner};
use super::outcome::FeedError;

/// Longest member that is kept, in bytes: samples, pictures and the like are
/// left out.
const MAX_MEMBER: usize = 256 * 1024;

/// Longest object that is kept, in bytes.
const MAX_OBJECT: usize = 1 << 20;

/// An object of a document, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Members {
    map: Map<String, Value>,
    raw: Vec<u8>,
    size: usize,
    /// Bytes that are no UTF-8 were replaced.
    damaged: bool,
    /// Why the first member that could not be read is no JSON.
    broken: Option<String>,
}

/// Whether a document has any object that is what it should be.
#[derive(Debug, Default)]
pub(super) struct Tally {
    good: u64,
    /// The first object that is not.
    fault: Option<(u64, String)>,
}

impl Tally {
    /// An object is as it should be.
    pub(super) fn count_good(&mut self) {
        self.good += 1;
    }

    /// The object on this line is not.
    pub(super) fn note_fault(&mut self, line: u64, what: &str) {
        self.fault.get_or_insert_with(|| (line, what.to_owned()));
    }

    /// How reading went after `rows` rows: a document of nothing but objects
    /// that are not what they should be is none.
    pub(super) fn judge(self, result: Result<(), FeedError>, rows: u64) -> Result<(), FeedError> {
        match (result, self.fault) {
            (Err(FeedError::Truncated { line, .. }), _) => Err(FeedError::Truncated { line, rows }),
            (Ok(()), Some((line, what))) if self.good == 0 => Err(FeedError::Malformed {
                line,
                what: what.into(),
            }),
            (result, _) => result,
        }
    }
}

impl Members {
    /// The object that the scanner stands before.
    pub(super) fn read(scanner: &mut Scanner<'_, '_>) -> Result<Members, FeedError> {
        let mut members = Members::default();
        let mut key = String::new();
        scanner.open()?;
        while scanner.element(b'}')? {
            scanner.key(&mut key)?;
            members.take(&key, scanner)?;
        }
        Ok(members)
    }

    /// Takes the value that comes next, unless it is too long to be kept.
    pub(super) fn take(
        &mut self,
        key: &str,
        scanner: &mut Scanner<'_, '_>,
    ) -> Result<(), FeedError> {
        let room = MAX_OBJECT.saturating_sub(self.size + key.len());
        if scanner.capture(&mut self.raw, room.min(MAX_MEMBER))? == Capture::TooLong {
            return Ok(());
        }
        self.size += key.len() + self.raw.len();
        let text = String::from_utf8_lossy(&self.raw);
        self.damaged |= matches!(text, Cow::Owned(_));
        match serde_json::from_str(&text) {
            Ok(value) => {
                self.map.insert(key.to_owned(), value);
            }
            Err(error) => {
                let what = format!("{key:?} is no valid JSON: {error}");
                self.broken.get_or_insert(what);
            }
        }
        Ok(())
    }

    pub(super) fn object(&self) -> Object<'_> {
        Object(&self.map)
    }

    /// Bytes of what is kept.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Why it is no JSON, if so.
    pub(super) fn fault(&self) -> Option<&str> {
        self.broken.as_deref()
    }
}

/// An object, borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    /// Whether there is such a member, whatever it is.
    pub(super) fn has(self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Whether it has no member but these.
    pub(super) fn has_only(self, keys: &[&str]) -> bool {
        self.0.keys().all(|key| keys.contains(&&**key))
    }

    /// A text that says something.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        plain_text(self.0.get(key)?)
    }

    /// A text, number or truth value as text.
    pub(super) fn word(self, key: &str) -> Option<Cow<'a, str>> {
        match self.0.get(key)? {
            Value::Number(number) => Some(number.to_string().into()),
            Value::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
            value => plain_text(value).map(Cow::Borrowed),
        }
    }

    /// A truth value, which some write as a number or text.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        match &*self.word(key)? {
            "1" => Some(true),
            "0" => Some(false),
            word if word.eq_ignore_ascii_case("true") => Some(true),
            word if word.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// The texts of a list; a single text stands for a list of one.
    pub(super) fn texts(self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values(key).filter_map(plain_text)
    }

    /// The objects of a list; a single object stands for a list of one.
    pub(super) fn objects(self, key: &str) -> impl Iterator<Item = Object<'a>> + use<'a> {
        self.values(key).filter_map(Value::as_object).map(Object)
    }

    /// The object in a member.
    pub(super) fn inner(self, key: &str) -> Option<Object<'a>> {
        Some(Object(self.0.get(key)?.as_object()?))
    }

    /// Every member with its name.
    pub(super) fn members(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// The names of its members, for a message.
    pub(super) fn names(self) -> String {
        let names: Vec<&str> = self.0.keys().take(10).map(|key| &**key).collect();
        match names.len() {
            0 => "an object without members".to_owned(),
            _ => super::cell::printable(&format!("an object with {}", names.join(", ")), 200),
        }
    }

    fn values(self, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let (one, several) = match self.0.get(key) {
            Some(Value::Array(values)) => (None, &values[..]),
            other => (other, &[][..]),
        };
        one.into_iter().chain(several)
    }
}

fn plain_text(value: &Value) -> Option<&str> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::input::Input;

    fn members(text: &[u8]) -> Members {
        let mut bytes = text;
        let mut input = Input::new(&mut bytes).unwrap();
        Members::read(&mut Scanner::new(&mut input)).unwrap()
    }

    #[test]
    fn members_are_asked_leniently() {
        let text = br#"{"a": " x ", "b": 5, "c": "1", "d": ["p", 1, "q"], "e": {"f": true}, "g": "", "h": null}"#;
        let members = members(text);
        let object = members.object();
        assert_eq!(object.text("a"), Some("x"));
        assert_eq!(object.word("b").as_deref(), Some("5"));
        assert_eq!(
            (object.text("b"), object.text("g"), object.text("h")),
            (None, None, None)
        );
        assert_eq!((object.flag("c"), object.flag("a")), (Some(true), None));
        assert_eq!(object.texts("d").collect::<Vec<_>>(), ["p", "q"]);
        assert_eq!(object.texts("a").collect::<Vec<_>>(), ["x"]);
        assert_eq!(object.objects("e").count(), 1);
        assert_eq!(object.inner("e").unwrap().flag("f"), Some(true));
        assert!(object.has("h") && !object.has("i"));
        assert_eq!(
            object.names(),
            "an object with a, b, c, d, e, f, g, h".replace("f, ", "")
        );
    }

    #[test]
    fn what_is_too_long_is_left_out_and_what_is_no_json_is_told() {
        let long = format!(r#"{{"data": "{}", "a": "x"}}"#, "x".repeat(MAX_MEMBER));
        let kept = members(long.as_bytes());
        assert!(kept.object().has_only(&["a"]));
        assert!(kept.size() < 10);
        let broken = members(b"{\"a\": tru, \"b\": \"\xff\"}");
        assert!(
            broken
                .fault()
                .unwrap()
                .starts_with("\"a\" is no valid JSON")
        );
        assert!(broken.is_damaged());
        let wide = (0..20).map(|n| format!("\"k{n}\": \"{}\"", "x".repeat(100_000)));
        let wide = format!("{{{}}}", wide.collect::<Vec<_>>().join(","));
        assert!(members(wide.as_bytes()).size() <= MAX_OBJECT);
    }
}
