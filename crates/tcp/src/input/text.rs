//! Seventh, process the segment text (RFC 9293 section 3.10.7.4).

use core::ops::ControlFlow;

use bytes::Bytes;

use super::sequence::{came_again, more_came_again};
use super::{InWindow, Step, Stop, drop};
use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::event::Event;
use crate::incoming::Incoming;
use crate::pressure::MemoryPressure;
use crate::receive::ack_policy::Size;
use crate::receive::assembler::{Held, Popped};
use crate::span::Span;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::tcp::sack_len;

/// Text shorter than this says nothing about the segments to come.
const TELLING: u32 = 128;

/// Acknowledgments gather news of so many ranges, which each of them has room for.
const GATHERED_RANGES: usize = 2;

pub(super) fn process(common: &mut Common, tcb: &mut Tcb, segment: &mut InWindow) -> Step {
    if segment.text_len() == 0 {
        return ControlFlow::Continue(());
    }
    let end = segment.end;
    if tcb.peer_finished() {
        return behind_the_end(tcb, segment);
    }
    let is_next = segment.seq == tcb.receive.nxt;
    if !is_next && tcb.peer_fin.is_some_and(|fin| end.after(fin)) {
        // It lies beyond a gap as any text does there, and its sender should hear of the gap.
        tcb.ack.at_once(SendReason::OutOfOrderAck);
        return drop(DropReason::BeyondFin);
    }
    if !tcb.state().can_receive_data() {
        return ControlFlow::Continue(());
    }
    if tcb.is_deaf {
        // SHLD-3: nobody will read this, and the peer should know.
        return ControlFlow::Break(Stop::Reset(CloseReason::DataAfterClose, SendReason::ResetAfterClose));
    }
    echoed_by(common, tcb, segment);
    if !tcb.memory.has_room(tcb.assembler.charge()) || common.pressure == MemoryPressure::Exhausted {
        make_room(common, tcb, segment)?;
    }
    if !tcb.assembler.is_empty()
        && let Some(held) = tcb.assembler.first_held(segment.seq, end)
    {
        let is_whole = segment.sent_len == segment.text_len();
        if is_whole { came_again(common, tcb, held) } else { more_came_again(common, tcb, held) }
    }
    if segment.seq == tcb.receive.nxt {
        in_order(common, tcb, segment);
        ControlFlow::Continue(())
    } else {
        beyond_a_gap(common, tcb, segment)
    }
}

/// The receive buffer is full, or all memory is. What the segments cost beside their text is saved first; what came ahead of
/// others goes next. A segment that finds no room even then is dropped, unless it is what the user waits for.
#[cold]
fn make_room(common: &mut Common, tcb: &mut Tcb, segment: &InWindow) -> Step {
    let is_next = segment.seq == tcb.receive.nxt;
    let is_exhausted = common.pressure == MemoryPressure::Exhausted;
    if !is_exhausted && (is_next && is_foreseen(tcb, segment) || save_room(common, tcb, segment)) {
        return ControlFlow::Continue(());
    }
    tcb.memory.look_closely();
    match (is_next, tcb.inbox.is_empty()) {
        (true, true) => ControlFlow::Continue(()),
        (true, false) => without_room(common, tcb),
        (false, _) => drop(DropReason::NoRoom),
    }
}

/// Whether Linux would take the segment before it looks at what is used.
fn is_foreseen(tcb: &Tcb, segment: &InWindow) -> bool {
    let size = size(tcb, segment);
    tcb.assembler.is_empty()
        && !segment.flags.urg()
        && tcb.memory.is_foreseen(tcb.memory.cost(size.text, size.options()).charge)
}

/// Whether there is room now.
fn save_room(common: &Common, tcb: &mut Tcb, segment: &InWindow) -> bool {
    tcb.ack.no_hurry();
    let mss = tcb.negotiated.largest_text(&common.config);
    tcb.memory.strain(tcb.assembler.charge(), mss);
    if tcb.memory.has_room(tcb.assembler.charge()) {
        return true;
    }
    let buffer = tcb.memory.buffer();
    if tcb.memory.is_slack(tcb.assembler.charge()) {
        tcb.assembler.collapse(|charge, text| tcb.memory.is_loose(charge, text), buffer);
        tcb.memory.collapse();
        if tcb.memory.has_room(tcb.assembler.charge()) {
            return true;
        }
        // Whoever goes on sending does not make it be tried again and again.
        tcb.memory.note_tight(tcb.assembler.charge());
    }
    let fits = |beyond| tcb.memory.used(beyond) <= buffer;
    if tcb.assembler.renege(segment.seq, buffer / 8, fits) {
        tcb.sack_report.clear();
    }
    tcb.memory.has_room(tcb.assembler.charge())
}

/// The peer has closed, and RFC 9293 has this text ignored. As in Linux it is, unless it goes on from text that came before
/// the FIN: the peer then denies that it has closed, and as that cannot be mended the connection ends.
#[cold]
fn behind_the_end(tcb: &Tcb, segment: &InWindow) -> Step {
    if segment.header.seq.before(tcb.receive.nxt) {
        return ControlFlow::Break(Stop::Reset(CloseReason::Contradicted, SendReason::ResetContradicted));
    }
    drop(DropReason::BeyondFin)
}

/// Takes the text of a SYN that a passive Fast Open was made of (RFC 7413 section 4.2.2): the SYN-ACK acknowledges
/// it.
pub(crate) fn take_syn_text(common: &mut Common, tcb: &mut Tcb, syn: Incoming) {
    let mut text = syn.segment.payload;
    text.truncate(tcb.receive.window() as usize);
    if text.is_empty() {
        return;
    }
    // The SYN-ACK that acknowledges the text announces its window from there on.
    let window = tcb.receive.window();
    let size = Size { text: text.len() as u32, fixed: tcb.negotiated.fixed_len().into(), variable: 0 };
    take(tcb, text, &size);
    tcb.receive.edge = tcb.receive.nxt + window;
    common.fast_open.text_taken = true;
    common.events.raise(Event::Readable);
}

/// The user has not read for so long that what segments cost beside their text has taken all of the buffer, though the
/// window was not used up. Linux then takes its word back, against SHLD-14: the window closes.
#[cold]
fn without_room(common: &mut Common, tcb: &mut Tcb) -> Step {
    tcb.receive.close();
    tcb.ack.at_once(SendReason::NoRoomAck);
    common.events.raise(Event::Readable);
    drop(DropReason::NoRoom)
}

fn in_order(common: &mut Common, tcb: &mut Tcb, segment: &mut InWindow) {
    // A peer whose next text reaches beyond its FIN contradicts itself. RFC 9293 does not say which is to be believed:
    // as in Linux, what is in order.
    tcb.peer_fin.take_if(|fin| segment.end.after(*fin));
    let size = size(tcb, segment);
    take(tcb, core::mem::take(&mut segment.text), &size);
    note_data(common, tcb, segment, &size);
    heed_marks(common, tcb, segment);
    if !tcb.assembler.is_empty() || tcb.peer_fin.is_some() {
        fill_gap(tcb);
    }
    if tcb.assembler.is_empty() {
        tcb.memory.foresee();
    }
    tcb.sack_report.acknowledged(tcb.receive.nxt);
    common.events.raise(Event::Readable);
}

/// What was held beyond a gap may be in order now; or it is the FIN that waits there.
#[cold]
fn fill_gap(tcb: &mut Tcb) {
    while let Some(Popped { bytes, whole, cost }) = tcb.assembler.pop(tcb.receive.nxt) {
        tcb.memory.queued_held(whole, cost);
        advance(tcb, bytes);
    }
    tcb.ack.at_once(SendReason::GapFilledAck);
}

/// Puts text at RCV.NXT into the user's queue, of a segment that came with so much.
fn take(tcb: &mut Tcb, bytes: Bytes, size: &Size) {
    tcb.memory.queued(bytes.len() as u32, size.text, size.options());
    advance(tcb, bytes);
}

fn advance(tcb: &mut Tcb, bytes: Bytes) {
    let len = bytes.len();
    tcb.receive.advance(len as u32);
    tcb.tally.octets_received += len as u64;
    tcb.ack.advanced(len as u32);
    tcb.inbox.push(bytes);
}

/// What the segment tells of the peer: how large its segments are, how close together they come, and how
/// large a window they deserve.
fn note_data(common: &Common, tcb: &mut Tcb, segment: &InWindow, size: &Size) {
    let now = segment.arrived;
    let mss = tcb.negotiated.largest_text(&common.config);
    let pace = tcb.pace(common, now);
    let before = tcb.ack.full_segment();
    let one = one_of(segment, size);
    let is_full = tcb.ack.data(&one, segment.flags, mss, &pace);
    if is_full && one.text != before {
        tcb.memory.full_segment(size.text, size.options(), tcb.receive.announced);
    }
    tcb.memory.note_arrival(tcb.receive.nxt, tcb.receive.announced, now);
    if size.text >= TELLING {
        recommend_window(common, tcb, size, tcb.assembler.charge());
    }
}

/// What the peer's segments are like says how large a window is worth its memory. `beyond`: what is held beyond gaps.
fn recommend_window(common: &Common, tcb: &mut Tcb, size: &Size, beyond: usize) {
    let mss = tcb.negotiated.largest_text(&common.config);
    if common.pressure != MemoryPressure::None {
        tcb.memory.tighten(mss);
    } else if tcb.memory.grow_threshold(size, mss, tcb.ack.full_segment(), beyond) {
        tcb.ack.once_more();
    }
}

/// How large the segment is.
fn size(tcb: &Tcb, segment: &InWindow) -> Size {
    Size {
        text: segment.sent_len,
        fixed: tcb.negotiated.fixed_len().into(),
        variable: sack_len(segment.header.options.sack.len()) as u32,
    }
}

/// How large the segments are that the peer sent, where a device has put several together.
fn one_of(segment: &InWindow, size: &Size) -> Size {
    let text = segment.segment_size.map_or(size.text, |one| size.text.min(one.into()));
    Size { text, ..*size }
}

/// How the text came may say that the peer needs acknowledgments soon.
fn heed_marks(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    if tcb.ecn.text(segment.ecn) {
        tcb.ack.quicken(2, common.config.delayed_ack.into());
    }
}

/// The round trip as the receiver sees it, by the timestamp of ours that a full segment echoes.
fn echoed_by(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    let echo =
        segment.header.options.timestamps.filter(|_| tcb.negotiated.timestamps).map(|stamps| stamps.echo);
    if let Some(echo) = echo.filter(|&echo| tcb.memory.is_new_echo(echo))
        && segment.sent_len >= tcb.ack.full_segment()
    {
        let millis = common.identity.timestamp(segment.arrived).wrapping_sub(echo);
        if millis < u32::MAX / 2 {
            tcb.memory.echoed(Span::from_millis(millis.into()), tcb.inbox.is_empty());
        }
    }
}

/// SHLD-31: held for later, and acknowledged at once (MAY-13, RFC 5681 section 4.2).
#[cold]
fn beyond_a_gap(common: &Common, tcb: &mut Tcb, segment: &mut InWindow) -> Step {
    heed_marks(common, tcb, segment);
    let (size, before) = (size(tcb, segment), tcb.ack.full_segment());
    let mss = tcb.negotiated.largest_text(&common.config);
    let one = one_of(segment, &size);
    let is_full = tcb.ack.measure(&one, segment.flags, mss);
    if is_full && one.text != before {
        tcb.memory.full_segment(size.text, size.options(), tcb.receive.announced);
    }
    tcb.ack.held();
    tcb.memory.look_closely();
    tcb.tally.segments_beyond_gaps += u64::from(size.text.div_ceil(one.text.max(1)));
    let cost = tcb.memory.cost(size.text, size.options());
    match tcb.assembler.insert(segment.seq, core::mem::take(&mut segment.text), cost, tcb.memory.most()) {
        Ok(Held { mut run, is_taken, charge_before }) => {
            if tcb.peer_fin == Some(run.end) {
                run.end += 1;
            }
            if tcb.sack_report.grown(run) >= GATHERED_RANGES {
                tcb.ack.gathers_no_more();
            }
            if tcb.negotiated.sack && is_taken {
                // Without SACK the window must stay, or this were no duplicate acknowledgment (RFC 5681 section 2).
                recommend_window(common, tcb, &size, charge_before);
            }
            tcb.memory.reaches(tcb.assembler.reach(tcb.receive.nxt));
            ControlFlow::Continue(())
        }
        Err(_) => drop(DropReason::ReassemblyFull),
    }
}
