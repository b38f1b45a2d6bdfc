//! Fast retransmit and fast recovery: by duplicate acknowledgments (RFC 5681 section 3.2, RFC 6582), or
//! by SACK ranges where both ends agreed on them (RFC 6675).
//!
//! RFC 5681 inflates cwnd by a segment for each duplicate acknowledgment, because each tells of a segment
//! that has left the network. Here cwnd stays and the segments that have left are taken off what is in
//! flight: the same sum, and the same for SACK.

use synfin_wire::SeqNumber;

use super::{AckOutcome, LossVerdict};
use crate::connection::status::RecoveryState;
use crate::reason::SendReason;
use crate::send::RetransmissionQueue;

/// DupThresh: so many duplicate acknowledgments mean a loss (RFC 5681 section 3.2).
const DUPLICATE_THRESHOLD: u32 = 3;

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Open,
    /// Fast recovery, until `recover` is acknowledged.
    Fast { recover: SeqNumber },
    /// After a timeout, until `recover` is acknowledged.
    Timeout { recover: SeqNumber },
}

/// Counts duplicates and walks through a recovery.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FastRecovery {
    mode: Mode,
    duplicates: u32,
    partial: bool,
    sack: bool,
    /// A recovery ended here with much being sent twice, and nothing beyond is acknowledged yet.
    settled: bool,
}

impl FastRecovery {
    /// Where it stands, for whoever looks at the connection.
    pub(crate) fn state(&self) -> RecoveryState {
        match self.mode {
            Mode::Open if self.duplicates > 0 => RecoveryState::Disorder,
            Mode::Open => RecoveryState::Open,
            Mode::Fast { .. } => RecoveryState::Recovery,
            Mode::Timeout { .. } => RecoveryState::Loss,
        }
    }

    pub(crate) fn on_ack(&mut self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) -> LossVerdict {
        self.sack = outcome.sack;
        if outcome.acknowledged > 0 {
            self.forward(outcome, queue)
        } else if outcome.sacked > 0 || (outcome.duplicate && !outcome.sack) {
            // With SACK only news in the ranges make a duplicate (RFC 6675 section 2).
            self.duplicate(outcome, queue)
        } else {
            self.unchanged()
        }
    }

    /// SND.UNA moved.
    fn forward(&mut self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) -> LossVerdict {
        match self.mode {
            Mode::Open => {
                self.duplicates = 0;
                self.settled = false;
                self.judge_by_sack(outcome, queue)
            }
            Mode::Fast { recover } if outcome.una.at_or_after(recover) => {
                self.open(outcome);
                LossVerdict::Recovered
            }
            Mode::Timeout { recover } if outcome.una.at_or_after(recover) => {
                self.open(outcome);
                LossVerdict::AfterTimeout
            }
            Mode::Fast { .. } => {
                // A partial acknowledgment: the segment behind it is lost too (RFC 6582 section 3.2), and
                // the segments it covers account for as many duplicates.
                let segments = outcome.acknowledged.div_ceil(outcome.mss.max(1));
                self.duplicates = self.duplicates.saturating_sub(segments.saturating_sub(1));
                self.partial = true;
                self.mark(outcome, queue);
                LossVerdict::Recovering
            }
            Mode::Timeout { .. } => LossVerdict::AfterTimeout,
        }
    }

    fn duplicate(&mut self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) -> LossVerdict {
        match self.mode {
            // RFC 6582 section 3.2 (1): what we sent twice during a recovery makes duplicates at its end.
            Mode::Open if self.settled && !outcome.sack => LossVerdict::Open,
            Mode::Open => {
                self.duplicates = self.duplicates.saturating_add(1);
                if outcome.sack {
                    let verdict = self.judge_by_sack(outcome, queue);
                    if verdict == LossVerdict::Entered || self.duplicates < DUPLICATE_THRESHOLD {
                        return verdict;
                    }
                }
                if self.duplicates < DUPLICATE_THRESHOLD || queue.is_empty() {
                    return LossVerdict::Open;
                }
                queue.mark_front_lost(outcome.mss);
                self.enter(outcome.nxt)
            }
            Mode::Fast { recover } => {
                // RFC 5681 section 3.2: no more can have left the network than was in it, whatever a peer
                // claims that wants to be sent more.
                let in_flight = recover.octets_since(outcome.una) / outcome.mss.max(1);
                self.duplicates = self.duplicates.saturating_add(1).min(in_flight);
                if outcome.sack {
                    queue.mark_lost_below_sacked(threshold(outcome), DUPLICATE_THRESHOLD);
                }
                LossVerdict::Recovering
            }
            Mode::Timeout { .. } => LossVerdict::AfterTimeout,
        }
    }

    fn unchanged(&self) -> LossVerdict {
        match self.mode {
            Mode::Open => LossVerdict::Open,
            Mode::Fast { .. } => LossVerdict::Recovering,
            Mode::Timeout { .. } => LossVerdict::AfterTimeout,
        }
    }

    fn judge_by_sack(&mut self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) -> LossVerdict {
        if outcome.sack && queue.mark_lost_below_sacked(threshold(outcome), DUPLICATE_THRESHOLD) > 0 {
            return self.enter(outcome.nxt);
        }
        LossVerdict::Open
    }

    fn mark(&self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) {
        if outcome.sack {
            queue.mark_lost_below_sacked(threshold(outcome), DUPLICATE_THRESHOLD);
        }
        // With SACK, what lies below anything that the peer holds may go (RFC 6675 section 4, NextSeg (3)).
        let is_hole = !outcome.sack || queue.sacked_octets() > 0;
        if is_hole && queue.front().is_some_and(|front| front.retransmissions == 0) {
            queue.mark_front_lost(outcome.mss);
        }
    }

    /// A recovery is over. An acknowledgment that covers much shows that the peer held what was sent again:
    /// then duplicates are our own doing (RFC 6582 section 4.1).
    fn open(&mut self, outcome: &AckOutcome) {
        let settled = outcome.acknowledged > 4 * outcome.mss;
        *self = Self { sack: self.sack, settled, ..Self::default() };
    }

    fn enter(&mut self, nxt: SeqNumber) -> LossVerdict {
        self.mode = Mode::Fast { recover: nxt };
        self.partial = false;
        LossVerdict::Entered
    }

    /// A timeout ends fast recovery; duplicates that come for what was in flight then mean nothing new
    /// (RFC 6582 section 4).
    pub(crate) fn timed_out(&mut self, nxt: SeqNumber) {
        self.mode = Mode::Timeout { recover: nxt };
        self.duplicates = 0;
        self.partial = false;
    }

    /// Octets that duplicate acknowledgments show to have arrived, where no SACK says which. Before the
    /// third one this is limited transmit (RFC 3042): a new segment for each.
    pub(crate) fn left_the_network(&self, mss: u32) -> u32 {
        match self.mode {
            Mode::Open | Mode::Fast { .. } if !self.sack => self.duplicates.saturating_mul(mss),
            Mode::Open | Mode::Fast { .. } | Mode::Timeout { .. } => 0,
        }
    }

    pub(crate) fn retransmit_reason(&self) -> SendReason {
        match self.mode {
            Mode::Timeout { .. } => SendReason::RtoRetransmit,
            Mode::Open | Mode::Fast { .. } if self.sack => SendReason::SackRetransmit,
            Mode::Open | Mode::Fast { .. } if self.partial => SendReason::PartialAckRetransmit,
            Mode::Open | Mode::Fast { .. } => SendReason::FastRetransmit,
        }
    }

    /// No recovery is going on.
    pub(crate) fn is_open(&self) -> bool {
        self.mode == Mode::Open
    }

    pub(crate) fn is_limited_transmit(&self) -> bool {
        self.mode == Mode::Open && self.duplicates > 0
    }
}

/// More than DupThresh - 1 full segments above a range mean that it is lost (RFC 6675 section 4).
fn threshold(outcome: &AckOutcome) -> u32 {
    (DUPLICATE_THRESHOLD - 1) * outcome.mss + 1
}

#[cfg(test)]
mod tests;
