//! The tail loss probe: the last segment again, or a new one, when acknowledgments have ceased, so that it need
//! not be the retransmission timer that finds a lost tail (RFC 8985 section 7).

use synfin_wire::SeqNumber;

use crate::compact::compact;
use crate::span::Span;

/// What a probe adds to two round trips where more than one segment is in flight, and, as in Linux, the reordering timer
/// to its wait.
pub(crate) const SLACK: Span = Span::from_millis(2);

/// The probe that is out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TailLossProbe {
    /// SND.NXT when it was sent: TLP.end_seq.
    end: Option<SeqNumber>,
    /// It repeated what was sent before: TLP.is_retrans.
    is_retransmission: bool,
}

compact!(TailLossProbe { end, is_retransmission });

/// What an acknowledgment says of the probe that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbeNews {
    /// Nothing.
    None,
    /// It was not needed: nothing had been lost.
    Spurious,
    /// It repaired a loss, which congestion control must hear of (section 7.4.2).
    Repaired,
}

/// What an acknowledgment tells that concerns a probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeEvidence {
    pub(crate) ack: SeqNumber,
    /// A DSACK reports exactly the probe.
    pub(crate) dsack: bool,
    /// It is a plain duplicate: nothing acknowledged, nothing reported, no text, no window.
    pub(crate) duplicate: bool,
}

impl TailLossProbe {
    /// PTO: two round trips, and time for a delayed acknowledgment where one segment alone is in flight.
    pub(crate) fn timeout(smoothed: Option<Span>, alone: bool, min_rto: Span) -> Span {
        match smoothed {
            None => Span::from_secs(1),
            Some(smoothed) if alone => smoothed * 2 + min_rto,
            Some(smoothed) => smoothed * 2 + SLACK,
        }
    }

    /// A probe is out.
    pub(crate) fn is_out(&self) -> bool {
        self.end.is_some()
    }

    /// The one that is out repeated what was sent before.
    pub(crate) fn retransmits(&self) -> bool {
        self.end.is_some() && self.is_retransmission
    }

    /// Where the one that is out ends.
    pub(crate) fn end(&self) -> Option<SeqNumber> {
        self.end
    }

    pub(crate) fn sent(&mut self, end: SeqNumber, is_retransmission: bool) {
        *self = Self { end: Some(end), is_retransmission };
    }

    /// The episode is over.
    pub(crate) fn clear(&mut self) {
        self.end = None;
    }

    /// Section 7.4.
    pub(crate) fn on_ack(&mut self, evidence: &ProbeEvidence) -> ProbeNews {
        let Some(end) = self.end else { return ProbeNews::None };
        if evidence.ack.before(end) {
            return ProbeNews::None;
        }
        let news = if !self.is_retransmission || evidence.dsack {
            ProbeNews::Spurious
        } else if evidence.ack.after(end) {
            ProbeNews::Repaired
        } else if evidence.duplicate {
            ProbeNews::Spurious
        } else {
            return ProbeNews::None;
        };
        self.clear();
        news
    }
}

#[cfg(test)]
mod tests;
