//! Shell commands, as far as they set the stack up: sysctls onto settings of connections; and the files that they make.
//!
//! No command is ever run. What a command would have done and this stack cannot do is returned, so that the
//! script is never said to have passed.

use std::collections::BTreeMap;
use std::time::Duration;

use synfin_host::tcp::{AccEcnOption, Config, EcnConfig, EcnFeedback, SlowStartExit};
use synfin_host::{FastOpenConfig, FastOpenKey, FastOpenKeys, HostConfig, HostOffload, SynCookies};

use crate::sockets::syn_patience;

mod mtu;
mod route;

/// What the commands of a script have asked for and did not get.
pub(crate) type Unheeded = Vec<String>;

/// What commands can set.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) tcp: Config,
    pub(crate) fast_open: FastOpenConfig,
    pub(crate) syn_cookies: SynCookies,
    /// What the device does; it cannot change once the host is made.
    pub(crate) offload: HostOffload,
    /// What is known of peers is to be forgotten.
    pub(crate) forgets_peers: bool,
    /// The files that there are, with their lengths.
    pub(crate) files: BTreeMap<String, usize>,
}

impl Settings {
    /// Those that a host has begun with.
    pub(crate) fn of(host: &HostConfig) -> Self {
        Self {
            tcp: host.tcp.clone(),
            fast_open: host.fast_open.clone(),
            syn_cookies: host.syn_cookies,
            offload: host.offload,
            forgets_peers: false,
            files: BTreeMap::new(),
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

/// Settings whose value picks one of several ways to do the same work. The stack has its own way, and the
/// script's packets judge it.
const OWN_WAY: &[&str] = &[
    "tcp_dsack",
    "tcp_fack",
    "tcp_pacing_ca_ratio",
    "tcp_pacing_ss_ratio",
    "tcp_recovery",
    "tcp_reordering",
    "tcp_tso_win_divisor",
];

/// Does to `settings` what a command asks for.
pub(crate) fn apply(command: &str, settings: &mut Settings) -> Unheeded {
    let joined = command.replace("\\\n", " ");
    let lines = joined.lines().flat_map(|line| line.split("&&")).flat_map(|part| part.split(';'));
    lines.flat_map(|line| alternatives(line, settings)).collect()
}

/// One command, or the first of several that can be done.
fn alternatives(line: &str, settings: &mut Settings) -> Unheeded {
    let mut first = None;
    for command in line.split("||") {
        let unheeded = simple(command, settings);
        if unheeded.is_empty() {
            return unheeded;
        }
        first.get_or_insert(unheeded);
    }
    first.unwrap_or_default()
}

fn simple(line: &str, settings: &mut Settings) -> Unheeded {
    let mut unheeded = Unheeded::new();
    let words = words(line);
    let Some((program, arguments)) = words.split_first() else { return unheeded };
    let name = program.rsplit('/').next().unwrap_or(program);
    // One file may name another behind it on the same line: defaults, then what differs from them.
    match name {
        "defaults.sh" => {
            for (name, value) in COMMON_DEFAULTS {
                set(name, value, settings, &mut unheeded);
            }
            assignments(arguments, settings, &mut unheeded);
        }
        "sysctl" | "set_sysctls.py" => assignments(arguments, settings, &mut unheeded),
        "ethtool" if arguments.first().is_some_and(|first| first == "-K") => {
            features(arguments.get(2..).unwrap_or_default(), &mut settings.offload);
        }
        "rm" => settings.files.retain(|path, _| !arguments.contains(path)),
        "dd" if let Some((path, len)) = copy(arguments) => settings.files.extend([(path, len)]),
        "tc" if arguments.last().is_some_and(|discipline| discipline == "fq") => settings.tcp.pacing = true,
        "echo" => parameter(line, arguments, &mut settings.tcp, &mut unheeded),
        "ip" if arguments.starts_with(&["tcp_metrics".to_owned(), "flush".to_owned()]) => {
            settings.forgets_peers = true;
        }
        "ip" if route::change(arguments, &mut settings.tcp) => {}
        _ if name.starts_with("sysctl_restore_") || name.is_empty() => {}
        _ => unheeded.push(format!("`{}`", line.trim())),
    }
    unheeded
}

/// The file that `dd bs=1 count=5 of=PATH` makes, and its length.
fn copy(arguments: &[String]) -> Option<(String, usize)> {
    let value = |name: &str| {
        arguments.iter().find_map(|argument| argument.split_once('=').filter(|(key, _)| *key == name))
    };
    let size = |name| value(name).and_then(|(_, size)| size.parse::<usize>().ok());
    let len = size("bs").unwrap_or(512).checked_mul(size("count")?)?;
    Some((value("of")?.1.to_owned(), len))
}

/// A number for a parameter of a kernel's module: `echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect`.
fn parameter(line: &str, arguments: &[String], config: &mut Config, unheeded: &mut Unheeded) {
    const HYSTART: &str = "/sys/module/tcp_cubic/parameters/hystart_detect";
    match arguments {
        [value, to, path] if to == ">" && path == HYSTART && value == "3" => {
            config.slow_start_exit = SlowStartExit::HyStart;
        }
        _ => unheeded.push(format!("`{}`", line.trim())),
    }
}

/// Without GSO the host cuts its bursts itself.
fn features(words: &[String], offload: &mut HostOffload) {
    for pair in words.chunks(2) {
        if let [name, value] = pair
            && name == "gso"
            && value == "off"
        {
            offload.max_super_segment = 0;
        }
    }
}

fn assignments(arguments: &[String], settings: &mut Settings, unheeded: &mut Unheeded) {
    for argument in
        arguments.iter().filter(|argument| !argument.starts_with('-') && !argument.starts_with('>'))
    {
        let Some((name, value)) = argument.split_once('=') else { continue };
        let name = name.trim_start_matches("/proc/sys/").replace('/', ".");
        set(name.rsplit('.').next().unwrap_or(&name), value, settings, unheeded);
    }
}

fn set(name: &str, value: &str, settings: &mut Settings, unheeded: &mut Unheeded) {
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
    if mtu::set(name, value, &mut settings.tcp.mtu_probing) {
        return;
    }
    let config = &mut settings.tcp;
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
        ("tcp_notsent_lowat", Some(octets)) => config.unsent_limit = u32::try_from(octets).ok(),
        ("tcp_timestamps", Some(_)) => config.timestamps = is_on,
        ("tcp_sack", Some(_)) => config.sack = is_on,
        ("tcp_window_scaling", Some(_)) => config.window_scaling = is_on,
        ("tcp_frto", Some(_)) => config.frto = is_on,
        ("tcp_early_retrans", Some(mode)) => config.tail_loss_probe = matches!(mode, 3 | 4),
        ("tcp_slow_start_after_idle", Some(_)) => config.slow_start_after_idle = is_on,
        ("tcp_syn_retries", Some(retries)) => config.r2_syn = syn_patience(config.initial_rto, retries),
        ("tcp_synack_retries", Some(retries)) => {
            config.r2_syn_ack = syn_patience(config.initial_rto, retries)
        }
        ("tcp_retries1", Some(retries)) => {
            config.r1_retransmissions = u8::try_from(retries).unwrap_or(u8::MAX);
        }
        ("tcp_syn_linear_timeouts", Some(timeouts)) => {
            config.syn_linear_timeouts = u8::try_from(timeouts).unwrap_or(u8::MAX);
        }
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
        _ if OWN_WAY.contains(&name) => {}
        _ => unheeded.push(format!("sysctl {name}={value}")),
    }
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

/// The words of a line; quotes keep blanks together and go, a comment ends it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (None, '#') if word.is_empty() => break,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, blank) if blank.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
