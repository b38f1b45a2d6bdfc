//! What stands before IP in a frame, for each link type that may carry it.
//!
//! Each header says what comes next, so that any order and depth of them can be passed over: every step but the last
//! takes at least two octets.

use super::NotTcp;
use crate::capture::LinkType;

/// What comes next in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// An IP header, whose version its first octet tells.
    Ip,
    /// An Ethernet header.
    Ethernet,
    /// Something with this EtherType; under 0x600, LLC.
    EtherType(u16),
    /// An LLC header (IEEE 802.2).
    Llc,
    /// A PPP header (RFC 1662), its address and control octets there or not.
    Ppp,
    /// A PPP header with an octet before it that tells the direction.
    PppWithDirection,
    /// A PPPoE header (RFC 2516).
    Pppoe,
    /// Cisco HDLC.
    CiscoHdlc,
    /// Labels of MPLS (RFC 3032).
    Mpls,
    /// Four octets with the address family, in whatever byte order.
    Family,
    /// Linux cooked, v1 and v2.
    Cooked,
    CookedV2,
    /// A header of Linux's netfilter log.
    NetfilterLog,
    /// A header of OpenBSD's packet filter log.
    PacketFilterLog,
    /// A header of OpenBSD's encapsulating interface.
    Encapsulated,
    /// IEEE 802.11, bare, and behind two headers that tell of the radio.
    Wireless,
    Radiotap,
    PerPacketInfo,
    /// FDDI.
    Fddi,
    /// Token ring.
    TokenRing,
    /// Frame relay (RFC 2427).
    FrameRelay,
    /// IP over IEEE 1394, as Apple has it.
    FireWire,
    /// A header of a service chain (NSH, RFC 8300).
    ServiceChain,
    /// What a session of L2TPv3 carries (RFC 3931), which only the two ends have agreed on.
    Session,
}

/// What frames of a link type begin with.
pub(super) fn first(link: LinkType) -> Result<Next, NotTcp> {
    Ok(match link.0 {
        0 | 108 => Next::Family,
        1 => Next::Ethernet,
        6 => Next::TokenRing,
        9 | 50 => Next::Ppp,
        10 => Next::Fddi,
        // Raw IP has one number as a link type and another on each system.
        12 | 14 | 101 | 228 | 229 => Next::Ip,
        51 => Next::Pppoe,
        // ATM as of RFC 1483, and what comes with the LLC header alone.
        100 | 106 => Next::Llc,
        104 => Next::CiscoHdlc,
        105 => Next::Wireless,
        107 => Next::FrameRelay,
        109 => Next::Encapsulated,
        113 => Next::Cooked,
        117 => Next::PacketFilterLog,
        127 => Next::Radiotap,
        138 => Next::FireWire,
        192 => Next::PerPacketInfo,
        204 => Next::PppWithDirection,
        219 => Next::Mpls,
        239 => Next::NetfilterLog,
        276 => Next::CookedV2,
        _ => return Err(link.into()),
    })
}

/// Where in `bytes`, which begin with `next`, the IP header is.
#[inline]
pub(super) fn find_ip(next: Next, bytes: &[u8]) -> Result<usize, NotTcp> {
    // What nearly all frames are.
    if next == Next::Ethernet && matches!(bytes.get(12..14), Some([0x08, 0x00] | [0x86, 0xdd])) {
        return Ok(14);
    }
    let mut walk = Walk { bytes, at: 0 };
    let mut next = next;
    while next != Next::Ip {
        next = walk.step(next)?;
    }
    Ok(walk.at)
}

/// A way through a frame.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn step(&mut self, next: Next) -> Result<Next, NotTcp> {
        match next {
            Next::Ip => Ok(Next::Ip),
            Next::Ethernet => self.skip(12)?.ether_type(),
            Next::EtherType(number) => self.behind_ether_type(number),
            Next::Llc => self.llc(),
            Next::Ppp => self.ppp(),
            Next::PppWithDirection => {
                self.skip(1)?;
                Ok(Next::Ppp)
            }
            Next::Pppoe => self.pppoe(),
            Next::CiscoHdlc => self.skip(2)?.ether_type(),
            Next::Mpls => self.mpls(),
            Next::Family => self.family(),
            Next::Cooked => self.skip(14)?.ether_type(),
            Next::CookedV2 => {
                let next = self.ether_type()?;
                self.skip(18)?;
                Ok(next)
            }
            Next::NetfilterLog => self.netfilter_log(),
            Next::PacketFilterLog => self.packet_filter_log(),
            Next::Encapsulated => {
                self.skip(12)?;
                Ok(Next::Ip)
            }
            Next::Wireless => self.wireless(),
            Next::Radiotap => {
                let [_, _, low, high] = self.peek()?;
                self.skip(u16::from_le_bytes([low, high]).max(8).into())?;
                Ok(Next::Wireless)
            }
            Next::PerPacketInfo => {
                let [_, _, low, high, a, b, _, _] = self.peek()?;
                self.skip(u16::from_le_bytes([low, high]).max(8).into())?;
                first(LinkType(u16::from_le_bytes([a, b])))
            }
            Next::Fddi => {
                self.skip(13)?;
                Ok(Next::Llc)
            }
            Next::TokenRing => self.token_ring(),
            Next::FrameRelay => self.frame_relay(),
            Next::FireWire => self.skip(16)?.ether_type(),
            Next::ServiceChain => self.service_chain(),
            Next::Session => self.session(),
        }
    }

    fn skip(&mut self, count: usize) -> Result<&mut Self, NotTcp> {
        self.at += count;
        if self.at > self.bytes.len() { Err(NotTcp::Cut) } else { Ok(self) }
    }

    fn peek<const N: usize>(&self) -> Result<[u8; N], NotTcp> {
        self.bytes.get(self.at..).and_then(<[u8]>::first_chunk).copied().ok_or(NotTcp::Cut)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotTcp> {
        let octets = self.peek()?;
        self.at += N;
        Ok(octets)
    }

    fn ether_type(&mut self) -> Result<Next, NotTcp> {
        Ok(Next::EtherType(u16::from_be_bytes(self.take()?)))
    }

    fn behind_ether_type(&mut self, number: u16) -> Result<Next, NotTcp> {
        match number {
            0x0800 | 0x86dd => Ok(Next::Ip),
            // Tags: IEEE 802.1Q and 802.1ad, and the numbers that were used before those.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => self.skip(2)?.ether_type(),
            // VN-Tag, and IEEE 802.1BR.
            0x8926 => self.skip(4)?.ether_type(),
            0x893f => self.skip(6)?.ether_type(),
            0x8847 | 0x8848 => Ok(Next::Mpls),
            0x8864 => Ok(Next::Pppoe),
            0x880b => Ok(Next::Ppp),
            0x6558 => Ok(Next::Ethernet),
            0x894f => Ok(Next::ServiceChain),
            // A length, or Linux's word for LLC; but 1 is Novell's way of having none.
            2..0x0600 => Ok(Next::Llc),
            number => Err(NotTcp::NotIp(number)),
        }
    }

    /// An EtherType stands in SNAP (RFC 1042), or the access points are those of IP itself.
    fn llc(&mut self) -> Result<Next, NotTcp> {
        const UNNUMBERED: u8 = 0x03;
        match self.take()? {
            [0xaa, 0xaa, UNNUMBERED] => match self.take()? {
                [0x00, 0x00, 0x00 | 0xf8] => self.ether_type(),
                // Cisco's and others' numbers of their own.
                _ => Err(NotTcp::NotIp(u16::from_be_bytes(self.take()?))),
            },
            [0x06, 0x06, UNNUMBERED] => Ok(Next::Ip),
            // ISO's network layer identifiers (RFC 2427), as over ATM.
            [0xfe, 0xfe, UNNUMBERED] => self.network_layer(),
            [destination, source, _] => Err(NotTcp::NotIp(u16::from_be_bytes([destination, source]))),
        }
    }

    fn network_layer(&mut self) -> Result<Next, NotTcp> {
        match self.take()? {
            [0xcc | 0x8e] => Ok(Next::Ip),
            [number] => Err(NotTcp::NotIp(number.into())),
        }
    }

    /// Address and control may be left out, and so may the first octet of the protocol (RFC 1661 section 6.5).
    fn ppp(&mut self) -> Result<Next, NotTcp> {
        if let [0xff, 0x03] = self.peek()? {
            self.skip(2)?;
        } else if let Ok([0x0f | 0x8f, 0x00]) = self.peek() {
            // Cisco's HDLC in a file that says PPP.
            self.skip(2)?;
            return self.ether_type();
        }
        let [first] = self.take()?;
        let protocol =
            if first & 1 == 1 { u16::from(first) } else { u16::from_be_bytes([first, self.take::<1>()?[0]]) };
        match protocol {
            0x0021 | 0x0057 => Ok(Next::Ip),
            0x0281 | 0x0283 => Ok(Next::Mpls),
            number => Err(NotTcp::NotIp(number)),
        }
    }

    fn pppoe(&mut self) -> Result<Next, NotTcp> {
        const SESSION: u8 = 0;
        match self.take::<6>()? {
            [_, SESSION, ..] => Ok(Next::Ppp),
            _ => Err(NotTcp::NotIp(0x8863)),
        }
    }

    /// What is below the last label is told by its first four bits, if anything (RFC 4928): none of them stands for the
    /// control word of a pseudowire (RFC 4385), most often one of Ethernet (RFC 4448).
    fn mpls(&mut self) -> Result<Next, NotTcp> {
        while self.take::<4>()?[2] & 1 == 0 {}
        match self.peek::<1>()?[0] >> 4 {
            4 | 6 => Ok(Next::Ip),
            0 => {
                let frame: [u8; 18] = self.peek()?;
                if u16::from_be_bytes([frame[16], frame[17]]) < 0x0600 {
                    return Err(NotTcp::NotIp(0x8847));
                }
                self.skip(4)?;
                Ok(Next::Ethernet)
            }
            _ => Err(NotTcp::NotIp(0x8847)),
        }
    }

    /// Each system has its own number for IPv6, and each machine its own byte order.
    fn family(&mut self) -> Result<Next, NotTcp> {
        let octets = self.take()?;
        match u32::from_be_bytes(octets).min(u32::from_le_bytes(octets)) {
            2 | 10 | 23 | 24 | 26 | 28 | 30 => Ok(Next::Ip),
            number => Err(NotTcp::NotIp(number as u16)),
        }
    }

    /// Fields of a length and a type each, in the order of the machine that wrote them; one of them is the packet.
    fn netfilter_log(&mut self) -> Result<Next, NotTcp> {
        const PAYLOAD: u16 = 9;
        self.skip(4)?;
        loop {
            let [a, b, c, d] = self.peek()?;
            let little = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
            let big = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            // Types are small, which tells the order.
            let (len, kind) = if c == 0 && d != 0 { big } else { little };
            if kind == PAYLOAD {
                self.skip(4)?;
                return Ok(Next::Ip);
            }
            self.skip(usize::from(len).max(4).next_multiple_of(4))?;
        }
    }

    fn packet_filter_log(&mut self) -> Result<Next, NotTcp> {
        let [len, _] = self.peek()?;
        self.skip(usize::from(len).max(4).next_multiple_of(4))?;
        Ok(Next::Ip)
    }

    /// Data frames that are not encrypted, LLC behind a header whose length its first octets tell.
    fn wireless(&mut self) -> Result<Next, NotTcp> {
        const DATA: u8 = 2;
        const OTHER: NotTcp = NotTcp::NotIp(0);
        let [control, flags] = self.peek()?;
        let (kind, subtype) = (control >> 2 & 0b11, control >> 4);
        let (no_data, with_quality) = (subtype & 0b0100 != 0, subtype & 0b1000 != 0);
        let protected = flags & 0x40 != 0;
        if kind != DATA || no_data || protected {
            return Err(OTHER);
        }
        let four_addresses = flags & 0b11 == 0b11;
        let mut len = 24;
        len += if four_addresses { 6 } else { 0 };
        if with_quality {
            len += 2;
            // Several in one frame, each with a header of its own (A-MSDU): they are not taken apart.
            let quality = self.bytes.get(self.at + len - 2).ok_or(NotTcp::Cut)?;
            if quality & 0x80 != 0 {
                return Err(OTHER);
            }
            len += if flags & 0x80 != 0 { 4 } else { 0 };
        }
        self.skip(len)?;
        Ok(Next::Llc)
    }

    /// A source route follows where the source address is marked as that of a group.
    fn token_ring(&mut self) -> Result<Next, NotTcp> {
        let header: [u8; 14] = self.take()?;
        if header[8] & 0x80 != 0 {
            let len = self.peek::<1>()?[0] & 0x1f;
            self.skip(len.into())?;
        }
        Ok(Next::Llc)
    }

    /// The address ends with the octet whose lowest bit is set.
    fn frame_relay(&mut self) -> Result<Next, NotTcp> {
        while self.take::<1>()?[0] & 1 == 0 {}
        match self.peek()? {
            [0x03, 0xcc | 0x8e] => {
                self.skip(2)?;
                Ok(Next::Ip)
            }
            // SNAP behind a pad octet, or Cisco's way: an EtherType alone.
            [0x03, 0x00] => {
                self.skip(3)?;
                match self.take()? {
                    [0x00, 0x00, 0x00] => self.ether_type(),
                    _ => Err(NotTcp::NotIp(0)),
                }
            }
            [0x03, 0x80] => {
                self.skip(2)?;
                match self.take()? {
                    [0x00, 0x00, 0x00] => self.ether_type(),
                    _ => Err(NotTcp::NotIp(0)),
                }
            }
            [0x03, number] => Err(NotTcp::NotIp(number.into())),
            _ => self.ether_type(),
        }
    }

    /// Its length in words stands in the low six bits of the second octet, what comes next in the fourth.
    fn service_chain(&mut self) -> Result<Next, NotTcp> {
        const VERSION: u8 = 0xc0;
        let [first, second, _, next] = self.peek()?;
        let len = usize::from(second & 0x3f) * 4;
        // The service path takes two words at least.
        if first & VERSION != 0 || len < 8 {
            return Err(NotTcp::NotIp(0x894f));
        }
        self.skip(len)?;
        next_protocol(next).ok_or(NotTcp::NotIp(0x894f))
    }

    /// A cookie of none, four or eight octets (RFC 3931 section 4.1), a sublayer of four or none (RFC 4719 section 3), and
    /// then most often Ethernet, or IP or PPP: what fits is taken. Where nothing does it is not looked into.
    fn session(&mut self) -> Result<Next, NotTcp> {
        let inside = &self.bytes[self.at..];
        let (skipped, next) = [0, 4, 8, 12]
            .into_iter()
            .find_map(|len| Some((len, likely(inside.get(len..)?)?)))
            .ok_or(NotTcp::NotIp(0))?;
        self.skip(skipped)?;
        Ok(next)
    }
}

/// What the generic headers over UDP and of service chains carry, by the number that they have for it (RFC 8300 section 2.2,
/// draft-ietf-nvo3-vxlan-gpe).
pub(super) const fn next_protocol(number: u8) -> Option<Next> {
    Some(match number {
        1 | 2 => Next::Ip,
        3 => Next::Ethernet,
        4 => Next::ServiceChain,
        5 => Next::Mpls,
        _ => return None,
    })
}

/// What these octets begin with, where they look like the one thing or the other.
fn likely(bytes: &[u8]) -> Option<Next> {
    let ether_type = bytes.get(12..14).map(|octets| u16::from_be_bytes([octets[0], octets[1]]));
    if matches!(ether_type, Some(0x0800 | 0x86dd | 0x8100 | 0x88a8 | 0x8847 | 0x8864)) {
        return Some(Next::Ethernet);
    }
    if let [0xff, 0x03, 0x00, 0x21 | 0x57, ..] = bytes {
        return Some(Next::Ppp);
    }
    is_ip(bytes).then_some(Next::Ip)
}

/// Whether this looks like an IP header: version and length are sound, and say no more than there is room for.
fn is_ip(bytes: &[u8]) -> bool {
    match bytes {
        [0x45..=0x4f, _, high, low, ..] => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            len >= 20 && bytes.get(9).is_some_and(|protocol| matches!(protocol, 1 | 6 | 17))
        }
        [0x60..=0x6f, ..] => bytes.get(6).is_some_and(|next| matches!(next, 0 | 6 | 17 | 58)),
        _ => false,
    }
}
