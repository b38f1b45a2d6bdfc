//! The impairments: the seeded link of `sim`, in real time, between synfin and the TUN.

use bytes::Bytes;
use synfin::path::Path;
use synfin_sim::{Link, LinkConfig};
use synfin_wire::Instant;

/// A link in each direction.
pub(super) struct Impaired {
    to_command: Link,
    from_command: Link,
}

impl Impaired {
    pub(super) fn new(config: LinkConfig, seed: u64) -> Self {
        let (to_command, from_command) = Link::pair(config, seed);
        Self { to_command, from_command }
    }
}

impl Path for Impaired {
    fn outgoing(&mut self, packet: Bytes, now: Instant) {
        self.to_command.push(packet, now);
    }

    fn incoming(&mut self, packet: Bytes, now: Instant) {
        self.from_command.push(packet, now);
    }

    fn poll_outgoing(&mut self, now: Instant) -> Option<Bytes> {
        self.to_command.pop(now)
    }

    fn poll_incoming(&mut self, now: Instant) -> Option<Bytes> {
        self.from_command.pop(now)
    }

    fn next_due(&self) -> Option<Instant> {
        [self.to_command.next_due(), self.from_command.next_due()].into_iter().flatten().min()
    }
}
