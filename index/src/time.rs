//! Times as the columns keep them: whole Unix seconds in 32 bits (to 2106).

use jiff::Timestamp;

/// Seconds since 1970, held to the range 1 to 2³²−1: 0 stands for "no time".
pub(crate) fn seconds(time: Timestamp) -> u32 {
    let held = time.as_second().clamp(1, i64::from(u32::MAX));
    u32::try_from(held).expect("clamped to u32")
}

/// The time back.
pub(crate) fn timestamp(seconds: u32) -> Timestamp {
    Timestamp::from_second(i64::from(seconds)).expect("every u32 is within jiff's range")
}
