//! Many values at a time: a body of inputs → a line of JSON for each.
//!
//! Inputs are taken off the body as it comes in ([`Form`] says how they are
//! written), read and looked up in groups, and answered in order. Nothing
//! grows with their number. Whose body it is, and where the lines go, is the
//! caller's: a request, a command, the control socket.

use std::io;
use std::sync::Arc;

use iocd_core::query::{ManyOptions, StatusFilter};
use iocd_core::questions::Questions;
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use crate::http::ApiError;
use crate::store::{ClaimStore, StoreError};

mod array;
mod normalized;
mod prose;
mod searched;
mod splitter;

pub(crate) use normalized::write_normalized;
pub(crate) use splitter::{Form, Malformed};

use searched::{SearchLines, Terms};
use splitter::{Input, Splitter};

/// Values that one rate unit pays for, and that are looked up together.
pub(crate) const UNIT: u64 = 100;
/// Text of a group; what is answered at once stays small whatever is asked.
const GROUP_TEXT: usize = 32 << 10;
/// Entries told for each value where nobody says.
pub(crate) const DEFAULT_LIMIT: u32 = 10;
/// Entries told for each value at most.
pub(crate) const MAX_LIMIT: u32 = 100;

/// What is asked about each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Has anyone seen it?
    Search {
        /// Read it only so.
        kind: Option<Kind>,
        /// Which entries may answer.
        status: StatusFilter,
        /// Entries told at most.
        limit: u32,
    },
    /// How is it read?
    Normalize {
        /// Read it only so.
        kind: Option<Kind>,
    },
}

/// Why not every input was answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interruption {
    /// The rest of the body cannot be read.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The caller may not ask for more.
    #[error("no more values are allowed")]
    NotAdmitted(ApiError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The input could not be read, or the answer not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Decides about the input of this number, counted from 0, before it is taken.
pub(crate) type Admit<'a> = dyn FnMut(u64) -> Result<(), ApiError> + Send + 'a;

/// Inputs on their way to answers.
pub(crate) struct Bulk<S> {
    store: Arc<S>,
    warnings: Arc<WarningSet>,
    purpose: Purpose,
    splitter: Splitter,
    questions: Questions,
    lines: SearchLines,
    taken: u64,
}

impl<S: ClaimStore> Bulk<S> {
    /// Inputs of this form, to be looked up in a store and in warning lists.
    pub(crate) fn new(
        store: Arc<S>,
        warnings: Arc<WarningSet>,
        form: Form,
        purpose: Purpose,
    ) -> Bulk<S> {
        Bulk {
            store,
            warnings,
            purpose,
            splitter: Splitter::new(form),
            questions: Questions::default(),
            lines: SearchLines::default(),
            taken: 0,
        }
    }

    /// Inputs taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes a group of inputs off `piece` and appends their answers. The
    /// piece is empty when every input that it completes has been answered.
    /// Inputs before the one that fails are answered.
    pub(crate) async fn answer(
        &mut self,
        piece: &mut &[u8],
        now: Timestamp,
        admit: &mut Admit<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Interruption> {
        let taken = self.take_group(Some(piece), admit);
        self.tell(now, out).await?;
        taken.map(|_| ())
    }

    /// Answers a group of the inputs that the end of the body completes; tells
    /// whether that was the last one.
    pub(crate) async fn finish(
        &mut self,
        now: Timestamp,
        admit: &mut Admit<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Interruption> {
        let taken = self.take_group(None, admit);
        self.tell(now, out).await?;
        taken
    }

    /// Takes a group of inputs off a piece, or off the end of the body; tells
    /// whether there are no more.
    fn take_group(
        &mut self,
        mut piece: Option<&mut &[u8]>,
        admit: &mut Admit<'_>,
    ) -> Result<bool, Interruption> {
        self.questions.clear();
        while self.has_room() {
            let next = match &mut piece {
                Some(piece) => self.splitter.next(piece),
                None => self.splitter.finish(),
            };
            let Some(input) = next? else {
                return Ok(true);
            };
            admit(self.taken).map_err(Interruption::NotAdmitted)?;
            self.taken += 1;
            take(&mut self.questions, input, self.purpose.kind());
        }
        Ok(false)
    }

    fn has_room(&self) -> bool {
        (self.questions.len() as u64) < UNIT && self.questions.text_len() < GROUP_TEXT
    }

    async fn tell(&mut self, now: Timestamp, out: &mut Vec<u8>) -> Result<(), Interruption> {
        match self.purpose {
            Purpose::Search {
                kind,
                status,
                limit,
            } => {
                let options = ManyOptions { status, limit, now };
                let terms = Terms {
                    kind,
                    warnings: &self.warnings,
                    now,
                };
                let mut writer = self.lines.writer(&self.questions, terms, out);
                let told = self
                    .store
                    .find_many(&self.questions, options, &mut writer)
                    .await;
                if told.is_ok() {
                    writer.finish();
                }
                Ok(told?)
            }
            Purpose::Normalize { kind } => {
                for question in self.questions.iter() {
                    write_normalized(out, question, kind, &self.warnings, now);
                }
                Ok(())
            }
        }
    }
}

impl Purpose {
    /// The only type that inputs are read as.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Purpose::Search { kind, .. } | Purpose::Normalize { kind } => kind,
        }
    }
}

fn take(questions: &mut Questions, input: Input<'_>, kind: Option<Kind>) {
    match input {
        Input::Text(text) => questions.ask(&text, kind),
        Input::Unreadable(shown, why) => questions.refuse(&shown, why),
        Input::Mention(written, reading, place) => questions.mention(written, reading, place),
    }
}
