//! What a host knows of a packet that it has sent or taken: the state of its own end.

use synfin_device::Medium;
use synfin_host::Host;
use synfin_wire::State;

use crate::driver::view::View;
use crate::recorder::Direction;

/// The state of this host's end of the connection that a packet belongs to, by the front of the packet; `None` where it
/// is no whole segment.
pub(super) fn state(host: &Host, medium: Medium, front: &[u8], direction: Direction) -> Option<State> {
    let [source, destination] = View::of(front.get(medium.header_len()..)?)?.ends()?;
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

#[cfg(test)]
mod tests;
