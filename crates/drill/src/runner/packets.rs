//! Packets of the script's that arrive, and packets of the host's that are expected.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_host::PacketIn;
use synfin_wire::{Instant, IpHeader, IpProtocol};

use super::clock::seconds;
use super::conversation::{Stage, Transport};
use super::{Captured, Due, Halt, Runner, Step};
use crate::ast::{Action, Body, Direction, Icmp, IpFields, Packet, Quote, Tcp};
use crate::packet::datagram::SeenOther;
use crate::packet::icmp::Quoted;
use crate::packet::{self, ACK, SYN, Seen, compare, show_packet, show_segment};
use crate::span::Position;
use crate::verdict::Failure;

/// How long a packet is waited for beyond its time, so that its lateness can be told.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for a packet that may come at any time.
const LONG_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// What an IP header's length field can say.
const LARGEST_PACKET: usize = 65_535;

/// Whether this is a packet of the script's.
pub(super) fn is_inbound(action: &Action) -> bool {
    matches!(action, Action::Packet(packet) if packet.direction == Direction::Inbound)
}

impl Runner {
    pub(super) fn packet(&mut self, at: Position, packet: &Packet, due: &Due) -> Step<()> {
        if packet.psp.is_some() {
            return Err(Halt::Unsupported { at, what: "packets inside PSP".to_owned() });
        }
        if let (Direction::Inbound, Body::Tcp(tcp)) = (packet.direction, &packet.body) {
            self.answer_listener(tcp);
        }
        self.check_transport(at, packet)?;
        match (packet.direction, &packet.body) {
            (Direction::Inbound, Body::Tcp(tcp)) => self.inject_segment(at, packet, tcp, due),
            (Direction::Inbound, Body::Icmp(icmp)) => self.inject_message(at, packet, icmp, due),
            (Direction::Inbound, Body::Udp { ports, payload }) => {
                self.inject_datagram(at, packet, (*ports, *payload), due)
            }
            (Direction::Outbound, Body::Tcp(tcp)) => self.expect_segment(at, packet, tcp, due),
            (Direction::Outbound, Body::Icmp(_) | Body::Udp { .. }) => self.expect_other(at, packet, due),
        }
    }

    /// A packet without ports is one of the socket that the script talks about, or an ICMP message for it.
    fn check_transport(&self, at: Position, packet: &Packet) -> Step<()> {
        let transport = self.conversation.as_ref().ok_or_else(|| no_conversation(at))?.transport;
        let fits = match &packet.body {
            Body::Tcp(tcp) => transport == Transport::Tcp || tcp.ports.is_some_and(|ports| ports != (0, 0)),
            Body::Udp { ports, .. } => {
                transport == Transport::Udp || ports.is_some_and(|ports| ports != (0, 0))
            }
            Body::Icmp(_) => true,
        };
        if fits { Ok(()) } else { Err(Halt::failed(at, "the socket has another transport than this packet")) }
    }

    fn inject_segment(&mut self, at: Position, packet: &Packet, tcp: &Tcp, due: &Due) -> Step<()> {
        self.wait_until(at, due)?;
        let Some(conversation) = &mut self.conversation else { return Err(no_conversation(at)) };
        if conversation.stage == Stage::SynSeen && tcp.flags.octet & (SYN | ACK) == SYN | ACK {
            conversation.numbers.remote_isn = tcp.seq;
            conversation.stage = Stage::Open;
        }
        let Some(local) = conversation.local else {
            self.note(show_packet(packet));
            return Ok(());
        };
        let live = conversation.numbers.to_live(tcp, self.setup.echo_scaled).map_err(|echo| {
            Halt::failed(at, format!("the host has sent no timestamp that this script calls {echo}"))
        })?;
        let ports = ports_of(tcp.ports, conversation.remote, local);
        let mut ip = IpHeader::new(conversation.remote.ip(), local.ip(), IpProtocol::TCP);
        packet::apply_fields(&mut ip, &packet.ip);
        let bytes = packet::build(&ip, &live, ports);
        self.inject(at, packet, bytes)
    }

    fn inject_message(&mut self, at: Position, packet: &Packet, icmp: &Icmp, due: &Due) -> Step<()> {
        self.wait_until(at, due)?;
        let (Some(conversation), Some((local, remote))) = (&self.conversation, self.ends()) else {
            return Err(no_conversation(at));
        };
        // A connection whose end is not known yet has sent nothing that an error could be about.
        let Some(local) = local else {
            self.note(show_packet(packet));
            return Ok(());
        };
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
        self.inject(at, packet, packet::behind_ip(&ip, &message))
    }

    pub(super) fn inject(&mut self, at: Position, packet: &Packet, bytes: Bytes) -> Step<()> {
        if bytes.len() > LARGEST_PACKET {
            return Err(Halt::failed(at, format!("no packet has {} octets", bytes.len())));
        }
        self.note(show_packet(packet));
        let segment_size = self.setup.put_together(packet);
        let bytes = packet::outer::wrap(&packet.outer, bytes);
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
        while seen.payload.len() < usize::from(tcp.payload) && !self.setup.strict_segments {
            let (_, next) = self
                .next_segment(at, packet, due)
                .map_err(|halt| with_found(halt, show_segment(&seen, &packet.ip)))?;
            let missing = usize::from(tcp.payload) - seen.payload.len();
            if let Err(difference) = compare::fragment(&seen, &next, fragment_len, missing) {
                let (message, expected, found) =
                    fails(format!("the next segment does not go on: {difference}"), &next);
                return Err(self.failed(at, message, expected, moment, &found));
            }
            seen.append(next);
        }
        if let Err(difference) = compare::headers(&packet.outer) {
            let (message, expected, found) = fails(difference.to_string(), &seen);
            return Err(self.failed(at, message, expected, moment, &found));
        }
        let stamps = self.setup.stamps(due.at);
        let Some(conversation) = &mut self.conversation else { return Err(no_conversation(at)) };
        conversation.numbers.name_stamps(tcp, &mut seen.tcp);
        if let Err(difference) = compare::packet(packet, tcp, &seen, &mut conversation.numbers, stamps) {
            let (message, expected, found) = fails(difference.to_string(), &seen);
            return Err(self.failed(at, message, expected, moment, &found));
        }
        self.check_time(at, "this packet", moment, due)
            .map_err(|halt| with_found(halt, show_segment(&seen, &packet.ip)))
    }

    pub(super) fn failed(
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
        let end = self.patience(due);
        loop {
            let captured = self.next_captured(at, packet, due, end)?;
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

    /// Until when a packet is waited for.
    pub(super) fn patience(&self, due: &Due) -> Instant {
        match due.any {
            true => self.kernel.now + LONG_PATIENCE,
            false => self.kernel.now.max(self.moment(due.end.unwrap_or(due.at))) + PATIENCE,
        }
    }

    /// The next packet that the host has sent, whosever it is.
    pub(super) fn next_captured(
        &mut self,
        at: Position,
        packet: &Packet,
        due: &Due,
        end: Instant,
    ) -> Step<Captured> {
        self.pass(end, |runner| !runner.captured.is_empty())?;
        self.captured.pop_front().ok_or_else(|| {
            let expected = Some(format!("{:>12} {}", seconds(due.at), show_packet(packet)));
            let message = "this packet was never sent";
            Halt::Failed(Box::new(Failure { expected, ..Failure::new(at, message) }))
        })
    }

    /// Notes a packet of the host's as the script would write it.
    pub(super) fn note_capture(&mut self, captured: &Captured) {
        let Some(mut seen) = Seen::read(captured.bytes.clone(), captured.partial) else {
            let other = SeenOther::read(captured.bytes.clone());
            return self.note(other.map_or_else(|| "> another packet".to_owned(), |other| other.show()));
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

/// The same failure, with the packet that it is about.
pub(super) fn with_found(halt: Halt, found: String) -> Halt {
    match halt {
        Halt::Failed(failure) => Halt::Failed(Box::new(Failure { found: Some(found), ..*failure })),
        other => other,
    }
}

/// The ports of a packet of the script's: those that it names, or those of the conversation.
pub(super) fn ports_of(named: Option<(u16, u16)>, remote: SocketAddr, local: SocketAddr) -> (u16, u16) {
    let (source, destination) = named.unwrap_or((0, 0));
    let or = |port: u16, usual: u16| if port == 0 { usual } else { port };
    (or(source, remote.port()), or(destination, local.port()))
}

pub(super) fn no_conversation(at: Position) -> Halt {
    Halt::failed(at, "there is no connection that this packet could belong to")
}
