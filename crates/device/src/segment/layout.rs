//! Where the headers of a TCP packet lie, and which of their fields change from one segment to the next.

use std::ops::Range;

use synfin_wire::checksum::Checksum;
use synfin_wire::ip::{V4_HEADER_LEN, V6_HEADER_LEN};
use synfin_wire::tcp::{Flags, HEADER_LEN as TCP_HEADER_LEN};
use synfin_wire::{IpPacket, IpProtocol};

use crate::{ChecksumOffload, Medium, PacketIn};

/// Fields of a TCP header (RFC 9293 section 3.1), octets from its start.
const SEQ: usize = 4;
const DATA_OFFSET: usize = 12;
const FLAGS: usize = 13;
/// Where TCP's checksum lies.
pub(crate) const TCP_CHECKSUM: usize = 16;

/// Fields of an IPv4 header (RFC 791 section 3.1), octets from its start.
const IPV4_TOTAL_LENGTH: usize = 2;
const IPV4_IDENTIFICATION: usize = 4;
const IPV4_FRAGMENT: usize = 6;
const IPV4_PROTOCOL: usize = 9;
const IPV4_CHECKSUM: usize = 10;
const IPV4_ADDRESSES: Range<usize> = 12..20;
/// The fragment's offset, and that more follow: all but "don't fragment" and the reserved bit.
const IPV4_IS_FRAGMENT: u16 = 0x3fff;

/// Of an IPv6 header (RFC 8200 section 3).
const IPV6_PAYLOAD_LENGTH: usize = 4;
const IPV6_NEXT_HEADER: usize = 6;
const IPV6_ADDRESSES: Range<usize> = 8..40;

/// Of an Ethernet header.
const ETHER_TYPE: Range<usize> = 12..14;

/// Where the headers lie, octets from the front of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) ip_at: usize,
    pub(crate) tcp_at: usize,
    pub(crate) text_at: usize,
    pub(crate) is_ipv4: bool,
}

impl Layout {
    /// Of a packet, or of the front of one, in which TCP follows on an IP header without options. `None` for any other,
    /// fragments among them.
    pub(crate) fn of_plain(packet: &[u8], medium: Medium) -> Option<Self> {
        let ip_at = medium.header_len();
        let ip = packet.get(ip_at..)?;
        let (is_ipv4, ip_len, ether_type) = match ip.first()? {
            0x45 => (true, V4_HEADER_LEN, [0x08, 0x00]),
            0x60..0x70 => (false, V6_HEADER_LEN, [0x86, 0xdd]),
            _ => return None,
        };
        if ip.len() < ip_len + TCP_HEADER_LEN
            || (medium == Medium::Ethernet && packet[ETHER_TYPE] != ether_type)
        {
            return None;
        }
        let is_tcp = if is_ipv4 {
            ip[IPV4_PROTOCOL] == IpProtocol::TCP.0 && get_u16(ip, IPV4_FRAGMENT) & IPV4_IS_FRAGMENT == 0
        } else {
            ip[IPV6_NEXT_HEADER] == IpProtocol::TCP.0
        };
        if !is_tcp { None } else { Self::with_tcp_at(packet, ip_at, ip_at + ip_len, is_ipv4) }
    }

    /// Of a whole packet of TCP, whatever options or extension headers stand before it, and where it ends: what the link may
    /// have put behind it is no part of it.
    pub(crate) fn of(packet: &PacketIn, medium: Medium) -> Option<(Self, usize)> {
        let ip_at = medium.header_len();
        if packet.bytes.len() < ip_at {
            return None;
        }
        let ip = IpPacket::parse(packet.bytes.slice(ip_at..), true).ok()?;
        if ip.header.protocol != IpProtocol::TCP || ip.header.fragment.is_some() {
            return None;
        }
        let tcp_at = ip_at + ip.header_len;
        let end = tcp_at + ip.payload.len();
        let layout = Self::with_tcp_at(&packet.bytes[..end], ip_at, tcp_at, ip.header.is_v4())?;
        Some((layout, end))
    }

    fn with_tcp_at(packet: &[u8], ip_at: usize, tcp_at: usize, is_ipv4: bool) -> Option<Self> {
        let tcp = &packet[tcp_at..];
        let tcp_len = usize::from(tcp.get(DATA_OFFSET)? >> 4) * 4;
        let is_sound = tcp_len >= TCP_HEADER_LEN && tcp_len <= tcp.len();
        is_sound.then_some(Self { ip_at, tcp_at, text_at: tcp_at + tcp_len, is_ipv4 })
    }

    pub(crate) fn seq(&self, packet: &[u8]) -> u32 {
        u32::from_be_bytes(octets_at(packet, self.tcp_at + SEQ))
    }

    pub(crate) fn set_seq(&self, headers: &mut [u8], seq: u32) {
        headers[self.tcp_at + SEQ..][..4].copy_from_slice(&seq.to_be_bytes());
    }

    /// All control bits but AE, which no other segment of a train has otherwise.
    pub(crate) fn flags(&self, packet: &[u8]) -> Flags {
        Flags::from_bits(packet[self.tcp_at + FLAGS].into())
    }

    pub(crate) fn set_flags(&self, headers: &mut [u8], flags: Flags) {
        headers[self.tcp_at + FLAGS] = flags.bits() as u8;
    }

    pub(crate) fn set_tcp_checksum(&self, headers: &mut [u8], value: u16) {
        put_u16(headers, self.tcp_at + TCP_CHECKSUM, value);
    }

    /// What is left to be done to a packet whose field for the checksum holds the sum of the pseudo-header.
    pub(crate) fn partial_checksum(&self) -> ChecksumOffload {
        ChecksumOffload::Partial { start: self.tcp_at as u16, offset: TCP_CHECKSUM as u16 }
    }

    /// Whether the IP header says that the packet is so long.
    pub(crate) fn states_length(&self, packet: &[u8], length: usize) -> bool {
        let (at, before) = self.length_field();
        usize::from(get_u16(packet, at)) == length - before
    }

    /// Has the IP header say that the packet is so long. What IPv4's checksum becomes is for the caller to see to.
    pub(crate) fn set_length(&self, headers: &mut [u8], length: usize) {
        let (at, before) = self.length_field();
        put_u16(headers, at, (length - before) as u16);
    }

    /// The same, with IPv4's checksum made right.
    pub(crate) fn finish_length(&self, headers: &mut [u8], length: usize) {
        self.set_length(headers, length);
        self.set_ipv4_checksum(headers, 0);
        let sum = self.ipv4_sum(headers);
        self.set_ipv4_checksum(headers, sum.finish());
    }

    /// Where the length stands, and what it leaves out before it begins to count.
    fn length_field(&self) -> (usize, usize) {
        if self.is_ipv4 {
            (self.ip_at + IPV4_TOTAL_LENGTH, self.ip_at)
        } else {
            (self.ip_at + IPV6_PAYLOAD_LENGTH, self.ip_at + V6_HEADER_LEN)
        }
    }

    /// The sum of IPv4's header. Nothing over IPv6, whose header has none.
    pub(crate) fn ipv4_sum(&self, packet: &[u8]) -> Checksum {
        let mut sum = Checksum::new();
        if self.is_ipv4 {
            sum.add(&packet[self.ip_at..self.tcp_at]);
        }
        sum
    }

    /// The part of that sum which is the same in segments that follow on one another: all but length, identification and
    /// checksum, of which the other part is made.
    pub(crate) fn ipv4_sum_of_same(&self, packet: &[u8]) -> Checksum {
        self.ipv4_sum_of(packet, [0..IPV4_TOTAL_LENGTH, IPV4_FRAGMENT..IPV4_CHECKSUM, IPV4_ADDRESSES])
    }

    /// The other part.
    pub(crate) fn ipv4_sum_of_own(&self, packet: &[u8]) -> Checksum {
        self.ipv4_sum_of(packet, [IPV4_TOTAL_LENGTH..IPV4_FRAGMENT, IPV4_CHECKSUM..IPV4_ADDRESSES.start])
    }

    fn ipv4_sum_of<const N: usize>(&self, packet: &[u8], fields: [Range<usize>; N]) -> Checksum {
        let mut sum = Checksum::new();
        if self.is_ipv4 {
            let ip = &packet[self.ip_at..][..V4_HEADER_LEN];
            fields.into_iter().for_each(|field| sum.add(&ip[field]));
        }
        sum
    }

    /// IPv4's checksum; there is none over IPv6.
    pub(crate) fn set_ipv4_checksum(&self, headers: &mut [u8], value: u16) {
        if self.is_ipv4 {
            put_u16(headers, self.ip_at + IPV4_CHECKSUM, value);
        }
    }

    /// What tells IPv4's datagrams apart; zero over IPv6.
    pub(crate) fn identification(&self, packet: &[u8]) -> u16 {
        if self.is_ipv4 { get_u16(packet, self.ip_at + IPV4_IDENTIFICATION) } else { 0 }
    }

    pub(crate) fn set_identification(&self, headers: &mut [u8], value: u16) {
        if self.is_ipv4 {
            put_u16(headers, self.ip_at + IPV4_IDENTIFICATION, value);
        }
    }

    /// The sum of the pseudo-header but for the length: the same for all segments between two ends.
    pub(crate) fn sum_of_ends(&self, packet: &[u8]) -> Checksum {
        let addresses = if self.is_ipv4 { IPV4_ADDRESSES } else { IPV6_ADDRESSES };
        let mut sum = Checksum::new();
        sum.add(&packet[self.ip_at..][addresses]);
        sum.add(&[0, IpProtocol::TCP.0]);
        sum
    }

    /// The sum of the pseudo-header in which that of the ends is known, for a packet of so many octets in all.
    pub(crate) fn sum_of_pseudo_header(&self, of_ends: Checksum, length: usize) -> Checksum {
        let mut sum = of_ends;
        sum.add(&((length - self.tcp_at) as u32).to_be_bytes());
        sum
    }

    /// Which bits of the headers, from IP's on, are the same in segments that follow on one another: all but lengths,
    /// identification, number, checksums, and PSH.
    pub(crate) fn constant_bits(&self) -> HeaderMask {
        let mut mask = [0xff; LONGEST];
        let tcp = self.tcp_at - self.ip_at;
        // Each with its length.
        let of_ip: &[(usize, usize)] = if self.is_ipv4 {
            &[(IPV4_TOTAL_LENGTH, 2), (IPV4_IDENTIFICATION, 2), (IPV4_CHECKSUM, 2)]
        } else {
            &[(IPV6_PAYLOAD_LENGTH, 2)]
        };
        for &(at, length) in of_ip.iter().chain(&[(tcp + SEQ, 4), (tcp + TCP_CHECKSUM, 2)]) {
            mask[at..at + length].fill(0);
        }
        mask[tcp + FLAGS] = !(Flags::PSH.bits() as u8);
        HeaderMask(mask)
    }

    /// Whether two packets have the same headers, but for what the mask leaves out.
    pub(crate) fn have_same(&self, mask: &HeaderMask, one: &[u8], other: &[u8]) -> bool {
        let headers = self.ip_at..self.text_at;
        let (Some(left), Some(right)) = (one.get(headers.clone()), other.get(headers)) else { return false };
        mask.covers_difference(left, right) && one[..self.ip_at] == other[..self.ip_at]
    }
}

/// An IPv6 header and the longest of TCP's, octets.
const LONGEST: usize = V6_HEADER_LEN + 60;

/// Which bits of the headers count.
#[derive(Clone, Debug)]
pub(crate) struct HeaderMask([u8; LONGEST]);

impl HeaderMask {
    /// Whether two runs of headers, which are as long, are the same but for what is left out.
    fn covers_difference(&self, left: &[u8], right: &[u8]) -> bool {
        let Some(mask) = self.0.get(..left.len()) else { return false };
        let differ = |((left, right), mask): ((&[u8; 8], &[u8; 8]), &[u8; 8])| {
            let word = |octets: &[u8; 8]| u64::from_ne_bytes(*octets);
            (word(left) ^ word(right)) & word(mask)
        };
        let words = left.as_chunks().0.iter().zip(right.as_chunks().0).zip(mask.as_chunks().0);
        // The last word may have octets of the one before it.
        let last = left.last_chunk().zip(right.last_chunk()).zip(mask.last_chunk());
        words.chain(last).fold(0, |differing, words| differing | differ(words)) == 0
    }
}

fn octets_at<const N: usize>(octets: &[u8], at: usize) -> [u8; N] {
    let mut found = [0; N];
    found.copy_from_slice(&octets[at..at + N]);
    found
}

fn get_u16(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(octets_at(octets, at))
}

fn put_u16(octets: &mut [u8], at: usize, value: u16) {
    octets[at..at + 2].copy_from_slice(&value.to_be_bytes());
}
