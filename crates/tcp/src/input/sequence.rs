//! First, check sequence number; with PAWS before it (RFC 9293 section 3.10.7.4, RFC 7323 section 5.3).

use core::ops::ControlFlow;

use bytes::Bytes;
use synfin_wire::tcp::SackRange;
use synfin_wire::{Ecn, Flags, Instant, Segment, SeqNumber, TcpHeader, WindowScale, WindowSize};

use super::{InWindow, Step, challenge, drop};
use crate::connection::Common;
use crate::connection::tcb::{Opening, Tcb, TimestampState};
use crate::incoming::Incoming;
use crate::receive::Overtaken;
use crate::span::Span;
use synfin_wire::reason::{DropReason, SendReason};

/// TS.Recent older than this says nothing any more (RFC 7323 section 5.5).
const RECENT_LIFETIME: Span = Span::from_secs(24 * 24 * 3600);

/// Leaves of the segment what lies in the window, or ends the walk.
pub(super) fn check<'a>(common: &Common, tcb: &mut Tcb, incoming: &'a mut Incoming) -> Step<InWindow<'a>> {
    let window = window(tcb, &incoming.segment.header);
    without_repeated_syn(common, tcb, &mut incoming.segment.header, incoming.arrived)?;
    paws(common, tcb, &incoming.segment, incoming.arrived)?;
    acceptable(common, tcb, &incoming.segment, incoming.ecn, incoming.arrived)?;
    ControlFlow::Continue(trim(common, tcb, incoming, window))
}

/// SEG.WND: the field is scaled, but never in a segment with SYN (RFC 7323 section 2.2).
pub(super) fn window(tcb: &Tcb, header: &TcpHeader) -> WindowSize {
    let scale = if header.flags.syn() { WindowScale::NONE } else { tcb.negotiated.send_scale };
    WindowSize::from_field(header.window, scale)
}

/// In SYN-RECEIVED the peer's SYN may come again. Alone it asks for our SYN-ACK again, which it gets no more often than a
/// challenge; with an acknowledgment, as in a simultaneous open (section 3.5, Figure 7), only what follows it is new. A
/// peer that was answered by a listener has no cause for that.
fn without_repeated_syn(common: &Common, tcb: &mut Tcb, header: &mut TcpHeader, now: Instant) -> Step {
    if header.flags.syn() && tcb.awaits_ack_of_syn() && header.seq == tcb.receive.irs {
        repeated_syn(common, tcb, header, now)
    } else {
        ControlFlow::Continue(())
    }
}

#[cold]
fn repeated_syn(common: &Common, tcb: &mut Tcb, header: &mut TcpHeader, now: Instant) -> Step {
    if !header.flags.ack() {
        if challenge::is_time(common, &mut tcb.last_challenge, now) {
            tcb.intents.syn_ack.get_or_insert(SendReason::SynAckRepeat);
        }
        return drop(DropReason::Duplicate);
    }
    if tcb.opening == Opening::Passive {
        return ControlFlow::Continue(());
    }
    // Linux says so, which tells the peer that its handshake is over.
    came_again(common, tcb, SackRange { start: header.seq, end: header.seq + 1 });
    tcb.ack.at_once(SendReason::UnacceptableAck);
    header.flags = header.flags.without(Flags::SYN);
    header.seq += 1;
    ControlFlow::Continue(())
}

fn paws(common: &Common, tcb: &mut Tcb, segment: &Segment, now: Instant) -> Step {
    if !tcb.negotiated.timestamps || segment.header.flags.rst() {
        return ControlFlow::Continue(());
    }
    let Some(stamps) = segment.header.options.timestamps else {
        return if common.config.require_timestamps {
            drop(DropReason::MissingTimestamp)
        } else {
            ControlFlow::Continue(())
        };
    };
    let older = (stamps.value.wrapping_sub(tcb.stamps.recent) as i32) < 0;
    if older { old_timestamp(common, tcb, segment, stamps.value, now) } else { ControlFlow::Continue(()) }
}

/// SEG.TSval is less than TS.Recent.
#[cold]
fn old_timestamp(common: &Common, tcb: &mut Tcb, segment: &Segment, value: u32, now: Instant) -> Step {
    let was_overtaken = !segment.payload.is_empty()
        && tcb.stamps.overtaken.is_some_and(|overtaken| overtaken.allows(value, tcb.receive.nxt, now));
    if !was_overtaken && Span::between(tcb.stamps.recent_at, now) < RECENT_LIFETIME {
        // Linux says of what is old by its number too that it came again.
        let end = segment.end().earlier(tcb.receive.nxt);
        if segment.header.seq.before(end) && !segment.header.flags.syn() {
            all_came_again(common, tcb, SackRange { start: segment.header.seq, end }, now);
        }
        challenge::answer(common, tcb, segment, SendReason::PawsAck, now);
        return drop(DropReason::Paws);
    }
    ControlFlow::Continue(())
}

fn acceptable(common: &Common, tcb: &mut Tcb, segment: &Segment, ecn: Ecn, now: Instant) -> Step {
    let header = &segment.header;
    if tcb.receive.accepts(header.seq, segment.sequence_length()) && !reaches_too_far(tcb, segment) {
        ControlFlow::Continue(())
    } else {
        unacceptable(common, tcb, segment, ecn, now)
    }
}

#[cold]
fn unacceptable(common: &Common, tcb: &mut Tcb, segment: &Segment, ecn: Ecn, now: Instant) -> Step {
    let header = &segment.header;
    // A closed window takes no text, but ACK, URG and RST count (MUST-66): `trim` leaves only those.
    if tcb.receive.window() == 0 && header.seq == tcb.receive.nxt {
        return ControlFlow::Continue(());
    }
    let all_old = segment.end().at_or_before(tcb.receive.nxt);
    let reason = if all_old && segment.sequence_length() > 0 {
        DropReason::Duplicate
    } else {
        DropReason::OutsideWindow
    };
    if header.flags.syn() && header.flags.ack() && header.seq == tcb.receive.irs {
        tcb.ecn.syn_ack_again(ecn);
    }
    if reason == DropReason::Duplicate && !segment.payload.is_empty() {
        tcb.ecn.duplicate(header.seq);
    }
    if header.flags.ack() && header.ack.after(tcb.send.una) && header.ack.at_or_before(tcb.send.nxt) {
        tcb.send.claimed = Some(header.ack);
    }
    if !header.flags.rst() {
        let end = segment.end().earlier(tcb.receive.nxt);
        if header.seq.before(end) && !header.flags.syn() {
            all_came_again(common, tcb, SackRange { start: header.seq, end }, now);
        }
        let has_mark = header.flags.syn() || header.flags.fin();
        let is_probe = header.seq + 1 == tcb.receive.nxt && segment.payload.len() <= 1 && !has_mark;
        if header.seq == tcb.receive.edge && !segment.payload.is_empty() && tcb.inbox.is_empty() {
            hurry(common, tcb, now);
        }
        let why = if is_probe { SendReason::ProbeAck } else { SendReason::UnacceptableAck };
        challenge::answer(common, tcb, segment, why, now);
    }
    drop(reason)
}

/// Whether text reaches beyond the window of a user who has not read what came before. Section 3.10.7.4 would cut it
/// off at the edge. Linux takes such a segment whole where nothing waits to be read, so that a sender of large segments
/// is not cut to slivers, and else not at all.
fn reaches_too_far(tcb: &Tcb, segment: &Segment) -> bool {
    let end = segment.header.seq + segment.payload.len() as u32;
    let inside = tcb.receive.window() > 0 && end.after(tcb.receive.edge);
    inside && !segment.header.flags.rst() && !tcb.inbox.is_empty()
}

/// Tells the peer what it has sent again (RFC 2883).
#[cold]
pub(super) fn came_again(common: &Common, tcb: &mut Tcb, range: SackRange) {
    if tcb.negotiated.sack && common.config.dsack {
        tcb.sack_report.came_again(range);
    }
}

/// The same of a segment whose beginning has come again already.
#[cold]
pub(super) fn more_came_again(common: &Common, tcb: &mut Tcb, range: SackRange) {
    if tcb.negotiated.sack && common.config.dsack {
        tcb.sack_report.more_came_again(range);
    }
}

/// A segment brings nothing that is taken: its sender has lost acknowledgments, or misses them, and as in Linux the next
/// ones do not wait.
#[cold]
fn all_came_again(common: &Common, tcb: &mut Tcb, range: SackRange, now: Instant) {
    came_again(common, tcb, range);
    hurry(common, tcb, now);
}

/// The next acknowledgments do not wait.
#[cold]
fn hurry(common: &Common, tcb: &mut Tcb, now: Instant) {
    let pace = tcb.pace(common, now);
    tcb.ack.be_quick(&pace);
    tcb.ack.quicken(0, common.config.delayed_ack.into());
}

/// What TS.Recent becomes (RFC 7323 section 4.3 (2)): only a segment that spans Last.ACK.sent may set it.
pub(super) fn newer_timestamp(tcb: &Tcb, segment: &InWindow) -> Option<u32> {
    let stamps = segment.header.options.timestamps.filter(|_| tcb.negotiated.timestamps)?;
    let newer = stamps.value.wrapping_sub(tcb.stamps.recent) as i32 >= 0;
    let stale = Span::between(tcb.stamps.recent_at, segment.arrived) >= RECENT_LIFETIME;
    let spans = segment.header.seq.at_or_before(tcb.stamps.last_ack_sent);
    ((newer || stale) && spans).then_some(stamps.value)
}

/// Sets TS.Recent. It is taken from a segment whose acknowledgment was checked too, as Linux does it: a blind attacker
/// who has guessed one number alone could otherwise make all that the peer sends look old.
pub(super) fn remember_timestamp(tcb: &mut Tcb, segment: &InWindow) {
    if let Some(value) = newer_timestamp(tcb, segment) {
        if !tcb.assembler.is_empty() && value != tcb.stamps.recent {
            remember_overtaken(tcb, segment.arrived);
        }
        tcb.stamps.recent = value;
        tcb.stamps.recent_at = segment.arrived;
    }
}

/// What lies beyond a gap may have overtaken what was sent before it.
#[cold]
fn remember_overtaken(tcb: &mut Tcb, now: Instant) {
    let TimestampState { recent, overtaken, .. } = tcb.stamps;
    tcb.stamps.overtaken = Some(Overtaken::filled(overtaken, recent, tcb.receive.nxt, now));
}

/// Cuts off what lies before RCV.NXT, SYN included, and all text where the window is closed.
pub(super) fn trim<'a>(
    common: &Common,
    tcb: &mut Tcb,
    incoming: &'a mut Incoming,
    window: WindowSize,
) -> InWindow<'a> {
    let Incoming { segment: Segment { header, payload }, ecn, segment_size, arrived } = incoming;
    let mut payload = core::mem::take(payload);
    let sent_len = payload.len() as u32;
    if sent_len > 0 {
        tcb.sack_report.next_came();
    }
    let mut flags = header.flags;
    let mut seq = header.seq;
    if seq.before(tcb.receive.nxt) {
        (seq, flags) = trim_front(common, tcb, seq, flags, &mut payload);
    }
    // A FIN takes no room in the buffer: right behind the last octet it is welcome.
    if !payload.is_empty() && seq.at_or_after(tcb.receive.edge) {
        let is_probe = payload.len() == 1 && tcb.receive.window() == 0;
        payload.clear();
        flags = flags.without(Flags::FIN);
        let reason = if is_probe { SendReason::ProbeAck } else { SendReason::UnacceptableAck };
        if tcb.inbox.is_empty() {
            hurry(common, tcb, *arrived);
            tcb.ack.at_once(reason);
        } else {
            tcb.ack.answer(reason);
        }
    }
    let (ecn, segment_size, arrived) = (*ecn, *segment_size, *arrived);
    let end = seq + payload.len() as u32;
    InWindow { seq, end, text: payload, sent_len, flags, window, ecn, segment_size, arrived, header }
}

/// Cuts off what lies before RCV.NXT. Returns where the rest begins, and its control bits.
#[cold]
fn trim_front(
    common: &Common,
    tcb: &mut Tcb,
    seq: SeqNumber,
    flags: Flags,
    payload: &mut Bytes,
) -> (SeqNumber, Flags) {
    let (seq, flags) = if flags.syn() { (seq + 1, flags.without(Flags::SYN)) } else { (seq, flags) };
    let old = (tcb.receive.nxt.octets_since(seq) as usize).min(payload.len());
    if old > 0 {
        came_again(common, tcb, SackRange { start: seq, end: seq + old as u32 });
        let _ = payload.split_to(old);
    }
    (seq + old as u32, flags)
}
