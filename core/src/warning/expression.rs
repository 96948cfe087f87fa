//! Regular expressions as PHP writes them.

use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};

/// The most memory that one compiled expression may take, in bytes.
const MAX_COMPILED: usize = 256 << 10;

/// The most memory of the automaton that is built while matching, in bytes.
const MAX_LAZY: usize = 1 << 20;

/// How deeply groups may be nested.
const MAX_NESTING: u32 = 32;

/// Takes `/…/i` apart, and gives what means the same to the `regex` crate;
/// else the reason why it cannot be read. A text without delimiters is taken
/// as it is.
pub(super) fn check_expression(text: &str) -> Result<Box<str>, String> {
    let (body, flags) = split_delimiters(text)?;
    let mut inline = String::new();
    let mut unicode = false;
    for flag in flags.chars() {
        match flag {
            'i' | 'm' | 's' | 'x' => inline.push(flag),
            'u' => unicode = true,
            // no difference to whether there is a match, or none to values,
            // which have one line
            'D' | 'S' | 'U' | 'X' | 'g' => {}
            'A' => return Err("the flag A is not understood; begin with ^".to_owned()),
            other => return Err(format!("{other:?} is no flag of an expression")),
        }
    }
    // PHP matches bytes, unless told otherwise
    inline.push_str(if unicode { "u" } else { "-u" });
    // a comment of the flag x ends with its line
    let end = if flags.contains('x') { "\n" } else { "" };
    let whole = format!("(?{inline}:{body}{end})");
    // `a)(b` would be good only in the group
    for expression in [format!("(?{inline}){body}"), whole.clone()] {
        RegexBuilder::new(&expression)
            .size_limit(MAX_COMPILED)
            .dfa_size_limit(MAX_LAZY)
            .nest_limit(MAX_NESTING)
            .build()
            .map_err(|error| short(&error))?;
    }
    Ok(whole.into())
}

/// Compiles expressions that were checked: as few sets as their size allows.
pub(super) fn compile_expressions(expressions: &[&str]) -> Vec<RegexSet> {
    if expressions.is_empty() {
        return Vec::new();
    }
    // twice the size of one, for what a set needs besides
    let built = RegexSetBuilder::new(expressions)
        .size_limit(MAX_COMPILED * 2)
        .dfa_size_limit(MAX_LAZY)
        .nest_limit(MAX_NESTING)
        .build();
    match built {
        Ok(set) => vec![set],
        Err(error) => {
            assert!(expressions.len() > 1, "a checked expression: {error}");
            let (first, rest) = expressions.split_at(expressions.len() / 2);
            let mut sets = compile_expressions(first);
            sets.extend(compile_expressions(rest));
            sets
        }
    }
}

fn split_delimiters(text: &str) -> Result<(&str, &str), String> {
    let Some(open) = text.chars().next().filter(|c| "/#~!%@{(|".contains(*c)) else {
        return Ok((text, ""));
    };
    let close = match open {
        '{' => '}',
        '(' => ')',
        other => other,
    };
    match text[1..].rfind(close) {
        Some(end) => {
            let flags = &text[1 + end + 1..];
            // `(a|b)+\.com` has no delimiters
            if matches!(open, '(' | '{') && !flags.bytes().all(|b| b.is_ascii_alphabetic()) {
                return Ok((text, ""));
            }
            Ok((&text[1..=end], flags))
        }
        None => Err(format!(
            "the expression begins with {open} and does not end with {close}"
        )),
    }
}

/// The last line of an error that draws the expression above it.
fn short(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the compiled expression is too large".to_owned(),
        other => {
            let message = other.to_string();
            let line = message.lines().next_back().unwrap_or_default();
            line.trim_start_matches("error: ").to_owned()
        }
    }
}
