//! One command at a time, by the program that it starts.

use std::time::Duration;

use synfin_host::HostOffload;
use synfin_host::tcp::SlowStartExit;
use synfin_wire::Mss;

use super::{COMMON_DEFAULTS, Settings, Unheeded, assignments, route, set};
use crate::shell::Said;

/// No script waits longer for a command.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// Packets: no script has as many on their way at once.
const ROOM_FOR_EVERYTHING: u32 = 100;

/// Programs that only look, or do nothing at all.
const ONLY_LOOK: &[&str] = &[
    "awk", "cat", "command", "cut", "date", "dmesg", "head", "hostname", "id", "kill", "ls", "modprobe",
    "netstat", "nstat", "pwd", "sed", "sort", "ss", "sync", "tail", "tr", "ulimit", "umask", "uname", "uniq",
    "wait", "wc", "which",
];

/// Does what a program asks for that a shell starts: the status that it ends with, and what it says.
pub(crate) fn program(
    name: &str,
    arguments: &[String],
    settings: &mut Settings,
    unheeded: &mut Unheeded,
) -> (u8, Said) {
    if name == "sudo" {
        let Some((name, arguments)) = arguments.split_first() else { return (0, Said::UNKNOWN) };
        return program(name, arguments, settings, unheeded);
    }
    let short = name.rsplit('/').next().unwrap_or(name);
    if let Some(told) = told(short, arguments, settings) {
        return (0, told);
    }
    let is_known = act(short, arguments, settings, unheeded);
    if !is_known {
        unheeded.push(format!(
            "`{}`",
            [name].into_iter().chain(arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
        ));
    }
    (0, Said::UNKNOWN)
}

/// What a program says that tells what a sysctl is.
fn told(name: &str, arguments: &[String], settings: &Settings) -> Option<Said> {
    let names = match name {
        "cat" => arguments.iter().map(|path| path.strip_prefix("/proc/sys/")).collect::<Option<Vec<_>>>()?,
        "sysctl" if !arguments.iter().any(|word| word.contains('=')) => {
            arguments.iter().filter(|word| !word.starts_with('-')).map(String::as_str).collect()
        }
        _ => return None,
    };
    let bare = name == "cat" || arguments.iter().any(|flag| flag == "-n" || flag == "-nq" || flag == "-bn");
    let mut text = String::new();
    for name in names {
        let short = name.rsplit(['.', '/']).next().unwrap_or(name);
        let Some(value) = settings.value(short) else { return Some(Said::UNKNOWN) };
        let value = tabbed(value);
        text.push_str(&if bare { format!("{value}\n") } else { format!("{name} = {value}\n") });
    }
    Some(Said::known(text))
}

/// Does what a program asks for; false when it is not known, or would do what cannot be done here.
fn act(name: &str, arguments: &[String], settings: &mut Settings, unheeded: &mut Unheeded) -> bool {
    let is = |wanted: &[&str]| arguments.iter().map(String::as_str).eq(wanted.iter().copied());
    // One file may name another behind it on the same line: defaults, then what differs from them.
    match name {
        "defaults.sh" => {
            for (name, value) in COMMON_DEFAULTS {
                set(name, value, settings, unheeded);
            }
            assignments(arguments, settings, unheeded);
        }
        "sysctl" | "set_sysctls.py" => assignments(arguments, settings, unheeded),
        "ethtool" if arguments.first().is_some_and(|first| first == "-K") => {
            features(arguments.get(2..).unwrap_or_default(), &mut settings.offload);
        }
        "rm" => settings.files.retain(|path, _| !arguments.contains(path)),
        "dd" if let Some((path, len)) = copy(arguments) => settings.files.extend([(path, len)]),
        "tc" | "ip" if changes_nothing_seen(arguments) => {}
        "tc" if removes_queue(arguments) => settings.tcp.pacing = false,
        "tc" if arguments.last().is_some_and(|discipline| discipline == "fq") => settings.tcp.pacing = true,
        "tc" | "ip" if is_question(arguments) => {}
        "touch" => settings.files.extend(arguments.iter().map(|path| (path.clone(), 0))),
        "usleep" if let Some(micros) = arguments.first().and_then(|time| time.parse().ok()) => {
            settings.sleeps += Duration::from_micros(micros).min(LONGEST_SLEEP);
        }
        "sleep" if let Some(time) = arguments.first().and_then(|time| time.parse().ok()) => {
            settings.sleeps += Duration::try_from_secs_f64(time).unwrap_or_default().min(LONGEST_SLEEP);
        }
        "ip" if is(&["tcp_metrics", "flush", "all"])
            || is(&["tcp_metrics", "flush"])
            || arguments.starts_with(&["tcp_metrics".to_owned(), "delete".to_owned()]) =>
        {
            settings.forgets_peers = true;
        }
        "ip" if route::change(arguments, &mut settings.tcp) => {}
        "ip" | "ifconfig" if let Some(mtu) = link_mtu(arguments) => {
            settings.tcp.mss = Mss::new(mtu.saturating_sub(settings.headers));
        }
        _ if name.starts_with("sysctl_restore_") || name.is_empty() || ONLY_LOOK.contains(&name) => {}
        _ => return false,
    }
    true
}

/// `tc qdisc del dev tun0 root`: what is left has no pace.
fn removes_queue(arguments: &[String]) -> bool {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    matches!(words[..], ["qdisc", "del" | "delete", "dev", _, "root", ..])
}

/// A queue with room for everything, how long it is, an interface that is up already: no segment goes another way.
fn changes_nothing_seen(arguments: &[String]) -> bool {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["qdisc", "add" | "replace" | "change", "dev", _, "root", "pfifo", "limit", packets] => {
            packets.parse().is_ok_and(|packets: u32| packets >= ROOM_FOR_EVERYTHING)
        }
        [
            "qdisc",
            "add" | "replace" | "change",
            "dev",
            _,
            "root",
            "pfifo" | "pfifo_fast" | "noqueue" | "fq_codel" | "codel" | "sfq",
        ]
        | ["link", "set", "dev", _, "up"]
        | ["link", "set", _, "up"] => true,
        ["link", "set", "dev", _, "txqueuelen" | "qlen", packets]
        | ["link", "set", _, "txqueuelen" | "qlen", packets] => {
            packets.parse().is_ok_and(|packets: u32| packets >= ROOM_FOR_EVERYTHING)
        }
        _ => false,
    }
}

/// `ip route show`, `ip -s link`, `tc qdisc show dev tun0`: whatever is asked for, nothing changes.
fn is_question(arguments: &[String]) -> bool {
    const CHANGES: [&str; 8] = ["add", "append", "change", "del", "delete", "flush", "replace", "set"];
    !arguments.iter().any(|word| CHANGES.contains(&word.as_str()) || word == "mtu")
}

/// `ip link set dev tun0 mtu 1400`, `ifconfig tun0 mtu 1400`.
fn link_mtu(arguments: &[String]) -> Option<u16> {
    let [before @ .., name, mtu] = arguments else { return None };
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let is_link = matches!(before[..], ["link", "set", _] | ["link", "set", "dev", _] | [_]);
    (name == "mtu" && is_link).then(|| mtu.parse().ok()).flatten().filter(|mtu| *mtu >= 576)
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

/// Writes to a file: a number for a parameter of a kernel's module, or what a sysctl is set to.
///
/// # Errors
/// What is without effect here.
pub(crate) fn write(path: &str, text: &str, settings: &mut Settings) -> Result<(), String> {
    let value = text.trim_end_matches('\n');
    const HYSTART: &str = "/sys/module/tcp_cubic/parameters/hystart_detect";
    let mut unheeded = Unheeded::new();
    match path.strip_prefix("/proc/sys/") {
        Some(name) => set(name, value, settings, &mut unheeded),
        None if path == HYSTART && value == "3" => settings.tcp.slow_start_exit = SlowStartExit::HyStart,
        None if path.starts_with("/tmp/") => settings.files.extend([(path.to_owned(), text.len())]),
        None => unheeded.push(format!("`echo {value} > {path}`")),
    }
    unheeded.into_iter().next().map_or(Ok(()), Err)
}

/// What a file of `/proc/sys` says, where that is known.
pub(crate) fn read(path: &str, settings: &Settings) -> Option<String> {
    let name = path.strip_prefix("/proc/sys/")?.rsplit('/').next()?;
    Some(format!("{}\n", tabbed(settings.value(name)?)))
}

/// Linux separates several values by tabs.
fn tabbed(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join("\t")
}

/// Whether a file is there, where that is known.
pub(crate) fn exists(path: &str, settings: &Settings) -> Option<bool> {
    match path.strip_prefix("/proc/sys/") {
        Some(name) => settings.value(name.rsplit('/').next().unwrap_or(name)).map(|_| true),
        None if settings.files.contains_key(path) => Some(true),
        // Nothing is there that no command has put there.
        None => path.starts_with("/tmp/").then_some(false),
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
