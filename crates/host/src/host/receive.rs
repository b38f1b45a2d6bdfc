//! A packet's way in, down to its transport.

use synfin_tcp::DropReason;
use synfin_wire::ethernet::{EtherType, EthernetFrame};
use synfin_wire::ip::{IpError, IpHeader, IpPacket};
use synfin_wire::udp::{UdpDatagram, UdpError};
use synfin_wire::{Instant, IpProtocol, icmp};

use super::Host;
use crate::config::Medium;
use crate::counters::{Fate, PacketDrop};
use crate::event::Datagram;
use crate::packet::PacketIn;
use crate::reassembly::Reassembled;
use crate::route::Destination;

/// What the device has said of a packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DeviceNote {
    /// It vouches for the checksums.
    pub(super) trust: bool,
    /// It has put the packet together from segments with so much text, octets.
    pub(super) segment_size: Option<u16>,
}

impl Host {
    pub(super) fn receive(&mut self, packet: PacketIn, now: Instant) -> Fate {
        let PacketIn { bytes, trust_checksum, segment_size } = packet;
        let device = DeviceNote { trust: trust_checksum, segment_size };
        let Medium::Ethernet(ours) = self.config.medium else {
            return self.receive_ip(bytes, device, now);
        };
        let Ok(frame) = EthernetFrame::parse(bytes) else { return PacketDrop::Malformed.into() };
        if frame.header.destination != ours && !frame.header.destination.is_multicast() {
            return PacketDrop::NotForUs.into();
        }
        match frame.header.ether_type {
            EtherType::IPV4 | EtherType::IPV6 => self.receive_ip(frame.payload, device, now),
            EtherType::ARP => self.receive_arp(&frame.payload, ours, now),
            _ => PacketDrop::LinkIgnored.into(),
        }
    }

    fn receive_ip(&mut self, bytes: bytes::Bytes, device: DeviceNote, now: Instant) -> Fate {
        let packet = match IpPacket::parse(bytes, device.trust) {
            Ok(packet) => packet,
            Err(IpError::Checksum) => return PacketDrop::Checksum.into(),
            Err(_) => return PacketDrop::Malformed.into(),
        };
        if packet.header.protocol == IpProtocol::TCP && packet.header.fragment.is_none() {
            return self.receive_segment(packet, device, now);
        }
        let destination = match self.look_at_addresses(&packet.header) {
            Ok(destination) => destination,
            Err(fate) => return fate,
        };
        let Some(fragment) = packet.header.fragment else {
            return self.receive_whole(packet, destination, device, now);
        };
        match self.reassembler.insert(&packet, fragment, now) {
            Reassembled::Whole(packet) => {
                self.receive_whole(*packet, destination, DeviceNote::default(), now)
            }
            Reassembled::Waiting => Fate::Taken,
            Reassembled::Dropped(reason) => reason.into(),
        }
    }

    /// What a packet's destination is to this host; or why it is dropped.
    pub(super) fn look_at_addresses(&self, header: &IpHeader) -> Result<Destination, Fate> {
        let destination = self.routes.destination(header.destination);
        if destination == Destination::Foreign {
            return Err(PacketDrop::NotForUs.into());
        }
        if !self.is_possible_source(header) {
            return Err(match header.protocol {
                IpProtocol::TCP => DropReason::InvalidSource.into(),
                _ => PacketDrop::InvalidSource.into(),
            });
        }
        Ok(destination)
    }

    /// RFC 9293 MUST-63, RFC 1122 section 3.2.1.3: a source is somebody's address, and not ours. Who has no
    /// address yet may ask whether it is free (RFC 4862 section 5.4).
    fn is_possible_source(&self, header: &IpHeader) -> bool {
        let looking = header.source.is_unspecified() && header.protocol == IpProtocol::ICMPV6;
        looking || self.routes.is_unicast(header.source) && !self.routes.is_ours(header.source)
    }

    fn receive_whole(
        &mut self,
        packet: IpPacket,
        destination: Destination,
        device: DeviceNote,
        now: Instant,
    ) -> Fate {
        match packet.header.protocol {
            IpProtocol::TCP => self.receive_segment(packet, device, now),
            IpProtocol::UDP => self.receive_datagram(packet, destination, device.trust, now),
            IpProtocol::ICMP | IpProtocol::ICMPV6 => self.receive_message(&packet, destination, now),
            _ => {
                if destination == Destination::Ours {
                    self.report_error(&packet, icmp::Unreachable::Protocol, now);
                }
                PacketDrop::UnknownProtocol.into()
            }
        }
    }

    fn receive_datagram(
        &mut self,
        packet: IpPacket,
        destination: Destination,
        trust: bool,
        now: Instant,
    ) -> Fate {
        if destination == Destination::NotUnicast {
            return PacketDrop::NotForUs.into();
        }
        let pseudo_header = packet.pseudo_header();
        let datagram = match UdpDatagram::parse(packet.payload.clone(), (!trust).then_some(&pseudo_header)) {
            Ok(datagram) => datagram,
            Err(UdpError::Checksum) => return PacketDrop::Checksum.into(),
            Err(_) => return PacketDrop::Malformed.into(),
        };
        let local = (packet.header.destination, datagram.destination_port).into();
        let remote = (packet.header.source, datagram.source_port).into();
        let Some(handle) = self.udp.find(local, destination == Destination::Ours) else {
            self.report_error(&packet, icmp::Unreachable::Port, now);
            return PacketDrop::NoSocket.into();
        };
        if !self.udp.deliver(handle, Datagram { local, remote, payload: datagram.payload }) {
            return PacketDrop::QueueFull.into();
        }
        if let Some(socket) = self.udp.get_mut(handle) {
            self.events.udp(handle, socket);
        }
        Fate::Taken
    }
}
