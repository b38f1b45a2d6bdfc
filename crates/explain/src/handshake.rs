//! The handshake: how long it took, and which of its segments had to go again, for what.
//!
//! A SYN that went again was lost, or its answer was; or the way is just longer than the first timer (RFC 6298 section
//! 2.1). Timestamps tell which SYN was answered (RFC 7323), later round trips how long the way is.

use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::{Flags, Instant, SeqNumber, Timestamps};

use crate::lost::is_before;
use crate::packet::Packet;
use crate::track::SHORTEST_RTO;

/// So many SYNs of a side are remembered, the first ones.
const MOST: usize = 16;
/// So often the client sends text again before it takes the server for deaf.
const NO_CHANCE: usize = 3;
/// A handshake that takes this many times longer than later round trips has lost something.
const LONGER: u32 = 3;

/// The segments of a handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshake {
    /// By side.
    syns: [Vec<Syn>; 2],
    /// Whose SYN-ACK came first.
    server: Option<Side>,
    /// The first segment of the client that acknowledges it.
    third: Option<Third>,
    /// From the SYN to whatever acknowledged something first behind the SYN-ACK.
    took: Option<Duration>,
    /// Text of the client that went again before the server had said anything behind its SYN-ACK: the first of these.
    ignored: Vec<u64>,
    /// When it did.
    heard: Option<Instant>,
}

/// A SYN, or a SYN-ACK.
#[derive(Clone, Copy, Debug)]
struct Syn {
    frame: u64,
    at: Instant,
    stamps: Option<Timestamps>,
    seq: SeqNumber,
    answers: bool,
    has_text: bool,
    opens_fast: bool,
    offers_ecn: bool,
}

/// The segment that ends it.
#[derive(Clone, Copy, Debug)]
struct Third {
    from: Side,
    at: Instant,
    echo: Option<u32>,
}

/// What was lost of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The SYN, or its answer.
    Either,
    /// The SYN-ACK.
    Answer,
    /// The acknowledgment of the SYN-ACK.
    Third,
    /// SYNs with text or a Fast Open option: the one without came through (RFC 7413 section 7.1).
    FastOpen,
    /// SYNs that offer ECN: the one without came through (RFC 3168 section 6.1.1.1).
    Ecn,
}

impl Lost {
    /// The number that stands for it in a finding.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Either => 0,
            Self::Answer => 1,
            Self::Third => 2,
            Self::FastOpen => 3,
            Self::Ecn => 4,
        }
    }
}

/// Why its segments went again.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Repeats {
    /// Whose segment was lost, what it was, and the frames in which it went again.
    pub(crate) slow: Option<(Side, Lost, Vec<u64>)>,
    /// What went again for nothing, by side.
    pub(crate) in_vain: [Vec<u64>; 2],
}

impl Handshake {
    /// Any packet of the connection; whether it has numbers that were not sent before.
    pub(crate) fn observe(&mut self, from: Side, packet: &Packet<'_>, is_new: bool) {
        let flags = packet.header.flags;
        if flags.ack() && !flags.syn() && self.server.is_some() && self.took.is_none() {
            self.took = self.opened_at().map(|opened| packet.at - opened);
        }
        if flags.rst() || flags.syn() && flags.fin() {
            return;
        }
        if flags.syn() {
            let syns = &mut self.syns[from.index()];
            if syns.len() < MOST {
                syns.push(Syn::of(packet));
            }
            if flags.ack() {
                self.server.get_or_insert(from);
            }
            return;
        }
        let Some(third) = &self.third else {
            if flags.ack() && self.server == Some(from.other()) {
                let echo = packet.header.options.timestamps.map(|stamps| stamps.echo);
                self.third = Some(Third { from, at: packet.at, echo });
            }
            return;
        };
        if self.heard.is_some() {
            return;
        }
        let client = self.syns[third.from.index()].first().map(|syn| syn.seq + 1);
        if from == third.from && packet.sequence_length() > 0 && !is_new && self.ignored.len() < MOST {
            self.ignored.push(packet.frame);
        }
        let says_more =
            packet.sequence_length() > 0 || client.is_none_or(|next| packet.header.ack.after(next));
        if from != third.from && says_more {
            self.heard = Some(packet.at);
        }
    }

    fn opened_at(&self) -> Option<Instant> {
        self.syns.iter().flatten().filter(|syn| !syn.answers).map(|syn| syn.at).min()
    }

    /// From the SYN to the acknowledgment of the SYN-ACK, where both were seen.
    pub(crate) const fn took(&self) -> Option<Duration> {
        self.took
    }

    /// Whether it is over, or was before the capture began: text may go.
    pub(crate) const fn is_over(&self) -> bool {
        self.third.is_some() || self.syns[0].is_empty() && self.syns[1].is_empty()
    }

    /// Why its segments went again; `trip` is the shortest round trip behind it.
    pub(crate) fn repeats(&self, trip: Option<Duration>) -> Repeats {
        let mut repeats = Repeats::default();
        let Some(third) = self.third else { return repeats };
        let (client, server) = (third.from, third.from.other());
        let [asked, answered] = [client, server].map(|side| &self.syns[side.index()][..]);
        // Where both have opened, each SYN-ACK is a second SYN of its side.
        let is_plain = asked.iter().all(|syn| !syn.answers) && answered.iter().all(|syn| syn.answers);
        let (Some(first), Some(answer), true) = (asked.first(), answered.first(), is_plain) else {
            return repeats;
        };
        let again = |syns: &[Syn]| syns.iter().skip(1).map(|syn| syn.frame).collect::<Vec<u64>>();
        let of_timer = timers(asked, answered);
        let late = of_timer.iter().find(|syn| third.at < syn.at && !is_late(syn, answer));
        if third.at - first.at < SHORTEST_RTO {
            // It was open at once for the client.
            repeats.slow = late.map(|late| (server, Lost::Third, vec![late.frame]));
            return repeats;
        }
        let is_long = match trip {
            Some(trip) => third.at - first.at < trip * LONGER,
            None => answer.echoes(first) && asked.len() > 1,
        };
        if is_long {
            repeats.in_vain[client.index()] = again(asked);
            repeats.in_vain[server.index()] = of_timer.iter().map(|syn| syn.frame).collect();
            return repeats;
        }
        let second = asked.get(1);
        let was_answered = second.is_some_and(|second| answer.at < second.at || answer.echoes(first));
        repeats.slow = match second {
            Some(second) if !was_answered => Some((client, lost_of(first, second), again(asked))),
            // The server had the SYN: what it said to that did not come.
            Some(_) => {
                let answers = answered.iter().skip(1).filter(|syn| !is_late(syn, answer));
                let answers: Vec<u64> = answers.map(|syn| syn.frame).collect();
                Some((server, Lost::Answer, if answers.is_empty() { again(asked) } else { answers }))
            }
            None if answered.len() > 1 => {
                let had_first =
                    third.echo.zip(answer.stamps).is_some_and(|(echo, stamps)| echo == stamps.value);
                let lost = if had_first { Lost::Third } else { Lost::Answer };
                Some((server, lost, again(answered)))
            }
            None => None,
        };
        repeats
    }

    /// What shows that the server took no notice of the segment that ends it, though that was seen: the frames, whose
    /// server it is, and how long that went on. Where none of the client's text went again, its SYN-ACK has to.
    pub(crate) fn ignored(&self, is_captured_there: bool) -> Option<(Side, Vec<u64>, Duration)> {
        let third = self.third.as_ref()?;
        let (client, server) = (third.from, third.from.other());
        let [asked, answered] = [client, server].map(|side| &self.syns[side.index()][..]);
        let has_come_late = |syn: &Syn| answered.first().is_some_and(|first| is_late(syn, first));
        let again = timers(asked, answered);
        let again = again.iter().filter(|syn| syn.at > third.at && !has_come_late(syn));
        let again = again.filter(|syn| self.heard.is_none_or(|heard| syn.at < heard));
        let mut frames: Vec<u64> = again.map(|syn| syn.frame).collect();
        let is_shown = match (frames.is_empty(), self.ignored.is_empty()) {
            (false, false) => true,
            // So often in a row, and never again, is no chance.
            (true, false) => is_captured_there || self.ignored.len() >= NO_CHANCE && self.heard.is_some(),
            (false, true) => is_captured_there,
            (true, true) => false,
        };
        frames.extend(&self.ignored);
        frames.sort_unstable();
        let took = self.heard.map_or(Duration::ZERO, |heard| heard - third.at);
        is_shown.then_some((server, frames, took))
    }
}

/// It was sent before the one that came first.
fn is_late(syn: &Syn, first: &Syn) -> bool {
    syn.stamps.zip(first.stamps).is_some_and(|(syn, first)| is_before(syn.value, first.value))
}

/// What was lost where the first SYN was not answered, and a later one was.
fn lost_of(first: &Syn, second: &Syn) -> Lost {
    if first.has_text && !second.has_text || first.opens_fast && !second.opens_fast {
        Lost::FastOpen
    } else if first.offers_ecn && !second.offers_ecn {
        Lost::Ecn
    } else {
        Lost::Either
    }
}

impl Syn {
    fn of(packet: &Packet<'_>) -> Self {
        let header = &packet.header;
        Self {
            frame: packet.frame,
            at: packet.at,
            stamps: header.options.timestamps,
            seq: header.seq,
            answers: header.flags.ack(),
            has_text: packet.len > 0,
            opens_fast: header.options.fast_open.is_some(),
            offers_ecn: header.flags.contains(Flags::ECE),
        }
    }

    /// Whether this SYN-ACK answers that SYN and no later one, as its timestamp tells.
    fn echoes(&self, syn: &Self) -> bool {
        self.stamps.zip(syn.stamps).is_some_and(|(own, asked)| own.echo == asked.value)
    }
}

/// The SYN-ACKs that the server's timer sent again: the others answer a SYN that came again.
fn timers(asked: &[Syn], answered: &[Syn]) -> Vec<Syn> {
    let mut unanswered = asked.len();
    let mut of_timer = Vec::new();
    for (before, syn) in answered.iter().zip(answered.iter().skip(1)) {
        let asked_since = asked.iter().any(|asked| asked.frame > before.frame && asked.frame < syn.frame);
        let is_soon = syn.at - before.at < SHORTEST_RTO;
        unanswered = unanswered.saturating_sub(1);
        if !(asked_since || is_soon || unanswered > 1) {
            of_timer.push(*syn);
        }
    }
    of_timer
}

#[cfg(test)]
mod tests;
