//! Undoing the spellings that people use to make values harmless.
//!
//! A text is cut into words and the gaps between them. A gap is made of signs
//! that mean something (`.`, `@`, `:`, `/`, `,`) and of noise around them
//! (brackets, blanks, backslashes, carets); undoing drops the noise. Words that
//! stand for a sign (`[dot]`, ` AT `) count as gaps. One pass, linear.

use crate::normalize::{Lenience, change};

mod gap;
mod host;
mod path;
mod scheme;

pub(crate) use self::host::{refang_host, refang_mail};
pub(crate) use self::path::refang_path;
pub(crate) use self::scheme::{is_defanged_scheme, split_scheme};

/// A text without defanging, and what was undone.
pub(crate) struct Refanged {
    pub(crate) text: String,
    pub(crate) changes: Vec<&'static str>,
}

/// How far undoing may go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Only a sign in a pair of brackets, and what is as clear.
    Clear,
    /// Also one-sided and stray brackets.
    Loose,
    /// Also blanks and bare words, and commas where four octets allow it.
    Free,
}

impl Reach {
    fn of(lenience: Lenience) -> Reach {
        match lenience {
            Lenience::Question => Reach::Free,
            Lenience::Feed { .. } => Reach::Loose,
            Lenience::Prose => Reach::Clear,
        }
    }
}

/// The change that is reported for a sign that was put back.
fn change_for(sign: char) -> &'static str {
    match sign {
        '@' => change::AT_REFANGED,
        ':' => change::COLON_REFANGED,
        '/' => change::SLASH_REFANGED,
        _ => change::DOT_REFANGED,
    }
}

/// The sign that a word in brackets stands for.
fn sign_of_word(word: &str) -> Option<char> {
    const DOTS: [&str; 6] = ["dot", "punkt", "punto", "point", "ponto", "d0t"];
    const ATS: [&str; 3] = ["at", "et", "arroba"];
    if word.len() > 6 {
        return None;
    }
    if DOTS.iter().any(|dot| word.eq_ignore_ascii_case(dot)) {
        Some('.')
    } else if ATS.iter().any(|at| word.eq_ignore_ascii_case(at)) {
        Some('@')
    } else {
        None
    }
}
