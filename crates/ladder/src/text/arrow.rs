//! One rung of the ladder: the arrow with what stands on it, and the sentence under it.

use crate::catalogue::{Args, Word};
use crate::fold::{Row, Run};
use crate::model::end::Side;
use crate::model::marks::Mark;
use crate::model::step::{Fate, Step};
use crate::words::{Words, plain};

use super::line::{Line, Paint, width, wrap};
use super::{Columns, Options};

/// What an arrow is drawn with.
struct Glyphs {
    shaft: char,
    broken: char,
    double: char,
    left: char,
    right: char,
    lost: char,
}

const DRAWN: Glyphs =
    Glyphs { shaft: '─', broken: '╌', double: '═', left: '◀', right: '▶', lost: '✕' };
const ASCII: Glyphs = Glyphs { shaft: '-', broken: '.', double: '=', left: '<', right: '>', lost: 'X' };

/// How an arrow goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flight {
    To(Side),
    Lost(Side),
    Both,
}

/// What stands in the middle of a row.
pub(super) struct Body {
    arrow: String,
    paint: Paint,
    /// What did not fit on the arrow.
    rest: String,
    sentence: String,
    clause: String,
    /// Things that are true of it besides.
    more: Vec<(Paint, String)>,
}

impl Body {
    pub(super) fn of_step(words: &Words<'_>, step: &Step, columns: &Columns, options: &Options) -> Self {
        let glyphs = if options.ascii { &ASCII } else { &DRAWN };
        let flight =
            if step.fate == Fate::Lost { Flight::Lost(step.from) } else { Flight::To(step.from.other()) };
        // The broken shaft of what is lost needs room to be seen.
        let shaft = if step.fate == Fate::Lost { 12 } else { 6 };
        let (on, rest) = fitting(&pieces(words, step, options.absolute), columns.arrow.saturating_sub(shaft));
        let mut more = Vec::new();
        if let Fate::Dropped(_) = step.fate {
            more.extend(words.fate(step).map(|text| (Paint::Wrong, text)));
        }
        if step.segments > 1 {
            let args = Args::none().number("count", step.segments);
            more.push((Paint::Quiet, words.catalogue.phrase(Word::Super, &args)));
        }
        if let Some(remark) = step.remark() {
            more.push((Paint::Quiet, format!("{}: {}", words.catalogue.word(Word::Comment), plain(remark))));
        }
        Self {
            arrow: draw(glyphs, flight, glyphs.shaft, &on, columns.arrow),
            paint: paint(step),
            rest,
            sentence: words.sentence(step),
            clause: words.clause(step.reason.clause(), step.certainty),
            more,
        }
    }

    pub(super) fn of_run(words: &Words<'_>, run: &Run<'_>, columns: &Columns, options: &Options) -> Self {
        let glyphs = if options.ascii { &ASCII } else { &DRAWN };
        let flight = match run.octets {
            [0, 0] => Flight::To(run.first().from.other()),
            [_, 0] => Flight::To(Side::Right),
            [0, _] => Flight::To(Side::Left),
            [_, _] => Flight::Both,
        };
        let told = run_text(words, run);
        let (on, rest) = fitting(&[told], columns.arrow.saturating_sub(6));
        let sentence = run_sentence(words, run);
        let sentence = if options.ascii { sentence.replace('–', "-") } else { sentence };
        Self {
            arrow: draw(glyphs, flight, glyphs.double, &on, columns.arrow),
            paint: Paint::Quiet,
            rest,
            sentence,
            clause: String::new(),
            more: Vec::new(),
        }
    }

    /// The lines, from the column of the frame's number on.
    pub(super) fn lines(self, row: &Row<'_>, columns: &Columns) -> Vec<Line> {
        let (frame, time) = (row.first().frame.to_string(), columns.moment(row.first().at));
        let mut first =
            Line::of(Paint::Quiet, format!("{frame:>0$} {time:>1$}  ", columns.frame, columns.time));
        first.push(self.paint, self.arrow);
        let mut lines = vec![first];
        if !self.rest.is_empty() {
            put(&mut lines, self.paint, &self.rest, columns);
        }
        put(&mut lines, Paint::Plain, &self.sentence, columns);
        if !self.clause.is_empty() {
            put_clause(&mut lines, &format!("[{}]", self.clause), columns);
        }
        for (paint, text) in &self.more {
            put(&mut lines, *paint, text, columns);
        }
        lines
    }
}

/// A text under the arrow.
fn put(lines: &mut Vec<Line>, paint: Paint, text: &str, columns: &Columns) {
    lines.extend(wrap(text, columns.under()).into_iter().map(|text| {
        let mut line = Line::plain(" ".repeat(columns.frame + 1));
        line.push(paint, text);
        line
    }));
}

/// The clause goes behind the last line where there is room, and below it where there is none.
fn put_clause(lines: &mut Vec<Line>, clause: &str, columns: &Columns) {
    let room = columns.frame + 1 + columns.under();
    if let Some(last) = lines.last_mut()
        && last.width() + 2 + width(clause) <= room
    {
        last.push(Paint::Quiet, format!("  {clause}"));
        return;
    }
    put(lines, Paint::Quiet, clause, columns);
}

/// What a run of quiet segments amounts to: `48 data segments, 70 KB, no loss`.
pub(crate) fn run_text(words: &Words<'_>, run: &Run<'_>) -> String {
    let data = Args::none().number("count", run.data[0] + run.data[1]);
    let args = Args::none().text("data", words.catalogue.phrase(Word::DataSegments, &data));
    match run.octets {
        [0, 0] => words.catalogue.phrase(Word::FoldAcks, &Args::none().text("acks", acks(words, run))),
        [octets, 0] | [0, octets] => {
            words.catalogue.phrase(Word::FoldData, &args.text("octets", words.octets(octets)))
        }
        [right, left] => {
            let args = args.text("right", words.octets(right)).text("left", words.octets(left));
            words.catalogue.phrase(Word::FoldBoth, &args)
        }
    }
}

/// Which segments a run is made of.
pub(crate) fn run_sentence(words: &Words<'_>, run: &Run<'_>) -> String {
    let frames = format!("{}–{}", run.first().frame, run.last().frame);
    let frames = words.catalogue.phrase(Word::Frames, &Args::none().text("text", frames));
    if run.acks == 0 {
        return frames;
    }
    words
        .catalogue
        .phrase(Word::FoldBecause, &Args::none().text("frames", frames).text("acks", acks(words, run)))
}

/// What stands on the arrow of a segment.
pub(crate) fn label(words: &Words<'_>, step: &Step, absolute: bool) -> String {
    pieces(words, step, absolute).join(" ")
}

fn acks(words: &Words<'_>, run: &Run<'_>) -> String {
    words.catalogue.phrase(Word::Acks, &Args::none().number("count", run.acks))
}

fn paint(step: &Step) -> Paint {
    match step.fate {
        Fate::Lost | Fate::Dropped(_) => Paint::Wrong,
        Fate::Arrived | Fate::Unknown if step.flags.rst() => Paint::Wrong,
        Fate::Arrived | Fate::Unknown if step.marks.is_resent_or_late() => Paint::Warning,
        Fate::Arrived | Fate::Unknown => Paint::Arrow,
    }
}

/// What stands on an arrow, the most telling first.
fn pieces(words: &Words<'_>, step: &Step, absolute: bool) -> Vec<String> {
    let (seq, ack) = if absolute { (step.seq.value(), step.ack.value()) } else { step.relative };
    let mut pieces = vec![format!("{:?}", step.flags)];
    if step.fate == Fate::Lost {
        pieces.extend(words.fate(step));
    }
    // An empty acknowledgment takes no number: only where it asks for an answer does its own tell anything.
    let probes = step.marks.contains(Mark::KeepAlive) || step.marks.contains(Mark::ZeroWindowProbe);
    if step.sequence_length() > 0 || step.flags.rst() || probes {
        pieces.push(format!("seq {seq}"));
    }
    if step.flags.ack() {
        pieces.push(format!("ack {ack}"));
    }
    if step.len > 0 {
        pieces.push(format!("len {}", step.len));
    }
    let window = step.window_octets.unwrap_or_else(|| u32::from(step.window));
    let unscaled = if step.window_octets.is_some() { "" } else { "~" };
    if !step.flags.rst() && (window == 0 || step.marks.contains(Mark::WindowUpdate)) {
        pieces.push(format!("win {unscaled}{window}"));
    }
    if step.flags.urg() {
        pieces.push(format!("urg {}", step.urgent_pointer));
    }
    for range in &step.options.sack {
        let origin = words.connection.end(step.from.other()).first_number.filter(|_| !absolute);
        let number = |number: synfin_wire::SeqNumber| {
            origin.map_or(number.value(), |origin| number.value().wrapping_sub(origin.value()))
        };
        pieces.push(format!("sack {}-{}", number(range.start), number(range.end)));
    }
    pieces
}

/// What of it fits into so many columns, and the rest.
fn fitting(pieces: &[String], columns: usize) -> (String, String) {
    let mut taken = 0;
    let mut on = String::new();
    for piece in pieces {
        let needed = width(piece) + usize::from(!on.is_empty());
        if width(&on) + needed > columns {
            break;
        }
        if !on.is_empty() {
            on.push(' ');
        }
        on.push_str(piece);
        taken += 1;
    }
    // A name and its number stay together; a run's sentence may break anywhere.
    let held = |piece: &String| match piece.split_once(' ') {
        Some((name, number)) if !number.contains(' ') => format!("{name}\u{a0}{number}"),
        _ => piece.clone(),
    };
    (on, pieces[taken..].iter().map(held).collect::<Vec<_>>().join(" "))
}

/// An arrow of so many columns with a text near its tail.
fn draw(glyphs: &Glyphs, flight: Flight, shaft: char, text: &str, columns: usize) -> String {
    let text = if text.is_empty() { String::new() } else { format!(" {text} ") };
    let room = columns.saturating_sub(width(&text));
    let line = |count: usize, glyph: char| glyph.to_string().repeat(count);
    match flight {
        Flight::To(Side::Right) => {
            format!("{}{text}{}{}", line(2, shaft), line(room.saturating_sub(3), shaft), glyphs.right)
        }
        Flight::To(Side::Left) => {
            format!("{}{}{text}{}", glyphs.left, line(room.saturating_sub(3), shaft), line(2, shaft))
        }
        Flight::Both => {
            let side = room.saturating_sub(2);
            let before = line(side / 2, shaft);
            format!("{}{before}{text}{}{}", glyphs.left, line(side - side / 2, shaft), glyphs.right)
        }
        Flight::Lost(from) => {
            // It ends before the other side, so that it is seen to be broken without any colour.
            let flown = room.saturating_sub(3) * 2 / 3;
            let rest = room.saturating_sub(3 + flown);
            let broken = line(flown, glyphs.broken);
            match from {
                Side::Left => format!("{}{text}{broken}{}{}", line(2, shaft), glyphs.lost, " ".repeat(rest)),
                Side::Right => format!("{}{}{broken}{text}{}", " ".repeat(rest), glyphs.lost, line(2, shaft)),
            }
        }
    }
}
