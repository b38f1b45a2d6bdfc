//! What Wireshark would note on each segment of a connection.
//!
//! What comes in: the segments of one connection, in the order of the capture. What goes out, of each: the marks that
//! people know as `tcp.analysis.*`, round trips, octets in flight; and `tcp.completeness`. The conditions are those of
//! the Wireshark User's Guide, section 7.5, in its order, and where the guide is silent, what tshark 4.0 does with its
//! default preferences. A mark says what a segment looks like from the point of capture, no more: what was really lost
//! is for other modules to infer.
//!
//! Left out on purpose: preferences; Multipath TCP.

use std::time::Duration;

use synfin_ladder::{Mark, Marks, Side};
use synfin_wire::{Flags, Instant, SeqNumber};

use crate::packet::Packet;

mod flow;
mod opening;
mod resent;
mod unacked;

use flow::Flow;
use opening::Opening;

/// What is noted on one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The marks.
    pub marks: Marks,
    /// From the segment that it acknowledges to here.
    pub ack_rtt: Option<Duration>,
    /// The frame of that segment.
    pub acks_frame: Option<u64>,
    /// Octets that its sender has in flight with it.
    pub in_flight: Option<u32>,
    /// From the SYN to the ACK of the SYN-ACK, on each segment once it is known.
    pub initial_rtt: Option<Duration>,
    /// Of a retransmission: how long ago, and in which frame, the sender last sent something.
    pub rto: Option<(Duration, u64)>,
    /// Of a duplicate acknowledgment: its number among its like, from 1, and the frame that had it first.
    pub duplicate_ack: Option<(u32, u64)>,
}

/// Notes on the segments of one connection.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    flows: [Flow; 2],
    opening: Opening,
    /// Its first segment is yet to come, and an older connection had the same ports.
    reused: bool,
}

/// A segment as the rules see it.
#[derive(Clone, Copy)]
struct Seen {
    frame: u64,
    at: Instant,
    seq: SeqNumber,
    ack: SeqNumber,
    flags: Flags,
    len: u32,
    /// As it stands in the header.
    window: u16,
}

impl Seen {
    fn new(packet: &Packet<'_>) -> Self {
        let header = &packet.header;
        Self {
            frame: packet.frame,
            at: packet.at,
            seq: header.seq,
            ack: header.ack,
            flags: header.flags,
            len: packet.len,
            window: header.window,
        }
    }

    /// None of SYN, FIN and RST, which most rules demand.
    fn is_plain(&self) -> bool {
        self.flags.bits() & (Flags::SYN | Flags::FIN | Flags::RST).bits() == 0
    }

    fn opens_or_closes(&self) -> bool {
        self.flags.syn() || self.flags.fin()
    }

    /// Whether it takes sequence numbers.
    fn takes_numbers(&self) -> bool {
        self.len > 0 || self.opens_or_closes()
    }

    /// The number behind its last; SYN and FIN together count as one.
    fn end(&self) -> SeqNumber {
        self.seq + self.len + u32::from(self.opens_or_closes())
    }
}

impl Analysis {
    /// For a connection on the ports of an older one.
    #[must_use]
    pub fn on_reused_ports() -> Self {
        Self { reused: true, opening: Opening::on_reused_ports(), ..Self::default() }
    }

    /// Whether a segment with the same addresses and ports opens another connection than this.
    #[must_use]
    pub fn is_new_connection(&self, side: Side, packet: &Packet<'_>) -> bool {
        let flags = packet.header.flags;
        let first = self.flows[side.index()].first;
        flags.syn() && !flags.ack() && first.is_some_and(|first| first != packet.header.seq)
    }

    /// `tcp.completeness`: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    #[must_use]
    pub fn completeness(&self) -> u8 {
        self.opening.completeness()
    }

    /// Takes the next segment, which `side` sent.
    pub fn observe(&mut self, side: Side, packet: &Packet<'_>) -> Observed {
        let seen = Seen::new(packet);
        let mut observed = Observed::default();
        if std::mem::take(&mut self.reused) {
            observed.marks.insert(Mark::ReusedPorts);
        }
        let [left, right] = &mut self.flows;
        let (sender, receiver) = match side {
            Side::Left => (left, right),
            Side::Right => (right, left),
        };
        if sender.begin(&seen) {
            observed.marks.insert(Mark::ReusedPorts);
        }
        receiver.begin_as_receiver(&seen);
        if seen.flags.syn() {
            Flow::settle_scales(packet, sender, receiver);
        }
        let round_trip = self.opening.initial_rtt();
        self.opening.observe(&seen);
        observed.initial_rtt = self.opening.initial_rtt();
        opening::fast_open(&seen, packet, sender, receiver, &mut observed.marks);

        if !flow::mark_by_sender(&seen, sender, receiver, &mut observed) {
            flow::mark_duplicate(&seen, sender, &mut observed);
        }
        receiver.mark_ack_of_unseen(&seen, &mut observed.marks);
        resent::mark(&seen, sender, receiver, round_trip, &mut observed);
        sender.advance(&seen, observed.marks);
        receiver.acknowledge(&seen, &mut observed);
        sender.sack = flow::sacked(packet);
        observed.in_flight = sender.in_flight(&seen, receiver.sack);
        observed
    }
}

#[cfg(test)]
mod tests;
