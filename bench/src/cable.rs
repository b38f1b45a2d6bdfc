//! What joins two synfin hosts in memory: a cable, and what stands between it and a host.

use std::io;
use std::mem;
use std::ops::Range;
use std::os::fd::BorrowedFd;

use bytes::{Bytes, BytesMut};
use synfin_device::{
    Capabilities, ChecksumOffload, Device, Medium, Offload, Payload, Segmentation, SegmentationKind,
    SoftwareOffload, Transmit, segment,
};
use synfin_host::{ChecksumOut, PacketIn, PacketOut};

use crate::pair::{BATCH, BUFFER, Cutting, Setting};

/// The longest IP and TCP headers, octets.
pub(crate) const HEADERS: usize = 120;
/// What is on its way has room in this, octets.
const ARENA: usize = BUFFER + BATCH * HEADERS;

/// Packets longer than this are summed up while they are copied; what is shorter is in the processor's first cache when it
/// has been summed up, and no dearer to copy.
const LONG: usize = 9000;

/// Whether the hosts leave checksums to the link.
pub(crate) fn takes_checksums(setting: &Setting) -> bool {
    !setting.checksums || setting.mtu > LONG
}

/// A host's link: its end of the cable, with what cuts and joins where that is to be done in software.
pub(crate) enum Link {
    Whole(Cable),
    Cutting(Box<SoftwareOffload<Cable>>),
}

impl Link {
    pub(crate) fn new(setting: &Setting) -> Self {
        match setting.cutting {
            Cutting::Never | Cutting::Device => Self::Whole(Cable::new(setting)),
            Cutting::Software => Self::Cutting(Box::new(SoftwareOffload::new(Cable::new(setting)))),
        }
    }

    pub(crate) fn cable(&mut self) -> &mut Cable {
        match self {
            Self::Whole(cable) => cable,
            Self::Cutting(offload) => offload.get_mut(),
        }
    }

    fn device(&mut self) -> &mut dyn Device {
        match self {
            Self::Whole(cable) => cable,
            Self::Cutting(offload) => &mut **offload,
        }
    }

    /// False when there is no room for the packet, or for all of it.
    pub(crate) fn transmit(&mut self, packet: &PacketOut) -> bool {
        let checksum = match packet.checksum {
            ChecksumOut::Complete => ChecksumOffload::None,
            ChecksumOut::Partial { start, offset } => ChecksumOffload::Partial { start, offset },
        };
        let segmentation = packet.segmentation.map(|segmentation| Segmentation {
            kind: SegmentationKind::Tcp4,
            size: segmentation.size,
            header_len: segmentation.header_len,
            ecn: false,
        });
        let offload = Offload { checksum, segmentation };
        let payload = Payload::of(&packet.payload);
        let packet = synfin_device::PacketOut { header: &packet.header, payload, offload };
        self.device().transmit(&packet).expect("the cable takes what a host makes") == Transmit::Sent
    }

    /// The next packet that has come.
    pub(crate) fn receive(&mut self) -> Option<PacketIn> {
        let packet = self.device().receive().expect("the cable does not break")?;
        Some(PacketIn {
            bytes: packet.bytes,
            trust_checksum: packet.offload.checksum != ChecksumOffload::None,
            segment_size: packet.offload.segmentation.map(|segmentation| segmentation.size),
        })
    }
}

/// One end of a cable that holds a batch in either direction. It completes a checksum that is left to it while it copies.
pub(crate) struct Cable {
    capabilities: Capabilities,
    /// The lengths of what this end has sent, octets, and what super-segments are to be cut to.
    outbound: Vec<(usize, Option<Segmentation>)>,
    /// What this end's packets are copied to, one behind the other, and how far it is full.
    arena: BytesMut,
    used: usize,
    /// Arenas whose packets have been carried: the same memory again, once all of them have been read.
    carried: Vec<Bytes>,
    /// What has come, the last first, and where it lies.
    inbound: Vec<(Range<usize>, Offload)>,
    come: Bytes,
    /// It vouches for what comes in.
    trust: bool,
}

impl Cable {
    fn new(setting: &Setting) -> Self {
        let whole = Capabilities::new(Medium::Ip, setting.mtu, setting.cutting == Cutting::Device);
        Self {
            capabilities: Capabilities { checksum: takes_checksums(setting), ..whole },
            outbound: Vec::new(),
            arena: BytesMut::new(),
            used: 0,
            carried: Vec::new(),
            inbound: Vec::new(),
            come: Bytes::new(),
            trust: !setting.checksums,
        }
    }

    /// Carries from one end to the other what it was given; how many packets. The other has taken what came before.
    pub(crate) fn carry(from: &mut Self, to: &mut Self) -> usize {
        let packets = from.outbound.len();
        if packets == 0 {
            return 0;
        }
        let arena = mem::take(&mut from.arena).freeze();
        let checksum = if to.trust { ChecksumOffload::Verified } else { ChecksumOffload::None };
        let mut start = from.used;
        debug_assert!(to.inbound.is_empty(), "nothing overtakes what is there");
        to.inbound.extend(from.outbound.drain(..).rev().map(|(length, segmentation)| {
            let end = start;
            start -= length;
            (start..end, Offload { checksum, segmentation })
        }));
        to.come = arena.clone();
        from.carried.push(arena);
        from.used = 0;
        packets
    }

    /// What is on its way to this end is lost.
    pub(crate) fn cut(&mut self) {
        self.inbound.clear();
    }

    /// Room for so many octets behind what has been sent already.
    fn room(&mut self, octets: usize) -> &mut [u8] {
        if self.arena.is_empty() {
            let read = self.carried.iter().position(Bytes::is_unique);
            let again = read.and_then(|read| self.carried.swap_remove(read).try_into_mut().ok());
            self.arena = again.unwrap_or_else(new_arena);
        }
        let start = self.used;
        self.used += octets;
        &mut self.arena[start..self.used]
    }
}

fn copy(packet: &synfin_device::PacketOut<'_>, room: &mut [u8]) {
    let (header, mut rest) = room.split_at_mut(packet.header.len());
    header.copy_from_slice(packet.header);
    for piece in packet.payload.pieces() {
        let (text, behind) = rest.split_at_mut(piece.len());
        text.copy_from_slice(piece);
        rest = behind;
    }
}

/// Cut off from a little more: so its count of references is made now, and not each time that it is frozen.
fn new_arena() -> BytesMut {
    let mut arena = BytesMut::zeroed(ARENA + 1);
    let _ = arena.split_off(ARENA);
    arena
}

impl Device for Cable {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<synfin_device::PacketIn>> {
        let Some((place, offload)) = self.inbound.pop() else {
            self.come.clear();
            return Ok(None);
        };
        Ok(Some(synfin_device::PacketIn { bytes: self.come.slice(place), offload }))
    }

    fn lend(&mut self, look: &mut dyn FnMut(&[u8], Offload)) -> io::Result<bool> {
        let Some((place, offload)) = self.inbound.pop() else {
            self.come.clear();
            return Ok(false);
        };
        look(&self.come[place], offload);
        Ok(true)
    }

    fn transmit(&mut self, packet: &synfin_device::PacketOut<'_>) -> io::Result<Transmit> {
        let length = packet.len();
        if self.outbound.len() == BATCH || self.used + length > ARENA {
            return Ok(Transmit::WouldBlock);
        }
        let is_partial = !self.trust && matches!(packet.offload.checksum, ChecksumOffload::Partial { .. });
        let room = self.room(length);
        if is_partial {
            segment::copy_completed(packet, room).expect("the checksum lies within the packet");
        } else {
            copy(packet, room);
        }
        self.outbound.push((length, packet.offload.segmentation));
        Ok(Transmit::Sent)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
