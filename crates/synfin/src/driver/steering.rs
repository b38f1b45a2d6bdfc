//! Which shard a packet is for, where a stack has several.
//!
//! What comes in: a packet that a queue has brought. What goes out: whose it is.
//!
//! Each shard has a host and a queue of the device to itself, and a connection is one shard's for its whole life.
//! A passive one is its whose queue brought the SYN: the kernel's TUN driver sends the packets of a flow to the
//! queue that the flow was last written to and, when that was too long ago, to one that a hash of the two ends
//! chooses, which is where the SYN came from (`tun_automq_select_queue`). An active one is written to before the
//! hash was ever asked, so that silence may move it: its local port, which its shard chose, tells whose it is.
//!
//! | what | whose |
//! |---|---|
//! | TCP | the shard's whose queue it came from, unless a shard has opened from that port and knows better |
//! | ICMP errors | every shard's: the one that has sent what they quote heeds them, the others do not |
//! | all the rest: UDP, echo requests, fragments | the first shard's |
//!
//! Left out on purpose: TCP in fragments. The kernel hashes fragments without their ports, so that only by chance
//! would they meet their connection; another shard would reset it. They are lost, and whoever heeds the path's MTU
//! sends none.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use synfin_host::Host;
use synfin_wire::{IpPacket, IpProtocol};

/// Whose a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The shard's whose queue has brought it.
    Here,
    /// Another shard's.
    Shard(usize),
    /// Every shard's.
    All,
    /// It can be given to nobody.
    Nobody,
}

/// The ports from which connections were opened, by any shard. Nothing is ever taken out: that a port is there
/// says where to look, not that there is something.
#[derive(Debug)]
pub(crate) struct OpenedPorts {
    bits: Box<[AtomicU64]>,
}

impl Default for OpenedPorts {
    fn default() -> Self {
        Self { bits: (0..1024).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl OpenedPorts {
    pub(super) fn insert(&self, port: u16) {
        self.bits[usize::from(port / 64)].fetch_or(1 << (port % 64), Ordering::Relaxed);
    }

    // What answers a SYN comes behind it through the kernel, which orders more than this does.
    fn contains(&self, port: u16) -> bool {
        self.bits[usize::from(port / 64)].load(Ordering::Relaxed) & 1 << (port % 64) != 0
    }
}

/// How one shard finds out whose a packet is.
#[derive(Clone, Debug)]
pub(crate) struct Steering {
    shard: usize,
    shards: usize,
    opened: Arc<OpenedPorts>,
}

impl Steering {
    pub(crate) fn new(shard: usize, shards: usize, opened: Arc<OpenedPorts>) -> Self {
        Self { shard, shards, opened }
    }

    pub(super) fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let own = self.shard;
        (0..self.shards).filter(move |shard| *shard != own)
    }

    /// Whose `packet` is, which this shard's queue has brought; `host` is this shard's.
    pub(super) fn owner(&self, packet: &Bytes, host: &Host) -> Owner {
        let Some(view) = View::of(packet) else { return Owner::Here };
        match view.protocol {
            IpProtocol::TCP if view.is_fragment => Owner::Nobody,
            IpProtocol::TCP => self.owner_of_segment(&view, host),
            IpProtocol::ICMP | IpProtocol::ICMPV6 if !view.is_fragment && view.is_icmp_error() => Owner::All,
            _ => self.shard(0),
        }
    }

    fn owner_of_segment(&self, view: &View<'_>, host: &Host) -> Owner {
        let &[source_high, source_low, high, low, ..] = view.payload else { return Owner::Here };
        let port = u16::from_be_bytes([high, low]);
        let opener = owner_of_port(port, self.shards);
        if opener == self.shard || !self.opened.contains(port) {
            return Owner::Here;
        }
        // Somebody may have connected to that port before one of us has connected from it.
        let local = SocketAddr::new(view.destination(), port);
        let remote = SocketAddr::new(view.source(), u16::from_be_bytes([source_high, source_low]));
        if host.look(local, remote).is_some() { Owner::Here } else { Owner::Shard(opener) }
    }

    fn shard(&self, shard: usize) -> Owner {
        if shard == self.shard { Owner::Here } else { Owner::Shard(shard) }
    }
}

/// The shard that opens connections from a port.
pub(crate) fn owner_of_port(port: u16, shards: usize) -> usize {
    usize::from(port) % shards
}

/// What has to be known of a packet, without its host's effort. What makes no sense is left for a host to drop.
struct View<'a> {
    protocol: IpProtocol,
    is_fragment: bool,
    /// Source and destination, one behind the other.
    addresses: &'a [u8],
    payload: &'a [u8],
}

impl<'a> View<'a> {
    fn of(packet: &'a Bytes) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => {
                let header_len = usize::from(packet[0] & 0x0f) * 4;
                let payload = packet.get(header_len.max(20)..)?;
                let fragment = u16::from_be_bytes([packet[6], packet[7]]);
                Some(Self {
                    protocol: IpProtocol(packet[9]),
                    // All but "do not fragment": more fragments, or an offset (RFC 791 section 3.1).
                    is_fragment: fragment & 0x3fff != 0,
                    addresses: &packet[12..20],
                    payload,
                })
            }
            6 => {
                let payload = packet.get(40..)?;
                let plain = Self {
                    protocol: IpProtocol(packet[6]),
                    is_fragment: false,
                    addresses: &packet[8..40],
                    payload,
                };
                if plain.is_plain() { Some(plain) } else { plain.behind_extensions(packet) }
            }
            _ => None,
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self.protocol, IpProtocol::TCP | IpProtocol::UDP | IpProtocol::ICMPV6)
    }

    /// The same behind the extension headers that the payload begins with (RFC 8200 section 4).
    fn behind_extensions(self, packet: &'a Bytes) -> Option<Self> {
        let parsed = IpPacket::parse(packet.clone(), true).ok()?;
        Some(Self {
            protocol: parsed.header.protocol,
            is_fragment: parsed.header.fragment.is_some(),
            payload: packet.get(parsed.header_len..)?,
            ..self
        })
    }

    fn source(&self) -> IpAddr {
        address(&self.addresses[..self.addresses.len() / 2])
    }

    fn destination(&self) -> IpAddr {
        address(&self.addresses[self.addresses.len() / 2..])
    }

    /// An error and not a question or an answer (RFC 792; RFC 4443 section 2.1).
    fn is_icmp_error(&self) -> bool {
        match (self.protocol, self.payload.first()) {
            (IpProtocol::ICMP, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
            (_, Some(kind)) => *kind < 128,
            (_, None) => false,
        }
    }
}

fn address(octets: &[u8]) -> IpAddr {
    match <[u8; 4]>::try_from(octets) {
        Ok(octets) => octets.into(),
        // Of the two lengths that there are.
        Err(_) => <[u8; 16]>::try_from(octets).unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests;
