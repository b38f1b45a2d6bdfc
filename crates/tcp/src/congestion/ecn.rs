//! Sending under ECN, and reading what the peer feeds back: the sender's half (RFC 3168 section 6.1.2, RFC 9768
//! section 3.2.2).
//!
//! In: the ECN bits and the AccECN option of an acknowledgment, with what it delivered. Out: how many of the
//! delivered segments were marked, which `recovery` answers once a round trip, and which codepoint our segments
//! leave with. What came to us is `receive::ecn`'s to feed back.

use synfin_wire::tcp::AccEcn;
use synfin_wire::{Ecn, Flags};

use crate::compact::compact;
use crate::config::EcnFeedback;
use crate::connection::ecn::{AccEcnFailures, AccEcnSeen, EcnHandshake, FIRST_COUNTERS};
use crate::receive::ecn::{EcnOctets, FIRST_ACE};

/// The ACE counter comes round after so many.
const ACE_RANGE: u32 = 8;
/// An average of segments that one acknowledgment brings, in so many parts; and how slowly it moves, as a shift.
const AVERAGE_PARTS: u32 = 64;
const AVERAGE_SHIFT: u32 = 6;
/// Acknowledgments that bring more on average are thinned on their way, by nobody's marks.
const THINNED: u32 = 4 * AVERAGE_PARTS;
/// An option that is first seen after so many octets may have come round unseen.
const LAST_CHANCE: u64 = (1 << 23) - 1;

/// What an acknowledgment feeds back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feedback<'a> {
    /// Its ECN bits.
    pub(crate) flags: Flags,
    pub(crate) option: Option<&'a AccEcn>,
    /// It is newer than those before by its timestamp.
    pub(crate) newer: bool,
    /// Octets of text sent so far.
    pub(crate) octets_sent: u64,
}

/// What the same acknowledgment delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) segments: u32,
    pub(crate) octets: u32,
    /// Something was acknowledged or reported by SACK.
    pub(crate) progress: bool,
    /// The count of segments is exact: SACK was agreed on, or there is no disorder.
    pub(crate) exact: bool,
    pub(crate) mss: u32,
}

/// The sender's half of ECN.
#[derive(Clone, Debug)]
pub(crate) struct EcnSender {
    pub(crate) feedback: EcnFeedback,
    pub(crate) failures: AccEcnFailures,
    pub(crate) option_seen: AccEcnSeen,
    /// s.cep, from zero: segments of ours that were marked, as the peer says.
    pub(crate) marks: u32,
    /// s.e0b, s.ceb and s.e1b, from zero.
    pub(crate) octets: EcnOctets,
    /// The only counter that moved last time: what a feedback without option is taken to be about.
    only: Option<Ecn>,
    /// Segments that one acknowledgment brings, on average.
    brought: u32,
}

compact!(EcnSender { feedback, failures, option_seen, marks, octets, only, brought });

impl EcnSender {
    pub(crate) fn new(handshake: &EcnHandshake) -> Self {
        Self {
            feedback: handshake.feedback,
            failures: handshake.failures,
            option_seen: handshake.option_seen,
            marks: handshake.ours_was_marked.into(),
            octets: EcnOctets::default(),
            only: None,
            brought: 0,
        }
    }

    /// The codepoint of a segment; `new_text` when it carries text that was never sent. Classic ECN marks only that
    /// (RFC 3168 sections 6.1.4 to 6.1.6); with AccECN the marks of all segments are counted, so that all may carry
    /// it (RFC 9768 section 3.2.2, RFC 8311 section 4.3), unless the handshake forbids it (section 3.1.5).
    pub(crate) fn codepoint(&self, new_text: bool) -> Ecn {
        let broken = self.failures.ace_sent || self.failures.ace_received;
        match self.feedback {
            EcnFeedback::Classic if new_text => Ecn::Ect0,
            EcnFeedback::Accurate if !broken => Ecn::Ect0,
            EcnFeedback::Off | EcnFeedback::Classic | EcnFeedback::Accurate => Ecn::NotEct,
        }
    }

    /// Marks are fed back.
    pub(crate) fn is_on(&self) -> bool {
        self.feedback != EcnFeedback::Off
    }

    /// Reads the feedback. Returns how many segments were marked that nobody knew of.
    pub(crate) fn marked(&mut self, feedback: &Feedback<'_>, delivery: &Delivery) -> u32 {
        let marks = match self.feedback {
            EcnFeedback::Off => 0,
            // Which of them were marked the flag does not tell.
            EcnFeedback::Classic if feedback.flags.contains(Flags::ECE) => {
                self.marks = self.marks.wrapping_add(delivery.segments);
                return delivery.segments.max(1);
            }
            EcnFeedback::Classic => 0,
            EcnFeedback::Accurate => self.accurate(feedback, delivery),
        };
        self.marks = self.marks.wrapping_add(marks);
        marks
    }

    fn accurate(&mut self, feedback: &Feedback<'_>, delivery: &Delivery) -> u32 {
        // An acknowledgment that is neither newer nor brings anything may be an old one.
        if !delivery.progress && !feedback.newer {
            return 0;
        }
        let ce_before = self.octets.ce;
        let counted = self.take_option(feedback, delivery);
        self.average(delivery.segments);
        if self.failures.ace_received {
            // RFC 9768 section 3.2.2.3: the path rewrites the field, so it says nothing.
            return 0;
        }
        let told = u32::from(feedback.flags.ace()).wrapping_sub(FIRST_ACE);
        let least = told.wrapping_sub(self.marks) % ACE_RANGE;
        if delivery.segments < ACE_RANGE {
            return least;
        }
        if counted {
            return whole_count(least, self.octets.ce.wrapping_sub(ce_before), delivery);
        }
        if self.brought > THINNED { least } else { most(least, delivery.segments) }
    }

    fn average(&mut self, segments: u32) {
        let segments = segments.min(1 << 16) * AVERAGE_PARTS;
        self.brought = match (self.brought, segments) {
            (_, 0) => return,
            (0, segments) => segments,
            (before, segments) => ((before << AVERAGE_SHIFT) - before + segments) >> AVERAGE_SHIFT,
        };
    }

    /// Takes the counters of octets. Returns whether those in `octets` are right now, be it by inference.
    fn take_option(&mut self, feedback: &Feedback<'_>, delivery: &Delivery) -> bool {
        if self.failures.option_received {
            return false;
        }
        let Some(option) = feedback.option else {
            self.failures.option_received =
                self.option_seen == AccEcnSeen::Nothing && feedback.octets_sent >= LAST_CHANCE;
            let counter = self.only.and_then(|only| self.octets.of(only));
            return counter.map(|counter| *counter = counter.wrapping_add(delivery.octets)).is_some();
        };
        if self.option_seen < AccEcnSeen::Counters {
            self.option_seen = AccEcnSeen::of(option);
            self.failures.option_received = self.option_seen == AccEcnSeen::Zeroed;
        }
        self.take_counters(option)
    }

    /// Linux's inference: as long as one counter alone moves, it is the one that moves when no option comes.
    fn take_counters(&mut self, option: &AccEcn) -> bool {
        let before = self.only;
        let mut sound = before.is_some();
        let mut ambiguous = false;
        let mut moved = None;
        for (codepoint, value) in option.iter() {
            let Some(counter) = self.octets.of(codepoint) else { continue };
            let delta = sign_extended(value.wrapping_sub(first_of(codepoint)).wrapping_sub(*counter));
            *counter = counter.wrapping_add_signed(delta);
            let foreign = delta != 0 && before != Some(codepoint);
            if delta < 0 || (foreign && moved.is_some()) {
                (sound, ambiguous) = (false, true);
            } else if foreign {
                moved = Some(codepoint);
            }
        }
        self.only = if ambiguous { None } else { moved.or(before) };
        sound
    }
}

/// The most marks that the field allows for among so many segments, which is what is safe to believe (RFC 9768
/// section 3.2.2.5.2, appendix A.1).
fn most(least: u32, segments: u32) -> u32 {
    segments - (segments - least) % ACE_RANGE
}

/// How many marks there were, when so many segments were acknowledged that the field may have come round: the most
/// that fits, unless the octets under CE speak against it (RFC 9768 appendix A.2.2).
fn whole_count(least: u32, ce_octets: u32, delivery: &Delivery) -> u32 {
    let Delivery { segments, octets, exact, mss, .. } = *delivery;
    let most = most(least, segments);
    if ce_octets == 0 {
        return least;
    }
    if segments >= 2 * ACE_RANGE && exact {
        if octets <= ce_octets {
            return most;
        }
        let share = (u64::from(ce_octets) * u64::from(segments)).div_ceil(octets.into());
        return most.min(least + (share as u32 & !(ACE_RANGE - 1)));
    }
    // Half a full segment for each mark is too little to believe in.
    if ce_octets <= least.saturating_mul(mss) && ce_octets < most.saturating_mul(mss) / 2 {
        least
    } else {
        most
    }
}

/// Where a counter of the option begins (RFC 9768 section 3.2.1).
fn first_of(codepoint: Ecn) -> u32 {
    let [ect1, ce, ect0] = FIRST_COUNTERS;
    match codepoint {
        Ecn::NotEct => 0,
        Ecn::Ect1 => ect1,
        Ecn::Ce => ce,
        Ecn::Ect0 => ect0,
    }
}

/// A difference of two counters of 24 bits.
fn sign_extended(difference: u32) -> i32 {
    (difference << 8) as i32 >> 8
}

#[cfg(test)]
mod tests;
