//! Callgrind: what it is called with, and what its dumps say.

use std::collections::HashMap;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// What was spent in one function for one file, when it was called along one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The function and then its callers, as far as callgrind kept them apart.
    pub stack: Vec<String>,
    /// Where the function is written.
    pub file: String,
    /// Where what was executed is written: another file where it was inlined.
    pub inlined_from: String,
    /// The program or library.
    pub object: String,
    /// How many instructions.
    pub instructions: u64,
}

/// Whether valgrind is there.
#[must_use]
pub fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

/// Runs this program with `words` under callgrind, which counts within the function `within`; what the program wrote, and
/// the dump. `callers`: how many callers of a function are kept apart.
///
/// # Errors
/// When it cannot be run, fails, or nothing was counted.
pub fn run(words: &[&str], within: &str, callers: u32) -> Result<(String, String)> {
    let out = std::env::temp_dir().join(format!("synfin-{}.callgrind", std::process::id()));
    let mut command = Command::new("valgrind");
    // "rep movsb" copies many octets in one instruction, of which callgrind counts one an octet.
    command.env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM");
    command.args(["--quiet", "--tool=callgrind"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(format!("--toggle-collect={within}"));
    command.arg(format!("--separate-callers={callers}"));
    command.arg(std::env::current_exe()?).args(words);
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let dump = std::fs::read_to_string(&out);
    let _ = std::fs::remove_file(&out);
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let dump = dump.with_context(|| format!("reading {}", out.display()))?;
    if total(&dump) == 0 {
        bail!("callgrind has not counted anything within {within}");
    }
    Ok((String::from_utf8_lossy(&output.stdout).trim().to_owned(), dump))
}

/// All instructions of a dump.
#[must_use]
pub fn total(dump: &str) -> u64 {
    dump.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok()).unwrap_or(0)
}

/// Reads a dump: every function's own instructions, those of what it calls left out.
///
/// # Errors
/// When a line is none that callgrind writes.
pub fn costs(dump: &str) -> Result<Vec<Cost>> {
    let mut names = Names::default();
    let mut at = Cost::default();
    let mut costs = Vec::new();
    let mut lines = dump.lines();
    while let Some(line) = lines.next() {
        if let Some((key, value)) = line.split_once('=')
            && key.chars().all(|letter| letter.is_ascii_lowercase())
        {
            let name = names.get(key, value);
            match key {
                "ob" => at.object = name,
                "fl" => (at.file, at.inlined_from) = (name.clone(), name),
                "fi" | "fe" => at.inlined_from = name,
                "fn" => at.stack = stack(&name),
                // The line after it is what the callee has spent.
                "calls" => drop(lines.next()),
                _ => {}
            }
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let spent = line.split_whitespace().nth(1).and_then(|spent| spent.parse().ok());
            let instructions = spent.with_context(|| format!("\"{line}\" is no line of costs"))?;
            costs.push(Cost { instructions, ..at.clone() });
        }
    }
    Ok(costs)
}

/// A name is written once, with a number in brackets that stands for it from there on.
#[derive(Default)]
struct Names {
    known: HashMap<(char, String), String>,
}

impl Names {
    fn get(&mut self, key: &str, value: &str) -> String {
        // Of a callee's, the kind is behind the c.
        let kind = match key.trim_start_matches('c') {
            "ob" => 'o',
            "fn" => 'n',
            _ => 'f',
        };
        let Some((number, name)) = value.strip_prefix('(').and_then(|value| value.split_once(')')) else {
            return value.to_owned();
        };
        let known = self.known.entry((kind, number.to_owned())).or_default();
        if !name.trim().is_empty() {
            name.trim().clone_into(known);
        }
        known.clone()
    }
}

/// A function and its callers have apostrophes between them; a number among them is a depth of recursion.
fn stack(name: &str) -> Vec<String> {
    let is_depth = |part: &&str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
    name.split('\'').filter(|part| !is_depth(part)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
