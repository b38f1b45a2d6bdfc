//! Expressions (Python's reference, chapter 6), loosest binding first.

use std::rc::Rc;

use super::{Kind, Parsed, Parser, format};
use crate::code::ast::{Argument, Body, Clause, Comparison, Expression, Gives, Part};
use crate::code::value::Value;

/// The operators of two values by how tightly they bind, loosest first; `**` binds tighter still.
const LEVELS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"]];
/// Attributes, items and calls behind one atom.
const MOST_TRAILERS: u32 = 32;
/// Names that are no names of values.
const KEYWORDS: [&str; 12] =
    ["and", "or", "not", "in", "is", "if", "else", "for", "lambda", "yield", "await", "elif"];

impl Parser<'_> {
    /// An expression, or several with commas between them, which are a tuple.
    pub(super) fn expressions(&mut self) -> Parsed<Expression> {
        let first = self.item()?;
        if !self.is_sign(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.takes(",") && self.begins_expression() {
            items.push(self.item()?);
        }
        Ok(Expression::Tuple(items))
    }

    fn begins_expression(&self) -> bool {
        match self.peek() {
            Kind::Sign(sign) => matches!(*sign, "(" | "[" | "{" | "-" | "+" | "~" | "*"),
            Kind::NewLine | Kind::Indent | Kind::Dedent | Kind::End => false,
            _ => true,
        }
    }

    /// An expression, or `*list`.
    fn item(&mut self) -> Parsed<Expression> {
        if self.takes("*") {
            return Ok(Expression::Starred(Box::new(self.operation(0)?)));
        }
        self.expression()
    }

    /// What a loop gives values to.
    pub(super) fn targets(&mut self) -> Parsed<Expression> {
        let mut targets = vec![self.target()?];
        if !self.is_sign(",") {
            return targets.pop().ok_or_else(|| self.unknown());
        }
        while self.takes(",") && self.begins_expression() && !self.is_word("in") {
            targets.push(self.target()?);
        }
        Ok(Expression::Tuple(targets))
    }

    fn target(&mut self) -> Parsed<Expression> {
        if self.takes("*") {
            return Ok(Expression::Starred(Box::new(self.postfix()?)));
        }
        self.postfix()
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(Self::conditional)
    }

    fn conditional(&mut self) -> Parsed<Expression> {
        if self.takes_word("lambda") {
            let mut function = self.parameters("<lambda>".to_owned(), ":")?;
            self.sign(":")?;
            function.body = Body::Expression(Box::new(self.expression()?));
            return Ok(Expression::Lambda(Rc::new(function)));
        }
        if let (Kind::Name(name), Kind::Sign(":=")) = (self.peek().clone(), self.peek_behind(1)) {
            self.next += 2;
            return Ok(Expression::Named(name, Box::new(self.expression()?)));
        }
        let then = self.disjunction()?;
        if !self.takes_word("if") {
            return Ok(then);
        }
        let condition = Box::new(self.disjunction()?);
        if !self.takes_word("else") {
            return Err(self.unknown());
        }
        let otherwise = Box::new(self.expression()?);
        Ok(Expression::Conditional { condition, then: Box::new(then), otherwise })
    }

    fn disjunction(&mut self) -> Parsed<Expression> {
        let first = self.conjunction()?;
        if !self.is_word("or") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes_word("or") {
            all.push(self.conjunction()?);
        }
        Ok(Expression::Or(all))
    }

    fn conjunction(&mut self) -> Parsed<Expression> {
        let first = self.negation()?;
        if !self.is_word("and") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.takes_word("and") {
            all.push(self.negation()?);
        }
        Ok(Expression::And(all))
    }

    fn negation(&mut self) -> Parsed<Expression> {
        if self.takes_word("not") {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.negation()?))));
        }
        let first = self.operation(0)?;
        let mut others = Vec::new();
        while let Some(comparison) = self.takes_comparison() {
            others.push((comparison, self.operation(0)?));
        }
        Ok(if others.is_empty() { first } else { Expression::Compare(Box::new(first), others) })
    }

    fn takes_comparison(&mut self) -> Option<Comparison> {
        let word = |count| match self.peek_behind(count) {
            Kind::Name(name) => name.as_str(),
            _ => "",
        };
        let (comparison, len) = match (self.peek(), word(0), word(1)) {
            (Kind::Sign("=="), ..) => (Comparison::Equal, 1),
            (Kind::Sign("!="), ..) => (Comparison::Unequal, 1),
            (Kind::Sign("<"), ..) => (Comparison::Less, 1),
            (Kind::Sign("<="), ..) => (Comparison::LessOrEqual, 1),
            (Kind::Sign(">"), ..) => (Comparison::Greater, 1),
            (Kind::Sign(">="), ..) => (Comparison::GreaterOrEqual, 1),
            (_, "in", _) => (Comparison::In, 1),
            (_, "not", "in") => (Comparison::NotIn, 2),
            (_, "is", "not") => (Comparison::IsNot, 2),
            (_, "is", _) => (Comparison::Is, 1),
            _ => return None,
        };
        self.next += len;
        Some(comparison)
    }

    fn operation(&mut self, level: usize) -> Parsed<Expression> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let first = self.operation(level + 1)?;
        let mut others = Vec::new();
        while let Kind::Sign(sign) = *self.peek()
            && signs.contains(&sign)
        {
            self.next += 1;
            others.push((sign, self.operation(level + 1)?));
        }
        Ok(if others.is_empty() { first } else { Expression::Binary(Box::new(first), others) })
    }

    fn unary(&mut self) -> Parsed<Expression> {
        if let Kind::Sign(sign @ ("-" | "+" | "~")) = *self.peek() {
            self.next += 1;
            return self.deeper(|parser| Ok(Expression::Unary(sign, Box::new(parser.unary()?))));
        }
        let base = self.postfix()?;
        if !self.takes("**") {
            return Ok(base);
        }
        self.deeper(|parser| Ok(Expression::Binary(Box::new(base), vec![("**", parser.unary()?)])))
    }

    /// An atom and what stands behind it: attributes, items, calls.
    fn postfix(&mut self) -> Parsed<Expression> {
        let mut value = self.atom()?;
        for _ in 0..MOST_TRAILERS {
            if self.takes(".") {
                value = Expression::Attribute(Box::new(value), self.name()?);
            } else if self.takes("(") {
                value = Expression::Call(Box::new(value), self.arguments()?);
            } else if self.takes("[") {
                value = self.subscript(value)?;
                self.sign("]")?;
            } else {
                return Ok(value);
            }
        }
        Err(self.unknown())
    }

    fn subscript(&mut self, value: Expression) -> Parsed<Expression> {
        let mut parts = [None, None, None];
        let mut part = 0;
        loop {
            if !self.is_sign(":") && !self.is_sign("]") {
                parts[part] = Some(Box::new(self.expressions()?));
            }
            if part == 2 || !self.takes(":") {
                break;
            }
            part += 1;
        }
        match (part, parts) {
            (0, [Some(index), ..]) => Ok(Expression::Subscript(Box::new(value), index)),
            (0, _) => Err(self.unknown()),
            (_, parts) => Ok(Expression::Slice(Box::new(value), parts)),
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(if self.takes("**") {
                Argument::ManyNamed(self.expression()?)
            } else if self.takes("*") {
                Argument::Many(self.expression()?)
            } else if let (Kind::Name(name), Kind::Sign("=")) = (self.peek().clone(), self.peek_behind(1)) {
                self.next += 2;
                Argument::Named(name, self.expression()?)
            } else {
                let value = self.expression()?;
                Argument::Plain(self.comprehended(value, Gives::List)?)
            });
            if !self.takes(",") && !self.is_sign(")") {
                return Err(self.unknown());
            }
        }
        Ok(arguments)
    }

    /// `item for target in list`, where that is what goes on here.
    fn comprehended(&mut self, item: Expression, gives: Gives) -> Parsed<Expression> {
        let mut clauses = Vec::new();
        while self.takes_word("for") {
            let target = self.targets()?;
            if !self.takes_word("in") {
                return Err(self.unknown());
            }
            let list = self.disjunction()?;
            let mut conditions = Vec::new();
            while self.takes_word("if") {
                conditions.push(self.disjunction()?);
            }
            clauses.push(Clause { target, list, conditions });
        }
        if clauses.is_empty() {
            return Ok(item);
        }
        Ok(Expression::Comprehension { gives, item: Box::new(item), clauses })
    }

    fn atom(&mut self) -> Parsed<Expression> {
        let kind = self.peek().clone();
        self.next += 1;
        Ok(match kind {
            Kind::Integer(value) => Expression::Constant(Value::Integer(value)),
            Kind::Float(value) => Expression::Constant(Value::Float(value)),
            Kind::Text(_) | Kind::Format(_) => {
                self.next -= 1;
                self.strings()?
            }
            Kind::Name(name) if !KEYWORDS.contains(&name.as_str()) => match name.as_str() {
                "True" => Expression::Constant(Value::Bool(true)),
                "False" => Expression::Constant(Value::Bool(false)),
                "None" => Expression::Constant(Value::None),
                _ => Expression::Name(name),
            },
            Kind::Sign("(") => self.group()?,
            Kind::Sign("[") => {
                let items = self.items("]")?;
                match items {
                    Items::Plain(items) => Expression::List(items),
                    Items::Comprehension(list) => list,
                }
            }
            Kind::Sign("{") => self.braces()?,
            _ => {
                self.next -= 1;
                return Err(self.unknown());
            }
        })
    }

    /// Strings that follow one another are one.
    fn strings(&mut self) -> Parsed<Expression> {
        let mut parts = Vec::new();
        loop {
            match self.peek().clone() {
                Kind::Text(text) => parts.push(Part::Text(text)),
                Kind::Format(text) => parts.extend(format::parts(&text)?),
                _ => break,
            }
            self.next += 1;
        }
        let plain: Option<String> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Value { .. } => None,
            })
            .collect();
        Ok(plain.map_or(Expression::Format(parts), |text| Expression::Constant(Value::text(text))))
    }

    /// What stands in parentheses: a tuple, or one value.
    fn group(&mut self) -> Parsed<Expression> {
        if self.takes(")") {
            return Ok(Expression::Tuple(Vec::new()));
        }
        let value = self.expressions()?;
        let value = self.comprehended(value, Gives::List)?;
        self.sign(")")?;
        Ok(value)
    }

    fn items(&mut self, close: &str) -> Parsed<Items> {
        let mut items = Vec::new();
        while !self.takes(close) {
            let item = self.item()?;
            if items.is_empty() && self.is_word("for") {
                let gives = if close == "]" { Gives::List } else { Gives::Set };
                let list = self.comprehended(item, gives)?;
                self.sign(close)?;
                return Ok(Items::Comprehension(list));
            }
            items.push(item);
            if !self.takes(",") && !self.is_sign(close) {
                return Err(self.unknown());
            }
        }
        Ok(Items::Plain(items))
    }

    /// A dictionary, or a set.
    fn braces(&mut self) -> Parsed<Expression> {
        if self.takes("}") {
            return Ok(Expression::Dict(Vec::new()));
        }
        let start = self.next;
        let first = self.item()?;
        if !self.takes(":") {
            self.next = start;
            return Ok(match self.items("}")? {
                Items::Plain(items) => Expression::Set(items),
                Items::Comprehension(set) => set,
            });
        }
        let mut pairs = vec![(first, self.expression()?)];
        if self.is_word("for") {
            let pair = pairs.pop().map(|(key, value)| Expression::Tuple(vec![key, value]));
            let pair = pair.ok_or_else(|| self.unknown())?;
            let dict = self.comprehended(pair, Gives::Dict)?;
            self.sign("}")?;
            return Ok(dict);
        }
        while !self.takes("}") {
            self.sign(",")?;
            if self.takes("}") {
                break;
            }
            let key = self.expression()?;
            self.sign(":")?;
            pairs.push((key, self.expression()?));
        }
        Ok(Expression::Dict(pairs))
    }
}

enum Items {
    Plain(Vec<Expression>),
    Comprehension(Expression),
}
