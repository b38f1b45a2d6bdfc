//! What was sent and is not acknowledged, as ranges of sequence numbers with a history each.
//!
//! The octets themselves stay in the send buffer. A range is what was sent in one go; a super-segment is one
//! range until an acknowledgment or a loss splits it, and only ever between two of its segments. Counts are in
//! segments, as RFC 6675 and RFC 8985 count. RFC 9293 section 3.4, RFC 6675 section 3.

use alloc::collections::VecDeque;

use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::congestion::rate::RateStamp;

/// In more ranges than this the queue does not fall by what a peer reports, for each report walks along them and moves
/// those behind it.
const MOST_CUT: usize = 8192;

/// Numbers that were sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentRange {
    pub(crate) start: SeqNumber,
    /// The number behind the last one; the FIN's included.
    pub(crate) end: SeqNumber,
    /// The text of each of its segments but the last, octets.
    pub(crate) mss: u32,
    /// How many segments carry it.
    pub(crate) segments: u32,
    /// Its last segment carries PSH.
    pub(crate) push: bool,
    /// A record ends with it.
    pub(crate) ends_record: bool,
    /// When it was sent last.
    pub(crate) sent_at: Instant,
    /// How much had been delivered then.
    pub(crate) stamp: RateStamp,
    /// How often it was sent again.
    pub(crate) retransmissions: u8,
    /// The peer holds it (RFC 2018).
    pub(crate) sacked: bool,
    /// It is believed lost: its first transmission, or its latest.
    pub(crate) lost: bool,
    /// It was sent again, and that retransmission is believed to be in the network.
    pub(crate) resent: bool,
}

impl SentRange {
    pub(crate) fn len(&self) -> u32 {
        self.end.octets_since(self.start)
    }

    /// It waits to be sent again.
    pub(crate) fn is_due(&self) -> bool {
        self.lost && !self.resent
    }

    /// Its text, of a connection whose text ends at `text_end`, octets.
    fn text_len(&self, text_end: SeqNumber) -> u32 {
        self.end.earlier(text_end).octets_since(self.start)
    }

    /// Where its first `segments` segments end.
    fn end_of(&self, segments: u32) -> SeqNumber {
        self.start + segments * self.mss
    }
}

/// What is sent for the first time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRange {
    pub(crate) start: SeqNumber,
    /// The number behind the last one; the FIN's included.
    pub(crate) end: SeqNumber,
    /// How many segments carry it.
    pub(crate) segments: u32,
    /// The text of each of them but the last, octets.
    pub(crate) mss: u32,
    /// The last of them carries PSH.
    pub(crate) push: bool,
    /// A record ends with the last of them.
    pub(crate) ends_record: bool,
    pub(crate) now: Instant,
    /// How much has been delivered.
    pub(crate) stamp: RateStamp,
}

/// How far segments that are sent again may be put together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collapse {
    /// The most text of one segment, octets.
    pub(crate) room: u32,
    /// What reaches beyond this is left alone.
    pub(crate) until: SeqNumber,
    /// Where the text ends that the user has written; behind it is nothing but a FIN.
    pub(crate) text_end: SeqNumber,
}

/// What is sent again: whole segments of one range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again {
    pub(crate) start: SeqNumber,
    pub(crate) end: SeqNumber,
    pub(crate) now: Instant,
    /// How much has been delivered.
    pub(crate) stamp: RateStamp,
    /// Only as a probe: nothing is known to be lost, and there may be one of it more in the network.
    pub(crate) probe: bool,
}

/// How it was sent again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SentAgain {
    pub(crate) segments: u32,
    /// The text of each of them but the last, octets.
    pub(crate) mss: u32,
    /// The last of them carries PSH.
    pub(crate) push: bool,
}

/// Segments of the queue, by what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Sent and not acknowledged.
    pub(crate) outstanding: u32,
    /// Held by the peer, as SACK says.
    pub(crate) sacked: u32,
    /// Believed lost.
    pub(crate) lost: u32,
    /// Sent again and believed to be in the network.
    pub(crate) resent: u32,
}

compact!(Counts { outstanding, sacked, lost, resent });

impl Counts {
    /// The segments of `range` under each heading that it stands under.
    fn each(&mut self, range: &SentRange, mut change: impl FnMut(&mut u32, u32)) {
        change(&mut self.outstanding, range.segments);
        for (count, applies) in
            [(&mut self.sacked, range.sacked), (&mut self.lost, range.lost), (&mut self.resent, range.resent)]
        {
            if applies {
                change(count, range.segments);
            }
        }
    }

    fn add(&mut self, range: &SentRange) {
        self.each(range, |count, segments| *count += segments);
    }

    fn remove(&mut self, range: &SentRange) {
        self.each(range, |count, segments| *count -= segments);
    }
}

/// What a look at a range concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It is lost.
    Lost,
    /// Not yet.
    Keep,
    /// Nor is anything behind it.
    Stop,
}

/// The ranges from SND.UNA to SND.NXT, oldest first, without a gap.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetransmissionQueue {
    ranges: VecDeque<SentRange>,
    counts: Counts,
    /// The end of the last range that SACK reported, while there is one.
    highest_sacked: SeqNumber,
    /// Nothing before this number is due to be sent again.
    none_due_before: SeqNumber,
    /// The end of the last range that was ever sent again: behind it ranges lie in the order of their sending.
    resent_until: Option<SeqNumber>,
}

compact!(RetransmissionQueue { counts, highest_sacked, none_due_before, resent_until } empty { ranges });

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

    pub(crate) fn back(&self) -> Option<&SentRange> {
        self.ranges.back()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// The number behind the last octet that SACK reported; `una` when it reported none.
    pub(crate) fn highest_sacked(&self, una: SeqNumber) -> SeqNumber {
        if self.counts.sacked == 0 { una } else { self.highest_sacked }
    }

    /// A range was sent for the first time.
    pub(crate) fn sent(&mut self, sent: NewRange) {
        debug_assert!(self.ranges.back().is_none_or(|last| last.end == sent.start));
        let NewRange { start, end, segments, mss, push, ends_record, now, stamp } = sent;
        let range = SentRange {
            start,
            end,
            mss,
            segments,
            push,
            ends_record,
            sent_at: now,
            stamp,
            retransmissions: 0,
            sacked: false,
            lost: false,
            resent: false,
        };
        if self.ranges.is_empty() {
            self.none_due_before = start;
            self.resent_until = None;
        }
        self.counts.add(&range);
        self.ranges.push_back(range);
    }

    /// The first lost range that is to be sent again, in segments of at most `mss` octets.
    pub(crate) fn next_due(&mut self, mss: u32) -> Option<&SentRange> {
        if self.counts.resent >= self.counts.lost {
            return None;
        }
        let first = self.index_at(self.none_due_before);
        let index = (first..self.ranges.len()).find(|index| self.ranges[*index].is_due())?;
        self.none_due_before = self.ranges[index].start;
        self.refit(index, mss);
        self.ranges.get(index)
    }

    /// Of the first segment that is to be sent again only so many octets can be: makes two of it, unless it is none.
    pub(crate) fn split_due(&mut self, octets: u32) {
        let index = self.index_at(self.none_due_before);
        self.cut_behind(index, 1);
        let Some(range) = self.ranges.get(index).filter(|range| (1..range.len()).contains(&octets)) else {
            return;
        };
        self.cut_in_two(index, range.start + octets, [1, 1]);
        self.counts.add(&self.ranges[index + 1]);
    }

    /// Puts the segments behind the one that is due into it, as far as they fit and the peer does not hold them: short
    /// segments that are all lost go again as few. Returns how many fewer there are.
    pub(crate) fn collapse_due(&mut self, collapse: &Collapse) -> u32 {
        let text_end = collapse.text_end;
        let index = self.index_at(self.none_due_before);
        let Some(first) = self.ranges.get(index).filter(|first| first.segments == 1) else { return 0 };
        let mut room = collapse.room.saturating_sub(first.text_len(text_end));
        if room == 0 {
            return 0;
        }
        let mut fewer = 0;
        while !self.ranges[index].ends_record
            && let Some(next) = self.ranges.get(index + 1)
        {
            let is_one = next.segments == 1 && !next.sacked && next.end.at_or_before(collapse.until);
            let len = next.text_len(text_end);
            if !is_one || len > room {
                break;
            }
            room -= len;
            self.absorb_next(index, collapse.room);
            fewer += 1;
        }
        fewer
    }

    /// Makes one segment of at most `mss` octets of the range at `index` and the next.
    fn absorb_next(&mut self, index: usize, mss: u32) {
        let Some(next) = self.ranges.remove(index + 1) else { return };
        self.counts.remove(&next);
        let first = &mut self.ranges[index];
        first.end = next.end;
        first.mss = mss;
        first.push |= next.push;
        first.ends_record = next.ends_record;
        first.retransmissions = first.retransmissions.max(next.retransmissions);
    }

    /// The last segment, when segments have at most `mss` octets.
    pub(crate) fn tail(&mut self, mss: u32) -> Option<(SeqNumber, SeqNumber)> {
        self.refit(self.ranges.len().checked_sub(1)?, mss);
        let last = self.ranges.back()?;
        Some((last.end_of(last.segments - 1), last.end))
    }

    /// What was sent in longer segments counts as what it takes in segments of `mss` octets.
    fn refit(&mut self, index: usize, mss: u32) {
        let range = &mut self.ranges[index];
        if range.len().min(range.mss) > mss {
            self.counts.remove(range);
            range.segments = range.len().div_ceil(mss);
            range.mss = mss;
            self.counts.add(range);
        }
    }

    /// Part of a range was sent again.
    pub(crate) fn retransmitted(&mut self, again: &Again) -> SentAgain {
        let mut index = self.index_at(again.start);
        if self.ranges.get(index).is_some_and(|range| range.start.before(again.start)) {
            self.cut(index, again.start);
            index += 1;
        }
        self.cut(index, again.end);
        let Some(range) = self.ranges.get_mut(index) else { return SentAgain::default() };
        self.counts.remove(range);
        range.sent_at = again.now;
        range.stamp = again.stamp;
        range.retransmissions = range.retransmissions.saturating_add(1);
        range.resent |= !again.probe;
        self.counts.add(range);
        self.resent_until = Some(self.resent_until.map_or(range.end, |until| until.later(range.end)));
        SentAgain { segments: range.segments, mss: range.mss, push: range.push }
    }

    /// Everything before `ack` has arrived. `each` sees every range of which segments went, with their number:
    /// how many fewer what is left of it takes.
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber, mut each: impl FnMut(&SentRange, u32)) {
        while let Some(front) = self.ranges.front_mut() {
            if front.start.at_or_after(ack) {
                break;
            }
            self.counts.remove(front);
            if front.end.after(ack) {
                let left = front.end.octets_since(ack).div_ceil(front.mss).min(front.segments);
                let whole = front.segments - left;
                if whole > 0 {
                    each(front, whole);
                }
                front.segments = left;
                front.start = ack;
                self.counts.add(front);
                break;
            }
            each(front, front.segments);
            self.ranges.pop_front();
        }
        self.none_due_before = self.none_due_before.later(ack);
        self.resent_until.take_if(|until| until.at_or_before(ack));
    }

    /// The peer reports that it holds `start..end`. `each` sees every range for which that is news, as it was
    /// before. What covers a segment in part says nothing of it, so that no peer can make the queue longer
    /// than the segments that were sent; nor does what covers a range in part once there are [`MOST_CUT`].
    pub(crate) fn sack(&mut self, start: SeqNumber, end: SeqNumber, mut each: impl FnMut(&SentRange)) {
        let mut index = self.index_at(start);
        while let Some(range) = self.ranges.get(index).filter(|range| range.start.before(end)) {
            if range.sacked {
                index += 1;
                continue;
            }
            let is_covered = range.start.at_or_after(start) && range.end.at_or_before(end);
            if !is_covered && self.ranges.len() >= MOST_CUT {
                index += 1;
                continue;
            }
            if range.start.before(start) {
                let untouched = start.octets_since(range.start).div_ceil(range.mss);
                self.cut_behind(index, untouched);
                index += 1;
                continue;
            }
            if range.end.after(end) {
                let covered = end.octets_since(range.start) / range.mss;
                if covered == 0 || !self.cut_behind(index, covered) {
                    break;
                }
            }
            let range = &mut self.ranges[index];
            each(range);
            self.counts.remove(range);
            // A retransmission of what is not taken for lost any more may still be on its way.
            range.resent &= !range.lost;
            range.lost = false;
            range.sacked = true;
            self.counts.add(range);
            let range_end = range.end;
            self.highest_sacked = if self.counts.sacked == self.ranges[index].segments {
                range_end
            } else {
                self.highest_sacked.later(range_end)
            };
            index = self.join_sacked(index) + 1;
        }
    }

    /// The peer says that it has received `start..end` twice (RFC 2883): none of it is on its way any more.
    /// `each` sees every range in it that had been sent again.
    pub(crate) fn duplicated(&mut self, start: SeqNumber, end: SeqNumber, mut each: impl FnMut(&SentRange)) {
        let mut index = self.index_at(start);
        while let Some(range) = self.ranges.get_mut(index).filter(|range| range.end.at_or_before(end)) {
            if range.retransmissions > 0 {
                each(range);
                self.counts.remove(range);
                // What is taken for lost is so until the peer reports that it holds it.
                range.resent &= range.lost;
                self.counts.add(range);
            }
            index += 1;
        }
    }

    /// Looks at what the peer does not hold, oldest first, and marks as lost what `judge` finds to be. Ranges
    /// behind `resent_until` were sent in this order, so that there [`Finding::Stop`] ends the walk; before it
    /// a later range may have been sent earlier. Returns whether anything was marked.
    pub(crate) fn find_lost(&mut self, mut judge: impl FnMut(&SentRange) -> Finding) -> bool {
        let mut found = false;
        for index in 0..self.ranges.len() {
            let range = &self.ranges[index];
            if range.sacked || range.is_due() {
                continue;
            }
            match judge(range) {
                Finding::Lost => found |= self.mark_lost(index),
                Finding::Keep => {}
                Finding::Stop if self.resent_until.is_none_or(|until| range.start.at_or_after(until)) => {
                    break;
                }
                Finding::Stop => {}
            }
        }
        found
    }

    /// The oldest segment that the peer does not hold is lost (RFC 6582).
    pub(crate) fn mark_front_lost(&mut self) {
        if self.ranges.front().is_some_and(|front| !front.lost && !front.sacked) {
            self.cut_behind(0, 1);
            self.mark_lost(0);
        }
    }

    /// The oldest segment is to be sent again, whatever is believed of its last retransmission: the timer that
    /// watches over it ran out.
    pub(crate) fn front_is_due(&mut self) {
        if self.ranges.front().is_some_and(|front| front.lost && front.resent) {
            self.cut_behind(0, 1);
            self.mark_lost(0);
        }
    }

    /// Everything is believed to have arrived, or to be on its way (RFC 5682 and the like).
    pub(crate) fn unmark_lost(&mut self) {
        for range in &mut self.ranges {
            range.lost = false;
        }
        self.counts.lost = 0;
    }

    /// What the peer said it holds it may have let go (RFC 2018 section 8).
    pub(crate) fn forget_sacked(&mut self) {
        for range in &mut self.ranges {
            range.sacked = false;
        }
        self.counts.sacked = 0;
    }

    /// Segments that carry more than `mss` octets did not get through. Returns whether there are any.
    pub(crate) fn mark_longer_lost(&mut self, mss: u32) -> bool {
        let mut found = false;
        for index in 0..self.ranges.len() {
            let range = &self.ranges[index];
            if range.sacked || range.len().min(range.mss) <= mss {
                continue;
            }
            self.refit(index, mss);
            found |= self.mark_lost(index);
        }
        found
    }

    /// Marks, unless the peer holds it; a retransmission in the network is then lost too. Returns whether that
    /// is news.
    fn mark_lost(&mut self, index: usize) -> bool {
        let range = &mut self.ranges[index];
        if range.sacked || range.is_due() {
            return false;
        }
        self.counts.remove(range);
        range.resent &= !range.lost;
        range.lost = true;
        self.counts.add(range);
        self.none_due_before = self.none_due_before.earlier(range.start);
        true
    }

    /// The index of the range that `at` lies in or before.
    fn index_at(&self, at: SeqNumber) -> usize {
        self.ranges.partition_point(|range| range.end.at_or_before(at))
    }

    /// Cuts the range at `index` behind so many segments, if it has more. Returns whether it had.
    fn cut_behind(&mut self, index: usize, segments: u32) -> bool {
        let range = &self.ranges[index];
        if segments >= range.segments {
            return false;
        }
        self.cut_in_two(index, range.end_of(segments), [segments, range.segments - segments]);
        true
    }

    /// Makes two ranges of the one at `index`, which meet at `at`, with so many segments each.
    fn cut_in_two(&mut self, index: usize, at: SeqNumber, [before, behind]: [u32; 2]) {
        let range = &mut self.ranges[index];
        let behind = SentRange { start: at, segments: behind, ..range.clone() };
        range.end = at;
        range.segments = before;
        range.push = false;
        range.ends_record = false;
        self.ranges.insert(index + 1, behind);
    }

    /// Cuts the range at `index` at `at`, which lies between two of its segments.
    fn cut(&mut self, index: usize, at: SeqNumber) {
        if let Some(range) = self.ranges.get(index).filter(|range| at.before(range.end)) {
            let segments = at.octets_since(range.start) / range.mss;
            self.cut_behind(index, segments.max(1));
        }
    }

    /// Makes one range of this one and its neighbours, where all are held and nothing else is to be known of
    /// them. Returns the index of what is left.
    fn join_sacked(&mut self, index: usize) -> usize {
        let plain = |range: &SentRange| range.sacked && range.retransmissions == 0;
        let full = |range: &SentRange| range.len() == range.segments * range.mss;
        let mut index = index;
        for first in [index, index.wrapping_sub(1)] {
            let (Some(one), Some(next)) = (self.ranges.get(first), self.ranges.get(first.wrapping_add(1)))
            else {
                continue;
            };
            if plain(one) && plain(next) && full(one) && one.mss == next.mss {
                let Some(next) = self.ranges.remove(first + 1) else { break };
                let one = &mut self.ranges[first];
                one.end = next.end;
                one.push = next.push;
                one.ends_record = next.ends_record;
                one.segments += next.segments;
                one.sent_at = one.sent_at.max(next.sent_at);
                index = first;
            }
        }
        index
    }

    /// The ranges meet, and the sums are right.
    pub(crate) fn check_invariants(&self, una: SeqNumber, nxt: SeqNumber) {
        let mut expected = una;
        let mut counts = Counts::default();
        for range in &self.ranges {
            assert_eq!(range.start, expected, "the retransmission queue has a gap");
            assert!(range.end.after(range.start), "an empty range");
            assert!(range.segments > 0, "a range without a segment");
            assert!(range.end_of(range.segments - 1).before(range.end), "a segment without a number");
            assert!(!(range.sacked && range.lost), "held and lost at once");
            assert!(!range.is_due() || range.end.after(self.none_due_before), "a loss that nobody sees");
            counts.add(range);
            expected = range.end;
        }
        assert_eq!(expected, nxt, "the retransmission queue does not end at SND.NXT");
        assert_eq!(self.counts, counts);
    }
}

#[cfg(test)]
mod tests;
