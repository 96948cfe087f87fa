//! The server's tests, in one program: what every claim store must do, and
//! the API in process.

mod answer;
mod api;
mod conformance;
mod histories;
mod model;
mod values;
