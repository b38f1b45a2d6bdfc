//! One direction of a connection, and the rules about its next segment.

use synfin_ladder::{Mark, Marks};
use synfin_wire::{Instant, SeqNumber};

use super::unacked::{Sent, Unacked};
use super::{Observed, Packet, Seen};

/// How a window field is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Scale {
    /// No SYN was seen.
    #[default]
    Unknown,
    /// A SYN without the option.
    Absent,
    /// A shift count.
    Shift(u8),
}

/// What is known of one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// The number that relative ones count from.
    pub(super) first: Option<SeqNumber>,
    /// The highest number behind what was seen, and the segment that brought it.
    pub(super) next: Option<SeqNumber>,
    pub(super) next_frame: u64,
    pub(super) next_at: Instant,
    /// The highest number that may be acknowledged: behind what was seen without a gap.
    pub(super) to_be_acked: Option<SeqNumber>,
    /// Since its acknowledgment number last changed, it has sent a duplicate acknowledgment, or has had one of more than
    /// was seen of it.
    repeats_itself: bool,
    /// The second of these.
    pub(super) acked_unseen: bool,
    /// The last acknowledgment number that it sent.
    pub(super) last_ack: SeqNumber,
    pub(super) last_ack_at: Instant,
    pub(super) last_non_duplicate: u64,
    pub(super) duplicates: u32,
    /// The window field of its last segment, and what that means in octets.
    pub(super) window: u16,
    window_octets: u32,
    pub(super) scale: Scale,
    /// The marks of its last segment.
    pub(super) last_marks: Marks,
    /// Octets that its last segment reports as received beyond the acknowledgment number.
    pub(super) sack: u32,
    /// Octets in flight cannot be told.
    pub(super) holes: bool,
    pub(super) fast_open_text: bool,
    pub(super) unacked: Unacked,
}

impl Flow {
    /// It sends a segment, of which the first sets where numbers count from. True for a SYN-ACK with
    /// another initial number than was known.
    pub(super) fn begin(&mut self, seen: &Seen) -> bool {
        let flags = seen.flags;
        let first = if flags.syn() { seen.seq } else { seen.seq - 1 };
        let other = flags.syn() && flags.ack() && self.first.is_some_and(|known| known != first);
        if other || self.first.is_none() {
            self.first = Some(first);
        }
        other
    }

    /// It receives one: an acknowledgment tells of its numbers.
    pub(super) fn begin_as_receiver(&mut self, seen: &Seen) {
        if self.first.is_none() && seen.flags.ack() {
            self.first = Some(seen.ack - 1);
        }
    }

    /// A SYN tells whether windows are scaled: only if both ends offer it (RFC 7323 section 2.2). One that comes later,
    /// without the option, takes nothing back.
    pub(super) fn settle_scales(packet: &Packet<'_>, sender: &mut Self, receiver: &mut Self) {
        match packet.header.options.window_scale {
            Some(_) if packet.header.flags.ack() && receiver.scale == Scale::Absent => {
                sender.scale = Scale::Absent
            }
            Some(shift) => sender.scale = Scale::Shift(shift),
            None if sender.scale == Scale::Unknown => {
                (sender.scale, receiver.scale) = (Scale::Absent, Scale::Absent)
            }
            None => {}
        }
    }

    /// Whether its segment begins where the last one ended.
    fn continues_at(&self, seq: SeqNumber) -> bool {
        self.next.unwrap_or_default() == seq
    }

    /// A window field of this direction, in octets: that of a SYN is never scaled (RFC 7323 section 2.2).
    fn octets(&self, seen: &Seen) -> u32 {
        match self.scale {
            Scale::Shift(shift) if !seen.flags.syn() => u32::from(seen.window) << shift.min(14),
            Scale::Shift(_) | Scale::Absent | Scale::Unknown => seen.window.into(),
        }
    }

    /// The right edge of the window that it announced.
    fn window_edge(&self) -> Option<SeqNumber> {
        (self.scale != Scale::Unknown).then(|| self.last_ack + self.window_octets)
    }

    /// "ACKed segment that wasn't captured": this one received an acknowledgment of what it did not send. Where there is
    /// no gap in what was seen of it, this is said once for each acknowledgment number that it sends.
    pub(super) fn mark_ack_of_unseen(&mut self, seen: &Seen, marks: &mut Marks) {
        let (Some(next), Some(highest)) = (self.next, self.to_be_acked) else { return };
        let gap = next.after(highest);
        if !seen.flags.ack() || !seen.ack.after(highest) || self.repeats_itself && !gap {
            return;
        }
        marks.insert(Mark::AckLostSegment);
        self.repeats_itself |= !gap;
        self.acked_unseen |= !gap;
        self.to_be_acked = Some(next);
    }

    /// It has sent the segment: what is expected of it next.
    pub(super) fn advance(&mut self, seen: &Seen, marks: Marks) {
        let end = seen.end();
        if seen.takes_numbers() {
            self.unacked.push(Sent { seq: seen.seq, end, frame: seen.frame, at: seen.at });
        }
        let probe = marks.contains(Mark::ZeroWindowProbe);
        self.repeats_itself |= marks.contains(Mark::DuplicateAck);
        if self.next.is_none_or(|next| end.after(next)) && !probe {
            self.next = Some(end);
            self.next_frame = seen.frame;
            self.next_at = seen.at;
        }
        // What fills the first gap is taken to fill all of them.
        if self.to_be_acked.is_none_or(|highest| seen.seq == highest) && !probe {
            self.to_be_acked = self.next;
        }
        self.window = seen.window;
        self.window_octets = self.octets(seen);
        if seen.ack != self.last_ack {
            self.duplicates = 0;
            self.repeats_itself = false;
            self.acked_unseen = false;
            self.last_non_duplicate = seen.frame;
        }
        self.last_ack = seen.ack;
        self.last_ack_at = seen.at;
        self.last_marks = marks;
    }

    /// An acknowledgment has come for what it sent.
    pub(super) fn acknowledge(&mut self, seen: &Seen, observed: &mut Observed) {
        if let Some(sent) = self.unacked.acknowledge(seen.ack) {
            observed.ack_rtt = Some(seen.at - sent.at);
            observed.acks_frame = Some(sent.frame);
        }
        if seen.flags.ack() {
            self.holes = false;
        }
    }

    /// What it has in flight, unless there are gaps in what was seen.
    pub(super) fn in_flight(&self, seen: &Seen, delivered: u32) -> Option<u32> {
        if seen.len == 0 || self.holes {
            return None;
        }
        let octets = self
            .unacked
            .span(self.first?)?
            .checked_sub(delivered.saturating_add(u32::from(seen.opens_or_closes())))?;
        (octets > 0).then_some(octets)
    }
}

/// Octets that an acknowledgment reports beyond its number, as tshark counts them: of four ranges it leaves out the last.
pub(super) fn sacked(packet: &Packet<'_>) -> u32 {
    let ranges = packet.header.options.sack.iter().take(3);
    ranges.fold(0, |octets, range| octets.saturating_add(range.end.octets_since(range.start)))
}

/// Window and keep-alive: what is told from the sender's next number and both windows. True where nothing is left to be
/// asked about duplicates.
pub(super) fn mark_by_sender(
    seen: &Seen,
    sender: &mut Flow,
    receiver: &Flow,
    observed: &mut Observed,
) -> bool {
    let marks = &mut observed.marks;
    let in_order = sender.continues_at(seen.seq);
    if seen.len == 1 && in_order && receiver.next.is_some() && receiver.window == 0 {
        marks.insert(Mark::ZeroWindowProbe);
        return true;
    }
    if seen.window == 0 && seen.is_plain() {
        marks.insert(Mark::ZeroWindow);
    }
    if sender.next.is_some_and(|next| seen.seq.after(next)) && !seen.flags.rst() {
        marks.insert(Mark::LostSegment);
        sender.holes = true;
    }
    if !seen.is_plain() {
        return true;
    }
    if seen.len <= 1 && sender.next.is_some_and(|next| seen.seq == next - 1) {
        marks.insert(Mark::KeepAlive);
    }
    let same_ack = seen.len == 0 && in_order && seen.ack == sender.last_ack;
    if same_ack && seen.window != 0 && seen.window != sender.window {
        marks.insert(Mark::WindowUpdate);
    }
    if seen.len > 0 && receiver.window_edge() == Some(seen.seq + seen.len) {
        marks.insert(Mark::WindowFull);
    }
    let same_window = seen.window == sender.window;
    if same_ack && same_window && seen.window != 0 && receiver.last_marks.contains(Mark::KeepAlive) {
        marks.insert(Mark::KeepAliveAck);
        return true;
    }
    if seen.len == 0
        && in_order
        && seen.window == 0
        && same_window
        && seen.ack == sender.last_ack
        && receiver.last_marks.contains(Mark::ZeroWindowProbe)
    {
        marks.insert(Mark::ZeroWindowProbeAck);
        return true;
    }
    false
}

/// The same acknowledgment again.
pub(super) fn mark_duplicate(seen: &Seen, sender: &mut Flow, observed: &mut Observed) {
    if seen.len == 0
        && seen.window != 0
        && seen.window == sender.window
        && sender.continues_at(seen.seq)
        && seen.ack == sender.last_ack
    {
        sender.duplicates += 1;
        observed.marks.insert(Mark::DuplicateAck);
        observed.duplicate_ack = Some((sender.duplicates, sender.last_non_duplicate));
    }
}
