//! What `TCP_INFO` tells.

use synfin_host::tcp::{EcnFeedback, EcnStatus, RecoveryState, State, Status};
use synfin_wire::Instant;

use super::descriptors::SIOCINQ;
use super::{Kernel, Role, TcpFile};

/// What the timestamps option takes in each segment, octets.
const TIMESTAMPS_LEN: i64 = 12;
const TIMESTAMPS: i64 = 1;
const SACK: i64 = 2;
const WINDOW_SCALE: i64 = 4;
const ECN: i64 = 8;
const ECN_SEEN: i64 = 16;
const SYN_DATA: i64 = 32;
const FAST_OPENED: i64 = 128;
/// LISTEN, and the least MSS, as Linux has them.
const LISTEN: i64 = 10;
const LEAST_MSS: i64 = 88;
/// Linux's ssthresh before the first loss.
const INFINITE_THRESHOLD: i64 = 0x7fff_ffff;

/// What Linux counts and cannot happen here: hashes of flows are not made anew, nothing waits behind a lock or in the
/// device, and forward acknowledgments are no more.
const NEVER: [&str; 7] = [
    "tcpi_fackets",
    "tcpi_rehash",
    "tcpi_options2",
    "SK_MEMINFO_BACKLOG",
    "SK_MEMINFO_OPTMEM",
    "SK_MEMINFO_WMEM_ALLOC",
    "SK_MEMINFO_DROPS",
];

/// What Linux does not tell of a listener.
const OF_CONNECTIONS: [&str; 7] = [
    "tcpi_advmss",
    "tcpi_delivery_rate_app_limited",
    "tcpi_min_rtt",
    "tcpi_rto",
    "tcpi_rttvar",
    "tcpi_snd_mss",
    "tcpi_snd_ssthresh",
];

/// The variables that a snippet sees, by name.
pub(crate) type TcpInfo = Vec<(&'static str, i64)>;

impl Kernel {
    /// A snapshot of a descriptor's connection, `None` when there is no such descriptor. What the stack
    /// does not count is absent.
    pub(crate) fn tcp_info(&mut self, fd: i32) -> Option<TcpInfo> {
        let Ok(file) = self.tcp(fd) else { return None };
        // Before there is a route, nothing is known of what it takes.
        let has_route = matches!(file.role, Role::Connection(_));
        let mss = if has_route { i64::from(file.config.mss.octets()) } else { 0 };
        let buffers = (file.config.receive_buffer, file.config.send_buffer);
        let unconnected = Status::new(&file.config);
        let most_pace = file.config.max_pacing_rate.map_or(-1, |rate| rate as i64);
        let status = self.connection(fd).and_then(|handle| self.host.tcp(handle)?.status());
        let put_off = self.tcp(fd).is_ok_and(|file| file.fast_open.put_off.is_some());
        let state = if put_off { State::SynSent } else { self.state(fd) };
        let status = status.unwrap_or(unconnected);
        let mut info = self.measured_info(fd);
        if info.is_empty() {
            info = unmeasured_info(&status, self.now);
            info.push(("SK_MEMINFO_RMEM_ALLOC", 0));
            info.push(("SK_MEMINFO_RCVBUF", buffers.0 as i64));
            info.push(("SK_MEMINFO_SNDBUF", buffers.1 as i64));
        }
        info.push(("tcpi_pmtu", self.path_mtu(fd).unwrap_or(0)));
        info.push(("tcpi_snd_mss", self.send_mss(fd, &status).max(1)));
        info.push(("tcpi_max_pacing_rate", most_pace));
        info.extend(connection_info(&status, linux_state(state), mss));
        info.extend(traffic_info(&status));
        info.extend(NEVER.map(|name| (name, 0)));
        info.extend(ecn_info(&status.ecn));
        info.extend(timeout_info(&status));
        let unread = self.ioctl(fd, SIOCINQ, None).unwrap_or(0);
        info.extend(memory_info(&status, unread));
        self.tell_accept_queue(fd, &mut info);
        Some(info)
    }

    /// Of a listener, Linux tells its queue where it tells of a connection what is outstanding, and little else.
    fn tell_accept_queue(&mut self, fd: i32, info: &mut TcpInfo) {
        let Ok(TcpFile { role: Role::Listener(listener), .. }) = self.tcp(fd) else { return };
        let listener = *listener;
        let Some((waiting, most)) = self.host.accept_queue(listener) else { return };
        for (name, value) in info {
            match *name {
                "tcpi_state" => *value = LISTEN,
                "tcpi_unacked" => *value = waiting as i64,
                // Linux keeps one more connection than the backlog says.
                "tcpi_sacked" => *value = most as i64 - 1,
                name if OF_CONNECTIONS.contains(&name) => *value = 0,
                _ => {}
            }
        }
    }

    /// The effective send MSS; before the peer has said its own, what it is believed to take, beside our timestamps.
    pub(super) fn send_mss(&mut self, fd: i32, status: &Status) -> i64 {
        let mss = i64::from(status.send_mss);
        match (status.state, self.tcp(fd)) {
            (State::SynSent, Ok(file)) if file.config.timestamps => mss - TIMESTAMPS_LEN,
            _ => mss,
        }
    }

    /// What the receive side knows, and what held sending up.
    fn measured_info(&mut self, fd: i32) -> TcpInfo {
        let now = self.now;
        let micros = |span: std::time::Duration| span.as_micros() as i64;
        let since = |moment: Instant| (now - moment).as_millis() as i64;
        let mut info = TcpInfo::new();
        let Some(socket) = self.connection(fd).and_then(|handle| self.host.tcp(handle)) else { return info };
        if let Some(receive) = socket.receive_measures() {
            // What came since then is still within it.
            info.retain(|(name, _)| *name != "tcpi_rcv_wnd");
            info.extend([
                ("tcpi_rcv_wnd", receive.announced.into()),
                ("tcpi_ato", micros(receive.ack_wait)),
                ("tcpi_rcv_mss", i64::from(receive.full_segment)),
                ("tcpi_rcv_ssthresh", i64::from(receive.threshold)),
                ("tcpi_rcv_space", i64::from(receive.space)),
                ("tcpi_rcv_rtt", receive.rtt.map_or(0, micros)),
                ("tcpi_last_data_recv", since(receive.last_text.unwrap_or(receive.began))),
                ("tcpi_last_ack_recv", since(receive.last_heard)),
                ("tcpi_last_ack_sent", 0),
                ("SK_MEMINFO_RCVBUF", receive.buffer as i64),
                ("SK_MEMINFO_RMEM_ALLOC", receive.held as i64),
            ]);
        }
        if let Some(send) = socket.send_measures(now) {
            info.extend([
                ("tcpi_notsent_bytes", i64::from(send.unsent)),
                ("tcpi_last_data_sent", since(send.last_text)),
                ("tcpi_busy_time", micros(send.busy)),
                ("tcpi_rwnd_limited", micros(send.window_limited)),
                ("tcpi_sndbuf_limited", micros(send.buffer_limited)),
                ("SK_MEMINFO_SNDBUF", send.buffer as i64),
            ]);
        }
        info
    }
}

/// What Linux tells of both before there is a connection: times from when the machine was started, and of a SYN-SENT
/// the least segment that it reckons with.
fn unmeasured_info(status: &Status, now: Instant) -> TcpInfo {
    let waits = status.state == State::SynSent;
    let up = now.as_millis() as i64;
    vec![
        ("tcpi_ato", 0),
        ("tcpi_rcv_mss", option(waits, LEAST_MSS)),
        ("tcpi_rcv_ssthresh", status.receive_window.into()),
        ("tcpi_rcv_space", 0),
        ("tcpi_rcv_rtt", 0),
        ("tcpi_last_data_recv", up),
        ("tcpi_last_ack_recv", up),
        ("tcpi_last_ack_sent", 0),
        ("tcpi_notsent_bytes", 0),
        ("tcpi_last_data_sent", up),
        ("tcpi_busy_time", 0),
        ("tcpi_rwnd_limited", 0),
        ("tcpi_sndbuf_limited", 0),
    ]
}

/// RTTVAR; before the first sample, what makes four of it the RTO.
fn rtt_variation(status: &Status) -> std::time::Duration {
    match status.smoothed_rtt {
        Some(_) => status.rtt_variation,
        None => status.rto / (4 << status.rto_backoff.min(8)),
    }
}

/// How often a chain of timeouts began, and how long all took. Timeouts that were recovered from are counted, not timed,
/// so this is told as long as there was none.
fn timeout_info(status: &Status) -> TcpInfo {
    if status.timeouts > 0 {
        return TcpInfo::new();
    }
    vec![("tcpi_total_rto_recoveries", 0), ("tcpi_total_rto_time", 0)]
}

/// What queues take. Linux counts its own buffers, which are not these; that nothing is in them is the same.
fn memory_info(status: &Status, unread: i64) -> TcpInfo {
    let receives = unread > 0 || status.segments_beyond_gaps > 0 || has_peers_fin(status.state);
    let sends = status.send_queued > 0 || matches!(status.state, State::SynSent | State::FinWait1);
    let mut info = TcpInfo::new();
    if !sends {
        info.push(("SK_MEMINFO_WMEM_QUEUED", 0));
    }
    if !receives && !sends {
        info.push(("SK_MEMINFO_FWD_ALLOC", 0));
    }
    info
}

fn connection_info(status: &Status, state: i64, mss: i64) -> TcpInfo {
    let micros = |span: std::time::Duration| span.as_micros() as i64;
    let threshold = match status.threshold_segments {
        u32::MAX => INFINITE_THRESHOLD,
        segments => i64::from(segments),
    };
    let options = option(status.timestamps, TIMESTAMPS)
        | option(status.sack, SACK)
        | option(status.window_scales.is_some(), WINDOW_SCALE)
        | option(status.ecn.feedback != EcnFeedback::Off, ECN)
        | option(status.ecn.seen, ECN_SEEN)
        | option(status.syn_text_taken, SYN_DATA)
        | option(status.opened_fast, FAST_OPENED);
    let (send_scale, receive_scale) = status.window_scales.unwrap_or_default();
    vec![
        ("tcpi_state", state),
        ("tcpi_options", options),
        ("tcpi_snd_wscale", send_scale.into()),
        ("tcpi_rcv_wscale", receive_scale.into()),
        ("tcpi_rto", micros(status.rto)),
        ("tcpi_rtt", status.smoothed_rtt.map_or(0, micros)),
        ("tcpi_rttvar", micros(rtt_variation(status))),
        ("tcpi_min_rtt", status.min_rtt.map_or(i64::from(u32::MAX), micros)),
        ("tcpi_snd_cwnd", i64::from(status.window_segments)),
        ("tcpi_snd_ssthresh", threshold),
        ("tcpi_advmss", if status.timestamps { mss - 12 } else { mss }),
        ("tcpi_pacing_rate", status.pacing_rate.map_or(-1, |rate| rate as i64)),
        ("tcpi_delivery_rate", status.delivery_rate as i64),
        ("tcpi_delivery_rate_app_limited", status.delivery_app_limited.into()),
        ("tcpi_unacked", i64::from(status.segments_outstanding)),
        ("tcpi_ca_state", recovery_state(status.recovery)),
        ("tcpi_sacked", i64::from(status.segments_sacked)),
        ("tcpi_lost", i64::from(status.segments_lost)),
        ("tcpi_retrans", i64::from(status.segments_resent)),
        ("tcpi_retransmits", i64::from(status.retransmissions)),
        ("tcpi_total_retrans", status.segments_retransmitted as i64),
        ("tcpi_delivered", status.segments_delivered as i64),
        ("tcpi_reordering", i64::from(status.reordering)),
        ("tcpi_reord_seen", i64::from(status.reorderings)),
        ("tcpi_dsack_dups", status.segments_duplicated as i64),
        ("tcpi_probes", i64::from(status.probes)),
        ("tcpi_backoff", i64::from(status.persist_backoff.max(status.rto_backoff))),
    ]
}

/// What went either way.
fn traffic_info(status: &Status) -> TcpInfo {
    vec![
        ("tcpi_data_segs_out", status.text_segments_sent as i64),
        ("tcpi_data_segs_in", status.text_segments_received as i64),
        ("tcpi_rcv_ooopack", status.segments_beyond_gaps as i64),
        ("tcpi_bytes_acked", status.octets_acknowledged as i64 + marks_acknowledged(status)),
        ("tcpi_bytes_received", status.octets_received as i64 + i64::from(has_peers_fin(status.state))),
        ("tcpi_bytes_sent", status.octets_sent as i64),
        ("tcpi_bytes_retrans", status.octets_retransmitted as i64),
        ("tcpi_segs_out", status.segments_sent as i64),
        ("tcpi_segs_in", status.segments_received as i64),
        ("tcpi_snd_wnd", i64::from(status.send_window)),
        ("tcpi_rcv_wnd", i64::from(status.receive_window)),
        ("tcpi_total_rto", i64::from(status.timeouts)),
    ]
}

/// Linux counts numbers: the SYN of an active open and the FIN are among what is acknowledged.
fn marks_acknowledged(status: &Status) -> i64 {
    let fin = matches!(status.state, State::FinWait2 | State::TimeWait);
    i64::from(status.opened_actively) + i64::from(fin)
}

/// The peer's FIN counts as received too.
fn has_peers_fin(state: State) -> bool {
    matches!(state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait)
}

fn ecn_info(ecn: &EcnStatus) -> TcpInfo {
    let failures = ecn.failures;
    let failed = option(failures.ace_sent, 1)
        | option(failures.ace_received, 2)
        | option(failures.option_sent, 4)
        | option(failures.option_received, 8);
    vec![
        ("tcpi_ecn_mode", feedback(ecn.feedback)),
        ("tcpi_accecn_opt_seen", ecn.option_seen as i64),
        ("tcpi_accecn_fail_mode", failed),
        ("tcpi_delivered_ce", ecn.delivered_marks.into()),
        ("tcpi_received_ce", ecn.received_marks.into()),
        ("tcpi_delivered_e1_bytes", ecn.delivered.ect1.into()),
        ("tcpi_delivered_e0_bytes", ecn.delivered.ect0.into()),
        ("tcpi_delivered_ce_bytes", ecn.delivered.ce.into()),
        ("tcpi_received_e1_bytes", ecn.received.ect1.into()),
        ("tcpi_received_e0_bytes", ecn.received.ect0.into()),
        ("tcpi_received_ce_bytes", ecn.received.ce.into()),
    ]
}

fn option(is_on: bool, bit: i64) -> i64 {
    if is_on { bit } else { 0 }
}

/// The numbers of Linux's ECN modes.
fn feedback(feedback: EcnFeedback) -> i64 {
    match feedback {
        EcnFeedback::Off => 0,
        EcnFeedback::Classic => 1,
        EcnFeedback::Accurate => 2,
    }
}

/// The numbers of Linux's states.
fn linux_state(state: State) -> i64 {
    match state {
        State::Established => 1,
        State::SynSent => 2,
        State::SynReceived => 3,
        State::FinWait1 => 4,
        State::FinWait2 => 5,
        State::TimeWait => 6,
        State::Closed | State::Listen => 7,
        State::CloseWait => 8,
        State::LastAck => 9,
        State::Closing => 11,
    }
}

/// The numbers of Linux's `tcp_ca_state`.
fn recovery_state(state: RecoveryState) -> i64 {
    match state {
        RecoveryState::Open => 0,
        RecoveryState::Disorder => 1,
        RecoveryState::Cwr => 2,
        RecoveryState::Recovery => 3,
        RecoveryState::Loss => 4,
    }
}
