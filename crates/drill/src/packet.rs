//! Packets between the script's numbers and the host's.
//!
//! In: what the script says a packet is, and what the host has sent. Out: octets for the host, and the first
//! field in which a packet differs from what the script expects. The script counts from its own SYNs and
//! has its own idea of timestamps; [`Numbers`] knows how to go there and back.

use std::collections::BTreeMap;

use bytes::Bytes;
use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::{Ecn, IpHeader, IpPacket, IpProtocol};

use crate::ast::{FlagBits, IpFields, Tcp, TcpOption, Tos};

pub(crate) mod compare;
pub(crate) mod datagram;
pub(crate) mod icmp;
pub(crate) mod options;
pub(crate) mod outer;
mod show;

pub(crate) use show::{show_packet, show_segment};

/// The TTL of the script's packets that name none, as stock packetdrill has it: the script's side is the next hop.
const HOP_LIMIT: u8 = 255;
/// The SYN bit.
pub(crate) const SYN: u8 = 0b0000_0010;
/// The ACK bit.
pub(crate) const ACK: u8 = 0b0001_0000;
/// The CWR bit.
const CWR: u8 = 0b1000_0000;

/// How a connection's numbers are called in the script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// The number of the host's SYN.
    pub(crate) local_isn: u32,
    /// What the script calls it.
    pub(crate) script_local_isn: u32,
    /// The number of the script's SYN, which is the same on the wire.
    pub(crate) remote_isn: u32,
    /// The host's timestamps by the script's names.
    stamps: BTreeMap<u32, u32>,
    /// The first timestamp: as the script calls it, and as it was.
    first_stamp: Option<(u32, u32)>,
    /// The flow label: as the script calls it, and as it is.
    pub(crate) flow_label: Option<(u32, u32)>,
}

impl Numbers {
    /// Those of a connection that the script opens.
    pub(crate) fn from_remote(isn: u32) -> Self {
        Self { remote_isn: isn, ..Self::default() }
    }

    /// What is added to the script's name of a number of the host's.
    fn local_shift(&self, syn: bool) -> u32 {
        if syn { self.local_isn.wrapping_sub(self.script_local_isn) } else { self.local_isn }
    }

    /// What is added to the script's name of a number of its own. A SYN has the number that it says.
    fn remote_shift(&self, syn: bool) -> u32 {
        if syn { 0 } else { self.remote_isn }
    }

    /// The host's timestamp that the script means; `scaled` allows for one that was never seen.
    fn live_stamp(&self, script: u32, scaled: bool) -> Option<u32> {
        let seen = self.stamps.get(&script).copied();
        let (first_script, first_live) = self.first_stamp.unzip();
        let reckoned = || Some(script.wrapping_sub(first_script?).wrapping_add(first_live?));
        seen.or_else(|| if scaled { reckoned() } else { None })
    }

    /// The number of the host's that an ICMP error quotes.
    pub(crate) fn quoted(&self, seq: u32) -> u32 {
        seq.wrapping_add(self.local_shift(false))
    }

    /// A segment of the script's, in the numbers of the wire.
    ///
    /// # Errors
    /// The timestamp that it echoes, when the host has sent none that the script calls so.
    pub(crate) fn to_live(&self, script: &Tcp, scaled: bool) -> Result<Tcp, u32> {
        let syn = script.flags.octet & SYN != 0;
        let acked = script.flags.octet & ACK != 0;
        let shift = self.local_shift(syn);
        let mut live = script.clone();
        live.seq = script.seq.wrapping_add(self.remote_shift(syn));
        if acked {
            live.ack = script.ack.wrapping_add(shift);
        }
        for option in live.options.iter_mut().flatten() {
            match option {
                TcpOption::Sack(ranges) => move_ranges(ranges, shift),
                TcpOption::Timestamps { echo, .. } if acked => {
                    *echo = self.live_stamp(*echo, scaled).ok_or(*echo)?;
                }
                _ => {}
            }
        }
        Ok(live)
    }

    /// A segment of the host's, in the numbers of the script. Timestamps stay as they are: see
    /// [`Numbers::name_stamps`].
    pub(crate) fn to_script(&self, live: &mut Tcp) {
        let syn = live.flags.octet & SYN != 0;
        let shift = self.remote_shift(syn);
        live.seq = live.seq.wrapping_sub(self.local_shift(syn));
        if live.flags.octet & ACK != 0 {
            live.ack = live.ack.wrapping_sub(shift);
        }
        for option in live.options.iter_mut().flatten() {
            if let TcpOption::Sack(ranges) = option {
                move_ranges(ranges, shift.wrapping_neg());
            }
        }
    }

    /// Learns what the script calls the timestamp of this segment, and calls it by the distance from the
    /// first.
    pub(crate) fn name_stamps(&mut self, script: &Tcp, seen: &mut Tcp) {
        let named = script.options.iter().flatten().find_map(stamp);
        for option in seen.options.iter_mut().flatten() {
            let (TcpOption::Timestamps { value, .. }, Some(named)) = (option, named) else { continue };
            self.stamps.insert(named, *value);
            let (first_script, first_live) = *self.first_stamp.get_or_insert((named, *value));
            *value = value.wrapping_sub(first_live).wrapping_add(first_script);
        }
    }
}

fn stamp(option: &TcpOption) -> Option<u32> {
    match option {
        TcpOption::Timestamps { value, .. } => Some(*value),
        _ => None,
    }
}

fn move_ranges(ranges: &mut [(u32, u32)], shift: u32) {
    for (start, end) in ranges {
        *start = start.wrapping_add(shift);
        *end = end.wrapping_add(shift);
    }
}

/// A segment that the host has sent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) ip: IpHeader,
    pub(crate) tcp: Tcp,
    /// The three reserved bits beside AE.
    pub(crate) reserved: u8,
    pub(crate) payload: Vec<u8>,
    /// The TCP checksum is right.
    pub(crate) checksum_holds: bool,
}

impl Seen {
    /// Reads a packet of the host's; `None` when it carries no TCP. Of a super-segment the device is to finish the
    /// checksum: `partial` says that the field holds the sum of the pseudo-header alone.
    pub(crate) fn read(bytes: Bytes, partial: bool) -> Option<Self> {
        let packet = IpPacket::parse(bytes, false).ok()?;
        if packet.header.protocol != IpProtocol::TCP {
            return None;
        }
        let octets: &[u8] = &packet.payload;
        let (fixed, _) = octets.split_first_chunk::<20>()?;
        let header_len = usize::from(fixed[12] >> 4) * 4;
        let word = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| u32::from(word(at)) << 16 | u32::from(word(at + 2));
        let payload = octets.get(header_len..)?.to_vec();
        let tcp = Tcp {
            ports: Some((word(0), word(2))),
            seq: long(4),
            ack: long(8),
            flags: FlagBits { octet: fixed[13], ae: fixed[12] & 1 != 0, counter: false },
            payload: u16::try_from(payload.len()).unwrap_or(u16::MAX),
            window: Some(word(14)),
            urgent: word(18),
            options: Some(options::decode(octets.get(20..header_len)?)),
        };
        let mut checksum = Checksum::with_pseudo_header(&packet.pseudo_header());
        let checksum_holds = if partial {
            word(CHECKSUM_OFFSET) == checksum.partial()
        } else {
            checksum.add(octets);
            checksum.finish() == 0
        };
        Some(Self { ip: packet.header, tcp, reserved: fixed[12] >> 1 & 0b111, payload, checksum_holds })
    }

    /// Puts the next fragment of a super-segment behind this one: the sequence number and CWR are those of
    /// the first, all else is the last one's.
    pub(crate) fn append(&mut self, next: Self) {
        let (seq, cwr) = (self.tcp.seq, self.tcp.flags.octet & CWR);
        let mut payload = std::mem::take(&mut self.payload);
        payload.extend_from_slice(&next.payload);
        *self = next;
        self.tcp.seq = seq;
        self.tcp.flags.octet = self.tcp.flags.octet & !CWR | cwr;
        self.tcp.payload = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        self.payload = payload;
    }
}

/// A TCP packet of the script's, in octets: its text is zeros.
pub(crate) fn build(ip: &IpHeader, tcp: &Tcp, ports: (u16, u16)) -> Bytes {
    let options = options::encode(tcp.options.as_deref().unwrap_or_default(), 0);
    let mut segment = Vec::with_capacity(20 + options.len() + usize::from(tcp.payload));
    segment.extend_from_slice(&ports.0.to_be_bytes());
    segment.extend_from_slice(&ports.1.to_be_bytes());
    segment.extend_from_slice(&tcp.seq.to_be_bytes());
    segment.extend_from_slice(&tcp.ack.to_be_bytes());
    let words = (20 + options.len()) / 4;
    segment.push((words as u8) << 4 | u8::from(tcp.flags.ae));
    segment.push(tcp.flags.octet);
    segment.extend_from_slice(&tcp.window.unwrap_or_default().to_be_bytes());
    segment.extend_from_slice(&[0, 0]);
    segment.extend_from_slice(&tcp.urgent.to_be_bytes());
    segment.extend_from_slice(&options);
    segment.resize(segment.len() + usize::from(tcp.payload), 0);

    let mut checksum = Checksum::with_pseudo_header(&ip.pseudo_header(segment.len() as u32));
    checksum.add(&segment);
    segment[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&checksum.finish().to_be_bytes());
    behind_ip(ip, &segment)
}

/// The packet whose payload is given.
pub(crate) fn behind_ip(ip: &IpHeader, payload: &[u8]) -> Bytes {
    let mut packet = vec![0; ip.len()];
    ip.write(payload.len(), &mut packet);
    packet.extend_from_slice(payload);
    packet.into()
}

/// Puts the script's fields into a header that is to be sent.
pub(crate) fn apply_fields(ip: &mut IpHeader, fields: &IpFields) {
    match fields.tos {
        Some(Tos::Ecn(bits)) => ip.ecn = Ecn::from_bits(bits),
        Some(Tos::Octet(octet)) => {
            ip.dscp = octet >> 2;
            ip.ecn = Ecn::from_bits(octet);
        }
        Some(Tos::EitherEct) | None => {}
    }
    ip.flow_label = fields.flow_label.unwrap_or(0);
    ip.hop_limit = fields.hop_limit.unwrap_or(HOP_LIMIT);
}
