//! What an acknowledgment delivered: by its number, and by its SACK ranges (RFC 2018, RFC 2883, RFC 6675
//! section 3).

use smallvec::SmallVec;
use synfin_wire::tcp::SackRange;
use synfin_wire::{Instant, SeqNumber};

use super::{AckInput, LossRecovery, echoed};
use crate::connection::status::RecoveryState;
use crate::send::RetransmissionQueue;
use crate::send::retransmission_queue::SentRange;
use crate::span::Span;

/// What one acknowledgment brought to light.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AckNews {
    /// It is older than SND.UNA.
    pub(super) is_old: bool,
    /// Segments that it acknowledges.
    pub(super) acknowledged: u32,
    /// Segments of which it is the first to say that they arrived.
    pub(super) delivered: u32,
    /// The octets of these.
    pub(super) delivered_octets: u32,
    /// It reports by SACK what nobody knew.
    pub(super) sacked: bool,
    /// It reports something that arrived twice.
    pub(super) dsack: bool,
    /// That was the tail loss probe.
    pub(super) dsack_of_probe: bool,
    /// Something arrived that was sent once, before the recovery point: it was not lost (RFC 5682).
    pub(super) original_arrived: bool,
    /// Something that was sent again is acknowledged.
    pub(super) retransmission_acknowledged: bool,
    /// What the peer had reported to hold is what it now waits for.
    pub(super) reneging: bool,
    /// A retransmission was found to be lost.
    pub(super) retransmission_lost: bool,
    /// When the oldest and the newest were sent of what was sent once and is acknowledged.
    pub(super) acknowledged_at: Option<(Instant, Instant)>,
    /// The same for what SACK reports.
    pub(super) sacked_at: Option<(Instant, Instant)>,
    /// The lowest number of what was sent once and arrived behind something newer.
    pub(super) reordered: Option<SeqNumber>,
}

impl AckNews {
    /// It tells more than that everything goes well.
    pub(super) fn alarms(&self) -> bool {
        self.sacked || self.dsack
    }

    fn note_reordered(&mut self, start: SeqNumber) {
        self.reordered = Some(self.reordered.map_or(start, |lowest| lowest.earlier(start)));
    }
}

impl LossRecovery {
    /// Takes the SACK ranges. One that covers nothing in flight says nothing.
    #[cold]
    pub(super) fn take_sacks(
        &mut self,
        ack: &AckInput<'_>,
        queue: &mut RetransmissionQueue,
        news: &mut AckNews,
    ) {
        let Some(first) = ack.ranges.first() else { return };
        let highest = queue.highest_sacked(ack.prior_una);
        // RFC 2883 section 4: a first range below the acknowledgment, or inside the second, arrived twice.
        let below = first.start.before(ack.number);
        let inside = ack.ranges.get(1).is_some_and(|second| {
            first.start.at_or_after(second.start) && first.end.at_or_before(second.end)
        });
        let dsack = (below || inside) && self.take_dsack(ack, first, queue, news);
        let mut ranges: SmallVec<[SackRange; 4]> = ack.ranges[usize::from(dsack)..]
            .iter()
            .copied()
            .filter(|range| {
                range.start.before(range.end) && range.start.after(ack.una) && range.end.at_or_before(ack.nxt)
            })
            .collect();
        ranges.sort_unstable_by_key(|range| range.start.octets_since(ack.una));
        for range in ranges {
            self.take_range(ack, range, highest, queue, news);
        }
        let judged = self.state != RecoveryState::Loss || self.undo.is_possible();
        if let (Some(lowest), true) = (news.reordered.take(), judged) {
            self.rack.reordered(lowest, queue.highest_sacked(ack.una), ack.mss);
        }
    }

    fn take_range(
        &mut self,
        ack: &AckInput<'_>,
        range: SackRange,
        highest: SeqNumber,
        queue: &mut RetransmissionQueue,
        news: &mut AckNews,
    ) {
        queue.sack(range.start, range.end, |sent| {
            self.rack.delivered(sent, &self.rtt, ack.now);
            self.rate.arrived(sent.stamp, sent.sent_at, sent.end);
            self.rate.count(sent.segments);
            news.delivered += sent.segments;
            news.delivered_octets += sent.end.octets_since(sent.start);
            news.sacked = true;
            if sent.retransmissions > 0 {
                return;
            }
            if sent.start.before(highest) {
                news.note_reordered(sent.start);
            }
            news.original_arrived |= sent.end.at_or_before(self.point);
            let (first, _) = news.sacked_at.unwrap_or((sent.sent_at, sent.sent_at));
            news.sacked_at = Some((first, sent.sent_at));
        });
    }

    /// Takes a range that arrived twice. Returns whether it is to be believed.
    fn take_dsack(
        &mut self,
        ack: &AckInput<'_>,
        range: &SackRange,
        queue: &mut RetransmissionQueue,
        news: &mut AckNews,
    ) -> bool {
        let len = range.end.octets_since(range.start);
        if len == 0 || len > ack.largest_window {
            return false;
        }
        let segments = len.div_ceil(ack.mss.max(1));
        news.dsack_of_probe |= len <= ack.mss && self.probe.end() == Some(range.end);
        self.reported_twice += u64::from(segments);
        // More than was ever sent again is the network's doing, or a lie.
        if self.reported_twice > self.sent_again {
            return false;
        }
        if !news.dsack_of_probe {
            self.rack.dsack();
        }
        news.dsack = true;
        news.delivered += segments;
        self.rate.count(segments);
        if range.end.at_or_before(ack.prior_una) {
            self.undo.reported(range.end, segments);
        }
        queue.duplicated(range.start, range.end, |sent| {
            self.undo.reported(sent.end, sent.segments);
            if sent.sacked {
                news.note_reordered(sent.start);
            }
        });
        true
    }

    /// Takes what the acknowledgment number covers.
    pub(super) fn take_cumulative(
        &mut self,
        ack: &AckInput<'_>,
        queue: &mut RetransmissionQueue,
        highest: SeqNumber,
        news: &mut AckNews,
    ) {
        let mut lowest = None;
        news.delivered_octets += ack.una.octets_since(ack.prior_una);
        queue.acknowledge(ack.una, |sent, segments| {
            if sent.sacked {
                let known = sent.end.octets_since(sent.start);
                news.delivered_octets = news.delivered_octets.saturating_sub(known);
            }
            news.acknowledged += segments;
            self.rate.arrived(sent.stamp, sent.sent_at, sent.end);
            let again = sent.retransmissions > 0;
            news.retransmission_acknowledged |= again;
            if !again && !sent.sacked {
                let (first, _) = news.acknowledged_at.unwrap_or((sent.sent_at, sent.sent_at));
                news.acknowledged_at = Some((first, sent.sent_at));
                lowest = lowest.or(Some(sent.start));
                news.original_arrived |= sent.end.at_or_before(self.point);
            }
            if ack.sack && !sent.sacked {
                news.delivered += segments;
                self.rate.count(segments);
                match echo_of_original(sent, ack) {
                    Some(rtt) => self.rack.original_was_late(rtt),
                    None => self.rack.delivered(sent, &self.rtt, ack.now),
                }
            }
        });
        news.reneging = ack.advances() && queue.front().is_some_and(|front| front.sacked);
        if news.acknowledged == 0 {
            return;
        }
        if !ack.sack {
            let delivered = self.holes_filled(news.acknowledged, queue);
            news.delivered += delivered;
            self.rate.count(delivered);
            // Without SACK a retransmission may be all that arrived.
            news.original_arrived &= !news.retransmission_acknowledged;
        } else if let Some(lowest) = lowest.filter(|lowest: &SeqNumber| lowest.before(highest)) {
            self.rack.reordered(lowest, queue.highest_sacked(ack.una), ack.mss);
        }
    }
}

/// The peer echoes a timestamp older than the retransmission, so it was the original that arrived: how long that
/// took.
#[cold]
fn echo_of_original(sent: &SentRange, ack: &AckInput<'_>) -> Option<Span> {
    let echo = ack.echo.filter(|_| sent.retransmissions > 0)?;
    // Both were stamped with the milliseconds that had passed by then.
    let since_sent = ack.now.as_millis().wrapping_sub(sent.sent_at.as_millis()) as u32;
    let sent_stamp = ack.clock.wrapping_sub(since_sent);
    let is_older = (echo.wrapping_sub(sent_stamp) as i32) < 0;
    if is_older { echoed(ack.clock, echo) } else { None }
}
