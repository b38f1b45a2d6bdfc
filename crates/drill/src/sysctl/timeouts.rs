//! The sysctls that say how long something is waited for.

use std::time::Duration;

use super::Settings;
use crate::sockets::{retransmission_patience, syn_patience};

/// Linux's tcp_retries2.
const RETRIES: usize = 15;
/// How often a connection whose user has gone sends again when tcp_orphan_retries is 0.
const ORPHAN_RETRIES: usize = 8;

/// Sets a time; false when the setting is about something else, or no such value.
pub(super) fn set(name: &str, value: &str, settings: &mut Settings) -> bool {
    let Ok(number) = value.trim().parse::<u32>() else { return false };
    let (config, keep_alive) = (&mut settings.tcp, &mut settings.keep_alive);
    let (seconds, least) = (Duration::from_secs(number.into()), u8::try_from(number).unwrap_or(u8::MAX));
    let retries = usize::try_from(number).unwrap_or(usize::MAX);
    match name {
        "tcp_syn_retries" => config.r2_syn = syn_patience(config.initial_rto, retries),
        "tcp_synack_retries" => config.r2_syn_ack = syn_patience(config.initial_rto, retries),
        "tcp_syn_linear_timeouts" => config.syn_linear_timeouts = least,
        "tcp_retries1" => config.r1_retransmissions = least,
        "tcp_retries2" => config.r2 = retransmission_patience(config.max_rto, retries),
        "tcp_orphan_retries" => {
            let retries = if retries == 0 { ORPHAN_RETRIES } else { retries };
            config.r2_orphan = retransmission_patience(config.max_rto, retries);
        }
        "tcp_rto_min_us" if number > 0 => config.min_rto = Duration::from_micros(number.into()),
        "tcp_rto_max_ms" if (1_000..=120_000).contains(&number) => {
            config.max_rto = Duration::from_millis(number.into());
            let count = |name| settings.values.get(name).and_then(|value| value.parse().ok());
            config.r2 = retransmission_patience(config.max_rto, count("tcp_retries2").unwrap_or(RETRIES));
        }
        "tcp_fin_timeout" => config.fin_wait_2_timeout = seconds,
        "tcp_keepalive_time" if number > 0 => keep_alive.idle = seconds,
        "tcp_keepalive_intvl" if number > 0 => keep_alive.interval = seconds,
        "tcp_keepalive_probes" if number > 0 => keep_alive.probes = least,
        _ => return false,
    }
    true
}
