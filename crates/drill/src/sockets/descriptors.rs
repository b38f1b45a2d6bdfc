//! What can be done with any descriptor: fcntl, and the ioctls of files and pipes.

use super::{Errno, Kernel, Object, Outcome, Role, Stop};
use crate::symbols::{F_GETFL, F_SETFL, O_APPEND, O_NONBLOCK};

const F_DUPFD: i64 = 0;
const F_GETFD: i64 = 1;
const F_SETFD: i64 = 2;
const F_GETLK: i64 = 5;
const F_SETLKW: i64 = 7;
const F_SETOWN: i64 = 8;
const F_GETOWN: i64 = 9;
const F_SETSIG: i64 = 10;
const F_GETSIG: i64 = 11;
const F_GETLEASE: i64 = 1025;
const F_NOTIFY: i64 = 1026;
const F_DUPFD_CLOEXEC: i64 = 1030;
const F_SETPIPE_SZ: i64 = 1031;
const F_GETPIPE_SZ: i64 = 1032;
/// What F_GETLEASE tells where there is no lease.
const F_UNLCK: i64 = 2;
const FD_CLOEXEC: i64 = 1;
/// What is open for files of any length.
const O_LARGEFILE: i64 = 0o100_000;
/// Signals have numbers up to this one.
const LAST_SIGNAL: i64 = 64;
/// Linux's RLIMIT_NOFILE, as far as it may be raised.
const MOST_FILES: i32 = 1 << 20;

pub(super) const SIOCINQ: i64 = 0x541b;
pub(super) const SIOCOUTQ: i64 = 0x5411;
const SIOCATMARK: i64 = 0x8905;
const SIOCOUTQNSD: i64 = 0x894b;
const FIONBIO: i64 = 0x5421;
const FIONCLEX: i64 = 0x5450;
const FIOCLEX: i64 = 0x5451;
/// The ioctls of sockets, with which interfaces, routes and neighbours are set up.
const SOCKET_IOCTLS: std::ops::RangeInclusive<i64> = 0x8900..=0x89ff;

impl Kernel {
    /// `fcntl`. A call that gives no argument gives whatever there is; nothing.
    pub(crate) fn file_control(&mut self, fd: i32, command: i64, argument: i64) -> Outcome<i64> {
        let file = self.file(fd)?;
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        Ok(match command {
            F_DUPFD | F_DUPFD_CLOEXEC => return self.duplicate(fd, argument),
            F_GETFD => flag(file.closes_on_exec, FD_CLOEXEC),
            F_SETFD => {
                file.closes_on_exec = argument & FD_CLOEXEC != 0;
                0
            }
            F_GETFL => {
                let is_large = matches!(file.object, Object::Plain(_));
                file.access
                    | flag(file.nonblocking, O_NONBLOCK)
                    | flag(file.appends, O_APPEND)
                    | flag(is_large, O_LARGEFILE)
            }
            F_SETFL => {
                file.nonblocking = argument & O_NONBLOCK != 0;
                file.appends = argument & O_APPEND != 0;
                0
            }
            // A pointer to a lock, which a number is none.
            F_GETLK..=F_SETLKW => return Err(Errno::EFAULT.into()),
            F_SETOWN => {
                file.owner = argument;
                0
            }
            F_GETOWN => file.owner,
            F_SETSIG if (0..=LAST_SIGNAL).contains(&argument) => {
                file.signal = argument;
                0
            }
            F_GETSIG => file.signal,
            F_GETLEASE => F_UNLCK,
            F_NOTIFY => return Err(Errno::ENOTDIR.into()),
            F_GETPIPE_SZ | F_SETPIPE_SZ => match file.object {
                Object::Pipe { .. } => super::files::PIPE_SIZE as i64,
                _ => return Err(Errno::EBADF.into()),
            },
            _ => return Err(Errno::EINVAL.into()),
        })
    }

    /// F_DUPFD: the lowest free descriptor from `least` on. A script cannot call it, since it has no name for it; but
    /// while it is there, the file is open.
    fn duplicate(&mut self, fd: i32, least: i64) -> Outcome<i64> {
        let first = i32::try_from(least).ok().filter(|first| (0..MOST_FILES).contains(first));
        let twin = (first.ok_or(Errno::EINVAL)?..).find(|twin| !self.files.contains_key(twin));
        self.file(fd)?.has_twin = true;
        Ok(twin.ok_or(Errno::EMFILE)?.into())
    }

    /// `ioctl`: the value that it stores where a pointer is given to one.
    pub(crate) fn ioctl(&mut self, fd: i32, command: i64, given: Option<i64>) -> Outcome<i64> {
        let file = self.file(fd)?;
        match (command, given) {
            (FIONBIO, Some(given)) => {
                file.nonblocking = given != 0;
                return Ok(given);
            }
            (FIOCLEX | FIONCLEX, _) => {
                file.closes_on_exec = command == FIOCLEX;
                return Ok(given.unwrap_or(0));
            }
            (_, Some(_)) => {}
            (_, None) => return Err(Errno::EFAULT.into()),
        }
        match &mut file.object {
            Object::Tcp(_) => self.connection_ioctl(fd, command),
            Object::Datagram(socket) => match command {
                SIOCINQ => Ok(socket.next_octets()),
                SIOCOUTQ => Ok(0),
                command => Err(unknown(command)),
            },
            &mut Object::Pipe { pipe, .. } if command == SIOCINQ => Ok(self.pipes[pipe] as i64),
            Object::Plain(plain) if command == SIOCINQ => plain.left().ok_or(Errno::ENOTTY.into()),
            Object::Plain(_) | Object::Pipe { .. } | Object::Epoll(_) => Err(Errno::ENOTTY.into()),
        }
    }

    fn connection_ioctl(&mut self, fd: i32, command: i64) -> Outcome<i64> {
        use synfin_host::tcp::State;
        if !matches!(command, SIOCINQ | SIOCOUTQ | SIOCATMARK | SIOCOUTQNSD) {
            return Err(unknown(command));
        }
        let state = self.state(fd);
        let handle = match self.tcp(fd)?.role {
            Role::Connection(handle) => handle,
            Role::Listener(_) if command == SIOCATMARK => return Ok(0),
            Role::Listener(_) => return Err(Errno::EINVAL.into()),
            Role::Idle => return Ok(0),
        };
        let socket = self.host.tcp(handle).ok_or(Errno::EBADF)?;
        let status = socket.status();
        Ok(match command {
            SIOCINQ if matches!(state, State::SynSent | State::SynReceived) => 0,
            SIOCINQ => {
                let available = socket.receive_available();
                self.readable_octets(fd, available) as i64
            }
            SIOCATMARK => self.is_at_mark(fd).into(),
            SIOCOUTQ => status.map_or(0, |status| status.send_queued as i64),
            _ => status.map_or(0, |status| status.send_queued as i64 - i64::from(status.outstanding)),
        })
    }
}

fn unknown(command: i64) -> Stop {
    match SOCKET_IOCTLS.contains(&command) {
        true => Stop::unsupported(format!("ioctl {command:#x}")),
        false => Errno::ENOTTY.into(),
    }
}
