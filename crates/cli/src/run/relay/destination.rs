//! Where an address that the command dials leads to.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::args::RunArgs;
use crate::run::addresses::{
    HOST_V4, HOST_V6, NAME_SERVER, NAME_SERVER_V6, PAGE_V4, PAGE_V6, PREFIX_V4, PREFIX_V6,
};

const DNS: u16 = 53;
const RESOLV_CONF: &str = "/etc/resolv.conf";

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
#[derive(Clone, Debug)]
pub(super) struct Destinations {
    /// Who answers DNS; none is known when resolv.conf names none.
    resolver: Option<SocketAddr>,
}

impl Destinations {
    /// As the options say, or else this machine's resolv.conf.
    pub(super) fn new(args: &RunArgs) -> Self {
        let of_this_machine = || first_nameserver(&fs::read_to_string(RESOLV_CONF).unwrap_or_default());
        Self { resolver: args.dns.map(|address| (address, DNS).into()).or_else(of_this_machine) }
    }

    /// Who answers DNS.
    pub(super) fn resolver(&self) -> Option<SocketAddr> {
        self.resolver
    }

    /// Where `dialled` leads.
    pub(super) fn outside(&self, dialled: SocketAddr) -> Outside {
        let port = dialled.port();
        match dialled.ip() {
            IpAddr::V4(HOST_V4) => Outside::Address((Ipv4Addr::LOCALHOST, port).into()),
            IpAddr::V6(HOST_V6) => Outside::Address((Ipv6Addr::LOCALHOST, port).into()),
            IpAddr::V4(NAME_SERVER) | IpAddr::V6(NAME_SERVER_V6) if port == DNS => Outside::Resolver,
            IpAddr::V4(NAME_SERVER | PAGE_V4) | IpAddr::V6(NAME_SERVER_V6 | PAGE_V6) => Outside::Nobody,
            _ => Outside::Address(dialled),
        }
    }

    /// The same, with the resolver's address.
    pub(super) fn address(&self, dialled: SocketAddr) -> Option<SocketAddr> {
        match self.outside(dialled) {
            Outside::Address(address) => Some(address),
            Outside::Resolver => self.resolver,
            Outside::Nobody => None,
        }
    }
}

/// The first nameserver of a resolv.conf, with port 53.
fn first_nameserver(resolv_conf: &str) -> Option<SocketAddr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .find_map(|rest| rest.trim().parse::<IpAddr>().ok())
        .map(|address| (address, DNS).into())
}

#[cfg(test)]
mod tests;
