//! Where each rung of the ladder stands: time downwards, pauses compressed.

use std::time::Duration;

use synfin_wire::Instant;

use crate::fold::{self, Row};
use crate::model::connection::Connection;
use crate::model::states::StateSet;
use crate::model::step::{Fate, Step};
use crate::text::{label, run_sentence, run_text};
use crate::voices::{Lines, Voices, height};
use crate::words::Words;

use super::Options;

/// Height of a line of each kind of text.
pub(super) const LABEL: i32 = 13;
pub(super) const SENTENCE: i32 = 15;
pub(super) const STATE: i32 = 12;
/// How much lower an arrow's head is than its tail: what is sent arrives later.
pub(super) const SLANT: i32 = 10;
/// Room between the ends' names and the first rung.
pub(super) const TOP: i32 = 60;

/// A row with its place.
pub(super) struct Rung<'a> {
    pub(super) row: Row<'a>,
    /// Where the arrow begins.
    pub(super) tail: i32,
    /// The lines above it, and those below.
    pub(super) label: Vec<Lines>,
    pub(super) sentence: Vec<Lines>,
    /// The states that have changed, left and right, a line each.
    pub(super) states: [Option<StateSet>; 2],
    /// A pause before it that is worth a word, and where that stands.
    pub(super) pause: Option<(Duration, i32)>,
    /// Where the next one begins.
    pub(super) bottom: i32,
}

impl Rung<'_> {
    pub(super) fn head(&self) -> i32 {
        self.tail + SLANT
    }
}

/// The rungs of a connection. `span` is how far the ends are apart; `cite` has the clause behind each sentence.
pub(super) fn rungs<'a>(voices: &Voices<'a>, options: &Options, span: i32, cite: bool) -> Vec<Rung<'a>> {
    let connection = voices.connection();
    let mut rows = fold::rows(connection, options.fold);
    rows.truncate(options.most_rows);
    let usual = usual_gap(&rows);
    let columns = |unit: i32| (span - 16).max(0) as usize * 10 / unit as usize;
    let mut states = connection.ends.each_ref().map(|end| end.before);
    let mut y = TOP
        + voices.state_height() * states.iter().map(|states| shown(*states).len() as i32).max().unwrap_or(1);
    let mut previous: Option<Instant> = None;
    let mut rungs = Vec::with_capacity(rows.len());
    for row in rows {
        let gap = previous.map_or(Duration::ZERO, |previous| row.first().at - previous);
        previous = Some(row.last().at);
        let pause = is_pause(gap, usual, connection).then_some((gap, y + 16));
        y += if pause.is_some() { 34 } else { stretch(gap, usual) };
        let now = row.last().states;
        let changed = [0, 1].map(|side| (states[side] != now[side]).then_some(now[side]));
        states = now;
        let label = voices.lines(columns(66), |words| match &row {
            Row::Step(step) => label(words, step, options.absolute),
            Row::Run(run) => run_text(words, run),
        });
        let sentence = voices.lines(columns(66), |words| match &row {
            Row::Step(step) if !cite => told(words, step),
            Row::Step(step) => {
                let clause = words.clause(step.reason.clause(), step.certainty).replace(' ', "\u{a0}");
                format!("{} [{clause}]", told(words, step))
            }
            Row::Run(run) => run_sentence(words, run),
        });
        let tail = y + LABEL * height(&label) as i32 + 4;
        let below = SLANT + 7 + SENTENCE * height(&sentence) as i32;
        let lines = changed.iter().flatten().map(|states| shown(*states).len() as i32).max().unwrap_or(0);
        let bottom = tail + below.max(8 + voices.state_height() * lines) + 8;
        rungs.push(Rung { row, tail, label, sentence, states: changed, pause, bottom });
        y = bottom;
    }
    rungs
}

/// The sentence of a segment, and why it was discarded where it was.
fn told(words: &Words<'_>, step: &Step) -> String {
    let sentence = words.sentence(step);
    match (step.fate, words.fate(step)) {
        (Fate::Dropped(_), Some(fate)) => {
            format!("{sentence}{}{fate}", if words.is_chinese() { "；" } else { "; " })
        }
        _ => sentence,
    }
}

/// The names of a state set, a line each.
pub(super) fn shown(states: StateSet) -> Vec<String> {
    if states == StateSet::ALL || states.is_empty() {
        return vec!["?".to_owned()];
    }
    let names: Vec<_> = states.iter().map(|state| state.name().to_owned()).collect();
    let last = names.len() - 1;
    names.into_iter().enumerate().map(|(i, name)| if i < last { name + "|" } else { name }).collect()
}

/// The median of the gaps between rows.
fn usual_gap(rows: &[Row<'_>]) -> Duration {
    let mut gaps: Vec<Duration> =
        rows.windows(2).map(|pair| pair[1].first().at - pair[0].last().at).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(Duration::ZERO).max(Duration::from_micros(1))
}

/// A pause is long beside what is usual, beside the round trip, and for a person.
fn is_pause(gap: Duration, usual: Duration, connection: &Connection) -> bool {
    let round_trip = connection.rtt.map_or(Duration::ZERO, |[_, mean, _]| mean);
    gap >= Duration::from_millis(20) && gap > usual * 4 && gap > round_trip * 2
}

/// Longer gaps take more room, but never much.
fn stretch(gap: Duration, usual: Duration) -> i32 {
    let times = gap.as_nanos() as f64 / usual.as_nanos() as f64;
    ((1.0 + times).log2() * 5.0).min(24.0) as i32
}
