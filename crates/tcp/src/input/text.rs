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
use crate::span::Span;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};
use synfin_wire::tcp::sack_len;

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
    let mss = tcb.negotiated.largest_text(&common.config);
    let is_exhausted = common.pressure == MemoryPressure::Exhausted;
    if !tcb.inbox.is_empty() && (is_exhausted || !tcb.memory.takes_more(tcb.assembler.charge(), mss)) {
        return without_room(common, tcb);
    }
    if is_exhausted && segment.seq != tcb.receive.nxt {
        return drop(DropReason::NoRoom);
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
    let came_with = text.len();
    take(tcb, text, came_with);
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
    take(tcb, core::mem::take(&mut segment.text), segment.sent_len as usize);
    note_data(common, tcb, segment);
    heed_marks(common, tcb, segment);
    if !tcb.assembler.is_empty() || tcb.peer_fin.is_some() {
        fill_gap(tcb);
    }
    tcb.sack_report.acknowledged(tcb.receive.nxt);
    common.events.raise(Event::Readable);
}

/// What was held beyond a gap may be in order now; or it is the FIN that waits there.
#[cold]
fn fill_gap(tcb: &mut Tcb) {
    while let Some(bytes) = tcb.assembler.pop(tcb.receive.nxt) {
        let came_with = bytes.len();
        take(tcb, bytes, came_with);
    }
    tcb.ack.at_once(SendReason::GapFilledAck);
}

/// Puts text at RCV.NXT into the user's queue, of a segment that came with so much.
fn take(tcb: &mut Tcb, bytes: Bytes, came_with: usize) {
    let len = bytes.len();
    tcb.receive.advance(len as u32);
    tcb.tally.octets_received += len as u64;
    tcb.ack.advanced(len as u32);
    tcb.memory.queued(len, came_with);
    tcb.inbox.push(bytes);
}

/// What the segment tells of the peer: how large its segments are, how close together they come, and how
/// large a window they deserve.
fn note_data(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    let (now, text) = (segment.arrived, segment.sent_len);
    let mss = tcb.negotiated.largest_text(&common.config);
    let pace = tcb.pace(common, now);
    let window = tcb.receive.window();
    let variable = sack_option_len(segment);
    let before = tcb.ack.full_segment();
    let size = one_of(segment);
    let is_full = tcb.ack.data(size, segment.flags, mss, variable, &pace);
    if is_full && size != before {
        tcb.memory.full_segment(text, tcb.receive.announced);
    }
    receiver_rtt(common, tcb, segment, window);
    recommend_window(common, tcb, text);
}

/// What the peer's segments are like says how large a window is worth its memory.
fn recommend_window(common: &Common, tcb: &mut Tcb, text: u32) {
    let mss = tcb.negotiated.largest_text(&common.config);
    if common.pressure != MemoryPressure::None {
        tcb.memory.tighten(mss);
    } else if tcb.memory.grow_threshold(text, mss, tcb.ack.full_segment(), tcb.assembler.charge()) {
        tcb.ack.once_more();
    }
}

/// How large the segments are that the peer sent, where a device has put several together.
fn one_of(segment: &InWindow) -> u32 {
    let text = segment.sent_len;
    segment.segment_size.map_or(text, |size| text.min(size.into()))
}

/// What the SACK option of the segment takes, octets.
fn sack_option_len(segment: &InWindow) -> u32 {
    sack_len(segment.header.options.sack.len()) as u32
}

/// How the text came may say that the peer needs acknowledgments soon.
fn heed_marks(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    if tcb.ecn.text(segment.ecn) {
        tcb.ack.quicken(2, common.config.delayed_ack.into());
    }
}

/// The round trip as the receiver sees it: by the timestamp of ours that a full segment echoes, or else by
/// how long a window's worth of data took.
fn receiver_rtt(common: &Common, tcb: &mut Tcb, segment: &InWindow, window: u32) {
    let now = segment.arrived;
    match segment.header.options.timestamps.filter(|_| tcb.negotiated.timestamps) {
        Some(stamps) if segment.sent_len >= tcb.ack.full_segment() && stamps.echo != 0 => {
            let millis = common.identity.timestamp(now).wrapping_sub(stamps.echo);
            if millis < u32::MAX / 2 {
                tcb.memory.measured(Span::from_millis(millis.max(1).into()));
            }
        }
        Some(_) => {}
        None => tcb.memory.note_arrival(tcb.receive.nxt, window, now),
    }
}

/// SHLD-31: held for later, and acknowledged at once (MAY-13, RFC 5681 section 4.2).
#[cold]
fn beyond_a_gap(common: &Common, tcb: &mut Tcb, segment: &mut InWindow) -> Step {
    heed_marks(common, tcb, segment);
    let (text, before, held) = (segment.sent_len, tcb.ack.full_segment(), tcb.assembler.charge());
    let mss = tcb.negotiated.largest_text(&common.config);
    let size = one_of(segment);
    let is_full = tcb.ack.measure(size, segment.flags, mss, sack_option_len(segment));
    if is_full && size != before {
        tcb.memory.full_segment(text, tcb.receive.announced);
    }
    let gathering = tcb.gap_ack_gathering(&common.config);
    tcb.ack.beyond_a_gap(gathering, &mut tcb.timers, segment.arrived);
    tcb.tally.segments_beyond_gaps += u64::from(text.div_ceil(size.max(1)));
    match tcb.assembler.insert(segment.seq, core::mem::take(&mut segment.text), tcb.memory.most()) {
        Ok(mut run) => {
            if tcb.peer_fin == Some(run.end) {
                run.end += 1;
            }
            tcb.sack_report.grown(run);
            if tcb.negotiated.sack && tcb.assembler.charge() > held {
                // Without SACK the window must stay, or this were no duplicate acknowledgment (RFC 5681 section 2).
                recommend_window(common, tcb, text);
            }
            ControlFlow::Continue(())
        }
        Err(_) => drop(DropReason::ReassemblyFull),
    }
}
