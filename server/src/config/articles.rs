//! What the article store keeps.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, Written};
