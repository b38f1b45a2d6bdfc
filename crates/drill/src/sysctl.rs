//! Shell commands, as far as they set the stack up: sysctls onto settings of connections; and the files that they make.
//!
//! No command is ever run. What a command would have done and this stack cannot do is returned, so that the
//! script is never said to have passed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use synfin_host::tcp::{AccEcnOption, Config, EcnConfig, EcnFeedback, KeepAlive};
use synfin_host::{FastOpenConfig, FastOpenKey, FastOpenKeys, HostConfig, HostOffload, SynCookies};

use crate::shell::SocketLine;

mod commands;
mod defaults;
mod mtu;
mod names;
mod route;
mod timeouts;

pub(crate) use commands::{exists, program, read, write};

/// Octets of the headers of IPv6 and TCP.
const V6_HEADERS: u16 = 60;
/// Linux's longest backlog.
const SOMAXCONN: usize = 4096;

/// What the commands of a script have asked for and did not get.
pub(crate) type Unheeded = Vec<String>;

/// What commands can set.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) tcp: Config,
    pub(crate) fast_open: FastOpenConfig,
    pub(crate) syn_cookies: SynCookies,
    /// What SO_KEEPALIVE turns on.
    pub(crate) keep_alive: KeepAlive,
    /// No listener's backlog is longer.
    pub(crate) most_backlog: usize,
    /// Challenges to one host in a second; like what the device does, settled once the host is made.
    pub(crate) challenges_per_second: u32,
    /// Octets of the headers of IP and TCP.
    pub(crate) headers: u16,
    /// What the device does; it cannot change once the host is made.
    pub(crate) offload: HostOffload,
    /// What is known of peers is to be forgotten.
    pub(crate) forgets_peers: bool,
    /// How long the commands take.
    pub(crate) sleeps: Duration,
    /// The files that there are, with their lengths.
    pub(crate) files: BTreeMap<String, usize>,
    /// What commands have set sysctls to, by their last names.
    pub(crate) values: BTreeMap<String, String>,
    /// The addresses of the device, with their prefixes.
    pub(crate) addresses: Vec<(IpAddr, u8)>,
    /// The sockets of TCP, where all are known.
    pub(crate) sockets: Option<Vec<SocketLine>>,
}

impl Settings {
    /// What a sysctl is at, by the last part of its name.
    fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).or_else(|| defaults::of(name))
    }

    /// Those that a host has begun with.
    pub(crate) fn of(host: &HostConfig) -> Self {
        Self {
            tcp: host.tcp.clone(),
            keep_alive: KeepAlive::default(),
            most_backlog: SOMAXCONN,
            challenges_per_second: host.challenges_per_second,
            headers: if host.addresses.iter().all(|(address, _)| address.is_ipv4()) {
                40
            } else {
                V6_HEADERS
            },
            fast_open: host.fast_open.clone(),
            syn_cookies: host.syn_cookies,
            offload: host.offload,
            forgets_peers: false,
            sleeps: Duration::ZERO,
            files: BTreeMap::new(),
            values: BTreeMap::new(),
            addresses: host.addresses.clone(),
            sockets: None,
        }
    }
}

/// The bits of Linux's `tcp_fastopen`.
mod fast_open_bit {
    pub(super) const CLIENT: i64 = 0x1;
    pub(super) const SERVER: i64 = 0x2;
    pub(super) const CLIENT_NO_COOKIE: i64 = 0x4;
    pub(super) const SERVER_COOKIE_NOT_REQUIRED: i64 = 0x200;
    pub(super) const SERVER_WITHOUT_OPTION: i64 = 0x400;
}

/// What a script of google/packetdrill begins with: Linux's settings as that suite wants them.
const COMMON_DEFAULTS: &[(&str, &str)] = &[
    ("tcp_rmem", "4096 540000 15728640"),
    ("tcp_wmem", "4096 262144 4194304"),
    ("tcp_timestamps", "1"),
    ("tcp_syn_retries", "5"),
    ("tcp_synack_retries", "5"),
    ("tcp_sack", "1"),
    ("tcp_frto", "2"),
    ("tcp_early_retrans", "4"),
    ("tcp_slow_start_after_idle", "0"),
    ("tcp_ecn", "0"),
    ("tcp_ecn_option", "2"),
    ("tcp_fastopen", "0x70403"),
    ("tcp_fastopen_key", "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"),
];

fn assignments(arguments: &[String], settings: &mut Settings, unheeded: &mut Unheeded) {
    for argument in
        arguments.iter().filter(|argument| !argument.starts_with('-') && !argument.starts_with('>'))
    {
        let Some((name, value)) = argument.split_once('=') else { continue };
        set(name, value, settings, unheeded);
    }
}

/// Sets what a name stands for, written with points or as a file of `/proc/sys`. What it begins with says little: the last
/// part of it is enough to know it by.
fn set(path: &str, value: &str, settings: &mut Settings, unheeded: &mut Unheeded) {
    let path = path.trim_start_matches("/proc/sys/").replace('/', ".");
    let name = path.rsplit('.').next().unwrap_or(&path);
    settings.values.insert(name.to_owned(), value.trim().to_owned());
    if set_fast_open(name, value, &mut settings.fast_open) {
        return;
    }
    if let ("tcp_syncookies", Some(which)) = (name, number(value)) {
        settings.syn_cookies = match which {
            0 => SynCookies::Off,
            2 => SynCookies::Always,
            _ => SynCookies::WhenFull,
        };
        return;
    }
    if mtu::set(name, value, &mut settings.tcp.mtu_probing) || timeouts::set(name, value, settings) {
        return;
    }
    let config = &mut settings.tcp;
    if set_answers(name, value, config) {
        return;
    }
    let numbers: Vec<u64> = value.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let is_on = numbers.first().is_some_and(|number| *number != 0);
    let largest = numbers.last().and_then(|number| usize::try_from(*number).ok());
    let middle = numbers.get(1).and_then(|number| usize::try_from(*number).ok());
    match (name, largest) {
        ("tcp_rmem", Some(octets)) => {
            config.receive_buffer_max = octets;
            config.receive_buffer = middle.unwrap_or(octets);
        }
        ("tcp_wmem", Some(octets)) => {
            config.send_buffer_max = octets;
            config.send_buffer = middle.unwrap_or(octets);
        }
        ("tcp_min_tso_segs", Some(segments)) => {
            config.least_burst = u16::try_from(segments).unwrap_or(u16::MAX);
        }
        ("tcp_moderate_rcvbuf", Some(0)) => config.receive_buffer_grows = false,
        ("tcp_moderate_rcvbuf", Some(_)) => config.receive_buffer_grows = true,
        ("tcp_rfc1337", Some(_)) => config.reset_ends_time_wait = !is_on,
        ("ip_default_ttl" | "hop_limit", Some(hops @ 1..=255)) => {
            // Each version of IP has its own.
            if (name == "hop_limit") == (settings.headers == V6_HEADERS) {
                config.hop_limit = Some(hops as u8);
            }
        }
        ("tcp_challenge_ack_limit", Some(most)) => {
            settings.challenges_per_second = u32::try_from(most).unwrap_or(u32::MAX);
        }
        ("somaxconn", Some(most)) => settings.most_backlog = most,
        ("tcp_notsent_lowat", Some(octets)) => config.unsent_limit = u32::try_from(octets).ok(),
        ("tcp_timestamps", Some(_)) => config.timestamps = is_on,
        ("tcp_sack", Some(_)) => config.sack = is_on,
        ("tcp_window_scaling", Some(_)) => config.window_scaling = is_on,
        ("tcp_shrink_window", Some(_)) => config.window_shrinks = is_on,
        ("tcp_frto", Some(_)) => config.frto = is_on,
        ("tcp_early_retrans", Some(mode)) => config.tail_loss_probe = matches!(mode, 3 | 4),
        ("tcp_slow_start_after_idle", Some(_)) => config.slow_start_after_idle = is_on,
        ("tcp_ecn", Some(mode)) => ecn(mode, &mut config.ecn),
        ("tcp_ecn_fallback", Some(_)) => config.ecn.fallback = is_on,
        ("tcp_ecn_option", Some(mode)) => {
            config.ecn.option = match mode {
                0 => AccEcnOption::Never,
                1 => AccEcnOption::Sparing,
                2 => AccEcnOption::Always,
                _ => AccEcnOption::Persistent,
            };
        }
        ("tcp_ecn_option_beacon", Some(times)) => {
            config.ecn.option_beacons = u8::try_from(times).unwrap_or(u8::MAX);
        }
        ("tcp_congestion_control", _) => match value.parse() {
            Ok(algorithm) => config.congestion = algorithm,
            Err(_) => unheeded.push(format!("sysctl {name}={value}")),
        },
        _ if names::needs_nothing(&path, name, value) => {}
        _ => unheeded.push(format!("sysctl {name}={value}")),
    }
}

/// Sets what answers the peer gets; false when the setting is about something else, or no such value.
fn set_answers(name: &str, value: &str, config: &mut Config) -> bool {
    let Some(number) = number(value).and_then(|number| u64::try_from(number).ok()) else { return false };
    let is_on = number != 0;
    match (name, number) {
        ("tcp_comp_sack_nr", 0) => config.gap_ack_gathering = Duration::ZERO,
        ("tcp_comp_sack_delay_ns", nanos) => config.gap_ack_gathering = Duration::from_nanos(nanos),
        ("tcp_comp_sack_rtt_percent", share @ 1..=100) => config.gap_ack_gathering_share = share as u8,
        ("tcp_stdurg", _) => config.urgent_names_last = is_on,
        ("tcp_dsack", _) => config.dsack = is_on,
        ("tcp_retrans_collapse", _) => config.collapse_retransmissions = is_on,
        ("tcp_reordering", segments @ 1..=300) => config.reordering.span = segments as u32,
        ("tcp_max_reordering", segments @ 1..=300) => config.reordering.max_span = segments as u32,
        // The first bit turned RACK on where it could still be off.
        ("tcp_recovery", bits @ 0..=7) => {
            config.reordering.adapts = bits & 2 == 0;
            config.reordering.counts_duplicates = bits & 4 == 0;
        }
        ("tcp_thin_linear_timeouts", _) => config.thin_linear_timeouts = is_on,
        ("tcp_reflect_tos", _) => config.reflect_dscp = is_on,
        ("tcp_invalid_ratelimit", millis) => config.challenge_interval = Duration::from_millis(millis),
        _ => return false,
    }
    true
}

/// Linux's modes: what is granted, and what is asked for.
fn ecn(mode: usize, config: &mut EcnConfig) {
    (config.accept, config.request) = match mode {
        0 => (EcnFeedback::Off, EcnFeedback::Off),
        1 => (EcnFeedback::Classic, EcnFeedback::Classic),
        2 => (EcnFeedback::Classic, EcnFeedback::Off),
        3 => (EcnFeedback::Accurate, EcnFeedback::Accurate),
        4 => (EcnFeedback::Accurate, EcnFeedback::Classic),
        _ => (EcnFeedback::Accurate, EcnFeedback::Off),
    };
}

/// Sets Fast Open up; false when the setting is about something else, or no such value.
fn set_fast_open(name: &str, value: &str, config: &mut FastOpenConfig) -> bool {
    match name {
        "tcp_fastopen" => {
            let Some(bits) = number(value) else { return false };
            let is_set = |bit| bits & bit != 0;
            config.client = is_set(fast_open_bit::CLIENT);
            config.server = is_set(fast_open_bit::SERVER);
            config.client_without_cookie = is_set(fast_open_bit::CLIENT_NO_COOKIE);
            config.server_without_cookie = is_set(fast_open_bit::SERVER_COOKIE_NOT_REQUIRED);
            config.every_listener = is_set(fast_open_bit::SERVER_WITHOUT_OPTION);
        }
        "tcp_fastopen_key" => {
            let mut keys = value.split(',').map(key);
            let Some(Some(primary)) = keys.next() else { return false };
            config.keys = Some(FastOpenKeys { primary, backup: keys.next().flatten() });
        }
        "tcp_fastopen_blackhole_timeout_sec" => {
            let seconds = number(value).and_then(|seconds| u64::try_from(seconds).ok());
            let Some(seconds) = seconds else { return false };
            config.black_hole_timeout = Duration::from_secs(seconds);
        }
        _ => return false,
    }
    true
}

/// A number as sysctl takes it: decimal, or hexadecimal behind 0x.
fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A Fast Open key: four words in hexadecimal with hyphens between them, each the least significant octet first.
fn key(text: &str) -> Option<FastOpenKey> {
    let mut key = FastOpenKey::default();
    let mut words = text.trim().split('-');
    for octets in key.as_chunks_mut::<4>().0 {
        *octets = u32::from_str_radix(words.next()?, 16).ok()?.to_le_bytes();
    }
    words.next().is_none().then_some(key)
}

#[cfg(test)]
mod tests;
