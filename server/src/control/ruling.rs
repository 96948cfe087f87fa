//! What the operator has ruled about values.

use iocd_core::warning::Pattern;
use jiff::Timestamp;

use super::{Control, ControlError};

/// The most rulings of one stance.
pub const MAX_RULINGS: usize = 100_000;

/// Which way the operator has ruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Known to be good: a warning for whoever asks, and out of lists.
    Allowed,
    /// Known to be bad: a claim of the source `local`.
    Denied,
}

impl Stance {
    /// The name in the database and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stance::Allowed => "allowed",
            Stance::Denied => "denied",
        }
    }

    /// The command for it.
    pub const fn command(self) -> &'static str {
        match self {
            Stance::Allowed => "allow",
            Stance::Denied => "deny",
        }
    }
}

/// One ruling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Which way.
    pub stance: Stance,
    /// About what.
    pub pattern: Pattern,
    /// Why, in the operator's words.
    pub reason: String,
    /// When it was made, or made again.
    pub added_at: Timestamp,
}

impl Control {
    /// The rulings of one stance, oldest first.
    pub fn rulings(&self, stance: Stance) -> Result<Vec<Ruling>, ControlError> {
        self.records.rulings(stance)
    }

    /// Adds a ruling, or gives the one that is there a new reason and time.
    pub fn put_ruling(&self, ruling: &Ruling) -> Result<(), ControlError> {
        let others = self.records.rulings(ruling.stance)?;
        let is_new = others.iter().all(|other| other.pattern != ruling.pattern);
        if is_new && others.len() >= MAX_RULINGS {
            return Err(ControlError::RulingLimit(ruling.stance.as_str()));
        }
        self.records.put_ruling(ruling)
    }

    /// Removes a ruling; `false` where there is none.
    pub fn remove_ruling(&self, stance: Stance, pattern: &Pattern) -> Result<bool, ControlError> {
        self.records.remove_ruling(stance, pattern)
    }
}
