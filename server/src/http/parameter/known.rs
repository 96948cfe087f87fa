//! The parameters that an endpoint has: what reads a query string and what
//! describes the API both go by these, so that they cannot differ.

use iocd_core::value::Kind;

/// A parameter that an endpoint has.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Known {
    pub(in crate::http) name: &'static str,
    pub(in crate::http) shape: Shape,
    /// What it does, in words.
    pub(in crate::http) meaning: &'static str,
    /// What holds where it is not given, as it would be written.
    pub(in crate::http) default: Option<&'static str>,
    /// Whether a request without it is refused.
    pub(in crate::http) required: bool,
    /// A value that it may have.
    pub(in crate::http) example: Option<&'static str>,
}

/// What may stand in a parameter.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum Shape {
    /// A text, not empty, of so many bytes at most.
    Text(usize),
    /// A text of so many printable characters at most, not only blanks.
    Label(usize),
    /// What the whole of a regular expression matches, and what that is.
    Pattern(&'static str, &'static str),
    /// One of these names.
    OneOf(fn() -> Vec<&'static str>),
    /// A whole number of at least this.
    Number(u64),
    /// A whole number from this to that.
    Within(u64, u64),
    /// `true` or `false`.
    Switch,
    /// A time: RFC 3339, or a date.
    Time,
}

impl Known {
    pub(in crate::http) const fn new(
        name: &'static str,
        shape: Shape,
        meaning: &'static str,
    ) -> Known {
        Known {
            name,
            shape,
            meaning,
            default: None,
            required: false,
            example: None,
        }
    }

    /// `type`, where values are read only so.
    pub(in crate::http) const fn kind(meaning: &'static str) -> Known {
        let names = || Kind::ALL.map(Kind::as_str).to_vec();
        Known::new("type", Shape::OneOf(names), meaning)
    }

    pub(in crate::http) const fn required(self) -> Known {
        Known {
            required: true,
            ..self
        }
    }

    pub(in crate::http) const fn default(self, default: &'static str) -> Known {
        Known {
            default: Some(default),
            ..self
        }
    }

    pub(in crate::http) const fn example(self, example: &'static str) -> Known {
        Known {
            example: Some(example),
            ..self
        }
    }
}

impl Shape {
    /// The names of a parameter that has some.
    pub(in crate::http) fn names(self) -> Vec<&'static str> {
        match self {
            Shape::OneOf(names) => names(),
            Shape::Switch => vec!["true", "false"],
            _ => Vec::new(),
        }
    }
}

/// Some parameters and others, `N` in all.
pub(in crate::http) const fn join<const N: usize>(first: &[Known], rest: &[Known]) -> [Known; N] {
    let mut joined = [first[0]; N];
    let mut position = 0;
    while position < N {
        joined[position] = if position < first.len() {
            first[position]
        } else {
            rest[position - first.len()]
        };
        position += 1;
    }
    joined
}
