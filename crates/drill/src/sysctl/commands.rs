//! One command at a time, by the program that it starts.

use std::time::Duration;

use synfin_host::HostOffload;
use synfin_host::tcp::SlowStartExit;
use synfin_wire::Mss;

use super::{COMMON_DEFAULTS, Settings, Unheeded, assignments, route, set};

/// No script waits longer for a command.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// Packets: no script has as many on their way at once.
const ROOM_FOR_EVERYTHING: u32 = 100;

/// Programs that only look, or do nothing at all.
const ONLY_LOOK: &[&str] = &[
    ":", "cat", "date", "dmesg", "head", "ls", "modprobe", "netstat", "nstat", "printf", "pwd", "sort", "ss",
    "sync", "tail", "true", "uname", "wc", "which",
];

/// One command, or the first of several that can be done.
pub(super) fn alternatives(line: &str, settings: &mut Settings) -> Unheeded {
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
    let line = line.trim().trim_start_matches(['(', '{']).trim_end_matches([')', '}']);
    let as_file = through_tee(line);
    let line = as_file.as_deref().unwrap_or(line);
    let (words, output) = without_redirections(words(line));
    let words = if words.first().is_some_and(|word| word == "sudo") { &words[1..] } else { &words[..] };
    let Some((program, arguments)) = words.split_first() else { return unheeded };
    let name = program.rsplit('/').next().unwrap_or(program);
    let is = |wanted: &[&str]| arguments.iter().map(String::as_str).eq(wanted.iter().copied());
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
        "tc" | "ip" if changes_nothing_seen(arguments) => {}
        "tc" if removes_queue(arguments) => settings.tcp.pacing = false,
        "tc" if arguments.last().is_some_and(|discipline| discipline == "fq") => settings.tcp.pacing = true,
        "tc" | "ip" if is_question(arguments) => {}
        "echo" => match output {
            Some(path) => write(line, arguments, &path, settings, &mut unheeded),
            None if only_looks(line) => {}
            None => unheeded.push(format!("`{}`", line.trim())),
        },
        "bash" | "sh"
            if let [flag, command] = arguments
                && flag == "-c" =>
        {
            return super::apply(command, settings);
        }
        "set" if arguments.iter().all(|flag| flag.starts_with(['-', '+'])) => {}
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
        _ if name.starts_with("sysctl_restore_") || name.is_empty() || only_looks(line) => {}
        _ => unheeded.push(format!("`{}`", line.trim())),
    }
    unheeded
}

/// `echo 0 | tee FILE` writes what `echo 0 > FILE` does.
fn through_tee(line: &str) -> Option<String> {
    let (text, file) = line.split_once('|')?;
    let file = file.trim().strip_prefix("tee ")?.split_whitespace().find(|word| !word.starts_with('-'))?;
    Some(format!("{text} > {file}"))
}

/// `tc qdisc del dev tun0 root`: what is left has no pace.
fn removes_queue(arguments: &[String]) -> bool {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    matches!(words[..], ["qdisc", "del" | "delete", "dev", _, "root", ..])
}

/// Nothing in a pipe does more than look, and nothing in it may fail for what it sees.
fn only_looks(line: &str) -> bool {
    line.split('|').all(|stage| {
        let first = stage.split_whitespace().next().unwrap_or_default();
        first == "echo" || ONLY_LOOK.contains(&first.rsplit('/').next().unwrap_or(first))
    })
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

/// A line without what says where its output goes; and the file that the standard output goes to.
fn without_redirections(words: Vec<String>) -> (Vec<String>, Option<String>) {
    let mut kept = Vec::new();
    let mut output = None;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let Some((descriptor, file)) =
            word.split_once('>').filter(|(before, _)| matches!(*before, "" | "1" | "2" | "&"))
        else {
            kept.push(word);
            continue;
        };
        let file = match file.trim_start_matches('>') {
            "" => words.next().unwrap_or_default(),
            file => file.to_owned(),
        };
        if descriptor != "2" && file != "/dev/null" {
            output = Some(file);
        }
    }
    (kept, output)
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

/// `echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect`, a number for a parameter of a kernel's module; or what a
/// sysctl is set to by its file.
fn write(line: &str, words: &[String], path: &str, settings: &mut Settings, unheeded: &mut Unheeded) {
    const HYSTART: &str = "/sys/module/tcp_cubic/parameters/hystart_detect";
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "-n").collect();
    let value = words.join(" ");
    match path.strip_prefix("/proc/sys/") {
        Some(name) => set(name.rsplit('/').next().unwrap_or(name), &value, settings, unheeded),
        None if path == HYSTART && value == "3" => settings.tcp.slow_start_exit = SlowStartExit::HyStart,
        None => unheeded.push(format!("`{}`", line.trim())),
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
