//! The parts of a test: paths, operators and values.

use super::super::lexer::Token;
use super::super::{Literal, Operator, Path, Step};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn operator(&mut self) -> Parsed<Operator> {
        let operator = match &self.token {
            Token::Operator("=") => Operator::Equal,
            Token::Operator("!=") => Operator::NotEqual,
            Token::Operator("<") => Operator::Less,
            Token::Operator(">") => Operator::Greater,
            Token::Operator("<=") => Operator::LessOrEqual,
            Token::Operator(">=") => Operator::GreaterOrEqual,
            Token::Word(word) => match &**word {
                "IN" => Operator::In,
                "LIKE" => Operator::Like,
                "MATCHES" => Operator::Matches,
                "ISSUBSET" => Operator::IsSubset,
                "ISSUPERSET" => Operator::IsSuperset,
                _ => return Err(self.fault("expected an operator")),
            },
            _ => return Err(self.fault("expected an operator")),
        };
        self.advance()?;
        Ok(operator)
    }

    pub(super) fn set(&mut self) -> Parsed<Vec<Literal>> {
        self.expect_sign('(')?;
        let mut literals = Vec::new();
        if self.take_sign(')')? {
            return Ok(literals);
        }
        loop {
            literals.push(self.literal()?);
            if !self.take_sign(',')? {
                self.expect_sign(')')?;
                return Ok(literals);
            }
        }
    }

    pub(super) fn path(&mut self) -> Parsed<Path> {
        let Token::Word(object) = self.token.clone() else {
            return Err(self.fault("expected a path, object:property"));
        };
        self.advance()?;
        self.expect_sign(':')?;
        let mut steps = vec![self.key()?];
        loop {
            if self.take_sign('.')? {
                steps.push(self.key()?);
            } else if self.take_sign('[')? {
                let index = match &self.token {
                    Token::Sign('*') => None,
                    Token::Number(number) => Some(
                        number
                            .parse()
                            .map_err(|_| self.fault("expected a place in a list, or '*'"))?,
                    ),
                    _ => return Err(self.fault("expected a place in a list, or '*'")),
                };
                self.advance()?;
                self.expect_sign(']')?;
                steps.push(Step::Index(index));
            } else {
                return Ok(Path { object, steps });
            }
        }
    }

    fn key(&mut self) -> Parsed<Step> {
        match self.token.clone() {
            Token::Word(key) | Token::Text(key) => {
                self.advance()?;
                Ok(Step::Key(key))
            }
            _ => Err(self.fault("expected the name of a property")),
        }
    }

    pub(super) fn literal(&mut self) -> Parsed<Literal> {
        let literal = match &self.token {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Tagged('h', digits) => Literal::Hex(digits.clone()),
            Token::Tagged('b', base64) => Literal::Binary(base64.clone()),
            Token::Tagged(_, time) => Literal::Timestamp(time.clone()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            Token::Number(number) => {
                let literal = if number.contains('.') {
                    number.parse().ok().map(Literal::Float)
                } else {
                    number.parse().ok().map(Literal::Integer)
                };
                literal.ok_or_else(|| self.fault("the number is too large"))?
            }
            _ => return Err(self.fault("expected a value: 'text', a number, true, t'…', h'…'")),
        };
        self.advance()?;
        Ok(literal)
    }
}
