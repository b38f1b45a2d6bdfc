//! `grep`, on what comes through a pipe and on sysctls.

use super::Said;
use super::pattern::Pattern;
use super::tools::Status;
use crate::sysctl::{self, Settings};

pub(super) fn run(arguments: &[String], input: &Said, said: &mut Said, settings: &Settings) -> Status {
    let unknown = || format!("`grep {}`", arguments.join(" "));
    let request = Request::read(arguments).ok_or_else(unknown)?;
    let (text, is_unknown) = match request.file {
        Some(path) => (sysctl::read(path, settings).ok_or_else(unknown)?, false),
        None => (input.text.clone(), input.is_unknown),
    };
    if is_unknown {
        return Err(unknown());
    }
    let pattern = request.pattern().ok_or_else(unknown)?;
    let mut found = Vec::new();
    for line in text.lines() {
        let characters: Vec<char> = line.chars().collect();
        let spans = pattern.find(&characters, 0);
        if spans.is_some() == request.has('v') {
            continue;
        }
        match spans.and_then(|spans| spans[0]).filter(|_| request.has('o')) {
            Some((start, end)) => found.push(characters[start..end].iter().collect()),
            None => found.push(line.to_owned()),
        }
    }
    if request.has('c') {
        said.text = format!("{}\n", found.len());
    } else if !request.has('q') {
        said.text = found.iter().flat_map(|line| [line, "\n"]).collect();
    }
    Ok(u8::from(found.is_empty()))
}

/// What is asked for.
struct Request<'a> {
    flags: String,
    pattern: &'a str,
    file: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// `None` when it is more than is known here.
    fn read(arguments: &'a [String]) -> Option<Self> {
        let (mut flags, mut pattern, mut file) = (String::new(), None, None);
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                Some("e") => pattern = words.next(),
                Some(letters) if letters.ends_with('e') && pattern.is_none() => {
                    flags.push_str(letters.trim_end_matches('e'));
                    pattern = words.next();
                }
                Some(letters) => flags.push_str(letters),
                None if pattern.is_none() => pattern = Some(word),
                None if file.is_none() => file = Some(word),
                None => return None,
            }
        }
        flags.chars().all(|flag| "qcivoEFsx".contains(flag)).then_some(Self {
            flags,
            pattern: pattern?,
            file,
        })
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn pattern(&self) -> Option<Pattern> {
        let plain: String = self.pattern.chars().flat_map(|sign| ['[', sign, ']']).collect();
        let pattern = match (self.has('F'), self.pattern.contains(['^', '[', ']'])) {
            (true, true) => return None,
            (true, false) => &plain,
            (false, _) => self.pattern,
        };
        let (open, close) = if self.has('E') { ("^(", ")$") } else { (r"^\(", r"\)$") };
        let whole = format!("{open}{pattern}{close}");
        Pattern::new(if self.has('x') { &whole } else { pattern }, self.has('E'), self.has('i'))
    }
}
