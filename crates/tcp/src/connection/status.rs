//! What a connection looks like at one moment (RFC 9293 section 3.9.1.6, STATUS).

use alloc::boxed::Box;
use core::time::Duration;

use synfin_wire::UserTimeout;

use super::tcb::{Opening, Tally, Tcb};
use super::{Connection, Phase, user_timeout};
use crate::compact::compact;
use crate::config::{Config, EcnFeedback, ReorderingConfig};
use crate::connection::ecn::{AccEcnFailures, AccEcnSeen};
use crate::output::burst::within_half_window;
use crate::receive::ecn::EcnOctets;
use synfin_wire::reason::CloseReason;
use synfin_wire::state::State;

/// How far loss recovery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RecoveryState {
    /// No loss is known.
    #[default]
    Open,
    /// Duplicate acknowledgments have come: a loss, or only disorder?
    Disorder,
    /// The window comes down because the network has marked (RFC 3168 section 6.1.2), or because a tail loss
    /// probe has repaired a loss (RFC 8985 section 7.4.2).
    Cwr,
    /// Fast recovery (RFC 5681 section 3.2).
    Recovery,
    /// The retransmission timer ran out (RFC 6298 section 5.4).
    Loss,
}

compact!(
    enum RecoveryState {
        Open,
        Disorder,
        Cwr,
        Recovery,
        Loss,
    }
);

/// Explicit congestion notification so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct EcnStatus {
    /// What both ends agreed on.
    pub feedback: EcnFeedback,
    /// The peer has sent ECN-capable segments.
    pub seen: bool,
    /// Segments that came marked.
    pub received_marks: u32,
    /// Segments of ours that came marked, as the peer says; with classic feedback, those of each acknowledgment that
    /// echoes a mark.
    pub delivered_marks: u32,
    /// Octets of text that came, by codepoint.
    pub received: EcnOctets,
    /// Octets of ours by codepoint, as the peer's AccECN option says.
    pub delivered: EcnOctets,
    /// What the peer's AccECN option has shown.
    pub option_seen: AccEcnSeen,
    /// What of AccECN is not used, since the path does not let it through.
    pub failures: AccEcnFailures,
}

/// How far the search for the largest segment of the path has come (RFC 4821 section 7.1). Sizes are of the text and
/// options of a segment, octets: an MTU less 40 over IPv4, less 60 over IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MtuSearchStatus {
    /// It is on.
    pub enabled: bool,
    /// search_low: so much passes.
    pub low: u16,
    /// search_high: nothing larger passes.
    pub high: u16,
    /// The size of the probe that is under way.
    pub probe: Option<u16>,
}

/// A snapshot of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Why it is CLOSED, once it is.
    pub close_reason: Option<CloseReason>,
    /// SRTT, once there is a sample.
    pub smoothed_rtt: Option<Duration>,
    /// RTTVAR.
    pub rtt_variation: Duration,
    /// The shortest round trip measured.
    pub min_rtt: Option<Duration>,
    /// The RTO in force, back-off included.
    pub rto: Duration,
    /// cwnd, octets.
    pub congestion_window: u32,
    /// ssthresh, octets; `u32::MAX` before the first loss.
    pub slow_start_threshold: u32,
    /// How fast text may leave, octets a second, where there is a pace.
    pub pacing_rate: Option<u64>,
    /// How fast text was delivered when that was last measured, octets a second.
    pub delivery_rate: u64,
    /// There was not enough to send for that: the path may be faster.
    pub delivery_app_limited: bool,
    /// SND.WND, octets.
    pub send_window: u32,
    /// RCV.WND, octets.
    pub receive_window: u32,
    /// USER_TIMEOUT; `None` leaves it to R2.
    pub user_timeout: Option<Duration>,
    /// REMOTE_UTO: what the peer has suggested, where the option is in use (RFC 5482 section 3.1).
    pub remote_user_timeout: Option<Duration>,
    /// The effective send MSS, octets.
    pub send_mss: u16,
    /// What routers have said that the path takes of a segment, text and options, octets, where that is less than both
    /// ends take.
    pub path_told: Option<u16>,
    /// What the search for a larger one has found.
    pub mtu_search: MtuSearchStatus,
    /// Octets sent and not acknowledged.
    pub outstanding: u32,
    /// How far loss recovery has come.
    pub recovery: RecoveryState,
    /// cwnd, segments.
    pub window_segments: u32,
    /// ssthresh, segments; `u32::MAX` before the first loss.
    pub threshold_segments: u32,
    /// Segments sent and not acknowledged.
    pub segments_outstanding: u32,
    /// Of these, segments that the peer reports to hold, or that duplicates tell of.
    pub segments_sacked: u32,
    /// Of these, segments that are believed lost.
    pub segments_lost: u32,
    /// Of these, segments that were sent again and are believed to be in the network.
    pub segments_resent: u32,
    /// Segments that have been delivered, acknowledged or reported.
    pub segments_delivered: u64,
    /// Segments that were ever believed lost.
    pub segments_lost_in_all: u64,
    /// Segments sent again.
    pub segments_retransmitted: u64,
    /// Segments that the peer reported to have received twice (RFC 2883).
    pub segments_duplicated: u64,
    /// How many segments reordering spans; 3 before any was seen.
    pub reordering: u32,
    /// How often reordering was seen.
    pub reorderings: u32,
    /// Retransmissions since SND.UNA moved.
    pub retransmissions: u8,
    /// How often the RTO has doubled since the last measurement.
    pub rto_backoff: u8,
    /// Zero-window or keep-alive probes since the peer was heard.
    pub probes: u8,
    /// How often the time between probes of a closed window has doubled.
    pub persist_backoff: u8,
    /// Octets in the send buffer, outstanding ones included.
    pub send_queued: usize,
    /// Octets that the user has not read.
    pub receive_queued: usize,
    /// Ours was the first SYN, and it is acknowledged.
    pub opened_actively: bool,
    /// Both ends use timestamps.
    pub timestamps: bool,
    /// Both ends use SACK.
    pub sack: bool,
    /// What the peer's windows and our own are shifted by, where both ends scale them.
    pub window_scales: Option<(u8, u8)>,
    /// How congestion is fed back, and what was.
    pub ecn: EcnStatus,
    /// The first SYN carried text, and whoever received it took all of it (RFC 7413).
    pub syn_text_taken: bool,
    /// A passive Fast Open made it (RFC 7413).
    pub opened_fast: bool,
    /// Segments sent, those without text included; of a super-segment, its pieces.
    pub segments_sent: u64,
    /// Segments received, those that were discarded included.
    pub segments_received: u64,
    /// Of those sent, the ones with text.
    pub text_segments_sent: u64,
    /// Of those received, the ones with text.
    pub text_segments_received: u64,
    /// Of those, the ones that came ahead of others and were held.
    pub segments_beyond_gaps: u64,
    /// Octets of text sent, each time they were.
    pub octets_sent: u64,
    /// Octets of text acknowledged.
    pub octets_acknowledged: u64,
    /// Octets of text received in order.
    pub octets_received: u64,
    /// Octets of text sent again.
    pub octets_retransmitted: u64,
    /// How often the retransmission timer ran out.
    pub timeouts: u32,
}

impl Connection {
    /// A snapshot. Once the connection is in TIME-WAIT or CLOSED nothing is left of its path and windows, and of its
    /// tallies what they were then; none where its user has gone.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut status = Status {
            state: self.state(),
            receive_queued: self.receive_available(),
            syn_text_taken: self.common.fast_open.text_taken,
            opened_fast: self.common.fast_open.passive,
            ..Status::new(&self.common.config)
        };
        match &self.phase {
            Phase::SynSent(syn_sent) => syn_sent.describe(&self.common.config, &mut status),
            Phase::Synchronized(tcb) => {
                tcb.describe(&mut status);
                status.pacing_rate = tcb.pacing_rate(&self.common);
                status.user_timeout = user_timeout::in_force(&self.common, tcb);
                status.remote_user_timeout = tcb.negotiated.remote_user_timeout.map(UserTimeout::duration);
            }
            Phase::TimeWait { tallies, .. } => status.count(tallies.as_deref()),
            Phase::Closed(closed) => {
                status.close_reason = Some(closed.reason);
                status.count(closed.tallies.as_deref());
            }
        }
        status
    }
}

/// What was counted of a connection, and what its ends had agreed on: all that is told of it after its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tallies {
    timestamps: bool,
    sack: bool,
    window_scales: Option<(u8, u8)>,
    ecn: EcnStatus,
    probes: u8,
    path: Path,
    of_traffic: Tally,
    segments_delivered: u64,
    segments_lost: u64,
    segments_retransmitted: u64,
    segments_duplicated: u64,
}

/// What was last known of the path.
#[derive(Clone, Copy, Debug)]
struct Path {
    smoothed_rtt: Option<Duration>,
    rtt_variation: Duration,
    min_rtt: Option<Duration>,
    rto: Duration,
    window: u32,
    threshold: u32,
    send_mss: u16,
}

impl Status {
    /// Of a connection with these settings of which nothing is known yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            state: State::Closed,
            close_reason: None,
            smoothed_rtt: None,
            rtt_variation: Duration::ZERO,
            min_rtt: None,
            rto: config.initial_rto,
            congestion_window: 0,
            slow_start_threshold: u32::MAX,
            pacing_rate: None,
            delivery_rate: 0,
            delivery_app_limited: true,
            send_window: 0,
            receive_window: 0,
            user_timeout: config.user_timeout,
            remote_user_timeout: None,
            send_mss: config.default_peer_mss.octets(),
            path_told: None,
            mtu_search: MtuSearchStatus::default(),
            outstanding: 0,
            recovery: RecoveryState::Open,
            window_segments: config.initial_window_segments.into(),
            threshold_segments: u32::MAX,
            segments_outstanding: 0,
            segments_sacked: 0,
            segments_lost: 0,
            segments_resent: 0,
            segments_delivered: 0,
            segments_lost_in_all: 0,
            segments_retransmitted: 0,
            segments_duplicated: 0,
            reordering: ReorderingConfig::standard().span,
            reorderings: 0,
            retransmissions: 0,
            rto_backoff: 0,
            probes: 0,
            persist_backoff: 0,
            send_queued: 0,
            receive_queued: 0,
            opened_actively: false,
            timestamps: false,
            sack: false,
            window_scales: None,
            ecn: EcnStatus::default(),
            syn_text_taken: false,
            opened_fast: false,
            segments_sent: 0,
            segments_received: 0,
            text_segments_sent: 0,
            text_segments_received: 0,
            segments_beyond_gaps: 0,
            octets_sent: 0,
            octets_acknowledged: 0,
            octets_received: 0,
            octets_retransmitted: 0,
            timeouts: 0,
        }
    }

    fn count(&mut self, tallies: Option<&Tallies>) {
        let Some(tallies) = tallies else { return };
        self.timestamps = tallies.timestamps;
        self.sack = tallies.sack;
        self.window_scales = tallies.window_scales;
        self.ecn = tallies.ecn;
        self.probes = tallies.probes;
        self.know(&tallies.path);
        self.segments_delivered = tallies.segments_delivered;
        self.segments_lost_in_all = tallies.segments_lost;
        self.segments_retransmitted = tallies.segments_retransmitted;
        self.segments_duplicated = tallies.segments_duplicated;
        self.segments_sent = tallies.of_traffic.segments_sent;
        self.segments_received = tallies.of_traffic.segments_received;
        self.text_segments_sent = tallies.of_traffic.text_segments_sent;
        self.text_segments_received = tallies.of_traffic.text_segments_received;
        self.segments_beyond_gaps = tallies.of_traffic.segments_beyond_gaps;
        self.octets_sent = tallies.of_traffic.octets_sent;
        self.octets_acknowledged = tallies.of_traffic.octets_acknowledged;
        self.octets_received = tallies.of_traffic.octets_received;
        self.octets_retransmitted = tallies.of_traffic.octets_retransmitted;
        self.timeouts = tallies.of_traffic.timeouts;
    }

    fn know(&mut self, path: &Path) {
        self.smoothed_rtt = path.smoothed_rtt;
        self.rtt_variation = path.rtt_variation;
        self.min_rtt = path.min_rtt;
        self.rto = path.rto;
        self.window_segments = path.window;
        self.threshold_segments = path.threshold;
        self.send_mss = path.send_mss;
    }
}

impl Tcb {
    fn path(&self) -> Path {
        let (recovery, window) = (&self.recovery, &self.congestion.window);
        Path {
            smoothed_rtt: recovery.rtt.smoothed().map(Into::into),
            rtt_variation: recovery.rtt.variation().into(),
            min_rtt: recovery.rtt.minimum().map(Into::into),
            rto: recovery.rto.current().into(),
            window: window.size,
            threshold: window.threshold,
            send_mss: within_half_window(self, self.negotiated.send_mss.into()) as u16,
        }
    }

    fn tallies(&self) -> Tallies {
        Tallies {
            timestamps: self.negotiated.timestamps,
            sack: self.negotiated.sack,
            window_scales: self.negotiated.scales(),
            ecn: self.describe_ecn(),
            probes: self.probes,
            path: self.path(),
            of_traffic: self.tally,
            segments_delivered: self.recovery.rate.delivered,
            segments_lost: self.recovery.lost_in_all(),
            segments_retransmitted: self.recovery.sent_again_in_all(),
            segments_duplicated: self.recovery.reported_twice(),
        }
    }

    /// What is kept beyond the end, as long as there is a user who may ask.
    pub(crate) fn tallies_to_keep(&self) -> Option<Box<Tallies>> {
        (!self.released).then(|| Box::new(self.tallies()))
    }

    fn describe(&self, status: &mut Status) {
        status.delivery_rate = self.recovery.rate.measured().map_or(0, |rate| rate.octets(self.mss()));
        status.delivery_app_limited = self.recovery.rate.is_app_limited();
        self.describe_path(status);
        self.describe_flight(status);
        status.send_window = self.send.wnd.octets();
        status.receive_window = self.receive.window();
        status.path_told = self.recovery.mtu.narrower();
        status.mtu_search = self.recovery.mtu.describe();
        status.persist_backoff = self.persist_backoff;
        status.send_queued = self.outbox.len();
        status.opened_actively = self.opening == Opening::Active && self.send.una.after(self.send.iss);
        status.count(Some(&self.tallies()));
    }

    fn describe_ecn(&self) -> EcnStatus {
        let sender = &self.congestion.ecn;
        let option_sent = self.ecn.option_failed || sender.failures.option_sent;
        EcnStatus {
            feedback: sender.feedback,
            seen: self.ecn.seen,
            received_marks: self.ecn.marks,
            delivered_marks: sender.marks,
            received: self.ecn.octets,
            delivered: sender.octets,
            option_seen: sender.option_seen,
            failures: AccEcnFailures { option_sent, ..sender.failures },
        }
    }

    fn describe_path(&self, status: &mut Status) {
        status.rto_backoff = self.recovery.rto.backoff();
        status.retransmissions = self.retransmissions;
        let window = &self.congestion.window;
        let octets = |segments: u32| segments.saturating_mul(self.mss());
        status.congestion_window = octets(window.size);
        status.slow_start_threshold = octets(window.threshold);
    }

    fn describe_flight(&self, status: &mut Status) {
        let recovery = &self.recovery;
        let counts = self.queue.counts();
        status.outstanding = self.send.outstanding();
        status.recovery = recovery.state();
        status.segments_outstanding = counts.outstanding;
        status.segments_sacked = counts.sacked + recovery.duplicates();
        status.segments_lost = counts.lost;
        status.segments_resent = counts.resent;
        (status.reorderings, status.reordering) = recovery.reordering();
    }
}
