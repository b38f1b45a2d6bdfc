//! Where an address that the command dials leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::run::addresses::{
    HOST_V4, HOST_V6, NAME_SERVER, NAME_SERVER_V6, PAGE_V4, PAGE_V6, PREFIX_V4, PREFIX_V6,
};

pub(super) const DNS: u16 = 53;

/// What synfin is at on the link: its addresses, with the prefix of the link.
pub(super) fn own_addresses() -> [(IpAddr, u8); 6] {
    [
        (HOST_V4.into(), PREFIX_V4),
        (NAME_SERVER.into(), PREFIX_V4),
        (PAGE_V4.into(), PREFIX_V4),
        (HOST_V6.into(), PREFIX_V6),
        (NAME_SERVER_V6.into(), PREFIX_V6),
        (PAGE_V6.into(), PREFIX_V6),
    ]
}

/// Where an address that the command dials leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    Address(SocketAddr),
    /// To whoever answers DNS.
    Resolver,
    Nobody,
}

/// How addresses on the link translate to addresses outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destinations {
    /// Whether this machine's loopback may be reached.
    pub(super) host_loopback: bool,
}

impl Destinations {
    /// Where `dialled` leads.
    pub(super) fn outside(&self, dialled: SocketAddr) -> Outside {
        let port = dialled.port();
        let address = match dialled.ip() {
            IpAddr::V4(HOST_V4) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(HOST_V6) => Ipv6Addr::LOCALHOST.into(),
            IpAddr::V4(NAME_SERVER) | IpAddr::V6(NAME_SERVER_V6) if port == DNS => return Outside::Resolver,
            IpAddr::V4(NAME_SERVER | PAGE_V4) | IpAddr::V6(NAME_SERVER_V6 | PAGE_V6) => {
                return Outside::Nobody;
            }
            address => address,
        };
        if self.host_loopback || !is_loopback(address) {
            Outside::Address((address, port).into())
        } else {
            Outside::Nobody
        }
    }
}

/// Whether this machine's kernel takes an address for its loopback, as it does the unspecified ones.
fn is_loopback(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

#[cfg(test)]
mod tests;
