//! What was noticed becomes findings, the worst first.

use std::cmp::Reverse;
use std::time::Duration;

use synfin_ladder::{Certainty, Evidence, Finding, FindingKind, Side, Verdict, VerdictKind};
use synfin_wire::Instant;

use super::ending::{beginning, ending};
use super::icmp::number;
use super::{Evidences, Noticed};
use crate::flow::Flow;
use crate::packet::ChecksumSeen;

/// Who is told soon after he spoke that there is no connection was told because he did.
const AT_ONCE: Duration = Duration::from_secs(2);
/// A connection that was quiet for longer may have been forgotten on the way.
const QUIET: Duration = Duration::from_secs(3);

impl Evidences {
    /// The findings on a connection that is over, or as far as the capture goes.
    pub(crate) fn findings(&self, flow: &Flow, verdict: &Verdict, end: Instant) -> Vec<Finding> {
        let mut findings = ending(flow, verdict, end);
        let is_told = |kind, by: Option<Side>, noticed: &Noticed| match (kind, by) {
            (FindingKind::BadChecksum, Some(side)) => self.fills_in(side),
            // It was not the program that took long.
            (FindingKind::SlowApplication, Some(side)) => self.black_holes.in_pieces(side).is_none(),
            // What was never answered was not lost segment by segment.
            (FindingKind::Loss | FindingKind::Timeout, Some(side)) => {
                !(is_silent(verdict, side)
                    && noticed.frames.iter().all(|frame| *frame > self.progress[side.index()]))
            }
            // It is the capture that lacks what is reported.
            (FindingKind::SackForeign, Some(side)) => {
                !self.noticed.contains_key(&(FindingKind::CaptureGap, Some(side.other())))
            }
            // It is the window that text waits for.
            (FindingKind::NagleDelay, Some(side)) => flow.window_limits.misread(side).is_none(),
            _ => true,
        };
        for ((kind, by), noticed) in
            self.noticed.iter().filter(|((kind, by), noticed)| is_told(*kind, *by, noticed))
        {
            let mut evidence = vec![Evidence { name: "count", value: noticed.count as f64 }];
            let took = Some(noticed.longest).filter(|longest| !longest.is_zero());
            evidence.extend(took.map(|took| Evidence { name: "ms", value: took.as_secs_f64() * 1e3 }));
            evidence.extend(noticed.heard.and_then(|(kind, _)| number(kind)));
            let went_on = noticed
                .frames
                .last()
                .is_some_and(|last| by.is_some_and(|side| self.progress[side.index()] > *last));
            let kind = match kind {
                FindingKind::Unreachable if went_on => FindingKind::UnreachableOnce,
                kind => *kind,
            };
            findings.push(Finding {
                kind,
                certainty: if is_seen(kind) && !is_guessed(flow, kind, *by) {
                    Certainty::Seen
                } else {
                    Certainty::Inferred
                },
                by: *by,
                reporter: noticed.heard.map(|(_, reporter)| reporter),
                frames: noticed.frames.clone(),
                evidence,
            });
        }
        findings.extend(self.offloads());
        findings.extend(self.swallowed());
        findings.extend(beginning(flow));
        self.tell_opening(flow, verdict, &mut findings);
        findings.extend(queues(flow));
        findings.extend(misread(flow));
        self.add_quiet(flow, &mut findings);
        findings.sort_by_key(|finding| (Reverse(finding.kind.severity()), !is_cause(finding.kind)));
        findings
    }

    /// For how long it had been quiet before what was not answered any more, where that is long.
    fn add_quiet(&self, flow: &Flow, findings: &mut [Finding]) {
        for finding in findings {
            let sender = match finding.kind {
                FindingKind::GaveUp | FindingKind::Stalled => finding.by,
                FindingKind::HalfOpen => finding.by.map(Side::other),
                FindingKind::Reset | FindingKind::ResetUnread | FindingKind::ResetForged => {
                    finding.by.map(Side::other).filter(|side| self.is_reset_at_once(flow, *side, finding))
                }
                _ => None,
            };
            let quiet = sender.map(|side| self.quiet[side.index()].0).filter(|quiet| *quiet >= QUIET);
            if let Some(quiet) = quiet.filter(|_| flow.handshake().is_over()) {
                finding.evidence.push(Evidence { name: "quiet", value: quiet.as_secs_f64() * 1e3 });
            }
        }
    }

    /// Whether an RST came just after a side had spoken again.
    fn is_reset_at_once(&self, flow: &Flow, side: Side, finding: &Finding) -> bool {
        let (_, spoke) = self.quiet[side.index()];
        let resets = flow.tracker.resets().iter().filter(|reset| finding.frames.contains(&reset.frame));
        resets.map(|reset| reset.at).min().is_some_and(|at| at >= spoke && at - spoke < AT_ONCE)
    }

    /// Whether a side has sent a right checksum: then a wrong one was damaged, and not left out.
    fn fills_in(&self, side: Side) -> bool {
        self.checksums[side.index()][ChecksumSeen::Right as usize] > 0
    }

    /// Segments that are too long for their path. What a router has said of that is another finding.
    fn swallowed(&self) -> impl Iterator<Item = Finding> {
        Side::BOTH.into_iter().filter_map(|side| {
            let (frames, len, waited) = match (self.black_holes.of(side), self.black_holes.in_pieces(side)) {
                (Some(stuck), _) => (&stuck.frames, stuck.len, None),
                (None, pieces) => pieces.map(|pieces| (&pieces.frames, pieces.len, Some(pieces.waited)))?,
            };
            let ms = waited.map(|waited| Evidence { name: "ms", value: waited.as_secs_f64() * 1e3 });
            let is_said = self.noticed.contains_key(&(FindingKind::PathMtu, Some(side)));
            (!is_said).then(|| Finding {
                kind: FindingKind::BlackHole,
                certainty: Certainty::Inferred,
                by: Some(side),
                reporter: None,
                frames: frames.clone(),
                evidence: [Evidence { name: "octets", value: len.into() }].into_iter().chain(ms).collect(),
            })
        })
    }

    /// Checksums that were not filled in, of either side.
    fn offloads(&self) -> impl Iterator<Item = Finding> {
        Side::BOTH.into_iter().filter_map(|side| {
            let seen = self.checksums[side.index()];
            let wrong = if self.fills_in(side) { 0 } else { seen[ChecksumSeen::Wrong as usize] };
            let left_out = seen[ChecksumSeen::Partial as usize] + wrong;
            (left_out > 0).then(|| Finding {
                kind: FindingKind::ChecksumOffload,
                certainty: Certainty::Inferred,
                by: Some(side),
                reporter: None,
                frames: Vec::new(),
                evidence: vec![Evidence { name: "count", value: left_out as f64 }],
            })
        })
    }
}

/// Long round trips while much is in flight.
fn queues(flow: &Flow) -> impl Iterator<Item = Finding> {
    Side::BOTH.into_iter().filter_map(|side| {
        let queued = flow.queued(side)?;
        Some(Finding {
            kind: FindingKind::Bufferbloat,
            certainty: Certainty::Inferred,
            by: Some(side),
            reporter: None,
            frames: Vec::new(),
            evidence: vec![Evidence { name: "ms", value: queued.as_secs_f64() * 1e3 }],
        })
    })
}

/// Windows that are heeded as if they were not scaled.
fn misread(flow: &Flow) -> impl Iterator<Item = Finding> {
    Side::BOTH.into_iter().filter_map(|side| {
        let (frames, window) = flow.window_limits.misread(side)?;
        Some(Finding {
            kind: FindingKind::ScaleIgnored,
            certainty: Certainty::Inferred,
            by: Some(side),
            reporter: None,
            frames: frames.to_vec(),
            evidence: vec![Evidence { name: "octets", value: window.into() }],
        })
    })
}

/// Whether a side has waited in vain when it gave up, or where the capture ends.
fn is_silent(verdict: &Verdict, side: Side) -> bool {
    matches!(verdict.kind, VerdictKind::TimedOut | VerdictKind::Stalled) && verdict.by == Some(side)
}

/// Whether what is else seen is here known from the other end alone.
fn is_guessed(flow: &Flow, kind: FindingKind, by: Option<Side>) -> bool {
    kind == FindingKind::ZeroWindow && by.is_some_and(|side| flow.counts[side.index()].packets == 0)
}

/// What brings others of its severity about is told before them.
fn is_cause(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::BlackHole | FindingKind::Unreachable | FindingKind::ResetForged)
}

fn is_seen(kind: FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::ZeroWindow
            | FindingKind::BadChecksum
            | FindingKind::Deviation
            | FindingKind::CutOff
            | FindingKind::ReusedPorts
            | FindingKind::Unreachable
            | FindingKind::UnreachableOnce
            | FindingKind::HopLimit
            | FindingKind::PathMtu
            | FindingKind::IcmpIgnored
            | FindingKind::ConflictingText
            | FindingKind::Disordered
            | FindingKind::OutsideWindow
    )
}
