//! The user's calls (RFC 9293 section 3.10.2 to 3.10.6).

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use synfin_wire::Instant;

use super::state::{State, Trigger};
use super::tcb::Tcb;
use super::{Connection, Phase};
use crate::config::{Config, CongestionAlgorithm, KeepAlive};
use crate::error::{ReceiveError, SendError};
use crate::output;
use crate::reason::{CloseReason, SendReason};
use crate::receive::window;
use crate::timer::Timer;

/// However large a buffer is asked for, its numbers must lie less than 2^31 apart.
const LARGEST_SEND_BUFFER: usize = 1 << 30;

impl Connection {
    /// How many octets [`Connection::send`] would take now.
    #[must_use]
    pub fn send_capacity(&self) -> usize {
        let held = match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.outbox.len(),
            Phase::Synchronized(tcb) => tcb.outbox.len(),
            Phase::TimeWait { .. } | Phase::Closed(_) => return 0,
        };
        self.common.config.send_buffer.min(LARGEST_SEND_BUFFER).saturating_sub(held)
    }

    /// SEND: takes octets from the front of `data` as far as the send buffer has room, and returns how
    /// many. In SYN-SENT and SYN-RECEIVED they wait for the handshake.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, data: Bytes, now: Instant) -> Result<usize, SendError> {
        let capacity = self.send_capacity();
        let taken = data.slice(..data.len().min(capacity));
        let len = taken.len();
        match &mut self.phase {
            Phase::SynSent(syn_sent) if syn_sent.fin_queued => return Err(SendError::Closing),
            Phase::Synchronized(tcb) if tcb.fin_queued => return Err(SendError::Closing),
            Phase::TimeWait { .. } => return Err(SendError::Closing),
            Phase::Closed(closed) => return Err(SendError::Closed(closed.reason)),
            Phase::SynSent(_) | Phase::Synchronized(_) if len == 0 && !data.is_empty() => {
                return Err(SendError::WouldBlock);
            }
            Phase::SynSent(syn_sent) => syn_sent.push(taken),
            Phase::Synchronized(tcb) => {
                tcb.ack.interactive();
                output::restart_after_idle(&self.common, tcb, now);
                tcb.outbox.push(taken);
            }
        }
        Ok(len)
    }

    /// How many octets [`Connection::receive`] could return now.
    #[must_use]
    pub fn receive_available(&self) -> usize {
        match &self.phase {
            Phase::SynSent(_) => 0,
            Phase::Synchronized(tcb) => tcb.inbox.len(),
            Phase::TimeWait { unread, .. } => unread.len(),
            Phase::Closed(closed) => closed.unread.len(),
        }
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

    /// RECEIVE: the next octets, at most `max` of them; `None` when the peer has closed and everything
    /// is read. What had arrived before a reset or an abort of the peer's can still be read.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(&mut self, max: usize, now: Instant) -> Result<Option<Bytes>, ReceiveError> {
        let _ = now;
        match &mut self.phase {
            Phase::SynSent(_) => Err(ReceiveError::WouldBlock),
            Phase::Synchronized(tcb) => match tcb.inbox.pop(max) {
                Some(bytes) => {
                    let room = tcb.room(&self.common);
                    if tcb.state().can_receive_data() && window::is_news(&tcb.receive, &room) {
                        tcb.ack.at_once(SendReason::WindowUpdate);
                    }
                    Ok(Some(bytes))
                }
                None if tcb.peer_finished() => Ok(None),
                None => Err(ReceiveError::WouldBlock),
            },
            Phase::TimeWait { unread, .. } => Ok(unread.pop(max)),
            Phase::Closed(closed) => match closed.unread.pop(max) {
                Some(bytes) => Ok(Some(bytes)),
                None if closed.peer_finished => Ok(None),
                None => Err(ReceiveError::Closed(closed.reason)),
            },
        }
    }

    /// CLOSE: no more will be sent; a FIN goes behind what is queued. Reading goes on.
    pub fn close(&mut self, now: Instant) {
        let _ = now;
        match &mut self.phase {
            Phase::SynSent(syn_sent) => syn_sent.fin_queued = true,
            Phase::Synchronized(tcb) => tcb.close(),
            Phase::TimeWait { .. } | Phase::Closed(_) => {}
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
                tcb.close();
                if tcb.state() == State::FinWait2 {
                    tcb.timers.set(Timer::FinWait2, now + self.common.config.fin_wait_2_timeout);
                }
            }
            Phase::TimeWait { unread, .. } => unread.clear(),
            Phase::Closed(closed) => closed.unread.clear(),
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

    /// How much unacknowledged and unsent data is held from now on, octets. What is held already stays.
    pub fn set_send_buffer(&mut self, octets: usize) {
        self.configure(|config| config.send_buffer = octets);
    }

    /// Turns Nagle's algorithm off, or on again (MUST-17).
    pub fn set_nodelay(&mut self, nodelay: bool, now: Instant) {
        let _ = now;
        self.configure(|config| config.nagle = !nodelay);
    }

    /// Turns keep-alive on or off (MUST-24, MUST-27).
    pub fn set_keep_alive(&mut self, keep_alive: Option<KeepAlive>, now: Instant) {
        self.configure(|config| config.keep_alive = keep_alive);
        if let Phase::Synchronized(tcb) = &mut self.phase {
            match keep_alive {
                Some(keep_alive) => tcb.timers.set(Timer::KeepAlive, now + keep_alive.idle),
                None => tcb.timers.stop(Timer::KeepAlive),
            }
        }
    }

    /// Sets the user timeout, or leaves it to R2 (MUST-21).
    pub fn set_user_timeout(&mut self, timeout: Option<Duration>, now: Instant) {
        let _ = now;
        self.configure(|config| config.user_timeout = timeout);
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

    fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(Arc::make_mut(&mut self.common.config));
    }
}

impl Tcb {
    /// Everything up to the peer's FIN has arrived.
    pub(crate) fn peer_finished(&self) -> bool {
        self.peer_fin.is_some_and(|fin| self.receive.nxt.after(fin))
    }

    pub(crate) fn close(&mut self) {
        if self.fin_queued {
            return;
        }
        self.fin_queued = true;
        // In SYN-RECEIVED the FIN waits for ESTABLISHED (RFC 9293 section 3.10.4).
        if self.state() != State::SynReceived {
            self.advance(Trigger::Close);
        }
    }
}
