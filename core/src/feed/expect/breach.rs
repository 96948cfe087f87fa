//! How a contract is broken, for a person.

use std::fmt;

use jiff::Timestamp;

use crate::value::Kind;

/// How a document breaks its feed's contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Fewer or more rows than there ever should be.
    Rows {
        /// In the document.
        rows: u64,
        /// At least and at most.
        band: (u64, u64),
    },
    /// Far fewer or more rows than in the last good document.
    Change {
        /// In the document.
        rows: u64,
        /// In the last good one.
        before: u64,
        /// How much would have been accepted, in percent.
        max: u64,
    },
    /// Another mix of types.
    Share {
        /// The type; `None`: all types that the contract does not name.
        kind: Option<Kind>,
        /// Percent of all claims.
        share: u64,
        /// Percent that it should be.
        expected: u64,
        /// And by how many it may differ.
        tolerance: u8,
    },
    /// Too many rows that could not be read.
    Refused {
        /// In the document.
        rows: u64,
        /// Of them refused.
        refused: u64,
        /// Percent that may be.
        max: u8,
    },
    /// The newest date is too long past.
    Old {
        /// That date; `None`: the document has none.
        newest: Option<Timestamp>,
        /// Seconds that it may be past.
        fresh: u32,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Rows {
                rows,
                band: (least, most),
            } => write!(f, "it has {rows} rows, and {least} to {most} are expected"),
            Breach::Change { rows, before, max } => write!(
                f,
                "it has {rows} rows, the last good one had {before}, and a change of at most {max} % is expected"
            ),
            Breach::Share {
                kind,
                share,
                expected,
                tolerance,
            } => write!(
                f,
                "{share} % of what it names is {}, and {expected} % ± {tolerance} are expected",
                kind.map_or("of other types", Kind::as_str)
            ),
            Breach::Refused { rows, refused, max } => write!(
                f,
                "{refused} of its {rows} rows were refused, and at most {max} % are expected"
            ),
            Breach::Old { newest, fresh } => {
                match newest {
                    Some(newest) => write!(f, "its newest date is {newest}")?,
                    None => f.write_str("it has no date")?,
                }
                write!(f, ", and one of the last {} is expected", Age(*fresh))
            }
        }
    }
}

/// Seconds in the largest unit that fits.
struct Age(u32);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("days", 86_400), ("hours", 3600), ("minutes", 60)];
        let fits = |(_, length): &(&str, u32)| self.0.is_multiple_of(*length);
        let (unit, length) = units.into_iter().find(fits).unwrap_or(("seconds", 1));
        write!(f, "{} {unit}", self.0 / length)
    }
}
