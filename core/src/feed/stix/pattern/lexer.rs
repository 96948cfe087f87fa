//! A pattern as words and signs.

use super::PatternError;

/// A word or sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// One of `[ ] ( ) : . , *`.
    Sign(char),
    /// `=`, `!=`, `<`, `>`, `<=`, `>=` in the grammar's own spelling.
    Operator(&'static str),
    /// A name or keyword.
    Word(String),
    /// A quoted text, without its quotes and escapes.
    Text(String),
    /// A number as it was written.
    Number(String),
    /// `h'…'`, `b'…'` or `t'…'`: the letter and the text.
    Tagged(char, String),
    /// The end of the pattern.
    End,
}

/// Reads tokens from the front.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0 }
    }

    /// The next token and where it begins.
    pub(super) fn next(&mut self) -> Result<(Token, usize), PatternError> {
        self.skip_blanks()?;
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else {
            return Ok((Token::End, start));
        };
        let token = match first {
            '[' | ']' | '(' | ')' | ':' | '.' | ',' | '*' => {
                self.at += 1;
                Token::Sign(first)
            }
            '=' | '!' | '<' | '>' => self.operator(rest)?,
            '\'' | '"' => Token::Text(self.quoted(first)?),
            '0'..='9' | '-' | '+' => self.number(rest)?,
            _ if first.is_alphabetic() || first == '_' => self.word(rest)?,
            _ => return Err(self.fault(format!("{first:?} has no meaning here"))),
        };
        Ok((token, start))
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), PatternError> {
        loop {
            let rest = &self.text[self.at..];
            let bare = rest.trim_start();
            self.at += rest.len() - bare.len();
            let end = if bare.starts_with("//") {
                Some(bare.find('\n').unwrap_or(bare.len()))
            } else if bare.starts_with("/*") {
                let Some(end) = bare.find("*/") else {
                    return Err(self.fault("a comment is not closed".to_owned()));
                };
                Some(end + 2)
            } else {
                None
            };
            match end {
                Some(end) => self.at += end,
                None => return Ok(()),
            }
        }
    }

    fn operator(&mut self, rest: &str) -> Result<Token, PatternError> {
        const SPELLINGS: [(&str, &str); 8] = [
            ("==", "="),
            ("!=", "!="),
            ("<>", "!="),
            ("<=", "<="),
            (">=", ">="),
            ("=", "="),
            ("<", "<"),
            (">", ">"),
        ];
        let known = SPELLINGS.iter().find(|(text, _)| rest.starts_with(text));
        let Some((text, operator)) = known else {
            return Err(self.fault("'!' stands only in \"!=\"".to_owned()));
        };
        self.at += text.len();
        Ok(Token::Operator(operator))
    }

    /// A text in quotes. Backslashes stand before quotes and backslashes;
    /// before anything else they are meant as they are.
    fn quoted(&mut self, quote: char) -> Result<String, PatternError> {
        let inner = &self.text[self.at + 1..];
        let mut out = String::new();
        let mut chars = inner.char_indices().peekable();
        while let Some((place, char)) = chars.next() {
            if char == quote {
                self.at += place + 2;
                return Ok(out);
            }
            let escaped =
                chars.next_if(|(_, next)| char == '\\' && matches!(next, '\'' | '"' | '\\'));
            out.push(escaped.map_or(char, |(_, next)| next));
        }
        Err(self.fault("a quote is not closed".to_owned()))
    }

    fn number(&mut self, rest: &str) -> Result<Token, PatternError> {
        let digits = rest.trim_start_matches(['-', '+']);
        let signs = rest.len() - digits.len();
        let whole = count_digits(digits);
        let fraction = digits[whole..].strip_prefix('.').map_or(0, count_digits);
        if whole == 0 || signs > 1 {
            return Err(self.fault("a sign without a number".to_owned()));
        }
        // `1.` is a number and a dot.
        let end = signs + whole + if fraction > 0 { fraction + 1 } else { 0 };
        self.at += end;
        Ok(Token::Number(rest[..end].to_owned()))
    }

    fn word(&mut self, rest: &str) -> Result<Token, PatternError> {
        let is_part = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
        let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        match word {
            "h" | "b" | "t" if rest[end..].starts_with('\'') => {
                let text = self.quoted('\'')?;
                Ok(Token::Tagged(char::from(word.as_bytes()[0]), text))
            }
            _ => Ok(Token::Word(word.to_owned())),
        }
    }

    fn fault(&self, what: String) -> PatternError {
        PatternError { at: self.at, what }
    }
}

fn count_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
