//! The tables that say what the pictures show. They are long, so closing tags that HTML lets one leave out are left out, and
//! what is said in one language stands in an `i`, which is what HTML has it for, and short.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use crate::catalogue::Word;
use crate::model::marks::Mark;
use crate::model::step::{Fate, Step};
use crate::svg::Chart;
use crate::voices::{Said, Voices};
use crate::words::{clause_text, plain, seconds};

use super::spans;

/// All segments: header fields, states, sentence.
pub(super) fn segments(voices: &Voices<'_>, label: &str, absolute: bool) -> Markup {
    let names = [
        Word::Frame,
        Word::Time,
        Word::From,
        Word::Flags,
        Word::Number,
        Word::Acknowledgment,
        Word::Length,
        Word::Window,
        Word::Why,
        Word::Reason,
        Word::States,
        Word::Options,
        Word::Analysis,
        Word::Became,
        Word::Comment,
    ];
    let mut rows = String::new();
    let mut states = voices.connection().ends.each_ref().map(|end| end.before);
    for step in &voices.connection().steps {
        let changed = std::mem::replace(&mut states, step.states) != step.states;
        segment(&mut rows, voices, step, absolute, changed);
    }
    table(label, &names.map(|word| voices.say(|words| words.catalogue.word(word))), rows)
}

/// The readings of a graph.
pub(super) fn readings(voices: &Voices<'_>, chart: &Chart) -> Markup {
    let mut columns = vec![voices.say(|words| words.catalogue.word(Word::Frame))];
    columns.extend(chart.columns.iter().cloned());
    let mut rows = String::new();
    for reading in &chart.readings {
        rows.push_str("<tr>");
        cell(&mut rows, &reading.frame.to_string());
        reading.cells.iter().for_each(|text| cell(&mut rows, text));
    }
    table(&chart.id, &columns, rows)
}

/// A table that scrolls by itself; `label` is the id of what names it.
fn table(label: &str, columns: &[Vec<Said>], rows: String) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-labelledby=(label) {
            table {
                thead { tr { @for column in columns { th scope="col" { (spans(column)) } } } }
                tbody { (PreEscaped(rows)) }
            }
        }
    }
}

fn segment(rows: &mut String, voices: &Voices<'_>, step: &Step, absolute: bool, changed: bool) {
    let (seq, ack) = if absolute { (step.seq.value(), step.ack.value()) } else { step.relative };
    // Writing to a String cannot fail.
    let _ = write!(rows, "<tr id=t{}-{}>", voices.connection().number, step.frame);
    cell(rows, &step.frame.to_string());
    cell(rows, &seconds(step.at, 6));
    said(rows, &voices.say(|words| words.end(step.from)));
    cell(rows, &format!("{:?}", step.flags));
    cell(rows, &seq.to_string());
    cell(rows, &if step.flags.ack() { ack.to_string() } else { String::new() });
    cell(rows, &step.len.to_string());
    cell(rows, &step.window_octets.map_or_else(|| format!("~{}", step.window), |octets| octets.to_string()));
    said(rows, &voices.say(|words| words.sentence(step)));
    cell(rows, &clause_text(step.reason.clause()));
    let states = || step.states.map(|states| voices.first().states(states)).join(" / ");
    let ends: [String; 5] = [
        // As everywhere, states stand where they change.
        if changed { states() } else { String::new() },
        options(step),
        step.marks.iter().map(Mark::name).collect::<Vec<_>>().join(", "),
        String::new(),
        step.remark().map(plain).unwrap_or_default(),
    ];
    let fate = match step.fate {
        Fate::Arrived | Fate::Unknown => Vec::new(),
        Fate::Lost | Fate::Dropped(_) => voices.say(|words| words.fate(step).unwrap_or_default()),
    };
    // Cells at the end that say nothing are left out.
    let last = (0..5).rev().find(|index| !ends[*index].is_empty() || (*index == 3 && !fate.is_empty()));
    for (index, text) in ends.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
        if index == 3 {
            said(rows, &fate);
        } else {
            cell(rows, text);
        }
    }
}

/// The options of a segment, as people write them.
fn options(step: &Step) -> String {
    let options = &step.options;
    let mut parts = Vec::new();
    parts.extend(options.mss.map(|mss| format!("MSS {mss}")));
    parts.extend(options.window_scale.map(|scale| format!("WS {scale}")));
    parts.extend(options.sack_permitted.then(|| "SACK".to_owned()));
    parts.extend(options.timestamps.map(|times| format!("TS {} {}", times.value, times.echo)));
    parts.extend(options.sack.iter().map(|range| format!("SACK {}-{}", range.start, range.end)));
    parts.extend(options.user_timeout.map(|timeout| format!("UTO {} s", timeout.duration().as_secs())));
    parts.extend(options.md5.map(|_| "MD5".to_owned()));
    parts.extend(options.fast_open.map(|_| "TFO".to_owned()));
    parts.extend(options.acc_ecn.as_ref().map(|_| "AccECN".to_owned()));
    parts.join(", ")
}

fn cell(rows: &mut String, text: &str) {
    rows.push_str("<td>");
    escape(rows, text);
}

fn said(rows: &mut String, said: &[Said]) {
    rows.push_str("<td>");
    for Said { tag, text } in said {
        if let Some(tag) = tag {
            let _ = write!(rows, "<i lang={tag}>");
            escape(rows, text);
            rows.push_str("</i>");
        } else {
            escape(rows, text);
        }
    }
}

fn escape(rows: &mut String, text: &str) {
    let _ = maud::Escaper::new(rows).write_str(text);
}
