//! Faults by hand: this one segment is lost, that one comes late.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use synfin_wire::{Instant, Segment};

use crate::packet::{self, Sighting};

/// What a link is to do with certain packets. Of several rules the first that matches decides, and the
/// others do not count the packet.
///
/// ```
/// use synfin_sim::Rule;
/// use synfin_wire::Flags;
///
/// let lose_the_first_syn = Rule::drop().when(|packet| packet.flags().syn()).nth(1);
/// let close_the_window = Rule::rewrite(|segment| segment.header.window = 0).when(|packet| packet.number > 9);
/// # let _ = (lose_the_first_syn, close_the_window);
/// ```
#[derive(Clone)]
pub struct Rule {
    act: Act,
    predicate: Option<Predicate>,
    times: Times,
    matched: u64,
}

/// What is done.
#[derive(Clone)]
pub(crate) enum Act {
    Pass,
    Drop,
    Delay(Duration),
    Duplicate,
    Rewrite(Rewrite),
}

type Predicate = Arc<dyn Fn(&Sighting) -> bool + Send + Sync>;
type Rewrite = Arc<dyn Fn(&Bytes) -> Bytes + Send + Sync>;

/// Which of the packets that match.
#[derive(Clone, Copy, Debug)]
enum Times {
    Each,
    Nth(u64),
    First(u64),
}

impl Rule {
    /// The packet is spared: it is neither lost, duplicated, corrupted nor reordered.
    #[must_use]
    pub fn pass() -> Self {
        Self::new(Act::Pass)
    }

    /// The packet takes its turn and vanishes.
    #[must_use]
    pub fn drop() -> Self {
        Self::new(Act::Drop)
    }

    /// The packet travels for so much longer. Others may overtake it.
    #[must_use]
    pub fn delay(span: Duration) -> Self {
        Self::new(Act::Delay(span))
    }

    /// A copy follows right behind it.
    #[must_use]
    pub fn duplicate() -> Self {
        Self::new(Act::Duplicate)
    }

    /// The segment is changed on its way, and its checksum with it. Other packets stay as they are. IP
    /// options and extension headers are not kept, and TCP options come in the order of this stack.
    #[must_use]
    pub fn rewrite(change: impl Fn(&mut Segment) + Send + Sync + 'static) -> Self {
        let rewrite =
            move |octets: &Bytes| packet::rewrite_segment(octets, &change).unwrap_or_else(|| octets.clone());
        Self::new(Act::Rewrite(Arc::new(rewrite)))
    }

    /// The packet's octets are changed on its way; no checksum is mended.
    #[must_use]
    pub fn rewrite_octets(change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Self {
        let rewrite = move |octets: &Bytes| {
            let mut octets = octets.to_vec();
            change(&mut octets);
            octets.into()
        };
        Self::new(Act::Rewrite(Arc::new(rewrite)))
    }

    /// Only packets of which this is true; without it, all of them.
    #[must_use]
    pub fn when(mut self, predicate: impl Fn(&Sighting) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Of those, only the nth; 1 is the first.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.times = Times::Nth(n);
        self
    }

    /// Of those, only the first `n`.
    #[must_use]
    pub fn first(mut self, n: u64) -> Self {
        self.times = Times::First(n);
        self
    }

    fn new(act: Act) -> Self {
        Self { act, predicate: None, times: Times::Each, matched: 0 }
    }

    fn matches(&mut self, packet: &Sighting) -> bool {
        if !self.predicate.as_ref().is_none_or(|predicate| predicate(packet)) {
            return false;
        }
        self.matched += 1;
        match self.times {
            Times::Each => true,
            Times::Nth(n) => self.matched == n,
            Times::First(n) => self.matched <= n,
        }
    }
}

/// What the rules say of a packet.
pub(crate) fn judge(rules: &mut [Rule], octets: &Bytes, number: u64, now: Instant) -> Option<Act> {
    if rules.is_empty() {
        return None;
    }
    let packet = Sighting::new(octets, number, now);
    rules.iter_mut().find_map(|rule| rule.matches(&packet).then(|| rule.act.clone()))
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("act", &self.act)
            .field("selective", &self.predicate.is_some())
            .field("times", &self.times)
            .field("matched", &self.matched)
            .finish()
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Drop => f.write_str("Drop"),
            Self::Delay(span) => f.debug_tuple("Delay").field(span).finish(),
            Self::Duplicate => f.write_str("Duplicate"),
            Self::Rewrite(_) => f.write_str("Rewrite"),
        }
    }
}

#[cfg(test)]
mod tests;
