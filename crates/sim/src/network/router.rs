//! A router: longest prefix, one hop less, and the three errors that a path tells TCP.

use std::net::IpAddr;

use bytes::Bytes;
use synfin_wire::icmp::{self, IcmpMessage, Unreachable};
use synfin_wire::ip::IpPacket;

use super::id::End;
use crate::packet;

/// A router with its routes.
#[derive(Debug)]
pub(super) struct Router {
    addresses: Vec<IpAddr>,
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    prefix: IpAddr,
    len: u8,
    end: End,
}

/// What a router does with a packet.
#[derive(Debug)]
pub(super) enum Forwarding {
    /// It goes on, there.
    Onward(Bytes, End),
    /// Its sender is told what is wrong with it.
    Error(Bytes, End),
    /// Nobody hears of it.
    Dropped,
}

impl Router {
    pub(super) fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { addresses: addresses.into_iter().collect(), routes: Vec::new() }
    }

    /// These addresses are next door.
    pub(super) fn learn(&mut self, addresses: impl Iterator<Item = IpAddr>, end: End) {
        for address in addresses {
            self.add_route(address, if address.is_ipv4() { 32 } else { 128 }, end);
        }
    }

    pub(super) fn add_route(&mut self, prefix: IpAddr, len: u8, end: End) {
        self.routes.push(Route { prefix, len, end });
    }

    /// Decides on a packet. `mtu` is the longest packet that a way takes, if there is a longest.
    pub(super) fn forward(&self, octets: &Bytes, mtu: impl Fn(End) -> Option<usize>) -> Forwarding {
        let Ok(packet) = IpPacket::parse(octets.clone(), false) else { return Forwarding::Dropped };
        if self.addresses.contains(&packet.header.destination) {
            return Forwarding::Dropped;
        }
        let quote = || icmp::quote(octets);
        let Some(further) = packet::hop(octets, &packet.header) else {
            return self.report(&packet, &IcmpMessage::HopLimitExceeded { quote: quote() });
        };
        let Some(end) = self.way_to(packet.header.destination) else {
            let reason = Unreachable::Network;
            return self.report(&packet, &IcmpMessage::DestinationUnreachable { reason, quote: quote() });
        };
        match mtu(end).filter(|mtu| octets.len() > *mtu) {
            Some(mtu) => {
                let mtu = u32::try_from(mtu).unwrap_or(u32::MAX);
                self.report(&packet, &IcmpMessage::PacketTooBig { mtu, quote: quote() })
            }
            None => Forwarding::Onward(further, end),
        }
    }

    fn report(&self, offending: &IpPacket, message: &IcmpMessage) -> Forwarding {
        let sender = offending.header.source;
        let source = self.addresses.iter().find(|address| address.is_ipv4() == sender.is_ipv4());
        match (source, self.way_to(sender)) {
            (Some(source), Some(end)) if icmp::may_report(offending) => {
                Forwarding::Error(message.to_packet(*source, sender), end)
            }
            _ => Forwarding::Dropped,
        }
    }

    fn way_to(&self, address: IpAddr) -> Option<End> {
        let matching = self.routes.iter().filter(|route| route.holds(address));
        // The first of equals: `max_by_key` would take the last.
        matching.rev().max_by_key(|route| route.len).map(|route| route.end)
    }
}

impl Route {
    fn holds(&self, address: IpAddr) -> bool {
        let len = u32::from(self.len);
        match (self.prefix, address) {
            (IpAddr::V4(prefix), IpAddr::V4(address)) => {
                (prefix.to_bits() ^ address.to_bits()).checked_shr(32 - len.min(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(prefix), IpAddr::V6(address)) => {
                (prefix.to_bits() ^ address.to_bits()).checked_shr(128 - len.min(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}
