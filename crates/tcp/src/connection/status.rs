//! What a connection looks like at one moment (RFC 9293 section 3.9.1.6, STATUS).

use core::time::Duration;

use super::state::State;
use super::{Connection, Phase};
use crate::congestion::CongestionController;
use crate::reason::CloseReason;

/// How far loss recovery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RecoveryState {
    /// No loss is known.
    #[default]
    Open,
    /// Duplicate acknowledgments have come: a loss, or only disorder?
    Disorder,
    /// Fast recovery (RFC 5681 section 3.2).
    Recovery,
    /// The retransmission timer ran out (RFC 6298 section 5.4).
    Loss,
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
    /// SND.WND, octets.
    pub send_window: u32,
    /// RCV.WND, octets.
    pub receive_window: u32,
    /// The effective send MSS, octets.
    pub send_mss: u16,
    /// Octets sent and not acknowledged.
    pub outstanding: u32,
    /// How far loss recovery has come.
    pub recovery: RecoveryState,
    /// Outstanding octets that the peer reports to hold.
    pub octets_sacked: u32,
    /// Outstanding octets that are believed lost and were not sent again.
    pub octets_lost: u32,
    /// Zero-window or keep-alive probes since the peer was heard.
    pub probes: u8,
    /// How often the time between probes of a closed window has doubled.
    pub persist_backoff: u8,
    /// Octets in the send buffer, outstanding ones included.
    pub send_queued: usize,
    /// Octets that the user has not read.
    pub receive_queued: usize,
    /// Both ends use timestamps.
    pub timestamps: bool,
    /// Both ends use SACK.
    pub sack: bool,
    /// The first SYN carried text, and whoever received it took all of it (RFC 7413).
    pub syn_text_taken: bool,
    /// Segments sent, those without text included.
    pub segments_sent: u64,
    /// Segments received and not discarded.
    pub segments_received: u64,
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
    /// A snapshot.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut status = Status {
            state: self.state(),
            close_reason: None,
            smoothed_rtt: None,
            rtt_variation: Duration::ZERO,
            min_rtt: None,
            rto: self.common.config.initial_rto,
            congestion_window: 0,
            slow_start_threshold: u32::MAX,
            send_window: 0,
            receive_window: 0,
            send_mss: self.common.config.mss.octets(),
            outstanding: 0,
            recovery: RecoveryState::Open,
            octets_sacked: 0,
            octets_lost: 0,
            probes: 0,
            persist_backoff: 0,
            send_queued: 0,
            receive_queued: self.receive_available(),
            timestamps: false,
            sack: false,
            syn_text_taken: self.common.fast_open.text_taken,
            segments_sent: 0,
            segments_received: 0,
            octets_sent: 0,
            octets_acknowledged: 0,
            octets_received: 0,
            octets_retransmitted: 0,
            timeouts: 0,
        };
        match &self.phase {
            Phase::SynSent(syn_sent) => {
                status.rto = syn_sent.rto.current();
                status.send_queued = syn_sent.outbox.len();
            }
            Phase::Synchronized(tcb) => {
                let rtt = &tcb.recovery.rtt;
                status.smoothed_rtt = rtt.smoothed();
                status.rtt_variation = rtt.variation();
                status.min_rtt = rtt.minimum();
                status.rto = tcb.recovery.rto.current();
                status.congestion_window = tcb.congestion.window();
                status.slow_start_threshold = tcb.congestion.slow_start_threshold();
                status.send_window = tcb.send.wnd.octets();
                status.receive_window = tcb.receive.window();
                status.send_mss = tcb.negotiated.send_mss;
                status.outstanding = tcb.send.outstanding();
                status.recovery = tcb.recovery.state();
                status.octets_sacked = tcb.queue.sacked_octets();
                status.octets_lost = tcb.queue.lost_octets();
                status.probes = tcb.probes;
                status.persist_backoff = tcb.persist_backoff;
                status.send_queued = tcb.outbox.len();
                status.timestamps = tcb.negotiated.timestamps;
                status.sack = tcb.negotiated.sack;
                status.segments_sent = tcb.tally.segments_sent;
                status.segments_received = tcb.tally.segments_received;
                status.octets_sent = tcb.tally.octets_sent;
                status.octets_acknowledged = tcb.tally.octets_acknowledged;
                status.octets_received = tcb.tally.octets_received;
                status.octets_retransmitted = tcb.tally.octets_retransmitted;
                status.timeouts = tcb.tally.timeouts;
            }
            Phase::TimeWait { .. } => {}
            Phase::Closed(closed) => status.close_reason = Some(closed.reason),
        }
        status
    }
}
