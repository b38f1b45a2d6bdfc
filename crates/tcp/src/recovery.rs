//! What is lost.
//!
//! In: what an acknowledgment said, as an [`AckOutcome`]; the retransmission timer. Out: a
//! [`LossVerdict`], and marks on the retransmission queue that say what to send again. RFC 6298 (RTO),
//! RFC 5681 section 3.2 (fast retransmit), RFC 6582 (NewReno), RFC 6675 section 4 (which SACKs show a
//! loss). How much may be sent is `congestion`'s to say.

pub(crate) mod fast_recovery;
pub(crate) mod rto;
pub(crate) mod rtt;

use core::time::Duration;

use synfin_wire::{Instant, SeqNumber};

use crate::connection::status::RecoveryState;
use crate::reason::SendReason;
use crate::send::RetransmissionQueue;
use fast_recovery::FastRecovery;
use rto::Rto;
use rtt::RttEstimator;

/// What an acknowledgment told about our data.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AckOutcome {
    /// SND.UNA after it.
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
    /// Octets by which SND.UNA moved.
    pub(crate) acknowledged: u32,
    /// Octets that SACK ranges newly report.
    pub(crate) sacked: u32,
    /// A duplicate as RFC 5681 section 2 defines it.
    pub(crate) duplicate: bool,
    /// A round trip measured by it.
    pub(crate) rtt: Option<Duration>,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
    /// SACK was agreed on.
    pub(crate) sack: bool,
}

/// What that means for how much may fly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LossVerdict {
    /// No loss is known.
    Open,
    /// A loss has just been found: recovery begins.
    Entered,
    /// Fast recovery goes on.
    Recovering,
    /// What a timeout lost is being sent again, in slow start.
    AfterTimeout,
    /// Everything that was in flight when recovery began is acknowledged.
    Recovered,
}

/// Everything that finds losses.
#[derive(Clone, Debug)]
pub(crate) struct LossRecovery {
    pub(crate) rtt: RttEstimator,
    pub(crate) rto: Rto,
    fast: FastRecovery,
    /// What was sent before this number was made for a path that takes more.
    narrowed: Option<SeqNumber>,
}

impl LossRecovery {
    pub(crate) fn new(rto: Rto) -> Self {
        Self { rtt: RttEstimator::default(), rto, fast: FastRecovery::default(), narrowed: None }
    }

    /// Takes an acknowledgment, marks on `queue` what it shows to be lost, and judges.
    pub(crate) fn on_ack(&mut self, outcome: &AckOutcome, queue: &mut RetransmissionQueue) -> LossVerdict {
        if let Some(sample) = outcome.rtt {
            self.rtt.measured(sample);
            self.rto.measured(&self.rtt);
        }
        self.narrowed.take_if(|until| outcome.una.at_or_after(*until));
        self.fast.on_ack(outcome, queue)
    }

    /// The path takes only segments of `mss` octets, and what is longer did not get through. Returns
    /// whether there is anything to send again.
    pub(crate) fn path_narrowed(
        &mut self,
        queue: &mut RetransmissionQueue,
        nxt: SeqNumber,
        mss: u32,
    ) -> bool {
        self.narrowed = Some(nxt);
        queue.mark_longer_lost(mss) > 0
    }

    /// The retransmission timer ran out: everything in flight counts as lost, and the timer backs off.
    pub(crate) fn on_timeout(&mut self, queue: &mut RetransmissionQueue, nxt: SeqNumber) {
        queue.mark_all_lost();
        self.rto.back_off();
        self.fast.timed_out(nxt);
    }

    /// Octets that are in the network as far as is known: what congestion control counts as in flight.
    pub(crate) fn in_flight(&self, queue: &RetransmissionQueue, outstanding: u32, mss: u32) -> u32 {
        outstanding
            .saturating_sub(queue.sacked_octets())
            .saturating_sub(queue.lost_octets())
            .saturating_sub(self.fast.left_the_network(mss))
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> RecoveryState {
        self.fast.state()
    }

    /// Why the next lost range is sent again.
    pub(crate) fn retransmit_reason(&self) -> SendReason {
        match self.narrowed {
            Some(_) if self.fast.is_open() => SendReason::PathMtuRetransmit,
            _ => self.fast.retransmit_reason(),
        }
    }

    /// New data that goes out now goes out on the strength of a duplicate acknowledgment (RFC 3042).
    pub(crate) fn is_limited_transmit(&self) -> bool {
        self.fast.is_limited_transmit()
    }

    /// When the retransmission timer that is started now runs out.
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        now + self.rto.current()
    }
}
