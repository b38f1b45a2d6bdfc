//! What the receive buffer holds and how large a window that allows, as Linux reckons it.
//!
//! A segment costs more memory than its text. Linux counts what the allocator gave for it against SO_RCVBUF,
//! and takes the ratio seen in full segments for the one to come: half, until it has seen some. The
//! announced windows follow from that, so it is done here in the same way. The buffer grows with what the
//! user reads in a round trip (dynamic right-sizing).

use alloc::collections::VecDeque;

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::config::Config;
use crate::span::Span;

/// What the description of a segment costs, octets.
const DESCRIPTION: usize = 256;
/// The smallest piece of memory that a segment gets, octets.
const SMALLEST_PIECE: usize = 576;
/// What lies around the text in such a piece: room before the headers, the headers, the list of pieces.
const AROUND: usize = 424;
/// Text above this gets whole pages.
const LARGEST_PIECE: usize = 8192;
const PAGE: usize = 4096;
/// What a buffer may become, octets, where its user has not fixed it: how much small segments cost is judged by that.
const LARGEST_BUFFER: usize = 32 << 20;
/// Windows are reckoned in 256ths of the memory.
const RATIO_SHIFT: u32 = 8;
/// Half: the ratio before a full segment was seen.
const FIRST_RATIO: u16 = 128;
const WHOLE: u16 = 256;
/// Linux's least receive buffer is twice this.
const SMALLEST_CLAMP: u32 = 1152;
/// Text shorter than this says nothing about the segments to come.
const TELLING: u32 = 128;
/// Segments of a window where memory is scarce.
const SCARCE_WINDOW: u32 = 4;
/// The peer may fill its initial window before anything is known (RFC 6928).
const INITIAL_WINDOW: u32 = 10;

/// What a segment with so much text costs, octets.
pub(crate) fn charge(text: usize) -> usize {
    let piece = if text + AROUND > LARGEST_PIECE {
        text.next_multiple_of(PAGE)
    } else if text + AROUND <= SMALLEST_PIECE {
        SMALLEST_PIECE
    } else {
        (text + AROUND).next_power_of_two()
    };
    DESCRIPTION + piece
}

/// How much more text has room in the piece of a segment with so much.
fn room_behind(text: usize) -> usize {
    let used = text + AROUND;
    if used > LARGEST_PIECE { 0 } else { charge(text) - DESCRIPTION - used }
}

/// What the user has not read of a piece of memory.
#[derive(Clone, Copy, Debug)]
struct Unread {
    left: u32,
    charge: u32,
    /// So much of the next segment goes into it.
    room: u32,
}

/// The accounts of the receive buffer.
#[derive(Clone, Debug)]
pub(crate) struct ReceiveMemory {
    /// SO_RCVBUF as it is now, octets.
    buffer: usize,
    /// What it may become.
    most: usize,
    /// Its user has fixed it.
    fixed: bool,
    /// It grows with what its user reads.
    grows: bool,
    ratio: u16,
    /// Segments are counted with what they cost beside their text.
    with_overhead: bool,
    /// The largest window (TCP_WINDOW_CLAMP).
    clamp: u32,
    /// The window that the segments seen so far recommend.
    threshold: u32,
    /// The text of each segment that is not read, and what it costs.
    unread: VecDeque<Unread>,
    unread_charge: usize,
    round: Round,
}

compact!(ReceiveMemory { buffer, most, fixed, grows, ratio, with_overhead, clamp, threshold, unread_charge, round } empty { unread });

/// What the user reads in a round trip.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// The most so far, octets.
    space: u32,
    /// Octets read before this round, and when it began.
    read_before: u64,
    began: Instant,
    read: u64,
    /// The round trip as the receiver sees it.
    rtt: Option<Span>,
    /// A window's worth of data is awaited: up to which number, and since when.
    awaited: Option<(SeqNumber, Instant)>,
}

compact!(Round { space, read_before, began, read, rtt, awaited });

impl ReceiveMemory {
    /// For segments with `mss` of text, after `window` was offered.
    pub(crate) fn new(config: &Config, mss: u32, window: u32, scale: u8, now: Instant) -> Self {
        let fixed = config.receive_buffer_max <= config.receive_buffer;
        let most = if fixed { LARGEST_BUFFER } else { config.receive_buffer_max }.max(config.receive_buffer);
        let space = window.min(INITIAL_WINDOW * mss);
        let ratio = first_ratio(config);
        let full = in_ratio(config.receive_buffer, ratio);
        let sayable = (u32::from(u16::MAX) << scale).min(config.window_clamp.unwrap_or(u32::MAX));
        let mut clamp = sayable.min(full);
        // One segment is kept in reserve.
        if config.segment_overhead && clamp > 2 * mss && clamp + mss > full {
            clamp = (full - mss).max(2 * mss);
        }
        Self {
            buffer: config.receive_buffer,
            most,
            fixed,
            grows: config.receive_buffer_grows,
            ratio,
            with_overhead: config.segment_overhead,
            clamp,
            threshold: window.min(clamp),
            unread: VecDeque::new(),
            unread_charge: 0,
            round: Round { space, read_before: 0, began: now, read: 0, rtt: None, awaited: None },
        }
    }

    /// The whole buffer as a window.
    pub(crate) fn full(&self) -> u32 {
        in_ratio(self.buffer, self.ratio)
    }

    /// What is free of it, beside what the pieces `beyond` gaps cost.
    pub(crate) fn free(&self, beyond: usize) -> u32 {
        // Text beyond a gap already has its place in the window.
        let beyond = if self.with_overhead { beyond } else { 0 };
        in_ratio(self.buffer.saturating_sub(self.unread_charge + beyond), self.ratio)
    }

    pub(crate) fn clamp(&self) -> u32 {
        self.clamp
    }

    pub(crate) fn threshold(&self) -> u32 {
        self.threshold
    }

    /// Octets that the user reads in a round trip, at the most so far.
    pub(crate) fn space(&self) -> u32 {
        self.round.space
    }

    /// The round trip as the receiver sees it.
    pub(crate) fn rtt(&self) -> Option<Span> {
        self.round.rtt
    }

    /// TCP_WINDOW_CLAMP, and what follows when the buffer changes.
    pub(crate) fn set_clamp(&mut self, clamp: u32, window: u32) {
        let clamp = clamp.max(SMALLEST_CLAMP);
        if clamp < self.clamp {
            self.threshold = self.threshold.min(clamp);
        } else if clamp > self.clamp {
            self.threshold = self.threshold.max(window.min(clamp));
        }
        self.clamp = clamp;
        self.round.space = self.round.space.min(clamp);
    }

    /// SO_RCVBUF, which fixes it.
    pub(crate) fn set_buffer(&mut self, octets: usize) {
        self.buffer = octets;
        self.fixed = true;
    }

    /// A segment's text was put into the user's queue. Its memory holds all that it `came_with`; a short one has room behind
    /// the last.
    pub(crate) fn queued(&mut self, text: usize, came_with: usize) {
        if let Some(last) =
            self.unread.back_mut().filter(|last| text == came_with && last.room as usize >= text)
        {
            last.left += text as u32;
            last.room -= text as u32;
            return;
        }
        let charge = self.charge(if self.with_overhead { came_with } else { text });
        let room = if self.with_overhead { room_behind(came_with) } else { 0 };
        self.unread.push_back(Unread { left: text as u32, charge: charge as u32, room: room as u32 });
        self.unread_charge += charge;
    }

    /// The user has read so much. A segment's memory is free when all of it is read, its text at once.
    pub(crate) fn read(&mut self, mut octets: usize) {
        self.round.read += octets as u64;
        while let Some(first) = self.unread.front_mut() {
            if (first.left as usize) > octets {
                first.left -= octets as u32;
                if !self.with_overhead {
                    first.charge -= octets as u32;
                    self.unread_charge -= octets;
                }
                return;
            }
            octets -= first.left as usize;
            self.unread_charge -= first.charge as usize;
            self.unread.pop_front();
        }
    }

    /// Whether another segment is taken beside what is not read and the pieces `beyond` gaps: more memory is used than
    /// the buffer has only after its last segment. A buffer that is not fixed grows for it first.
    pub(crate) fn takes_more(&mut self, beyond: usize, mss: u32) -> bool {
        let used = self.unread_charge + if self.with_overhead { beyond } else { 0 };
        if used > self.buffer && !self.fixed {
            self.buffer = used.min(self.most);
        }
        if used > self.buffer {
            self.threshold = self.clamp.min(2 * mss);
        }
        used <= self.buffer
    }

    /// What the segments cost that are not read.
    pub(crate) fn unread_charge(&self) -> usize {
        self.unread_charge
    }

    /// Nothing is left to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    fn charge(&self, text: usize) -> usize {
        if self.with_overhead { charge(text) } else { text }
    }

    /// A full segment of `size` octets, which came in one of `text`, tells what the next will cost.
    #[inline(never)]
    pub(crate) fn full_segment(&mut self, text: u32, window: u32) {
        let ratio = (u64::from(text) << RATIO_SHIFT) / self.charge(text as usize) as u64;
        let ratio = ratio.clamp(1, WHOLE.into()) as u16;
        if ratio != self.ratio {
            self.ratio = ratio;
            self.set_clamp(self.full(), window);
        }
    }

    /// A segment with `text` has come: one that is worth its memory lets the window grow.
    pub(crate) fn grow_threshold(&mut self, text: u32, mss: u32, full_segment: u32, beyond: usize) -> bool {
        let room = self.clamp.min(self.free(beyond)).saturating_sub(self.threshold);
        if text < TELLING || room == 0 {
            return false;
        }
        let cost = in_ratio(self.charge(text as usize), self.ratio);
        let step = if cost <= text { 2 * mss } else { self.cautious_step(text, cost, full_segment) };
        if step == 0 {
            return false;
        }
        self.threshold += room.min(step.max(2 * text));
        true
    }

    /// Memory is scarce: the window is not to be more than a few segments.
    pub(crate) fn tighten(&mut self, mss: u32) {
        self.threshold = self.threshold.min(SCARCE_WINDOW * mss);
    }

    fn cautious_step(&self, text: u32, cost: u32, full_segment: u32) -> u32 {
        let mut cost = cost / 2;
        let mut window = in_ratio(self.most, self.ratio) / 2;
        while self.threshold <= window {
            if cost <= text {
                return 2 * full_segment;
            }
            cost /= 2;
            window /= 2;
        }
        0
    }

    /// Data up to `nxt` has come: a whole window after another is a round trip, unless timestamps tell.
    pub(crate) fn note_arrival(&mut self, nxt: SeqNumber, window: u32, now: Instant) {
        match self.round.awaited {
            Some((awaited, _)) if nxt.before(awaited) => return,
            Some((_, since)) => self.measured(Span::between(since, now)),
            None => {}
        }
        self.round.awaited = Some((nxt + window, now));
    }

    /// A round trip was measured.
    pub(crate) fn measured(&mut self, rtt: Span) {
        let rtt = rtt.max(Span::from_micros(1));
        self.round.rtt = Some(self.round.rtt.map_or(rtt, |known| known.min(rtt)));
    }

    /// The user has read, and so much waits still: once a round trip the buffer becomes large enough for twice what he
    /// reads in one.
    pub(crate) fn adjust(&mut self, unread: u32, beyond: u32, now: Instant) {
        if self.round.rtt.is_some_and(|rtt| Span::between(self.round.began, now) >= rtt) {
            self.adjust_after_round(unread, beyond, now);
        }
    }

    #[inline(never)]
    fn adjust_after_round(&mut self, unread: u32, beyond: u32, now: Instant) {
        // Who leaves much of it lying reads no faster than it comes.
        let read = u32::try_from(self.round.read - self.round.read_before).unwrap_or(u32::MAX);
        let copied = read.saturating_sub(unread);
        if copied > self.round.space {
            let before = u64::from(core::mem::replace(&mut self.round.space, copied).max(1));
            let window = u64::from(copied) * 2;
            // What a peer makes of the round trip may be far from what it is.
            let faster = window.saturating_mul(u64::from(copied) - before) / before;
            self.grow(faster.saturating_mul(2).saturating_add(window + u64::from(beyond)));
        }
        self.round.read_before = self.round.read;
        self.round.began = now;
    }

    fn grow(&mut self, window: u64) {
        let wanted = window.saturating_mul(1 << RATIO_SHIFT) / u64::from(self.ratio);
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let wanted = wanted.min(self.most);
        if self.grows && !self.fixed && wanted > self.buffer {
            self.buffer = wanted;
            self.clamp = self.full();
        }
    }

    /// What SO_RCVBUF may become.
    pub(crate) fn most(&self) -> usize {
        if self.fixed { self.buffer } else { self.most }
    }

    /// SO_RCVBUF as it is now.
    pub(crate) fn buffer(&self) -> usize {
        self.buffer
    }
}

/// The window that goes with a SYN: whole segments in half of the buffer.
pub(crate) fn initial_window(config: &Config, mss: u32) -> u32 {
    let space =
        in_ratio(config.receive_buffer, first_ratio(config)).min(config.window_clamp.unwrap_or(u32::MAX));
    if config.segment_overhead && space > mss { space / mss * mss } else { space }
}

/// The largest window that may ever have to be said.
pub(crate) fn largest_window(config: &Config) -> u32 {
    let fixed = config.receive_buffer_max <= config.receive_buffer;
    let octets = if fixed {
        in_ratio(config.receive_buffer, first_ratio(config)) as usize
    } else {
        config.receive_buffer_max
    };
    u32::try_from(octets).unwrap_or(u32::MAX).min(config.window_clamp.unwrap_or(u32::MAX))
}

fn first_ratio(config: &Config) -> u16 {
    if config.segment_overhead { FIRST_RATIO } else { WHOLE }
}

fn in_ratio(octets: usize, ratio: u16) -> u32 {
    u32::try_from((octets as u64 * u64::from(ratio)) >> RATIO_SHIFT).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
