//! What `getsockopt` tells.

use synfin_wire::Mss;

use super::option_table;
use super::{Errno, Kernel, Outcome, Role, Stop, retries_of};
use crate::symbols::{self, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

impl Kernel {
    /// The value of an option that is a number.
    pub(crate) fn option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<i64> {
        self.tcp(fd)?;
        if level == SOL_IPV6 && !self.is_v6 {
            return Err(Errno::ENOPROTOOPT.into());
        }
        let known = match level {
            SOL_SOCKET => self.socket_option(fd, name)?,
            SOL_TCP => self.tcp_option(fd, name)?,
            SOL_IP | SOL_IPV6 => self.ip_option(fd, level, name)?,
            _ => None,
        };
        let kept = self.tcp(fd)?.kept.get(&(level, name)).copied();
        if let Some(value) = known.or(kept) {
            return Ok(value);
        }
        match (level, symbols::name("TCP_", name)) {
            (
                SOL_TCP,
                Some(what @ ("TCP_TIMESTAMP" | "TCP_SAVED_SYN" | "TCP_CC_INFO" | "TCP_FASTOPEN_KEY")),
            ) => Err(Stop::unsupported(format!("reading {what}"))),
            _ => option_table::unset(level, name),
        }
    }

    fn socket_option(&mut self, fd: i32, name: i64) -> Outcome<Option<i64>> {
        let is_v6 = self.is_v6;
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
            Some("SO_DOMAIN") if is_v6 => symbols::value("AF_INET6"),
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
            Some("TCP_SYNCNT") if file.kept.contains_key(&(SOL_TCP, name)) => None,
            Some("TCP_SYNCNT") => Some(retries_of(file.config.r2_syn, file.config.initial_rto)),
            // The first four octets of the name.
            Some("TCP_CONGESTION") => {
                let mut octets = [0; 4];
                octets.iter_mut().zip(self.congestion(fd)?.bytes()).for_each(|(octet, byte)| *octet = byte);
                Some(i32::from_le_bytes(octets).into())
            }
            Some("TCP_INFO") => self.first_of_info(fd),
            Some("TCP_LINGER2") => Some(match file.config.fin_wait_2_timeout.as_secs() {
                0 => -1,
                seconds => seconds as i64,
            }),
            Some("TCP_QUICKACK") => {
                let socket = connected.and_then(|handle| self.host.tcp(handle));
                socket.map(|socket| socket.is_quick_ack().into())
            }
            _ => None,
        })
    }

    /// The first four octets of TCP_INFO: the state, that of recovery, retransmissions and probes.
    fn first_of_info(&mut self, fd: i32) -> Option<i64> {
        let info = self.tcp_info(fd)?;
        let told = |name: &str| info.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| *value);
        let names = ["tcpi_probes", "tcpi_retransmits", "tcpi_ca_state", "tcpi_state"];
        Some(names.iter().fold(0, |word, name| word << 8 | told(name) & 0xff))
    }

    fn ip_option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<Option<i64>> {
        let prefix = if level == SOL_IP { "IP_" } else { "IPV6_" };
        match symbols::name(prefix, name) {
            Some("IP_TTL" | "IPV6_UNICAST_HOPS") => {
                let hop_limit = self.host.config().hop_limit;
                Ok(Some(self.tcp(fd)?.config.hop_limit.unwrap_or(hop_limit).into()))
            }
            Some("IPV6_V6ONLY") if self.connection(fd).is_some() => Ok(Some((!self.peer.is_ipv4()).into())),
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
