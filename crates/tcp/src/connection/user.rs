//! The user's calls (RFC 9293 section 3.10.2 to 3.10.6).

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use synfin_wire::{Instant, Mss};

use super::tcb::Tcb;
use super::{Common, Connection, Phase, user_timeout};
use crate::config::{Config, CongestionAlgorithm, KeepAlive, UserTimeoutOption};
use crate::error::ReceiveError;
use crate::pressure::MemoryPressure;
use crate::receive::{ReceiveBuffer, window};
use crate::timer::Timer;
use synfin_wire::reason::{CloseReason, SendReason};
use synfin_wire::state::{State, Trigger};

impl Connection {
    /// How many octets [`Connection::receive`] could return now.
    #[must_use]
    pub fn receive_available(&self) -> usize {
        self.unread().map_or(0, ReceiveBuffer::len)
    }

    /// [`Connection::receive`] would return something, be it the end or an error.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        match &self.phase {
            Phase::SynSent(_) => false,
            Phase::Synchronized(tcb) => !tcb.inbox.is_empty() || tcb.peer_finished(),
            Phase::TimeWait { .. } | Phase::Closed(_) => true,
        }
    }

    /// Everything that was sent is acknowledged, and the FIN after [`Connection::close`]: the peer's TCP has it.
    #[must_use]
    pub fn is_all_acknowledged(&self) -> bool {
        match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.outbox.len() == 0 && !syn_sent.fin_queued,
            Phase::Synchronized(tcb) => tcb.is_all_acknowledged(),
            Phase::TimeWait { .. } => true,
            Phase::Closed(closed) => closed.reason == CloseReason::Finished,
        }
    }

    /// How many octets lie before the end of the urgent data, of those that the user has not read; some of them may
    /// not have arrived (MUST-33). None where no urgent data is left, and none once the connection is beyond LAST-ACK.
    #[must_use]
    pub fn urgent_left(&self) -> usize {
        match &self.phase {
            Phase::Synchronized(tcb) => {
                tcb.receive.urgent.map_or(0, |end| end.octets_since(tcb.read_next()) as usize)
            }
            Phase::SynSent(_) | Phase::TimeWait { .. } | Phase::Closed(_) => 0,
        }
    }

    /// RECEIVE: the next octets, at most `max` of them; `None` when the peer has closed and everything
    /// is read. What had arrived before a reset or an abort of the peer's can still be read.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(&mut self, max: usize, now: Instant) -> Result<Option<Bytes>, ReceiveError> {
        let Some(bytes) = self.unread_mut().and_then(|unread| unread.pop(max)) else {
            return self.behind_the_last();
        };
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.has_read(&self.common, bytes.len(), now);
        }
        Ok(Some(bytes))
    }

    /// [`Connection::receive`] into `room`: copies as much as there is, and fits, and returns how much; `None` when the peer
    /// has closed and everything is read.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive_slice(&mut self, room: &mut [u8], now: Instant) -> Result<Option<usize>, ReceiveError> {
        let Some(unread) = self.unread_mut().filter(|unread| !unread.is_empty()) else {
            return self.behind_the_last();
        };
        let copied = unread.read(room);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.has_read(&self.common, copied, now);
        }
        Ok(Some(copied))
    }

    /// [`Connection::receive_slice`] of octets that stay to be read: for the peer, nothing has happened.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn peek_slice(&self, room: &mut [u8]) -> Result<Option<usize>, ReceiveError> {
        match self.unread() {
            Some(unread) if !unread.is_empty() => Ok(Some(unread.peek(room))),
            _ => self.behind_the_last(),
        }
    }

    fn unread(&self) -> Option<&ReceiveBuffer> {
        match &self.phase {
            Phase::SynSent(_) => None,
            Phase::Synchronized(tcb) => Some(&tcb.inbox),
            Phase::TimeWait { unread, .. } => Some(unread),
            Phase::Closed(closed) => Some(&closed.unread),
        }
    }

    fn unread_mut(&mut self) -> Option<&mut ReceiveBuffer> {
        match &mut self.phase {
            Phase::SynSent(_) => None,
            Phase::Synchronized(tcb) => Some(&mut tcb.inbox),
            Phase::TimeWait { unread, .. } => Some(unread),
            Phase::Closed(closed) => Some(&mut closed.unread),
        }
    }

    /// What is found behind the last octet that has arrived: the peer's end, or that there is none.
    #[cold]
    fn behind_the_last<T>(&self) -> Result<Option<T>, ReceiveError> {
        match &self.phase {
            Phase::Synchronized(tcb) if tcb.peer_finished() => Ok(None),
            Phase::SynSent(_) | Phase::Synchronized(_) => Err(ReceiveError::WouldBlock),
            Phase::TimeWait { .. } => Ok(None),
            Phase::Closed(closed) if closed.peer_finished => Ok(None),
            Phase::Closed(closed) => Err(ReceiveError::Closed(closed.reason)),
        }
    }

    /// CLOSE: no more will be sent; a FIN goes behind what is queued. Reading goes on.
    ///
    /// In SYN-SENT too, where RFC 9293 section 3.10.4 deletes the TCB and refuses what was queued: the FIN waits for the
    /// handshake, as it does in SYN-RECEIVED, so that a user who only reads need not wait before he says so. Who wants the
    /// TCB deleted calls [`Connection::abort`] or [`Connection::release`].
    pub fn close(&mut self, now: Instant) {
        let _ = now;
        match &mut self.phase {
            Phase::SynSent(syn_sent) => syn_sent.fin_queued = true,
            // The FIN waits for ESTABLISHED (RFC 9293 section 3.10.4).
            Phase::Synchronized(tcb) if tcb.state() == State::SynReceived => tcb.fin_queued = true,
            Phase::Synchronized(tcb) => tcb.close(),
            Phase::TimeWait { .. } | Phase::Closed(_) => {}
        }
    }

    /// The user has closed, and reads no more either. As in Linux, text that comes from now on resets the connection
    /// unless the peer's FIN has come (SHLD-3); what has come stays.
    pub fn refuse_text(&mut self) {
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.is_deaf |= tcb.fin_queued;
        }
    }

    /// The user is gone. Both directions are closed; what is queued is still sent. When there is unread
    /// data, or data comes later, the peer is reset, for nobody will read it (SHLD-3).
    pub fn release(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::SynSent(syn_sent) if syn_sent.outbox.len() == 0 => {
                self.finish(CloseReason::Aborted, None, now);
            }
            Phase::SynSent(syn_sent) => syn_sent.release(),
            Phase::Synchronized(tcb) if !tcb.inbox.is_empty() => {
                tcb.inbox.clear();
                self.finish(CloseReason::UnreadData, Some(SendReason::ResetUnread), now);
            }
            Phase::Synchronized(tcb) => {
                tcb.released = true;
                tcb.is_deaf = true;
                tcb.close();
                if tcb.state() == State::FinWait2 {
                    let timeout = self.common.config.fin_wait_2_timeout;
                    if timeout.is_zero() {
                        self.finish(CloseReason::FinWait2Timeout, Some(SendReason::ResetOrphan), now);
                    } else {
                        tcb.timers.set(Timer::FinWait2, now + timeout);
                    }
                }
            }
            Phase::TimeWait { unread, tallies, .. } => {
                unread.clear();
                *tallies = None;
            }
            Phase::Closed(closed) => {
                closed.unread.clear();
                closed.tallies = None;
            }
        }
    }

    /// ABORT: everything queued is dropped, and the peer is reset unless both ends have closed already
    /// (RFC 9293 section 3.10.5).
    pub fn abort(&mut self, now: Instant) {
        let reset = match &self.phase {
            Phase::Synchronized(tcb) if tcb.fin_sent() && tcb.peer_finished() => None,
            Phase::Synchronized(_) => Some(SendReason::ResetAbort),
            Phase::SynSent(_) | Phase::TimeWait { .. } | Phase::Closed(_) => None,
        };
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.inbox.clear();
        }
        self.finish(CloseReason::Aborted, reset, now);
    }

    /// The user has gone, and there are too many connections like this one: what is left is dropped, and the peer is
    /// reset (RFC 6429 section 4).
    pub fn abandon(&mut self, now: Instant) {
        match self.phase {
            Phase::SynSent(_) => self.finish(CloseReason::Orphaned, None, now),
            Phase::Synchronized(_) => self.finish(CloseReason::Orphaned, Some(SendReason::ResetOrphan), now),
            Phase::TimeWait { .. } | Phase::Closed(_) => {}
        }
    }

    /// How much unacknowledged and unsent data is held from now on, octets. What is held already stays.
    pub fn set_send_buffer(&mut self, octets: usize) {
        self.configure(|config| (config.send_buffer, config.send_buffer_max) = (octets, octets));
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.send_buffer = octets;
        }
    }

    /// How scarce the memory is from now on that this connection shares with others.
    pub fn set_memory_pressure(&mut self, pressure: MemoryPressure) {
        self.common.pressure = pressure;
    }

    /// What this connection holds of that memory, octets: text that is not acknowledged, what is kept for text to come,
    /// and the segments that are not read, with what they cost beside their text.
    #[must_use]
    pub fn held_octets(&self) -> usize {
        match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.outbox.len(),
            Phase::Synchronized(tcb) => {
                tcb.outbox.held() + tcb.memory.unread_charge() + tcb.assembler.charge()
            }
            Phase::TimeWait { unread, .. } => unread.len(),
            Phase::Closed(closed) => closed.unread.len(),
        }
    }

    /// SO_RCVBUF: how much unread data is held from now on, octets; it grows no more by itself. A window that
    /// was announced stays.
    pub fn set_receive_buffer(&mut self, octets: usize) {
        self.configure(|config| (config.receive_buffer, config.receive_buffer_max) = (octets, octets));
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.memory.set_buffer(octets);
        }
    }

    /// TCP_WINDOW_CLAMP: the largest window to announce, octets. A window that was announced stays.
    pub fn set_window_clamp(&mut self, octets: u32) {
        self.configure(|config| config.window_clamp = Some(octets));
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.memory.set_clamp(octets, tcb.receive.announced);
        }
    }

    /// TCP_QUICKACK: whether acknowledgments go at once rather than wait for an answer of the user's. What
    /// the user does next may turn it back.
    pub fn set_quick_ack(&mut self, quick: bool, now: Instant) {
        let _ = now;
        if let Phase::Synchronized(tcb) = &mut self.phase {
            let drained = tcb.holds_nothing();
            tcb.ack.set_interactive(!quick, drained);
        }
    }

    /// Whether acknowledgments go at once rather than wait for an answer of the user's.
    #[must_use]
    pub fn is_quick_ack(&self) -> bool {
        matches!(&self.phase, Phase::Synchronized(tcb) if tcb.ack.is_quick())
    }

    /// TCP_NOTSENT_LOWAT: how much may be held that was never sent, octets; `None` sets no limit but the
    /// send buffer's.
    pub fn set_unsent_limit(&mut self, octets: Option<u32>) {
        self.configure(|config| config.unsent_limit = octets);
    }

    /// TCP_CORK: holds back segments that are not full until it is taken off. Where nothing is in flight, no longer than
    /// for an RTO, and a second.
    pub fn set_cork(&mut self, cork: bool) {
        self.configure(|config| config.cork = cork);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.intents.push_out |= !cork && !self.common.config.nagle;
            tcb.intents.more_to_come = false;
        }
    }

    /// Turns Nagle's algorithm off, or on again (MUST-17).
    pub fn set_nodelay(&mut self, nodelay: bool, now: Instant) {
        let _ = now;
        self.configure(|config| config.nagle = !nodelay);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.intents.push_out |= nodelay;
            tcb.intents.more_to_come = false;
        }
    }

    /// The MTU of our link, or of the route, has changed: segments of so many octets, text and options, fit it from now
    /// on. Less is obeyed at once, as a router's word would be. More is used at once too, as far as the peer takes it;
    /// but when the search of [`Config::mtu_probing`] is on, the search is what goes up to it (RFC 4821 section 7.1).
    /// What a SYN has announced stays announced. Less than [`Mss::FLOOR`] counts as that.
    pub fn set_mss(&mut self, mss: Mss) {
        self.configure(|config| config.mss = mss);
        let own = self.common.config.own_mss();
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.link_takes(own);
        }
    }

    /// Turns keep-alive on or off (MUST-24, MUST-27).
    pub fn set_keep_alive(&mut self, keep_alive: Option<KeepAlive>, now: Instant) {
        self.configure(|config| config.keep_alive = keep_alive);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            match user_timeout::quiet_until(&self.common, tcb, now) {
                Some(quiet_until) => tcb.timers.set(Timer::KeepAlive, quiet_until),
                None => tcb.timers.stop(Timer::KeepAlive),
            }
        }
    }

    /// TCP_LINGER2: how long FIN-WAIT-2 waits for a FIN once the user has gone. A wait that has begun stays.
    pub fn set_fin_wait_2_timeout(&mut self, timeout: Duration) {
        self.configure(|config| config.fin_wait_2_timeout = timeout);
    }

    /// Whether the timeouts of a thin stream do not double at first.
    pub fn set_thin_linear_timeouts(&mut self, linear: bool) {
        self.configure(|config| config.thin_linear_timeouts = linear);
    }

    /// How long an acknowledgment waits for company at the most (MUST-40).
    pub fn set_delayed_ack_max(&mut self, longest: Duration) {
        self.configure(|config| config.delayed_ack_max = longest);
    }

    /// R2 for the SYN of an active open (MUST-23).
    pub fn set_syn_patience(&mut self, patience: Duration) {
        self.configure(|config| config.r2_syn = patience);
    }

    /// The smallest and the largest RTO from now on (RFC 6298 sections 2.4 and 2.5).
    pub fn set_rto_bounds(&mut self, min: Duration, max: Duration) {
        self.configure(|config| (config.min_rto, config.max_rto) = (min, max));
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.recovery.rto.set_bounds(min.into(), max.into());
            tcb.recovery.rtt.set_floor(min.into());
        }
    }

    /// Sets the user timeout, or leaves it to R2 (MUST-21), or to what both ends come to where
    /// [`Config::user_timeout_option`] is set. The peer is told with the next segment, if it is told at all.
    pub fn set_user_timeout(&mut self, timeout: Option<Duration>, now: Instant) {
        let _ = now;
        self.advertise(|config| config.user_timeout = timeout);
    }

    /// Uses the user timeout option from now on, in another way, or no more (RFC 5482). The peer is told with the next
    /// segment.
    pub fn set_user_timeout_option(&mut self, option: Option<UserTimeoutOption>) {
        self.advertise(|config| config.user_timeout_option = option);
    }

    /// Whenever ADV_UTO changes the next segment says so (RFC 5482 section 3).
    fn advertise(&mut self, change: impl FnOnce(&mut Config)) {
        let before = user_timeout::advertised(&self.common.config);
        self.configure(change);
        let after = user_timeout::advertised(&self.common.config);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.intents.user_timeout = after.is_some() && (tcb.intents.user_timeout || after != before);
        }
    }

    /// From now on whoever writes the segments adds so many octets of options to each. What is
    /// on its way without them was either taken or is lost.
    pub fn set_signature_len(&mut self, octets: u8) {
        self.configure(|config| config.signature_len = octets);
        let octets = self.common.config.signature_len();
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.set_signature_len(octets);
        }
    }

    /// Another congestion control from now on; the window stays as it is.
    pub fn set_congestion(&mut self, algorithm: CongestionAlgorithm, now: Instant) {
        self.configure(|config| config.congestion = algorithm);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            tcb.congestion.switch(&self.common.config, tcb.send.nxt, now);
        }
    }

    /// Sends no faster than so many octets a second from now on, or as fast as it may.
    pub fn set_max_pacing_rate(&mut self, rate: Option<u64>, now: Instant) {
        let _ = now;
        self.configure(|config| config.max_pacing_rate = rate);
    }

    /// Settings are shared with all connections that have the same: what is set to what it is stays shared.
    fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let mut changed = Config::clone(&self.common.config);
        change(&mut changed);
        if changed != *self.common.config {
            self.common.config = Arc::new(changed);
        }
    }
}

impl Tcb {
    /// The user has read so much: an acknowledgment that waited for it may go, and the window may open.
    fn has_read(&mut self, common: &Common, octets: usize, now: Instant) {
        if let Some(end) = self.receive.urgent
            && end.at_or_before(self.read_next())
        {
            // Once the numbers have wrapped it would seem to lie ahead.
            self.receive.urgent = None;
        }
        let octets = octets as u32;
        if common.pressure == MemoryPressure::None {
            self.note_reading(octets, now);
        }
        self.memory.read(octets);
        self.ack.read(self.holds_nothing(), SendReason::SecondSegmentAck);
        if self.state().can_receive_data() && !window::is_wide(&self.receive, self.memory.clamp()) {
            let room = self.room();
            if room.is_short() {
                self.ack.no_hurry();
            }
            if window::is_news(&self.receive, &room) {
                self.ack.answer(SendReason::WindowUpdate);
            }
        }
    }

    /// Nothing waits to be read, nor for what comes before it.
    fn holds_nothing(&self) -> bool {
        self.memory.is_empty() && self.assembler.is_empty()
    }

    /// Everything up to the peer's FIN has arrived.
    pub(crate) fn peer_finished(&self) -> bool {
        self.peer_fin.is_some_and(|fin| self.receive.nxt.after(fin))
    }

    pub(crate) fn close(&mut self) {
        let waits = self.fin_waits();
        if self.fin_queued && !waits {
            return;
        }
        self.fin_queued = true;
        // In SYN-RECEIVED the FIN waits for ESTABLISHED (RFC 9293 section 3.10.4), unless text may flow already.
        if self.may_send_text() {
            self.advance(Trigger::Close);
        }
    }
}
