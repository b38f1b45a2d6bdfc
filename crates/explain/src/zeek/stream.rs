//! The text of one direction: what of it was seen, and what was not.

use std::collections::VecDeque;

use super::SeqNumber;

/// The most holes that are remembered; beyond that the oldest is forgotten.
const MOST_HOLES: usize = 64;

/// One direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    /// The number behind the highest octet that was seen.
    end: Option<SeqNumber>,
    /// What is missing before it, in its order: from the first number to that behind the last.
    holes: VecDeque<(SeqNumber, SeqNumber)>,
}

impl Stream {
    /// Text was seen, of which a FIN takes one more number. Whether all of it, and some, was there before.
    pub(super) fn send(&mut self, start: SeqNumber, len: u32, fin: bool) -> bool {
        let stop = start + len;
        let Some(end) = self.end else {
            self.end = Some(stop + u32::from(fin));
            return false;
        };
        if start.after(end) && len > 0 {
            self.holes.push_back((end, start));
            if self.holes.len() > MOST_HOLES {
                self.holes.pop_front();
            }
        }
        let fills = len > 0 && self.fill(start, stop);
        let old = len > 0 && stop.at_or_before(end);
        if len > 0 || fin && !start.after(end) {
            self.end = Some(end.later(stop + u32::from(fin)));
        }
        old && !fills
    }

    /// Closes what `start..stop` closes of the holes, and says whether it did.
    fn fill(&mut self, start: SeqNumber, stop: SeqNumber) -> bool {
        let Some(place) = self.holes.iter().position(|(low, high)| start.before(*high) && stop.after(*low))
        else {
            return false;
        };
        let (low, high) = self.holes[place];
        self.holes.remove(place);
        if stop.before(high) {
            self.holes.insert(place, (stop, high));
        }
        if start.after(low) {
            self.holes.insert(place, (low, start));
        }
        if stop.after(high) {
            self.fill(high, stop);
        }
        true
    }

    /// An acknowledgment has come: how many holes before its number will never be filled.
    pub(super) fn acknowledge(&mut self, ack: SeqNumber) -> usize {
        let Some(end) = self.end else {
            self.end = Some(ack);
            return 0;
        };
        let mut gaps = 0;
        while self.holes.front().is_some_and(|(_, high)| high.at_or_before(ack)) {
            self.holes.pop_front();
            gaps += 1;
        }
        if ack.after(end) {
            self.end = Some(ack);
            gaps += 1;
        }
        gaps
    }
}
