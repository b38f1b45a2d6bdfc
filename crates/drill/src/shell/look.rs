//! The programs that tell how the network is: `ss`, and what `ip` shows.

use std::net::SocketAddr;

use super::Said;
use crate::sockets::TcpInfo;
use crate::sysctl::Settings;

mod info;

/// A socket, as `ss` tells of it.
#[derive(Clone, Debug)]
pub(crate) struct SocketLine {
    pub(crate) state: &'static str,
    pub(crate) unread: i64,
    pub(crate) unacknowledged: i64,
    pub(crate) local: SocketAddr,
    /// A listener has none.
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) congestion: &'static str,
    pub(crate) info: TcpInfo,
}

/// What a program tells; `None` when it is none of these, or more is asked of it than is known.
pub(super) fn run(name: &str, arguments: &[String], settings: &Settings) -> Option<Said> {
    let words: Vec<&str> = arguments.iter().flat_map(|word| word.split_whitespace()).collect();
    match name {
        "ss" => sockets(&words, settings.sockets.as_deref()?),
        _ => interfaces(&words, settings),
    }
}

/// States that `ss` shows unasked: connections, without those that are hardly there yet or any more.
const CONNECTED: [&str; 7] =
    ["ESTAB", "SYN-SENT", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK", "CLOSING"];

/// `ss -tan state established '( sport = :8080 )'`.
fn sockets(words: &[&str], sockets: &[SocketLine]) -> Option<Said> {
    let (mut flags, mut state, mut ports) = (String::new(), None, Vec::new());
    let mut words = words.iter().copied().filter(|word| !matches!(*word, "(" | ")" | "and"));
    while let Some(word) = words.next() {
        match word {
            "state" => state = Some(words.next()?),
            "sport" | "dport" => {
                let port =
                    words.next().filter(|sign| matches!(*sign, "=" | "==" | "eq")).and(words.next())?;
                ports.push((word == "sport", port.trim_start_matches(':').parse::<u16>().ok()?));
            }
            flag => flags.push_str(flag.strip_prefix('-')?),
        }
    }
    let has = |flag| flags.contains(flag);
    if !has('t') || !has('n') || !flags.chars().all(|flag| "tnaliH46O".contains(flag)) {
        return None;
    }
    let wanted = |socket: &SocketLine| match state {
        Some("all") => true,
        Some("connected") => socket.state != "LISTEN" && socket.state != "UNCONN",
        Some("established") => socket.state == "ESTAB",
        Some("listening") => socket.state == "LISTEN",
        Some(state) => socket.state.eq_ignore_ascii_case(state),
        None if has('a') => true,
        None if has('l') => socket.state == "LISTEN",
        None => CONNECTED.contains(&socket.state),
    };
    let port_fits = |socket: &SocketLine, (is_local, port): (bool, u16)| match (is_local, socket.remote) {
        (true, _) => socket.local.port() == port,
        (false, remote) => remote.is_some_and(|remote| remote.port() == port),
    };
    let of_version =
        |socket: &SocketLine| !(has('4') && socket.local.is_ipv6() || has('6') && socket.local.is_ipv4());
    let chosen = sockets.iter().filter(|socket| {
        wanted(socket) && of_version(socket) && ports.iter().all(|port| port_fits(socket, *port))
    });
    // One state that was asked for needs no telling.
    let one_state = state.is_some_and(|state| !matches!(state, "all" | "connected"));
    let mut text = String::new();
    if !has('H') {
        let state = if one_state { "" } else { "State      " };
        text += &format!("{state}Recv-Q Send-Q      Local Address:Port       Peer Address:Port Process\n");
    }
    for socket in chosen {
        let state = if one_state { String::new() } else { format!("{:<10} ", socket.state) };
        let remote = socket.remote.map_or_else(|| any(socket.local), |remote| remote.to_string());
        let (unread, unacknowledged, local) = (socket.unread, socket.unacknowledged, socket.local);
        text += &format!("{state}{unread:<6} {unacknowledged:<6} {local:>23} {remote:>23}");
        if has('i') {
            text += &format!("{}{}", if has('O') { " " } else { "\n\t " }, info::told(socket));
        }
        text.push('\n');
    }
    Some(Said::known(text))
}

fn any(local: SocketAddr) -> String {
    if local.is_ipv4() { "0.0.0.0:*".to_owned() } else { "[::]:*".to_owned() }
}

/// `ip link show`, `ip -4 addr show dev tun0`: of the one device that packets go through.
fn interfaces(words: &[&str], settings: &Settings) -> Option<Said> {
    const DEVICE: &str = "<POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP>";
    let words: Vec<&str> =
        words.iter().copied().filter(|word| !matches!(*word, "-4" | "-6" | "show" | "dev")).collect();
    let ["link" | "l" | "addr" | "address" | "a", "tun0"] = words[..] else { return None };
    let mtu = settings.tcp.mss.octets() + settings.headers;
    let mut text = format!(
        "2: tun0: {DEVICE} mtu {mtu} qdisc pfifo_fast state UNKNOWN group default qlen 500\n    link/none \n"
    );
    if words[0].starts_with('a') {
        for (address, prefix) in &settings.addresses {
            let family = if address.is_ipv4() { "inet" } else { "inet6" };
            text += &format!(
                "    {family} {address}/{prefix} scope global tun0\n       valid_lft forever preferred_lft forever\n"
            );
        }
    }
    Some(Said::known(text))
}
