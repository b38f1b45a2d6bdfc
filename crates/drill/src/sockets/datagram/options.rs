//! The options of sockets that send datagrams.

use super::{Carries, DatagramFile};
use crate::sockets::options::{Given, timeout};
use crate::sockets::{Errno, Kernel, Outcome, option_table};
use crate::symbols::{SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP, SOL_UDP};

const SO_TYPE: i64 = 3;
const SO_ERROR: i64 = 4;
const SO_SNDBUF: i64 = 7;
const SO_RCVBUF: i64 = 8;
const SO_LINGER: i64 = 13;
const SO_RCVTIMEO: i64 = 20;
const SO_SNDTIMEO: i64 = 21;
const SO_PROTOCOL: i64 = 38;
const SO_DOMAIN: i64 = 39;
const IP_TOS: i64 = 1;
const IP_TTL: i64 = 2;
const IP_MTU_DISCOVER: i64 = 10;
const IP_RECVERR: i64 = 11;
const IP_MTU: i64 = 14;
const IPV6_UNICAST_HOPS: i64 = 16;
const IPV6_MTU_DISCOVER: i64 = 23;
const IPV6_MTU: i64 = 24;
const IPV6_RECVERR: i64 = 25;
const IPV6_TCLASS: i64 = 67;
const UDP_CORK: i64 = 1;
/// UDP's own options (udp(7)), which are there to be read back.
const UDP_OPTIONS: [i64; 6] = [UDP_CORK, 100, 101, 102, 103, 104];
/// IP_PMTUDISC_WANT, as a socket begins with it, and those that say how much a packet may have.
const WANT: i64 = 1;
const DONT: i64 = 0;
const DO: i64 = 2;
const PROBE: i64 = 3;
/// Linux's least and greatest buffers, octets.
const SMALLEST_RECEIVE_BUFFER: i64 = 2304;
const SMALLEST_SEND_BUFFER: i64 = 4608;
const MOST_BUFFER: i64 = 4 << 20;

impl DatagramFile {
    fn number(&self, level: i64, name: i64) -> Option<i64> {
        self.kept.get(&(level, name)).copied()
    }

    fn mtu_discovery(&self) -> i64 {
        let asked = self.number(SOL_IP, IP_MTU_DISCOVER).or(self.number(SOL_IPV6, IPV6_MTU_DISCOVER));
        asked.unwrap_or(WANT)
    }

    /// The user may act on a path that takes less.
    pub(super) fn discovers_mtu(&self) -> bool {
        self.mtu_discovery() != DONT
    }

    /// IP_RECVERR, of either version.
    pub(super) fn wants_errors(&self) -> bool {
        let asked = self.number(SOL_IP, IP_RECVERR).or(self.number(SOL_IPV6, IPV6_RECVERR));
        asked.is_some_and(|asked| asked != 0)
    }
}

impl Kernel {
    /// A datagram must fit the path whole.
    pub(super) fn must_not_fragment(&mut self, fd: i32) -> Outcome<bool> {
        Ok(matches!(self.datagram(fd)?.mtu_discovery(), DO | PROBE))
    }

    pub(super) fn mtu_of(&mut self, fd: i32) -> Outcome<usize> {
        let link = self.host.config().mtu;
        Ok(self.datagram(fd)?.path_mtu.map_or(link, |mtu| mtu.min(link)))
    }

    /// `getsockopt` of a number.
    pub(in crate::sockets) fn datagram_option(&mut self, fd: i32, level: i64, name: i64) -> Outcome<i64> {
        let (is_v6, link, usual_hops) = (self.is_v6, self.host.config().mtu, self.host.config().hop_limit);
        let socket = self.datagram(fd)?;
        let known = match (level, name) {
            (SOL_IPV6, _) if !is_v6 => return Err(Errno::EOPNOTSUPP.into()),
            (SOL_SOCKET, SO_TYPE) => Some(2),
            (SOL_SOCKET, SO_PROTOCOL) => Some(match socket.carries {
                Carries::Udp(_) => SOL_UDP,
                Carries::Echoes(_) if is_v6 => 58,
                Carries::Echoes(_) => 1,
            }),
            (SOL_SOCKET, SO_DOMAIN) if is_v6 => Some(crate::symbols::AF_INET6),
            (SOL_SOCKET, SO_ERROR) => Some(socket.error.take().map_or(0, |errno| errno.number)),
            (SOL_SOCKET, SO_SNDBUF) => Some(socket.buffers.0),
            (SOL_SOCKET, SO_RCVBUF) => Some(socket.buffers.1),
            (SOL_IP, IP_TTL) | (SOL_IPV6, IPV6_UNICAST_HOPS) => {
                Some(socket.hop_limit.unwrap_or(usual_hops).into())
            }
            (SOL_IP, IP_TOS) | (SOL_IPV6, IPV6_TCLASS) => socket.number(level, name).or(Some(0)),
            (SOL_IP, IP_MTU_DISCOVER) | (SOL_IPV6, IPV6_MTU_DISCOVER) => Some(socket.mtu_discovery()),
            (SOL_IP, IP_MTU) | (SOL_IPV6, IPV6_MTU) if socket.remote.is_none() => {
                return Err(Errno::ENOTCONN.into());
            }
            (SOL_IP, IP_MTU) | (SOL_IPV6, IPV6_MTU) => Some(socket.path_mtu.unwrap_or(link) as i64),
            (SOL_UDP, UDP_CORK) => Some(socket.is_corked.into()),
            (SOL_UDP, _) if UDP_OPTIONS.contains(&name) => socket.number(level, name).or(Some(0)),
            (SOL_UDP, _) => return Err(Errno::ENOPROTOOPT.into()),
            (SOL_SOCKET | SOL_IP | SOL_IPV6, _) => socket.number(level, name),
            _ => return Err(Errno::EOPNOTSUPP.into()),
        };
        known.map_or_else(|| option_table::unset(level, name), Ok)
    }

    /// `setsockopt`.
    pub(in crate::sockets) fn set_datagram_option(
        &mut self,
        fd: i32,
        level: i64,
        name: i64,
        given: Given<'_>,
    ) -> Outcome<i64> {
        if level == SOL_SOCKET && matches!(name, SO_RCVTIMEO | SO_SNDTIMEO) {
            let timeout = timeout(given)?;
            let timeouts = &mut self.datagram(fd)?.timeouts;
            *(if name == SO_RCVTIMEO { &mut timeouts.receive } else { &mut timeouts.send }) = timeout;
            return Ok(0);
        }
        if (level, name) == (SOL_SOCKET, SO_LINGER) {
            return if given.octets().len() < 8 { Err(Errno::EINVAL.into()) } else { Ok(0) };
        }
        if matches!(level, SOL_TCP) || level == SOL_IPV6 && !self.is_v6 {
            return Err(Errno::ENOPROTOOPT.into());
        }
        let value = given.number(level, name)?;
        let value = match level {
            SOL_UDP if UDP_OPTIONS.contains(&name) => value,
            SOL_UDP => return Err(Errno::ENOPROTOOPT.into()),
            _ => option_table::taken(level, name, value)?,
        };
        self.may_set(level, name, value)?;
        let is_of_packets = (level == SOL_IP) == self.peer.is_ipv4();
        let socket = self.datagram(fd)?;
        match (level, name) {
            (SOL_SOCKET, SO_SNDBUF) => {
                socket.buffers.0 = (value.clamp(0, MOST_BUFFER) * 2).max(SMALLEST_SEND_BUFFER);
            }
            (SOL_SOCKET, SO_RCVBUF) => {
                socket.buffers.1 = (value.clamp(0, MOST_BUFFER) * 2).max(SMALLEST_RECEIVE_BUFFER);
            }
            (SOL_IP, IP_TTL) | (SOL_IPV6, IPV6_UNICAST_HOPS) => {
                if !(-1..=255).contains(&value) || value == 0 && level == SOL_IP {
                    return Err(Errno::EINVAL.into());
                }
                if is_of_packets {
                    socket.hop_limit = u8::try_from(value).ok();
                }
            }
            (SOL_IP, IP_TOS) | (SOL_IPV6, IPV6_TCLASS) => {
                // What is of the other version is not in the packets of this one.
                if is_of_packets {
                    socket.tos = value.max(0) as u8;
                }
                socket.kept.insert((level, name), value.max(0) & 0xff);
            }
            (SOL_UDP, UDP_CORK) if value == 0 => self.uncork(fd)?,
            (SOL_UDP, UDP_CORK) => socket.is_corked = true,
            _ => {
                socket.kept.insert((level, name), value);
            }
        }
        Ok(0)
    }
}
