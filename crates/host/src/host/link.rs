//! The last step out, and what neighbours say to each other.

use std::net::IpAddr;

use bytes::Bytes;
use synfin_wire::Instant;
use synfin_wire::arp::{ArpKind, ArpPacket};
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::ip::IpHeader;
use synfin_wire::ndp::{NdpMessage, solicited_node};

use super::Host;
use crate::MacAddress;
use crate::config::Medium;
use crate::counters::{Fate, PacketDrop};
use crate::emit;
use crate::packet::{PacketNote, PacketOut};
use crate::route::Destination;

impl Host {
    /// The packet, ready for the device; `None` while the neighbour is looked for, or when there is no
    /// route.
    pub(super) fn dispatch(&mut self, packet: PacketOut, remote: IpAddr, now: Instant) -> Option<PacketOut> {
        let Medium::Ethernet(ours) = self.config.medium else { return Some(packet) };
        let hop = self.routes.next_hop(remote)?;
        let resolution = self.neighbours.resolve(packet, hop, ours, now);
        if resolution.ask {
            self.ask_for(hop, ours);
        }
        resolution.packet
    }

    /// Queues a packet that is no segment of a living connection.
    pub(super) fn enqueue(&mut self, packet: PacketOut, remote: IpAddr, now: Instant) {
        if let Some(packet) = self.dispatch(packet, remote, now) {
            self.queue(packet);
        }
    }

    fn queue(&mut self, packet: PacketOut) {
        if self.outbox.has_room_for(1) {
            self.outbox.push(packet);
        } else {
            self.counters.transmit_overflow += 1;
        }
    }

    pub(super) fn ask_neighbours_again(&mut self, now: Instant) {
        let Medium::Ethernet(ours) = self.config.medium else { return };
        while let Some(address) = self.neighbours.next_due(now) {
            self.ask_for(address, ours);
        }
    }

    fn ask_for(&mut self, address: IpAddr, ours: MacAddress) {
        match (self.routes.source_for(address), address) {
            (Some(IpAddr::V4(source)), IpAddr::V4(target)) => {
                let request = ArpPacket::request(ours, source, target);
                let packet = self.emitter.arp(&request, MacAddress::BROADCAST);
                self.queue(packet);
            }
            (Some(source @ IpAddr::V6(_)), IpAddr::V6(target)) => {
                let message = NdpMessage::NeighborSolicitation { target, source_link: Some(ours) };
                let group = solicited_node(target).into();
                self.send_neighbour_message(message, source, group, MacAddress::for_multicast(group), ours);
            }
            _ => {}
        }
    }

    pub(super) fn receive_arp(&mut self, bytes: &Bytes, ours: MacAddress, now: Instant) -> Fate {
        let Ok(packet) = ArpPacket::parse(bytes) else { return PacketDrop::Malformed.into() };
        let for_us = self.routes.is_ours(packet.target.into());
        let sender = IpAddr::from(packet.sender);
        // RFC 826: whoever asks for us is worth remembering; what others say only corrects what is known.
        // A probe (RFC 5227) comes from nobody yet.
        if self.routes.is_unicast(sender) && !self.routes.is_ours(sender) {
            let waiting = self.neighbours.learn(sender, packet.sender_mac, for_us, ours, now);
            waiting.into_iter().for_each(|packet| self.queue(packet));
        }
        if !for_us {
            return PacketDrop::LinkIgnored.into();
        }
        if packet.kind == ArpKind::Request {
            let reply = self.emitter.arp(&packet.reply(ours), packet.sender_mac);
            self.queue(reply);
        }
        Fate::Taken
    }

    pub(super) fn receive_neighbour_message(
        &mut self,
        message: NdpMessage,
        header: &IpHeader,
        now: Instant,
    ) -> Fate {
        let Medium::Ethernet(ours) = self.config.medium else { return PacketDrop::IcmpIgnored.into() };
        match message {
            NdpMessage::NeighborSolicitation { target, source_link } => {
                if !self.routes.is_ours(target.into()) {
                    return PacketDrop::IcmpIgnored.into();
                }
                self.answer_solicitation(target.into(), header.source, source_link, ours, now);
            }
            NdpMessage::NeighborAdvertisement { overrides, target, target_link, .. } => {
                let target = IpAddr::from(target);
                let known = self.neighbours.known(target);
                // RFC 4861 section 7.2.5: without the override flag what is known stays.
                let Some(mac) =
                    target_link.filter(|mac| overrides || known.is_none_or(|known| known == *mac))
                else {
                    return PacketDrop::IcmpIgnored.into();
                };
                let waiting = self.neighbours.learn(target, mac, false, ours, now);
                waiting.into_iter().for_each(|packet| self.queue(packet));
            }
        }
        Fate::Taken
    }

    /// RFC 4861 section 7.2.3 and 7.2.4.
    fn answer_solicitation(
        &mut self,
        target: IpAddr,
        asker: IpAddr,
        link: Option<MacAddress>,
        ours: MacAddress,
        now: Instant,
    ) {
        const ALL_NODES: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));
        let IpAddr::V6(address) = target else { return };
        if let Some(mac) = link.filter(|_| self.routes.destination(asker) != Destination::NotUnicast) {
            let waiting = self.neighbours.learn(asker, mac, true, ours, now);
            waiting.into_iter().for_each(|packet| self.queue(packet));
        }
        let solicited = !asker.is_unspecified();
        let to = if solicited { asker } else { ALL_NODES };
        let known = if solicited { self.neighbours.known(asker) } else { None };
        let mac = known.unwrap_or(MacAddress::for_multicast(ALL_NODES));
        let message = NdpMessage::NeighborAdvertisement {
            router: false,
            solicited,
            overrides: true,
            target: address,
            target_link: Some(ours),
        };
        self.send_neighbour_message(message, target, to, mac, ours);
    }

    fn send_neighbour_message(
        &mut self,
        message: NdpMessage,
        source: IpAddr,
        destination: IpAddr,
        to: MacAddress,
        ours: MacAddress,
    ) {
        let body = IcmpMessage::Neighbor(message).to_bytes(source, destination);
        let header = IpHeader::new(source, destination, synfin_wire::IpProtocol::ICMPV6);
        let header = IpHeader { hop_limit: NdpMessage::HOP_LIMIT, ..header };
        for mut packet in self.emitter.datagram(&header, &[], &body, PacketNote::Neighbour) {
            emit::address(&mut packet, ours, to);
            self.queue(packet);
        }
    }
}
