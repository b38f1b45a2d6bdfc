//! What is told of how a connection was opened: what of its handshake was lost, and what was taken no notice of.

use std::time::Duration;

use synfin_ladder::{Certainty, Evidence, Finding, FindingKind, Side, Verdict, VerdictKind};

use super::{Evidences, MOST_FRAMES};
use crate::flow::Flow;
use crate::handshake::Lost;
use crate::track::SHORTEST_RTO;

impl Evidences {
    /// Adds it to the other findings.
    pub(super) fn tell_opening(&self, flow: &Flow, verdict: &Verdict, findings: &mut Vec<Finding>) {
        let handshake = flow.handshake();
        let repeats = handshake.repeats(flow.whole_trip());
        for side in Side::BOTH {
            let frames = &repeats.in_vain[side.index()];
            if !frames.is_empty() {
                add_again(findings, side, frames);
            }
        }
        if never_opened(verdict.kind) {
            return;
        }
        let is_here = |side| flow.tracker.captured_at() == Some(side);
        let at_the_server = Side::BOTH.into_iter().any(|side| is_here(side) && flow.serves(side));
        if let Some((server, frames, took)) = handshake.ignored(at_the_server) {
            findings.retain(|told| !is_of_ignored(told, server.other(), &frames));
            findings.push(ignored(server, frames, took, at_the_server));
            return;
        }
        // A SYN that found an older connection goes again once that is gone, and was not lost.
        let has_older = Side::BOTH.into_iter().any(|side| self.older(side).is_some());
        if let Some((by, lost, frames)) = repeats.slow.filter(|_| !has_older) {
            if lost == Lost::FastOpen {
                // The server has not refused it: it has not seen it.
                findings.retain(|told| told.kind != FindingKind::FastOpenRefused);
            }
            findings.push(slow(by, lost, frames, handshake.took()));
        }
    }
}

/// Whether no handshake came to its end: then none was slow.
fn never_opened(verdict: VerdictKind) -> bool {
    matches!(
        verdict,
        VerdictKind::Refused | VerdictKind::Unanswered | VerdictKind::Unreachable | VerdictKind::Unfinished
    )
}

/// What went again for nothing is told once for each side.
fn add_again(findings: &mut Vec<Finding>, by: Side, frames: &[u64]) {
    let same = findings.iter_mut().find(|told| told.kind == FindingKind::Spurious && told.by == Some(by));
    let Some(same) = same else {
        findings.push(Finding {
            kind: FindingKind::Spurious,
            certainty: Certainty::Inferred,
            by: Some(by),
            reporter: None,
            frames: frames.to_vec(),
            evidence: vec![Evidence { name: "count", value: frames.len() as f64 }],
        });
        return;
    };
    same.frames.extend(frames);
    same.frames.sort_unstable();
    same.frames.truncate(MOST_FRAMES);
    if let Some(count) = same.evidence.iter_mut().find(|evidence| evidence.name == "count") {
        count.value += frames.len() as f64;
    }
}

fn slow(by: Side, lost: Lost, frames: Vec<u64>, took: Option<Duration>) -> Finding {
    // What the client has not noticed did not take it long.
    let took = took.filter(|took| *took >= SHORTEST_RTO);
    let mut evidence = vec![Evidence { name: "count", value: frames.len() as f64 }];
    evidence.extend(took.map(|took| Evidence { name: "ms", value: took.as_secs_f64() * 1e3 }));
    evidence.push(Evidence { name: "lost", value: lost.number().into() });
    Finding {
        kind: FindingKind::SlowHandshake,
        certainty: if lost == Lost::Either { Certainty::Seen } else { Certainty::Inferred },
        by: Some(by),
        reporter: None,
        frames,
        evidence,
    }
}

fn ignored(server: Side, mut frames: Vec<u64>, took: Duration, is_here: bool) -> Finding {
    let mut evidence = vec![Evidence { name: "count", value: frames.len() as f64 }];
    evidence.extend((!took.is_zero()).then_some(Evidence { name: "ms", value: took.as_secs_f64() * 1e3 }));
    evidence.push(Evidence { name: "here", value: u8::from(is_here).into() });
    frames.truncate(MOST_FRAMES);
    Finding {
        kind: FindingKind::HandshakeIgnored,
        certainty: Certainty::Inferred,
        by: Some(server),
        reporter: None,
        frames,
        evidence,
    }
}

/// Whether all that a finding on losses of the client shows is that it was not heard yet.
fn is_of_ignored(told: &Finding, client: Side, frames: &[u64]) -> bool {
    matches!(told.kind, FindingKind::Loss | FindingKind::Timeout)
        && told.by == Some(client)
        && told.frames.iter().all(|frame| frames.contains(frame))
}
