//! Entries as bytes in the formats that others read.
//!
//! A writer appends to a buffer that the caller owns and may reuse; nothing
//! here allocates for an ordinary entry, since [`json`] is on the path of
//! every search.

use std::fmt;
use std::str::FromStr;

pub mod csv;
pub mod json;
pub mod lookup;
mod time;
pub mod txt;

pub use time::write_time;

/// The formats of `GET /api/v1/iocs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One object with `meta`, `links` and `data`.
    #[default]
    Json,
    /// RFC 4180 with a header line.
    Csv,
    /// One value a line.
    Txt,
}

impl Format {
    /// Every format, in the order in which the API names them.
    pub const ALL: [Format; 3] = [Format::Json, Format::Csv, Format::Txt];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Txt => "txt",
        }
    }

    /// The media type of an answer in this format.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Txt => "text/plain; charset=utf-8",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text named no [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {given:?}: expected json, csv or txt")]
pub struct UnknownFormat {
    /// What was given, cut to 64 characters.
    pub given: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Reads the API's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| UnknownFormat {
                given: text.chars().take(64).collect(),
            })
    }
}

/// Appends a number in decimal.
pub fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let mut position = digits.len();
    let mut rest = number;
    loop {
        position -= 1;
        // A remainder of ten is one digit.
        #[allow(clippy::cast_possible_truncation)]
        let digit = (rest % 10) as u8;
        digits[position] = b'0' + digit;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[position..]);
}

#[cfg(test)]
mod tests;
