//! How ladders are drawn for a person: what he asks for, what his terminal has room for, and his language.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::str::FromStr;

use clap::Args;
use synfin_ladder::{Language, text};

/// Columns where there is no terminal to ask.
const COLUMNS: usize = 100;

/// What every verb takes that draws.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DrawingArgs {
    /// en or zh; the locale's otherwise
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Tongue>,

    /// Draw every segment, quiet ones too
    #[arg(long)]
    full: bool,

    /// Sequence numbers as they stand in the headers
    #[arg(long)]
    pub(crate) absolute: bool,

    /// No arrows beyond ASCII
    #[arg(long)]
    ascii: bool,

    /// Columns to draw in; the terminal's otherwise, or 100
    #[arg(long, value_name = "COLUMNS", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(60..=1000))]
    width: Option<u16>,
}

impl DrawingArgs {
    /// The language that is asked for.
    pub(crate) fn language(&self) -> Language {
        self.lang.map_or_else(of_locale, |tongue| tongue.0)
    }

    /// The layout that is asked for, on standard output.
    pub(crate) fn layout(&self) -> text::Options {
        let layout = layout_on(&io::stdout());
        text::Options {
            width: self.width.map_or(layout.width, usize::from),
            ascii: self.ascii,
            absolute: self.absolute,
            fold: !self.full,
            ..layout
        }
    }
}

/// A language by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tongue(Language);

impl FromStr for Tongue {
    type Err = String;
    fn from_str(tag: &str) -> Result<Self, String> {
        Language::from_tag(tag).map(Self).ok_or_else(|| "there are en and zh".to_owned())
    }
}

/// The layout that fits where nothing is asked for: as wide as the terminal, and in colour unless somebody minds
/// (<https://no-color.org>).
pub(crate) fn layout_on(out: &(impl AsFd + IsTerminal)) -> text::Options {
    let width = terminal_size::terminal_size_of(out).map_or(COLUMNS, |(width, _)| usize::from(width.0));
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    text::Options { width, colour, ..text::Options::default() }
}

/// The language that the environment asks for.
pub(crate) fn of_locale() -> Language {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let tag = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    tag.and_then(|tag| Language::from_tag(&tag)).unwrap_or_default()
}
