//! The text of a scenario, read.
//!
//! In: text, line by line, as `docs/lab.md` describes it. Out: a [`Script`]: statements whose words know where they stand.
//! What a statement means for one run, with these settings and in this world, is for `plan` to say; both
//! speak through one [`ScriptError`], which says where, what was expected, and what to do.
//! Left out on purpose: expressions, loops and files that include files.

use std::fmt;

mod words;

pub use words::Word;
pub(crate) use words::Words;

/// The most octets of a script.
pub const LONGEST: usize = 256 << 10;
/// The most lines.
const MOST_LINES: usize = 5_000;

/// What is wrong with a script or a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, from 1; 0 where it is not the script that is wrong but a setting.
    pub line: usize,
    /// The column of the word, in characters from 1.
    pub column: usize,
    /// What is wrong, what was expected, and what to do.
    pub message: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.message)
        } else {
            write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
        }
    }
}

impl std::error::Error for ScriptError {}

/// A number that the reader may turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// Its name: `delay`.
    pub name: String,
    /// What it is unless it is turned.
    pub default: String,
    /// The least that it takes.
    pub least: String,
    /// The most.
    pub most: String,
    pub(crate) place: Word,
}

/// One statement, and the worlds in which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// `None`: in all of them.
    pub(crate) world: Option<String>,
    pub(crate) words: Vec<Word>,
    /// Behind the last word, for what is missing there.
    pub(crate) end: (usize, usize),
}

/// A scenario as it stands in its text.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Script {
    title: Option<String>,
    knobs: Vec<Knob>,
    worlds: Vec<String>,
    pub(crate) statements: Vec<Statement>,
}

impl Script {
    /// Reads a script. Whether its statements make sense, [`crate::Lab::new`] finds out.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let off = |line, message: &str| ScriptError { line, column: 1, message: message.into() };
        if text.len() > LONGEST {
            return Err(off(1, "the script is longer than 256 KiB: cut it into several"));
        }
        let mut script = Self::default();
        for (index, line) in text.lines().enumerate() {
            if index >= MOST_LINES {
                return Err(off(index + 1, "the script has more than 5000 lines: cut it into several"));
            }
            script.line(index + 1, line)?;
        }
        if script.worlds.is_empty() {
            script.worlds.push("real".into());
        }
        Ok(script)
    }

    /// What it is about, in its own words.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What the reader may turn.
    #[must_use]
    pub fn knobs(&self) -> &[Knob] {
        &self.knobs
    }

    /// The worlds in which it can run, the first of them unless another is asked for.
    #[must_use]
    pub fn worlds(&self) -> &[String] {
        &self.worlds
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), ScriptError> {
        let all = words::split(number, line);
        let end = (number, line.chars().count() + 1);
        let mut words = Words::new(&all, end);
        let Some(first) = words.next() else { return Ok(()) };
        match first.text.as_str() {
            "title" => {
                let rest: Vec<&str> = all[1..].iter().map(|word| word.text.as_str()).collect();
                self.title = Some(rest.join(" "));
                return Ok(());
            }
            "knob" => return self.knob(&mut words),
            "world" => return self.world(&mut words),
            "in" => {
                let name = words.need("the name of a world, with a colon behind it")?;
                let Some(world) = name.text.strip_suffix(':') else {
                    return Err(
                        name.wrong("the name of a world has a colon behind it", "write: in NAME: ...")
                    );
                };
                if !self.worlds.iter().any(|known| known == world) {
                    let fix = format!("name it before, in a line of its own: world {world}");
                    return Err(name.wrong("there is no world of that name", &fix));
                }
                let rest = all[2..].to_vec();
                if rest.is_empty() {
                    return Err(words.missing("a statement"));
                }
                self.statements.push(Statement { world: Some(world.into()), words: rest, end });
            }
            _ => self.statements.push(Statement { world: None, words: all.clone(), end }),
        }
        Ok(())
    }

    /// `knob NAME VALUE from LEAST to MOST`
    fn knob(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let place = words.need("the name of a knob")?.clone();
        let name = place.text.clone();
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(place.wrong("a knob's name has letters, digits and hyphens", "give it another name"));
        }
        if self.knobs.iter().any(|knob| knob.name == name) {
            return Err(place.wrong("there is a knob of that name already", "give it another name"));
        }
        let default = words.need("what the knob is unless it is turned, like 50ms")?.text.clone();
        words.keyword("from")?;
        let least = words.need("the least that the knob takes")?.text.clone();
        words.keyword("to")?;
        let most = words.need("the most that the knob takes")?.text.clone();
        words.end()?;
        let knob = Knob { name, default, least, most, place };
        crate::plan::value::check_knob(&knob)?;
        self.knobs.push(knob);
        Ok(())
    }

    /// `world NAME`
    fn world(&mut self, words: &mut Words<'_>) -> Result<(), ScriptError> {
        let name = words.need("the name of a world")?.clone();
        words.end()?;
        if self.worlds.contains(&name.text) {
            return Err(name.wrong("there is a world of that name already", "give it another name"));
        }
        self.worlds.push(name.text);
        Ok(())
    }
}
