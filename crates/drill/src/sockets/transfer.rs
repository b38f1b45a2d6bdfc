//! Reading, writing and shutting down.

use std::sync::LazyLock;

use bytes::Bytes;
use synfin_host::TcpHandle;
use synfin_host::tcp::{ReceiveError, SendError, SendOptions, State};

use super::urgent::{Ahead, ahead};
use super::{Errno, Kernel, Object, Outcome, Role, Stop};
use crate::symbols::{
    MSG_DONTWAIT, MSG_EOR, MSG_ERRQUEUE, MSG_MORE, MSG_OOB, MSG_PEEK, MSG_WAITALL, MSG_ZEROCOPY, SO_RCVLOWAT,
    SOL_SOCKET,
};

/// The most octets that Linux takes in one call, whatever it asks for (MAX_RW_COUNT).
const MOST_IN_A_CALL: usize = 0x7fff_f000;

const SO_PEEK_OFF: i64 = 42;

/// Full segments that leave together where they can.
const LEAST_BURST: u64 = 2;

/// What is handed to a socket at once, more than the usual one has room for.
const MOST_AT_ONCE: usize = 64 << 20;

impl Kernel {
    /// Takes up to `len` octets; 0 is the end.
    pub(crate) fn receive(&mut self, fd: i32, len: usize, flags: i64) -> Outcome<i64> {
        if flags & MSG_ERRQUEUE != 0 {
            return self.take_report(fd).map(|_| 0);
        }
        let now = self.now;
        match self.object(fd)? {
            Object::Tcp(_) => {}
            Object::Datagram(_) => return self.receive_datagram(fd, len, flags).map(|taken| taken.octets),
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => return self.read_file(fd, len),
        }
        if self.tcp(fd)?.fast_open.put_off.is_some() {
            return Err(self.wait_or_again(fd, flags));
        }
        if flags & MSG_OOB != 0 {
            return self.receive_urgent(fd, flags & MSG_PEEK != 0);
        }
        let Role::Connection(handle) = self.tcp(fd)?.role else {
            return Err(self.take_left_error(fd).unwrap_or(Errno::ENOTCONN).into());
        };
        if self.waits_for_more(fd, len, flags) {
            return Err(Stop::BLOCK);
        }
        if flags & MSG_PEEK != 0 && self.has_unread(fd) {
            return self.peek(fd, len, flags);
        }
        let inline = self.tcp(fd)?.urgent_inline;
        let mut taken = 0;
        let outcome = loop {
            let Some(mut socket) = self.host.tcp(handle) else { return Err(Errno::EBADF.into()) };
            // A read of nothing waits as any other where there is nothing.
            if taken == len && (len > 0 || socket.receive_available() > 0) {
                break Ok(0);
            }
            let wanted = match ahead(&socket, inline, taken, len - taken) {
                Ahead::Octets(wanted) => wanted,
                Ahead::Mark => break Ok(0),
                Ahead::Urgent => match socket.receive(1, now) {
                    Ok(_) => continue,
                    Err(error) => break Err(error),
                },
            };
            let mut room = vec![0; wanted.min(socket.receive_available().max(1))];
            match socket.receive_slice(&mut room, now) {
                Ok(Some(octets)) => taken += octets,
                Ok(None) => break Ok(0),
                Err(error) => break Err(error),
            }
        };
        if taken > 0 {
            self.move_peek(fd, |offset| (offset - taken as i64).max(0));
            return Ok(taken as i64);
        }
        match outcome {
            Ok(_) => Ok(0),
            Err(ReceiveError::WouldBlock) if self.tcp(fd)?.read_shut => Ok(0),
            Err(ReceiveError::WouldBlock) if self.tcp(fd)?.left_error.is_some() => {
                Err(self.take_error(fd).unwrap_or(Errno::EIO).into())
            }
            Err(ReceiveError::WouldBlock) => Err(self.wait_or_again(fd, flags)),
            Err(ReceiveError::Closed(_)) => self.take_error(fd).map_or(Ok(0), |errno| Err(errno.into())),
        }
    }

    /// MSG_PEEK: from where SO_PEEK_OFF says, which then moves on.
    fn peek(&mut self, fd: i32, len: usize, flags: i64) -> Outcome<i64> {
        let unread = usize::try_from(self.unread(fd).unwrap_or(0)).unwrap_or(0);
        let offset = self.tcp(fd)?.kept.get(&(SOL_SOCKET, SO_PEEK_OFF)).copied().unwrap_or(-1);
        let behind = self.readable_octets(fd, unread).saturating_sub(usize::try_from(offset).unwrap_or(0));
        if behind == 0 && len > 0 {
            return Err(self.wait_or_again(fd, flags));
        }
        let seen = behind.min(len) as i64;
        self.move_peek(fd, |offset| offset + seen);
        Ok(seen)
    }

    /// Moves the place that SO_PEEK_OFF keeps, if it keeps one.
    fn move_peek(&mut self, fd: i32, to: impl FnOnce(i64) -> i64) {
        let place = self.tcp(fd).ok().and_then(|file| file.kept.get_mut(&(SOL_SOCKET, SO_PEEK_OFF)));
        if let Some(place) = place.filter(|place| **place >= 0) {
            *place = to(*place);
        }
    }

    /// Something has come, but less than a call that may wait has asked for: all of it with MSG_WAITALL, else what
    /// SO_RCVLOWAT says.
    fn waits_for_more(&mut self, fd: i32, len: usize, flags: i64) -> bool {
        let least = if flags & MSG_WAITALL != 0 { len } else { self.least_to_read(fd).min(len) };
        let unread = usize::try_from(self.unread(fd).unwrap_or(0)).unwrap_or(0);
        let may_come = matches!(self.state(fd), State::Established | State::FinWait1 | State::FinWait2);
        let at_mark = self.readable_octets(fd, unread) < unread;
        (1..least).contains(&unread) && may_come && !at_mark && !self.may_return(fd, flags)
    }

    /// A reader is told of what there is.
    pub(super) fn has_enough(&mut self, fd: i32) -> bool {
        let least = self.least_to_read(fd);
        usize::try_from(self.unread(fd).unwrap_or(0)).is_ok_and(|unread| unread >= least)
    }

    /// SO_RCVLOWAT: how many octets make a connection readable.
    pub(super) fn least_to_read(&mut self, fd: i32) -> usize {
        let least = self.tcp(fd).ok().and_then(|file| file.kept.get(&(SOL_SOCKET, SO_RCVLOWAT)).copied());
        usize::try_from(least.unwrap_or(1)).unwrap_or(usize::MAX).max(1)
    }

    /// Queues octets, all zero. `sent` says how many of `len` are queued already by a call that waits.
    pub(crate) fn send(&mut self, fd: i32, buffers: &[usize], flags: i64, sent: &mut usize) -> Outcome<i64> {
        let buffers = as_far_as_taken(buffers);
        match self.object(fd)? {
            Object::Tcp(_) => {}
            Object::Datagram(_) => return self.send_datagram(fd, buffers.iter().sum(), flags, None),
            Object::Epoll(_) | Object::Plain(_) | Object::Pipe { .. } => {
                return self.write_file(fd, buffers.iter().sum(), sent);
            }
        }
        if self.tcp(fd)?.fast_open.takes(flags) {
            let remote = self.peer;
            return self.send_with_syn(fd, remote, &buffers, flags, sent);
        }
        self.send_connected(fd, &buffers, flags, sent)
    }

    /// The same, where nothing can go with the SYN.
    pub(super) fn send_connected(
        &mut self,
        fd: i32,
        buffers: &[usize],
        flags: i64,
        sent: &mut usize,
    ) -> Outcome<i64> {
        let len: usize = buffers.iter().sum();
        if let Some(errno) = self.take_error(fd) {
            return Err(errno.into());
        }
        let (now, state) = (self.now, self.state(fd));
        let file = self.tcp(fd)?;
        let Role::Connection(handle) = file.role else { return Err(Errno::EPIPE.into()) };
        if file.write_shut {
            return Err(Errno::EPIPE.into());
        }
        if file.is_connecting(state) {
            return Err(self.wait_or_again(fd, flags));
        }
        let options = SendOptions {
            more: flags & MSG_MORE != 0,
            end_of_record: flags & MSG_EOR != 0,
            urgent: flags & MSG_OOB != 0,
            lent: flags & MSG_ZEROCOPY != 0,
        };
        let may_return = self.may_return(fd, flags);
        let joins = self.joins_unsent(handle, len);
        while *sent < len {
            let Some(mut socket) = self.host.tcp(handle) else { return Err(Errno::EBADF.into()) };
            if *sent > 0 && !may_return && socket.waits_for_room() {
                return Err(Stop::BLOCK);
            }
            let (next, is_last) = next_buffer(buffers, *sent, options.lent);
            let data = zeros(next);
            let is_whole = data.len() == next;
            let options = SendOptions {
                more: options.more || !is_last || !is_whole,
                end_of_record: options.end_of_record && is_whole,
                urgent: options.urgent && is_whole,
                ..options
            };
            match socket.send_with(data, options, now) {
                Ok(queued) => *sent += queued,
                Err(_) if *sent > 0 && may_return => break,
                Err(SendError::WouldBlock) => return Err(self.wait_or_again(fd, flags)),
                Err(SendError::Closing | SendError::Closed(_)) => return Err(Errno::EPIPE.into()),
            }
        }
        self.tcp(fd)?.wrote(*sent as u64, flags, joins);
        Ok(*sent as i64)
    }

    /// What was written before has not left, and has room for so many octets more.
    fn joins_unsent(&mut self, handle: TcpHandle, len: usize) -> bool {
        let (now, socket) = (self.now, self.host.tcp(handle));
        let told = socket.and_then(|socket| Some((socket.status()?, socket.send_measures(now)?)));
        told.is_some_and(|(status, measures)| {
            let unsent = u64::from(measures.unsent);
            unsent > 0 && unsent + len as u64 <= LEAST_BURST * u64::from(status.send_mss)
        })
    }

    /// The call must not wait.
    pub(super) fn may_return(&self, fd: i32, flags: i64) -> bool {
        self.is_nonblocking(fd) || flags & MSG_DONTWAIT != 0
    }

    fn wait_or_again(&self, fd: i32, flags: i64) -> Stop {
        if self.may_return(fd, flags) { Errno::EAGAIN.into() } else { Stop::BLOCK }
    }

    /// There are octets that can be received.
    pub(crate) fn has_unread(&mut self, fd: i32) -> bool {
        if let Ok(Object::Datagram(socket)) = self.object(fd) {
            return socket.next_octets() > 0;
        }
        self.unread(fd).is_some_and(|octets| octets > 0)
    }

    /// What TCP_CM_INQ says: how much is left after a read, an end counting as one; `None` where TCP_INQ is off.
    pub(crate) fn unread_message(&mut self, fd: i32) -> Option<i64> {
        let tells = self.tcp(fd).is_ok_and(|file| file.tells_unread);
        let ended =
            matches!(self.state(fd), State::CloseWait | State::LastAck | State::Closing | State::TimeWait);
        let unread = self.unread(fd)?;
        tells.then_some(if unread == 0 && ended { 1 } else { unread })
    }

    fn unread(&mut self, fd: i32) -> Option<i64> {
        let handle = self.connection(fd)?;
        Some(self.host.tcp(handle)?.receive_available() as i64)
    }

    pub(crate) fn shutdown(&mut self, fd: i32, how: i64) -> Outcome<i64> {
        let (reads, writes) = match how {
            0 => (true, false),
            1 => (false, true),
            2 => (true, true),
            _ => return Err(Errno::EINVAL.into()),
        };
        if let Object::Datagram(socket) = self.object(fd)? {
            return socket.shutdown(reads, writes);
        }
        let now = self.now;
        let state = self.state(fd);
        if let Role::Listener(listener) = self.tcp(fd)?.role {
            // A listener writes nothing; and when it reads no more, it is none any more.
            if reads {
                self.host.close_listener(listener, now);
                self.tcp(fd)?.role = Role::Idle;
            }
            return Ok(0);
        }
        let put_off = self.tcp(fd)?.fast_open.put_off.take();
        if state == State::SynSent || put_off.is_some() {
            return self.disconnect(fd, Some(Errno::ECONNRESET));
        }
        if matches!(state, State::TimeWait | State::Closed) {
            return Err(Errno::ENOTCONN.into());
        }
        let file = self.tcp(fd)?;
        file.read_shut |= reads;
        file.write_shut |= writes;
        let is_deaf = file.read_shut && file.write_shut;
        let Role::Connection(handle) = file.role else { return Err(Errno::ENOTCONN.into()) };
        let Some(mut socket) = self.host.tcp(handle) else { return Ok(0) };
        if writes {
            socket.close(now);
        }
        if is_deaf {
            socket.refuse_text();
        }
        Ok(0)
    }
}

/// The buffers of a call without what lies beyond the most that it takes.
fn as_far_as_taken(buffers: &[usize]) -> Vec<usize> {
    let mut left = MOST_IN_A_CALL;
    let mut take = |len: usize| {
        let taken = len.min(left);
        left -= taken;
        taken
    };
    buffers.iter().map(|len| take(*len)).collect()
}

/// So many zeros, or as many as are handed on at once. All are the same ones, so that no script makes memory grow.
pub(super) fn zeros(len: usize) -> Bytes {
    static ZEROS: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![0; MOST_AT_ONCE]));
    ZEROS.slice(..len.min(MOST_AT_ONCE))
}

/// How many octets to write next, and whether they end the call's last buffer. Buffers are written one by
/// one only when they are lent; others are copied together.
fn next_buffer(buffers: &[usize], sent: usize, lent: bool) -> (usize, bool) {
    let len: usize = buffers.iter().sum();
    if !lent {
        return (len - sent, true);
    }
    let mut end = 0;
    for buffer in buffers {
        end += buffer;
        if end > sent {
            return (end - sent, end == len);
        }
    }
    (0, true)
}
