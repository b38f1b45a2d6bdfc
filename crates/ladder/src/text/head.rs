//! The panel above a ladder: who, what was agreed, how it went.

use synfin_wire::State;

use crate::catalogue::{Args, Word};
use crate::model::connection::VerdictKind;
use crate::model::end::{End, Side};
use crate::words::{Words, span};

use super::Options;
use super::line::{Line, Paint, width, wrap};

pub(super) fn lines(words: &Words<'_>, options: &Options) -> Vec<Line> {
    let connection = words.connection;
    let number = Args::none().number("number", connection.number);
    let mut title = Line::of(Paint::Heading, words.catalogue.phrase(Word::Connection, &number));
    title.push(Paint::Heading, words.colon());
    title.push(Paint::Heading, words.verdict());
    let mut lines = vec![title];
    let rows: Vec<(String, String)> = facts(words);
    let column = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0) + 2;
    for (name, text) in rows {
        let room = options.columns().saturating_sub(column + 2);
        for (index, text) in wrap(&text, room).into_iter().enumerate() {
            let mut line = Line::plain("  ");
            if index == 0 {
                line.push(Paint::Name, name.clone());
            }
            line.pad_to(column + 2);
            line.push(Paint::Plain, text);
            lines.push(line);
        }
    }
    lines
}

/// The rows of the panel: a name and what is to be said of it.
pub(crate) fn facts(words: &Words<'_>) -> Vec<(String, String)> {
    let connection = words.connection;
    let mut rows: Vec<_> =
        Side::BOTH.map(|side| (words.end(side), end(words, connection.end(side)))).into_iter().collect();
    // Where nobody answered, nothing can have been agreed on.
    if !matches!(
        connection.verdict.kind,
        VerdictKind::Refused | VerdictKind::Unanswered | VerdictKind::Unreachable
    ) {
        rows.push((words.catalogue.word(Word::Agreed), agreed(words)));
    }
    if let Some(handshake) = connection.handshake {
        rows.push((words.catalogue.word(Word::Handshake), span(handshake)));
    }
    if let Some([min, mean, max]) = connection.rtt.map(|rtt| rtt.map(span)) {
        let args = Args::none().text("min", min).text("mean", mean).text("max", max);
        rows.push((words.catalogue.word(Word::Rtt), words.catalogue.phrase(Word::RttParts, &args)));
    }
    rows.push((words.catalogue.word(Word::Sent), sent(words)));
    rows
}

/// An end: its address, and what it announced.
fn end(words: &Words<'_>, end: &End) -> String {
    let mut parts = vec![end.address.to_string()];
    if end.syn_seen {
        if let Some(mss) = end.mss {
            parts.push(format!("MSS\u{a0}{mss}"));
        }
        if let Some(scale) = end.window_scale {
            parts.push(format!("{}\u{a0}{scale}", words.catalogue.word(Word::Scale)));
        }
        if end.sack_permitted {
            parts.push("SACK".to_owned());
        }
        if end.timestamps {
            parts.push(words.catalogue.word(Word::Timestamps));
        }
        if end.ecn {
            parts.push("ECN".to_owned());
        }
        if end.fast_open {
            parts.push("Fast\u{a0}Open".to_owned());
        }
    } else if end.sent.packets == 0 {
        parts.push(words.catalogue.word(Word::NotCaptured));
    } else if end.before.contains(State::Established) {
        parts.push(words.catalogue.word(Word::ScaleUnknown));
    }
    if end.captured_here {
        parts.push(words.catalogue.word(Word::CapturedHere));
    }
    parts.join(words.comma())
}

fn agreed(words: &Words<'_>) -> String {
    let negotiated = words.connection.negotiated;
    if !negotiated.known {
        return words.catalogue.word(Word::AgreedUnknown);
    }
    let options = [
        (negotiated.window_scale, words.catalogue.word(Word::Scale)),
        (negotiated.sack, "SACK".to_owned()),
        (negotiated.timestamps, words.catalogue.word(Word::Timestamps)),
        (negotiated.ecn, "ECN".to_owned()),
    ];
    let agreed: Vec<_> = options.into_iter().filter(|(agreed, _)| *agreed).map(|(_, name)| name).collect();
    if agreed.is_empty() {
        words.catalogue.word(Word::AgreedNothing)
    } else {
        agreed.join(words.list_comma())
    }
}

/// What each end sent, and how much of it again.
fn sent(words: &Words<'_>) -> String {
    let parts = Side::BOTH.map(|side| {
        let counts = &words.connection.end(side).sent;
        let mut text = format!("{} {}", words.end(side), words.octets(counts.octets));
        if counts.retransmitted > 0 {
            let again = Args::none().number("count", counts.retransmitted);
            text.push_str(words.comma());
            text.push_str(&words.catalogue.phrase(Word::Again, &again));
        }
        text
    });
    parts.join(if words.is_chinese() { "；" } else { "; " })
}
