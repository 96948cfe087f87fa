//! Any query string: no panic, an answer or a documented error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| iocd::http::read_query_for_fuzzing(query));
