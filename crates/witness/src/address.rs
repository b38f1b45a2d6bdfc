//! Socket addresses as C has them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::libc::{AF_INET, AF_INET6};

/// Reads a `sockaddr`; IPv4 inside IPv6 is IPv4.
pub(crate) fn read(octets: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(octets.get(..2)?.try_into().ok()?);
    let port = u16::from_be_bytes(octets.get(2..4)?.try_into().ok()?);
    let ip: IpAddr = match i32::from(family) {
        AF_INET => Ipv4Addr::from(<[u8; 4]>::try_from(octets.get(4..8)?).ok()?).into(),
        AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets.get(8..24)?).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

/// Writes a `sockaddr_in`, or, for a socket of IPv6, a `sockaddr_in6`.
pub(crate) fn write(address: SocketAddr, v6_socket: bool) -> Vec<u8> {
    let mut octets = Vec::with_capacity(28);
    let ip = match address.ip() {
        IpAddr::V4(ip) if v6_socket => ip.to_ipv6_mapped().into(),
        ip => ip,
    };
    let family = if ip.is_ipv4() { AF_INET } else { AF_INET6 };
    octets.extend((family as u16).to_ne_bytes());
    octets.extend(address.port().to_be_bytes());
    match ip {
        IpAddr::V4(ip) => {
            octets.extend(ip.octets());
            octets.resize(16, 0);
        }
        IpAddr::V6(ip) => {
            octets.extend([0; 4]);
            octets.extend(ip.octets());
            octets.extend([0; 4]);
        }
    }
    octets
}
