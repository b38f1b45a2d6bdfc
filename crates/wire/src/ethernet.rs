//! Ethernet II frames (RFC 894, RFC 2464), as a TAP device hands them over: without a frame check sequence.

use core::fmt;
use core::net::IpAddr;

use bytes::{Buf, Bytes};
use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The header of an untagged frame, in octets.
pub const HEADER_LEN: usize = 14;
/// An 802.1Q tag, its EtherType included, in octets.
const TAG_LEN: usize = 4;

/// A MAC address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// Every station on the link.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether a frame to this address is for more than one station; broadcast is one such address.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// The address to which frames for a multicast group go (RFC 1112 section 6.4, RFC 2464 section 7).
    #[must_use]
    pub const fn for_multicast(group: IpAddr) -> Self {
        match group {
            IpAddr::V4(group) => {
                let [_, b, c, d] = group.octets();
                Self([0x01, 0x00, 0x5e, b & 0x7f, c, d])
            }
            IpAddr::V6(group) => {
                let [.., a, b, c, d] = group.octets();
                Self([0x33, 0x33, a, b, c, d])
            }
        }
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a frame carries, as numbered by IANA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4.
    pub const IPV4: Self = Self(0x0800);
    /// ARP.
    pub const ARP: Self = Self(0x0806);
    /// A VLAN tag (IEEE 802.1Q), with the EtherType proper behind it.
    pub const VLAN: Self = Self(0x8100);
    /// IPv6.
    pub const IPV6: Self = Self(0x86dd);

    /// Below this the field is the length of an IEEE 802.3 frame.
    const LEAST: u16 = 0x0600;
}

/// The header as it stands on the wire.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct WireHeader {
    destination: [u8; 6],
    source: [u8; 6],
    ether_type: U16,
}

/// The fields of a frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EthernetHeader {
    /// The receiver.
    pub destination: MacAddress,
    /// The sender.
    pub source: MacAddress,
    /// What the payload is, one 802.1Q tag passed over.
    pub ether_type: EtherType,
}

impl EthernetHeader {
    /// Writes the header, untagged, to the front of `buffer`, and returns its length of 14.
    ///
    /// # Panics
    /// When `buffer` is shorter than 14 octets.
    pub fn write(&self, buffer: &mut [u8]) -> usize {
        let header = WireHeader {
            destination: self.destination.0,
            source: self.source.0,
            ether_type: self.ether_type.0.into(),
        };
        buffer[..HEADER_LEN].copy_from_slice(header.as_bytes());
        HEADER_LEN
    }
}

/// A frame that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EthernetFrame {
    /// The header.
    pub header: EthernetHeader,
    /// What it carries, with whatever padding the link put behind it.
    pub payload: Bytes,
}

impl EthernetFrame {
    /// Reads a frame. One 802.1Q tag is passed over; a second one is what the frame then carries.
    ///
    /// # Errors
    /// See [`EthernetError`].
    pub fn parse(bytes: Bytes) -> Result<Self, EthernetError> {
        let (header, behind) = WireHeader::ref_from_prefix(&bytes).map_err(|_| EthernetError::Truncated)?;
        let mut ether_type = EtherType(header.ether_type.get());
        let mut header_len = HEADER_LEN;
        if ether_type == EtherType::VLAN {
            let &[_, _, high, low] = behind.first_chunk().ok_or(EthernetError::Truncated)?;
            ether_type = EtherType(u16::from_be_bytes([high, low]));
            header_len += TAG_LEN;
        }
        if ether_type.0 < EtherType::LEAST {
            return Err(EthernetError::Length);
        }
        let header = EthernetHeader {
            destination: MacAddress(header.destination),
            source: MacAddress(header.source),
            ether_type,
        };
        let mut payload = bytes;
        payload.advance(header_len);
        Ok(Self { header, payload })
    }
}

/// Why bytes are no Ethernet II frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EthernetError {
    /// Fewer octets than the header.
    Truncated,
    /// A length where the EtherType should be: an IEEE 802.3 frame, which carries no IP here.
    Length,
}

impl fmt::Display for EthernetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the frame ends before its Ethernet header does",
            Self::Length => "the frame has a length instead of an EtherType",
        })
    }
}

impl core::error::Error for EthernetError {}

#[cfg(test)]
mod tests;
