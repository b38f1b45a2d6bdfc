//! What is lost.
//!
//! In: what each acknowledgment, and each silence, tells about what was sent. Out: marks on the retransmission
//! queue, a window that comes down in proportion, and a plan for what may be sent again. RACK-TLP (RFC 8985)
//! finds losses where both ends agreed on SACK, duplicates (RFC 5681, RFC 6582) where they did not; PRR
//! (RFC 9937) paces the repair; F-RTO (RFC 5682), DSACKs (RFC 2883, RFC 3708) and timestamps (RFC 3522,
//! RFC 4015) take back what was done in vain; the loss of a probe of the path's MTU stands apart (RFC 4821). Left
//! out on purpose: the byte-counting thresholds of RFC 6675 section 5, which RACK replaces.

mod fast_recovery;
pub(crate) mod mtu;
pub(crate) mod prr;
pub(crate) mod rack;
pub(crate) mod rto;
pub(crate) mod rtt;
mod scoreboard;
pub(crate) mod timeout;
pub(crate) mod tlp;
mod undo;

use synfin_wire::tcp::SackRange;
use synfin_wire::{Instant, SeqNumber};

use crate::compact::compact;
use crate::config::Config;
use crate::congestion::ecn::{Delivery, Feedback};
use crate::congestion::rate::{DeliveryRate, RateSample};
use crate::congestion::{AckEvent, Cause, Congestion, DeliveryEvent, RoundTripEvent};
use crate::connection::status::RecoveryState;
use crate::send::RetransmissionQueue;
use crate::span::Span;
use mtu::{MtuProbe, MtuSearch};
use prr::{Prr, PrrInput};
use rack::{Rack, RackInput};
use rto::Rto;
use rtt::{RttEstimator, RttSample};
use scoreboard::AckNews;
use synfin_wire::reason::SendReason;
use tlp::{ProbeEvidence, TailLossProbe};
use undo::Undo;

/// The headers of IPv4 and TCP, octets. What IPv6's has more is no part of a segment's worth.
const HEADERS: u32 = 40;

/// What an acknowledgment says, before it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckInput<'a> {
    /// The SACK ranges, when both ends agreed on SACK.
    pub(crate) ranges: &'a [SackRange],
    /// SEG.ACK.
    pub(crate) number: SeqNumber,
    /// SND.UNA before it, and after.
    pub(crate) prior_una: SeqNumber,
    pub(crate) una: SeqNumber,
    /// SND.NXT.
    pub(crate) nxt: SeqNumber,
    pub(crate) now: Instant,
    /// The effective send MSS, octets.
    pub(crate) mss: u32,
    /// Both ends agreed on SACK.
    pub(crate) sack: bool,
    /// It carries text, a SYN or a FIN.
    pub(crate) carries_text: bool,
    /// It tells of a window.
    pub(crate) tells_window: bool,
    /// The peer tells of a congestion mark that nobody knew of.
    pub(crate) mark: bool,
    /// What it says of marks, when that is to be read.
    pub(crate) feedback: Option<Feedback<'a>>,
    /// The timestamp of ours that it echoes.
    pub(crate) echo: Option<u32>,
    /// Our timestamp now.
    pub(crate) clock: u32,
    /// The largest window that the peer ever announced.
    pub(crate) largest_window: u32,
    /// There is something new to send that the peer's window has room for.
    pub(crate) has_new: bool,
}

impl AckInput<'_> {
    fn advances(&self) -> bool {
        self.una.after(self.prior_una)
    }

    /// How long ago the timestamp was made that it echoes.
    #[cold]
    fn echoed(&self) -> Option<Span> {
        self.echo.and_then(|echo| echoed(self.clock, echo))
    }
}

/// The parts of the sender that recovery works on.
pub(crate) struct Sender<'a> {
    pub(crate) queue: &'a mut RetransmissionQueue,
    pub(crate) congestion: &'a mut Congestion,
}

/// What may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Repair {
    /// Nothing now.
    #[default]
    Nothing,
    /// What is lost, as far as the window lets it.
    Lost,
    /// Something new first, to learn whether anything was lost at all (RFC 5682 section 3.1, 2b).
    NewFirst,
}

/// What is to become of the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum TimerPlan {
    /// It stays as it is.
    #[default]
    Keep,
    /// A tail loss probe or the retransmission timer, from now.
    Restart,
    /// The reordering timer (RFC 8985 section 6.3).
    Reordering(Span),
    /// The retransmission timer, soon: the peer has let go of what it had reported.
    Soon(Span),
}

/// What follows from an acknowledgment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AckPlan {
    pub(crate) repair: Repair,
    pub(crate) timer: TimerPlan,
    /// The path takes larger segments.
    pub(crate) wider: bool,
}

/// Everything that finds losses and repairs them.
#[derive(Clone, Debug)]
pub(crate) struct LossRecovery {
    pub(crate) rtt: RttEstimator,
    pub(crate) rto: Rto,
    pub(crate) rate: DeliveryRate,
    pub(crate) mtu: MtuSearch,
    state: RecoveryState,
    /// RecoveryPoint: SND.NXT when the episode began.
    point: SeqNumber,
    rack: Rack,
    probe: TailLossProbe,
    prr: Prr,
    undo: Undo,
    /// Whether the timeout was spurious is still open (RFC 5682).
    frto: bool,
    /// Segments that duplicate acknowledgments tell of, where no SACK says which (RFC 5681 section 3.2).
    duplicates: u32,
    /// They let no more go than they plausibly may.
    bounds_inflation: bool,
    /// The last repair was told by an acknowledgment that moved (RFC 6582 section 3.2).
    partial: bool,
    /// The peer has let go of what it had reported (RFC 2018 section 8).
    reneged: bool,
    /// Segments that DSACKs reported, and segments sent again: no honest peer reports more than were.
    reported_twice: u64,
    sent_again: u64,
    /// A reduction has begun, and the peer has not been told (RFC 3168 section 6.1.2).
    owes_cwr: bool,
    /// The least round trip of the acknowledgment in hand.
    ack_rtt: Option<Span>,
    /// What was sent before this number was made for a path that takes more.
    narrowed: Option<SeqNumber>,
}

compact!(LossRecovery {
    rtt,
    rto,
    rate,
    mtu,
    state,
    point,
    rack,
    probe,
    prr,
    undo,
    frto,
    duplicates,
    bounds_inflation,
    partial,
    reneged,
    reported_twice,
    sent_again,
    owes_cwr,
    ack_rtt,
    narrowed
});

impl LossRecovery {
    /// Nothing is in flight yet.
    pub(crate) fn new(rto: Rto, mtu: MtuSearch, config: &Config, now: Instant) -> Self {
        Self {
            rtt: RttEstimator::new(rto.least()),
            rto,
            rate: DeliveryRate::new(now),
            mtu,
            state: RecoveryState::Open,
            point: SeqNumber::default(),
            rack: Rack::new(config.reordering),
            probe: TailLossProbe::default(),
            prr: Prr::default(),
            undo: Undo::default(),
            frto: false,
            duplicates: 0,
            bounds_inflation: config.bounds_inflation,
            partial: false,
            reneged: false,
            reported_twice: 0,
            sent_again: 0,
            owes_cwr: false,
            ack_rtt: None,
            narrowed: None,
        }
    }

    /// Takes an acknowledgment: what it delivered, what it shows to be lost, and what that means for the window.
    pub(crate) fn on_ack(&mut self, ack: &mut AckInput<'_>, sender: &mut Sender<'_>) -> AckPlan {
        let mut plan = AckPlan::default();
        let had_outstanding = !sender.queue.is_empty();
        let lost_before = self.rate.lost;
        let highest = sender.queue.highest_sacked(ack.prior_una);
        let mut news = AckNews::default();
        if !ack.ranges.is_empty() {
            self.take_sacks(ack, sender.queue, &mut news);
        }
        if had_outstanding {
            self.take_cumulative(ack, sender.queue, highest, &mut news);
            let measured = self.measure(ack, sender, &news);
            plan.timer = Self::timer_after(sender.queue, &news, measured);
            self.rack.adapt(self.rate.prior(), self.rate.delivered);
            plan.wider = self.mtu_probe_arrived(ack, sender);
        }
        if let Some(feedback) = ack.feedback {
            ack.mark = self.is_marked(ack, &feedback, sender, &news);
        }
        let ack = &*ack;
        if self.probe.is_out() {
            self.on_probe_answered(ack, sender, &news);
        }
        let dubious = if had_outstanding { self.is_dubious(ack, &news) } else { news.dsack };
        if dubious {
            self.judge(ack, sender, &mut news, &mut plan);
        }
        let sample = self.rate.sample(ack.now, self.rtt.minimum());
        if had_outstanding {
            self.narrowed.take_if(|until| ack.una.at_or_after(*until));
            if sender.congestion.has_own_control() {
                self.tell_delivery(ack, sender, &news, sample);
            } else {
                self.move_window(ack, sender, &news, self.rate.lost > lost_before);
            }
        }
        plan
    }

    /// An acknowledgment older than SND.UNA still says what the peer holds.
    #[cold]
    pub(crate) fn on_old_ack(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) -> AckPlan {
        let mut plan = AckPlan::default();
        if ack.ranges.is_empty() {
            return plan;
        }
        let mut news = AckNews { is_old: true, ..AckNews::default() };
        self.take_sacks(ack, sender.queue, &mut news);
        self.judge(ack, sender, &mut news, &mut plan);
        plan
    }

    /// Whether something of what was delivered had been marked.
    #[inline(never)]
    fn is_marked(
        &self,
        ack: &AckInput<'_>,
        feedback: &Feedback<'_>,
        sender: &mut Sender<'_>,
        news: &AckNews,
    ) -> bool {
        let calm = matches!(self.state, RecoveryState::Open | RecoveryState::Cwr);
        let delivery = Delivery {
            segments: news.delivered,
            octets: news.delivered_octets,
            progress: news.acknowledged > 0 || news.sacked,
            exact: ack.sack || calm,
            mss: ack.mss,
        };
        sender.congestion.ecn.marked(feedback, &delivery) > 0
    }

    /// Anything out of the ordinary: a duplicate, a SACK, a mark, or trouble that goes on.
    fn is_dubious(&self, ack: &AckInput<'_>, news: &AckNews) -> bool {
        self.state != RecoveryState::Open || news.alarms() || ack.mark || Self::is_duplicate(ack, news)
    }

    /// RFC 5681 section 2: nothing new in it, but for what SACK reports.
    fn is_duplicate(ack: &AckInput<'_>, news: &AckNews) -> bool {
        !(news.is_old || news.dsack || ack.carries_text || ack.tells_window || ack.advances())
    }

    /// What the acknowledgment means for the window: PRR while it is being reduced, else the controller.
    fn move_window(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>, news: &AckNews, lost: bool) {
        let delivered = news.delivered;
        if self.is_reducing() {
            let input = PrrInput {
                threshold: sender.congestion.window.threshold,
                in_flight: self.in_flight(sender.queue),
                delivered,
                safe: ack.advances() && !lost,
            };
            if let Some(window) = self.prr.window(&input) {
                sender.congestion.window.size = window.max(1);
            }
            return;
        }
        // Where reordering is common, what SACK reports is as good as what is acknowledged.
        let moves = news.acknowledged > 0 || (news.sacked && self.rack.span() > self.rack.first_span());
        if moves {
            sender.congestion.on_ack(&AckEvent { delivered, now: ack.now });
        }
    }

    /// The window is for a controller to move that has control of its own.
    #[inline(never)]
    fn tell_delivery(
        &mut self,
        ack: &AckInput<'_>,
        sender: &mut Sender<'_>,
        news: &AckNews,
        sample: Option<RateSample>,
    ) {
        let in_flight = self.in_flight(sender.queue);
        let congestion = &mut *sender.congestion;
        congestion.on_delivery(&DeliveryEvent {
            sample,
            rtt: self.ack_rtt,
            minimum_rtt: self.rtt.minimum(),
            delivered: news.delivered,
            delivered_in_all: self.rate.delivered,
            lost: self.rate.lost,
            in_flight,
            limited: congestion.usage.was_the_limit(),
            recovery: self.state,
            now: ack.now,
        });
        if congestion.holds_back() {
            self.rate.app_limited(in_flight);
        }
    }

    /// A round trip: by when data was sent that was sent only once (Karn, RFC 6298 section 3), else by the
    /// echoed timestamp, which tells a retransmission from the original (RFC 7323 section 4.1).
    fn measure(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>, news: &AckNews) -> bool {
        let since = |at: Instant| Span::between(at, ack.now);
        let acknowledged = news.acknowledged_at.filter(|_| !news.retransmission_acknowledged);
        let mut rtt = acknowledged.map(|(first, _)| since(first));
        let mut least = acknowledged.map(|(_, last)| since(last));
        if let Some((first, last)) = news.sacked_at {
            rtt = rtt.or(Some(since(first)));
            least = Some(since(last));
        }
        if rtt.is_none() && news.acknowledged > 0 {
            rtt = ack.echoed();
            least = rtt;
        }
        self.ack_rtt = least;
        if let Some(rtt) = least.filter(|_| rtt.is_some()) {
            self.rtt.measured_least(rtt, ack.now);
        }
        if let Some(rtt) = rtt {
            self.measured(RttSample { rtt, una: ack.una, nxt: ack.nxt });
        }
        if let Some(rtt) = least {
            let paced = sender.congestion.is_paced();
            let smoothed = self.rtt.smoothed();
            let event = RoundTripEvent {
                rtt,
                now: ack.now,
                una: ack.una,
                nxt: ack.nxt,
                paced,
                mss: ack.mss,
                smoothed,
            };
            sender.congestion.on_round_trip(&event);
        }
        rtt.is_some()
    }

    /// Takes a sound sample.
    pub(crate) fn measured(&mut self, sample: RttSample) {
        self.rtt.measured(sample);
        self.rto.measured(&self.rtt);
    }

    /// RFC 6298 section 5.3; and where SACK alone gives news, only when that was sent after the oldest data:
    /// else the timer might never run out.
    fn timer_after(queue: &RetransmissionQueue, news: &AckNews, measured: bool) -> TimerPlan {
        let is_later = || match (queue.front(), news.sacked_at) {
            (Some(front), Some((first, _))) => measured && first < front.sent_at,
            _ => false,
        };
        if news.acknowledged > 0 || is_later() { TimerPlan::Restart } else { TimerPlan::Keep }
    }

    /// The path takes the size of the probe. The window is as many octets as before, headers included, in packets that
    /// are larger (RFC 4821 section 7.6.1). Returns whether it was so.
    fn mtu_probe_arrived(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) -> bool {
        let Some(probe) = self.mtu.acknowledged(ack.una) else { return false };
        self.widen(&probe, ack, sender);
        true
    }

    #[cold]
    fn widen(&mut self, probe: &MtuProbe, ack: &AckInput<'_>, sender: &mut Sender<'_>) {
        let packet = |segment: u32| u64::from(segment + HEADERS);
        let before = packet(ack.mss + u32::from(self.mtu.options_len()));
        let window = &mut sender.congestion.window;
        let size = u64::from(window.size) * before / packet(probe.size.into());
        window.size = u32::try_from(size).unwrap_or(u32::MAX).max(1);
        window.counted = 0;
        sender.congestion.window.threshold = self.threshold_to_restore(sender);
    }

    #[cold]
    fn on_probe_answered(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>, news: &AckNews) {
        let evidence = ProbeEvidence {
            ack: ack.una,
            dsack: news.dsack_of_probe,
            duplicate: Self::is_duplicate(ack, news) && !news.sacked,
        };
        if self.probe.on_ack(&evidence) == tlp::ProbeNews::Repaired {
            // RFC 8985 section 7.4.2: the loss counts, though the probe has made it good.
            self.begin_reduction(ack.nxt, sender, Cause::Loss);
            self.state = RecoveryState::Cwr;
            self.end_reduction(sender);
            self.keep_open(sender.queue, ack.nxt);
        }
    }

    /// `segments` were sent: new ones, or old ones again.
    pub(crate) fn sent(&mut self, segments: u32) {
        if self.is_reducing() {
            self.prr.sent(segments);
        }
    }

    /// The SYN counts among what was sent again.
    pub(crate) fn after_lost_syns(self, syns: u8) -> Self {
        Self { sent_again: syns.into(), ..self }
    }

    /// `segments` were sent again, be it as a probe.
    pub(crate) fn sent_again(&mut self, segments: u32) {
        self.mtu.inconclusive();
        self.sent_again += u64::from(segments);
    }

    /// `segments` that were lost were sent again; `timestamp` is what they carried, or would have.
    pub(crate) fn retransmitted(&mut self, segments: u32, timestamp: u32, now: Instant) {
        self.sent(segments);
        self.undo.retransmitted(segments, timestamp, now);
    }

    /// Segments that are in the network as far as is known: RFC 6675's pipe.
    pub(crate) fn in_flight(&self, queue: &RetransmissionQueue) -> u32 {
        let counts = queue.counts();
        (counts.outstanding + counts.resent).saturating_sub(counts.sacked + self.duplicates + counts.lost)
    }

    /// RFC 5681 section 3.2: where no SACK says what has left the network, duplicates let no more go than was in
    /// flight when recovery began, for they may be forged.
    pub(crate) fn most_outstanding(&self, sack: bool) -> u32 {
        let trusting = sack || !self.bounds_inflation || self.state != RecoveryState::Recovery;
        if trusting { u32::MAX } else { self.prr.prior().saturating_mul(2) }
    }

    /// The window is coming down to its threshold.
    fn is_reducing(&self) -> bool {
        matches!(self.state, RecoveryState::Cwr | RecoveryState::Recovery)
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> RecoveryState {
        self.state
    }

    /// Where the episode that is going on ends.
    pub(crate) fn point(&self) -> SeqNumber {
        self.point
    }

    /// When the first segment of the episode that is going on was sent again.
    pub(crate) fn resending_since(&self) -> Option<Instant> {
        self.undo.first_retransmission().map(|(_, at)| at)
    }

    /// No new data can be sent that would show whether the timeout was spurious (RFC 5682 section 3.1, 2b).
    pub(crate) fn gives_up_frto(&mut self) {
        self.frto = false;
    }

    /// Segments that duplicate acknowledgments tell of.
    pub(crate) fn duplicates(&self) -> u32 {
        self.duplicates
    }

    /// How often reordering was seen, and how many segments it spans.
    pub(crate) fn reordering(&self) -> (u32, u32) {
        (self.rack.reorderings(), self.rack.span())
    }

    /// Segments ever found to be lost.
    pub(crate) fn lost_in_all(&self) -> u64 {
        self.rate.lost
    }

    /// Segments sent again.
    pub(crate) fn sent_again_in_all(&self) -> u64 {
        self.sent_again
    }

    /// Segments that DSACKs reported.
    pub(crate) fn reported_twice(&self) -> u64 {
        self.reported_twice
    }

    /// Whether the peer is still to be told of a reduction (RFC 3168 section 6.1.2).
    pub(crate) fn take_cwr(&mut self) -> bool {
        core::mem::take(&mut self.owes_cwr)
    }

    /// A tail loss probe may be scheduled: SACK was agreed on, and no loss is known (RFC 8985 section 7.2).
    pub(crate) fn may_probe(&self) -> bool {
        matches!(self.state, RecoveryState::Open | RecoveryState::Cwr)
    }

    /// A probe is out, and there is at most one.
    pub(crate) fn probe_is_out(&self) -> bool {
        self.probe.is_out()
    }

    /// A probe was sent, up to `nxt`.
    pub(crate) fn probed(&mut self, nxt: SeqNumber, is_retransmission: bool) {
        self.probe.sent(nxt, is_retransmission);
    }

    /// Why the next lost range is sent again.
    pub(crate) fn retransmit_reason(&self, sack: bool) -> SendReason {
        match self.state {
            _ if self.narrowed.is_some() => SendReason::PathMtuRetransmit,
            RecoveryState::Loss => SendReason::RtoRetransmit,
            _ if sack => SendReason::RackRetransmit,
            _ if self.partial => SendReason::PartialAckRetransmit,
            _ => SendReason::FastRetransmit,
        }
    }

    /// New data that goes out now goes out on the strength of a duplicate acknowledgment (RFC 3042).
    pub(crate) fn is_limited_transmit(&self) -> bool {
        self.state == RecoveryState::Disorder
    }

    fn rack_input(&self, now: Instant) -> (Rack, RackInput<'_>) {
        let recovering = matches!(self.state, RecoveryState::Recovery | RecoveryState::Loss);
        (self.rack, RackInput { rtt: &self.rtt, recovering, now })
    }
}

/// How long ago the echoed timestamp was sent; milliseconds are as fine as it says.
pub(crate) fn echoed(clock: u32, echo: u32) -> Option<Span> {
    let millis = clock.wrapping_sub(echo);
    (millis < u32::MAX / 2).then(|| Span::from_millis(millis.max(1).into()))
}
