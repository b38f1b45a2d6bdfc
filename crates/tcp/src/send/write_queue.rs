//! Text that was never sent, as the bursts in which it is to leave.
//!
//! A write goes behind the last burst as long as that has room, so that many small writes leave as few
//! segments; a write that ends a record closes its burst to what follows. The octets themselves are in the
//! send buffer.

use alloc::collections::VecDeque;

use crate::compact::compact;

/// What a burst costs beside its octets: the bookkeeping that Linux counts against SO_SNDBUF as well.
pub(crate) const BURST_OVERHEAD: usize = 832;
/// Slices of the user's own memory that one burst takes (Linux's MAX_SKB_FRAGS).
const MAX_LENT_SLICES: u8 = 17;

/// Octets that leave together, in one segment or in a train of full ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    pub(crate) len: u32,
    /// The user has written to its end, and wants it read (RFC 9293 section 3.9.1.2, PUSH).
    pub(crate) push: bool,
    /// It leaves as several segments, of which the last is pushed, as Linux does it: whoever gathers
    /// segments up for the receiver need not wait for more.
    pub(crate) train: bool,
    /// A record ends here: nothing may be put behind it (MSG_EOR).
    pub(crate) ends_record: bool,
    /// Slices of the user's own memory that it holds (MSG_ZEROCOPY).
    lent_slices: u8,
}

/// The bursts, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteQueue {
    bursts: VecDeque<Burst>,
    octets: u32,
    /// So many octets at the front, in whole bursts, were let go and only wait to be asked for.
    released: u32,
    released_bursts: usize,
}

compact!(WriteQueue { octets, released, released_bursts } empty { bursts });

impl WriteQueue {
    pub(crate) fn len(&self) -> usize {
        self.bursts.len()
    }

    pub(crate) fn front(&self) -> Option<&Burst> {
        self.bursts.front()
    }

    /// Octets at the front that were let go.
    pub(crate) fn released(&self) -> u32 {
        self.released
    }

    /// The first burst that was not let go, and whether it is the last one.
    pub(crate) fn held(&self) -> Option<(&Burst, bool)> {
        let burst = self.bursts.get(self.released_bursts)?;
        Some((burst, self.released_bursts + 1 == self.bursts.len()))
    }

    /// The first burst leaves its first `octets` with PSH; as in Linux what stays of it is pushed, too.
    pub(crate) fn push_at(&mut self, octets: u32) {
        if let Some(front) = self.bursts.front_mut() {
            front.push = true;
        }
        if let Some(front) = self.split(0, octets) {
            front.push = true;
        }
    }

    /// Lets the first `octets` go that were not yet; `train` when they are several segments.
    pub(crate) fn release(&mut self, octets: u32, train: bool) {
        let Some(burst) = self.split(self.released_bursts, octets) else { return };
        burst.train = train;
        self.released += burst.len;
        self.released_bursts += 1;
    }

    /// What was let go and has not left is held again.
    pub(crate) fn take_back(&mut self) {
        (self.released, self.released_bursts) = (0, 0);
    }

    /// The queue holds `octets`: some of them left in the SYN, or came before there was a queue.
    #[inline]
    pub(crate) fn align(&mut self, octets: u32) {
        if self.octets != octets {
            self.realign(octets);
        }
    }

    #[cold]
    fn realign(&mut self, octets: u32) {
        while self.octets > octets {
            let surplus = self.octets - octets;
            let Some(front) = self.bursts.front_mut() else { return };
            let gone = surplus.min(front.len);
            front.len -= gone;
            self.octets -= gone;
            if front.len == 0 {
                self.bursts.pop_front();
            }
        }
        if self.octets < octets {
            self.begin();
            self.extend(octets - self.octets, false);
            self.mark_push();
        }
    }

    /// How many octets go behind the last burst before it holds `goal`.
    pub(crate) fn tail_room(&self, goal: u32, lent: bool) -> u32 {
        match self.bursts.back() {
            Some(_) if self.released_bursts == self.bursts.len() => 0,
            Some(tail) if tail.ends_record || lent && tail.lent_slices >= MAX_LENT_SLICES => 0,
            Some(tail) => goal.saturating_sub(tail.len),
            None => 0,
        }
    }

    /// Begins a burst.
    pub(crate) fn begin(&mut self) {
        self.bursts.push_back(Burst {
            len: 0,
            push: false,
            train: false,
            ends_record: false,
            lent_slices: 0,
        });
    }

    /// `octets` more in the last burst; `lent` when they stay in the user's memory.
    pub(crate) fn extend(&mut self, octets: u32, lent: bool) {
        if let Some(tail) = self.bursts.back_mut() {
            tail.len += octets;
            tail.lent_slices += u8::from(lent);
            self.octets += octets;
        }
    }

    /// Marks the end of the last burst.
    pub(crate) fn mark_push(&mut self) {
        if let Some(tail) = self.bursts.back_mut() {
            tail.push = true;
        }
    }

    /// Another write joins the last burst, which ends where that one does.
    pub(crate) fn unmark_push(&mut self) {
        if let Some(tail) = self.bursts.back_mut() {
            tail.push = false;
        }
    }

    /// The last burst takes no more, though it is short of `goal`: what it holds is to be read.
    pub(crate) fn mark_push_of_full(&mut self, goal: u32, lent: bool) {
        if let Some(tail) = self.bursts.back_mut() {
            tail.push |= lent && tail.len < goal && tail.lent_slices >= MAX_LENT_SLICES;
        }
    }

    /// The last burst ends a record.
    pub(crate) fn end_record(&mut self) {
        if let Some(tail) = self.bursts.back_mut() {
            tail.ends_record = true;
        }
    }

    /// The burst at `index`, cut behind `octets`.
    fn split(&mut self, index: usize, octets: u32) -> Option<&mut Burst> {
        if octets > 0 && octets < self.bursts.get(index)?.len {
            self.cut(index, octets);
        }
        self.bursts.get_mut(index)
    }

    /// The marks of a burst are those of its end.
    fn cut(&mut self, index: usize, octets: u32) {
        let burst = &mut self.bursts[index];
        let rest = Burst { len: burst.len - octets, ..*burst };
        (burst.len, burst.push, burst.train, burst.ends_record) = (octets, false, false, false);
        self.bursts.insert(index + 1, rest);
    }

    /// Brings the first burst that was not let go to `octets` from the front of the next, unless a record ends between them
    /// or one of them is in the user's memory.
    pub(crate) fn fill(&mut self, octets: u32) {
        let index = self.released_bursts;
        let (Some(burst), Some(next)) = (self.bursts.get(index), self.bursts.get(index + 1)) else { return };
        if !burst.ends_record && burst.lent_slices == 0 && next.lent_slices == 0 {
            self.join(index, octets);
        }
    }

    /// The first `octets` can become one burst: nothing of them was let go, and no record ends among them.
    pub(crate) fn can_gather(&self, octets: u32) -> bool {
        let mut gathered = 0;
        for burst in &self.bursts {
            gathered += burst.len;
            if gathered >= octets {
                return self.released == 0;
            }
            if burst.ends_record {
                return false;
            }
        }
        false
    }

    /// Makes one burst of the first `octets` at least, where [`WriteQueue::can_gather`] allows it.
    pub(crate) fn gather(&mut self, octets: u32) {
        while self.front().is_some_and(|first| first.len < octets) && self.bursts.len() > 1 {
            self.join(0, octets);
        }
    }

    /// Brings the burst at `index` to `octets`, as far as the next one has that many.
    fn join(&mut self, index: usize, octets: u32) {
        let next = self.bursts[index + 1];
        let burst = &mut self.bursts[index];
        let taken = octets.saturating_sub(burst.len).min(next.len);
        if taken == 0 {
            return;
        }
        burst.len += taken;
        burst.lent_slices = burst.lent_slices.saturating_add(next.lent_slices);
        if taken < next.len {
            self.bursts[index + 1].len -= taken;
            return;
        }
        burst.push |= next.push;
        burst.ends_record = next.ends_record;
        self.bursts.remove(index + 1);
    }

    /// The first `octets` of the first burst were sent. Returns the marks at their end.
    pub(crate) fn sent(&mut self, octets: u32) -> Option<Burst> {
        let cut = octets > 0 && octets < self.front()?.len;
        if cut {
            self.cut(0, octets);
        }
        let burst = self.bursts.pop_front()?;
        self.octets -= burst.len;
        if self.released > 0 {
            self.released -= burst.len;
            self.released_bursts =
                if self.released == 0 { 0 } else { self.released_bursts - usize::from(!cut) };
        }
        Some(burst)
    }
}

#[cfg(test)]
mod tests;
