//! A passive open that waits for the handshake's third segment: SYN-RECEIVED without buffers.
//!
//! A flood of SYNs must cost little, so a half-open connection is only what the SYN said. The rules are
//! not written twice: a segment for it is handled by the connection that it stands for, which is kept
//! when it has moved on (RFC 9293 section 3.10.7.2 and 3.10.7.4).

use alloc::boxed::Box;
use alloc::sync::Arc;

use synfin_wire::{Flags, Instant, SeqNumber, TcpHeader, Timestamps, WindowSize};

use super::ecn::EcnHandshake;
use super::negotiate::{self, Negotiated};
use super::state::State;
use super::tcb::{Beginning, Opening, Tcb};
use super::{Common, Connection, Identity};
use crate::config::Config;
use crate::event::{Event, Events};
use crate::incoming::{Incoming, Verdict};
use crate::outgoing::{SegmentOut, TransmitLimits};
use crate::reason::{CloseReason, SendReason};
use crate::recovery::rto::Rto;
use crate::send::SendBuffer;

/// What a SYN said, and how far answering it has come.
#[derive(Clone, Debug)]
pub struct HalfOpen {
    identity: Identity,
    negotiated: Negotiated,
    irs: SeqNumber,
    /// The peer's TSval.
    timestamp: u32,
    /// The SYN's window, not scaled.
    window: u16,
    retransmissions: u8,
    started: Instant,
    sent_at: Instant,
    /// How often the SYN-ACK was sent, whoever asked for it.
    sends: u8,
    deadline: Instant,
    due: Option<SendReason>,
    /// When a segment that does not fit was last answered.
    last_challenge: Option<Instant>,
    /// What the connection wanted to say beside the SYN-ACK: an RST or a challenge.
    stray: Option<Box<SegmentOut>>,
}

/// What became of a half-open connection.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it is taken apart where it is returned")]
pub enum HalfOpenOutcome {
    /// It waits on.
    Stay(Verdict),
    /// It is a connection now: ESTABLISHED, or further.
    Promoted(Connection, Verdict),
    /// It is gone.
    Gone(CloseReason),
}

impl HalfOpen {
    /// Takes a SYN that a listener was waiting for. Text that came with it is not taken: the peer sends
    /// it again.
    #[must_use]
    pub fn from_syn(config: &Config, syn: &Incoming, identity: Identity) -> Self {
        let header = &syn.segment.header;
        let ecn = EcnHandshake::from_syn(config.ecn.accept, header, syn.ecn);
        Self {
            identity,
            negotiated: Negotiated { ecn, ..Negotiated::from_peer(config, &header.options) },
            irs: header.seq,
            timestamp: header.options.timestamps.map_or(0, |stamps| stamps.value),
            window: header.window,
            retransmissions: 0,
            started: syn.arrived,
            sent_at: syn.arrived,
            sends: 0,
            deadline: syn.arrived + config.initial_rto,
            due: Some(SendReason::SynAck),
            last_challenge: None,
            stray: None,
        }
    }

    /// What makes the connection this one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Takes a segment (RFC 9293 section 3.10.7.4, SYN-RECEIVED).
    pub fn handle_segment(&mut self, config: &Arc<Config>, incoming: Incoming) -> HalfOpenOutcome {
        let now = incoming.arrived;
        let header = &incoming.segment.header;
        if header.flags.syn() && !header.flags.ack() && header.seq == self.irs {
            self.negotiated.ecn.syn_again(header, incoming.ecn);
        }
        let mut connection = self.connection(config);
        let verdict = connection.handle_segment(incoming);
        match connection.state() {
            State::SynReceived => {
                self.last_challenge = connection.last_challenge();
                while let Some(segment) = connection.poll_transmit(TransmitLimits::ONE_SEGMENT, now) {
                    if segment.header.flags.syn() {
                        self.due.get_or_insert(segment.reason);
                    } else {
                        self.stray = Some(Box::new(segment));
                    }
                }
                HalfOpenOutcome::Stay(verdict)
            }
            State::Closed => {
                let mut reason = CloseReason::BackToListen;
                while let Some(event) = connection.poll_event() {
                    if let Event::Closed(why) = event {
                        reason = why;
                    }
                }
                HalfOpenOutcome::Gone(reason)
            }
            State::Listen
            | State::SynSent
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => HalfOpenOutcome::Promoted(connection, verdict),
        }
    }

    /// Sends the SYN-ACK again when its time has come; the reason when it has been sent often enough.
    pub fn handle_timeout(&mut self, config: &Config, now: Instant) -> Option<CloseReason> {
        if now < self.deadline {
            return None;
        }
        if now - self.started >= config.r2_syn {
            return Some(CloseReason::HandshakeTimeout);
        }
        self.retransmissions = self.retransmissions.saturating_add(1);
        let wait =
            Rto::new(config.initial_rto, config.min_rto, config.max_rto).backed_off(self.retransmissions);
        self.deadline = (now + wait).min(self.started + config.r2_syn);
        self.due = Some(SendReason::SynAckRetransmit);
        None
    }

    /// The next segment to send.
    pub fn poll_transmit(&mut self, config: &Config, now: Instant) -> Option<SegmentOut> {
        if let Some(stray) = self.stray.take() {
            return Some(*stray);
        }
        let reason = self.due.take()?;
        self.sent_at = now;
        let stamps = Timestamps { value: self.identity.timestamp(now), echo: self.timestamp };
        let beginning = SynAck { sends: self.sends, stamps, reason };
        self.sends = self.sends.saturating_add(1);
        self.negotiated.ecn.syn_ack_sent(beginning.sends);
        Some(syn_ack(config, self.identity, self.irs + 1, &self.negotiated, &beginning))
    }

    /// When [`HalfOpen::handle_timeout`] is to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    /// The connection that this stands for.
    fn connection(&self, config: &Arc<Config>) -> Connection {
        let common =
            Common { identity: self.identity, config: Arc::clone(config), events: Events::default() };
        let mut tcb = Tcb::new(
            &common,
            Beginning {
                state: State::SynReceived,
                opening: Opening::Passive,
                negotiated: self.negotiated,
                irs: self.irs,
                announced: negotiate::syn_window(config),
                timestamp: self.timestamp,
                outbox: SendBuffer::new(self.identity.iss + 1),
                rto: rto_after_handshake(config, self.retransmissions),
                syns_lost: self.retransmissions,
                now: self.sent_at,
            },
        );
        tcb.send.set_window(self.irs, self.identity.iss, WindowSize::new(self.window.into()));
        tcb.retransmissions = self.retransmissions;
        tcb.last_challenge = self.last_challenge;
        tcb.syn_ack_at = (self.sends < 2).then_some(self.sent_at);
        Connection::from_tcb(common, tcb)
    }
}

/// The RTO that data begins with: 3 s when the SYN or SYN-ACK had to be sent again (RFC 6298 section 5.7).
pub(crate) fn rto_after_handshake(config: &Config, retransmissions: u8) -> Rto {
    let mut rto = Rto::new(config.initial_rto, config.min_rto, config.max_rto);
    if retransmissions > 0 {
        rto.after_lost_syn();
    }
    rto
}

/// What differs from one SYN-ACK of a connection to the next.
pub(crate) struct SynAck {
    /// How often it was sent before.
    pub(crate) sends: u8,
    pub(crate) stamps: Timestamps,
    pub(crate) reason: SendReason,
}

/// A SYN-ACK: `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`.
pub(crate) fn syn_ack(
    config: &Config,
    identity: Identity,
    ack: SeqNumber,
    negotiated: &Negotiated,
    this: &SynAck,
) -> SegmentOut {
    let header = TcpHeader {
        source_port: identity.local_port,
        destination_port: identity.remote_port,
        seq: identity.iss,
        ack,
        flags: Flags::SYN | Flags::ACK | negotiated.ecn.syn_ack_flags(this.sends),
        reserved: 0,
        window: negotiate::syn_window(config).octets() as u16,
        urgent_pointer: 0,
        options: negotiate::answer(config, negotiated, this.stamps, this.sends),
    };
    SegmentOut::without_text(header, this.reason)
}
