//! The segments of one direction that have not been acknowledged.

use std::collections::VecDeque;

use synfin_wire::{Instant, SeqNumber};

/// The most that are kept of one direction; beyond that the oldest is forgotten.
const MOST: usize = 10_000;

/// No window is larger than 2^30 (RFC 7323 section 2.3), so no more can be in flight.
const LONGEST: u32 = 2_000_000_000;

/// A segment that takes sequence numbers: `seq..end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) seq: SeqNumber,
    pub(super) end: SeqNumber,
    pub(super) frame: u64,
    pub(super) at: Instant,
}

/// Segments in the order of the capture.
#[derive(Clone, Debug, Default)]
pub(super) struct Unacked {
    sent: VecDeque<Sent>,
    /// One was captured behind another that it precedes, so that the whole list is to be searched.
    disordered: bool,
}

impl Unacked {
    pub(super) fn push(&mut self, sent: Sent) {
        if self.sent.len() >= MOST {
            self.sent.pop_front();
        }
        self.disordered |= self.sent.back().is_some_and(|last| sent.seq.before(last.end));
        self.sent.push_back(sent);
    }

    /// When the oldest was sent, and its frame.
    pub(super) fn oldest(&self) -> Option<(Instant, u64)> {
        self.sent.front().map(|sent| (sent.at, sent.frame))
    }

    /// Forgets what is acknowledged, and tells which segment ends there.
    pub(super) fn acknowledge(&mut self, ack: SeqNumber) -> Option<Sent> {
        let mut exact = None;
        if !self.disordered {
            while let Some(first) = self.sent.front().copied().filter(|first| first.end.at_or_before(ack)) {
                if first.end == ack {
                    exact.get_or_insert(first);
                }
                self.sent.pop_front();
            }
            if let Some(first) = self.sent.front_mut()
                && first.seq.before(ack)
            {
                first.seq = ack;
            }
            return exact;
        }
        self.sent.retain_mut(|sent| {
            if sent.end == ack {
                exact.get_or_insert(*sent);
            }
            if sent.seq.before(ack) && sent.end.after(ack) {
                sent.seq = ack;
            }
            sent.end.after(ack)
        });
        self.disordered = !self.sent.iter().is_sorted_by(|a, b| a.end.at_or_before(b.seq));
        exact
    }

    /// From the first number to the last, as numbers counted from `origin`: what precedes it counts as far ahead, and
    /// makes a span that is too long to be one.
    pub(super) fn span(&self, origin: SeqNumber) -> Option<u32> {
        let offset = |number: SeqNumber| number.value().wrapping_sub(origin.value());
        let (front, back) = (self.sent.front()?, self.sent.back()?);
        let (mut low, mut high) = (offset(front.seq), offset(back.end));
        if self.disordered || low > high {
            low = self.sent.iter().map(|sent| offset(sent.seq)).min()?;
            high = self.sent.iter().map(|sent| offset(sent.end)).max()?;
        }
        let span = high.wrapping_sub(low);
        (span < LONGEST).then_some(span)
    }
}
