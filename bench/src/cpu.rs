//! The processor time that this process has taken.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// So far, its own and what the kernel did for it.
pub(crate) fn time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("every Linux has this clock");
    Duration::new(time.tv_sec() as u64, time.tv_nsec() as u32)
}
