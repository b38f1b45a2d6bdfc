//! Whether the path swallows what Fast Open sends (RFC 7413 section 7.1).

use std::time::Duration;

use synfin_wire::Instant;

/// The rest doubles no more often than this.
const MOST_DOUBLINGS: u32 = 6;

/// What is known of the path. As in Linux it is one path: what swallows SYNs with text stands near the client.
#[derive(Debug, Default)]
pub(crate) struct BlackHole {
    /// How often in a row it has swallowed something.
    times: u32,
    rests_until: Option<Instant>,
}

impl BlackHole {
    pub(crate) fn swallowed(&mut self, timeout: Duration, now: Instant) {
        let rest = timeout.saturating_mul(1 << self.times.min(MOST_DOUBLINGS));
        self.times = self.times.saturating_add(1);
        self.rests_until = Some(now + rest);
    }

    /// Text in a SYN came through.
    pub(crate) fn passed(&mut self) {
        *self = Self::default();
    }

    /// Fast Open is not to be tried for now.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}
