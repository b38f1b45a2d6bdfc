//! One segment on its way from one end to the other.

use std::time::Duration;

use synfin_wire::{DropReason, Flags, Instant, Note, SeqNumber, TcpOptions};

use super::end::Side;
use super::marks::Marks;
use super::states::{Certainty, StateSet, Window};
use crate::reason::Reason;

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its receiver has it.
    Arrived,
    /// It never came there.
    Lost,
    /// It came there and was discarded.
    Dropped(DropReason),
    /// Nothing tells.
    Unknown,
}

/// One segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The number of its frame in the capture, from 1.
    pub frame: u64,
    /// When it was seen, counted from the first frame of the capture.
    pub at: Instant,
    /// Who sent it.
    pub from: Side,
    /// SEG.SEQ.
    pub seq: SeqNumber,
    /// SEG.ACK; counts only with the ACK flag.
    pub ack: SeqNumber,
    /// The same two counted from each end's first number.
    pub relative: (u32, u32),
    /// The control bits.
    pub flags: Flags,
    /// Octets of text.
    pub len: u32,
    /// The window field as it stands in the header.
    pub window: u16,
    /// The window in octets, where the scale is known.
    pub window_octets: Option<u32>,
    /// The urgent pointer; counts only with the URG flag.
    pub urgent_pointer: u16,
    /// The options.
    pub options: TcpOptions,
    /// How many segments of the path it stands for, when the capture shows them as one (GRO, TSO); 1 otherwise.
    pub segments: u16,
    /// Why it was sent.
    pub reason: Reason,
    /// How well that is known.
    pub certainty: Certainty,
    /// The frame that brought it about: what it acknowledges, answers or repeats.
    pub because: Option<u64>,
    /// The states of both ends once it was seen here.
    pub states: [StateSet; 2],
    /// What Wireshark would note on it.
    pub marks: Marks,
    /// From the segment that it acknowledges to here.
    pub ack_rtt: Option<Duration>,
    /// Octets that its sender has in flight with it.
    pub in_flight: Option<u32>,
    /// What became of it.
    pub fate: Fate,
    /// When it came to its receiver.
    pub arrival: Window,
    /// What the capture says of it in a comment.
    pub comment: Option<String>,
    /// The note that the comment begins with, where notes are believed; nothing is noted in it otherwise.
    pub note: Note,
}

impl Step {
    /// The comment without the note that it begins with: what is not told elsewhere.
    #[must_use]
    pub fn remark(&self) -> Option<&str> {
        let comment = self.comment.as_deref()?;
        let read = if self.note.is_empty() { None } else { Note::read(comment) };
        let remark = read.map_or(comment, |(_, behind)| behind);
        (!remark.is_empty()).then_some(remark)
    }

    /// SEG.LEN: the sequence numbers that it takes.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.flags.syn()) + u32::from(self.flags.fin())
    }

    /// The number behind the last one that it takes.
    #[must_use]
    pub fn end(&self) -> SeqNumber {
        self.seq + self.sequence_length()
    }
}

#[cfg(test)]
mod tests;
