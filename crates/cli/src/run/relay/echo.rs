//! ICMP echo to the world outside, through the kernel's unprivileged echo sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use synfin::forward::{EchoForwarder, EchoRequest, Unreachable};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::destination::{Destinations, Outside};
use super::dial::Dialler;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most requests under way; more are dropped.
const MAX_WAITING: usize = 256;
/// The header of an echo message: type, code, checksum, identifier, sequence number.
const HEADER_LEN: usize = 8;

/// Sends each request on, and what answers it back.
pub(super) async fn serve(forwarder: EchoForwarder, destinations: Destinations, dialler: Dialler) {
    let forwarder = Arc::new(forwarder);
    let mut waiting = JoinSet::new();
    loop {
        tokio::select! {
            request = forwarder.next() => {
                let Some(request) = request else { return };
                if !dialler.is_direct() {
                    // No proxy carries it, and past the proxy nothing goes.
                    forwarder.unreachable(&request, Unreachable::Prohibited);
                } else if waiting.len() < MAX_WAITING {
                    let handle = Arc::clone(&forwarder);
                    waiting.spawn(async move { ask(&handle, destinations, &request).await });
                }
            }
            Some(_) = waiting.join_next() => {}
        }
    }
}

async fn ask(forwarder: &EchoForwarder, destinations: Destinations, request: &EchoRequest) {
    let dialled = SocketAddr::new(request.destination, 0);
    let Outside::Address(destination) = destinations.outside(dialled) else { return };
    match timeout(PATIENCE, answered(destination.ip(), request)).await {
        Ok(Ok(())) => forwarder.reply(request),
        Ok(Err(error)) if error.kind() == io::ErrorKind::HostUnreachable => {
            forwarder.unreachable(request, Unreachable::Host);
        }
        // Not allowed to ask (net.ipv4.ping_group_range), or no way there.
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            forwarder.unreachable(request, Unreachable::Prohibited);
        }
        Ok(Err(_)) => forwarder.unreachable(request, Unreachable::Network),
        Err(_) => {}
    }
}

/// Asks outside, and returns when the answer is there.
async fn answered(destination: IpAddr, request: &EchoRequest) -> io::Result<()> {
    let (domain, protocol, kind) = match destination {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4, 8),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6, 128),
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(protocol))?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::from(SocketAddr::new(destination, 0)))?;
    // A datagram socket like UDP's; only what is in the datagrams differs.
    let socket = UdpSocket::from_std(socket.into())?;
    // The kernel puts an identifier of its own in, and the checksum.
    let mut message = vec![0; HEADER_LEN];
    message[0] = kind;
    message[6..8].copy_from_slice(&request.sequence.to_be_bytes());
    message.extend_from_slice(&request.payload);
    socket.send(&message).await?;
    let mut answer = vec![0; message.len()];
    socket.recv(&mut answer).await?;
    Ok(())
}
