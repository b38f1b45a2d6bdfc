//! Proportional rate reduction: how the window comes down to its threshold while a recovery lasts, in step with
//! what arrives (RFC 9937, which succeeds RFC 6937). Counts are in segments.

use crate::compact::compact;

/// One reduction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prr {
    /// The window when it began: RecoverFS.
    prior: u32,
    /// What has arrived since: prr_delivered.
    delivered: u32,
    /// What was sent since: prr_out.
    sent: u32,
}

compact!(Prr { prior, delivered, sent });

/// What one acknowledgment brings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrrInput {
    /// ssthresh.
    pub(crate) threshold: u32,
    /// What is in the network after it.
    pub(crate) in_flight: u32,
    /// What it says has arrived: DeliveredData.
    pub(crate) delivered: u32,
    /// SND.UNA moved, and nothing more was found to be lost: SafeACK.
    pub(crate) safe: bool,
}

impl Prr {
    pub(crate) fn begin(window: u32) -> Self {
        Self { prior: window, delivered: 0, sent: 0 }
    }

    /// RecoverFS.
    pub(crate) fn prior(&self) -> u32 {
        self.prior
    }

    /// Something was sent.
    pub(crate) fn sent(&mut self, segments: u32) {
        self.sent = self.sent.saturating_add(segments);
    }

    /// The window after an acknowledgment; `None` when it tells of nothing that arrived.
    pub(crate) fn window(&mut self, input: &PrrInput) -> Option<u32> {
        if input.delivered == 0 || self.prior == 0 {
            return None;
        }
        self.delivered = self.delivered.saturating_add(input.delivered);
        let send = if input.in_flight > input.threshold {
            let share = u64::from(input.threshold) * u64::from(self.delivered);
            (share.div_ceil(self.prior.into()) as u32).saturating_sub(self.sent)
        } else {
            // Below the threshold the window grows again: by what arrived, and on a safe acknowledgment as in
            // slow start (PRR-SSRB), else no faster (PRR-CRB).
            let owed = self.delivered.saturating_sub(self.sent).max(input.delivered);
            (owed + u32::from(input.safe)).min(input.threshold - input.in_flight)
        };
        // The first retransmission is never held back.
        let least = u32::from(self.sent == 0);
        Some(input.in_flight + send.max(least))
    }
}

#[cfg(test)]
mod tests;
