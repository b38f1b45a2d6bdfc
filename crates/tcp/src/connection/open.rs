//! SYN-SENT: an active OPEN that waits for the peer's SYN (RFC 9293 sections 3.10.1 and 3.8.3, RFC 7413
//! section 4.2.1).

use alloc::boxed::Box;

use core::time::Duration;

use synfin_wire::{FastOpenOption, Flags, Instant, SeqNumber, TcpHeader};

use super::status::{RecoveryState, Status};
use super::{Common, ecn, negotiate};
use crate::config::Config;
use crate::fast_open::FastOpenAttempt;
use crate::input::Stop;
use crate::outgoing::SegmentOut;
use crate::receive::memory;
use crate::recovery::rto::Rto;
use crate::send::SendBuffer;
use crate::send::buffer::Text;
use synfin_wire::reason::{CloseReason, SendReason};

/// Two ticks of Linux's clock, which are 2 to 8 ms.
const SOON: Duration = Duration::from_millis(5);
/// The least MSS that a SYN announces because of what a router has told, octets.
const LEAST_ANNOUNCED: u16 = 256;

/// Our SYN, and what the user has sent meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct SynSent {
    pub(crate) outbox: SendBuffer,
    /// The number behind the urgent data.
    pub(crate) urgent: Option<SeqNumber>,
    pub(crate) fin_queued: bool,
    /// The user has gone.
    pub(crate) released: bool,
    pub(crate) rto: Rto,
    pub(crate) retransmissions: u8,
    pub(crate) sent_at: Instant,
    /// The SYN was sent again, whoever asked for it.
    pub(crate) repeated: bool,
    /// An RST that does not end the attempt: the acknowledgment was of something never sent.
    pub(crate) stray_reset: Option<Box<SegmentOut>>,
    /// What the SYN may carry, until it has left.
    attempt: Option<FastOpenAttempt>,
    /// The Fast Open option that it carried.
    pub(crate) option_sent: Option<FastOpenOption>,
    /// The MSS that the peer is believed to take until it has said its own.
    mss: u16,
    /// How much text it carried, octets.
    pub(crate) text_sent: u32,
    /// The path takes no segment with more text and options than this.
    pub(crate) path_mss: Option<u16>,
    pub(crate) started: Instant,
    deadline: Instant,
    due: Option<SendReason>,
}

impl SynSent {
    pub(crate) fn new(common: &Common, attempt: Option<FastOpenAttempt>, now: Instant) -> Self {
        let config = &common.config;
        Self {
            outbox: SendBuffer::new(common.identity.iss + 1),
            urgent: None,
            fin_queued: false,
            released: false,
            rto: Rto::new(config.initial_rto.into(), config.min_rto.into(), config.max_rto.into())
                .with_slop(config.rto_slop.into()),
            retransmissions: 0,
            sent_at: now,
            repeated: false,
            stray_reset: None,
            attempt,
            option_sent: None,
            mss: config.default_peer_mss.octets(),
            text_sent: 0,
            path_mss: None,
            started: now,
            deadline: now + config.initial_rto,
            due: Some(SendReason::Syn),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// As Linux counts it: text that went with the SYN is a segment of its own, and a SYN sent again is a timeout like
    /// any other (RFC 5681 section 3.1).
    pub(crate) fn describe(&self, config: &Config, status: &mut Status) {
        let (again, text) = (u32::from(self.retransmissions), u32::from(self.text_sent > 0));
        let (initial, flight) = (u32::from(config.initial_window_segments), 1 + text);
        status.rto = self.rto.current().into();
        status.rto_backoff = self.rto.backoff();
        status.send_queued = self.outbox.len();
        status.receive_window = memory::initial_window(config, config.own_mss().into());
        status.send_mss = self.mss;
        status.outstanding = 1 + self.text_sent;
        status.segments_outstanding = flight;
        status.segments_sent = 1 + u64::from(again);
        status.text_segments_sent = text.into();
        status.octets_sent = self.text_sent.into();
        status.window_segments = initial;
        if again > 0 {
            status.recovery = RecoveryState::Loss;
            (status.window_segments, status.threshold_segments) = (1, (initial / 2).max(2));
            (status.segments_lost, status.segments_resent) = (flight, 1);
            status.segments_retransmitted = again.into();
            (status.retransmissions, status.timeouts) = (self.retransmissions, again);
        }
    }

    /// How much text the SYN may still carry, octets.
    pub(crate) fn capacity(&self, config: &Config) -> usize {
        self.attempt.map_or(0, |attempt| attempt.max_text(config)).saturating_sub(self.outbox.len())
    }

    pub(crate) fn handle_timeout(&mut self, common: &mut Common, now: Instant) -> Result<(), Stop> {
        if now < self.deadline {
            return Ok(());
        }
        let config = &common.config;
        // As in Linux, a user timeout shorter than the first RTO does not keep the SYN from going twice.
        let repeated = self.retransmissions > 0 || config.user_timeout.is_none();
        let over = repeated && now - self.started >= config.user_timeout.unwrap_or(config.r2_syn);
        self.retransmissions = self.retransmissions.saturating_add(1);
        common.fast_open.timed_out(self.retransmissions, over);
        if over {
            return Err(Stop::Close(CloseReason::HandshakeTimeout));
        }
        if self.retransmissions > config.syn_linear_timeouts {
            self.rto.back_off();
        }
        let patience_ends = config.user_timeout.map_or(Instant::FAR_FUTURE, |timeout| self.started + timeout);
        self.deadline = (now + self.rto.current()).min(patience_ends.max(now + SOON));
        self.due = Some(SendReason::SynRetransmit);
        Ok(())
    }

    /// What has come was for a connection that the peer still had, and the RST has ended that (RFC 9293 section 3.5.1,
    /// Figure 9): the next SYN need not wait for the timeout.
    pub(crate) fn try_again_soon(&mut self, now: Instant) {
        if self.retransmissions == 0 {
            self.deadline = self.deadline.min(now + SOON);
        }
    }

    /// The path takes no segment with more than `whole` octets of text and options. A SYN with text did not get
    /// through, and goes out again without (RFC 7413 section 4.2.1 falls back on any loss).
    pub(crate) fn path_takes(&mut self, whole: u16) {
        let first = self.path_mss.is_none();
        self.path_mss = Some(self.path_mss.map_or(whole, |known| known.min(whole)));
        if first && self.text_sent > 0 && !self.repeated {
            self.due = Some(SendReason::SynPathMtu);
        }
    }

    pub(crate) fn poll_transmit(&mut self, common: &mut Common, now: Instant) -> Option<SegmentOut> {
        if let Some(reset) = self.stray_reset.take().map(|reset| *reset) {
            return Some(reset);
        }
        let reason = self.due.take()?;
        self.sent_at = now;
        let first = (reason == SendReason::Syn).then(|| self.attempt.take()).flatten();
        self.repeated |= reason != SendReason::Syn;
        let cookie = first.and_then(|attempt| attempt.option);
        let mut options = negotiate::offer(&common.config, common.identity.timestamp(now), cookie);
        // What the path takes from us says little of what it takes from the peer: as in Linux, not less is told than this.
        options.mss = options.mss.map(|mss| mss.min(self.path_mss.unwrap_or(mss).max(LEAST_ANNOUNCED)));
        // Without room for the cookie it is a SYN like any other.
        let first = first.filter(|attempt| attempt.option == options.fast_open);
        let header = TcpHeader {
            source_port: common.identity.local_port,
            destination_port: common.identity.remote_port,
            seq: common.identity.iss,
            ack: SeqNumber::default(),
            flags: Flags::SYN | self.ecn_flags(&common.config),
            reserved: 0,
            window: negotiate::syn_window(&common.config).octets() as u16,
            urgent_pointer: 0,
            options,
        };
        let syn = SegmentOut::without_text(header, reason);
        Some(match first {
            Some(attempt) => self.with_text(common, attempt, syn),
            None => syn,
        })
    }

    /// The first SYN of a Fast Open takes along what the user has sent. What is sent again must get through, and
    /// carries neither option nor text (RFC 7413 section 4.1.3).
    fn with_text(&mut self, common: &mut Common, attempt: FastOpenAttempt, syn: SegmentOut) -> SegmentOut {
        let octets = self.outbox.len().min(attempt.max_text(&common.config));
        self.option_sent = attempt.option;
        self.text_sent = octets as u32;
        self.mss = attempt.mss(&common.config).unwrap_or(self.mss);
        common.fast_open.used = attempt.option.is_some() || octets > 0;
        let reason = match attempt.option {
            _ if octets > 0 => SendReason::SynText,
            Some(option) if option.cookie.is_request() => SendReason::SynCookieRequest,
            _ => SendReason::Syn,
        };
        let payload = self.outbox.slice(common.identity.iss + 1, octets);
        SegmentOut { payload, payload_len: octets, reason, ..syn }
    }

    /// The ECN bits of the SYN that was sent last, or is to be sent.
    pub(crate) fn ecn_flags(&self, config: &Config) -> Flags {
        ecn::syn_flags(&config.ecn, self.retransmissions)
    }

    /// Takes the first `len` octets of the user's data for later.
    pub(crate) fn push(&mut self, text: Text<'_>, len: usize) {
        self.outbox.push(text, 0..len);
    }

    /// The user has gone, and what he sent is still to be delivered.
    pub(crate) fn release(&mut self) {
        self.fin_queued = true;
        self.released = true;
    }
}
