//! A plan, run.
//!
//! In: a [`Plan`] and a seed. Out: a [`Run`]: the trace, and captures at both hosts and in the middle.
//! The two hosts are joined by a router half way. What befalls a packet befalls it on its sender's side of that router, so
//! that the capture in the middle shows what one that is made there would show; only the MTU is that of the far side, for
//! a router to complain of.

use std::cell::RefCell;
use std::rc::Rc;

use synfin_sim::{CaptureId, Fault, HostId, LinkConfig, Network, Rule, Way};
use synfin_wire::Instant;

use crate::plan::{Call, Cue, FaultPlan, Happening, Kind, Match, Plan, Times};
use crate::trace::Trace;

mod actor;
mod packet;
mod recorder;
mod two_way;

use actor::Actor;
use recorder::{Recorder, Watcher};

/// How many steps of the network a run takes at most.
const MOST_STEPS: usize = 400_000;

/// Where a capture was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// At the first host.
    First,
    /// At the second.
    Second,
    /// Half way between.
    Middle,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    captures: [Vec<u8>; 3],
}

impl Run {
    /// A capture in the pcapng format, with the sender's reason for each packet as its comment.
    #[must_use]
    pub fn capture(&self, point: Point) -> &[u8] {
        &self.captures[point as usize]
    }
}

pub(crate) fn run(plan: &Plan, world: &str, seed: u64) -> Run {
    let mut network = Network::new(seed);
    let [a, b] = [0, 1].map(|host| network.add_host(plan.hosts[host].config.clone()));
    let middle = ["10.255.255.254", "fd00:ffff::1"].map(|address| address.parse().ok());
    let router = network.add_router(middle.into_iter().flatten());
    let [there, back] = &plan.links;
    let first = network.connect_uneven(a, router, near_half(there), far_half(back));
    let second = network.connect_uneven(router, b, far_half(there), near_half(back));
    for fault in &plan.faults {
        let (cable, way) = if fault.way == 0 { (first, Way::There) } else { (second, Way::Back) };
        network.add_rule(cable, way, rule(fault));
    }
    let captures = [network.capture(a), network.capture(b), network.capture(router)];
    let recorder = Rc::new(RefCell::new(Recorder::new(plan, [a, b])));
    network.observe(Watcher(Rc::clone(&recorder)));
    for (host, id) in [a, b].into_iter().enumerate() {
        network.run(id, Actor::new(plan, host, Rc::clone(&recorder)));
    }
    let mut happenings = plan.happenings.clone();
    happenings.sort_by_key(|(at, _)| *at);
    let faults = Faults { ids: [a, b], cables: [first, second] };
    let is_cut = drive(&mut network, plan, &recorder, &happenings, &faults);
    let captures = captures.map(|id: CaptureId| network.captured(id).to_vec());
    let end = network.now();
    let trace = recorder.borrow_mut().finish(plan, world, seed, end, is_cut);
    Run { trace, captures }
}

struct Faults {
    ids: [HostId; 2],
    cables: [synfin_sim::CableId; 2],
}

/// Lets everything happen. Returns whether it had to be cut short.
fn drive(
    network: &mut Network,
    plan: &Plan,
    recorder: &Rc<RefCell<Recorder>>,
    happenings: &[(std::time::Duration, Happening)],
    faults: &Faults,
) -> bool {
    let deadline = Instant::ZERO + plan.run;
    let mut happenings = happenings.iter().peekable();
    for _ in 0..MOST_STEPS {
        let completed = recorder.borrow_mut().take_completion();
        if let Some((host, packet)) = completed {
            network.inflict(Fault::Inject(faults.ids[host], packet));
            continue;
        }
        let due = network.next_due();
        let next = happenings.peek().map(|(at, _)| Instant::ZERO + *at);
        if let Some(moment) = next
            && moment <= deadline
            && due.is_none_or(|due| moment <= due)
        {
            network.run_for(moment - network.now());
            if let Some((_, happening)) = happenings.next() {
                befall(network, happening, recorder, faults);
            }
            continue;
        }
        if due.is_none_or(|due| due > deadline) {
            if due.is_some() {
                network.run_for(deadline - network.now());
            }
            return false;
        }
        network.step();
    }
    true
}

fn befall(network: &mut Network, happening: &Happening, recorder: &Rc<RefCell<Recorder>>, faults: &Faults) {
    let now = network.now();
    let names = recorder.borrow().names.clone();
    let note = |text: String| recorder.borrow_mut().fault(text, now);
    match happening {
        Happening::Cut => {
            note("cut".into());
            faults.cables.iter().for_each(|cable| network.inflict(Fault::Cut(*cable)));
        }
        Happening::Mend => {
            note("mend".into());
            faults.cables.iter().for_each(|cable| network.inflict(Fault::Mend(*cable)));
        }
        Happening::Crash(host) => {
            network.inflict(Fault::Crash(faults.ids[*host]));
            recorder.borrow_mut().crashed(*host, &format!("{} crash", names[*host]), now);
        }
        Happening::Reboot(host) => {
            recorder.borrow_mut().rebooted(*host, &format!("{} reboot", names[*host]), now);
            network.inflict(Fault::Reboot(faults.ids[*host]));
        }
        Happening::Inject(injection) => {
            let id = faults.ids[injection.to];
            if network.is_up(id) {
                let from = 1 - injection.to;
                let stamp = injection.is_stamped.then(|| recorder.borrow().old_stamp(from)).flatten();
                network.inflict(Fault::Inject(id, packet::of(injection, stamp)));
            }
        }
    }
}

/// The sender's side of the router: everything happens here, and half of the way is gone.
fn near_half(link: &LinkConfig) -> LinkConfig {
    LinkConfig { delay: link.delay / 2, mtu: None, ..link.clone() }
}

/// The other side: the rest of the way, and the narrow place.
fn far_half(link: &LinkConfig) -> LinkConfig {
    LinkConfig { delay: link.delay - link.delay / 2, mtu: link.mtu, ..LinkConfig::default() }
}

fn rule(fault: &FaultPlan) -> Rule {
    let rule = match fault.kind {
        Kind::Drop => Rule::drop(),
        Kind::Delay(span) => Rule::delay(span),
        Kind::Duplicate => Rule::duplicate(),
        Kind::Corrupt => Rule::rewrite_octets(|octets| {
            if let Some(last) = octets.last_mut() {
                *last ^= 1;
            }
        }),
    };
    let (which, from) = (fault.which, Instant::ZERO + fault.from);
    let rule = rule.when(move |packet| {
        let flags = packet.flags();
        let is_it = packet.segment.is_some()
            && match which {
                Match::Any => true,
                Match::Syn => flags.syn() && !flags.ack(),
                Match::SynAck => flags.syn() && flags.ack(),
                Match::Ack => {
                    flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() && packet.text_len() == 0
                }
                Match::Data => packet.text_len() > 0,
                Match::Fin => flags.fin(),
                Match::Rst => flags.rst(),
            };
        is_it && packet.now >= from
    });
    match fault.times {
        Times::Nth(n) => rule.nth(n),
        Times::First(n) => rule.first(n),
        Times::All => rule,
    }
}

/// What a call is called in a trace.
pub(crate) fn name_of(call: &Call) -> String {
    match call {
        Call::Listen { port } => format!("listen {port}"),
        Call::Unlisten => "unlisten".into(),
        Call::Connect { to, .. } => format!("connect {to}"),
        Call::Send { octets, urgent: false } => format!("send {octets}"),
        Call::Send { octets, urgent: true } => format!("send {octets} urgent"),
        Call::StopReading => "stop-reading".into(),
        Call::Read { octets } => format!("read {octets}"),
        Call::ReadOn => "read-on".into(),
        Call::Shutdown => "shutdown".into(),
        Call::Close => "close".into(),
        Call::Abort => "abort".into(),
    }
}

pub(crate) const fn is_timed(cue: Cue) -> Option<std::time::Duration> {
    match cue {
        Cue::At(at) => Some(at),
        Cue::When(..) => None,
    }
}
