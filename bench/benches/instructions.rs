//! How many instructions the engine takes for a thing, counted by callgrind and compared with what is on record.
//!
//!     cargo bench -p synfin-bench --bench instructions             # compare; more than 3 % more is a failure
//!     cargo bench -p synfin-bench --bench instructions -- --write  # put what was counted on record, and into the document
//!
//! The counts depend on what compiles and on what is linked, so the record says both. Where they differ from what is
//! here, the counts are told and nothing fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use synfin_bench::callgrind;
use synfin_bench::counts::{MEASURED, SCENARIOS};
use synfin_bench::report::{self, Table};

/// How much more is no failure, of the count on record.
const TOLERANCE: f64 = 0.03;

/// What is on record in bench/instructions.toml.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// What compiled.
    compiler: String,
    /// The C library, whose functions copy and allocate.
    libc: String,
    /// What of the processor those functions make use of.
    processor: String,
    /// By scenario.
    instructions: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["--one", name] => one(name),
        ["--write"] => write(),
        [] => compare(),
        _ => Err(anyhow::anyhow!("{words:?}: there is --write, or nothing")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one scenario, under callgrind, and tells how often it did its thing.
fn one(name: &str) -> Result<bool> {
    let scenario =
        SCENARIOS.iter().find(|scenario| scenario.name == name).context("there is no such scenario")?;
    println!("{}", (scenario.run)());
    Ok(true)
}

fn write() -> Result<bool> {
    let Some(now) = count()? else { return skipped() };
    let text = format!(
        "# Instructions of the engine for one of each, by callgrind:\n\
         # cargo bench -p synfin-bench --bench instructions -- --write\n{}",
        toml::to_string(&now)?
    );
    std::fs::write(path(), text).with_context(|| format!("writing {}", path().display()))?;
    println!("{}", path().display());
    report::record("instructions", &told(&now))?;
    Ok(true)
}

/// For the document.
fn told(record: &Record) -> String {
    let mut table = Table::new(["", "instructions", "what is counted"]);
    for scenario in SCENARIOS {
        table.row([scenario.name, &record.instructions[scenario.name].to_string(), scenario.what]);
    }
    format!("{}; {}; {}:\n\n{}", record.compiler, record.libc, record.processor, table.to_markdown())
}

fn compare() -> Result<bool> {
    let text = std::fs::read_to_string(path()).with_context(|| format!("reading {}", path().display()))?;
    let record: Record = toml::from_str(&text).with_context(|| format!("reading {}", path().display()))?;
    let Some(now) = count()? else { return skipped() };
    let mut table = Table::new(["", "on record", "now", "change"]);
    let (mut more, mut less) = (Vec::new(), Vec::new());
    for scenario in SCENARIOS {
        let count = now.instructions[scenario.name];
        let Some(&before) = record.instructions.get(scenario.name) else {
            more.push(scenario.name);
            table.row([scenario.name, "-", &count.to_string(), "new"]);
            continue;
        };
        let change = count as f64 / before as f64 - 1.0;
        if change > TOLERANCE {
            more.push(scenario.name);
        } else if change < -TOLERANCE {
            less.push(scenario.name);
        }
        let change = format!("{:+.1} %", change * 100.0);
        table.row([scenario.name, &before.to_string(), &count.to_string(), &change]);
    }
    print!("{}", table.to_markdown());
    Ok(judge(&record, &now, &more, &less))
}

/// Says what is to be done, and whether all is well.
fn judge(record: &Record, now: &Record, more: &[&str], less: &[&str]) -> bool {
    let renew = "cargo bench -p synfin-bench --bench instructions -- --write";
    let there = [&record.compiler, &record.libc, &record.processor];
    let here = [&now.compiler, &now.libc, &now.processor];
    for (there, here) in there.iter().zip(here).filter(|(there, here)| *there != here) {
        println!(
            "counted with \"{here}\", on record is \"{there}\": nothing is judged. To renew the record: {renew}"
        );
    }
    if there != here {
        return true;
    }
    if !less.is_empty() {
        println!("{}: less than on record. Keep it so: {renew}", less.join(", "));
    }
    if !more.is_empty() {
        println!(
            "{}: more than 3 % above what is on record, or not there. Find out why; where it is worth its cost, say so in \
             the commit and renew the record: {renew}",
            more.join(", ")
        );
    }
    more.is_empty()
}

/// Counts all scenarios; `None` where there is no valgrind.
fn count() -> Result<Option<Record>> {
    if !callgrind::is_there() {
        return Ok(None);
    }
    let mut instructions = BTreeMap::new();
    for scenario in SCENARIOS {
        eprintln!("{}: {}", scenario.name, scenario.what);
        instructions.insert(scenario.name.to_owned(), count_one(scenario.name)?);
    }
    Ok(Some(Record {
        compiler: first_line("rustc", &["--version"]),
        libc: first_line("ldd", &["--version"]),
        processor: processor(),
        instructions,
    }))
}

/// The instructions for one thing, rounded down.
fn count_one(name: &str) -> Result<u64> {
    let (times, dump) = callgrind::run(&["--one", name], MEASURED, 0)?;
    let times: u64 = times.parse().with_context(|| format!("{name}: how often?"))?;
    Ok(callgrind::total(&dump) / times)
}

/// What glibc and the checksum choose their functions by, as callgrind shows it.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let has = |wanted: &&str| flags.split_whitespace().any(|flag| flag == *wanted);
    let there: Vec<_> = ["avx2"].into_iter().filter(has).collect();
    format!("{} {}", std::env::consts::ARCH, there.join(" "))
}

fn first_line(program: &str, words: &[&str]) -> String {
    let said = Command::new(program).args(words).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("?").to_owned()
}

/// Where something is missing, which in CI is a failure.
fn skipped() -> Result<bool> {
    println!("SKIPPED: there is no valgrind: apt-get install valgrind");
    Ok(std::env::var("CI").is_err())
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.toml")
}
