//! The pages that are made from the ledger.

use std::fmt::Write;

use super::book::{Book, Ledger, Standing};
use crate::evidence::Evidence;

const CONFORMANCE: &str = "\
# What the standards ask, and what shows it

This page is made from `conformance/ledger/` by `cargo xtask ledger --write`; `cargo xtask ledger` fails when a
requirement has neither a test nor a reason, or names a test that does not exist. The texts are ours and short: the
RFC's own words are what counts. RFC 9293 numbers its requirements; those of the other RFCs are numbered here.

A script is run by `synfin drill`, a test by `cargo test -p synfin-CRATE`.

";

const ATTACKS: &str = "\
# What is known against TCP, and what comes of it here

This page is made from `conformance/ledger/attacks.toml` by `cargo xtask ledger --write`; `cargo xtask ledger` fails
when an attack names no test, or one that does not exist.
";

/// `docs/conformance.md`.
pub(super) fn conformance(book: &Book, evidence: &Evidence) -> String {
    let mut page = String::from(CONFORMANCE);
    page += "| RFC | | requirements | shown by tests | do not apply |\n|---|---|---|---|---|\n";
    for ledger in &book.ledgers {
        let [shown, not_applicable] = counts(ledger);
        let Ledger { rfc, title, requirements, .. } = ledger;
        line(
            &mut page,
            &format!(
                "| [{rfc}](#rfc-{rfc}) | {title} | {} | {shown} | {not_applicable} |",
                requirements.len()
            ),
        );
    }
    for ledger in &book.ledgers {
        line(&mut page, &format!("\n## RFC {}\n\n{}.\n", ledger.rfc, ledger.title));
        page += "| id | section | level | what it asks | shown by |\n|---|---|---|---|---|\n";
        for requirement in &ledger.requirements {
            let level = requirement.level.name();
            let basis = basis(&requirement.standing(), evidence, "<br>");
            let (id, section, text) = (&requirement.id, &requirement.section, &requirement.text);
            line(&mut page, &format!("| {id} | {section} | {level} | {text} | {basis} |"));
        }
    }
    page
}

/// `docs/attacks.md`.
pub(super) fn attacks(book: &Book, evidence: &Evidence) -> String {
    let mut page = String::from(ATTACKS);
    for attack in &book.attacks {
        line(&mut page, &format!("\n## {}\n", attack.name));
        line(&mut page, &format!("**The attacker** {}\n", attack.attacker.trim()));
        line(&mut page, &format!("**The answer** {} ({})\n", attack.answer.trim(), attack.clause));
        line(&mut page, &format!("**Shown by** {}", basis(&attack.standing(), evidence, ", ")));
    }
    page
}

/// How many requirements are shown, and how many do not apply.
fn counts(ledger: &Ledger) -> [usize; 2] {
    let mut counts = [0; 2];
    for requirement in &ledger.requirements {
        match requirement.standing() {
            Ok(Standing::Shown(_)) => counts[0] += 1,
            Ok(Standing::NotApplicable(_)) => counts[1] += 1,
            Err(_) => {}
        }
    }
    counts
}

/// The tests as links, or the reason.
fn basis(standing: &Result<Standing<'_>, &'static str>, evidence: &Evidence, between: &str) -> String {
    match standing {
        Ok(Standing::Shown(tests)) => {
            let links = tests.iter().map(|test| match evidence.file_of(test) {
                Some(file) => format!("[`{test}`](../{file})"),
                None => format!("`{test}`"),
            });
            links.collect::<Vec<_>>().join(between)
        }
        Ok(Standing::NotApplicable(reason)) => format!("does not apply: {reason}"),
        Err(what) => (*what).to_string(),
    }
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a string takes whatever is written to it");
}
