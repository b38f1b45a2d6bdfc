//! UDP: a socket outside for each pair of ends that the command uses, as long as it is used.
//!
//! DNS takes a way of its own ([`dns`](super::dns)).

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use synfin::forward::{Datagram, UdpForwarder, Unreachable};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::destination::Outside;
use super::tcp::Leads;

/// How long a flow may be silent: RFC 4787 section 4.3 asks for two minutes at least.
const IDLE: Duration = Duration::from_secs(120);
/// The most flows at once; the command's resolver and a few programs use some dozens.
const MAX_FLOWS: usize = 4096;
/// Datagrams of one flow that wait to be sent outside.
const WAITING: usize = 256;
/// The longest datagram.
const LONGEST: usize = 65_535;

/// The command's end and the one that it sends to.
type Ends = (SocketAddr, SocketAddr);

/// Carries datagrams for the command.
pub(super) async fn serve(forwarder: UdpForwarder, leads: Leads) {
    let forwarder = Arc::new(forwarder);
    let mut flows: HashMap<Ends, mpsc::Sender<Datagram>> = HashMap::new();
    while let Some(datagram) = forwarder.recv().await {
        let destination = match leads.destinations.outside(datagram.local) {
            Outside::Resolver => {
                let (forwarder, resolvers) = (Arc::clone(&forwarder), Arc::clone(&leads.resolvers));
                tokio::spawn(async move { resolvers.answer(&forwarder, &datagram).await });
                continue;
            }
            Outside::Address(address) if leads.dialler.is_direct() => address,
            // A proxy carries TCP alone, and past the proxy nothing goes.
            Outside::Address(_) | Outside::Nobody => {
                forwarder.unreachable(&datagram, Unreachable::Port);
                continue;
            }
        };
        let ends = (datagram.remote, datagram.local);
        let known = flows.get(&ends).filter(|flow| !flow.is_closed());
        if let Some(flow) = known {
            // A full queue drops, as any router's would.
            let _ = flow.try_send(datagram);
            continue;
        }
        flows.retain(|_, flow| !flow.is_closed());
        if flows.len() >= MAX_FLOWS {
            forwarder.unreachable(&datagram, Unreachable::Port);
            continue;
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        let _ = sender.try_send(datagram);
        flows.insert(ends, sender);
        tokio::spawn(carry(Arc::clone(&forwarder), destination, ends, receiver));
    }
}

/// One flow, to its end.
async fn carry(
    forwarder: Arc<UdpForwarder>,
    destination: SocketAddr,
    (command, dialled): Ends,
    mut outgoing: mpsc::Receiver<Datagram>,
) {
    let mut last = None;
    let ended: io::Result<()> = async {
        let socket = connected(destination).await?;
        loop {
            let next = async {
                tokio::select! {
                    datagram = outgoing.recv() => Ok(Next::Out(datagram)),
                    received = receive(&socket) => received.map(Next::In),
                }
            };
            match timeout(IDLE, next).await {
                Err(_) | Ok(Ok(Next::Out(None))) => return Ok(()),
                Ok(Ok(Next::Out(Some(datagram)))) => {
                    last = Some(datagram.clone());
                    socket.send(&datagram.payload).await?;
                }
                Ok(Ok(Next::In(payload))) => forwarder.send_from(dialled, command, payload)?,
                Ok(Err(error)) => return Err(error),
            }
        }
    }
    .await;
    // An ICMP error outside becomes one inside.
    if let (Err(error), Some(datagram)) = (ended, last) {
        forwarder.unreachable(&datagram, unreachable(&error));
    }
}

enum Next {
    Out(Option<Datagram>),
    In(Bytes),
}

thread_local! {
    /// Where datagrams are read to, before their lengths are known: one for all flows.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; LONGEST]);
}

async fn receive(socket: &UdpSocket) -> io::Result<Bytes> {
    loop {
        // An error, such as an ICMP message from outside, does not make a socket readable.
        let ready = socket.ready(Interest::READABLE | Interest::ERROR).await?;
        if ready.is_error() {
            if let Some(error) = socket.take_error()? {
                return Err(error);
            }
            let _: io::Result<()> = socket.try_io(Interest::ERROR, || Err(io::ErrorKind::WouldBlock.into()));
        }
        let received = SCRATCH.with_borrow_mut(|scratch| {
            socket.try_recv(scratch).map(|len| Bytes::copy_from_slice(&scratch[..len]))
        });
        match received {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => return received,
        }
    }
}

pub(super) async fn connected(destination: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match destination {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(destination).await?;
    Ok(socket)
}

pub(super) fn unreachable(error: &io::Error) -> Unreachable {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unreachable::Port,
        io::ErrorKind::HostUnreachable => Unreachable::Host,
        io::ErrorKind::PermissionDenied => Unreachable::Prohibited,
        _ => Unreachable::Network,
    }
}
