//! Neighbor discovery (RFC 4861): who has an address on the link, and who answers.
//!
//! Read and written as [`IcmpMessage::Neighbor`](crate::icmp::IcmpMessage::Neighbor). Left out: router
//! discovery, prefixes and redirects; a host here is told its routes.

use core::net::{IpAddr, Ipv6Addr};

use alloc::vec::Vec;
use etherparse::icmpv6::{NdpOptionSlice, NdpOptionsIterator, NeighborAdvertisementHeader};

use crate::ethernet::MacAddress;
use crate::icmp::RawMessage;
use crate::ip::IpHeader;

pub(crate) const NEIGHBOR_SOLICITATION: u8 = 135;
pub(crate) const NEIGHBOR_ADVERTISEMENT: u8 = 136;

const SOURCE_LINK: u8 = 1;
const TARGET_LINK: u8 = 2;
/// A link-layer address option for Ethernet, in units of eight octets.
const LINK_OPTION_UNITS: u8 = 1;

/// A neighbor solicitation or advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdpMessage {
    /// Who has the target address? (section 4.3)
    NeighborSolicitation {
        /// The address asked for.
        target: Ipv6Addr,
        /// The sender's MAC address; `None` when it has no address of its own yet.
        source_link: Option<MacAddress>,
    },
    /// The sender has the target address. (section 4.4)
    NeighborAdvertisement {
        /// The sender is a router.
        router: bool,
        /// This answers a solicitation.
        solicited: bool,
        /// What was known before gives way to this.
        overrides: bool,
        /// The address.
        target: Ipv6Addr,
        /// Its MAC address; may be absent in the answer to a unicast solicitation.
        target_link: Option<MacAddress>,
    },
}

impl NdpMessage {
    /// The hop limit that a message is sent with and must have kept: it has crossed no router.
    pub const HOP_LIMIT: u8 = 255;

    /// Reads a message; `None` when it breaks one of the rules of sections 7.1.1 and 7.1.2.
    pub(crate) fn read(raw: &RawMessage, header: &IpHeader) -> Option<Self> {
        let (target, options) = raw.body.split_first_chunk::<16>()?;
        let target = Ipv6Addr::from(*target);
        if header.hop_limit != Self::HOP_LIMIT || raw.code != 0 || target.is_multicast() {
            return None;
        }
        let links = LinkOptions::read(options)?;
        if raw.kind == NEIGHBOR_SOLICITATION {
            // Whoever is still looking for an address asks all who may have it, and has none to be told.
            let anonymous = header.source.is_unspecified();
            let asks_all = header.destination == IpAddr::V6(solicited_node(target));
            if anonymous && (links.source.is_some() || !asks_all) {
                return None;
            }
            return Some(Self::NeighborSolicitation { target, source_link: links.source });
        }
        let flags = NeighborAdvertisementHeader::from_bytes(raw.rest);
        if flags.solicited && header.destination.is_multicast() {
            return None;
        }
        Some(Self::NeighborAdvertisement {
            router: flags.router,
            solicited: flags.solicited,
            overrides: flags.r#override,
            target,
            target_link: links.target,
        })
    }

    pub(crate) fn raw(&self) -> RawMessage {
        let (kind, rest, target, option) = match *self {
            Self::NeighborSolicitation { target, source_link } => {
                (NEIGHBOR_SOLICITATION, [0; 4], target, source_link.map(|link| (SOURCE_LINK, link)))
            }
            Self::NeighborAdvertisement { router, solicited, overrides, target, target_link } => {
                let flags = NeighborAdvertisementHeader { router, solicited, r#override: overrides };
                (
                    NEIGHBOR_ADVERTISEMENT,
                    flags.to_bytes(),
                    target,
                    target_link.map(|link| (TARGET_LINK, link)),
                )
            }
        };
        let mut body = Vec::from(target.octets());
        if let Some((kind, link)) = option {
            body.extend([kind, LINK_OPTION_UNITS]);
            body.extend(link.0);
        }
        RawMessage { kind, code: 0, rest, body: body.into() }
    }
}

/// The link-layer addresses among a message's options.
#[derive(Default)]
struct LinkOptions {
    source: Option<MacAddress>,
    target: Option<MacAddress>,
}

impl LinkOptions {
    /// `None` when an option's length is zero or over the message (section 4.6). Unknown options are passed
    /// over, and so are addresses that are not Ethernet's.
    fn read(options: &[u8]) -> Option<Self> {
        let mut links = Self::default();
        let mac = |bytes: &[u8]| bytes.try_into().ok().map(MacAddress);
        for option in NdpOptionsIterator::from_slice(options) {
            match option.ok()? {
                NdpOptionSlice::SourceLinkLayerAddress(option) => {
                    links.source = mac(option.link_layer_address())
                }
                NdpOptionSlice::TargetLinkLayerAddress(option) => {
                    links.target = mac(option.link_layer_address())
                }
                _ => {}
            }
        }
        Some(links)
    }
}

/// The multicast group of all who may have `address`: ff02::1:ff00:0/104 and its last 24 bits (RFC 4291
/// section 2.7.1).
#[must_use]
pub const fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | a as u16, u16::from_be_bytes([b, c]))
}

#[cfg(test)]
mod tests;
