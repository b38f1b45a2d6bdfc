//! The programs that make other text of text. A form of theirs that is not known here is left to whoever asks: its text is
//! unknown then.

use super::Said;
use super::pattern::Pattern;

/// What a program makes of its input; `None` when this is none of them, or not a form that is known.
pub(super) fn run(name: &str, arguments: &[String], input: &str) -> Option<Said> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let lines = || input.lines();
    match name {
        "head" => Some(said(lines().take(count(&arguments, "")?))),
        "tail" => match count(&arguments, "+") {
            Some(from) => Some(said(lines().skip(from.saturating_sub(1)))),
            None => Some(said(lines().skip(lines().count().saturating_sub(count(&arguments, "")?)))),
        },
        "cut" => cut(&arguments, input),
        "tr" => translate(&arguments, input),
        "sort" => sort(&arguments, input),
        "uniq" if arguments.is_empty() => {
            let mut lines: Vec<&str> = lines().collect();
            lines.dedup();
            Some(said(lines))
        }
        "wc" => match arguments[..] {
            ["-l"] => Some(said([lines().count()])),
            ["-w"] => Some(said([input.split_whitespace().count()])),
            ["-c"] => Some(said([input.len()])),
            _ => None,
        },
        "sed" => substitute(&arguments, input),
        "awk" => columns(&arguments, input),
        _ => None,
    }
}

fn said<L: std::fmt::Display>(lines: impl IntoIterator<Item = L>) -> Said {
    Said::known(lines.into_iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// The number of `-n 5`, `-n5` and `-5`, behind a sign.
fn count(arguments: &[&str], sign: &str) -> Option<usize> {
    let number = match arguments[..] {
        [] if sign.is_empty() => return Some(10),
        ["-n", number] => number,
        [flag] => flag.strip_prefix("-n").or_else(|| flag.strip_prefix('-'))?,
        _ => return None,
    };
    number.strip_prefix(sign)?.parse().ok()
}

/// `cut -d: -f2,4-`, `cut -c1-3`.
fn cut(arguments: &[&str], input: &str) -> Option<Said> {
    let (mut separator, mut fields, mut characters) = ("\t", None, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_at_checked(2)?;
        let value = if value.is_empty() { words.next()? } else { value };
        match flag {
            "-d" => separator = value,
            "-f" => fields = Some(ranges(value)?),
            "-c" => characters = Some(ranges(value)?),
            _ => return None,
        }
    }
    let chosen = |ranges: &[(usize, usize)], at: usize| {
        ranges.iter().any(|(first, last)| (*first..=*last).contains(&(at + 1)))
    };
    let line = |line: &str| match (&fields, &characters) {
        (Some(_), None) if !line.contains(separator) => Some(line.to_owned()),
        (Some(ranges), None) => {
            let fields = line.split(separator).enumerate().filter(|(at, _)| chosen(ranges, *at));
            Some(fields.map(|(_, field)| field).collect::<Vec<_>>().join(separator))
        }
        (None, Some(ranges)) => {
            let kept = line.chars().enumerate().filter(|(at, _)| chosen(ranges, *at));
            Some(kept.map(|(_, character)| character).collect())
        }
        _ => None,
    };
    Some(said(input.lines().map(line).collect::<Option<Vec<_>>>()?))
}

/// `2`, `2,4-6`, `3-`, `-2`: counted from 1.
fn ranges(text: &str) -> Option<Vec<(usize, usize)>> {
    let range = |text: &str| match text.split_once('-') {
        None => text.parse().ok().map(|one| (one, one)),
        Some((first, "")) => Some((first.parse().ok()?, usize::MAX)),
        Some(("", last)) => Some((1, last.parse().ok()?)),
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
    };
    text.split(',').map(range).collect()
}

/// `tr a-z A-Z`, `tr -d ' '`, `tr -s ' '`.
fn translate(arguments: &[&str], input: &str) -> Option<Said> {
    let text: String = match arguments[..] {
        ["-d", set] => {
            let set = members(set)?;
            input.chars().filter(|character| !set.contains(character)).collect()
        }
        ["-s", set] => {
            let set = members(set)?;
            let mut before = None;
            let once = |character: &char| {
                let again = before.replace(*character) == Some(*character);
                !(again && set.contains(character))
            };
            input.chars().filter(once).collect()
        }
        [from, to] if !from.starts_with('-') => {
            let (from, to) = (members(from)?, members(to)?);
            let last = *to.last()?;
            let instead = |character: char| match from.iter().position(|known| *known == character) {
                Some(at) => to.get(at).copied().unwrap_or(last),
                None => character,
            };
            input.chars().map(instead).collect()
        }
        _ => return None,
    };
    Some(Said::known(text))
}

fn members(set: &str) -> Option<Vec<char>> {
    if set.contains("[:") {
        return None;
    }
    let mut out = Vec::new();
    let mut rest = set.chars();
    while let Some(character) = rest.next() {
        let character = match character {
            '\\' => match rest.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            other => other,
        };
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                out.extend(character..=last);
                rest = ahead;
            }
            _ => out.push(character),
        }
    }
    Some(out)
}

/// `sort`, `sort -n`, `sort -u`, `sort -r`.
fn sort(arguments: &[&str], input: &str) -> Option<Said> {
    let flags: String = arguments.iter().map(|flag| flag.strip_prefix('-')).collect::<Option<_>>()?;
    if !flags.chars().all(|flag| "nru".contains(flag)) {
        return None;
    }
    let mut lines: Vec<&str> = input.lines().collect();
    lines.sort();
    if flags.contains('n') {
        let number = |line: &&str| {
            let text = line.trim_start();
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
            text[..end].parse::<i64>().unwrap_or(0)
        };
        lines.sort_by_key(number);
    }
    if flags.contains('u') {
        lines.dedup();
    }
    if flags.contains('r') {
        lines.reverse();
    }
    Some(said(lines))
}

/// `sed 's/PATTERN/TEXT/'`, with `-n` and `-E`, and `g` and `p` behind it.
fn substitute(arguments: &[&str], input: &str) -> Option<Said> {
    let (command, flags) = arguments.split_last()?;
    if !flags.iter().all(|flag| ["-n", "-E", "-r", "-nE", "-nr", "-e"].contains(flag)) {
        return None;
    }
    let has = |letter| flags.iter().any(|flag| flag.contains(letter));
    let separator = command.strip_prefix('s')?.chars().next().filter(|sign| !sign.is_alphanumeric())?;
    let mut parts = command[1..].split(separator).skip(1);
    let (pattern, text, how) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || pattern.ends_with('\\') || text.ends_with('\\') {
        return None;
    }
    let (everywhere, prints) = match how {
        "" => (false, false),
        "g" => (true, false),
        "p" => (false, true),
        "gp" => (true, true),
        _ => return None,
    };
    let pattern = Pattern::new(pattern, has('E') || has('r'), false)?;
    let mut out = Vec::new();
    for line in input.lines() {
        let (line, changed) = replaced(&pattern, &line.chars().collect::<Vec<_>>(), text, everywhere);
        let times = usize::from(!has('n')) + usize::from(prints && changed);
        out.extend(std::iter::repeat_n(line, times));
    }
    Some(said(out))
}

fn replaced(pattern: &Pattern, line: &[char], text: &str, everywhere: bool) -> (String, bool) {
    let (mut out, mut at, mut changed) = (String::new(), 0, false);
    while let Some(spans) = pattern.find(line, at).filter(|_| everywhere || !changed) {
        let Some((start, end)) = spans[0] else { break };
        let span = |number: usize| {
            spans.get(number).copied().flatten().map_or(&line[..0], |(start, end)| &line[start..end])
        };
        out.extend(&line[at..start]);
        let mut signs = text.chars();
        while let Some(sign) = signs.next() {
            match sign {
                '&' => out.extend(span(0)),
                '\\' => match signs.next() {
                    Some(digit) if digit.is_ascii_digit() => out.extend(span(digit as usize - '0' as usize)),
                    other => out.extend(other),
                },
                sign => out.push(sign),
            }
        }
        changed = true;
        at = end;
        if start == end {
            out.extend(line.get(at));
            at += 1;
        }
        if at > line.len() {
            break;
        }
    }
    out.extend(line.get(at..).unwrap_or_default());
    (out, changed)
}

/// `awk '{print $2, $3}'`, with `-F:`, and with `NR==2`, `NR>1` or `/text/` before it.
fn columns(arguments: &[&str], input: &str) -> Option<Said> {
    let (program, separator) = match arguments[..] {
        [program] => (program, None),
        ["-F", separator, program] => (program, Some(separator)),
        [flag, program] => (program, Some(flag.strip_prefix("-F")?)),
        _ => return None,
    };
    let (condition, action) = program.trim().strip_suffix('}')?.split_once('{')?;
    let wanted = row(condition.trim())?;
    let printed = action.trim().trim_end_matches(';').trim_end().strip_prefix("print")?;
    let field = |text: &str| match text.trim() {
        "" => Some(0),
        text => text.strip_prefix('$')?.parse::<usize>().ok(),
    };
    let fields = printed.split(',').map(field).collect::<Option<Vec<_>>>()?;
    let lines = input.lines().enumerate().filter(|(at, line)| wanted(at + 1, line));
    Some(said(lines.map(|(_, line)| {
        let parts: Vec<&str> = match separator {
            Some(separator) => line.split(separator).collect(),
            None => line.split_whitespace().collect(),
        };
        let part = |number: &usize| match number {
            0 => line,
            number => parts.get(number - 1).copied().unwrap_or_default(),
        };
        fields.iter().map(part).collect::<Vec<_>>().join(" ")
    })))
}

type Wanted = Box<dyn Fn(usize, &str) -> bool>;

/// Which lines an `awk` program takes, by their number and text.
fn row(condition: &str) -> Option<Wanted> {
    if condition.is_empty() {
        return Some(Box::new(|_, _| true));
    }
    if let Some(pattern) = condition.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let pattern = Pattern::new(pattern, true, false)?;
        return Some(Box::new(move |_, line| pattern.find(&line.chars().collect::<Vec<_>>(), 0).is_some()));
    }
    let rest = condition.strip_prefix("NR")?.trim_start();
    let operator: String = rest.chars().take_while(|sign| "=<>!".contains(*sign)).collect();
    let number: usize = rest[operator.len()..].trim().parse().ok()?;
    Some(match operator.as_str() {
        "==" => Box::new(move |row, _| row == number),
        "!=" => Box::new(move |row, _| row != number),
        ">" => Box::new(move |row, _| row > number),
        ">=" => Box::new(move |row, _| row >= number),
        "<" => Box::new(move |row, _| row < number),
        "<=" => Box::new(move |row, _| row <= number),
        _ => return None,
    })
}
