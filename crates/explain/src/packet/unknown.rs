//! What could not be looked into.

use std::collections::BTreeMap;

use super::NotTcp;
use crate::capture::LinkType;

/// How many frames there were of each link type that is not known here, how many that end before their headers do, and
/// how many that are no TCP for another reason. Whatever they carry is not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownLinks {
    links: BTreeMap<u16, u64>,
    cut: u64,
    others: BTreeMap<NotTcp, u64>,
}

impl UnknownLinks {
    /// Counts a frame, if this is why it is no segment.
    pub fn count(&mut self, reason: NotTcp) {
        match reason {
            NotTcp::Link(number) => *self.links.entry(number).or_default() += 1,
            NotTcp::Cut => self.cut += 1,
            // They are of a datagram that is counted where it is whole.
            NotTcp::FragmentWaiting => {}
            other => *self.others.entry(other).or_default() += 1,
        }
    }

    /// Each link type, and how many frames were of it.
    pub fn frames(&self) -> impl Iterator<Item = (LinkType, u64)> {
        self.links.iter().map(|(number, frames)| (LinkType(*number), *frames))
    }

    /// How many frames were captured in too small a part to have a TCP header.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// What else is no TCP segment, and how many frames are so: most first.
    #[must_use]
    pub fn others(&self) -> Vec<(NotTcp, u64)> {
        let mut others: Vec<_> = self.others.iter().map(|(reason, frames)| (*reason, *frames)).collect();
        others.sort_by_key(|(_, frames)| std::cmp::Reverse(*frames));
        others
    }
}
