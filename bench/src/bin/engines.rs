//! Two endpoints of one stack on one core, in memory: synfin beside its peers.
//!
//! Each figure is made by a process of its own; those of all stacks, and of all populations, take turns.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use synfin_bench::compared::{Figures, Peers, Population};
use synfin_bench::report::{Table, record, record_plot};
use synfin_bench::{Congestion, Cutting, Lwip, Resting, Setting, Stack, Task, Workload, machine};

/// Two endpoints of one stack on one core, in memory: synfin beside its peers.
#[derive(Debug, Parser)]
#[command(after_help = "Example: engines --only bulk --rounds 3 --seconds 0.2 --peers smoltcp")]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    plan: Plan,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Does one task, given as JSON, in this process
    #[command(hide = true)]
    Task { task: String },
}

#[derive(Debug, Args)]
struct Plan {
    /// How often everything is measured; medians are told
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Processor time of one measurement
    #[arg(long, value_name = "S", default_value_t = 0.5, value_parser = seconds)]
    seconds: f64,
    /// Which tables
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "bulk,request-response,connect-close,population,memory"
    )]
    only: Vec<Part>,
    /// How many idle connections there are beside a workload
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "N",
        default_value = "0,10,100,1000,10000,100000,1000000"
    )]
    idle: Vec<usize>,
    /// Beside whom synfin is measured; without it beside all that are there
    #[arg(long, value_delimiter = ',')]
    peers: Option<Vec<Stack>>,
    /// The source of lwIP, if it is not in target/lwip-*
    #[arg(long, value_name = "DIR")]
    lwip: Option<PathBuf>,
    /// Compile lwIP for the very processor that there is
    #[arg(long)]
    lwip_native: bool,
    /// How many connections rest where memory is measured
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    resting: u32,
    /// The congestion control of those that have a choice
    #[arg(long, default_value = "reno")]
    congestion: Congestion,
    /// Put the tables into docs/performance.md, and their plots into docs/images
    #[arg(long)]
    record: bool,
}

/// A table, or what is in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Bulk,
    RequestResponse,
    ConnectClose,
    Population,
    Memory,
}

fn seconds(word: &str) -> Result<f64, String> {
    match word.parse() {
        Ok(seconds) if (0.01..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.01 to 60 is wanted".to_owned()),
    }
}

/// A table with what made it, and the plot of its figures.
struct Report {
    text: String,
    plot: Option<String>,
}

/// What makes a report, if it is wanted.
type Make = fn(&Bench) -> Result<Option<Report>>;

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(Verb::Task { task }) = cli.verb {
        let outcome = synfin_bench::measure(&serde_json::from_str(&task)?)?;
        println!("{}", serde_json::to_string(&outcome)?);
        return Ok(());
    }
    let record_it = cli.plan.record;
    let bench = Bench::new(cli.plan)?;
    let reports: [(&str, Make); 3] = [
        ("engines", Bench::workloads),
        ("engines-population", Bench::population),
        ("engines-memory", Bench::memory),
    ];
    // Each is told as soon as it is there.
    for (name, make) in reports {
        let Some(report) = make(&bench)? else { continue };
        println!("{}\n", report.text);
        if record_it {
            record(name, &report.text)?;
            if let Some(svg) = report.plot {
                record_plot(name, &svg)?;
            }
        }
    }
    Ok(())
}

/// A row of the first table.
struct Case {
    part: Part,
    name: &'static str,
    workload: Workload,
    mtu: usize,
    checksums: bool,
    cutting: Cutting,
}

const fn case(part: Part, name: &'static str, workload: Workload, mtu: usize, checksums: bool) -> Case {
    Case { part, name, workload, mtu, checksums, cutting: Cutting::Software }
}

const fn bulk_with(cutting: Cutting, name: &'static str, checksums: bool) -> Case {
    Case { cutting, ..case(Part::Bulk, name, Workload::Bulk, 1500, checksums) }
}

const CASES: &[Case] = &[
    case(Part::Bulk, "bulk, MTU 1500, Gbit/s", Workload::Bulk, 1500, true),
    case(Part::Bulk, "the same without checksums", Workload::Bulk, 1500, false),
    case(Part::Bulk, "bulk, MTU 65000, Gbit/s", Workload::Bulk, 65_000, true),
    case(Part::Bulk, "the same without checksums", Workload::Bulk, 65_000, false),
    bulk_with(Cutting::Device, "bulk, MTU 1500 in super-segments, Gbit/s", true),
    bulk_with(Cutting::Device, "the same without checksums", false),
    bulk_with(Cutting::Never, "bulk, MTU 1500, each segment alone, Gbit/s", true),
    case(Part::RequestResponse, "request and response, 1,000/s", Workload::RequestResponse, 1500, true),
    case(Part::ConnectClose, "connect and close, 1,000/s", Workload::ConnectClose, 1500, true),
];

/// Whether it is with the settings of the first row.
fn is_ordinary(case: &Case) -> bool {
    case.mtu == 1500 && case.checksums && case.cutting == Cutting::Software
}

/// The plan, with everyone who takes part.
struct Bench {
    plan: Plan,
    peers: Vec<Stack>,
    lwip: Option<Lwip>,
}

impl Bench {
    fn new(plan: Plan) -> Result<Self> {
        let asked = plan.peers.clone();
        let mut peers = asked.clone().unwrap_or_else(|| vec![Stack::Smoltcp, Stack::Lwip]);
        peers.retain(|peer| *peer != Stack::Synfin);
        let mut lwip = None;
        if peers.contains(&Stack::Lwip) {
            match Lwip::find(plan.lwip.as_deref(), plan.lwip_native) {
                Ok(found) => lwip = Some(found),
                Err(error) if asked.is_none() && plan.lwip.is_none() => {
                    eprintln!("lwIP is not measured: {error:#}");
                    peers.retain(|peer| *peer != Stack::Lwip);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { plan, peers, lwip })
    }

    fn workloads(&self) -> Result<Option<Report>> {
        let cases: Vec<_> = CASES.iter().filter(|case| self.plan.only.contains(&case.part)).collect();
        if cases.is_empty() {
            return Ok(None);
        }
        let mut peers = Peers::new(self.stacks().collect());
        let mut time_waits = 0;
        for case in cases {
            eprintln!("{}", case.name);
            let figures = self.figures(case, &[0])?.remove(0);
            peers.row(case.name, &figures);
            if case.workload == Workload::ConnectClose {
                time_waits = figures[0].time_waits();
            }
        }
        let left = match time_waits {
            0 => String::new(),
            left => format!("\n\nAt the end synfin's client held {left} connections in TIME-WAIT."),
        };
        let made_by = self.made_by();
        let text = format!("{made_by}:\n\n{}{left}", peers.to_table().to_markdown().trim());
        Ok(Some(Report { text, plot: Some(peers.to_svg(&made_by)) }))
    }

    fn population(&self) -> Result<Option<Report>> {
        if !self.plan.only.contains(&Part::Population) {
            return Ok(None);
        }
        let mut population = Population::new(self.stacks().collect(), self.plan.idle.clone());
        for case in CASES.iter().filter(|case| is_ordinary(case)) {
            eprintln!("{}, beside idle connections", case.name);
            population.workload(case.name, &self.figures(case, &self.plan.idle)?);
        }
        let made_by = self.made_by();
        let text = format!("{made_by}:\n\n{}", population.to_markdown());
        Ok(Some(Report { text, plot: Some(population.to_svg(&made_by)) }))
    }

    fn memory(&self) -> Result<Option<Report>> {
        if !self.plan.only.contains(&Part::Memory) {
            return Ok(None);
        }
        let mut table = Table::new(["at rest", "how many", "octets each"]);
        for (name, state) in [
            ("ESTABLISHED", Resting::Established),
            ("SYN-RECEIVED", Resting::HalfOpen),
            ("TIME-WAIT", Resting::TimeWait),
        ] {
            eprintln!("{} in {name}", self.plan.resting);
            let count = self.plan.resting as usize;
            let outcome = Task::Rest { stack: Stack::Synfin, state, count }.run(self.lwip.as_ref())?;
            let each = outcome.resident as f64 / outcome.count as f64;
            table.row([name.to_owned(), outcome.count.to_string(), format!("{each:.0}")]);
        }
        let text = format!("On {}:\n\n{}", machine::describe(), table.to_markdown().trim());
        Ok(Some(Report { text, plot: None }))
    }

    fn stacks(&self) -> impl Iterator<Item = Stack> {
        std::iter::once(Stack::Synfin).chain(self.peers.iter().copied())
    }

    /// What each stack does in each round, beside each number of idle connections; nothing from those that cannot.
    ///
    /// All take turns, so that a round's ratios are of figures that the machine made in one state, as far as it can be.
    fn figures(&self, case: &Case, populations: &[usize]) -> Result<Vec<Vec<Figures>>> {
        let setting = Setting {
            mtu: case.mtu,
            checksums: case.checksums,
            cutting: case.cutting,
            congestion: self.plan.congestion,
        };
        let none_yet: Vec<_> = self.stacks().map(|_| Figures::default()).collect();
        let mut figures = vec![none_yet; populations.len()];
        for _ in 0..self.plan.rounds {
            for (&idle, figures) in populations.iter().zip(&mut figures) {
                for (stack, figures) in self.stacks().zip(figures) {
                    if stack.can(&setting, idle) {
                        let (workload, setting) = (case.workload, setting.clone());
                        let task = Task::Run { stack, workload, setting, idle, seconds: self.plan.seconds };
                        figures.add(workload, &task.run(self.lwip.as_ref())?);
                    }
                }
            }
        }
        Ok(figures)
    }

    fn made_by(&self) -> String {
        let congestion = self.plan.congestion.to_possible_value();
        let mut text = format!(
            "Medians of {} rounds of {} s of processor time, {}, on {}",
            self.plan.rounds,
            self.plan.seconds,
            congestion.map(|value| value.get_name().to_owned()).unwrap_or_default(),
            machine::describe(),
        );
        if self.peers.contains(&Stack::Smoltcp) {
            text += &format!("; smoltcp {}", machine::version_of("smoltcp"));
        }
        if let Some(lwip) = &self.lwip {
            text += &format!("; {}", lwip.describe());
        }
        text
    }
}
