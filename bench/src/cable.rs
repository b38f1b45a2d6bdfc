//! What joins two synfin hosts in memory: a cable, and what stands between it and a host.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::BorrowedFd;

use bytes::BytesMut;
use synfin_device::{
    Capabilities, ChecksumOffload, Device, Medium, Offload, Segmentation, SegmentationKind, SoftwareOffload,
    Transmit, segment,
};
use synfin_host::{ChecksumOut, PacketIn, PacketOut};

use crate::pair::{BATCH, BUFFER, Cutting, Setting};

/// The longest IP and TCP headers, octets.
pub(crate) const HEADERS: usize = 120;
/// What is on its way has room in this, octets.
const ARENA: usize = BUFFER + BATCH * HEADERS;

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
        let packet = synfin_device::PacketOut { header: &packet.header, payload: &packet.payload, offload };
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

/// One end of a cable that holds a batch in either direction.
pub(crate) struct Cable {
    capabilities: Capabilities,
    /// The lengths of what this end has sent, octets, and what is said of each.
    outbound: Vec<(usize, Offload)>,
    /// What this end's packets are copied to, one behind the other.
    arena: BytesMut,
    inbound: VecDeque<synfin_device::PacketIn>,
    /// It vouches for what comes in.
    trust: bool,
}

impl Cable {
    fn new(setting: &Setting) -> Self {
        let trust = !setting.checksums;
        let whole = Capabilities::new(Medium::Ip, setting.mtu, setting.cutting == Cutting::Device);
        Self {
            capabilities: Capabilities { checksum: trust, ..whole },
            outbound: Vec::new(),
            arena: BytesMut::new(),
            inbound: VecDeque::new(),
            trust,
        }
    }

    /// Carries from one end to the other what it was given; how many packets.
    pub(crate) fn carry(from: &mut Self, to: &mut Self) -> usize {
        let packets = from.outbound.len();
        let mut batch = from.arena.split().freeze();
        to.inbound.extend(from.outbound.drain(..).map(|(length, offload)| {
            let bytes = if length == batch.len() { mem::take(&mut batch) } else { batch.split_to(length) };
            synfin_device::PacketIn { bytes, offload }
        }));
        packets
    }

    /// What is on its way to this end is lost.
    pub(crate) fn cut(&mut self) {
        self.inbound.clear();
    }
}

impl Device for Cable {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<synfin_device::PacketIn>> {
        Ok(self.inbound.pop_front())
    }

    fn transmit(&mut self, packet: &synfin_device::PacketOut<'_>) -> io::Result<Transmit> {
        if self.outbound.len() == BATCH {
            return Ok(Transmit::WouldBlock);
        }
        if self.outbound.is_empty() {
            // What came before has been read, so that this is the same memory again.
            self.arena.reserve(ARENA);
        }
        let start = self.arena.len();
        self.arena.extend_from_slice(packet.header);
        for chunk in packet.payload {
            self.arena.extend_from_slice(chunk);
        }
        let mut offload = packet.offload;
        if self.trust {
            offload.checksum = ChecksumOffload::Verified;
        } else {
            segment::complete_checksum(&mut self.arena[start..], offload.checksum)
                .expect("it lies within the packet");
            offload.checksum = ChecksumOffload::None;
        }
        self.outbound.push((self.arena.len() - start, offload));
        Ok(Transmit::Sent)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
