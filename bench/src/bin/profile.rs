//! Where the instructions of a bulk transfer in memory go: a table of the largest parts, and a flame graph.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use synfin_bench::callgrind::{self, Cost};
use synfin_bench::counts::{self, MEASURED};
use synfin_bench::flame::Flame;
use synfin_bench::report::{Table, record};
use synfin_bench::{machine, rooms};

/// How many callers of a function are told apart: more than there are.
const CALLERS: u32 = 40;
/// How many parts are told.
const PARTS: usize = 10;

/// Where the instructions of a bulk transfer in memory go, by callgrind.
#[derive(Debug, Parser)]
#[command(after_help = "Example: profile --flame bulk.svg")]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Draw a flame graph to this file
    #[arg(long, value_name = "SVG")]
    flame: Option<PathBuf>,
    /// Put the table into docs/performance.md
    #[arg(long)]
    record: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Does what is looked at, under callgrind
    #[command(hide = true)]
    Bulk,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(Verb::Bulk) = cli.verb {
        println!("{}", counts::bulk());
        return Ok(());
    }
    if !callgrind::is_there() {
        bail!("there is no valgrind: apt-get install valgrind");
    }
    let (segments, dump) = callgrind::run(&["bulk"], MEASURED, CALLERS)?;
    let segments: u64 = segments.parse().context("how many segments?")?;
    let costs = callgrind::costs(&dump)?;
    let text = table(&costs, segments);
    println!("{text}");
    if cli.record {
        record("profile", &text)?;
    }
    if let Some(path) = cli.flame {
        let title =
            format!("Bulk transfer in memory, both ends: {} instructions a segment", sum(&costs) / segments);
        std::fs::write(&path, flame(&costs).to_svg(&title, segments, "instructions a segment"))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn sum(costs: &[Cost]) -> u64 {
    costs.iter().map(|cost| cost.instructions).sum()
}

/// The largest parts.
fn table(costs: &[Cost], segments: u64) -> String {
    let total = sum(costs);
    let mut parts = BTreeMap::new();
    for cost in costs {
        *parts.entry(rooms::room_of(cost)).or_insert(0) += cost.instructions;
    }
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(room, spent)| (u64::MAX - spent, *room));
    let mut table = Table::new(["part", "instructions a segment", "share", "what it is for"]);
    for (room, spent) in parts.iter().take(PARTS) {
        let share = format!("{:.1} %", *spent as f64 / total as f64 * 100.0);
        table.row([room.name, &(spent / segments).to_string(), &share, room.purpose]);
    }
    let rest: u64 = parts.iter().skip(PARTS).map(|(_, spent)| spent).sum();
    let share = format!("{:.1} %", rest as f64 / total as f64 * 100.0);
    table.row(["all others", &(rest / segments).to_string(), &share, ""]);
    table.row([
        "together",
        &(total / segments).to_string(),
        "100 %",
        "both ends, for a segment of 1448 octets",
    ]);
    format!("On {}:\n\n{}", machine::describe(), table.to_markdown().trim())
}

fn flame(costs: &[Cost]) -> Flame {
    let mut flame = Flame::default();
    for cost in costs {
        // What is below it is the same for all.
        let own = cost.stack.iter().position(|function| function.contains("counts::measured"));
        let path = &cost.stack[..own.unwrap_or(cost.stack.len())];
        flame.add(path.iter().rev().map(|name| short(name)), cost.instructions);
    }
    flame
}

/// Without the hash that the compiler adds.
fn short(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => name,
    }
}
