//! What the server counts of itself, and the text in which Prometheus reads it.
//!
//! Counters are additions to memory that wait for nobody. Labels come from
//! small sets that the program knows: templates of paths, codes of errors,
//! names of feeds; never from what a client wrote.

mod exposition;
mod process;
mod traffic;

pub(crate) use exposition::{Exposition, MEDIA_TYPE, Type};
pub(crate) use process::write_process;
pub(crate) use traffic::{NotTaken, Traffic};
