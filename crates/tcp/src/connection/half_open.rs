//! A passive open that waits for the handshake's third segment: SYN-RECEIVED without buffers.
//!
//! A flood of SYNs must cost little, so a half-open connection is only what the SYN said. The rules are
//! not written twice: a segment for it is handled by the connection that it stands for, which is kept
//! when it has moved on (RFC 9293 section 3.10.7.2 and 3.10.7.4).

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use synfin_wire::{FastOpenOption, Flags, Instant, SeqNumber, TcpHeader, Timestamps, WindowSize};

use super::ecn::EcnHandshake;
use super::negotiate::{self, Negotiated};
use super::tcb::{Beginning, Opening, Tcb};
use super::{Common, Connection, Identity, Phase};
use crate::config::Config;
use crate::event::Event;
use crate::incoming::{Incoming, Verdict};
use crate::input;
use crate::outgoing::{SegmentOut, TransmitLimits};
use crate::recovery::rto::Rto;
use crate::send::SendBuffer;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::state::State;

/// The least bound on the RTO (RFC 6298 section 2.5).
const LEAST_BOUND: Duration = Duration::from_secs(60);

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
    /// The SYN-ACK is acknowledged, and the user wants to see text first.
    deferred: bool,
    started: Instant,
    sent_at: Instant,
    /// How often the SYN-ACK was sent, whoever asked for it.
    sends: u8,
    deadline: Instant,
    due: Option<SendReason>,
    rare: Option<Box<Rare>>,
}

const _: () = assert!(size_of::<HalfOpen>() <= 80);

/// What few half-open connections have.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// The Fast Open option for the first SYN-ACK; one that is sent again does without, as Linux's.
    fast_open: Option<FastOpenOption>,
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
    /// ISS and IRS.
    pub(crate) fn initial_numbers(&self) -> (SeqNumber, SeqNumber) {
        (self.identity.iss, self.irs)
    }

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
            deferred: false,
            started: syn.arrived,
            sent_at: syn.arrived,
            sends: 0,
            deadline: syn.arrived + config.initial_rto,
            due: Some(SendReason::SynAck),
            rare: None,
        }
    }

    /// Puts a Fast Open cookie into the SYN-ACK (RFC 7413 section 4.2.2).
    #[must_use]
    pub fn with_cookie(mut self, option: FastOpenOption) -> Self {
        self.rare().fast_open = Some(option);
        self.due = Some(SendReason::SynAckCookie);
        self
    }

    /// The SYN-ACK was sent long ago, by somebody who did not keep what it answered: nothing is due, and the round trip
    /// is not known.
    #[must_use]
    pub fn answered_before(self) -> Self {
        Self { sends: u8::MAX, due: None, ..self }
    }

    /// What makes the connection this one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Takes a segment (RFC 9293 section 3.10.7.4, SYN-RECEIVED).
    pub fn handle_segment(&mut self, config: &Arc<Config>, mut incoming: Incoming) -> HalfOpenOutcome {
        let now = incoming.arrived;
        if self.sends == u8::MAX
            && let Some(stamps) = &mut incoming.segment.header.options.timestamps
        {
            // The timestamp of a SYN-ACK that nobody kept may have said other things than the time.
            stamps.echo = 0;
        }
        if self.defers(config, &incoming) {
            self.deferred = true;
            return HalfOpenOutcome::Stay(Verdict::Dropped(DropReason::AwaitsText));
        }
        let header = &incoming.segment.header;
        if header.flags.syn() && !header.flags.ack() && header.seq == self.irs {
            self.negotiated.ecn.syn_again(header, incoming.ecn);
        }
        let mut connection = self.connection(config);
        // The peer knows of no other window than the SYN-ACK's (RFC 9293 section 3.10.7.4, first check).
        let edge = self.irs + 1 + negotiate::syn_ack_window(config, &self.negotiated).octets();
        let edge = connection.receive_edge().map(|known| core::mem::replace(known, edge.earlier(*known)));
        let verdict = connection.handle_segment(incoming);
        if let Some((known, edge)) = connection.receive_edge().zip(edge) {
            *known = known.later(edge);
        }
        match connection.state() {
            State::SynReceived => {
                if let Some(challenge) = connection.last_challenge() {
                    self.rare().last_challenge = Some(challenge);
                }
                while let Some(segment) = connection.poll_transmit(TransmitLimits::ONE_SEGMENT, now) {
                    if segment.header.flags.syn() {
                        self.due.get_or_insert(segment.reason);
                    } else {
                        self.rare().stray = Some(Box::new(as_announced(config, &self.negotiated, segment)));
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
        let last_chance = self.retransmissions.saturating_add(1) >= timeouts_deferred(config);
        if now - self.started >= config.r2_syn_ack && (!self.deferred || last_chance) {
            return Some(CloseReason::HandshakeTimeout);
        }
        self.retransmissions = self.retransmissions.saturating_add(1);
        self.deadline = now + self.wait(config);
        if !self.deferred || last_chance {
            self.due = Some(SendReason::SynAckRetransmit);
        }
        None
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// How long the acknowledgment of the SYN-ACK is waited for.
    fn wait(&self, config: &Config) -> Duration {
        syn_ack_rto(config).backed_off(self.retransmissions).into()
    }

    /// Whether this is a bare acknowledgment that is to be taken only with text, or later (TCP_DEFER_ACCEPT).
    fn defers(&self, config: &Config, incoming: &Incoming) -> bool {
        let header = &incoming.segment.header;
        self.retransmissions < timeouts_deferred(config)
            && header.flags.ack()
            && !header.flags.rst()
            && header.ack == self.identity.iss + 1
            && incoming.segment.end() == self.irs + 1
    }

    /// The next segment to send.
    pub fn poll_transmit(&mut self, config: &Config, now: Instant) -> Option<SegmentOut> {
        let fast_open = match &mut self.rare {
            None => None,
            Some(rare) => {
                if let Some(stray) = rare.stray.take() {
                    return Some(*stray);
                }
                let fast_open = if self.due.is_some() { rare.fast_open.take() } else { None };
                self.rare.take_if(|rare| rare.fast_open.is_none() && rare.last_challenge.is_none());
                fast_open
            }
        };
        let reason = self.due.take()?;
        self.sent_at = now;
        if reason == SendReason::SynAckRepeat {
            // However often the SYN comes, R2 ends it (MUST-23).
            self.deadline = (now + self.wait(config)).min(self.started + config.r2_syn_ack).max(now);
        }
        let stamps = Timestamps { value: self.identity.timestamp(now), echo: self.timestamp };
        let this = SynAck { sends: self.sends, stamps, fast_open, reason };
        self.sends = self.sends.saturating_add(1);
        self.negotiated.ecn.syn_ack_sent(this.sends);
        Some(syn_ack(config, self.identity, self.irs + 1, &self.negotiated, &this))
    }

    /// When [`HalfOpen::handle_timeout`] is to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    /// The connection that this stands for.
    fn connection(&self, config: &Arc<Config>) -> Connection {
        let common = Common::new(self.identity, Arc::clone(config));
        let tcb = self.tcb(&common);
        Connection::from_tcb(common, tcb)
    }

    fn tcb(&self, common: &Common) -> Box<Tcb> {
        let config = &common.config;
        let mut tcb = Box::new(Tcb::new(
            common,
            Beginning {
                state: State::SynReceived,
                opening: Opening::Passive,
                negotiated: self.negotiated,
                irs: self.irs,
                timestamp: self.timestamp,
                outbox: SendBuffer::new(self.identity.iss + 1),
                rto: rto_after_handshake(config, self.retransmissions),
                syns_lost: self.retransmissions,
                now: self.sent_at,
            },
        ));
        tcb.send.set_window(self.irs, self.identity.iss, WindowSize::new(self.window.into()));
        tcb.retransmissions = self.retransmissions;
        tcb.tally.segments_received = 1;
        tcb.last_challenge = self.rare.as_ref().and_then(|rare| rare.last_challenge);
        tcb.syn_ack_at = (self.sends < 2).then_some(self.sent_at);
        tcb
    }
}

impl Connection {
    fn receive_edge(&mut self) -> Option<&mut SeqNumber> {
        match &mut self.phase {
            Phase::Synchronized(tcb) => Some(&mut tcb.receive.edge),
            Phase::SynSent(_) | Phase::TimeWait { .. } | Phase::Closed(_) => None,
        }
    }

    /// A passive Fast Open (RFC 7413 section 4.2.2): SYN-RECEIVED with everything, so that the SYN's text can be
    /// read and answered before the handshake is over. `answer` goes into the SYN-ACK: a cookie for the next time.
    #[must_use]
    pub fn accept_fast(
        config: &Arc<Config>,
        syn: Incoming,
        identity: Identity,
        answer: Option<FastOpenOption>,
    ) -> Self {
        let mut common = Common::new(identity, Arc::clone(config));
        let mut tcb = HalfOpen::from_syn(config, &syn, identity).tcb(&common);
        tcb.syn_pending = true;
        tcb.send.una = tcb.send.first_octet();
        common.fast_open.passive = true;
        input::take_syn_text(&mut common, &mut tcb, syn);
        let with_text = common.fast_open.text_taken;
        tcb.intents.syn_ack = Some(if with_text { SendReason::SynAckText } else { SendReason::SynAck });
        tcb.intents.fast_open = answer.map(Box::new);
        Self::from_tcb(common, tcb)
    }
}

/// What a half-open connection answers says the same window as its SYN-ACK: nothing is kept of a wider one, which would
/// be taken back with the next answer (SHLD-14).
fn as_announced(config: &Config, negotiated: &Negotiated, mut segment: SegmentOut) -> SegmentOut {
    if !segment.header.flags.rst() {
        segment.header.window =
            negotiate::syn_ack_window(config, negotiated).to_field(negotiated.receive_scale);
    }
    segment
}

/// After how many timeouts of the SYN-ACK its bare acknowledgment is taken: as many as the time of TCP_DEFER_ACCEPT
/// has begun, in Linux's way.
fn timeouts_deferred(config: &Config) -> u8 {
    let Some(time) = config.defer_accept.filter(|time| !time.is_zero()) else { return 0 };
    let rto = syn_ack_rto(config);
    let mut period = rto.current();
    let mut timeouts = 1;
    while period < time.into() && timeouts < u8::MAX {
        period += rto.backed_off(timeouts);
        timeouts += 1;
    }
    timeouts
}

/// How long a SYN-ACK's acknowledgment is waited for. As in Linux its back-off is bounded by no less than RFC 6298
/// section 2.5 asks for, however small a bound data has.
fn syn_ack_rto(config: &Config) -> Rto {
    let most = config.max_rto.max(LEAST_BOUND);
    Rto::new(config.initial_rto.into(), config.min_rto.into(), most.into())
}

/// The RTO that data begins with: 3 s when the SYN or SYN-ACK had to be sent again (RFC 6298 section 5.7).
pub(crate) fn rto_after_handshake(config: &Config, retransmissions: u8) -> Rto {
    let mut rto = Rto::new(config.initial_rto.into(), config.min_rto.into(), config.max_rto.into())
        .with_slop(config.rto_slop.into());
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
    pub(crate) fast_open: Option<FastOpenOption>,
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
        window: negotiate::syn_ack_window(config, negotiated).octets() as u16,
        urgent_pointer: 0,
        options: negotiate::answer(config, negotiated, this),
    };
    SegmentOut::without_text(header, this.reason)
}
