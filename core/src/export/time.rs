//! Times as the API writes them: RFC 3339, UTC, `Z`.

use std::io::Write as _;

use jiff::Timestamp;

/// Appends `2026-01-31T12:34:56Z`, with as many digits of a second's fraction
/// as the time has.
pub fn write_time(out: &mut Vec<u8>, time: Timestamp) {
    let seconds = time.as_second();
    // Years of four digits after 1970 take the short way; stores hold nothing else
    // unless a feed wrote it.
    if time.subsec_nanosecond() != 0 || !(0..253_402_300_800).contains(&seconds) {
        write!(out, "{time}").expect("writing to a Vec cannot fail");
        return;
    }
    let seconds = seconds.unsigned_abs();
    let (year, month, day) = civil_from_days(seconds / 86_400);
    let second = seconds % 86_400;
    let mut text = *b"0000-00-00T00:00:00Z";
    put_pair(&mut text, 0, year / 100);
    put_pair(&mut text, 2, year % 100);
    put_pair(&mut text, 5, month);
    put_pair(&mut text, 8, day);
    put_pair(&mut text, 11, second / 3_600);
    put_pair(&mut text, 14, second / 60 % 60);
    put_pair(&mut text, 17, second % 60);
    out.extend_from_slice(&text);
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

fn put_pair(text: &mut [u8; 20], at: usize, number: u64) {
    // Both are one digit: every caller passes a number below 100.
    #[allow(clippy::cast_possible_truncation)]
    let (tens, ones) = ((number / 10) as u8, (number % 10) as u8);
    text[at] = b'0' + tens;
    text[at + 1] = b'0' + ones;
}
