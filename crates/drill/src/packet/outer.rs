//! Headers around a packet of the script's: IP in IP (RFC 2003, RFC 2473), GRE (RFC 2784, RFC 2890) and MPLS (RFC 3032).

use bytes::Bytes;
use synfin_wire::{IpHeader, IpProtocol};

use super::apply_fields;
use crate::ast::{Gre, MplsLabel, Outer};

// What follows, as IP numbers it.
const IPV4: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;
const MPLS: u8 = 137;
// The same as an EtherType, of which GRE has one.
const ETHER_IPV4: u16 = 0x0800;
const ETHER_IPV6: u16 = 0x86dd;
const ETHER_MPLS: u16 = 0x8847;
/// The bits of GRE's first word that say which fields are there.
const CHECKSUM_PRESENT: u16 = 1 << 15;
const KEY_PRESENT: u16 = 1 << 13;
const SEQUENCE_PRESENT: u16 = 1 << 12;

/// What a packet begins with.
#[derive(Clone, Copy)]
enum Begins {
    V4,
    V6,
    Gre,
    Mpls,
}

/// The packet with those headers around it.
pub(crate) fn wrap(outer: &[Outer], packet: Bytes) -> Bytes {
    let mut begins =
        if packet.first().is_some_and(|octet| octet >> 4 == 6) { Begins::V6 } else { Begins::V4 };
    let mut wrapped = packet.to_vec();
    for header in outer.iter().rev() {
        let mut front = match header {
            Outer::Ip { fields, addresses: (source, destination) } => {
                let mut ip = IpHeader::new(*source, *destination, begins.protocol());
                apply_fields(&mut ip, fields);
                let mut octets = vec![0; ip.len()];
                ip.write(wrapped.len(), &mut octets);
                octets
            }
            Outer::Gre(gre) => gre_header(gre, begins),
            Outer::Mpls(labels) => labels.iter().flat_map(|label| mpls_entry(label).to_be_bytes()).collect(),
        };
        begins = match header {
            Outer::Ip { addresses: (source, _), .. } if source.is_ipv4() => Begins::V4,
            Outer::Ip { .. } => Begins::V6,
            Outer::Gre(_) => Begins::Gre,
            Outer::Mpls(_) => Begins::Mpls,
        };
        front.append(&mut wrapped);
        wrapped = front;
    }
    wrapped.into()
}

impl Begins {
    const fn protocol(self) -> IpProtocol {
        IpProtocol(match self {
            Self::V4 => IPV4,
            Self::V6 => IPV6,
            Self::Gre => GRE,
            Self::Mpls => MPLS,
        })
    }

    const fn ether_type(self) -> u16 {
        match self {
            Self::V4 => ETHER_IPV4,
            Self::V6 => ETHER_IPV6,
            Self::Mpls => ETHER_MPLS,
            // GRE in GRE has none.
            Self::Gre => 0,
        }
    }
}

fn gre_header(gre: &Gre, begins: Begins) -> Vec<u8> {
    let mut octets = [gre.flags.to_be_bytes(), begins.ether_type().to_be_bytes()].concat();
    if gre.flags & CHECKSUM_PRESENT != 0 {
        octets.extend([gre.checksum.0.to_be_bytes(), gre.checksum.1.to_be_bytes()].concat());
    }
    if gre.flags & KEY_PRESENT != 0 {
        octets.extend(gre.key.to_be_bytes());
    }
    if gre.flags & SEQUENCE_PRESENT != 0 {
        octets.extend(gre.sequence.to_be_bytes());
    }
    octets
}

pub(crate) fn mpls_entry(label: &MplsLabel) -> u32 {
    label.label << 12 | u32::from(label.class) << 9 | u32::from(label.is_bottom) << 8 | u32::from(label.ttl)
}
