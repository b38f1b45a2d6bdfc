//! When an acknowledgment is due, and why (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
//!
//! Both leave room: an acknowledgment for at least every second full segment, within half a second. What is
//! done in that room is what Linux does. A new peer, or one that was quiet, is acknowledged at once for a
//! while, since its slow start waits for that. Where the user answers what he reads, acknowledgments wait for
//! the answer. How long they wait follows the time between segments.

use synfin_wire::{Flags, Instant};

use crate::compact::compact;
use crate::config::SecondSegment;
use crate::span::Span;
use crate::timer::{Timer, TimerTable};
use synfin_wire::reason::SendReason;

/// The first guess at the size of the peer's full segments, octets.
const FIRST_FULL_SEGMENT: u32 = 536;
/// A segment without PSH may be full, if it is as long as this.
const SMALLEST_FULL_SEGMENT: u32 = 88;
/// So many segments beyond a gap are acknowledged each by itself: what the peer needs to find the loss.
const DUPLICATES: u8 = 3;
/// So many more at the most share an acknowledgment.
const SHARING: u8 = 44;

/// What the waits are measured against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) now: Instant,
    pub(crate) rto: Span,
    pub(crate) rtt: Option<Span>,
    /// The shortest wait.
    pub(crate) delay: Span,
    /// The longest; RFC 9293 allows less than 500 ms (MUST-40).
    pub(crate) longest: Span,
    /// The window announced last, octets.
    pub(crate) window: u32,
    /// The most segments that are acknowledged at once.
    pub(crate) quick_acks: u8,
    /// What makes the second segment.
    pub(crate) second_segment: SecondSegment,
}

/// How large a segment is, octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) text: u32,
    /// Of its options, those that all have.
    pub(crate) fixed: u32,
    /// And its SACK ranges.
    pub(crate) variable: u32,
}

impl Size {
    /// All of its options.
    pub(crate) fn options(&self) -> u32 {
        self.fixed + self.variable
    }
}

/// Whether something that arrived is still to be acknowledged, and how soon.
#[derive(Clone, Debug)]
pub(crate) struct AckPolicy {
    /// An acknowledgment is due at once.
    due: Option<SendReason>,
    /// Something is to be acknowledged, at once or later.
    pending: bool,
    /// Numbers taken since the last acknowledgment.
    unacknowledged: u32,
    /// Acknowledgments that are still sent at once.
    quick: u8,
    /// The user answers what he reads: acknowledgments can expect company.
    interactive: bool,
    /// How long an acknowledgment waits, once data has come.
    wait: Span,
    /// When data came last.
    arrived_at: Option<Instant>,
    /// The largest text seen in one segment, which is what "full-sized" means (RMSS).
    full_segment: u32,
    /// The text of the last segment, when it was short but may be full.
    short_segment: u32,
    /// Segments with text since the last acknowledgment.
    arrivals: u8,
    /// A segment that is not acknowledged was pushed, or two were.
    pushes: u8,
    /// Segments beyond the same gap since RCV.NXT moved; of those that share an acknowledgment, only since the last one.
    duplicates: u8,
}

compact!(AckPolicy { pending, unacknowledged, quick, interactive, wait, arrived_at, full_segment, short_segment, arrivals, pushes, duplicates } empty { due });

impl AckPolicy {
    pub(crate) fn new(mss: u32, window: u32) -> Self {
        let full_segment = mss.min(window / 2).clamp(SMALLEST_FULL_SEGMENT, FIRST_FULL_SEGMENT);
        Self {
            due: None,
            pending: false,
            unacknowledged: 0,
            quick: 0,
            interactive: false,
            wait: Span::ZERO,
            arrived_at: None,
            full_segment,
            short_segment: 0,
            arrivals: 0,
            pushes: 0,
            duplicates: 0,
        }
    }

    /// The peer is expected to send segments no larger than those that it is sent.
    pub(crate) fn expect_segments(&mut self, mss: u32) {
        self.full_segment = self.full_segment.min(mss.max(SMALLEST_FULL_SEGMENT));
    }

    /// What is due at once.
    pub(crate) fn due(&self) -> Option<SendReason> {
        self.due
    }

    /// Something that arrived is not acknowledged yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    /// The size of the peer's full segments, octets.
    pub(crate) fn full_segment(&self) -> u32 {
        self.full_segment
    }

    /// When data came last.
    pub(crate) fn arrived_at(&self) -> Option<Instant> {
        self.arrived_at
    }

    /// How long an acknowledgment waits.
    pub(crate) fn wait(&self) -> Span {
        self.wait
    }

    /// An acknowledgment goes out as soon as anything can. The first reason stands.
    pub(crate) fn at_once(&mut self, reason: SendReason) {
        self.pending = true;
        self.due.get_or_insert(reason);
    }

    /// A segment is due at once that nothing which came is owed: it is none of the acknowledgments that do not wait.
    pub(crate) fn answer(&mut self, reason: SendReason) {
        self.due.get_or_insert(reason);
    }

    /// RCV.NXT has moved by so much.
    pub(crate) fn advanced(&mut self, numbers: u32) {
        self.pending = true;
        self.unacknowledged = self.unacknowledged.saturating_add(numbers);
        self.duplicates = 0;
    }

    /// Text has come that the user will read: how large the peer's segments are, and how close together.
    /// Returns whether it was a full segment.
    pub(crate) fn data(&mut self, size: &Size, flags: Flags, mss: u32, pace: &Pace) -> bool {
        self.arrivals = self.arrivals.saturating_add(1);
        let is_full = self.measure(size, flags, mss);
        if self.wait.is_zero() {
            self.be_quick(pace);
            self.wait = pace.delay;
        } else if let Some(before) = self.arrived_at {
            self.follow(Span::between(before, pace.now), pace);
        }
        self.arrived_at = Some(pace.now);
        is_full
    }

    fn follow(&mut self, gap: Span, pace: &Pace) {
        if gap <= pace.delay / 2 {
            self.wait = self.wait / 2 + pace.delay / 2;
        } else if gap < self.wait {
            self.wait = (self.wait / 2 + gap).min(pace.rto);
        } else if gap > pace.rto {
            // The peer was quiet for so long that it begins anew.
            self.be_quick(pace);
        }
    }

    /// How large the peer's full segments are. What lies beyond a gap tells as well, as in Linux since 6.17.
    pub(crate) fn measure(&mut self, size: &Size, flags: Flags, mss: u32) -> bool {
        let &Size { text, fixed, variable } = size;
        let last_short = core::mem::take(&mut self.short_segment);
        if text >= self.full_segment {
            self.full_segment = text.min(mss);
            self.pushes = self.pushes.max(u8::from(flags.psh()));
            return true;
        }
        // SACK ranges shorten a full segment: two of the same length in a row are believed.
        let full = text + variable;
        let unpushed = !(flags.psh() || flags.fin() || flags.urg() || flags.syn());
        if full + fixed >= FIRST_FULL_SEGMENT || full + fixed >= SMALLEST_FULL_SEGMENT && unpushed {
            self.short_segment = full;
            if full == last_short {
                self.full_segment = full;
                return false;
            }
        }
        self.pushes = (self.pushes + 1).min(2);
        false
    }

    /// The peer's SYN counts as text that the user is about to answer.
    pub(crate) fn exchange_begins(&mut self, pace: &Pace) {
        self.be_quick(pace);
        self.wait = pace.delay;
        self.arrived_at = Some(pace.now);
    }

    /// As many acknowledgments do not wait as bring the peer up to a whole window again.
    pub(crate) fn be_quick(&mut self, pace: &Pace) {
        let for_window = match pace.window / (2 * self.full_segment) {
            0 => 2,
            pairs => u8::try_from(pairs).unwrap_or(u8::MAX),
        };
        self.quick = self.quick.max(for_window.min(pace.quick_acks));
    }

    /// TCP_QUICKACK: the user wants no acknowledgment to wait, or every one. What waits now goes, as if the user had read,
    /// where `drained` says that nothing is left to read.
    pub(crate) fn set_interactive(&mut self, interactive: bool, drained: bool) {
        self.interactive = interactive;
        if !interactive && self.pending {
            self.pushes = self.pushes.max(1);
            self.read(drained, SendReason::QuickAck);
        }
    }

    /// Whether acknowledgments do not wait for company.
    pub(crate) fn is_quick(&self) -> bool {
        !self.interactive
    }

    /// The window has grown: the next acknowledgment does not wait, unless the user answers. As in Linux, of an even number
    /// of such acknowledgments that are owed it makes one more.
    pub(crate) fn once_more(&mut self) {
        self.quick |= 1;
    }

    /// There is hardly any room: no need to hurry the peer.
    pub(crate) fn no_hurry(&mut self) {
        self.quick = 0;
    }

    /// More than one full segment has come since the last acknowledgment.
    pub(crate) fn has_second_segment(&self) -> bool {
        self.unacknowledged > self.full_segment
    }

    /// What was taken is to be acknowledged: at once, or later. `opens`: there is a second segment, and the announced
    /// window would not shrink. `gathering`: there is text beyond a gap, and so long may its acknowledgments wait for each
    /// other.
    pub(crate) fn decide(
        &mut self,
        opens: bool,
        gathering: Option<Span>,
        timers: &mut TimerTable,
        pace: &Pace,
    ) {
        if !self.pending || self.due.is_some() {
            return;
        }
        let second = pace.second_segment == SecondSegment::Any && self.arrivals > 1;
        if second || self.has_second_segment() && opens {
            self.at_once(SendReason::SecondSegmentAck);
        } else if self.quick > 0 && !self.interactive {
            let is_beyond = gathering.is_some();
            self.at_once(if is_beyond { SendReason::OutOfOrderAck } else { SendReason::QuickAck });
        } else {
            match gathering {
                Some(gathering) => self.beyond_a_gap(gathering, timers, pace.now),
                None => self.delay(timers, pace),
            }
        }
    }

    /// Text beyond a gap (MAY-13, RFC 5681 section 4.2). The first few are acknowledged at once; a flood of
    /// them may share acknowledgments, if these may wait so long for each other.
    #[cold]
    fn beyond_a_gap(&mut self, gathering: Span, timers: &mut TimerTable, now: Instant) {
        if gathering.is_zero() {
            self.at_once(SendReason::OutOfOrderAck);
            return;
        }
        self.duplicates += 1;
        if self.duplicates <= DUPLICATES || self.duplicates > DUPLICATES + SHARING {
            self.at_once(SendReason::OutOfOrderAck);
        } else {
            Self::set_earlier(timers, now + gathering);
        }
    }

    /// What acknowledgments have waited with for each other is told, before it has no room in one.
    #[cold]
    pub(crate) fn gathers_no_more(&mut self) {
        if self.duplicates > DUPLICATES {
            self.at_once(SendReason::OutOfOrderAck);
        }
    }

    /// Text has come beyond a gap.
    pub(crate) fn held(&mut self) {
        self.pending = true;
    }

    fn delay(&mut self, timers: &mut TimerTable, pace: &Pace) {
        let mut wait = self.wait;
        if wait > pace.delay {
            wait = pace.rtt.map_or(wait, |rtt| wait.min(rtt.max(pace.delay)));
        }
        let wait = wait.min(pace.longest);
        match timers.deadline(Timer::DelayedAck) {
            Some(deadline) if deadline <= pace.now + wait / 4 => self.at_once(self.delayed()),
            _ => Self::set_earlier(timers, pace.now + wait),
        }
    }

    fn set_earlier(timers: &mut TimerTable, deadline: Instant) {
        let known = timers.deadline(Timer::DelayedAck).unwrap_or(Instant::FAR_FUTURE);
        timers.set(Timer::DelayedAck, known.min(deadline));
    }

    /// The peer's FIN arrived. Its acknowledgment may wait like any other: when the user closes in that
    /// time, one segment does for both.
    pub(crate) fn fin(&mut self) {
        self.advanced(1);
        self.interactive = true;
    }

    /// The next `segments` are acknowledged at once, whether the user answers what he reads or not.
    pub(crate) fn quicken(&mut self, segments: u8, delay: Span) {
        self.quick = self.quick.max(segments);
        self.interactive = false;
        self.wait = delay;
    }

    /// The user has read, and `drained` says that nothing is left: what waits may go, for this `reason`.
    pub(crate) fn read(&mut self, drained: bool, reason: SendReason) {
        let pushed = self.pushes > 1 || self.pushes > 0 && !self.interactive;
        if self.pending && (self.has_second_segment() || pushed && drained) {
            self.at_once(reason);
        }
    }

    /// Text of ours was sent: soon after the peer's, it is an answer.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.interactive |= self.arrived_at.is_some_and(|arrived| Span::between(arrived, now) < self.wait);
    }

    /// The delayed acknowledgment's time is up: the answer that it waited for has not come, or the next
    /// segment is further off than was thought.
    pub(crate) fn delay_over(&mut self, pace: &Pace) {
        if !self.pending {
            return;
        }
        let reason = self.delayed();
        if self.duplicates > DUPLICATES {
            // It has not waited for an answer.
        } else if self.interactive {
            self.interactive = false;
            self.wait = pace.delay;
        } else {
            self.wait = (self.wait * 2).min(pace.rto);
        }
        self.at_once(reason);
    }

    /// What is sent once it has waited: beyond a gap, acknowledgments have waited for each other. Before there was text
    /// nothing waits, and only a FIN can be there.
    const fn delayed(&self) -> SendReason {
        match (self.duplicates, self.wait.is_zero()) {
            (1.., _) => SendReason::OutOfOrderAck,
            (0, true) => SendReason::FinAck,
            (0, false) => SendReason::DelayedAck,
        }
    }

    /// A segment with the acknowledgment left.
    pub(crate) fn sent(&mut self, delay: Span, timers: &mut TimerTable) {
        if self.pending && self.quick > 0 {
            self.quick -= 1;
            if self.quick == 0 {
                self.wait = delay;
            }
        }
        self.due = None;
        self.pending = false;
        self.duplicates = self.duplicates.min(DUPLICATES);
        self.arrivals = 0;
        self.pushes = 0;
        self.unacknowledged = 0;
        timers.stop(Timer::DelayedAck);
    }
}

#[cfg(test)]
mod tests;
