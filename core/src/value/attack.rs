//! MITRE ATT&CK ids.

use std::borrow::Cow;

use super::Reason;

/// `T####`, `T####.###`, `TA####`, `G####`, `S####`, `M####`, in upper case.
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, Reason> {
    let bytes = text.as_bytes();
    let digits = |part: &[u8], length| part.len() == length && part.iter().all(u8::is_ascii_digit);
    let good = match bytes {
        [b'T' | b't', b'A' | b'a', number @ ..] => digits(number, 4),
        [b'T' | b't', rest @ ..] if rest.len() == 8 => {
            digits(&rest[..4], 4) && rest[4] == b'.' && digits(&rest[5..], 3)
        }
        [
            b'T' | b't' | b'G' | b'g' | b'S' | b's' | b'M' | b'm',
            number @ ..,
        ] => digits(number, 4),
        _ => false,
    };
    if !good {
        return Err(Reason::AttackSyntax);
    }
    let upper = !bytes.iter().any(u8::is_ascii_lowercase);
    Ok(if upper {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_ascii_uppercase())
    })
}

/// Whether a canonical id names a group, software or mitigation.
pub(crate) fn is_no_technique(id: &str) -> bool {
    id.starts_with(['G', 'S', 'M'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (text, expected) in [
            ("t1059", "T1059"),
            ("T1059.001", "T1059.001"),
            ("ta0001", "TA0001"),
            ("g0007", "G0007"),
        ] {
            assert_eq!(canonical(text).unwrap(), expected);
        }
        for text in [
            "T",
            "T105",
            "T10591",
            "T1059.01",
            "T1059.0011",
            "T1059,001",
            "TA001",
            "X0001",
            "TA0001.001",
        ] {
            assert_eq!(canonical(text), Err(Reason::AttackSyntax), "{text}");
        }
    }
}
