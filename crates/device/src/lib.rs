//! Where packets leave the machine's memory, and where they come from.
//!
//! What comes in: packets as the kernel or a peer hands them over, each with what is already known of its
//! checksum and whether it is a super-segment. What goes out: the same, written with one `writev`. Nothing
//! here knows a connection, a clock or a task; whoever drives a [`Device`] waits on its
//! [`poll_fd`](Device::poll_fd).
//!
//! | module | what it holds |
//! |---|---|
//! | [`tun`] | [`Tun`](tun::Tun): a TUN or TAP interface of the kernel, offload on |
//! | [`xdp`] | [`Xdp`](xdp::Xdp): an Ethernet interface, taken over by AF_XDP |
//! | [`memory`] | two devices joined in memory |
//! | [`interface`] | addresses, routes, MTU of an interface in this network namespace |
//! | [`fd`] | file descriptors handed over: inherited, or through a Unix socket |
//! | [`virtio`] | the virtio-net header that stands before each packet on a TUN |
//! | [`segment`] | in software what the offload leaves to a device: split, join, complete the checksum |
//! | [`software`] | that, around a device without offload |
//! | [`pcapng`], [`sniffer`] | captures |
//! | [`monitor`] | what passes an interface of the kernel, watched |
//!
//! Left out on purpose: UDP segmentation offload, big TCP (packets over 65,535 octets), VLAN tags.
//!
//! `unsafe` is in `sys.rs` and its folder alone.

use std::io;
use std::os::fd::BorrowedFd;
use std::task::Waker;

pub mod fd;
pub mod interface;
pub mod memory;
pub mod monitor;
pub mod packet;
pub mod pcapng;
pub mod segment;
pub mod sniffer;
pub mod software;
mod sys;
pub mod tun;
pub mod virtio;
pub mod xdp;

pub use packet::{ChecksumOffload, Offload, PacketIn, PacketOut, Payload, Segmentation, SegmentationKind};
pub use software::SoftwareOffload;
pub use sys::give_back_free_memory;

/// The octets of an Ethernet header: two addresses and a type, no VLAN tag.
pub const ETHERNET_HEADER_LEN: usize = 14;

/// The longest IP packet, and so the longest super-segment: what IPv4's length field can say.
pub const MAX_IP_PACKET: usize = 65_535;

/// What a packet of a device begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// An IP header.
    Ip,
    /// An Ethernet header.
    Ethernet,
}

impl Medium {
    /// The octets before the IP header: 0 or 14.
    #[must_use]
    pub const fn header_len(self) -> usize {
        match self {
            Self::Ip => 0,
            Self::Ethernet => ETHERNET_HEADER_LEN,
        }
    }
}

/// What a device can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What packets begin with.
    pub medium: Medium,
    /// The longest IP packet that fits the link, octets; an Ethernet header comes on top.
    pub mtu: usize,
    /// The device takes, and delivers, packets whose checksum is [partial](ChecksumOffload::Partial). That of a
    /// super-segment may be in any case.
    pub checksum: bool,
    /// The device takes, and delivers, TCP super-segments over IPv4 and IPv6.
    pub segmentation: bool,
    /// The longest IP packet with [`Offload::segmentation`], octets; `mtu` where there is none.
    pub max_super_segment: usize,
}

impl Capabilities {
    /// A device of this medium and MTU that does all or nothing of the offload.
    #[must_use]
    pub const fn new(medium: Medium, mtu: usize, offload: bool) -> Self {
        let max_super_segment = if offload { MAX_IP_PACKET } else { mtu };
        Self { medium, mtu, checksum: offload, segmentation: offload, max_super_segment }
    }

    /// Refuses what a device with these capabilities cannot take.
    fn check(&self, packet: &PacketOut<'_>) -> io::Result<()> {
        let refuse = |reason| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        let is_partial = matches!(packet.offload.checksum, ChecksumOffload::Partial { .. });
        if is_partial && !self.checksum && packet.offload.segmentation.is_none() {
            return refuse("a partial checksum for a device without checksum offload");
        }
        let limit = match packet.offload.segmentation {
            None => self.mtu,
            Some(_) if self.segmentation => self.max_super_segment,
            Some(_) => return refuse("a super-segment for a device without segmentation offload"),
        };
        if packet.len() > limit + self.medium.header_len() {
            return refuse("a packet longer than the device takes");
        }
        Ok(())
    }
}

/// What became of a packet that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Transmit {
    /// The device has it, or has lost it as any link may.
    Sent,
    /// The device has no room: wait until [`Device::poll_fd`] is writable and offer it again.
    WouldBlock,
}

/// A link for packets. None of its calls blocks.
pub trait Device: Send {
    /// What the device can do; the same for its whole life.
    fn capabilities(&self) -> Capabilities;

    /// The next packet, or `None` when there is none yet.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData): this packet came with a virtio-net header that makes no
    /// sense and is dropped; the next call goes on. Anything else: the device is gone.
    fn receive(&mut self) -> io::Result<Option<PacketIn>>;

    /// As [`receive`](Self::receive), for a caller that copies what it is given or looks at it alone: `look` is shown the
    /// next packet where it lies. False when there is none yet. Default: what `receive` returns.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    fn lend(&mut self, look: &mut dyn FnMut(&[u8], Offload)) -> io::Result<bool> {
        let packet = self.receive()?;
        let is_there = packet.is_some();
        if let Some(PacketIn { bytes, offload }) = packet {
            look(&bytes, offload);
        }
        Ok(is_there)
    }

    /// Hands a packet to the device.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the packet is none that these capabilities, or the
    /// kernel, take; the next may be. Anything else: the device is down or gone.
    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit>;

    /// Has on its way what [`transmit`](Self::transmit) has taken: a device that gains by it may gather packets until
    /// this is called. Default: nothing, for a device that does not.
    ///
    /// # Errors
    /// The device is down or gone, and what it has gathered may be lost.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What to wait on: readable when [`receive`](Self::receive), writable when
    /// [`transmit`](Self::transmit) is worth another call. `None` where there is nothing to wait on.
    fn poll_fd(&self) -> Option<BorrowedFd<'_>>;

    /// Has `waker` woken, once, when the descriptor would tell of something, and returns true; false where
    /// only the descriptor tells.
    ///
    /// For a device whose other end is in this process. To a runtime whose clock is paused, like tokio's with
    /// `start_paused`, tasks that wait for a descriptor are idle, and it moves the clock on; those that are
    /// woken are not.
    fn wake(&mut self, waker: &Waker) -> bool {
        let _ = waker;
        false
    }
}

impl<D: Device + ?Sized> Device for Box<D> {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        (**self).receive()
    }

    fn lend(&mut self, look: &mut dyn FnMut(&[u8], Offload)) -> io::Result<bool> {
        (**self).lend(look)
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        (**self).transmit(packet)
    }

    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        (**self).poll_fd()
    }

    fn wake(&mut self, waker: &Waker) -> bool {
        (**self).wake(waker)
    }
}
