//! Watches the packets of an interface beside whoever they are for.
//!
//! A packet socket (packet(7)) hands over a copy of each IP packet, sent or received, without its link's header, so
//! that every kind of interface looks the same. On loopback each packet comes twice; it is handed out once.
//!
//! Left out on purpose: a filter in the kernel, a ring that is shared with it, and promiscuous mode: what is watched
//! is this machine's own traffic.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvmsg,
    setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;

use crate::sys;

/// The longest piece of a packet that is kept: more than IPv4 or an IPv6 packet without a jumbo payload can have.
const LONGEST: usize = 1 << 16;
/// What the kernel may hold for us, octets: a burst of some thousands of packets.
const KERNEL_BUFFER: usize = 8 << 20;
/// `PACKET_OUTGOING` and `ARPHRD_LOOPBACK`: the kernel's numbers, from if_packet.h and if_arp.h.
const OUTGOING: u8 = 4;
const LOOPBACK: u16 = 772;
/// Ethernet's types of IPv4 and IPv6.
const IP_TYPES: [u16; 2] = [0x0800, 0x86DD];

/// A packet socket on one interface.
#[derive(Debug)]
pub struct Monitor {
    socket: OwnedFd,
    index: usize,
    buffer: Vec<u8>,
    control: Vec<u8>,
    dropped: u64,
}

/// A packet that was seen.
#[derive(Clone, Copy, Debug)]
pub struct SeenPacket<'a> {
    /// From its IP header on, as much of it as was kept.
    pub bytes: &'a [u8],
    /// How long it is, octets.
    pub original_len: u32,
    /// When the kernel saw it, nanoseconds since the UNIX epoch.
    pub timestamp: u64,
}

impl Monitor {
    /// Begins to watch an interface of this network namespace.
    ///
    /// # Errors
    /// `NotFound` when there is no such interface, `PermissionDenied` without CAP_NET_RAW, and what else the kernel
    /// says.
    pub fn open(interface: &str) -> io::Result<Self> {
        let index = match if_nametoindex(interface) {
            Err(Errno::ENODEV | Errno::ENXIO) => return Err(io::ErrorKind::NotFound.into()),
            index => index? as usize,
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, SockProtocol::EthAll)?;
        // An interface without a link's address may have no such name; its packets are picked out below.
        let mut addresses = getifaddrs()?.filter(|address| address.interface_name == interface);
        if let Some(link) = addresses.find_map(|address| address.address?.as_link_addr().copied()) {
            bind(socket.as_raw_fd(), &link)?;
        }
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        // With CAP_NET_ADMIN it may be more than the system's limit; less serves, too.
        if setsockopt(&socket, sockopt::RcvBufForce, &KERNEL_BUFFER).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &KERNEL_BUFFER)?;
        }
        let control = nix::cmsg_space!(TimeSpec);
        Ok(Self { socket, index, buffer: vec![0; LONGEST], control, dropped: 0 })
    }

    /// Readable when there is a packet.
    #[must_use]
    pub fn poll_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// How many packets there was no room for since it began: more came than were [received](Self::receive). On loopback
    /// each counts twice.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn dropped(&mut self) -> io::Result<u64> {
        self.dropped += u64::from(sys::packets_dropped(&self.socket)?);
        Ok(self.dropped)
    }

    /// The next packet, or `None` when there is none at present.
    ///
    /// # Errors
    /// What the kernel says, such as that the interface has gone down.
    pub fn receive(&mut self) -> io::Result<Option<SeenPacket<'_>>> {
        let (len, timestamp) = loop {
            let mut pieces = [IoSliceMut::new(&mut self.buffer)];
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
            let received =
                recvmsg::<LinkAddr>(self.socket.as_raw_fd(), &mut pieces, Some(&mut self.control), flags);
            let message = match received {
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => continue,
                message => message?,
            };
            let Some(link) = message.address else { continue };
            let is_second = link.hatype() == LOOPBACK && link.pkttype() == OUTGOING;
            let is_ip = IP_TYPES.contains(&u16::from_be(link.protocol()));
            if link.ifindex() != self.index || is_second || !is_ip {
                continue;
            }
            let timestamp = message.cmsgs()?.find_map(|control| match control {
                ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
                _ => None,
            });
            break (message.bytes, timestamp.unwrap_or_default());
        };
        Ok(Some(SeenPacket {
            bytes: &self.buffer[..len.min(LONGEST)],
            original_len: u32::try_from(len).unwrap_or(u32::MAX),
            timestamp: u64::try_from(timestamp.as_nanos()).unwrap_or(u64::MAX),
        }))
    }
}
