//! Functions that snippets define, and how much all of a snippet may do.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::blocks::Run;
use super::evaluate::{Evaluated, Lookup};
use super::scan::{Piece, Statement};
use super::value::Value;
use super::{Environment, Trouble, whole};

/// How many statements a snippet may run: nobody needs more, and one that never ends does.
const MOST_STEPS: u32 = 100_000;
/// Functions that call functions.
const DEEPEST: u32 = 16;

/// What a snippet has done of what it may do.
#[derive(Debug, Default)]
pub(super) struct Budget {
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl Budget {
    pub(super) fn renew(&self) {
        self.steps.set(0);
        self.depth.set(0);
    }

    pub(super) fn step(&self) -> Result<(), Trouble> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS {
            return Err(format!("a snippet of more than {MOST_STEPS} steps").into());
        }
        Ok(())
    }
}

/// A function.
#[derive(Debug)]
pub(crate) struct Defined {
    /// Their names, and their values where a call gives none.
    parameters: Vec<(String, Option<Value>)>,
    line: String,
    inline: Vec<Piece>,
    block: Vec<Statement>,
    budget: Rc<Budget>,
}

impl Environment {
    /// `def NAME(PARAMETERS): BODY`, from behind the word.
    pub(super) fn define(
        &self,
        header: &[Piece],
        line: &str,
        inline: &[Piece],
        block: &[Statement],
        run: &Run<'_>,
    ) -> Evaluated {
        let unknown = || Trouble::from(format!("the statement `{line}`"));
        let [Piece::Name(_), Piece::Sign("("), list @ .., Piece::Sign(")")] = header else {
            return Err(unknown());
        };
        let mut parameters = Vec::new();
        for parameter in list.split(|piece| *piece == Piece::Sign(",")).filter(|pieces| !pieces.is_empty()) {
            parameters.push(match parameter {
                [Piece::Name(name)] => (name.clone(), None),
                [Piece::Name(name), Piece::Sign("="), value @ ..] => {
                    (name.clone(), Some(whole(value, &|name: &str| self.lookup(name, run))?))
                }
                _ => return Err(unknown()),
            });
        }
        Ok(Value::Function(Rc::new(Defined {
            parameters,
            line: line.to_owned(),
            inline: inline.to_vec(),
            block: block.to_vec(),
            budget: Rc::clone(&self.budget),
        })))
    }
}

impl Defined {
    /// What it returns; `outer` are the variables around it.
    pub(super) fn call(&self, arguments: Vec<(Option<String>, Value)>, outer: &Lookup<'_>) -> Evaluated {
        let depth = self.budget.depth.get();
        if depth == DEEPEST {
            return Err("functions that call one another so deep".into());
        }
        self.budget.depth.set(depth + 1);
        let assigned = self.assign(arguments)?;
        let mut inside = Environment { assigned, returned: None, budget: Rc::clone(&self.budget) };
        let mut run = Run { info: &[], outer: Some(outer), printed: Vec::new() };
        let outcome = inside.body(&self.line, &self.inline, &self.block, &mut run);
        self.budget.depth.set(depth);
        match (outcome, inside.returned) {
            (_, Some(value)) => Ok(value),
            (outcome, None) => outcome.map(|()| Value::None),
        }
    }

    fn assign(&self, arguments: Vec<(Option<String>, Value)>) -> Result<BTreeMap<String, Value>, Trouble> {
        let wrong = || Trouble::from(format!("a call that does not fit `{}`", self.line));
        let mut assigned = BTreeMap::new();
        for (index, (name, value)) in arguments.into_iter().enumerate() {
            let by_place = self.parameters.get(index).map(|(name, _)| name.clone());
            let name =
                name.or(by_place).filter(|name| self.parameters.iter().any(|(known, _)| known == name));
            if assigned.insert(name.ok_or_else(wrong)?, value).is_some() {
                return Err(wrong());
            }
        }
        for (name, usual) in &self.parameters {
            if !assigned.contains_key(name) {
                assigned.insert(name.clone(), usual.clone().ok_or_else(wrong)?);
            }
        }
        Ok(assigned)
    }
}
