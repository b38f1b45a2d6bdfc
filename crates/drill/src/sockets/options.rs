//! Socket options, file flags and ioctls.

use std::time::Duration;

use synfin_host::tcp::{CongestionAlgorithm, State};
use synfin_wire::Mss;

use super::{Errno, Kernel, Outcome, Role, Stop};
use crate::symbols::{self, O_NONBLOCK, O_RDWR, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

const SO_ERROR: i64 = 4;
const SO_SNDBUF: i64 = 7;
const SO_RCVBUF: i64 = 8;
const SO_KEEPALIVE: i64 = 9;
const SO_LINGER: i64 = 13;
const SO_TIMESTAMPING: i64 = 37;
const SO_MAX_PACING_RATE: i64 = 47;
const SO_ZEROCOPY: i64 = 60;
const TCP_NODELAY: i64 = 1;
const TCP_MAXSEG: i64 = 2;
const TCP_KEEPIDLE: i64 = 4;
const TCP_KEEPINTVL: i64 = 5;
const TCP_KEEPCNT: i64 = 6;
const TCP_SYNCNT: i64 = 7;
const TCP_CONGESTION: i64 = 13;
const TCP_USER_TIMEOUT: i64 = 18;
const TCP_NOTSENT_LOWAT: i64 = 25;
const TCP_FASTOPEN_CONNECT: i64 = 30;
const TCP_INQ: i64 = 36;
const IP_TOS: i64 = 1;
const IPV6_TCLASS: i64 = 67;
/// Options that change nothing that a peer could see: SO_REUSEADDR, SO_REUSEPORT, SO_MARK, SO_PRIORITY,
/// IP_FREEBIND, IP_MTU_DISCOVER's DONT beside an MTU that is never exceeded.
const HARMLESS: [(i64, i64); 5] =
    [(SOL_SOCKET, 2), (SOL_SOCKET, 15), (SOL_SOCKET, 36), (SOL_SOCKET, 12), (SOL_IP, 15)];

/// What an option is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OptionValue {
    /// A number.
    Number(i64),
    /// SO_LINGER: on or off, and seconds.
    Linger(bool, i64),
    /// Octets.
    Text(Vec<u8>),
}

impl Kernel {
    pub(crate) fn set_option(&mut self, fd: i32, level: i64, name: i64, value: OptionValue) -> Outcome<i64> {
        self.tcp(fd)?;
        match value {
            OptionValue::Number(value) => self.set_number(fd, level, name, value),
            OptionValue::Linger(on, seconds) if (level, name) == (SOL_SOCKET, SO_LINGER) => {
                self.tcp(fd)?.resets_on_close = on && seconds == 0;
                Ok(0)
            }
            OptionValue::Linger(..) => Err(Errno::EINVAL.into()),
            OptionValue::Text(name_of) if (level, name) == (SOL_TCP, TCP_CONGESTION) => {
                self.set_congestion(fd, &name_of)
            }
            OptionValue::Text(_) => {
                self.unheed(option_name(level, name));
                Ok(0)
            }
        }
    }

    fn set_number(&mut self, fd: i32, level: i64, name: i64, value: i64) -> Outcome<i64> {
        let now = self.now;
        let file = self.tcp(fd)?;
        let connected = match file.role {
            Role::Connection(handle) => Some(handle),
            Role::Idle | Role::Listener(_) => None,
        };
        let octets = usize::try_from(value).unwrap_or(0);
        match (level, name) {
            // Linux doubles both, for what it spends beside the octets themselves.
            (SOL_SOCKET, SO_SNDBUF) => {
                file.config.send_buffer = octets * 2;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_send_buffer(octets * 2);
                }
            }
            (SOL_SOCKET, SO_RCVBUF) if connected.is_none() => file.config.receive_buffer = octets * 2,
            (SOL_SOCKET, SO_KEEPALIVE) => {
                file.config.keep_alive = (value != 0).then_some(file.keep_alive);
                self.apply_keep_alive(fd);
            }
            (SOL_SOCKET, SO_MAX_PACING_RATE) => self.set_max_pacing_rate(fd, value)?,
            (SOL_TCP, TCP_KEEPIDLE | TCP_KEEPINTVL | TCP_KEEPCNT) => self.set_keep_alive(fd, name, value)?,
            (SOL_TCP, TCP_NODELAY) => {
                file.config.nagle = value == 0;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_nodelay(value != 0, now);
                }
            }
            (SOL_TCP, TCP_MAXSEG) if connected.is_none() => {
                let mss = u16::try_from(value).map_err(|_| Errno::EINVAL)?;
                file.config.mss = Mss::new(mss);
            }
            (SOL_TCP, TCP_USER_TIMEOUT) => {
                let timeout =
                    u64::try_from(value).ok().filter(|millis| *millis > 0).map(Duration::from_millis);
                file.config.user_timeout = timeout;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_user_timeout(timeout, now);
                }
            }
            (SOL_TCP, TCP_SYNCNT) => {
                let retries = u32::try_from(value).ok().filter(|retries| (1..=127).contains(retries));
                let retries = retries.ok_or(Errno::EINVAL)?;
                file.config.r2_syn = syn_patience(file.config.initial_rto, retries);
            }
            (SOL_TCP, TCP_INQ) => file.tells_unread = value != 0,
            (SOL_TCP, TCP_FASTOPEN_CONNECT) => file.connects_on_write = value != 0,
            (SOL_IP, IP_TOS) | (SOL_IPV6, IPV6_TCLASS) => self.set_tos(fd, value),
            (SOL_SOCKET, SO_ZEROCOPY) => {}
            pair if HARMLESS.contains(&pair) => {}
            _ => self.unheed(option_name(level, name)),
        }
        if let Ok(file) = self.tcp(fd) {
            file.kept.insert((level, name), value);
        }
        Ok(0)
    }

    /// TCP_CONGESTION: by a name that Linux knows too.
    fn set_congestion(&mut self, fd: i32, name: &[u8]) -> Outcome<i64> {
        let name = name.strip_suffix(b"\0").unwrap_or(name);
        let algorithm = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        let algorithm: CongestionAlgorithm = algorithm.ok_or(Errno::ENOENT)?;
        self.tcp(fd)?.config.congestion = algorithm;
        let now = self.now;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_congestion(algorithm, now);
        }
        Ok(0)
    }

    /// SO_MAX_PACING_RATE; all ones is no limit.
    fn set_max_pacing_rate(&mut self, fd: i32, value: i64) -> Outcome<()> {
        let rate = u64::try_from(value).ok().filter(|rate| *rate != u64::from(u32::MAX));
        self.tcp(fd)?.config.max_pacing_rate = rate;
        let now = self.now;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_max_pacing_rate(rate, now);
        }
        Ok(())
    }

    fn set_tos(&mut self, fd: i32, value: i64) {
        let connected = self.connection(fd);
        match connected.and_then(|handle| self.host.tcp(handle)) {
            Some(mut socket) => socket.set_dscp((value >> 2) as u8),
            None if value != 0 => self.unheed("IP_TOS before a connection"),
            None => {}
        }
    }

    fn set_keep_alive(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let value = u64::try_from(value).ok().filter(|value| *value > 0).ok_or(Errno::EINVAL)?;
        let file = self.tcp(fd)?;
        match name {
            TCP_KEEPIDLE => file.keep_alive.idle = Duration::from_secs(value),
            TCP_KEEPINTVL => file.keep_alive.interval = Duration::from_secs(value),
            _ => file.keep_alive.probes = u8::try_from(value).map_err(|_| Errno::EINVAL)?,
        }
        file.config.keep_alive = file.config.keep_alive.is_some().then_some(file.keep_alive);
        self.apply_keep_alive(fd);
        Ok(())
    }

    fn apply_keep_alive(&mut self, fd: i32) {
        let now = self.now;
        let Some(handle) = self.connection(fd) else { return };
        let Ok(file) = self.tcp(fd) else { return };
        let keep_alive = file.config.keep_alive;
        if let Some(mut socket) = self.host.tcp(handle) {
            socket.set_keep_alive(keep_alive, now);
        }
    }

    /// The value of an option that is a number.
    pub(crate) fn option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<i64> {
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        let kept = file.kept.get(&(level, name)).copied();
        match (level, name) {
            (SOL_SOCKET, SO_ERROR) => Ok(self.take_error(fd).map_or(0, |errno| errno.number)),
            (SOL_SOCKET, SO_SNDBUF) => Ok(kept.map_or(file.config.send_buffer as i64, |value| value * 2)),
            (SOL_SOCKET, SO_RCVBUF) => Ok(kept.map_or(file.config.receive_buffer as i64, |value| value * 2)),
            (SOL_SOCKET, SO_ZEROCOPY | SO_TIMESTAMPING) => Ok(kept.unwrap_or(0)),
            (SOL_SOCKET, SO_KEEPALIVE) => Ok(i64::from(file.config.keep_alive.is_some())),
            (SOL_TCP, TCP_NODELAY) => Ok(i64::from(!file.config.nagle)),
            (SOL_TCP, TCP_MAXSEG) => {
                let announced = file.config.mss.octets();
                let status = connected.and_then(|handle| self.host.tcp(handle)?.status());
                Ok(status.map_or(i64::from(announced), |status| i64::from(status.send_mss)))
            }
            (SOL_TCP, TCP_NOTSENT_LOWAT) => Ok(kept.unwrap_or(0)),
            (SOL_TCP, TCP_USER_TIMEOUT | TCP_INQ) => Ok(kept.unwrap_or(0)),
            _ => kept.ok_or_else(|| Stop::unsupported(format!("reading {}", option_name(level, name)))),
        }
    }

    /// F_GETFL.
    pub(crate) fn file_flags(&mut self, fd: i32) -> Outcome<i64> {
        Ok(O_RDWR | if self.tcp(fd)?.nonblocking { O_NONBLOCK } else { 0 })
    }

    /// F_SETFL.
    pub(crate) fn set_file_flags(&mut self, fd: i32, flags: i64) -> Outcome<i64> {
        self.tcp(fd)?.nonblocking = flags & O_NONBLOCK != 0;
        Ok(0)
    }

    /// The value that an ioctl stores.
    pub(crate) fn ioctl(&mut self, fd: i32, command: i64) -> Outcome<i64> {
        let state = self.state(fd);
        let handle = self.connection(fd).ok_or(Errno::EINVAL)?;
        let socket = self.host.tcp(handle).ok_or(Errno::EBADF)?;
        let status = socket.status();
        match command {
            0x541b if matches!(state, State::SynSent | State::SynReceived) => Ok(0),
            0x541b => Ok(socket.receive_available() as i64),
            0x5411 => Ok(status.map_or(0, |status| status.send_queued as i64)),
            0x894b => {
                Ok(status.map_or(0, |status| status.send_queued as i64 - i64::from(status.outstanding)))
            }
            _ => Err(Stop::unsupported(format!("ioctl {command:#x}"))),
        }
    }
}

/// How long a SYN is retried when that may be done `retries` times, each wait twice the one before.
pub(crate) fn syn_patience(initial: Duration, retries: u32) -> Duration {
    initial.saturating_mul(2u32.saturating_pow((retries + 1).min(16)) - 1)
}

/// The name of an option, for a person.
fn option_name(level: i64, name: i64) -> String {
    let (level, prefixes): (&str, &[&str]) = match level {
        SOL_SOCKET => ("SOL_SOCKET", &["SO_"]),
        SOL_TCP => ("SOL_TCP", &["TCP_"]),
        SOL_IP => ("SOL_IP", &["IP_"]),
        SOL_IPV6 => ("SOL_IPV6", &["IPV6_"]),
        _ => ("?", &[]),
    };
    prefixes
        .iter()
        .find_map(|prefix| symbols::name(prefix, name))
        .map_or_else(|| format!("option {name} of {level}"), str::to_owned)
}
