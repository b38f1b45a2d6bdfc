//! What a host knows of a packet that it has sent or taken: the state of its own end.

use std::net::{IpAddr, SocketAddr};

use synfin_device::Medium;
use synfin_host::Host;
use synfin_wire::{IpProtocol, State};

use crate::recorder::Direction;

/// The state of this host's end of the connection that a packet belongs to, by the front of the packet; `None` where it
/// is no whole segment, or extension headers stand before that.
pub(super) fn state(host: &Host, medium: Medium, front: &[u8], direction: Direction) -> Option<State> {
    let [source, destination] = ends_of(front.get(medium.header_len()..)?)?;
    let (local, remote) = match direction {
        Direction::Outbound => (source, destination),
        Direction::Inbound => (destination, source),
    };
    Some(match host.look(local, remote) {
        Some(look) => look.state,
        None if host.is_listening(local) => State::Listen,
        None => State::Closed,
    })
}

/// From where a segment comes, and where it goes to.
fn ends_of(packet: &[u8]) -> Option<[SocketAddr; 2]> {
    let (protocol, addresses, payload) = match packet.first()? >> 4 {
        4 => {
            let header_len = usize::from(packet[0] & 0x0f) * 4;
            let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]);
            // All but "do not fragment": more fragments, or an offset (RFC 791 section 3.1).
            if fragment & 0x3fff != 0 {
                return None;
            }
            let (source, destination) = packet.get(12..20)?.split_first_chunk::<4>()?;
            let destination = <[u8; 4]>::try_from(destination).ok()?;
            let addresses = [IpAddr::from(*source), IpAddr::from(destination)];
            (*packet.get(9)?, addresses, packet.get(header_len.max(20)..)?)
        }
        6 => {
            let (source, destination) = packet.get(8..40)?.split_first_chunk::<16>()?;
            let destination = <[u8; 16]>::try_from(destination).ok()?;
            let addresses = [IpAddr::from(*source), IpAddr::from(destination)];
            (*packet.get(6)?, addresses, packet.get(40..)?)
        }
        _ => return None,
    };
    let &[high, low, other_high, other_low, ..] = payload else { return None };
    let [source, destination] = [[high, low], [other_high, other_low]].map(u16::from_be_bytes);
    let ends = [(addresses[0], source).into(), (addresses[1], destination).into()];
    (IpProtocol(protocol) == IpProtocol::TCP).then_some(ends)
}
