//! A segment in SYN-SENT (RFC 9293 section 3.10.7.3).

use alloc::boxed::Box;
use core::ops::ControlFlow;

use synfin_wire::WindowSize;

use super::{Stop, ack, fin, sequence, text, urgent};
use crate::connection::Common;
use crate::connection::ecn::EcnHandshake;
use crate::connection::half_open::rto_after_handshake;
use crate::connection::negotiate::{self, Negotiated};
use crate::connection::open::SynSent;
use crate::connection::state::State;
use crate::connection::tcb::{Beginning, Opening, Tcb};
use crate::incoming::{Incoming, Verdict};
use crate::output::build;
use crate::reason::{DropReason, SendReason};
use crate::recovery::rtt::RttSample;
use crate::send::SendBuffer;

/// What became of the attempt.
pub(crate) enum Outcome {
    Stay(Verdict),
    /// ESTABLISHED, or SYN-RECEIVED when the peer opened at the same time; and what came of the rest of the
    /// segment.
    Synchronized(Box<Tcb>, Result<(), Stop>),
    /// An RST that acknowledges our SYN.
    Refused,
}

pub(crate) fn handle(common: &mut Common, syn_sent: &mut SynSent, incoming: Incoming) -> Outcome {
    let header = &incoming.segment.header;
    let iss = common.identity.iss;
    // First, check the ACK bit.
    let acknowledges_syn = header.flags.ack() && header.ack == iss + 1;
    if header.flags.ack() && !acknowledges_syn {
        if !header.flags.rst() {
            syn_sent.stray_reset = Some(build::stray_reset(common, header.ack));
        }
        return Outcome::Stay(Verdict::Dropped(DropReason::SynSentBadAck));
    }
    // Second, check the RST bit.
    if header.flags.rst() {
        return if acknowledges_syn {
            Outcome::Refused
        } else {
            Outcome::Stay(Verdict::Dropped(DropReason::SynSentBadRst))
        };
    }
    // Third, security, is left out. Fourth, check the SYN bit; fifth, drop what has neither.
    if !header.flags.syn() {
        return Outcome::Stay(Verdict::Dropped(DropReason::SynSentNoSyn));
    }
    let state = if acknowledges_syn { State::Established } else { State::SynReceived };
    let mut tcb = synchronize(common, syn_sent, &incoming, state);
    let rest = if acknowledges_syn {
        establish(common, syn_sent, &mut tcb, &incoming);
        behind_syn(common, &mut tcb, incoming)
    } else {
        // Simultaneous open (MUST-10): our SYN again, with the acknowledgment of theirs. Text that came with
        // it is not taken: the peer sends it again.
        tcb.intents.syn_ack = Some(SendReason::SimultaneousOpen);
        Ok(())
    };
    Outcome::Synchronized(Box::new(tcb), rest)
}

/// Other controls or text: on with the sixth step.
fn behind_syn(common: &mut Common, tcb: &mut Tcb, incoming: Incoming) -> Result<(), Stop> {
    let segment = sequence::trim(tcb, incoming);
    urgent::check(common, tcb, &segment);
    if let ControlFlow::Break(stop) = text::process(common, tcb, &segment) {
        return Err(stop);
    }
    fin::check(common, tcb, &segment);
    Ok(())
}

/// The TCB that follows from both SYNs.
fn synchronize(common: &Common, syn_sent: &mut SynSent, incoming: &Incoming, state: State) -> Tcb {
    let header = &incoming.segment.header;
    let outbox = core::mem::replace(&mut syn_sent.outbox, SendBuffer::new(common.identity.iss + 1));
    let sent = syn_sent.ecn_flags(&common.config);
    let config = &common.config.ecn;
    let ecn = if header.flags.ack() {
        EcnHandshake::from_syn_ack(config, header, incoming.ecn, sent)
    } else {
        EcnHandshake::from_syn(config.request, header, incoming.ecn)
    };
    let mut tcb = Tcb::new(
        common,
        Beginning {
            state,
            opening: Opening::Active,
            negotiated: Negotiated { ecn, ..Negotiated::from_peer(&common.config, &header.options) },
            irs: header.seq,
            announced: negotiate::syn_window(&common.config),
            timestamp: header.options.timestamps.map_or(0, |stamps| stamps.value),
            outbox,
            rto: rto_after_handshake(&common.config, syn_sent.retransmissions),
            syns_lost: syn_sent.retransmissions,
            now: incoming.arrived,
        },
    );
    tcb.fin_queued = syn_sent.fin_queued;
    tcb.released = syn_sent.released;
    // A window in a segment with SYN is never scaled (RFC 7323 section 2.2).
    tcb.send.set_window(header.seq, header.ack, WindowSize::new(header.window.into()));
    tcb
}

/// Our SYN is acknowledged: ESTABLISHED.
fn establish(common: &mut Common, syn_sent: &SynSent, tcb: &mut Tcb, incoming: &Incoming) {
    tcb.send.una = tcb.send.first_octet();
    if syn_sent.retransmissions == 0 {
        let rtt = incoming.arrived - syn_sent.sent_at;
        tcb.recovery.rtt.measured_least(rtt, incoming.arrived);
        tcb.recovery.measured(RttSample { rtt, una: tcb.send.una, nxt: tcb.send.nxt });
    }
    tcb.ack.at_once(SendReason::HandshakeAck);
    ack::begin(common, tcb, incoming.arrived);
}
