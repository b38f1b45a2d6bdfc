//! What made a figure.

use std::path::Path;
use std::process::Command;

/// The processor, the kernel, the day, the compiler and the commit, in a line.
#[must_use]
pub fn describe() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let commit = say("git", &["-C", root(), "rev-parse", "--short=12", "HEAD"]);
    let changed = say("git", &["-C", root(), "status", "--porcelain", "--", "bench", "crates", "Cargo.lock"]);
    let changed = if changed.is_some() { " with changes" } else { "" };
    let known = |said: Option<String>| said.unwrap_or_else(|| "?".to_owned());
    format!(
        "one of {cores} cores ({}), Linux {}, {}, {}, commit {}{changed}",
        model.unwrap_or("?"),
        kernel.trim(),
        known(say("rustc", &["--version"])),
        known(say("date", &["+%F"])),
        known(commit),
    )
}

/// The version of a crate that this program was built with.
#[must_use]
pub fn version_of(package: &str) -> String {
    let lock = std::fs::read_to_string(Path::new(root()).join("Cargo.lock")).unwrap_or_default();
    let name = format!("name = \"{package}\"\nversion = \"");
    let version = lock.split_once(&name).and_then(|(_, rest)| rest.split_once('"'));
    version.map_or("?", |(version, _)| version).to_owned()
}

/// Where the project's files are.
pub(crate) fn root() -> &'static str {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::to_str).unwrap_or(".")
}

/// What a program writes; nothing where it is not there or has nothing to say.
fn say(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!said.is_empty()).then_some(said)
}
