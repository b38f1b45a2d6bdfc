//! The TCP MD5 signature (RFC 2385): what is signed, and the comparison of two signatures.

use core::fmt;
use core::net::IpAddr;

use bytes::Bytes;
use md5::{Digest, Md5};
use zerocopy::IntoBytes;

use super::TcpHeader;
use crate::checksum::PseudoHeader;

/// What the option takes in a header, octets: 18, and two NOPs before it.
pub const MD5_OPTION_LEN: usize = 20;

/// The 16 octets of the option.
///
/// The comparison takes the same time wherever two signatures differ, so that it does not tell a forger how far he has
/// come.
#[derive(Clone, Copy, Default)]
pub struct Md5Digest(pub [u8; 16]);

/// What is signed: RFC 2385 section 2.0 has all that is in a segment but its options.
///
/// ```
/// use synfin_wire::checksum::PseudoHeader;
/// use synfin_wire::tcp::{Md5Digest, Md5Input};
/// use synfin_wire::{Flags, IpProtocol, SeqNumber, TcpHeader, TcpOptions};
///
/// let options = TcpOptions { md5: Some(Md5Digest::default()), ..TcpOptions::default() };
/// let mut header = TcpHeader {
///     source_port: 179,
///     destination_port: 40000,
///     seq: SeqNumber::new(1),
///     ack: SeqNumber::new(2),
///     flags: Flags::ACK,
///     reserved: 0,
///     window: 512,
///     urgent_pointer: 0,
///     options,
/// };
/// let pseudo_header = PseudoHeader {
///     source: "192.0.2.1".parse().unwrap(),
///     destination: "192.0.2.2".parse().unwrap(),
///     protocol: IpProtocol::TCP,
///     length: header.len() as u32,
/// };
/// let input = Md5Input { pseudo_header: &pseudo_header, header: &header, text: &[] };
/// let signature = input.sign(b"secret");
/// header.options.md5 = Some(signature);
/// let input = Md5Input { pseudo_header: &pseudo_header, header: &header, text: &[] };
/// assert_eq!(input.sign(b"secret"), signature, "no option counts, the signature's own least of all");
/// assert_ne!(input.sign(b"guessed"), signature);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Md5Input<'a> {
    /// Its length is that of the whole segment, options included.
    pub pseudo_header: &'a PseudoHeader,
    /// The header. Its options do not count, but their length does, which is what the pseudo-header's leaves beside
    /// `text`.
    pub header: &'a TcpHeader,
    /// The text of the segment, in as many pieces as it comes.
    pub text: &'a [Bytes],
}

impl Md5Input<'_> {
    /// The signature with this key. The checksum field counts as zero, whatever it holds in the end.
    #[must_use]
    pub fn sign(&self, key: &[u8]) -> Md5Digest {
        let mut md5 = Md5::new();
        self.add_pseudo_header(&mut md5);
        let text_len: usize = self.text.iter().map(Bytes::len).sum();
        let header_len = (self.pseudo_header.length as usize).saturating_sub(text_len);
        md5.update(self.header.fixed(header_len).as_bytes());
        self.text.iter().for_each(|piece| md5.update(piece));
        md5.update(key);
        Md5Digest(md5.finalize().into())
    }

    /// The one of IPv4 has 12 octets, of IPv6 40 (RFC 8200 section 8.1).
    fn add_pseudo_header(&self, md5: &mut Md5) {
        let PseudoHeader { source, destination, protocol, length } = *self.pseudo_header;
        for address in [source, destination] {
            match address {
                IpAddr::V4(address) => md5.update(address.octets()),
                IpAddr::V6(address) => md5.update(address.octets()),
            }
        }
        if destination.is_ipv4() {
            md5.update([0, protocol.0]);
            md5.update((length as u16).to_be_bytes());
        } else {
            md5.update(length.to_be_bytes());
            md5.update([0, 0, 0, protocol.0]);
        }
    }
}

impl PartialEq for Md5Digest {
    fn eq(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(other.0).fold(0, |found, (ours, theirs)| found | (ours ^ theirs));
        core::hint::black_box(differences) == 0
    }
}

impl Eq for Md5Digest {}

impl fmt::Debug for Md5Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Md5Digest(")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests;
