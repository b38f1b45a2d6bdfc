//! The host: orchestration only. What comes in goes to the room whose it is; what goes out is collected.

use std::net::IpAddr;
use std::sync::Arc;

use synfin_tcp::Config;
use synfin_wire::{Instant, Mss};

use crate::challenge::ChallengeLimit;
use crate::config::HostConfig;
use crate::counters::{Counters, Fate};
use crate::echo::EchoQueue;
use crate::emit::Emitter;
use crate::event::HostEvent;
use crate::events::EventQueue;
use crate::fast_open::FastOpenKeys;
use crate::fast_open::black_hole::BlackHole;
use crate::fast_open::cache::CookieCache;
use crate::forwarder::Forwarder;
use crate::icmp::RateLimit;
use crate::isn::IsnGenerator;
use crate::keyed::Purpose;
use crate::listener::Listeners;
use crate::neighbour::Neighbours;
use crate::outbox::Outbox;
use crate::packet::{PacketIn, PacketOut};
use crate::ports::{PortAllocator, PortShare};
use crate::ready::ReadyQueue;
use crate::reassembly::Reassembler;
use crate::route::Routes;
use crate::syn_cookie::SynCookieMaker;
use crate::table::ConnectionTable;
use crate::timers::Timers;
use crate::udp::UdpTable;

mod cookie;
mod fast_open;
mod forward;
mod link;
mod look;
mod message;
mod open;
mod receive;
mod segment;
mod settle;
mod signature;
mod socket;
mod udp;

pub use look::Look;
pub use socket::TcpSocket;

/// The smallest MTU that a host works with: every IPv4 host takes that much (RFC 791 section 3.1).
const SMALLEST_MTU: usize = 576;
/// The largest IP datagram.
const LARGEST_MTU: usize = 65_535;

/// A TCP/IP host. See the [crate] for how it is driven.
#[derive(Debug)]
pub struct Host {
    config: HostConfig,
    counters: Counters,
    routes: Routes,
    emitter: Emitter,
    outbox: Outbox,
    neighbours: Neighbours,
    reassembler: Reassembler,
    /// The tokens for ICMP errors.
    errors: RateLimit,
    challenges: ChallengeLimit,
    echoes: EchoQueue,
    udp: UdpTable,
    udp_ports: PortAllocator,
    table: ConnectionTable,
    listeners: Listeners,
    forwarder: Forwarder,
    timers: Timers,
    ready: ReadyQueue,
    events: EventQueue,
    isn: IsnGenerator,
    /// The initial sequence numbers of the next connections, where a lesson has them fixed.
    #[cfg(feature = "counterfactual")]
    fixed_sequences: std::collections::VecDeque<synfin_wire::SeqNumber>,
    tcp_ports: PortAllocator,
    port_share: PortShare,
    /// The keys of Fast Open cookies where nobody has set any.
    fast_open_keys: FastOpenKeys,
    cookies: CookieCache,
    black_hole: BlackHole,
    syn_cookies: SynCookieMaker,
    /// The settings of connections, over IPv4 and over IPv6.
    tcp_v4: Arc<Config>,
    tcp_v6: Arc<Config>,
}

impl Host {
    /// A host that has seen nothing yet. From `secret` come the keys of everything that a stranger must
    /// not guess: initial sequence numbers (RFC 6528), ports (RFC 6056), timestamp offsets, hashes. Two
    /// hosts with the same secret and the same history behave the same to the octet.
    #[must_use]
    pub fn new(mut config: HostConfig, secret: [u8; 32]) -> Self {
        config.mtu = config.mtu.clamp(SMALLEST_MTU, LARGEST_MTU);
        let limits = config.limits;
        let tcp = |v4| {
            let (mss, default_peer_mss) = segment_sizes(config.mtu, v4);
            Arc::new(Config { mss, default_peer_mss, ..config.tcp.clone() })
        };
        Self {
            counters: Counters::default(),
            routes: Routes::new(&config),
            emitter: Emitter::new(&config, &secret),
            outbox: Outbox::new(limits.transmit_queue),
            neighbours: Neighbours::new(&secret, limits.neighbours),
            reassembler: Reassembler::new(&secret, limits.reassembly),
            errors: RateLimit::new(config.icmp_errors_per_second),
            challenges: ChallengeLimit::new(&secret, config.challenges_per_second),
            echoes: EchoQueue::default(),
            udp: UdpTable::new(&secret, limits.udp_queue),
            udp_ports: PortAllocator::new(&secret, Purpose::UdpPorts),
            table: ConnectionTable::new(&secret, limits.connections, config.rest_after),
            listeners: Listeners::new(&secret, limits.half_open),
            forwarder: Forwarder::new(config.any_address, limits.requests),
            timers: Timers::default(),
            ready: ReadyQueue::default(),
            events: EventQueue::default(),
            isn: IsnGenerator::new(&secret),
            #[cfg(feature = "counterfactual")]
            fixed_sequences: std::collections::VecDeque::new(),
            tcp_ports: PortAllocator::new(&secret, Purpose::TcpPorts),
            port_share: PortShare::WHOLE,
            fast_open_keys: FastOpenKeys::derive(&secret),
            cookies: CookieCache::new(&secret, limits.fast_open_peers),
            black_hole: BlackHole::default(),
            syn_cookies: SynCookieMaker::new(&secret),
            tcp_v4: tcp(true),
            tcp_v6: tcp(false),
            config,
        }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether `address` is one of the host's own.
    #[must_use]
    pub fn is_ours(&self, address: IpAddr) -> bool {
        self.routes.is_ours(address)
    }

    /// How many connections there are: half-open, undecided and TIME-WAIT ones among them.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.table.len()
    }

    /// A packet has come from the device. Nothing is sent before [`Host::poll_transmit`].
    pub fn handle_packet(&mut self, packet: PacketIn, now: Instant) -> Fate {
        self.counters.packets_in += 1;
        self.counters.octets_in += packet.bytes.len() as u64;
        let fate = self.receive(packet, now);
        if let Fate::Dropped(reason) = fate {
            self.counters.drop(reason);
        }
        fate
    }

    /// The next packet for the device, or `None` when there is nothing to send for now.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<PacketOut> {
        if self.outbox.is_empty() && self.ready.is_empty() {
            self.table.pass(now);
            return None;
        }
        self.next_packet(now)
    }

    /// When [`Host::handle_timeout`] is to be called, if nothing else happens before. It may be earlier
    /// than anything is due, never later.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let moments = [
            self.reassembler.poll_timeout(),
            self.neighbours.poll_timeout(),
            self.timers.next(),
            self.table.next_rest(),
        ];
        moments.into_iter().flatten().min()
    }

    /// Does what is due at `now`. Harmless when early.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.give_up_fragments(now);
        self.ask_neighbours_again(now);
        self.table.rest(now);
        while let Some(number) = self.timers.pop_due(now) {
            if let Some(handle) = self.table.handle_at(number) {
                self.look_at(handle, now);
            }
        }
    }

    /// Checks that what must always hold does. For tests: it looks at every connection.
    ///
    /// # Panics
    /// When it does not: a defect of this crate.
    pub fn check_invariants(&self) {
        let counts = self.table.check_invariants();
        assert_eq!(counts.half_open, self.listeners.half_open(), "half-open connections are miscounted");
        assert_eq!(counts.requests, self.forwarder.undecided(), "requests are miscounted");
        self.timers.check_invariants();
    }

    /// The next event, or `None`.
    pub fn poll_event(&mut self) -> Option<HostEvent> {
        self.events.pop(&mut self.table, &mut self.listeners, &mut self.udp)
    }

    /// The settings of a connection: `wanted`, or the host's. What depends on the family is the host's.
    fn tcp_config(&self, wanted: Option<&Arc<Config>>, v4: bool) -> Arc<Config> {
        let ours = if v4 { &self.tcp_v4 } else { &self.tcp_v6 };
        match wanted {
            None => Arc::clone(ours),
            Some(wanted) if wanted.mss <= ours.mss && wanted.default_peer_mss == ours.default_peer_mss => {
                Arc::clone(wanted)
            }
            Some(wanted) => Arc::new(Config {
                mss: wanted.mss.min(ours.mss),
                default_peer_mss: ours.default_peer_mss,
                ..Config::clone(wanted)
            }),
        }
    }
}

/// What fits into a datagram behind headers without options (RFC 9293 section 3.7.1), and what is assumed
/// of a peer that does not say (MUST-15).
fn segment_sizes(mtu: usize, v4: bool) -> (Mss, Mss) {
    let (headers, default) = if v4 { (40, Mss::DEFAULT_V4) } else { (60, Mss::DEFAULT_V6) };
    (Mss::new((mtu - headers) as u16), default)
}

#[cfg(test)]
mod tests;
