//! Where an address that the command dials leads to.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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

/// How addresses on the link translate to addresses outside.
#[derive(Clone, Debug)]
pub(super) struct Destinations {
    /// This machine's resolver; none is known when resolv.conf names none.
    resolver: Option<SocketAddr>,
}

impl Destinations {
    /// As this machine is set up.
    pub(super) fn of_this_machine() -> Self {
        let resolv_conf = fs::read_to_string(RESOLV_CONF).unwrap_or_default();
        Self { resolver: first_nameserver(&resolv_conf) }
    }

    /// Where `dialled` leads outside, or `None` when nobody is there.
    pub(super) fn outside(&self, dialled: SocketAddr) -> Option<SocketAddr> {
        let port = dialled.port();
        match dialled.ip() {
            IpAddr::V4(HOST_V4) => Some((Ipv4Addr::LOCALHOST, port).into()),
            IpAddr::V6(HOST_V6) => Some((Ipv6Addr::LOCALHOST, port).into()),
            IpAddr::V4(NAME_SERVER) | IpAddr::V6(NAME_SERVER_V6) if port == DNS => self.resolver,
            IpAddr::V4(NAME_SERVER | PAGE_V4) | IpAddr::V6(NAME_SERVER_V6 | PAGE_V6) => None,
            _ => Some(dialled),
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
