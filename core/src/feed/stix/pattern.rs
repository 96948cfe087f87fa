//! The pattern language of STIX 2.0 and 2.1 (OASIS STIX 2.1, section 9).

mod lexer;
mod named;
mod parser;
mod print;
#[cfg(test)]
mod tests;

use std::str::FromStr;

#[cfg(test)]
use self::named::Named;
pub(in crate::feed::stix) use self::named::is_file_hash;
use self::parser::Parser;

/// Longest pattern that is read, in bytes.
pub const MAX_PATTERN: usize = 256 * 1024;

/// A pattern, taken apart. It prints as an equal pattern.
///
/// More is understood than the grammar allows where producers are known to
/// write it: keys with hyphens and without quotes (`hashes.SHA-256`), double
/// quotes, `==` and `<>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    root: Observed,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at} of the pattern: {what}")]
pub struct PatternError {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > MAX_PATTERN {
            return Err(PatternError {
                at: MAX_PATTERN,
                what: "it is longer than 256 KiB".to_owned(),
            });
        }
        let root = Parser::new(text)?.pattern()?;
        Ok(Pattern { root })
    }
}

/// What is to be observed, and how often and when.
#[derive(Clone, Debug, PartialEq)]
struct Observed {
    form: Form,
    qualifiers: Vec<Qualifier>,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// `[…]`: one observation that passes the tests.
    Test(Comparison),
    /// At least two, joined.
    Joined(Junction, Vec<Observed>),
}

/// A word between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Junction {
    And,
    Or,
    /// Between observations only.
    FollowedBy,
}

#[derive(Clone, Debug, PartialEq)]
enum Qualifier {
    /// `WITHIN n SECONDS`
    Within(Literal),
    /// `REPEATS n TIMES`
    Repeats(i64),
    /// `START t'…' STOP t'…'`; the text of both, with the letter or not.
    StartStop(Literal, Literal),
}

/// What one observation is tested for.
#[derive(Clone, Debug, PartialEq)]
enum Comparison {
    Test(Test),
    /// `EXISTS path`
    Exists {
        path: Path,
        negated: bool,
    },
    /// At least two, joined by `AND` or `OR`.
    Joined(Junction, Vec<Comparison>),
}

/// `path [NOT] operator literal`
#[derive(Clone, Debug, PartialEq)]
struct Test {
    path: Path,
    negated: bool,
    operator: Operator,
    /// One; any number for `IN`.
    literals: Vec<Literal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    In,
    Like,
    Matches,
    IsSubset,
    IsSuperset,
}

/// `object:key.key[index]`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path {
    object: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// `[n]`, or `[*]` for none.
    Index(Option<u32>),
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// The digits of `h'…'`.
    Hex(String),
    /// The Base64 of `b'…'`.
    Binary(String),
    /// The time in `t'…'`.
    Timestamp(String),
}
