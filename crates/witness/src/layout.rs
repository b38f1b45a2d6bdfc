//! What the kernel would write: `struct tcp_info` and control messages, as octets.

use nix::libc::{
    IP_RECVERR, IPPROTO_IP, IPPROTO_IPV6, IPV6_RECVERR, SOL_SOCKET, SOL_TCP, TCP_CC_INFO, TCP_INFO,
};

/// The fields of `struct tcp_info` (<linux/tcp.h>): where each begins, and its length in octets.
const INFO_FIELDS: &[(&str, usize, usize)] = &[
    ("tcpi_state", 0, 1),
    ("tcpi_ca_state", 1, 1),
    ("tcpi_retransmits", 2, 1),
    ("tcpi_probes", 3, 1),
    ("tcpi_backoff", 4, 1),
    ("tcpi_options", 5, 1),
    ("tcpi_rto", 8, 4),
    ("tcpi_ato", 12, 4),
    ("tcpi_snd_mss", 16, 4),
    ("tcpi_rcv_mss", 20, 4),
    ("tcpi_unacked", 24, 4),
    ("tcpi_sacked", 28, 4),
    ("tcpi_lost", 32, 4),
    ("tcpi_retrans", 36, 4),
    ("tcpi_fackets", 40, 4),
    ("tcpi_last_data_sent", 44, 4),
    ("tcpi_last_ack_sent", 48, 4),
    ("tcpi_last_data_recv", 52, 4),
    ("tcpi_last_ack_recv", 56, 4),
    ("tcpi_pmtu", 60, 4),
    ("tcpi_rcv_ssthresh", 64, 4),
    ("tcpi_rtt", 68, 4),
    ("tcpi_rttvar", 72, 4),
    ("tcpi_snd_ssthresh", 76, 4),
    ("tcpi_snd_cwnd", 80, 4),
    ("tcpi_advmss", 84, 4),
    ("tcpi_reordering", 88, 4),
    ("tcpi_rcv_rtt", 92, 4),
    ("tcpi_rcv_space", 96, 4),
    ("tcpi_total_retrans", 100, 4),
    ("tcpi_pacing_rate", 104, 8),
    ("tcpi_max_pacing_rate", 112, 8),
    ("tcpi_bytes_acked", 120, 8),
    ("tcpi_bytes_received", 128, 8),
    ("tcpi_segs_out", 136, 4),
    ("tcpi_segs_in", 140, 4),
    ("tcpi_notsent_bytes", 144, 4),
    ("tcpi_min_rtt", 148, 4),
    ("tcpi_data_segs_in", 152, 4),
    ("tcpi_data_segs_out", 156, 4),
    ("tcpi_delivery_rate", 160, 8),
    ("tcpi_busy_time", 168, 8),
    ("tcpi_rwnd_limited", 176, 8),
    ("tcpi_sndbuf_limited", 184, 8),
    ("tcpi_delivered", 192, 4),
    ("tcpi_delivered_ce", 196, 4),
    ("tcpi_bytes_sent", 200, 8),
    ("tcpi_bytes_retrans", 208, 8),
    ("tcpi_dsack_dups", 216, 4),
    ("tcpi_reord_seen", 220, 4),
    ("tcpi_rcv_ooopack", 224, 4),
    ("tcpi_snd_wnd", 228, 4),
    ("tcpi_rcv_wnd", 232, 4),
    ("tcpi_rehash", 236, 4),
    ("tcpi_total_rto", 240, 2),
    ("tcpi_total_rto_recoveries", 242, 2),
    ("tcpi_total_rto_time", 244, 4),
    ("tcpi_received_ce", 248, 4),
    ("tcpi_delivered_e1_bytes", 252, 4),
    ("tcpi_delivered_e0_bytes", 256, 4),
    ("tcpi_delivered_ce_bytes", 260, 4),
    ("tcpi_received_e1_bytes", 264, 4),
    ("tcpi_received_e0_bytes", 268, 4),
    ("tcpi_received_ce_bytes", 272, 4),
];
/// The fields of less than an octet: in which octet, how far up, and how wide.
const INFO_BITS: &[(&str, usize, u8, u8)] = &[
    ("tcpi_snd_wscale", 6, 0, 4),
    ("tcpi_rcv_wscale", 6, 4, 4),
    ("tcpi_delivery_rate_app_limited", 7, 0, 1),
    ("tcpi_ecn_mode", 276, 0, 2),
    ("tcpi_accecn_opt_seen", 276, 2, 2),
    ("tcpi_accecn_fail_mode", 276, 4, 4),
];
const INFO_LEN: usize = 280;

/// What SO_MEMINFO tells (<linux/sock_diag.h>), 32 bits each.
const SO_MEMINFO: [&str; 9] = [
    "SK_MEMINFO_RMEM_ALLOC",
    "SK_MEMINFO_RCVBUF",
    "SK_MEMINFO_WMEM_ALLOC",
    "SK_MEMINFO_SNDBUF",
    "SK_MEMINFO_FWD_ALLOC",
    "SK_MEMINFO_WMEM_QUEUED",
    "SK_MEMINFO_OPTMEM",
    "SK_MEMINFO_BACKLOG",
    "SK_MEMINFO_DROPS",
];
const SO_MEMINFO_NUMBER: i32 = 55;

/// What an option tells about a socket beside numbers; `None` for an option that does not. TCP_CC_INFO is empty, as it is
/// where the congestion control has nothing to tell.
pub(crate) fn about_socket(level: i32, name: i32, told: &[(&'static str, i64)]) -> Option<Vec<u8>> {
    match (level, name) {
        (SOL_TCP, TCP_INFO) => Some(tcp_info(told)),
        (SOL_TCP, TCP_CC_INFO) => Some(Vec::new()),
        (SOL_SOCKET, SO_MEMINFO_NUMBER) => {
            let value =
                |wanted: &str| told.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, value)| *value);
            Some(SO_MEMINFO.iter().flat_map(|name| (value(name) as u32).to_ne_bytes()).collect())
        }
        _ => None,
    }
}

/// `struct tcp_info`; what is not told is zero.
fn tcp_info(told: &[(&'static str, i64)]) -> Vec<u8> {
    let mut octets = vec![0; INFO_LEN];
    let value = |wanted: &str| told.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    for &(name, start, len) in INFO_FIELDS {
        let Some(value) = value(name) else { continue };
        let field = &mut octets[start..start + len];
        match len {
            1 => field.copy_from_slice(&(value as u8).to_ne_bytes()),
            2 => field.copy_from_slice(&(value as u16).to_ne_bytes()),
            4 => field.copy_from_slice(&(value as u32).to_ne_bytes()),
            _ => field.copy_from_slice(&value.to_ne_bytes()),
        }
    }
    for &(name, octet, shift, width) in INFO_BITS {
        let Some(value) = value(name) else { continue };
        octets[octet] |= (value as u8 & ((1 << width) - 1)) << shift;
    }
    octets
}

/// A control message of one 32-bit number.
pub(crate) fn number_message((level, kind, value): (i64, i64, i64)) -> Vec<u8> {
    control_message(level as i32, kind as i32, &(value as i32).to_ne_bytes())
}

/// The report that the sends from `first` to `last` are over, and were copied after all: `struct sock_extended_err`
/// (<linux/errqueue.h>) and the address of the offender, of which there is none.
pub(crate) fn zerocopy_report(first: u32, last: u32, v6_socket: bool) -> Vec<u8> {
    const SO_EE_ORIGIN_ZEROCOPY: u8 = 5;
    const SO_EE_CODE_ZEROCOPY_COPIED: u8 = 1;
    let mut data = Vec::new();
    data.extend(0_u32.to_ne_bytes());
    data.extend([SO_EE_ORIGIN_ZEROCOPY, 0, SO_EE_CODE_ZEROCOPY_COPIED, 0]);
    data.extend(first.to_ne_bytes());
    data.extend(last.to_ne_bytes());
    let (level, kind, offender) =
        if v6_socket { (IPPROTO_IPV6, IPV6_RECVERR, 28) } else { (IPPROTO_IP, IP_RECVERR, 16) };
    data.resize(data.len() + offender, 0);
    control_message(level, kind, &data)
}

/// `struct cmsghdr` and what follows it, filled up to a whole word.
fn control_message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
    let len = size_of::<usize>() + 8 + data.len();
    let mut octets = Vec::with_capacity(len + 7);
    octets.extend(len.to_ne_bytes());
    octets.extend(level.to_ne_bytes());
    octets.extend(kind.to_ne_bytes());
    octets.extend(data);
    octets.resize(len.next_multiple_of(size_of::<usize>()), 0);
    octets
}
