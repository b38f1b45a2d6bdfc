//! Methods of texts, lists, sets and dictionaries.

use super::index;
use crate::code::format;
use crate::code::interpret::{Fault, Interpreter, Run};
use crate::code::operate::short;
use crate::code::value::{Value, set_item};

const OF_TEXTS: [&str; 24] = [
    "format",
    "join",
    "split",
    "splitlines",
    "strip",
    "lstrip",
    "rstrip",
    "startswith",
    "endswith",
    "replace",
    "lower",
    "upper",
    "find",
    "count",
    "isdigit",
    "index",
    "zfill",
    "ljust",
    "rjust",
    "center",
    "title",
    "isalpha",
    "partition",
    "capitalize",
];
const OF_LISTS: [&str; 11] =
    ["append", "extend", "insert", "pop", "remove", "index", "count", "sort", "reverse", "clear", "copy"];
const OF_SETS: [&str; 9] =
    ["add", "discard", "remove", "union", "intersection", "difference", "update", "issubset", "copy"];
const OF_DICTS: [&str; 8] = ["get", "keys", "values", "items", "pop", "update", "setdefault", "copy"];

/// Whether values of this type have such a method.
pub(super) fn is_known(value: &Value, name: &str) -> bool {
    match value {
        Value::Text(_) => OF_TEXTS.contains(&name),
        Value::List(_) => OF_LISTS.contains(&name),
        Value::Tuple(_) => matches!(name, "index" | "count"),
        Value::Set(_) => OF_SETS.contains(&name),
        Value::Dict(_) => OF_DICTS.contains(&name),
        Value::Integer(_) | Value::Bool(_) => name == "bit_length",
        Value::Float(_) => name == "is_integer",
        _ => false,
    }
}

impl Interpreter {
    pub(in crate::code::interpret) fn call_method(
        &mut self,
        value: &Value,
        name: &str,
        plain: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Run<Value> {
        self.spend(value.items().map_or(1, |items| items.len() / 16 + 1))?;
        match (value, name) {
            (Value::Text(text), "format") => return formatted(text, &plain, &named),
            (Value::List(list), "sort") => {
                let whole = Value::list(list.borrow().clone());
                let sorted = self.call_built_in("sorted", vec![whole], named)?;
                *list.borrow_mut() = index::items(&sorted)?;
                return Ok(Value::None);
            }
            _ => {}
        }
        let known = match value {
            Value::Text(text) => of_text(text, name, &plain),
            Value::List(_) | Value::Tuple(_) => of_list(value, name, &plain),
            Value::Set(_) => of_set(value, name, &plain),
            Value::Dict(_) => of_dict(value, name, &plain, &named),
            Value::Float(number) => Some(Ok((number.fract() == 0.0).into())),
            _ => value.integer().map(|number| {
                Ok(Value::Integer(i128::from(i128::BITS - number.unsigned_abs().leading_zeros())))
            }),
        };
        known.unwrap_or_else(|| {
            Err(Fault::raise("TypeError", format!("{name}() of a {} is not called so", value.kind())))
        })
    }
}

/// `"{} {name:spec}".format(...)`.
fn formatted(text: &str, plain: &[Value], named: &[(String, Value)]) -> Run<Value> {
    let (mut out, mut rest, mut next) = (String::new(), text, 0);
    let wrong = || Fault::raise("ValueError", "a format string that is none");
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let behind = &rest[at + 1..];
        if let Some(behind) = behind.strip_prefix(brace) {
            out.push_str(brace);
            rest = behind;
            continue;
        }
        let (field, behind) = behind.split_once('}').filter(|_| brace == "{").ok_or_else(wrong)?;
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = field.split_once('!').unwrap_or((field, ""));
        let value = match field.parse::<usize>() {
            Ok(index) => plain.get(index),
            Err(_) if field.is_empty() => {
                next += 1;
                plain.get(next - 1)
            }
            Err(_) => named.iter().find(|(name, _)| name == field).map(|(_, value)| value),
        };
        let value = value.ok_or_else(|| Fault::raise("IndexError", "replacement index out of range"))?;
        let converted = Value::text(value.written());
        out.push_str(&format::specified(if conversion == "r" { &converted } else { value }, spec)?);
        short(out.len())?;
        rest = behind;
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn of_text(text: &str, name: &str, plain: &[Value]) -> Option<Run<Value>> {
    let argument = match plain {
        [Value::Text(argument), ..] => Some(&**argument),
        _ => None,
    };
    let texts = |parts: Vec<&str>| Value::list(parts.into_iter().map(Value::text).collect());
    let is_of = |set: &str, character: char| set.contains(character);
    let blank = argument.unwrap_or(" \t\n\r\x0b\x0c");
    let place = |found: Option<usize>| found.map_or(-1, |at| text[..at].chars().count() as i128);
    Some(Ok(match (name, argument) {
        ("join", _) => {
            let items = plain.first().and_then(Value::items)?;
            let parts: Option<Vec<String>> = items
                .iter()
                .map(|item| if let Value::Text(text) = item { Some(text.to_string()) } else { None })
                .collect();
            let joined = parts?.join(text);
            if let Err(fault) = short(joined.len()) {
                return Some(Err(fault));
            }
            Value::text(joined)
        }
        ("split", None) => texts(text.split_whitespace().collect()),
        ("split", Some("")) => return None,
        ("split", Some(separator)) => match plain.get(1).and_then(Value::integer) {
            Some(most @ 0..) => texts(text.splitn(usize::try_from(most).ok()? + 1, separator).collect()),
            _ => texts(text.split(separator).collect()),
        },
        ("splitlines", _) => texts(text.lines().collect()),
        ("strip", _) => Value::text(text.trim_matches(|c| is_of(blank, c))),
        ("lstrip", _) => Value::text(text.trim_start_matches(|c| is_of(blank, c))),
        ("rstrip", _) => Value::text(text.trim_end_matches(|c| is_of(blank, c))),
        ("startswith", Some(start)) => text.starts_with(start).into(),
        ("endswith", Some(end)) => text.ends_with(end).into(),
        ("replace", Some(from)) => {
            let Some(Value::Text(to)) = plain.get(1) else { return None };
            if let Err(fault) = short(text.len().saturating_mul(to.len().max(1))) {
                return Some(Err(fault));
            }
            Value::text(text.replace(from, to))
        }
        ("lower", _) => Value::text(text.to_lowercase()),
        ("upper", _) => Value::text(text.to_uppercase()),
        ("capitalize" | "title", _) => {
            let mut letters = text.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            Value::text(first + &letters.as_str().to_lowercase())
        }
        ("find", Some(part)) => Value::Integer(place(text.find(part))),
        ("index", Some(part)) => match text.find(part) {
            None => return Some(Err(Fault::raise("ValueError", "substring not found"))),
            found => Value::Integer(place(found)),
        },
        ("count", Some(part)) => Value::Integer(text.matches(part).count() as i128),
        ("isdigit", _) => (!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())).into(),
        ("isalpha", _) => (!text.is_empty() && text.chars().all(char::is_alphabetic)).into(),
        ("partition", Some(separator)) => match text.split_once(separator) {
            Some((before, behind)) => Value::tuple([before, separator, behind].map(Value::text).to_vec()),
            None => Value::tuple([text, "", ""].map(Value::text).to_vec()),
        },
        ("zfill", _) => return Some(padded(text, "0=", plain)),
        ("ljust", _) => return Some(padded(text, "<", plain)),
        ("rjust", _) => return Some(padded(text, ">", plain)),
        ("center", _) => return Some(padded(text, "^", plain)),
        _ => return None,
    }))
}

fn padded(text: &str, align: &str, plain: &[Value]) -> Run<Value> {
    let width = plain.first().and_then(Value::integer).unwrap_or(0);
    let (front, align) = if align == "0=" { ("0", ">") } else { ("", align) };
    format::specified(&Value::text(text), &format!("{front}{align}{width}")).map(Value::text)
}

fn of_list(value: &Value, name: &str, plain: &[Value]) -> Option<Run<Value>> {
    let items = value.items()?;
    let place = |item: &Value| items.iter().position(|known| known.is_equal(item));
    match (name, plain) {
        ("count", [item]) => {
            return Some(Ok(Value::Integer(
                items.iter().filter(|known| known.is_equal(item)).count() as i128
            )));
        }
        ("index", [item, ..]) => {
            let found = place(item).map(|at| Value::Integer(at as i128));
            return Some(found.ok_or_else(|| Fault::raise("ValueError", "the item is not in the list")));
        }
        _ => {}
    }
    let Value::List(list) = value else { return None };
    match (name, plain) {
        ("append", [item]) => {
            if let Err(fault) = short(items.len() + 1) {
                return Some(Err(fault));
            }
            list.borrow_mut().push(item.clone());
        }
        ("extend", [more]) => {
            let more = more.items()?;
            if let Err(fault) = short(items.len() + more.len()) {
                return Some(Err(fault));
            }
            list.borrow_mut().extend(more);
        }
        ("insert", [at, item]) => {
            let len = items.len() as i128;
            let at = at.integer()?;
            let at = usize::try_from(if at < 0 { at + len } else { at }.clamp(0, len)).ok()?;
            list.borrow_mut().insert(at, item.clone());
        }
        ("pop", []) => return Some(index::remove(value, &Value::Integer(-1))),
        ("pop", [at]) => return Some(index::remove(value, at)),
        ("remove", [item]) => match place(item) {
            Some(at) => drop(list.borrow_mut().remove(at)),
            None => return Some(Err(Fault::raise("ValueError", "list.remove(x): x not in list"))),
        },
        ("reverse", []) => list.borrow_mut().reverse(),
        ("clear", []) => list.borrow_mut().clear(),
        ("copy", []) => return Some(Ok(Value::list(items))),
        _ => return None,
    }
    Some(Ok(Value::None))
}

fn of_set(value: &Value, name: &str, plain: &[Value]) -> Option<Run<Value>> {
    let Value::Set(set) = value else { return None };
    let sign = match name {
        "union" | "update" => "|",
        "intersection" => "&",
        "difference" => "-",
        _ => "",
    };
    match (name, plain) {
        ("copy", []) => Some(Ok(Value::set(value.items()?))),
        ("add", [item]) => {
            let has = set.borrow().iter().any(|known| known.is_equal(item));
            if !has {
                set.borrow_mut().push(item.clone());
            }
            Some(short(set.borrow().len()).map(|()| Value::None))
        }
        ("discard" | "remove", [item]) => {
            let before = set.borrow().len();
            set.borrow_mut().retain(|known| !known.is_equal(item));
            let is_gone = set.borrow().len() < before || name == "discard";
            Some(if is_gone { Ok(Value::None) } else { Err(Fault::raise("KeyError", item.written())) })
        }
        ("issubset", [other]) => {
            let other = other.items()?;
            let has = |item: &Value| other.iter().any(|known| known.is_equal(item));
            Some(Ok(set.borrow().iter().all(has).into()))
        }
        (_, [other]) if !sign.is_empty() => {
            let made = crate::code::operate::binary(value, sign, &Value::set(other.items()?));
            Some(match (name, made) {
                ("update", Ok(Value::Set(made))) => {
                    *set.borrow_mut() = made.borrow().clone();
                    Ok(Value::None)
                }
                (_, made) => made,
            })
        }
        _ => None,
    }
}

fn of_dict(value: &Value, name: &str, plain: &[Value], named: &[(String, Value)]) -> Option<Run<Value>> {
    let Value::Dict(dict) = value else { return None };
    let find = |key: &Value| {
        dict.borrow().iter().find(|(known, _)| known.is_equal(key)).map(|(_, value)| value.clone())
    };
    let each = |of: fn(&(Value, Value)) -> Value| Value::list(dict.borrow().iter().map(of).collect());
    Some(Ok(match (name, plain) {
        ("get", [key, rest @ ..]) => find(key).or_else(|| rest.first().cloned()).unwrap_or(Value::None),
        ("keys", []) => each(|(key, _)| key.clone()),
        ("values", []) => each(|(_, value)| value.clone()),
        ("items", []) => each(|(key, value)| Value::tuple(vec![key.clone(), value.clone()])),
        ("copy", []) => Value::dict(dict.borrow().clone()),
        ("pop", [key, rest @ ..]) => match (find(key), rest.first()) {
            (None, Some(usual)) => usual.clone(),
            _ => return Some(index::remove(value, key)),
        },
        ("setdefault", [key, rest @ ..]) => match find(key) {
            Some(value) => value,
            None => {
                let usual = rest.first().cloned().unwrap_or(Value::None);
                return Some(index::set(value, key.clone(), usual.clone()).map(|()| usual));
            }
        },
        ("update", rest) => {
            let more = match rest.first().map(super::pairs) {
                Some(Err(fault)) => return Some(Err(fault)),
                Some(Ok(pairs)) => pairs,
                None => Vec::new(),
            };
            let named = named.iter().map(|(name, value)| (Value::text(name), value.clone()));
            for (key, value) in more.into_iter().chain(named) {
                set_item(&mut dict.borrow_mut(), key, value);
            }
            Value::None
        }
        _ => return None,
    }))
}
