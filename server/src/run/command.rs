//! What an operator has done about one feed.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::{Run, RunError, Runner};
use crate::store::ClaimStore;

/// What is to be done about a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its short name.
    pub feed: String,
    /// What.
    pub action: Action,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Run it now.
    Run {
        /// A folder in which what comes is kept as fixtures: an absolute path.
        record: Option<PathBuf>,
    },
    /// Read the list that is held.
    Accept,
    /// Give up the list that is held.
    Reject,
}

impl Command {
    /// Does it. Waits for other machines and for the disk.
    pub fn perform<S: ClaimStore>(
        &self,
        runner: &Arc<Runner<S>>,
        runtime: &Handle,
    ) -> Result<Run, RunError> {
        let turn = runner.take(&self.feed)?;
        match &self.action {
            Action::Run { record } => turn.run(runtime, record.as_deref()),
            Action::Accept => turn.accept(runtime),
            Action::Reject => turn.reject(),
        }
    }
}
