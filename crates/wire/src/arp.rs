//! ARP for IPv4 over Ethernet (RFC 826).

use core::fmt;
use core::net::Ipv4Addr;

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacketSlice};

use crate::ethernet::MacAddress;

/// An ARP packet for IPv4 over Ethernet, in octets.
pub const PACKET_LEN: usize = ArpEthIpv4Packet::LEN;

/// What an ARP packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpKind {
    /// Who has the target's protocol address?
    Request,
    /// The sender has it.
    Reply,
}

/// An ARP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpPacket {
    /// Request or reply.
    pub kind: ArpKind,
    /// The sender's MAC address.
    pub sender_mac: MacAddress,
    /// The sender's IP address; 0.0.0.0 in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// The target's MAC address; zeros in a request.
    pub target_mac: MacAddress,
    /// The target's IP address.
    pub target: Ipv4Addr,
}

impl ArpPacket {
    /// The question who has `target`.
    #[must_use]
    pub fn request(sender_mac: MacAddress, sender: Ipv4Addr, target: Ipv4Addr) -> Self {
        Self { kind: ArpKind::Request, sender_mac, sender, target_mac: MacAddress::default(), target }
    }

    /// The answer to this request: the address that it asks for is at `mac`.
    #[must_use]
    pub fn reply(&self, mac: MacAddress) -> Self {
        Self {
            kind: ArpKind::Reply,
            sender_mac: mac,
            sender: self.target,
            target_mac: self.sender_mac,
            target: self.sender,
        }
    }

    /// Reads a packet; link padding behind it does not matter.
    ///
    /// # Errors
    /// See [`ArpError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ArpError> {
        let packet = ArpPacketSlice::from_slice(bytes).map_err(|_| ArpError::Truncated)?;
        let packet = packet.to_packet().try_eth_ipv4().map_err(|_| ArpError::NotIpv4OverEthernet)?;
        let kind = match packet.operation {
            ArpOperation::REQUEST => ArpKind::Request,
            ArpOperation::REPLY => ArpKind::Reply,
            _ => return Err(ArpError::Operation),
        };
        Ok(Self {
            kind,
            sender_mac: MacAddress(packet.sender_mac),
            sender: packet.sender_ipv4_addr(),
            target_mac: MacAddress(packet.target_mac),
            target: packet.target_ipv4_addr(),
        })
    }

    /// The packet as it goes into a frame.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; PACKET_LEN] {
        let packet = ArpEthIpv4Packet {
            operation: match self.kind {
                ArpKind::Request => ArpOperation::REQUEST,
                ArpKind::Reply => ArpOperation::REPLY,
            },
            sender_mac: self.sender_mac.0,
            sender_ipv4: self.sender.octets(),
            target_mac: self.target_mac.0,
            target_ipv4: self.target.octets(),
        };
        packet.to_bytes()
    }
}

/// Why bytes are no ARP packet that a host can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpError {
    /// Fewer octets than the packet's address lengths claim.
    Truncated,
    /// Another kind of hardware or protocol address.
    NotIpv4OverEthernet,
    /// Neither request nor reply.
    Operation,
}

impl fmt::Display for ArpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the ARP packet is cut short",
            Self::NotIpv4OverEthernet => "the ARP packet is not about IPv4 over Ethernet",
            Self::Operation => "the ARP packet is neither a request nor a reply",
        })
    }
}

impl core::error::Error for ArpError {}

#[cfg(test)]
mod tests;
