//! The page that is made from the rows.

use super::book::{Book, Place, Row};
use super::{Scenarios, World};

const HEAD: &str = "\
# What the guide says, and what shows it

This page is made from `docs/guide/rows.toml` by `cargo xtask rows --write`; `cargo xtask rows` fails when a row is not
told by the guide, when nothing shows it, or when it names a scenario, a test or a page that does not exist.

A row is one thing that teaching notes say of TCP, or ask. The table has what holds, with the qualifiers that the notes
leave out. *lab* is a scenario to run (`synfin lab 05`); *engine* a script or test of what the engine does; *explain* a
test of what `synfin explain` says of a capture.

| row | what holds | told in | lab | engine | explain |
|---|---|---|---|---|---|
";

/// `docs/rows.md`.
pub(super) fn rows(book: &Book, world: &World) -> String {
    let mut page = String::from(HEAD);
    for row in &book.rows {
        page += &line(row, world);
        page.push('\n');
    }
    page
}

fn line(row: &Row, world: &World) -> String {
    let mut cells = [const { Vec::new() }; 4];
    for place in row.places() {
        let (cell, text) = match place {
            Place::Page { file, anchor } => (0, told(file, anchor)),
            Place::Lab(number) => (1, scenario(number, &world.scenarios)),
            Place::Test(name) => (2, test(name, world)),
            Place::Explain(name) => (3, test(name, world)),
            Place::Unknown(text) => (0, text.to_string()),
        };
        cells[cell].push(text);
    }
    if let Some(reason) = &row.words_only {
        cells[2].push(format!("words only: {reason}"));
    }
    let [told, lab, engine, explain] = cells.map(|cell| cell.join("<br>"));
    format!("| {} | {} | {told} | {lab} | {engine} | {explain} |", row.number, row.says)
}

fn told(file: &str, anchor: &str) -> String {
    let below_docs = file.strip_prefix("docs/").unwrap_or(file);
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".md");
    format!("[{name}]({below_docs}#{anchor})")
}

fn scenario(number: &str, scenarios: &Scenarios) -> String {
    match scenarios.file(number) {
        Some(file) => format!("[{number}](../{}/{file})", Scenarios::FOLDER),
        None => number.to_string(),
    }
}

fn test(name: &str, world: &World) -> String {
    match world.evidence.file_of(name) {
        Some(file) => format!("[`{name}`](../{file})"),
        None => format!("`{name}`"),
    }
}
