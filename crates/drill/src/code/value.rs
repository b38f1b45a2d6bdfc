//! What an expression comes to: Python's values, as far as snippets go with them.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::rc::Rc;

use super::interpret::Closure;

/// The most items of a list, and characters of a text.
pub(super) const LONGEST: usize = 10_000;
/// How deep lists may lie in one another where they are compared or shown.
const DEEPEST: u32 = 16;

/// A value. Lists, sets and dictionaries are shared by all that have them, as in Python.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Rc<str>),
    Tuple(Rc<[Value]>),
    List(Rc<RefCell<Vec<Value>>>),
    /// The items are in order of their coming.
    Set(Rc<RefCell<Vec<Value>>>),
    Dict(Rc<RefCell<Vec<(Value, Value)>>>),
    /// What a snippet has defined.
    Function(Rc<Closure>),
    /// A function, a type or a module of Python's, by its name.
    BuiltIn(Rc<str>),
    /// A function of a value: `list.append`.
    Method(Rc<(Value, String)>),
    /// An exception: its kind, and what it says.
    Exception(Rc<(String, String)>),
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)))
    }

    pub(super) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(items.into())
    }

    pub(super) fn set(items: Vec<Self>) -> Self {
        let mut set: Vec<Self> = Vec::new();
        for item in items {
            if !set.iter().any(|known| known.is_equal(&item)) {
                set.push(item);
            }
        }
        Self::Set(Rc::new(RefCell::new(set)))
    }

    pub(super) fn dict(pairs: Vec<(Self, Self)>) -> Self {
        let dict = Rc::new(RefCell::new(Vec::new()));
        for (key, value) in pairs {
            set_item(&mut dict.borrow_mut(), key, value);
        }
        Self::Dict(dict)
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::List(items) | Self::Set(items) => !items.borrow().is_empty(),
            Self::Dict(pairs) => !pairs.borrow().is_empty(),
            Self::Function(_) | Self::BuiltIn(_) | Self::Method(_) | Self::Exception(_) => true,
        }
    }

    /// A whole number; True is 1.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Bool(value) => Some((*value).into()),
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// A number as a fraction.
    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => self.integer().map(|value| value as f64),
        }
    }

    /// What it consists of.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Tuple(items) => Some(items.to_vec()),
            Self::List(items) | Self::Set(items) => Some(items.borrow().clone()),
            Self::Dict(pairs) => Some(pairs.borrow().iter().map(|(key, _)| key.clone()).collect()),
            Self::Text(text) => Some(text.chars().map(|letter| Self::text(letter.to_string())).collect()),
            _ => None,
        }
    }

    /// Its order to another; `None` where they have none.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        self.order(other, 0)
    }

    fn order(&self, other: &Self, depth: u32) -> Option<Ordering> {
        if depth > DEEPEST {
            return None;
        }
        let pairwise = |left: &[Self], right: &[Self]| {
            let differs = left.iter().zip(right).map(|(left, right)| left.order(right, depth + 1));
            let first = differs.into_iter().find(|order| *order != Some(Ordering::Equal));
            first.unwrap_or(Some(left.len().cmp(&right.len())))
        };
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Tuple(left), Self::Tuple(right)) => pairwise(left, right),
            (Self::List(left), Self::List(right)) => pairwise(&left.borrow(), &right.borrow()),
            (Self::Float(_), _) | (_, Self::Float(_)) => self.float()?.partial_cmp(&other.float()?),
            _ => Some(self.integer()?.cmp(&other.integer()?)),
        }
    }

    pub(super) fn is_equal(&self, other: &Self) -> bool {
        self.equals(other, 0)
    }

    fn equals(&self, other: &Self, depth: u32) -> bool {
        if depth > DEEPEST {
            return false;
        }
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::List(left), Self::List(right)) => all_equal(&left.borrow(), &right.borrow(), depth),
            (Self::Tuple(left), Self::Tuple(right)) => all_equal(left, right, depth),
            (Self::Set(left), Self::Set(right)) => {
                let (left, right) = (left.borrow(), right.borrow());
                let has = |item: &Self| right.iter().any(|other| item.equals(other, depth + 1));
                left.len() == right.len() && left.iter().all(has)
            }
            (Self::Dict(left), Self::Dict(right)) => {
                let (left, right) = (left.borrow(), right.borrow());
                let has = |(key, value): &(Self, Self)| {
                    right
                        .iter()
                        .any(|(other, found)| key.equals(other, depth + 1) && value.equals(found, depth + 1))
                };
                left.len() == right.len() && left.iter().all(has)
            }
            (Self::BuiltIn(left), Self::BuiltIn(right)) => left == right,
            (Self::Function(left), Self::Function(right)) => Rc::ptr_eq(left, right),
            _ => self.order(other, depth) == Some(Ordering::Equal),
        }
    }

    /// `is`: the same value, not only an equal one.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(left), Self::List(right)) | (Self::Set(left), Self::Set(right)) => {
                Rc::ptr_eq(left, right)
            }
            (Self::Dict(left), Self::Dict(right)) => Rc::ptr_eq(left, right),
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Bool(_), _) | (_, Self::Bool(_)) => false,
            _ => self.is_equal(other),
        }
    }

    /// The name of its type.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Dict(_) => "dict",
            Self::Function(_) | Self::Method(_) => "function",
            Self::BuiltIn(_) => "type",
            Self::Exception(exception) => &exception.0,
        }
    }

    /// What `str` makes of it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Exception(exception) => exception.1.clone(),
            _ => self.written(),
        }
    }

    /// What `repr` makes of it.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: u32) {
        if depth > DEEPEST || out.len() > LONGEST {
            return out.push_str("...");
        }
        let list = |out: &mut String, items: &[Self]| {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                item.write(out, depth + 1);
            }
        };
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Self::Integer(value) => drop(write!(out, "{value}")),
            Self::Float(value) => out.push_str(&float(*value)),
            Self::Text(text) => {
                let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
                let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
                let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
                let _ = write!(out, "{quote}{escaped}{quote}");
            }
            Self::Tuple(items) => {
                out.push('(');
                list(out, items);
                out.push_str(if items.len() == 1 { ",)" } else { ")" });
            }
            Self::List(items) => {
                out.push('[');
                list(out, &items.borrow());
                out.push(']');
            }
            Self::Set(items) if items.borrow().is_empty() => out.push_str("set()"),
            Self::Set(items) => {
                out.push('{');
                list(out, &items.borrow());
                out.push('}');
            }
            Self::Dict(pairs) => {
                out.push('{');
                for (index, (key, value)) in pairs.borrow().iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    key.write(out, depth + 1);
                    out.push_str(": ");
                    value.write(out, depth + 1);
                }
                out.push('}');
            }
            Self::Function(function) => drop(write!(out, "<function {}>", function.name())),
            Self::BuiltIn(name) => drop(write!(out, "<built-in {name}>")),
            Self::Method(method) => drop(write!(out, "<built-in method {}>", method.1)),
            Self::Exception(exception) => drop(write!(out, "{}({:?})", exception.0, exception.1)),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

fn all_equal(left: &[Value], right: &[Value], depth: u32) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.equals(right, depth + 1))
}

/// Gives a key a value, which a dictionary has once.
pub(super) fn set_item(pairs: &mut Vec<(Value, Value)>, key: Value, value: Value) {
    match pairs.iter_mut().find(|(known, _)| known.is_equal(&key)) {
        Some(pair) => pair.1 = value,
        None => pairs.push((key, value)),
    }
}

/// A fraction as Python writes it: with a point or an exponent, whatever it is.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let (least, most) = (1e-4, 1e16);
    if value == 0.0 || (least..most).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => scientific,
    }
}
