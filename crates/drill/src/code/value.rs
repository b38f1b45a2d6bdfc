//! What an expression comes to: Python's values, as far as snippets go with them.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use super::define::Defined;

/// The largest value that is kept, in numbers and letters.
const LONGEST: usize = 10_000;

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Integer(i128),
    Float(f64),
    Text(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// What `def` has defined.
    Function(Rc<Defined>),
}

impl Value {
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Function(_) => true,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(values) => !values.is_empty(),
        }
    }

    /// A number as a fraction.
    pub(super) fn float(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::None | Self::Text(_) | Self::List(_) | Self::Function(_) => None,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::None, Self::None) => Some(Ordering::Equal),
            (Self::List(left), Self::List(right)) => {
                let differs = left.iter().zip(right).map(|(left, right)| left.compare(right));
                let first = differs.into_iter().find(|order| *order != Some(Ordering::Equal));
                first.unwrap_or(Some(left.len().cmp(&right.len())))
            }
            _ => self.float()?.partial_cmp(&other.float()?),
        }
    }

    pub(super) fn is_equal(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// The result of an operator, where it has one.
    pub(super) fn operate(&self, sign: &str, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => integers(*left, sign, *right),
            (Self::Text(left), Self::Text(right)) if sign == "+" && left.len() + right.len() < LONGEST => {
                Some(Self::Text(format!("{left}{right}")))
            }
            (Self::List(left), Self::List(right)) if sign == "+" && left.len() + right.len() < LONGEST => {
                Some(Self::List([&left[..], right].concat()))
            }
            // What a message says in the end is for a person.
            (Self::Text(text), _) if sign == "%" => Some(Self::Text(format!("{text} % {other}"))),
            _ => floats(self.float()?, sign, other.float()?).map(Self::Float),
        }
    }

    pub(super) fn negated(&self) -> Option<Self> {
        match self {
            Self::Integer(value) => value.checked_neg().map(Self::Integer),
            Self::Float(value) => Some(Self::Float(-value)),
            Self::None | Self::Text(_) | Self::List(_) | Self::Function(_) => None,
        }
    }

    /// It is larger than any snippet needs.
    pub(super) fn is_huge(&self) -> bool {
        self.size() > LONGEST
    }

    fn size(&self) -> usize {
        match self {
            Self::None | Self::Integer(_) | Self::Float(_) | Self::Function(_) => 1,
            Self::Text(text) => 1 + text.len(),
            Self::List(values) => 1 + values.iter().map(Self::size).sum::<usize>(),
        }
    }

    /// What it consists of.
    pub(super) fn items(self) -> Option<Vec<Value>> {
        match self {
            Self::List(values) => Some(values),
            Self::Text(text) => Some(text.chars().map(|letter| Self::Text(letter.into())).collect()),
            Self::None | Self::Integer(_) | Self::Float(_) | Self::Function(_) => None,
        }
    }

    /// The item of that number, from the end where it is negative.
    pub(super) fn item(self, index: &Self) -> Option<Value> {
        let Self::Integer(index) = index else { return None };
        let mut items = self.items()?;
        let from_end = if *index < 0 { items.len() as i128 } else { 0 };
        let index = usize::try_from(index + from_end).ok().filter(|index| *index < items.len())?;
        Some(items.swap_remove(index))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Function(_) => f.write_str("a function"),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(values) => {
                let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", shown.join(", "))
            }
        }
    }
}

fn integers(left: i128, sign: &str, right: i128) -> Option<Value> {
    let bits = u32::try_from(right).ok();
    let result = match sign {
        "|" => Some(left | right),
        "^" => Some(left ^ right),
        "&" => Some(left & right),
        "<<" => bits.and_then(|bits| left.checked_mul(1_i128.checked_shl(bits)?)),
        ">>" => bits.and_then(|bits| left.checked_shr(bits)),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "**" if right < 0 => return floats(left as f64, sign, right as f64).map(Value::Float),
        "**" => bits.and_then(|bits| left.checked_pow(bits)),
        "%" => left
            .checked_rem(right)
            .map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }),
        "//" => left
            .checked_div(right)
            .map(|whole| if left % right != 0 && (left < 0) != (right < 0) { whole - 1 } else { whole }),
        _ if right == 0 => None,
        _ => return Some(Value::Float(left as f64 / right as f64)),
    };
    result.map(Value::Integer)
}

fn floats(left: f64, sign: &str, right: f64) -> Option<f64> {
    match sign {
        "+" => Some(left + right),
        "-" => Some(left - right),
        "*" => Some(left * right),
        "**" => Some(left.powf(right)),
        "/" if right != 0.0 => Some(left / right),
        "//" if right != 0.0 => Some((left / right).floor()),
        "%" if right != 0.0 => Some(left - right * (left / right).floor()),
        _ => None,
    }
}
