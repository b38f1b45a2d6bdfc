//! Expressions to values.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Fault, Interpreter, Run, Scope, call, index};
use crate::code::ast::{Argument, Clause, Comparison, Expression, Gives, Part};
use crate::code::value::Value;
use crate::code::{format, operate};

impl Interpreter {
    pub(super) fn value(&mut self, expression: &Expression, scope: &Rc<Scope>) -> Run<Value> {
        self.deeper(|this| this.evaluate(expression, scope))
    }

    fn evaluate(&mut self, expression: &Expression, scope: &Rc<Scope>) -> Run<Value> {
        match expression {
            Expression::Constant(value) => Ok(value.clone()),
            Expression::Name(name) => scope.find(name).map_or_else(|| call::built_in(name), Ok),
            Expression::Format(parts) => self.formatted(parts, scope).map(Value::text),
            Expression::Tuple(items) => self.all(items, scope).map(Value::tuple),
            Expression::List(items) => self.all(items, scope).map(Value::list),
            Expression::Set(items) => self.all(items, scope).map(Value::set),
            Expression::Dict(pairs) => self.dict(pairs, scope),
            Expression::Comprehension { gives, item, clauses } => {
                self.comprehension(*gives, item, clauses, scope)
            }
            Expression::Unary(sign, value) => operate::unary(sign, &self.value(value, scope)?),
            Expression::Binary(first, others) => self.operations(first, others, scope),
            Expression::Not(value) => Ok((!self.value(value, scope)?.is_true()).into()),
            Expression::And(all) => self.first(all, false, scope),
            Expression::Or(all) => self.first(all, true, scope),
            Expression::Compare(first, others) => self.comparisons(first, others, scope),
            Expression::Conditional { condition, then, otherwise } => {
                let holds = self.value(condition, scope)?.is_true();
                self.value(if holds { then } else { otherwise }, scope)
            }
            Expression::Lambda(function) => self.closure(function, scope),
            Expression::Attribute(value, name) => {
                let value = self.value(value, scope)?;
                call::attribute(value, name)
            }
            Expression::Subscript(list, item) => {
                let (list, item) = (self.value(list, scope)?, self.value(item, scope)?);
                index::get(&list, &item)
            }
            Expression::Slice(list, parts) => self.slice(list, parts, scope),
            Expression::Call(function, arguments) => self.call_expression(function, arguments, scope),
            Expression::Starred(_) => Err(Fault::raise("SyntaxError", "can't use starred expression here")),
            Expression::Named(name, value) => {
                let value = self.value(value, scope)?;
                scope.set(name, value.clone());
                Ok(value)
            }
        }
    }

    /// The values of a list, with those that a star spreads.
    fn all(&mut self, items: &[Expression], scope: &Rc<Scope>) -> Run<Vec<Value>> {
        let mut values = Vec::new();
        for item in items {
            if let Expression::Starred(list) = item {
                let list = self.value(list, scope)?;
                for item in index::items(&list)? {
                    self.push(&mut values, item)?;
                }
            } else {
                let value = self.value(item, scope)?;
                self.push(&mut values, value)?;
            }
        }
        Ok(values)
    }

    fn dict(&mut self, pairs: &[(Expression, Expression)], scope: &Rc<Scope>) -> Run<Value> {
        let mut values = Vec::new();
        for (key, value) in pairs {
            self.spend(1)?;
            values.push((index::key(self.value(key, scope)?)?, self.value(value, scope)?));
        }
        Ok(Value::dict(values))
    }

    /// The first value that settles what `and` or `or` comes to, or the last.
    fn first(&mut self, all: &[Expression], settles: bool, scope: &Rc<Scope>) -> Run<Value> {
        let mut value = Value::None;
        for expression in all {
            value = self.value(expression, scope)?;
            if value.is_true() == settles {
                break;
            }
        }
        Ok(value)
    }

    fn operations(
        &mut self,
        first: &Expression,
        others: &[(&'static str, Expression)],
        scope: &Rc<Scope>,
    ) -> Run<Value> {
        let mut left = self.value(first, scope)?;
        for (sign, right) in others {
            let right = self.value(right, scope)?;
            self.spend(1)?;
            left = operate::binary(&left, sign, &right)?;
        }
        Ok(left)
    }

    /// `a <= b <= c` holds when both halves do.
    fn comparisons(
        &mut self,
        first: &Expression,
        others: &[(Comparison, Expression)],
        scope: &Rc<Scope>,
    ) -> Run<Value> {
        let mut left = self.value(first, scope)?;
        for (comparison, right) in others {
            let right = self.value(right, scope)?;
            self.spend(1)?;
            if !compares(&left, *comparison, &right)? {
                return Ok(false.into());
            }
            left = right;
        }
        Ok(true.into())
    }

    fn slice(
        &mut self,
        list: &Expression,
        parts: &[Option<Box<Expression>>; 3],
        scope: &Rc<Scope>,
    ) -> Run<Value> {
        let list = self.value(list, scope)?;
        let mut bounds = [None; 3];
        for (bound, part) in bounds.iter_mut().zip(parts) {
            let Some(part) = part else { continue };
            let value = self.value(part, scope)?;
            *bound =
                match value {
                    Value::None => None,
                    value => Some(value.integer().ok_or_else(|| {
                        Fault::raise("TypeError", "slice indices must be integers or None")
                    })?),
                };
        }
        index::slice(&list, bounds)
    }

    fn comprehension(
        &mut self,
        gives: Gives,
        item: &Expression,
        clauses: &[Clause],
        scope: &Rc<Scope>,
    ) -> Run<Value> {
        let inner = Rc::new(Scope { around: Some(Rc::clone(scope)), ..Scope::default() });
        let mut values = Vec::new();
        self.clauses(clauses, item, &inner, &mut values)?;
        Ok(match gives {
            Gives::List => Value::list(values),
            Gives::Set => Value::set(values),
            Gives::Dict => Value::dict(values.iter().filter_map(pair).collect()),
        })
    }

    fn clauses(
        &mut self,
        clauses: &[Clause],
        item: &Expression,
        scope: &Rc<Scope>,
        values: &mut Vec<Value>,
    ) -> Run<()> {
        let Some((clause, inner)) = clauses.split_first() else {
            let value = self.value(item, scope)?;
            return self.push(values, value);
        };
        let list = self.value(&clause.list, scope)?;
        'items: for value in index::items(&list)? {
            self.spend(1)?;
            self.assign(&clause.target, value, scope)?;
            for condition in &clause.conditions {
                if !self.value(condition, scope)?.is_true() {
                    continue 'items;
                }
            }
            self.deeper(|this| this.clauses(inner, item, scope, values))?;
        }
        Ok(())
    }

    fn formatted(&mut self, parts: &[Part], scope: &Rc<Scope>) -> Run<String> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value { value, conversion, spec } => {
                    let value = self.value(value, scope)?;
                    let value = match conversion {
                        None => value,
                        Some('s') => Value::text(value.shown()),
                        Some(_) => Value::text(value.written()),
                    };
                    let spec = self.deeper(|this| this.formatted(spec, scope))?;
                    out.push_str(&format::specified(&value, &spec)?);
                }
            }
            operate::short(out.len())?;
        }
        Ok(out)
    }

    fn call_expression(
        &mut self,
        function: &Expression,
        arguments: &[Argument],
        scope: &Rc<Scope>,
    ) -> Run<Value> {
        let function = self.value(function, scope)?;
        let (mut plain, mut named) = (Vec::new(), Vec::new());
        for argument in arguments {
            match argument {
                Argument::Plain(value) => {
                    let value = self.value(value, scope)?;
                    self.push(&mut plain, value)?;
                }
                Argument::Named(name, value) => named.push((name.clone(), self.value(value, scope)?)),
                Argument::Many(list) => {
                    let list = self.value(list, scope)?;
                    for item in index::items(&list)? {
                        self.push(&mut plain, item)?;
                    }
                }
                Argument::ManyNamed(dict) => {
                    let Value::Dict(pairs) = self.value(dict, scope)? else {
                        return Err(Fault::raise("TypeError", "argument after ** must be a mapping"));
                    };
                    named.extend(pairs.borrow().iter().map(|(key, value)| (key.shown(), value.clone())));
                }
            }
        }
        self.call(&function, plain, named)
    }

    pub(super) fn call(
        &mut self,
        function: &Value,
        plain: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Run<Value> {
        self.deeper(|this| match function {
            Value::Function(closure) => this.call_defined(closure, plain, named),
            Value::BuiltIn(name) => this.call_built_in(name, plain, named),
            Value::Method(method) => this.call_method(&method.0, &method.1, plain, named),
            other => Err(Fault::raise("TypeError", format!("'{}' object is not callable", other.kind()))),
        })
    }
}

/// A tuple of two as a pair.
fn pair(value: &Value) -> Option<(Value, Value)> {
    match value {
        Value::Tuple(pair) if pair.len() == 2 => Some((pair[0].clone(), pair[1].clone())),
        _ => None,
    }
}

fn compares(left: &Value, comparison: Comparison, right: &Value) -> Run<bool> {
    let order = |sign: &str| {
        let is_nan = |value: &Value| value.float().is_some_and(f64::is_nan);
        match left.compare(right) {
            Some(order) => Ok(Some(order)),
            None if is_nan(left) || is_nan(right) => Ok(None),
            None => {
                let (left, right) = (left.kind(), right.kind());
                let message = format!("'{sign}' not supported between instances of '{left}' and '{right}'");
                Err(Fault::raise("TypeError", message))
            }
        }
    };
    Ok(match comparison {
        Comparison::Equal => left.is_equal(right),
        Comparison::Unequal => !left.is_equal(right),
        Comparison::Less => order("<")?.is_some_and(Ordering::is_lt),
        Comparison::LessOrEqual => order("<=")?.is_some_and(Ordering::is_le),
        Comparison::Greater => order(">")?.is_some_and(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(">=")?.is_some_and(Ordering::is_ge),
        Comparison::In => index::contains(right, left)?,
        Comparison::NotIn => !index::contains(right, left)?,
        Comparison::Is => left.is_same(right),
        Comparison::IsNot => !left.is_same(right),
    })
}

/// Tells each name of an expression, those that comparisons and operators are about.
pub(super) fn names(expression: &Expression, tell: &mut impl FnMut(&str)) {
    match expression {
        Expression::Name(name) => tell(name),
        Expression::Unary(_, value) | Expression::Not(value) => names(value, tell),
        Expression::Binary(first, others) => {
            names(first, tell);
            others.iter().for_each(|(_, other)| names(other, tell));
        }
        Expression::Compare(first, others) => {
            names(first, tell);
            others.iter().for_each(|(_, other)| names(other, tell));
        }
        Expression::And(all) | Expression::Or(all) | Expression::Tuple(all) | Expression::List(all) => {
            all.iter().for_each(|one| names(one, tell));
        }
        Expression::Subscript(list, item) => {
            names(list, tell);
            names(item, tell);
        }
        Expression::Call(_, arguments) => {
            for argument in arguments {
                if let Argument::Plain(value) = argument {
                    names(value, tell);
                }
            }
        }
        _ => {}
    }
}
