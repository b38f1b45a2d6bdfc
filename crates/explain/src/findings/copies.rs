//! What has come to its receiver twice, as that says itself (RFC 2883): sent again for nothing, or doubled on the way.

use std::collections::VecDeque;

use synfin_ladder::Side;
use synfin_wire::tcp::SackRange;

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
    range: SackRange,
    /// It was told that it was for nothing.
    is_told: bool,
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

    /// The receiver says that this came twice. Each copy explains that once.
    pub(super) fn came_twice(&mut self, sender: Side, range: SackRange) -> Twice {
        let sent = &mut self.0[sender.index()];
        let touching = |copies: &mut VecDeque<Copy>, is_told: bool| {
            let found = copies.iter_mut().find(|copy| copy.touches(range) && copy.is_told == is_told)?;
            found.is_told = true;
            Some(found.frame)
        };
        if let Some(frame) = touching(&mut sent.again, false) {
            return Twice::Again { frame, is_told: false };
        }
        if let Some(frame) = touching(&mut sent.again, true) {
            return Twice::Again { frame, is_told: true };
        }
        match touching(&mut sent.doubled, false) {
            Some(frame) => Twice::Doubled { frame },
            None if sent.is_incomplete => Twice::Forgotten,
            None => Twice::Once,
        }
    }
}

impl Copy {
    fn of(packet: &Packet<'_>) -> Self {
        let (start, end) = (packet.header.seq, packet.header.seq + packet.sequence_length());
        Self { frame: packet.frame, range: SackRange { start, end }, is_told: false }
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
