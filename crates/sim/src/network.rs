//! Hosts and routers joined by cables, in virtual time.
//!
//! What comes in: hosts, programs on them, faults, a seed. What goes out: what became of all that, moment by
//! moment, and captures of it. A run takes no longer than the machine needs for it, whatever the clock of
//! the network shows, and two runs with one seed are the same to the octet.
//!
//! Everything that happens has a moment and a number; of two things at one moment, the one that was put
//! down first happens first.
//!
//! Left out on purpose: Ethernet and its neighbours (cables carry IP packets), offload (each packet is one
//! that a wire could carry), and fragmentation by routers (they treat every packet as one that must not be
//! fragmented).

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_host::{Host, HostConfig, HostOffload, Medium, PacketIn, PacketNote};
use synfin_wire::{Instant, Note};

use crate::link::{Link, LinkConfig};
use crate::program::{Context, Program};
use crate::random::{Stream, derive};
use crate::rule::Rule;

mod agenda;
mod capture;
mod fault;
mod id;
mod known;
mod observer;
mod router;

use agenda::{Agenda, Booking, What};
use capture::Capture;
use id::End;
use router::{Forwarding, Router};

pub use fault::Fault;
pub use id::{CableId, CaptureId, CapturePoint, HostId, NodeId, ProgramId, RouterId, Way};
pub use observer::Observer;

/// What seeds are derived for.
const FOR_HOSTS: u8 = 1;
const FOR_CABLES: u8 = 2;

/// A network in virtual time.
///
/// ```
/// use std::time::Duration;
/// use synfin_host::HostConfig;
/// use synfin_sim::program::{Client, Server};
/// use synfin_sim::{LinkConfig, Network};
///
/// let mut network = Network::new(7);
/// let a = network.add_host(HostConfig::new([("10.0.0.1".parse()?, 24)]));
/// let b = network.add_host(HostConfig::new([("10.0.0.2".parse()?, 24)]));
/// network.connect(a, b, LinkConfig { delay: Duration::from_millis(10), ..LinkConfig::default() });
/// let server = network.run(b, Server::sink("10.0.0.2:80".parse()?));
/// let client = network.run(a, Client::new("10.0.0.2:80".parse()?).sending(1_000_000));
///
/// assert!(network.run_until(Duration::from_secs(60), |network| network.program(client).is_through()));
/// assert_eq!(network.program(server).received(), 1_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Network {
    seed: u64,
    now: Instant,
    agenda: Agenda,
    machines: Vec<Machine>,
    routers: Vec<Router>,
    cables: Vec<Cable>,
    programs: Vec<Running>,
    captures: Vec<Capture>,
    observer: Option<Box<dyn Observer>>,
    /// Faults to come, and a place for each that has come.
    faults: Vec<Option<Fault>>,
    /// Hosts that were called since the last step.
    called: Vec<HostId>,
}

/// A host with what is around it.
#[derive(Debug)]
struct Machine {
    host: Host,
    config: HostConfig,
    up: bool,
    /// How often it was started: each time it has another secret.
    boots: u64,
    programs: Vec<usize>,
    end: Option<End>,
    timer: Booking,
}

/// What joins two nodes: a link in each direction.
#[derive(Debug)]
struct Cable {
    ends: [NodeId; 2],
    links: [Link; 2],
    arrivals: [Booking; 2],
}

/// A program on its host.
struct Running {
    host: HostId,
    program: Box<dyn Program>,
    alarm: Booking,
}

impl Network {
    /// An empty network at the start of time. Everything that is left to chance in it comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            now: Instant::ZERO,
            agenda: Agenda::default(),
            machines: Vec::new(),
            routers: Vec::new(),
            cables: Vec::new(),
            programs: Vec::new(),
            captures: Vec::new(),
            observer: None,
            faults: Vec::new(),
            called: Vec::new(),
        }
    }

    /// The moment that it is in the network.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    // --- building ------------------------------------------------------------------------------------------

    /// Adds a host. It takes the config as it is, but for medium and offload: see the [module](self).
    pub fn add_host(&mut self, config: HostConfig) -> HostId {
        let config = HostConfig { medium: Medium::Ip, offload: HostOffload::default(), ..config };
        let id = HostId(self.machines.len());
        let host = Host::new(config.clone(), secret(self.seed, id, 0));
        self.machines.push(Machine {
            host,
            config,
            up: true,
            boots: 0,
            programs: Vec::new(),
            end: None,
            timer: Booking::default(),
        });
        id
    }

    /// Adds a router that speaks from these addresses when it has an error to report; without one of a
    /// packet's family it stays silent.
    pub fn add_router(&mut self, addresses: impl IntoIterator<Item = IpAddr>) -> RouterId {
        let id = RouterId(self.routers.len());
        self.routers.push(Router::new(addresses));
        id
    }

    /// Joins two nodes by a cable that is alike in both directions, with faults of their own. A router
    /// learns the addresses of a host that it is joined to.
    ///
    /// A cable with an MTU under a host's own drops what is too long without a word, as a broken path does;
    /// before other cables a router tells the sender.
    ///
    /// # Panics
    /// When one of them is a host that has a cable already.
    pub fn connect(&mut self, a: impl Into<NodeId>, b: impl Into<NodeId>, config: LinkConfig) -> CableId {
        self.connect_uneven(a, b, config.clone(), config)
    }

    /// Joins two nodes by a cable: `there` is the way from `a` to `b`, `back` the other.
    ///
    /// # Panics
    /// When one of them is a host that has a cable already.
    pub fn connect_uneven(
        &mut self,
        a: impl Into<NodeId>,
        b: impl Into<NodeId>,
        there: LinkConfig,
        back: LinkConfig,
    ) -> CableId {
        let ends = [a.into(), b.into()];
        let id = CableId(self.cables.len());
        for (way, (near, far)) in [(Way::There, (ends[0], ends[1])), (Way::Back, (ends[1], ends[0]))] {
            let end = End { cable: id, way };
            match near {
                NodeId::Host(host) => {
                    let machine = &mut self.machines[host.0];
                    assert!(machine.end.is_none(), "a host has one cable: put a router before it");
                    machine.end = Some(end);
                }
                NodeId::Router(router) => {
                    if let NodeId::Host(host) = far {
                        let addresses = &self.machines[host.0].config.addresses;
                        self.routers[router.0].learn(addresses.iter().map(|(address, _)| *address), end);
                    }
                }
            }
        }
        let seed = |way| derive(self.seed, FOR_CABLES, (id.0 as u64) << 1 | way);
        let links = [Link::new(there, seed(0)), Link::new(back, seed(1))];
        self.cables.push(Cable { ends, links, arrivals: Default::default() });
        id
    }

    /// Has a router send everything for the addresses whose first `prefix_len` bits are those of `prefix`
    /// along a cable. Of several routes the one with the longest prefix counts, and of those the first.
    ///
    /// # Panics
    /// When the router is at neither end of the cable.
    pub fn add_route(&mut self, router: RouterId, prefix: IpAddr, prefix_len: u8, cable: CableId) {
        let ends = self.cables[cable.0].ends;
        let side = ends.iter().position(|end| *end == NodeId::Router(router));
        let way = Way::from_side(side.expect("the cable does not end at this router"));
        self.routers[router.0].add_route(prefix, prefix_len, End { cable, way });
    }

    /// Adds a rule to one direction of a cable, behind those there are.
    pub fn add_rule(&mut self, cable: CableId, way: Way, rule: Rule) {
        self.cables[cable.0].links[way.side()].add_rule(rule);
    }

    /// Starts a program on a host. Its calls are made at the present moment.
    pub fn run<P: Program>(&mut self, host: HostId, program: P) -> ProgramId<P> {
        let index = self.programs.len();
        self.programs.push(Running { host, program: Box::new(program), alarm: Booking::default() });
        self.machines[host.0].programs.push(index);
        if self.machines[host.0].up {
            self.call_program(index, |program, cx| program.start(cx));
        }
        self.mark_called(host);
        ProgramId { index, program: PhantomData }
    }

    /// Lets a fault happen at a moment to come, or at once when that is over.
    pub fn at(&mut self, moment: Instant, fault: Fault) {
        self.faults.push(Some(fault));
        self.agenda.add(moment.max(self.now), What::Fault(self.faults.len() - 1));
    }

    /// Begins a capture. What passes there from now on goes into a file in the pcapng format, with time
    /// beginning at the UNIX epoch, and with a [note](synfin_wire::note) on each packet as its comment: its sender's
    /// reason, and the states of both ends then.
    pub fn capture(&mut self, point: impl Into<CapturePoint>) -> CaptureId {
        self.captures.push(Capture::new(point.into()));
        CaptureId(self.captures.len() - 1)
    }

    /// Has everything told to an observer from now on. There is one at a time.
    pub fn observe(&mut self, observer: impl Observer + 'static) {
        self.observer = Some(Box::new(observer));
    }

    // --- looking and calling -------------------------------------------------------------------------------

    /// A host, for its owner's calls at [`Network::now`]. What comes of them happens with the next step.
    /// A host that is down can be called, but nobody hears of it.
    pub fn host(&mut self, id: HostId) -> &mut Host {
        self.mark_called(id);
        &mut self.machines[id.0].host
    }

    /// Whether a host is running.
    #[must_use]
    pub fn is_up(&self, id: HostId) -> bool {
        self.machines[id.0].up
    }

    /// A program.
    ///
    /// # Panics
    /// When the id is another network's.
    #[must_use]
    pub fn program<P: Program>(&self, id: ProgramId<P>) -> &P {
        let program: &dyn Any = &*self.programs[id.index].program;
        program.downcast_ref().expect("a program's id bears its type")
    }

    /// One direction of a cable.
    #[must_use]
    pub fn link(&self, cable: CableId, way: Way) -> &Link {
        &self.cables[cable.0].links[way.side()]
    }

    /// What was captured so far: a whole file.
    #[must_use]
    pub fn captured(&self, id: CaptureId) -> &[u8] {
        self.captures[id.0].file()
    }

    /// Checks that what must always hold does, on every host.
    ///
    /// # Panics
    /// When it does not: a defect of the host or its connections.
    pub fn check_invariants(&self) {
        self.machines.iter().for_each(|machine| machine.host.check_invariants());
    }

    // --- running -------------------------------------------------------------------------------------------

    /// Lets the next thing happen; returns its moment, or `None` when nothing is going to happen any more.
    pub fn step(&mut self) -> Option<Instant> {
        self.settle_called();
        loop {
            let (moment, what) = self.agenda.pop()?;
            if self.is_on(what, moment) {
                self.now = moment;
                self.perform(what);
                self.settle_called();
                return Some(moment);
            }
        }
    }

    /// Lets happen what happens until `done` says so, or `limit` has passed. Returns whether it is done.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let deadline = self.now + limit;
        self.settle_called();
        loop {
            if done(self) {
                return true;
            }
            if self.next_due().is_none_or(|next| next > deadline) {
                self.now = deadline;
                return done(self);
            }
            self.step();
        }
    }

    /// Lets happen what happens within `span`.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(span, |_| false);
    }

    /// When the next thing happens.
    pub fn next_due(&mut self) -> Option<Instant> {
        self.settle_called();
        loop {
            let (moment, what) = self.agenda.peek()?;
            if self.booking(what).is_none_or(|booking| booking.is_at(moment)) {
                return Some(moment);
            }
            self.agenda.pop();
        }
    }

    fn booking(&mut self, what: What) -> Option<&mut Booking> {
        match what {
            What::Arrival(cable, way) => Some(&mut self.cables[cable.0].arrivals[way.side()]),
            What::Timer(host) => Some(&mut self.machines[host.0].timer),
            What::Alarm(program) => Some(&mut self.programs[program].alarm),
            What::Fault(_) => None,
        }
    }

    /// Whether an entry of the agenda still holds: a booking that was moved leaves the old entry behind.
    fn is_on(&mut self, what: What, moment: Instant) -> bool {
        self.booking(what).is_none_or(|booking| booking.take_if_at(moment))
    }

    fn perform(&mut self, what: What) {
        match what {
            What::Arrival(cable, way) => self.arrive(cable, way),
            What::Timer(host) => {
                let machine = &mut self.machines[host.0];
                if machine.up {
                    machine.host.handle_timeout(self.now);
                    if let Some(observer) = &mut self.observer {
                        observer.timed_out(host, &machine.host, self.now);
                    }
                }
                self.mark_called(host);
            }
            What::Alarm(program) => {
                let host = self.programs[program].host;
                if self.machines[host.0].up {
                    self.call_program(program, |program, cx| program.wake(cx));
                }
                self.mark_called(host);
            }
            What::Fault(index) => {
                if let Some(fault) = self.faults[index].take() {
                    self.inflict(fault);
                }
            }
        }
    }

    /// Everything that has come to the end of a link is handed over before anything is answered.
    fn arrive(&mut self, cable: CableId, way: Way) {
        let node = self.cables[cable.0].ends[1 - way.side()];
        while let Some((packet, note)) = self.cables[cable.0].links[way.side()].pop_noted(self.now) {
            match node {
                NodeId::Host(host) => self.hand_over(host, packet, note),
                NodeId::Router(router) => self.forward(router, &packet, note),
            }
        }
        self.book_arrival(cable, way);
    }

    fn hand_over(&mut self, host: HostId, packet: Bytes, note: Option<PacketNote>) {
        let machine = &mut self.machines[host.0];
        if !machine.up {
            return;
        }
        let arriving = PacketIn { bytes: packet.clone(), trust_checksum: false, segment_size: None };
        let fate = machine.host.handle_packet(arriving, self.now);
        if self.is_captured(NodeId::Host(host)) {
            let known = self.known(&packet, note);
            for capture in &mut self.captures {
                capture.arrived(host.into(), &packet, known, Some(fate), self.now);
            }
        }
        if let Some(observer) = &mut self.observer {
            observer.arrived(host, &self.machines[host.0].host, &packet, fate, self.now);
        }
        self.mark_called(host);
    }

    fn forward(&mut self, router: RouterId, packet: &Bytes, note: Option<PacketNote>) {
        if self.is_captured(NodeId::Router(router)) {
            let known = self.known(packet, note);
            for capture in &mut self.captures {
                capture.arrived(router.into(), packet, known, None, self.now);
            }
        }
        let cables = &self.cables;
        let mtu = |end: End| cables[end.cable.0].links[end.way.side()].config().mtu;
        match self.routers[router.0].forward(packet, mtu) {
            Forwarding::Onward(packet, end) => self.send(router.into(), end, packet, note),
            Forwarding::Error(message, end) => {
                self.send(router.into(), end, message, Some(PacketNote::IcmpError));
            }
            Forwarding::Dropped => {}
        }
    }

    fn send(&mut self, from: NodeId, end: End, packet: Bytes, note: Option<PacketNote>) {
        let is_held_back = match (&mut self.observer, from) {
            (Some(observer), NodeId::Host(host)) => {
                !observer.leaves(host, &self.machines[host.0].host, &packet, note, self.now)
            }
            _ => false,
        };
        if is_held_back {
            return;
        }
        let is_captured = self.is_captured(end.cable);
        let known =
            if is_captured || self.is_captured(from) { self.known(&packet, note) } else { Note::default() };
        for capture in &mut self.captures {
            capture.sent(from, &packet, known, self.now);
        }
        let seen = (is_captured || self.observer.is_some()).then(|| packet.clone());
        let treatment = self.cables[end.cable.0].links[end.way.side()].push_noted(packet, note, self.now);
        if let Some(packet) = seen {
            for capture in &mut self.captures {
                capture.carried(end, &packet, known, treatment, self.now);
            }
            if let Some(observer) = &mut self.observer {
                observer.carried(from, end.cable, &packet, treatment, self.now);
            }
        }
        self.book_arrival(end.cable, end.way);
    }

    fn is_captured(&self, point: impl Into<CapturePoint> + Copy) -> bool {
        self.captures.iter().any(|capture| capture.watches(point))
    }

    fn book_arrival(&mut self, cable: CableId, way: Way) {
        let Cable { links, arrivals, .. } = &mut self.cables[cable.0];
        if let Some(due) = links[way.side()].next_due() {
            self.agenda.book(&mut arrivals[way.side()], due, What::Arrival(cable, way));
        }
    }

    fn mark_called(&mut self, host: HostId) {
        if !self.called.contains(&host) {
            self.called.push(host);
        }
    }

    fn settle_called(&mut self) {
        while let Some(host) = self.called.first().copied() {
            self.settle(host);
            self.called.remove(0);
        }
    }

    /// Tells a host's programs what has happened, and sends what is to be sent, until there is neither.
    fn settle(&mut self, id: HostId) {
        if !self.machines[id.0].up {
            return;
        }
        loop {
            let machine = &mut self.machines[id.0];
            if let Some(event) = machine.host.poll_event() {
                self.call_programs(id, |program, cx| program.event(&event, cx));
            } else if let Some(packet) = machine.host.poll_transmit(self.now) {
                // Without a cable it goes nowhere.
                if let Some(end) = machine.end {
                    self.send(id.into(), end, packet.to_bytes(), Some(packet.note));
                }
            } else {
                break;
            }
        }
        let machine = &mut self.machines[id.0];
        if let Some(due) = machine.host.poll_timeout() {
            self.agenda.book(&mut machine.timer, due.max(self.now), What::Timer(id));
        }
    }

    fn call_programs(&mut self, host: HostId, mut call: impl FnMut(&mut dyn Program, &mut Context<'_>)) {
        for place in 0..self.machines[host.0].programs.len() {
            self.call_program(self.machines[host.0].programs[place], &mut call);
        }
    }

    /// The program's host must be up.
    fn call_program(&mut self, index: usize, call: impl FnOnce(&mut dyn Program, &mut Context<'_>)) {
        let Running { host, program, alarm } = &mut self.programs[index];
        let mut cx = Context::new(&mut self.machines[host.0].host, self.now);
        call(&mut **program, &mut cx);
        let moment = cx.alarm();
        if let Some(observer) = &mut self.observer {
            observer.called(*host, &self.machines[host.0].host, self.now);
        }
        if let Some(moment) = moment {
            self.agenda.book(alarm, moment.max(self.now), What::Alarm(index));
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("host", &self.host)
            .field("alarm", &self.alarm)
            .finish_non_exhaustive()
    }
}

/// What a host's own chance comes from, another each time it boots.
fn secret(seed: u64, host: HostId, boots: u64) -> [u8; 32] {
    let mut stream = Stream::new(derive(seed, FOR_HOSTS, (host.0 as u64) << 32 | boots), 0);
    std::array::from_fn(|_| stream.below(256) as u8)
}

#[cfg(test)]
mod tests;
