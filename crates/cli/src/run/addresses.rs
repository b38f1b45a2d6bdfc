//! Who is who on the link. The command sees nothing of this machine's own addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The command's.
pub(super) const COMMAND_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 100);
pub(super) const COMMAND_V6: Ipv6Addr = on_the_link(0x100);

/// Its network's prefix, in bits.
pub(super) const PREFIX_V4: u8 = 24;
pub(super) const PREFIX_V6: u8 = 64;

/// The way out, and this machine's loopback.
pub(super) const HOST_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
pub(super) const HOST_V6: Ipv6Addr = on_the_link(2);

/// What answers DNS.
pub(super) const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

pub(super) const NAME_SERVER_V6: Ipv6Addr = on_the_link(3);

/// synfin's own page, and its name.
pub(super) const PAGE_V4: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 4);
pub(super) const PAGE_V6: Ipv6Addr = on_the_link(4);
pub(super) const PAGE_NAME: &str = "synfin.internal";

const fn on_the_link(number: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 2, 0, 0, 0, 0, 0, number)
}
