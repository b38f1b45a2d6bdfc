//! Requests to rtnetlink, one at a time, and their answers. Everything is in host order and aligned to four
//! octets.

use std::net::Ipv6Addr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket,
};
use nix::sys::time::TimeVal;

/// struct nlmsghdr: length, type, flags, sequence number, port.
const HEADER_LEN: usize = 16;

/// Behind the header, in struct rtmsg.
const ROUTE_TYPE: usize = HEADER_LEN + 7;

/// How long an answer may stay away, which takes the kernel milliseconds.
const PATIENCE: TimeVal = TimeVal::new(5, 0);
/// After so long without an announcement it is looked again: one may come a moment before a look-up shows what it tells of.
const TICK: TimeVal = TimeVal::new(0, 20_000);
/// How often nothing may have been announced, which makes ten seconds.
const SILENT_TICKS: u32 = 500;

fn open(patience: &TimeVal) -> nix::Result<OwnedFd> {
    let socket =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    setsockopt(&socket, ReceiveTimeout, patience)?;
    Ok(socket)
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> nix::Result<usize> {
    loop {
        match recv(socket.as_raw_fd(), buffer, MsgFlags::empty()) {
            Err(Errno::EINTR) => {}
            // The patience of `open` is at its end.
            Err(Errno::EAGAIN) => return Err(Errno::ETIMEDOUT),
            outcome => return outcome,
        }
    }
}

/// A socket for requests.
#[derive(Debug)]
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    pub(super) fn open() -> nix::Result<Self> {
        Ok(Self { socket: open(&PATIENCE)?, sequence: 0 })
    }

    /// Sends a request and returns what it is answered with: a message, or the empty "no error" to a request
    /// with `NLM_F_ACK`.
    pub(super) fn call(&mut self, request: Request) -> nix::Result<Vec<u8>> {
        self.sequence += 1;
        send(self.socket.as_raw_fd(), &request.finish(self.sequence), MsgFlags::empty())?;
        let mut answer = vec![0; 4096];
        loop {
            let length = receive(&self.socket, &mut answer)?;
            let header = answer[..length].first_chunk::<HEADER_LEN>().ok_or(Errno::EPROTO)?;
            if header[8..12] == self.sequence.to_ne_bytes() {
                answer.truncate(length);
                break;
            }
        }
        if answer[4..6] != (libc::NLMSG_ERROR as u16).to_ne_bytes() {
            return Ok(answer);
        }
        // struct nlmsgerr begins with the negated errno.
        let error = answer[HEADER_LEN..].first_chunk().ok_or(Errno::EPROTO)?;
        match i32::from_ne_bytes(*error) {
            0 => Ok(Vec::new()),
            error => Err(Errno::from_raw(error.wrapping_neg())),
        }
    }

    /// Whether what is sent to that address is delivered in this namespace.
    pub(super) fn is_local(&mut self, address: Ipv6Addr) -> nix::Result<bool> {
        let request = Request::new(libc::RTM_GETROUTE, 0)
            .bytes(&[libc::AF_INET6 as u8, 128, 0, 0])
            .bytes(&[0; 8])
            .attribute(libc::RTA_DST, &address.octets());
        match self.call(request) {
            Ok(route) => Ok(route.get(ROUTE_TYPE) == Some(&libc::RTN_LOCAL)),
            Err(Errno::ENETUNREACH | Errno::EHOSTUNREACH) => Ok(false),
            Err(errno) => Err(errno),
        }
    }
}

/// A socket for what is announced from its making on.
#[derive(Debug)]
pub(super) struct Watch {
    socket: OwnedFd,
    silent: u32,
}

impl Watch {
    pub(super) fn ipv6_routes() -> nix::Result<Self> {
        let socket = open(&TICK)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, libc::RTMGRP_IPV6_ROUTE as u32))?;
        Ok(Self { socket, silent: 0 })
    }

    /// Waits until something is announced, or more than the socket held, or for a while.
    pub(super) fn next(&mut self) -> nix::Result<()> {
        match receive(&self.socket, &mut [0; 4096]) {
            Ok(_) | Err(Errno::ENOBUFS) => Ok(()),
            Err(Errno::ETIMEDOUT) if self.silent < SILENT_TICKS => {
                self.silent += 1;
                Ok(())
            }
            Err(errno) => Err(errno),
        }
    }
}

/// A message in the making.
pub(super) struct Request(Vec<u8>);

impl Request {
    pub(super) fn new(message_type: u16, flags: u16) -> Self {
        let mut message = vec![0; 4]; // the length
        message.extend_from_slice(&message_type.to_ne_bytes());
        message.extend_from_slice(&(libc::NLM_F_REQUEST as u16 | flags).to_ne_bytes());
        message.extend_from_slice(&[0; 8]); // sequence number, and the port that the kernel fills
        Self(message)
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// struct rtattr: length, type, value, padding. No value here needs the padding.
    pub(super) fn attribute(self, attribute_type: u16, value: &[u8]) -> Self {
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
