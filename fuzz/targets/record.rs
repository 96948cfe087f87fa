//! Any bytes as a record of the claim log: read or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| iocd_index::decode_for_fuzzing(body));
