//! Two devices joined in memory: what one transmits, the other receives, in order and unchanged.
//!
//! The queue between them is bounded in packets. The pair knows no time: when the same calls are made in the
//! same order, the same comes of them.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::BytesMut;
use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::{Capabilities, Device, PacketIn, PacketOut, Transmit};

/// What is allocated at once for packets to be copied into.
const BUFFER: usize = 256 * 1024;

/// Joins two devices of the same capabilities. Each direction holds at most `queue` packets.
///
/// # Errors
/// When the process may open no more file descriptors: each device has one, to be waited on.
///
/// ```
/// use bytes::Bytes;
/// use synfin_device::{Capabilities, Device, Medium, Offload, PacketOut, Payload, memory};
///
/// let (mut left, mut right) = memory::pair(Capabilities::new(Medium::Ip, 1500, false), 64)?;
/// let payload = [Bytes::from_static(b"payload")];
/// let payload = Payload::of(&payload);
/// let _ = left.transmit(&PacketOut { header: b"header ", payload, offload: Offload::default() })?;
/// assert_eq!(&right.receive()?.unwrap().bytes[..], b"header payload");
/// assert_eq!(right.receive()?, None);
/// # std::io::Result::Ok(())
/// ```
pub fn pair(capabilities: Capabilities, queue: usize) -> io::Result<(Memory, Memory)> {
    let shared = Arc::new(Shared { queue, sides: Mutex::default(), wakers: [waker()?, waker()?] });
    let device = |side| Memory { side, capabilities, shared: Arc::clone(&shared), buffer: BytesMut::new() };
    Ok((device(0), device(1)))
}

fn waker() -> nix::Result<EventFd> {
    EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
}

/// One of two devices joined by [`pair`].
///
/// Its [`poll_fd`](Device::poll_fd) is readable while packets wait, when the other side has been dropped,
/// and when there is room again after a [`Transmit::WouldBlock`]. It is writable always: only waiting on
/// edges, as tokio does, makes sense of that. After [`Transmit::WouldBlock`] a loop that waits on levels
/// waits until it is readable.
#[derive(Debug)]
pub struct Memory {
    side: usize,
    capabilities: Capabilities,
    shared: Arc<Shared>,
    buffer: BytesMut,
}

#[derive(Debug)]
struct Shared {
    queue: usize,
    sides: Mutex<[Side; 2]>,
    /// Apart from the sides, for `poll_fd` to borrow without the lock.
    wakers: [EventFd; 2],
}

#[derive(Debug, Default)]
struct Side {
    /// What this side is to receive.
    inbound: VecDeque<PacketIn>,
    /// Whether its waker is readable.
    signalled: bool,
    /// It met a full queue and waits for room.
    wants_room: bool,
    gone: bool,
    /// To be woken instead of making the descriptor readable.
    task: Option<Waker>,
}

impl Shared {
    /// No step leaves the sides half done, so they are sound even if a holder of the lock panicked.
    fn lock(&self) -> MutexGuard<'_, [Side; 2]> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever is returned is to be woken, once the sides are no longer locked.
    fn signal(&self, sides: &mut [Side; 2], side: usize) -> nix::Result<Option<Waker>> {
        let task = sides[side].task.take();
        if task.is_none() && !sides[side].signalled {
            self.wakers[side].write(1)?;
            sides[side].signalled = true;
        }
        Ok(task)
    }

    fn clear(&self, sides: &mut [Side; 2], side: usize) -> nix::Result<()> {
        if sides[side].signalled {
            match self.wakers[side].read() {
                Ok(_) | Err(Errno::EAGAIN) => sides[side].signalled = false,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

impl Device for Memory {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        let peer = 1 - self.side;
        let mut sides = self.shared.lock();
        let packet = sides[self.side].inbound.pop_front();
        if packet.is_none() && sides[peer].gone {
            // The waker stays as it is: an end is there to be seen at every look.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if sides[self.side].inbound.is_empty() && !sides[peer].gone {
            self.shared.clear(&mut sides, self.side)?;
        }
        let mut task = None;
        if packet.is_some() && std::mem::take(&mut sides[peer].wants_room) {
            task = self.shared.signal(&mut sides, peer)?;
        }
        drop(sides);
        task.into_iter().for_each(Waker::wake);
        Ok(packet)
    }

    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        self.capabilities.check(packet)?;
        let peer = 1 - self.side;
        let mut sides = self.shared.lock();
        if sides[peer].gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if sides[peer].inbound.len() >= self.shared.queue {
            sides[self.side].wants_room = true;
            return Ok(Transmit::WouldBlock);
        }
        if self.buffer.capacity() < packet.len() {
            self.buffer.reserve(BUFFER);
        }
        sides[peer].inbound.push_back(packet.join(&mut self.buffer));
        let task = self.shared.signal(&mut sides, peer)?;
        drop(sides);
        task.into_iter().for_each(Waker::wake);
        Ok(Transmit::Sent)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.shared.wakers[self.side].as_fd())
    }

    fn wake(&mut self, waker: &Waker) -> bool {
        match &mut self.shared.lock()[self.side].task {
            Some(task) => task.clone_from(waker),
            task => *task = Some(waker.clone()),
        }
        true
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let mut sides = self.shared.lock();
        sides[self.side].gone = true;
        sides[self.side].inbound.clear();
        sides[self.side].task = None;
        // A descriptor that cannot be written is one that nobody can be waiting on.
        let task = self.shared.signal(&mut sides, 1 - self.side).unwrap_or(None);
        drop(sides);
        task.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests;
