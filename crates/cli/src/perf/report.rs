//! What was measured, as iperf3 tells it: lines for a person, or JSON with its names.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::protocol::{Cookie, Plan, Results, StreamResults, TestEnd, stream_id};
use super::session::{Interval, Tally};
use crate::failure::Failure;
use crate::out::print;

/// A test that is over.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) setting: Setting,
    pub(super) intervals: Vec<Interval>,
    pub(super) tallies: Vec<Tally>,
    /// What this end has measured.
    pub(super) own: Results,
    /// What the peer has.
    pub(super) peers: Results,
}

/// What was known of it before it began.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) plan: Plan,
    pub(super) cookie: Cookie,
    /// Whether this end is the client.
    pub(super) is_client: bool,
    pub(super) peer: SocketAddr,
    pub(super) streams: Vec<(SocketAddr, SocketAddr)>,
    pub(super) began: SystemTime,
}

impl Setting {
    /// Whether this end sends.
    pub(super) fn sends(&self) -> bool {
        self.is_client != self.plan.reverse
    }
}

/// The line above the intervals.
pub(super) fn heading(setting: &Setting) -> String {
    let mut text = String::new();
    for (index, (local, remote)) in setting.streams.iter().enumerate() {
        let _ = writeln!(text, "[{:3}] local {local} connected to {remote}", stream_id(index));
    }
    let more = if setting.sends() { "    Retr  Cwnd" } else { "" };
    let _ = writeln!(text, "[ ID] Interval           Transfer     Bitrate     {more}");
    text
}

/// The lines of an interval: one a stream, and their sum where there are several.
pub(super) fn interval_lines(interval: &Interval, sends: bool) -> String {
    let mut text = String::new();
    let (seconds, omitted) =
        (interval.end - interval.start, if interval.omitted { "  (omitted)" } else { "" });
    let mut line = |id: &str, octets: u64, retransmits: u64, window: Option<u32>| {
        let more = match (sends, window) {
            (false, _) => String::new(),
            (true, None) => format!("  {retransmits:6}"),
            (true, Some(window)) => format!("  {retransmits:6}  {}", transfer(window.into())),
        };
        let span = span(interval.start, interval.end);
        let _ =
            writeln!(text, "[{id}] {span}  {}  {}{more}{omitted}", transfer(octets), rate(octets, seconds));
    };
    for (index, stream) in interval.streams.iter().enumerate() {
        line(&format!("{:3}", stream_id(index)), stream.octets, stream.retransmits, Some(stream.window));
    }
    if let [_, _, ..] = interval.streams[..] {
        let sum = |of: fn(&super::session::StreamInterval) -> u64| interval.streams.iter().map(of).sum();
        line("SUM", sum(|stream| stream.octets), sum(|stream| stream.retransmits), None);
    }
    text
}

/// The lines at the end.
pub(super) fn summary(outcome: &Outcome) -> String {
    let mut text = "- ".repeat(25).trim_end().to_owned() + "\n";
    let (sender, receiver) = outcome.sides();
    let mut line = |id: &str, of: &StreamResults, side: &str| {
        let octets = of.bytes.max(0).unsigned_abs();
        let seconds = of.end_time - of.start_time;
        let retransmits = match (side, of.retransmits) {
            ("sender", 0..) => format!("{:6}", of.retransmits),
            _ => " ".repeat(6),
        };
        let span = span(of.start_time, of.end_time);
        let _ = writeln!(
            text,
            "[{id}] {span}  {}  {}  {retransmits}   {side}",
            transfer(octets),
            rate(octets, seconds)
        );
    };
    for (sent, received) in sender.streams.iter().zip(&receiver.streams) {
        let id = format!("{:3}", sent.id);
        line(&id, sent, "sender");
        line(&id, received, "receiver");
    }
    if sender.streams.len() > 1 {
        line("SUM", &sum(sender), "sender");
        line("SUM", &sum(receiver), "receiver");
    }
    text
}

impl Outcome {
    /// The sender's results and the receiver's.
    fn sides(&self) -> (&Results, &Results) {
        if self.setting.sends() { (&self.own, &self.peers) } else { (&self.peers, &self.own) }
    }
}

/// All streams as one.
fn sum(results: &Results) -> StreamResults {
    let all = |of: fn(&StreamResults) -> i64| results.streams.iter().map(of).fold(0, i64::saturating_add);
    let latest = |of: fn(&StreamResults) -> f64| results.streams.iter().map(of).fold(0.0, f64::max);
    StreamResults {
        bytes: all(|stream| stream.bytes),
        retransmits: all(|stream| stream.retransmits),
        start_time: results.streams.first().map_or(0.0, |stream| stream.start_time),
        end_time: latest(|stream| stream.end_time),
        ..StreamResults::default()
    }
}

/// With iperf3's names.
pub(super) fn json(outcome: &Outcome) -> Value {
    let setting = &outcome.setting;
    let (sender, receiver) = outcome.sides();
    let (total, sent, received) = (Value::from(setting.sends()), sum(sender), sum(receiver));
    let streams =
        sender.streams.iter().zip(&receiver.streams).enumerate().map(|(index, (sent, received))| {
            let mut sent = side(sent, Some(sent.id), &total);
            if let Some(tally) = outcome.tallies.get(index).filter(|_| setting.sends()) {
                sent["max_snd_cwnd"] = tally.most_window.into();
                sent["max_rtt"] = tally.rtts.most.into();
                sent["min_rtt"] = tally.rtts.least.into();
                sent["mean_rtt"] = tally.rtts.mean().into();
            }
            json!({ "sender": sent, "receiver": side(received, Some(received.id), &total) })
        });
    json!({
        "start": start(setting),
        "intervals": outcome.intervals.iter().map(|interval| interval_json(interval, &total)).collect::<Vec<_>>(),
        "end": {
            "streams": streams.collect::<Vec<_>>(),
            "sum_sent": side(&sent, None, &total),
            "sum_received": side(&received, None, &total),
            "cpu_utilization_percent": {
                "host_total": outcome.own.cpu_util_total,
                "host_user": outcome.own.cpu_util_user,
                "host_system": outcome.own.cpu_util_system,
                "remote_total": outcome.peers.cpu_util_total,
                "remote_user": outcome.peers.cpu_util_user,
                "remote_system": outcome.peers.cpu_util_system,
            },
            "sender_tcp_congestion": sender.congestion_used,
            "receiver_tcp_congestion": receiver.congestion_used,
        },
    })
}

fn start(setting: &Setting) -> Value {
    let plan = &setting.plan;
    let (duration, octets) = match plan.end {
        TestEnd::Seconds(seconds) => (seconds, 0),
        TestEnd::Octets(octets) => (0, octets),
    };
    let connected = setting.streams.iter().enumerate().map(|(index, (local, remote))| {
        json!({
            "socket": stream_id(index),
            "local_host": local.ip().to_string(), "local_port": local.port(),
            "remote_host": remote.ip().to_string(), "remote_port": remote.port(),
        })
    });
    let since = setting.began.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let whom = if setting.is_client { "connecting_to" } else { "accepted_connection" };
    json!({
        "connected": connected.collect::<Vec<_>>(),
        "version": concat!("synfin ", env!("CARGO_PKG_VERSION")),
        "timestamp": { "timesecs": since },
        whom: { "host": setting.peer.ip().to_string(), "port": setting.peer.port() },
        "cookie": setting.cookie.text(),
        "test_start": {
            "protocol": "TCP", "num_streams": plan.streams, "blksize": plan.block, "omit": plan.omit,
            "duration": duration, "bytes": octets, "blocks": 0, "reverse": u8::from(plan.reverse),
        },
    })
}

fn interval_json(interval: &Interval, sends: &Value) -> Value {
    let seconds = interval.end - interval.start;
    let common = |octets: u64, retransmits: u64| {
        let mut value = json!({
            "start": interval.start, "end": interval.end, "seconds": seconds, "bytes": octets,
            "bits_per_second": bits(octets, seconds), "omitted": interval.omitted, "sender": sends,
        });
        if sends == &Value::Bool(true) {
            value["retransmits"] = retransmits.into();
        }
        value
    };
    let streams = interval.streams.iter().enumerate().map(|(index, stream)| {
        let mut value = common(stream.octets, stream.retransmits);
        value["socket"] = stream_id(index).into();
        if sends == &Value::Bool(true) {
            value["snd_cwnd"] = stream.window.into();
            value["rtt"] = stream.rtt.into();
            value["rttvar"] = stream.rtt_variation.into();
        }
        value
    });
    let (octets, retransmits) = interval
        .streams
        .iter()
        .fold((0, 0), |(octets, again), stream| (octets + stream.octets, again + stream.retransmits));
    json!({ "streams": streams.collect::<Vec<_>>(), "sum": common(octets, retransmits) })
}

fn side(of: &StreamResults, id: Option<i64>, sends: &Value) -> Value {
    let (octets, seconds) = (of.bytes.max(0).unsigned_abs(), of.end_time - of.start_time);
    let mut value = json!({
        "start": of.start_time, "end": of.end_time, "seconds": seconds, "bytes": octets,
        "bits_per_second": bits(octets, seconds), "sender": sends,
    });
    if let Some(id) = id {
        value["socket"] = id.into();
    }
    if of.retransmits >= 0 {
        value["retransmits"] = of.retransmits.into();
    }
    value
}

fn bits(octets: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { octets as f64 * 8.0 / seconds } else { 0.0 }
}

fn span(start: f64, end: f64) -> String {
    format!("{:>13} sec", format!("{start:.2}-{end:.2}"))
}

/// Powers of 1024, as iperf3 counts what is transferred.
fn transfer(octets: u64) -> String {
    let (number, prefix) = scaled(octets as f64, 1024.0);
    format!("{number:>4} {:<7}", format!("{prefix}Bytes"))
}

/// Powers of 1000, as iperf3 counts what is transferred in a second.
fn rate(octets: u64, seconds: f64) -> String {
    let (number, prefix) = scaled(bits(octets, seconds), 1000.0);
    format!("{number:>4} {:<10}", format!("{prefix}bits/sec"))
}

/// Three digits, and what they are multiplied with.
fn scaled(mut number: f64, step: f64) -> (String, &'static str) {
    let mut prefixes = ["", "K", "M", "G"].into_iter();
    let mut prefix = prefixes.next().unwrap_or_default();
    // What rounds to the next step belongs there.
    while number >= step - 0.5
        && let Some(next) = prefixes.next()
    {
        (number, prefix) = (number / step, next);
    }
    let digits = match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    };
    (digits, prefix)
}

/// Prints what there is to say at the end.
pub(super) fn print_outcome(outcome: &Outcome, as_json: bool) -> Result<(), Failure> {
    match as_json {
        true => print(format!("{:#}\n", json(outcome))),
        false => print(summary(outcome)),
    }
}

#[cfg(test)]
mod tests;
