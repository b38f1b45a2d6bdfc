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
        let ended = match &mut self.train {
            None => None,
            Some(train) if train.takes(&packet) => {
                let is_last = train.append(&packet, &mut self.buffer);
                return if is_last { self.finish() } else { None };
            }
            Some(_) => self.finish(),
        };
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
    constant: HeaderMask,
    sum_of_ends: Checksum,
    /// The text of each segment but the last, octets.
    size: usize,
    /// The number behind the last segment.
    next: u32,
    /// How long the packet is that they are joined to, headers included; 0 while there is one segment.
    joined: usize,
    /// The last segment has PSH.
    push: bool,
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
            constant: layout.constant_bits(),
            sum_of_ends: layout.sum_of_ends(&first.bytes),
            next: layout.seq(&first.bytes).wrapping_add(size as u32),
            size,
            joined: 0,
            push: false,
            layout,
            first,
        }
    }

    /// Whether this packet goes on where the last one ended.
    fn takes(&self, packet: &PacketIn) -> bool {
        let (layout, bytes) = (&self.layout, &packet.bytes[..]);
        let length = self.joined.max(self.first.bytes.len());
        let (text, room) = (
            bytes.len().saturating_sub(layout.text_at),
            (MAX_IP_PACKET + layout.ip_at).saturating_sub(length),
        );
        packet.offload.segmentation.is_none()
            && (1..=self.size.min(room)).contains(&text)
            && layout.have_same(&self.constant, &self.first.bytes, bytes)
            && layout.seq(bytes) == self.next
            && layout.states_length(bytes, bytes.len())
            && (self.joined > 0 || self.is_intact(&self.first))
            && self.is_intact(packet)
    }

    /// Whether the checksums are right.
    fn is_intact(&self, packet: &PacketIn) -> bool {
        if packet.offload.checksum == ChecksumOffload::Verified {
            return true;
        }
        let tcp = &packet.bytes[self.layout.tcp_at..];
        let mut sum = self.layout.sum_of_pseudo_header(self.sum_of_ends, packet.bytes.len());
        sum.add(tcp);
        let is_header_intact = !self.layout.is_ipv4 || self.layout.ipv4_sum(&packet.bytes).finish() == 0;
        packet.offload.checksum == ChecksumOffload::None && is_header_intact && sum.finish() == 0
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
        let partial = layout.sum_of_pseudo_header(self.sum_of_ends, self.joined).partial();
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
