//! What a host tells its owner, and the handles by which the owner calls it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use synfin_tcp::{CloseReason, Event, Events};

slotmap::new_key_type! {
    /// A connection. A handle that was released never names another connection.
    pub struct TcpHandle;
    /// A listener.
    pub struct ListenerHandle;
    /// A UDP socket.
    pub struct UdpHandle;
    /// An open request of the forwarder.
    pub struct RequestId;
}

/// Something that the owner may want to act on. What is not polled collapses: a connection, listener or
/// socket is in the queue at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostEvent {
    /// Something happened to a connection.
    Tcp {
        /// Which.
        handle: TcpHandle,
        /// What happened since it was last reported.
        events: TcpEvents,
    },
    /// [`crate::Host::accept`] has something for this listener.
    Accept {
        /// Which.
        listener: ListenerHandle,
    },
    /// [`crate::Host::poll_request`] has something.
    Request,
    /// A request that was not decided yet is void: its client gave up, or it took too long to decide.
    RequestWithdrawn {
        /// Which.
        id: RequestId,
    },
    /// A datagram can be received from this socket, or [`crate::Host::udp_take_error`] has something.
    Udp {
        /// Which.
        handle: UdpHandle,
    },
    /// [`crate::Host::poll_echo`] has something.
    Echo,
}

/// What happened to a connection since it was last reported.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpEvents(Events);

impl TcpEvents {
    pub(crate) fn raise(&mut self, event: Event) {
        self.0.raise(event);
    }

    pub(crate) fn join(&mut self, events: Events) {
        self.0.join(events);
    }

    /// The handshake is complete.
    #[must_use]
    pub fn established(self) -> bool {
        self.0.contains(Event::Established)
    }

    /// There is something to read, or the peer's FIN.
    #[must_use]
    pub fn readable(self) -> bool {
        self.0.contains(Event::Readable)
    }

    /// There is room in the send buffer again.
    #[must_use]
    pub fn writable(self) -> bool {
        self.0.contains(Event::Writable)
    }

    /// Everything that was sent, and the FIN, is acknowledged.
    #[must_use]
    pub fn all_acknowledged(self) -> bool {
        self.0.contains(Event::AllAcknowledged)
    }

    /// Retransmissions are past R1 (RFC 9293 SHLD-9).
    #[must_use]
    pub fn path_trouble(self) -> bool {
        self.0.contains(Event::PathTrouble)
    }

    /// An ICMP error that is not fatal has come (RFC 9293 MUST-47).
    #[must_use]
    pub fn soft_error(self) -> bool {
        self.0.contains(Event::SoftError)
    }

    /// Urgent data has arrived (RFC 9293 MUST-32).
    #[must_use]
    pub fn urgent(self) -> bool {
        self.0.contains(Event::Urgent)
    }

    /// The connection is CLOSED, and why.
    #[must_use]
    pub fn closed(self) -> Option<CloseReason> {
        self.0.closed()
    }

    /// Nothing happened.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for TcpEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for (happened, name) in [
            (self.established(), "established"),
            (self.readable(), "readable"),
            (self.writable(), "writable"),
            (self.all_acknowledged(), "all-acknowledged"),
            (self.path_trouble(), "path-trouble"),
            (self.soft_error(), "soft-error"),
            (self.urgent(), "urgent"),
        ] {
            if happened {
                set.entry(&format_args!("{name}"));
            }
        }
        if let Some(reason) = self.closed() {
            set.entry(&format_args!("closed: {reason}"));
        }
        set.finish()
    }
}

/// A connection taken from a listener's accept queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The connection.
    pub handle: TcpHandle,
    /// This host's end.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

/// A SYN to an address and port where nobody listens, for the forwarder's owner to decide on. Its SYN-ACK
/// is held until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// What to call it.
    pub id: RequestId,
    /// What was dialled.
    pub local: SocketAddr,
    /// Who dialled it.
    pub remote: SocketAddr,
}

/// How a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By an RST: "connection refused".
    Reset,
    /// By an ICMP error.
    Unreachable(Unreachable),
    /// By nothing: the client goes on trying until it times out.
    Silent,
}

/// What an ICMP destination-unreachable says (RFC 792, RFC 4443 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// No route leads to the network. Over IPv6: no route to destination.
    Network,
    /// The host does not answer. Over IPv6: address unreachable.
    Host,
    /// Nobody has that port.
    Port,
    /// Somebody forbids it.
    Prohibited,
}

/// A UDP datagram that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The destination: what the sender dialled.
    pub local: SocketAddr,
    /// The source.
    pub remote: SocketAddr,
    /// The text.
    pub payload: Bytes,
}

/// An ICMP error that answered a datagram of a UDP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpError {
    /// The end from which the datagram was sent.
    pub local: SocketAddr,
    /// Where it was sent.
    pub remote: SocketAddr,
    /// What the error says.
    pub kind: Unreachable,
}

/// An ICMP echo request to an address that is not the host's own, for the forwarder's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoRequest {
    /// Who asks.
    pub source: IpAddr,
    /// Who is asked.
    pub destination: IpAddr,
    /// The identifier.
    pub identifier: u16,
    /// The sequence number.
    pub sequence: u16,
    /// The data to send back.
    pub payload: Bytes,
}
