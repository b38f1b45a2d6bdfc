//! What an expression comes to: Python's numbers, as far as snippets go with them.

use std::cmp::Ordering;
use std::fmt;

/// A number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Integer(i64),
    Float(f64),
}

impl Value {
    pub(super) fn is_true(self) -> bool {
        self.float() != 0.0
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// What has no fraction.
    fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(value),
            Self::Float(_) => None,
        }
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            _ => self.float().partial_cmp(&other.float()),
        }
    }

    /// The result of an operator, where it has one.
    pub(super) fn operate(self, sign: &str, other: Self) -> Option<Self> {
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => integers(left, sign, right),
            _ => floats(self.float(), sign, other.float()).map(Self::Float),
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Integer(value) => Self::Integer(value.wrapping_neg()),
            Self::Float(value) => Self::Float(-value),
        }
    }

    pub(super) fn absolute(self) -> Self {
        if self.float() < 0.0 { self.negated() } else { self }
    }

    /// Without its fraction.
    pub(super) fn truncated(self) -> Self {
        Self::Integer(self.integer().unwrap_or(self.float() as i64))
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
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

fn integers(left: i64, sign: &str, right: i64) -> Option<Value> {
    let bits = u32::try_from(right).ok();
    let result = match sign {
        "|" => Some(left | right),
        "^" => Some(left ^ right),
        "&" => Some(left & right),
        "<<" => bits.and_then(|bits| left.checked_shl(bits)),
        ">>" => bits.and_then(|bits| left.checked_shr(bits)),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "**" => bits.and_then(|bits| left.checked_pow(bits)),
        "%" => left.checked_rem_euclid(right),
        "//" => left.checked_div_euclid(right),
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
        _ => None,
    }
}
