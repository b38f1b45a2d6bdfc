//! A trace as JSON. Whole numbers and codes alone: nothing that two machines could write differently.

use serde::Serialize;

use crate::trace::{EndView, Event, Sent, Source, Tally, Trace, What};

/// The version of the form.
pub(crate) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    world: &'a str,
    seed: u64,
    values: Vec<[&'a str; 2]>,
    hosts: [Host<'a>; 2],
    connections: Vec<Connection>,
    segments: Vec<Segment<'a>>,
    events: Vec<Happening<'a>>,
    end: u64,
    cut: bool,
}

#[derive(Serialize)]
struct Host<'a> {
    name: &'a str,
    tally: &'a Tally,
}

#[derive(Serialize)]
struct Connection {
    ends: [String; 2],
    closed: [Option<(u64, &'static str)>; 2],
}

#[derive(Serialize)]
struct Segment<'a> {
    connection: Option<usize>,
    from: &'a str,
    injected: bool,
    at: u64,
    seq: u32,
    ack: u32,
    flags: String,
    len: u32,
    window: u16,
    header: String,
    reason: Option<&'static str>,
    clause: Option<&'static str>,
    lost: Option<&'static str>,
    befell: &'a [&'static str],
    arrivals: Vec<(u64, Option<&'static str>)>,
}

#[derive(Serialize)]
struct Happening<'a> {
    at: u64,
    what: &'static str,
    segment: Option<usize>,
    host: Option<&'a str>,
    text: Option<&'a str>,
    connection: Option<usize>,
    before: &'a Option<[EndView; 2]>,
    after: &'a Option<[EndView; 2]>,
}

pub(crate) fn of(trace: &Trace) -> String {
    let document = Document {
        schema: "synfin-lab",
        version: VERSION,
        world: &trace.world,
        seed: trace.seed,
        values: trace.values.iter().map(|(name, value)| [name.as_str(), value.as_str()]).collect(),
        hosts: [0, 1].map(|host| Host { name: &trace.names[host], tally: &trace.tallies[host] }),
        connections: trace
            .connections
            .iter()
            .map(|connection| Connection {
                ends: connection.ends.map(|end| end.to_string()),
                closed: connection.closed.map(|closed| closed.map(|(at, why)| (at.as_nanos(), why.code()))),
            })
            .collect(),
        segments: trace.segments.iter().map(|segment| self::segment(trace, segment)).collect(),
        events: trace.events.iter().map(|event| happening(trace, event)).collect(),
        end: trace.end.as_nanos(),
        cut: trace.is_cut,
    };
    // Strings and whole numbers can always be written.
    serde_json::to_string(&document).unwrap_or_default()
}

fn segment<'a>(trace: &'a Trace, segment: &'a Sent) -> Segment<'a> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Segment {
        connection: segment.connection,
        from: &trace.names[segment.host()],
        injected: matches!(segment.source, Source::Nobody(_)),
        at: segment.at.as_nanos(),
        seq: segment.header.seq.value(),
        ack: segment.header.ack.value(),
        flags: format!("{:?}", segment.header.flags),
        len: segment.len,
        window: segment.header.window,
        header: hex(&segment.bytes),
        reason: segment.reason.map(synfin_wire::SendReason::code),
        clause: segment.reason.map(synfin_wire::SendReason::clause),
        lost: segment.lost,
        befell: &segment.befell,
        arrivals: segment.arrivals.iter().map(|arrival| (arrival.at.as_nanos(), arrival.dropped)).collect(),
    }
}

fn happening<'a>(trace: &'a Trace, event: &'a Event) -> Happening<'a> {
    let name = |host: usize| Some(trace.names[host].as_str());
    let (what, segment, host, text) = match &event.what {
        What::Sent(segment) => ("sent", Some(*segment), None, None),
        What::Arrived(segment, _) => ("arrived", Some(*segment), None, None),
        What::Called(host, text) => ("called", None, name(*host), Some(text.as_str())),
        What::Timer(host, timer) => ("timer", None, name(*host), Some(*timer)),
        What::Fault(text) => ("fault", None, None, Some(text.as_str())),
        What::Icmp(host) => ("icmp", None, name(*host), None),
        What::TakenForOpen(host) => ("taken-for-open", None, name(*host), None),
    };
    Happening {
        at: event.at.as_nanos(),
        what,
        segment,
        host,
        text,
        connection: event.connection,
        before: &event.before,
        after: &event.after,
    }
}
