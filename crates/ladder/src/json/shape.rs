//! The form of the document. What stands here as a comment on a field is its description in the schema.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use synfin_wire::{Instant, TcpOptions};

use crate::model::connection::Connection;
use crate::model::end::{Counts, End, Side};
use crate::model::finding::Finding;
use crate::model::marks::Mark;
use crate::model::states::{StateSet, Transition};
use crate::model::step::{Fate, Step};

mod capture;

pub(super) use capture::CaptureShape;

fn nanos(moment: Instant) -> u64 {
    moment.as_nanos()
}

fn span(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

fn names(states: StateSet) -> Vec<&'static str> {
    states.iter().map(synfin_wire::State::name).collect()
}

/// A document: the connections of a capture.
#[cfg(test)]
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct DocumentShape<'a> {
    /// Always `synfin-explain`.
    schema: &'static str,
    /// The version of this form: 1.
    version: u32,
    /// The connections, in the order in which they ended in the capture, or of their numbers.
    connections: Vec<ConnectionShape<'a>>,
    /// The capture as a whole.
    capture: CaptureShape<'a>,
}

/// One connection.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(super) struct ConnectionShape<'a> {
    /// Its number among those of the capture, from 1.
    number: u64,
    /// The two ends: left, then right. The left one opened, or sent what was seen first.
    ends: [EndShape<'a>; 2],
    /// When its first segment was seen.
    first: u64,
    /// When its last segment was seen.
    last: u64,
    /// How it ended.
    verdict: VerdictShape,
    /// What both ends agreed on when they opened.
    negotiated: NegotiatedShape,
    /// From the SYN to the ACK of the SYN-ACK, nanoseconds: `initial_rtt` in Wireshark.
    handshake: Option<u64>,
    /// The round trips that were measured.
    rtt: Option<RttShape>,
    /// `tcp.completeness` in Wireshark.
    completeness: CompletenessShape,
    /// The same as Zeek tells it.
    zeek: ZeekShape<'a>,
    /// The segments, in the order of the capture; empty in a summary.
    segments: Vec<SegmentShape<'a>>,
    /// What is worth telling, the worst first.
    findings: Vec<FindingShape<'a>>,
}

impl<'a> ConnectionShape<'a> {
    pub(super) fn of(connection: &'a Connection) -> Self {
        let negotiated = connection.negotiated;
        Self {
            number: connection.number,
            ends: connection.ends.each_ref().map(EndShape::of),
            first: nanos(connection.span.0),
            last: nanos(connection.span.1),
            verdict: VerdictShape {
                code: connection.verdict.kind.code(),
                by: connection.verdict.by.map(side),
            },
            negotiated: NegotiatedShape {
                known: negotiated.known,
                window_scale: negotiated.window_scale,
                sack: negotiated.sack,
                timestamps: negotiated.timestamps,
                ecn: negotiated.ecn,
            },
            handshake: connection.handshake.map(span),
            rtt: connection.rtt.map(|[min, mean, max]| RttShape {
                min: span(min),
                mean: span(mean),
                max: span(max),
            }),
            completeness: CompletenessShape::of(connection.completeness),
            zeek: ZeekShape { conn_state: connection.zeek.conn_state, history: &connection.zeek.history },
            segments: connection.steps.iter().map(SegmentShape::of).collect(),
            findings: connection.findings.iter().map(FindingShape::of).collect(),
        }
    }
}

/// One end of a connection.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct EndShape<'a> {
    /// Its IP address.
    address: String,
    /// Its port.
    port: u16,
    /// Its name, where it has one.
    name: Option<&'a str>,
    /// How it came to the connection: `client`, `server`, or `peer` where both opened or the opening was not seen.
    role: &'static str,
    /// Whether the capture was made here.
    captured_here: bool,
    /// The number that relative numbers count from: its initial sequence number, or the first number that was seen.
    first_number: Option<u32>,
    /// Its initial sequence number, where its SYN was seen.
    isn: Option<u32>,
    /// The maximum segment size that it announced, octets.
    mss: Option<u16>,
    /// The window scale that it announced, a shift count.
    window_scale: Option<u8>,
    /// It announced SACK.
    sack: bool,
    /// It announced timestamps.
    timestamps: bool,
    /// It offered ECN.
    ecn: bool,
    /// It sent a Fast Open option.
    fast_open: bool,
    /// What it sent, in numbers.
    counters: CountsShape,
    /// The states that it can have been in before the first of `states`.
    states_before: Vec<&'static str>,
    /// The states that it came to, in their order.
    states: Vec<StateShape>,
}

impl<'a> EndShape<'a> {
    fn of(end: &'a End) -> Self {
        Self {
            address: end.address.ip().to_string(),
            port: end.address.port(),
            name: end.name.as_deref(),
            role: end.role.code(),
            captured_here: end.captured_here,
            first_number: end.first_number.map(synfin_wire::SeqNumber::value),
            isn: end.first_number.filter(|_| end.syn_seen).map(synfin_wire::SeqNumber::value),
            mss: end.mss,
            window_scale: end.window_scale,
            sack: end.sack_permitted,
            timestamps: end.timestamps,
            ecn: end.ecn,
            fast_open: end.fast_open,
            counters: CountsShape::of(&end.sent),
            states_before: names(end.before),
            states: end.timeline.0.iter().map(StateShape::of).collect(),
        }
    }
}

/// What an end sent, in numbers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct CountsShape {
    /// Packets in the capture.
    packets: u64,
    /// Packets with text among them.
    data_packets: u64,
    /// Octets of text, those sent again included.
    octets: u64,
    /// Octets of text that were sent for the first time.
    new_octets: u64,
    /// Packets that carry something again.
    retransmitted: u64,
    /// Of those, such as the peer had already.
    spurious: u64,
    /// Packets that came in another order than they were sent in.
    reordered: u64,
    /// Duplicate acknowledgments.
    duplicate_acks: u64,
    /// Packets that closed the window.
    zero_windows: u64,
    /// The largest number of octets that were in flight.
    most_in_flight: u64,
}

impl CountsShape {
    const fn of(counts: &Counts) -> Self {
        Self {
            packets: counts.packets,
            data_packets: counts.data_packets,
            octets: counts.octets,
            new_octets: counts.new_octets,
            retransmitted: counts.retransmitted,
            spurious: counts.spurious,
            reordered: counts.reordered,
            duplicate_acks: counts.duplicate_acks,
            zero_windows: counts.zero_windows,
            most_in_flight: counts.most_in_flight,
        }
    }
}

/// An end comes to a state.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct StateShape {
    /// The state, as RFC 9293 writes it.
    state: &'static str,
    /// The first moment at which it can have happened; null before the capture begins.
    earliest: Option<u64>,
    /// The last; null where nothing shows that it has happened before the capture ends.
    latest: Option<u64>,
    /// How well it is known that it happens at all: `told`, `seen`, `inferred` or `unknown`.
    certainty: &'static str,
    /// The frame that brought it about.
    frame: Option<u64>,
}

impl StateShape {
    fn of(transition: &Transition) -> Self {
        Self {
            state: transition.to.name(),
            earliest: transition.when.earliest.map(nanos),
            latest: transition.when.latest.map(nanos),
            certainty: transition.certainty.code(),
            frame: transition.frame,
        }
    }
}

/// How a connection ended.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct VerdictShape {
    /// `refused`, `unanswered`, `unreachable`, `unfinished`, `reset`, `timed-out`, `stalled`, `half-closed`, `open`, `closed` or `unknown`.
    code: &'static str,
    /// The side that refused, reset, gave up, or closed first: `left` or `right`.
    by: Option<&'static str>,
}

/// What both ends agreed on when they opened.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct NegotiatedShape {
    /// Both SYNs were seen, so that the rest is known.
    known: bool,
    /// Windows are scaled.
    window_scale: bool,
    /// SACK is in use.
    sack: bool,
    /// Timestamps are in use.
    timestamps: bool,
    /// ECN is in use.
    ecn: bool,
}

/// Round trips, nanoseconds.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct RttShape {
    /// The smallest.
    min: u64,
    /// The mean.
    mean: u64,
    /// The largest.
    max: u64,
}

/// Which parts of a connection the capture has.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct CompletenessShape {
    /// The sum: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    number: u8,
    /// A SYN.
    syn: bool,
    /// A SYN-ACK.
    syn_ack: bool,
    /// An ACK.
    ack: bool,
    /// Data.
    data: bool,
    /// A FIN.
    fin: bool,
    /// An RST.
    rst: bool,
}

impl CompletenessShape {
    const fn of(number: u8) -> Self {
        Self {
            number,
            syn: number & 1 != 0,
            syn_ack: number & 2 != 0,
            ack: number & 4 != 0,
            data: number & 8 != 0,
            fin: number & 16 != 0,
            rst: number & 32 != 0,
        }
    }
}

/// What Zeek's `conn.log` says of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct ZeekShape<'a> {
    /// One of thirteen.
    conn_state: &'a str,
    /// A letter for each event, small for the responder's.
    history: &'a str,
}

/// Two numbers, counted from each end's first.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct RelativeShape {
    /// The sequence number, counted from `first_number` of its sender.
    seq: u32,
    /// The acknowledgment number, counted from `first_number` of the other end; null without the ACK flag.
    ack: Option<u32>,
}

/// Why a segment was sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct ReasonShape {
    /// The stable code of the reason.
    code: &'static str,
    /// The clause that asks for it.
    clause: &'static str,
    /// How well it is known: `told`, `seen`, `inferred` or `unknown`.
    certainty: &'static str,
}

/// What became of a segment.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct FateShape {
    /// `arrived`, `lost`, `dropped` or `unknown`.
    code: &'static str,
    /// Where it was dropped: the stable code of the reason.
    reason: Option<&'static str>,
}

/// When something happened.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct WindowShape {
    /// Not before.
    earliest: Option<u64>,
    /// Not after.
    latest: Option<u64>,
}

/// One segment.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct SegmentShape<'a> {
    /// The number of its frame in the capture, from 1.
    frame: u64,
    /// When it was seen.
    time: u64,
    /// Who sent it: `left` or `right`.
    from: &'static str,
    /// The sequence number, as it stands in the header.
    seq: u32,
    /// The acknowledgment number, as it stands in the header; null without the ACK flag.
    ack: Option<u32>,
    /// The same two, counted from each end's first number.
    relative: RelativeShape,
    /// The control bits that are set: `SYN`, `FIN`, `RST`, `PSH`, `ACK`, `URG`, `ECE`, `CWR`, `AE`.
    flags: Vec<String>,
    /// Octets of text.
    len: u32,
    /// The window field.
    window: u16,
    /// The window in octets, where the scale is known.
    window_octets: Option<u32>,
    /// The urgent pointer; null without the URG flag.
    urgent_pointer: Option<u16>,
    /// The options.
    options: OptionsShape,
    /// How many segments of the path it stands for.
    segments: u16,
    /// Why it was sent.
    reason: ReasonShape,
    /// The frame that brought it about: what it acknowledges, answers or repeats.
    because: Option<u64>,
    /// The states that each end, left and right, can be in once it was seen.
    states: [Vec<&'static str>; 2],
    /// What Wireshark notes on it, by the names behind `tcp.analysis.`.
    analysis: Vec<&'static str>,
    /// From the segment that it acknowledges to here, nanoseconds.
    ack_rtt: Option<u64>,
    /// Octets that its sender has in flight with it.
    bytes_in_flight: Option<u32>,
    /// What became of it.
    fate: FateShape,
    /// When it came to its receiver.
    arrival: WindowShape,
    /// What the capture says of it in a comment.
    comment: Option<&'a str>,
}

impl<'a> SegmentShape<'a> {
    fn of(step: &'a Step) -> Self {
        let acknowledges = step.flags.ack();
        Self {
            frame: step.frame,
            time: nanos(step.at),
            from: side(step.from),
            seq: step.seq.value(),
            ack: acknowledges.then(|| step.ack.value()),
            relative: RelativeShape { seq: step.relative.0, ack: acknowledges.then_some(step.relative.1) },
            flags: flags(step),
            len: step.len,
            window: step.window,
            window_octets: step.window_octets,
            urgent_pointer: step.flags.urg().then_some(step.urgent_pointer),
            options: OptionsShape::of(&step.options),
            segments: step.segments,
            reason: ReasonShape {
                code: step.reason.code(),
                clause: step.reason.clause(),
                certainty: step.certainty.code(),
            },
            because: step.because,
            states: step.states.map(names),
            analysis: step.marks.iter().map(Mark::name).collect(),
            ack_rtt: step.ack_rtt.map(span),
            bytes_in_flight: step.in_flight,
            fate: match step.fate {
                Fate::Arrived => FateShape { code: "arrived", reason: None },
                Fate::Lost => FateShape { code: "lost", reason: None },
                Fate::Dropped(reason) => FateShape { code: "dropped", reason: Some(reason.code()) },
                Fate::Unknown => FateShape { code: "unknown", reason: None },
            },
            arrival: WindowShape {
                earliest: step.arrival.earliest.map(nanos),
                latest: step.arrival.latest.map(nanos),
            },
            comment: step.comment.as_deref(),
        }
    }
}

fn flags(step: &Step) -> Vec<String> {
    let text = format!("{:?}", step.flags);
    text.split(',').filter(|name| *name != "NONE").map(ToOwned::to_owned).collect()
}

/// The options of a segment; those that it does not have are left out.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct OptionsShape {
    /// Maximum segment size, octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    mss: Option<u16>,
    /// Window scale, a shift count.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_scale: Option<u8>,
    /// SACK permitted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    sack_permitted: bool,
    /// Timestamps: the value, and the one that it echoes.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<[u32; 2]>,
    /// SACK ranges: the first number of each, and the one behind its last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    sack: Vec<[u32; 2]>,
    /// User timeout, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_timeout: Option<u64>,
    /// It has an MD5 signature.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    md5: bool,
    /// It has a Fast Open option.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    fast_open: bool,
    /// It has AccECN counters.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    acc_ecn: bool,
}

impl OptionsShape {
    fn of(options: &TcpOptions) -> Self {
        Self {
            mss: options.mss,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            timestamps: options.timestamps.map(|timestamps| [timestamps.value, timestamps.echo]),
            sack: options.sack.iter().map(|range| [range.start.value(), range.end.value()]).collect(),
            user_timeout: options.user_timeout.map(|timeout| timeout.duration().as_secs()),
            md5: options.md5.is_some(),
            fast_open: options.fast_open.is_some(),
            acc_ecn: options.acc_ecn.is_some(),
        }
    }
}

/// Something worth telling.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
struct FindingShape<'a> {
    /// The stable code of what it says.
    code: &'static str,
    /// How much it matters: `error`, `warning` or `note`.
    severity: &'static str,
    /// How well it is known: `told`, `seen`, `inferred` or `unknown`.
    certainty: &'static str,
    /// Whose doing it was: `left` or `right`.
    by: Option<&'static str>,
    /// Who said so, where ICMP did: an IP address.
    reporter: Option<String>,
    /// The frames that show it, the first of them.
    frames: &'a [u64],
    /// Its numbers, by name: `count`, `ms`, `octets`, `mtu`, `icmp_code`, `quiet`, `lost`, `here`.
    numbers: BTreeMap<&'static str, f64>,
    /// The clause that is about it.
    clause: &'static str,
}

impl<'a> FindingShape<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            code: finding.kind.code(),
            severity: finding.kind.severity().code(),
            certainty: finding.certainty.code(),
            by: finding.by.map(side),
            reporter: finding.reporter.map(|reporter| reporter.to_string()),
            frames: &finding.frames,
            numbers: finding.evidence.iter().map(|evidence| (evidence.name, evidence.value)).collect(),
            clause: finding.kind.clause(),
        }
    }
}
