//! An Ethernet interface of the kernel, taken over before the kernel's own stack sees a packet: AF_XDP.
//!
//! What comes in: frames from one queue of the interface, copied from memory that is shared with the kernel. What goes
//! out: frames, copied there; the kernel is asked to send them once for all that were handed over
//! ([`Device::flush`]). The kernel's documentation is Documentation/networking/af_xdp.rst.
//!
//! A program of five instructions leads what comes in on the queue to the socket. It is there as long as the [`Xdp`]
//! is, and goes with the process however that ends.
//!
//! Checksums are complete in both directions and verified here. That is true of what has passed a wire; but the other
//! end of a veth hands over packets whose checksum nobody has filled in, and super-segments, which no frame holds.
//! Both are to be turned off at *that* end: `ethtool -K PEER tx off`.
//!
//! When the interface is deleted, [`receive`](Device::receive) and [`transmit`](Device::transmit) say so; nothing tells
//! whoever waits on the descriptor, which the kernel leaves silent.
//!
//! Left out on purpose: several queues (`ethtool -L NAME combined 1` leads all packets to one), frames beyond a page,
//! checksums left to the hardware, packets that are never copied.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;

use crate::packet::PacketIn;
use crate::sys::bpf::{self, Redirect};
use crate::sys::{self, xsk};
use crate::{Capabilities, Device, ETHERNET_HEADER_LEN, Medium, Offload, PacketOut, Transmit};

mod error;

pub use error::XdpError;

/// What is allocated at once for packets to be copied into.
const BUFFER: usize = 256 * 1024;

/// How often, and with what pause, a queue is asked for that may be free soon.
const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// An interface that was taken over.
///
/// ```no_run
/// use synfin_device::{Device, xdp::Xdp};
///
/// let mut xdp = Xdp::builder("eth1").build()?;
/// while let Some(frame) = xdp.receive()? {
///     println!("{} octets", frame.bytes.len());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Xdp {
    name: String,
    mac: [u8; 6],
    capabilities: Capabilities,
    /// Before the socket: what is not led to it any more is the kernel's again.
    _redirect: Redirect,
    socket: xsk::Xsk,
    arrived: VecDeque<Bytes>,
    buffer: BytesMut,
}

/// How an [`Xdp`] is to be made; see [`Xdp::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    native: bool,
}

impl Builder {
    /// Whether the interface's driver is to run the program, before it has made anything of a packet, and may share its
    /// memory. Default: no, the kernel does, for any interface.
    #[must_use]
    pub fn native(mut self, native: bool) -> Self {
        self.native = native;
        self
    }

    /// Takes the interface over; it is in the network namespace of this thread. Whether it is up is
    /// [`interface`](crate::interface)'s.
    ///
    /// # Errors
    /// See [`XdpError`].
    pub fn build(&self) -> Result<Xdp, XdpError> {
        let name = self.name.clone();
        let index = if_nametoindex(name.as_str()).map_err(|_| XdpError::Missing { name: name.clone() })?;
        let mac = ethernet_address(&name).ok_or_else(|| XdpError::NotEthernet { name: name.clone() })?;
        let mtu = sys::mtu(&name).map_err(|errno| XdpError::io("read the interface's MTU", errno.into()))?;
        let longest = mtu + ETHERNET_HEADER_LEN;
        if longest > xsk::LONGEST {
            return Err(XdpError::Mtu { name, mtu, most: xsk::LONGEST - ETHERNET_HEADER_LEN });
        }
        let queues = ::xdp::nic::NicIndex::new(index).queue_counts().map_or(1, |queues| queues.rx_count());
        if queues > 1 {
            return Err(XdpError::Queues { name, queues });
        }
        let socket =
            bind(index, longest, !self.native).map_err(|(step, error)| XdpError::new(step, &name, error))?;
        let mode = if self.native { bpf::XDP_FLAGS_DRV_MODE } else { bpf::XDP_FLAGS_SKB_MODE };
        let redirect = Redirect::attach(index, mode, 0, &socket)
            .map_err(|errno: Errno| XdpError::new("lead packets to the socket", &name, errno.into()))?;
        Ok(Xdp {
            name,
            mac,
            capabilities: Capabilities::new(Medium::Ethernet, mtu, false),
            _redirect: redirect,
            socket,
            arrived: VecDeque::new(),
            buffer: BytesMut::new(),
        })
    }
}

impl Xdp {
    /// The interface of that name, in generic mode unless told otherwise. All that comes in on it is taken from the
    /// kernel.
    #[must_use]
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder { name: name.into(), native: false }
    }

    /// The interface's name, as it was when the `Xdp` was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The interface's Ethernet address.
    #[must_use]
    pub fn mac_address(&self) -> [u8; 6] {
        self.mac
    }
}

impl Device for Xdp {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        if self.arrived.is_empty() {
            self.socket.receive(&mut self.arrived, &mut self.buffer, BUFFER);
        }
        if self.arrived.is_empty() {
            self.socket.take_error()?;
        }
        Ok(self.arrived.pop_front().map(|bytes| PacketIn { bytes, offload: Offload::default() }))
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        self.capabilities.check(packet)?;
        let pieces = || std::iter::once(packet.header).chain(packet.payload.pieces());
        if self.socket.transmit(pieces())? {
            return Ok(Transmit::Sent);
        }
        // What is in the ring may be no more than not sent for.
        self.socket.flush()?;
        Ok(if self.socket.transmit(pieces())? { Transmit::Sent } else { Transmit::WouldBlock })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }
}

impl std::fmt::Debug for Xdp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Xdp").field("name", &self.name).field("mac", &self.mac).finish_non_exhaustive()
    }
}

/// A socket on the first queue. The kernel gives a queue free some time after its last socket was closed: one that has
/// just been used may take some attempts.
fn bind(index: u32, longest: usize, copy: bool) -> Result<xsk::Xsk, xsk::Failure> {
    for _ in 0..ATTEMPTS {
        match xsk::Xsk::bind(index, 0, longest, copy) {
            Err((_, error)) if error.kind() == io::ErrorKind::ResourceBusy => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
    xsk::Xsk::bind(index, 0, longest, copy)
}

/// `None` for an interface without one, like loopback or a TUN.
fn ethernet_address(name: &str) -> Option<[u8; 6]> {
    let mut interfaces = getifaddrs().ok()?;
    let address = interfaces.find_map(|interface| {
        if interface.interface_name != name { None } else { interface.address?.as_link_addr().copied() }
    })?;
    const ARPHRD_ETHER: u16 = 1;
    if address.hatype() == ARPHRD_ETHER { address.addr() } else { None }
}

#[cfg(test)]
mod tests;
