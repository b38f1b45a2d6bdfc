//! Urgent data as Linux gives it to its users: one octet, beside the stream unless SO_OOBINLINE puts it in. A read
//! stops at the mark, which lies before that octet (RFC 6093 section 2.3).

use synfin_host::TcpSocket;

use super::{Errno, Kernel, Outcome, Role, Stop};

/// What a read finds ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// At most so many octets.
    Octets(usize),
    /// The mark, which a read that has something does not pass.
    Mark,
    /// The octet behind the mark, which this read is not to have.
    Urgent,
}

/// What a read that has `taken` octets finds, and wants `wanted` more.
pub(super) fn ahead(socket: &TcpSocket<'_>, inline: bool, taken: usize, wanted: usize) -> Ahead {
    match socket.urgent_left() {
        0 => Ahead::Octets(wanted),
        1 if taken > 0 => Ahead::Mark,
        1 if inline => Ahead::Octets(wanted),
        1 => Ahead::Urgent,
        left => Ahead::Octets(wanted.min(left - 1)),
    }
}

impl Kernel {
    /// The octet that MSG_OOB asks for; `peek` leaves it to be asked for again.
    pub(super) fn receive_urgent(&mut self, fd: i32, peek: bool) -> Outcome<i64> {
        let file = self.tcp(fd)?;
        let (inline, was_read, role) = (file.urgent_inline, file.urgent_was_read, file.role);
        let handle = match role {
            Role::Connection(handle) => handle,
            Role::Listener(_) => return Err(Errno::ENOTCONN.into()),
            Role::Idle => return Err(Errno::EINVAL.into()),
        };
        let socket = self.host.tcp(handle).ok_or(Errno::EBADF)?;
        let left = socket.urgent_left();
        if inline || was_read || left == 0 {
            return Err(Errno::EINVAL.into());
        }
        if socket.receive_available() < left {
            return Err(Stop::Errno(Errno::EAGAIN));
        }
        self.tcp(fd)?.urgent_was_read = !peek;
        Ok(1)
    }

    /// SIOCATMARK: the next octet is the urgent one.
    pub(super) fn is_at_mark(&mut self, fd: i32) -> bool {
        self.urgent_left(fd) == 1
    }

    /// The same, and a read is not to have it.
    pub(super) fn is_barred(&mut self, fd: i32) -> bool {
        self.is_at_mark(fd) && !self.tcp(fd).is_ok_and(|file| file.urgent_inline)
    }

    /// SIOCINQ: what can be read, up to the mark where there is one.
    pub(super) fn readable_octets(&mut self, fd: i32, available: usize) -> usize {
        let inline = self.tcp(fd).is_ok_and(|file| file.urgent_inline);
        match self.urgent_left(fd) {
            left if left > 0 && left <= available && !inline => left - 1,
            _ => available,
        }
    }

    /// The urgent octet is there and nobody has had it.
    pub(super) fn has_urgent(&mut self, fd: i32) -> bool {
        let was_read = self.tcp(fd).is_ok_and(|file| file.urgent_was_read);
        let left = self.urgent_left(fd);
        let socket = self.connection(fd).and_then(|handle| self.host.tcp(handle));
        left > 0 && !was_read && socket.is_some_and(|socket| socket.receive_available() >= left)
    }

    fn urgent_left(&mut self, fd: i32) -> usize {
        let socket = self.connection(fd).and_then(|handle| self.host.tcp(handle));
        socket.map_or(0, |socket| socket.urgent_left())
    }
}
