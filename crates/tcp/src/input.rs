//! What a segment means (RFC 9293 section 3.10.7).
//!
//! In: a segment that was looked up as this connection's. Out: a changed TCB, with intents for `output`;
//! nothing is sent here. The checks are those of section 3.10.7.4, one function each and in the RFC's
//! order; RFC 5961 and RFC 7323 stand where they belong in it. The third check, security and compartment,
//! is left out: nothing that carries them is in use (appendix A.1).

mod ack;
pub(crate) mod challenge;
mod fin;
mod no_connection;
mod reset;
mod sequence;
mod syn;
pub(crate) mod syn_sent;
mod text;
mod urgent;

use core::ops::ControlFlow;

use bytes::Bytes;
use synfin_wire::{Ecn, Flags, Instant, SeqNumber, TcpHeader, WindowSize};

use crate::connection::Common;
use crate::connection::tcb::Tcb;
use crate::connection::user_timeout;
use crate::incoming::Incoming;
use crate::receive::ecn::Arrival;
use crate::receive::window;
use synfin_wire::reason::{CloseReason, DropReason, SendReason};

pub use no_connection::no_connection;
pub(crate) use text::take_syn_text;

/// Why the walk through the checks ended early, or what a timer concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The segment is discarded.
    Dropped(DropReason),
    /// The connection is CLOSED.
    Close(CloseReason),
    /// The connection is CLOSED, and the peer is told by an RST.
    Reset(CloseReason, SendReason),
}

type Step<Next = ()> = ControlFlow<Stop, Next>;

/// A segment of which the first check has left only what lies in the window.
#[derive(Debug)]
struct InWindow<'a> {
    header: &'a TcpHeader,
    /// The number of the first octet of the text, and the one behind the last.
    seq: SeqNumber,
    end: SeqNumber,
    /// The text itself, until the seventh check takes it.
    text: Bytes,
    /// How much text it came with, octets: what is measured of the peer's segments.
    sent_len: u32,
    /// SYN and FIN only where they lie in the window.
    flags: Flags,
    /// SEG.WND, scaled.
    window: WindowSize,
    ecn: Ecn,
    segment_size: Option<u16>,
    arrived: Instant,
}

impl InWindow<'_> {
    /// How much text there is, octets.
    fn text_len(&self) -> u32 {
        self.end.octets_since(self.seq)
    }
}

/// Takes a segment through the eight checks.
pub(crate) fn synchronized(common: &mut Common, tcb: &mut Tcb, incoming: &mut Incoming) -> Result<(), Stop> {
    match walk(common, tcb, incoming) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(stop) => Err(stop),
    }
}

fn walk(common: &mut Common, tcb: &mut Tcb, incoming: &mut Incoming) -> Step {
    tcb.tally.segments_received += 1;
    tcb.tally.text_segments_received += u64::from(!incoming.segment.payload.is_empty());
    let mut segment = sequence::check(common, tcb, incoming)?;
    reset::check(common, tcb, &segment)?;
    syn::check(common, tcb, &segment)?;
    heard(common, tcb, &segment);
    congestion_marks(common, tcb, &segment);
    ack::check(common, tcb, &segment)?;
    // Every acknowledgment that is taken lets go what waited for the user (Linux does so, too), whatever becomes of the text.
    tcb.intents.more_to_come = false;
    tcb.intents.room_check = true;
    sequence::remember_timestamp(tcb, &segment);
    user_timeout::check(common, tcb, segment.header);
    urgent::check(common, tcb, &segment);
    text::process(common, tcb, &mut segment)?;
    fin::check(common, tcb, &segment)?;
    let opens = tcb.ack.due().is_none() && tcb.ack.has_second_segment() && window_stays(tcb);
    let gathering = tcb.gap_ack_gathering(&common.config);
    let pace = tcb.pace(common, segment.arrived);
    tcb.ack.decide(opens, gathering, &mut tcb.timers, &pace);
    ControlFlow::Continue(())
}

/// Whether an acknowledgment would announce as large a window as the last one did.
fn window_stays(tcb: &mut Tcb) -> bool {
    let room = tcb.room();
    if room.is_short() {
        tcb.ack.no_hurry();
    }
    window::select(&tcb.receive, &room) >= tcb.receive.announced
}

/// The peer is there: probes count from here on (RFC 9293 section 3.8.4). What acknowledges less than is acknowledged
/// already may have been long on its way, and what acknowledges more than was sent is not the peer's: neither proves it.
fn heard(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    let ack = segment.header.ack;
    if ack.before(tcb.send.una) || ack.after(tcb.send.nxt) {
        return;
    }
    tcb.last_heard = segment.arrived;
    tcb.probes = 0;
    tcb.probing_since = None;
    if let Some(quiet_until) = user_timeout::quiet_until(common, tcb, segment.arrived) {
        tcb.timers.set(crate::timer::Timer::KeepAlive, quiet_until);
    }
}

/// Counts how it came (RFC 9768 section 3.2.2; RFC 3168 section 6.1.3). One with much text is several that a device
/// has put together.
fn congestion_marks(common: &Common, tcb: &mut Tcb, segment: &InWindow) {
    let octets = segment.text_len();
    let size = segment.segment_size.unwrap_or(common.config.own_mss()).max(1);
    let arrival = Arrival { ecn: segment.ecn, flags: segment.flags, octets, segment_size: size.into() };
    if tcb.ecn.arrived(&arrival) {
        tcb.ack.at_once(SendReason::EcnAck);
    }
}

/// Ends the walk: the segment is discarded.
fn drop<Next>(reason: DropReason) -> Step<Next> {
    ControlFlow::Break(Stop::Dropped(reason))
}

#[cfg(test)]
mod tests;
