//! What is told of how a connection ended, and of how the capture begins.

use std::time::Duration;

use synfin_ladder::{Certainty, Evidence, Finding, FindingKind, Side, Verdict, VerdictKind};

use synfin_wire::Instant;

use super::MOST_FRAMES;
use crate::flow::Flow;
use crate::track::{INITIAL_RTO, JUST_NOW, ResetCause, SeenReset};

/// What the verdict and the RSTs say.
pub(super) fn ending(flow: &Flow, verdict: &Verdict, end: Instant) -> Vec<Finding> {
    let mut findings = resets(flow);
    let mut add = |kind, certainty, by, evidence| {
        findings.push(Finding { kind, certainty, by, reporter: None, frames: Vec::new(), evidence });
    };
    // An answer may be under way where the capture ends.
    let is_patient = flow.silent_for(end) < INITIAL_RTO
        && Side::BOTH.iter().all(|side| flow.counts[side.index()].retransmitted == 0);
    match verdict.kind {
        VerdictKind::Unanswered | VerdictKind::Unfinished if is_patient => {}
        VerdictKind::Unanswered => add(FindingKind::NoAnswer, Certainty::Seen, Some(Side::Left), Vec::new()),
        VerdictKind::Unfinished => {
            add(FindingKind::HandshakeUnfinished, Certainty::Seen, Some(Side::Right), Vec::new());
        }
        VerdictKind::TimedOut if flow.tracker.resets().is_empty() => {
            add(FindingKind::GaveUp, Certainty::Inferred, verdict.by, Vec::new());
        }
        VerdictKind::Stalled => {
            let unanswered = verdict.by.and_then(|side| flow.tracker.space(side).unanswered());
            let count = unanswered.map_or(0, |(repeats, _)| repeats).into();
            let evidence = vec![Evidence { name: "count", value: count }];
            add(FindingKind::Stalled, Certainty::Seen, verdict.by, evidence);
        }
        // Whose finding it is: the one that has not closed.
        VerdictKind::HalfClosed => {
            add(FindingKind::HalfClosed, Certainty::Seen, verdict.by.map(Side::other), Vec::new());
        }
        _ => {}
    }
    for side in Side::BOTH {
        // Of a peer whose window is closed the probes ask something else.
        let is_quiet = flow.counts[side.other().index()].zero_windows == 0;
        // Nor is it known of one of which nothing was captured.
        let is_quiet = is_quiet && flow.tracker.is_captured(side.other());
        if flow.tracker.space(side).probes() > 1 && is_quiet {
            let is_told =
                findings.iter().any(|told| told.kind == FindingKind::PeerGone && told.by == Some(side));
            if !is_told {
                findings.push(plain(FindingKind::PeerGone, Certainty::Inferred, Some(side)));
            }
        }
    }
    let closing = Side::BOTH.iter().all(|side| flow.tracker.closed_unawares(*side));
    if closing {
        findings.push(plain(FindingKind::SimultaneousClose, Certainty::Inferred, None));
    }
    findings
}

/// A finding without frames and numbers.
fn plain(kind: FindingKind, certainty: Certainty, by: Option<Side>) -> Finding {
    Finding { kind, certainty, by, reporter: None, frames: Vec::new(), evidence: Vec::new() }
}

/// What the RSTs say.
fn resets(flow: &Flow) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |kind, by, frames: Vec<u64>, waited: Option<Duration>| {
        // A segment that goes again is answered again.
        let same = findings.iter_mut().find(|other: &&mut Finding| (other.kind, other.by) == (kind, by));
        if let Some(same) = same {
            same.frames.extend(frames);
            same.frames.truncate(MOST_FRAMES);
            return;
        }
        let ms = waited.map(|waited| Evidence { name: "ms", value: waited.as_secs_f64() * 1e3 });
        let evidence = ms.into_iter().collect();
        findings.push(Finding { frames, evidence, ..plain(kind, Certainty::Inferred, by) });
    };
    for reset in flow.tracker.resets() {
        if let Some(kind) = kind_of(flow, reset) {
            let challenge = flow.evidence.older(reset.by.other()).filter(|_| kind == FindingKind::HalfOpen);
            let frames = challenge.into_iter().chain([reset.frame]).collect();
            add(kind, Some(reset.by), frames, waited(flow, reset, kind));
        }
    }
    for side in Side::BOTH {
        let foreign = flow.tracker.resets().iter().filter(|reset| reset.foreign && reset.by == side);
        let frames: Vec<u64> = foreign.map(|reset| reset.frame).take(MOST_FRAMES).collect();
        if !frames.is_empty() && !flow.evidence.looks_forged(side) {
            add(FindingKind::ResetForged, Some(side), frames, None);
        }
    }
    findings
}

/// How long before an RST something was, which tells how likely that is its cause.
fn waited(flow: &Flow, reset: &SeenReset, kind: FindingKind) -> Option<Duration> {
    let [own, peer] = [reset.by, reset.by.other()].map(|side| flow.tracker.space(side));
    match kind {
        // A window that is closed shows that text lies there; else it may have been read meanwhile.
        FindingKind::ResetUnread if peer.is_shut_out() => None,
        FindingKind::ResetUnread => {
            let trip = flow.tracker.answered_in(reset.by).unwrap_or_default();
            peer.last_text_at().map(|text| reset.at - text).filter(|waited| *waited > trip + JUST_NOW)
        }
        FindingKind::LateClose => own.fin_moment().map(|fin| reset.at - fin.at),
        _ => None,
    }
}

/// The finding that an RST makes, if it makes one.
fn kind_of(flow: &Flow, reset: &SeenReset) -> Option<FindingKind> {
    // What belongs to an older connection, or is an echo of what is told, does nothing.
    if !reset.ends_it && reset.cause == ResetCause::BadAck && flow.evidence.older(reset.by.other()).is_some()
    {
        return Some(FindingKind::HalfOpen);
    }
    let is_idle = !reset.ends_it && (reset.acceptable || reset.cause == ResetCause::BadAck);
    if is_idle || reset.late || reset.foreign && reset.ends_it {
        return None;
    }
    Some(match (reset.ends_it, reset.cause) {
        (false, _) => FindingKind::ResetIgnored,
        (true, ResetCause::Refused) => FindingKind::Refused,
        // What its sender's program did made no RST that comes another way.
        (true, ResetCause::Unread | ResetCause::AfterClose)
            if flow.evidence.looks_forged_in(reset.by, reset.frame) =>
        {
            FindingKind::Reset
        }
        (true, ResetCause::Unread) => FindingKind::ResetUnread,
        (true, ResetCause::AfterClose) => FindingKind::ResetAfterClose,
        (true, ResetCause::Orphaned) => FindingKind::LateClose,
        (true, ResetCause::TimedOut | ResetCause::GivenUp) => FindingKind::GaveUp,
        (true, ResetCause::Unheard) => FindingKind::PeerGone,
        (true, ResetCause::NoConnection | ResetCause::BadAck | ResetCause::Abort) if reset.opening => {
            FindingKind::ResetOpening
        }
        (true, ResetCause::NoConnection) if flow.is_half_open(reset.by.other()) => FindingKind::HalfOpen,
        (true, ResetCause::NoConnection | ResetCause::BadAck | ResetCause::Abort) => FindingKind::Reset,
    })
}

/// What the capture lacks.
pub(super) fn beginning(flow: &Flow) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |kind, by| {
        findings.push(Finding {
            kind,
            certainty: Certainty::Seen,
            by,
            reporter: None,
            frames: Vec::new(),
            evidence: Vec::new(),
        });
    };
    if Side::BOTH.iter().all(|side| !flow.tracker.space(*side).syn_seen()) {
        add(FindingKind::NoSyn, None);
    }
    let silent = Side::BOTH.into_iter().find(|side| flow.counts[side.index()].packets == 0);
    if let Some(silent) = silent
        && flow.tracker.space(silent).is_seen()
    {
        add(FindingKind::OneDirection, Some(silent.other()));
    }
    findings
}
