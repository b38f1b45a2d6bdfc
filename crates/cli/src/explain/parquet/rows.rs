//! What stands in which column.

use std::time::Duration;

use synfin_ladder::{Connection, Fate, Finding, Mark, Role, Side, Step};
use synfin_wire::Instant;

use super::table::{Cell, Column, Kind};

macro_rules! columns {
    ($($name:literal $kind:ident),* $(,)?) => { &[$(Column { name: $name, kind: Kind::$kind }),*] };
}

/// Of the table of connections.
#[rustfmt::skip]
pub(super) const CONNECTIONS: &[Column] = columns![
    "number" Whole,
    "first" Moment, "last" Moment, "duration_ns" Whole,
    "left_address" Text, "left_port" Whole, "left_role" Text,
    "right_address" Text, "right_port" Whole, "right_role" Text,
    "verdict" Text, "verdict_by" Text, "verdict_by_address" Text, "severity" Text, "findings" Text,
    "handshake_ns" Whole, "rtt_min_ns" Whole, "rtt_mean_ns" Whole, "rtt_max_ns" Whole,
    "negotiated_known" Truth, "window_scale" Truth, "sack" Truth, "timestamps" Truth, "ecn" Truth,
    "completeness" Whole, "conn_state" Text, "history" Text,
    "left_mss" Whole, "left_packets" Whole, "left_data_packets" Whole, "left_octets" Whole, "left_new_octets" Whole,
    "left_retransmitted" Whole, "left_spurious" Whole, "left_reordered" Whole, "left_duplicate_acks" Whole,
    "left_zero_windows" Whole, "left_most_in_flight" Whole,
    "right_mss" Whole, "right_packets" Whole, "right_data_packets" Whole, "right_octets" Whole, "right_new_octets" Whole,
    "right_retransmitted" Whole, "right_spurious" Whole, "right_reordered" Whole, "right_duplicate_acks" Whole,
    "right_zero_windows" Whole, "right_most_in_flight" Whole,
];

/// Of the table of findings.
#[rustfmt::skip]
pub(super) const FINDINGS: &[Column] = columns![
    "number" Whole, "code" Text, "severity" Text, "certainty" Text, "clause" Text,
    "by" Text, "by_address" Text, "by_port" Whole,
    "frame" Whole, "count" Real, "ms" Real, "octets" Real,
    "mtu" Real, "icmp_code" Real, "reporter" Text, "quiet" Real, "lost" Real, "here" Real,
];

/// Of the table of segments.
#[rustfmt::skip]
pub(super) const SEGMENTS: &[Column] = columns![
    "number" Whole, "frame" Whole, "time" Moment,
    "from" Text, "source_address" Text, "source_port" Whole, "destination_address" Text, "destination_port" Whole,
    "seq" Whole, "ack" Whole, "relative_seq" Whole, "relative_ack" Whole, "flags" Text, "len" Whole,
    "window" Whole, "window_octets" Whole, "segments" Whole,
    "reason" Text, "clause" Text, "certainty" Text, "because" Whole,
    "left_states" Text, "right_states" Text, "analysis" Text, "ack_rtt_ns" Whole, "in_flight" Whole,
    "fate" Text, "drop_reason" Text, "comment" Text,
];

/// A connection's row; `start` is when its capture began, nanoseconds since 1970.
pub(super) fn connection(start: i64, connection: &Connection) -> Vec<Cell> {
    let [left, right] = &connection.ends;
    let (first, last) = connection.span;
    let by = connection.verdict.by;
    let severity = connection.findings.iter().map(|finding| finding.kind.severity()).max();
    let mut findings: Vec<&str> = connection.findings.iter().map(|finding| finding.kind.code()).collect();
    findings.dedup();
    let negotiated = connection.negotiated;
    let known = |truth: bool| Cell::Truth(negotiated.known.then_some(truth));
    let rtt = |figure: usize| span(connection.rtt.map(|figures| figures[figure]));
    let mut row = vec![
        whole(connection.number),
        moment(start, first),
        moment(start, last),
        whole(last.as_nanos().saturating_sub(first.as_nanos())),
        text(left.address.ip().to_string()),
        whole(left.address.port()),
        text(role(left.role)),
        text(right.address.ip().to_string()),
        whole(right.address.port()),
        text(role(right.role)),
        text(connection.verdict.kind.code()),
        maybe_text(by.map(side)),
        maybe_text(by.map(|by| connection.end(by).address.ip().to_string())),
        maybe_text(severity.map(|severity| severity.code())),
        text(findings.join(",")),
        span(connection.handshake),
        rtt(0),
        rtt(1),
        rtt(2),
        Cell::Truth(Some(negotiated.known)),
        known(negotiated.window_scale),
        known(negotiated.sack),
        known(negotiated.timestamps),
        known(negotiated.ecn),
        whole(connection.completeness),
        text(connection.zeek.conn_state),
        text(connection.zeek.history.as_str()),
    ];
    for end in &connection.ends {
        let sent = &end.sent;
        row.push(maybe_whole(end.mss));
        row.extend(
            [
                sent.packets,
                sent.data_packets,
                sent.octets,
                sent.new_octets,
                sent.retransmitted,
                sent.spurious,
                sent.reordered,
                sent.duplicate_acks,
                sent.zero_windows,
                sent.most_in_flight,
            ]
            .map(whole),
        );
    }
    row
}

/// A finding's row.
pub(super) fn finding(connection: &Connection, finding: &Finding) -> Vec<Cell> {
    let by = finding.by.map(|by| connection.end(by).address);
    let number = |name: &str| {
        let evidence = finding.evidence.iter().find(|evidence| evidence.name == name);
        Cell::Real(evidence.map(|evidence| evidence.value))
    };
    vec![
        whole(connection.number),
        text(finding.kind.code()),
        text(finding.kind.severity().code()),
        text(finding.certainty.code()),
        text(finding.kind.clause()),
        maybe_text(finding.by.map(side)),
        maybe_text(by.map(|by| by.ip().to_string())),
        maybe_whole(by.map(|by| by.port())),
        maybe_whole(finding.frames.first().copied()),
        number("count"),
        number("ms"),
        number("octets"),
        number("mtu"),
        number("icmp_code"),
        maybe_text(finding.reporter.map(|reporter| reporter.to_string())),
        number("quiet"),
        number("lost"),
        number("here"),
    ]
}

/// A segment's row; `start` as for [`connection`].
pub(super) fn segment(start: i64, connection: &Connection, step: &Step) -> Vec<Cell> {
    let [source, destination] = [step.from, step.from.other()].map(|side| connection.end(side).address);
    let acknowledges = step.flags.ack();
    let marks: Vec<&str> = step.marks.iter().map(Mark::name).collect();
    let (fate, drop_reason) = match step.fate {
        Fate::Arrived => ("arrived", None),
        Fate::Lost => ("lost", None),
        Fate::Dropped(reason) => ("dropped", Some(reason.code())),
        Fate::Unknown => ("unknown", None),
    };
    let flags = format!("{:?}", step.flags);
    vec![
        whole(connection.number),
        whole(step.frame),
        moment(start, step.at),
        text(side(step.from)),
        text(source.ip().to_string()),
        whole(source.port()),
        text(destination.ip().to_string()),
        whole(destination.port()),
        whole(step.seq.value()),
        maybe_whole(acknowledges.then(|| step.ack.value())),
        whole(step.relative.0),
        maybe_whole(acknowledges.then_some(step.relative.1)),
        text(if flags == "NONE" { String::new() } else { flags }),
        whole(step.len),
        whole(step.window),
        maybe_whole(step.window_octets),
        whole(step.segments),
        text(step.reason.code()),
        text(step.reason.clause()),
        text(step.certainty.code()),
        maybe_whole(step.because),
        text(step.states[0].to_string()),
        text(step.states[1].to_string()),
        text(marks.join(",")),
        span(step.ack_rtt),
        maybe_whole(step.in_flight),
        text(fate),
        maybe_text(drop_reason),
        maybe_text(step.comment.clone()),
    ]
}

fn whole(number: impl Into<u64>) -> Cell {
    maybe_whole(Some(number))
}

/// The format has no whole numbers beyond those of 63 bits that every tool reads; none of ours comes near.
fn maybe_whole(number: Option<impl Into<u64>>) -> Cell {
    Cell::Whole(number.map(|number| i64::try_from(number.into()).unwrap_or(i64::MAX)))
}

fn moment(start: i64, at: Instant) -> Cell {
    Cell::Whole(Some(start.saturating_add_unsigned(at.as_nanos())))
}

fn span(span: Option<Duration>) -> Cell {
    Cell::Whole(span.map(|span| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
}

fn text(text: impl Into<String>) -> Cell {
    maybe_text(Some(text))
}

fn maybe_text(text: Option<impl Into<String>>) -> Cell {
    Cell::Text(text.map(Into::into))
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
        Role::Peer => "peer",
    }
}
