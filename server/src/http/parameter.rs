//! Parameters of a query string, read in place.
//!
//! The format is `application/x-www-form-urlencoded` as the URL standard
//! parses it (`+` is a space, a `%` that begins no escape is itself), but
//! strict where leniency would change a question: a name that the endpoint
//! does not have and a name that stands twice are errors.

use std::borrow::Cow;

use axum::extract::Request;
use iocd_core::value::Kind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::App;
use super::code::Code;
use super::error::ApiError;
use super::escape::{NotUtf8, decode};
use super::front::Call;

mod known;

pub(super) use known::{Known, Shape, join};

/// The parameters of one request, one after the other.
pub(super) struct Parameters<'a> {
    rest: &'a str,
    known: &'static [Known],
    /// Bit n: `known[n]` has been given.
    seen: u32,
    /// Whether `api_key` may stand among them.
    api_key: bool,
}

/// One parameter: its name is one of the known ones.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'static str,
    shape: Shape,
    raw: &'a str,
}

impl<'a> Parameters<'a> {
    /// `known` are those of the endpoint, 32 at most.
    pub(super) fn new(
        query: Option<&'a str>,
        known: &'static [Known],
        api_key: bool,
    ) -> Parameters<'a> {
        debug_assert!(known.len() <= 32);
        Parameters {
            rest: query.unwrap_or_default(),
            known,
            seen: 0,
            api_key,
        }
    }

    /// Those of a call.
    pub(super) fn of<S>(call: &'a Call<S>, known: &'static [Known]) -> Parameters<'a> {
        let query = call.request.uri().query();
        Parameters::new(query, known, call.app.settings.api_key_in_query)
    }

    /// Checks that a call has none.
    pub(super) fn none<S>(call: &Call<S>) -> Result<(), ApiError> {
        Parameters::of(call, &[]).next().map(|_| ())
    }

    /// Checks that a request to a public route has none.
    pub(super) fn none_in<S>(app: &App<S>, request: &Request) -> Result<(), ApiError> {
        let query = request.uri().query();
        let mut parameters = Parameters::new(query, &[], app.settings.api_key_in_query);
        parameters.next().map(|_| ())
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.known.iter().map(|known| known.name)
    }

    /// The next parameter. Empty pairs, as in `a=1&&b=2`, are none.
    pub(super) fn next(&mut self) -> Result<Option<Parameter<'a>>, ApiError> {
        while !self.rest.is_empty() {
            let (pair, rest) = self.rest.split_once('&').unwrap_or((self.rest, ""));
            self.rest = rest;
            if pair.is_empty() {
                continue;
            }
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name =
                decode(name).map_err(|NotUtf8| ApiError::unknown(&lossy(name), self.names()))?;
            if self.api_key && name == "api_key" {
                continue;
            }
            let position = self
                .known
                .iter()
                .position(|known| known.name == name)
                .ok_or_else(|| ApiError::unknown(&name, self.names()))?;
            let Known { name, shape, .. } = self.known[position];
            if self.seen & (1 << position) != 0 {
                let message = format!("Parameter {name} is given more than once.");
                return Err(ApiError::new(Code::InvalidParameter, message).about(name));
            }
            self.seen |= 1 << position;
            return Ok(Some(Parameter { name, shape, raw }));
        }
        Ok(None)
    }
}

impl<'a> Parameter<'a> {
    /// The decoded text; borrowed where nothing was escaped.
    pub(super) fn text(self) -> Result<Cow<'a, str>, ApiError> {
        decode(self.raw).map_err(|NotUtf8| {
            ApiError::invalid(self.name, &lossy(self.raw), "percent-encoded UTF-8")
        })
    }

    /// A type's name.
    pub(super) fn kind(self) -> Result<Kind, ApiError> {
        self.one_of(|text| text.parse().ok())
    }

    /// A whole number within the parameter's bounds.
    pub(super) fn number(self) -> Result<u64, ApiError> {
        let (least, most) = match self.shape {
            Shape::Number(least) => (least, None),
            Shape::Within(least, most) => (least, Some(most)),
            _ => (0, None),
        };
        let text = self.text()?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Digits that are too many for the type are a large number all the same.
        let number = digits.then(|| text.parse().unwrap_or(u64::MAX));
        let is_within = |number: &u64| *number >= least && most.is_none_or(|most| *number <= most);
        number.filter(is_within).ok_or_else(|| match most {
            None => {
                let expected = format_args!("a whole number of at least {least}");
                ApiError::invalid(self.name, &text, expected)
            }
            Some(most) => {
                let expected = format_args!("a whole number from {least} to {most}");
                ApiError::invalid(self.name, &text, expected)
            }
        })
    }

    /// `true` or `false`.
    pub(super) fn switch(self) -> Result<bool, ApiError> {
        self.one_of(|text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// A time: RFC 3339, or a date, which is its first moment in UTC.
    pub(super) fn time(self) -> Result<Timestamp, ApiError> {
        let text = self.text()?;
        read_time(&text).ok_or_else(|| {
            ApiError::invalid(
                self.name,
                &text,
                "a time as RFC 3339 writes it, or a date, YYYY-MM-DD",
            )
        })
    }

    /// One of the parameter's names.
    pub(super) fn one_of<T>(self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, ApiError> {
        let text = self.text()?;
        read(&text).ok_or_else(|| {
            let names = self.shape.names();
            ApiError::invalid(
                self.name,
                &text,
                format_args!("one of {}", names.join(", ")),
            )
            .allowing(names.into_iter().map(Cow::Borrowed))
        })
    }

    /// An error for a value that the contract has and this version has not.
    pub(super) fn not_available(self) -> ApiError {
        let text = self.text().unwrap_or_default();
        let expected = "another value: this one is not available in this version";
        ApiError::invalid(self.name, &text, expected)
    }
}

/// Reads RFC 3339 or `YYYY-MM-DD`. A `+` of an offset that was not escaped
/// arrives as a space and is taken for what was meant. The last day of 9999,
/// which clients write for "no end", is the last moment that there is.
fn read_time(text: &str) -> Option<Timestamp> {
    if text.len() > 64 {
        return None;
    }
    if let Some(rest) = text.strip_prefix("9999-12-31") {
        // well formed it has to be all the same
        return read_time(&format!("9999-12-29{rest}")).map(|_| Timestamp::MAX);
    }
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return date
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp());
    }
    if let Some((time, offset)) = text.rsplit_once(' ')
        && time.contains(['T', 't'])
    {
        return format!("{time}+{offset}").parse().ok();
    }
    text.parse().ok()
}

/// As it was written, for an error's `given`.
fn lossy(raw: &str) -> String {
    raw.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_or_dates() {
        let expected: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        for text in [
            "2026-01-02",
            "2026-01-02T00:00:00Z",
            "2026-01-02T02:00:00+02:00",
            "2026-01-02T02:00:00 02:00",
        ] {
            assert_eq!(read_time(text), Some(expected), "{text}");
        }
        for text in [
            "9999-12-31",
            "9999-12-31T23:59:59Z",
            "9999-12-31T00:00:00-05:00",
        ] {
            assert_eq!(read_time(text), Some(Timestamp::MAX), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "9999-12-31T",
            "9999-12-31T25:00:00Z",
            "2026-13-01",
            "2026-01-02T00:00:00",
            "1767312000",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_checked() {
        const KNOWN: &[Known] = &[
            Known::new("q", Shape::Text(9), "a value"),
            Known::kind("its type"),
        ];
        let read = |query, api_key| {
            let mut parameters = Parameters::new(Some(query), KNOWN, api_key);
            let mut names = Vec::new();
            while let Some(parameter) = parameters.next()? {
                names.push(parameter.name);
            }
            Ok::<_, ApiError>(names)
        };
        assert_eq!(read("&q=1&&%74ype=x&", false).unwrap(), ["q", "type"]);
        assert_eq!(read("q&api_key=x", true).unwrap(), ["q"]);
        assert_eq!(
            read("q&api_key=x", false).unwrap_err().code(),
            Code::UnknownParameter
        );
        assert_eq!(
            read("q=1&q=1", false).unwrap_err().code(),
            Code::InvalidParameter
        );
        assert_eq!(
            read("%ff=1", false).unwrap_err().code(),
            Code::UnknownParameter
        );
    }
}
