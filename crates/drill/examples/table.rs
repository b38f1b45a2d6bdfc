//! Runs every script below a folder through the library and prints what did not pass, then the table; of a script
//! alone also what happened in it:
//!
//!     cargo run -p synfin-drill --example table -- conformance [ipv4|ipv6|mapped]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use synfin_drill::suite::{Entry, Table, run_text};
use synfin_drill::{Form, Verdict};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_else(|| "conformance".to_owned()));
    let form = match arguments.next().as_deref() {
        None | Some("ipv4") => Form::V4,
        Some("ipv6") => Form::V6,
        Some("mapped") => Form::Mapped,
        Some(other) => return Err(io::Error::other(format!("no form \"{other}\": ipv4, ipv6 or mapped"))),
    };
    let mut paths = Vec::new();
    scripts(&root, &mut paths)?;
    paths.sort();
    let mut entries = Vec::new();
    for path in paths {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let report = run_text(&String::from_utf8_lossy(&fs::read(&path)?), form);
        let (folder, path) = (folder.to_string_lossy().into_owned(), path.display().to_string());
        let entry = Entry { folder, path, form, report };
        if root.is_file() {
            entry.report.trace.iter().for_each(|line| println!("{line}"));
        }
        if entry.report.verdict != Verdict::Passed {
            println!("{}", entry.describe());
        }
        entries.push(entry);
    }
    print!("{}", Table::of(&entries));
    Ok(())
}

fn scripts(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "pkt") {
            scripts(&path, found)?;
        }
    }
    Ok(())
}
