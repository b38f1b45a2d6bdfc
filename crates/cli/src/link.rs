//! A link between synfin and this machine's kernel: a TUN in the current network namespace.
//!
//! Each end has one address of each family, and a route to the other end alone: however many such links
//! there are, and whatever else is in their subnet, they do not get into each other's way.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::path::Path;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::if_nametoindex;
use synfin_device::interface::{Interface, InterfaceError};
use synfin_device::tun::{Tun, TunError};

use crate::Failure;

/// How many packets of the kernel's may wait for synfin: a few for each of some thousands of connections that
/// all have something to say at once. What is dropped here is sent again a fifth of a second later.
pub(crate) const QUEUE_LEN: u32 = 8192;

/// A TUN, up, and how it came to be.
pub(crate) struct Link {
    pub(crate) tun: Tun,
    /// Its other queues.
    pub(crate) queues: Vec<Tun>,
    interface: Interface,
    /// Somebody else has made the interface and may have set it up; this process may not be allowed to.
    existed: bool,
}

impl Link {
    /// Makes the interface of that name, or attaches to it.
    pub(crate) fn open(name: &str) -> Result<Self, Failure> {
        Self::open_queues(name, 1)
    }

    /// The same with so many queues, at least one.
    pub(crate) fn open_queues(name: &str, count: usize) -> Result<Self, Failure> {
        if name.is_empty() {
            return Err(Failure::call("the interface of --tun has no name: give one, like synfin0"));
        }
        let existed = if_nametoindex(name).is_ok();
        let tun = Tun::builder().name(name);
        let queues = if count == 1 { tun.build().map(|tun| vec![tun]) } else { tun.build_queues(count) };
        let mut queues = queues.map_err(|error| Failure::call(no_tun(&error)))?.into_iter();
        let tun = queues.next().expect("there is one at least");
        let interface = Interface::new(tun.name()).map_err(Failure::fault)?;
        Ok(Self { tun, queues: queues.collect(), interface, existed })
    }

    /// Gives the kernel's end its addresses, then brings the interface up.
    pub(crate) fn up(&mut self, kernel: &[IpAddr]) -> Result<(), Failure> {
        if kernel.iter().any(IpAddr::is_ipv6) {
            must_have_ipv6(self.tun.name())?;
        }
        for &address in kernel {
            if let Some(owner) = self.owner(address)? {
                return Err(Failure::call(format_args!(
                    "{address} is in the network of {owner}, and would be cut off from it: choose another subnet with \
                     --listen"
                )));
            }
        }
        let set = self.interface.set_queue_len(QUEUE_LEN);
        self.allow(set).map_err(Failure::call)?;
        for &address in kernel {
            let added = self.interface.add_address(address, single(address));
            self.allow(added).map_err(Failure::call)?;
        }
        let up = self.interface.up();
        self.allow(up).map_err(Failure::call)
    }

    /// Leads an address to synfin's end; false when another link has it.
    pub(crate) fn claim(&mut self, ours: IpAddr) -> Result<bool, Failure> {
        let added = self.interface.add_route(ours, single(ours), None);
        match self.allow(added) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Failure::call(error)),
        }
    }

    /// Whose network an address is in: that of another interface, as `lan0, 10.0.0.5/24`. It would be cut off from there, and
    /// the first address of a network is its router's more often than not.
    pub(crate) fn owner(&self, address: IpAddr) -> Result<Option<String>, Failure> {
        let interfaces = getifaddrs()
            .map_err(|errno| Failure::fault(format_args!("cannot list this machine's addresses: {errno}")))?;
        let owner = |other: InterfaceAddress| {
            let (theirs, prefix) = network_of(&other)?;
            let is_a_network = other.interface_name != self.tun.name() && prefix < single(theirs);
            (is_a_network && is_within(address, theirs, prefix))
                .then(|| format!("{}, {theirs}/{prefix}", other.interface_name))
        };
        Ok(interfaces.into_iter().find_map(owner))
    }

    /// On an interface that somebody else has set up it is no error that something is there, or not allowed.
    fn allow(&self, result: Result<(), InterfaceError>) -> Result<(), InterfaceError> {
        let is_theirs = |error: &InterfaceError| {
            self.existed && matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::PermissionDenied)
        };
        match result {
            Err(error) if is_theirs(&error) => Ok(()),
            result => result,
        }
    }
}

/// Whether an interface may have addresses of IPv6: the kernel may have been started without it, or be told to leave it
/// off, which only this file says.
pub(crate) fn has_ipv6(interface: &str) -> bool {
    let setting = Path::new("/proc/sys/net/ipv6/conf").join(interface).join("disable_ipv6");
    fs::read_to_string(setting).is_ok_and(|is_off| is_off.trim() == "0")
}

/// Says what to do about an interface that has no IPv6. A new one is as `default` says.
pub(crate) fn must_have_ipv6(interface: &str) -> Result<(), Failure> {
    if has_ipv6(interface) {
        return Ok(());
    }
    Err(Failure::call(format_args!(
        "IPv6 is off on {interface}: let interfaces have it (`sysctl net.ipv6.conf.default.disable_ipv6=0`, and \
         net.ipv6.conf.{interface}.disable_ipv6 where it exists already), or use IPv4"
    )))
}

/// An address of an interface, and the length of its network's prefix.
fn network_of(interface: &InterfaceAddress) -> Option<(IpAddr, u8)> {
    let (address, mask) = (interface.address.as_ref()?, interface.netmask.as_ref()?);
    if let (Some(address), Some(mask)) = (address.as_sockaddr_in(), mask.as_sockaddr_in()) {
        return Some((address.ip().into(), mask.ip().to_bits().count_ones() as u8));
    }
    let (address, mask) = (address.as_sockaddr_in6()?, mask.as_sockaddr_in6()?);
    Some((address.ip().into(), mask.ip().to_bits().count_ones() as u8))
}

/// Whether an address is in the network of another, whose prefix has this length.
fn is_within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let shared = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    shared >= prefix.into()
}

/// The length of the prefix that is one address.
pub(crate) fn single(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Why there is no TUN. Without permission it makes a difference whether the file or the kernel refuses.
pub(crate) fn no_tun(error: &TunError) -> String {
    if !matches!(error, TunError::Permission) {
        return error.to_string();
    }
    match OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
        Err(denied) if denied.kind() == io::ErrorKind::PermissionDenied => {
            "no permission to open /dev/net/tun: run as root, or let users open it (`chmod 0666 /dev/net/tun`)"
                .to_owned()
        }
        _ => "no permission to make a TUN interface: run as root; a container needs `--cap-add NET_ADMIN`".to_owned(),
    }
}

#[cfg(test)]
mod tests;
