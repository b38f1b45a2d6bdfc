//! What a connection is told before it begins.

mod congestion;
mod ecn;
mod path;

use core::time::Duration;

use synfin_wire::{Mss, OptionOrder};

pub use congestion::{CongestionAlgorithm, SlowStartExit, UnknownAlgorithm};
pub use ecn::{AccEcnOption, EcnConfig, EcnFeedback};
pub use path::{MtuProbing, MtuProbingMode, ReorderingConfig};

/// The settings of a connection. The defaults are Linux's where RFC 9293 leaves a choice.
///
/// ```
/// use synfin_tcp::Config;
/// let config = Config { nagle: false, ..Config::default() };
/// assert_eq!(config.initial_window_segments, 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The MSS to announce, octets: the largest datagram that can be received less IP and TCP headers
    /// (MUST-67). The segments that are sent obey the smaller of this and what the peer announces. Less than
    /// [`Mss::FLOOR`] counts as that.
    pub mss: Mss,
    /// What is assumed of a peer that announces none: 536 over IPv4, 1220 over IPv6 (MUST-15).
    pub default_peer_mss: Mss,
    /// How much unread data is held at first, octets; the window announced never promises more.
    pub receive_buffer: usize,
    /// How far the receive buffer may grow with what the user reads in a round trip, octets; no more than
    /// `receive_buffer`: it does not.
    pub receive_buffer_max: usize,
    /// The receive buffer grows with what the user reads; otherwise only where what has arrived takes more than it holds.
    pub receive_buffer_grows: bool,
    /// The largest window to announce (TCP_WINDOW_CLAMP).
    pub window_clamp: Option<u32>,
    /// Count segments with what they cost beside their text, as Linux does for SO_RCVBUF and SO_SNDBUF: about
    /// half of a receive buffer is good for text. When not, a buffer is as large as the text that it holds.
    pub segment_overhead: bool,
    /// How much unacknowledged and unsent data is held at first, octets, bookkeeping included.
    pub send_buffer: usize,
    /// How far the send buffer may grow with the congestion window, octets; no more than `send_buffer`: it
    /// does not.
    pub send_buffer_max: usize,
    /// How much may be held that was never sent, octets; `None` sets no limit but the send buffer's
    /// (TCP_NOTSENT_LOWAT).
    pub unsent_limit: Option<u32>,
    /// Offer window scaling (RFC 7323 section 2).
    pub window_scaling: bool,
    /// Where windows are scaled, let them shrink with the room that there is, against SHLD-14, so that no more is
    /// promised than there is memory for (Linux's tcp_shrink_window).
    pub window_shrinks: bool,
    /// Offer timestamps (RFC 7323 section 3).
    pub timestamps: bool,
    /// Discard a segment without the timestamp that both ends agreed on, as RFC 7323 section 3.2 asks for. Linux takes
    /// it, and so does the default: some middleboxes lose the option.
    pub require_timestamps: bool,
    /// Offer selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// The peer's urgent pointer names the last octet of the urgent data, as RFC 1122 read it, and not the one behind it
    /// (MUST-62).
    pub urgent_names_last: bool,
    /// Tell the peer what it has sent again (RFC 2883).
    pub dsack: bool,
    /// How the options of a SYN are laid out.
    pub option_order: OptionOrder,
    /// Push a super-segment even when there is more behind it.
    pub push_bursts: bool,
    /// A super-segment that the congestion window has room for in part waits for more of it where an acknowledgment is due
    /// within a millisecond, as in Linux (`tcp_tso_should_defer`). It saves work at both ends, and over a path of a few
    /// milliseconds it costs about a tenth of the goodput where losses keep the window small.
    pub defer_bursts: bool,
    /// Octets of options that whoever writes the segments adds to each of them for a signature: a multiple of four, 20 at
    /// most and for MD5 (RFC 2385). Segments carry as much less text (section 4.3), and SACK ranges take what is left:
    /// two, or none beside timestamps, which therefore are not offered together with SACK. Fast Open and Accurate ECN may
    /// find no room.
    ///
    /// A host sets it where it has a key.
    pub signature_len: u8,
    /// Hold small segments back while data is in flight (SHLD-7); off by TCP_NODELAY (MUST-17).
    pub nagle: bool,
    /// Hold every segment back that is not full (TCP_CORK).
    pub cork: bool,
    /// How long an acknowledgment waits for company at the least, and at the most, where segments come slowly
    /// (MUST-40: under 500 ms).
    pub delayed_ack: Duration,
    /// The most; less than `delayed_ack` shortens that too.
    pub delayed_ack_max: Duration,
    /// How long the acknowledgments of text beyond a gap may wait for each other, after the first few; with zero each
    /// goes at once (RFC 5681 section 4.2).
    pub gap_ack_gathering: Duration,
    /// No longer than so much of a round trip, percent.
    pub gap_ack_gathering_share: u8,
    /// Which segment is the second one, whose arrival ends that wait (SHLD-19).
    pub second_segment: SecondSegment,
    /// How many of the first segments are acknowledged at once, at the most, so that the peer's slow start
    /// is not held back.
    pub quick_acks: u8,
    /// The initial congestion window, segments (RFC 6928).
    pub initial_window_segments: u16,
    /// How much may be sent.
    pub congestion: CongestionAlgorithm,
    /// Spread what is sent over the round trip; BBR always does.
    pub pacing: bool,
    /// No faster than so many octets a second, which needs a pace too.
    pub max_pacing_rate: Option<u64>,
    /// When CUBIC's slow start ends without a loss.
    pub slow_start_exit: SlowStartExit,
    /// Explicit congestion notification.
    pub ecn: EcnConfig,
    /// A mark of congestion takes less of CUBIC's window than a loss (ABE, RFC 8511).
    pub alternative_backoff: bool,
    /// A window of which little or nothing was used for an RTO shrinks (RFC 5681 section 4.1, RFC 2861).
    pub slow_start_after_idle: bool,
    /// Probe for lost tails (TLP, RFC 8985 section 7).
    pub tail_loss_probe: bool,
    /// Look for spurious timeouts with new data (F-RTO, RFC 5682).
    pub frto: bool,
    /// In a repair without SACK duplicates let no more be in flight than twice what was when it began, for they may be
    /// forged (RFC 5681 section 3.2, where it may be so). Linux believes them.
    pub bounds_inflation: bool,
    /// Short segments that are sent again go together in as few as they fit in, unless a record ends between them.
    pub collapse_retransmissions: bool,
    /// What of a network's reordering is believed, and how long a gap may last for it.
    pub reordering: ReorderingConfig,
    /// The first timeouts of a stream with few segments in flight do not double (RFC 6298 section 5.5 would), so that a
    /// game or a terminal does not wait long.
    pub thin_linear_timeouts: bool,
    /// The fewest segments that are sent as one super-segment, where there are so many; the rate decides on
    /// more.
    pub least_burst: u16,
    /// The search for the largest segment that the path takes, where routers do not tell (RFC 4821).
    pub mtu_probing: MtuProbing,
    /// The RTO before the first measurement (RFC 6298 section 2.1).
    pub initial_rto: Duration,
    /// The smallest RTO; RFC 6298 section 2.4 asks for 1 s, Linux takes 200 ms.
    pub min_rto: Duration,
    /// What is added to each RTO that was measured; RFC 6298 adds nothing.
    pub rto_slop: Duration,
    /// The largest RTO, at least 60 s (RFC 6298 section 2.5).
    pub max_rto: Duration,
    /// R1: after how many retransmissions of one segment the path is called troubled (SHLD-10: 3 or more).
    pub r1_retransmissions: u8,
    /// Whether R2 and the user timeout run from the first retransmission that the RTO asked for, as Linux has it, rather
    /// than from when the data was sent (RFC 9293 section 3.8.3); and R2 ends with a timeout, not between two.
    pub patience_from_retransmission: bool,
    /// R2: how long data is retransmitted before the connection is given up (SHLD-11: 100 s or more).
    pub r2: Duration,
    /// R2 once the user has gone: the same for data, if that is less than [`Config::r2`]; and how far apart the probes of
    /// a closed window may come before the connection is given up (RFC 6429 section 4).
    pub r2_orphan: Duration,
    /// R2 for a SYN: 3 minutes or more (MUST-23). The attempt ends with the first timeout after that.
    pub r2_syn: Duration,
    /// R2 for a SYN-ACK: the same, for a peer that has gone silent.
    pub r2_syn_ack: Duration,
    /// TCP_DEFER_ACCEPT: a passive open is over only with the first text. A bare acknowledgment of the SYN-ACK is not
    /// taken before so much time has passed, in terms of the SYN-ACK's timeouts; `None` takes it at once, as RFC 9293
    /// has it.
    pub defer_accept: Option<Duration>,
    /// How many timeouts of a SYN wait no longer than the first: Linux does not suspect congestion that early.
    /// RFC 6298 section 5.5 doubles from the first on: 0.
    pub syn_linear_timeouts: u8,
    /// The user timeout (RFC 9293 section 3.9.1.1): data unacknowledged for this long aborts the
    /// connection. It takes R2's place when set (MUST-21).
    pub user_timeout: Option<Duration>,
    /// Tell the peer of the user timeout, and heed what it suggests (RFC 5482); off by default.
    pub user_timeout_option: Option<UserTimeoutOption>,
    /// Probe an idle peer; off by default (MUST-25).
    pub keep_alive: Option<KeepAlive>,
    /// The maximum segment lifetime; TIME-WAIT lasts twice as long (MUST-13).
    pub msl: Duration,
    /// How long FIN-WAIT-2 is kept for a peer that never closes, once the user has gone. Zero: not at all, and the peer is
    /// reset.
    pub fin_wait_2_timeout: Duration,
    /// A reset with exactly the number that is awaited ends TIME-WAIT, as in Linux unless it is told otherwise. RFC 1337 says
    /// what that may cost: off here, and no reset does.
    pub reset_ends_time_wait: bool,
    /// The six Diffserv bits of the packets (RFC 9293 MUST-48); higher bits do not count. For whoever makes packets of the
    /// segments.
    pub dscp: u8,
    /// The TTL or hop limit of the packets (RFC 9293 MUST-49), `None` where it is the host's. Likewise.
    pub hop_limit: Option<u8>,
    /// What comes with a smaller TTL or hop limit is not the peer's (RFC 5082); with zero everything may be.
    pub least_hop_limit: u8,
    /// A passive open takes the Diffserv field of its SYN for its own.
    pub reflect_dscp: bool,
    /// Answers to segments without text that do not fit are at least so far apart (RFC 5961 section 7).
    pub challenge_interval: Duration,
}

/// How the user timeout option is used (RFC 5482 section 3): each end says how long it goes on without an
/// acknowledgment, and both go by the longer time. Where [`Config::user_timeout`] is set, the user has said how long, and
/// the peer changes nothing.
///
/// ```
/// use core::time::Duration;
/// use synfin_tcp::{Config, UserTimeoutOption};
/// // Long absences are to be survived, if the peer takes part.
/// let option = UserTimeoutOption { advertise: Some(Duration::from_secs(1800)), ..UserTimeoutOption::default() };
/// let config = Config { user_timeout_option: Some(option), ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserTimeoutOption {
    /// ADV_UTO, 1 s to nearly 23 days, rounded up to seconds, beyond 9 h to minutes. It counts for this end as well.
    /// `None` is [`Config::user_timeout`], or R2 where that is not set.
    pub advertise: Option<Duration>,
    /// L_LIMIT: the connection is not given up sooner, whatever both ends say; 100 s or more (RFC 9293 SHLD-11).
    pub lower_limit: Duration,
    /// U_LIMIT: it is given up no later. Of limits that contradict each other, this one counts.
    pub upper_limit: Duration,
}

impl Default for UserTimeoutOption {
    /// R2 is told; between 100 s and an hour.
    fn default() -> Self {
        Self {
            advertise: None,
            lower_limit: Duration::from_secs(100),
            upper_limit: Duration::from_secs(3600),
        }
    }
}

/// Keep-alive (RFC 9293 section 3.8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Quiet time before the first probe; 2 hours or more by default (MUST-28).
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes after which the connection is dead; never one alone (MUST-29).
    pub probes: u8,
}

impl Default for KeepAlive {
    /// Linux's: 2 h, 75 s, 9 probes.
    fn default() -> Self {
        Self { idle: Duration::from_secs(7200), interval: Duration::from_secs(75), probes: 9 }
    }
}

/// What is acknowledged at once when it arrives behind something unacknowledged (RFC 9293 section 3.8.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SecondSegment {
    /// Text that makes up two full-sized segments, as RFC 5681 section 4.2 asks for.
    #[default]
    FullSized,
    /// Any text.
    Any,
}

impl Default for Config {
    /// [`Config::linux`] without [`Config::defer_bursts`], and with [`Config::bounds_inflation`].
    fn default() -> Self {
        Self { defer_bursts: false, bounds_inflation: true, ..Self::linux() }
    }
}

impl Config {
    /// [`Config::mss`] as it is used, octets.
    pub(crate) fn own_mss(&self) -> u16 {
        self.mss.max(Mss::FLOOR).octets()
    }

    /// [`Config::signature_len`] as it is used, octets.
    pub(crate) fn signature_len(&self) -> u16 {
        const LONGEST: u8 = 20;
        (self.signature_len.min(LONGEST) & !3).into()
    }

    /// As Linux 6 does it.
    #[must_use]
    pub const fn linux() -> Self {
        Self {
            mss: Mss::new(1460),
            default_peer_mss: Mss::DEFAULT_V4,
            receive_buffer: 1 << 20,
            receive_buffer_max: 8 << 20,
            receive_buffer_grows: true,
            window_clamp: None,
            segment_overhead: true,
            send_buffer: 1 << 20,
            send_buffer_max: 4 << 20,
            unsent_limit: None,
            window_scaling: true,
            window_shrinks: false,
            timestamps: true,
            require_timestamps: false,
            sack: true,
            urgent_names_last: false,
            dsack: true,
            option_order: OptionOrder::Linux,
            push_bursts: true,
            defer_bursts: true,
            signature_len: 0,
            nagle: true,
            cork: false,
            delayed_ack: Duration::from_millis(40),
            delayed_ack_max: Duration::from_millis(200),
            gap_ack_gathering: Duration::from_millis(1),
            gap_ack_gathering_share: 33,
            second_segment: SecondSegment::FullSized,
            quick_acks: 16,
            initial_window_segments: 10,
            congestion: CongestionAlgorithm::Cubic,
            pacing: false,
            max_pacing_rate: None,
            slow_start_exit: SlowStartExit::HyStart,
            ecn: EcnConfig::passive(),
            alternative_backoff: false,
            slow_start_after_idle: true,
            tail_loss_probe: true,
            frto: true,
            bounds_inflation: false,
            collapse_retransmissions: true,
            reordering: ReorderingConfig::standard(),
            thin_linear_timeouts: false,
            least_burst: 2,
            mtu_probing: MtuProbing::linux(),
            initial_rto: Duration::from_secs(1),
            min_rto: Duration::from_millis(200),
            rto_slop: Duration::ZERO,
            max_rto: Duration::from_secs(120),
            r1_retransmissions: 3,
            patience_from_retransmission: false,
            r2: Duration::from_secs(924),
            r2_orphan: Duration::from_secs(102),
            r2_syn: Duration::from_secs(180),
            r2_syn_ack: Duration::from_secs(180),
            defer_accept: None,
            syn_linear_timeouts: 4,
            user_timeout: None,
            user_timeout_option: None,
            keep_alive: None,
            msl: Duration::from_secs(30),
            fin_wait_2_timeout: Duration::from_secs(60),
            reset_ends_time_wait: false,
            dscp: 0,
            least_hop_limit: 0,
            reflect_dscp: false,
            challenge_interval: Duration::from_millis(500),
            hop_limit: None,
        }
    }

    /// As FreeBSD 14 does it, by its tcp(4) and the constants behind it: no quick acknowledgments, 30 ms and a slop of
    /// 200 ms in the RTO, twelve retransmissions, 75 s for a SYN where MUST-23 asks for 3 minutes, and buffers of 2 MiB
    /// at most, from which comes a window scale of 6.
    ///
    /// ```
    /// use synfin_tcp::Config;
    /// assert_eq!(Config::freebsd().quick_acks, 0);
    /// ```
    #[must_use]
    pub const fn freebsd() -> Self {
        Self {
            receive_buffer: 2 << 20,
            receive_buffer_max: 2 << 20,
            segment_overhead: false,
            send_buffer: 2 << 20,
            send_buffer_max: 2 << 20,
            option_order: OptionOrder::FreeBsd,
            push_bursts: false,
            defer_bursts: false,
            second_segment: SecondSegment::Any,
            quick_acks: 0,
            min_rto: Duration::from_millis(230),
            rto_slop: Duration::from_millis(200),
            max_rto: Duration::from_secs(64),
            r2: Duration::from_secs(511),
            r2_syn: Duration::from_secs(75),
            ..Self::linux()
        }
    }
}
