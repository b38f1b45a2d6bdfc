//! What the guide says of TCP, row by row, and where each row is shown.
//!
//! In: `docs/guide/rows.toml`, the pages below `docs/`, the scenarios of the lab, and the tests that there are. Out: each
//! row that is missing, unknown or there twice, that the guide does not tell or nothing shows; each scenario, test, page
//! and anchor that is named and does not exist; each page of the guide that differs from its twin in the other
//! language in what it tells or in what it runs; and a `docs/rows.md` that is not what the rows say.

mod book;
mod guide;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use self::book::{Book, Place, Row};
use self::guide::Guide;
use crate::evidence::Evidence;
use crate::finding::Finding;

/// So many rows there are, numbered from 1.
const ROWS: u16 = 136;

/// The rows.
const BOOK: &str = "docs/guide/rows.toml";

/// The page that is made from them.
const PAGE: &str = "docs/rows.md";

/// The crates whose tests show what `explain` says of a capture.
const EXPLAINS: [&str; 4] = ["explain::", "ladder::", "cli::", "conformance::round_trip::"];

/// Checks the rows, the guide, and the page made of the rows.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let root = metadata.workspace_root.as_std_path();
    let (book, world) = read(root)?;
    let mut findings = offences(&book, &world);
    findings.extend(world.guide.offences(&world.scenarios));
    if fs::read_to_string(root.join(PAGE)).unwrap_or_default() != page::rows(&book, &world) {
        findings.push(finding(PAGE, "is not what the rows say", "run `cargo xtask rows --write`"));
    }
    Ok(findings)
}

/// Writes the page anew.
pub(crate) fn write_page(metadata: &Metadata) -> Result<()> {
    let root = metadata.workspace_root.as_std_path();
    let (book, world) = read(root)?;
    let path = root.join(PAGE);
    fs::write(&path, page::rows(&book, &world)).with_context(|| format!("cannot write {}", path.display()))
}

/// What there is that a row may name.
#[derive(Debug, Default)]
struct World {
    evidence: Evidence,
    guide: Guide,
    scenarios: Scenarios,
}

/// The scenarios of the lab.
#[derive(Debug, Default)]
struct Scenarios {
    /// The files, as they are called in `crates/lab/scenarios/`: `05-delayed-duplicate-syn.lab`.
    files: BTreeSet<String>,
}

impl Scenarios {
    /// The folder, relative to the repository.
    const FOLDER: &str = "crates/lab/scenarios";

    /// Lists the folder; without it there are no scenarios.
    fn find(root: &Path) -> Self {
        let entries = fs::read_dir(root.join(Self::FOLDER)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        Self { files: names.filter(|name| name.ends_with(".lab")).collect() }
    }

    /// The file of a scenario, called by what stands before its name: `05`, `05b`.
    fn file(&self, number: &str) -> Option<&str> {
        self.files.iter().find(|name| name.split('-').next() == Some(number)).map(String::as_str)
    }
}

fn read(root: &Path) -> Result<(Book, World)> {
    let path = root.join(BOOK);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let book = Book::parse(&text).with_context(|| format!("cannot read {}", path.display()))?;
    let world = World {
        evidence: Evidence::find(root)?,
        guide: Guide::find(root)?,
        scenarios: Scenarios::find(root),
    };
    Ok((book, world))
}

/// What is wrong with the rows.
fn offences(book: &Book, world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &book.rows {
        let place = format!("{BOOK} row {}", row.number);
        if !seen.insert(row.number) {
            findings.push(finding(&place, "is there twice", "keep one of the two"));
        }
        if !(1..=ROWS).contains(&row.number) {
            findings.push(finding(&place, "is no row", &format!("rows are numbered from 1 to {ROWS}")));
        }
        if row.says.trim().is_empty() {
            findings.push(finding(&place, "says nothing", "write in one line what the project says"));
        }
        findings.extend(unfounded(&place, row, world));
    }
    let missing = (1..=ROWS).filter(|number| !seen.contains(number));
    findings.extend(missing.map(|number| {
        let remedy = "add it, with the places where it is shown";
        finding(&format!("{BOOK} row {number}"), "is missing", remedy)
    }));
    findings
}

/// What is wrong with the places of one row.
fn unfounded(place: &str, row: &Row, world: &World) -> Vec<Finding> {
    let places = row.places();
    let mut findings = Vec::new();
    if !places.iter().any(|place| matches!(place, Place::Page { file, .. } if guide::is_english(file))) {
        let remedy = "name the page that tells it: page:docs/guide/en/close.md#row-69";
        findings.push(finding(place, "is not told by the guide", remedy));
    }
    if !places.iter().any(Place::shows) {
        let remedy = "name a scenario or a test; where only words can do, give `words_only` with the reason";
        match row.words_only.as_deref() {
            None => findings.push(finding(place, "is shown by nothing", remedy)),
            Some(reason) if reason.trim().is_empty() => {
                findings.push(finding(place, "gives no reason", remedy))
            }
            Some(_) => {}
        }
    } else if row.words_only.is_some() {
        findings.push(finding(place, "is shown, and says that it is not", "take `words_only` away"));
    }
    findings.extend(unlinked(&places, world).map(|number| {
        let what = format!("names lab:{number}, which its place in the guide does not link");
        finding(place, &what, &format!("write [lab {number}](its file) there, or take it away here"))
    }));
    findings.extend(
        places
            .iter()
            .filter_map(|found| nowhere(found, world))
            .map(|(what, remedy)| finding(place, &what, remedy)),
    );
    findings
}

/// The scenarios among the places that are linked from none of the pages among them.
fn unlinked<'a>(places: &'a [Place<'a>], world: &'a World) -> impl Iterator<Item = &'a str> {
    let scenarios = places.iter().filter_map(|place| match place {
        Place::Lab(number) => Some(*number),
        Place::Test(_) | Place::Explain(_) | Place::Page { .. } | Place::Unknown(_) => None,
    });
    scenarios.filter(|number| {
        !places.iter().any(|place| match place {
            Place::Page { file, anchor } => world.guide.runs(file, anchor, number),
            Place::Lab(_) | Place::Test(_) | Place::Explain(_) | Place::Unknown(_) => false,
        })
    })
}

/// Why a place is not there.
fn nowhere(place: &Place<'_>, world: &World) -> Option<(String, &'static str)> {
    match place {
        Place::Lab(number) if world.scenarios.file(number).is_none() => Some((
            format!("names a scenario that does not exist: lab:{number}"),
            "a scenario is called as its file in crates/lab/scenarios/ begins: 05, 05b",
        )),
        Place::Test(name) | Place::Explain(name) if world.evidence.file_of(name).is_none() => Some((
            format!("names a test that does not exist: {name}"),
            "a script is written as below conformance/, a test as crate::module::function",
        )),
        Place::Explain(name) if !EXPLAINS.iter().any(|crates| name.starts_with(crates)) => Some((
            format!("names a test that explains nothing: {name}"),
            "write `test:` before it, or name one of explain, ladder, cli or the round trip",
        )),
        Place::Page { file, anchor } if !world.guide.has(file, anchor) => Some((
            format!("names a place that does not exist: {file}#{anchor}"),
            "a page is written from the repository's root, an anchor as its <a id> or its heading has it",
        )),
        Place::Unknown(text) => Some((
            format!("names a place of no kind: {text}"),
            "write lab:NN, test:NAME, explain:NAME or page:FILE#ANCHOR",
        )),
        Place::Lab(_) | Place::Test(_) | Place::Explain(_) | Place::Page { .. } => None,
    }
}

fn finding(place: &str, what: &str, remedy: &str) -> Finding {
    Finding { place: place.to_string(), what: what.to_string(), remedy: remedy.to_string() }
}
