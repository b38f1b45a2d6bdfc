//! The drawing of a ladder.

use maud::{Markup, html};

use synfin_wire::State;

use crate::catalogue::{Args, Word};
use crate::fold::Row;
use crate::model::end::Side;
use crate::model::states::StateSet;
use crate::model::step::{Fate, Step};
use crate::voices::{Said, Voices};
use crate::words::{seconds, span};

use super::place::{LABEL, Rung, SENTENCE, STATE, shown};
use super::{Options, STYLE, block, place, text};

/// Room for states and times beside the lines of the ends: as much as the longest name of a state takes.
const GUTTER: i32 = 90;

/// Where things stand across.
struct Frame {
    width: i32,
    left: i32,
    right: i32,
}

pub(super) fn draw(voices: &Voices<'_>, options: &Options, alone: bool) -> Markup {
    let width = options.width.clamp(440, 4000) as i32;
    let frame = Frame { width, left: GUTTER, right: width - GUTTER };
    let rungs = place::rungs(voices, options, frame.right - frame.left, alone);
    let cut = left_out(voices, &rungs);
    let bottom =
        rungs.last().map_or(place::TOP + 30, |rung| rung.bottom) + if cut.is_some() { 40 } else { 12 };
    let number = voices.connection().number;
    let title = voices.first();
    let id = |part: &str| format!("{part}{number}");
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox=(format!("0 0 {width} {bottom}"))
            width=[alone.then_some(width)] height=[alone.then_some(bottom)]
            role=(if alone { "img" } else { "group" }) aria-labelledby=(id("title")) aria-describedby=(id("desc"))
            lang=[alone.then(|| title.catalogue.language().tag())] {
            // On a page its heading and its panel say it, in whichever language is shown.
            @if alone {
                title id=(id("title")) { (heading(voices)) }
                desc id=(id("desc")) { (describe(voices)) }
                style { (maud::PreEscaped(STYLE)) }
                rect class="paper" width=(width) height=(bottom) {}
            }
            (ends(voices, &frame))
            @for side in Side::BOTH { (life_line(voices, &rungs, side, &frame, bottom)) }
            @for rung in &rungs { (draw_rung(voices, rung, &frame)) }
            @if let Some(left) = cut { (text((frame.left + frame.right) / 2, bottom - 10, "w m", &left)) }
        }
    }
}

fn heading(voices: &Voices<'_>) -> String {
    let words = voices.first();
    let number = Args::none().number("number", words.connection.number);
    format!("{}{}{}", words.catalogue.phrase(Word::Connection, &number), words.colon(), words.verdict())
}

fn describe(voices: &Voices<'_>) -> String {
    let facts = crate::text::facts(voices.first());
    facts.into_iter().map(|(name, text)| format!("{name} {text}.")).collect::<Vec<_>>().join(" ")
}

/// A word on what was not drawn, where something was not.
fn left_out(voices: &Voices<'_>, rungs: &[Rung<'_>]) -> Option<Vec<Said>> {
    let (last, drawn) = (voices.connection().steps.last()?.frame, rungs.last()?.row.last().frame);
    let count = voices.connection().steps.partition_point(|step| step.frame <= drawn) as u64;
    (drawn < last).then(|| {
        voices.say(|words| words.catalogue.phrase(Word::PageCut, &Args::none().number("count", count)))
    })
}

/// Names, addresses, and what the ends are before anything is sent.
fn ends(voices: &Voices<'_>, frame: &Frame) -> Markup {
    let connection = voices.connection();
    html! {
        @for side in Side::BOTH {
            @let end = connection.end(side);
            @let (x, class) = match side { Side::Left => (8, "n"), Side::Right => (frame.width - 8, "n e") };
            (text(x, 18, class, &voices.say(|words| words.end(side))))
            text x=(x) y="34" class=(if side == Side::Left { "t" } else { "t e" }) { (end.address) }
            (states(voices, side, end.before, 62, frame))
        }
    }
}

/// The line of an end, drawn by what it is doing: opening, open, closing.
fn life_line(voices: &Voices<'_>, rungs: &[Rung<'_>], side: Side, frame: &Frame, bottom: i32) -> Markup {
    let x = match side {
        Side::Left => frame.left,
        Side::Right => frame.right,
    };
    let mut pieces = Vec::new();
    let (mut from, mut states) = (46, voices.connection().end(side).before);
    for rung in rungs {
        let Some(now) = rung.states[side.index()] else { continue };
        let sender = rung.row.last().from == side;
        let at = if sender { rung.tail } else { rung.head() };
        pieces.push((from, at, phase(states)));
        (from, states) = (at, now);
    }
    pieces.push((from, bottom - 6, phase(states)));
    html! {
        @for (from, to, phase) in pieces {
            path class=(format!("l l{phase}")) d=(format!("M{x} {from}V{to}")) {}
        }
    }
}

/// 0 none, 1 opening, 2 open, 3 closing, 4 not known which.
fn phase(states: StateSet) -> u8 {
    let one = |state| match state {
        State::Closed | State::Listen => 0,
        State::SynSent | State::SynReceived => 1,
        State::Established => 2,
        State::FinWait1
        | State::FinWait2
        | State::CloseWait
        | State::Closing
        | State::LastAck
        | State::TimeWait => 3,
    };
    let mut phases = states.iter().map(one);
    let Some(first) = phases.next() else { return 0 };
    if phases.all(|phase| phase == first) { first } else { 4 }
}

fn states(voices: &Voices<'_>, side: Side, states: StateSet, y: i32, frame: &Frame) -> Markup {
    let (x, name, gloss) = match side {
        Side::Left => (frame.left - 8, "st e", "c e"),
        Side::Right => (frame.right + 8, "st", "c"),
    };
    let glossed: Vec<State> = if states == StateSet::ALL { Vec::new() } else { states.iter().collect() };
    let heights = voices.state_heights();
    html! {
        @for (index, text) in shown(states).into_iter().enumerate() {
            @if index == 0 {
                text x=(x) y=(y) class=(name) { (text) }
            } @else {
                @for (tag, height) in &heights {
                    text x=(x) y=(y + index as i32 * height) class=(name) lang=[*tag] { (text) }
                }
            }
            @if let Some(state) = glossed.get(index) {
                @for said in voices.say(|words| meaning(words, *state)) {
                    @if !said.text.is_empty() {
                        @let line = y + index as i32 * voices.state_height() + STATE;
                        text x=(x) y=(line) class=(gloss) lang=[said.tag] { (said.text) }
                    }
                }
            }
        }
    }
}

/// What a state means, in the languages that its name is not of.
fn meaning(words: &crate::Words<'_>, state: State) -> String {
    if words.is_chinese() { words.catalogue.state(state) } else { String::new() }
}

fn draw_rung(voices: &Voices<'_>, rung: &Rung<'_>, frame: &Frame) -> Markup {
    let number = voices.connection().number;
    let first = rung.row.first();
    let middle = (frame.left + frame.right) / 2;
    let label_y = rung.tail - 2 - LABEL * (crate::voices::height(&rung.label) as i32 - 1);
    let (class, arrow) = match &rung.row {
        Row::Step(step) => (kind(step), arrow(step, rung, frame)),
        Row::Run(run) => ("s q", double(run.octets, first.from, rung, frame)),
    };
    html! {
        @if let Some((gap, y)) = rung.pause {
            path class="k" d=(format!("M{} {y}h-9M{} {y}h9", middle - 70, middle + 70)) {}
            (text(middle, y + 4, "w m", &voices.say(|words| {
                words.catalogue.phrase(Word::Silence, &Args::none().text("text", span(gap)))
            })))
        }
        g id=(format!("s{number}-{}", first.frame)) class=(class) {
            text x=(frame.left - 8) y=(rung.tail + 3) class="t e" { (seconds(first.at, 6)) }
            text x=(frame.right + 8) y=(rung.tail + 3) class="t" { "#" (first.frame) }
            (block(middle, label_y, LABEL, "m", &rung.label))
            (arrow)
            (block(frame.left + 12, rung.head() + 17, SENTENCE, "w", &rung.sentence))
            @for side in Side::BOTH {
                @if let Some(now) = rung.states[side.index()] {
                    (states(voices, side, now, rung.tail + 16, frame))
                }
            }
        }
    }
}

/// How a segment's group is called, by what became of it.
fn kind(step: &Step) -> &'static str {
    match step.fate {
        Fate::Lost | Fate::Dropped(_) => "s r",
        Fate::Arrived | Fate::Unknown if step.flags.rst() => "s r",
        Fate::Arrived | Fate::Unknown if step.marks.is_resent_or_late() => "s g",
        Fate::Arrived | Fate::Unknown => "s",
    }
}

fn ends_of(from: Side, frame: &Frame) -> (i32, i32, i32) {
    match from {
        Side::Left => (frame.left + 3, frame.right - 3, 1),
        Side::Right => (frame.right - 3, frame.left + 3, -1),
    }
}

fn arrow(step: &Step, rung: &Rung<'_>, frame: &Frame) -> Markup {
    let (from, to, way) = ends_of(step.from, frame);
    let (tail, head) = (rung.tail, rung.head());
    let lost = step.fate == Fate::Lost;
    // What is lost ends on its way, where a cross stands.
    let (to, head) =
        if lost { (from + (to - from) * 3 / 5, tail + (head - tail) * 3 / 5) } else { (to, head) };
    let dropped = matches!(step.fate, Fate::Dropped(_));
    html! {
        @if lost {
            path class="b" d=(format!("M{from} {tail}L{} {head}", to - 6 * way)) {}
        } @else {
            path d=(format!("M{from} {tail}L{to} {head}m{}-5l{} 5l{} 4", -8 * way, 8 * way, -9 * way)) {}
        }
        @if lost || dropped {
            path class="x" d=(format!("M{} {}l8 8m0 -8l-8 8", to - 4 - if dropped { 16 * way } else { 0 }, head - 4)) {}
        }
    }
}

/// Two lines for many segments, with a head on each side that octets went to.
fn double(octets: [u64; 2], from: Side, rung: &Rung<'_>, frame: &Frame) -> Markup {
    let (left, right, y) = (frame.left + 3, frame.right - 3, rung.tail + 5);
    let to_right = octets[0] > 0 || (octets == [0, 0] && from == Side::Left);
    let to_left = octets[1] > 0 || (octets == [0, 0] && from == Side::Right);
    html! {
        path class="d" d=(format!("M{} {}H{}M{} {}H{}", left + 5, y - 2, right - 5, left + 5, y + 2, right - 5)) {}
        @if to_right { path class="h" d=(format!("M{right} {y}l-9 -5v10z")) {} }
        @if to_left { path class="h" d=(format!("M{left} {y}l9 -5v10z")) {} }
    }
}
