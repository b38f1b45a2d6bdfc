//! What could not be looked into.

use std::collections::BTreeMap;

use super::NotTcp;
use crate::capture::LinkType;

/// How many frames there were of each link type that is not known here. Whatever they carry is not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownLinks(BTreeMap<u16, u64>);

impl UnknownLinks {
    /// Counts a frame, if this is why it is no segment.
    pub fn count(&mut self, reason: NotTcp) {
        if let NotTcp::Link(number) = reason {
            *self.0.entry(number).or_default() += 1;
        }
    }

    /// Each link type, and how many frames were of it.
    pub fn frames(&self) -> impl Iterator<Item = (LinkType, u64)> {
        self.0.iter().map(|(number, frames)| (LinkType(*number), *frames))
    }
}
