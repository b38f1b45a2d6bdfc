//! The round-trip time, smoothed (RFC 6298 section 2).

use core::time::Duration;

/// SRTT and RTTVAR.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RttEstimator {
    smoothed: Option<Duration>,
    variation: Duration,
    minimum: Option<Duration>,
}

impl RttEstimator {
    /// SRTT, once there is a sample.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// RTTVAR.
    pub(crate) fn variation(&self) -> Duration {
        self.variation
    }

    /// The shortest sample.
    pub(crate) fn minimum(&self) -> Option<Duration> {
        self.minimum
    }

    /// Takes a sample: alpha is 1/8, beta 1/4 (2.2 and 2.3).
    pub(crate) fn measured(&mut self, sample: Duration) {
        self.minimum = Some(self.minimum.map_or(sample, |minimum| minimum.min(sample)));
        match self.smoothed {
            None => {
                self.smoothed = Some(sample);
                self.variation = sample / 2;
            }
            Some(smoothed) => {
                self.variation = (self.variation * 3 + smoothed.abs_diff(sample)) / 4;
                self.smoothed = Some((smoothed * 7 + sample) / 8);
            }
        }
    }
}

#[cfg(test)]
mod tests;
