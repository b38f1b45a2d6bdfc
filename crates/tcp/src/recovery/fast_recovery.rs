//! The states of a recovery, and what moves between them (RFC 5681 section 3.2, RFC 6582, RFC 8985).
//!
//! Open: nothing is wrong. Disorder: duplicates or SACKs have come, and it is not known why. CWR: the window
//! comes down because of a mark. Recovery: a loss is being repaired. Loss: a timeout's losses are.

use synfin_wire::{Instant, SeqNumber};

use super::prr::{Prr, PrrInput};
use super::scoreboard::AckNews;
use super::{AckInput, AckPlan, LossRecovery, Repair, Sender, TimerPlan};
use crate::congestion::{Cause, CongestionEvent};
use crate::connection::status::RecoveryState;
use crate::send::RetransmissionQueue;
use crate::send::retransmission_queue::{Counts, Finding, SentRange};
use crate::span::Span;

impl LossRecovery {
    /// What an acknowledgment out of the ordinary leads to.
    #[cold]
    pub(super) fn judge(
        &mut self,
        ack: &AckInput<'_>,
        sender: &mut Sender<'_>,
        news: &mut AckNews,
        plan: &mut AckPlan,
    ) {
        if ack.mark {
            // What a mark has reduced is not restored.
            self.undo.threshold = 0;
        }
        if news.reneging {
            // RFC 2018 section 8: soon everything will be sent again, unless the peer only took its time.
            let soon = self.rtt.smoothed().unwrap_or_default() / 2;
            plan.timer = TimerPlan::Soon(soon.max(Span::from_millis(10)));
            return;
        }
        if self.state == RecoveryState::Open {
            self.undo.forget_first();
        } else if ack.una.at_or_after(self.point) && self.ends(ack, sender) {
            return;
        }
        match self.state {
            RecoveryState::Recovery => {
                if !self.recovering(ack, sender, news, plan) {
                    plan.repair = Repair::Lost;
                }
            }
            RecoveryState::Loss => {
                self.after_timeout(ack, sender, news, plan);
                self.find_lost(ack, sender.queue, news, plan);
                if self.state == RecoveryState::Open || news.retransmission_lost {
                    self.look_for_losses(ack, sender, news, plan);
                }
            }
            RecoveryState::Open | RecoveryState::Disorder | RecoveryState::Cwr => {
                self.look_for_losses(ack, sender, news, plan);
            }
        }
    }

    /// No repair is going on, or its retransmissions were lost too: what is lost now begins one.
    fn look_for_losses(
        &mut self,
        ack: &AckInput<'_>,
        sender: &mut Sender<'_>,
        news: &mut AckNews,
        plan: &mut AckPlan,
    ) {
        self.count_duplicates(ack, news, sender.queue);
        if matches!(self.state, RecoveryState::Open | RecoveryState::Disorder) {
            self.undo_by_dsack(sender);
        }
        self.find_lost(ack, sender.queue, news, plan);
        if !ack.mark && self.mtu_probe_failed(ack.una, ack.nxt, sender) {
            plan.repair = Repair::Lost;
            return;
        }
        self.enter_if_lost(ack, sender, plan);
    }

    fn enter_if_lost(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>, plan: &mut AckPlan) {
        if sender.queue.counts().lost == 0 {
            self.try_to_open(ack, sender);
        } else {
            self.enter(ack.una, ack.nxt, ack.mark, sender);
            plan.repair = Repair::Lost;
        }
    }

    /// Everything of the episode is acknowledged. Returns whether nothing more is to be done.
    fn ends(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) -> bool {
        match self.state {
            // The mark is answered once something beyond is acknowledged, so that CWR has reached the peer.
            RecoveryState::Cwr if ack.una != self.point => {
                self.end_reduction(sender);
                self.state = RecoveryState::Open;
                false
            }
            RecoveryState::Recovery => {
                if !ack.sack {
                    self.duplicates = 0;
                }
                if self.undo_at_the_end(ack, sender) {
                    return true;
                }
                self.end_reduction(sender);
                false
            }
            RecoveryState::Cwr | RecoveryState::Loss | RecoveryState::Open | RecoveryState::Disorder => false,
        }
    }

    /// An acknowledgment during a recovery. Returns whether nothing more is to be done.
    fn recovering(
        &mut self,
        ack: &AckInput<'_>,
        sender: &mut Sender<'_>,
        news: &mut AckNews,
        plan: &mut AckPlan,
    ) -> bool {
        if !ack.advances() {
            self.count_duplicates(ack, news, sender.queue);
        } else if self.undo_in_the_middle(ack, sender) {
            return true;
        }
        self.partial |= ack.advances();
        if self.undo_by_dsack(sender) {
            self.try_to_open(ack, sender);
        }
        self.find_lost(ack, sender.queue, news, plan);
        if self.state != RecoveryState::Recovery {
            if sender.queue.counts().lost == 0 {
                return true;
            }
            // It was taken back, and yet something is lost.
            self.enter(ack.una, ack.nxt, ack.mark, sender);
        }
        false
    }

    /// RACK where there is SACK; else the third duplicate, and every partial acknowledgment (RFC 6582).
    pub(super) fn find_lost(
        &mut self,
        ack: &AckInput<'_>,
        queue: &mut RetransmissionQueue,
        news: &mut AckNews,
        plan: &mut AckPlan,
    ) {
        if queue.is_empty() {
            return;
        }
        let before = queue.counts();
        if ack.sack {
            if let Some(wait) = self.rack_losses(queue, ack.now) {
                plan.timer = TimerPlan::Reordering(wait);
            }
        } else {
            let early = !matches!(self.state, RecoveryState::Recovery | RecoveryState::Loss);
            let third = early && self.duplicates >= self.rack.span();
            if third || (self.state == RecoveryState::Recovery && ack.advances()) {
                queue.mark_front_lost();
            }
        }
        news.retransmission_lost |= queue.counts().resent < before.resent;
        self.count_lost(before, queue);
    }

    fn rack_losses(&mut self, queue: &mut RetransmissionQueue, now: Instant) -> Option<Span> {
        let (mut rack, input) = self.rack_input(now);
        let wait = rack.find_lost(queue, &input);
        self.rack = rack;
        wait
    }

    /// The reordering timer ran out (RFC 8985 section 6.3). Returns whether something is to be sent again.
    pub(crate) fn on_reordering_timeout(
        &mut self,
        una: SeqNumber,
        nxt: SeqNumber,
        sender: &mut Sender<'_>,
        now: Instant,
    ) -> bool {
        let before = sender.queue.counts();
        let (rack, input) = self.rack_input(now);
        rack.look(sender.queue, &input);
        self.count_lost(before, sender.queue);
        if sender.queue.counts() == before {
            return false;
        }
        if self.mtu_probe_failed(una, nxt, sender) {
            return true;
        }
        if self.state != RecoveryState::Recovery {
            self.enter(una, nxt, false, sender);
            if !sender.congestion.has_own_control() {
                self.first_reduction(sender);
            }
        }
        true
    }

    /// No acknowledgment has come, and yet the repair may begin.
    fn first_reduction(&mut self, sender: &mut Sender<'_>) {
        let input = PrrInput {
            threshold: sender.congestion.window.threshold,
            in_flight: self.in_flight(sender.queue),
            delivered: 1,
            safe: false,
        };
        if let Some(window) = self.prr.window(&input) {
            sender.congestion.window.size = window.max(1);
        }
    }

    pub(super) fn count_lost(&mut self, before: Counts, queue: &RetransmissionQueue) {
        let after = queue.counts();
        let again = before.resent.saturating_sub(after.resent);
        self.rate.lost += u64::from(after.lost.saturating_sub(before.lost) + again);
    }

    /// Duplicates tell how many segments have left the network, where no SACK does.
    fn count_duplicates(&mut self, ack: &AckInput<'_>, news: &mut AckNews, queue: &RetransmissionQueue) {
        if ack.sack {
            return;
        }
        if ack.advances() && self.state != RecoveryState::Recovery {
            self.duplicates = 0;
        }
        if Self::is_duplicate(ack, news) {
            self.one_more_duplicate(queue, news);
        }
    }

    pub(super) fn one_more_duplicate(&mut self, queue: &RetransmissionQueue, news: &mut AckNews) {
        let before = self.duplicates;
        self.duplicates += 1;
        self.bound_duplicates(queue, 0);
        let delivered = self.duplicates.saturating_sub(before);
        news.delivered += delivered;
        self.rate.count(delivered);
    }

    /// There are so many segments fewer in flight, which might have made duplicates.
    pub(crate) fn collapsed(&mut self, segments: u32) {
        self.duplicates = self.duplicates.saturating_sub(segments);
    }

    /// More duplicates than segments that could have caused them: the network reorders, or doubles.
    fn bound_duplicates(&mut self, queue: &RetransmissionQueue, acknowledged: u32) {
        let counts = queue.counts();
        let holes = counts.lost.max(1).min(counts.outstanding);
        if self.duplicates + holes > counts.outstanding {
            self.duplicates = counts.outstanding - holes;
            self.rack.reordered_by(counts.outstanding + acknowledged);
        }
    }

    /// So many are acknowledged without SACK: one was the hole, and the rest had made duplicates. Returns how
    /// many of them nobody had counted.
    pub(super) fn holes_filled(&mut self, acknowledged: u32, queue: &RetransmissionQueue) -> u32 {
        let news = acknowledged.saturating_sub(self.duplicates).max(1);
        self.duplicates = self.duplicates.saturating_sub(acknowledged - 1);
        self.bound_duplicates(queue, acknowledged);
        news
    }

    /// A recovery begins.
    pub(super) fn enter(&mut self, una: SeqNumber, nxt: SeqNumber, mark: bool, sender: &mut Sender<'_>) {
        self.clean_first_retransmission(sender.queue);
        self.undo.threshold = 0;
        self.undo.begin(una, sender.queue.counts(), self.probe.retransmits());
        self.partial = false;
        if !self.is_reducing() {
            if !mark {
                self.undo.threshold = self.threshold_to_restore(sender);
            }
            self.begin_reduction(nxt, sender, Cause::Loss);
        }
        self.state = RecoveryState::Recovery;
        #[cfg(feature = "counterfactual")]
        if sender.congestion.is_tahoe {
            self.begin_anew(nxt, sender);
        }
    }

    /// As if the retransmission timer had run out: everything goes again, from one segment on.
    #[cfg(feature = "counterfactual")]
    fn begin_anew(&mut self, nxt: SeqNumber, sender: &mut Sender<'_>) {
        sender.queue.find_lost(|_| Finding::Lost);
        sender.congestion.window.size = 1;
        sender.congestion.window.counted = 0;
        self.undo.forget_first();
        self.state = RecoveryState::Loss;
        self.point = nxt;
        self.frto = false;
        self.duplicates = 0;
    }

    pub(super) fn threshold_to_restore(&self, sender: &Sender<'_>) -> u32 {
        let window = &sender.congestion.window;
        if self.is_reducing() { window.threshold } else { window.threshold_after_idle() }
    }

    /// The threshold falls, and the window is to follow.
    pub(super) fn begin_reduction(&mut self, nxt: SeqNumber, sender: &mut Sender<'_>, cause: Cause) {
        self.point = nxt;
        self.probe.clear();
        self.undo.window = sender.congestion.window();
        self.prr = Prr::begin(sender.congestion.window());
        sender.congestion.on_congestion(&CongestionEvent { cause });
        self.owes_cwr = true;
    }

    /// The window is where it was to come down to.
    pub(super) fn end_reduction(&mut self, sender: &mut Sender<'_>) {
        if sender.congestion.has_own_control() {
            return;
        }
        let window = &mut sender.congestion.window;
        let has_threshold = window.threshold != u32::MAX;
        if has_threshold && (self.state == RecoveryState::Cwr || self.undo.is_possible()) {
            window.size = window.threshold;
        }
    }

    /// The network has marked (RFC 3168 section 6.1.2): once a round trip that counts like a loss.
    fn enter_cwr(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) {
        self.undo.threshold = 0;
        if matches!(self.state, RecoveryState::Open | RecoveryState::Disorder) {
            self.undo.close();
            self.begin_reduction(ack.nxt, sender, Cause::Mark);
            self.state = RecoveryState::Cwr;
        }
    }

    fn try_to_open(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) {
        self.clean_first_retransmission(sender.queue);
        if ack.mark {
            self.enter_cwr(ack, sender);
        }
        if self.state != RecoveryState::Cwr {
            self.keep_open(sender.queue, ack.nxt);
        }
    }

    /// Open when nothing is amiss, else Disorder.
    pub(super) fn keep_open(&mut self, queue: &RetransmissionQueue, nxt: SeqNumber) {
        let counts = queue.counts();
        let amiss = counts.sacked + self.duplicates + counts.lost > 0 || self.anything_resent(queue);
        let state = if amiss { RecoveryState::Disorder } else { RecoveryState::Open };
        if self.state != state {
            self.state = state;
            self.point = nxt;
        }
    }

    /// Something that was sent again is still in question.
    pub(super) fn anything_resent(&self, queue: &RetransmissionQueue) -> bool {
        queue.counts().resent > 0 || queue.front().is_some_and(|front| front.retransmissions > 0)
    }

    pub(super) fn clean_first_retransmission(&mut self, queue: &RetransmissionQueue) {
        if !self.anything_resent(queue) {
            self.undo.forget_first();
        }
    }

    /// The path takes only segments of `mss` octets, and what is longer did not get through: it is sent again
    /// without a smaller window, for it was not congestion (RFC 9293 section 3.7.2, RFC 1191 section 6.5).
    /// Returns whether there is anything to send again.
    pub(crate) fn path_narrowed(&mut self, nxt: SeqNumber, mss: u32, sender: &mut Sender<'_>) -> bool {
        let before = sender.queue.counts();
        if !sender.queue.mark_longer_lost(mss) {
            return false;
        }
        self.count_lost(before, sender.queue);
        self.narrowed = Some(nxt);
        self.repair_without_reduction(nxt, sender);
        true
    }

    /// The oldest segment is a probe of the path's MTU, and it alone is lost: it was too large, which is no sign of
    /// congestion (RFC 4821 section 7.6.2). Its text goes again in segments of the size in use.
    fn mtu_probe_failed(&mut self, una: SeqNumber, nxt: SeqNumber, sender: &mut Sender<'_>) -> bool {
        let calm = matches!(self.state, RecoveryState::Open | RecoveryState::Disorder);
        let Some(probe) = self.mtu.probe().filter(|probe| calm && probe.start == una) else { return false };
        let lost = sender.queue.counts().lost;
        let alone = |front: &SentRange| front.is_due() && front.end == probe.end && front.segments == lost;
        if !sender.queue.front().is_some_and(alone) {
            return false;
        }
        self.mtu.failed();
        self.mtu_probe_gone(sender);
        self.narrowed = Some(nxt);
        self.repair_without_reduction(nxt, sender);
        true
    }

    /// The probe had taken the room of a second segment, which it gives back.
    pub(crate) fn mtu_probe_gone(&mut self, sender: &mut Sender<'_>) {
        let window = &mut sender.congestion.window;
        window.size = window.size.saturating_add(1);
    }

    /// The peer did not take the text of our SYN, which says nothing about the path (RFC 7413 section 4.2.1).
    pub(crate) fn syn_text_refused(&mut self, nxt: SeqNumber, sender: &mut Sender<'_>) {
        let before = sender.queue.counts();
        sender.queue.find_lost(|_| Finding::Lost);
        self.count_lost(before, sender.queue);
        self.repair_without_reduction(nxt, sender);
    }

    fn repair_without_reduction(&mut self, nxt: SeqNumber, sender: &mut Sender<'_>) {
        if self.state != RecoveryState::Loss {
            self.point = nxt;
            sender.congestion.window.threshold = self.threshold_to_restore(sender);
            self.undo.threshold = 0;
            self.undo.close();
            self.frto = false;
            self.state = RecoveryState::Loss;
        }
    }

    // --- taking back -------------------------------------------------------------------------------------

    /// What was sent last time had arrived, only late: an echoed timestamp is older than the first
    /// retransmission, or nothing was sent again at all (RFC 3522 section 3.2, RFC 4015).
    pub(super) fn only_delayed(&self, ack: &AckInput<'_>) -> bool {
        match self.undo.first_retransmission() {
            Some((first, _)) => ack.echo.is_some_and(|echo| (echo.wrapping_sub(first) as i32) < 0),
            None => ack.sack || ack.una.before(self.point),
        }
    }

    pub(super) fn may_undo(&self, ack: &AckInput<'_>) -> bool {
        self.undo.is_possible() && (self.undo.all_reported() || self.only_delayed(ack))
    }

    /// The window as it was before.
    pub(super) fn restore(&mut self, sender: &mut Sender<'_>, unmark: bool) {
        if unmark {
            sender.queue.unmark_lost();
        }
        if sender.congestion.has_own_control() {
            sender.congestion.on_undo();
        } else if self.undo.threshold > 0 {
            let window = &mut sender.congestion.window;
            window.size = window.size.max(self.undo.window);
            if self.undo.threshold > window.threshold {
                window.threshold = self.undo.threshold;
                self.owes_cwr = false;
            }
        }
        self.undo.close();
        self.rack.look_again();
    }

    /// At the end of a recovery. Returns whether its state stays for the moment.
    pub(super) fn undo_at_the_end(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) -> bool {
        if self.may_undo(ack) {
            self.restore(sender, false);
        } else {
            self.rack.recovered();
        }
        if self.holds_without_sack(ack, sender.queue) {
            return true;
        }
        self.state = RecoveryState::Open;
        self.reneged = false;
        false
    }

    /// Without SACK the state is held until something beyond the recovery point is acknowledged, so that what
    /// was sent twice does not make duplicates that look like a loss (RFC 6582 section 4.1).
    pub(super) fn holds_without_sack(&mut self, ack: &AckInput<'_>, queue: &RetransmissionQueue) -> bool {
        let holds = !ack.sack && ack.una == self.point;
        if holds {
            self.clean_first_retransmission(queue);
        }
        holds
    }

    /// Every retransmission arrived twice (RFC 3708).
    fn undo_by_dsack(&mut self, sender: &mut Sender<'_>) -> bool {
        if !self.undo.all_reported() {
            return false;
        }
        self.rack.was_in_vain();
        self.restore(sender, false);
        true
    }

    /// A partial acknowledgment for something that was only late. Returns whether nothing more is to be done.
    fn undo_in_the_middle(&mut self, ack: &AckInput<'_>, sender: &mut Sender<'_>) -> bool {
        if !(self.undo.is_possible() && self.only_delayed(ack)) {
            return false;
        }
        self.rack.reordered(ack.prior_una, sender.queue.highest_sacked(ack.una), ack.mss);
        if sender.queue.counts().resent > 0 {
            // What was sent again is still on its way: no more of it, until that is clear.
            return true;
        }
        self.clean_first_retransmission(sender.queue);
        self.restore(sender, true);
        self.keep_open(sender.queue, ack.nxt);
        false
    }
}
