//! What stacks have done in turns: its medians, and the table and the plot that tell the same ones.

use crate::plot::{self, Bar, Frame, Group, Line, Panel};
use crate::report::{Table, median, three_digits};
use crate::task::{Outcome, Stack};
use crate::workload::Workload;

/// What one stack has done, a figure a round.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// In the unit of the workload.
    speeds: Vec<f64>,
    /// Nanoseconds of both ends for each packet.
    packet: Vec<f64>,
    time_waits: usize,
}

impl Figures {
    /// Adds a round.
    pub fn add(&mut self, workload: Workload, outcome: &Outcome) {
        let unit = if workload == Workload::Bulk { 1e9 / 8.0 } else { 1e3 };
        self.speeds.push(outcome.count as f64 / outcome.seconds / unit);
        self.packet.push(outcome.seconds * 1e9 / outcome.packets as f64);
        self.time_waits = outcome.time_waits;
    }

    /// Connections of the client's in TIME-WAIT at the end of the last round.
    #[must_use]
    pub fn time_waits(&self) -> usize {
        self.time_waits
    }

    fn told(&self, ratios: &[f64]) -> Told {
        Told { speed: median(&self.speeds), ratio: median(ratios) }
    }
}

/// Medians; not numbers where a stack has done nothing.
#[derive(Clone, Copy, Debug)]
struct Told {
    speed: f64,
    ratio: f64,
}

/// Within each round.
fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

/// synfin beside its peers, a row for each workload and setting.
#[derive(Clone, Debug)]
pub struct Peers {
    /// synfin first.
    stacks: Vec<Stack>,
    rows: Vec<PeersRow>,
}

#[derive(Clone, Debug)]
struct PeersRow {
    name: String,
    /// Of each stack; the ratio is that of synfin's speed to its speed.
    told: Vec<Told>,
    /// Nanoseconds of both of synfin's ends for each packet.
    packet: f64,
}

impl Peers {
    /// Without rows. synfin is the first of the stacks.
    #[must_use]
    pub fn new(stacks: Vec<Stack>) -> Self {
        Self { stacks, rows: Vec::new() }
    }

    /// Adds a row of what each stack has done.
    pub fn row(&mut self, name: &str, figures: &[Figures]) {
        let synfin = &figures[0];
        let told = figures.iter().map(|figures| figures.told(&ratios(&synfin.speeds, &figures.speeds)));
        self.rows.push(PeersRow {
            name: name.to_owned(),
            told: told.collect(),
            packet: median(&synfin.packet),
        });
    }

    /// Speeds, and how many times a peer's synfin's is.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut head = vec![String::new(), "synfin".to_owned()];
        head.extend(
            self.stacks[1..].iter().flat_map(|peer| [peer.name().to_owned(), format!("x {}", peer.name())]),
        );
        head.push("synfin, ns a packet".to_owned());
        let mut table = Table::new(head);
        for row in &self.rows {
            let mut cells = vec![row.name.clone(), three_digits(row.told[0].speed)];
            cells.extend(row.told[1..].iter().flat_map(|told| [told.speed, told.ratio].map(three_digits)));
            cells.push(three_digits(row.packet));
            table.row(cells);
        }
        table
    }

    /// The same as bars, of which synfin's is always 1 long.
    #[must_use]
    pub fn to_svg(&self, made_by: &str) -> String {
        let groups: Vec<_> = self.rows.iter().map(|row| self.group(row)).collect();
        let frame = Frame {
            title: "Two ends of one stack in memory, on one core",
            axis: "speed, synfin's = 1; longer is faster",
            made_by,
            stacks: &self.stacks,
        };
        plot::bars(&frame, &groups)
    }

    fn group(&self, row: &PeersRow) -> Group {
        let told = self.stacks.iter().zip(&row.told).filter(|(_, told)| told.speed.is_finite());
        let bars = told.map(|(&stack, told)| {
            let length = 1.0 / told.ratio;
            let label = match stack {
                Stack::Synfin => format!("1 = {}", three_digits(told.speed)),
                _ => three_digits(length),
            };
            Bar { stack, length, label }
        });
        Group { name: row.name.clone(), bars: bars.collect() }
    }
}

/// Workloads beside idle connections.
#[derive(Clone, Debug)]
pub struct Population {
    stacks: Vec<Stack>,
    idle: Vec<usize>,
    workloads: Vec<(String, Vec<Vec<Told>>)>,
}

impl Population {
    /// Without workloads; `idle` tells how many idle connections there are.
    #[must_use]
    pub fn new(stacks: Vec<Stack>, idle: Vec<usize>) -> Self {
        Self { stacks, idle, workloads: Vec::new() }
    }

    /// Adds a workload: beside each number of idle connections, what each stack has done.
    pub fn workload(&mut self, name: &str, figures: &[Vec<Figures>]) {
        let none = self.idle.iter().position(|idle| *idle == 0);
        let alone = |stack: usize| none.map_or(&[][..], |none| &figures[none][stack].speeds);
        let told = figures.iter().map(|beside| {
            let stacks = beside.iter().enumerate();
            stacks.map(|(stack, figures)| figures.told(&ratios(&figures.speeds, alone(stack)))).collect()
        });
        self.workloads.push((name.to_owned(), told.collect()));
    }

    /// A table for each workload under its name: speeds, and what that is of the speed without idle connections.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut head = vec!["idle connections".to_owned()];
        head.extend(self.stacks.iter().flat_map(|stack| [stack.name().to_owned(), "x none".to_owned()]));
        let tables = self.workloads.iter().map(|(name, rows)| {
            let mut table = Table::new(head.clone());
            for (idle, told) in self.idle.iter().zip(rows) {
                let figures = told.iter().flat_map(|told| [told.speed, told.ratio].map(three_digits));
                table.row(std::iter::once(idle.to_string()).chain(figures));
            }
            format!("{name}:\n\n{}", table.to_markdown().trim())
        });
        tables.collect::<Vec<_>>().join("\n\n")
    }

    /// The latter as lines, a panel for each workload.
    #[must_use]
    pub fn to_svg(&self, made_by: &str) -> String {
        let panels: Vec<_> = self.workloads.iter().map(|(name, rows)| self.panel(name, rows)).collect();
        let frame = Frame {
            title: "Beside idle connections",
            axis: "speed, that without idle connections = 1",
            made_by,
            stacks: &self.stacks,
        };
        plot::panels(&frame, &panels)
    }

    fn panel(&self, name: &str, rows: &[Vec<Told>]) -> Panel {
        let lines = self.stacks.iter().enumerate().map(|(at, &stack)| {
            let points = self.idle.iter().zip(rows).map(|(idle, told)| (*idle, told[at].ratio));
            let mut points: Vec<_> = points.filter(|(_, ratio)| ratio.is_finite()).collect();
            points.sort_by_key(|(idle, _)| *idle);
            Line { stack, points }
        });
        // A ratio has no unit.
        let name = name.split_once(',').map_or(name, |(name, _)| name);
        Panel { name: name.to_owned(), lines: lines.collect() }
    }
}

#[cfg(test)]
mod tests;
