//! The server's tests, in one program: what every claim store must do, and
//! the API in process.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

mod answer;
mod api;
mod cli;
mod conformance;
mod embedded;
mod fetching;
mod following;
mod histories;
mod model;
mod values;
