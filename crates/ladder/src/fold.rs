//! What a picture draws one by one, and what it tells in one line.
//!
//! In: a connection. Out: its segments in their order, long quiet runs of data and acknowledgments being one row each.
//! Whatever is lost, sent again, out of order, a probe, a change of state, or evidence for a finding that matters is
//! never part of such a run.

use std::collections::BTreeSet;
use std::time::Duration;

use synfin_wire::SendReason;

use crate::model::connection::Connection;
use crate::model::finding::Severity;
use crate::model::marks::{Mark, Marks};
use crate::model::states::StateSet;
use crate::model::step::{Fate, Step};
use crate::reason::{Reason, Seen};

/// The shortest run that is told in one line.
const SHORTEST: usize = 6;
/// A run ends where nothing happens for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// What one row of a picture shows.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A segment.
    Step(&'a Step),
    /// A quiet run of them.
    Run(Run<'a>),
}

/// A quiet run of segments.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The segments.
    pub steps: &'a [Step],
    /// Segments with text, by the side that sent them.
    pub data: [u64; 2],
    /// Octets of text, by the side that sent them.
    pub octets: [u64; 2],
    /// Segments without text.
    pub acks: u64,
}

/// The rows of a picture of `connection`; with `fold`, long quiet runs are one row.
#[must_use]
pub fn rows(connection: &Connection, fold: bool) -> Vec<Row<'_>> {
    let steps = &connection.steps;
    if !fold {
        return steps.iter().map(Row::Step).collect();
    }
    let told = evidence(connection);
    let mut rows = Vec::new();
    let mut index = 0;
    while index < steps.len() {
        let run = quiet_run(steps, index, &told).max(1);
        fold_run(&steps[index..index + run], &mut rows);
        index += run;
    }
    rows
}

/// Folds a quiet run: by the side that sends data, where it does so for long; what lies between such stretches as one,
/// or drawn where it is too short to be told in one line.
fn fold_run<'a>(steps: &'a [Step], rows: &mut Vec<Row<'a>>) {
    let close = |rows: &mut Vec<Row<'a>>, steps: &'a [Step]| match steps.len() {
        0..SHORTEST => rows.extend(steps.iter().map(Row::Step)),
        _ => rows.push(Row::Run(Run::of(steps))),
    };
    let (mut from, mut start) = (0, 0);
    while start < steps.len() {
        let end = start + one_way(&steps[start..]);
        if end - start >= SHORTEST {
            close(rows, &steps[from..start]);
            close(rows, &steps[start..end]);
            from = end;
        }
        start = end;
    }
    close(rows, &steps[from..]);
}

/// How many segments there are until the other side sends data.
fn one_way(steps: &[Step]) -> usize {
    let sender = steps.iter().find(|step| step.len > 0).map(|step| step.from);
    steps.iter().position(|step| step.len > 0 && Some(step.from) != sender).unwrap_or(steps.len())
}

impl<'a> Run<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut run = Self { steps, data: [0; 2], octets: [0; 2], acks: 0 };
        for step in steps {
            let side = step.from.index();
            // What the capture shows as one was several segments.
            let segments = u64::from(step.segments.max(1));
            if step.len > 0 {
                run.data[side] += segments;
                run.octets[side] += u64::from(step.len);
            } else {
                run.acks += segments;
            }
        }
        run
    }

    /// The first of its segments.
    #[must_use]
    pub fn first(&self) -> &'a Step {
        self.steps.first().expect("a run has segments")
    }

    /// The last of its segments.
    #[must_use]
    pub fn last(&self) -> &'a Step {
        self.steps.last().expect("a run has segments")
    }
}

impl<'a> Row<'a> {
    /// Its first segment.
    #[must_use]
    pub fn first(&self) -> &'a Step {
        match self {
            Self::Step(step) => step,
            Self::Run(run) => run.first(),
        }
    }

    /// Its last segment.
    #[must_use]
    pub fn last(&self) -> &'a Step {
        match self {
            Self::Step(step) => step,
            Self::Run(run) => run.last(),
        }
    }
}

/// The frames that show a finding that matters.
fn evidence(connection: &Connection) -> BTreeSet<u64> {
    let findings = connection.findings.iter().filter(|finding| finding.kind.severity() > Severity::Note);
    findings.flat_map(|finding| finding.frames.iter().copied()).collect()
}

/// How many quiet segments there are from `start` on.
fn quiet_run(steps: &[Step], start: usize, told: &BTreeSet<u64>) -> usize {
    let mut count = 0;
    while let Some(step) = steps.get(start + count) {
        let before = (start + count).checked_sub(1).map(|index| &steps[index]);
        let changed = before.is_none_or(|before| differ(before.states, step.states));
        let paused = count > 0 && before.is_some_and(|before| step.at - before.at > PAUSE);
        if changed || paused || told.contains(&step.frame) || !is_quiet(step) {
            break;
        }
        count += 1;
    }
    count
}

fn differ(before: [StateSet; 2], after: [StateSet; 2]) -> bool {
    before != after
}

fn is_quiet(step: &Step) -> bool {
    let ordinary = matches!(
        step.reason,
        Reason::Seen(Seen::Ack)
            | Reason::Sent(
                SendReason::Data
                    // It is new data too; a burst of it says no more than its first.
                    | SendReason::LimitedTransmit
                    | SendReason::DelayedAck
                    | SendReason::SecondSegmentAck
                    | SendReason::QuickAck
                    | SendReason::WindowUpdate
            )
    );
    let mut marks: Marks = step.marks;
    marks.remove(Mark::WindowUpdate);
    let whole = matches!(step.fate, Fate::Arrived | Fate::Unknown);
    ordinary && marks.is_empty() && whole && step.remark().is_none() && step.options.sack.is_empty()
}

#[cfg(test)]
mod tests;
