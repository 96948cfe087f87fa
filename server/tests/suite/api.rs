//! The API in process: the router over the model store, with a clock that
//! stands still.

mod access;
mod articles;
mod attacks;
mod bulk;
mod caching;
mod changes;
mod compacted;
mod cors;
mod description;
mod disk;
mod errors;
mod following;
mod keys;
mod limits;
mod lists;
mod lookup;
mod metrics;
mod narrowing;
mod overload;
mod routes;
mod search;
mod server;
mod standing;
mod stats;
mod tls;
mod warnings;
