//! Dates in the forms that feeds write.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// Order of day and month where both are numbers before the year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// `12/2/2023` is the second of December.
    #[default]
    MonthFirst,
    /// `12/2/2023` is the twelfth of February.
    DayFirst,
}

/// Reads a date: ISO 8601 and RFC 3339 with or without time, zone and
/// fraction (`2025-01-02`, `2025-01-02 03:04:05 UTC`,
/// `2025-06-09T17:02:20.8538Z`, `…+02:00`), RFC 2822 and 1123 (`Fri, 25 Sep
/// 2015 17:35:27 GMT`), numbers with slashes (`12/2/2023 6:58`), eight digits
/// (`20230212`), seconds or milliseconds since 1970. No zone means UTC. What is before 1990 says
/// "unset" in every feed seen, and is not read.
pub(crate) fn read_date(text: &str, order: DateOrder) -> Option<Timestamp> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() > 64 || bytes.is_empty() || !text.is_ascii() {
        return None;
    }
    let date = if let Some(date) = from_plain(bytes) {
        Some(date)
    } else if bytes
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.')
    {
        from_epoch(text)
    } else if bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) {
        from_iso(text, if bytes[4] == b'/' { '/' } else { '-' })
    } else if bytes[0].is_ascii_digit() && text.contains('/') {
        from_slashes(text, order)
    } else {
        from_words(text)
    }?;
    (date >= EARLIEST).then_some(date)
}

/// 1990-01-01.
const EARLIEST: Timestamp = Timestamp::constant(631_152_000, 0);

/// `2025-01-02T03:04:05Z`, with or without its letters: most feeds write it so,
/// and it is read by place. `None` says nothing of what the text is.
fn from_plain(text: &[u8]) -> Option<Timestamp> {
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    if text.len() != "2025-01-02T03:04:05".len() {
        return None;
    }
    let signs = [4, 7, 10, 13, 16].map(|at| text[at]);
    let [b'-', b'-', b'T' | b' ', b':', b':'] = signs else {
        return None;
    };
    let digit = |at: usize| {
        text[at]
            .is_ascii_digit()
            .then(|| text[at].cast_signed() - 48)
    };
    let two = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    let year = i16::from(two(0)?) * 100 + i16::from(two(2)?);
    let date = Date::new(year, two(5)?, two(8)?).ok()?;
    let time = Time::new(two(11)?, two(14)?, two(17)?, 0).ok()?;
    instant(date, time, 0)
}

fn from_epoch(text: &str) -> Option<Timestamp> {
    let whole = text.split('.').next()?;
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        8 if whole.len() == text.len() => at(civil(&whole[..4], &whole[4..6], &whole[6..])?, ""),
        9..=10 => Timestamp::from_second(number).ok(),
        12..=13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

fn from_iso(text: &str, separator: char) -> Option<Timestamp> {
    let (year, rest) = text.split_once(separator)?;
    let (month, rest) = rest.split_once(separator)?;
    let day_end = rest
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(rest.len());
    let (day, rest) = rest.split_at(day_end);
    let date = civil(year, month, day)?;
    at(date, rest.trim_start_matches(['T', 't', ' ']))
}

fn from_slashes(text: &str, order: DateOrder) -> Option<Timestamp> {
    let (first, rest) = text.split_once('/')?;
    let (second, rest) = rest.split_once('/')?;
    let year_end = rest
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(rest.len());
    let (year, rest) = rest.split_at(year_end);
    let (month, day) = match order {
        DateOrder::MonthFirst => (first, second),
        DateOrder::DayFirst => (second, first),
    };
    at(civil(year, month, day)?, rest.trim_start())
}

/// `[Fri,] 25 Sep 2015 17:35:27 GMT`, `Tue Sep 29 04:07:29 2015 UTC`.
fn from_words(text: &str) -> Option<Timestamp> {
    let (mut day, mut month, mut year, mut time, mut zone) = ("", None, "", "", "");
    for word in text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .take(8)
    {
        if word.contains(':') && time.is_empty() {
            time = word;
        } else if word.bytes().all(|byte| byte.is_ascii_digit()) {
            match word.len() {
                1 | 2 if day.is_empty() => day = word,
                // As RFC 822 writes years; RFC 2822 says what is meant.
                2 if month.is_some() && year.is_empty() => year = word,
                4 => year = word,
                _ => return None,
            }
        } else if month.is_none() && month_number(word).is_some() {
            month = month_number(word);
        } else if !time.is_empty() {
            zone = word;
        }
    }
    let year = match (year.len(), year.parse::<i16>().ok()?) {
        (2, year @ ..50) => 2000 + year,
        (2, year) => 1900 + year,
        (_, year) => year,
    };
    let date = Date::new(year, month?, day.parse().ok()?).ok()?;
    let (time, rest) = if time.is_empty() {
        (Time::midnight(), "")
    } else {
        clock(time)?
    };
    if rest.is_empty() {
        instant(date, time, zone_seconds(zone)?)
    } else {
        None
    }
}

fn month_number(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = word.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| month.eq_ignore_ascii_case(start))?;
    i8::try_from(place + 1).ok()
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A date with what follows it: nothing, or a time, or a time and a zone.
fn at(date: Date, rest: &str) -> Option<Timestamp> {
    let (time, zone) = if rest.is_empty() {
        (Time::midnight(), "")
    } else {
        clock(rest)?
    };
    instant(date, time, zone_seconds(zone.trim())?)
}

/// A time of day at the start of `text`, and what comes after it.
fn clock(text: &str) -> Option<(Time, &str)> {
    let end = text
        .find(|char: char| !(char.is_ascii_digit() || char == ':' || char == '.'))
        .unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    let mut parts = time.splitn(3, ':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let (second, fraction) = match parts.next() {
        None => (0, ""),
        Some(second) => match second.split_once('.') {
            None => (second.parse().ok()?, ""),
            Some((second, fraction)) => (second.parse().ok()?, fraction),
        },
    };
    let mut nanosecond = 0;
    let mut unit = 100_000_000;
    for digit in fraction.bytes().filter(u8::is_ascii_digit).take(9) {
        nanosecond += i32::from(digit - b'0') * unit;
        unit /= 10;
    }
    let mut rest = rest.trim_start();
    let mut hour = hour;
    for (half, shift) in [("AM", 0), ("PM", 12)] {
        if rest
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case(half))
        {
            hour = hour % 12 + shift;
            rest = rest[2..].trim_start();
        }
    }
    // A leap second is the second before it for our purposes.
    let second: i8 = if second == 60 { 59 } else { second };
    Some((Time::new(hour, minute, second, nanosecond).ok()?, rest))
}

/// Hours east of UTC, for the names of RFC 2822 and those of Europe and Japan.
const NAMED_ZONES: [(&str, i64); 12] = [
    ("EDT", -4),
    ("EST", -5),
    ("CDT", -5),
    ("CST", -6),
    ("MDT", -6),
    ("MST", -7),
    ("PDT", -7),
    ("PST", -8),
    ("WET", 0),
    ("CET", 1),
    ("CEST", 2),
    ("JST", 9),
];

/// Seconds east of UTC.
fn zone_seconds(zone: &str) -> Option<i64> {
    if ["", "Z", "UTC", "GMT", "UT", "(UTC)"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(zone))
    {
        return Some(0);
    }
    if let Some((_, hours)) = NAMED_ZONES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(zone))
    {
        return Some(hours * 3600);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = &zone[1..];
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at(2),
        None if digits.len() == 2 => (digits, "0"),
        None => return None,
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn instant(date: Date, time: Time, east: i64) -> Option<Timestamp> {
    let local = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    let second = local.as_second().checked_sub(east)?;
    Timestamp::new(second, local.subsec_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        read_date(text, DateOrder::MonthFirst).map_or("-".into(), |date| date.to_string())
    }

    #[test]
    fn every_form_that_feeds_use() {
        for (text, expected) in [
            ("2025-01-02 03:04:05", "2025-01-02T03:04:05Z"),
            ("2025-01-02 03:04:05 UTC", "2025-01-02T03:04:05Z"),
            ("2025-01-02 03:04", "2025-01-02T03:04:00Z"),
            ("2025-01-02", "2025-01-02T00:00:00Z"),
            ("2025/01/02", "2025-01-02T00:00:00Z"),
            ("2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05+02:30", "2024-01-02T00:34:05Z"),
            ("2024-01-02T03:04:05-0100", "2024-01-02T04:04:05Z"),
            ("2025-06-09T17:02:20.8538Z", "2025-06-09T17:02:20.8538Z"),
            ("2015-09-02T09:21:53.093000", "2015-09-02T09:21:53.093Z"),
            ("Fri, 25 Sep 2015 17:35:27 GMT", "2015-09-25T17:35:27Z"),
            ("Sat, 22 Aug 2026 03:00:29 +0200", "2026-08-22T01:00:29Z"),
            ("Tue Sep 29 04:07:29 2015 UTC", "2015-09-29T04:07:29Z"),
            ("Sat, 07 Sep 02 00:00:01 GMT", "2002-09-07T00:00:01Z"),
            ("Mon, 3 Mar 2025 09:00:00 EST", "2025-03-03T14:00:00Z"),
            ("3 March 2025", "2025-03-03T00:00:00Z"),
            ("12/2/2023 6:58", "2023-12-02T06:58:00Z"),
            ("12/22/2023 6:58 PM", "2023-12-22T18:58:00Z"),
            ("20160310", "2016-03-10T00:00:00Z"),
            ("20161399", "-"),
            ("1700000000", "2023-11-14T22:13:20Z"),
            ("1700000000123", "2023-11-14T22:13:20.123Z"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(
            read_date("12/2/2023", DateOrder::DayFirst)
                .map(|date| date.to_string())
                .as_deref(),
            Some("2023-02-12T00:00:00Z")
        );
    }

    #[test]
    fn what_is_plain_is_read_as_what_is_not() {
        // A fraction that is nothing makes the longer way be gone.
        let long = |text: &str| match text.strip_suffix('Z') {
            Some(bare) => format!("{bare}.0Z"),
            None => format!("{text}.0"),
        };
        let mut some = 0;
        for date in [
            "2025-01-02",
            "2024-02-29",
            "2023-02-29",
            "1989-12-31",
            "9999-12-31",
            "202a-01-02",
        ] {
            for time in [
                "00:00:00", "23:59:59", "23:59:60", "24:00:00", "03:60:05", "03:04:0x",
            ] {
                for (between, behind) in [("T", "Z"), ("T", ""), (" ", "Z"), (" ", ""), ("t", "Z")]
                {
                    let text = format!("{date}{between}{time}{behind}");
                    assert_eq!(read(&text), read(&long(&text)), "{text}");
                    some += usize::from(read(&text) != "-");
                }
            }
        }
        assert_eq!(some, 2 * 3 * 5);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "None",
            "0",
            "0000-00-00 00:00:00",
            "2024-02-30",
            "1970-01-01 00:00:00",
            "12",
            "25:00",
            "2025-01-02 25:00:00",
            "2025-01-02Tnoon",
            "99999999999999999999",
            "1/2",
            "é",
            "+",
            "//",
            "2025-01-02 03:04:05 XYZ",
            "Sat",
            "2025-13-01",
            "12:00:00",
        ] {
            assert_eq!(read(text), "-", "{text}");
        }
    }
}
