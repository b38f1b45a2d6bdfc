//! Packets that stand in a capture more than once: seen on two ports of a switch, on a router's way in and out, at both
//! ends of the path whose captures were merged, or doubled by the hardware that captures.
//!
//! | apart | what tells that it is the same packet |
//! |---|---|
//! | a millisecond | what it says: no sender sends the same again so soon, but for a bare acknowledgment |
//! | a timer's least time | and its IP identification, a new one for each packet; or its timestamps, and that routers have counted down its hop limit |
//! | a minute | its identification and its timestamps (RFC 7323), of which one at least goes on; or timestamps alone, where |
//! | | routers have counted down its hop limit, or others were seen again after as long: two clocks differ by that |
//!
//! What the hardware cuts into segments behind one point of capture, and joins before another, is known by the
//! identifications, which go up by one from segment to segment.

use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::{Flags, Instant, SeqNumber, Timestamps};

use crate::lost::is_before;
use crate::packet::{Packet, Print};

/// No sender says the same again within this.
const AT_ONCE: Duration = Duration::from_millis(1);
/// No timer of a sender that has waited for an answer in vain runs out sooner, but for a few that know the path.
const SOON: Duration = Duration::from_millis(500);
/// The longest way from one point of capture to another, with what their clocks differ by.
const FAR_APART: Duration = Duration::from_secs(60);
/// So many packets of a side are compared with, the first ones of all among them,
const FEW: usize = 32;
const FIRST: usize = 4;
/// and so many once one of them was seen again: what is on the way between two points of capture.
const MANY: usize = 2048;
/// The hardware makes no shorter segments of one, but for the last: 536 octets (RFC 9293 section 3.7.1) with all options.
const SHORTEST_SEGMENT: u32 = 496;

/// The last packets of both sides.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    sides: [Seen; 2],
    /// How long after the first sighting of a packet the second came, where that was so long that two clocks differ.
    offset: Option<Duration>,
}

/// The last packets of a side, the oldest overwritten first.
#[derive(Debug, Default)]
struct Seen {
    sightings: Vec<Sighting>,
    oldest: usize,
    /// Where the last packet was found that was seen again: the next one is likely to stand behind it.
    found: usize,
    is_doubled: bool,
    /// Two packets had different identifications.
    counts: bool,
    /// The highest numbers that any of them said, and acknowledged.
    most: Option<(SeqNumber, SeqNumber)>,
    /// The newest timestamp.
    newest: Option<u32>,
    /// The hop limits with which packets came, first and again, where those differ: by them two points of capture are known.
    hop_limits: Option<(u8, u8)>,
}

/// What is known besides of how packets come twice.
struct Known {
    /// Others of its side were seen again.
    is_doubled: bool,
    /// Their identifications differ.
    counts: bool,
    /// Nothing can have told the sender sooner to send something again.
    trip: Duration,
    /// Two clocks differ by that.
    offset: Option<Duration>,
}

impl Known {
    /// Whether others were seen again after as long, but for what the way takes.
    fn is_usual(&self, apart: Duration) -> bool {
        self.offset.is_some_and(|offset| apart.abs_diff(offset) <= offset / 8 + AT_ONCE * 50)
    }
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    frame: u64,
    at: Instant,
    hop_limit: u8,
    print: Print,
    likeness: Likeness,
}

/// What is the same in both sightings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Likeness {
    seq: SeqNumber,
    ack: SeqNumber,
    flags: Flags,
    len: u32,
    window: u16,
    timestamps: Option<Timestamps>,
    /// What its ranges come to.
    sack: u32,
    identification: u16,
}

impl Mirror {
    /// The frame in which the same packet was seen before; the packet is remembered otherwise.
    /// `trip` is the shortest time in which its sender has answered: nothing can have told it sooner to send this again.
    pub(crate) fn first_of(
        &mut self,
        from: Side,
        packet: &Packet<'_>,
        trip: Option<Duration>,
    ) -> Option<u64> {
        let sighting = Sighting::of(packet);
        let seen = &mut self.sides[from.index()];
        let known = Known {
            is_doubled: seen.is_doubled,
            counts: seen.counts,
            trip: trip.unwrap_or_default(),
            offset: self.offset,
        };
        let Some((frame, apart)) = seen.first_of(&sighting, &known) else {
            seen.remember(sighting);
            return None;
        };
        self.offset = Some(apart).filter(|apart| *apart > SOON).or(self.offset);
        Some(frame)
    }
}

impl Seen {
    /// Its frame, and how long ago that was.
    fn first_of(&mut self, sighting: &Sighting, known: &Known) -> Option<(u64, Duration)> {
        if self.is_new(&sighting.likeness) {
            return None;
        }
        let (before, behind) = self.sightings.split_at(self.found.min(self.sightings.len()));
        let in_turn = behind.iter().chain(before);
        let is_seen =
            |first: &Sighting| first.is_same(sighting, known) || first.has_piece(sighting, known.counts);
        let Some((further, first)) = in_turn.enumerate().find(|(_, first)| is_seen(first)) else {
            return self.forgotten(sighting, known);
        };
        let seen = (first.frame, sighting.at - first.at);
        let hop_limits = (first.hop_limit, sighting.hop_limit);
        self.hop_limits = Some(hop_limits).filter(|(first, again)| first != again).or(self.hop_limits);
        self.found = (before.len() + further) % self.sightings.len();
        self.is_doubled = true;
        Some(seen)
    }

    /// The second sighting of one that is not remembered, or has not come to the first point of capture: it is older than
    /// the newest, where two clocks differ, or has the hop limit of the second point. The last that was seen again stands for
    /// its first sighting.
    fn forgotten(&self, sighting: &Sighting, known: &Known) -> Option<(u64, Duration)> {
        let stamps = self.newest.zip(sighting.likeness.timestamps);
        let is_older = stamps.is_some_and(|(newest, stamps)| is_before(stamps.value, newest));
        let is_elsewhere = self.hop_limits.is_some_and(|(_, again)| again == sighting.hop_limit);
        let is_again = is_elsewhere || is_older && known.offset.is_some();
        let last = self.sightings.get(self.found).filter(|_| is_again && self.is_doubled)?;
        Some((last.frame, known.offset.unwrap_or_default()))
    }

    /// Whether it says, or acknowledges, more than all before.
    fn is_new(&self, packet: &Likeness) -> bool {
        self.most
            .is_none_or(|(said, acknowledged)| packet.end().after(said) || packet.ack.after(acknowledged))
    }

    fn remember(&mut self, sighting: Sighting) {
        let identification = sighting.likeness.identification;
        self.counts |=
            self.sightings.last().is_some_and(|last| last.likeness.identification != identification);
        if let Some(stamps) = sighting.likeness.timestamps {
            let is_newer = self.newest.is_none_or(|newest| is_before(newest, stamps.value));
            self.newest = if is_newer { Some(stamps.value) } else { self.newest };
        }
        let (end, ack) = (sighting.likeness.end(), sighting.likeness.ack);
        let (said, acknowledged) = self.most.unwrap_or((end, ack));
        self.most = Some((said.later(end), acknowledged.later(ack)));
        let room = if self.is_doubled { MANY } else { FEW };
        if self.sightings.len() < room {
            self.sightings.push(sighting);
        } else {
            // Those that were first tell of a capture whose other half begins late.
            self.oldest = if self.oldest < FIRST || self.oldest >= room { FIRST } else { self.oldest };
            self.sightings[self.oldest] = sighting;
            self.oldest += 1;
        }
    }
}

impl Sighting {
    fn of(packet: &Packet<'_>) -> Self {
        let header = &packet.header;
        let likeness = Likeness {
            seq: header.seq,
            ack: header.ack,
            flags: header.flags,
            len: packet.len,
            window: header.window,
            timestamps: header.options.timestamps,
            sack: header.options.sack.iter().fold(0, |sum, range| {
                [range.start, range.end]
                    .iter()
                    .fold(sum, |sum: u32, edge| sum.wrapping_mul(31) ^ edge.value())
            }),
            identification: packet.identification,
        };
        Self {
            frame: packet.frame,
            at: packet.at,
            hop_limit: packet.hop_limit,
            print: packet.print,
            likeness,
        }
    }

    /// Whether the later one is the same packet.
    fn is_same(&self, later: &Self, known: &Known) -> bool {
        if self.likeness != later.likeness || self.print.contradicts(later.print, true) {
            return false;
        }
        let packet = &later.likeness;
        let apart = later.at - self.at;
        let is_routed = self.hop_limit != later.hop_limit;
        let is_numbered = packet.identification != 0;
        if apart <= AT_ONCE {
            return packet.is_text()
                || is_numbered
                || is_routed
                || known.is_doubled && packet.timestamps.is_some();
        }
        match packet.timestamps {
            Some(_) if is_numbered || is_routed || known.is_usual(apart) => apart <= FAR_APART,
            Some(_) => {
                let is_too_soon = packet.is_text() && apart * 4 < known.trip * 3;
                apart <= SOON && (known.is_doubled || packet.flags.syn() || is_too_soon)
            }
            None if packet.flags.syn() || packet.flags.rst() => apart <= SOON && (is_numbered || is_routed),
            None => apart <= SOON && is_numbered && known.counts,
        }
    }

    /// Whether the later one, of which nothing is new, was cut out of this, or begins with it.
    fn has_piece(&self, later: &Self, counts: bool) -> bool {
        let (whole, piece) = (&self.likeness, &later.likeness);
        let offset = piece.seq.distance(whole.seq);
        let is_part = piece.len > 0 && piece.len != whole.len && !piece.flags.syn() && !piece.flags.rst();
        if !is_part || offset < 0 || offset as u32 >= whole.len {
            return false;
        }
        let number = piece.identification.wrapping_sub(whole.identification);
        let is_next = match (whole.identification, piece.identification) {
            (0, 0) => self.hop_limit != later.hop_limit && piece.timestamps.is_some(),
            _ => counts && whole.has_segment(piece, number.into()),
        };
        let apart = later.at - self.at;
        let says_the_same =
            (piece.ack, piece.window, piece.timestamps) == (whole.ack, whole.window, whole.timestamps);
        is_next && says_the_same && apart <= if piece.timestamps.is_some() { FAR_APART } else { SOON }
    }
}

impl Likeness {
    fn is_text(&self) -> bool {
        self.len > 0 || self.flags.syn() || self.flags.fin()
    }

    /// Whether the segments that this is cut into, all of one length but the last, are so many up to a piece.
    fn has_segment(&self, piece: &Self, number: u32) -> bool {
        let offset = piece.seq.octets_since(self.seq);
        if number == 0 || offset < number {
            return (number, offset) == (0, 0);
        }
        let length = offset / number;
        length >= SHORTEST_SEGMENT
            && offset.is_multiple_of(number)
            && (piece.len.is_multiple_of(length) || piece.end() == self.end())
    }

    /// The number behind its last.
    fn end(&self) -> SeqNumber {
        self.seq + (self.len + u32::from(self.flags.syn()) + u32::from(self.flags.fin()))
    }
}
