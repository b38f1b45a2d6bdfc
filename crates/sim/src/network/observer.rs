//! Who watches a network while it runs, event by event.

use std::fmt::Debug;

use bytes::Bytes;
use synfin_host::{Fate, Host, PacketNote};
use synfin_wire::Instant;

use super::id::{CableId, HostId, NodeId};
use crate::link::Treatment;

/// Is told everything that happens to hosts and packets, with the host as it is right then.
#[expect(unused_variables, reason = "who watches takes what it wants")]
pub trait Observer: Debug {
    /// A host is about to send a packet. It goes out unless this is false: a network in which something is never said.
    fn leaves(
        &mut self,
        host: HostId,
        machine: &Host,
        packet: &Bytes,
        note: Option<PacketNote>,
        now: Instant,
    ) -> bool {
        true
    }

    /// A packet has entered a cable from a node, and this is what the cable is going to do to it.
    fn carried(&mut self, from: NodeId, cable: CableId, packet: &Bytes, treatment: Treatment, now: Instant) {}

    /// A packet has come to a host, which has done this with it.
    fn arrived(&mut self, host: HostId, machine: &Host, packet: &Bytes, fate: Fate, now: Instant) {}

    /// What was due on a host was done.
    fn timed_out(&mut self, host: HostId, machine: &Host, now: Instant) {}

    /// A program of the host was called, and may have called the host.
    fn called(&mut self, host: HostId, machine: &Host, now: Instant) {}
}
