//! A capture whose connections are shared out.
//!
//! In: the frames of a capture, to one [`Sorter`], and from there batches to each of several shards. Out: from each the
//! connections that fall to it, and from all of them together what one [`Explainer`] would have told. Each may have a
//! thread of its own. The sorter looks at each frame once, while it is at hand; to follow a connection takes far longer
//! than that.
//!
//! A shard follows the segments of a batch connection by connection. So what is known of a connection comes into the
//! processor's caches once for many of its packets. Left out on purpose: telling connections while the capture is read.

use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};
use std::vec::IntoIter;

use synfin_ladder::Connection;

use crate::capture::Frame;
use crate::explainer::{Detail, Explainer, Pair};
use crate::packet::{Dissected, Dissector, IcmpError, Kept, Packet, UnknownLinks, plain_ends};

/// As many segments are put in the order of their connections at a time, and the bits that tell which of them it is.
const BATCH: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 14;
const PLACE: u64 = BATCH as u64 - 1;
/// As many packets of a connection are read before they are followed: they stay in the nearest cache.
const RUN: usize = 16;

/// What waits for one shard.
#[derive(Debug, Default)]
pub struct Batch {
    /// The frame of the capture's first segment.
    first: u64,
    waiting: Vec<Waiting>,
    /// Of each of these its connection's lot, with its place in the low bits.
    order: Vec<u64>,
}

/// Something that waits to be followed.
#[derive(Debug)]
enum Waiting {
    /// A plain segment.
    Kept(Kept),
    /// Any other.
    Read(Box<Packet<'static>>),
    /// What ICMP says of one.
    Heard(Box<IcmpError>),
}

impl Waiting {
    /// Something from each of its parts.
    #[inline]
    fn touch(&self) -> u8 {
        match self {
            Self::Kept(kept) => kept.touch(),
            Self::Read(_) | Self::Heard(_) => 0,
        }
    }
}

impl Batch {
    /// Whether nothing waits in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    #[inline]
    fn push(&mut self, lot: u64, waiting: Waiting) {
        self.order.push(lot & !PLACE | self.waiting.len() as u64);
        self.waiting.push(waiting);
    }
}

/// Looks whose the frames of a capture are. There is one for all shards.
#[derive(Debug)]
pub struct Sorter {
    dissector: Dissector,
    unknown: UnknownLinks,
    /// The frame of the capture's first segment.
    first: Option<u64>,
    batches: Vec<Batch>,
}

impl Sorter {
    /// For so many shards.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let batches = (0..count.max(1)).map(|_| Batch::default()).collect();
        Self { dissector: Dissector::new(), unknown: UnknownLinks::default(), first: None, batches }
    }

    /// Takes a frame. Frames must come in the order of the capture. Says for which shard, by its index from 0, a batch is
    /// full then: it is to be [taken](Self::take) before the next frame comes.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) -> Option<usize> {
        let ends = if frame.comment.is_none() { plain_ends(frame) } else { None };
        let (lot, waiting) = match ends {
            Some((source, destination)) => (lot(source, destination), Waiting::Kept(Kept::of(frame)?)),
            None => self.look(frame)?,
        };
        if self.first.is_none() {
            self.begin(frame.number, &waiting)?;
        }
        let share = share_of(lot, self.batches.len());
        let batch = &mut self.batches[share];
        batch.push(lot, waiting);
        (batch.waiting.len() == BATCH).then_some(share)
    }

    /// The frames so far that could not be looked into.
    #[must_use]
    pub const fn unknown_links(&self) -> &UnknownLinks {
        &self.unknown
    }

    /// Reads a frame of which a glance does not tell what it is.
    fn look(&mut self, frame: &Frame<'_>) -> Option<(u64, Waiting)> {
        match self.dissector.dissect(frame) {
            Dissected::Tcp(packet) => {
                let lot = lot(packet.source, packet.destination);
                Some((lot, Waiting::Read(Box::new(packet.without_text()))))
            }
            Dissected::Icmp(error) => {
                Some((lot(error.about.0, error.about.1), Waiting::Heard(Box::new(error))))
            }
            Dissected::Other(reason) => {
                self.unknown.count(reason);
                None
            }
        }
    }

    /// Nothing was of interest so far. What ICMP says of a connection that is not known is not, either.
    fn begin(&mut self, frame: u64, waiting: &Waiting) -> Option<()> {
        let is_segment = match waiting {
            Waiting::Kept(kept) => kept.packet().is_some(),
            Waiting::Read(_) => true,
            Waiting::Heard(_) => false,
        };
        self.first = is_segment.then_some(frame);
        self.first.map(drop)
    }

    /// What waits for the shard with this index. One that was followed may be given for it: its memory is used again.
    #[must_use]
    pub fn take(&mut self, index: usize, room: Batch) -> Batch {
        let mut taken = std::mem::replace(&mut self.batches[index], room);
        taken.first = self.first.unwrap_or_default();
        taken
    }
}

/// One share of a capture.
///
/// ```
/// use synfin_explain::capture::{CaptureError, Reader};
/// use synfin_explain::shard::{Batch, Shard, Sorter, merge};
/// use synfin_ladder::Connection;
///
/// /// Each could have a thread of its own.
/// fn explain(file: &[u8]) -> Result<Vec<Connection>, CaptureError> {
///     let (mut sorter, mut shards) = (Sorter::new(2), [Shard::new(false), Shard::new(false)]);
///     let mut reader = Reader::new(file)?;
///     while let Some(frame) = reader.next()? {
///         if let Some(index) = sorter.frame(&frame) {
///             shards[index].follow(&mut sorter.take(index, Batch::default()));
///         }
///     }
///     for (index, shard) in shards.iter_mut().enumerate() {
///         shard.follow(&mut sorter.take(index, Batch::default()));
///     }
///     Ok(merge(shards.map(Shard::finish).into()))
/// }
/// ```
#[derive(Debug)]
pub struct Shard {
    keeps_first: bool,
    ignores_notes: bool,
    is_begun: bool,
    explainer: Explainer,
    /// The packets of one connection that are followed just now.
    run: Vec<Packet<'static>>,
}

impl Shard {
    /// One that has followed nothing yet. With `keeps_first` the segments of the capture's first connection are kept, if
    /// that is among its own.
    #[must_use]
    pub fn new(keeps_first: bool) -> Self {
        let run = Vec::with_capacity(RUN);
        let explainer = Explainer::of_share(Detail::None);
        Self { keeps_first, ignores_notes: false, is_begun: false, explainer, run }
    }

    /// The same, inferring from packets alone; see [`Explainer::ignoring_notes`].
    #[must_use]
    pub fn ignoring_notes(self) -> Self {
        Self { ignores_notes: true, ..self }
    }

    /// Follows what is in a batch, one connection after the other, and leaves it empty. Batches must come in their order.
    pub fn follow(&mut self, batch: &mut Batch) {
        if !self.is_begun {
            let detail = if self.keeps_first { Detail::One(batch.first) } else { Detail::None };
            let explainer = Explainer::of_share(detail);
            self.explainer = if self.ignores_notes { explainer.ignoring_notes() } else { explainer };
        }
        self.is_begun = true;
        batch.order.sort_unstable();
        for own in batch.order.chunk_by(|one, other| one & !PLACE == other & !PLACE) {
            let waiting = |entry: &u64| &batch.waiting[(entry & PLACE) as usize];
            // They lie far apart: asked for all at once, they come from memory all at once.
            black_box(own.iter().fold(0, |all, entry| all ^ waiting(entry).touch()));
            self.follow_lot(own.iter().map(waiting));
        }
        self.explainer.settle();
        batch.order.clear();
        batch.waiting.clear();
    }

    /// Follows what has the same lot: one connection, or by chance more.
    fn follow_lot<'w>(&mut self, all: impl Iterator<Item = &'w Waiting>) {
        let mut pair = None;
        for waiting in all {
            let packet = match waiting {
                Waiting::Kept(kept) => kept.packet(),
                Waiting::Read(packet) => Some((**packet).clone()),
                Waiting::Heard(error) => {
                    self.end_run(pair);
                    self.explainer.hear_of(error);
                    continue;
                }
            };
            let Some(packet) = packet else { continue };
            if pair.is_some_and(|pair: Pair| !pair.is_of(&packet)) || self.run.len() == RUN {
                self.end_run(pair.take());
            }
            pair.get_or_insert_with(|| Pair::of(packet.source, packet.destination));
            self.run.push(packet);
        }
        self.end_run(pair);
    }

    fn end_run(&mut self, pair: Option<Pair>) {
        if let Some(pair) = pair {
            self.explainer.observe_run(pair, &self.run);
        }
        self.run.clear();
    }

    /// The capture has ended: the connections of this share. Their numbers are not final.
    #[must_use]
    pub fn finish(self) -> Vec<Connection> {
        self.explainer.finish()
    }
}

/// Something that most other pairs of ends have another of, whichever of the two sends. It serves to share connections
/// out, and to put side by side what belongs together: nothing is gained by having many with the same.
fn lot(source: SocketAddr, destination: SocketAddr) -> u64 {
    lot_of(source) ^ lot_of(destination)
}

fn lot_of(end: SocketAddr) -> u64 {
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

/// Which of so many shards has this lot.
fn share_of(lot: u64, count: usize) -> usize {
    (((lot >> 32) * count as u64) >> 32) as usize
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
