//! The three address forms in which one script can be run.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Over what a script is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// IPv4 sockets and packets.
    V4,
    /// IPv6 sockets and packets.
    V6,
    /// IPv6 sockets, IPv4 packets (RFC 4291 section 2.5.5.2).
    Mapped,
}

impl Form {
    /// All three.
    pub const ALL: [Self; 3] = [Self::V4, Self::V6, Self::Mapped];

    /// Packets are of IPv4.
    #[must_use]
    pub const fn is_v4(self) -> bool {
        matches!(self, Self::V4 | Self::Mapped)
    }

    /// The address under test, unless the script names one of this family.
    pub(crate) fn local(self) -> IpAddr {
        if self.is_v4() {
            Ipv4Addr::new(192, 168, 0, 1).into()
        } else {
            Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0, 0, 0, 0, 1).into()
        }
    }

    /// The script's own address, unless it names one of this family.
    pub(crate) fn remote(self) -> IpAddr {
        if self.is_v4() {
            Ipv4Addr::new(192, 0, 2, 1).into()
        } else {
            Ipv6Addr::new(0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1).into()
        }
    }

    /// The MTU, unless the script names one: with either, 1460 octets of text fit.
    pub(crate) const fn mtu(self) -> usize {
        if self.is_v4() { 1500 } else { 1520 }
    }

    /// The names that scripts expect to be defined from outside, as google/packetdrill's runner does: what
    /// differs between the forms.
    #[must_use]
    pub const fn definitions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::V4 => &[
                ("TFO_COOKIE", "3021b9d889017eeb"),
                ("CODE", "host_unreachable"),
                ("CMSG_LEVEL_IP", "SOL_IP"),
                ("CMSG_TYPE_RECVERR", "IP_RECVERR"),
            ],
            Self::V6 => &[
                ("TFO_COOKIE", "c1d1e9742a47a9bc"),
                ("CODE", "address_unreachable"),
                ("CMSG_LEVEL_IP", "SOL_IPV6"),
                ("CMSG_TYPE_RECVERR", "IPV6_RECVERR"),
            ],
            Self::Mapped => &[
                ("TFO_COOKIE", "3021b9d889017eeb"),
                ("CODE", "host_unreachable"),
                ("CMSG_LEVEL_IP", "SOL_IPV6"),
                ("CMSG_TYPE_RECVERR", "IPV6_RECVERR"),
            ],
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
            Self::Mapped => "mapped",
        })
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ipv4" => Ok(Self::V4),
            "ipv6" => Ok(Self::V6),
            "mapped" | "ipv4-mapped-ipv6" => Ok(Self::Mapped),
            _ => Err(format!("'{text}' is no address form: give ipv4, ipv6 or mapped")),
        }
    }
}
