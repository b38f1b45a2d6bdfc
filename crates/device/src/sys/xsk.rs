//! A socket of AF_XDP with its memory and its four rings, as something that takes and gives packets. A packet is copied
//! on its way in and out, so that no frame of that memory is ever seen outside of here.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ::xdp::nic::NicIndex;
use ::xdp::slab::{Slab as _, StackSlab};
use ::xdp::socket::{BindFlags, SocketError, XdpSocket, XdpSocketBuilder};
use ::xdp::umem::{FrameSize, UmemCfgBuilder};
use ::xdp::{CompletionRing, FillRing, Packet, RingConfigBuilder, RxRing, TxRing, Umem};
use bytes::{Bytes, BytesMut};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, getsockopt, send, sockopt};

/// Frames that wait to be filled by the kernel, and as many for what is sent. Both are a power of two.
const FRAMES: u32 = 2048;
/// The kernel tells late which frames it has taken from the fill ring: with twice the room there always is some.
const FILL_RING: u32 = 2 * FRAMES;
/// How many packets are taken from a ring at once; a power of two.
const BATCH: usize = 64;
/// How many packets the kernel sends for one call where it copies (`TX_BATCH_SIZE`).
const KERNEL_BATCH: usize = 32;
/// What a frame keeps free in front of a packet (`XDP_PACKET_HEADROOM`).
const HEADROOM: usize = 256;

/// The longest packet, with its Ethernet header, octets.
pub(crate) const LONGEST: usize = 4096 - HEADROOM;

/// The socket. Fields are dropped in this order: the rings and the socket before the memory that they speak of.
pub(crate) struct Xsk {
    fill: FillRing,
    receive: RxRing,
    completion: CompletionRing,
    transmit: TxRing,
    /// The same socket as `_socket`, to be borrowed.
    fd: OwnedFd,
    _socket: XdpSocket,
    memory: Umem,
    /// Packets in the transmit ring that the kernel was not asked to send.
    unsent: usize,
}

/// What could not be done, to be read after "cannot", and what the kernel said.
pub(crate) type Failure = (&'static str, io::Error);

impl Xsk {
    /// A socket for packets of at most `longest` octets on a queue of the interface of that index.
    pub(crate) fn bind(interface: u32, queue: u32, longest: usize, copy: bool) -> Result<Self, Failure> {
        let step = |step| move |error: ::xdp::error::Error| (step, io::Error::other(error.to_string()));
        let frame_size = if longest + HEADROOM <= 2048 { FrameSize::TwoK } else { FrameSize::FourK };
        let memory = UmemCfgBuilder { frame_size, frame_count: 2 * FRAMES, ..UmemCfgBuilder::default() };
        let memory = memory.build().map_err(step("lay out the frames"))?;
        let mut memory = Umem::map(memory).map_err(|error| ("map the frames", error))?;
        let rings = RingConfigBuilder {
            rx_count: FRAMES,
            tx_count: FRAMES,
            fill_count: FILL_RING,
            completion_count: FRAMES,
        };
        let rings = rings.build().map_err(step("lay out the rings"))?;
        let mut builder = XdpSocketBuilder::new().map_err(of_socket)?;
        let (rings, mut flags): (_, BindFlags) = builder.build_rings(&memory, rings).map_err(of_socket)?;
        let missing = || ("map the rings", io::Error::from(io::ErrorKind::Unsupported));
        let (receive, transmit) = (rings.rx_ring.ok_or_else(missing)?, rings.tx_ring.ok_or_else(missing)?);
        if copy {
            flags.force_copy();
        }
        let mut fill = rings.fill_ring;
        // SAFETY: the memory is dropped behind the socket.
        let filled = unsafe { fill.enqueue(&mut memory, FRAMES as usize) };
        debug_assert_eq!(filled, FRAMES as usize);
        let socket = builder.bind(NicIndex::new(interface), queue, flags).map_err(of_socket)?;
        // SAFETY: the descriptor is the socket's, which outlives this borrow.
        let fd = unsafe { BorrowedFd::borrow_raw(socket.raw_fd()) }.try_clone_to_owned();
        let fd = fd.map_err(|error| ("duplicate the socket's descriptor", error))?;
        let completion = rings.completion_ring;
        Ok(Self { fill, receive, completion, transmit, fd, _socket: socket, memory, unsent: 0 })
    }

    /// Copies what has come behind the packets that are there, a batch at most; each in `buffer`'s place, which keeps
    /// what is left of it.
    pub(crate) fn receive(&mut self, packets: &mut VecDeque<Bytes>, buffer: &mut BytesMut, allocate: usize) {
        let mut arrived = StackSlab::<BATCH>::new();
        // SAFETY: the packets are freed below, the memory is there meanwhile.
        let count = unsafe { self.receive.recv(&self.memory, &mut arrived) };
        while let Some(packet) = arrived.pop_back() {
            if buffer.capacity() < packet.len() {
                buffer.reserve(allocate.max(packet.len()));
            }
            buffer.extend_from_slice(&packet);
            packets.push_back(buffer.split().freeze());
            self.memory.free_packet(packet);
        }
        if count > 0 {
            // SAFETY: the memory is dropped behind the socket.
            unsafe { self.fill.enqueue(&mut self.memory, count) };
        }
    }

    /// Copies a packet of at most [`LONGEST`] octets to the transmit ring; false when that is full.
    pub(crate) fn transmit<'a>(&mut self, pieces: impl Iterator<Item = &'a [u8]>) -> io::Result<bool> {
        self.take_back();
        // SAFETY: the packet is given back or to the ring below, the memory is there meanwhile.
        let Some(mut packet) = (unsafe { self.memory.alloc() }) else { return Ok(false) };
        for piece in pieces {
            if packet.append(piece).is_err() {
                self.memory.free_packet(packet);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a packet longer than a frame"));
            }
        }
        let mut one = StackSlab::<1>::new();
        if let Some(packet) = one.push_front(packet) {
            self.memory.free_packet(packet);
            return Ok(false);
        }
        // SAFETY: the memory is dropped behind the socket.
        let sent = unsafe { self.transmit.send(&mut one) };
        self.unsent += sent;
        // The ring has room for every frame that there is for it.
        one.pop_back().into_iter().for_each(|packet: Packet| self.memory.free_packet(packet));
        Ok(sent == 1)
    }

    /// Has the kernel send what is in the transmit ring.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let mut calls = self.unsent.div_ceil(KERNEL_BATCH) + usize::from(self.unsent > 0);
        while calls > 0 {
            calls -= 1;
            match send(std::os::fd::AsRawFd::as_raw_fd(&self.fd), &[], MsgFlags::MSG_DONTWAIT) {
                Ok(_) => {
                    self.unsent = 0;
                    return Ok(());
                }
                // It has sent a batch, or has no room for now: a later call goes on.
                Err(Errno::EAGAIN | Errno::EBUSY | Errno::ENOBUFS | Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// What has befallen the socket since it was last asked: that its interface is gone.
    pub(crate) fn take_error(&self) -> io::Result<()> {
        match getsockopt(&self.fd, sockopt::SocketError)? {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// Takes back the frames whose packets the kernel has sent.
    fn take_back(&mut self) {
        self.completion.dequeue(&mut self.memory, BATCH);
    }
}

impl AsFd for Xsk {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn of_socket(error: SocketError) -> Failure {
    match error {
        SocketError::SocketCreation(error) => ("open a socket of AF_XDP", error),
        SocketError::SetSockOpt { inner, .. } => ("set up a socket of AF_XDP", inner),
        SocketError::GetSockOpt { inner, .. } => ("ask a socket of AF_XDP about its rings", inner),
        SocketError::RingMap { inner, .. } => ("map the rings", inner),
        SocketError::Bind(error) => ("bind to the queue", error),
    }
}
