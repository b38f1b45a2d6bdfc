//! Statements one after another, and those with others inside them: `if`, `elif`, `else`, `for`, `while`.

use super::evaluate::Lookup;
use super::scan::{self, Piece, Statement};
use super::value::Value;
use super::{Environment, Trouble, whole};

/// How deep blocks may nest.
const DEEPEST: usize = 32;

/// A snippet that runs.
pub(super) struct Run<'a> {
    /// What TCP_INFO tells.
    pub(super) info: &'a [(&'static str, i64)],
    /// The variables around a function.
    pub(super) outer: Option<&'a Lookup<'a>>,
    pub(super) printed: Vec<String>,
}

/// What stands behind the colon of a compound statement: pieces on its line, or lines that are indented.
struct Suite<'a> {
    line: &'a str,
    inline: Vec<Piece>,
    block: &'a [Statement],
}

impl Environment {
    pub(super) fn block(&mut self, statements: &[Statement], run: &mut Run<'_>) -> Result<(), Trouble> {
        let mut next = 0;
        while let Some(statement) = statements.get(next) {
            if scan::is_compound(&statement.text) {
                next = self.compound(statements, next, run)?;
                continue;
            }
            next += 1;
            match scan::pieces(&statement.text) {
                Ok(pieces) => self.step(&statement.text, &pieces, run)?,
                // What cannot be shown is not worth a failure.
                Err(_) if statement.text.starts_with("print") => run.printed.push(statement.text.clone()),
                Err(what) => return Err(Trouble::Unsupported(what)),
            }
        }
        Ok(())
    }

    fn step(&mut self, text: &str, pieces: &[Piece], run: &mut Run<'_>) -> Result<(), Trouble> {
        self.budget.step()?;
        self.execute(text, pieces, run)
    }

    /// Runs the compound statement at `at` with all its branches. Returns where the next one is.
    fn compound(&mut self, statements: &[Statement], at: usize, run: &mut Run<'_>) -> Result<usize, Trouble> {
        let first = &statements[at];
        let mut next = at;
        let mut is_done = false;
        loop {
            let statement = &statements[next];
            let body =
                statements[next + 1..].iter().take_while(|inner| inner.indent > statement.indent).count();
            let pieces = scan::pieces(&statement.text).map_err(Trouble::Unsupported)?;
            let (header, inline) = split_at_colon(&pieces).ok_or_else(|| unknown(statement))?;
            let block = &statements[next + 1..next + 1 + body];
            let suite = Suite { line: &statement.text, inline: inline.to_vec(), block };
            let (Some(Piece::Name(word)), rest) = (header.first(), header.get(1..).unwrap_or_default())
            else {
                return Err(unknown(statement));
            };
            match word.as_str() {
                "def" if next == at => {
                    let defined = self.define(rest, suite.line, &suite.inline, block, run)?;
                    self.bind(&rest[..1], defined).ok_or_else(|| unknown(statement))?;
                    return Ok(next + 1 + body);
                }
                "for" if next == at => self.for_each(rest, &suite, run)?,
                "while" if next == at => self.repeat(rest, &suite, run)?,
                "if" | "elif" if (word == "if") == (next == at) => {
                    if !is_done && self.value(rest, run)?.is_true() {
                        is_done = true;
                        self.suite(&suite, run)?;
                    }
                }
                "else" if next > at && rest.is_empty() => {
                    if !is_done {
                        self.suite(&suite, run)?;
                    }
                }
                _ => return Err(unknown(statement)),
            }
            next += 1 + body;
            let goes_on = statements.get(next).is_some_and(|branch| {
                branch.indent == first.indent
                    && (branch.text.starts_with("elif") || branch.text.starts_with("else"))
            });
            if !goes_on {
                return Ok(next);
            }
        }
    }

    fn for_each(&mut self, header: &[Piece], suite: &Suite<'_>, run: &mut Run<'_>) -> Result<(), Trouble> {
        let unknown = || Trouble::Unsupported(format!("the statement `{}`", suite.line));
        let is_in = |piece: &Piece| matches!(piece, Piece::Name(word) if word == "in");
        let (names, [_, list @ ..]) = header.split_at(header.iter().position(is_in).ok_or_else(unknown)?)
        else {
            return Err(unknown());
        };
        for item in self.value(list, run)?.items().ok_or_else(unknown)? {
            self.bind(names, item).ok_or_else(unknown)?;
            self.suite(suite, run)?;
        }
        Ok(())
    }

    fn repeat(&mut self, condition: &[Piece], suite: &Suite<'_>, run: &mut Run<'_>) -> Result<(), Trouble> {
        while self.value(condition, run)?.is_true() {
            self.suite(suite, run)?;
        }
        Ok(())
    }

    /// What a function consists of.
    pub(super) fn body(
        &mut self,
        line: &str,
        inline: &[Piece],
        block: &[Statement],
        run: &mut Run<'_>,
    ) -> Result<(), Trouble> {
        self.suite(&Suite { line, inline: inline.to_vec(), block }, run)
    }

    fn suite(&mut self, suite: &Suite<'_>, run: &mut Run<'_>) -> Result<(), Trouble> {
        let depth = suite.block.first().map_or(0, |statement| statement.indent);
        if depth > DEEPEST * 8 {
            return Err(Trouble::Unsupported("a block that nests so deep".to_owned()));
        }
        for pieces in
            suite.inline.split(|piece| *piece == Piece::Sign(";")).filter(|pieces| !pieces.is_empty())
        {
            self.step(suite.line, pieces, run)?;
        }
        self.budget.step()?;
        self.block(suite.block, run)
    }

    fn value(&self, pieces: &[Piece], run: &Run<'_>) -> Result<Value, Trouble> {
        whole(pieces, &|name: &str| self.lookup(name, run))
    }
}

fn unknown(statement: &Statement) -> Trouble {
    Trouble::Unsupported(format!("the statement `{}`", statement.text))
}

/// What stands before and behind the colon that is in no bracket.
fn split_at_colon(pieces: &[Piece]) -> Option<(&[Piece], &[Piece])> {
    let mut depth = 0_usize;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Sign("(" | "[" | "{") => depth += 1,
            Piece::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
            Piece::Sign(":") if depth == 0 => return Some((&pieces[..index], &pieces[index + 1..])),
            _ => {}
        }
    }
    None
}
