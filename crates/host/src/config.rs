//! What a host is told before it begins.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use synfin_tcp::Config;
use synfin_wire::ethernet::MacAddress;

use crate::fast_open::{FastOpen, FastOpenConfig, FastOpenKeys};
use crate::md5::{Md5Key, PeerKeys};
use crate::syn_cookie::SynCookies;

/// The settings of a host.
///
/// ```
/// use synfin_host::HostConfig;
/// let config = HostConfig::new([("10.0.0.2".parse().unwrap(), 24), ("fd00::2".parse().unwrap(), 64)]);
/// assert_eq!(config.mtu, 1500);
/// ```
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// The host's own addresses, each with the length of the prefix that is on its link.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Take packets for every unicast destination, as a forwarder does; see [`crate::Host::set_forwarder`].
    pub any_address: bool,
    /// Over Ethernet: whom to hand packets for destinations that are on no link of ours; at most one of
    /// each family counts.
    pub gateways: Vec<IpAddr>,
    /// The largest IP datagram that the link carries, octets: 576 to 65,535 (1280 where IPv6 is used).
    pub mtu: usize,
    /// The TTL or hop limit of what is sent (RFC 9293 MUST-49).
    pub hop_limit: u8,
    /// What a packet of the device is.
    pub medium: Medium,
    /// What the device does for the host.
    pub offload: HostOffload,
    /// The settings of connections. The host sets `mss` and `default_peer_mss` itself, by MTU and family.
    pub tcp: Config,
    /// Text in SYNs (RFC 7413).
    pub fast_open: FastOpenConfig,
    /// Which SYNs are answered without being kept.
    pub syn_cookies: SynCookies,
    /// Answer echo requests for the host's own addresses.
    pub answer_echo: bool,
    /// ICMP errors sent, at most, a second; as many may be sent in one go.
    pub icmp_errors_per_second: u32,
    /// Challenges sent to one remote host, at most, a second (RFC 5961 section 7); beside that a connection sends no
    /// more than two.
    pub challenges_per_second: u32,
    /// How long nothing must have gone on with a connection, and no more than keep-alive be waited for, until the host
    /// writes it down in a few hundred octets; whatever happens to it reads it back. `None`: it never does.
    pub rest_after: Option<Duration>,
    /// How much may be held.
    pub limits: Limits,
}

/// What a packet of the device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Medium {
    /// An IP datagram (TUN).
    #[default]
    Ip,
    /// An Ethernet frame (TAP); the host's own address.
    Ethernet(MacAddress),
}

/// What the device does for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HostOffload {
    /// The device completes TCP and UDP checksums: see [`crate::ChecksumOut::Partial`].
    pub checksum: bool,
    /// The most TCP text of one packet, octets, that the device cuts into segments itself; 0: it cuts none.
    pub max_super_segment: usize,
    /// The device that cuts them repeats CWR in each piece, as AccECN wants it (RFC 9768 section 3.2.2).
    pub repeats_cwr: bool,
}

/// How much a host holds at most: what a stranger can make it hold is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections, half-open and TIME-WAIT ones among them.
    pub connections: usize,
    /// Octets that the buffers of all connections hold. From three quarters of it on they grow no more and windows become
    /// small; from there on each connection takes a segment from its peer and a page from its user at a time, so that
    /// all of them go on.
    pub buffers: usize,
    /// Connections whose owner has gone and which have not come to TIME-WAIT; what is released beyond that is reset
    /// (RFC 6429 section 4).
    pub orphans: usize,
    /// Half-open connections of all listeners together.
    pub half_open: usize,
    /// Requests of the forwarder that its owner has not decided.
    pub requests: usize,
    /// How long the owner of the forwarder may take to decide.
    pub request_timeout: Duration,
    /// Unread octets of one UDP socket; each datagram counts 64 octets more than its payload.
    pub udp_queue: usize,
    /// Octets of fragments waiting for the rest of their datagrams.
    pub reassembly: usize,
    /// Peers whose Fast Open cookie and MSS are remembered.
    pub fast_open_peers: usize,
    /// Neighbours remembered (Ethernet).
    pub neighbours: usize,
    /// Packets of a kind other than TCP waiting to be sent.
    pub transmit_queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1 << 20,
            buffers: 1 << 30,
            orphans: 1 << 16,
            half_open: 4096,
            requests: 4096,
            request_timeout: Duration::from_secs(130),
            udp_queue: 1 << 20,
            reassembly: 4 << 20,
            fast_open_peers: 4096,
            neighbours: 1024,
            transmit_queue: 1024,
        }
    }
}

impl HostConfig {
    /// A host with these addresses on an IP link with an MTU of 1500 and no offload.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = (IpAddr, u8)>) -> Self {
        Self {
            addresses: addresses.into_iter().collect(),
            any_address: false,
            gateways: Vec::new(),
            mtu: 1500,
            hop_limit: 64,
            medium: Medium::Ip,
            offload: HostOffload::default(),
            tcp: Config::default(),
            fast_open: FastOpenConfig::default(),
            syn_cookies: SynCookies::default(),
            answer_echo: true,
            icmp_errors_per_second: 1000,
            challenges_per_second: 1000,
            rest_after: Some(Duration::from_secs(1)),
            limits: Limits::default(),
        }
    }
}

/// How an active open differs from the ordinary.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The local end; port 0, an unspecified address, or `None` leave the choice to the host (MUST-43,
    /// MUST-44).
    pub local: Option<SocketAddr>,
    /// Settings other than the host's. An `mss` that the link cannot carry is lowered.
    pub config: Option<Arc<Config>>,
    /// Text in the SYN: what is sent before [`crate::Host::poll_transmit`] is called goes with it, as far as
    /// [`crate::TcpSocket::syn_capacity`] says.
    pub fast_open: FastOpen,
    /// Sign every segment with this key, and take none that is not (RFC 2385). Fast Open is off then: beside a signature
    /// there is no room for a cookie.
    pub md5_key: Option<Md5Key>,
}

/// How a listener differs from the ordinary.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// How many connections may wait to be accepted, and how many half-open ones may be on their way.
    pub backlog: usize,
    /// Settings of the connections, other than the host's. An `mss` that the link cannot carry is lowered.
    pub config: Option<Arc<Config>>,
    /// How text in SYNs is taken.
    pub fast_open: ListenFastOpen,
    /// The keys of the peers whose segments are signed (RFC 2385); see [`crate::Host::set_listener_md5_key`].
    pub md5_keys: PeerKeys,
}

/// How a listener takes text in SYNs (RFC 7413), where the host's [`FastOpenConfig::server`] lets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ListenFastOpen {
    /// How many connections may be in use before their handshake is over (RFC 7413 section 5.1); 0: text in SYNs
    /// is not taken. `None` leaves it to [`FastOpenConfig::every_listener`].
    pub backlog: Option<usize>,
    /// Keys other than the host's.
    pub keys: Option<FastOpenKeys>,
    /// Text is taken without a cookie.
    pub without_cookie: bool,
}

impl Default for ListenOptions {
    /// A backlog of 1024.
    fn default() -> Self {
        Self {
            backlog: 1024,
            config: None,
            fast_open: ListenFastOpen::default(),
            md5_keys: PeerKeys::default(),
        }
    }
}
