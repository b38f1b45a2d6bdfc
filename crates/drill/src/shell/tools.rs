//! The programs that work on words and text alone.

use super::{Said, filters, grep, look};
use crate::sysctl::{self, Settings};

/// How a program ended, or what of it is not known here.
pub(super) type Status = Result<u8, String>;

/// Stars in a pattern: each may take any number of characters, and all ways are tried.
const MOST_STARS: usize = 4;
/// Lines that `seq` writes at the most.
const MOST_LINES: i64 = 10_000;

/// Runs a program; `None` when it is none of these.
pub(super) fn run(
    name: &str,
    arguments: &[String],
    input: &Said,
    said: &mut Said,
    settings: &mut Settings,
) -> Option<Status> {
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(match name {
        "true" | ":" => Ok(0),
        "false" => Ok(1),
        "echo" => {
            let is_flag = arguments.first().is_some_and(|flag| flag == "-n");
            said.text = arguments[usize::from(is_flag)..].join(" ");
            if !is_flag {
                said.text.push('\n');
            }
            Ok(0)
        }
        "printf" => {
            *said = formatted(arguments);
            Ok(0)
        }
        "seq" => sequence(arguments, said),
        "[" if arguments.last().is_some_and(|last| last == "]") => {
            test(&arguments[..arguments.len() - 1], settings)
        }
        "test" => test(arguments, settings),
        "grep" | "egrep" | "fgrep" => grep::run(arguments, input, said, settings),
        "tee" => {
            *said = input.clone();
            let mut files = arguments.iter().filter(|file| !file.starts_with('-') && *file != "/dev/null");
            files.try_for_each(|file| write(file, input, settings)).map(|()| 0)
        }
        "cat" if arguments.is_empty() => {
            *said = input.clone();
            Ok(0)
        }
        "ss" | "ip" => {
            *said = look::run(name, arguments, settings)?;
            Ok(0)
        }
        _ if input.is_unknown => return None,
        _ => {
            *said = filters::run(name, arguments, &input.text)?;
            Ok(0)
        }
    })
}

/// What goes into a file is a setting where the file is one of the kernel's.
pub(super) fn write(path: &str, said: &Said, settings: &mut Settings) -> Result<(), String> {
    if said.is_unknown {
        return Err(format!("what goes to {path}"));
    }
    sysctl::write(path, &said.text, settings)
}

fn formatted(arguments: &[String]) -> Said {
    let Some((format, values)) = arguments.split_first() else { return Said::default() };
    let mut values = values.iter();
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        match (character, character == '%' || character == '\\') {
            (_, false) => text.push(character),
            ('\\', _) => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                other => text.extend(other),
            },
            _ => match characters.next() {
                Some('%') => text.push('%'),
                Some('s' | 'd') => text.push_str(values.next().map_or("", String::as_str)),
                _ => return Said::UNKNOWN,
            },
        }
    }
    Said::known(text)
}

fn sequence(arguments: &[String], said: &mut Said) -> Status {
    let numbers: Vec<i64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let (first, step, last) = match numbers[..] {
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] => (first, step, last),
        _ => return Err(format!("`seq {}`", arguments.join(" "))),
    };
    if step <= 0 || numbers.len() != arguments.len() || last.saturating_sub(first) / step > MOST_LINES {
        return Err(format!("`seq {}`", arguments.join(" ")));
    }
    let mut number = first;
    while number <= last {
        said.text.push_str(&format!("{number}\n"));
        number += step;
    }
    Ok(0)
}

/// Whether what `test` asks holds.
fn test(words: &[String], settings: &Settings) -> Status {
    let unknown = || Err(format!("`test {}`", words.join(" ")));
    let said: Vec<&str> = words.iter().map(String::as_str).collect();
    for (operator, is_and) in [("-o", false), ("-a", true)] {
        if let Some(at) = said.iter().position(|word| *word == operator).filter(|at| *at > 0) {
            let (left, right) = (test(&words[..at], settings)?, test(&words[at + 1..], settings)?);
            let holds = if is_and { left == 0 && right == 0 } else { left == 0 || right == 0 };
            return Ok(u8::from(!holds));
        }
    }
    let holds = match said[..] {
        [] => false,
        [word] => !word.is_empty(),
        ["!", ..] => test(&words[1..], settings)? != 0,
        ["-n", word] => !word.is_empty(),
        ["-z", word] => word.is_empty(),
        ["-e" | "-f" | "-r" | "-w" | "-s", path] => match sysctl::exists(path, settings) {
            Some(exists) => exists,
            None => return unknown(),
        },
        [left, "=" | "==", right] => left == right,
        [left, "!=", right] => left != right,
        [left, operator, right] => {
            let (Ok(left), Ok(right)) = (left.trim().parse::<i64>(), right.trim().parse::<i64>()) else {
                // What is no number is an error.
                return Ok(2);
            };
            match operator {
                "-eq" => left == right,
                "-ne" => left != right,
                "-lt" => left < right,
                "-le" => left <= right,
                "-gt" => left > right,
                "-ge" => left >= right,
                _ => return unknown(),
            }
        }
        _ => return unknown(),
    };
    Ok(u8::from(!holds))
}

/// Whether a word is like a pattern of `*` and `?` (POSIX.1 2.14).
pub(super) fn is_like(pattern: &str, word: &str) -> bool {
    if pattern.matches('*').count() > MOST_STARS {
        return false;
    }
    let mut pattern_left = pattern.chars();
    match pattern_left.next() {
        None => word.is_empty(),
        Some('*') => {
            let ends = word.char_indices().map(|(at, _)| at).chain([word.len()]);
            ends.into_iter().any(|at| is_like(pattern_left.as_str(), &word[at..]))
        }
        Some(first) => {
            let mut left = word.chars();
            left.next().is_some_and(|found| first == '?' || first == found)
                && is_like(pattern_left.as_str(), left.as_str())
        }
    }
}
