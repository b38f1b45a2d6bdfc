//! SYN-SENT: an active OPEN that waits for the peer's SYN (RFC 9293 sections 3.10.1 and 3.8.3).

use bytes::Bytes;
use synfin_wire::{Flags, Instant, SeqNumber, TcpHeader};

use super::{Common, ecn, negotiate};
use crate::config::Config;
use crate::input::Stop;
use crate::outgoing::SegmentOut;
use crate::reason::{CloseReason, SendReason};
use crate::recovery::rto::Rto;
use crate::send::SendBuffer;

/// Our SYN, and what the user has sent meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct SynSent {
    pub(crate) outbox: SendBuffer,
    pub(crate) fin_queued: bool,
    /// The user has gone.
    pub(crate) released: bool,
    pub(crate) rto: Rto,
    pub(crate) retransmissions: u8,
    pub(crate) sent_at: Instant,
    /// An RST that does not end the attempt: the acknowledgment was of something never sent.
    pub(crate) stray_reset: Option<SegmentOut>,
    started: Instant,
    deadline: Instant,
    due: Option<SendReason>,
}

impl SynSent {
    pub(crate) fn new(common: &Common, now: Instant) -> Self {
        let config = &common.config;
        Self {
            outbox: SendBuffer::new(common.identity.iss + 1),
            fin_queued: false,
            released: false,
            rto: Rto::new(config.initial_rto, config.min_rto, config.max_rto),
            retransmissions: 0,
            sent_at: now,
            stray_reset: None,
            started: now,
            deadline: now + config.initial_rto,
            due: Some(SendReason::Syn),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn handle_timeout(&mut self, config: &Config, now: Instant) -> Result<(), Stop> {
        if now < self.deadline {
            return Ok(());
        }
        let patience = config.user_timeout.unwrap_or(config.r2_syn);
        if now - self.started >= patience {
            return Err(Stop::Close(CloseReason::HandshakeTimeout));
        }
        self.rto.back_off();
        self.retransmissions = self.retransmissions.saturating_add(1);
        self.deadline = (now + self.rto.current()).min(self.started + patience);
        self.due = Some(SendReason::SynRetransmit);
        Ok(())
    }

    pub(crate) fn poll_transmit(&mut self, common: &Common, now: Instant) -> Option<SegmentOut> {
        if let Some(reset) = self.stray_reset.take() {
            return Some(reset);
        }
        let reason = self.due.take()?;
        self.sent_at = now;
        let header = TcpHeader {
            source_port: common.identity.local_port,
            destination_port: common.identity.remote_port,
            seq: common.identity.iss,
            ack: SeqNumber::default(),
            flags: Flags::SYN | self.ecn_flags(&common.config),
            reserved: 0,
            window: negotiate::syn_window(&common.config).octets() as u16,
            urgent_pointer: 0,
            options: negotiate::offer(&common.config, common.identity.timestamp(now)),
        };
        Some(SegmentOut::without_text(header, reason))
    }

    /// The ECN bits of the SYN that was sent last, or is to be sent.
    pub(crate) fn ecn_flags(&self, config: &Config) -> Flags {
        ecn::syn_flags(&config.ecn, self.retransmissions)
    }

    /// Takes the user's data for later.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.outbox.push(bytes);
    }

    /// The user has gone, and what he sent is still to be delivered.
    pub(crate) fn release(&mut self) {
        self.fin_queued = true;
        self.released = true;
    }
}
