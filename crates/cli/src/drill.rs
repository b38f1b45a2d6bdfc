//! `synfin drill`: packetdrill scripts, run in virtual time.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synfin_drill::suite::{Entry, Table, json, run_text};
use synfin_drill::{Form, Verdict};

use crate::args::DrillArgs;
use crate::failure::Failure;
use crate::out::print;

/// Runs what was asked for. The status is 0 when every script passed, and 1 otherwise.
pub(crate) fn run(args: &DrillArgs) -> Result<ExitCode, Failure> {
    let scripts = scripts(&args.paths)?;
    let forms = if args.set.is_empty() { vec![Form::V4] } else { args.set.iter().map(|set| set.0).collect() };
    let tasks: Vec<Task> =
        scripts.iter().flat_map(|script| forms.iter().map(|form| Task { script, form: *form })).collect();
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let entries = run_all(&tasks, jobs.min(tasks.len()).max(1));
    let passed = entries.iter().all(|entry| entry.report.verdict == Verdict::Passed);
    let text = if args.json { json(&entries) } else { describe(&entries, args.trace) };
    print(text)?;
    Ok(ExitCode::from(u8::from(!passed)))
}

/// A script and its text.
struct Script {
    folder: String,
    path: String,
    text: String,
}

/// One run.
struct Task<'a> {
    script: &'a Script,
    form: Form,
}

impl Task<'_> {
    fn run(&self) -> Entry {
        let Script { folder, path, text } = self.script;
        let report = run_text(text, self.form);
        Entry { folder: folder.clone(), path: path.clone(), form: self.form, report }
    }
}

/// All runs, `jobs` at a time, in the order of the tasks.
fn run_all(tasks: &[Task<'_>], jobs: usize) -> Vec<Entry> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(index) else { return };
                    let entry = task.run();
                    done.lock().expect("no run panics while it holds the lock").insert(index, entry);
                }
            });
        }
    });
    done.into_inner().expect("no run panics while it holds the lock").into_values().collect()
}

/// What was not passed, each with its reason, and the table when there is more than one.
fn describe(entries: &[Entry], trace: bool) -> String {
    let mut text = String::new();
    for entry in entries {
        if trace {
            for line in &entry.report.trace {
                text += &format!("{line}\n");
            }
        }
        if trace || entries.len() == 1 || entry.report.verdict != Verdict::Passed {
            text += &format!("{}\n", entry.describe());
        }
    }
    if entries.len() > 1 {
        text += &format!("\n{}", Table::of(entries));
    }
    text
}

/// The scripts that the paths name: files as they are, and all `.pkt` files below folders, in order.
fn scripts(paths: &[PathBuf]) -> Result<Vec<Script>, Failure> {
    let mut scripts = Vec::new();
    for path in paths {
        let mut found = Vec::new();
        collect(path, &mut found)?;
        if found.is_empty() {
            return Err(Failure::call(format!(
                "there is no script in {}: give a .pkt file or a folder of them",
                path.display()
            )));
        }
        found.sort();
        for script in found {
            let octets = fs::read(&script).map_err(|error| off(&script, &error))?;
            let inside = script.strip_prefix(path).unwrap_or(&script);
            scripts.push(Script {
                folder: folder_of(inside, path),
                path: script.display().to_string(),
                text: String::from_utf8_lossy(&octets).into_owned(),
            });
        }
    }
    Ok(scripts)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|error| off(path, &error))? {
        let entry = entry.map_err(|error| off(path, &error))?.path();
        if entry.is_dir() {
            collect(&entry, found)?;
        } else if entry.extension().is_some_and(|extension| extension == "pkt") {
            found.push(entry);
        }
    }
    Ok(())
}

/// The row of the table: the first folder below the one that was named, or its own name.
fn folder_of(inside: &Path, named: &Path) -> String {
    let mut parts = inside.components();
    let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    match (first, parts.next()) {
        (Some(first), Some(_)) => first,
        _ if named.is_dir() => {
            named.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
        }
        _ => {
            let parent = named.parent().and_then(Path::file_name);
            parent.map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
        }
    }
}

fn off(path: &Path, error: &io::Error) -> Failure {
    Failure::call(format!("cannot read {}: {error}", path.display()))
}
