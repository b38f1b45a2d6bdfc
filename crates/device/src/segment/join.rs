//! Many segments, one super-segment: what a device with receive offload does.
//!
//! Joined is what could have been cut from one super-segment: text that follows on without a gap, behind headers that are
//! the same but for what cutting changes. So nothing is lost that a host would act on, and each checksum is verified
//! before it goes.

use bytes::BytesMut;
use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::Flags;

use super::layout::{HeaderMask, Layout};
use crate::{
    ChecksumOffload, ETHERNET_HEADER_LEN, MAX_IP_PACKET, Medium, Offload, PacketIn, Segmentation,
    SegmentationKind,
};

/// The longest packet with its Ethernet header, octets.
const LONGEST: usize = ETHERNET_HEADER_LEN + MAX_IP_PACKET;
/// What is allocated at once. Where all that was joined has been read it is the same memory again, and in the processor's
/// cache still.
const ROOM: usize = 2 * LONGEST;

/// Puts segments together, as long as each follows on the one before.
#[derive(Debug)]
pub(crate) struct Join {
    medium: Medium,
    train: Option<Train>,
    /// What came behind a train and is none's beginning.
    behind: Option<PacketIn>,
    /// Where text is put together.
    buffer: BytesMut,
}

impl Join {
    pub(crate) fn new(medium: Medium) -> Self {
        Self { medium, train: None, behind: None, buffer: BytesMut::new() }
    }

    /// Takes a packet, and returns what no other can be joined to any more. Not before [`Join::finished`] has been asked.
    pub(crate) fn add(&mut self, packet: PacketIn) -> Option<PacketIn> {
        if let Some(train) = &mut self.train
            && train.takes(&packet)
        {
            let is_last = train.append(&packet, &mut self.buffer);
            return if is_last { self.finish() } else { None };
        }
        let ended = self.train.take().map(|train| train.finish(&mut self.buffer));
        match Train::begin(&packet, self.medium) {
            Some(layout) => self.train = Some(Train::new(packet, layout)),
            None if ended.is_some() => self.behind = Some(packet),
            None => return Some(packet),
        }
        ended
    }

    /// What is known to be complete without another packet.
    pub(crate) fn finished(&mut self) -> Option<PacketIn> {
        self.behind.take()
    }

    /// There is no other packet for now: what there is.
    pub(crate) fn finish(&mut self) -> Option<PacketIn> {
        self.train.take().map(|train| train.finish(&mut self.buffer)).or_else(|| self.finished())
    }
}

/// Segments that follow on one another.
#[derive(Debug)]
struct Train {
    first: PacketIn,
    layout: Layout,
    /// Known when there is a second segment to compare with.
    common: Option<Common>,
    /// The text of each segment but the last, octets.
    size: usize,
    /// The number behind the last segment.
    next: u32,
    /// How long the packet is that they are joined to, headers included; 0 while there is one segment.
    joined: usize,
    /// The last segment has PSH.
    push: bool,
}

/// What the headers of all segments have in common.
#[derive(Debug)]
struct Common {
    bits: HeaderMask,
    sum_of_ends: Checksum,
    ipv4_sum: Checksum,
}

impl Common {
    fn of(layout: &Layout, packet: &[u8]) -> Self {
        Self {
            bits: layout.constant_bits(),
            sum_of_ends: layout.sum_of_ends(packet),
            ipv4_sum: layout.ipv4_sum_of_same(packet),
        }
    }

    /// Whether the checksums are right of a packet whose headers have this in common.
    fn finds_intact(&self, layout: &Layout, packet: &PacketIn) -> bool {
        match packet.offload.checksum {
            ChecksumOffload::Verified => return true,
            ChecksumOffload::Partial { .. } => return false,
            ChecksumOffload::None => {}
        }
        let mut ipv4_sum = self.ipv4_sum;
        ipv4_sum.join(layout.ipv4_sum_of_own(&packet.bytes));
        let mut sum = layout.sum_of_pseudo_header(self.sum_of_ends, packet.bytes.len());
        sum.add(&packet.bytes[layout.tcp_at..]);
        (!layout.is_ipv4 || ipv4_sum.finish() == 0) && sum.finish() == 0
    }
}

impl Train {
    /// Whether another segment may follow on this one, and where its headers lie: there is text, and no control bit says
    /// anything but ACK and, with accurate ECN, how many marks there were.
    fn begin(packet: &PacketIn, medium: Medium) -> Option<Layout> {
        let may_be = packet.offload.segmentation.is_none()
            && !matches!(packet.offload.checksum, ChecksumOffload::Partial { .. });
        let bytes = &packet.bytes[..];
        let layout = Layout::of_plain(bytes, medium).filter(|_| may_be)?;
        let is_text = bytes.len() > layout.text_at && layout.flags(bytes).without(Flags::ACE) == Flags::ACK;
        (is_text && layout.states_length(bytes, bytes.len())).then_some(layout)
    }

    fn new(first: PacketIn, layout: Layout) -> Self {
        let size = first.bytes.len() - layout.text_at;
        Self {
            common: None,
            next: layout.seq(&first.bytes).wrapping_add(size as u32),
            size,
            joined: 0,
            push: false,
            layout,
            first,
        }
    }

    /// Whether this packet goes on where the last one ended.
    fn takes(&mut self, packet: &PacketIn) -> bool {
        let (layout, first, bytes) = (&self.layout, &self.first, &packet.bytes[..]);
        let room = (MAX_IP_PACKET + layout.ip_at).saturating_sub(self.joined.max(first.bytes.len()));
        let text = bytes.len().saturating_sub(layout.text_at);
        let may_follow = packet.offload.segmentation.is_none()
            && (1..=self.size.min(room)).contains(&text)
            && layout.seq(bytes) == self.next
            && layout.states_length(bytes, bytes.len());
        if !may_follow {
            return false;
        }
        let common = self.common.get_or_insert_with(|| Common::of(layout, &first.bytes));
        layout.have_same(&common.bits, &first.bytes, bytes)
            && (self.joined > 0 || common.finds_intact(layout, first))
            && common.finds_intact(layout, packet)
    }

    /// Appends the text of what [`Train::takes`] has found to follow. True when nothing can follow on that.
    fn append(&mut self, packet: &PacketIn, buffer: &mut BytesMut) -> bool {
        if self.joined == 0 {
            if !buffer.try_reclaim(ROOM) && buffer.capacity() < LONGEST {
                buffer.reserve(ROOM);
            }
            buffer.extend_from_slice(&self.first.bytes);
        }
        let text = &packet.bytes[self.layout.text_at..];
        buffer.extend_from_slice(text);
        self.joined = buffer.len();
        self.next = self.next.wrapping_add(text.len() as u32);
        self.push = self.layout.flags(&packet.bytes).psh();
        self.push || text.len() < self.size
    }

    /// The one segment, or all of them as one whose checksum is left partial: each was verified.
    fn finish(self, buffer: &mut BytesMut) -> PacketIn {
        if self.joined == 0 {
            return self.first;
        }
        let layout = &self.layout;
        let mut packet = buffer.split();
        layout.finish_length(&mut packet, self.joined);
        let flags = layout.flags(&packet);
        if self.push {
            layout.set_flags(&mut packet, flags | Flags::PSH);
        }
        let partial = layout.sum_of_pseudo_header(layout.sum_of_ends(&packet), self.joined).partial();
        layout.set_tcp_checksum(&mut packet, partial);
        PacketIn {
            bytes: packet.freeze(),
            offload: Offload {
                checksum: layout.partial_checksum(),
                segmentation: Some(Segmentation {
                    kind: if layout.is_ipv4 { SegmentationKind::Tcp4 } else { SegmentationKind::Tcp6 },
                    size: self.size as u16,
                    header_len: layout.text_at as u16,
                    ecn: flags.contains(Flags::CWR),
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests;
