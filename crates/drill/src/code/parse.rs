//! Tokens to statements (Python's reference, chapters 7 and 8).
//!
//! Left out: classes, generators, decorators, `with`, `match`, and whatever waits.

use std::rc::Rc;

use super::ast::{Block, Body, Expression, Function, Handler, Statement};
use super::token::{self, Kind, Token};

mod expression;
mod format;

/// How deep blocks and expressions may nest.
const DEEPEST: u32 = 60;
/// The signs of statements that change what a name stands for.
const AUGMENTS: [&str; 12] = ["+=", "-=", "*=", "/=", "//=", "%=", "**=", "|=", "&=", "^=", "<<=", ">>="];
/// What begins a statement that is not known here.
const UNKNOWN: [&str; 7] = ["class", "with", "async", "await", "yield", "match", "exec"];

/// What a snippet says that is not known here.
pub(super) type Parsed<T> = Result<T, String>;

/// Reads a snippet.
pub(super) fn parse(text: &str) -> Parsed<Block> {
    let mut parser = Parser { text, tokens: token::tokens(text)?, next: 0, depth: 0 };
    let mut block = Vec::new();
    while *parser.peek() != Kind::End {
        parser.statement(&mut block)?;
    }
    Ok(block)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        self.peek_behind(0)
    }

    fn peek_behind(&self, count: usize) -> &Kind {
        &self.tokens[(self.next + count).min(self.tokens.len() - 1)].kind
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.unknown()) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Name(found) if found == word)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn name(&mut self) -> Parsed<String> {
        let Kind::Name(name) = self.peek() else { return Err(self.unknown()) };
        let name = name.clone();
        self.next += 1;
        Ok(name)
    }

    fn kind(&mut self, kind: &Kind) -> Parsed<()> {
        if self.peek() != kind {
            return Err(self.unknown());
        }
        self.next += 1;
        Ok(())
    }

    /// The line on which the next token stands.
    fn unknown(&self) -> String {
        let at = self.tokens[self.next.min(self.tokens.len() - 1)].span.start;
        let start = self.text[..at].rfind('\n').map_or(0, |before| before + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        format!("the statement `{}`", line.trim())
    }

    /// Goes one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("a snippet that nests so deep".to_owned());
        }
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn statement(&mut self, block: &mut Block) -> Parsed<()> {
        let Kind::Name(word) = self.peek().clone() else { return self.line(block) };
        let statement = match word.as_str() {
            "if" => self.branch()?,
            "for" => self.each()?,
            "while" => self.repeat()?,
            "def" => self.define()?,
            "try" => self.attempt()?,
            _ => return self.line(block),
        };
        block.push(statement);
        Ok(())
    }

    /// Simple statements with semicolons between them.
    fn line(&mut self, block: &mut Block) -> Parsed<()> {
        loop {
            block.push(self.simple()?);
            if !self.takes(";") || *self.peek() == Kind::NewLine {
                break;
            }
        }
        self.kind(&Kind::NewLine)
    }

    /// What stands behind the colon of a compound statement.
    fn block(&mut self) -> Parsed<Block> {
        self.sign(":")?;
        let mut block = Vec::new();
        if *self.peek() != Kind::NewLine {
            self.line(&mut block)?;
            return Ok(block);
        }
        self.next += 1;
        self.kind(&Kind::Indent)?;
        self.deeper(|parser| {
            while *parser.peek() != Kind::Dedent {
                parser.statement(&mut block)?;
            }
            Ok(())
        })?;
        self.next += 1;
        Ok(block)
    }

    fn otherwise(&mut self) -> Parsed<Block> {
        if self.takes_word("else") { self.block() } else { Ok(Vec::new()) }
    }

    fn branch(&mut self) -> Parsed<Statement> {
        let mut arms = Vec::new();
        while self.takes_word(if arms.is_empty() { "if" } else { "elif" }) {
            arms.push((self.expression()?, self.block()?));
        }
        Ok(Statement::If { arms, otherwise: self.otherwise()? })
    }

    fn each(&mut self) -> Parsed<Statement> {
        self.next += 1;
        let target = self.targets()?;
        if !self.takes_word("in") {
            return Err(self.unknown());
        }
        let list = self.expressions()?;
        Ok(Statement::For { target, list, body: self.block()?, otherwise: self.otherwise()? })
    }

    fn repeat(&mut self) -> Parsed<Statement> {
        self.next += 1;
        let condition = self.expression()?;
        Ok(Statement::While { condition, body: self.block()?, otherwise: self.otherwise()? })
    }

    fn define(&mut self) -> Parsed<Statement> {
        self.next += 1;
        let name = self.name()?;
        self.sign("(")?;
        let mut function = self.parameters(name, ")")?;
        self.sign(")")?;
        if self.takes("->") {
            self.expression()?;
        }
        function.body = Body::Block(self.block()?);
        Ok(Statement::Define(Rc::new(function)))
    }

    /// The parameters of a function up to `close`, with their values; the body is yet to come.
    fn parameters(&mut self, name: String, close: &str) -> Parsed<Function> {
        let body = Body::Block(Vec::new());
        let mut function = Function { name, parameters: Vec::new(), rest: None, named: None, body };
        while !self.is_sign(close) {
            if self.takes("**") {
                function.named = Some(self.name()?);
            } else if self.takes("*") {
                // A star alone says that those behind it are given by name, which all may be.
                if !self.is_sign(",") {
                    function.rest = Some(self.name()?);
                }
            } else {
                let name = self.name()?;
                if close == ")" && self.takes(":") {
                    self.expression()?;
                }
                let usual = if self.takes("=") { Some(self.expression()?) } else { None };
                function.parameters.push((name, usual));
            }
            if !self.takes(",") {
                break;
            }
        }
        Ok(function)
    }

    fn attempt(&mut self) -> Parsed<Statement> {
        self.next += 1;
        let body = self.block()?;
        let mut handlers = Vec::new();
        while self.takes_word("except") {
            let mut kinds = Vec::new();
            if !self.is_sign(":") {
                let grouped = self.takes("(");
                kinds.push(self.name()?);
                while grouped && self.takes(",") {
                    kinds.push(self.name()?);
                }
                if grouped {
                    self.sign(")")?;
                }
            }
            let name = if self.takes_word("as") { Some(self.name()?) } else { None };
            handlers.push(Handler { kinds, name, body: self.block()? });
        }
        let otherwise = self.otherwise()?;
        let at_last = if self.takes_word("finally") { self.block()? } else { Vec::new() };
        Ok(Statement::Try { body, handlers, otherwise, at_last })
    }

    fn simple(&mut self) -> Parsed<Statement> {
        let start = self.next;
        let Kind::Name(word) = self.peek().clone() else { return self.assignment() };
        self.next += 1;
        Ok(match word.as_str() {
            "pass" => Statement::Pass,
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "assert" => self.assertion(start)?,
            "return" => Statement::Return(self.until_end()?),
            "raise" => {
                let raised = self.until_end()?;
                if self.takes_word("from") {
                    self.expression()?;
                }
                Statement::Raise(raised)
            }
            "del" => match self.targets()? {
                Expression::Tuple(targets) => Statement::Delete(targets),
                target => Statement::Delete(vec![target]),
            },
            "import" => self.import()?,
            "from" => self.import_from()?,
            "global" | "nonlocal" => {
                let mut names = vec![self.name()?];
                while self.takes(",") {
                    names.push(self.name()?);
                }
                Statement::Outer { names, global: word == "global" }
            }
            _ => {
                self.next = start;
                let names_something = matches!(self.peek_behind(1), Kind::Name(_));
                if UNKNOWN.contains(&word.as_str()) && names_something {
                    return Err(self.unknown());
                }
                self.assignment()?
            }
        })
    }

    fn assertion(&mut self, start: usize) -> Parsed<Statement> {
        let condition = self.expression()?;
        let message = if self.takes(",") { Some(self.expression()?) } else { None };
        let (from, to) = (self.tokens[start].span.start, self.tokens[self.next - 1].span.end);
        Ok(Statement::Assert { text: self.text[from..to].to_owned(), condition, message })
    }

    /// What stands up to the end of the statement, if anything does.
    fn until_end(&mut self) -> Parsed<Option<Expression>> {
        let ends = matches!(self.peek(), Kind::NewLine | Kind::Sign(";"));
        if ends { Ok(None) } else { self.expressions().map(Some) }
    }

    fn import(&mut self) -> Parsed<Statement> {
        let mut modules = Vec::new();
        loop {
            let module = self.dotted()?;
            let name = if self.takes_word("as") { self.name()? } else { module.clone() };
            modules.push((module, name));
            if !self.takes(",") {
                return Ok(Statement::Import(modules));
            }
        }
    }

    fn import_from(&mut self) -> Parsed<Statement> {
        let module = self.dotted()?;
        if !self.takes_word("import") {
            return Err(self.unknown());
        }
        let (grouped, mut names) = (self.takes("("), Vec::new());
        loop {
            let there = if self.takes("*") { "*".to_owned() } else { self.name()? };
            let here = if self.takes_word("as") { self.name()? } else { there.clone() };
            names.push((there, here));
            if !self.takes(",") || self.is_sign(")") {
                break;
            }
        }
        if grouped {
            self.sign(")")?;
        }
        Ok(Statement::ImportFrom { module, names })
    }

    fn dotted(&mut self) -> Parsed<String> {
        let mut name = self.name()?;
        while self.takes(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    /// `a = b = value`, `a += value`, `a: type = value`, or an expression alone.
    fn assignment(&mut self) -> Parsed<Statement> {
        let first = self.expressions()?;
        if let Kind::Sign(sign) = self.peek()
            && let Some(operator) = AUGMENTS.iter().find(|known| *known == sign)
        {
            self.next += 1;
            let operator = operator.strip_suffix('=').unwrap_or(operator);
            return Ok(Statement::Augment { target: first, operator, value: self.expressions()? });
        }
        if self.takes(":") {
            self.expression()?;
            if !self.is_sign("=") {
                return Ok(Statement::Pass);
            }
        }
        let (mut targets, mut value) = (Vec::new(), first);
        while self.takes("=") {
            targets.push(value);
            value = self.expressions()?;
        }
        match targets.is_empty() {
            true => Ok(Statement::Expression(value)),
            false if targets.iter().all(is_target) => Ok(Statement::Assign { targets, value }),
            false => Err(self.unknown()),
        }
    }
}

/// It can be given a value.
fn is_target(expression: &Expression) -> bool {
    match expression {
        Expression::Name(_) | Expression::Subscript(..) => true,
        Expression::Tuple(items) | Expression::List(items) => items.iter().all(is_target),
        Expression::Starred(target) => is_target(target),
        _ => false,
    }
}
