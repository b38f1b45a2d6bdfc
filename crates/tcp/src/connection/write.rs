//! SEND (RFC 9293 section 3.10.2): the user's octets into the send buffer, and the bursts that they fill.

use bytes::Bytes;
use synfin_wire::Instant;

use super::open::SynSent;
use super::tcb::Tcb;
use super::{Common, Connection, Phase};
use crate::config::Config;
use crate::error::SendError;
use crate::event::Event;
use crate::output::burst::{self, Hold};
use crate::output::{self, segment_size};
use crate::pressure::MemoryPressure;
use crate::send::buffer::Text;
use crate::send::chronograph::Waits;

/// However large a buffer is asked for, its numbers must lie less than 2^31 apart.
const LARGEST_SEND_BUFFER: usize = 1 << 30;
/// The segments for which the send buffer has room at the least (RFC 6928).
const INITIAL_WINDOW: usize = 10;
/// What a segment costs beside its text: its headers, and the bookkeeping of Linux's buffers.
const SEGMENT_HEADROOM: usize = 576;
const SEGMENT_BOOKKEEPING: usize = 256;
/// What the send buffer holds at the most where memory is exhausted, octets.
const PAGE: usize = 4096;

/// How a write differs from the ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// More will be written at once (MSG_MORE): a segment that is not full waits for it.
    pub more: bool,
    /// A record ends with this write (MSG_EOR): no segment holds its end and what follows.
    pub end_of_record: bool,
    /// The last octet is urgent (MSG_OOB; RFC 9293 section 3.8.5).
    pub urgent: bool,
    /// The octets stay in the user's memory (MSG_ZEROCOPY): a burst takes only so many slices of it.
    pub lent: bool,
}

impl Connection {
    /// How many octets [`Connection::send`] would take now, at the least. It may take more, to fill the last
    /// burst that it begins.
    #[must_use]
    pub fn send_capacity(&self) -> usize {
        match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.send_room(&self.common.config),
            Phase::Synchronized(tcb) if tcb.fin_queued => 0,
            Phase::Synchronized(tcb) => tcb.send_room(&self.common),
            Phase::TimeWait { .. } | Phase::Closed(_) => 0,
        }
    }

    /// Whether a writer should come: a third of the send buffer is free, and less than half of the limit on
    /// unsent data is used. When not, [`Event::Writable`] will say when it is so.
    pub fn is_writable(&mut self) -> bool {
        let writable = self.has_room();
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.intents.room_wanted |= !writable;
        }
        writable
    }

    /// The same, for one who does not wait for room.
    #[must_use]
    pub fn has_room(&self) -> bool {
        match &self.phase {
            Phase::SynSent(_) => false,
            Phase::Synchronized(tcb) => tcb.is_writable(&self.common),
            Phase::TimeWait { .. } | Phase::Closed(_) => true,
        }
    }

    /// A writer has found no room, and [`Event::Writable`] has not come since.
    #[must_use]
    pub fn waits_for_room(&self) -> bool {
        matches!(&self.phase, Phase::Synchronized(tcb) if tcb.intents.room_wanted)
    }

    /// SEND: takes octets from the front of `data` as far as the send buffer has room, and returns how
    /// many. In SYN-SENT and SYN-RECEIVED they wait for the handshake.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, data: Bytes, now: Instant) -> Result<usize, SendError> {
        self.send_with(data, SendOptions::default(), now)
    }

    /// [`Connection::send`], with options.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_with(&mut self, data: Bytes, options: SendOptions, now: Instant) -> Result<usize, SendError> {
        self.send_text(Text::Lent(&data), options, now)
    }

    /// [`Connection::send_with`] of octets that are copied: for what is short, or not in memory that can be shared.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_slice(
        &mut self,
        text: &[u8],
        options: SendOptions,
        now: Instant,
    ) -> Result<usize, SendError> {
        self.send_text(Text::Copied(text), options, now)
    }

    fn send_text(&mut self, data: Text<'_>, options: SendOptions, now: Instant) -> Result<usize, SendError> {
        match &mut self.phase {
            Phase::SynSent(syn_sent) if syn_sent.fin_queued => Err(SendError::Closing),
            Phase::Synchronized(tcb) if tcb.fin_queued => Err(SendError::Closing),
            Phase::TimeWait { .. } => Err(SendError::Closing),
            Phase::Closed(closed) => Err(SendError::Closed(closed.reason)),
            Phase::SynSent(syn_sent) => syn_sent.write(&self.common.config, data, options),
            Phase::Synchronized(tcb) => {
                output::restart_after_idle(&self.common, tcb, now);
                let taken = tcb.write(&self.common, data, options, now);
                tcb.intents.room_wanted |= taken < data.len();
                if taken == 0 && !data.is_empty() { Err(SendError::WouldBlock) } else { Ok(taken) }
            }
        }
    }
}

impl SynSent {
    #[cold]
    fn write(&mut self, config: &Config, data: Text<'_>, options: SendOptions) -> Result<usize, SendError> {
        let capacity = self.send_room(config);
        if capacity == 0 && !data.is_empty() {
            return Err(SendError::WouldBlock);
        }
        let len = data.len().min(capacity);
        self.push(data, len);
        if options.urgent && len == data.len() {
            self.urgent = Some(self.outbox.end_seq());
        }
        Ok(len)
    }

    fn send_room(&self, config: &Config) -> usize {
        config.send_buffer.min(LARGEST_SEND_BUFFER).saturating_sub(self.outbox.len())
    }
}

impl Tcb {
    /// Fills bursts with the front of `data` as long as there is room. A burst that is full leaves, as far
    /// as it may, before the next is begun; but what is urgent says first where it ends.
    fn write(&mut self, common: &Common, data: Text<'_>, options: SendOptions, now: Instant) -> usize {
        self.write_queue.align(self.unsent());
        // As in Linux what is urgent is no burst.
        let goal = if options.urgent { segment_size(self) } else { self.burst_goal(common) };
        let mut taken = 0;
        while taken < data.len() {
            let mut room = self.write_queue.tail_room(goal, options.lent);
            if room == 0 {
                if !self.has_room(common) {
                    break;
                }
                self.write_queue.mark_push_of_full(goal, options.lent);
                self.write_queue.begin();
                self.chronograph.start(Waits::Busy, now);
                self.intents.push_out = false;
                room = goal;
            }
            if taken == 0 {
                // What is pushed ends with the newest octet (RFC 9293 section 3.9.1.2).
                self.write_queue.unmark_push();
            }
            let len = (data.len() - taken).min(room as usize);
            self.outbox.push(data, taken..taken + len);
            self.write_queue.extend(len as u32, options.lent);
            taken += len;
            if len == room as usize && taken < data.len() && !options.urgent {
                self.let_full_go(common, now);
            }
        }
        if taken > 0 {
            self.end_write(options, taken == data.len());
        }
        taken
    }

    /// What the end of a write means for the last burst.
    fn end_write(&mut self, options: SendOptions, whole: bool) {
        if whole && options.end_of_record {
            self.write_queue.end_record();
        }
        if whole && options.urgent {
            self.send.urgent = Some(self.outbox.end_seq());
        }
        if !options.more || self.must_push() {
            self.mark_push();
        }
        self.intents.more_to_come = options.more;
    }

    /// A burst is full: it leaves at once when it is the first, or when half of the peer's window was
    /// written since the last mark.
    #[inline(never)]
    fn let_full_go(&mut self, common: &Common, now: Instant) {
        let forced = self.must_push();
        if forced {
            self.mark_push();
        } else if !self.write_queue.held().is_some_and(|(_, is_last)| is_last) {
            return;
        }
        let size = segment_size(self);
        loop {
            burst::fill(common, self, size);
            let waits = forced && burst::awaited(common, self, size, now).is_some();
            let octets = if waits { 0 } else { burst::sendable(common, self, size, Hold::Nothing) };
            if octets == 0 {
                return;
            }
            self.write_queue.release(octets, octets > size);
            if !forced {
                return;
            }
        }
    }

    fn must_push(&self) -> bool {
        self.outbox.end_seq().after(self.pushed_until + self.send.max_wnd.octets() / 2)
    }

    fn mark_push(&mut self) {
        self.write_queue.mark_push();
        self.pushed_until = self.outbox.end_seq();
    }

    /// What the last burst still gathers, or what the buffer has room for if that is more.
    fn send_room(&self, common: &Common) -> usize {
        let gathers = self.write_queue.tail_room(self.burst_goal(common), false) as usize;
        let free = self.send_limit(common).saturating_sub(self.send_memory());
        if self.has_room(common) { free.max(gathers) } else { gathers }
    }

    /// How long a burst becomes, octets.
    fn burst_goal(&self, common: &Common) -> u32 {
        if common.pressure == MemoryPressure::Exhausted { segment_size(self) } else { burst::goal(self) }
    }

    /// There is room for another burst.
    pub(crate) fn has_room(&self, common: &Common) -> bool {
        self.send_memory() < self.send_limit(common) && self.held_back() < unsent_limit(common)
    }

    /// There is so much room that a writer is woken for it.
    fn is_writable(&self, common: &Common) -> bool {
        let held = self.send_memory();
        let free = self.send_limit(common).saturating_sub(held);
        free > 0 && free >= held / 2 && self.held_back().saturating_mul(2) < unsent_limit(common)
    }

    /// What the send buffer may hold.
    fn send_limit(&self, common: &Common) -> usize {
        let most = if common.pressure == MemoryPressure::Exhausted { PAGE } else { LARGEST_SEND_BUFFER };
        self.send_buffer.min(most)
    }

    /// Octets that have not been let go.
    fn held_back(&self) -> u32 {
        self.unsent().saturating_sub(self.write_queue.released())
    }

    /// Data was acknowledged or sent: whoever waits for room may have it now.
    #[inline]
    pub(crate) fn offer_room(&mut self, common: &mut Common, now: Instant) {
        if self.intents.room_wanted {
            self.offer_wanted_room(common, now);
        }
    }

    #[inline(never)]
    fn offer_wanted_room(&mut self, common: &mut Common, now: Instant) {
        // What fills the congestion window needs no larger buffer.
        if self.in_flight() < self.congestion.window() {
            self.grow_send_buffer(common);
        }
        if self.is_writable(common) {
            self.intents.room_wanted = false;
            let idle = self.queue.is_empty() && !self.has_unsent();
            self.chronograph.stop(Waits::ForBuffer, idle, now);
            common.events.raise(Event::Writable);
        }
    }

    /// A send buffer that is not fixed has room for twice the congestion window, since what is in flight
    /// must be held beside what is to follow it.
    pub(crate) fn grow_send_buffer(&mut self, common: &Common) {
        if common.pressure != MemoryPressure::None {
            return;
        }
        let mss = self.mss() as usize;
        let segment = (mss + SEGMENT_HEADROOM).next_power_of_two() + SEGMENT_BOOKKEEPING;
        let segments = (self.congestion.window() as usize).max(INITIAL_WINDOW);
        let wanted = (2 * segments * segment).min(common.config.send_buffer_max);
        self.send_buffer = self.send_buffer.max(wanted);
    }
}

fn unsent_limit(common: &Common) -> u32 {
    common.config.unsent_limit.unwrap_or(u32::MAX)
}
