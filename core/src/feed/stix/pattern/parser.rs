//! From tokens to a pattern, by recursive descent.

mod term;

use super::lexer::{Lexer, Token};
use super::{
    Comparison, Form, Junction, Literal, Observed, Operator, PatternError, Qualifier, Test,
};

/// Parentheses inside one another.
const MAX_DEPTH: usize = 32;

pub(super) struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that comes next.
    token: Token,
    /// Where it begins.
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, PatternError>;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Parsed<Parser<'t>> {
        let mut lexer = Lexer::new(text);
        let (token, at) = lexer.next()?;
        Ok(Parser {
            lexer,
            token,
            at,
            depth: 0,
        })
    }

    /// The whole pattern.
    pub(super) fn pattern(mut self) -> Parsed<Observed> {
        let root = self.followed()?;
        match self.token {
            Token::End => Ok(root),
            _ => Err(self.fault("expected the end, AND, OR, FOLLOWEDBY or a qualifier")),
        }
    }

    /// `FOLLOWEDBY` binds least, then `OR`, then `AND`.
    fn followed(&mut self) -> Parsed<Observed> {
        self.observations("FOLLOWEDBY", Junction::FollowedBy, |parser| {
            parser.observations("OR", Junction::Or, |parser| {
                parser.observations("AND", Junction::And, Self::observed)
            })
        })
    }

    fn observations(
        &mut self,
        word: &str,
        junction: Junction,
        part: impl Fn(&mut Self) -> Parsed<Observed>,
    ) -> Parsed<Observed> {
        self.joined(word, part, |parts| Observed {
            form: Form::Joined(junction, parts),
            qualifiers: Vec::new(),
        })
    }

    /// Parts with `word` between them, joined; or the only one.
    fn joined<T>(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Parsed<T>,
        join: impl FnOnce(Vec<T>) -> T,
    ) -> Parsed<T> {
        let mut parts = vec![part(self)?];
        while self.take_word(word)? {
            parts.push(part(self)?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                join(parts)
            }
        })
    }

    /// `[…]` or `(…)`, with its qualifiers.
    fn observed(&mut self) -> Parsed<Observed> {
        let mut observed = if self.take_sign('[')? {
            let comparison = self.alternatives()?;
            self.expect_sign(']')?;
            Observed {
                form: Form::Test(comparison),
                qualifiers: Vec::new(),
            }
        } else if self.take_sign('(')? {
            self.nested(Self::followed)?
        } else {
            return Err(self.fault("expected '[' or '('"));
        };
        while let Some(qualifier) = self.qualifier()? {
            observed.qualifiers.push(qualifier);
        }
        Ok(observed)
    }

    fn qualifier(&mut self) -> Parsed<Option<Qualifier>> {
        if self.take_word("WITHIN")? {
            let time @ (Literal::Integer(_) | Literal::Float(_)) = self.literal()? else {
                return Err(self.fault("expected a number of seconds after WITHIN"));
            };
            self.expect_word("SECONDS")?;
            return Ok(Some(Qualifier::Within(time)));
        }
        if self.take_word("REPEATS")? {
            let Literal::Integer(times) = self.literal()? else {
                return Err(self.fault("expected a whole number after REPEATS"));
            };
            self.expect_word("TIMES")?;
            return Ok(Some(Qualifier::Repeats(times)));
        }
        if self.take_word("START")? {
            let start = self.time()?;
            self.expect_word("STOP")?;
            return Ok(Some(Qualifier::StartStop(start, self.time()?)));
        }
        Ok(None)
    }

    /// A time, as STIX 2.1 writes it, or as 2.0 did: without the letter.
    fn time(&mut self) -> Parsed<Literal> {
        match self.literal()? {
            time @ (Literal::Timestamp(_) | Literal::Text(_)) => Ok(time),
            _ => Err(self.fault("expected a time, t'2026-01-02T03:04:05Z'")),
        }
    }

    fn alternatives(&mut self) -> Parsed<Comparison> {
        self.comparisons("OR", Junction::Or, |parser| {
            parser.comparisons("AND", Junction::And, Self::comparison)
        })
    }

    fn comparisons(
        &mut self,
        word: &str,
        junction: Junction,
        part: impl Fn(&mut Self) -> Parsed<Comparison>,
    ) -> Parsed<Comparison> {
        self.joined(word, part, |parts| Comparison::Joined(junction, parts))
    }

    fn comparison(&mut self) -> Parsed<Comparison> {
        if self.take_sign('(')? {
            return self.nested(Self::alternatives);
        }
        let negated = self.take_word("NOT")?;
        if self.take_word("EXISTS")? {
            let path = self.path()?;
            return Ok(Comparison::Exists { path, negated });
        }
        if negated {
            return Err(self.fault("NOT stands before an operator or EXISTS"));
        }
        let path = self.path()?;
        let negated = self.take_word("NOT")?;
        let operator = self.operator()?;
        let literals = if operator == Operator::In {
            self.set()?
        } else {
            vec![self.literal()?]
        };
        Ok(Comparison::Test(Test {
            path,
            negated,
            operator,
            literals,
        }))
    }

    /// What stands in parentheses, of which the opening one was taken.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fault("more than 32 parentheses are open"));
        }
        let inner = inner(self)?;
        self.depth -= 1;
        self.expect_sign(')')?;
        Ok(inner)
    }

    fn advance(&mut self) -> Parsed<()> {
        (self.token, self.at) = self.lexer.next()?;
        Ok(())
    }

    fn take_word(&mut self, word: &str) -> Parsed<bool> {
        let here = matches!(&self.token, Token::Word(found) if found == word);
        if here {
            self.advance()?;
        }
        Ok(here)
    }

    fn take_sign(&mut self, sign: char) -> Parsed<bool> {
        let here = self.token == Token::Sign(sign);
        if here {
            self.advance()?;
        }
        Ok(here)
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word)? {
            Ok(())
        } else {
            Err(self.fault(&format!("expected {word}")))
        }
    }

    fn expect_sign(&mut self, sign: char) -> Parsed<()> {
        if self.take_sign(sign)? {
            Ok(())
        } else {
            Err(self.fault(&format!("expected {sign:?}")))
        }
    }

    fn fault(&self, what: &str) -> PatternError {
        PatternError {
            at: self.at,
            what: what.to_owned(),
        }
    }
}
