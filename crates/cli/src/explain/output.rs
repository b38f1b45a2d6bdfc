//! Connections become what was asked for.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use synfin_ladder::json::Document;
use synfin_ladder::{Catalogue, Connection, html, svg, text};

use super::args::ExplainArgs;
use super::input::{Summary, Told};
use super::what_if::{self, Changes};
use crate::failure::Failure;
use crate::out::{cannot_print, print, write};

/// Whether connections are drawn as soon as they are over: where that is asked for, or a terminal waits for them.
pub(super) fn follows(args: &ExplainArgs) -> bool {
    let is_drawn = args.svg.is_none() && args.html.is_none() && args.parquet.is_none() && !args.json;
    args.follow || (args.interface.is_some() && is_drawn && io::stdout().is_terminal())
}

/// Tells the captures, of which only those connections were kept that were asked for. So many were named.
pub(super) fn tell(args: &ExplainArgs, captures: &[Told], named: usize) -> Result<(), Failure> {
    let language = args.drawing.language();
    let wanted: Vec<&Connection> = captures.iter().flat_map(|capture| &capture.connections).collect();
    if let Some(out) = &args.html {
        let names: Vec<String> = captures.iter().map(file_name).collect();
        let options = html::Options {
            language,
            title: Some(names.join(", ")),
            absolute: args.drawing.absolute,
            // Where there are several captures, the connections of one have the numbers of none.
            patterns: match captures {
                [only] => only.summary.capture.patterns.clone(),
                _ => Vec::new(),
            },
            remarks: captures.iter().filter_map(remark).collect(),
            ..Default::default()
        };
        let mut wanted: Vec<Connection> = wanted.into_iter().cloned().collect();
        if captures.len() > 1 {
            // Each capture has a first connection; a page has only one.
            wanted.iter_mut().zip(1..).for_each(|(connection, number)| connection.number = number);
        }
        return write(out, html::page(&wanted, &options));
    }
    let catalogue = Catalogue::new(language);
    if let Some(out) = &args.svg {
        let [connection] = wanted[..] else {
            let count = wanted.len();
            return Err(Failure::call(format!(
                "a picture shows one connection, and there are {count}: name one, like '#1'"
            )));
        };
        return write(out, svg::ladder(connection, &catalogue, &svg::Options::default()));
    }
    let options = layout(args);
    for capture in captures {
        let text = match &capture.connections[..] {
            [only] => text::ladder(only, &catalogue, &options),
            all => {
                let patterns = text::patterns(&capture.summary.capture.patterns, &catalogue, &options);
                patterns + &text::list(all, &catalogue, &options)
            }
        };
        if named > 1 {
            print(format!("{}\n", capture.summary.name))?;
        }
        print(text)?;
    }
    Ok(())
}

/// Runs one connection again with something changed, and tells what differs.
pub(super) fn what_if(
    args: &ExplainArgs,
    changes: &Changes,
    number: Option<u64>,
    captures: &[Told],
) -> Result<(), Failure> {
    let mut all =
        captures.iter().flat_map(|told| told.connections.iter().map(move |connection| (told, connection)));
    let one = match number {
        Some(number) => all.find(|(_, connection)| connection.number == number),
        None => all.next().filter(|_| all.next().is_none()),
    };
    let (capture, one) = one.ok_or_else(|| {
        Failure::call(
            "a replay is of one connection, and the capture does not have just one: name it, like '#1'",
        )
    })?;
    let catalogue = Catalogue::new(args.drawing.language());
    let options = layout(args);
    let told = what_if::run(one, changes, args.replace, &catalogue, &options)?;
    if args.json {
        return print(both_as_json(one, &told.other(), &capture.summary)?);
    }
    if let Some(out) = &args.html {
        let mut both = [one.clone(), told.other()];
        both.iter_mut().zip(1..).for_each(|(connection, number)| connection.number = number);
        let title = Some(format!("{} --what-if", file_name(capture)));
        let options = html::Options {
            language: args.drawing.language(),
            title,
            absolute: args.drawing.absolute,
            ..Default::default()
        };
        return write(out, html::page(&both, &options));
    }
    if let Some(out) = &args.svg {
        return write(out, svg::ladder(&told.other(), &catalogue, &svg::Options::default()));
    }
    print(told.text())
}

/// A document of two connections: as it was captured, and as it would have gone.
fn both_as_json(captured: &Connection, other: &Connection, summary: &Summary) -> Result<String, Failure> {
    let write = || {
        let mut document = Document::begin(Vec::new())?;
        document.connection(captured)?;
        document.connection(other)?;
        document.end(&summary.capture)
    };
    let text = write().map_err(|error| cannot_print(&error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What else there is to say of a capture, with its name.
fn remark(capture: &Told) -> Option<String> {
    capture.summary.remark().map(|remark| format!("{}: {remark}", file_name(capture)))
}

/// The name of a capture without its folder: a page may be handed on, and where the captures lie is nobody else's
/// business.
fn file_name(capture: &Told) -> String {
    let file = Path::new(&capture.summary.name).file_name();
    file.map_or_else(|| capture.summary.name.clone(), |name| name.to_string_lossy().into_owned())
}

/// How ladders and lists are laid out.
pub(super) fn layout(args: &ExplainArgs) -> text::Options {
    text::Options { all: args.all, ..args.drawing.layout() }
}
