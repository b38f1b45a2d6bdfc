//! Socket options of TCP: what each of them changes.

use std::time::Duration;

use synfin_host::tcp::CongestionAlgorithm;
use synfin_wire::Mss;

use super::fast_open::{TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_KEY, TCP_FASTOPEN_NO_COOKIE};
use super::option_table;
use super::{Errno, Kernel, Object, Outcome, Role, TcpFile, syn_patience};
use crate::symbols::{SO_RCVLOWAT, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP, TCP_CONGESTION};

const SO_SNDBUF: i64 = 7;
const SO_RCVBUF: i64 = 8;
const SO_KEEPALIVE: i64 = 9;
const SO_OOBINLINE: i64 = 10;
const SO_LINGER: i64 = 13;
const SO_BSDCOMPAT: i64 = 14;
const SO_RCVTIMEO: i64 = 20;
const SO_SNDTIMEO: i64 = 21;
const SO_BINDTODEVICE: i64 = 25;
const SO_SNDBUFFORCE: i64 = 32;
const SO_RCVBUFFORCE: i64 = 33;
const SO_TIMESTAMPING: i64 = 37;
const SO_MAX_PACING_RATE: i64 = 47;
const TCP_NODELAY: i64 = 1;
const TCP_MAXSEG: i64 = 2;
const TCP_CORK: i64 = 3;
const TCP_KEEPIDLE: i64 = 4;
const TCP_KEEPINTVL: i64 = 5;
const TCP_KEEPCNT: i64 = 6;
const TCP_SYNCNT: i64 = 7;
const TCP_LINGER2: i64 = 8;
const TCP_DEFER_ACCEPT: i64 = 9;
const TCP_WINDOW_CLAMP: i64 = 10;
const TCP_QUICKACK: i64 = 12;
const TCP_MD5SIG: i64 = 14;
const TCP_THIN_LINEAR_TIMEOUTS: i64 = 16;
const TCP_THIN_DUPACK: i64 = 17;
const TCP_USER_TIMEOUT: i64 = 18;
const TCP_NOTSENT_LOWAT: i64 = 25;
const TCP_MD5SIG_EXT: i64 = 32;
const TCP_INQ: i64 = 36;
const TCP_TX_DELAY: i64 = 37;
pub(super) const TCP_RTO_MAX_MS: i64 = 44;
pub(super) const TCP_RTO_MIN_US: i64 = 45;
const TCP_DELACK_MAX_US: i64 = 46;
const IP_TOS: i64 = 1;
const IP_TTL: i64 = 2;
const IP_MINTTL: i64 = 21;
const IPV6_MINHOPCOUNT: i64 = 73;
const IPV6_UNICAST_HOPS: i64 = 16;
const IPV6_V6ONLY: i64 = 26;
const IPV6_TCLASS: i64 = 67;
/// Options of IPv4 that are not 0 where no octet is given, but refused: IP_TTL, IP_FREEBIND, IP_TRANSPARENT, IP_MINTTL,
/// IP_BIND_ADDRESS_NO_PORT.
const NEEDS_AN_OCTET: [i64; 5] = [IP_TTL, 15, 19, IP_MINTTL, 24];
/// The bits of the TOS octet that are the user's; the two of ECN are not.
const DSCP: u8 = 0xfc;
/// Linux's net.core.rmem_max and wmem_max, octets.
const MOST_BUFFER: u32 = 4 << 20;
/// How often a SYN-ACK goes again at the most while acceptance is put off, and how long Linux waits before it does.
const MOST_DEFERRALS: u32 = 255;
const LONGEST_SYN_ACK_WAIT: Duration = Duration::from_secs(120);
/// The most of TCP_KEEPIDLE and TCP_KEEPINTVL, of TCP_KEEPCNT, and of TCP_LINGER2, seconds (tcp(7)).
const MOST_KEEPALIVE_SECONDS: u64 = 32_767;
const MOST_KEEPALIVE_PROBES: u64 = 127;
const LONGEST_LINGER: u64 = 120;

/// Linux's least receive buffer and send buffer, octets.
const SMALLEST_RECEIVE_BUFFER: usize = 2304;
const SMALLEST_SEND_BUFFER: usize = 4608;

/// What an option is set to: octets, of which there may be any number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a>(&'a [u8]);

impl<'a> Given<'a> {
    pub(super) const fn octets(self) -> &'a [u8] {
        self.0
    }

    /// The number that they begin with. Options of IPv4 take one octet for a number too.
    pub(super) fn number(self, level: i64, name: i64) -> Outcome<i64> {
        match (self.0.first_chunk::<4>(), self.0) {
            (Some(octets), _) => Ok(i32::from_ne_bytes(*octets).into()),
            (None, [octet, ..]) if level == SOL_IP => Ok((*octet).into()),
            (None, []) if level == SOL_IP && !NEEDS_AN_OCTET.contains(&name) => Ok(0),
            _ => Err(Errno::EINVAL.into()),
        }
    }

    /// A name, which a zero ends.
    fn name(self) -> &'a [u8] {
        self.0.split(|octet| *octet == 0).next().unwrap_or_default()
    }
}

/// SO_RCVTIMEO and SO_SNDTIMEO: no time is for ever, a negative one is none at all.
pub(super) fn timeout(given: Given<'_>) -> Outcome<Option<Duration>> {
    let [seconds, micros, ..] = given.0.as_chunks::<8>().0 else { return Err(Errno::EINVAL.into()) };
    let (seconds, micros) = (i64::from_ne_bytes(*seconds), i64::from_ne_bytes(*micros));
    if !(0..1_000_000).contains(&micros) {
        return Err(Errno::EDOM.into());
    }
    Ok(match u64::try_from(seconds) {
        Ok(0) if micros == 0 => None,
        Ok(seconds) => Some(Duration::from_secs(seconds) + Duration::from_micros(micros as u64)),
        Err(_) => Some(Duration::ZERO),
    })
}

impl Kernel {
    pub(crate) fn set_option(&mut self, fd: i32, level: i64, name: i64, octets: &[u8]) -> Outcome<i64> {
        let given = Given(octets);
        if let Object::Datagram(_) = self.object(fd)? {
            return self.set_datagram_option(fd, level, name, given);
        }
        let file = self.tcp(fd)?;
        match (level, name) {
            (SOL_SOCKET, SO_LINGER) => {
                let [on, seconds, ..] = octets.as_chunks::<4>().0 else { return Err(Errno::EINVAL.into()) };
                let (on, seconds) = (i32::from_ne_bytes(*on), i32::from_ne_bytes(*seconds));
                let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
                file.linger = (on != 0).then_some(seconds);
            }
            (SOL_SOCKET, SO_RCVTIMEO) => file.timeouts.receive = timeout(given)?,
            (SOL_SOCKET, SO_SNDTIMEO) => file.timeouts.send = timeout(given)?,
            // The device that every packet of a script takes.
            (SOL_SOCKET, SO_BINDTODEVICE) => match given.name() {
                b"" | b"tun0" => {}
                _ => return Err(Errno::ENODEV.into()),
            },
            (SOL_TCP, TCP_FASTOPEN_KEY) => self.set_fast_open_keys(fd, octets)?,
            (SOL_TCP, TCP_CONGESTION) if octets.is_empty() => return Err(Errno::EINVAL.into()),
            (SOL_TCP, TCP_CONGESTION) => self.set_congestion(fd, given.name())?,
            (SOL_TCP, TCP_MD5SIG | TCP_MD5SIG_EXT) => self.set_md5_key(fd, octets)?,
            _ => return self.set_number(fd, level, name, given),
        }
        Ok(0)
    }

    fn set_number(&mut self, fd: i32, level: i64, name: i64, given: Given<'_>) -> Outcome<i64> {
        if level == SOL_IPV6 && !self.is_v6 {
            return Err(Errno::ENOPROTOOPT.into());
        }
        let value = option_table::taken(level, name, given.number(level, name)?)?;
        self.may_set(level, name, value)?;
        match level {
            SOL_SOCKET => self.set_of_sockets(fd, name, value)?,
            SOL_TCP => self.set_of_tcp(fd, name, value)?,
            _ => self.set_of_ip(fd, level, name, value)?,
        }
        if option_table::is_read(level, name) {
            let kept = self.kept_as(fd, (level, name), value)?;
            self.tcp(fd)?.kept.insert((level, name), kept);
        }
        self.configure_listener(fd);
        Ok(0)
    }

    fn set_of_sockets(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let file = self.tcp(fd)?;
        match name {
            SO_SNDBUF | SO_RCVBUF => {
                // Linux takes it for a number without a sign.
                let octets = (value as u32).min(MOST_BUFFER);
                self.set_buffer(fd, name, octets.into())?;
            }
            SO_SNDBUFFORCE => self.set_buffer(fd, SO_SNDBUF, value)?,
            SO_RCVBUFFORCE => self.set_buffer(fd, SO_RCVBUF, value)?,
            SO_KEEPALIVE => {
                file.config.keep_alive = (value != 0).then_some(file.keep_alive);
                self.apply_keep_alive(fd);
            }
            SO_MAX_PACING_RATE => self.set_max_pacing_rate(fd, value)?,
            SO_OOBINLINE => file.urgent_inline = value != 0,
            SO_TIMESTAMPING => self.begin_stamps(fd, value)?,
            _ => self.keep(SOL_SOCKET, name, value),
        }
        Ok(())
    }

    fn set_of_tcp(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let (now, most_mss) = (self.now, self.defaults.mss);
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        match name {
            TCP_CORK | TCP_NODELAY | TCP_NOTSENT_LOWAT => self.set_sending(fd, name, value)?,
            TCP_WINDOW_CLAMP | TCP_QUICKACK => self.set_receiving(fd, name, value)?,
            TCP_KEEPIDLE | TCP_KEEPINTVL | TCP_KEEPCNT => self.set_keep_alive(fd, name, value)?,
            TCP_MAXSEG => match value {
                // Zero leaves it to the route. Of a connection the handshake has said it.
                0 => {}
                // More than the way takes is not announced.
                88..=32_767 if connected.is_none() => file.config.mss = Mss::new(value as u16).min(most_mss),
                88..=32_767 => {}
                _ => return Err(Errno::EINVAL.into()),
            },
            TCP_LINGER2 => self.set_fin_wait_2(fd, value)?,
            TCP_USER_TIMEOUT => {
                let millis = u64::try_from(value).map_err(|_| Errno::EINVAL)?;
                let timeout = Some(millis).filter(|millis| *millis > 0).map(Duration::from_millis);
                file.config.user_timeout = timeout;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_user_timeout(timeout, now);
                }
            }
            TCP_SYNCNT => {
                let retries = usize::try_from(value).ok().filter(|retries| (1..=127).contains(retries));
                let retries = retries.ok_or(Errno::EINVAL)?;
                let patience = syn_patience(file.config.initial_rto, retries);
                (file.config.r2_syn, file.config.r2_syn_ack) = (patience, patience);
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_syn_patience(patience);
                }
            }
            TCP_DEFER_ACCEPT => file.config.defer_accept = deferred(value),
            TCP_RTO_MAX_MS | TCP_RTO_MIN_US => self.set_rto_bound(fd, name, value)?,
            TCP_DELACK_MAX_US => self.set_longest_delay(fd, value)?,
            TCP_THIN_LINEAR_TIMEOUTS => {
                file.config.thin_linear_timeouts = value != 0 || file.config.thin_linear_timeouts;
                let linear = file.config.thin_linear_timeouts;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_thin_linear_timeouts(linear);
                }
            }
            TCP_INQ => file.tells_unread = value != 0,
            TCP_FASTOPEN | TCP_FASTOPEN_CONNECT | TCP_FASTOPEN_NO_COOKIE => {
                self.set_fast_open(fd, name, value)?;
            }
            _ => self.keep(SOL_TCP, name, value),
        }
        Ok(())
    }

    /// What is set of one version of IP has no effect on packets of the other.
    fn set_of_ip(&mut self, fd: i32, level: i64, name: i64, value: i64) -> Outcome<()> {
        let is_of_packets = (level == SOL_IP) == self.peer.is_ipv4();
        match (level, name) {
            (SOL_IP, IP_TTL) if !(-1..=255).contains(&value) || value == 0 => Err(Errno::EINVAL.into()),
            (SOL_IP, IP_TOS | IP_TTL) | (SOL_IPV6, IPV6_TCLASS | IPV6_UNICAST_HOPS) if !is_of_packets => {
                Ok(())
            }
            (SOL_IP, IP_TOS) | (SOL_IPV6, IPV6_TCLASS) => self.set_tos(fd, value.max(0)),
            (SOL_IP, IP_TTL) | (SOL_IPV6, IPV6_UNICAST_HOPS) => self.set_hop_limit(fd, value),
            (SOL_IP, IP_MINTTL) | (SOL_IPV6, IPV6_MINHOPCOUNT) if is_of_packets => {
                self.tcp(fd)?.config.least_hop_limit = value as u8;
                if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
                    socket.set_least_hop_limit(value as u8);
                }
                Ok(())
            }
            (SOL_IPV6, IPV6_V6ONLY) if self.connection(fd).is_some() => Err(Errno::EINVAL.into()),
            _ => {
                self.keep(level, name, value);
                Ok(())
            }
        }
    }

    /// An option that is only read back: the script must not need more.
    fn keep(&mut self, level: i64, name: i64, value: i64) {
        // Only a queue that paces holds back what is to be late.
        let is_late = (level, name) == (SOL_TCP, TCP_TX_DELAY) && value != 0 && self.defaults.pacing;
        if is_late || !option_table::changes_nothing(level, name, value) {
            self.unheed(option_table::name(level, name));
        }
    }

    /// What reading an option tells that was set to `value`.
    fn kept_as(&mut self, fd: i32, option: (i64, i64), value: i64) -> Outcome<i64> {
        let most_backlog = self.most_backlog as i64;
        let config = &self.tcp(fd)?.config;
        Ok(match option {
            (SOL_SOCKET, SO_RCVLOWAT) => {
                let most = (config.receive_buffer_max / 2) as i64;
                let asked = if value < 0 { most } else { value.min(most) };
                asked.max(1)
            }
            (SOL_SOCKET, SO_BSDCOMPAT) => 0,
            (SOL_TCP, TCP_DEFER_ACCEPT) => config.defer_accept.map_or(0, |time| time.as_secs() as i64),
            (SOL_TCP, TCP_WINDOW_CLAMP) => config.window_clamp.map_or(0, i64::from),
            (SOL_TCP, TCP_FASTOPEN) => value.min(most_backlog),
            (SOL_TCP, TCP_THIN_DUPACK) => 0,
            (SOL_IP, IP_TOS) => value & i64::from(DSCP),
            (SOL_IPV6, IPV6_TCLASS) => value.max(0) & i64::from(DSCP),
            _ => value,
        })
    }

    /// Linux doubles both, for what it spends beside the octets themselves.
    fn set_buffer(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        let doubled = usize::try_from(value).unwrap_or(0).saturating_mul(2);
        if name == SO_SNDBUF {
            let octets = doubled.max(SMALLEST_SEND_BUFFER);
            (file.config.send_buffer, file.config.send_buffer_max) = (octets, octets);
            if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                socket.set_send_buffer(octets);
            }
        } else {
            let octets = doubled.max(SMALLEST_RECEIVE_BUFFER);
            (file.config.receive_buffer, file.config.receive_buffer_max) = (octets, octets);
            if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                socket.set_receive_buffer(octets);
            }
        }
        Ok(())
    }

    /// What decides when a write leaves.
    fn set_sending(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let (now, unsent_limit) = (self.now, self.defaults.unsent_limit);
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        match name {
            TCP_CORK => {
                file.config.cork = value != 0;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_cork(value != 0);
                }
            }
            TCP_NODELAY => {
                file.config.nagle = value == 0;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_nodelay(value != 0, now);
                }
            }
            _ => {
                let limit = if value == 0 { unsent_limit } else { Some(value as u32) };
                file.config.unsent_limit = limit;
                if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                    socket.set_unsent_limit(limit);
                    // Who waits to write is told whether he found no room or not.
                    let has_room = socket.has_room();
                    self.tcp(fd)?.rooms += u64::from(has_room);
                }
            }
        }
        Ok(())
    }

    /// What decides on windows and acknowledgments.
    fn set_receiving(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let now = self.now;
        let connected = self.connection(fd);
        let file = self.tcp(fd)?;
        if name == TCP_QUICKACK {
            if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
                socket.set_quick_ack(value != 0, now);
            }
            return Ok(());
        }
        if value == 0 {
            // Only what is not connected can be without.
            file.config.window_clamp = None;
            return if connected.is_some() { Err(Errno::EINVAL.into()) } else { Ok(()) };
        }
        let clamp = u32::try_from(value).unwrap_or(0).max(SMALLEST_RECEIVE_BUFFER as u32 / 2);
        file.config.window_clamp = Some(clamp);
        if let Some(mut socket) = connected.and_then(|handle| self.host.tcp(handle)) {
            socket.set_window_clamp(clamp);
        }
        Ok(())
    }

    /// What is set on a listener is for the connections that it accepts from now on.
    fn configure_listener(&mut self, fd: i32) {
        if let Ok(TcpFile { role: Role::Listener(listener), .. }) = self.tcp(fd) {
            let listener = *listener;
            if let Ok(config) = self.settings(fd) {
                self.host.configure_listener(listener, &config);
            }
        }
    }

    /// TCP_CONGESTION: by a name that Linux knows too.
    fn set_congestion(&mut self, fd: i32, name: &[u8]) -> Outcome<()> {
        let algorithm = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        let algorithm: CongestionAlgorithm = algorithm.ok_or(Errno::ENOENT)?;
        self.tcp(fd)?.config.congestion = algorithm;
        let now = self.now;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_congestion(algorithm, now);
        }
        Ok(())
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

    /// The two ECN bits are not the user's.
    fn set_tos(&mut self, fd: i32, value: i64) -> Outcome<()> {
        let dscp = (value as u8 & DSCP) >> 2;
        self.tcp(fd)?.config.dscp = dscp;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_dscp(dscp);
        }
        Ok(())
    }

    /// IP_TTL: -1 is the host's.
    fn set_hop_limit(&mut self, fd: i32, value: i64) -> Outcome<()> {
        let hop_limit = match value {
            -1 => None,
            0..=255 => Some(value as u8),
            _ => return Err(Errno::EINVAL.into()),
        };
        self.tcp(fd)?.config.hop_limit = hop_limit;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_hop_limit(hop_limit);
        }
        Ok(())
    }

    /// TCP_LINGER2: seconds, 0 for the system's, and less than that for no FIN-WAIT-2.
    fn set_fin_wait_2(&mut self, fd: i32, value: i64) -> Outcome<()> {
        let timeout = match u64::try_from(value) {
            Ok(0) => self.defaults.fin_wait_2_timeout,
            Ok(seconds) => Duration::from_secs(seconds.min(LONGEST_LINGER)),
            Err(_) => Duration::ZERO,
        };
        self.tcp(fd)?.config.fin_wait_2_timeout = timeout;
        if let Some(mut socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) {
            socket.set_fin_wait_2_timeout(timeout);
        }
        Ok(())
    }

    fn set_keep_alive(&mut self, fd: i32, name: i64, value: i64) -> Outcome<()> {
        let most = if name == TCP_KEEPCNT { MOST_KEEPALIVE_PROBES } else { MOST_KEEPALIVE_SECONDS };
        let value = u64::try_from(value).ok().filter(|value| (1..=most).contains(value));
        let value = value.ok_or(Errno::EINVAL)?;
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
}

/// TCP_DEFER_ACCEPT: as long as it takes to send so many SYN-ACKs again that no fewer seconds go by.
fn deferred(seconds: i64) -> Option<Duration> {
    let mut time = Duration::ZERO;
    let mut wait = Duration::from_secs(1);
    for _ in 0..MOST_DEFERRALS {
        if i64::try_from(time.as_secs()).is_ok_and(|time| time >= seconds) {
            break;
        }
        time += wait;
        wait = (wait * 2).min(LONGEST_SYN_ACK_WAIT);
    }
    Some(time).filter(|time| !time.is_zero())
}
