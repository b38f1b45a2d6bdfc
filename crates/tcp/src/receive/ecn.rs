//! Feeding back how segments came: the receiver's half of ECN (RFC 3168 section 6.1.3, RFC 9768 section 3.2).
//!
//! In: each acceptable segment's ECN field. Out: the ECN bits and the AccECN option of whatever is sent next, and
//! whether an acknowledgment cannot wait. What the peer says of our own segments is `congestion::ecn`'s to read.

use smallvec::SmallVec;
use synfin_wire::tcp::AccEcn;
use synfin_wire::{Ecn, Flags, Instant, SeqNumber};

use crate::compact::compact;
use crate::config::{AccEcnOption, EcnConfig, EcnFeedback};
use crate::connection::ecn::{self, EcnHandshake, FIRST_COUNTERS};
use crate::output::segments_in;
use crate::span::Span;

/// Where the ACE counter begins (RFC 9768 section 3.2.1).
pub(crate) const FIRST_ACE: u32 = 5;
/// So many marks that no acknowledgment has told of yet are told of at once: at most 7 (RFC 9768
/// section 3.2.2.5.1), before the field's three bits come round.
const MOST_UNTOLD_MARKS: u32 = 6;
/// The option is sent at least once while a counter grows by so much (RFC 9768 section 3.2.3.3), a power of two.
const MOST_UNTOLD_OCTETS: u32 = 1 << 22;
/// The longest list of options, and what the head and one range of SACK take of it.
const OPTION_SPACE: usize = 40;
const SACK_HEAD: usize = 4;
const SACK_RANGE: usize = 8;

/// Octets by the ECN field that they came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EcnOctets {
    /// Under ECT(0).
    pub ect0: u32,
    /// Under ECT(1).
    pub ect1: u32,
    /// Marked: congestion experienced.
    pub ce: u32,
}

compact!(EcnOctets { ect0, ect1, ce });

impl EcnOctets {
    /// The counter of a codepoint; there is none for what is not ECN-capable.
    pub(crate) fn of(&mut self, codepoint: Ecn) -> Option<&mut u32> {
        match codepoint {
            Ecn::NotEct => None,
            Ecn::Ect0 => Some(&mut self.ect0),
            Ecn::Ect1 => Some(&mut self.ect1),
            Ecn::Ce => Some(&mut self.ce),
        }
    }
}

/// How a segment came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) ecn: Ecn,
    /// Its own ECN bits.
    pub(crate) flags: Flags,
    /// Octets of text, and of how many in a segment a device has put it together.
    pub(crate) octets: u32,
    pub(crate) segment_size: u32,
}

/// What the AccECN option depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionPlanInput {
    /// Octets that timestamps and a signature take.
    pub(crate) fixed: usize,
    /// SACK ranges that there are to report.
    pub(crate) ranges: usize,
    pub(crate) smoothed_rtt: Option<Span>,
    pub(crate) now: Instant,
}

/// What the next header has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct OptionPlan {
    /// Counters of the AccECN option, when it is sent.
    pub(crate) counters: Option<usize>,
    /// SACK ranges beside it.
    pub(crate) ranges: usize,
    /// Octets that the option adds.
    pub(crate) octets: usize,
}

compact!(OptionPlan { counters, ranges, octets });

/// The receiver's half of ECN.
#[derive(Clone, Debug)]
pub(crate) struct EcnReceiver {
    feedback: EcnFeedback,
    /// An ECN-capable segment has come.
    pub(crate) seen: bool,
    /// Classic: every acknowledgment echoes the mark until the peer says CWR.
    echoes: bool,
    /// r.cep, from zero: marked segments, whether they carried text or not.
    pub(crate) marks: u32,
    /// Of these, how many no segment of ours has told of.
    untold: u32,
    /// r.e0b, r.ceb and r.e1b, from zero.
    pub(crate) octets: EcnOctets,
    /// What the last segment came with, and whether that changed since anything was sent.
    last: Ecn,
    changed: bool,
    /// How the peer's SYN-ACK came, when it is still to be fed back on a pure acknowledgment.
    handshake: Option<Ecn>,
    /// The peer understands the option.
    option_seen: bool,
    /// What carried it was lost (RFC 9768 section 3.2.3.2.2).
    pub(crate) option_failed: bool,
    /// So many counters must be in the next option for it to tell the news.
    least_counters: usize,
    /// So many segments are to carry it in any case.
    demand: u8,
    option_sent_at: Instant,
    /// The text that came twice last, and whether the answer carried the option.
    duplicate: Option<(SeqNumber, bool)>,
}

compact!(EcnReceiver {
    feedback,
    seen,
    echoes,
    marks,
    untold,
    octets,
    last,
    changed,
    handshake,
    option_seen,
    option_failed,
    least_counters,
    demand,
    option_sent_at,
    duplicate
});

impl EcnReceiver {
    /// `active` when it was the peer's SYN-ACK that came, which is to be fed back.
    pub(crate) fn new(handshake: &EcnHandshake, active: bool, now: Instant) -> Self {
        let accurate = handshake.feedback == EcnFeedback::Accurate;
        let marked = u32::from(active && accurate && handshake.peer_syn == Ecn::Ce);
        Self {
            feedback: handshake.feedback,
            seen: false,
            echoes: false,
            marks: marked,
            untold: marked,
            octets: EcnOctets::default(),
            last: handshake.peer_syn,
            changed: false,
            handshake: (active && accurate).then_some(handshake.peer_syn),
            option_seen: handshake.option_seen > ecn::AccEcnSeen::Nothing,
            option_failed: false,
            least_counters: 0,
            demand: if active { 2 } else { 1 },
            option_sent_at: now,
            duplicate: None,
        }
    }

    /// An acceptable segment has come. Returns whether that must be acknowledged at once.
    #[inline]
    pub(crate) fn arrived(&mut self, arrival: &Arrival) -> bool {
        self.feedback != EcnFeedback::Off && self.takes_down(arrival)
    }

    #[inline(never)]
    fn takes_down(&mut self, arrival: &Arrival) -> bool {
        self.count(arrival);
        let accurate = self.feedback == EcnFeedback::Accurate;
        let changed = self.last != arrival.ecn;
        if changed || arrival.ecn == Ecn::Ce {
            self.last = arrival.ecn;
            self.changed |= changed && accurate;
            self.demand = 2;
        }
        let has_text = arrival.octets > 0;
        if self.feedback == EcnFeedback::Classic && arrival.flags.contains(Flags::CWR) {
            // The peer's window may be a single segment now: it should not wait.
            self.echoes = false;
            return has_text;
        }
        accurate && (self.untold >= MOST_UNTOLD_MARKS || (self.changed && has_text))
    }

    fn count(&mut self, arrival: &Arrival) {
        let Some(counter) = self.octets.of(arrival.ecn) else { return };
        let before = *counter;
        *counter = counter.wrapping_add(arrival.octets);
        let rolled = (*counter ^ before) & !(MOST_UNTOLD_OCTETS - 1) != 0;
        if rolled {
            self.demand = self.demand.max(1);
        }
        if arrival.octets > 0 {
            self.least_counters = self.least_counters.max(place(arrival.ecn));
        }
        if arrival.ecn == Ecn::Ce {
            let segments = segments_in(arrival.octets, arrival.segment_size).max(1);
            self.marks = self.marks.wrapping_add(segments);
            self.untold = self.untold.saturating_add(segments);
        }
        self.seen |= self.feedback != EcnFeedback::Classic;
    }

    /// Text is taken. Returns whether it and the next should be acknowledged at once: a mark, whose sender may have
    /// a small window; or text that is not ECN-capable after some that was, which is likely sent again.
    #[inline]
    pub(crate) fn text(&mut self, ecn: Ecn) -> bool {
        self.feedback != EcnFeedback::Off && self.takes_down_text(ecn)
    }

    #[inline(never)]
    fn takes_down_text(&mut self, ecn: Ecn) -> bool {
        let classic = self.feedback == EcnFeedback::Classic;
        match ecn {
            Ecn::NotEct => return self.seen,
            Ecn::Ect0 | Ecn::Ect1 => self.seen |= classic,
            Ecn::Ce => {
                self.seen |= classic;
                return classic && !core::mem::replace(&mut self.echoes, true);
            }
        }
        false
    }

    /// The peer's SYN-ACK came again, so its answer was lost: the same again (RFC 9768 section 3.2.2.1).
    pub(crate) fn syn_ack_again(&mut self, ecn: Ecn) {
        if self.feedback == EcnFeedback::Accurate {
            self.handshake = Some(ecn);
        }
    }

    /// Whether a pure acknowledgment must go before anything else, since only such a one can tell how the SYN-ACK
    /// came (RFC 9768 section 3.2.2.1).
    pub(crate) fn owes_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    /// The peer's option was read.
    pub(crate) fn saw_option(&mut self) {
        self.option_seen = true;
    }

    /// Text came that begins at `start` and had come before. When the answer to the last time carried the option,
    /// it may be the option that is not let through.
    pub(crate) fn duplicate(&mut self, start: SeqNumber) {
        self.option_failed |= self.duplicate == Some((start, true));
        self.duplicate = Some((start, false));
    }

    /// The ECN bits of the next segment; `is_pure` when it is an acknowledgment and nothing else.
    pub(crate) fn flags(&mut self, is_pure: bool) -> Flags {
        self.changed = false;
        match self.feedback {
            EcnFeedback::Off => Flags::NONE,
            EcnFeedback::Classic if self.echoes => Flags::ECE,
            EcnFeedback::Classic => Flags::NONE,
            EcnFeedback::Accurate => {
                if let Some(arrived) = self.handshake.take_if(|_| is_pure) {
                    return ecn::echo(arrived);
                }
                self.untold = 0;
                Flags::from_ace(self.marks.wrapping_add(FIRST_ACE))
            }
        }
    }

    /// The bits that [`EcnReceiver::flags`] would give hold CWR, which a device that cuts segments keeps in the
    /// first alone.
    pub(crate) fn next_has_cwr(&self) -> bool {
        self.feedback == EcnFeedback::Accurate
            && Flags::from_ace(self.marks.wrapping_add(FIRST_ACE)).contains(Flags::CWR)
    }

    /// Which counters fit into the next header, by Linux's rules: as many as there is room for, and in case of need
    /// in place of the third SACK range.
    pub(crate) fn plan(&self, config: &EcnConfig, input: &OptionPlanInput) -> OptionPlan {
        let without = OptionPlan { counters: None, ranges: input.ranges, octets: 0 };
        if !self.sends_option(config, input) {
            return without;
        }
        for ranges in (input.ranges.min(2)..=input.ranges).rev() {
            let sack = if ranges == 0 { 0 } else { SACK_HEAD + ranges * SACK_RANGE };
            let room = OPTION_SPACE.saturating_sub(input.fixed + sack);
            let fits = |counters: &usize| option_len(*counters, ranges > 0) <= room;
            if let Some(counters) = (self.least_counters..=FIRST_COUNTERS.len()).rev().find(fits) {
                return OptionPlan {
                    counters: Some(counters),
                    ranges,
                    octets: option_len(counters, ranges > 0),
                };
            }
        }
        without
    }

    /// The option is one that the peer knows.
    pub(crate) fn has_option(&self) -> bool {
        self.feedback == EcnFeedback::Accurate && self.option_seen
    }

    fn sends_option(&self, config: &EcnConfig, input: &OptionPlanInput) -> bool {
        if !self.has_option() {
            return false;
        }
        match config.option {
            AccEcnOption::Never => false,
            AccEcnOption::Sparing => {
                !self.option_failed && (self.demand > 0 || self.is_beacon(config, input))
            }
            AccEcnOption::Always => !self.option_failed,
            AccEcnOption::Persistent => true,
        }
    }

    /// So many times a round trip it is sent without need.
    fn is_beacon(&self, config: &EcnConfig, input: &OptionPlanInput) -> bool {
        let since = Span::between(self.option_sent_at, input.now) * config.option_beacons.into();
        config.option_beacons > 0 && since >= input.smoothed_rtt.unwrap_or_default()
    }

    /// The option of the next segment.
    pub(crate) fn option(&mut self, plan: &OptionPlan, now: Instant) -> Option<AccEcn> {
        plan.counters.map(|count| self.counters(count, now))
    }

    #[inline(never)]
    fn counters(&mut self, count: usize, now: Instant) -> AccEcn {
        let octets = [self.octets.ect1, self.octets.ce, self.octets.ect0];
        let counters: SmallVec<[u32; 3]> = octets
            .iter()
            .zip(FIRST_COUNTERS)
            .map(|(octets, first)| octets.wrapping_add(first) & 0xff_ffff)
            .collect();
        self.least_counters = 0;
        self.demand = self.demand.saturating_sub(1);
        self.option_sent_at = now;
        self.duplicate = self.duplicate.map(|(start, _)| (start, true));
        AccEcn { ect1_first: true, counters: counters[..count].into() }
    }
}

/// How many counters of order 1 it takes to tell of `codepoint`.
fn place(codepoint: Ecn) -> usize {
    match codepoint {
        Ecn::NotEct => 0,
        Ecn::Ect1 => 1,
        Ecn::Ce => 2,
        Ecn::Ect0 => 3,
    }
}

/// What the option adds to a header: its last octets take the place of the NOPs before SACK.
fn option_len(counters: usize, has_sack: bool) -> usize {
    let len = 2 + 3 * counters;
    if len % 4 <= if has_sack { 2 } else { 0 } { len / 4 * 4 } else { len.next_multiple_of(4) }
}

#[cfg(test)]
mod tests;
