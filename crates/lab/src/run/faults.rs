//! What the script does to packets, as rules of the links.
//!
//! A rule of a link does not see what an earlier rule has taken, and a script counts all packets: so each packet is judged
//! once for all faults, by a rule that comes first and lets everything pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use synfin_sim::{CableId, Network, Rule, Way};
use synfin_wire::{Flags, Instant};

use crate::plan::{FaultPlan, Kind, Match, Plan, Times};

/// One fault, and whether it hits the packet that is judged.
#[derive(Debug)]
struct Judged {
    fault: FaultPlan,
    seen: AtomicU64,
    hits: AtomicBool,
}

/// Puts the faults of a plan onto the cables.
pub(super) fn add(network: &mut Network, plan: &Plan, ways: [(CableId, Way); 2]) {
    for (number, (cable, way)) in ways.into_iter().enumerate() {
        let of_way = plan.faults.iter().filter(|fault| fault.way == number);
        let judged: Arc<[Judged]> = of_way
            .map(|fault| Judged { fault: *fault, seen: AtomicU64::new(0), hits: AtomicBool::new(false) })
            .collect();
        let all = Arc::clone(&judged);
        let judge = Rule::pass().when(move |packet| {
            for judged in all.iter() {
                let is_tcp = packet.segment.is_some();
                let hits = is_tcp && judged.hit(packet.flags(), packet.text_len(), packet.now);
                judged.hits.store(hits, Ordering::Relaxed);
            }
            false
        });
        network.add_rule(cable, way, judge);
        for index in 0..judged.len() {
            let all = Arc::clone(&judged);
            let rule = rule(judged[index].fault.kind).when(move |_| all[index].hits.load(Ordering::Relaxed));
            network.add_rule(cable, way, rule);
        }
    }
}

impl Judged {
    fn hit(&self, flags: Flags, len: usize, now: Instant) -> bool {
        let is_it = match self.fault.which {
            Match::Any => true,
            Match::Syn => flags.syn() && !flags.ack(),
            Match::SynAck => flags.syn() && flags.ack(),
            Match::Ack => flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() && len == 0,
            Match::Data => len > 0,
            Match::Fin => flags.fin(),
            Match::Rst => flags.rst(),
        };
        if !is_it || now < Instant::ZERO + self.fault.from {
            return false;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fault.times {
            Times::Nth(n) => number == n,
            Times::First(n) => number <= n,
            Times::All => true,
        }
    }
}

fn rule(kind: Kind) -> Rule {
    match kind {
        Kind::Drop => Rule::drop(),
        Kind::Delay(span) => Rule::delay(span),
        Kind::Duplicate => Rule::duplicate(),
        Kind::Corrupt => Rule::rewrite_octets(|octets| {
            if let Some(last) = octets.last_mut() {
                *last ^= 1;
            }
        }),
    }
}
