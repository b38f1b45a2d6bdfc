//! System calls and their arguments.

use super::{Parsed, Parser, shape};
use crate::ast::{Call, Expression};
use crate::lexer::TokenKind;
use crate::span::{ParseError, Position};

/// How deep arguments may nest: nobody writes more, and the reader does not run out of stack.
const DEEPEST: usize = 32;

impl Parser {
    /// `[...end] name(arguments) = result [ERRNO] [(remark)]`.
    pub(super) fn call(&mut self) -> Parsed<Call> {
        let end = if matches!(self.peek(), TokenKind::Ellipsis) {
            self.next += 1;
            Some(self.time()?)
        } else {
            None
        };
        let at = self.at();
        let name = self.word("the name of a system call")?;
        self.sign('(')?;
        let arguments = self.expressions(')', 0)?;
        self.sign('=')?;
        let result_at = self.at();
        let result = self.expression(0)?;
        if matches!(result, Expression::Or(..)) {
            return Err(ParseError::new(result_at, "a result is one number"));
        }
        let errno = match self.peek() {
            TokenKind::Word(name) => {
                let name = name.clone();
                self.next += 1;
                Some(name)
            }
            _ => None,
        };
        if errno.is_some() || *self.peek() == TokenKind::Sign('(') {
            self.remark()?;
        }
        Ok(Call { at, name, arguments, result, errno, end })
    }

    /// Words in parentheses, for the reader alone.
    fn remark(&mut self) -> Parsed<()> {
        self.sign('(')?;
        self.word("what the error says, in words")?;
        while !self.takes(')') {
            self.word("`)`")?;
        }
        Ok(())
    }

    /// Expressions with commas between them, up to `close`.
    fn expressions(&mut self, close: char, depth: usize) -> Parsed<Vec<Expression>> {
        let mut expressions = Vec::new();
        if self.takes(close) {
            return Ok(expressions);
        }
        loop {
            expressions.push(self.expression(depth)?);
            if self.takes(close) {
                return Ok(expressions);
            }
            if !self.takes(',') {
                return Err(self.expected(&format!("`,` or `{close}`")));
            }
        }
    }

    fn expression(&mut self, depth: usize) -> Parsed<Expression> {
        if depth > DEEPEST {
            return Err(ParseError::new(self.at(), "this argument nests too deep"));
        }
        let mut left = self.term(depth + 1)?;
        while self.takes('|') {
            left = Expression::Or(Box::new(left), Box::new(self.term(depth + 1)?));
        }
        Ok(left)
    }

    fn term(&mut self, depth: usize) -> Parsed<Expression> {
        let at = self.at();
        match self.peek() {
            TokenKind::Word(_) => return self.named(depth),
            TokenKind::Text(_) => return Ok(self.text()),
            TokenKind::Integer(_) | TokenKind::Hex(_) => {
                return self.number("a number").map(Expression::Integer);
            }
            TokenKind::Ellipsis | TokenKind::Sign('[' | '{') => {}
            _ => return Err(self.expected("an argument")),
        }
        match self.advance() {
            TokenKind::Sign('[') => self.expressions(']', depth).map(Expression::List),
            TokenKind::Sign('{') => self.structure(at, depth),
            TokenKind::Ellipsis => Ok(Expression::Ellipsis),
            other => Err(ParseError::new(at, format!("expected an argument, found {}", other.describe()))),
        }
    }

    /// What stands behind an open brace, up to its end.
    fn structure(&mut self, at: Position, depth: usize) -> Parsed<Expression> {
        if self.is_word("flags") || self.is_word("Flags") {
            let gre = self.gre()?;
            self.sign('}')?;
            return Ok(Expression::Gre(gre));
        }
        if matches!(self.peek(), TokenKind::Sign('(' | '}')) {
            let labels = self.mpls()?;
            self.sign('}')?;
            return Ok(Expression::Mpls(labels));
        }
        let fields = self.expressions('}', depth)?;
        shape::check(&fields).map_err(|what| ParseError::new(at, what))?;
        Ok(Expression::Structure(fields))
    }

    /// A name, a function, or a name that is given a value.
    fn named(&mut self, depth: usize) -> Parsed<Expression> {
        let name = self.word("a name")?;
        let arguments = if self.takes('(') { Some(self.expressions(')', depth)?) } else { None };
        if self.takes('=') {
            let count = match arguments {
                None => None,
                Some(mut arguments) if arguments.len() == 1 => arguments.pop().map(Box::new),
                Some(_) => return Err(self.expected(&format!("one count behind `{name}`"))),
            };
            let value = Box::new(self.expression(depth)?);
            return Ok(Expression::Named { name, count, value });
        }
        Ok(match arguments {
            Some(arguments) => Expression::Function(name, arguments),
            None => Expression::Word(name),
        })
    }

    /// Strings that follow one another are one.
    fn text(&mut self) -> Expression {
        let mut whole = Vec::new();
        while let TokenKind::Text(text) = self.peek() {
            whole.extend_from_slice(text);
            self.next += 1;
        }
        if *self.peek() == TokenKind::Ellipsis {
            self.next += 1;
            return Expression::TextPrefix(whole);
        }
        Expression::Text(whole)
    }
}
