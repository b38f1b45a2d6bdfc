//! What the receive buffer holds and how large a window that allows, as Linux reckons it.
//!
//! A segment costs more memory than its text. Linux counts what the allocator gave for it against SO_RCVBUF,
//! and takes the ratio seen in full segments for the one to come: half, until it has seen some. The
//! announced windows follow from that, so it is done here in the same way. The buffer grows with what the
//! user reads in a round trip (dynamic right-sizing).

use alloc::collections::VecDeque;

use synfin_wire::{Instant, SeqNumber};

use super::ack_policy::Size;
use super::cost::{COPIED_TOGETHER, Cost, left_in_page};
use crate::compact::compact;
use crate::config::Config;
use crate::span::Span;

/// What a buffer may become, octets, where its user has not fixed it: how much small segments cost is judged by that.
const LARGEST_BUFFER: usize = 32 << 20;
/// Windows are reckoned in 256ths of the memory.
const RATIO_SHIFT: u32 = 8;
/// Half: the ratio before a full segment was seen.
const FIRST_RATIO: u16 = 128;
const WHOLE: u16 = 256;
/// Linux's least receive buffer is twice this.
const SMALLEST_CLAMP: u32 = 1152;
/// Segments of a window where memory is scarce.
const SCARCE_WINDOW: u32 = 4;
/// The peer may fill its initial window before anything is known (RFC 6928).
const INITIAL_WINDOW: u32 = 10;

/// What the user has not read of a piece of memory.
#[derive(Clone, Copy, Debug)]
struct Unread {
    left: u32,
    /// All the text that it holds, which may have been read or come before.
    len: u32,
    cost: Cost,
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
    /// So much was used when copying together did not save enough: nothing has changed since, where it still is.
    tight: usize,
    /// The next segment is looked at more closely, since the last was not in order or not taken.
    looks_closely: bool,
    round: Round,
}

compact!(ReceiveMemory { buffer, most, fixed, grows, ratio, with_overhead, clamp, threshold, unread_charge, tight, looks_closely, round } empty { unread });

/// What the user reads in a round trip.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// The most so far, octets.
    space: u32,
    /// Octets read since this round began, and when that was.
    read: u32,
    began: Instant,
    /// The round trip as the receiver sees it.
    rtt: Option<Span>,
    /// What was echoed last.
    echo: u32,
    /// A window's worth of data is awaited: up to which number, and since when.
    awaited: Option<(SeqNumber, Instant)>,
}

compact!(Round { space, read, began, rtt, echo, awaited });

impl ReceiveMemory {
    /// For segments with `mss` of text, after `window` was offered.
    pub(crate) fn new(config: &Config, mss: u32, window: u32, scale: u8, now: Instant) -> Self {
        let fixed = config.receive_buffer_max <= config.receive_buffer;
        let most = if fixed { LARGEST_BUFFER } else { config.receive_buffer_max }.max(config.receive_buffer);
        let ratio = first_ratio(config);
        let full = in_ratio(config.receive_buffer, ratio);
        let sayable = (u32::from(u16::MAX) << scale).min(config.window_clamp.unwrap_or(u32::MAX));
        let mut clamp = sayable.min(full);
        // One segment is kept in reserve.
        if config.segment_overhead && clamp > 2 * mss && clamp + mss > full {
            clamp = (full - mss).max(2 * mss);
        }
        let threshold = window.min(clamp);
        let space = threshold.min(INITIAL_WINDOW * mss);
        Self {
            buffer: config.receive_buffer,
            most,
            fixed,
            grows: config.receive_buffer_grows,
            ratio,
            with_overhead: config.segment_overhead,
            clamp,
            threshold,
            unread: VecDeque::new(),
            unread_charge: 0,
            tight: 0,
            looks_closely: false,
            round: Round { space, read: 0, began: now, rtt: None, echo: 0, awaited: None },
        }
    }

    /// The handshake is over: the first round trip begins.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.round.began = now;
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

    /// What a segment with so much text costs, of which `options` octets are options.
    pub(crate) fn cost(&self, text: u32, options: u32) -> Cost {
        if self.with_overhead { Cost::of_segment(text, options) } else { Cost { charge: text, room: 0 } }
    }

    /// A segment's text was put into the user's queue. Its memory holds all that it `came_with`; a short one has room behind
    /// the last.
    pub(crate) fn queued(&mut self, text: u32, came_with: u32, options: u32) {
        if text == came_with && self.joins_last(text) {
            return;
        }
        let cost = self.cost(if self.with_overhead { came_with } else { text }, options);
        self.unread.push_back(Unread { left: text, len: came_with, cost });
        self.unread_charge += cost.charge as usize;
    }

    /// The same of all the text in a piece of memory that was held beyond a gap and has been paid for.
    #[cold]
    pub(crate) fn queued_held(&mut self, text: u32, cost: Cost) {
        if text > 0 && !self.joins_last(text) {
            self.unread.push_back(Unread { left: text, len: text, cost });
            self.unread_charge += cost.charge as usize;
        }
    }

    fn joins_last(&mut self, text: u32) -> bool {
        let last = self.unread.back_mut().filter(|last| last.cost.room >= text);
        if let Some(last) = last {
            last.left += text;
            last.len += text;
            last.cost.room -= text;
            return true;
        }
        false
    }

    /// The user has read so much. A segment's memory is free when all of it is read, its text at once.
    pub(crate) fn read(&mut self, mut octets: u32) {
        self.round.read = self.round.read.wrapping_add(octets);
        while let Some(first) = self.unread.front_mut() {
            if first.left > octets {
                first.left -= octets;
                if !self.with_overhead {
                    first.cost.charge -= octets;
                    self.unread_charge -= octets as usize;
                }
                return;
            }
            octets -= first.left;
            self.unread_charge -= first.cost.charge as usize;
            self.unread.pop_front();
        }
    }

    /// Whether another segment is taken beside what is not read and the pieces `beyond` gaps: more memory is used than
    /// the buffer has only after its last segment.
    pub(crate) fn has_room(&self, beyond: usize) -> bool {
        self.used(beyond) <= self.buffer
    }

    /// What is used of the buffer, the pieces `beyond` gaps included.
    pub(crate) fn used(&self, beyond: usize) -> usize {
        self.unread_charge + if self.with_overhead { beyond } else { 0 }
    }

    /// Whether a segment in order that costs so much is taken without a look at what is used, as Linux does where it needs
    /// no other page for it.
    pub(crate) fn is_foreseen(&self, charge: u32) -> bool {
        self.with_overhead && !self.looks_closely && charge as usize <= left_in_page(self.unread_charge)
    }

    /// The next segment is looked at more closely.
    pub(crate) fn look_closely(&mut self) {
        self.looks_closely = true;
    }

    /// Nothing lies beyond a gap, and a segment in order was taken: if there is room behind it, the next ones are foreseen.
    pub(crate) fn foresee(&mut self) {
        if self.looks_closely {
            self.looks_closely = self.unread_charge >= self.buffer;
        }
    }

    /// More is used than the buffer has: it grows, if it is not fixed, or else the window is to be small.
    pub(crate) fn strain(&mut self, beyond: usize, mss: u32) {
        let used = self.used(beyond);
        if !self.fixed {
            self.buffer = self.buffer.max(used.min(self.most));
        }
        if used > self.buffer {
            self.threshold = self.clamp.min(2 * mss);
        }
    }

    /// Whether copying together may save something, of what is used with the pieces `beyond` gaps.
    pub(crate) fn is_slack(&self, beyond: usize) -> bool {
        self.used(beyond) != self.tight
    }

    /// All that could be copied together was.
    pub(crate) fn note_tight(&mut self, beyond: usize) {
        self.tight = self.used(beyond);
    }

    /// Reckons as if text that is not read had been copied together, from the first segment on that costs much more than
    /// its text is worth. Short text is copied together in truth (see [`super::ReceiveBuffer`]).
    pub(crate) fn collapse(&mut self) {
        let is_loose = |index: &usize| {
            let holds_more = |unread: &Unread| unread.left < unread.len;
            let unread = &self.unread[*index];
            holds_more(unread)
                || self.is_loose(unread.cost.charge, unread.len)
                || self.unread.get(index + 1).is_some_and(holds_more)
        };
        let Some(first) = (0..self.unread.len()).find(is_loose).filter(|_| self.with_overhead) else {
            return;
        };
        let (mut text, mut charge) = (0, 0);
        for unread in self.unread.drain(first..) {
            text += unread.left;
            charge += unread.cost.charge as usize;
        }
        self.unread_charge -= charge;
        while text > 0 {
            let len = text.min(COPIED_TOGETHER);
            let cost = Cost::of_copy(len);
            self.unread.push_back(Unread { left: len, len, cost });
            self.unread_charge += cost.charge as usize;
            text -= len;
        }
    }

    /// Whether so much text costs more than the window that it takes.
    pub(crate) fn is_loose(&self, charge: u32, text: u32) -> bool {
        in_ratio(charge as usize, self.ratio) > text
    }

    /// What the segments cost that are not read.
    pub(crate) fn unread_charge(&self) -> usize {
        self.unread_charge
    }

    /// Nothing is left to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    /// How much of the next segment to read is left, octets.
    pub(crate) fn first_left(&self) -> u32 {
        self.unread.front().map_or(0, |first| first.left)
    }

    /// A full segment of a size not seen before, which came in one of `text`, tells what the next will cost.
    #[inline(never)]
    pub(crate) fn full_segment(&mut self, text: u32, options: u32, window: u32) {
        let ratio = (u64::from(text) << RATIO_SHIFT) / u64::from(self.cost(text, options).charge);
        let ratio = ratio.clamp(1, WHOLE.into()) as u16;
        if ratio != self.ratio {
            self.ratio = ratio;
            self.set_clamp(self.full(), window);
        }
    }

    /// A segment has come: one that is worth its memory lets the window grow.
    pub(crate) fn grow_threshold(&mut self, size: &Size, mss: u32, full_segment: u32, beyond: usize) -> bool {
        let room = self.clamp.min(self.free(beyond)).saturating_sub(self.threshold);
        if room == 0 {
            return false;
        }
        let text = size.text;
        let cost = in_ratio(self.cost(text, size.options()).charge as usize, self.ratio);
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

    /// Data up to `nxt` has come: a whole window after another takes a round trip at the least.
    pub(crate) fn note_arrival(&mut self, nxt: SeqNumber, window: u32, now: Instant) {
        match self.round.awaited {
            Some((awaited, _)) if nxt.before(awaited) => return,
            Some((_, since)) => {
                let rtt = Span::between(since, now).max(Span::from_micros(1));
                self.round.rtt = Some(self.round.rtt.map_or(rtt, |known| known.min(rtt)));
            }
            None => {}
        }
        self.round.awaited = Some((nxt + window, now));
    }

    /// Whether it is the first segment that echoes this timestamp of ours.
    pub(crate) fn is_new_echo(&mut self, echo: u32) -> bool {
        core::mem::replace(&mut self.round.echo, echo) != echo
    }

    /// A full segment is the first to echo a timestamp of ours, so much later. What is longer than what was seen before
    /// counts a little, and only if the user keeps up.
    pub(crate) fn echoed(&mut self, rtt: Span, keeps_up: bool) {
        if rtt.is_zero() {
            return;
        }
        self.round.rtt = Some(match self.round.rtt {
            Some(known) if rtt >= known && !keeps_up => known,
            Some(known) if rtt >= known => known.saturating_sub(known / 8) + rtt / 8,
            _ => rtt,
        });
    }

    /// The user reads: of the first segment so much, while so much waits still. Once a round trip the buffer becomes large
    /// enough for twice what he reads in one.
    pub(crate) fn adjust(&mut self, first: u32, waiting: u32, beyond: u32, now: Instant) {
        if self.round.rtt.is_some_and(|rtt| Span::between(self.round.began, now) >= rtt) {
            self.adjust_after_round(first, waiting, beyond, now);
        }
    }

    #[inline(never)]
    fn adjust_after_round(&mut self, first: u32, waiting: u32, beyond: u32, now: Instant) {
        // Who leaves much of it lying reads no faster than it comes.
        let copied = self.round.read.saturating_add(first).saturating_sub(waiting);
        if copied > self.round.space {
            let before = u64::from(core::mem::replace(&mut self.round.space, copied).max(1));
            let window = u64::from(copied) * 2;
            // What a peer makes of the round trip may be far from what it is.
            let faster = window.saturating_mul(u64::from(copied) - before) / before;
            self.grow(faster.saturating_mul(2).saturating_add(window + u64::from(beyond)));
        }
        // What is read of it belongs to the last round, though it is yet to be counted.
        self.round.read = 0u32.wrapping_sub(first);
        self.round.began = now;
    }

    /// Text has come beyond a gap, and all that is held reaches so far: the buffer becomes large enough for that as well.
    pub(crate) fn reaches(&mut self, beyond: u32) {
        self.grow(u64::from(self.round.space) * 2 + u64::from(beyond));
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
