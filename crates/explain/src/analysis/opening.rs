//! How a connection opens: the initial round trip, Fast Open, and how much of a connection was captured.

use std::time::Duration;

use synfin_ladder::{Mark, Marks};
use synfin_wire::Instant;

use super::flow::Flow;
use super::{Packet, Seen};

const SYN: u8 = 1;
const SYN_ACK: u8 = 2;
const ACK: u8 = 4;
const DATA: u8 = 8;
const FIN: u8 = 16;
const RST: u8 = 32;

/// What is known of the opening.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    syn_at: Option<Instant>,
    initial_rtt: Option<Duration>,
    completeness: u8,
    begun: bool,
    /// What the first segment adds when there is a second.
    withheld: u8,
}

impl Opening {
    /// A SYN opens it, and there was a connection before.
    pub(super) fn on_reused_ports() -> Self {
        Self { completeness: SYN, begun: true, ..Self::default() }
    }

    pub(super) fn completeness(&self) -> u8 {
        self.completeness
    }

    pub(super) fn initial_rtt(&self) -> Option<Duration> {
        self.initial_rtt
    }

    pub(super) fn observe(&mut self, seen: &Seen) {
        self.complete(seen);
        if seen.flags.syn() && !seen.flags.ack() {
            self.syn_at = Some(seen.at);
        }
        if let Some(syn_at) = self.syn_at
            && self.initial_rtt.is_none()
            && !seen.flags.syn()
            && seen.flags.ack()
        {
            // At the same moment it is no measurement: the next one counts.
            self.initial_rtt = Some(seen.at - syn_at).filter(|span| !span.is_zero());
        }
    }

    fn complete(&mut self, seen: &Seen) {
        let flags = seen.flags;
        let first = !std::mem::replace(&mut self.begun, true);
        self.completeness |= std::mem::take(&mut self.withheld);
        if flags.syn() && !flags.ack() {
            // A SYN counts only as the first of all, and its text not where ports are used again.
            self.completeness |= if first { SYN } else { 0 };
            self.completeness |= if first && seen.len > 0 { DATA } else { 0 };
            return;
        }
        let signs = [
            (SYN_ACK, flags.syn() && flags.ack()),
            (ACK, flags.ack() && !flags.syn() && seen.len == 0),
            (DATA, flags.ack() && seen.len > 0),
            (FIN, flags.ack() && flags.fin()),
            (RST, flags.rst()),
        ];
        let bits = signs.iter().filter(|(_, there)| *there).fold(0, |bits, (bit, _)| bits | bit);
        // A connection of which one segment was seen that opens nothing has none.
        if first {
            self.withheld = bits;
        } else {
            self.completeness |= bits;
        }
    }
}

/// Fast Open (RFC 7413): a SYN with a cookie and text, and what the SYN-ACK makes of the text.
pub(super) fn fast_open(
    seen: &Seen,
    packet: &Packet<'_>,
    sender: &mut Flow,
    receiver: &Flow,
    marks: &mut Marks,
) {
    if !seen.flags.syn() {
        return;
    }
    if !seen.flags.ack() {
        if packet.header.options.fast_open.is_some_and(|option| !option.cookie.is_request()) {
            sender.fast_open_text = seen.len > 0;
            marks.insert(Mark::TfoSyn);
        }
    } else if receiver.first.is_some_and(|first| seen.ack != first + 1) {
        marks.insert(Mark::TfoAck);
    } else if receiver.fast_open_text {
        marks.insert(Mark::TfoIgnored);
    }
}
