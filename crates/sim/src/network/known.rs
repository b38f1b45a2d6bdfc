//! What the network knows of a packet while it runs: all of it.

use std::net::SocketAddr;

use bytes::Bytes;
use synfin_host::PacketNote;
use synfin_wire::{IpPacket, IpProtocol, Note, State};

use super::Network;

impl Network {
    /// What is to be noted on a packet now: why its sender sent it, and both ends' states.
    pub(super) fn known(&self, packet: &Bytes, note: Option<PacketNote>) -> Note {
        let reason = match note {
            Some(PacketNote::Tcp(reason)) => Some(reason),
            Some(PacketNote::Udp | PacketNote::EchoReply | PacketNote::IcmpError | PacketNote::Neighbour)
            | None => None,
        };
        let ends = ends_of(packet);
        let state = |local, remote| ends.and_then(|ends| self.state(ends[local], ends[remote]));
        Note { reason, sender: state(0, 1), receiver: state(1, 0) }
    }

    /// The state of one end; `None` where no host has its address. One that is down has forgotten everything.
    fn state(&self, local: SocketAddr, remote: SocketAddr) -> Option<State> {
        let has_it = |address: &(std::net::IpAddr, u8)| address.0 == local.ip();
        let machine = self.machines.iter().find(|machine| machine.config.addresses.iter().any(has_it))?;
        let look = machine.up.then(|| machine.host.look(local, remote)).flatten();
        Some(match look {
            Some(look) => look.state,
            None if machine.up && machine.host.is_listening(local) => State::Listen,
            None => State::Closed,
        })
    }
}

/// From where a segment comes, and where it goes to.
fn ends_of(packet: &Bytes) -> Option<[SocketAddr; 2]> {
    let ip = IpPacket::parse(packet.clone(), true).ok()?;
    if ip.header.protocol != IpProtocol::TCP || ip.header.fragment.is_some() {
        return None;
    }
    let &[high, low, other_high, other_low, ..] = &ip.payload[..] else { return None };
    let [source, destination] = [[high, low], [other_high, other_low]].map(u16::from_be_bytes);
    Some([(ip.header.source, source).into(), (ip.header.destination, destination).into()])
}
