//! Python's own functions, modules and exceptions: those that snippets use.

use std::cmp::Ordering;

use super::{Fault, Interpreter, Run, index};
use crate::code::value::Value;
use crate::code::{format, operate};

mod method;

/// The names that stand for something without being defined.
const BUILT_IN: [&str; 33] = [
    "abs",
    "all",
    "any",
    "bin",
    "bool",
    "callable",
    "chr",
    "dict",
    "divmod",
    "enumerate",
    "exit",
    "filter",
    "float",
    "format",
    "hex",
    "int",
    "isinstance",
    "len",
    "list",
    "map",
    "max",
    "min",
    "oct",
    "ord",
    "pow",
    "print",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
];
const MORE_BUILT_IN: [&str; 7] = ["str", "sum", "tuple", "type", "zip", "frozenset", "iter"];
/// Python's names for what goes wrong, each with what it is a kind of.
const EXCEPTIONS: [(&str, &str); 15] = [
    ("BaseException", ""),
    ("SystemExit", "BaseException"),
    ("Exception", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("LookupError", "Exception"),
    ("NameError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RuntimeError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
];
/// The modules of which something is known here.
const MODULES: [&str; 2] = ["math", "sys"];
/// Modules that a snippet may import for something that it does not come to.
const OTHER_MODULES: [&str; 12] = [
    "os",
    "re",
    "time",
    "json",
    "collections",
    "itertools",
    "functools",
    "operator",
    "subprocess",
    "socket",
    "struct",
    "traceback",
];
/// What is known of `math`.
const MATH: [&str; 14] = [
    "ceil", "floor", "trunc", "fabs", "sqrt", "log", "log2", "log10", "exp", "pow", "isclose", "isnan",
    "gcd", "hypot",
];
/// Names that packetdrill sets from what the kernel tells.
const TOLD: [&str; 6] = ["tcpi_", "SK_MEMINFO_", "bbr_", "dctcp_", "tcpv_", "TCP"];
/// Digits behind the point that `round` leaves at the most.
const MOST_DIGITS: usize = 300;
/// No range is longer.
const LONGEST_RANGE: i128 = 10_000;

/// What a name is that nothing was given to.
pub(super) fn built_in(name: &str) -> Run<Value> {
    if BUILT_IN.contains(&name) || MORE_BUILT_IN.contains(&name) || is_exception(name) {
        return Ok(Value::BuiltIn(name.into()));
    }
    // packetdrill imports it in front of all snippets.
    match name == "sys" {
        true => Ok(Value::BuiltIn(name.into())),
        false => Err(no_name(name)),
    }
}

/// A name stands for nothing: the kernel would tell it and the stack does not, or nobody knows it.
pub(super) fn no_name(name: &str) -> Fault {
    match TOLD.iter().any(|told| name.starts_with(told)) {
        true => Fault::unsupported(format!("the variable {name}")),
        false => Fault::raise("NameError", format!("name '{name}' is not defined")),
    }
}

pub(super) fn is_exception(name: &str) -> bool {
    EXCEPTIONS.iter().any(|(known, _)| *known == name)
}

/// Whether who catches `wanted` catches `kind`.
pub(super) fn is_kind_of(kind: &str, wanted: &str) -> bool {
    let mut kind = kind;
    while kind != wanted {
        match EXCEPTIONS.iter().find(|(known, _)| *known == kind) {
            Some((_, parent)) => kind = parent,
            None => return false,
        }
    }
    true
}

/// A module by its name.
pub(super) fn module(name: &str) -> Run<Value> {
    match MODULES.contains(&name) || OTHER_MODULES.contains(&name) {
        true => Ok(Value::BuiltIn(name.into())),
        false => Err(Fault::unsupported(format!("the module {name}"))),
    }
}

/// What a module has under a name.
pub(super) fn member(module: &str, name: &str) -> Run<Value> {
    match (module, name) {
        ("math", "pi") => Ok(Value::Float(std::f64::consts::PI)),
        ("math", "e") => Ok(Value::Float(std::f64::consts::E)),
        ("math", "inf") => Ok(Value::Float(f64::INFINITY)),
        ("math", "nan") => Ok(Value::Float(f64::NAN)),
        ("math", _) if MATH.contains(&name) => Ok(Value::BuiltIn(format!("math.{name}").into())),
        ("sys", "exit" | "stdout" | "stderr") => Ok(Value::BuiltIn(format!("sys.{name}").into())),
        ("sys.stdout" | "sys.stderr", "write" | "flush") => Ok(Value::BuiltIn(format!("sys.{name}").into())),
        ("sys", "maxsize") => Ok(Value::Integer(i64::MAX.into())),
        _ => Err(Fault::unsupported(format!("{module}.{name}"))),
    }
}

/// `value.name`.
pub(super) fn attribute(value: Value, name: &str) -> Run<Value> {
    match &value {
        Value::BuiltIn(module) if !BUILT_IN.contains(&&**module) && !MORE_BUILT_IN.contains(&&**module) => {
            member(module, name)
        }
        Value::Exception(exception) if name == "args" => Ok(Value::tuple(vec![Value::text(&exception.1)])),
        _ if method::is_known(&value, name) => Ok(Value::Method((value, name.to_owned()).into())),
        _ => Err(Fault::unsupported(format!("{} of a {}", name, value.kind()))),
    }
}

impl Interpreter {
    pub(super) fn call_built_in(
        &mut self,
        name: &str,
        plain: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Run<Value> {
        match name {
            "print" => {
                self.print(&plain, &named);
                return Ok(Value::None);
            }
            "sys.write" => {
                self.print(&plain, &[]);
                return Ok(Value::None);
            }
            "sys.flush" => return Ok(Value::None),
            "exit" | "quit" | "sys.exit" => return self.exit(plain.first()),
            "sorted" | "max" | "min" => return self.ordered(name, plain, &named),
            "map" | "filter" => return self.mapped(name, &plain),
            "dict" => {
                let base = plain.first().map_or(Ok(Vec::new()), pairs)?;
                let named = named.into_iter().map(|(name, value)| (Value::text(name), value));
                return Ok(Value::dict(base.into_iter().chain(named).collect()));
            }
            _ if is_exception(name) => {
                let message = plain.first().map(Value::shown).unwrap_or_default();
                return Ok(Value::Exception((name.to_owned(), message).into()));
            }
            _ => {}
        }
        let start = named.iter().find(|(known, _)| known == "start").map(|(_, value)| value.clone());
        if let Some(unknown) = named.iter().find(|(name, _)| !matches!(name.as_str(), "start" | "strict")) {
            return Err(Fault::unsupported(format!("{name} with {}", unknown.0)));
        }
        self.spend(plain.first().and_then(Value::items).map_or(1, |items| items.len()))?;
        let plain: Vec<Value> = plain.into_iter().chain(start).collect();
        let value = of_items(name, &plain).or_else(|| of_values(name, &plain));
        value.unwrap_or_else(|| {
            let kinds: Vec<&str> = plain.iter().map(Value::kind).collect();
            Err(Fault::raise("TypeError", format!("{name}({}) makes no sense", kinds.join(", "))))
        })
    }

    fn print(&mut self, values: &[Value], named: &[(String, Value)]) {
        let separator = named.iter().find(|(name, _)| name == "sep").map(|(_, value)| value.shown());
        let shown: Vec<String> = values.iter().map(Value::shown).collect();
        let text = shown.join(separator.as_deref().unwrap_or(" "));
        self.printed.extend(text.lines().map(str::to_owned));
    }

    /// The snippet, and all behind it, is over; well or not.
    fn exit(&mut self, status: Option<&Value>) -> Run<Value> {
        let message = match status {
            None | Some(Value::None) => "0".to_owned(),
            Some(status) => status.shown(),
        };
        Err(Fault::raise("SystemExit", message))
    }

    /// `sorted`, `min` and `max`, by a key where there is one.
    fn ordered(&mut self, name: &str, mut plain: Vec<Value>, named: &[(String, Value)]) -> Run<Value> {
        let option = |wanted: &str| named.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let items = match &plain[..] {
            [list] => index::items(list)?,
            _ => std::mem::take(&mut plain),
        };
        let mut keyed = Vec::new();
        for item in items {
            let key = match option("key").filter(|key| !matches!(key, Value::None)) {
                Some(key) => self.call(key, vec![item.clone()], Vec::new())?,
                None => item.clone(),
            };
            self.spend(1)?;
            keyed.push((key, item));
        }
        if name == "sorted" {
            let is_reverse = option("reverse").is_some_and(Value::is_true);
            keyed.sort_by(|left, right| {
                let order = left.0.compare(&right.0).unwrap_or(Ordering::Equal);
                if is_reverse { order.reverse() } else { order }
            });
            return Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect()));
        }
        let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
        let best = keyed
            .into_iter()
            .reduce(|best, next| if next.0.compare(&best.0) == Some(wanted) { next } else { best });
        let best = best.map(|(_, item)| item).or_else(|| option("default").cloned());
        best.ok_or_else(|| Fault::raise("ValueError", format!("{name}() of nothing")))
    }

    fn mapped(&mut self, name: &str, plain: &[Value]) -> Run<Value> {
        let [function, list] = plain else {
            return Err(Fault::unsupported(format!("{name} of several lists")));
        };
        let mut values = Vec::new();
        for item in index::items(list)? {
            let made = match function {
                Value::None => item.clone(),
                function => self.call(function, vec![item.clone()], Vec::new())?,
            };
            if name == "map" {
                self.push(&mut values, made)?;
            } else if made.is_true() {
                self.push(&mut values, item)?;
            }
        }
        Ok(Value::list(values))
    }
}

/// The pairs of a dictionary, or of a list of pairs.
fn pairs(value: &Value) -> Run<Vec<(Value, Value)>> {
    if let Value::Dict(pairs) = value {
        return Ok(pairs.borrow().clone());
    }
    let mut pairs = Vec::new();
    for item in index::items(value)? {
        match &index::items(&item)?[..] {
            [key, value] => pairs.push((index::key(key.clone())?, value.clone())),
            _ => {
                return Err(Fault::raise(
                    "ValueError",
                    "dictionary update sequence element has not length 2",
                ));
            }
        }
    }
    Ok(pairs)
}

/// Functions of lists; `None` of something else.
fn of_items(name: &str, plain: &[Value]) -> Option<Run<Value>> {
    if name == "range" {
        return Some(range(plain));
    }
    if name == "zip" {
        let lists: Option<Vec<Vec<Value>>> = plain.iter().map(Value::items).collect();
        let lists = lists?;
        let len = lists.iter().map(Vec::len).min().unwrap_or(0);
        let row = |at: usize| Value::tuple(lists.iter().map(|list| list[at].clone()).collect());
        return Some(Ok(Value::list((0..len).map(row).collect())));
    }
    if plain.is_empty() {
        return match name {
            "list" => Some(Ok(Value::list(Vec::new()))),
            "tuple" => Some(Ok(Value::tuple(Vec::new()))),
            "set" | "frozenset" => Some(Ok(Value::set(Vec::new()))),
            _ => None,
        };
    }
    let items = plain.first().and_then(Value::items)?;
    Some(Ok(match (name, &plain[1..]) {
        ("len", []) => Value::Integer(items.len() as i128),
        ("sum", rest) => {
            let start = rest.first().cloned().unwrap_or(Value::Integer(0));
            return Some(items.iter().try_fold(start, |sum, next| operate::binary(&sum, "+", next)));
        }
        ("any", []) => items.iter().any(Value::is_true).into(),
        ("all", []) => items.iter().all(Value::is_true).into(),
        ("list" | "iter", []) => Value::list(items),
        ("tuple", []) => Value::tuple(items),
        ("set" | "frozenset", []) => Value::set(items),
        ("reversed", []) => Value::list(items.into_iter().rev().collect()),
        ("enumerate", rest) => {
            let first = rest.first().and_then(Value::integer).unwrap_or(0);
            let numbered = |(index, item)| Value::tuple(vec![Value::Integer(first + index as i128), item]);
            Value::list(items.into_iter().enumerate().map(numbered).collect())
        }
        _ => return None,
    }))
}

/// Functions of numbers and texts; `None` of something else.
fn of_values(name: &str, plain: &[Value]) -> Option<Run<Value>> {
    Some(Ok(match (name, plain) {
        ("str", []) => Value::text(""),
        ("str", [value]) => Value::text(value.shown()),
        ("repr", [value]) => Value::text(value.written()),
        ("bool", [value]) => value.is_true().into(),
        ("bool", []) => false.into(),
        ("int", []) => Value::Integer(0),
        ("float", []) => Value::Float(0.0),
        ("type", [value]) => Value::BuiltIn(value.kind().into()),
        ("callable", [value]) => {
            matches!(value, Value::Function(_) | Value::BuiltIn(_) | Value::Method(_)).into()
        }
        ("isinstance", [value, kinds]) => is_instance(value, kinds).into(),
        ("format", [value, spec]) => return Some(format::specified(value, &spec.shown()).map(Value::text)),
        ("hex" | "oct" | "bin", [value]) => {
            let spec = match name {
                "hex" => "#x",
                "oct" => "#o",
                _ => "#b",
            };
            return Some(format::specified(&Value::Integer(value.integer()?), spec).map(Value::text));
        }
        ("chr", [value]) => Value::text(char::from_u32(u32::try_from(value.integer()?).ok()?)?.to_string()),
        ("ord", [Value::Text(text)]) => Value::Integer(u32::from(text.chars().next()?).into()),
        ("int", [Value::Text(text), base @ ..]) => {
            let base = base.first().map_or(Some(10), Value::integer)?;
            return Some(parsed(text, base));
        }
        ("float", [Value::Text(text)]) => {
            let wrong = || Fault::raise("ValueError", format!("could not convert string to float: '{text}'"));
            return Some(text.trim().parse().map(Value::Float).map_err(|_| wrong()));
        }
        ("divmod", [left, right]) => {
            let (whole, rest) = (operate::binary(left, "//", right), operate::binary(left, "%", right));
            return Some(whole.and_then(|whole| Ok(Value::tuple(vec![whole, rest?]))));
        }
        ("pow", [base, power]) => return Some(operate::binary(base, "**", power)),
        ("math.pow", [base, power]) => Value::Float(base.float()?.powf(power.float()?)),
        ("math.hypot", [left, right]) => Value::Float(left.float()?.hypot(right.float()?)),
        ("math.gcd", [left, right]) => {
            let (mut left, mut right) = (left.integer()?.unsigned_abs(), right.integer()?.unsigned_abs());
            while right != 0 {
                (left, right) = (right, left % right);
            }
            Value::Integer(i128::try_from(left).ok()?)
        }
        ("math.isclose", [left, right]) => {
            let (left, right) = (left.float()?, right.float()?);
            ((left - right).abs() <= 1e-9 * left.abs().max(right.abs())).into()
        }
        ("math.log", [value, base]) => Value::Float(value.float()?.ln() / base.float()?.ln()),
        ("round", [value, digits]) if !matches!(digits, Value::None) => rounded(value, digits.integer()?)?,
        (_, [value, ..]) => of_number(name, value)?,
        _ => return None,
    }))
}

fn rounded(value: &Value, digits: i128) -> Option<Value> {
    if let Some(whole) = value.integer().filter(|_| digits >= 0) {
        return Some(Value::Integer(whole));
    }
    let number = value.float()?;
    if let Ok(digits) = usize::try_from(digits) {
        return format!("{number:.*}", digits.min(MOST_DIGITS)).parse().ok().map(Value::Float);
    }
    let scale = 10_f64.powi(i32::try_from(-digits).ok()?);
    Some(Value::Float((number / scale).round_ties_even() * scale))
}

fn of_number(name: &str, value: &Value) -> Option<Value> {
    let whole = |value: f64| Value::Integer(value as i128);
    if let (Some(integer), "int" | "round" | "math.ceil" | "math.floor" | "math.trunc") =
        (value.integer(), name)
    {
        return Some(Value::Integer(integer));
    }
    let float = value.float()?;
    Some(match name {
        "abs" => value.integer().map_or(Value::Float(float.abs()), |value| Value::Integer(value.abs())),
        "float" => Value::Float(float),
        "int" | "math.trunc" => whole(float.trunc()),
        "round" => whole(float.round_ties_even()),
        "math.ceil" => whole(float.ceil()),
        "math.floor" => whole(float.floor()),
        "math.fabs" => Value::Float(float.abs()),
        "math.isnan" => float.is_nan().into(),
        "math.exp" => Value::Float(float.exp()),
        "math.sqrt" if float >= 0.0 => Value::Float(float.sqrt()),
        "math.log" if float > 0.0 => Value::Float(float.ln()),
        "math.log2" if float > 0.0 => Value::Float(float.log2()),
        "math.log10" if float > 0.0 => Value::Float(float.log10()),
        _ => return None,
    })
}

fn parsed(text: &str, base: i128) -> Run<Value> {
    let wrong =
        || Fault::raise("ValueError", format!("invalid literal for int() with base {base}: '{text}'"));
    let digits = text.trim().replace('_', "").to_lowercase();
    let (digits, base) = match (digits.get(..2), base) {
        (Some("0x"), 0 | 16) => (digits[2..].to_owned(), 16),
        (Some("0o"), 0 | 8) => (digits[2..].to_owned(), 8),
        (Some("0b"), 0 | 2) => (digits[2..].to_owned(), 2),
        (_, 0) => (digits, 10),
        _ => (digits, base),
    };
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base)).ok_or_else(wrong)?;
    i128::from_str_radix(&digits, base).map(Value::Integer).map_err(|_| wrong())
}

fn is_instance(value: &Value, kinds: &Value) -> bool {
    match kinds {
        Value::Tuple(kinds) => kinds.iter().any(|kind| is_instance(value, kind)),
        Value::BuiltIn(kind) => {
            &**kind == value.kind()
                || &**kind == "int" && matches!(value, Value::Bool(_))
                || matches!(value, Value::Exception(_)) && is_kind_of(value.kind(), kind)
        }
        _ => false,
    }
}

fn range(plain: &[Value]) -> Run<Value> {
    let numbers: Option<Vec<i128>> = plain.iter().map(Value::integer).collect();
    let wrong = || Fault::raise("TypeError", "range() takes one to three integers");
    let (start, end, step) = match numbers.ok_or_else(wrong)?[..] {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [_, _, 0] => return Err(Fault::raise("ValueError", "range() arg 3 must not be zero")),
        [start, end, step] => (start, end, step),
        _ => return Err(wrong()),
    };
    let span = end.checked_sub(start).and_then(|span| span.checked_add(step - step.signum()));
    let count = span.and_then(|span| span.checked_div(step)).unwrap_or(i128::MAX).max(0);
    if count > LONGEST_RANGE {
        return Err(Fault::unsupported("a range that is so long"));
    }
    Ok(Value::list((0..count).map(|index| Value::Integer(start + index * step)).collect()))
}
