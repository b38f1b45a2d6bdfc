//! A snippet at work: its statements, one after another.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::Trouble;
use super::ast::{Block, Body, Expression, Function, Handler, Statement};
use super::value::{self, Value};

mod call;
mod evaluate;
mod index;

/// How many statements, items and calls a snippet may have: nobody needs more, and one that never ends does.
const MOST_STEPS: u32 = 100_000;
/// Expressions within expressions, and functions within functions.
const DEEPEST: u32 = 120;

/// Why an expression has no value.
#[derive(Debug)]
pub(super) enum Fault {
    /// Python would raise this.
    Raised(Raised),
    /// Python knows it, and this does not.
    Unsupported(String),
}

/// An exception on its way.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) kind: String,
    pub(super) message: String,
    /// Of an assertion: what was asserted, and the values of the variables in it.
    pub(super) asserted: Option<(String, String)>,
}

impl Fault {
    pub(super) fn raise(kind: &str, message: impl Into<String>) -> Self {
        Self::Raised(Raised { kind: kind.to_owned(), message: message.into(), asserted: None })
    }

    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unsupported(what) => Self::Unsupported(what),
            Fault::Raised(Raised { asserted: Some((statement, values)), .. }) => {
                Self::Assertion { statement, values }
            }
            Fault::Raised(Raised { kind, message, .. }) => Self::Raised(format!("{kind}: {message}")),
        }
    }
}

pub(super) type Run<T> = Result<T, Fault>;

/// What a statement leads to.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// The variables of the snippet, or of one call of a function.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: RefCell<BTreeMap<String, Value>>,
    /// The scope that the function was defined in.
    around: Option<Rc<Scope>>,
    /// Names that are given values elsewhere: in the outermost scope, or in the one around.
    outer: RefCell<BTreeSet<(String, bool)>>,
}

impl Scope {
    pub(super) fn find(&self, name: &str) -> Option<Value> {
        let own = self.variables.borrow().get(name).cloned();
        own.or_else(|| self.around.as_ref().and_then(|around| around.find(name)))
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        let is_outer = |global| self.outer.borrow().contains(&(name.to_owned(), global));
        match &self.around {
            Some(around) if is_outer(true) => around.set_outermost(name, value),
            Some(around) if is_outer(false) => around.set(name, value),
            _ => drop(self.variables.borrow_mut().insert(name.to_owned(), value)),
        }
    }

    fn set_outermost(&self, name: &str, value: Value) {
        match &self.around {
            Some(around) => around.set_outermost(name, value),
            None => drop(self.variables.borrow_mut().insert(name.to_owned(), value)),
        }
    }
}

/// A function, and the variables around it.
#[derive(Debug)]
pub(crate) struct Closure {
    function: Rc<Function>,
    /// What parameters are that a call does not give.
    usual: Vec<Option<Value>>,
    scope: Rc<Scope>,
}

impl Closure {
    pub(super) fn name(&self) -> &str {
        &self.function.name
    }
}

/// What all of a snippet shares.
#[derive(Debug, Default)]
pub(super) struct Interpreter {
    steps: u32,
    depth: u32,
    /// What was printed, a line each.
    pub(super) printed: Vec<String>,
}

impl Interpreter {
    pub(super) fn run(&mut self, block: &Block, scope: &Rc<Scope>) -> Run<()> {
        match self.block(block, scope)? {
            Flow::Next => Ok(()),
            Flow::Return(_) => Err(Fault::raise("SyntaxError", "'return' outside function")),
            Flow::Break | Flow::Continue => Err(Fault::raise("SyntaxError", "outside of a loop")),
        }
    }

    /// Does so much work.
    fn spend(&mut self, steps: usize) -> Run<()> {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        match self.steps > MOST_STEPS {
            true => Err(Fault::unsupported(format!("a snippet of more than {MOST_STEPS} steps"))),
            false => Ok(()),
        }
    }

    /// Goes one level deeper.
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        self.depth += 1;
        let result = match self.depth > DEEPEST {
            true => Err(Fault::unsupported("a snippet that nests so deep")),
            false => work(self),
        };
        self.depth -= 1;
        result
    }

    fn block(&mut self, block: &Block, scope: &Rc<Scope>) -> Run<Flow> {
        for statement in block {
            self.spend(1)?;
            match self.deeper(|this| this.statement(statement, scope))? {
                Flow::Next => {}
                leaves => return Ok(leaves),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement, scope: &Rc<Scope>) -> Run<Flow> {
        match statement {
            Statement::If { arms, otherwise } => return self.branch(arms, otherwise, scope),
            Statement::For { target, list, body, otherwise } => {
                return self.each(target, list, (body, otherwise), scope);
            }
            Statement::While { condition, body, otherwise } => {
                return self.repeat(condition, (body, otherwise), scope);
            }
            Statement::Try { body, handlers, otherwise, at_last } => {
                let flow = self.attempt(body, handlers, otherwise, scope);
                return match self.block(at_last, scope)? {
                    Flow::Next => flow,
                    leaves => Ok(leaves),
                };
            }
            Statement::Return(value) => {
                let value = value.as_ref().map(|value| self.value(value, scope)).transpose()?;
                return Ok(Flow::Return(value.unwrap_or(Value::None)));
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            other => self.simple(other, scope)?,
        }
        Ok(Flow::Next)
    }

    fn simple(&mut self, statement: &Statement, scope: &Rc<Scope>) -> Run<()> {
        match statement {
            Statement::Assert { text, condition, message } => {
                self.assert(text, condition, message.as_ref(), scope)?;
            }
            Statement::Expression(expression) => drop(self.value(expression, scope)?),
            Statement::Assign { targets, value } => {
                let value = self.value(value, scope)?;
                for target in targets {
                    self.assign(target, value.clone(), scope)?;
                }
            }
            Statement::Augment { target, operator, value } => {
                let before = self.value(target, scope)?;
                let value = self.value(value, scope)?;
                let after = self.augmented(before, operator, &value)?;
                self.assign(target, after, scope)?;
            }
            Statement::Define(function) => {
                let closure = self.closure(function, scope)?;
                scope.set(&function.name, closure);
            }
            Statement::Raise(raised) => return Err(self.raised(raised.as_ref(), scope)?),
            Statement::Delete(targets) => targets.iter().try_for_each(|target| self.delete(target, scope))?,
            Statement::Import(modules) => modules.iter().try_for_each(|(module, name)| {
                let module = call::module(module)?;
                scope.set(name, module);
                Ok(())
            })?,
            Statement::ImportFrom { module, names } => {
                call::module(module)?;
                for (there, here) in names {
                    scope.set(here, call::member(module, there)?);
                }
            }
            Statement::Outer { names, global } => {
                scope.outer.borrow_mut().extend(names.iter().map(|name| (name.clone(), *global)));
            }
            _ => {}
        }
        Ok(())
    }

    /// `list += more` adds to the list that others have too.
    fn augmented(&mut self, before: Value, operator: &'static str, value: &Value) -> Run<Value> {
        if let (Value::List(list), "+") = (&before, operator) {
            let more = index::items(value)?;
            super::operate::short(list.borrow().len() + more.len())?;
            list.borrow_mut().extend(more);
            return Ok(before);
        }
        self.spend(1)?;
        super::operate::binary(&before, operator, value)
    }

    fn assert(
        &mut self,
        text: &str,
        condition: &Expression,
        message: Option<&Expression>,
        scope: &Rc<Scope>,
    ) -> Run<()> {
        if self.value(condition, scope)?.is_true() {
            return Ok(());
        }
        let message = message.map(|message| self.value(message, scope)).transpose()?;
        let message = message.map(|message| message.shown()).unwrap_or_default();
        let mut values = Vec::new();
        evaluate::names(condition, &mut |name| {
            let Some(value) = scope.find(name).filter(|value| value.float().is_some()) else { return };
            let shown = format!("{name} = {}", value.shown());
            if name.starts_with(|first: char| first.is_ascii_lowercase()) && !values.contains(&shown) {
                values.push(shown);
            }
        });
        let asserted = Some((text.to_owned(), values.join(", ")));
        Err(Fault::Raised(Raised { kind: "AssertionError".to_owned(), message, asserted }))
    }

    fn branch(&mut self, arms: &[(Expression, Block)], otherwise: &Block, scope: &Rc<Scope>) -> Run<Flow> {
        for (condition, body) in arms {
            if self.value(condition, scope)?.is_true() {
                return self.block(body, scope);
            }
        }
        self.block(otherwise, scope)
    }

    fn each(
        &mut self,
        target: &Expression,
        list: &Expression,
        (body, otherwise): (&Block, &Block),
        scope: &Rc<Scope>,
    ) -> Run<Flow> {
        let list = self.value(list, scope)?;
        for item in index::items(&list)? {
            self.assign(target, item, scope)?;
            if let ControlFlow::Break(flow) = self.round(body, scope)? {
                return Ok(flow);
            }
        }
        self.block(otherwise, scope)
    }

    fn repeat(
        &mut self,
        condition: &Expression,
        (body, otherwise): (&Block, &Block),
        scope: &Rc<Scope>,
    ) -> Run<Flow> {
        while self.value(condition, scope)?.is_true() {
            if let ControlFlow::Break(flow) = self.round(body, scope)? {
                return Ok(flow);
            }
        }
        self.block(otherwise, scope)
    }

    /// A round of a loop; a break says what the loop comes to without another.
    fn round(&mut self, body: &Block, scope: &Rc<Scope>) -> Run<ControlFlow<Flow>> {
        match self.block(body, scope)? {
            Flow::Next | Flow::Continue => {}
            Flow::Break => return Ok(ControlFlow::Break(Flow::Next)),
            returns @ Flow::Return(_) => return Ok(ControlFlow::Break(returns)),
        }
        self.spend(1)?;
        Ok(ControlFlow::Continue(()))
    }

    fn attempt(
        &mut self,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
        scope: &Rc<Scope>,
    ) -> Run<Flow> {
        let raised = match self.block(body, scope) {
            Ok(Flow::Next) => return self.block(otherwise, scope),
            Err(Fault::Raised(raised)) => raised,
            other => return other,
        };
        let takes = |handler: &&Handler| {
            let is_it = |kind: &String| call::is_kind_of(&raised.kind, kind);
            handler.kinds.is_empty() || handler.kinds.iter().any(is_it)
        };
        let Some(handler) = handlers.iter().find(takes) else { return Err(Fault::Raised(raised)) };
        if let Some(name) = &handler.name {
            scope.set(name, Value::Exception(Rc::new((raised.kind.clone(), raised.message.clone()))));
        }
        match self.block(&handler.body, scope) {
            // `raise` alone raises it again.
            Err(Fault::Raised(again)) if again.kind.is_empty() => Err(Fault::Raised(raised)),
            flow => flow,
        }
    }

    /// The exception that `raise` raises; without a kind, the one that is being handled.
    fn raised(&mut self, raised: Option<&Expression>, scope: &Rc<Scope>) -> Run<Fault> {
        let Some(raised) = raised else { return Ok(Fault::raise("", "")) };
        match self.value(raised, scope)? {
            Value::Exception(exception) => Ok(Fault::raise(&exception.0, exception.1.clone())),
            Value::BuiltIn(kind) if call::is_exception(&kind) => Ok(Fault::raise(&kind, "")),
            _ => Err(Fault::raise("TypeError", "exceptions must derive from BaseException")),
        }
    }

    fn closure(&mut self, function: &Rc<Function>, scope: &Rc<Scope>) -> Run<Value> {
        let mut usual = Vec::new();
        for (_, value) in &function.parameters {
            usual.push(value.as_ref().map(|value| self.value(value, scope)).transpose()?);
        }
        let (function, scope) = (Rc::clone(function), Rc::clone(scope));
        Ok(Value::Function(Rc::new(Closure { function, usual, scope })))
    }

    /// Calls what a snippet has defined.
    fn call_defined(
        &mut self,
        closure: &Closure,
        plain: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Run<Value> {
        let function = &closure.function;
        let wrong = || {
            Fault::raise("TypeError", format!("{}() is not called with arguments like these", function.name))
        };
        let mut given: Vec<Option<Value>> = vec![None; function.parameters.len()];
        let (mut rest, mut others) = (Vec::new(), Vec::new());
        for (index, value) in plain.into_iter().enumerate() {
            match given.get_mut(index) {
                Some(place) => *place = Some(value),
                None => rest.push(value),
            }
        }
        for (name, value) in named {
            match function.parameters.iter().position(|(known, _)| *known == name) {
                Some(index) if given[index].is_some() => return Err(wrong()),
                Some(index) => given[index] = Some(value),
                None => others.push((Value::text(name), value)),
            }
        }
        if !rest.is_empty() && function.rest.is_none() || !others.is_empty() && function.named.is_none() {
            return Err(wrong());
        }
        let scope = Scope { around: Some(Rc::clone(&closure.scope)), ..Scope::default() };
        for (index, (name, _)) in function.parameters.iter().enumerate() {
            let value = given[index].take().or_else(|| closure.usual[index].clone());
            scope.set(name, value.ok_or_else(wrong)?);
        }
        if let Some(name) = &function.rest {
            scope.set(name, Value::tuple(rest));
        }
        if let Some(name) = &function.named {
            scope.set(name, Value::dict(others));
        }
        let scope = Rc::new(scope);
        self.spend(1)?;
        match &function.body {
            Body::Expression(value) => self.value(value, &scope),
            Body::Block(block) => match self.block(block, &scope)? {
                Flow::Return(value) => Ok(value),
                _ => Ok(Value::None),
            },
        }
    }

    /// Gives a name, an item, or several of them a value.
    fn assign(&mut self, target: &Expression, value: Value, scope: &Rc<Scope>) -> Run<()> {
        match target {
            Expression::Name(name) => scope.set(name, value),
            Expression::Tuple(targets) | Expression::List(targets) => {
                let items = index::items(&value)?;
                for (target, item) in targets.iter().zip(index::unpacked(targets, items)?) {
                    let target = if let Expression::Starred(inner) = target { inner } else { target };
                    self.assign(target, item, scope)?;
                }
            }
            Expression::Subscript(list, index) => {
                let (list, index) = (self.value(list, scope)?, self.value(index, scope)?);
                index::set(&list, index, value)?;
            }
            _ => return Err(Fault::unsupported("an assignment to this")),
        }
        Ok(())
    }

    fn delete(&mut self, target: &Expression, scope: &Rc<Scope>) -> Run<()> {
        match target {
            Expression::Name(name) => match scope.variables.borrow_mut().remove(name) {
                Some(_) => Ok(()),
                None => Err(call::no_name(name)),
            },
            Expression::Subscript(list, index) => {
                let (list, index) = (self.value(list, scope)?, self.value(index, scope)?);
                index::remove(&list, &index).map(drop)
            }
            _ => Err(Fault::unsupported("`del` of this")),
        }
    }

    /// Adds to a list that is not to become too long.
    fn push(&mut self, list: &mut Vec<Value>, item: Value) -> Run<()> {
        self.spend(1)?;
        if list.len() >= value::LONGEST {
            return Err(Fault::unsupported("a list that is so long"));
        }
        list.push(item);
        Ok(())
    }
}
