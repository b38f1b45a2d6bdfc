//! A TUN or TAP interface of the Linux kernel, super-segments and partial checksums in both directions.
//!
//! The kernel's documentation is Documentation/networking/tuntap.rst; what a packet begins with is
//! [`virtio`].

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bytes::{Buf, BytesMut};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::{self, c_int};

use crate::packet::PacketIn;
use crate::{Capabilities, Device, MAX_IP_PACKET, Medium, Offload, PacketOut, Transmit, sys, virtio};

mod error;

pub use error::TunError;

const PATH: &str = "/dev/net/tun";

/// The virtio-net header of a passed descriptor may be longer than the ten octets that matter here.
const MAX_VNET_HEADER_LEN: usize = 64;

/// Room for the longest packet, with what stands before it and 40 octets of IPv6 header, which IPv6 does not
/// count among its 65,535.
const MAX_READ: usize = MAX_IP_PACKET + 40 + 18 + MAX_VNET_HEADER_LEN;

/// What is allocated at once for packets to be read into.
const READ_BUFFER: usize = 256 * 1024;

/// How many buffers that are full are kept, for the packets in them to be dropped: then they are read into again, which
/// saves asking the system for memory, and for zeros in it.
const KEPT: usize = 4;

/// The pieces of text that one `writev` takes behind the headers; a packet in more pieces is joined first.
const MOST_PIECES: usize = 62;
/// So many as most packets have at most: the list of them takes no time to make.
const FEW_PIECES: usize = 4;

/// A TUN or TAP interface, or one queue of it.
///
/// ```no_run
/// use synfin_device::{Device, tun::Tun};
///
/// let mut tun = Tun::builder().name("synfin0").mtu(1500).build()?;
/// while let Some(packet) = tun.receive()? {
///     println!("{} octets", packet.bytes.len());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tun {
    fd: OwnedFd,
    name: String,
    capabilities: Capabilities,
    /// Zero when the interface was opened without IFF_VNET_HDR.
    vnet_header_len: usize,
    read_buffer: BytesMut,
    full: VecDeque<BytesMut>,
    joined: Vec<u8>,
}

/// How a [`Tun`] is to be made; see [`Tun::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    medium: Medium,
    offload: bool,
    mtu: Option<usize>,
}

impl Builder {
    /// The interface's name, 1 to 15 octets; `%d` in it stands for the first free number. An interface that
    /// exists, made persistent by `ip tuntap add`, is attached to. Default: the kernel chooses.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// TUN or TAP. Default: [`Medium::Ip`], TUN.
    #[must_use]
    pub fn medium(mut self, medium: Medium) -> Self {
        self.medium = medium;
        self
    }

    /// Whether super-segments and partial checksums may pass. Default: yes.
    #[must_use]
    pub fn offload(mut self, offload: bool) -> Self {
        self.offload = offload;
        self
    }

    /// Sets the interface's MTU, octets. Default: what it has, 1500 on a new one.
    #[must_use]
    pub fn mtu(mut self, mtu: usize) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// Makes the interface in the network namespace of this thread. It is there until the `Tun` is dropped;
    /// addresses and the rest are [`interface`](crate::interface)'s.
    ///
    /// # Errors
    /// See [`TunError`].
    pub fn build(&self) -> Result<Tun, TunError> {
        self.open(&self.name, 0)
    }

    /// Makes the interface with several queues. The kernel sends each flow to the queue it last came from.
    ///
    /// # Errors
    /// See [`TunError`]. The kernel allows 256 queues.
    pub fn build_queues(&self, count: usize) -> Result<Vec<Tun>, TunError> {
        let mut queues: Vec<Tun> = Vec::new();
        for _ in 0..count {
            // The first queue settles what `%d` stands for.
            let name = queues.first().map_or(&self.name, |first| &first.name);
            queues.push(self.open(name, libc::IFF_MULTI_QUEUE)?);
        }
        Ok(queues)
    }

    fn open(&self, name: &str, more_flags: c_int) -> Result<Tun, TunError> {
        check_name(name)?;
        let file = OpenOptions::new().read(true).write(true).open(PATH).map_err(TunError::from_open)?;
        let fd = OwnedFd::from(file);
        let mut flags = more_flags | libc::IFF_NO_PI;
        flags |= match self.medium {
            Medium::Ip => libc::IFF_TUN,
            Medium::Ethernet => libc::IFF_TAP,
        };
        if self.offload {
            flags |= libc::IFF_VNET_HDR;
        }
        let name = sys::attach(&fd, name, flags).map_err(|errno| TunError::from_attach(errno, name))?;
        if self.offload {
            let step = |errno| TunError::io("set the length of the virtio-net header", errno);
            sys::set_vnet_header_len(&fd, virtio::HEADER_LEN).map_err(step)?;
        }
        if let Some(mtu) = self.mtu {
            sys::set_mtu(&name, mtu).map_err(|errno| TunError::from_mtu(errno, mtu))?;
        }
        Tun::from_fd(fd, None)
    }
}

impl Tun {
    /// A TUN with offload, its name for the kernel to choose, unless told otherwise.
    #[must_use]
    pub fn builder() -> Builder {
        Builder { name: String::new(), medium: Medium::Ip, offload: true, mtu: None }
    }

    /// Drives a TUN or TAP that someone else has opened, `IFF_NO_PI` set; offload is used when
    /// `IFF_VNET_HDR` is.
    ///
    /// `mtu`, in octets, must be given when the interface is in another network namespace than this thread.
    ///
    /// # Errors
    /// See [`TunError`].
    pub fn from_fd(fd: OwnedFd, mtu: Option<usize>) -> Result<Self, TunError> {
        let (name, flags) = sys::describe(&fd).map_err(TunError::from_describe)?;
        if flags & libc::IFF_NO_PI == 0 {
            return Err(TunError::PacketInformation { name });
        }
        let medium = if flags & libc::IFF_TAP != 0 { Medium::Ethernet } else { Medium::Ip };
        let mtu = match mtu {
            Some(mtu) => mtu,
            None => sys::mtu(&name).map_err(|_| TunError::UnknownMtu { name: name.clone() })?,
        };
        let vnet_header_len = if flags & libc::IFF_VNET_HDR != 0 { prepare_vnet_header(&fd)? } else { 0 };
        let offload = vnet_header_len > 0 && enable_offload(&fd);
        set_non_blocking(&fd).map_err(|errno| TunError::io("make the descriptor non-blocking", errno))?;
        let capabilities = Capabilities::new(medium, mtu, offload);
        let read_buffer = BytesMut::with_capacity(READ_BUFFER);
        Ok(Self {
            fd,
            name,
            capabilities,
            vnet_header_len,
            read_buffer,
            full: VecDeque::new(),
            joined: Vec::new(),
        })
    }

    /// The interface's name, as it was when the `Tun` was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes room to read into. A buffer is shared by the packets read into it; the oldest is free again once the last of
    /// them is dropped.
    fn renew_buffer(&mut self) {
        if self.read_buffer.try_reclaim(READ_BUFFER) {
            return;
        }
        let is_free = self.full.front_mut().is_some_and(|oldest| oldest.try_reclaim(READ_BUFFER));
        let oldest = if is_free { self.full.pop_front() } else { None };
        let renewed = oldest.unwrap_or_else(|| BytesMut::with_capacity(READ_BUFFER));
        self.full.push_back(std::mem::replace(&mut self.read_buffer, renewed));
        if self.full.len() > KEPT {
            self.full.pop_front();
        }
    }

    /// Reads the next packet, with its virtio-net header, into the buffer; false when there is none yet.
    fn read(&mut self) -> io::Result<bool> {
        if self.read_buffer.capacity() < MAX_READ {
            self.renew_buffer();
        }
        match sys::read(&self.fd, &mut self.read_buffer) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the virtio-net header in front of a packet says.
    fn offload(&self, packet: &[u8]) -> io::Result<Offload> {
        match packet.first_chunk() {
            Some(header) if self.vnet_header_len > 0 => {
                virtio::parse(header).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            }
            _ => Ok(Offload::default()),
        }
    }

    /// The descriptor, to be passed on and made a `Tun` again by [`Tun::from_fd`].
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Device for Tun {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        if !self.read()? {
            return Ok(None);
        }
        let mut packet = self.read_buffer.split();
        let offload = self.offload(&packet)?;
        packet.advance(self.vnet_header_len.min(packet.len()));
        Ok(Some(PacketIn { bytes: packet.freeze(), offload }))
    }

    fn lend(&mut self, look: &mut dyn FnMut(&[u8], Offload)) -> io::Result<bool> {
        let is_there = self.read()?;
        if is_there {
            let offload = self.offload(&self.read_buffer);
            if let Ok(offload) = offload {
                look(self.read_buffer.get(self.vnet_header_len..).unwrap_or_default(), offload);
            }
            self.read_buffer.clear();
            offload?;
        }
        Ok(is_there)
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        self.capabilities.check(packet)?;
        let mut vnet_header = [0; MAX_VNET_HEADER_LEN];
        vnet_header[..virtio::HEADER_LEN].copy_from_slice(&virtio::write(&packet.offload));
        let headers = [&vnet_header[..self.vnet_header_len], packet.header];

        let pieces = packet.payload.pieces();
        let written = match pieces.clone().count() {
            count if count <= FEW_PIECES => write::<{ 2 + FEW_PIECES }>(&self.fd, headers, pieces),
            count if count <= MOST_PIECES => write::<{ 2 + MOST_PIECES }>(&self.fd, headers, pieces),
            _ => {
                self.joined.clear();
                pieces.for_each(|piece| self.joined.extend_from_slice(piece));
                write::<3>(&self.fd, headers, [&self.joined[..]])
            }
        };
        match written {
            Ok(_) => Ok(Transmit::Sent),
            Err(Errno::EAGAIN) => Ok(Transmit::WouldBlock),
            // Nothing tells when memory is there again: the packet is lost, as on any link.
            Err(Errno::ENOBUFS | Errno::ENOMEM) => Ok(Transmit::Sent),
            Err(errno) => Err(errno.into()),
        }
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.fd.as_fd())
    }
}

/// One `writev` of headers and pieces, together at most `N`.
fn write<'a, const N: usize>(
    fd: &OwnedFd,
    headers: [&'a [u8]; 2],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> nix::Result<usize> {
    let mut slices = [IoSlice::new(&[]); N];
    let mut used = 0;
    for (slice, piece) in slices.iter_mut().zip(headers.into_iter().chain(pieces)) {
        *slice = IoSlice::new(piece);
        used += 1;
    }
    nix::sys::uio::writev(fd, &slices[..used])
}

/// The kernel's `dev_valid_name`, but that nothing is fine too.
fn check_name(name: &str) -> Result<(), TunError> {
    let octet_is_bad =
        |octet: u8| matches!(octet, b'/' | b':' | 0) || octet.is_ascii_whitespace() || octet == 0x0b;
    if name.len() > sys::MAX_NAME_LEN || name == "." || name == ".." || name.bytes().any(octet_is_bad) {
        return Err(TunError::InvalidName { name: name.to_owned() });
    }
    Ok(())
}

/// Has the virtio-net header in the byte order that [`virtio`] writes, and returns its length.
fn prepare_vnet_header(fd: &OwnedFd) -> Result<usize, TunError> {
    sys::set_vnet_little_endian(fd)
        .map_err(|errno| TunError::io("set the byte order of the virtio-net header", errno))?;
    let len = sys::vnet_header_len(fd)
        .map_err(|errno| TunError::io("read the length of the virtio-net header", errno))?;
    if (virtio::HEADER_LEN..=MAX_VNET_HEADER_LEN).contains(&len) {
        Ok(len)
    } else {
        Err(TunError::io("use the virtio-net header's length", Errno::EMSGSIZE))
    }
}

/// Whether the kernel may hand out partial checksums and super-segments. One that lacks any of it goes
/// without: every packet it hands out is then complete.
fn enable_offload(fd: &OwnedFd) -> bool {
    let features = libc::TUN_F_CSUM | libc::TUN_F_TSO4 | libc::TUN_F_TSO6;
    sys::set_offload(fd, features | libc::TUN_F_TSO_ECN).or_else(|_| sys::set_offload(fd, features)).is_ok()
}

fn set_non_blocking(fd: &OwnedFd) -> nix::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(test)]
mod tests;
