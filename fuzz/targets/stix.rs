//! Any bytes as STIX: no panic; each row is told once.
#![no_main]

use std::sync::LazyLock;

use iocd_core::feed::Feed;
use iocd_fuzz::{feed, read_document};
use libfuzzer_sys::fuzz_target;

static FEED: LazyLock<Feed> = LazyLock::new(|| feed("stix"));

fuzz_target!(|data: &[u8]| read_document(&FEED, data));
