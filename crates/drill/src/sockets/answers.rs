//! What `getsockopt` tells.

use std::time::Duration;

use synfin_wire::Mss;

use super::option_table;
use super::{Errno, Kernel, Object, Outcome, Role, Stop, retries_of};
use crate::symbols::{self, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

const IP_MTU: i64 = 14;
/// The octets of TCP_CONGESTION.
const CONGESTION_NAME: usize = 16;

impl Kernel {
    /// The octets of an option, of which there is room for so many.
    pub(crate) fn option(&mut self, fd: i32, level: i64, name: i64, room: usize) -> Outcome<Vec<u8>> {
        let mut octets = match self.structure(fd, level, name)? {
            Some(octets) => octets,
            None => {
                let value = self.number(fd, level, name)? as i32;
                // Options of IPv4 that fit one octet are told in one where there is no room for four.
                let is_short = level == SOL_IP && name != IP_MTU && room < 4 && (0..=255).contains(&value);
                if is_short { vec![value as u8] } else { value.to_ne_bytes().to_vec() }
            }
        };
        octets.truncate(room);
        Ok(octets)
    }

    /// The value of an option that is no number; `None` of one that is.
    fn structure(&mut self, fd: i32, level: i64, name: i64) -> Outcome<Option<Vec<u8>>> {
        let Object::Tcp(file) = self.object(fd)? else { return Ok(None) };
        let words = |words: &[i32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
        Ok(match (level, symbols::name(if level == SOL_TCP { "TCP_" } else { "SO_" }, name)) {
            (SOL_SOCKET, Some("SO_LINGER")) => {
                let seconds = file.linger.map_or(0, |linger| linger.as_secs() as i32);
                Some(words(&[file.linger.is_some().into(), seconds]))
            }
            (SOL_SOCKET, Some("SO_RCVTIMEO")) => Some(timeval(file.timeouts.receive)),
            (SOL_SOCKET, Some("SO_SNDTIMEO")) => Some(timeval(file.timeouts.send)),
            (SOL_SOCKET, Some("SO_TIMESTAMPING")) => {
                Some(words(&[file.kept.get(&(level, name)).map_or(0, |flags| *flags as i32), 0]))
            }
            (SOL_SOCKET, Some("SO_MAX_PACING_RATE")) => {
                let rate = file.config.max_pacing_rate.map_or(u64::MAX, |rate| rate);
                Some(rate.to_ne_bytes().to_vec())
            }
            (SOL_SOCKET, Some("SO_ATTACH_FILTER" | "SO_BINDTODEVICE")) => Some(Vec::new()),
            (SOL_TCP, Some("TCP_CONGESTION")) => {
                let mut octets = self.congestion(fd)?.as_bytes().to_vec();
                octets.resize(CONGESTION_NAME, 0);
                Some(octets)
            }
            (SOL_TCP, Some("TCP_FASTOPEN_KEY")) => Some(self.fast_open_keys(fd)?),
            (SOL_TCP, Some("TCP_INFO")) => Some(self.front_of_info(fd)),
            (SOL_TCP, Some("TCP_CC_INFO")) if self.congestion(fd)? != "bbr" => Some(Vec::new()),
            _ => None,
        })
    }

    /// The value of an option that is a number.
    fn number(&mut self, fd: i32, level: i64, name: i64) -> Outcome<i64> {
        if let Object::Datagram(_) = self.object(fd)? {
            return self.datagram_option(fd, level, name);
        }
        self.tcp(fd)?;
        if level == SOL_IPV6 && !self.is_v6 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let known = match level {
            SOL_SOCKET => self.socket_option(fd, name)?,
            SOL_TCP => self.tcp_option(fd, name)?,
            SOL_IP | SOL_IPV6 => self.ip_option(fd, level, name)?,
            _ => return Err(Errno::EOPNOTSUPP.into()),
        };
        let kept = self.tcp(fd)?.kept.get(&(level, name)).copied();
        if let Some(value) = known.or(kept) {
            return Ok(value);
        }
        match (level, symbols::name("TCP_", name)) {
            (SOL_TCP, Some(what @ ("TCP_TIMESTAMP" | "TCP_SAVED_SYN" | "TCP_CC_INFO"))) => {
                Err(Stop::unsupported(format!("reading {what}")))
            }
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
            Some("SO_SNDBUF") => Some(self.send_buffer(fd)?),
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

    /// SO_SNDBUF: what was asked for, or what it has grown to.
    fn send_buffer(&mut self, fd: i32) -> Outcome<i64> {
        let (now, handle) = (self.now, self.connection(fd));
        let measures = handle.and_then(|handle| self.host.tcp(handle)?.send_measures(now));
        Ok(measures.map_or(self.tcp(fd)?.config.send_buffer, |measures| measures.buffer) as i64)
    }

    /// The octets that TCP_INFO begins with: states and counts of one octet each.
    fn front_of_info(&mut self, fd: i32) -> Vec<u8> {
        let info = self.tcp_info(fd).unwrap_or_default();
        let told = |name: &str| info.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| *value);
        let scales = told("tcpi_rcv_wscale") << 4 | told("tcpi_snd_wscale");
        let front = [
            told("tcpi_state"),
            told("tcpi_ca_state"),
            told("tcpi_retransmits"),
            told("tcpi_probes"),
            told("tcpi_backoff"),
            told("tcpi_options"),
            scales,
            told("tcpi_delivery_rate_app_limited"),
        ];
        front.map(|octet| octet as u8).to_vec()
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
    pub(super) fn congestion(&mut self, fd: i32) -> Outcome<&'static str> {
        let algorithm = self.tcp(fd)?.config.congestion;
        let is_it = |name: &&str| name.parse() == Ok(algorithm);
        Ok(["reno", "cubic", "bbr"].into_iter().find(is_it).unwrap_or_default())
    }
}

/// Seconds and microseconds, eight octets each.
fn timeval(timeout: Option<Duration>) -> Vec<u8> {
    let timeout = timeout.unwrap_or_default();
    [timeout.as_secs().to_ne_bytes(), u64::from(timeout.subsec_micros()).to_ne_bytes()].concat()
}
