//! What was sent again for nothing, or doubled on the way: its receiver says that it has come twice (RFC 2883), or answers
//! what was sent first (RFC 3522).

use std::collections::VecDeque;
use std::time::Duration;

use synfin_ladder::Side;
use synfin_wire::tcp::SackRange;
use synfin_wire::{Instant, SeqNumber, TcpHeader, Timestamps};

use crate::lost::{answers_older, is_before};
use crate::packet::Packet;

/// So many retransmissions of a side are remembered, in case they were for nothing, and as many doubled packets.
const MOST: usize = 32;

/// By side of the sender.
#[derive(Debug, Default)]
pub(super) struct Copies([Sent; 2]);

#[derive(Debug, Default)]
struct Sent {
    again: VecDeque<Copy>,
    /// There were more than are remembered.
    is_incomplete: bool,
    /// What stands in the capture twice.
    doubled: VecDeque<Copy>,
}

/// A packet that went again, or that was seen again.
#[derive(Clone, Copy, Debug)]
struct Copy {
    frame: u64,
    at: Instant,
    range: SackRange,
    stamps: Option<Timestamps>,
    /// It was told that it was for nothing.
    is_told: bool,
    /// Its receiver has said so.
    is_reported: bool,
}

/// Why something has come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twice {
    /// It was sent again, in this frame; it was told, or not yet.
    Again { frame: u64, is_told: bool },
    /// It stands in the capture twice.
    Doubled { frame: u64 },
    /// The capture shows it once.
    Once,
    /// It may have gone again: not all of that is remembered.
    Forgotten,
}

impl Copies {
    pub(super) fn sends_again(&mut self, from: Side, packet: &Packet<'_>, is_told: bool) {
        let sent = &mut self.0[from.index()];
        sent.is_incomplete |= remember(&mut sent.again, Copy { is_told, ..Copy::of(packet) });
    }

    pub(super) fn doubles(&mut self, from: Side, packet: &Packet<'_>) {
        remember(&mut self.0[from.index()].doubled, Copy::of(packet));
    }

    /// The receiver takes what was outstanding first, `una`, and perhaps more: the frames of what went again meanwhile,
    /// and turns out to have been for nothing.
    pub(super) fn acknowledged(&mut self, sender: Side, una: SeqNumber, header: &TcpHeader) -> Vec<u64> {
        let is_outrun =
            |copy: &&mut Copy| answers_older(header.ack, &header.options, una, copy.range, copy.stamps);
        let in_vain = self.0[sender.index()].again.iter_mut().filter(|copy| !copy.is_told).filter(is_outrun);
        let told = |copy: &mut Copy| {
            copy.is_told = true;
            copy.frame
        };
        in_vain.map(told).collect()
    }

    /// The receiver ends the connection, and says that it had all up to there: the frames of what went again less than
    /// `trip` before, which nobody can have waited for.
    pub(super) fn reset(&mut self, sender: Side, packet: &Packet<'_>, trip: Option<Duration>) -> Vec<u64> {
        let header = &packet.header;
        let soon = trip.unwrap_or_default();
        let is_too_soon = |copy: &&mut Copy| {
            !copy.is_told && copy.range.end.at_or_before(header.ack) && packet.at - copy.at < soon
        };
        let in_vain = self.0[sender.index()].again.iter_mut().filter(is_too_soon);
        let told = |copy: &mut Copy| {
            copy.is_told = true;
            copy.frame
        };
        in_vain.map(told).collect()
    }

    /// A packet comes that was overtaken: what went again for it meanwhile was for nothing.
    pub(super) fn comes_late(&mut self, from: Side, packet: &Packet<'_>) -> Option<u64> {
        let late = Copy::of(packet);
        let is_younger = |copy: &Copy| {
            copy.stamps.zip(late.stamps).is_some_and(|(copy, late)| is_before(late.value, copy.value))
        };
        let again = &mut self.0[from.index()].again;
        let copy =
            again.iter_mut().find(|copy| !copy.is_told && copy.touches(late.range) && is_younger(copy))?;
        copy.is_told = true;
        Some(copy.frame)
    }

    /// The receiver says that this came twice. Each copy explains that once, the newest first.
    pub(super) fn came_twice(&mut self, sender: Side, range: SackRange) -> Twice {
        let sent = &mut self.0[sender.index()];
        let touching = |copy: &&mut Copy| copy.touches(range);
        let mut again: Vec<_> = sent.again.iter_mut().rev().filter(touching).collect();
        if let Some(copy) = again.iter_mut().find(|copy| !copy.is_reported) {
            copy.is_reported = true;
            return Twice::Again { frame: copy.frame, is_told: std::mem::replace(&mut copy.is_told, true) };
        }
        if let Some(copy) = again.first() {
            return Twice::Again { frame: copy.frame, is_told: true };
        }
        match sent.doubled.iter_mut().filter(touching).find(|copy| !copy.is_reported) {
            Some(copy) => {
                copy.is_reported = true;
                Twice::Doubled { frame: copy.frame }
            }
            None if sent.is_incomplete => Twice::Forgotten,
            None => Twice::Once,
        }
    }
}

impl Copy {
    fn of(packet: &Packet<'_>) -> Self {
        let (start, end) = (packet.header.seq, packet.header.seq + packet.sequence_length());
        Self {
            frame: packet.frame,
            at: packet.at,
            range: SackRange { start, end },
            stamps: packet.header.options.timestamps,
            is_told: false,
            is_reported: false,
        }
    }

    fn touches(&self, range: SackRange) -> bool {
        self.range.start.before(range.end) && range.start.before(self.range.end)
    }
}

/// Whether one had to be forgotten for it.
fn remember(copies: &mut VecDeque<Copy>, copy: Copy) -> bool {
    let is_full = copies.len() == MOST;
    if is_full {
        copies.pop_front();
    }
    copies.push_back(copy);
    is_full
}
