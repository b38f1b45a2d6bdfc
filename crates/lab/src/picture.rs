//! A trace as ladders.
//!
//! In: a trace. Out: one [`Connection`] for each of its connections, in which nothing is guessed: states, reasons and fates
//! are the engine's own. The first host stands left. Beside a segment stands its sender's state once it has left and, as in
//! the figures of RFC 9293, its receiver's once it has come; of two that cross, the receiver's comes with its next one.

use std::time::Duration;

use synfin_ladder::{
    Certainty, Connection, Counts, End, Fate, Mark, Marks, Negotiated, Reason, Role, Seen, Side, StateSet,
    Step, Timeline, Transition, Verdict, VerdictKind, Window, Zeek,
};
use synfin_sim::host::tcp::CloseReason;
use synfin_wire::{Instant, Note, SendReason, SeqNumber, State};

use crate::trace::{EndView, Event, Sent, Source, Trace, What};

/// The connections of a trace as ladders.
#[must_use]
pub fn connections(trace: &Trace) -> Vec<Connection> {
    (0..trace.connections.len()).filter_map(|index| connection(trace, index)).collect()
}

/// One connection as a ladder; `None` when no segment of it was sent.
#[must_use]
pub fn connection(trace: &Trace, index: usize) -> Option<Connection> {
    let drawer = Drawer::new(trace, index)?;
    let steps = drawer.steps();
    let span = (steps.first()?.at, steps.iter().map(|step| step.at).max()?);
    let ends = Side::BOTH.map(|side| drawer.end(side, &steps));
    let opening = |side: usize| drawer.syns[side].is_some();
    let both = |has: fn(&synfin_wire::TcpOptions) -> bool| {
        drawer.syns.iter().flatten().all(|syn| has(&syn.header.options))
    };
    let known = opening(0) && opening(1);
    Some(Connection {
        number: index as u64 + 1,
        ends,
        span,
        verdict: drawer.verdict(),
        negotiated: Negotiated {
            window_scale: known && both(|options| options.window_scale.is_some()),
            sack: known && both(|options| options.sack_permitted),
            timestamps: known && both(|options| options.timestamps.is_some()),
            ecn: false,
            known,
        },
        handshake: drawer.handshake(),
        rtt: drawer.round_trips(),
        completeness: drawer.completeness(),
        zeek: Zeek::default(),
        steps,
        findings: Vec::new(),
    })
}

struct Drawer<'a> {
    trace: &'a Trace,
    index: usize,
    segments: Vec<(usize, &'a Sent)>,
    events: Vec<&'a Event>,
    /// The first SYN of each host.
    syns: [Option<&'a Sent>; 2],
    origins: [SeqNumber; 2],
}

impl<'a> Drawer<'a> {
    fn new(trace: &'a Trace, index: usize) -> Option<Self> {
        let segments: Vec<(usize, &Sent)> = trace.of(index).collect();
        let events = trace.events.iter().filter(|event| event.connection == Some(index)).collect();
        let syns = [0, 1].map(|host| {
            let of_host = segments.iter().map(|(_, sent)| *sent).filter(|sent| sent.host() == host);
            of_host.clone().find(|sent| sent.header.flags.syn())
        });
        let origin = |host: usize| {
            let first = segments.iter().map(|(_, sent)| *sent).find(|sent| sent.host() == host);
            syns[host].or(first).map_or(SeqNumber::new(0), |sent| sent.header.seq)
        };
        let origins = [origin(0), origin(1)];
        (!segments.is_empty()).then_some(Self { trace, index, segments, events, syns, origins })
    }

    /// A row for each segment where it leaves, and one more where it comes, if it was overtaken on its way.
    fn steps(&self) -> Vec<Step> {
        let mut rows: Vec<(usize, bool, usize, &Sent)> = Vec::new();
        for (number, sent) in &self.segments {
            let (left, came) = self.places(*number);
            if let Some(place) = left.or(came) {
                rows.push((place, false, *number, sent));
            }
            if let (Some(_), Some(came)) = (left, came)
                && self.is_overtaken(*number, sent)
            {
                rows.push((came, true, *number, sent));
            }
        }
        rows.sort_by_key(|(place, ..)| *place);
        let mut shown: [usize; 2] = [0, 0];
        let draw = |(place, is_late, number, sent): (usize, bool, usize, &'a Sent)| {
            let step = self.step(number, sent, &mut shown, is_late.then_some(place));
            if !is_late {
                return step;
            }
            let at = self.events[place].at;
            Step { at, reason: Seen::Reordered.into(), arrival: Window::at(at), ..step }
        };
        rows.into_iter().map(draw).collect()
    }

    /// Whether something that was sent later came before it.
    fn is_overtaken(&self, number: usize, sent: &Sent) -> bool {
        let Some(came) = sent.arrivals.first() else { return false };
        let later = self.segments.iter().filter(|(other, _)| *other > number).map(|(_, other)| *other);
        later
            .filter(|other| other.host() == sent.host() && other.at < came.at)
            .any(|other| other.arrivals.first().is_some_and(|first| first.at < came.at))
    }

    /// The places among the events at which a segment left and came.
    fn places(&self, number: usize) -> (Option<usize>, Option<usize>) {
        let place = |wanted: &dyn Fn(&What) -> bool| self.events.iter().position(|event| wanted(&event.what));
        let left = place(&|what| matches!(what, What::Sent(sent) if *sent == number));
        let came = place(&|what| matches!(what, What::Arrived(sent, 0) if *sent == number));
        (left, came)
    }

    fn view(&self, place: usize, host: usize) -> &EndView {
        let event = self.events.get(place).and_then(|event| event.after.as_ref());
        event.map_or(&self.trace.connections[self.index].first[host], |after| &after[host])
    }

    /// A row; of a segment that was overtaken, where it comes.
    fn step(&self, number: usize, sent: &'a Sent, shown: &mut [usize; 2], late: Option<usize>) -> Step {
        let (sender, receiver) = (sent.host(), 1 - sent.host());
        let (left, came) = self.places(number);
        let departure = late.or(left).or(came).unwrap_or(0);
        let is_taken =
            self.events.get(departure + 1).is_some_and(|next| matches!(next.what, What::TakenForOpen(_)));
        shown[sender] = shown[sender].max(departure + usize::from(is_taken));
        let crosses = came.is_some_and(|came| {
            let between = self.events.get(departure + 1..came).unwrap_or_default();
            between.iter().any(|event| {
                matches!(event.what, What::Sent(other) if self.trace.segments[other].host() == receiver)
            })
        });
        let seen = match came {
            Some(came) if !crosses => came,
            _ => departure,
        };
        shown[receiver] = shown[receiver].max(seen);
        let states = [0, 1].map(|host| StateSet::of(self.view(shown[host], host).state));
        let header = &sent.header;
        let scale = self.syns[sender].and_then(|syn| syn.header.options.window_scale);
        let scaled =
            self.syns.iter().all(|syn| syn.is_some_and(|syn| syn.header.options.window_scale.is_some()));
        let shift = scale.filter(|_| scaled && !header.flags.syn()).unwrap_or(0);
        let reason = sent.reason.map_or(Reason::Seen(Seen::NetworkDuplicate), Reason::Sent);
        let arrival = sent.arrivals.first();
        let tcb = self.view(departure, sender).tcb.as_ref();
        Step {
            frame: number as u64 + 1,
            at: sent.at,
            from: Side::BOTH[sender],
            seq: header.seq,
            ack: header.ack,
            relative: (
                header.seq.octets_since(self.origins[sender]),
                header.ack.octets_since(self.origins[receiver]),
            ),
            flags: header.flags,
            len: sent.len,
            window: header.window,
            window_octets: Some(u32::from(header.window) << shift),
            urgent_pointer: header.urgent_pointer,
            options: header.options.clone(),
            segments: 1,
            reason,
            certainty: Certainty::Seen,
            because: None,
            states,
            marks: marks(sent),
            ack_rtt: None,
            in_flight: tcb.filter(|_| sent.len > 0).map(|tcb| tcb.snd_nxt.wrapping_sub(tcb.snd_una)),
            fate: match arrival {
                _ if sent.lost.is_some() => Fate::Lost,
                Some(arrival) => arrival.reason.map_or(Fate::Arrived, Fate::Dropped),
                None => Fate::Unknown,
            },
            arrival: match arrival {
                Some(arrival) => Window::at(arrival.at),
                None => Window { earliest: Some(sent.at), latest: None },
            },
            comment: None,
            note: Note::default(),
        }
    }

    fn end(&self, side: Side, steps: &[Step]) -> End {
        let host = side.index();
        let syn = self.syns[host];
        let options = syn.map(|syn| &syn.header.options);
        let opens = |host: usize| self.syns[host].is_some_and(|syn| !syn.header.flags.ack());
        let role = match (opens(host), opens(1 - host)) {
            (true, false) => Role::Client,
            (false, true) => Role::Server,
            _ => Role::Peer,
        };
        let states = self.trace.states(self.index, host);
        let frame = |at: Instant| {
            let mut arrivals = self.events.iter().filter(|event| event.at == at);
            arrivals.find_map(|event| match event.what {
                What::Arrived(number, _) if self.trace.segments[number].host() != host => {
                    Some(number as u64 + 1)
                }
                _ => None,
            })
        };
        let transitions = states.iter().skip(1).map(|(at, state)| Transition {
            to: *state,
            when: Window::at(*at),
            certainty: Certainty::Seen,
            frame: frame(*at),
        });
        End {
            address: self.trace.connections[self.index].ends[host],
            name: Some(self.trace.names[host].clone()),
            role,
            captured_here: true,
            first_number: Some(self.origins[host]),
            syn_seen: syn.is_some(),
            mss: options.and_then(|options| options.mss),
            window_scale: options.and_then(|options| options.window_scale),
            sack_permitted: options.is_some_and(|options| options.sack_permitted),
            timestamps: options.is_some_and(|options| options.timestamps.is_some()),
            ecn: false,
            fast_open: options.is_some_and(|options| options.fast_open.is_some()),
            before: states.first().map_or(StateSet::NONE, |(_, state)| StateSet::of(*state)),
            timeline: Timeline(transitions.collect()),
            sent: counts(side, steps),
        }
    }

    fn verdict(&self) -> Verdict {
        let closed = self.trace.connections[self.index].closed;
        for host in [0, 1] {
            let Some((_, reason)) = closed[host] else { continue };
            let (own, other) = (Some(Side::BOTH[host]), Some(Side::BOTH[1 - host]));
            let (kind, by) = match reason {
                CloseReason::Refused => (VerdictKind::Refused, other),
                CloseReason::HandshakeTimeout => {
                    let heard = self.segments.iter().any(|(_, sent)| sent.host() != host);
                    (if heard { VerdictKind::Unfinished } else { VerdictKind::Unanswered }, own)
                }
                CloseReason::Reset => (VerdictKind::Reset, other),
                CloseReason::Aborted
                | CloseReason::UnreadData
                | CloseReason::DataAfterClose
                | CloseReason::Contradicted => (VerdictKind::Reset, own),
                CloseReason::RetransmissionTimeout
                | CloseReason::UserTimeout
                | CloseReason::KeepAliveTimeout => (VerdictKind::TimedOut, own),
                _ => continue,
            };
            return Verdict { kind, by };
        }
        let rst = self.segments.iter().find(|(_, sent)| sent.header.flags.rst() && sent.has_arrived());
        let fin = |host: usize| {
            self.segments.iter().find(|(_, sent)| sent.host() == host && sent.header.flags.fin())
        };
        let first = match (fin(0), fin(1)) {
            (Some(a), Some(b)) => Some((VerdictKind::Closed, if a.0 < b.0 { 0 } else { 1 })),
            (Some(_), None) => Some((VerdictKind::HalfClosed, 0)),
            (None, Some(_)) => Some((VerdictKind::HalfClosed, 1)),
            (None, None) => None,
        };
        let of = |kind, host: usize| Verdict { kind, by: Some(Side::BOTH[host]) };
        match (rst, first) {
            (Some((_, rst)), first) if first.is_none_or(|(kind, _)| kind == VerdictKind::HalfClosed) => {
                of(VerdictKind::Reset, rst.host())
            }
            (_, Some((kind, host))) => of(kind, host),
            _ if [0, 1].iter().all(|host| self.trace.was(self.index, *host, State::Established)) => {
                Verdict { kind: VerdictKind::Open, by: None }
            }
            _ => Verdict { kind: VerdictKind::Unfinished, by: None },
        }
    }

    /// From the SYN to the arrival of the first segment after it that bears an ACK.
    fn handshake(&self) -> Option<Duration> {
        let syn = self.syns.iter().flatten().find(|syn| !syn.header.flags.ack())?;
        let third =
            self.segments.iter().map(|(_, sent)| *sent).find(|sent| {
                sent.host() == syn.host() && sent.header.flags.ack() && !sent.header.flags.syn()
            })?;
        (!third.header.flags.rst()).then(|| third.at - syn.at)
    }

    /// Round trips as the engines have measured them: least, mean and most of SRTT.
    fn round_trips(&self) -> Option<[Duration; 3]> {
        let views = self.events.iter().filter_map(|event| event.after.as_ref()).flatten();
        let all: Vec<u64> = views.filter_map(|view| view.tcb.as_ref()?.srtt).collect();
        let mean = all.iter().map(|nanos| u128::from(*nanos)).sum::<u128>() / (all.len().max(1) as u128);
        let [least, most] = [all.iter().min()?, all.iter().max()?];
        Some([*least, u64::try_from(mean).unwrap_or(u64::MAX), *most].map(Duration::from_nanos))
    }

    fn completeness(&self) -> u8 {
        self.segments.iter().fold(0, |set, (_, sent)| {
            let flags = sent.header.flags;
            let bit = match () {
                () if flags.syn() && !flags.ack() => 1,
                () if flags.syn() => 2,
                () if flags.rst() => 32,
                () if flags.fin() => 16,
                () if sent.len > 0 => 8,
                () => 4,
            };
            set | bit
        })
    }
}

fn counts(side: Side, steps: &[Step]) -> Counts {
    let mut counts = Counts::default();
    for step in steps.iter().filter(|step| step.from == side) {
        counts.packets += 1;
        counts.data_packets += u64::from(step.len > 0);
        counts.octets += u64::from(step.len);
        let again = step.marks.is_resent_or_late();
        counts.new_octets += if again { 0 } else { u64::from(step.len) };
        counts.retransmitted += u64::from(again);
        counts.duplicate_acks += u64::from(step.marks.contains(Mark::DuplicateAck));
        counts.zero_windows += u64::from(step.marks.contains(Mark::ZeroWindow));
        counts.most_in_flight = counts.most_in_flight.max(step.in_flight.unwrap_or(0).into());
    }
    counts
}

fn marks(sent: &Sent) -> Marks {
    let mut marks = Marks::NONE;
    let mark = match sent.reason {
        Some(
            SendReason::SynRetransmit
            | SendReason::SynAckRetransmit
            | SendReason::SynAckRepeat
            | SendReason::RtoRetransmit
            | SendReason::PartialAckRetransmit
            | SendReason::PathMtuRetransmit,
        ) => Some(Mark::Retransmission),
        Some(SendReason::FastRetransmit | SendReason::RackRetransmit) => Some(Mark::FastRetransmission),
        Some(SendReason::KeepAliveProbe) => Some(Mark::KeepAlive),
        Some(SendReason::ZeroWindowProbe) => Some(Mark::ZeroWindowProbe),
        Some(SendReason::WindowUpdate) => Some(Mark::WindowUpdate),
        Some(SendReason::OutOfOrderAck) => Some(Mark::DuplicateAck),
        _ => None,
    };
    mark.into_iter().for_each(|mark| marks.insert(mark));
    let flags = sent.header.flags;
    if sent.header.window == 0 && !flags.rst() && !flags.syn() {
        marks.insert(Mark::ZeroWindow);
    }
    if matches!(sent.source, Source::Nobody(_)) {
        marks.insert(Mark::Retransmission);
    }
    marks
}
