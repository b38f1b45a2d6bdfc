//! What lies in lists, texts, sets and dictionaries.

use super::{Fault, Run};
use crate::code::ast::Expression;
use crate::code::value::{LONGEST, Value, set_item};

/// What a loop goes over.
pub(super) fn items(value: &Value) -> Run<Vec<Value>> {
    let wrong = || Fault::raise("TypeError", format!("'{}' object is not iterable", value.kind()));
    value.items().ok_or_else(wrong)
}

/// What may be a key.
pub(super) fn key(value: Value) -> Run<Value> {
    match value {
        Value::List(_) | Value::Set(_) | Value::Dict(_) => {
            Err(Fault::raise("TypeError", format!("unhashable type: '{}'", value.kind())))
        }
        value => Ok(value),
    }
}

/// The place of an item, counted from the end where it is negative.
fn place(index: &Value, len: usize) -> Run<usize> {
    let number =
        index.integer().ok_or_else(|| Fault::raise("TypeError", "indices must be integers or slices"))?;
    let from_end = if number < 0 { len as i128 } else { 0 };
    let place = usize::try_from(number + from_end).ok().filter(|place| *place < len);
    place.ok_or_else(|| Fault::raise("IndexError", "index out of range"))
}

pub(super) fn get(list: &Value, index: &Value) -> Run<Value> {
    match list {
        Value::Dict(pairs) => {
            let found =
                pairs.borrow().iter().find(|(key, _)| key.is_equal(index)).map(|(_, value)| value.clone());
            found.ok_or_else(|| Fault::raise("KeyError", index.written()))
        }
        Value::Text(_) | Value::Tuple(_) | Value::List(_) => {
            let mut items = items(list)?;
            let place = place(index, items.len())?;
            Ok(items.swap_remove(place))
        }
        other => Err(Fault::raise("TypeError", format!("'{}' object is not subscriptable", other.kind()))),
    }
}

pub(super) fn set(list: &Value, index: Value, value: Value) -> Run<()> {
    match list {
        Value::List(items) => {
            let place = place(&index, items.borrow().len())?;
            items.borrow_mut()[place] = value;
        }
        Value::Dict(pairs) => {
            if pairs.borrow().len() >= LONGEST {
                return Err(Fault::unsupported("a dictionary that is so long"));
            }
            set_item(&mut pairs.borrow_mut(), key(index)?, value);
        }
        other => {
            let message = format!("'{}' object does not support item assignment", other.kind());
            return Err(Fault::raise("TypeError", message));
        }
    }
    Ok(())
}

/// Takes an item away.
pub(super) fn remove(list: &Value, index: &Value) -> Run<Value> {
    match list {
        Value::List(items) => {
            let place = place(index, items.borrow().len())?;
            Ok(items.borrow_mut().remove(place))
        }
        Value::Dict(pairs) => {
            let place = pairs.borrow().iter().position(|(key, _)| key.is_equal(index));
            let place = place.ok_or_else(|| Fault::raise("KeyError", index.written()))?;
            Ok(pairs.borrow_mut().remove(place).1)
        }
        other => {
            let message = format!("'{}' object doesn't support item deletion", other.kind());
            Err(Fault::raise("TypeError", message))
        }
    }
}

pub(super) fn contains(list: &Value, item: &Value) -> Run<bool> {
    match (list, item) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(&**part)),
        (Value::Text(_), _) => {
            Err(Fault::raise("TypeError", "'in <string>' requires string as left operand"))
        }
        _ => Ok(items(list)?.iter().any(|known| known.is_equal(item))),
    }
}

/// `list[start:end:step]`.
pub(super) fn slice(list: &Value, [start, end, step]: [Option<i128>; 3]) -> Run<Value> {
    let items = match list {
        Value::Text(_) | Value::Tuple(_) | Value::List(_) => items(list)?,
        other => {
            return Err(Fault::raise("TypeError", format!("'{}' object is not subscriptable", other.kind())));
        }
    };
    let (len, step) = (items.len() as i128, step.unwrap_or(1));
    if step == 0 {
        return Err(Fault::raise("ValueError", "slice step cannot be zero"));
    }
    let (least, most) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let bound = |bound: Option<i128>, usual: i128| match bound {
        None => usual,
        Some(bound) if bound < 0 => (bound + len).clamp(least, most),
        Some(bound) => bound.clamp(least, most),
    };
    let (first, last) = if step > 0 { (0, len) } else { (len - 1, -1) };
    let (mut at, end) = (bound(start, first), bound(end, last));
    let mut taken = Vec::new();
    while step > 0 && at < end || step < 0 && at > end {
        taken.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
        at = at.saturating_add(step);
    }
    Ok(match list {
        Value::Text(_) => Value::text(taken.iter().map(Value::shown).collect::<String>()),
        Value::Tuple(_) => Value::tuple(taken),
        _ => Value::list(taken),
    })
}

/// The items for each of several targets, of which one may take all that are left.
pub(super) fn unpacked(targets: &[Expression], items: Vec<Value>) -> Run<Vec<Value>> {
    let starred = targets.iter().position(|target| matches!(target, Expression::Starred(_)));
    let fits = match starred {
        None => items.len() == targets.len(),
        Some(_) => items.len() + 1 >= targets.len(),
    };
    if !fits {
        let message = format!("{} values to unpack into {}", items.len(), targets.len());
        return Err(Fault::raise("ValueError", message));
    }
    let Some(starred) = starred else { return Ok(items) };
    let end = items.len() + 1 + starred - targets.len();
    let middle = Value::list(items[starred..end].to_vec());
    Ok([&items[..starred], &[middle], &items[end..]].concat())
}
