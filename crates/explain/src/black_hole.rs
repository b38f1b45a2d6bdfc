//! A path that swallows long packets and does not say so (RFC 2923 section 2.1): the same long segment goes again and
//! again, while its peer says that shorter ones come, and nothing as long has ever come through.

use synfin_ladder::Side;
use synfin_wire::SeqNumber;
use synfin_wire::tcp::SackRange;

use crate::packet::Packet;

mod gap;
mod seam;

use gap::{Gaps, MOST_OPTIONS, Pieces};
use seam::Seams;

/// So often a segment goes before its length is suspected, and so many octets it has at least: every link takes what
/// is shorter (RFC 9293 section 3.7.1).
const SUSPICIOUS: u32 = 3;
/// So often, where nothing but its length tells it from what came through before.
const HOPELESS: u32 = 5;
/// A segment has no less room than this where no SYN was seen that says how much (RFC 9293 section 3.7.1).
const DEFAULT_MSS: u16 = 536;
const LONG: u32 = 536;
/// So many frames are named.
const MOST_FRAMES: usize = 20;
/// So many segments behind it are watched for.
const MOST_AS_LONG: usize = 4;

/// What goes through of either side's segments.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlackHoles([Way; 2]);

/// One direction.
#[derive(Clone, Debug, Default)]
struct Way {
    /// Octets of text of the longest segment that has come through.
    longest: u32,
    /// The longest that is under way: behind its last number, and its length.
    under_way: Option<(SeqNumber, u32)>,
    stuck: Option<Stuck>,
    /// What came through once it went in pieces.
    found: Option<Stuck>,
    gaps: Gaps,
    seams: Seams,
    /// Octets that its receiver takes in a segment.
    mss: u32,
    /// Something of it was acknowledged.
    is_heard: bool,
}

/// The first segment that is not acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    seq: SeqNumber,
    /// Octets of its text.
    pub(crate) len: u32,
    /// When it went.
    pub(crate) frames: Vec<u64>,
    times: u32,
    /// The peer has had something behind it.
    is_passed: bool,
    /// Something shorter went behind it.
    is_followed: bool,
    /// What went behind it and is no shorter: behind the last number of each, and its length.
    as_long: Vec<(SeqNumber, u32)>,
    in_pieces: bool,
}

impl Stuck {
    fn new(packet: &Packet<'_>) -> Self {
        let (seq, len) = (packet.header.seq, packet.len);
        Self {
            seq,
            len,
            frames: Vec::new(),
            times: 1,
            is_passed: false,
            is_followed: false,
            as_long: Vec::new(),
            in_pieces: false,
        }
    }

    fn is_suspicious(&self, longest: u32) -> bool {
        self.times >= SUSPICIOUS && self.len > longest.max(LONG)
    }

    fn is_followed_by(&mut self, seq: SeqNumber, len: u32) {
        if len < self.len {
            self.is_followed = true;
        } else if self.as_long.len() < MOST_AS_LONG {
            self.as_long.push((seq + len, len));
        }
    }

    /// The longest of those behind it that a report says has come whole.
    fn longest_reported(&self, sack: &[SackRange]) -> Option<u32> {
        let has_come = |(end, len): &&(SeqNumber, u32)| {
            sack.iter().any(|range| range.start.at_or_before(*end - *len) && range.end.at_or_after(*end))
        };
        self.as_long.iter().filter(has_come).map(|(_, len)| *len).max()
    }

    fn goes_again(&mut self, packet: &Packet<'_>) {
        self.times += 1;
        if self.frames.len() < MOST_FRAMES {
            self.frames.push(packet.frame);
        }
    }
}

impl BlackHoles {
    /// Takes a packet that its receiver takes if it arrives. It awaits this number, and takes segments of `mss` octets.
    pub(crate) fn observe(
        &mut self,
        from: Side,
        packet: &Packet<'_>,
        awaited: Option<SeqNumber>,
        mss: Option<u16>,
    ) {
        let header = &packet.header;
        if header.flags.ack() && !header.flags.rst() {
            self.0[from.other().index()].is_answered(packet);
        }
        let way = &mut self.0[from.index()];
        way.mss = mss.unwrap_or(DEFAULT_MSS).into();
        if let Some(awaited) = awaited {
            way.seams.take(packet, awaited, way.mss);
        }
        if packet.len > 0 {
            way.sends(packet);
            if let Some(awaited) = awaited {
                way.gaps.take(packet, awaited, way.mss);
            }
        }
    }

    /// What came to its receiver in pieces, after it had been missing for long.
    pub(crate) fn in_pieces(&self, side: Side) -> Option<&Pieces> {
        let way = &self.0[side.index()];
        let is_short = |longest| longest + MOST_OPTIONS < way.mss;
        way.gaps.found(is_short).or_else(|| way.seams.found(is_short))
    }

    /// The segment of a side that is too long for its path, if there is one.
    pub(crate) fn of(&self, side: Side) -> Option<&Stuck> {
        let way = &self.0[side.index()];
        let is_it = |stuck: &&Stuck| {
            let is_hopeless = way.is_heard && stuck.times >= HOPELESS;
            stuck.is_suspicious(way.longest) && (stuck.is_passed || stuck.in_pieces || is_hopeless)
        };
        way.found.as_ref().filter(is_it).or(way.stuck.as_ref().filter(is_it))
    }
}

impl Way {
    fn is_answered(&mut self, packet: &Packet<'_>) {
        let ack = packet.header.ack;
        self.is_heard = true;
        if let Some((_, len)) = self.under_way.take_if(|(end, _)| ack.at_or_after(*end)) {
            self.longest = self.longest.max(len);
        }
        let Some(stuck) = &mut self.stuck else { return };
        if let Some(len) = stuck.longest_reported(packet.header.options.sack.as_slice()) {
            self.longest = self.longest.max(len);
        }
        // What repeats its acknowledgment, and has nothing else to say, answers something shorter that went behind it.
        let repeats = packet.sequence_length() == 0 && stuck.is_followed && ack == stuck.seq;
        // Who speaks himself, and waits for it all the same, is there, and so is the way back.
        let speaks = packet.sequence_length() > 0 && stuck.times > SUSPICIOUS && ack == stuck.seq;
        stuck.is_passed |=
            repeats || speaks || packet.header.options.sack.iter().any(|range| range.start.after(stuck.seq));
        if ack.after(stuck.seq) {
            let stuck = self.stuck.take().filter(|stuck| stuck.in_pieces);
            self.found = self.found.take().or(stuck);
        }
    }

    fn sends(&mut self, packet: &Packet<'_>) {
        let (seq, len) = (packet.header.seq, packet.len);
        match &mut self.stuck {
            Some(stuck) if seq == stuck.seq && len == stuck.len => stuck.goes_again(packet),
            // It goes in pieces: what is acknowledged then has not come through whole.
            Some(stuck) if seq == stuck.seq && len < stuck.len && stuck.times >= SUSPICIOUS => {
                stuck.in_pieces = true;
                self.under_way = None;
            }
            Some(stuck) if seq.at_or_before(stuck.seq) => *stuck = Stuck::new(packet),
            Some(stuck) => stuck.is_followed_by(seq, len),
            None => self.stuck = Some(Stuck::new(packet)),
        }
        if self.under_way.is_none_or(|(_, longest)| len > longest) {
            self.under_way = Some((seq + len, len));
        }
    }
}
