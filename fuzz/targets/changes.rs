//! What another server tells of its changes: any bytes are read or refused.
#![no_main]

use std::io::Cursor;

use iocd::exchange::changes::{Reader, read_end};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::new(data, Timestamp::UNIX_EPOCH);
    let read = loop {
        match reader.read_next() {
            Ok(Some(_)) => {}
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let end = read_end(&mut Cursor::new(data));
    // Where the last line has its end, both know it.
    if read && data.ends_with(b"\n") {
        assert_eq!(end.as_ref().ok(), reader.end());
    }
});
