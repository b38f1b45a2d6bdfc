//! A segment in SYN-SENT (RFC 9293 section 3.10.7.3).

use alloc::boxed::Box;
use core::ops::ControlFlow;

use super::{Stop, ack, fin, sequence, text, urgent};
use crate::connection::Common;
use crate::connection::ecn::EcnHandshake;
use crate::connection::half_open::rto_after_handshake;
use crate::connection::negotiate::Negotiated;
use crate::connection::open::SynSent;
use crate::connection::tcb::{Beginning, Opening, Tcb};
use crate::event::Event;
use crate::fast_open::FastOpenNews;
use crate::incoming::{Incoming, Verdict};
use crate::output::build;
use crate::recovery::rtt::RttSample;
use crate::recovery::{Repair, Sender};
use crate::send::SendBuffer;
use crate::send::chronograph::Waits;
use crate::send::retransmission_queue::NewRange;
use crate::span::Span;
use synfin_wire::Instant;
use synfin_wire::reason::{DropReason, SendReason};
use synfin_wire::state::State;

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
    // First, check the ACK bit. Text in the SYN is acknowledged as far as the peer takes it (RFC 7413 section 4.2.1).
    let first_octet = iss + 1;
    let acknowledges_syn = header.flags.ack()
        && header.ack.at_or_after(first_octet)
        && header.ack.at_or_before(first_octet + syn_sent.text_sent);
    let echoes_our_time = echoes_our_time(common, syn_sent, &incoming);
    if header.flags.ack() && !(acknowledges_syn && echoes_our_time) {
        if !header.flags.rst() {
            syn_sent.stray_reset = Some(Box::new(build::stray_reset(common, header.ack)));
        }
        if !acknowledges_syn {
            syn_sent.try_again_soon(incoming.arrived);
        }
        let reason = if acknowledges_syn { DropReason::SynSentBadEcho } else { DropReason::SynSentBadAck };
        return Outcome::Stay(Verdict::Dropped(reason));
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
    Outcome::Synchronized(tcb, rest)
}

/// Linux takes no timestamp that we sent before this SYN or will send later: the segment belongs to another
/// connection (RFC 7323 section 3.2 has TSecr valid beside an ACK). No timestamp at all is no objection.
fn echoes_our_time(common: &Common, syn_sent: &SynSent, incoming: &Incoming) -> bool {
    let Some(stamps) = incoming.segment.header.options.timestamps else { return true };
    let first = common.identity.timestamp(syn_sent.started);
    let span = common.identity.timestamp(incoming.arrived).wrapping_sub(first);
    !common.config.timestamps || stamps.echo == 0 || stamps.echo.wrapping_sub(first) <= span
}

/// Other controls or text: on with the sixth step.
fn behind_syn(common: &mut Common, tcb: &mut Tcb, mut incoming: Incoming) -> Result<(), Stop> {
    let arrived = incoming.arrived;
    let window = sequence::window(tcb, &incoming.segment.header);
    let mut segment = sequence::trim(common, tcb, &mut incoming, window);
    urgent::check(common, tcb, &segment);
    if let ControlFlow::Break(stop) = text::process(common, tcb, &mut segment) {
        return Err(stop);
    }
    if let ControlFlow::Break(stop) = fin::check(common, tcb, &segment) {
        return Err(stop);
    }
    let pace = tcb.pace(common, arrived);
    let gathering = tcb.gap_ack_gathering(&common.config);
    tcb.ack.decide(true, gathering, &mut tcb.timers, &pace);
    Ok(())
}

/// The TCB that follows from both SYNs.
fn synchronize(common: &Common, syn_sent: &mut SynSent, incoming: &Incoming, state: State) -> Box<Tcb> {
    let header = &incoming.segment.header;
    let outbox = core::mem::replace(&mut syn_sent.outbox, SendBuffer::new(common.identity.iss + 1));
    let sent = syn_sent.ecn_flags(&common.config);
    let config = &common.config.ecn;
    let ecn = if header.flags.ack() {
        EcnHandshake::from_syn_ack(config, header, incoming.ecn, sent)
    } else {
        EcnHandshake::from_syn(config.request, header, incoming.ecn)
    };
    let mut tcb = Box::new(Tcb::new(
        common,
        Beginning {
            state,
            opening: Opening::Active,
            negotiated: Negotiated { ecn, ..Negotiated::from_peer(&common.config, &header.options) },
            irs: header.seq,
            timestamp: header.options.timestamps.map_or(0, |stamps| stamps.value),
            outbox,
            rto: rto_after_handshake(&common.config, syn_sent.retransmissions),
            syns_lost: syn_sent.retransmissions,
            now: incoming.arrived,
        },
    ));
    tcb.tally.segments_sent = 1 + u64::from(syn_sent.retransmissions);
    tcb.tally.segments_received = 1;
    tcb.send.urgent = syn_sent.urgent;
    if let Some(mss) = syn_sent.path_mss {
        tcb.path_takes(mss, incoming.arrived);
    }
    if syn_sent.text_sent > 0 {
        let (start, mss) = (tcb.send.nxt, tcb.mss());
        tcb.send.nxt += syn_sent.text_sent;
        tcb.queue.sent(NewRange {
            start,
            end: tcb.send.nxt,
            segments: 1,
            mss: mss.max(syn_sent.text_sent),
            push: true,
            ends_record: false,
            now: syn_sent.sent_at,
            stamp: tcb.recovery.rate.stamp(true, 1, syn_sent.sent_at),
        });
    }
    tcb.fin_queued = syn_sent.fin_queued;
    tcb.released = syn_sent.released;
    tcb.is_deaf = syn_sent.released;
    tcb.send.set_window(header.seq, header.ack, sequence::window(&tcb, header));
    tcb
}

/// Our SYN is acknowledged, and its text as far as the peer took it: ESTABLISHED.
fn establish(common: &mut Common, syn_sent: &SynSent, tcb: &mut Tcb, incoming: &Incoming) {
    let header = &incoming.segment.header;
    tcb.send.una = header.ack;
    if !syn_sent.repeated {
        let rtt = Span::between(syn_sent.sent_at, incoming.arrived);
        tcb.recovery.rtt.measured_least(rtt, incoming.arrived);
        tcb.recovery.measured(RttSample { rtt, una: tcb.send.una, nxt: tcb.send.nxt });
    }
    if syn_sent.text_sent > 0 {
        account_for_text(common, tcb, syn_sent, incoming.arrived);
    }
    if common.fast_open.used {
        common.fast_open.news = Some(Box::new(FastOpenNews::Answered {
            sent: syn_sent.option_sent,
            first: !syn_sent.repeated,
            with_text: syn_sent.text_sent > 0,
            received: header.options.fast_open.filter(|option| !option.cookie.is_request()),
            mss: header.options.mss.unwrap_or(common.config.default_peer_mss.octets()),
        }));
    }
    tcb.ack.at_once(SendReason::HandshakeAck);
    ack::begin(common, tcb, incoming.arrived);
    if tcb.has_unsent() {
        // The user's text waits and will carry the acknowledgment: what the peer says to it is an answer.
        let pace = tcb.pace(common, incoming.arrived);
        tcb.ack.exchange_begins(&pace);
    }
}

/// What the SYN-ACK acknowledges of the SYN's text is done with; the rest goes out again at once, and says nothing
/// about congestion (RFC 7413 section 4.2.1).
fn account_for_text(common: &mut Common, tcb: &mut Tcb, syn_sent: &SynSent, now: Instant) {
    let una = tcb.send.una;
    tcb.tally.octets_sent += u64::from(syn_sent.text_sent);
    tcb.tally.text_segments_sent += 1;
    tcb.chronograph.start(Waits::Busy, syn_sent.started);
    tcb.tally.octets_acknowledged += u64::from(una.octets_since(tcb.send.first_octet()));
    tcb.outbox.acknowledge(una);
    tcb.send.forget_urgent();
    let mut taken = 0;
    tcb.queue.acknowledge(una, |_, segments| taken += segments);
    // The SYN and its text came in one segment, and the SYN is counted.
    tcb.recovery.rate.count(taken.saturating_sub(1));
    common.fast_open.text_taken = tcb.queue.is_empty();
    if tcb.queue.is_empty() {
        if tcb.outbox.len() == 0 {
            tcb.chronograph.stop(Waits::Busy, true, now);
            common.events.raise(Event::AllAcknowledged);
        }
    } else {
        let mut sender = Sender { queue: &mut tcb.queue, congestion: &mut tcb.congestion };
        tcb.recovery.syn_text_refused(tcb.send.nxt, &mut sender);
        tcb.syn_text_lost = Some(tcb.send.nxt);
        tcb.repair = Repair::Lost;
    }
}
