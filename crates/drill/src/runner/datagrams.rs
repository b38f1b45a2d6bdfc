//! UDP datagrams of the script's, and datagrams and ICMP messages that are expected.

use std::net::SocketAddr;

use synfin_wire::{IpHeader, IpProtocol};

use super::clock::seconds;
use super::packets::{no_conversation, ports_of, with_found};
use super::{Due, Halt, Runner, Step};
use crate::ast::{Body, Packet};
use crate::packet::datagram::{self, SeenOther};
use crate::packet::{self, compare, show_packet};
use crate::span::Position;

impl Runner {
    /// A datagram arrives. Nobody gets one for a socket whose end is not known yet.
    pub(super) fn inject_datagram(
        &mut self,
        at: Position,
        packet: &Packet,
        (ports, payload): (Option<(u16, u16)>, u16),
        due: &Due,
    ) -> Step<()> {
        self.wait_until(at, due)?;
        let Some((local, remote)) = self.ends() else { return Err(no_conversation(at)) };
        let Some(local) = local else {
            self.note(show_packet(packet));
            return Ok(());
        };
        let mut ip = IpHeader::new(remote.ip(), local.ip(), IpProtocol::UDP);
        packet::apply_fields(&mut ip, &packet.ip);
        let bytes = datagram::build(&ip, ports_of(ports, remote, local), payload);
        self.inject(at, packet, bytes)
    }

    /// The host's end and the script's. With `--is_anyip` the host has every address, and so the one that it is to have.
    pub(super) fn ends(&self) -> Option<(Option<SocketAddr>, SocketAddr)> {
        let conversation = self.conversation.as_ref()?;
        let any = || SocketAddr::new(self.setup.local, self.setup.local_port);
        let local = conversation.local.or_else(|| self.setup.is_any_ip.then(any));
        Some((local, conversation.remote))
    }

    pub(super) fn expect_other(&mut self, at: Position, packet: &Packet, due: &Due) -> Step<()> {
        let end = self.patience(due);
        let (moment, seen) = loop {
            let captured = self.next_captured(at, packet, due, end)?;
            if let Some(seen) = SeenOther::read(captured.bytes)
                && self.conversation.as_mut().is_some_and(|conversation| conversation.claims_other(&seen))
            {
                break (captured.at, seen);
            }
        };
        let compared = match &packet.body {
            Body::Udp { payload, .. } => Ok(datagram::compare_udp(&packet.ip, *payload, &seen)),
            Body::Icmp(icmp) => datagram::compare_icmp(&packet.ip, icmp, &seen),
            Body::Tcp(_) => Err("a segment is expected by itself".to_owned()),
        };
        let compared = compared.map_err(|what| Halt::failed(at, what))?;
        if let Err(difference) = compare::headers(&packet.outer).and(compared) {
            let expected = Some(format!("{:>12} {}", seconds(due.at), show_packet(packet)));
            return Err(self.failed(at, difference.to_string(), expected, moment, &seen.show()));
        }
        self.check_time(at, "this packet", moment, due).map_err(|halt| with_found(halt, seen.show()))
    }
}
