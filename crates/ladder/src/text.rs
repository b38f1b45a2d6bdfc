//! The ladder for a terminal.
//!
//! In: a connection, a catalogue and a width. Out: a panel with the two ends, what they agreed on and how it went; the
//! ladder, `left state | frame, time | arrow | right state` with a sentence under each arrow; the findings with their
//! evidence. States stand there only where they change. Everything wraps at the width, Chinese counted double. No colour
//! unless asked for, and no line needs it.

mod arrow;
mod findings;
mod head;
mod line;
mod list;
mod patterns;

use synfin_wire::Instant;

use crate::catalogue::{Catalogue, Word};
use crate::fold::{self, Row};
use crate::model::connection::Connection;
use crate::model::end::Side;
use crate::model::states::StateSet;
use crate::words::{Words, seconds};
use arrow::Body;
use line::{Line, Paint};
pub use list::list;
pub use patterns::patterns;

pub(crate) use arrow::{label, run_sentence, run_text};
pub(crate) use head::facts;
pub(crate) use line::width;
pub use line::wrap;
pub(crate) use list::{Entry, is_healthy, order};

/// How the text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Columns that there are; counted as 60 when there are fewer.
    pub width: usize,
    /// Colours, as ANSI escape sequences.
    pub colour: bool,
    /// Arrows and marks in ASCII; the sentences stay as they are.
    pub ascii: bool,
    /// Sequence numbers as they stand in the headers, instead of counted from each end's first.
    pub absolute: bool,
    /// Long quiet runs in one line.
    pub fold: bool,
    /// In a list, the connections too of which there is nothing to tell.
    pub all: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 80, colour: false, ascii: false, absolute: false, fold: true, all: false }
    }
}

impl Options {
    /// The narrowest that is laid out for.
    pub const NARROWEST: usize = 60;

    fn columns(&self) -> usize {
        self.width.max(Self::NARROWEST)
    }
}

/// A connection: its panel, its ladder and its findings.
#[must_use]
pub fn ladder(connection: &Connection, catalogue: &Catalogue, options: &Options) -> String {
    let words = Words::new(catalogue, connection);
    let mut lines = head::lines(&words, options);
    lines.push(Line::default());
    lines.extend(steps(&words, options));
    lines.push(Line::default());
    lines.extend(findings::lines(&words, options));
    render(&lines, options)
}

/// The ladder alone: one row a segment, without panel and findings.
#[must_use]
pub fn rungs(connection: &Connection, catalogue: &Catalogue, options: &Options) -> String {
    render(&steps(&Words::new(catalogue, connection), options), options)
}

fn render(lines: &[Line], options: &Options) -> String {
    let mut out = String::new();
    for line in lines {
        line.write(&mut out, options.colour);
        out.push('\n');
    }
    out
}

/// The columns of a ladder.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// Columns of a state, the same on both sides.
    state: usize,
    /// Columns of a frame's number.
    frame: usize,
    /// Columns of a time.
    time: usize,
    /// Decimals of a time in seconds.
    decimals: usize,
    /// Columns of an arrow.
    arrow: usize,
}

impl Columns {
    /// Two columns between the arrow and the states, and one elsewhere.
    const GAPS: usize = 1 + 1 + 2 + 2;

    fn of(words: &Words<'_>, rows: &[Row<'_>], options: &Options) -> Self {
        let columns = options.columns();
        let ends = &words.connection.ends;
        let shown = rows.iter().flat_map(|row| [row.first(), row.last()]).flat_map(|step| step.states);
        let shown = shown.chain(ends.iter().map(|end| end.before));
        let state = shown.flat_map(|states| cells(words, states)).map(|cell| width(&cell)).max().unwrap_or(0);
        let last = rows.last().map(Row::last);
        let frame = last.map_or(1, |step| step.frame.to_string().len());
        let state = state.max(6);
        let of = |decimals| {
            let time = last.map_or(1, |step| seconds(step.at, decimals).len());
            let arrow = columns.saturating_sub(2 * state + frame + time + Self::GAPS);
            Self { state, frame, time, decimals, arrow }
        };
        // Where there is little room, times are told less exactly before arrows become too short.
        let least = if columns < 80 { 20 } else { 30 };
        let exact = [6, 4, 3, 1].map(of);
        exact.into_iter().find(|columns| columns.arrow >= least).unwrap_or(exact[3])
    }

    /// Where what stands under an arrow begins.
    fn indent(&self) -> usize {
        self.state + 1 + self.frame + 1
    }

    /// How much room there is under an arrow.
    fn under(&self) -> usize {
        self.time + 2 + self.arrow
    }

    fn right(&self) -> usize {
        self.indent() + self.under() + 2
    }

    fn moment(&self, at: Instant) -> String {
        seconds(at, self.decimals)
    }
}

fn steps(words: &Words<'_>, options: &Options) -> Vec<Line> {
    let rows = fold::rows(words.connection, options.fold);
    if rows.is_empty() {
        return vec![Line::plain(words.catalogue.word(Word::NoSegments))];
    }
    let columns = Columns::of(words, &rows, options);
    let mut lines = ends(words, options);
    let mut states = words.connection.ends.each_ref().map(|end| end.before);
    lines.extend(beside(words, &columns, states.map(Some), Vec::new()));
    for row in &rows {
        let now = row.last().states;
        let changed = Side::BOTH.map(|side| {
            let index = side.index();
            (states[index] != now[index]).then_some(now[index])
        });
        let body = match row {
            Row::Step(step) => Body::of_step(words, step, &columns, options),
            Row::Run(run) => Body::of_run(words, run, &columns, options),
        };
        lines.extend(beside(words, &columns, changed, body.lines(row, &columns)));
        states = now;
    }
    lines.extend(later(words, &rows, options));
    lines.extend(glosses(words, &rows, options));
    lines
}

/// Who stands left and who right.
fn ends(words: &Words<'_>, options: &Options) -> Vec<Line> {
    let name = |side| format!("{} {}", words.end(side), words.connection.end(side).address);
    let (left, right) = (name(Side::Left), name(Side::Right));
    let room = options.columns();
    if width(&left) + 2 + width(&right) <= room {
        let mut line = Line::of(Paint::Name, left);
        line.pad_to(room - width(&right));
        line.push(Paint::Name, right);
        return vec![line];
    }
    let mut below = Line::default();
    below.pad_to(room.saturating_sub(width(&right)));
    below.push(Paint::Name, right);
    vec![Line::of(Paint::Name, left), below]
}

/// A state set in as many lines as it has states, so that a long one keeps to its column.
fn cells(words: &Words<'_>, states: StateSet) -> Vec<String> {
    let text = words.states(states);
    let parts: Vec<&str> = text.split('|').collect();
    let last = parts.len() - 1;
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| if i < last { format!("{part}|") } else { (*part).to_owned() })
        .collect()
}

/// What stands in the middle, with the states to its left and right.
fn beside(
    words: &Words<'_>,
    columns: &Columns,
    states: [Option<StateSet>; 2],
    middle: Vec<Line>,
) -> Vec<Line> {
    let sides = states.map(|states| states.map_or_else(Vec::new, |states| cells(words, states)));
    let count = middle.len().max(sides[0].len()).max(sides[1].len());
    let mut middle = middle.into_iter();
    (0..count)
        .map(|index| {
            let mut line = Line::default();
            if let Some(left) = sides[0].get(index) {
                line.push(Paint::State, left.clone());
            }
            if let Some(middle) = middle.next() {
                line.pad_to(columns.state + 1);
                line.append(middle);
            }
            if let Some(right) = sides[1].get(index) {
                line.pad_to(columns.right());
                line.push(Paint::State, right.clone());
            }
            line
        })
        .collect()
}

/// What comes after the last segment: transitions that no segment shows.
fn later(words: &Words<'_>, rows: &[Row<'_>], options: &Options) -> Vec<Line> {
    let Some(last) = rows.last().map(Row::last) else { return Vec::new() };
    let mut lines = Vec::new();
    for side in Side::BOTH {
        let shown = last.states[side.index()];
        for transition in &words.connection.end(side).timeline.0 {
            let after = transition.when.earliest.is_none_or(|earliest| earliest > last.at);
            if !after || transition.when.must_have_passed(last.at) || shown.contains(transition.to) {
                continue;
            }
            let text = format!(
                "{}{}{} {}{}{}{}{}",
                words.catalogue.word(Word::Later),
                words.colon(),
                words.end(side),
                transition.to.name(),
                words.comma(),
                words.when(transition),
                words.comma(),
                words.catalogue.certainty(transition.certainty),
            );
            lines.extend(wrap(&text, options.columns()).into_iter().map(|text| Line::of(Paint::Quiet, text)));
        }
    }
    lines
}

/// What the states that appear mean, where their names are not of the language.
fn glosses(words: &Words<'_>, rows: &[Row<'_>], options: &Options) -> Vec<Line> {
    if !words.is_chinese() {
        return Vec::new();
    }
    let before = words.connection.ends.iter().map(|end| end.before);
    let shown = rows.iter().flat_map(|row| row.last().states).chain(before);
    let shown = shown.filter(|states| *states != StateSet::ALL).fold(StateSet::NONE, StateSet::with);
    let told: Vec<_> =
        shown.iter().map(|state| format!("{}\u{a0}{}", state.name(), words.catalogue.state(state))).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let text = format!("{}：{}", words.catalogue.word(Word::States), told.join("，"));
    wrap(&text, options.columns()).into_iter().map(|text| Line::of(Paint::Quiet, text)).collect()
}

#[cfg(test)]
mod tests;
