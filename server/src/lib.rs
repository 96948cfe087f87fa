//! `iocd` as a library: everything that the binary does, for it and for tests.
//!
//! | module | is |
//! | --- | --- |
//! | [`backup`] | backups of a data directory, and back |
//! | `bench` | figures of an operator's own machine |
//! | `bulk` | many values at a time |
//! | [`cli`] | the command line |
//! | [`client`] | the asking side of the API, for commands |
//! | [`clock`] | where the time comes from |
//! | [`collect`] | the documents of a feed, one after another |
//! | [`config`] | the settings as written, and those in force |
//! | [`control`] | accounts, keys, feed state and usage: small and precious |
//! | [`control_socket`] | how commands reach a server that runs |
//! | [`endpoint`] | endpoints as they are counted |
//! | [`exchange`] | what is stored as lines of JSON, and back |
//! | [`feeds`] | the known feeds |
//! | [`fetch`] | getting documents from elsewhere |
//! | [`http`] | the API: every route, and what surrounds a handler |
//! | [`ingest`] | reading a feed's document into the store |
//! | [`limit`] | rate windows |
//! | `metrics` | what the server counts of itself |
//! | [`operation`] | what commands ask of the owner of the data directory |
//! | [`owner`] | who that is: this process or a server |
//! | [`run`] | one run of a feed: documents got, examined and read |
//! | [`scan`] | known values in logs and reports |
//! | [`schedule`] | when feeds run |
//! | [`store`] | what is needed of a claim store, and the embedded one |
//! | [`tls`] | the certificate in force |
//! | [`trial`] | what a document would be read as |
//! | [`unpack`] | files as they come: plain, gzip, zip |
//! | [`warnings`] | the warning lists in force |

pub mod articles;
pub mod backup;
mod bench;
mod bulk;
pub mod cli;
pub mod client;
pub mod clock;
pub mod collect;
pub mod config;
pub mod control;
pub mod control_socket;
pub mod endpoint;
pub mod exchange;
pub mod feeds;
pub mod fetch;
pub mod http;
pub mod ingest;
pub mod limit;
mod metrics;
pub mod operation;
pub mod owner;
pub mod run;
pub mod scan;
pub mod schedule;
pub mod store;
pub mod tls;
pub mod trial;
pub mod unpack;
pub mod warnings;
