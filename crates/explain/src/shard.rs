//! A capture whose connections are shared out.
//!
//! In: all frames of a capture, to each of several shards. Out: from each the connections that fall to it, and from all
//! of them together what one [`Explainer`] would have told. Each may have a thread of its own, and reads the capture for
//! itself: looking where a frame belongs costs far less than following it.
//!
//! A shard keeps some thousands of packets and then follows them connection by connection. So what is known of a
//! connection comes into the processor's caches once for many of its packets. Left out on purpose: telling connections
//! while the capture is read.

use std::net::{IpAddr, SocketAddr};
use std::vec::IntoIter;

use synfin_ladder::Connection;

use crate::capture::Frame;
use crate::explainer::{Detail, Explainer, Pair};
use crate::packet::{Dissector, Packet};

/// As many packets are put in the order of their connections at a time, and the bits that tell which of them it is.
const BATCH: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 13;
const PLACE: u64 = BATCH as u64 - 1;

/// One share of a capture.
///
/// ```
/// use synfin_explain::capture::{CaptureError, Reader};
/// use synfin_explain::shard::{Shard, merge};
/// use synfin_ladder::Connection;
///
/// /// Each could have a thread of its own.
/// fn explain(file: &[u8]) -> Result<Vec<Connection>, CaptureError> {
///     let mut shares = Vec::new();
///     for index in 0..2 {
///         let mut shard = Shard::new(index, 2, false);
///         let mut reader = Reader::new(file)?;
///         while let Some(frame) = reader.next()? {
///             shard.frame(&frame);
///         }
///         shares.push(shard.finish());
///     }
///     Ok(merge(shares))
/// }
/// ```
#[derive(Debug)]
pub struct Shard {
    index: u64,
    count: u64,
    keeps_first: bool,
    dissector: Dissector,
    explainer: Explainer,
    /// The capture has had a segment.
    is_begun: bool,
    batch: Vec<Packet<'static>>,
    /// Of each packet in the batch its connection's lot, with its place in the low bits.
    order: Vec<u64>,
}

impl Shard {
    /// The one with this `index`, from 0, of `count`. With `keeps_first` the segments of the capture's first connection
    /// are kept by the one to which it falls.
    #[must_use]
    pub fn new(index: usize, count: usize, keeps_first: bool) -> Self {
        Self {
            index: index as u64,
            count: count.max(1) as u64,
            keeps_first,
            dissector: Dissector::new(),
            explainer: Explainer::of_share(Detail::None),
            is_begun: false,
            batch: Vec::with_capacity(BATCH),
            order: Vec::with_capacity(BATCH),
        }
    }

    /// Takes a frame, whoever's it is. Frames must come in the order of the capture.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        let (index, count) = (self.index, self.count);
        // The first segment is everyone's to read: none but whoever reads it all knows whether it is one.
        let is_begun = self.is_begun;
        let mut lot = 0;
        let packet = self.dissector.segment_if(frame, |source, destination| {
            lot = self::lot(source) ^ self::lot(destination);
            !is_begun || (lot >> 32) % count == index
        });
        let Some(packet) = packet.map(Packet::without_text) else { return };
        if !is_begun {
            self.begin(packet.frame);
            if (lot >> 32) % count != index {
                return;
            }
        }
        self.order.push(lot & !PLACE | self.batch.len() as u64);
        self.batch.push(packet);
        if self.batch.len() == BATCH {
            self.follow();
        }
    }

    fn begin(&mut self, first: u64) {
        self.is_begun = true;
        if self.keeps_first {
            self.explainer = Explainer::of_share(Detail::One(first));
        }
    }

    /// Follows what is in the batch, one connection after the other.
    fn follow(&mut self) {
        self.order.sort_unstable();
        let mut rest = &self.order[..];
        let packet = |order: &u64| &self.batch[(order & PLACE) as usize];
        while let Some(first) = rest.first().map(packet) {
            let pair = Pair::of(first.source, first.destination);
            let run = rest.iter().take_while(|order| pair.is_of(packet(order))).count();
            self.explainer.observe_run(pair, rest[..run].iter().map(packet));
            rest = &rest[run..];
        }
        self.order.clear();
        self.batch.clear();
    }

    /// The capture has ended: the connections of this share. Their numbers are not final.
    #[must_use]
    pub fn finish(mut self) -> Vec<Connection> {
        self.follow();
        self.explainer.finish()
    }
}

/// Something that most other ends have another of. Two together serve to share connections out, and to put side by side
/// what belongs together: nothing is gained by having many with the same.
fn lot(end: SocketAddr) -> u64 {
    const ODD: u64 = 0xff51_afd7_ed55_8ccd;
    let address = match end.ip() {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => {
            let address = u128::from(address);
            ((address >> 64) as u64).wrapping_mul(ODD) ^ address as u64
        }
    };
    let mixed = (address ^ u64::from(end.port()) << 40).wrapping_mul(ODD);
    (mixed ^ mixed >> 32).wrapping_mul(ODD)
}

/// The connections of all shares, each in the order in which they began, numbered in that order.
#[must_use]
pub fn merge(shares: Vec<Vec<Connection>>) -> Vec<Connection> {
    let mut all: Vec<Connection> = Vec::with_capacity(shares.iter().map(Vec::len).sum());
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    let first = |share: &&mut IntoIter<Connection>| share.as_slice().first().map(|first| first.number);
    while let Some(share) = shares.iter_mut().filter(|share| !share.as_slice().is_empty()).min_by_key(first) {
        let number = all.len() as u64 + 1;
        all.extend(share.next().map(|connection| Connection { number, ..connection }));
    }
    all
}

#[cfg(test)]
mod tests;
