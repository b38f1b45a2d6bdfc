//! The host's addresses and the way to everybody else's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::{HostConfig, Medium};

/// What the host knows about addresses: its own, what is on its link, and its gateways.
#[derive(Debug)]
pub(crate) struct Routes {
    addresses: Vec<(IpAddr, u8)>,
    /// The same without their prefixes, by family and in order: asked for with each packet.
    v4: Vec<Ipv4Addr>,
    v6: Vec<Ipv6Addr>,
    /// The broadcast addresses of their networks, in order.
    broadcasts: Vec<Ipv4Addr>,
    gateways: Vec<IpAddr>,
    /// Whatever is sent to the device arrives: there is no neighbour to find.
    point_to_point: bool,
    any_address: bool,
}

/// The first octet of IPv4's loopback network, and of its multicast groups, beyond which nothing is unicast.
const LOOPBACK: u8 = 127;
const MULTICAST: u8 = 224;

/// What a destination is to this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// One of its own addresses.
    Ours,
    /// Somebody else's, for whom it answers.
    Forwarded,
    /// Broadcast or multicast.
    NotUnicast,
    /// None of its business.
    Foreign,
}

impl Routes {
    pub(crate) fn new(config: &HostConfig) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (address, _) in &config.addresses {
            match address {
                IpAddr::V4(address) => v4.push(*address),
                IpAddr::V6(address) => v6.push(*address),
            }
        }
        let mut broadcasts: Vec<Ipv4Addr> = config.addresses.iter().filter_map(broadcast).collect();
        v4.sort_unstable();
        v6.sort_unstable();
        broadcasts.sort_unstable();
        broadcasts.dedup();
        Self {
            addresses: config.addresses.clone(),
            v4,
            v6,
            broadcasts,
            gateways: config.gateways.clone(),
            point_to_point: config.medium == Medium::Ip,
            any_address: config.any_address,
        }
    }

    #[inline]
    pub(crate) fn is_ours(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => holds(&self.v4, &address),
            IpAddr::V6(address) => holds(&self.v6, &address),
        }
    }

    /// What a received packet's destination is.
    pub(crate) fn destination(&self, address: IpAddr) -> Destination {
        if self.is_ours(address) {
            Destination::Ours
        } else if !self.is_unicast(address) {
            Destination::NotUnicast
        } else if self.any_address {
            Destination::Forwarded
        } else {
            Destination::Foreign
        }
    }

    /// Somebody's address and nobody else's: not unspecified, loopback, multicast or broadcast.
    #[inline]
    pub(crate) fn is_unicast(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                let class = address.octets()[0];
                // The last classes are multicast, and addresses that were never given out, with limited broadcast.
                let special = address.is_unspecified() || class == LOOPBACK || class >= MULTICAST;
                !special && !self.is_directed_broadcast(address)
            }
            IpAddr::V6(address) => {
                !(address.is_unspecified() || address.is_loopback() || address.is_multicast())
            }
        }
    }

    /// For everybody on one of our networks (RFC 1122 section 3.3.6).
    fn is_directed_broadcast(&self, address: Ipv4Addr) -> bool {
        holds(&self.broadcasts, &address)
    }

    /// Whom to hand a packet for `remote`; `None` when no route leads there.
    pub(crate) fn next_hop(&self, remote: IpAddr) -> Option<IpAddr> {
        if self.point_to_point || self.on_link(remote) {
            return Some(remote);
        }
        self.gateways.iter().copied().find(|gateway| gateway.is_ipv4() == remote.is_ipv4())
    }

    /// Our address for talking to `remote` (RFC 9293 MUST-44): one on its network, else the first of its
    /// family.
    pub(crate) fn source_for(&self, remote: IpAddr) -> Option<IpAddr> {
        let family = || self.addresses.iter().filter(|(ours, _)| ours.is_ipv4() == remote.is_ipv4());
        let near = family().filter(|(ours, prefix)| same_network(*ours, remote, *prefix));
        near.max_by_key(|(_, prefix)| *prefix).or_else(|| family().next()).map(|(ours, _)| *ours)
    }

    fn on_link(&self, remote: IpAddr) -> bool {
        let link_local = matches!(remote, IpAddr::V6(remote) if remote.is_unicast_link_local());
        link_local || self.addresses.iter().any(|(ours, prefix)| same_network(*ours, remote, *prefix))
    }
}

/// The unspecified address of the same family.
pub(crate) fn unspecified(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Most hosts have an address or two.
fn holds<A: Ord>(sorted: &[A], address: &A) -> bool {
    match sorted {
        [] => false,
        [only] => only == address,
        _ => sorted.binary_search(address).is_ok(),
    }
}

/// Where a datagram for everybody on the network of an address goes; point-to-point links have nowhere (RFC 3021).
fn broadcast(&(address, prefix): &(IpAddr, u8)) -> Option<Ipv4Addr> {
    let IpAddr::V4(address) = address else { return None };
    let hosts = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
    (prefix < 31).then(|| Ipv4Addr::from_bits(address.to_bits() | hosts))
}

fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let prefix = u32::from(prefix);
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - prefix.min(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - prefix.min(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
