//! What `ip address`, `ip link` and `ip route` do for one interface of this network namespace, through
//! rtnetlink (RFC 3549; rtnetlink(7)).
//!
//! rtnetlink the crate would bring an asynchronous runtime; these few requests and their one-line answers
//! do not need one.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

/// <linux/if_addr.h>: the address is there at once, without duplicate address detection.
const NO_DAD: u8 = libc::IFA_F_NODAD as u8;

const REQUEST: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
const CREATE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;

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
    netlink: OwnedFd,
    sequence: u32,
}

impl Interface {
    /// The interface of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(name: &str) -> Result<Self, InterfaceError> {
        let fail = |errno: Errno| InterfaceError::new("find", name, errno);
        let index = if_nametoindex(name).map_err(fail)?;
        let flags = SockFlag::SOCK_CLOEXEC;
        let netlink =
            socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute).map_err(fail)?;
        Ok(Self { name: name.to_owned(), index, netlink, sequence: 0 })
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

    /// Brings the interface up.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn up(&mut self) -> Result<(), InterfaceError> {
        let request = self.link(libc::IFF_UP as u32);
        self.call("bring up", request)
    }

    /// Adds an address with the length of its network's prefix, in bits. It can be used at once: duplicate
    /// address detection, which finds nobody on such a link, is not waited for.
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
        self.call("add an address to", request)
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
        Request::new(libc::RTM_NEWLINK, 0)
            .bytes(&[0; 4])
            .bytes(&self.index.to_ne_bytes())
            .bytes(&flags.to_ne_bytes())
            .bytes(&flags.to_ne_bytes())
    }

    fn call(&mut self, action: &'static str, request: Request) -> Result<(), InterfaceError> {
        self.sequence += 1;
        let message = request.finish(self.sequence);
        exchange(&self.netlink, &message, self.sequence)
            .map_err(|errno| InterfaceError::new(action, &self.name, errno))
    }
}

/// Sends a request and waits for the kernel's answer, which it gives before `send` returns.
fn exchange(netlink: &OwnedFd, message: &[u8], sequence: u32) -> nix::Result<()> {
    send(netlink.as_raw_fd(), message, MsgFlags::empty())?;
    let mut buffer = [0; 4096];
    loop {
        let length = match recv(netlink.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Err(Errno::EINTR) => continue,
            outcome => outcome?,
        };
        // struct nlmsghdr (length, type, flags, sequence, port), and behind it in struct nlmsgerr the errno.
        let answer = &buffer[..length];
        let (Some(header), Some(error)) = (answer.first_chunk::<16>(), answer.get(16..20)) else {
            return Err(Errno::EPROTO);
        };
        let message_type = u16::from_ne_bytes([header[4], header[5]]);
        if header[8..12] != sequence.to_ne_bytes() || message_type != libc::NLMSG_ERROR as u16 {
            continue;
        }
        return match i32::from_ne_bytes([error[0], error[1], error[2], error[3]]) {
            0 => Ok(()),
            error => Err(Errno::from_raw(error.wrapping_neg())),
        };
    }
}

/// A netlink message in the making: everything is in host order and aligned to four octets.
struct Request(Vec<u8>);

impl Request {
    fn new(message_type: u16, flags: u16) -> Self {
        let mut message = vec![0; 4]; // the length
        message.extend_from_slice(&message_type.to_ne_bytes());
        message.extend_from_slice(&(REQUEST | flags).to_ne_bytes());
        message.extend_from_slice(&[0; 8]); // sequence number, and the port that the kernel fills
        Self(message)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// struct rtattr: length, type, value, padding. No value here needs the padding.
    fn attribute(self, attribute_type: u16, value: &[u8]) -> Self {
        debug_assert_eq!(value.len() % 4, 0);
        let length = (4 + value.len()) as u16;
        self.bytes(&length.to_ne_bytes()).bytes(&attribute_type.to_ne_bytes()).bytes(value)
    }

    fn finish(self, sequence: u32) -> Vec<u8> {
        let mut message = self.0;
        let length = message.len() as u32;
        message[..4].copy_from_slice(&length.to_ne_bytes());
        message[8..12].copy_from_slice(&sequence.to_ne_bytes());
        message
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
