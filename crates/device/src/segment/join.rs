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
    /// Where packets are put together: the train's, while there is one.
    buffer: BytesMut,
}

impl Join {
    pub(crate) fn new(medium: Medium) -> Self {
        Self { medium, train: None, behind: None, buffer: BytesMut::new() }
    }

    /// Copies a packet, and returns what no other can be joined to any more. Not before [`Join::finished`] has been asked.
    pub(crate) fn add(&mut self, packet: &[u8], offload: Offload) -> Option<PacketIn> {
        if let Some(train) = &mut self.train
            && train.takes(packet, &offload, &self.buffer)
        {
            let is_last = train.append(packet, &mut self.buffer);
            return if is_last { self.finish() } else { None };
        }
        let ended = self.end_train();
        if self.buffer.capacity() < LONGEST {
            self.buffer.reserve(ROOM);
        }
        self.buffer.extend_from_slice(packet);
        self.train = Train::begin(packet, offload, self.medium);
        if self.train.is_some() {
            return ended;
        }
        let single = PacketIn { bytes: self.buffer.split().freeze(), offload };
        if ended.is_none() {
            return Some(single);
        }
        self.behind = Some(single);
        ended
    }

    /// What is known to be complete without another packet.
    pub(crate) fn finished(&mut self) -> Option<PacketIn> {
        self.behind.take()
    }

    /// There is no other packet for now: what there is.
    pub(crate) fn finish(&mut self) -> Option<PacketIn> {
        self.end_train().or_else(|| self.finished())
    }

    fn end_train(&mut self) -> Option<PacketIn> {
        self.train.take().map(|train| train.finish(self.buffer.split()))
    }
}

/// Segments that follow on one another.
#[derive(Debug)]
struct Train {
    layout: Layout,
    /// What the device says of the first.
    offload: Offload,
    /// Known when there is a second segment to compare with.
    common: Option<Common>,
    /// The text of each segment but the last, octets.
    size: usize,
    /// The number behind the last segment.
    next: u32,
    /// There is more than the first.
    is_joined: bool,
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
    fn finds_intact(&self, layout: &Layout, packet: &[u8], offload: &Offload) -> bool {
        match offload.checksum {
            ChecksumOffload::Verified => return true,
            ChecksumOffload::Partial { .. } => return false,
            ChecksumOffload::None => {}
        }
        let mut ipv4_sum = self.ipv4_sum;
        ipv4_sum.join(layout.ipv4_sum_of_own(packet));
        let mut sum = layout.sum_of_pseudo_header(self.sum_of_ends, packet.len());
        sum.add(&packet[layout.tcp_at..]);
        (!layout.is_ipv4 || ipv4_sum.finish() == 0) && sum.finish() == 0
    }
}

impl Train {
    /// A train of this segment, if another may follow on it: there is text, and no control bit says anything but ACK and,
    /// with accurate ECN, how many marks there were.
    fn begin(packet: &[u8], offload: Offload, medium: Medium) -> Option<Self> {
        let may_be =
            offload.segmentation.is_none() && !matches!(offload.checksum, ChecksumOffload::Partial { .. });
        let layout = Layout::of_plain(packet, medium).filter(|_| may_be)?;
        let is_text = packet.len() > layout.text_at && layout.flags(packet).without(Flags::ACE) == Flags::ACK;
        let size = packet.len() - layout.text_at;
        (is_text && layout.states_length(packet, packet.len())).then(|| Self {
            offload,
            common: None,
            next: layout.seq(packet).wrapping_add(size as u32),
            size,
            is_joined: false,
            push: false,
            layout,
        })
    }

    /// Whether this packet goes on where what was put together ends.
    fn takes(&mut self, packet: &[u8], offload: &Offload, before: &[u8]) -> bool {
        let layout = &self.layout;
        let room = (MAX_IP_PACKET + layout.ip_at).saturating_sub(before.len());
        let text = packet.len().saturating_sub(layout.text_at);
        let may_follow = offload.segmentation.is_none()
            && (1..=self.size.min(room)).contains(&text)
            && layout.seq(packet) == self.next
            && layout.states_length(packet, packet.len());
        if !may_follow {
            return false;
        }
        let common = self.common.get_or_insert_with(|| Common::of(layout, before));
        layout.have_same(&common.bits, before, packet)
            && (self.is_joined || common.finds_intact(layout, before, &self.offload))
            && common.finds_intact(layout, packet, offload)
    }

    /// Appends the text of what [`Train::takes`] has found to follow. True when nothing can follow on that.
    fn append(&mut self, packet: &[u8], buffer: &mut BytesMut) -> bool {
        let text = &packet[self.layout.text_at..];
        buffer.extend_from_slice(text);
        self.is_joined = true;
        self.next = self.next.wrapping_add(text.len() as u32);
        self.push = self.layout.flags(packet).psh();
        self.push || text.len() < self.size
    }

    /// The one segment, or all of them as one whose checksum is left partial: each was verified.
    fn finish(self, mut packet: BytesMut) -> PacketIn {
        if !self.is_joined {
            return PacketIn { bytes: packet.freeze(), offload: self.offload };
        }
        let (layout, length) = (&self.layout, packet.len());
        layout.finish_length(&mut packet, length);
        let flags = layout.flags(&packet);
        if self.push {
            layout.set_flags(&mut packet, flags | Flags::PSH);
        }
        let partial = layout.sum_of_pseudo_header(layout.sum_of_ends(&packet), length).partial();
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
