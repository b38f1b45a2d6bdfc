//! What the standards ask, and what is known against TCP: each with the tests that show it.
//!
//! In: `conformance/ledger/*.toml`, the scripts below `conformance/`, and the Rust sources of the crates, in which
//! tests are found by parsing. Out: each requirement that has neither a test nor a reason, each id that is missing,
//! unknown or there twice, each test that does not exist, and pages in `docs/` that are not what the ledger says.

mod book;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use self::book::{Book, Ledger, Standing};

use crate::evidence::Evidence;
use crate::finding::Finding;

/// RFC 9293 appendix B numbers its requirements: so many of each kind.
const NUMBERED: (u16, [(&str, usize); 4]) = (9293, [("MUST", 69), ("SHLD", 31), ("MAY", 18), ("REC", 1)]);

/// Checks the ledger against the tests, and the pages against the ledger.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let root = metadata.workspace_root.as_std_path();
    let (book, evidence) = read(root)?;
    let mut findings = offences(&book, &evidence);
    for (path, text) in pages(root, &book, &evidence) {
        if fs::read_to_string(&path).unwrap_or_default() != text {
            findings.push(Finding {
                place: path.strip_prefix(root).unwrap_or(&path).display().to_string(),
                what: "is not what the ledger says".to_string(),
                remedy: "run `cargo xtask ledger --write`".to_string(),
            });
        }
    }
    Ok(findings)
}

/// Writes the pages anew.
pub(crate) fn write_pages(metadata: &Metadata) -> Result<()> {
    let root = metadata.workspace_root.as_std_path();
    let (book, evidence) = read(root)?;
    for (path, text) in pages(root, &book, &evidence) {
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn read(root: &Path) -> Result<(Book, Evidence)> {
    Ok((Book::read(&root.join("conformance/ledger"))?, Evidence::find(root)?))
}

fn pages(root: &Path, book: &Book, evidence: &Evidence) -> [(PathBuf, String); 2] {
    [
        (root.join("docs/conformance.md"), page::conformance(book, evidence)),
        (root.join("docs/attacks.md"), page::attacks(book, evidence)),
    ]
}

/// What is wrong with the ledger.
fn offences(book: &Book, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ledger in &book.ledgers {
        let mut seen = BTreeSet::new();
        for requirement in &ledger.requirements {
            let place = place(&ledger.file, &requirement.id);
            if !seen.insert(requirement.id.as_str()) {
                findings.push(finding(&place, "is there twice", "keep one of the two"));
            }
            findings.extend(unfounded(&place, &requirement.standing(), evidence));
        }
        findings.extend(misnumbered(ledger));
    }
    for attack in &book.attacks {
        findings.extend(unfounded(&place("attacks.toml", &attack.name), &attack.standing(), evidence));
    }
    findings
}

/// The ids of RFC 9293 that are missing, and those that it does not know.
fn misnumbered(ledger: &Ledger) -> Vec<Finding> {
    let (rfc, kinds) = NUMBERED;
    if ledger.rfc != rfc {
        return Vec::new();
    }
    let expected: BTreeSet<String> = kinds
        .iter()
        .flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}-{number}")))
        .collect();
    let found: BTreeSet<String> =
        ledger.requirements.iter().map(|requirement| requirement.id.clone()).collect();
    let missing = expected.difference(&found).map(|id| {
        finding(
            &place(&ledger.file, id),
            "is missing",
            "add it, with the tests that show it or the reason why not",
        )
    });
    let unknown = found
        .difference(&expected)
        .map(|id| finding(&place(&ledger.file, id), "is no id of RFC 9293", "take one of its appendix B"));
    missing.chain(unknown).collect()
}

/// What is wrong with what an entry rests on.
fn unfounded(place: &str, standing: &Result<Standing, &'static str>, evidence: &Evidence) -> Vec<Finding> {
    match standing {
        Err(what) => vec![finding(place, what, "give it `shown_by`, or `not_applicable` with the reason")],
        Ok(Standing::Shown(tests)) => tests
            .iter()
            .filter(|test| evidence.file_of(test).is_none())
            .map(|test| {
                let what = format!("names a test that does not exist: {test}");
                finding(
                    place,
                    &what,
                    "a script is written as below conformance/, a test as crate::module::function",
                )
            })
            .collect(),
        Ok(Standing::NotApplicable(_)) => Vec::new(),
    }
}

fn place(file: &str, id: &str) -> String {
    format!("conformance/ledger/{file} {id}")
}

fn finding(place: &str, what: &str, remedy: &str) -> Finding {
    Finding { place: place.to_string(), what: what.to_string(), remedy: remedy.to_string() }
}
