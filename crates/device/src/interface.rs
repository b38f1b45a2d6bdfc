//! What `ip address`, `ip link` and `ip route` do for one interface of this network namespace, through
//! rtnetlink (RFC 3549; rtnetlink(7)).
//!
//! rtnetlink the crate would bring an asynchronous runtime; these few requests and their one-line answers
//! do not need one.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_nametoindex;

mod netlink;

use netlink::{Netlink, Request, Watch};

/// <linux/if_addr.h>: no duplicate address detection.
const NO_DAD: u8 = libc::IFA_F_NODAD as u8;

const CREATE: u16 = (libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;

/// An interface of the network namespace that the thread was in when it was looked up.
///
/// ```no_run
/// use synfin_device::interface::Interface;
///
/// let mut interface = Interface::new("synfin0")?;
/// interface.set_mtu(1500)?;
/// interface.add_address("10.0.2.100".parse()?, 24)?;
/// interface.add_address("fd00:2::100".parse()?, 64)?;
/// interface.up()?;
/// interface.add_route("0.0.0.0".parse()?, 0, Some("10.0.2.2".parse()?))?;
/// interface.add_route("::".parse()?, 0, None)?;
/// Interface::new("lo")?.up()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Interface {
    name: String,
    index: u32,
    netlink: Netlink,
    /// Addresses that may not be reachable yet; see [`Interface::up`].
    fresh: Vec<Ipv6Addr>,
}

impl Interface {
    /// The interface of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(name: &str) -> Result<Self, InterfaceError> {
        let fail = |errno: Errno| InterfaceError::new("find", name, errno);
        let index = if_nametoindex(name).map_err(fail)?;
        let netlink = Netlink::open().map_err(fail)?;
        Ok(Self { name: name.to_owned(), index, netlink, fresh: Vec::new() })
    }

    /// The interface's index.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Sets the MTU, octets. IPv6 needs 1280 at least.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn set_mtu(&mut self, mtu: u32) -> Result<(), InterfaceError> {
        let request = self.link(0).attribute(libc::IFLA_MTU, &mtu.to_ne_bytes());
        self.call("set the MTU of", request)
    }

    /// Sets how many packets may wait in the kernel for the interface to take them: on a TUN, for
    /// [`receive`](crate::Device::receive) to be called. A new one holds 500 and drops the rest.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn set_queue_len(&mut self, packets: u32) -> Result<(), InterfaceError> {
        let request = self.link(0).attribute(libc::IFLA_TXQLEN, &packets.to_ne_bytes());
        self.call("set the length of the queue of", request)
    }

    /// Brings the interface up and waits until the addresses that were added are there for whoever sends to
    /// them: the kernel makes an IPv6 address so at some later time of its own.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn up(&mut self) -> Result<(), InterfaceError> {
        let request = self.link(libc::IFF_UP as u32);
        self.call("bring up", request)?;
        let fresh = std::mem::take(&mut self.fresh);
        self.wait_for(&fresh)
            .map_err(|errno| InterfaceError::new("wait for the addresses of", &self.name, errno))
    }

    /// An address is there once the kernel has a local route to it, which is announced.
    fn wait_for(&mut self, addresses: &[Ipv6Addr]) -> nix::Result<()> {
        let mut watch = Watch::ipv6_routes()?;
        for &address in addresses {
            while !self.netlink.is_local(address)? {
                watch.next()?;
            }
        }
        Ok(())
    }

    /// Adds an address with the length of its network's prefix, in bits, to be used from [`up`](Self::up)
    /// on. There is no duplicate address detection, which would find nobody on such a link.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_address(&mut self, address: IpAddr, prefix: u8) -> Result<(), InterfaceError> {
        let octets = octets(address);
        // struct ifaddrmsg: family, prefix length, flags, scope, index.
        let flags = if address.is_ipv6() { NO_DAD } else { 0 };
        let request = Request::new(libc::RTM_NEWADDR, CREATE)
            .bytes(&[family(address), prefix, flags, libc::RT_SCOPE_UNIVERSE])
            .bytes(&self.index.to_ne_bytes())
            .attribute(libc::IFA_LOCAL, &octets)
            .attribute(libc::IFA_ADDRESS, &octets);
        self.call("add an address to", request)?;
        if let IpAddr::V6(address) = address {
            self.fresh.push(address);
        }
        Ok(())
    }

    /// Adds a route over this interface to the network `destination`/`prefix`: the unspecified address and 0
    /// make a default route. On a TUN no gateway is needed. The interface must be up.
    ///
    /// # Errors
    /// When the kernel refuses, or destination and gateway are of different families.
    pub fn add_route(
        &mut self,
        destination: IpAddr,
        prefix: u8,
        gateway: Option<IpAddr>,
    ) -> Result<(), InterfaceError> {
        if gateway.is_some_and(|gateway| gateway.is_ipv4() != destination.is_ipv4()) {
            return Err(InterfaceError::new("add a route over", &self.name, Errno::EAFNOSUPPORT));
        }
        let scope = if gateway.is_some() { libc::RT_SCOPE_UNIVERSE } else { libc::RT_SCOPE_LINK };
        // struct rtmsg: family, destination and source prefix lengths, TOS, table, protocol, scope, type, flags.
        let mut request = Request::new(libc::RTM_NEWROUTE, CREATE)
            .bytes(&[family(destination), prefix, 0, 0])
            .bytes(&[libc::RT_TABLE_MAIN, libc::RTPROT_STATIC, scope, libc::RTN_UNICAST])
            .bytes(&0_u32.to_ne_bytes())
            .attribute(libc::RTA_OIF, &self.index.to_ne_bytes());
        if prefix > 0 {
            request = request.attribute(libc::RTA_DST, &octets(destination));
        }
        if let Some(gateway) = gateway {
            request = request.attribute(libc::RTA_GATEWAY, &octets(gateway));
        }
        self.call("add a route over", request)
    }

    /// A change of the interface itself, with these of its flags set.
    fn link(&self, flags: u32) -> Request {
        // struct ifinfomsg: family, padding, type, index, flags, which flags are to change.
        Request::new(libc::RTM_NEWLINK, libc::NLM_F_ACK as u16)
            .bytes(&[0; 4])
            .bytes(&self.index.to_ne_bytes())
            .bytes(&flags.to_ne_bytes())
            .bytes(&flags.to_ne_bytes())
    }

    fn call(&mut self, action: &'static str, request: Request) -> Result<(), InterfaceError> {
        self.netlink.call(request).map(drop).map_err(|errno| InterfaceError::new(action, &self.name, errno))
    }
}

fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Why an interface could not be configured.
#[derive(Debug)]
pub struct InterfaceError {
    action: &'static str,
    name: String,
    source: io::Error,
}

impl InterfaceError {
    fn new(action: &'static str, name: &str, errno: Errno) -> Self {
        Self { action, name: name.to_owned(), source: errno.into() }
    }

    /// What kind of error the kernel gave: [`AlreadyExists`](io::ErrorKind::AlreadyExists) for an address or
    /// a route that is there.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} the interface {:?}: {}", self.action, self.name, self.source)?;
        if self.source.kind() == io::ErrorKind::PermissionDenied {
            f.write_str("; it takes CAP_NET_ADMIN in this network namespace")?;
        }
        Ok(())
    }
}

impl std::error::Error for InterfaceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
