//! What happened in a run, event by event: all of it the engine's own word.
//!
//! In: what the recorder has noted. Out: segments with their bytes, reasons and fates; events with the states and
//! variables of both ends before and after each; and the same as JSON, of which two runs of one script with one seed are
//! equal octet by octet, on every machine.

use std::net::SocketAddr;

use serde::{Serialize, Serializer};
use synfin_sim::host::tcp::{CloseReason, RecoveryState};
use synfin_wire::{Instant, SendReason, State, TcpHeader};

/// One end of a connection, seen inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndView {
    /// The state; LISTEN where a listener waits and nothing has come.
    #[serde(serialize_with = "state")]
    pub state: State,
    /// Its machine is running.
    pub up: bool,
    /// The variables; `None` where there is no connection.
    pub tcb: Option<Tcb>,
    /// The timers that are running, each with the moment at which it runs out, nanoseconds.
    pub timers: Vec<(&'static str, u64)>,
}

/// The variables of a connection. Sequence numbers are absolute, times nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tcb {
    /// ISS.
    pub iss: u32,
    /// SND.UNA.
    pub snd_una: u32,
    /// SND.NXT.
    pub snd_nxt: u32,
    /// SND.WND, octets.
    pub snd_wnd: Option<u32>,
    /// IRS.
    pub irs: Option<u32>,
    /// RCV.NXT.
    pub rcv_nxt: Option<u32>,
    /// RCV.WND, octets.
    pub rcv_wnd: Option<u32>,
    /// cwnd, octets.
    pub cwnd: Option<u32>,
    /// ssthresh, octets; `None` before the first loss.
    pub ssthresh: Option<u32>,
    /// SRTT.
    pub srtt: Option<u64>,
    /// RTTVAR.
    pub rttvar: Option<u64>,
    /// The RTO in force.
    pub rto: Option<u64>,
    /// How often it was doubled.
    pub backoff: u8,
    /// Retransmissions since SND.UNA moved.
    pub retransmissions: u8,
    /// Probes since the peer was heard.
    pub probes: u8,
    /// Where recovery stands.
    #[serde(serialize_with = "recovery")]
    pub recovery: RecoveryState,
    /// The effective send MSS.
    pub mss: Option<u16>,
    /// Octets in the send buffer.
    pub send_queued: u64,
    /// Octets that the program has not read.
    pub receive_queued: u64,
}

fn state<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

fn recovery<S: Serializer>(state: &RecoveryState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match state {
        RecoveryState::Open => "open",
        RecoveryState::Disorder => "disorder",
        RecoveryState::Cwr => "cwr",
        RecoveryState::Recovery => "recovery",
        RecoveryState::Loss => "loss",
    })
}

/// What became of one copy of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it came.
    pub at: Instant,
    /// Why the host threw it away, with the clause; `None`: it took it.
    pub dropped: Option<&'static str>,
    /// The same as a reason of TCP.
    pub reason: Option<synfin_wire::DropReason>,
}

/// Who sent a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One of the two hosts.
    Host(usize),
    /// Nobody now: it is an old duplicate, or forged. The host whose name it bears.
    Nobody(usize),
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Which connection of the trace it belongs to; `None` where there are too many of them.
    pub connection: Option<usize>,
    /// Who sent it.
    pub source: Source,
    /// When.
    pub at: Instant,
    /// From where, and where to.
    pub ends: (SocketAddr, SocketAddr),
    /// Its header.
    pub header: TcpHeader,
    /// Octets of text.
    pub len: u32,
    /// The bytes of its IP and TCP headers.
    pub bytes: Vec<u8>,
    /// Why it was sent.
    pub reason: Option<SendReason>,
    /// Why it never arrives.
    pub lost: Option<&'static str>,
    /// What else befell it: `duplicated`, `corrupted`, `marked`.
    pub befell: Vec<&'static str>,
    /// Its arrivals: none, one, or as many as there were copies.
    pub arrivals: Vec<Arrival>,
}

impl Sent {
    /// The host whose name it bears.
    #[must_use]
    pub const fn host(&self) -> usize {
        match self.source {
            Source::Host(host) | Source::Nobody(host) => host,
        }
    }

    /// SEG.LEN.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.len + u32::from(self.header.flags.syn()) + u32::from(self.header.flags.fin())
    }

    /// An ACK and nothing else.
    #[must_use]
    pub fn is_bare_ack(&self) -> bool {
        let flags = self.header.flags;
        flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() && self.len == 0
    }

    /// Whether it came to its receiver.
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        !self.arrivals.is_empty()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A segment left its host: its number.
    Sent(usize),
    /// A segment came to its receiver: its number, and which of its arrivals this is.
    Arrived(usize, usize),
    /// A program called.
    Called(usize, String),
    /// A timer ran out.
    Timer(usize, &'static str),
    /// A machine or the cable failed, or was mended.
    Fault(String),
    /// An ICMP message came to a host.
    Icmp(usize),
    /// A host took its connection for open without the handshake's third segment: no TCP of today does.
    TakenForOpen(usize),
}

/// Something that happened, with what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
    /// The connection that it is about.
    pub connection: Option<usize>,
    /// Both ends of that connection before it, first host first.
    pub before: Option<[EndView; 2]>,
    /// And after it.
    pub after: Option<[EndView; 2]>,
}

/// A connection of the trace: the address and port at each host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// At the first host, and at the second.
    pub ends: [SocketAddr; 2],
    /// What both were before anything happened.
    pub first: [EndView; 2],
    /// Why each end was CLOSED, when it was and its program was told.
    pub closed: [Option<(Instant, CloseReason)>; 2],
}

/// What was counted at one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// The most connections that were half-open at a time.
    pub most_half_open: usize,
    /// The most connections of every kind at a time.
    pub most_connections: usize,
    /// SYN-ACKs that were sent without keeping anything.
    pub cookies: u64,
    /// Connections that a program has accepted.
    pub accepted: u64,
    /// SYNs that found no room.
    pub turned_away: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The names of the hosts.
    pub names: [String; 2],
    /// The world it ran in.
    pub world: String,
    /// The seed.
    pub seed: u64,
    /// What the knobs were set to.
    pub values: Vec<(String, String)>,
    /// The connections.
    pub connections: Vec<Traced>,
    /// The segments, in the order in which they were sent.
    pub segments: Vec<Sent>,
    /// Everything that happened.
    pub events: Vec<Event>,
    /// What was counted at each host.
    pub tallies: [Tally; 2],
    /// When the run ended.
    pub end: Instant,
    /// It was cut short because too much happened.
    pub is_cut: bool,
}

impl Trace {
    /// Both ends of a connection when all is over.
    #[must_use]
    pub fn last(&self, connection: usize) -> Option<&[EndView; 2]> {
        let events = self.events.iter().rev();
        let after = events
            .filter(|event| event.connection == Some(connection))
            .find_map(|event| event.after.as_ref());
        after.or_else(|| self.connections.get(connection).map(|connection| &connection.first))
    }

    /// The states that one end of a connection went through, each with its moment.
    #[must_use]
    pub fn states(&self, connection: usize, host: usize) -> Vec<(Instant, State)> {
        let mut states = Vec::new();
        if let Some(traced) = self.connections.get(connection) {
            states.push((Instant::ZERO, traced.first[host].state));
        }
        for event in self.events.iter().filter(|event| event.connection == Some(connection)) {
            if let Some(after) = &event.after
                && states.last().is_none_or(|(_, state)| *state != after[host].state)
            {
                states.push((event.at, after[host].state));
            }
        }
        states
    }

    /// Whether an end was ever in this state.
    #[must_use]
    pub fn was(&self, connection: usize, host: usize, state: State) -> bool {
        self.states(connection, host).iter().any(|(_, was)| *was == state)
    }

    /// The segments of one connection, with their numbers.
    pub fn of(&self, connection: usize) -> impl Iterator<Item = (usize, &Sent)> {
        self.segments.iter().enumerate().filter(move |(_, segment)| segment.connection == Some(connection))
    }

    /// The whole trace as JSON: the same octets for the same script, world, settings and seed.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::json::of(self)
    }
}
