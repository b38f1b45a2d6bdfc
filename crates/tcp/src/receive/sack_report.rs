//! Which SACK ranges to report, newest first (RFC 2018 section 4).

use smallvec::SmallVec;
use synfin_wire::{SeqNumber, tcp::SackRange};

/// The most ranges that fit into a header without timestamps.
const MAX_RANGES: usize = 4;

/// The runs beyond the gap, the one that changed last first.
#[derive(Clone, Debug, Default)]
pub(crate) struct SackReport {
    ranges: SmallVec<[SackRange; MAX_RANGES]>,
    /// What has come again (RFC 2883): told once, before all else.
    duplicate: Option<SackRange>,
}

impl SackReport {
    /// The ranges to put into the next acknowledgment.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = &SackRange> {
        self.duplicate.iter().chain(&self.ranges)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len() + usize::from(self.duplicate.is_some())
    }

    /// Octets that had arrived before have come again.
    pub(crate) fn came_again(&mut self, range: SackRange) {
        self.duplicate = Some(range);
    }

    /// A later segment has come: what came again before it is told no more (RFC 2883 section 4 (1)).
    pub(crate) fn next_came(&mut self) {
        self.duplicate = None;
    }

    /// More of the same segment has come again. One range is told of it: the first (RFC 2883 section 4.1).
    pub(crate) fn more_came_again(&mut self, range: SackRange) {
        match &mut self.duplicate {
            Some(first) if range.start.at_or_before(first.end) => first.end = first.end.later(range.end),
            Some(_) => {}
            None => self.duplicate = Some(range),
        }
    }

    /// The first `count` ranges, in an acknowledgment that is leaving.
    pub(crate) fn tell(&mut self, count: usize) -> SmallVec<[SackRange; MAX_RANGES]> {
        if self.len() == 0 {
            return SmallVec::new();
        }
        let told = self.ranges().take(count).copied().collect();
        self.duplicate = None;
        told
    }

    /// `run` has just grown: it goes first, and what it has swallowed goes. Returns how many ranges went before it.
    pub(crate) fn grown(&mut self, run: SackRange) -> usize {
        let is_apart = |range: &SackRange| range.end.before(run.start) || range.start.after(run.end);
        let before = self.ranges.iter().take_while(|range| is_apart(range)).count();
        self.ranges.retain(|range| is_apart(range));
        self.ranges.truncate(MAX_RANGES - 1);
        self.ranges.insert(0, run);
        before
    }

    /// The FIN at `number` has come beyond a gap: its number is reported like that of an octet.
    pub(crate) fn reaches_fin(&mut self, number: SeqNumber) {
        let before = self.ranges.iter().find(|range| range.end == number);
        let start = before.map_or(number, |range| range.start);
        self.grown(SackRange { start, end: number + 1 });
    }

    /// Nothing is left to report.
    pub(crate) fn clear(&mut self) {
        self.ranges.clear();
        self.duplicate = None;
    }

    /// Everything before `nxt` is acknowledged now.
    #[inline]
    pub(crate) fn acknowledged(&mut self, nxt: SeqNumber) {
        if !self.ranges.is_empty() {
            self.forget_until(nxt);
        }
    }

    #[cold]
    fn forget_until(&mut self, nxt: SeqNumber) {
        self.ranges.retain(|range| range.start.after(nxt));
    }
}

#[cfg(test)]
mod tests;
