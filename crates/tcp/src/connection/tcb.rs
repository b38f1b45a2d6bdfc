//! The transmission control block that the seven synchronized states share (RFC 9293 section 3.3.1).

use alloc::boxed::Box;
use core::time::Duration;

use synfin_wire::{FastOpenOption, Instant, SeqNumber};

use super::Common;
use super::negotiate::Negotiated;
use crate::compact::compact;
use crate::config::Config;
use crate::congestion::Congestion;
use crate::congestion::pacing::PacingInput;
use crate::outgoing::SegmentOut;
use crate::receive::ecn::{EcnReceiver, OptionPlan};
use crate::receive::memory;
use crate::receive::window::Room;
use crate::receive::{
    AckPolicy, Assembler, Overtaken, Pace, ReceiveBuffer, ReceiveMemory, ReceiveSpace, SackReport,
};
use crate::recovery::mtu::{MtuSearch, PathNews};
use crate::recovery::rto::Rto;
use crate::recovery::{LossRecovery, Repair, Sender};
use crate::send::write_queue::BURST_OVERHEAD;
use crate::send::{Chronograph, RetransmissionQueue, SendBuffer, SendSpace, WriteQueue};
use crate::span::Span;
use crate::timer::TimerTable;
use synfin_wire::reason::SendReason;
use synfin_wire::state::{State, Trigger};

/// Who began: an active OPEN or a passive one (MUST-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Active,
    Passive,
}

compact!(
    enum Opening {
        Active,
        Passive,
    }
);

/// What input and timers want sent; output decides what goes first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intents {
    /// A SYN-ACK.
    pub(crate) syn_ack: Option<SendReason>,
    /// The Fast Open option for the SYN-ACK that is sent next.
    pub(crate) fast_open: Option<Box<FastOpenOption>>,
    /// An RST that does not end this connection.
    pub(crate) stray_reset: Option<Box<SegmentOut>>,
    /// A challenge acknowledgment.
    pub(crate) challenge: Option<SendReason>,
    /// The user timeout is to be told with the next segment (RFC 5482).
    pub(crate) user_timeout: bool,
    /// The tail loss probe.
    pub(crate) loss_probe: bool,
    /// Of what goes out now no segment is to be a probe of the path's MTU any more.
    pub(crate) mtu_probe_considered: bool,
    /// A zero-window or keep-alive probe.
    pub(crate) probe: Option<SendReason>,
    /// An acknowledgment that has the urgent pointer went before it.
    pub(crate) urgency_told: bool,
    /// Silly-window avoidance and Nagle have held data back for long enough.
    pub(crate) override_holding: bool,
    /// The user has more to write (MSG_MORE): what is not full waits for that, or for an acknowledgment.
    pub(crate) more_to_come: bool,
    /// What the last write ended waits for nothing (TCP_NODELAY, set over it).
    pub(crate) push_out: bool,
    /// Text that might go waits until the peer's window has room for more.
    pub(crate) waits_for_window: bool,
    /// A writer has found the send buffer full and wants to be told.
    pub(crate) room_wanted: bool,
    /// The peer was heard: there may be room again.
    pub(crate) room_check: bool,
}

compact!(Intents { user_timeout, loss_probe, mtu_probe_considered, urgency_told, override_holding, more_to_come, push_out, waits_for_window, room_wanted, room_check } empty { syn_ack, fast_open, stray_reset, challenge, probe });

impl Intents {
    /// No segment is wanted.
    pub(crate) fn are_none(&self) -> bool {
        let Self { syn_ack, fast_open, stray_reset, challenge, probe, .. } = self;
        syn_ack.is_none()
            && fast_open.is_none()
            && stray_reset.is_none()
            && challenge.is_none()
            && probe.is_none()
            && !self.loss_probe
    }
}

/// TS.Recent and what belongs to it (RFC 7323 section 4.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimestampState {
    /// TS.Recent.
    pub(crate) recent: u32,
    /// When it was taken.
    pub(crate) recent_at: Instant,
    /// Last.ACK.sent.
    pub(crate) last_ack_sent: SeqNumber,
    /// What text is held against in TS.Recent's place, after a gap was filled.
    pub(crate) overtaken: Option<Overtaken>,
}

compact!(TimestampState { recent, recent_at, last_ack_sent, overtaken });

impl TimestampState {
    fn new(recent: u32, last_ack_sent: SeqNumber, now: Instant) -> Self {
        Self { recent, recent_at: now, last_ack_sent, overtaken: None }
    }
}

/// What this connection has done, for [`Status`](super::status::Status).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) segments_sent: u64,
    pub(crate) segments_received: u64,
    pub(crate) text_segments_sent: u64,
    pub(crate) text_segments_received: u64,
    pub(crate) segments_beyond_gaps: u64,
    pub(crate) octets_sent: u64,
    pub(crate) octets_acknowledged: u64,
    pub(crate) octets_received: u64,
    pub(crate) octets_retransmitted: u64,
    pub(crate) timeouts: u32,
}

compact!(Tally {
    segments_sent,
    segments_received,
    text_segments_sent,
    text_segments_received,
    segments_beyond_gaps,
    octets_sent,
    octets_acknowledged,
    octets_received,
    octets_retransmitted,
    timeouts
});

/// Everything about a connection from SYN-RECEIVED to LAST-ACK.
#[derive(Clone, Debug)]
pub(crate) struct Tcb {
    state: State,
    pub(crate) opening: Opening,
    pub(crate) negotiated: Negotiated,
    /// A passive Fast Open: text flows, though our SYN-ACK is not acknowledged. SND.UNA is beyond the SYN already,
    /// which only the acknowledgment itself cares about.
    pub(crate) syn_pending: bool,
    /// What lies before this number was in our SYN, was not acknowledged with it, and was not sent again.
    pub(crate) syn_text_lost: Option<SeqNumber>,

    pub(crate) send: SendSpace,
    pub(crate) outbox: SendBuffer,
    /// The part of `outbox` that was never sent.
    pub(crate) write_queue: WriteQueue,
    pub(crate) queue: RetransmissionQueue,
    /// The user has closed: a FIN goes behind the last octet of `outbox`.
    pub(crate) fin_queued: bool,
    /// The user has gone: nobody will read.
    pub(crate) released: bool,
    /// Nobody reads any more, and nothing more is sent: text that comes is answered with a reset.
    pub(crate) is_deaf: bool,
    /// The end of the last segment sent that was not full (Nagle, as refined by Minshall).
    pub(crate) small_until: SeqNumber,

    pub(crate) receive: ReceiveSpace,
    pub(crate) inbox: ReceiveBuffer,
    pub(crate) memory: ReceiveMemory,
    pub(crate) assembler: Assembler,
    pub(crate) sack_report: SackReport,
    /// The number of the peer's FIN, once it has been seen.
    pub(crate) peer_fin: Option<SeqNumber>,
    pub(crate) ack: AckPolicy,
    pub(crate) stamps: TimestampState,
    pub(crate) ecn: EcnReceiver,
    /// What the next header has room for.
    pub(crate) plan: OptionPlan,

    pub(crate) recovery: LossRecovery,
    pub(crate) congestion: Congestion,
    /// What may be sent again now.
    pub(crate) repair: Repair,

    pub(crate) timers: TimerTable,
    pub(crate) intents: Intents,
    /// When the oldest unacknowledged data was first sent again, or its SYN first sent.
    pub(crate) troubled_since: Option<Instant>,
    /// Retransmissions since SND.UNA moved.
    pub(crate) retransmissions: u8,
    /// Zero-window or keep-alive probes since the peer was heard.
    pub(crate) probes: u8,
    /// When the first of them was sent.
    pub(crate) probing_since: Option<Instant>,
    /// Zero-window probes since the window closed.
    pub(crate) persist_backoff: u8,
    /// When it came to ESTABLISHED, or else began.
    pub(crate) began: Instant,
    pub(crate) last_heard: Instant,
    /// When text, or our SYN, was last sent.
    pub(crate) last_text: Instant,
    /// When our SYN-ACK was sent, if only once and nothing else can be acknowledged: a sound RTT sample.
    pub(crate) syn_ack_at: Option<Instant>,
    /// When an out-of-window segment without text was last answered.
    pub(crate) last_challenge: Option<Instant>,
    pub(crate) tally: Tally,
    pub(crate) chronograph: Chronograph,
    /// What a burst costs in it beside its text.
    burst_overhead: usize,
    /// SO_SNDBUF as it is now, octets: it grows with the congestion window.
    pub(crate) send_buffer: usize,
    /// The number behind what was last marked to be read at once.
    pub(crate) pushed_until: SeqNumber,
}

compact!(Tcb { state, opening, negotiated, syn_pending, syn_text_lost, send, outbox, write_queue, queue, fin_queued, released, is_deaf, small_until, receive, memory, peer_fin, ack, stamps, ecn, plan, recovery, congestion, timers, intents, troubled_since, retransmissions, probes, probing_since, persist_backoff, began, last_heard, last_text, syn_ack_at, last_challenge, tally, chronograph, burst_overhead, send_buffer, pushed_until } empty { inbox, assembler, sack_report, repair });

/// What the handshake leaves for a TCB.
pub(crate) struct Beginning {
    pub(crate) state: State,
    pub(crate) opening: Opening,
    pub(crate) negotiated: Negotiated,
    pub(crate) irs: SeqNumber,
    /// The peer's TSval.
    pub(crate) timestamp: u32,
    pub(crate) outbox: SendBuffer,
    pub(crate) rto: Rto,
    /// How often our SYN or SYN-ACK had to be sent again.
    pub(crate) syns_lost: u8,
    pub(crate) now: Instant,
}

impl Tcb {
    pub(crate) fn new(common: &Common, begin: Beginning) -> Self {
        let own_mss = u32::from(common.config.own_mss());
        // As in Linux: whoever sends the first SYN does not know yet whether segments will carry timestamps.
        let text = begin.negotiated.largest_text(&common.config);
        let offered = if begin.opening == Opening::Passive { text } else { own_mss };
        let scale = begin.negotiated.receive_scale.shift();
        let sayable = u32::from(u16::MAX) << scale;
        let window = memory::initial_window(&common.config, offered).min(sayable);
        let memory = ReceiveMemory::new(&common.config, text, window, scale, begin.now);
        let receive = ReceiveSpace::new(begin.irs, window);
        let iss = common.identity.iss;
        let mut write_queue = WriteQueue::default();
        write_queue.align(begin.outbox.len() as u32);
        let mss = u32::from(begin.negotiated.send_mss);
        let mtu = MtuSearch::new(&common.config, &begin.negotiated, begin.now);
        // RFC 6928 section 2: one lost SYN may be an RTO that was too short, two are a loss.
        let segments = if begin.syns_lost > 1 { 1 } else { common.config.initial_window_segments };
        Self {
            state: begin.state,
            opening: begin.opening,
            negotiated: begin.negotiated,
            syn_pending: false,
            syn_text_lost: None,
            send: SendSpace::new(iss),
            outbox: begin.outbox,
            write_queue,
            queue: RetransmissionQueue::default(),
            fin_queued: false,
            released: false,
            is_deaf: false,
            small_until: iss,
            stamps: TimestampState::new(begin.timestamp, receive.nxt, begin.now),
            receive,
            inbox: ReceiveBuffer::default(),
            assembler: Assembler::default(),
            sack_report: SackReport::default(),
            peer_fin: None,
            ack: AckPolicy::new(own_mss.min(mss), window),
            memory,
            ecn: EcnReceiver::new(
                &begin.negotiated.ecn,
                begin.opening == Opening::Active && begin.state == State::Established,
                begin.now,
            ),
            plan: OptionPlan::default(),
            recovery: LossRecovery::new(begin.rto, mtu, &common.config, begin.now)
                .after_lost_syns(begin.syns_lost),
            congestion: Congestion::new(
                &common.config,
                segments.into(),
                &begin.negotiated.ecn,
                iss,
                begin.now,
            ),
            repair: Repair::Nothing,
            timers: TimerTable::new(),
            // RFC 5482 section 3: in the first segment without SYN again.
            intents: Intents {
                user_timeout: common.config.user_timeout_option.is_some(),
                ..Intents::default()
            },
            troubled_since: None,
            retransmissions: 0,
            probes: 0,
            probing_since: None,
            persist_backoff: 0,
            began: begin.now,
            last_heard: begin.now,
            last_text: begin.now,
            syn_ack_at: None,
            last_challenge: None,
            tally: Tally::default(),
            chronograph: Chronograph::default(),
            burst_overhead: if common.config.segment_overhead { BURST_OVERHEAD } else { 0 },
            send_buffer: common.config.send_buffer,
            pushed_until: iss + 1,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// The acknowledgment of our SYN is still to come.
    pub(crate) fn awaits_ack_of_syn(&self) -> bool {
        self.syn_pending || self.state == State::SynReceived
    }

    /// How long the acknowledgment of our SYN is waited for. As in Linux, a Fast Open is given one time more than a
    /// handshake without it, which is as long again.
    pub(crate) fn handshake_patience(&self, config: &Config) -> Duration {
        config.user_timeout.unwrap_or(match self.opening {
            Opening::Active => config.r2_syn,
            Opening::Passive => 2 * config.r2_syn_ack + config.initial_rto,
        })
    }

    /// Text may go out: the handshake is over, or Fast Open does not wait for it.
    pub(crate) fn may_send_text(&self) -> bool {
        self.syn_pending || self.state != State::SynReceived
    }

    /// Moves along the transition table.
    pub(crate) fn advance(&mut self, trigger: Trigger) {
        match self.state.next(trigger) {
            Some(next) => self.state = next,
            None => unreachable!("{trigger:?} in {}", self.state),
        }
    }

    /// The effective send MSS, octets of text (MUST-16).
    pub(crate) fn mss(&self) -> u32 {
        self.negotiated.send_mss.into()
    }

    /// The effective send MSS follows what is known of the path.
    #[cold]
    pub(crate) fn sync_mss(&mut self) {
        self.negotiated.send_mss = self.recovery.mtu.size() - self.negotiated.fixed_len();
    }

    /// A router tells that the path takes only `whole` octets of text and options in a segment (RFC 9293 section 3.7.2).
    pub(crate) fn path_takes(&mut self, whole: u16, now: Instant) {
        let news = self.recovery.mtu.told(whole, now);
        self.follow_path(news, whole);
    }

    /// Our own link takes `whole` octets of text and options in a segment from now on.
    pub(crate) fn link_takes(&mut self, whole: u16) {
        let news = self.recovery.mtu.link_takes(whole);
        self.follow_path(news, whole);
        // What is in use stays so until a probe has shown that more passes.
        if !self.recovery.mtu.is_on() {
            self.sync_mss();
        }
    }

    /// Every header carries a signature of so many octets from now on.
    pub(crate) fn set_signature_len(&mut self, octets: u16) {
        let before = self.mss();
        self.negotiated.set_signature_len(octets);
        self.recovery.mtu.set_options_len(self.negotiated.fixed_len());
        if self.mss() < before {
            self.send_again_what_is_longer(self.mss());
        }
    }

    /// What is on its way in segments longer than `whole` is lost, if that is news.
    fn follow_path(&mut self, news: PathNews, whole: u16) {
        if news == PathNews::None {
            return;
        }
        self.sync_mss();
        if news == PathNews::ProbeTooLarge {
            let mut sender = Sender { queue: &mut self.queue, congestion: &mut self.congestion };
            self.recovery.mtu_probe_gone(&mut sender);
        }
        let passes = u32::from(whole.saturating_sub(self.negotiated.fixed_len())).max(self.mss());
        self.send_again_what_is_longer(passes);
    }

    /// What is on its way in segments with more text than this is lost.
    fn send_again_what_is_longer(&mut self, passes: u32) {
        let mut sender = Sender { queue: &mut self.queue, congestion: &mut self.congestion };
        if self.recovery.path_narrowed(self.send.nxt, passes, &mut sender) {
            self.repair = Repair::Lost;
        }
    }

    /// What the receive window depends on.
    pub(crate) fn room(&self) -> Room {
        Room {
            full: self.memory.full(),
            free: self.memory.free(self.assembler.charge()),
            clamp: self.memory.clamp(),
            threshold: self.memory.threshold(),
            full_segment: self.ack.full_segment(),
            scale: self.negotiated.receive_scale,
            may_shrink: self.negotiated.window_shrinks,
        }
    }

    /// What the waits of acknowledgments are measured against.
    pub(crate) fn pace(&self, common: &Common, now: Instant) -> Pace {
        let config = &common.config;
        Pace {
            now,
            rto: self.recovery.rto.current(),
            rtt: self.recovery.rtt.smoothed(),
            delay: config.delayed_ack.into(),
            longest: config.delayed_ack_max.into(),
            window: self.receive.announced,
            quick_acks: config.quick_acks,
            second_segment: config.second_segment,
        }
    }

    /// How long acknowledgments of text beyond a gap may wait for each other, if there is any: no time where nothing but
    /// their number tells the peer what is missing.
    pub(crate) fn gap_ack_gathering(&self, config: &Config) -> Option<Span> {
        if self.assembler.is_empty() {
            return None;
        }
        let rtt = self.memory.rtt().filter(|_| self.negotiated.sack).unwrap_or_default();
        let rtt = self.recovery.rtt.smoothed().map_or(rtt, |smoothed| rtt.min(smoothed));
        let share = rtt / 100 * u32::from(config.gap_ack_gathering_share);
        Some(Span::from(config.gap_ack_gathering).min(share))
    }

    /// The user reads so much: the buffer may grow.
    pub(crate) fn note_reading(&mut self, octets: u32, now: Instant) {
        let first = self.memory.first_left().min(octets);
        let waiting = self.inbox.len() as u32 + (octets - first);
        self.memory.adjust(first, waiting, self.assembler.reach(self.receive.nxt), now);
    }

    /// Segments in the network as far as is known.
    pub(crate) fn in_flight(&self) -> u32 {
        self.recovery.in_flight(&self.queue)
    }

    /// Segments that the congestion window has room for.
    pub(crate) fn congestion_room(&self) -> u32 {
        self.congestion.window().saturating_sub(self.in_flight())
    }

    /// Octets a second at which text is to leave.
    pub(crate) fn pacing_rate(&self, common: &Common) -> Option<u64> {
        self.congestion.pacing_rate(&PacingInput {
            outstanding: self.queue.counts().outstanding,
            mss: self.mss(),
            smoothed: self.recovery.rtt.smoothed(),
            most: common.config.max_pacing_rate,
        })
    }

    /// Our FIN was sent.
    pub(crate) fn fin_sent(&self) -> bool {
        self.fin_queued && self.send.nxt.after(self.outbox.end_seq())
    }

    /// Our FIN is acknowledged.
    pub(crate) fn fin_acknowledged(&self) -> bool {
        self.fin_queued && self.send.una.after(self.outbox.end_seq())
    }

    /// The user has closed before the handshake was over, and there is no FIN yet.
    pub(crate) fn fin_waits(&self) -> bool {
        self.fin_queued && self.state == State::SynReceived
    }

    /// A FIN ends what is in the send buffer, and may go.
    pub(crate) fn fin_is_due(&self) -> bool {
        self.fin_queued && self.state != State::SynReceived
    }

    /// Everything that the user has sent is acknowledged, and the FIN where he has closed.
    pub(crate) fn is_all_acknowledged(&self) -> bool {
        self.outbox.len() == 0 && (!self.fin_queued || self.fin_acknowledged())
    }

    /// The number of the octet that the user reads next.
    pub(crate) fn read_next(&self) -> SeqNumber {
        let end = self.peer_fin.filter(|_| self.peer_finished()).unwrap_or(self.receive.nxt);
        end - self.inbox.len() as u32
    }

    /// Octets of text that were never sent.
    pub(crate) fn unsent(&self) -> u32 {
        self.outbox.end_seq().octets_since(self.send.nxt)
    }

    /// There is text or a FIN that was never sent.
    pub(crate) fn has_unsent(&self) -> bool {
        self.unsent() > 0 || (self.fin_is_due() && !self.fin_sent())
    }

    /// What the send buffer holds, octets, with what its bursts cost beside their text.
    pub(crate) fn send_memory(&self) -> usize {
        self.outbox.len() + self.burst_overhead * (self.write_queue.len() + self.queue.len())
    }

    /// What the peer's window has left beside what was let go.
    pub(crate) fn usable_window(&self) -> u32 {
        self.send.usable_window().saturating_sub(self.write_queue.released())
    }

    /// Numbers that were sent or let go, and are not acknowledged.
    pub(crate) fn in_transit(&self) -> u32 {
        self.send.outstanding() + self.write_queue.released()
    }
}
