//! Patterns as text, in the grammar's own spelling.

use std::fmt::{self, Display, Formatter};

use super::{
    Comparison, Form, Junction, Literal, Observed, Operator, Path, Pattern, Qualifier, Step, Test,
};

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Display for Observed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Test(comparison) => write!(f, "[{comparison}]")?,
            Form::Joined(junction, parts) => {
                let alone = self.qualifiers.is_empty();
                f.write_str(if alone { "" } else { "(" })?;
                join(f, *junction, parts, |part| {
                    matches!(part.form, Form::Joined(..)) && part.qualifiers.is_empty()
                })?;
                f.write_str(if alone { "" } else { ")" })?;
            }
        }
        for qualifier in &self.qualifiers {
            match qualifier {
                Qualifier::Within(time) => write!(f, " WITHIN {time} SECONDS")?,
                Qualifier::Repeats(times) => write!(f, " REPEATS {times} TIMES")?,
                Qualifier::StartStop(start, stop) => write!(f, " START {start} STOP {stop}")?,
            }
        }
        Ok(())
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::Test(test) => test.fmt(f),
            Comparison::Exists { path, negated } => {
                write!(f, "{}EXISTS {path}", if *negated { "NOT " } else { "" })
            }
            Comparison::Joined(junction, parts) => join(f, *junction, parts, |part| {
                matches!(part, Comparison::Joined(..))
            }),
        }
    }
}

/// Parts with the junction between them, those that `is_grouped` in
/// parentheses.
fn join<T: Display>(
    f: &mut Formatter<'_>,
    junction: Junction,
    parts: &[T],
    is_grouped: impl Fn(&T) -> bool,
) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(match junction {
                Junction::And => " AND ",
                Junction::Or => " OR ",
                Junction::FollowedBy => " FOLLOWEDBY ",
            })?;
        }
        if is_grouped(part) {
            write!(f, "({part})")?;
        } else {
            part.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = if self.negated { " NOT" } else { "" };
        write!(f, "{}{not} {} ", self.path, self.operator)?;
        if self.operator != Operator::In {
            return self.literals.iter().try_for_each(|one| one.fmt(f));
        }
        f.write_str("(")?;
        for (place, literal) in self.literals.iter().enumerate() {
            f.write_str(if place > 0 { ", " } else { "" })?;
            literal.fmt(f)?;
        }
        f.write_str(")")
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::Greater => ">",
            Operator::LessOrEqual => "<=",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "IN",
            Operator::Like => "LIKE",
            Operator::Matches => "MATCHES",
            Operator::IsSubset => "ISSUBSET",
            Operator::IsSuperset => "ISSUPERSET",
        })
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.object)?;
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(Some(index)) => write!(f, "[{index}]")?,
                Step::Index(None) => f.write_str("[*]")?,
                Step::Key(key) => {
                    f.write_str(if place > 0 { "." } else { "" })?;
                    if is_plain(key) {
                        f.write_str(key)?;
                    } else {
                        write_quoted(f, key)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether the grammar lets a key stand without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && !key.as_bytes()[0].is_ascii_digit()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => write_quoted(f, text),
            Literal::Integer(number) => number.fmt(f),
            Literal::Float(number) if number.fract() == 0.0 => write!(f, "{number:.1}"),
            Literal::Float(number) => number.fmt(f),
            Literal::Boolean(value) => value.fmt(f),
            Literal::Hex(digits) => write_tagged(f, 'h', digits),
            Literal::Binary(base64) => write_tagged(f, 'b', base64),
            Literal::Timestamp(time) => write_tagged(f, 't', time),
        }
    }
}

fn write_tagged(f: &mut Formatter<'_>, letter: char, text: &str) -> fmt::Result {
    write!(f, "{letter}")?;
    write_quoted(f, text)
}

fn write_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("'")?;
    for part in text.split_inclusive(['\'', '\\']) {
        let plain = part.trim_end_matches(['\'', '\\']);
        f.write_str(plain)?;
        // At most the one sign that divides.
        for sign in part[plain.len()..].chars() {
            write!(f, "\\{sign}")?;
        }
    }
    f.write_str("'")
}
