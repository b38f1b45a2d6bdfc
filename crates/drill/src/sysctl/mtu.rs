//! The sysctls of the search for the path's MTU, by Linux's names.

use std::time::Duration;

use synfin_host::tcp::{MtuProbing, MtuProbingMode};
use synfin_wire::Mss;

/// Sets the search up; false when the setting is about something else, or no such value.
pub(super) fn set(name: &str, value: &str, probing: &mut MtuProbing) -> bool {
    let number = || value.trim().parse::<u16>().ok();
    match (name, number()) {
        ("tcp_mtu_probing", Some(mode @ 0..=2)) => {
            probing.mode = match mode {
                0 => MtuProbingMode::Off,
                1 => MtuProbingMode::AfterBlackHole,
                _ => MtuProbingMode::Always,
            };
        }
        ("tcp_base_mss", Some(octets)) => probing.base_mss = Mss::new(octets),
        ("tcp_min_snd_mss", Some(octets)) => probing.least_mss = Mss::new(octets),
        ("tcp_mtu_probe_floor", Some(octets)) => probing.floor = Mss::new(octets),
        ("tcp_probe_interval", Some(seconds)) => probing.interval = Duration::from_secs(seconds.into()),
        ("tcp_probe_threshold", Some(octets)) => probing.threshold = octets,
        _ => return false,
    }
    true
}
