//! Headers in front of what is sent: link, IP, transport; checksums; fragments where a datagram is longer
//! than the link takes.

use std::mem;
use std::net::IpAddr;

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};
use synfin_tcp::{SegmentOut, TransmitLimits};
use synfin_wire::arp::ArpPacket;
use synfin_wire::checksum::Checksum;
use synfin_wire::ethernet::{self, EtherType, EthernetHeader};
use synfin_wire::ip::IpHeader;
use synfin_wire::udp::{self, UdpDatagram};
use synfin_wire::{IpProtocol, tcp};

use crate::MacAddress;
use crate::config::{HostConfig, Medium};
use crate::keyed::{Key, PackedPair, Purpose};
use crate::md5::Md5Key;
use crate::packet::{ChecksumOut, HeaderBytes, PacketNote, PacketOut, Segmentation};
use crate::table::Pair;

/// The longest super-segment whose length any IP header can state.
const LONGEST_TEXT: usize = u16::MAX as usize - 40 - tcp::MAX_HEADER_LEN;
/// RFC 8200 section 4.5.
const V6_FRAGMENT_HEADER_LEN: usize = 8;
const V6_FRAGMENT: IpProtocol = IpProtocol(44);

/// What a connection wants of the IP headers of its packets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IpMarks {
    pub(crate) dscp: u8,
    /// `None` is the host's.
    pub(crate) hop_limit: Option<u8>,
}

/// Writes packets for one device.
#[derive(Debug)]
pub(crate) struct Emitter {
    ethernet: bool,
    mtu: usize,
    hop_limit: u8,
    checksum_offload: bool,
    limits: TransmitLimits,
    identification: Key,
    /// How many datagrams went out in fragments.
    fragmented: u32,
}

impl Emitter {
    pub(crate) fn new(config: &HostConfig, secret: &[u8; 32]) -> Self {
        let super_segment = config.offload.max_super_segment;
        Self {
            ethernet: config.medium != Medium::Ip,
            mtu: config.mtu,
            hop_limit: config.hop_limit,
            checksum_offload: config.offload.checksum,
            limits: match super_segment {
                0 => TransmitLimits::ONE_SEGMENT,
                _ => TransmitLimits {
                    max_payload: super_segment.min(LONGEST_TEXT),
                    repeats_cwr: config.offload.repeats_cwr,
                },
            },
            identification: Key::derive(secret, Purpose::Identification),
            fragmented: 0,
        }
    }

    /// How much text one segment may carry. One that is signed goes alone: a device that cut it would give each part the
    /// same signature.
    pub(crate) fn limits(&self, signed: bool) -> TransmitLimits {
        if signed { TransmitLimits::ONE_SEGMENT } else { self.limits }
    }

    /// The IP header of a packet of ours.
    pub(crate) fn ip_header(&self, source: IpAddr, destination: IpAddr, protocol: IpProtocol) -> IpHeader {
        IpHeader { hop_limit: self.hop_limit, ..IpHeader::new(source, destination, protocol) }
    }

    /// A TCP segment as a packet, signed where there is a key. Its text is taken out of it. Over Ethernet, whoever knows the
    /// neighbour fills in the first octets.
    pub(crate) fn segment(
        &self,
        segment: &mut SegmentOut,
        pair: &Pair,
        marks: IpMarks,
        key: Option<&Md5Key>,
    ) -> PacketOut {
        let SegmentOut { header: tcp, payload, payload_len, segment_size, ecn, reason } = segment;
        let mut ip = self.ip_header(pair.local.ip(), pair.remote.ip(), IpProtocol::TCP);
        (ip.ecn, ip.dscp) = (*ecn, marks.dscp);
        ip.hop_limit = marks.hop_limit.unwrap_or(ip.hop_limit);
        if let Some(key) = key {
            debug_assert!(segment_size.is_none(), "one signature for many segments");
            key.sign(&ip, tcp, payload);
        }
        let mut packet = PacketOut {
            payload: mem::take(payload),
            payload_len: *payload_len,
            checksum: ChecksumOut::Complete,
            segmentation: None,
            note: PacketNote::Tcp(*reason),
            header: self.begin(),
        };
        let header = &mut packet.header;
        let network = header.len();
        header.grow(ip.len());
        let start = header.len();
        header.write(tcp::MAX_HEADER_LEN, |octets| tcp.write(octets));
        let length = header.len() - start + packet.payload_len;
        ip.write(length, &mut header.as_mut()[network..start]);

        let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header(length as u32));
        // A device that cuts a packet has to make new checksums anyway.
        let field = if self.checksum_offload || segment_size.is_some() {
            packet.checksum =
                ChecksumOut::Partial { start: start as u16, offset: tcp::CHECKSUM_OFFSET as u16 };
            sum.partial()
        } else {
            sum.add(&header[start..]);
            packet.payload.iter().for_each(|chunk| sum.add(chunk));
            sum.finish()
        };
        let at = start + tcp::CHECKSUM_OFFSET;
        header.as_mut()[at..at + 2].copy_from_slice(&field.to_be_bytes());
        packet.segmentation = segment_size.map(|size| Segmentation {
            size,
            ipv6: !ip.is_v4(),
            header_len: header.len() as u16,
        });
        packet
    }

    /// A UDP datagram behind that IP header, as packets.
    pub(crate) fn udp(&mut self, ip: &IpHeader, pair: Pair, payload: Bytes) -> SmallVec<[PacketOut; 1]> {
        let datagram =
            UdpDatagram { source_port: pair.local.port(), destination_port: pair.remote.port(), payload };
        let mut transport = [0; udp::HEADER_LEN];
        datagram.write_header(&ip.pseudo_header(0), &mut transport);
        self.datagram(ip, &transport, &datagram.payload, PacketNote::Udp)
    }

    /// How many packets a datagram with `body` octets behind its IP header takes.
    pub(crate) fn packets_for(&self, body: usize, v4: bool) -> usize {
        let header_len = if v4 { 20 } else { 40 };
        if header_len + body <= self.mtu { 1 } else { body.div_ceil(self.fragment_len(v4)) }
    }

    /// A datagram that consists of a transport header and a payload, in fragments if it must be.
    pub(crate) fn datagram(
        &mut self,
        ip: &IpHeader,
        transport: &[u8],
        payload: &Bytes,
        note: PacketNote,
    ) -> SmallVec<[PacketOut; 1]> {
        let body = transport.len() + payload.len();
        if self.packets_for(body, ip.is_v4()) == 1 {
            let mut header = self.begin();
            ip.write(body, header.grow(ip.len()));
            header.grow(transport.len()).copy_from_slice(transport);
            return smallvec![plain(header, payload.clone(), note)];
        }
        let identification = self.next_identification(ip);
        let step = self.fragment_len(ip.is_v4());
        let fragment = |offset: usize| {
            let end = (offset + step).min(body);
            let mut header = self.begin();
            let more = end < body;
            write_fragment_header(ip, identification, offset, end - offset, more, &mut header);
            let skipped = if offset == 0 {
                header.grow(transport.len()).copy_from_slice(transport);
                0
            } else {
                offset - transport.len()
            };
            plain(header, payload.slice(skipped..end - transport.len()), note)
        };
        (0..body).step_by(step).map(fragment).collect()
    }

    /// An ARP packet in its frame.
    pub(crate) fn arp(&self, packet: &ArpPacket, to: MacAddress) -> PacketOut {
        let mut header = HeaderBytes::new();
        let frame = EthernetHeader { destination: to, source: packet.sender_mac, ether_type: EtherType::ARP };
        frame.write(header.grow(ethernet::HEADER_LEN));
        header.grow(packet.to_bytes().len()).copy_from_slice(&packet.to_bytes());
        plain(header, Bytes::new(), PacketNote::Neighbour)
    }

    /// Room for the link header, where there is one.
    fn begin(&self) -> HeaderBytes {
        HeaderBytes::zeros(if self.ethernet { ethernet::HEADER_LEN as u8 } else { 0 })
    }

    /// What one fragment carries: a multiple of eight octets.
    fn fragment_len(&self, v4: bool) -> usize {
        let header_len = if v4 { 20 } else { 40 + V6_FRAGMENT_HEADER_LEN };
        (self.mtu - header_len) & !7
    }

    /// RFC 7739 section 5.1: counted up, from an offset that nobody but this pair of ends can tell.
    fn next_identification(&mut self, ip: &IpHeader) -> u32 {
        self.fragmented = self.fragmented.wrapping_add(1);
        let pair = PackedPair::new((ip.source, 0).into(), (ip.destination, 0).into());
        (self.identification.hash(pair.as_ref()) as u32).wrapping_add(self.fragmented)
    }
}

/// Fills in the link header of a packet that [`Emitter::begin`] left room for.
pub(crate) fn address(packet: &mut PacketOut, source: MacAddress, destination: MacAddress) {
    let v4 = packet.header[ethernet::HEADER_LEN] >> 4 == 4;
    let ether_type = if v4 { EtherType::IPV4 } else { EtherType::IPV6 };
    EthernetHeader { destination, source, ether_type }.write(packet.header.as_mut());
}

fn plain(header: HeaderBytes, payload: Bytes, note: PacketNote) -> PacketOut {
    let payload_len = payload.len();
    let payload = if payload.is_empty() { smallvec![] } else { smallvec![payload] };
    PacketOut { header, payload, payload_len, checksum: ChecksumOut::Complete, segmentation: None, note }
}

/// `offset` and `len` are those of the fragment in what the datagram carries.
fn write_fragment_header(
    ip: &IpHeader,
    identification: u32,
    offset: usize,
    len: usize,
    more: bool,
    header: &mut HeaderBytes,
) {
    if ip.is_v4() {
        let octets = header.grow(ip.len());
        ip.write(len, octets);
        let flags_and_offset = (offset / 8) as u16 | u16::from(more) << 13;
        octets[4..6].copy_from_slice(&(identification as u16).to_be_bytes());
        octets[6..8].copy_from_slice(&flags_and_offset.to_be_bytes());
        octets[10..12].fill(0);
        let mut sum = Checksum::new();
        sum.add(octets);
        octets[10..12].copy_from_slice(&sum.finish().to_be_bytes());
    } else {
        let outer = IpHeader { protocol: V6_FRAGMENT, ..*ip };
        outer.write(V6_FRAGMENT_HEADER_LEN + len, header.grow(ip.len()));
        let octets = header.grow(V6_FRAGMENT_HEADER_LEN);
        octets[0] = ip.protocol.0;
        octets[2..4].copy_from_slice(&(offset as u16 | u16::from(more)).to_be_bytes());
        octets[4..8].copy_from_slice(&identification.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
