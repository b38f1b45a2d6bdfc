//! A plan, run.
//!
//! In: a plan and a seed. Out: a [`Run`]: the trace, and captures at both hosts and in the middle.
//! The two hosts are joined by a router half way. What befalls a packet befalls it on its sender's side of that router, so
//! that the capture in the middle shows what one that is made there would show; only the MTU is that of the far side, for
//! a router to complain of.

use std::cell::RefCell;
use std::rc::Rc;

use synfin_sim::host::HostConfig;
use synfin_sim::{CaptureId, Fault, HostId, LinkConfig, Network, Way};
use synfin_wire::Instant;

use crate::plan::{Happening, Plan};
use crate::trace::Trace;

mod actor;
mod faults;
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
    faults::add(&mut network, plan, [(first, Way::There), (second, Way::Back)]);
    // Whoever is neither of the two is reached by nobody: what is sent to him vanishes.
    let void = network.add_host(HostConfig::new([([198, 18, 0, 1].into(), 32)]));
    let nowhere = network.connect(router, void, LinkConfig::default());
    network.inflict(Fault::Cut(nowhere));
    for default in [std::net::IpAddr::from([0; 4]), std::net::IpAddr::from([0; 16])] {
        network.add_route(router, default, 0, nowhere);
    }
    let captures = [network.capture(a), network.capture(b), network.capture(router)];
    let recorder = Rc::new(RefCell::new(Recorder::new(plan, [a, b])));
    network.observe(Watcher(Rc::clone(&recorder)));
    for (host, id) in [a, b].into_iter().enumerate() {
        network.run(id, Actor::new(plan, host, Rc::clone(&recorder)));
    }
    let mut happenings = plan.happenings.clone();
    happenings.sort_by_key(|(at, _)| *at);
    let targets = Targets { ids: [a, b], cables: [first, second] };
    let is_cut = drive(&mut network, plan, &recorder, &happenings, &targets);
    let captures = captures.map(|id: CaptureId| network.captured(id).to_vec());
    let end = network.now();
    let trace = recorder.borrow_mut().finish(plan, world, seed, end, is_cut);
    Run { trace, captures }
}

struct Targets {
    ids: [HostId; 2],
    cables: [synfin_sim::CableId; 2],
}

/// Lets everything happen. Returns whether it had to be cut short.
fn drive(
    network: &mut Network,
    plan: &Plan,
    recorder: &Rc<RefCell<Recorder>>,
    happenings: &[(std::time::Duration, Happening)],
    targets: &Targets,
) -> bool {
    let deadline = Instant::ZERO + plan.run;
    let mut happenings = happenings.iter().peekable();
    for _ in 0..MOST_STEPS {
        let completed = recorder.borrow_mut().take_completion();
        if let Some((host, packet)) = completed {
            network.inflict(Fault::Inject(targets.ids[host], packet));
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
                befall(network, happening, recorder, targets);
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

fn befall(network: &mut Network, happening: &Happening, recorder: &Rc<RefCell<Recorder>>, targets: &Targets) {
    let now = network.now();
    let names = recorder.borrow().names.clone();
    let note = |text: String| recorder.borrow_mut().fault(text, now);
    match happening {
        Happening::Cut => {
            note("cut".into());
            targets.cables.iter().for_each(|cable| network.inflict(Fault::Cut(*cable)));
        }
        Happening::Mend => {
            note("mend".into());
            targets.cables.iter().for_each(|cable| network.inflict(Fault::Mend(*cable)));
        }
        Happening::Crash(host) => {
            network.inflict(Fault::Crash(targets.ids[*host]));
            recorder.borrow_mut().crashed(*host, &format!("{} crash", names[*host]), now);
        }
        Happening::Reboot(host) => {
            recorder.borrow_mut().rebooted(*host, &format!("{} reboot", names[*host]), now);
            network.inflict(Fault::Reboot(targets.ids[*host]));
        }
        Happening::Inject(injection) => {
            let id = targets.ids[injection.to];
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
