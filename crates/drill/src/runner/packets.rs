//! Packets of the script's that arrive, and packets of the host's that are expected.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_host::PacketIn;
use synfin_wire::{Instant, IpHeader, IpProtocol};

use super::clock::{Ended, seconds};
use super::{Captured, Due, Halt, Runner, Step};
use crate::ast::{Action, Body, Direction, Icmp, IpFields, Packet, Quote, Tcp};
use crate::packet::icmp::Quoted;
use crate::packet::{self, ACK, Numbers, SYN, Seen, compare, show_packet, show_segment};
use crate::span::Position;
use crate::verdict::Failure;

/// How long a packet is waited for beyond its time, so that its lateness can be told.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for a packet that may come at any time.
const LONG_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// The first port of the script's side; each connection gets the next.
const FIRST_PORT: u16 = 40_001;

/// The connection that the script talks about: the one begun last.
#[derive(Debug)]
pub(super) struct Conversation {
    stage: Stage,
    /// The host's ends of conversations before it, whose segments may still come.
    earlier: Vec<SocketAddr>,
    /// The host's end; not known before a connecting socket's SYN was seen.
    local: Option<SocketAddr>,
    remote: SocketAddr,
    numbers: Numbers,
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

/// Whether this is a packet of the script's.
pub(super) fn is_inbound(action: &Action) -> bool {
    matches!(action, Action::Packet(packet) if packet.direction == Direction::Inbound)
}

impl Runner {
    /// A conversation begins with a socket.
    pub(super) fn begin_conversation(&mut self, fd: i32) {
        let mut earlier = Vec::new();
        if let Some(before) = self.conversation.take() {
            earlier = before.earlier;
            earlier.extend(before.local);
        }
        self.conversation = Some(Conversation {
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

    pub(super) fn is_new_socket(&self, fd: i32) -> bool {
        let new =
            |conversation: &Conversation| conversation.fd == Some(fd) && conversation.stage == Stage::New;
        self.conversation.as_ref().is_some_and(new)
    }

    pub(super) fn packet(&mut self, at: Position, packet: &Packet, due: &Due) -> Step<()> {
        if let Some(what) = &packet.encapsulation {
            return Err(Halt::Unsupported { at, what: format!("packets inside {what}") });
        }
        match (packet.direction, &packet.body) {
            (Direction::Inbound, Body::Tcp(tcp)) => self.inject_segment(at, packet, tcp, due),
            (Direction::Inbound, Body::Icmp(icmp)) => self.inject_message(at, packet, icmp, due),
            (Direction::Outbound, Body::Tcp(tcp)) => self.expect_segment(at, packet, tcp, due),
            (_, Body::Udp { .. }) => Err(Halt::Unsupported { at, what: "UDP packets".to_owned() }),
            (Direction::Outbound, Body::Icmp(_)) => {
                Err(Halt::Unsupported { at, what: "ICMP packets of the host's".to_owned() })
            }
        }
    }

    /// A SYN to a listener, or to nobody at all, begins a conversation.
    fn answer_listener(&mut self, tcp: &Tcp) {
        let waits = |conversation: &Conversation| conversation.stage == Stage::Listening;
        if !self.conversation.as_ref().is_none_or(waits) {
            return;
        }
        let port = FIRST_PORT + self.ports_used;
        self.ports_used = (self.ports_used + 1) % 20_000;
        self.conversation = Some(Conversation {
            stage: Stage::PassiveSyn,
            earlier: Vec::new(),
            local: Some(SocketAddr::new(self.setup.local, self.setup.local_port)),
            remote: SocketAddr::new(self.setup.remote, port),
            numbers: Numbers::from_remote(tcp.seq),
            fd: None,
        });
    }

    fn inject_segment(&mut self, at: Position, packet: &Packet, tcp: &Tcp, due: &Due) -> Step<()> {
        self.answer_listener(tcp);
        self.wait_until(at, due)?;
        let Some(conversation) = &mut self.conversation else { return Err(no_conversation(at)) };
        if conversation.stage == Stage::SynSeen && tcp.flags.octet & (SYN | ACK) == SYN | ACK {
            conversation.numbers.remote_isn = tcp.seq;
            conversation.stage = Stage::Open;
        }
        let Some(local) = conversation.local else { return Err(no_conversation(at)) };
        let live = conversation.numbers.to_live(tcp, self.setup.echo_scaled).map_err(|echo| {
            Halt::failed(at, format!("the host has sent no timestamp that this script calls {echo}"))
        })?;
        let (source, destination) = tcp.ports.unwrap_or((0, 0));
        let or = |port: u16, usual: u16| if port == 0 { usual } else { port };
        let ports = (or(source, conversation.remote.port()), or(destination, local.port()));
        let mut ip = IpHeader::new(conversation.remote.ip(), local.ip(), IpProtocol::TCP);
        packet::apply_fields(&mut ip, &packet.ip);
        let bytes = packet::build(&ip, &live, ports);
        self.inject(packet, bytes)
    }

    fn inject_message(&mut self, at: Position, packet: &Packet, icmp: &Icmp, due: &Due) -> Step<()> {
        self.wait_until(at, due)?;
        let Some(conversation) = &self.conversation else { return Err(no_conversation(at)) };
        let Some(local) = conversation.local else { return Err(no_conversation(at)) };
        let remote = conversation.remote;
        let protocol = if self.setup.form.is_v4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let mut ip = IpHeader::new(remote.ip(), local.ip(), protocol);
        packet::apply_fields(&mut ip, &packet.ip);
        let seq = match icmp.quote {
            Quote::Tcp { seq, .. } => conversation.numbers.quoted(seq),
            Quote::Udp(_) | Quote::Raw(_) => 0,
        };
        let quoted = Quoted {
            ip: IpHeader::new(local.ip(), remote.ip(), IpProtocol::TCP),
            ports: (local.port(), remote.port()),
            seq,
        };
        let message = packet::icmp::build(icmp, &ip, &quoted).map_err(|what| Halt::failed(icmp.at, what))?;
        self.inject(packet, packet::behind_ip(&ip, &message))
    }

    fn inject(&mut self, packet: &Packet, bytes: Bytes) -> Step<()> {
        self.note(show_packet(packet));
        let segment_size = self.setup.put_together(packet);
        self.kernel.deliver(PacketIn { bytes, trust_checksum: false, segment_size });
        self.settle()
    }

    fn expect_segment(&mut self, at: Position, packet: &Packet, tcp: &Tcp, due: &Due) -> Step<()> {
        let syn = tcp.flags.octet & SYN != 0;
        let Some(conversation) = &mut self.conversation else { return Err(no_conversation(at)) };
        match conversation.stage {
            Stage::Connecting if syn && tcp.flags.octet & ACK == 0 => {
                conversation.stage = Stage::SynExpected;
                conversation.numbers.script_local_isn = tcp.seq;
            }
            Stage::PassiveSyn if syn => conversation.numbers.script_local_isn = tcp.seq,
            _ => {}
        }
        let (moment, mut seen) = self.next_segment(at, packet, due)?;
        let fails = |message: String, seen: &Seen| {
            let expected = Some(format!("{:>12} {}", seconds(due.at), show_packet(packet)));
            (message, expected, show_segment(seen, &packet.ip))
        };
        let fragment_len = seen.payload.len();
        // A segment without text is no fragment of one with text. (Stock packetdrill takes it for one.)
        while (1..usize::from(tcp.payload)).contains(&seen.payload.len()) && !self.setup.strict_segments {
            let (_, next) = self.next_segment(at, packet, due).map_err(|halt| match halt {
                Halt::Failed(mut failure) => {
                    failure.found = Some(show_segment(&seen, &packet.ip));
                    Halt::Failed(failure)
                }
                other => other,
            })?;
            let missing = usize::from(tcp.payload) - seen.payload.len();
            if let Err(difference) = compare::fragment(&seen, &next, fragment_len, missing) {
                let (message, expected, found) =
                    fails(format!("the next segment does not go on: {difference}"), &next);
                return Err(self.failed(at, message, expected, moment, &found));
            }
            seen.append(next);
        }
        let stamps = self.setup.stamps(due.at);
        let Some(conversation) = &mut self.conversation else { return Err(no_conversation(at)) };
        conversation.numbers.name_stamps(tcp, &mut seen.tcp);
        if let Err(difference) = compare::packet(packet, tcp, &seen, &mut conversation.numbers, stamps) {
            let (message, expected, found) = fails(difference.to_string(), &seen);
            return Err(self.failed(at, message, expected, moment, &found));
        }
        self.check_time(at, "this packet", moment, due)
    }

    fn failed(
        &self,
        at: Position,
        message: String,
        expected: Option<String>,
        moment: Instant,
        found: &str,
    ) -> Halt {
        let found = format!("{:>12} {found}", seconds(self.script_time(moment)));
        Halt::Failed(Box::new(Failure { at, message, expected, found: Some(found) }))
    }

    /// The next segment of the conversation, in the script's numbers.
    fn next_segment(&mut self, at: Position, packet: &Packet, due: &Due) -> Step<(Instant, Seen)> {
        let end = match due.any {
            true => self.kernel.now + LONG_PATIENCE,
            false => self.kernel.now.max(self.moment(due.end.unwrap_or(due.at))) + PATIENCE,
        };
        loop {
            if self.captured.is_empty()
                && self.pass(end, |runner| !runner.captured.is_empty())? == Ended::TimeUp
            {
                let expected = format!("{:>12} {}", seconds(due.at), show_packet(packet));
                let message = "this packet was never sent";
                return Err(Halt::Failed(Box::new(Failure {
                    expected: Some(expected),
                    ..Failure::new(at, message)
                })));
            }
            let Some(captured) = self.captured.pop_front() else { continue };
            let moment = captured.at;
            if let Some(mut seen) = Seen::read(captured.bytes, captured.partial)
                && self.conversation.as_mut().is_some_and(|conversation| conversation.claims(&seen))
            {
                if let Some(conversation) = &self.conversation {
                    conversation.numbers.to_script(&mut seen.tcp);
                }
                return Ok((moment, seen));
            }
        }
    }

    /// Notes a packet of the host's as the script would write it.
    pub(super) fn note_capture(&mut self, captured: &Captured) {
        let Some(mut seen) = Seen::read(captured.bytes.clone(), captured.partial) else {
            return self.note("> not TCP".to_owned());
        };
        if let Some(conversation) = &self.conversation {
            conversation.numbers.to_script(&mut seen.tcp);
            if matches!(conversation.stage, Stage::PassiveSyn | Stage::Connecting)
                && seen.tcp.flags.octet & SYN != 0
            {
                // What the script calls it is known when it expects it; until then it is the first.
                seen.tcp.seq = 0;
            }
        }
        let line = show_segment(&seen, &IpFields::default());
        self.note(line);
    }
}

impl Conversation {
    /// Whether a segment of the host's belongs here; the first SYN tells the host's end and number.
    fn claims(&mut self, seen: &Seen) -> bool {
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
}

fn no_conversation(at: Position) -> Halt {
    Halt::failed(at, "there is no connection that this packet could belong to")
}
