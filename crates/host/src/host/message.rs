//! ICMP: echoes, errors in, errors out.

use std::net::{IpAddr, SocketAddr};

use bytes::{Bytes, BytesMut};
use synfin_tcp::{CloseReason, DropReason, PathSignal, PathSignalKind, Verdict};
use synfin_wire::icmp::{self, Echo, IcmpError, IcmpMessage, QuotedPacket};
use synfin_wire::ip::{IpHeader, IpPacket};
use synfin_wire::{Instant, IpProtocol};

use super::Host;
use crate::counters::{Fate, PacketDrop};
use crate::event::{EchoRequest, TcpHandle, UdpError};
use crate::icmp::{ends_half_open, path_signal, udp_error};
use crate::packet::PacketNote;
use crate::route::Destination;
use crate::table::{Owner, Pair, Phase};

/// An error message, its code as it is numbered in its family, and whom it was sent to.
struct Told {
    error: IcmpMessage,
    code: u8,
    to: IpAddr,
}

impl Host {
    pub(super) fn receive_message(
        &mut self,
        packet: &IpPacket,
        destination: Destination,
        now: Instant,
    ) -> Fate {
        let message = match IcmpMessage::parse(packet) {
            Ok(message) => message,
            Err(IcmpError::Checksum) => return PacketDrop::Checksum.into(),
            Err(_) => return PacketDrop::Malformed.into(),
        };
        match message {
            IcmpMessage::Neighbor(message) => self.receive_neighbour_message(message, &packet.header, now),
            // Nothing else is taken from or answered to many at once (RFC 1122 section 3.2.2.6).
            _ if destination == Destination::NotUnicast => PacketDrop::IcmpIgnored.into(),
            IcmpMessage::EchoRequest(echo) => self.receive_echo(echo, &packet.header, destination, now),
            error => {
                let told = Told { code: packet.payload[1], error, to: packet.header.destination };
                self.receive_error(&told, now)
            }
        }
    }

    fn receive_echo(
        &mut self,
        echo: Echo,
        header: &IpHeader,
        destination: Destination,
        now: Instant,
    ) -> Fate {
        if header.source.is_unspecified() {
            return PacketDrop::InvalidSource.into();
        }
        let request = EchoRequest {
            source: header.source,
            destination: header.destination,
            identifier: echo.identifier,
            sequence: echo.sequence,
            // Copied, so that it does not keep the buffer that it was read into.
            payload: Bytes::copy_from_slice(&echo.payload),
        };
        match destination {
            Destination::Ours if self.config.answer_echo => self.send_echo_reply(&request, now),
            Destination::Ours if !self.config.any_address => return PacketDrop::IcmpIgnored.into(),
            _ if self.echoes.push(request) => self.events.echo(),
            _ => return PacketDrop::QueueFull.into(),
        }
        Fate::Taken
    }

    /// An error about a packet of ours: to the transport that it quotes (RFC 1122 section 3.2.2).
    fn receive_error(&mut self, told: &Told, now: Instant) -> Fate {
        let ignored = PacketDrop::IcmpIgnored.into();
        let quote = told.error.quote();
        let Some(quoted) = quote.and_then(|quote| QuotedPacket::parse(quote)) else { return ignored };
        if quoted.source != told.to || quoted.source.is_ipv4() != quoted.destination.is_ipv4() {
            return ignored;
        }
        let pair = Pair {
            local: SocketAddr::new(quoted.source, quoted.source_port),
            remote: SocketAddr::new(quoted.destination, quoted.destination_port),
        };
        match quoted.protocol {
            IpProtocol::TCP => self.signal_connection(told, &quoted, pair, now).unwrap_or(ignored),
            IpProtocol::UDP => self.signal_socket(&told.error, pair).unwrap_or(ignored),
            _ => ignored,
        }
    }

    fn signal_connection(
        &mut self,
        told: &Told,
        quoted: &QuotedPacket,
        pair: Pair,
        now: Instant,
    ) -> Option<Fate> {
        let kind = path_signal(&told.error, pair.local.is_ipv4())?;
        let quoted_seq = quoted.seq?;
        let (handle, slot) = self.table.find(&pair)?;
        if slot.is_time_wait() {
            // It has nothing on its way, and stays as compact as it is.
            return None;
        }
        let entry = self.table.get_mut(handle)?;
        if let Phase::HalfOpen(phase) = &entry.phase {
            let in_flight = phase.iss == quoted_seq;
            return Some(self.signal_half_open(handle, in_flight, told));
        }
        let unaccepted = matches!(entry.owner, Owner::Listener(_));
        let connection = entry.connection_mut()?;
        let verdict = connection.handle_path_signal(PathSignal { quoted_seq, kind }, now);
        // Linux gives up a passive Fast Open that nobody has accepted, as it does any half-open connection.
        let gives_up = unaccepted && connection.is_handshaking() && verdict == Verdict::Accepted;
        if gives_up && !matches!(kind, PathSignalKind::TooBig { .. }) {
            connection.give_up_unreachable(now);
        }
        self.touch(handle);
        self.follow_fast_open(handle, now);
        Some(match verdict {
            Verdict::Dropped(DropReason::OutsideWindow) => PacketDrop::IcmpOutsideWindow.into(),
            verdict => verdict.into(),
        })
    }

    /// RFC 9293 section 3.9.2.2 has a soft error abort no connection (MUST-56). A half-open one is none yet, and its peer
    /// can send its SYN again: Linux lets go of it where it takes the peer to be out of reach.
    fn signal_half_open(&mut self, handle: TcpHandle, in_flight: bool, told: &Told) -> Fate {
        // What stays half-open is to be compact again.
        self.mark_ready(handle);
        if !in_flight {
            return PacketDrop::IcmpOutsideWindow.into();
        }
        if !ends_half_open(&told.error, told.code, told.to.is_ipv4()) {
            return PacketDrop::IcmpIgnored.into();
        }
        self.end_half_open(handle, CloseReason::Unreachable);
        Fate::Taken
    }

    fn signal_socket(&mut self, error: &IcmpMessage, pair: Pair) -> Option<Fate> {
        let kind = udp_error(error)?;
        let handle = self.udp.find(pair.local, self.routes.is_ours(pair.local.ip()))?;
        let socket = self.udp.get_mut(handle)?;
        socket.error = Some(UdpError { local: pair.local, remote: pair.remote, kind });
        self.events.udp(handle, socket);
        Some(Fate::Taken)
    }

    /// Tells the sender of `packet` that it could not be delivered, if it may be told at all.
    pub(super) fn report_error(&mut self, packet: &IpPacket, reason: icmp::Unreachable, now: Instant) {
        if self.may_report(packet) {
            self.send_unreachable(&packet.header, quote(packet), reason, now);
        }
    }

    fn may_report(&self, packet: &IpPacket) -> bool {
        self.routes.is_unicast(packet.header.source) && icmp::may_report(packet)
    }

    /// As [`Host::report_error`], about a packet of which only this much is left.
    pub(super) fn send_unreachable(
        &mut self,
        offending: &IpHeader,
        quote: Bytes,
        reason: icmp::Unreachable,
        now: Instant,
    ) {
        self.send_error(&IcmpMessage::DestinationUnreachable { reason, quote }, offending, now);
    }

    fn send_error(&mut self, error: &IcmpMessage, offending: &IpHeader, now: Instant) {
        if self.errors.take(now) {
            self.send_message(error, offending.destination, offending.source, PacketNote::IcmpError, now);
        } else {
            self.counters.icmp_errors_suppressed += 1;
        }
    }

    /// Tells the senders of datagrams that never became whole (RFC 1122 section 3.3.2, RFC 8200 section 4.5).
    pub(super) fn give_up_fragments(&mut self, now: Instant) {
        while let Some(overdue) = self.reassembler.next_overdue(now) {
            let Some(first) = overdue.filter(|first| self.may_report(first)) else { continue };
            self.send_error(
                &IcmpMessage::ReassemblyTimeExceeded { quote: quote(&first) },
                &first.header,
                now,
            );
        }
    }

    pub(super) fn send_message(
        &mut self,
        message: &IcmpMessage,
        source: IpAddr,
        destination: IpAddr,
        note: PacketNote,
        now: Instant,
    ) {
        let protocol = if source.is_ipv4() { IpProtocol::ICMP } else { IpProtocol::ICMPV6 };
        let body = message.to_bytes(source, destination);
        let header = self.emitter.ip_header(source, destination, protocol);
        for packet in self.emitter.datagram(&header, &[], &body, note) {
            self.enqueue(packet, destination, now);
        }
    }
}

/// The front of a packet, for an error about it. Options and extension headers, which were passed over, are
/// not quoted.
pub(super) fn quote(packet: &IpPacket) -> Bytes {
    let header = IpHeader { fragment: None, ..packet.header };
    let mut front = BytesMut::zeroed(header.len());
    header.write(packet.payload.len(), &mut front);
    // More than any error may quote.
    front.extend_from_slice(&packet.payload[..packet.payload.len().min(1280)]);
    icmp::quote(&front.freeze())
}
