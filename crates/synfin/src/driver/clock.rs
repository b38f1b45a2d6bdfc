//! The one place that reads a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use synfin_wire::Instant;

/// Maps tokio's clock, which tests may pause, to the engine's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: tokio::time::Instant,
    /// When it started, nanoseconds since the UNIX epoch.
    unix_start: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: tokio::time::Instant::now(), unix_start: unix.as_nanos() as u64 }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(self.start.elapsed().as_nanos() as u64)
    }

    /// The same moment on tokio's clock.
    pub(crate) fn at(&self, moment: Instant) -> tokio::time::Instant {
        let since = Duration::from_nanos(moment.as_nanos());
        // What cannot be said is further away than anybody will wait.
        self.start.checked_add(since).unwrap_or_else(|| self.start + Duration::from_secs(1 << 31))
    }

    /// The same moment in nanoseconds since the UNIX epoch.
    pub(crate) fn unix_nanos(&self, moment: Instant) -> u64 {
        self.unix_start.saturating_add(moment.as_nanos())
    }
}
