//! Which segments were lost on the way, told from those that were sent again.

use synfin_ladder::{Fate, Mark, Reason, Step};
use synfin_wire::SendReason;
use synfin_wire::tcp::SackRange;

/// So many reports of what has come twice are held against retransmissions.
const MOST_REPORTS: usize = 64;

/// What had to be sent again was lost, unless that turned out to be for nothing.
pub(crate) fn mark(steps: &mut [Step]) {
    let in_vain = in_vain(steps);
    for index in 0..steps.len() {
        let step = &steps[index];
        let again = match step.reason {
            Reason::Sent(reason) => matches!(
                reason,
                SendReason::RackRetransmit
                    | SendReason::FastRetransmit
                    | SendReason::PartialAckRetransmit
                    | SendReason::RtoRetransmit
            ),
            Reason::Seen(_) => false,
        };
        let is_in_vain =
            step.marks.contains(Mark::SpuriousRetransmission) || in_vain.binary_search(&index).is_ok();
        let Some(first) = step.because.filter(|_| again && !is_in_vain) else { continue };
        let (seq, end) = (step.seq, step.end());
        // The frame that carried it first need not be the newest one that did.
        if let Ok(at) = steps[..index].binary_search_by_key(&first, |step| step.frame)
            && steps[at].seq.at_or_before(seq)
            && steps[at].end().at_or_after(end)
        {
            steps[at].fate = Fate::Lost;
        }
    }
}

/// The retransmissions that their receiver says have come twice (RFC 2883), the first first.
fn in_vain(steps: &[Step]) -> Vec<usize> {
    let mut reports: [Vec<SackRange>; 2] = Default::default();
    let mut found = Vec::new();
    for (index, step) in steps.iter().enumerate().rev() {
        let twice = step.options.sack.first().filter(|range| range.end.at_or_before(step.ack));
        let of_peer = &mut reports[step.from.other().index()];
        if let Some(range) = twice.filter(|_| of_peer.len() < MOST_REPORTS) {
            of_peer.push(*range);
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
    found.reverse();
    found
}

fn is_resent(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Sent(
            SendReason::RackRetransmit
                | SendReason::FastRetransmit
                | SendReason::PartialAckRetransmit
                | SendReason::RtoRetransmit
                | SendReason::TailLossProbe
        )
    )
}
