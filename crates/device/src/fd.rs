//! File descriptors handed from one process to another: a TUN made inside a namespace is driven from
//! outside of it.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use crate::sys;

/// Sends `fd` with a message through a Unix socket. The receiver gets a descriptor of its own; this one
/// stays open here.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for an empty message, which a stream cannot carry;
/// otherwise what `sendmsg` says.
pub fn send_fd(socket: &impl AsFd, fd: BorrowedFd<'_>, message: &[u8]) -> io::Result<()> {
    if message.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a descriptor needs a message to travel with",
        ));
    }
    let fds = [fd.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&fds)];
    let sent = retry(|| {
        let socket = socket.as_fd().as_raw_fd();
        sendmsg::<()>(socket, &[IoSlice::new(message)], &rights, MsgFlags::MSG_NOSIGNAL, None)
    })?;
    if sent < message.len() {
        return Err(io::Error::new(io::ErrorKind::WriteZero, "the message was cut short"));
    }
    Ok(())
}

/// Receives one descriptor and the message it came with; waits for it when the socket is a blocking one.
/// Returns the descriptor, which is close-on-exec, and the length of the message in `buffer`.
///
/// # Errors
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the peer has closed,
/// [`InvalidData`](io::ErrorKind::InvalidData) when a message has none or several descriptors with it or is
/// longer than `buffer`; otherwise what `recvmsg` says.
///
/// ```
/// use std::os::{fd::AsFd, unix::net::UnixStream};
/// use synfin_device::fd::{receive_fd, send_fd};
///
/// let (ours, theirs) = UnixStream::pair()?;
/// send_fd(&theirs, std::io::stdin().as_fd(), b"tun0 1500")?;
/// let mut buffer = [0; 64];
/// let (fd, length) = receive_fd(&ours, &mut buffer)?;
/// assert_eq!(&buffer[..length], b"tun0 1500");
/// # drop(fd);
/// # std::io::Result::Ok(())
/// ```
pub fn receive_fd(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<(OwnedFd, usize)> {
    let mut control = nix::cmsg_space!(RawFd);
    let (length, flags, mut fds) = retry(|| {
        let mut slices = [IoSliceMut::new(buffer)];
        let socket = socket.as_fd().as_raw_fd();
        let received = recvmsg::<()>(socket, &mut slices, Some(&mut control), MsgFlags::MSG_CMSG_CLOEXEC)?;
        let mut fds = Vec::new();
        // What was cut off is no error yet: the descriptors that did come need an owner before anything else.
        for message in received.cmsgs().into_iter().flatten() {
            if let ControlMessageOwned::ScmRights(numbers) = message {
                fds.extend(sys::own_received(numbers));
            }
        }
        Ok((received.bytes, received.flags, fds))
    })?;
    let invalid = |reason| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    if length == 0 && fds.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the peer closed before it sent a descriptor",
        ));
    }
    if flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
        return invalid("a message longer than was expected");
    }
    match (fds.pop(), fds.is_empty()) {
        (Some(fd), true) => Ok((fd, length)),
        (Some(_), false) => invalid("a message with more than one descriptor"),
        (None, _) => invalid("a message without a descriptor"),
    }
}

/// Takes ownership of a descriptor that this process was started with, as `command 3<>/dev/net/tun` or a
/// service manager hands it over. It can be taken once, and is not inherited further.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for 0, 1 and 2, which belong to the standard streams, and
/// for a descriptor that this process has opened itself or has taken before; `EBADF` when nothing is open
/// under that number.
pub fn inherited_fd(fd: RawFd) -> io::Result<OwnedFd> {
    if (0..=2).contains(&fd) {
        let reason = format!("file descriptor {fd} belongs to a standard stream");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    sys::own_inherited(fd)
}

fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            outcome => return outcome.map_err(io::Error::from),
        }
    }
}

#[cfg(test)]
mod tests;
