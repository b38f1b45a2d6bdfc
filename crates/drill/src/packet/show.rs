//! Packets in the script's own notation.

use std::fmt::Write as _;

use super::Seen;
use crate::ast::{Body, Direction, FlagBits, IpFields, Outer, Packet, Tcp, TcpOption, Tos};

/// A packet as the script could have written it.
pub(crate) fn show_packet(packet: &Packet) -> String {
    let arrow = match packet.direction {
        Direction::Inbound => '<',
        Direction::Outbound => '>',
    };
    let mut line = format!("{arrow} ");
    for header in &packet.outer {
        let _ = match header {
            Outer::Ip { addresses: (source, destination), .. } => {
                let name = if source.is_ipv4() { "ipv4" } else { "ipv6" };
                write!(line, "{name} {source} > {destination}: ")
            }
            Outer::Gre(_) => write!(line, "gre: "),
            Outer::Mpls(labels) => write!(line, "mpls ({} labels): ", labels.len()),
        };
    }
    if let Some(tos) = packet.ip.tos {
        let _ = write!(line, "[{}] ", show_tos(tos));
    }
    match &packet.body {
        Body::Tcp(tcp) => segment(&mut line, tcp),
        Body::Udp { payload, .. } => {
            let _ = write!(line, "udp ({payload})");
        }
        Body::Icmp(icmp) => {
            let _ = write!(line, "icmp {}", icmp.kind);
            if let Some(code) = &icmp.code {
                let _ = write!(line, " {code}");
            }
        }
    }
    line
}

/// A segment that was seen, with the IP fields that `expected` names.
pub(crate) fn show_segment(seen: &Seen, expected: &IpFields) -> String {
    let mut line = "> ".to_owned();
    let octet = seen.ip.dscp << 2 | seen.ip.ecn.bits();
    match expected.tos {
        Some(Tos::Octet(_)) => {
            let _ = write!(line, "[{}] ", show_tos(Tos::Octet(octet)));
        }
        Some(_) => {
            let _ = write!(line, "[{}] ", show_tos(Tos::Ecn(octet & 0b11)));
        }
        None => {}
    }
    segment(&mut line, &Tcp { ports: None, ..seen.tcp.clone() });
    line
}

fn show_tos(tos: Tos) -> String {
    match tos {
        Tos::Ecn(0b00) => "noecn".to_owned(),
        Tos::Ecn(0b01) => "ect1".to_owned(),
        Tos::Ecn(0b10) => "ect0".to_owned(),
        Tos::Ecn(_) => "ce".to_owned(),
        Tos::EitherEct => "ect01".to_owned(),
        Tos::Octet(octet) => format!("tos {octet:#04x}"),
    }
}

fn segment(line: &mut String, tcp: &Tcp) {
    if let Some((source, destination)) = tcp.ports {
        let _ = write!(line, "{source} > {destination} ");
    }
    let end = tcp.seq.wrapping_add(tcp.payload.into());
    let _ = write!(line, "{} {}:{end}({})", flags(&tcp.flags), tcp.seq, tcp.payload);
    if tcp.flags.octet & super::ACK != 0 {
        let _ = write!(line, " ack {}", tcp.ack);
    }
    if let Some(window) = tcp.window {
        let _ = write!(line, " win {window}");
    }
    if tcp.urgent != 0 {
        let _ = write!(line, " urg {}", tcp.urgent);
    }
    match &tcp.options {
        None => line.push_str(" <...>"),
        Some(list) if list.is_empty() => {}
        Some(list) => {
            let _ = write!(line, " {}", options(list));
        }
    }
}

/// Flags as letters, or ECN as a count where it was written so.
pub(super) fn flags(flags: &FlagBits) -> String {
    let mut text = String::new();
    for (bit, letter) in [(1, 'S'), (0, 'F'), (2, 'R'), (3, 'P'), (5, 'U')] {
        if flags.octet >> bit & 1 != 0 {
            text.push(letter);
        }
    }
    if !flags.counter {
        for (set, letter) in [(flags.octet >> 6 & 1 != 0, 'E'), (flags.octet >> 7 != 0, 'W'), (flags.ae, 'A')]
        {
            if set {
                text.push(letter);
            }
        }
    }
    if flags.octet & super::ACK != 0 {
        text.push('.');
    }
    if flags.counter {
        let _ = write!(text, "{}", flags.octet >> 6 | u8::from(flags.ae) << 2);
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

/// A list of options between its brackets.
pub(super) fn options(list: &[TcpOption]) -> String {
    let options: Vec<String> = list.iter().map(option).collect();
    format!("<{}>", options.join(","))
}

fn option(option: &TcpOption) -> String {
    match option {
        TcpOption::Nop => "nop".to_owned(),
        TcpOption::End => "eol".to_owned(),
        TcpOption::Mss(mss) => format!("mss {mss}"),
        TcpOption::WindowScale(scale) => format!("wscale {scale}"),
        TcpOption::SackPermitted => "sackOK".to_owned(),
        TcpOption::Sack(ranges) => {
            let ranges: Vec<String> = ranges.iter().map(|(start, end)| format!("{start}:{end}")).collect();
            format!("sack {}", ranges.join(" "))
        }
        TcpOption::Timestamps { value, echo } => format!("TS val {value} ecr {echo}"),
        TcpOption::Md5(digest) => format!("md5 {}", hexadecimal(digest)),
        TcpOption::FastOpen { cookie, experimental } => {
            let name = if *experimental { "FOEXP" } else { "FO" };
            format!("{name} {}", hexadecimal(cookie)).trim_end().to_owned()
        }
        TcpOption::AccEcn { ect1_first, counters } => {
            let order = if *ect1_first { ["e1b", "ceb", "e0b"] } else { ["e0b", "ceb", "e1b"] };
            let counters: Vec<String> =
                order.iter().zip(counters).map(|(name, counter)| format!("{name} {counter}")).collect();
            format!("ECN {}", counters.join(" "))
        }
        TcpOption::Unknown { kind, body } => format!("kind {kind} {}", hexadecimal(body)),
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
