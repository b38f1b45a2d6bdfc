//! Connections become what was asked for.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use synfin_ladder::json::Document;
use synfin_ladder::{Catalogue, Connection, Language, html, svg, text};

use super::args::ExplainArgs;
use super::input::Told;
use super::what_if::{self, Changes};
use crate::failure::Failure;

/// Columns where there is no terminal to ask.
const COLUMNS: usize = 100;

/// Tells the captures, or one connection.
pub(super) fn tell(args: &ExplainArgs, number: Option<u64>, captures: &[Told]) -> Result<(), Failure> {
    let language = args.lang.map_or_else(of_locale, |tongue| tongue.0);
    if args.json {
        return json(captures, number);
    }
    let wanted: Vec<&Connection> = captures
        .iter()
        .flat_map(|capture| &capture.connections)
        .filter(|connection| number.is_none_or(|number| connection.number == number))
        .collect();
    if let Some(out) = &args.html {
        let names: Vec<&str> = captures.iter().map(|capture| capture.name.as_str()).collect();
        let options = html::Options {
            language,
            title: Some(names.join(", ")),
            absolute: args.absolute,
            ..Default::default()
        };
        let wanted: Vec<Connection> = wanted.into_iter().cloned().collect();
        return write(out, &html::page(&wanted, &options));
    }
    let catalogue = Catalogue::new(language);
    if let Some(out) = &args.svg {
        let [connection] = wanted[..] else {
            let count = wanted.len();
            return Err(Failure::call(format!(
                "a picture shows one connection, and there are {count}: name one, like '#1'"
            )));
        };
        return write(out, &svg::ladder(connection, &catalogue, &svg::Options::default()));
    }
    let options = layout(args);
    for capture in captures {
        let text = match (&capture.connections[..], number) {
            ([only], _) => text::ladder(only, &catalogue, &options),
            (all, Some(number)) => {
                let one = all.iter().find(|connection| connection.number == number);
                one.map_or_else(String::new, |one| text::ladder(one, &catalogue, &options))
            }
            (all, None) => text::list(all, &catalogue, &options),
        };
        if captures.len() > 1 {
            print(&format!("{}\n", capture.name));
        }
        print(&text);
    }
    Ok(())
}

/// Runs one connection again with something changed, and tells what differs.
pub(super) fn what_if(
    args: &ExplainArgs,
    changes: &Changes,
    number: Option<u64>,
    captures: &[Told],
) -> Result<ExitCode, Failure> {
    let mut all = captures.iter().flat_map(|capture| &capture.connections);
    let one = match number {
        Some(number) => all.find(|connection| connection.number == number),
        None => all.next().filter(|_| all.next().is_none()),
    };
    let one = one.ok_or_else(|| {
        Failure::call(
            "a replay is of one connection, and the capture does not have just one: name it, like '#1'",
        )
    })?;
    let catalogue = Catalogue::new(args.lang.map_or_else(of_locale, |tongue| tongue.0));
    print(&what_if::tell(one, changes, args.replace, &catalogue, &layout(args))?);
    Ok(ExitCode::SUCCESS)
}

fn json(captures: &[Told], number: Option<u64>) -> Result<(), Failure> {
    for told in captures {
        let mut out = io::BufWriter::new(Vec::new());
        let written = (|| {
            let mut document = Document::begin(&mut out)?;
            for connection in &told.connections {
                if number.is_none_or(|number| connection.number == number) {
                    document.connection(connection)?;
                }
            }
            document.end(&told.capture).map(drop)
        })();
        written.map_err(|error| Failure::fault(format!("JSON cannot be written: {error}")))?;
        let bytes = out.into_inner().map_err(|error| Failure::fault(error.to_string()))?;
        print_bytes(&bytes);
    }
    Ok(())
}

fn layout(args: &ExplainArgs) -> text::Options {
    let width = args.width.map(usize::from).or_else(terminal_width).unwrap_or(COLUMNS);
    let colour =
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    text::Options {
        width,
        colour,
        ascii: args.ascii,
        absolute: args.absolute,
        fold: !args.full,
        all: args.all,
    }
}

/// The columns of the terminal that standard output is, as its shell says.
fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// The language that the environment asks for.
pub(crate) fn of_locale() -> Language {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let tag = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    tag.and_then(|tag| Language::from_tag(&tag)).unwrap_or_default()
}

fn write(out: &Path, text: &str) -> Result<(), Failure> {
    if out.as_os_str() == "-" {
        print(text);
        return Ok(());
    }
    fs::write(out, text)
        .map_err(|error| Failure::fault(format!("{} cannot be written: {error}", out.display())))
}

fn print(text: &str) {
    print_bytes(text.as_bytes());
}

/// A reader that has gone, as in `synfin explain FILE | head -1`, is no failure.
fn print_bytes(bytes: &[u8]) {
    let _ = io::stdout().write_all(bytes);
}
