//! Text that differs from other text with the same numbers: a receiver takes what comes first, and whoever made up the one
//! or the other knows which that is (RFC 5961 section 1.1, RFC 9293 section 3.10.7.4).

use std::collections::VecDeque;

use synfin_ladder::Side;
use synfin_wire::SeqNumber;

use crate::packet::{Packet, Print};

/// So many segments of a side are compared with.
const KEPT: usize = 64;
/// A keep-alive probe may carry any octet (RFC 9293 section 3.8.4).
const LONGEST_PROBE: u32 = 1;

/// The last text of both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contradictions {
    sent: [VecDeque<Sent>; 2],
    /// Behind the last number of all the text of either side.
    ends: [Option<SeqNumber>; 2],
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    seq: SeqNumber,
    len: u32,
    print: Print,
}

impl Contradictions {
    /// Whether a packet's text is another than the one that bore its numbers before.
    pub(crate) fn found(&mut self, from: Side, packet: &Packet<'_>) -> bool {
        if packet.len <= LONGEST_PROBE || packet.print == Print::default() {
            return false;
        }
        let seq = packet.header.seq + u32::from(packet.header.flags.syn());
        let own = Sent { seq, len: packet.len, print: packet.print };
        let sent = &mut self.sent[from.index()];
        // What lies behind all of it has no numbers that were there before.
        let end = &mut self.ends[from.index()];
        let is_next = end.is_none_or(|end| seq.at_or_after(end));
        *end = Some(end.map_or(seq + own.len, |end| end.later(seq + own.len)));
        let mut same = sent.iter().rev().filter(|other| !is_next && other.seq == seq);
        if same.clone().any(|other| other.print.contradicts(own.print, other.len == own.len)) {
            return true;
        }
        if same.all(|other| other.len != own.len) {
            if sent.len() == KEPT {
                sent.pop_front();
            }
            sent.push_back(own);
        }
        false
    }
}
