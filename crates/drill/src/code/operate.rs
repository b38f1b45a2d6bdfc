//! Operators of two values (Python's reference, sections 6.6 to 6.9).

use super::format;
use super::interpret::Fault;
use super::value::{LONGEST, Value, set_item};

/// What an operator makes of two values.
///
/// # Errors
/// As Python, where it makes nothing of them.
pub(super) fn binary(left: &Value, sign: &'static str, right: &Value) -> Result<Value, Fault> {
    let kinds = || {
        let (left, right) = (left.kind(), right.kind());
        Fault::raise("TypeError", format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'"))
    };
    match (left, right) {
        (Value::Text(format), _) if sign == "%" => format::percent(format, right),
        (Value::Text(left), Value::Text(right)) if sign == "+" => {
            short(left.len() + right.len())?;
            Ok(Value::text(format!("{left}{right}")))
        }
        (Value::List(left), Value::List(right)) if sign == "+" => {
            short(left.borrow().len() + right.borrow().len())?;
            Ok(Value::list([&left.borrow()[..], &right.borrow()].concat()))
        }
        (Value::Tuple(left), Value::Tuple(right)) if sign == "+" => {
            short(left.len() + right.len())?;
            Ok(Value::tuple([&left[..], right].concat()))
        }
        (Value::Set(left), Value::Set(right)) => {
            sets(&left.borrow(), sign, &right.borrow()).ok_or_else(kinds)
        }
        (Value::Dict(left), Value::Dict(right)) if sign == "|" => {
            let mut pairs = left.borrow().clone();
            for (key, value) in right.borrow().iter() {
                set_item(&mut pairs, key.clone(), value.clone());
            }
            Ok(Value::dict(pairs))
        }
        (sequence @ (Value::Text(_) | Value::List(_) | Value::Tuple(_)), count) if sign == "*" => {
            repeated(sequence, count.integer().ok_or_else(kinds)?)
        }
        (count, sequence @ (Value::Text(_) | Value::List(_) | Value::Tuple(_))) if sign == "*" => {
            repeated(sequence, count.integer().ok_or_else(kinds)?)
        }
        _ => match (left.integer(), right.integer()) {
            (Some(left), Some(right)) => integers(left, sign, right),
            _ => {
                let (left, right) = (left.float().ok_or_else(kinds)?, right.float().ok_or_else(kinds)?);
                floats(left, sign, right, kinds)
            }
        },
    }
}

/// `-a`, `+a`, `~a`.
pub(super) fn unary(sign: &str, value: &Value) -> Result<Value, Fault> {
    let result = match (sign, value, value.integer()) {
        ("-", _, Some(value)) => value.checked_neg().map(Value::Integer),
        ("-", Value::Float(value), _) => Some(Value::Float(-value)),
        ("+", _, Some(value)) => Some(Value::Integer(value)),
        ("+", Value::Float(_), _) => Some(value.clone()),
        ("~", _, Some(value)) => Some(Value::Integer(!value)),
        _ => None,
    };
    let wrong =
        || Fault::raise("TypeError", format!("bad operand type for unary {sign}: '{}'", value.kind()));
    result.ok_or_else(wrong)
}

/// Nothing longer is kept.
pub(super) fn short(len: usize) -> Result<(), Fault> {
    if len > LONGEST { Err(Fault::unsupported("a value that is so long")) } else { Ok(()) }
}

fn repeated(sequence: &Value, count: i128) -> Result<Value, Fault> {
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let items = sequence.items().unwrap_or_default();
    short(items.len().saturating_mul(count))?;
    let all = || items.iter().cycle().take(items.len() * count).cloned().collect();
    Ok(match sequence {
        Value::Text(text) => Value::text(text.repeat(count)),
        Value::List(_) => Value::list(all()),
        _ => Value::tuple(all()),
    })
}

fn sets(left: &[Value], sign: &str, right: &[Value]) -> Option<Value> {
    let has = |set: &[Value], item: &Value| set.iter().any(|known| known.is_equal(item));
    let only = |kept: &[Value], of: &[Value], wanted: bool| -> Vec<Value> {
        kept.iter().filter(|item| has(of, item) == wanted).cloned().collect()
    };
    Some(Value::set(match sign {
        "|" => [left, right].concat(),
        "&" => only(left, right, true),
        "-" => only(left, right, false),
        "^" => [only(left, right, false), only(right, left, false)].concat(),
        _ => return None,
    }))
}

fn integers(left: i128, sign: &'static str, right: i128) -> Result<Value, Fault> {
    let divides = matches!(sign, "/" | "//" | "%");
    if divides && right == 0 || sign == "**" && left == 0 && right < 0 {
        return Err(Fault::raise("ZeroDivisionError", "division by zero"));
    }
    let bits = u32::try_from(right).ok();
    let result = match sign {
        "|" => Some(left | right),
        "^" => Some(left ^ right),
        "&" => Some(left & right),
        "<<" | ">>" if right < 0 => return Err(Fault::raise("ValueError", "negative shift count")),
        "<<" => bits.and_then(|bits| left.checked_mul(1_i128.checked_shl(bits)?)),
        ">>" => Some(bits.and_then(|bits| left.checked_shr(bits)).unwrap_or(left >> 127)),
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "**" if right < 0 => return Ok(Value::Float((left as f64).powf(right as f64))),
        "**" => bits.and_then(|bits| left.checked_pow(bits)),
        // Both round towards less than nothing.
        "%" => left
            .checked_rem(right)
            .map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }),
        "//" => left
            .checked_div(right)
            .map(|whole| if left % right != 0 && (left < 0) != (right < 0) { whole - 1 } else { whole }),
        _ => return Ok(Value::Float(left as f64 / right as f64)),
    };
    result.map(Value::Integer).ok_or_else(|| Fault::unsupported("a number that is so long"))
}

fn floats(left: f64, sign: &'static str, right: f64, kinds: impl Fn() -> Fault) -> Result<Value, Fault> {
    if matches!(sign, "/" | "//" | "%") && right == 0.0 {
        return Err(Fault::raise("ZeroDivisionError", "float division by zero"));
    }
    Ok(Value::Float(match sign {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "**" => left.powf(right),
        "/" => left / right,
        "//" => (left / right).floor(),
        "%" => left - right * (left / right).floor(),
        _ => return Err(kinds()),
    }))
}
