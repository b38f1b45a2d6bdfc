//! Values as text: `%`, and the specifications of `format` and f-strings (Python's library reference, sections "printf-style
//! String Formatting" and "Format Specification Mini-Language").

use super::interpret::Fault;
use super::operate::short;
use super::value::{self, Value};

/// How a value is to be written.
#[derive(Debug, Default)]
struct Spec {
    fill: Option<char>,
    /// `<`, `>`, `^` or `=`.
    align: Option<char>,
    sign: Option<char>,
    /// `#`: with its base before it.
    alternate: bool,
    width: usize,
    /// `,` or `_` between groups of digits.
    groups: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// `format % values`.
pub(super) fn percent(format: &str, values: &Value) -> Result<Value, Fault> {
    let mut out = String::new();
    let mut plain = match values {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    }
    .into_iter();
    let mut rest = format;
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('%') {
            out.push('%');
            rest = behind;
            continue;
        }
        let (named, behind) = match behind.strip_prefix('(').and_then(|behind| behind.split_once(')')) {
            Some((name, behind)) => (Some(name), behind),
            None => (None, behind),
        };
        let end = behind.find(|c: char| c.is_ascii_alphabetic());
        let end = end.ok_or_else(|| Fault::raise("ValueError", "incomplete format"))?;
        let value = match (named, values) {
            (Some(name), Value::Dict(pairs)) => {
                let pairs = pairs.borrow();
                pairs.iter().find(|(key, _)| key.is_equal(&Value::text(name))).map(|(_, value)| value.clone())
            }
            (Some(_), _) => return Err(Fault::raise("TypeError", "format requires a mapping")),
            (None, _) => plain.next(),
        };
        let value =
            value.ok_or_else(|| Fault::raise("TypeError", "not enough arguments for format string"))?;
        out.push_str(&by_percent(&behind[..=end], &value)?);
        rest = &behind[end + 1..];
        short(out.len())?;
    }
    out.push_str(rest);
    if plain.next().is_some() && !matches!(values, Value::Dict(_)) {
        return Err(Fault::raise("TypeError", "not all arguments converted during string formatting"));
    }
    short(out.len())?;
    Ok(Value::text(out))
}

/// One conversion: flags, width, precision and its letter.
fn by_percent(conversion: &str, value: &Value) -> Result<String, Fault> {
    let flags = conversion.len() - conversion.trim_start_matches(['-', '+', ' ', '#', '0']).len();
    let (flags, rest) = conversion.split_at(flags);
    let has = |flag| flags.contains(flag);
    let mut text = String::new();
    text.push(if has('-') { '<' } else { '>' });
    if has('+') {
        text.push('+');
    }
    if has('#') {
        text.push('#');
    }
    if has('0') && !has('-') {
        text = text.replacen('>', "", 1) + "0";
    }
    let (rest, letter) = rest.split_at(rest.len() - 1);
    text.push_str(rest);
    let wrong = |wanted: &str| {
        Fault::raise("TypeError", format!("%{letter} format: {wanted} is required, not {}", value.kind()))
    };
    match letter {
        "s" => padded(&value.shown(), &text),
        "r" | "a" => padded(&value.written(), &text),
        "c" => padded(&value.shown(), &text),
        "d" | "i" | "u" => {
            let whole = match value {
                Value::Float(float) => Some(*float as i128),
                other => other.integer(),
            };
            specified(&Value::Integer(whole.ok_or_else(|| wrong("a real number"))?), &(text + "d"))
        }
        "x" | "X" | "o" => {
            let whole = value.integer().ok_or_else(|| wrong("an integer"))?;
            specified(&Value::Integer(whole), &(text + letter))
        }
        "f" | "F" | "e" | "E" | "g" | "G" => {
            let number = value.float().ok_or_else(|| wrong("a real number"))?;
            specified(&Value::Float(number), &(text + letter))
        }
        _ => Err(Fault::raise("ValueError", format!("unsupported format character '{letter}'"))),
    }
}

/// A text padded as a `%` conversion says.
fn padded(text: &str, spec: &str) -> Result<String, Fault> {
    specified(&Value::text(text), spec.trim_start_matches(['0', '+', '#']))
}

/// A value as `format(value, spec)` has it.
pub(super) fn specified(value: &Value, spec: &str) -> Result<String, Fault> {
    if spec.is_empty() {
        return Ok(value.shown());
    }
    let invalid = || {
        Fault::raise(
            "ValueError",
            format!("Invalid format specifier '{spec}' for object of type '{}'", value.kind()),
        )
    };
    let spec = read(spec).ok_or_else(invalid)?;
    short(spec.width.max(spec.precision.unwrap_or(0)))?;
    let is_text = matches!(value, Value::Text(_));
    let text = match (value, spec.kind) {
        (Value::Text(text), None | Some('s')) => {
            let kept = spec.precision.unwrap_or(usize::MAX);
            text.chars().take(kept).collect()
        }
        (Value::Float(number), _) => fraction(*number, &spec).ok_or_else(invalid)?,
        (_, Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => {
            fraction(value.float().ok_or_else(invalid)?, &spec).ok_or_else(invalid)?
        }
        _ => whole(value.integer().ok_or_else(invalid)?, &spec).ok_or_else(invalid)?,
    };
    Ok(aligned(text, &spec, is_text))
}

fn read(text: &str) -> Option<Spec> {
    let mut spec = Spec::default();
    let characters: Vec<char> = text.chars().collect();
    let mut rest = &characters[..];
    let is_align = |character: &char| matches!(character, '<' | '>' | '^' | '=');
    match rest {
        [fill, align, behind @ ..] if is_align(align) => {
            (spec.fill, spec.align, rest) = (Some(*fill), Some(*align), behind);
        }
        [align, behind @ ..] if is_align(align) => (spec.align, rest) = (Some(*align), behind),
        _ => {}
    }
    if let [sign @ ('+' | '-' | ' '), behind @ ..] = rest {
        (spec.sign, rest) = (Some(*sign), behind);
    }
    if let ['#', behind @ ..] = rest {
        (spec.alternate, rest) = (true, behind);
    }
    if let ['0', behind @ ..] = rest {
        (spec.fill, rest) = (spec.fill.or(Some('0')), behind);
        spec.align = spec.align.or(Some('='));
    }
    (spec.width, rest) = digits(rest);
    if let [groups @ (',' | '_'), behind @ ..] = rest {
        (spec.groups, rest) = (Some(*groups), behind);
    }
    if let ['.', behind @ ..] = rest {
        let (precision, behind) = digits(behind);
        (spec.precision, rest) = (Some(precision), behind);
    }
    match rest {
        [] => Some(spec),
        [kind] if kind.is_ascii_alphabetic() || *kind == '%' => {
            spec.kind = Some(*kind);
            Some(spec)
        }
        _ => None,
    }
}

fn digits(text: &[char]) -> (usize, &[char]) {
    let count = text.iter().take_while(|character| character.is_ascii_digit()).count();
    let number: String = text[..count].iter().collect();
    (if number.is_empty() { 0 } else { number.parse().unwrap_or(usize::MAX) }, &text[count..])
}

fn whole(value: i128, spec: &Spec) -> Option<String> {
    let magnitude = value.unsigned_abs();
    let digits = match spec.kind {
        None | Some('d' | 'n') => magnitude.to_string(),
        Some('x') => format!("{magnitude:x}"),
        Some('X') => format!("{magnitude:X}"),
        Some('o') => format!("{magnitude:o}"),
        Some('b') => format!("{magnitude:b}"),
        Some('c') => return char::from_u32(u32::try_from(value).ok()?).map(String::from),
        Some(_) => return None,
    };
    let prefix = match spec.kind {
        Some(kind @ ('x' | 'X' | 'o' | 'b')) if spec.alternate => format!("0{kind}"),
        _ => String::new(),
    };
    Some(format!("{}{prefix}{}", sign(value < 0, spec), grouped(&digits, spec)))
}

fn fraction(value: f64, spec: &Spec) -> Option<String> {
    let (magnitude, precision) = (value.abs(), spec.precision.unwrap_or(6));
    let digits = match spec.kind {
        None if spec.precision.is_none() => value::float(magnitude),
        None | Some('g' | 'G' | 'n') => general(magnitude, precision.max(1)),
        Some('f' | 'F') => format!("{magnitude:.precision$}"),
        Some('e') => exponential(magnitude, precision),
        Some('E') => exponential(magnitude, precision).to_uppercase(),
        Some('%') => format!("{:.precision$}%", magnitude * 100.0),
        Some(_) => return None,
    };
    let (whole, rest) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
    let is_negative = value.is_sign_negative() && !value.is_nan();
    Some(format!("{}{}{rest}", sign(is_negative, spec), grouped(whole, spec)))
}

fn exponential(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// As few digits as say it, `precision` at the most.
fn general(value: f64, precision: usize) -> String {
    let scientific = exponential(value, precision - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, text)| text.parse().ok()).unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= i32::try_from(precision).unwrap_or(i32::MAX) {
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{exponent}", trimmed(digits));
    }
    let behind = usize::try_from(i32::try_from(precision).unwrap_or(i32::MAX) - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{value:.behind$}"))
}

fn sign(is_negative: bool, spec: &Spec) -> String {
    match (is_negative, spec.sign) {
        (true, _) => "-".to_owned(),
        (false, Some(sign @ ('+' | ' '))) => sign.to_string(),
        (false, _) => String::new(),
    }
}

fn grouped(digits: &str, spec: &Spec) -> String {
    let Some(separator) = spec.groups else { return digits.to_owned() };
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

fn aligned(text: String, spec: &Spec, is_text: bool) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    let fill = |count: usize| spec.fill.unwrap_or(' ').to_string().repeat(count);
    match spec.align.unwrap_or(if is_text { '<' } else { '>' }) {
        '<' => text + &fill(missing),
        '^' => fill(missing / 2) + &text + &fill(missing - missing / 2),
        '=' if !is_text => {
            let front = text.len() - text.trim_start_matches(['+', '-', ' ']).len();
            format!("{}{}{}", &text[..front], fill(missing), &text[front..])
        }
        _ => fill(missing) + &text,
    }
}
