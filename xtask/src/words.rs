//! What a file of this repository must not say.
//!
//! In: the text of every file git tracks. Out: each line that names a path of one machine, a number of one workplace, or
//! an RFC that is no longer in force. Such words mean nothing to a reader elsewhere.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_metadata::Metadata;
use regex_lite::Regex;

use crate::finding::Finding;

/// Files that may hold anything: this check itself, and texts that others wrote.
const EXCEPT: [&str; 5] =
    ["xtask/src/words.rs", "xtask/src/words/tests.rs", "Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE"];

/// A kind of word that must not appear.
struct Ban {
    pattern: &'static str,
    /// A line that also holds this is fine.
    unless: Option<&'static str>,
    what: &'static str,
    remedy: &'static str,
}

const BANS: [Ban; 4] = [
    Ban {
        pattern: r"(^|[^A-Za-z0-9_.-])/(work|root)/",
        unless: None,
        what: "names a path of one machine",
        remedy: "write it relative to the repository, or take it from the environment",
    },
    Ban {
        pattern: r#"(^|[\s"'`(=/])\.library\b"#,
        unless: None,
        what: "names a folder of one machine",
        remedy: "name what it holds instead",
    },
    Ban {
        pattern: r"(?i)\b(issue #?|session )[0-9]",
        unless: None,
        what: "names a number of one workplace",
        remedy: "say what it was about",
    },
    Ban {
        pattern: r"(?i)\bRFC[ -]?0?793\b",
        unless: Some("9293"),
        what: "cites RFC 793",
        remedy: "RFC 9293 replaced it: cite its section and requirement",
    },
];

/// Checks every tracked text file.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let root = metadata.workspace_root.as_std_path();
    let bans = compile()?;
    let mut findings = Vec::new();
    for file in tracked(root)? {
        // A tracked file may be deleted in the work tree, or not be text: neither says anything.
        if let Ok(text) = fs::read_to_string(root.join(&file)) {
            findings.extend(spoken(&file, &text, &bans));
        }
    }
    Ok(findings)
}

fn compile() -> Result<Vec<(Regex, &'static Ban)>> {
    BANS.iter().map(|ban| Ok((Regex::new(ban.pattern)?, ban))).collect()
}

/// The files git tracks, without the excepted.
fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let output = output.context("cannot run git")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    let names = String::from_utf8(output.stdout).context("a tracked file's name is not UTF-8")?;
    let kept = names.split_terminator('\0').filter(|name| !EXCEPT.contains(name));
    Ok(kept.map(ToString::to_string).collect())
}

/// The lines of one text that say what they must not.
fn spoken(file: &str, text: &str, bans: &[(Regex, &Ban)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (regex, ban) in bans {
            let Some(word) = regex.find(line) else { continue };
            if ban.unless.is_some_and(|unless| line.contains(unless)) {
                continue;
            }
            findings.push(Finding {
                place: format!("{file}:{}", index + 1),
                what: format!("{}: \"{}\"", ban.what, word.as_str().trim()),
                remedy: ban.remedy.to_string(),
            });
        }
    }
    findings
}
