//! What a script has beside sockets: files and pipes, with no more to them than how much they hold. Their octets are
//! zeros, like those of a script's buffers.

use super::{Errno, File, Kernel, Object, Outcome, Stop};
use crate::symbols::{O_RDONLY, O_RDWR, O_WRONLY};

/// What a pipe holds at the most, octets (pipe(7)).
pub(super) const PIPE_SIZE: usize = 65_536;
/// The bits of `open`'s flags that say what is done with the file.
const ACCESS_MODE: i64 = 3;
const O_CREAT: i64 = 64;
const O_EXCL: i64 = 128;
const O_TRUNC: i64 = 512;
/// The flags of `splice`.
const SPLICE_FLAGS: i64 = 15;
const SPLICE_F_NONBLOCK: i64 = 2;

/// One end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PipeEnd {
    Read,
    Write,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Plain {
    /// So many octets, and how far they are read or written.
    Octets {
        path: String,
        len: usize,
        position: usize,
    },
    Directory,
    /// `/dev/null`.
    Null,
    /// `/dev/zero`.
    Zero,
}

/// Directories that every machine has.
const DIRECTORIES: [&str; 5] = ["/", "/tmp", "/dev", "/etc", "/proc"];

impl Plain {
    /// How much is left of a file; `None` of what is none.
    pub(super) fn left(&self) -> Option<i64> {
        match self {
            Self::Octets { len, position, .. } => Some(len.saturating_sub(*position) as i64),
            Self::Directory | Self::Null | Self::Zero => None,
        }
    }
}

impl Object {
    /// What can be done with it where nobody says.
    pub(super) const fn access(&self) -> i64 {
        match self {
            Self::Pipe { end: PipeEnd::Read, .. } => O_RDONLY,
            Self::Pipe { end: PipeEnd::Write, .. } => O_WRONLY,
            Self::Tcp(_) | Self::Datagram(_) | Self::Epoll(_) | Self::Plain(_) => O_RDWR,
        }
    }
}

impl Kernel {
    /// A file that one of the script's commands has made, or one that every machine has.
    pub(crate) fn open(&mut self, path: &str, flags: i64) -> Outcome<File> {
        let plain = match path {
            "/dev/null" => Plain::Null,
            "/dev/zero" => Plain::Zero,
            _ if DIRECTORIES.contains(&path) => Plain::Directory,
            _ => {
                let is_new = !self.disk.contains_key(path);
                if is_new && flags & O_CREAT == 0 {
                    return Err(Errno::ENOENT.into());
                }
                if !is_new && flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL {
                    return Err(Errno::EEXIST.into());
                }
                let len = self.disk.entry(path.to_owned()).or_default();
                if flags & O_TRUNC != 0 {
                    *len = 0;
                }
                Plain::Octets { path: path.to_owned(), len: *len, position: 0 }
            }
        };
        let access = flags & ACCESS_MODE;
        if matches!(plain, Plain::Directory) && access != O_RDONLY {
            return Err(Errno::EISDIR.into());
        }
        Ok(File { access, ..File::new(Object::Plain(plain)) })
    }

    /// Gives both ends of a new pipe the numbers that the script calls them by; false when one is taken.
    pub(crate) fn pipe(&mut self, read: i32, write: i32) -> bool {
        let pipe = self.pipes.len();
        self.pipes.push(0);
        self.install(read, File::new(Object::Pipe { pipe, end: PipeEnd::Read }))
            && self.install(write, File::new(Object::Pipe { pipe, end: PipeEnd::Write }))
    }

    /// Sends up to `count` octets of a file, from `offset` on; `sent` as in [`Kernel::send`].
    pub(crate) fn send_file(
        &mut self,
        to: i32,
        from: i32,
        offset: i64,
        count: usize,
        sent: &mut usize,
    ) -> Outcome<i64> {
        let len = match self.object(from)? {
            Object::Plain(Plain::Octets { len, .. }) => *len,
            Object::Plain(Plain::Zero) => usize::MAX,
            _ => return Err(Errno::EINVAL.into()),
        };
        let left = len.saturating_sub(usize::try_from(offset).map_err(|_| Errno::EINVAL)?);
        self.send(to, &[count.min(left)], 0, sent)
    }

    /// Reads from a pipe, or from a file where it is read to. What is not there is not waited for, if nobody can write it.
    pub(super) fn read_file(&mut self, fd: i32, wanted: usize) -> Outcome<i64> {
        let file = self.file(fd)?;
        if file.access == O_WRONLY {
            return Err(Errno::EBADF.into());
        }
        let nonblocking = file.nonblocking;
        let taken = match &mut file.object {
            Object::Plain(Plain::Octets { len, position, .. }) => {
                let taken = wanted.min(len.saturating_sub(*position));
                *position += taken;
                taken
            }
            Object::Plain(Plain::Zero) => wanted,
            Object::Plain(Plain::Null) => 0,
            Object::Plain(Plain::Directory) => return Err(Errno::EISDIR.into()),
            &mut Object::Pipe { pipe, .. } => {
                let taken = wanted.min(self.pipes[pipe]);
                self.pipes[pipe] -= taken;
                let waits = taken == 0 && wanted > 0 && self.has_end(pipe, PipeEnd::Write);
                match (waits, nonblocking) {
                    (true, true) => return Err(Errno::EAGAIN.into()),
                    (true, false) => return Err(Stop::BLOCK),
                    (false, _) => taken,
                }
            }
            Object::Tcp(_) | Object::Datagram(_) | Object::Epoll(_) => return Err(Errno::EINVAL.into()),
        };
        Ok(taken as i64)
    }

    /// Writes into a pipe or a file; `sent` as in [`Kernel::send`].
    pub(super) fn write_file(&mut self, fd: i32, len: usize, sent: &mut usize) -> Outcome<i64> {
        let file = self.file(fd)?;
        if file.access == O_RDONLY {
            return Err(Errno::EBADF.into());
        }
        let nonblocking = file.nonblocking;
        match &mut file.object {
            &mut Object::Pipe { pipe, .. } => self.write_pipe(pipe, len, nonblocking, sent),
            Object::Plain(Plain::Octets { path, len: octets, position }) => {
                *position += len;
                *octets = (*octets).max(*position);
                let (path, octets) = (path.clone(), *octets);
                self.disk.insert(path, octets);
                Ok(len as i64)
            }
            Object::Plain(_) => Ok(len as i64),
            Object::Tcp(_) | Object::Datagram(_) | Object::Epoll(_) => Err(Errno::EINVAL.into()),
        }
    }

    fn write_pipe(&mut self, pipe: usize, len: usize, nonblocking: bool, sent: &mut usize) -> Outcome<i64> {
        if !self.has_end(pipe, PipeEnd::Read) {
            return Err(Errno::EPIPE.into());
        }
        let taken = (len - *sent).min(PIPE_SIZE - self.pipes[pipe]);
        self.pipes[pipe] += taken;
        *sent += taken;
        match (*sent < len, nonblocking) {
            (true, true) if *sent == 0 => Err(Errno::EAGAIN.into()),
            (true, false) => Err(Stop::BLOCK),
            _ => Ok(*sent as i64),
        }
    }

    fn has_end(&self, pipe: usize, end: PipeEnd) -> bool {
        self.files.values().any(|file| file.object.pipe() == Some((pipe, end)))
    }

    /// What an end of a pipe is ready for.
    pub(super) fn ready_pipe(&self, pipe: usize, end: PipeEnd) -> i64 {
        use crate::symbols::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
        let (held, flag) = (self.pipes[pipe], |is_set, bits| if is_set { bits } else { 0 });
        match end {
            PipeEnd::Read => {
                flag(held > 0, POLLIN | POLLRDNORM) | flag(!self.has_end(pipe, PipeEnd::Write), POLLHUP)
            }
            PipeEnd::Write => {
                flag(held < PIPE_SIZE, POLLOUT | POLLWRNORM)
                    | flag(!self.has_end(pipe, PipeEnd::Read), POLLERR)
            }
        }
    }

    /// Moves up to `len` octets between a connection or a file and a pipe, or between two pipes. `offsets` are pointers,
    /// which are null or wrong.
    pub(crate) fn splice(
        &mut self,
        (from, to): (i32, i32),
        offsets: (i64, i64),
        (len, flags): (usize, i64),
        sent: &mut usize,
    ) -> Outcome<i64> {
        let nonblocking = flags & SPLICE_F_NONBLOCK != 0;
        if len == 0 {
            return Ok(0);
        }
        if flags & !SPLICE_FLAGS != 0 {
            return Err(Errno::EINVAL.into());
        }
        let (source, target) = (self.object(from)?.pipe(), self.object(to)?.pipe());
        let is_pointer = |pipe: Option<_>, offset| match (pipe, offset) {
            (_, 0) => Ok(()),
            (Some(_), _) => Err(Errno::ESPIPE),
            (None, _) => Err(Errno::EFAULT),
        };
        is_pointer(source, offsets.0)?;
        is_pointer(target, offsets.1)?;
        let is_wrong_end = |pipe, end| matches!(pipe, Some((_, found)) if found == end);
        if is_wrong_end(source, PipeEnd::Write) || is_wrong_end(target, PipeEnd::Read) {
            return Err(Errno::EBADF.into());
        }
        match (source, target) {
            (Some((from, _)), Some((to, _))) if from == to => Err(Errno::EINVAL.into()),
            (None, Some((pipe, _))) => {
                let room = PIPE_SIZE - self.pipes[pipe];
                if room == 0 {
                    return Err(if nonblocking { Errno::EAGAIN.into() } else { Stop::BLOCK });
                }
                let flags = if nonblocking { crate::symbols::MSG_DONTWAIT } else { 0 };
                // tcp_splice_read does not wait in front of the urgent octet.
                let moved = if self.is_at_mark(from) { 0 } else { self.receive(from, len.min(room), flags)? };
                self.pipes[pipe] += usize::try_from(moved).unwrap_or(0);
                Ok(moved)
            }
            (Some((pipe, _)), target) => {
                if self.pipes[pipe] == 0 && self.has_end(pipe, PipeEnd::Write) {
                    return Err(if nonblocking { Errno::EAGAIN.into() } else { Stop::BLOCK });
                }
                let held = len.min(self.pipes[pipe]);
                let moved = match target {
                    Some((other, _)) => {
                        let moved = held.min(PIPE_SIZE - self.pipes[other]);
                        self.pipes[other] += moved;
                        moved as i64
                    }
                    None if held == 0 => 0,
                    None => self.send(to, &[held], 0, sent)?,
                };
                self.pipes[pipe] -= usize::try_from(moved).unwrap_or(0);
                Ok(moved)
            }
            (None, None) => Err(Errno::EINVAL.into()),
        }
    }
}

impl Object {
    fn pipe(&self) -> Option<(usize, PipeEnd)> {
        match self {
            Self::Pipe { pipe, end } => Some((*pipe, *end)),
            _ => None,
        }
    }
}
