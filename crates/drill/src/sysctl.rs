//! Shell commands, as far as they set the stack up: sysctls onto settings of connections.
//!
//! No command is ever run. What a command would have done and this stack cannot do is returned, so that the
//! script is never said to have passed.

use synfin_host::tcp::{AccEcnOption, Config, EcnConfig, EcnFeedback};

use crate::sockets::syn_patience;

/// What the commands of a script have asked for and did not get.
pub(crate) type Unheeded = Vec<String>;

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
];

/// Settings whose value picks one of several ways to do the same work. The stack has its own way, and the
/// script's packets judge it.
const OWN_WAY: &[&str] = &[
    "tcp_congestion_control",
    "tcp_dsack",
    "tcp_fack",
    "tcp_fastopen",
    "tcp_fastopen_blackhole_timeout_sec",
    "tcp_fastopen_key",
    "tcp_notsent_lowat",
    "tcp_pacing_ca_ratio",
    "tcp_pacing_ss_ratio",
    "tcp_recovery",
    "tcp_reordering",
    "tcp_syncookies",
    "tcp_tso_win_divisor",
];

/// Does to `config` what a command asks for.
pub(crate) fn apply(command: &str, config: &mut Config) -> Unheeded {
    let mut unheeded = Unheeded::new();
    let joined = command.replace("\\\n", " ");
    let lines = joined.lines().flat_map(|line| line.split("&&")).flat_map(|part| part.split(';'));
    for line in lines {
        let words = words(line);
        let Some((program, arguments)) = words.split_first() else { continue };
        let name = program.rsplit('/').next().unwrap_or(program);
        // One file may name another behind it on the same line: defaults, then what differs from them.
        match name {
            "defaults.sh" => {
                for (name, value) in COMMON_DEFAULTS {
                    set(name, value, config, &mut unheeded);
                }
                assignments(arguments, config, &mut unheeded);
            }
            "sysctl" | "set_sysctls.py" => assignments(arguments, config, &mut unheeded),
            _ if name.starts_with("sysctl_restore_") || name.is_empty() => {}
            _ => unheeded.push(format!("`{}`", line.trim())),
        }
    }
    unheeded
}

fn assignments(arguments: &[String], config: &mut Config, unheeded: &mut Unheeded) {
    for argument in
        arguments.iter().filter(|argument| !argument.starts_with('-') && !argument.starts_with('>'))
    {
        let Some((name, value)) = argument.split_once('=') else { continue };
        let name = name.trim_start_matches("/proc/sys/").replace('/', ".");
        set(name.rsplit('.').next().unwrap_or(&name), value, config, unheeded);
    }
}

fn set(name: &str, value: &str, config: &mut Config, unheeded: &mut Unheeded) {
    let numbers: Vec<u64> = value.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let is_on = numbers.first().is_some_and(|number| *number != 0);
    let largest = numbers.last().and_then(|number| usize::try_from(*number).ok());
    match (name, largest) {
        // This stack's buffers do not grow by and by: they may be as large as Linux's can become.
        ("tcp_rmem", Some(octets)) => config.receive_buffer = octets,
        ("tcp_wmem", Some(octets)) => config.send_buffer = octets,
        ("tcp_timestamps", Some(_)) => config.timestamps = is_on,
        ("tcp_sack", Some(_)) => config.sack = is_on,
        ("tcp_window_scaling", Some(_)) => config.window_scaling = is_on,
        ("tcp_frto", Some(_)) => config.frto = is_on,
        ("tcp_early_retrans", Some(mode)) => config.tail_loss_probe = matches!(mode, 3 | 4),
        ("tcp_slow_start_after_idle", Some(_)) => config.slow_start_after_idle = is_on,
        ("tcp_min_tso_segs", Some(segments)) => {
            config.least_burst = u16::try_from(segments.max(1)).unwrap_or(u16::MAX);
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
        ("tcp_syn_retries" | "tcp_synack_retries", Some(retries)) => {
            config.r2_syn =
                syn_patience(config.initial_rto, u32::try_from(retries).unwrap_or(u32::MAX).min(15));
        }
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
