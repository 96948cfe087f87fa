//! Vulnerability ids.

use std::borrow::Cow;

use super::Reason;

/// `CVE-YYYY-N` in upper case, 4 to 19 digits at the end (the limits of the
/// CVE record format, version 5), years 1999 to 2099.
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, Reason> {
    let bytes = text.as_bytes();
    let ([prefix @ .., b'-'], rest) = bytes.split_at_checked(4).ok_or(Reason::CveSyntax)? else {
        return Err(Reason::CveSyntax);
    };
    let Some((year, [b'-', number @ ..])) = rest.split_at_checked(4) else {
        return Err(Reason::CveSyntax);
    };
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if !prefix.eq_ignore_ascii_case(b"CVE")
        || !digits(year)
        || !(4..=19).contains(&number.len())
        || !digits(number)
    {
        return Err(Reason::CveSyntax);
    }
    if year != b"1999" && &year[..2] != b"20" {
        return Err(Reason::CveYear);
    }
    Ok(if prefix == b"CVE" {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_ascii_uppercase())
    })
}

/// The year in a canonical id.
pub(crate) fn year(id: &str) -> Option<i16> {
    id.get(4..8)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(canonical("cve-2021-44228").unwrap(), "CVE-2021-44228");
        assert_eq!(canonical("CVE-1999-0001").unwrap(), "CVE-1999-0001");
        assert_eq!(canonical("CVE-1998-0001"), Err(Reason::CveYear));
        assert_eq!(canonical("CVE-2100-0001"), Err(Reason::CveYear));
        for text in [
            "",
            "CVE-",
            "CVE-2021",
            "CVE-2021-",
            "CVE-2021-123",
            "CVE-2021-12a4",
            "CVA-2021-1234",
        ] {
            assert_eq!(canonical(text), Err(Reason::CveSyntax), "{text}");
        }
        assert_eq!(year("CVE-2021-44228"), Some(2021));
    }
}
