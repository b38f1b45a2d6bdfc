//! What the receive side knows of the peer, and what held sending up (RFC 4898).

use core::time::Duration;

use synfin_wire::Instant;

use super::{Connection, Phase};
use crate::send::chronograph::Waits;

/// What the receive side knows and has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveMeasures {
    /// How large the receive buffer is now, octets.
    pub buffer: usize,
    /// What it holds now, octets: the segments that are not read or lie beyond a gap, with what they cost beside their text.
    pub held: usize,
    /// The window as it was announced last, octets.
    pub announced: u32,
    /// The size of the peer's full segments as far as seen, octets.
    pub full_segment: u32,
    /// The window that the segments seen so far recommend, octets.
    pub threshold: u32,
    /// The most that the user has read in a round trip, octets.
    pub space: u32,
    /// The round trip as the receiver sees it.
    pub rtt: Option<Duration>,
    /// How long an acknowledgment waits for company.
    pub ack_wait: Duration,
    /// When text last came.
    pub last_text: Option<Instant>,
    /// When the connection was established.
    pub began: Instant,
    /// When the peer was last heard.
    pub last_heard: Instant,
}

/// What the send side has done, and what held it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendMeasures {
    /// How large the send buffer is now, octets.
    pub buffer: usize,
    /// Octets that were never sent.
    pub unsent: u32,
    /// When text, or our SYN, was last sent.
    pub last_text: Instant,
    /// How long there was something to send or to be acknowledged.
    pub busy: Duration,
    /// How much of that the peer's window held up.
    pub window_limited: Duration,
    /// How much of it the send buffer did.
    pub buffer_limited: Duration,
}

impl Connection {
    /// What the receive side knows, once there is a connection.
    #[must_use]
    pub fn receive_measures(&self) -> Option<ReceiveMeasures> {
        let Phase::Synchronized(tcb) = &self.phase else { return None };
        Some(ReceiveMeasures {
            buffer: tcb.memory.buffer(),
            held: tcb.memory.unread_charge() + tcb.assembler.charge(),
            announced: tcb.receive.announced,
            full_segment: tcb.ack.full_segment(),
            threshold: tcb.memory.threshold(),
            space: tcb.memory.space(),
            rtt: tcb.memory.rtt().map(Into::into),
            ack_wait: tcb.ack.wait().into(),
            last_text: tcb.ack.arrived_at(),
            began: tcb.began,
            last_heard: tcb.last_heard,
        })
    }

    /// What the send side has done until `now`, once there is a connection.
    #[must_use]
    pub fn send_measures(&self, now: Instant) -> Option<SendMeasures> {
        let Phase::Synchronized(tcb) = &self.phase else { return None };
        let elapsed = |waits| tcb.chronograph.elapsed(waits, now);
        let (window_limited, buffer_limited) = (elapsed(Waits::ForWindow), elapsed(Waits::ForBuffer));
        Some(SendMeasures {
            buffer: tcb.send_buffer,
            unsent: tcb.unsent(),
            last_text: tcb.last_text,
            busy: (elapsed(Waits::Busy) + window_limited + buffer_limited).into(),
            window_limited: window_limited.into(),
            buffer_limited: buffer_limited.into(),
        })
    }
}
