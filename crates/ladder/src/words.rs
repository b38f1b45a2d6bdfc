//! What a model says, in words: the sentence of a segment, the verdict, the text of a finding.
//!
//! In: a connection and a catalogue. Out: plain text without colour or width, the same for every picture. Whatever a
//! capture brought along (names, comments) is stripped of control characters here, so that no terminal obeys it.

mod patterns;

use std::time::Duration;

use synfin_wire::{Instant, SendReason};

use crate::catalogue::{Args, Catalogue, Part, Word};
use crate::model::connection::Connection;
use crate::model::end::{Role, Side};
use crate::model::finding::{Finding, FindingKind};
use crate::model::states::{Certainty, StateSet, Transition};
use crate::model::step::{Fate, Step};
use crate::reason::Reason;

/// A connection and the language in which it is told.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Where the sentences come from.
    pub catalogue: &'a Catalogue,
    /// What is told.
    pub connection: &'a Connection,
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingText {
    /// Its name.
    pub name: String,
    /// What was seen.
    pub what: String,
    /// What most likely brought it about.
    pub cause: String,
    /// What else it could be.
    pub other: String,
    /// What to look at now.
    pub next: String,
}

impl<'a> Words<'a> {
    /// Tells `connection` in the language of `catalogue`.
    #[must_use]
    pub const fn new(catalogue: &'a Catalogue, connection: &'a Connection) -> Self {
        Self { catalogue, connection }
    }

    /// What an end is called: by its name, or by its role.
    #[must_use]
    pub fn end(&self, side: Side) -> String {
        let end = self.connection.end(side);
        if let Some(name) = &end.name {
            return plain(name);
        }
        self.catalogue.word(match (end.role, side) {
            (Role::Client, _) => Word::Client,
            (Role::Server, _) => Word::Server,
            (Role::Peer, Side::Left) => Word::LeftPeer,
            (Role::Peer, Side::Right) => Word::RightPeer,
        })
    }

    /// Why a segment was sent.
    #[must_use]
    pub fn sentence(&self, step: &Step) -> String {
        let cause = step.because.and_then(|frame| self.step(frame));
        let args = Args::none()
            .text("end", self.end(step.from))
            .text("peer", self.end(step.from.other()))
            .number("octets", step.len)
            .number("frame", cause.map_or(0, |cause| cause.frame))
            .text("time", cause.map_or_else(String::new, |cause| held(&span(step.at - cause.at))))
            .number("wave", self.wave(step));
        self.catalogue.reason(step.reason, &args)
    }

    /// What became of a segment, where that is worth a word.
    #[must_use]
    pub fn fate(&self, step: &Step) -> Option<String> {
        match step.fate {
            Fate::Arrived | Fate::Unknown => None,
            Fate::Lost => Some(self.catalogue.word(Word::Lost)),
            Fate::Dropped(reason) => {
                let args = Args::none().text("text", self.catalogue.drop(reason));
                Some(self.catalogue.phrase(Word::Dropped, &args))
            }
        }
    }

    /// How the connection ended, and how much of it was lost.
    #[must_use]
    pub fn verdict(&self) -> String {
        let verdict = self.connection.verdict;
        let end = verdict.by.map_or_else(|| "none".to_owned(), |side| self.end(side));
        let mut text = self.catalogue.verdict(verdict.kind, &Args::none().text("end", end));
        let losses = self.losses();
        if losses > 0 {
            let losses = self.catalogue.phrase(Word::Losses, &Args::none().number("count", losses));
            text.push_str(self.comma());
            text.push_str(&losses);
        }
        text
    }

    /// The text of a finding.
    #[must_use]
    pub fn finding(&self, finding: &Finding) -> FindingText {
        let say = |part| self.begun(self.catalogue.finding(finding.kind, part, &self.finding_args(finding)));
        FindingText {
            name: self.catalogue.finding_name(finding.kind),
            what: say(Part::What),
            cause: say(Part::Cause),
            other: say(Part::Else),
            next: say(Part::Next),
        }
    }

    /// The frames that show a finding: `frames 9, 14`. Empty when none does.
    #[must_use]
    pub fn frames(&self, finding: &Finding) -> String {
        const SHOWN: usize = 8;
        let shown: Vec<String> = finding.frames.iter().take(SHOWN).map(u64::to_string).collect();
        let mut text = shown.join(self.list_comma());
        let word = match finding.frames.len() {
            0 => return String::new(),
            1 => Word::OneFrame,
            _ => Word::Frames,
        };
        if finding.frames.len() > SHOWN {
            text = self.catalogue.phrase(Word::More, &Args::none().text("text", text));
        }
        self.catalogue.phrase(word, &Args::none().text("text", text))
    }

    /// States with what they mean behind them, where the language is not that of their names: `CLOSED 无连接`.
    #[must_use]
    pub fn states(&self, states: StateSet) -> String {
        if states == StateSet::ALL || states.is_empty() {
            return "?".to_owned();
        }
        states.to_string()
    }

    /// What is known of when a transition happens.
    #[must_use]
    pub fn when(&self, transition: &Transition) -> String {
        let args = Args::none();
        match (transition.when.earliest, transition.when.latest) {
            (None, None) => self.catalogue.word(Word::NeverShown),
            (Some(earliest), None) => self
                .catalogue
                .phrase(Word::NotBefore, &args.text("text", format!("{} s", seconds(earliest, 3)))),
            (earliest, Some(latest)) => {
                let from = seconds(earliest.unwrap_or(Instant::ZERO), 3);
                let args = args.text("from", from).text("to", format!("{} s", seconds(latest, 3)));
                self.catalogue.phrase(Word::Between, &args)
            }
        }
    }

    /// How many segments were lost, as far as that is known.
    #[must_use]
    pub fn losses(&self) -> u64 {
        let lost = self.connection.steps.iter().filter(|step| step.fate == Fate::Lost).count();
        let told = self.connection.findings.iter().filter(|finding| finding.kind == FindingKind::Loss);
        (lost as u64).max(told.map(|finding| number(finding, "count") as u64).sum())
    }

    /// The step of a frame. Captures number frames upwards.
    #[must_use]
    pub fn step(&self, frame: u64) -> Option<&'a Step> {
        let steps = &self.connection.steps;
        steps.binary_search_by_key(&frame, |step| step.frame).ok().map(|index| &steps[index])
    }

    /// Octets, as short as may be: `512 octets`, `70 KB`.
    #[must_use]
    pub fn octets(&self, octets: u64) -> String {
        match octets {
            0..10_000 => self.catalogue.phrase(Word::Octets, &Args::none().number("count", octets)),
            10_000..1_000_000 => format!("{} KB", scaled(octets, 1_000)),
            1_000_000..1_000_000_000 => format!("{} MB", scaled(octets, 1_000_000)),
            _ => format!("{} GB", scaled(octets, 1_000_000_000)),
        }
    }

    /// What stands between two parts of a sentence.
    #[must_use]
    pub fn comma(&self) -> &'static str {
        self.catalogue.comma()
    }

    /// A phrase about one end and its peer.
    pub(crate) fn about(&self, word: Word, side: Side) -> String {
        let args = Args::none().text("end", self.end(side)).text("peer", self.end(side.other()));
        self.catalogue.phrase(word, &args)
    }

    /// What stands between the items of a list.
    pub(crate) fn list_comma(&self) -> &'static str {
        self.catalogue.list_comma()
    }

    /// What stands behind a label.
    pub(crate) fn colon(&self) -> &'static str {
        self.catalogue.colon()
    }

    /// The clause that asks for a segment, and how well the reason is known where that is in doubt.
    #[must_use]
    pub fn clause(&self, clause: &str, certainty: Certainty) -> String {
        match certainty {
            Certainty::Seen => clause_text(clause),
            Certainty::Told | Certainty::Inferred | Certainty::Unknown => {
                format!("{}{}{}", clause_text(clause), self.comma(), self.catalogue.certainty(certainty))
            }
        }
    }

    /// Whether this is told in Chinese.
    #[must_use]
    pub fn is_chinese(&self) -> bool {
        self.catalogue.language() == crate::Language::Chinese
    }

    /// A sentence of English with a large letter at its start, unless a name of somebody's own may stand there.
    fn begun(&self, text: String) -> String {
        let named = self.connection.ends.iter().any(|end| end.name.is_some());
        match text.split_at_checked(1) {
            Some((first, rest)) if !named => first.to_ascii_uppercase() + rest,
            _ => text,
        }
    }

    fn finding_args(&self, finding: &Finding) -> Args {
        let (end, peer) = match finding.by {
            Some(side) => (self.end(side), self.end(side.other())),
            None => (self.catalogue.word(Word::Someone), self.catalogue.word(Word::SomebodyElse)),
        };
        let ms = number(finding, "ms");
        let role = finding.by.map_or(Role::Peer, |side| self.connection.end(side).role);
        Args::none()
            .text("role", role.code())
            .text("end", end)
            .text("peer", peer)
            .number("count", number(finding, "count"))
            .number("octets", number(finding, "octets"))
            .number("ms", ms)
            .text("scaled", self.scaled())
            .number("lost", number(finding, "lost"))
            .number("silent", number(finding, "quiet"))
            .text("quiet", millis(number(finding, "quiet")))
            .number("here", number(finding, "here"))
            .number("mtu", number(finding, "mtu"))
            .number("code", number(finding, "icmp_code"))
            .text("router", finding.reporter.map_or_else(|| "?".to_owned(), |reporter| reporter.to_string()))
            .text("time", millis(ms))
    }

    /// Whether windows are scaled, as far as both SYNs tell.
    fn scaled(&self) -> &'static str {
        match &self.connection.negotiated {
            negotiated if !negotiated.known => "unknown",
            negotiated if negotiated.window_scale => "yes",
            _ => "no",
        }
    }

    /// Which of the four parts of a close a segment is; 0 when it is none.
    fn wave(&self, step: &Step) -> u32 {
        match step.reason {
            Reason::Sent(SendReason::Fin) => match self.fin_before(step, step.from.other()) {
                // A FIN that does not acknowledge the other one opens a close of its own.
                Some(other) if step.ack.at_or_after(other.end()) => 3,
                _ => 1,
            },
            Reason::Sent(SendReason::FinAck) => {
                if self.fin_before(step, step.from).is_some() {
                    4
                } else {
                    2
                }
            }
            _ => 0,
        }
    }

    fn fin_before(&self, step: &Step, side: Side) -> Option<&'a Step> {
        let steps = &self.connection.steps;
        let before = steps.partition_point(|other| other.frame < step.frame);
        steps[..before].iter().rev().find(|other| other.from == side && other.flags.fin())
    }
}

/// A number of a finding; 0 where it has none of that name.
fn number(finding: &Finding, name: &str) -> f64 {
    finding.evidence.iter().find(|evidence| evidence.name == name).map_or(0.0, |evidence| evidence.value)
}

/// A span with three digits that count and its unit: `41.8 ms`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(synfin_ladder::words::span(Duration::from_micros(41_812)), "41.8 ms");
/// assert_eq!(synfin_ladder::words::span(Duration::from_secs(75)), "75 s");
/// ```
#[must_use]
pub fn span(span: Duration) -> String {
    let nanos = span.as_nanos() as f64;
    let (value, unit) = match span.as_nanos() {
        0 => return "0 ms".to_owned(),
        1..1_000 => (nanos, "ns"),
        1_000..1_000_000 => (nanos / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// A moment in seconds, with so many decimals.
#[must_use]
pub fn seconds(moment: Instant, decimals: usize) -> String {
    let nanos = moment.as_nanos();
    let fraction = format!("{:09}", nanos % 1_000_000_000);
    format!("{}.{}", nanos / 1_000_000_000, &fraction[..decimals.min(9)])
}

/// A clause as people write it: `RFC 9293 §3.8.6.3 MUST-40`.
#[must_use]
pub fn clause_text(clause: &str) -> String {
    let mut words: Vec<String> = clause.split(' ').map(ToOwned::to_owned).collect();
    if let Some(section) = words.get_mut(2) {
        section.insert(0, '§');
    }
    words.join(" ")
}

/// What a capture brought along, without anything that a terminal or a page would obey.
#[must_use]
pub fn plain(text: &str) -> String {
    let obeyed = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|character| if obeyed(character) { '\u{fffd}' } else { character }).collect()
}

/// A span of so many milliseconds, its unit beside it.
fn millis(ms: f64) -> String {
    held(&span(Duration::from_nanos((ms.max(0.0) * 1e6) as u64)))
}

/// A number and its unit, held together by a no-break space.
fn held(amount: &str) -> String {
    amount.replace(' ', "\u{a0}")
}

/// Three digits that count, and no zeros behind the point.
fn digits(value: f64) -> String {
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn scaled(octets: u64, unit: u64) -> String {
    digits(octets as f64 / unit as f64)
}

#[cfg(test)]
mod tests;
