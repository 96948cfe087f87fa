//! The API in process: the router over the model store, with a clock that
//! stands still.

mod access;
mod bulk;
mod caching;
mod compacted;
mod errors;
mod following;
mod limits;
mod lists;
mod narrowing;
mod search;
mod server;
mod standing;
mod stats;
mod warnings;
