//! The functions that expressions may call.

use std::cmp::Ordering;

use super::value::Value;

/// No range is longer.
const LONGEST_RANGE: i128 = 10_000;

/// What a function of that name makes of its arguments; `None` where there is no such function, or not of these.
pub(super) fn call(name: &str, arguments: Vec<Value>) -> Option<Value> {
    if let Some(range) = (name == "range").then(|| range(&arguments)) {
        return range;
    }
    let items = |mut arguments: Vec<Value>| arguments.pop()?.items();
    match (name, &arguments[..]) {
        ("min" | "max", [_, _, ..]) => extreme(name, arguments),
        ("min" | "max", [_]) => extreme(name, items(arguments)?),
        ("sum", [_]) => {
            items(arguments)?.into_iter().try_fold(Value::Integer(0), |sum, next| sum.operate("+", &next))
        }
        ("any", [_]) => Some(items(arguments)?.iter().any(Value::is_true).into()),
        ("all", [_]) => Some(items(arguments)?.iter().all(Value::is_true).into()),
        ("list" | "tuple", [_]) => items(arguments).map(Value::List),
        ("list" | "tuple", []) => Some(Value::List(Vec::new())),
        ("sorted", [_]) => {
            let mut sorted = items(arguments)?;
            sorted.sort_by(|left, right| left.compare(right).unwrap_or(Ordering::Equal));
            Some(Value::List(sorted))
        }
        ("len", [Value::Text(text)]) => Some(Value::Integer(text.chars().count() as i128)),
        ("len", [Value::List(values)]) => Some(Value::Integer(values.len() as i128)),
        ("str", [value]) => Some(Value::Text(value.to_string())),
        ("bool", [value]) => Some(value.is_true().into()),
        ("hex", [Value::Integer(value)]) if *value >= 0 => Some(Value::Text(format!("{value:#x}"))),
        ("pow", [base, power]) => base.operate("**", power),
        ("round", [value, Value::Integer(digits)]) => {
            let scale = 10_f64.powi(i32::try_from(*digits).ok()?);
            Some(Value::Float((value.float()? * scale).round_ties_even() / scale))
        }
        (_, [value]) => of_number(name, value),
        _ => None,
    }
}

fn of_number(name: &str, value: &Value) -> Option<Value> {
    let (float, whole) = (value.float(), |value: f64| Value::Integer(value as i128));
    if let (Value::Integer(_), "int" | "round" | "ceil" | "floor" | "trunc") = (value, name) {
        return Some(value.clone());
    }
    match (name, value) {
        ("int", Value::Text(text)) => text.trim().parse().ok().map(Value::Integer),
        ("float", Value::Text(text)) => text.trim().parse().ok().map(Value::Float),
        ("abs" | "fabs", _) => {
            if float? < 0.0 {
                value.negated()
            } else {
                Some(value.clone())
            }
        }
        ("float", _) => float.map(Value::Float),
        ("int" | "trunc", _) => float.map(f64::trunc).map(whole),
        ("round", _) => float.map(f64::round_ties_even).map(whole),
        ("ceil", _) => float.map(f64::ceil).map(whole),
        ("floor", _) => float.map(f64::floor).map(whole),
        ("sqrt", _) => float.filter(|value| *value >= 0.0).map(f64::sqrt).map(Value::Float),
        ("log", _) => float.filter(|value| *value > 0.0).map(f64::ln).map(Value::Float),
        ("log2", _) => float.filter(|value| *value > 0.0).map(f64::log2).map(Value::Float),
        _ => None,
    }
}

fn extreme(name: &str, values: Vec<Value>) -> Option<Value> {
    let order = if name == "min" { Ordering::Less } else { Ordering::Greater };
    values.into_iter().reduce(|best, next| if next.compare(&best) == Some(order) { next } else { best })
}

fn range(arguments: &[Value]) -> Option<Value> {
    let (start, end, step) = match arguments {
        [Value::Integer(end)] => (0, *end, 1),
        [Value::Integer(start), Value::Integer(end)] => (*start, *end, 1),
        [Value::Integer(start), Value::Integer(end), Value::Integer(step)] if *step != 0 => {
            (*start, *end, *step)
        }
        _ => return None,
    };
    let count = end.checked_sub(start)?.checked_add(step - step.signum())?.checked_div(step)?.max(0);
    if count > LONGEST_RANGE {
        return None;
    }
    Some(Value::List((0..count).map(|index| Value::Integer(start + index * step)).collect()))
}
