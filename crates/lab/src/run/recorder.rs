//! Notes everything that happens, with the hosts as they are right then.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use synfin_sim::host::tcp::CloseReason;
use synfin_sim::host::{Fate, Host, Look, PacketDrop, PacketNote};
use synfin_sim::{CableId, HostId, LinkDrop, NodeId, Observer, Treatment};
use synfin_wire::{DropReason, Instant, IpPacket, IpProtocol, Segment, SendReason, State};

use super::two_way;
use crate::plan::Plan;
use crate::trace::{Arrival, EndView, Event, Sent, Source, Tally, Tcb, Trace, Traced, What};

/// How many connections are traced one by one.
const MOST_CONNECTIONS: usize = 16;
/// How many events are kept.
const MOST_EVENTS: usize = 100_000;

/// What the network tells goes into the recorder.
#[derive(Debug)]
pub(super) struct Watcher(pub(super) Rc<RefCell<Recorder>>);

/// The notes.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) names: [String; 2],
    ids: [HostId; 2],
    addresses: [std::net::IpAddr; 2],
    is_two_way: [bool; 2],
    is_up: [bool; 2],
    mtu: [Option<usize>; 2],
    connections: Vec<Traced>,
    now: Vec<[EndView; 2]>,
    segments: Vec<Sent>,
    /// When each segment is to arrive.
    due: Vec<Option<Instant>>,
    /// How long the second half of each way takes.
    rest: [std::time::Duration; 2],
    /// Segments of each host that are under way.
    flying: [Vec<usize>; 2],
    events: Vec<Event>,
    tallies: [Tally; 2],
    /// What programs have called, each with the connection it is about.
    calls: Vec<(usize, String, Option<[SocketAddr; 2]>)>,
    closed: Vec<(usize, [SocketAddr; 2], CloseReason)>,
    completions: Vec<(usize, Bytes)>,
    is_completing: bool,
    last_sent: Option<usize>,
    /// Where each host listens.
    listens: [BTreeSet<SocketAddr>; 2],
    /// The initial sequence numbers that each host has used.
    used: [BTreeSet<u32>; 2],
}

/// A packet with a segment in it.
struct Parsed {
    source: SocketAddr,
    destination: SocketAddr,
    segment: Segment,
    front: Vec<u8>,
}

fn parse(packet: &Bytes) -> Option<Parsed> {
    let ip = IpPacket::parse(packet.clone(), true).ok()?;
    if ip.header.protocol != IpProtocol::TCP || ip.header.fragment.is_some() {
        return None;
    }
    let segment = Segment::parse(ip.payload.clone(), None).ok()?;
    let header = ip.header_len + ip.payload.len() - segment.payload.len();
    Some(Parsed {
        source: (ip.header.source, segment.header.source_port).into(),
        destination: (ip.header.destination, segment.header.destination_port).into(),
        front: packet[..header].to_vec(),
        segment,
    })
}

impl Recorder {
    pub(super) fn new(plan: &Plan, ids: [HostId; 2]) -> Self {
        let of = |host: usize| &plan.hosts[host];
        Self {
            names: [0, 1].map(|host| of(host).name.clone()),
            ids,
            addresses: [0, 1].map(|host| of(host).address),
            is_two_way: [0, 1].map(|host| of(host).is_two_way),
            is_up: [true; 2],
            mtu: [0, 1].map(|way| plan.links[way].mtu),
            connections: Vec::new(),
            now: Vec::new(),
            segments: Vec::new(),
            due: Vec::new(),
            rest: [0, 1].map(|way| plan.links[way].delay - plan.links[way].delay / 2),
            flying: Default::default(),
            events: Vec::new(),
            tallies: Default::default(),
            calls: Vec::new(),
            closed: Vec::new(),
            completions: Vec::new(),
            is_completing: false,
            last_sent: None,
            listens: Default::default(),
            used: Default::default(),
        }
    }

    fn host(&self, id: HostId) -> usize {
        usize::from(self.ids[1] == id)
    }

    /// A program listens, or no longer does.
    pub(super) fn listens(&mut self, host: usize, at: SocketAddr, does: bool) {
        if does {
            self.listens[host].insert(at);
        } else {
            self.listens[host].clear();
        }
    }

    /// A program is about to call.
    pub(super) fn call(&mut self, host: usize, text: String, ends: Option<[SocketAddr; 2]>) {
        self.calls.push((host, text, ends));
    }

    /// A program was told that its connection is CLOSED.
    pub(super) fn closed(&mut self, host: usize, ends: [SocketAddr; 2], reason: CloseReason) {
        self.closed.push((host, ends, reason));
    }

    pub(super) fn accepted(&mut self, host: usize) {
        self.tallies[host].accepted += 1;
    }

    /// How many initial sequence numbers a host has used.
    pub(super) fn used(&self, host: usize) -> usize {
        self.used[host].len()
    }

    /// A timestamp that the host has sent long ago.
    pub(super) fn old_stamp(&self, host: usize) -> Option<u32> {
        let stamps = self.segments.iter().rev().filter(|sent| sent.source == Source::Host(host));
        let last = stamps.filter_map(|sent| sent.header.options.timestamps).next()?;
        Some(last.value.wrapping_sub(1_000_000))
    }

    pub(super) fn take_completion(&mut self) -> Option<(usize, Bytes)> {
        let next = (!self.completions.is_empty()).then(|| self.completions.remove(0));
        self.is_completing = next.is_some();
        next
    }

    pub(super) fn fault(&mut self, text: String, now: Instant) {
        self.push(Event { at: now, what: What::Fault(text), connection: None, before: None, after: None });
    }

    pub(super) fn crashed(&mut self, host: usize, text: &str, now: Instant) {
        self.is_up[host] = false;
        self.lose(host, text, now);
    }

    pub(super) fn rebooted(&mut self, host: usize, text: &str, now: Instant) {
        self.is_up[host] = true;
        self.lose(host, text, now);
    }

    /// What a machine knew is gone.
    fn lose(&mut self, host: usize, text: &str, now: Instant) {
        self.listens[host].clear();
        self.fault(text.to_owned(), now);
        let gone = EndView { state: State::Closed, up: self.is_up[host], tcb: None, timers: Vec::new() };
        for connection in 0..self.now.len() {
            if self.now[connection][host] != gone {
                let before = self.now[connection].clone();
                self.now[connection][host] = gone.clone();
                let after = Some(self.now[connection].clone());
                let what = What::Fault(text.to_owned());
                self.push(Event { at: now, what, connection: Some(connection), before: Some(before), after });
            }
        }
    }

    fn push(&mut self, event: Event) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
    }

    /// The connection between these ends, first host's first; a new one is added while there is room.
    fn connection(&mut self, ends: [SocketAddr; 2]) -> Option<usize> {
        if let Some(known) = self.connections.iter().position(|connection| connection.ends == ends) {
            return Some(known);
        }
        let is_ours = ends[0].ip() == self.addresses[0] && ends[1].ip() == self.addresses[1];
        if !is_ours || self.connections.len() >= MOST_CONNECTIONS {
            return None;
        }
        let first = [0, 1].map(|host| EndView {
            state: if self.listens[host].contains(&ends[host]) { State::Listen } else { State::Closed },
            up: self.is_up[host],
            tcb: None,
            timers: Vec::new(),
        });
        self.connections.push(Traced { ends, first: first.clone(), closed: [None; 2] });
        self.now.push(first);
        Some(self.connections.len() - 1)
    }

    fn ends_of(&self, host: usize, local: SocketAddr, remote: SocketAddr) -> [SocketAddr; 2] {
        if host == 0 { [local, remote] } else { [remote, local] }
    }

    /// Looks at a host's end of a connection. Returns both ends before and after.
    fn refresh(&mut self, connection: usize, host: usize, machine: &Host) -> ([EndView; 2], [EndView; 2]) {
        let ends = self.connections[connection].ends;
        let (local, remote) = (ends[host], ends[1 - host]);
        let before = self.now[connection].clone();
        let view = match machine.look(local, remote) {
            Some(look) if look.state != State::Closed => view(&look),
            _ => {
                // What never was open goes back to whoever waits.
                let waits = match before[host].state {
                    State::Listen | State::SynReceived => true,
                    _ => !self.was_open(connection, host),
                } && machine.is_listening(local);
                let state = if waits { State::Listen } else { State::Closed };
                EndView { state, up: true, tcb: None, timers: Vec::new() }
            }
        };
        self.now[connection][host] = view;
        (before, self.now[connection].clone())
    }

    fn was_open(&self, connection: usize, host: usize) -> bool {
        let events = self.events.iter().filter(|event| event.connection == Some(connection));
        events.filter_map(|event| event.after.as_ref()).any(|after| {
            !matches!(after[host].state, State::Listen | State::SynReceived | State::Closed | State::SynSent)
        })
    }

    fn count(&mut self, host: usize, machine: &Host) {
        let tally = &mut self.tallies[host];
        tally.most_half_open = tally.most_half_open.max(machine.half_open_count());
        tally.most_connections = tally.most_connections.max(machine.connection_count());
    }

    fn note(&mut self, what: What, connection: Option<usize>, host: usize, machine: &Host, now: Instant) {
        let (before, after) = connection.map(|connection| self.refresh(connection, host, machine)).unzip();
        self.push(Event { at: now, what, connection, before, after });
    }

    fn leaves(
        &mut self,
        host: usize,
        machine: &Host,
        packet: &Bytes,
        note: Option<PacketNote>,
        now: Instant,
    ) -> bool {
        self.count(host, machine);
        self.last_sent = None;
        let Some(parsed) = parse(packet) else { return true };
        let reason = match note {
            Some(PacketNote::Tcp(reason)) => Some(reason),
            _ => None,
        };
        if self.is_two_way[1 - host] && two_way::is_unsaid(reason) {
            return false;
        }
        let header = &parsed.segment.header;
        if header.flags.syn() {
            self.used[host].insert(header.seq.value());
        }
        if self.is_two_way[host] && header.flags.syn() && header.flags.ack() {
            let third = two_way::third(parsed.source, parsed.destination, &parsed.segment);
            self.completions.push((host, third));
        }
        self.tallies[host].cookies += u64::from(reason == Some(SendReason::SynAckStateless));
        let ends = self.ends_of(host, parsed.source, parsed.destination);
        let connection = self.connection(ends);
        let number = self.add(Source::Host(host), connection, parsed, reason, now);
        self.last_sent = Some(number);
        self.flying[host].push(number);
        self.note(What::Sent(number), connection, host, machine, now);
        true
    }

    fn add(
        &mut self,
        source: Source,
        connection: Option<usize>,
        parsed: Parsed,
        reason: Option<SendReason>,
        now: Instant,
    ) -> usize {
        self.due.push(None);
        self.segments.push(Sent {
            connection,
            source,
            at: now,
            ends: (parsed.source, parsed.destination),
            len: parsed.segment.payload.len() as u32,
            header: parsed.segment.header,
            bytes: parsed.front,
            reason,
            lost: None,
            befell: Vec::new(),
            arrivals: Vec::new(),
        });
        self.segments.len() - 1
    }

    fn carried(&mut self, treatment: Treatment) {
        let Some(number) = self.last_sent.take() else { return };
        let rest = self.rest[self.segments[number].host()];
        self.due[number] = treatment.arrives.map(|moment| moment + rest);
        let segment = &mut self.segments[number];
        segment.lost = treatment.dropped.map(|drop| match drop {
            LinkDrop::Lost => "chance",
            LinkDrop::Rule => "script",
            LinkDrop::Queue => "queue",
            LinkDrop::TooLong => "too-long",
            LinkDrop::Cut => "cut",
        });
        let all = [
            (treatment.duplicated, "duplicated"),
            (treatment.corrupted || treatment.rewritten, "corrupted"),
            (treatment.marked, "marked"),
        ];
        segment.befell = all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
        if segment.lost.is_some() {
            let host = segment.host();
            self.flying[host].retain(|flying| *flying != number);
        }
    }

    /// Which segment under way this is.
    fn landed(&mut self, from: usize, parsed: &Parsed, now: Instant) -> Option<usize> {
        let segments = &self.segments;
        let is_it = |number: &usize| {
            let sent = &segments[*number];
            let same =
                sent.header == parsed.segment.header && sent.len as usize == parsed.segment.payload.len();
            (same || sent.befell.contains(&"corrupted")) && sent.ends == (parsed.source, parsed.destination)
        };
        // Of several that are alike it is the one that is due.
        let is_due = |number: &usize| is_it(number) && self.due[*number] == Some(now);
        let flying = &self.flying[from];
        let place = flying.iter().position(is_due).or_else(|| flying.iter().position(is_it))?;
        let number = self.flying[from][place];
        let copies = 1 + usize::from(segments[number].befell.contains(&"duplicated"));
        if segments[number].arrivals.len() + 1 >= copies {
            self.flying[from].remove(place);
        }
        Some(number)
    }

    fn arrived(&mut self, host: usize, machine: &Host, packet: &Bytes, fate: Fate, now: Instant) {
        self.count(host, machine);
        let Some(parsed) = parse(packet) else {
            self.push(Event { at: now, what: What::Icmp(host), connection: None, before: None, after: None });
            return;
        };
        let ends = self.ends_of(host, parsed.destination, parsed.source);
        let connection = self.connection(ends);
        if std::mem::take(&mut self.is_completing) {
            self.note(What::TakenForOpen(host), connection, host, machine, now);
            return;
        }
        let arrival = Arrival {
            at: now,
            dropped: match fate {
                Fate::Taken => None,
                Fate::Dropped(reason) => Some(reason.code()),
            },
            reason: match fate {
                Fate::Dropped(PacketDrop::Tcp(reason)) => Some(reason),
                _ => None,
            },
        };
        self.tallies[host].turned_away += u64::from(arrival.reason == Some(DropReason::Backlog));
        let number = match self.landed(1 - host, &parsed, now) {
            Some(number) => number,
            None => self.add(Source::Nobody(1 - host), connection, parsed, None, now),
        };
        self.segments[number].arrivals.push(arrival);
        let count = self.segments[number].arrivals.len() - 1;
        self.note(What::Arrived(number, count), connection, host, machine, now);
    }

    fn timed_out(&mut self, host: usize, machine: &Host, now: Instant) {
        self.count(host, machine);
        for connection in 0..self.connections.len() {
            let old = &self.now[connection][host].timers;
            let timer = old.iter().find(|(_, expires)| *expires <= now.as_nanos()).map(|(name, _)| *name);
            let (before, after) = self.refresh(connection, host, machine);
            if let Some(name) = timer
                && (before != after || !old_enough(&after[host], name, now))
            {
                let (before, after) = (Some(before), Some(after));
                self.push(Event {
                    at: now,
                    what: What::Timer(host, name),
                    connection: Some(connection),
                    before,
                    after,
                });
            }
        }
    }

    fn called(&mut self, host: usize, machine: &Host, now: Instant) {
        for (by, text, ends) in std::mem::take(&mut self.calls) {
            let connection = ends.and_then(|ends| self.connection(ends));
            self.note(What::Called(by, text), connection, host, machine, now);
        }
        for (by, ends, reason) in std::mem::take(&mut self.closed) {
            if let Some(connection) = self.connection(ends) {
                self.connections[connection].closed[by] = Some((now, reason));
            }
        }
        for connection in 0..self.connections.len() {
            let (before, after) = self.refresh(connection, host, machine);
            if before[host].state != after[host].state {
                let (before, after) = (Some(before), Some(after));
                let what = What::Called(host, "-".into());
                self.push(Event { at: now, what, connection: Some(connection), before, after });
            }
        }
    }

    pub(super) fn finish(
        &mut self,
        plan: &Plan,
        world: &str,
        seed: u64,
        end: Instant,
        is_cut: bool,
    ) -> Trace {
        for number in self.flying.clone().concat() {
            let way = self.segments[number].host();
            let segment = &mut self.segments[number];
            let whole = segment.bytes.len() + segment.len as usize;
            let is_long = self.mtu[way].is_some_and(|mtu| whole > mtu);
            let travel = plan.links[way].delay + plan.links[way].jitter;
            let is_late = segment.at + travel < end;
            if segment.arrivals.is_empty() && (is_long || is_late) {
                let is_down = !self.is_up[1 - way];
                segment.lost = Some(match segment.connection {
                    _ if is_long => "too-long",
                    None => "nobody",
                    Some(_) if is_down => "host-down",
                    Some(_) => "cut",
                });
            }
        }
        Trace {
            names: self.names.clone(),
            world: world.to_owned(),
            seed,
            values: plan.values.clone(),
            connections: std::mem::take(&mut self.connections),
            segments: std::mem::take(&mut self.segments),
            events: std::mem::take(&mut self.events),
            tallies: self.tallies,
            end,
            is_cut,
        }
    }
}

/// The timer still runs, and not yet out.
fn old_enough(view: &EndView, name: &str, now: Instant) -> bool {
    view.timers.iter().any(|(timer, expires)| *timer == name && *expires <= now.as_nanos())
}

fn view(look: &Look) -> EndView {
    let status = look.status.as_ref();
    let nanos = |span: std::time::Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let tcb = look.numbers.map(|numbers| Tcb {
        iss: numbers.iss.value(),
        snd_una: numbers.una.value(),
        snd_nxt: numbers.nxt.value(),
        snd_wnd: status.map(|status| status.send_window),
        irs: numbers.irs.map(synfin_wire::SeqNumber::value),
        rcv_nxt: numbers.receive_next.map(synfin_wire::SeqNumber::value),
        rcv_wnd: status.map(|status| status.receive_window),
        cwnd: status.map(|status| status.congestion_window),
        ssthresh: status.map(|status| status.slow_start_threshold).filter(|octets| *octets != u32::MAX),
        srtt: status.and_then(|status| status.smoothed_rtt).map(nanos),
        rttvar: status.map(|status| nanos(status.rtt_variation)),
        rto: status.map(|status| nanos(status.rto)),
        backoff: status.map_or(0, |status| status.rto_backoff),
        retransmissions: status.map_or(0, |status| status.retransmissions),
        probes: status.map_or(0, |status| status.probes),
        recovery: status.map(|status| status.recovery).unwrap_or_default(),
        mss: status.map(|status| status.send_mss),
        send_queued: status.map_or(0, |status| status.send_queued as u64),
        receive_queued: status.map_or(0, |status| status.receive_queued as u64),
    });
    let timers = look.timers.iter().map(|timer| (timer.name, timer.expires.as_nanos())).collect();
    EndView { state: look.state, up: true, tcb, timers }
}

impl Observer for Watcher {
    fn leaves(
        &mut self,
        host: HostId,
        machine: &Host,
        packet: &Bytes,
        note: Option<PacketNote>,
        now: Instant,
    ) -> bool {
        let mut recorder = self.0.borrow_mut();
        let host = recorder.host(host);
        recorder.leaves(host, machine, packet, note, now)
    }

    fn carried(&mut self, from: NodeId, _: CableId, _: &Bytes, treatment: Treatment, _: Instant) {
        if matches!(from, NodeId::Host(_)) {
            self.0.borrow_mut().carried(treatment);
        }
    }

    fn arrived(&mut self, host: HostId, machine: &Host, packet: &Bytes, fate: Fate, now: Instant) {
        let mut recorder = self.0.borrow_mut();
        let host = recorder.host(host);
        recorder.arrived(host, machine, packet, fate, now);
    }

    fn timed_out(&mut self, host: HostId, machine: &Host, now: Instant) {
        let mut recorder = self.0.borrow_mut();
        let host = recorder.host(host);
        recorder.timed_out(host, machine, now);
    }

    fn called(&mut self, host: HostId, machine: &Host, now: Instant) {
        let mut recorder = self.0.borrow_mut();
        let host = recorder.host(host);
        recorder.called(host, machine, now);
    }
}
