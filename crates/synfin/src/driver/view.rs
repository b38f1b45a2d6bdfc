//! The front of a packet, as far as the driver itself has to know it.

use std::net::{IpAddr, SocketAddr};

use synfin_wire::IpProtocol;
use synfin_wire::ip::{V4_HEADER_LEN, V6_HEADER_LEN, extension};

/// What has to be known of a packet, without its host's effort. What makes no sense is left for a host to drop.
pub(super) struct View<'a> {
    pub(super) protocol: IpProtocol,
    pub(super) is_fragment: bool,
    /// Source and destination, one behind the other.
    addresses: &'a [u8],
    payload: &'a [u8],
}

impl<'a> View<'a> {
    pub(super) fn of(packet: &'a [u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => {
                let header_len = usize::from(packet[0] & 0x0f) * 4;
                let payload = packet.get(header_len.max(V4_HEADER_LEN)..)?;
                let fragment = u16::from_be_bytes([packet[6], packet[7]]);
                Some(Self {
                    protocol: IpProtocol(packet[9]),
                    // All but "do not fragment": more fragments, or an offset (RFC 791 section 3.1).
                    is_fragment: fragment & 0x3fff != 0,
                    addresses: &packet[12..20],
                    payload,
                })
            }
            6 => {
                let payload = packet.get(V6_HEADER_LEN..)?;
                let plain = Self {
                    protocol: IpProtocol(packet[6]),
                    is_fragment: false,
                    addresses: &packet[8..40],
                    payload,
                };
                plain.behind_extensions()
            }
            _ => None,
        }
    }

    /// The same behind the extension headers that the payload begins with (RFC 8200 section 4).
    fn behind_extensions(self) -> Option<Self> {
        let extensions = extension::pass_over(self.protocol, self.payload).ok()?;
        Some(Self {
            protocol: extensions.protocol,
            is_fragment: extensions.fragment.is_some(),
            payload: &self.payload[extensions.len..],
            ..self
        })
    }

    /// From where a segment comes, and where it goes to; `None` of anything else, and of a fragment.
    pub(super) fn ends(&self) -> Option<[SocketAddr; 2]> {
        if self.protocol != IpProtocol::TCP || self.is_fragment {
            return None;
        }
        let &[high, low, other_high, other_low, ..] = self.payload else { return None };
        let (source, destination) = self.addresses.split_at(self.addresses.len() / 2);
        Some([
            SocketAddr::new(address(source), u16::from_be_bytes([high, low])),
            SocketAddr::new(address(destination), u16::from_be_bytes([other_high, other_low])),
        ])
    }

    /// An error and not a question or an answer (RFC 792; RFC 4443 section 2.1).
    pub(super) fn is_icmp_error(&self) -> bool {
        match (self.protocol, self.payload.first()) {
            (IpProtocol::ICMP, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
            (_, Some(kind)) => *kind < 128,
            (_, None) => false,
        }
    }
}

fn address(octets: &[u8]) -> IpAddr {
    match <[u8; 4]>::try_from(octets) {
        Ok(octets) => octets.into(),
        // Of the two lengths that there are.
        Err(_) => <[u8; 16]>::try_from(octets).unwrap_or_default().into(),
    }
}
