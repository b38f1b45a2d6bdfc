//! What `getsockopt` tells.

use synfin_wire::Mss;

use super::options::option_name;
use super::{Errno, Kernel, Outcome, Role, Stop, retries_of};
use crate::symbols::{self, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

/// What options are that nobody has set.
const UNSET: &[(i64, &str, i64)] = &[
    (SOL_SOCKET, "SO_DEBUG", 0),
    (SOL_SOCKET, "SO_REUSEADDR", 0),
    (SOL_SOCKET, "SO_DONTROUTE", 0),
    (SOL_SOCKET, "SO_BROADCAST", 0),
    (SOL_SOCKET, "SO_OOBINLINE", 0),
    (SOL_SOCKET, "SO_NO_CHECK", 0),
    (SOL_SOCKET, "SO_PRIORITY", 0),
    (SOL_SOCKET, "SO_REUSEPORT", 0),
    (SOL_SOCKET, "SO_PASSCRED", 0),
    (SOL_SOCKET, "SO_RCVLOWAT", 1),
    (SOL_SOCKET, "SO_SNDLOWAT", 1),
    (SOL_SOCKET, "SO_TIMESTAMP", 0),
    (SOL_SOCKET, "SO_MARK", 0),
    (SOL_SOCKET, "SO_TIMESTAMPING", 0),
    (SOL_SOCKET, "SO_MAX_PACING_RATE", -1),
    (SOL_SOCKET, "SO_ZEROCOPY", 0),
    (SOL_TCP, "TCP_CORK", 0),
    (SOL_TCP, "TCP_DEFER_ACCEPT", 0),
    (SOL_TCP, "TCP_WINDOW_CLAMP", 0),
    (SOL_TCP, "TCP_THIN_LINEAR_TIMEOUTS", 0),
    (SOL_TCP, "TCP_THIN_DUPACK", 0),
    (SOL_TCP, "TCP_USER_TIMEOUT", 0),
    (SOL_TCP, "TCP_FASTOPEN", 0),
    (SOL_TCP, "TCP_NOTSENT_LOWAT", 0),
    (SOL_TCP, "TCP_FASTOPEN_CONNECT", 0),
    (SOL_TCP, "TCP_FASTOPEN_NO_COOKIE", 0),
    (SOL_TCP, "TCP_INQ", 0),
    (SOL_TCP, "TCP_DELACK_MAX_US", 200_000),
    (SOL_IP, "IP_TOS", 0),
    (SOL_IP, "IP_MTU_DISCOVER", 1),
    (SOL_IP, "IP_RECVERR", 0),
    (SOL_IP, "IP_FREEBIND", 0),
    (SOL_IPV6, "IPV6_MTU_DISCOVER", 1),
    (SOL_IPV6, "IPV6_RECVERR", 0),
    (SOL_IPV6, "IPV6_TCLASS", 0),
];

impl Kernel {
    /// The value of an option that is a number.
    pub(crate) fn option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<i64> {
        self.tcp(fd)?;
        let known = match level {
            SOL_SOCKET => self.socket_option(fd, name)?,
            SOL_TCP => self.tcp_option(fd, name)?,
            SOL_IP | SOL_IPV6 => self.ip_option(fd, level, name)?,
            _ => None,
        };
        let kept = self.tcp(fd)?.kept.get(&(level, name)).copied();
        let is_it = |option: &&(i64, &str, i64)| option.0 == level && symbols::value(option.1) == Some(name);
        let unset = || UNSET.iter().find(is_it).map(|(_, _, value)| *value);
        let value = known.or(kept).or_else(unset);
        value.ok_or_else(|| Stop::unsupported(format!("reading {}", option_name(level, name))))
    }

    fn socket_option(&mut self, fd: i32, name: i64) -> Outcome<Option<i64>> {
        let file = self.tcp(fd)?;
        Ok(match symbols::name("SO_", name) {
            Some("SO_TYPE") => symbols::value("SOCK_STREAM"),
            Some("SO_ERROR") => {
                let errno = self.take_error(fd).or_else(|| self.take_path_error(fd));
                Some(errno.map_or(0, |errno| errno.number))
            }
            Some("SO_SNDBUF") => Some(file.config.send_buffer as i64),
            Some("SO_RCVBUF") => Some(file.config.receive_buffer as i64),
            Some("SO_KEEPALIVE") => Some(file.config.keep_alive.is_some().into()),
            Some("SO_ACCEPTCONN") => Some(matches!(file.role, Role::Listener(_)).into()),
            _ => None,
        })
    }

    fn tcp_option(&mut self, fd: i32, name: i64) -> Outcome<Option<i64>> {
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        Ok(match symbols::name("TCP_", name) {
            Some("TCP_NODELAY") => Some((!file.config.nagle).into()),
            Some("TCP_MAXSEG") => {
                let unsaid = i64::from(Mss::DEFAULT_V4.octets());
                let asked = file.kept.get(&(SOL_TCP, name)).copied().filter(|mss| *mss > 0);
                let status = connected.and_then(|handle| self.host.tcp(handle)?.status());
                Some(status.map_or(asked.unwrap_or(unsaid), |status| self.send_mss(fd, &status)))
            }
            Some("TCP_RTO_MAX_MS") => Some(file.config.max_rto.as_millis() as i64),
            Some("TCP_RTO_MIN_US") => Some(file.config.min_rto.as_micros() as i64),
            Some("TCP_KEEPIDLE") => Some(file.keep_alive.idle.as_secs() as i64),
            Some("TCP_KEEPINTVL") => Some(file.keep_alive.interval.as_secs() as i64),
            Some("TCP_KEEPCNT") => Some(file.keep_alive.probes.into()),
            Some("TCP_SYNCNT") => Some(retries_of(file.config.r2_syn, file.config.initial_rto)),
            Some("TCP_LINGER2") => Some(match file.config.fin_wait_2_timeout.as_secs() {
                0 => -1,
                seconds => seconds as i64,
            }),
            Some("TCP_QUICKACK") => {
                let socket = connected.and_then(|handle| self.host.tcp(handle));
                Some(socket.is_none_or(|socket| socket.is_quick_ack()).into())
            }
            _ => None,
        })
    }

    fn ip_option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<Option<i64>> {
        let prefix = if level == SOL_IP { "IP_" } else { "IPV6_" };
        match symbols::name(prefix, name) {
            Some("IP_TTL") => {
                let hop_limit = self.host.config().hop_limit;
                Ok(Some(self.tcp(fd)?.config.hop_limit.unwrap_or(hop_limit).into()))
            }
            Some("IP_MTU" | "IPV6_MTU") if self.connection(fd).is_none() => Err(Errno::ENOTCONN.into()),
            Some("IP_MTU" | "IPV6_MTU") => Ok(self.path_mtu(fd)),
            _ => Ok(None),
        }
    }

    /// The MTU of the way to the peer, as far as it is known.
    pub(super) fn path_mtu(&mut self, fd: i32) -> Option<i64> {
        let handle = self.connection(fd)?;
        let (link, socket) = (self.host.config().mtu, self.host.tcp(handle)?);
        let headers = if socket.remote_addr().is_ipv4() { 40 } else { 60 };
        let told = socket.status().and_then(|status| status.path_told);
        Some(told.map_or(link, |told| usize::from(told) + headers) as i64)
    }

    /// TCP_CONGESTION, by the name that Linux has for it.
    pub(crate) fn congestion(&mut self, fd: i32) -> Outcome<&'static str> {
        let algorithm = self.tcp(fd)?.config.congestion;
        let is_it = |name: &&str| name.parse() == Ok(algorithm);
        Ok(["reno", "cubic", "bbr"].into_iter().find(is_it).unwrap_or_default())
    }
}
