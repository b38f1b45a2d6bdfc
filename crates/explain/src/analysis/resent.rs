//! What was sent before, or comes late: four marks, of which the first that fits counts.

use std::time::Duration;

use synfin_ladder::Mark;
use synfin_wire::SeqNumber;

use super::flow::Flow;
use super::{Observed, Seen};

/// How long after the acknowledgment a fast retransmission comes at the latest.
const FAST: Duration = Duration::from_millis(20);
/// How late a segment may come to count as out of order, where the round trip is not known.
const LATE: Duration = Duration::from_millis(3);

pub(super) fn mark(
    seen: &Seen,
    sender: &Flow,
    receiver: &Flow,
    initial_rtt: Option<Duration>,
    observed: &mut Observed,
) {
    if !seen.takes_numbers() || observed.marks.contains(Mark::KeepAlive) {
        return;
    }
    let Some(kind) = kind(seen, sender, receiver, initial_rtt) else { return };
    observed.marks.insert(kind);
    if kind != Mark::OutOfOrder {
        observed.marks.insert(Mark::Retransmission);
    }
    if kind == Mark::Retransmission {
        let (at, frame) = sender.unacked.oldest().unwrap_or((sender.next_at, sender.next_frame));
        observed.rto = Some((seen.at - at, frame)).filter(|(span, _)| !span.is_zero());
    }
}

fn kind(seen: &Seen, sender: &Flow, receiver: &Flow, initial_rtt: Option<Duration>) -> Option<Mark> {
    let acknowledged =
        receiver.last_ack != SeqNumber::default() && (seen.seq + seen.len).at_or_before(receiver.last_ack);
    if seen.len > 0 && acknowledged {
        return Some(Mark::SpuriousRetransmission);
    }
    let next = sender.next.filter(|next| seen.seq.before(*next))?;
    // A keep-alive probe of one octet may be followed by text that begins with the same octet.
    if seen.len > 1 && seen.seq == next - 1 {
        return None;
    }
    let asked_for = receiver.duplicates >= 2 || receiver.acked_unseen;
    let fast = asked_for && receiver.last_ack == seen.seq && seen.at - receiver.last_ack_at < FAST;
    let late = seen.at - sender.next_at < initial_rtt.unwrap_or(LATE) && seen.end() != next;
    Some(if fast {
        Mark::FastRetransmission
    } else if late {
        Mark::OutOfOrder
    } else {
        Mark::Retransmission
    })
}
