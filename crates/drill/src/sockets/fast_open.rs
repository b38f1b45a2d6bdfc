//! Fast Open's calls (RFC 7413): octets that go with the SYN, a connect that is put off until there are some, and a
//! listener's settings.

use std::net::SocketAddr;

use synfin_host::tcp::State;
use synfin_host::{FastOpen, FastOpenKeys, ListenFastOpen};

use super::transfer::zeros;
use super::{Errno, Kernel, Outcome, Role, Stop, TcpFile};
use crate::symbols::MSG_FASTOPEN;

pub(super) const TCP_FASTOPEN: i64 = 23;
pub(super) const TCP_FASTOPEN_CONNECT: i64 = 30;
pub(super) const TCP_FASTOPEN_KEY: i64 = 33;
pub(super) const TCP_FASTOPEN_NO_COOKIE: i64 = 34;

/// What a socket has to do with Fast Open.
#[derive(Clone, Debug, Default)]
pub(super) struct FastOpenFile {
    /// TCP_FASTOPEN_CONNECT: connecting waits for the first octets.
    connects_on_write: bool,
    /// TCP_FASTOPEN_NO_COOKIE.
    without_cookie: bool,
    /// TCP_FASTOPEN.
    backlog: Option<usize>,
    /// TCP_FASTOPEN_KEY.
    keys: Option<FastOpenKeys>,
    /// Where the connect goes that was put off.
    pub(super) put_off: Option<SocketAddr>,
    /// A call that waits has sent octets with the SYN, and goes on.
    sending: bool,
}

impl FastOpenFile {
    pub(super) fn listens(&self) -> ListenFastOpen {
        ListenFastOpen { backlog: self.backlog, keys: self.keys, without_cookie: self.without_cookie }
    }

    fn way(&self) -> FastOpen {
        if self.without_cookie { FastOpen::WithoutCookie } else { FastOpen::Cookie }
    }

    /// What a connect makes of its SYN.
    pub(super) fn connects(&self) -> FastOpen {
        if self.connects_on_write { self.way() } else { FastOpen::Off }
    }

    /// Octets go with the SYN, be it that the call says so or that the connect was put off for them.
    pub(super) fn takes(&self, flags: i64) -> bool {
        flags & MSG_FASTOPEN != 0 || self.put_off.is_some() || self.sending
    }
}

impl TcpFile {
    /// Linux's SYN-SENT and SYN-RECEIVED of a socket whose connect is not over. What was accepted early is in
    /// SYN-RECEIVED too, but is used like any other.
    pub(super) fn is_connecting(&self, state: State) -> bool {
        matches!(state, State::SynSent | State::SynReceived) && !self.connect_told
    }
}

impl Kernel {
    /// A connect is put off when the SYN may carry octets: those of the first write.
    pub(super) fn put_connect_off(&mut self, fd: i32, remote: SocketAddr) -> Outcome<bool> {
        let options = self.connect_options(fd)?;
        let puts_off = self.host.may_fast_open(remote.ip(), &options, self.now);
        if puts_off {
            self.tcp(fd)?.fast_open.put_off = Some(remote);
        }
        Ok(puts_off)
    }

    /// Sends, with the SYN as far as there is room. `sent` says how many of `len` octets are queued already by a call
    /// that waits.
    pub(super) fn send_with_syn(
        &mut self,
        fd: i32,
        remote: SocketAddr,
        buffers: &[usize],
        flags: i64,
        sent: &mut usize,
    ) -> Outcome<i64> {
        let file = self.tcp(fd)?;
        if file.fast_open.sending {
            return self.go_on_sending(fd, buffers, flags, sent);
        }
        let (role, told, put_off) = (file.role, file.connect_told, file.fast_open.put_off);
        if !self.host.config().fast_open.client {
            return Err(Errno::EOPNOTSUPP.into());
        }
        match role {
            Role::Listener(_) => Err(Errno::EISCONN.into()),
            Role::Connection(_) if told => Err(Errno::EISCONN.into()),
            Role::Connection(_) => match self.state(fd) {
                State::SynSent | State::SynReceived if self.may_return(fd, flags) => {
                    Err(Errno::EALREADY.into())
                }
                _ => self.go_on_sending(fd, buffers, flags, sent),
            },
            Role::Idle => {
                let way = self.tcp(fd)?.fast_open.way();
                self.tcp(fd)?.fast_open.put_off = None;
                self.start_connecting(fd, put_off.unwrap_or(remote), way)?;
                self.fill_syn(fd, buffers.iter().sum(), flags, sent)
            }
        }
    }

    /// The connection has begun, and its SYN has not left.
    fn fill_syn(&mut self, fd: i32, len: usize, flags: i64, sent: &mut usize) -> Outcome<i64> {
        let (now, returns) = (self.now, self.may_return(fd, flags));
        let handle = self.connection(fd).ok_or(Errno::EINVAL)?;
        let mut socket = self.host.tcp(handle).ok_or(Errno::EBADF)?;
        // What does not fit into the SYN of a call that waits goes behind it.
        let octets = if returns { len.min(socket.syn_capacity()) } else { len };
        *sent = socket.send(zeros(octets), now).unwrap_or(0);
        self.tcp(fd)?.fast_open.sending = !returns;
        match (returns, *sent) {
            (false, _) => Err(Stop::BLOCK),
            (true, 0) => Err(Errno::EINPROGRESS.into()),
            (true, sent) => {
                self.tcp(fd)?.wrote(sent as u64, flags, false);
                Ok(sent as i64)
            }
        }
    }

    /// A call whose SYN has left waits for the handshake, and then for room.
    fn go_on_sending(&mut self, fd: i32, buffers: &[usize], flags: i64, sent: &mut usize) -> Outcome<i64> {
        let outcome = match self.state(fd) {
            State::SynSent | State::SynReceived => Err(Stop::BLOCK),
            state => {
                self.tcp(fd)?.connect_told |= state != State::Closed;
                self.send_connected(fd, buffers, flags & !MSG_FASTOPEN, sent)
            }
        };
        self.tcp(fd)?.fast_open.sending = matches!(outcome, Err(Stop::Block { .. }));
        outcome
    }

    /// Fast Open's options that are numbers.
    pub(super) fn set_fast_open(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let client = self.host.config().fast_open.client;
        let file = self.tcp(fd)?;
        let connected = matches!(file.role, Role::Connection(_));
        let backlog = usize::try_from(value).ok();
        match (name, value) {
            _ if connected => return Err(Errno::EINVAL.into()),
            (TCP_FASTOPEN, _) => file.fast_open.backlog = Some(backlog.ok_or(Errno::EINVAL)?),
            (TCP_FASTOPEN_CONNECT, 0 | 1) if !client => return Err(Errno::EOPNOTSUPP.into()),
            (TCP_FASTOPEN_CONNECT, 0 | 1) => file.fast_open.connects_on_write = value != 0,
            (TCP_FASTOPEN_NO_COOKIE, 0 | 1) => file.fast_open.without_cookie = value != 0,
            _ => return Err(Errno::EINVAL.into()),
        }
        self.tell_listener(fd)
    }

    /// TCP_FASTOPEN_KEY: one key or two.
    pub(super) fn set_fast_open_keys(&mut self, fd: i32, octets: &[u8]) -> Outcome<()> {
        let keys = match octets.as_chunks::<16>() {
            ([primary], []) => FastOpenKeys { primary: *primary, backup: None },
            ([primary, backup], []) => FastOpenKeys { primary: *primary, backup: Some(*backup) },
            _ => return Err(Errno::EINVAL.into()),
        };
        self.tcp(fd)?.fast_open.keys = Some(keys);
        self.tell_listener(fd)
    }

    /// The keys of a listener, its own or the host's.
    pub(super) fn fast_open_keys(&mut self, fd: i32) -> Outcome<Vec<u8>> {
        let hosts = self.host.config().fast_open.keys;
        let keys = self.tcp(fd)?.fast_open.keys.or(hosts);
        Ok(keys.map_or_else(Vec::new, |keys| match keys.backup {
            Some(backup) => [keys.primary, backup].concat(),
            None => keys.primary.to_vec(),
        }))
    }

    fn tell_listener(&mut self, fd: i32) -> Outcome<()> {
        let file = self.tcp(fd)?;
        let options = file.fast_open.listens();
        if let Role::Listener(listener) = file.role {
            self.host.set_listener_fast_open(listener, options);
        }
        Ok(())
    }
}
