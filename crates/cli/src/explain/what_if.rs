//! `--what-if`: a captured connection, run again with something changed.
//!
//! In: a connection of a capture, and changes as a person writes them. Out: from the first difference on, the ladder of
//! what was captured and the ladder of what would have been.
//!
//! Unless `--replace` says so, the engine plays the end that sent the first changed frame: it is the sender that must
//! find out what became of it and send it again.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::str::FromStr;

use synfin_explain::packet::{ChecksumSeen, Packet};
use synfin_explain::{Detail, Explainer};
use synfin_ladder::what_if::{Happening, Sentence};
use synfin_ladder::{Catalogue, Certainty, Connection, Fate, Mark, Reason, Seen, Side, Step, Words, text};
use synfin_sim::replay::{Change, Effect, Party, Recorded, Recording, Replayed, Said, replay};
use synfin_sim::units::parse_duration;
use synfin_wire::{Ecn, SendReason, SeqNumber, TcpHeader};

use crate::failure::Failure;

/// The changes of `--what-if`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changes(pub(crate) Vec<Change>);

impl FromStr for Changes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty() && *part != "nothing");
        let changes = parts.map(change).collect::<Result<Vec<Change>, String>>()?;
        let twice = changes
            .iter()
            .enumerate()
            .find(|(index, change)| changes[..*index].iter().any(|other| other.frame == change.frame));
        match twice {
            Some((_, change)) => {
                Err(format!("frame {} is changed twice: give one change for each frame", change.frame))
            }
            None => Ok(Self(changes)),
        }
    }
}

fn change(text: &str) -> Result<Change, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| {
        let digits = word.strip_prefix('#').unwrap_or(word);
        digits
            .parse()
            .ok()
            .filter(|frame| *frame > 0)
            .ok_or_else(|| format!("'{word}' is no frame's number: give one from 1 on, as in 'drop 7'"))
    };
    let (frame, effect) = match words[..] {
        ["drop", frame] => (number(frame)?, Effect::Drop),
        ["duplicate", frame] => (number(frame)?, Effect::Duplicate),
        ["delay", frame, "by", late] => {
            let late = parse_duration(late).map_err(|error| error.to_string())?;
            (number(frame)?, Effect::Delay(late))
        }
        _ => {
            return Err(format!(
                "'{text}' is no change: give 'drop 7', 'delay 7 by 50ms', 'duplicate 7', or several with ';' between"
            ));
        }
    };
    Ok(Change { frame, effect })
}

/// An end by its place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replace(pub(crate) Side);

impl FromStr for Replace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "left" => Ok(Self(Side::Left)),
            "right" => Ok(Self(Side::Right)),
            _ => Err(format!("'{text}' is no end: give left or right")),
        }
    }
}

/// Runs a connection again.
pub(super) fn run<'a>(
    connection: &'a Connection,
    changes: &'a Changes,
    replaced: Option<Replace>,
    catalogue: &'a Catalogue,
    options: &'a text::Options,
) -> Result<Told<'a>, Failure> {
    let side = replaced.map_or_else(|| sender(connection, changes), |replace| replace.0);
    let recording = recording(connection);
    let replayed = replay(&recording, party(side), &changes.0).map_err(|error| {
        Failure::call(format!("connection #{} cannot be replayed: {error}", connection.number))
    })?;
    Ok(Told { connection, changes, side, replayed, catalogue, options })
}

/// Who sent the first changed frame.
fn sender(connection: &Connection, changes: &Changes) -> Side {
    let is_changed = |step: &&Step| changes.0.iter().any(|change| change.frame == step.frame);
    connection.steps.iter().find(is_changed).map_or(Side::Left, |step| step.from)
}

const fn party(side: Side) -> Party {
    match side {
        Side::Left => Party::Left,
        Side::Right => Party::Right,
    }
}

const fn side_of(party: Party) -> Side {
    match party {
        Party::Left => Side::Left,
        Party::Right => Side::Right,
    }
}

/// What the replay takes.
fn recording(connection: &Connection) -> Recording {
    let ends = Side::BOTH.map(|side| connection.end(side).address);
    let lost = lost(&connection.steps);
    let segments = connection.steps.iter().zip(lost).map(|(step, is_lost)| Recorded {
        frame: step.frame,
        at: step.at,
        from: party(step.from),
        header: TcpHeader {
            source_port: ends[step.from.index()].port(),
            destination_port: ends[step.from.other().index()].port(),
            seq: step.seq,
            ack: step.ack,
            flags: step.flags,
            reserved: 0,
            window: step.window,
            urgent_pointer: step.urgent_pointer,
            options: step.options.clone(),
        },
        len: step.len,
        is_lost: is_lost || matches!(step.fate, Fate::Lost | Fate::Dropped(_)),
        is_abort: step.flags.rst() && is_abort(step.reason),
    });
    Recording { ends, segments: segments.collect() }
}

/// An RST that the user brought about, or may have.
fn is_abort(reason: Reason) -> bool {
    match reason {
        Reason::Sent(reason) => {
            matches!(reason, SendReason::ResetAbort | SendReason::ResetUnread | SendReason::ResetOrphan)
        }
        Reason::Seen(reason) => reason == Seen::ResetUnexplained,
    }
}

/// How many segments of one end may wait to be acknowledged before the oldest is forgotten.
const MOST_WAITING: usize = 1 << 16;

/// Which segments were lost behind the point of capture: what goes again before anything has acknowledged it.
fn lost(steps: &[Step]) -> Vec<bool> {
    let mut lost = vec![false; steps.len()];
    let mut waiting: [VecDeque<usize>; 2] = Default::default();
    for (index, step) in steps.iter().enumerate() {
        let (own, other) = (step.from.index(), step.from.other().index());
        if step.flags.ack() {
            waiting[other].retain(|&sent| !acknowledges(step, &steps[sent]));
        }
        if step.sequence_length() == 0 {
            continue;
        }
        let again = [Mark::Retransmission, Mark::FastRetransmission];
        if again.iter().any(|mark| step.marks.contains(*mark)) || step.flags.syn() {
            waiting[own].retain(|&sent| {
                let goes_again = overlap(step, &steps[sent]);
                lost[sent] |= goes_again;
                !goes_again
            });
        }
        if waiting[own].len() == MOST_WAITING {
            waiting[own].pop_front();
        }
        waiting[own].push_back(index);
    }
    lost
}

fn acknowledges(ack: &Step, sent: &Step) -> bool {
    let covers =
        |start: SeqNumber, end: SeqNumber| start.at_or_before(sent.seq) && sent.end().at_or_before(end);
    sent.end().at_or_before(ack.ack) || ack.options.sack.iter().any(|range| covers(range.start, range.end))
}

fn overlap(again: &Step, sent: &Step) -> bool {
    again.seq.before(sent.end()) && sent.seq.before(again.end())
}

/// What is to be told.
pub(super) struct Told<'a> {
    connection: &'a Connection,
    changes: &'a Changes,
    side: Side,
    replayed: Replayed,
    catalogue: &'a Catalogue,
    options: &'a text::Options,
}

impl Told<'_> {
    /// From the first difference on, both stories.
    pub(super) fn text(&self) -> String {
        let words = Words::new(self.catalogue, self.connection);
        let changes: Vec<(u64, Happening)> =
            self.changes.0.iter().map(|change| (change.frame, happening(change.effect))).collect();
        let mut out = String::new();
        let say = |sentence: Sentence| sentence.lines(&words, self.options.width);
        let steps = &self.connection.steps;
        let Replayed { same, said, engine_alone, unmet, is_cut } = &self.replayed;
        out.push_str(&say(Sentence::Played(self.side)));
        unmet.iter().for_each(|change| out.push_str(&say(Sentence::NeverSent(change.frame))));
        if *same == said.len() && *same == steps.len() && engine_alone.is_none() {
            let count = steps.len();
            out.push_str(&say(Sentence::Same { played: self.side, count, changes }));
            return out;
        }
        // What was changed is seen in both, and behind it what comes of that.
        let is_changed = |step: &Step| self.changes.0.iter().any(|change| change.frame == step.frame);
        let changed = steps.iter().position(is_changed).filter(|index| index < same);
        let from = changed.unwrap_or(*same).min(steps.len().saturating_sub(1));
        let frame = steps.get(from).map_or(0, |step| step.frame);
        out.push('\n');
        out.push_str(&say(Sentence::AsCaptured { frame }));
        out.push_str(&text::rungs(&part(self.connection, from), self.catalogue, self.options));
        out.push('\n');
        out.push_str(&say(Sentence::WouldHaveGone { frame, changes }));
        if let Some(at) = *engine_alone {
            out.push_str(&say(Sentence::NoLongerFits { side: self.side.other(), at }));
        }
        out.push_str(&text::rungs(&part(&self.other(), from), self.catalogue, self.options));
        if *is_cut {
            out.push_str(&say(Sentence::Cut));
        }
        out
    }

    /// The replay as a connection, told like a capture, with the engine's own reasons.
    pub(super) fn other(&self) -> Connection {
        let words = &Words::new(self.catalogue, self.connection);
        let mut explainer = Explainer::new(Detail::First);
        let mut frame = 0;
        for (index, said) in self.replayed.said.iter().enumerate() {
            frame = said.frame.unwrap_or(frame + 1).max(frame + 1);
            explainer.observe(&self.packet(index, said, frame));
        }
        let mut connections = explainer.finish();
        let mut other =
            if connections.is_empty() { self.connection.clone() } else { connections.swap_remove(0) };
        other.number = self.connection.number;
        for (end, known) in other.ends.iter_mut().zip(&self.connection.ends) {
            end.name.clone_from(&known.name);
        }
        for (step, said) in other.steps.iter_mut().zip(&self.replayed.said) {
            if let Some(reason) = said.reason {
                step.reason = Reason::Sent(reason);
                step.certainty = Certainty::Seen;
            }
            match said.effect {
                Some(Effect::Drop) => step.fate = Fate::Lost,
                Some(effect) => {
                    let frame = step.frame;
                    step.comment = Some(synfin_ladder::what_if::happening(words, frame, happening(effect)));
                }
                None => {}
            }
        }
        other
    }

    fn packet<'a>(&self, index: usize, said: &Said, frame: u64) -> Packet<'a> {
        let from = side_of(said.from);
        Packet {
            frame,
            at: said.at,
            interface: 0,
            source: self.connection.end(from).address,
            destination: self.connection.end(from.other()).address,
            header: said.header.clone(),
            len: said.len,
            text: &[],
            print: synfin_explain::packet::Print::default(),
            captured: said.len,
            ranges_cut: 0,
            checksum: ChecksumSeen::Unknown,
            hop_limit: 64,
            identification: index as u16,
            ecn: Ecn::NotEct,
            comment: None,
        }
    }
}

/// The connection from one of its segments on.
fn part(connection: &Connection, from: usize) -> Connection {
    let mut part = connection.clone();
    let from = from.min(part.steps.len());
    if let Some(before) = from.checked_sub(1).and_then(|index| part.steps.get(index)) {
        let states = before.states;
        for (end, state) in part.ends.iter_mut().zip(states) {
            end.before = state;
        }
    }
    part.steps.drain(..from);
    part
}

const fn happening(effect: Effect) -> Happening {
    match effect {
        Effect::Drop => Happening::Lost,
        Effect::Delay(late) => Happening::Late(late),
        Effect::Duplicate => Happening::Twice,
    }
}
