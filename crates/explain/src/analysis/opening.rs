//! How a connection opens: the initial round trip, Fast Open, and how much of a connection was captured.

use std::time::Duration;

use synfin_ladder::{Mark, Marks, Side};
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
}

impl Opening {
    pub(super) fn completeness(&self) -> u8 {
        self.completeness
    }

    pub(super) fn initial_rtt(&self) -> Option<Duration> {
        self.initial_rtt
    }

    pub(super) fn observe(&mut self, _side: Side, seen: &Seen, sender: &Flow, receiver: &Flow) {
        self.complete(seen);
        if seen.flags.syn() && !seen.flags.ack() {
            self.syn_at = Some(seen.at);
        }
        let is_first = |number, flow: &Flow| flow.first.is_some_and(|first| first + 1 == number);
        if let Some(syn_at) = self.syn_at
            && self.initial_rtt.is_none()
            && !seen.flags.syn()
            && seen.flags.ack()
            && is_first(seen.seq, sender)
            && is_first(seen.ack, receiver)
        {
            self.initial_rtt = Some(seen.at - syn_at);
        }
    }

    fn complete(&mut self, seen: &Seen) {
        let flags = seen.flags;
        self.completeness |= match (flags.syn(), flags.ack()) {
            (true, true) => SYN_ACK,
            (true, false) => SYN,
            (false, _) => 0,
        };
        if flags.ack() && !flags.syn() && !flags.rst() && !flags.fin() && seen.len == 0 {
            self.completeness |= ACK;
        }
        if seen.len > 0 {
            self.completeness |= DATA;
        }
        if flags.fin() {
            self.completeness |= FIN;
        }
        if flags.rst() {
            self.completeness |= RST;
        }
    }
}

/// Fast Open (RFC 7413): a SYN with a cookie and text, and what the SYN-ACK makes of the text.
pub(super) fn fast_open(seen: &Seen, packet: &Packet<'_>, sender: &mut Flow, receiver: &Flow, marks: &mut Marks) {
    if !seen.flags.syn() {
        return;
    }
    if !seen.flags.ack() {
        if packet.header.options.fast_open.is_some_and(|option| !option.cookie.is_request()) && seen.len > 0 {
            sender.fast_open_text = true;
            marks.insert(Mark::TfoSyn);
        }
    } else if receiver.fast_open_text {
        let text_counts = receiver.next.is_some_and(|next| next == seen.ack);
        marks.insert(if text_counts { Mark::TfoAck } else { Mark::TfoIgnored });
    }
}
