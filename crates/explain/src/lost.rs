//! Which segments were lost on the way, told from those that were sent again.

use std::collections::{HashMap, VecDeque};

use synfin_ladder::{Fate, Mark, Reason, Step};
use synfin_wire::tcp::SackRange;
use synfin_wire::{DropReason, SendReason, SeqNumber, TcpOptions, Timestamps};

/// So many reports of what has come twice are held against retransmissions, and so many of those against acknowledgments.
const MOST_REPORTS: usize = 64;

/// What had to be sent again was lost, unless that turned out to be for nothing; and so was what went again before.
pub(crate) fn mark(steps: &mut [Step]) {
    let in_vain = in_vain(steps);
    // The newest copy of each segment that went again, by side.
    let mut copies: [HashMap<SeqNumber, usize>; 2] = Default::default();
    for index in 0..steps.len() {
        let step = &steps[index];
        let is_in_vain =
            step.marks.contains(Mark::SpuriousRetransmission) || in_vain.binary_search(&index).is_ok();
        if !is_resent(step.reason) || is_in_vain {
            continue;
        }
        let (seq, end, reason) = (step.seq, step.end(), step.reason);
        let before = copies[step.from.index()].insert(seq, index);
        let Some(first) = step.because.filter(|_| is_for_loss(reason)) else { continue };
        // The frame that carried it first need not be the newest one that did.
        let first = steps[..index].binary_search_by_key(&first, |step| step.frame).ok();
        for at in [first, before].into_iter().flatten() {
            if steps[at].seq.at_or_before(seq) && steps[at].end().at_or_after(end) {
                steps[at].fate = Fate::Lost;
            }
        }
    }
    refused(steps);
    awaited_after_all(steps);
}

/// What was answered for its old timestamp had come, and was discarded (RFC 7323 section 5.3).
fn refused(steps: &mut [Step]) {
    for index in 0..steps.len() {
        let step = &steps[index];
        if step.reason == SendReason::PawsAck.into()
            && let Some(frame) = step.because
            && let Ok(at) = steps[..index].binary_search_by_key(&frame, |step| step.frame)
        {
            steps[at].fate = Fate::Dropped(DropReason::Paws);
        }
    }
}

/// What lay beyond the window as far as was seen, and is acknowledged later: it is the capture that lacks something.
fn awaited_after_all(steps: &mut [Step]) {
    let mut acks: [Option<SeqNumber>; 2] = [None; 2];
    for step in steps.iter_mut().rev() {
        let is_covered = |ack: SeqNumber| step.len > 0 && ack.at_or_after(step.end());
        if step.fate == Fate::Dropped(DropReason::OutsideWindow)
            && acks[step.from.other().index()].is_some_and(is_covered)
        {
            step.fate = Fate::Unknown;
        } else if step.flags.ack() && !step.flags.rst() {
            let newest = &mut acks[step.from.index()];
            *newest = Some(newest.map_or(step.ack, |newest| newest.later(step.ack)));
        }
    }
}

/// The retransmissions that were for nothing, the first first.
fn in_vain(steps: &[Step]) -> Vec<usize> {
    let mut found = reported(steps);
    found.extend(outrun(steps));
    found.sort_unstable();
    found
}

/// Those that their receiver says have come twice (RFC 2883).
fn reported(steps: &[Step]) -> Vec<usize> {
    let mut reports: [Vec<SackRange>; 2] = Default::default();
    let mut found = Vec::new();
    for (index, step) in steps.iter().enumerate().rev() {
        let twice = come_twice(&step.options.sack, step.ack);
        let of_peer = &mut reports[step.from.other().index()];
        if let Some(range) = twice.filter(|_| of_peer.len() < MOST_REPORTS) {
            of_peer.push(range);
        }
        if step.len > 0 && is_resent(step.reason) {
            let own = &mut reports[step.from.index()];
            let covers =
                |range: &SackRange| range.start.at_or_before(step.seq) && range.end.at_or_after(step.end());
            if let Some(at) = own.iter().position(covers) {
                own.remove(at);
                found.push(index);
            }
        }
    }
    found
}

/// Those whose acknowledgment answers what was sent before them.
fn outrun(steps: &[Step]) -> Vec<usize> {
    let mut again: [VecDeque<usize>; 2] = Default::default();
    let mut una: [Option<SeqNumber>; 2] = [None; 2];
    let mut found = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if step.len > 0 && is_resent(step.reason) {
            let own = &mut again[step.from.index()];
            if own.len() == MOST_REPORTS {
                own.pop_front();
            }
            own.push_back(index);
        }
        if !step.flags.ack() || step.flags.syn() || step.flags.rst() {
            continue;
        }
        let peer = step.from.other().index();
        let Some(oldest) = una[peer].replace(una[peer].map_or(step.ack, |una| una.later(step.ack))) else {
            continue;
        };
        again[peer].retain(|&at| {
            let (range, stamps) =
                (SackRange { start: steps[at].seq, end: steps[at].end() }, &steps[at].options);
            if answers_older(step.ack, &step.options, oldest, range, stamps.timestamps) {
                found.push(at);
            }
            range.end.after(step.ack)
        });
    }
    found
}

/// Whether an acknowledgment that takes what was outstanding first, `una`, tells by its echo that something older than
/// a retransmission of that has made it (RFC 3522 section 3.2).
pub(crate) fn answers_older(
    ack: SeqNumber,
    options: &TcpOptions,
    una: SeqNumber,
    again: SackRange,
    stamps: Option<Timestamps>,
) -> bool {
    let is_first = again.start.at_or_before(una) && una.before(again.end);
    let is_older =
        options.timestamps.zip(stamps).is_some_and(|(ack, again)| is_before(ack.echo, again.value));
    ack.after(una) && is_first && is_older
}

/// Whether a timestamp is older than another (RFC 7323 section 5.2).
pub(crate) fn is_before(one: u32, other: u32) -> bool {
    (one.wrapping_sub(other) as i32) < 0
}

/// The first range lies before the acknowledgment: that has come twice (RFC 2883 section 4).
pub(crate) fn come_twice(ranges: &[SackRange], ack: SeqNumber) -> Option<SackRange> {
    ranges.first().copied().filter(|range| range.end.at_or_before(ack))
}

/// It was sent again since it was taken for lost.
fn is_for_loss(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Sent(
            SendReason::RackRetransmit
                | SendReason::FastRetransmit
                | SendReason::PartialAckRetransmit
                | SendReason::RtoRetransmit
        )
    )
}

fn is_resent(reason: Reason) -> bool {
    is_for_loss(reason) || reason == Reason::Sent(SendReason::TailLossProbe)
}
