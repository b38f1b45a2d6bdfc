//! Commands as the shell reads them (POSIX.1-2024, Shell & Utilities, chapter 2), as far as scripts use it.
//!
//! In: the text of a command. Out: the status that it ends with, and what it asked for in vain. No program is ever
//! started: those that are known act upon [`Settings`], and what an unknown one would have said is unknown.
//!
//! Left out: here-documents, globs, job control, aliases, arrays, and what a subshell keeps to itself but its end.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::sysctl::{Settings, Unheeded, program};

mod expand;
mod filters;
mod grep;
mod lexer;
mod look;
mod parser;
mod pattern;
mod sum;
mod tools;

use lexer::Word;
pub(crate) use look::SocketLine;
use parser::{Node, Redirection};

/// No script's loop turns as often.
const MOST_STEPS: u32 = 100_000;
/// Functions that call functions.
const MOST_DEPTH: u32 = 64;

/// What has been written, if that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) is_unknown: bool,
}

impl Said {
    pub(crate) const UNKNOWN: Self = Self { text: String::new(), is_unknown: true };

    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_unknown: false }
    }

    fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.is_unknown |= other.is_unknown;
    }
}

/// How a command ended.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pub(crate) status: u8,
    pub(crate) unheeded: Unheeded,
}

/// Why what follows is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    Loop,
    Turn,
    Function,
    Shell,
}

/// A shell at work.
struct Shell<'a> {
    settings: &'a mut Settings,
    variables: BTreeMap<String, String>,
    functions: BTreeMap<String, Rc<Node>>,
    /// `$1` and those behind it.
    parameters: Vec<String>,
    unheeded: Unheeded,
    /// `$?`.
    status: u8,
    leaves: Option<Leave>,
    /// `set -e`.
    ends_on_failure: bool,
    /// How many conditions this is within, where a failure is none.
    conditions: u32,
    depth: u32,
    steps: u32,
}

/// Does what a command asks for.
pub(crate) fn run(command: &str, settings: &mut Settings) -> Ending {
    let Ok(node) = parser::parse(command) else {
        return Ending { status: 0, unheeded: vec![format!("`{}`", command.trim())] };
    };
    let mut shell = Shell {
        settings,
        variables: BTreeMap::from([("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())]),
        functions: BTreeMap::new(),
        parameters: Vec::new(),
        unheeded: Unheeded::new(),
        status: 0,
        leaves: None,
        ends_on_failure: false,
        conditions: 0,
        depth: 0,
        steps: 0,
    };
    shell.node(&node, &Said::default(), &mut Said::default());
    // What is not known to have happened is not known to have failed.
    let status = if shell.unheeded.is_empty() { shell.status } else { 0 };
    Ending { status, unheeded: shell.unheeded }
}

impl Shell<'_> {
    fn node(&mut self, node: &Node, input: &Said, output: &mut Said) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.depth > MOST_DEPTH {
            self.unheed("a loop without an end");
            self.leaves = Some(Leave::Shell);
        }
        if self.leaves.is_some() {
            return;
        }
        match node {
            Node::Simple { words, redirections } => self.simple(words, redirections, input, output),
            Node::Sequence(nodes) => self.sequence(nodes, input, output),
            Node::Pipe(nodes) => self.pipe(nodes, input, output),
            Node::Not(node) => {
                self.condition(node, input, output);
                self.status = u8::from(self.status == 0);
            }
            Node::And(left, right) => {
                self.condition(left, input, output);
                if self.status == 0 {
                    self.node(right, input, output);
                }
            }
            Node::Or(left, right) => self.either(left, right, input, output),
            Node::If(arms, otherwise) => self.branch(arms, otherwise.as_deref(), input, output),
            Node::For(name, words, body) => self.each(name, words, body, output),
            Node::While { wanted, condition, body } => self.turns(*wanted, condition, body, output),
            Node::Case(word, arms) => self.case(word, arms, output),
            Node::Function(name, body) => {
                self.functions.insert(name.clone(), Rc::clone(body));
                self.status = 0;
            }
            Node::Group { node, redirections, is_subshell } => {
                let mut said = Said::default();
                self.node(node, input, &mut said);
                if *is_subshell && self.leaves == Some(Leave::Shell) {
                    self.leaves = None;
                }
                self.redirect(said, redirections, output);
            }
        }
    }

    fn condition(&mut self, node: &Node, input: &Said, output: &mut Said) {
        self.conditions += 1;
        self.node(node, input, output);
        self.conditions -= 1;
    }

    fn sequence(&mut self, nodes: &[Node], input: &Said, output: &mut Said) {
        for node in nodes {
            self.node(node, input, output);
            let is_condition = matches!(node, Node::And(..) | Node::Or(..) | Node::Not(_));
            if self.ends_on_failure && self.status != 0 && self.conditions == 0 && !is_condition {
                self.leaves.get_or_insert(Leave::Shell);
            }
        }
    }

    fn pipe(&mut self, nodes: &[Node], input: &Said, output: &mut Said) {
        let mut passed = input.clone();
        for (index, node) in nodes.iter().enumerate() {
            let mut said = Said::default();
            self.node(node, &passed, &mut said);
            if index + 1 == nodes.len() {
                output.append(&said);
            }
            passed = said;
        }
    }

    /// What the second command does counts where the first cannot be done.
    fn either(&mut self, left: &Node, right: &Node, input: &Said, output: &mut Said) {
        let before = self.unheeded.len();
        self.condition(left, input, output);
        let is_in_vain = self.unheeded.len() > before;
        if self.status == 0 && !is_in_vain || self.leaves.is_some() {
            return;
        }
        let between = self.unheeded.len();
        self.node(right, input, output);
        if is_in_vain && self.unheeded.len() == between {
            self.unheeded.truncate(before);
        }
    }

    fn branch(&mut self, arms: &[(Node, Node)], otherwise: Option<&Node>, input: &Said, output: &mut Said) {
        for (condition, body) in arms {
            self.condition(condition, input, output);
            if self.status == 0 {
                return self.node(body, input, output);
            }
        }
        self.status = 0;
        if let Some(node) = otherwise {
            self.node(node, input, output);
        }
    }

    fn each(&mut self, name: &str, words: &[Word], body: &Node, output: &mut Said) {
        let values = self.fields(words);
        self.status = 0;
        for value in values {
            self.variables.insert(name.to_owned(), value);
            self.node(body, &Said::default(), output);
            if self.turn_ends_loop() {
                break;
            }
        }
    }

    fn turns(&mut self, wanted: bool, condition: &Node, body: &Node, output: &mut Said) {
        let mut status = 0;
        loop {
            self.condition(condition, &Said::default(), output);
            if (self.status == 0) != wanted || self.leaves.is_some() {
                break;
            }
            self.node(body, &Said::default(), output);
            status = self.status;
            if self.turn_ends_loop() {
                break;
            }
        }
        if self.leaves.is_none() {
            self.status = status;
        }
    }

    /// `break` and `continue` go no further than the loop; anything else ends it as well.
    fn turn_ends_loop(&mut self) -> bool {
        match self.leaves {
            None => false,
            Some(Leave::Turn) => {
                self.leaves = None;
                false
            }
            Some(Leave::Loop) => {
                self.leaves = None;
                true
            }
            Some(Leave::Function | Leave::Shell) => true,
        }
    }

    fn case(&mut self, word: &Word, arms: &[(Vec<Word>, Node)], output: &mut Said) {
        let value = self.text(word);
        self.status = 0;
        for (patterns, body) in arms {
            if patterns.iter().any(|pattern| tools::is_like(&self.text(pattern), &value)) {
                return self.node(body, &Said::default(), output);
            }
        }
    }

    fn simple(&mut self, words: &[Word], redirections: &[Redirection], input: &Said, output: &mut Said) {
        let assigned = words.iter().take_while(|word| word.assigns().is_some()).count();
        for word in &words[..assigned] {
            if let Some((name, rest)) = word.assigns() {
                self.status = 0;
                let value = self.text(&rest);
                self.variables.insert(name.to_owned(), value);
            }
        }
        let fields = self.fields(&words[assigned..]);
        let Some((name, arguments)) = fields.split_first() else {
            return self.redirect(Said::default(), redirections, output);
        };
        let mut said = Said::default();
        self.command(name, arguments, input, &mut said);
        self.redirect(said, redirections, output);
    }

    fn command(&mut self, name: &str, arguments: &[String], input: &Said, said: &mut Said) {
        if let Some(body) = self.functions.get(name).map(Rc::clone) {
            let outer = std::mem::replace(&mut self.parameters, arguments.to_vec());
            self.depth += 1;
            self.node(&body, input, said);
            self.depth -= 1;
            self.parameters = outer;
            if self.leaves == Some(Leave::Function) {
                self.leaves = None;
            }
            return;
        }
        if self.built_in(name, arguments) {
            return;
        }
        if let Some(status) = tools::run(name, arguments, input, said, self.settings) {
            match status {
                Ok(status) => self.status = status,
                Err(what) => self.unheed(&what),
            }
            return;
        }
        let mut unheeded = Unheeded::new();
        let (status, told) = program(name, arguments, self.settings, &mut unheeded);
        self.status = status;
        self.unheeded.append(&mut unheeded);
        said.append(&told);
    }

    /// What only the shell itself can do; false when it is nothing of the kind.
    fn built_in(&mut self, name: &str, arguments: &[String]) -> bool {
        let number = arguments.first().and_then(|text| text.parse::<i64>().ok());
        let status = number.map_or(self.status, |number| number as u8);
        let leaves = match name {
            "exit" => Some((Leave::Shell, status)),
            "return" => Some((Leave::Function, status)),
            "break" => Some((Leave::Loop, 0)),
            "continue" => Some((Leave::Turn, 0)),
            _ => None,
        };
        if let Some((leave, status)) = leaves {
            (self.leaves, self.status) = (Some(leave), status);
            return true;
        }
        match name {
            "set" => {
                for flag in arguments.iter().filter(|flag| flag.contains('e')) {
                    self.ends_on_failure = flag.starts_with('-');
                }
            }
            "export" | "local" | "readonly" => {
                for (name, value) in arguments.iter().filter_map(|word| word.split_once('=')) {
                    self.variables.insert(name.to_owned(), value.to_owned());
                }
            }
            "unset" => self.variables.retain(|name, _| !arguments.contains(name)),
            "shift" => drop(self.parameters.drain(..self.parameters.len().min(1))),
            "eval" => self.another(&arguments.join(" ")),
            "sh" | "bash" if arguments.first().is_some_and(|flag| flag == "-c") && arguments.len() > 1 => {
                self.another(&arguments[1]);
            }
            _ => return false,
        }
        if !matches!(name, "eval" | "sh" | "bash") {
            self.status = 0;
        }
        true
    }

    /// Another text is a command as well.
    fn another(&mut self, command: &str) {
        let Ok(node) = parser::parse(command) else { return self.unheed(&format!("`{command}`")) };
        self.depth += 1;
        self.node(&node, &Said::default(), &mut Said::default());
        self.depth -= 1;
    }

    /// Brings what a command has said to where it goes.
    fn redirect(&mut self, said: Said, redirections: &[Redirection], output: &mut Said) {
        let mut file = None;
        for redirection in redirections {
            let to = self.text(&redirection.to);
            if redirection.descriptor == 1 {
                file = Some(to);
            }
        }
        match file.as_deref() {
            None => output.append(&said),
            Some("/dev/null" | "/dev/stderr" | "&2") => {}
            Some(path) => match tools::write(path, &said, self.settings) {
                Ok(()) => {}
                Err(what) => self.unheed(&what),
            },
        }
    }

    fn unheed(&mut self, what: &str) {
        self.unheeded.push(what.to_owned());
        self.status = 0;
    }
}

#[cfg(test)]
mod tests;
