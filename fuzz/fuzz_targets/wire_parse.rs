//! Any octets, taken as a packet and as a frame: what can be read must read the same once it was written.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use synfin_wire::arp::ArpPacket;
use synfin_wire::checksum::Checksum;
use synfin_wire::ethernet::{EtherType, EthernetFrame};
use synfin_wire::icmp::{self, IcmpMessage, QuotedPacket};
use synfin_wire::ip::{IpHeader, IpPacket, IpProtocol};
use synfin_wire::{Segment, UdpDatagram, ethernet, tcp, udp};

fuzz_target!(|octets: &[u8]| {
    let bytes = Bytes::copy_from_slice(octets);
    let _ = QuotedPacket::parse(octets);
    packet(bytes.clone());
    frame(bytes);
});

fn frame(bytes: Bytes) {
    let Ok(frame) = EthernetFrame::parse(bytes) else { return };
    if frame.header.ether_type == EtherType::VLAN {
        return; // a second tag, which is not passed over; written behind no first one, it would be
    }
    let mut again = vec![0; ethernet::HEADER_LEN];
    frame.header.write(&mut again);
    again.extend(&frame.payload);
    assert_eq!(EthernetFrame::parse(again.into()), Ok(frame.clone()));
    match frame.header.ether_type {
        EtherType::ARP => {
            if let Ok(packet) = ArpPacket::parse(&frame.payload) {
                assert_eq!(ArpPacket::parse(&packet.to_bytes()), Ok(packet));
            }
        }
        EtherType::IPV4 | EtherType::IPV6 => packet(frame.payload),
        _ => {}
    }
}

fn packet(bytes: Bytes) {
    let Ok(packet) = IpPacket::parse(bytes.clone(), true) else { return };
    assert!(packet.header_len + packet.payload.len() <= bytes.len());
    let _ = icmp::may_report(&packet);
    report(&packet, &bytes);
    if packet.header.fragment.is_some() {
        // Its fragments put together, as far as they go: extension headers may follow.
        if let Ok(whole) = IpPacket::reassembled(&packet.header, packet.payload) {
            transport(&whole);
        }
        return;
    }
    let mut again = vec![0; packet.header.len()];
    packet.header.write(packet.payload.len(), &mut again);
    again.extend(&packet.payload);
    let again = IpPacket::parse(again.into(), false).expect("what was written is a packet");
    assert_eq!((again.header, &again.payload), (packet.header, &packet.payload));
    transport(&packet);
}

/// An error message about the packet must itself be a message.
fn report(packet: &IpPacket, bytes: &Bytes) {
    let reason = icmp::Unreachable::Protocol;
    let error = IcmpMessage::DestinationUnreachable { reason, quote: icmp::quote(bytes) };
    let IpHeader { source, destination, .. } = packet.header;
    let error = IpPacket::parse(error.to_packet(destination, source), false).expect("an error is a packet");
    assert!(IcmpMessage::parse(&error).is_ok());
}

fn transport(packet: &IpPacket) {
    match packet.header.protocol {
        IpProtocol::TCP => segment(packet),
        IpProtocol::UDP => datagram(packet),
        IpProtocol::ICMP | IpProtocol::ICMPV6 => message(packet),
        _ => {}
    }
}

fn segment(packet: &IpPacket) {
    let _ = Segment::parse(packet.payload.clone(), Some(&packet.pseudo_header()));
    let Ok(mut segment) = Segment::parse(packet.payload.clone(), None) else { return };
    if segment.header.len() > tcp::MAX_HEADER_LEN {
        return; // unaligned options, for which there is no room once they are aligned
    }
    let mut again = vec![0; segment.header.len()];
    segment.header.write(&mut again);
    again.extend(&segment.payload);

    let pseudo_header = packet.header.pseudo_header(again.len() as u32);
    let mut checksum = Checksum::with_pseudo_header(&pseudo_header);
    checksum.add(&again);
    let field = tcp::CHECKSUM_OFFSET..tcp::CHECKSUM_OFFSET + 2;
    again[field].copy_from_slice(&checksum.finish().to_be_bytes());

    let again = Segment::parse(again.into(), Some(&pseudo_header)).expect("what was written is a segment");
    // Unaligned options take less room than aligned ones: the last SACK ranges may not have fitted.
    segment.header.options.sack.truncate(again.header.options.sack.len());
    assert_eq!(again, segment);
}

fn datagram(packet: &IpPacket) {
    let pseudo_header = packet.pseudo_header();
    let _ = UdpDatagram::parse(packet.payload.clone(), Some(&pseudo_header));
    let Ok(datagram) = UdpDatagram::parse(packet.payload.clone(), None) else { return };
    let mut again = vec![0; udp::HEADER_LEN];
    datagram.write_header(&pseudo_header, &mut again);
    again.extend(&datagram.payload);
    assert_eq!(UdpDatagram::parse(again.into(), Some(&pseudo_header)), Ok(datagram));
}

/// No fuzzer guesses a checksum, so the message is given a right one first.
fn message(packet: &IpPacket) {
    let mut payload = packet.payload.to_vec();
    if payload.len() < icmp::HEADER_LEN {
        assert!(IcmpMessage::parse(packet).is_err());
        return;
    }
    let mut checksum = match packet.header.protocol {
        IpProtocol::ICMP => Checksum::new(),
        _ => Checksum::with_pseudo_header(&packet.pseudo_header()),
    };
    payload[2..4].fill(0);
    checksum.add(&payload);
    payload[2..4].copy_from_slice(&checksum.finish().to_be_bytes());
    let packet = IpPacket { payload: payload.into(), ..packet.clone() };

    let Ok(message) = IcmpMessage::parse(&packet) else { return };
    message.quote().map(|quote| QuotedPacket::parse(quote));
    let payload = message.to_bytes(packet.header.source, packet.header.destination);
    assert_eq!(IcmpMessage::parse(&IpPacket { payload, ..packet }), Ok(message));
}
