//! What a script has beside sockets: files and pipes, with no more to them than how much they hold. Their octets are
//! zeros, like those of a script's buffers.

use super::{Errno, File, Kernel, Outcome, Stop};

/// What a pipe holds at the most, octets (pipe(7)).
const PIPE_SIZE: usize = 65_536;

/// One end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PipeEnd {
    Read,
    Write,
}

impl Kernel {
    /// A file that one of the script's commands has made.
    pub(crate) fn open(&self, path: &str) -> Outcome<File> {
        let len = self.disk.get(path).ok_or(Errno::ENOENT)?;
        Ok(File::Plain { len: *len, position: 0 })
    }

    /// Gives both ends of a new pipe the numbers that the script calls them by; false when one is taken.
    pub(crate) fn pipe(&mut self, read: i32, write: i32) -> bool {
        let pipe = self.pipes.len();
        self.pipes.push(0);
        self.install(read, File::Pipe { pipe, end: PipeEnd::Read })
            && self.install(write, File::Pipe { pipe, end: PipeEnd::Write })
    }

    /// Sends up to `count` octets of a file, from `offset` on, or from where it is read to, which then moves; `sent` as in
    /// [`Kernel::send`].
    pub(crate) fn send_file(
        &mut self,
        to: i32,
        from: i32,
        offset: Option<usize>,
        count: usize,
        sent: &mut usize,
    ) -> Outcome<i64> {
        let File::Plain { len, position } = *self.file(from)? else { return Err(Errno::EINVAL.into()) };
        let left = len.saturating_sub(offset.unwrap_or(position));
        let moved = self.send(to, &[count.min(left)], 0, sent)?;
        if let (None, File::Plain { position, .. }) = (offset, self.file(from)?) {
            *position += usize::try_from(moved).unwrap_or(0);
        }
        Ok(moved)
    }

    /// Reads from a pipe, or from a file where it is read to. What is not there is not waited for, if nobody can write it.
    pub(super) fn read_file(&mut self, fd: i32, wanted: usize) -> Outcome<i64> {
        let (taken, is_over) = match self.file(fd)? {
            File::Plain { len, position } => {
                let taken = wanted.min(len.saturating_sub(*position));
                *position += taken;
                (taken, true)
            }
            File::Pipe { pipe, end: PipeEnd::Read } => {
                let pipe = *pipe;
                let taken = wanted.min(self.pipes[pipe]);
                self.pipes[pipe] -= taken;
                (taken, !self.has_end(pipe, PipeEnd::Write))
            }
            File::Pipe { .. } => return Err(Errno::EBADF.into()),
            File::Tcp(_) | File::Epoll(_) => return Err(Errno::EINVAL.into()),
        };
        if taken > 0 || wanted == 0 || is_over { Ok(taken as i64) } else { Err(Stop::BLOCK) }
    }

    /// Writes into a pipe; `sent` as in [`Kernel::send`].
    pub(super) fn write_file(&mut self, fd: i32, len: usize, sent: &mut usize) -> Outcome<i64> {
        let File::Pipe { pipe, end } = *self.file(fd)? else { return Err(Errno::EINVAL.into()) };
        if end == PipeEnd::Read {
            return Err(Errno::EBADF.into());
        }
        if !self.has_end(pipe, PipeEnd::Read) {
            return Err(Errno::EPIPE.into());
        }
        let taken = (len - *sent).min(PIPE_SIZE - self.pipes[pipe]);
        self.pipes[pipe] += taken;
        *sent += taken;
        if *sent < len { Err(Stop::BLOCK) } else { Ok(*sent as i64) }
    }

    fn has_end(&self, pipe: usize, end: PipeEnd) -> bool {
        self.files.values().any(|file| file.pipe() == Some((pipe, end)))
    }

    /// Moves up to `len` octets between a connection and a pipe.
    pub(crate) fn splice(&mut self, from: i32, to: i32, len: usize, sent: &mut usize) -> Outcome<i64> {
        match (self.file(from)?.pipe(), self.file(to)?.pipe()) {
            (None, Some((pipe, PipeEnd::Write))) => {
                let room = PIPE_SIZE - self.pipes[pipe];
                if room == 0 {
                    return Err(Stop::BLOCK);
                }
                // tcp_splice_read does not wait in front of the urgent octet.
                let moved = if self.is_at_mark(from) { 0 } else { self.receive(from, len.min(room), 0)? };
                self.pipes[pipe] += usize::try_from(moved).unwrap_or(0);
                Ok(moved)
            }
            (Some((pipe, PipeEnd::Read)), None) => {
                let moved = self.send(to, &[len.min(self.pipes[pipe])], 0, sent)?;
                self.pipes[pipe] -= usize::try_from(moved).unwrap_or(0);
                Ok(moved)
            }
            _ => Err(Errno::EINVAL.into()),
        }
    }
}

impl File {
    fn pipe(&self) -> Option<(usize, PipeEnd)> {
        match self {
            Self::Pipe { pipe, end } => Some((*pipe, *end)),
            _ => None,
        }
    }
}
