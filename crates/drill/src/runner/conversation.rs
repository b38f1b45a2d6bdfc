//! What the script talks about: one socket or connection, the one begun last, and what its numbers are called.

use std::net::SocketAddr;

use synfin_wire::IpProtocol;

use super::Runner;
use crate::ast::Tcp;
use crate::packet::datagram::{OtherBody, SeenOther};
use crate::packet::{Numbers, SYN, Seen};

/// The first port of the script's side; each connection gets the next.
const FIRST_PORT: u16 = 40_001;

/// What carries the data of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    Udp,
    /// A socket that asks for echoes.
    Icmp,
}

impl Transport {
    pub(super) fn of(protocol: IpProtocol) -> Self {
        match protocol {
            IpProtocol::TCP => Self::Tcp,
            IpProtocol::UDP => Self::Udp,
            _ => Self::Icmp,
        }
    }
}

/// The connection that the script talks about: the one begun last.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) transport: Transport,
    pub(super) stage: Stage,
    /// The host's ends of conversations before it, whose segments may still come.
    earlier: Vec<SocketAddr>,
    /// The host's end; not known before the first packet of a socket that connects was seen.
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: SocketAddr,
    pub(super) numbers: Numbers,
    /// The script's number of its socket, once it has one.
    pub(super) fd: Option<i32>,
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is a socket.
    New,
    Listening,
    /// The script's SYN has arrived.
    PassiveSyn,
    Connecting,
    /// The host's SYN is expected.
    SynExpected,
    /// The host's SYN was seen, and the script's has not been sent.
    SynSeen,
    /// Both ends' numbers are known.
    Open,
}

impl Runner {
    /// A conversation begins with a socket.
    pub(super) fn begin_conversation(&mut self, fd: i32, transport: Transport) {
        let mut earlier = Vec::new();
        if let Some(before) = self.conversation.take() {
            earlier = before.earlier;
            earlier.extend(before.local);
        }
        self.conversation = Some(Conversation {
            transport,
            stage: Stage::New,
            earlier,
            local: None,
            remote: self.setup.peer(),
            numbers: Numbers::default(),
            fd: Some(fd),
        });
    }

    /// What the script did with the socket of the conversation.
    pub(super) fn advance_conversation(&mut self, fd: i32, stage: Stage) {
        if let Some(conversation) =
            self.conversation.as_mut().filter(|conversation| conversation.fd == Some(fd))
        {
            conversation.stage = stage;
        }
    }

    /// A connection was accepted under this number.
    pub(super) fn accepted(&mut self, fd: i32, remote: SocketAddr) {
        let ours =
            |conversation: &&mut Conversation| conversation.remote == remote && conversation.fd.is_none();
        if let Some(conversation) = self.conversation.as_mut().filter(ours) {
            conversation.fd = Some(fd);
        }
    }

    /// The first connect on a socket makes the host's next SYN, or its next datagram, that of the conversation.
    pub(super) fn starts_connecting(&mut self, fd: i32) {
        if self.is_new_socket(fd)
            && let Some(transport) = self.conversation.as_ref().map(|conversation| conversation.transport)
        {
            self.begin_conversation(fd, transport);
            self.advance_conversation(fd, Stage::Connecting);
        }
    }

    fn is_new_socket(&self, fd: i32) -> bool {
        let new =
            |conversation: &Conversation| conversation.fd == Some(fd) && conversation.stage == Stage::New;
        self.conversation.as_ref().is_some_and(new)
    }

    /// A SYN to a listener, or to nobody at all, begins a conversation.
    pub(super) fn answer_listener(&mut self, tcp: &Tcp) {
        let waits = |conversation: &Conversation| conversation.stage == Stage::Listening;
        if !self.conversation.as_ref().is_none_or(waits) {
            return;
        }
        let port = FIRST_PORT + self.ports_used;
        self.ports_used = (self.ports_used + 1) % 20_000;
        self.conversation = Some(Conversation {
            transport: Transport::Tcp,
            stage: Stage::PassiveSyn,
            earlier: Vec::new(),
            local: Some(SocketAddr::new(self.setup.local, self.setup.local_port)),
            remote: SocketAddr::new(self.setup.remote, port),
            numbers: Numbers::from_remote(tcp.seq),
            fd: None,
        });
    }
}

impl Conversation {
    /// Whether a segment of the host's belongs here; the first SYN tells the host's end and number.
    pub(super) fn claims(&mut self, seen: &Seen) -> bool {
        let (source, destination) = seen.tcp.ports.unwrap_or_default();
        let local = SocketAddr::new(seen.ip.source, source);
        if SocketAddr::new(seen.ip.destination, destination) != self.remote {
            return false;
        }
        let syn = seen.tcp.flags.octet & SYN != 0;
        match self.stage {
            Stage::SynExpected if syn && !self.earlier.contains(&local) => {
                self.local = Some(local);
                self.numbers.local_isn = seen.tcp.seq;
                self.stage = Stage::SynSeen;
                true
            }
            Stage::PassiveSyn if syn && self.local == Some(local) => {
                self.numbers.local_isn = seen.tcp.seq;
                self.stage = Stage::Open;
                true
            }
            _ => self.local == Some(local),
        }
    }

    /// Whether a datagram or a message of the host's belongs here; the first one tells the host's end.
    pub(super) fn claims_other(&mut self, seen: &SeenOther) -> bool {
        let (ports, transport) = match seen.body {
            OtherBody::Udp { ports, .. } => (ports, Transport::Udp),
            OtherBody::Icmp { .. } => ((0, self.remote.port()), Transport::Icmp),
        };
        let remote = SocketAddr::new(seen.ip.destination, ports.1);
        if transport != self.transport || remote != self.remote {
            return false;
        }
        let local = SocketAddr::new(seen.ip.source, ports.0);
        if self.stage == Stage::Connecting {
            self.local = Some(local);
        }
        self.local == Some(local)
    }
}
