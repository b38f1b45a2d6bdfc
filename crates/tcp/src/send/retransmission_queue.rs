//! What was sent and is not acknowledged, as ranges of sequence numbers with a history each.
//!
//! The octets themselves stay in the send buffer. A range is what one segment carried; a super-segment is
//! one range until an acknowledgment or a loss splits it. RFC 9293 section 3.4, RFC 6675 section 3.

use alloc::collections::VecDeque;

use synfin_wire::{Instant, SeqNumber};

/// The queue is cut by SACK ranges into no more pieces than one for so many octets, and a few: a peer that
/// reports every other octet must not make the queue larger than the data.
const OCTETS_A_PIECE: usize = 256;
const A_FEW_PIECES: usize = 64;

/// Numbers that were sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentRange {
    pub(crate) start: SeqNumber,
    /// The number behind the last one; the FIN's included.
    pub(crate) end: SeqNumber,
    /// When it was sent last.
    pub(crate) sent_at: Instant,
    /// How often it was sent again.
    pub(crate) retransmissions: u8,
    /// The peer holds it (RFC 2018).
    pub(crate) sacked: bool,
    /// It is believed lost and has not been sent again since.
    pub(crate) lost: bool,
}

impl SentRange {
    pub(crate) fn len(&self) -> u32 {
        self.end.octets_since(self.start)
    }
}

/// What an acknowledgment took off the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acknowledged {
    /// When the newest range that was sent only once had been sent: a sound RTT sample (Karn).
    pub(crate) sent_once_at: Option<Instant>,
    /// A range that had been sent more than once was among them.
    pub(crate) retransmitted: bool,
}

/// The ranges from SND.UNA to SND.NXT, oldest first, without a gap.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetransmissionQueue {
    ranges: VecDeque<SentRange>,
    sacked_octets: u32,
    lost_octets: u32,
}

impl RetransmissionQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    pub(crate) fn front(&self) -> Option<&SentRange> {
        self.ranges.front()
    }

    /// Octets that the peer holds beyond the acknowledgment number.
    pub(crate) fn sacked_octets(&self) -> u32 {
        self.sacked_octets
    }

    /// Octets believed lost and not yet sent again.
    pub(crate) fn lost_octets(&self) -> u32 {
        self.lost_octets
    }

    /// A range was sent for the first time.
    pub(crate) fn sent(&mut self, start: SeqNumber, end: SeqNumber, now: Instant) {
        debug_assert!(self.ranges.back().is_none_or(|last| last.end == start));
        self.ranges.push_back(SentRange {
            start,
            end,
            sent_at: now,
            retransmissions: 0,
            sacked: false,
            lost: false,
        });
    }

    /// The first lost range that is to be sent again.
    pub(crate) fn next_lost(&self) -> Option<&SentRange> {
        if self.lost_octets == 0 {
            return None;
        }
        self.ranges.iter().find(|range| range.lost)
    }

    /// `start..end`, the front of a lost range, was sent again.
    pub(crate) fn retransmitted(&mut self, start: SeqNumber, end: SeqNumber, now: Instant) {
        let Some(index) = self.index_of(start) else { return };
        self.split(index, end);
        let range = &mut self.ranges[index];
        range.sent_at = now;
        range.retransmissions = range.retransmissions.saturating_add(1);
        if range.lost {
            range.lost = false;
            self.lost_octets -= range.len();
        }
    }

    /// Everything before `ack` has arrived.
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber) -> Acknowledged {
        let mut outcome = Acknowledged::default();
        while let Some(front) = self.ranges.front() {
            if front.start.at_or_after(ack) {
                break;
            }
            if front.end.after(ack) {
                self.split(0, ack);
            }
            let Some(range) = self.ranges.pop_front() else { break };
            self.sacked_octets -= if range.sacked { range.len() } else { 0 };
            self.lost_octets -= if range.lost { range.len() } else { 0 };
            outcome.retransmitted |= range.retransmissions > 0;
            // What a SACK had reported earlier was measured then.
            if range.retransmissions == 0 && !range.sacked {
                outcome.sent_once_at = Some(range.sent_at);
            }
        }
        outcome
    }

    /// The peer reports that it holds `start..end`. Returns how many octets that is news for, and when
    /// the newest of those sent only once had been sent.
    pub(crate) fn sack(&mut self, start: SeqNumber, end: SeqNumber) -> (u32, Option<Instant>) {
        let mut news = 0;
        let mut sent_once_at = None;
        let mut index = self.ranges.partition_point(|range| range.end.at_or_before(start));
        while index < self.ranges.len() && self.ranges[index].start.before(end) {
            if self.ranges[index].sacked {
                index += 1;
                continue;
            }
            let may_cut = self.may_cut();
            if self.ranges[index].start.before(start) {
                if may_cut {
                    self.split(index, start);
                }
                index += 1;
                continue;
            }
            if self.ranges[index].end.after(end) && !may_cut {
                break;
            }
            self.split(index, end);
            let range = &mut self.ranges[index];
            range.sacked = true;
            news += range.len();
            self.sacked_octets += range.len();
            // After a timeout old reports come again: only the first tells a round trip.
            if range.retransmissions == 0 && !range.lost {
                sent_once_at = Some(range.sent_at);
            }
            if range.lost {
                range.lost = false;
                self.lost_octets -= range.len();
            }
            index += 1;
        }
        (news, sent_once_at)
    }

    /// The oldest `octets` that the peer does not hold are lost. Returns how many octets that is news for.
    pub(crate) fn mark_front_lost(&mut self, octets: u32) -> u32 {
        let Some(index) = self.ranges.iter().position(|range| !range.sacked) else { return 0 };
        let cut = self.ranges[index].start + octets;
        self.split(index, cut);
        self.mark_lost(index)
    }

    /// What was sent in segments of more than `mss` octets is lost. Returns how many octets that is news for.
    pub(crate) fn mark_longer_lost(&mut self, mss: u32) -> u32 {
        let longer = |range: &SentRange| range.len() > mss;
        (0..self.ranges.len())
            .map(|index| if longer(&self.ranges[index]) { self.mark_lost(index) } else { 0 })
            .sum()
    }

    /// What was sent once and lies below at least `octets` that the peer holds, or below that many `runs`
    /// of them, is lost (RFC 6675 section 4, IsLost). Returns how many octets that is news for.
    pub(crate) fn mark_lost_below_sacked(&mut self, octets: u32, runs: u32) -> u32 {
        let mut octets_above = 0;
        let mut runs_above = 0;
        let mut in_run = false;
        let mut news = 0;
        for index in (0..self.ranges.len()).rev() {
            let range = &self.ranges[index];
            if range.sacked {
                octets_above += range.len();
                runs_above += u32::from(!in_run);
                in_run = true;
                continue;
            }
            in_run = false;
            if range.retransmissions == 0 && (octets_above >= octets || runs_above >= runs) {
                if range.lost {
                    // Everything older was judged when this was.
                    break;
                }
                news += self.mark_lost(index);
            }
        }
        news
    }

    /// Everything is lost, and what the peer said it holds may be gone: the retransmission timer ran out
    /// (RFC 6298 section 5.4, RFC 2018 section 8).
    pub(crate) fn mark_all_lost(&mut self) {
        self.sacked_octets = 0;
        self.lost_octets = 0;
        for range in &mut self.ranges {
            range.sacked = false;
            range.lost = true;
            self.lost_octets += range.len();
        }
    }

    fn may_cut(&self) -> bool {
        let octets = match (self.ranges.front(), self.ranges.back()) {
            (Some(first), Some(last)) => last.end.octets_since(first.start) as usize,
            _ => 0,
        };
        self.ranges.len() < A_FEW_PIECES + octets / OCTETS_A_PIECE
    }

    fn mark_lost(&mut self, index: usize) -> u32 {
        let range = &mut self.ranges[index];
        if range.lost || range.sacked {
            return 0;
        }
        range.lost = true;
        self.lost_octets += range.len();
        range.len()
    }

    fn index_of(&self, start: SeqNumber) -> Option<usize> {
        let index = self.ranges.partition_point(|range| range.start.before(start));
        (index < self.ranges.len() && self.ranges[index].start == start).then_some(index)
    }

    /// Cuts the range at `index` in two at `at`, if `at` lies inside it.
    fn split(&mut self, index: usize, at: SeqNumber) {
        let range = &mut self.ranges[index];
        if !(at.after(range.start) && at.before(range.end)) {
            return;
        }
        let behind = SentRange { start: at, ..range.clone() };
        range.end = at;
        self.ranges.insert(index + 1, behind);
    }

    /// The ranges meet, and the sums are right.
    pub(crate) fn check_invariants(&self, una: SeqNumber, nxt: SeqNumber) {
        let mut expected = una;
        for range in &self.ranges {
            assert_eq!(range.start, expected, "the retransmission queue has a gap");
            assert!(range.end.after(range.start), "an empty range");
            assert!(!(range.sacked && range.lost), "held and lost at once");
            expected = range.end;
        }
        assert_eq!(expected, nxt, "the retransmission queue does not end at SND.NXT");
        let sum = |pick: fn(&SentRange) -> bool| -> u32 {
            self.ranges.iter().filter(|range| pick(range)).map(SentRange::len).sum()
        };
        assert_eq!(self.sacked_octets, sum(|range| range.sacked));
        assert_eq!(self.lost_octets, sum(|range| range.lost));
    }
}

#[cfg(test)]
mod tests;
