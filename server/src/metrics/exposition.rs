//! The text format of Prometheus, version 0.0.4.

use std::fmt::{self, Write as _};

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// They only grow while the process runs.
    Counter,
    /// They go up and down.
    Gauge,
    /// They count what was no greater than `le`.
    Histogram,
}

/// Families of samples, as they are written one after the other.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
    /// The family that samples are of.
    name: &'static str,
}

impl Exposition {
    /// Begins a family. Its name says the unit, and `_total` for a counter.
    pub(crate) fn family(&mut self, name: &'static str, kind: Type, help: &str) {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        self.name = name;
    }

    /// A family of one sample without labels.
    pub(crate) fn single(
        &mut self,
        name: &'static str,
        kind: Type,
        help: &str,
        value: impl fmt::Display,
    ) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    /// A sample of the family.
    pub(crate) fn sample(&mut self, labels: &[(&str, &str)], value: impl fmt::Display) {
        self.part("", labels, value);
    }

    /// A sample of a part of a histogram: `_bucket`, `_sum` or `_count`.
    pub(crate) fn part(&mut self, part: &str, labels: &[(&str, &str)], value: impl fmt::Display) {
        let name = self.name;
        self.write(format_args!("{name}{part}"));
        let mut opening = '{';
        for (label, text) in labels {
            let text = Escaped(text);
            self.write(format_args!("{opening}{label}=\"{text}\""));
            opening = ',';
        }
        let closing = if labels.is_empty() { "" } else { "}" };
        self.write(format_args!("{closing} {value}\n"));
    }

    /// All that was written.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        self.text
            .write_fmt(text)
            .expect("writing to a String cannot fail");
    }
}

/// The value of a label, escaped.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_the_documented_form() {
        let mut out = Exposition::default();
        out.single("iocd_up", Type::Gauge, "Whether it is up.", 1);
        out.family("iocd_rows_total", Type::Counter, "Rows.");
        out.sample(&[("feed", "a\"b\\c\nd"), ("outcome", "refused")], 7);
        out.family("iocd_seconds", Type::Histogram, "Times.");
        out.part("_bucket", &[("le", "+Inf")], 2);
        out.part("_sum", &[], 0.5);
        assert_eq!(
            out.into_text(),
            "# HELP iocd_up Whether it is up.\n# TYPE iocd_up gauge\niocd_up 1\n\
             # HELP iocd_rows_total Rows.\n# TYPE iocd_rows_total counter\n\
             iocd_rows_total{feed=\"a\\\"b\\\\c\\nd\",outcome=\"refused\"} 7\n\
             # HELP iocd_seconds Times.\n# TYPE iocd_seconds histogram\n\
             iocd_seconds_bucket{le=\"+Inf\"} 2\niocd_seconds_sum 0.5\n"
        );
    }
}
