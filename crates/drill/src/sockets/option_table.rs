//! Linux's socket options: what each takes, and what it is that nobody has set.
//!
//! An option that nothing acts upon is kept to be read back. Whether one is acted upon, `options` says.

use super::{Errno, Outcome};
use crate::symbols::{self, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

/// What an option may be set to.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// Any number, and on is 1.
    Flag,
    /// Off and on alone.
    Switch,
    /// Numbers from one to another.
    Range(i64, i64),
    /// Any number.
    Any,
    /// None, and what is told instead.
    Nothing(Errno),
}

use Takes::{Any, Flag, Nothing, Range, Switch};

/// An option.
struct Row {
    number: i64,
    name: &'static str,
    /// What it is that nobody has set; or reading it fails.
    unset: Result<i64, Errno>,
    takes: Takes,
    /// Set to something else than that, it changes what a script sees, and nothing here does so.
    changes: bool,
}

const fn row(number: i64, name: &'static str, unset: i64, takes: Takes) -> Row {
    Row { number, name, unset: Ok(unset), takes, changes: false }
}

const fn unread(number: i64, name: &'static str, unset: Errno, takes: Takes) -> Row {
    Row { number, name, unset: Err(unset), takes, changes: false }
}

const fn changes(number: i64, name: &'static str, unset: i64, takes: Takes) -> Row {
    Row { number, name, unset: Ok(unset), takes, changes: true }
}

/// The kernel tells that there is no such option where it cannot be set.
const READ_ONLY: Takes = Nothing(Errno::ENOPROTOOPT);
/// It is set by a structure, which is longer than a number.
const STRUCTURE: Takes = Nothing(Errno::EINVAL);

#[rustfmt::skip]
const SOCKET: &[Row] = &[
    row(1, "SO_DEBUG", 0, Flag),
    row(2, "SO_REUSEADDR", 0, Flag),
    row(3, "SO_TYPE", 1, READ_ONLY),
    row(4, "SO_ERROR", 0, READ_ONLY),
    row(5, "SO_DONTROUTE", 0, Flag),
    row(6, "SO_BROADCAST", 0, Flag),
    row(9, "SO_KEEPALIVE", 0, Flag),
    row(10, "SO_OOBINLINE", 0, Flag),
    row(11, "SO_NO_CHECK", 0, Flag),
    row(12, "SO_PRIORITY", 0, Any),
    row(13, "SO_LINGER", 0, STRUCTURE),
    row(14, "SO_BSDCOMPAT", 0, Any),
    row(15, "SO_REUSEPORT", 0, Flag),
    unread(16, "SO_PASSCRED", Errno::EOPNOTSUPP, Nothing(Errno::EOPNOTSUPP)),
    row(17, "SO_PEERCRED", 0, READ_ONLY),
    row(18, "SO_RCVLOWAT", 1, Any),
    row(19, "SO_SNDLOWAT", 1, READ_ONLY),
    row(20, "SO_RCVTIMEO", 0, STRUCTURE),
    row(21, "SO_SNDTIMEO", 0, STRUCTURE),
    unread(22, "SO_SECURITY_AUTHENTICATION", Errno::ENOPROTOOPT, READ_ONLY),
    unread(23, "SO_SECURITY_ENCRYPTION_TRANSPORT", Errno::ENOPROTOOPT, READ_ONLY),
    unread(24, "SO_SECURITY_ENCRYPTION_NETWORK", Errno::ENOPROTOOPT, READ_ONLY),
    unread(26, "SO_ATTACH_FILTER", Errno::ENOPROTOOPT, STRUCTURE),
    unread(27, "SO_DETACH_FILTER", Errno::ENOPROTOOPT, Nothing(Errno::ENOENT)),
    row(29, "SO_TIMESTAMP", 0, Flag),
    row(30, "SO_ACCEPTCONN", 0, READ_ONLY),
    unread(31, "SO_PEERSEC", Errno::ENOPROTOOPT, READ_ONLY),
    unread(32, "SO_SNDBUFFORCE", Errno::ENOPROTOOPT, Any),
    unread(33, "SO_RCVBUFFORCE", Errno::ENOPROTOOPT, Any),
    unread(34, "SO_PASSSEC", Errno::EOPNOTSUPP, Nothing(Errno::EOPNOTSUPP)),
    row(35, "SO_TIMESTAMPNS", 0, Flag),
    row(36, "SO_MARK", 0, Any),
    row(37, "SO_TIMESTAMPING", 0, Any),
    row(38, "SO_PROTOCOL", SOL_TCP, READ_ONLY),
    row(39, "SO_DOMAIN", 2, READ_ONLY),
    row(40, "SO_RXQ_OVFL", 0, Flag),
    row(41, "SO_WIFI_STATUS", 0, Flag),
    row(42, "SO_PEEK_OFF", -1, Any),
    row(43, "SO_NOFCS", 0, Flag),
    row(44, "SO_LOCK_FILTER", 0, Flag),
    row(45, "SO_SELECT_ERR_QUEUE", 0, Flag),
    row(46, "SO_BUSY_POLL", 0, Range(0, i32::MAX as i64)),
    row(47, "SO_MAX_PACING_RATE", -1, Any),
    row(48, "SO_BPF_EXTENSIONS", 64, READ_ONLY),
    row(49, "SO_INCOMING_CPU", -1, Any),
    unread(53, "SO_CNX_ADVICE", Errno::ENOPROTOOPT, Any),
    row(56, "SO_INCOMING_NAPI_ID", 0, READ_ONLY),
    unread(57, "SO_COOKIE", Errno::EINVAL, READ_ONLY),
    unread(59, "SO_PEERGROUPS", Errno::ENODATA, READ_ONLY),
    row(60, "SO_ZEROCOPY", 0, Switch),
    row(61, "SO_TXTIME", 0, STRUCTURE),
    row(63, "SO_TIMESTAMP_NEW", 0, Flag),
    row(64, "SO_TIMESTAMPNS_NEW", 0, Flag),
    row(66, "SO_RCVTIMEO_NEW", 0, STRUCTURE),
    row(67, "SO_SNDTIMEO_NEW", 0, STRUCTURE),
    unread(68, "SO_DETACH_REUSEPORT_BPF", Errno::ENOPROTOOPT, Nothing(Errno::EINVAL)),
    row(69, "SO_PREFER_BUSY_POLL", 0, Flag),
    unread(70, "SO_BUSY_POLL_BUDGET", Errno::ENOPROTOOPT, Range(0, u16::MAX as i64)),
    unread(71, "SO_NETNS_COOKIE", Errno::EINVAL, READ_ONLY),
    row(72, "SO_BUF_LOCK", 0, Range(0, 3)),
    row(73, "SO_RESERVE_MEM", 0, STRUCTURE),
    row(74, "SO_TXREHASH", 1, Range(-1, 1)),
    row(75, "SO_RCVMARK", 0, Flag),
    row(82, "SO_RCVPRIORITY", 0, Flag),
];

#[rustfmt::skip]
const TCP: &[Row] = &[
    row(1, "TCP_NODELAY", 0, Flag),
    row(3, "TCP_CORK", 0, Flag),
    row(9, "TCP_DEFER_ACCEPT", 0, Any),
    row(10, "TCP_WINDOW_CLAMP", 0, Any),
    row(11, "TCP_INFO", 7, READ_ONLY),
    row(13, "TCP_CONGESTION", 0, Nothing(Errno::ENOENT)),
    unread(14, "TCP_MD5SIG", Errno::ENOPROTOOPT, STRUCTURE),
    unread(15, "TCP_COOKIE_TRANSACTIONS", Errno::ENOPROTOOPT, READ_ONLY),
    row(16, "TCP_THIN_LINEAR_TIMEOUTS", 0, Switch),
    row(17, "TCP_THIN_DUPACK", 0, Switch),
    row(18, "TCP_USER_TIMEOUT", 0, Any),
    changes(19, "TCP_REPAIR", 0, Range(-1, 1)),
    unread(20, "TCP_REPAIR_QUEUE", Errno::EINVAL, Nothing(Errno::EPERM)),
    unread(21, "TCP_QUEUE_SEQ", Errno::EINVAL, Nothing(Errno::EPERM)),
    unread(22, "TCP_REPAIR_OPTIONS", Errno::ENOPROTOOPT, STRUCTURE),
    row(23, "TCP_FASTOPEN", 0, Any),
    row(24, "TCP_TIMESTAMP", 0, Nothing(Errno::EPERM)),
    row(25, "TCP_NOTSENT_LOWAT", 0, Any),
    row(26, "TCP_CC_INFO", 0, READ_ONLY),
    row(27, "TCP_SAVE_SYN", 0, Range(0, 2)),
    row(28, "TCP_SAVED_SYN", 0, READ_ONLY),
    unread(29, "TCP_REPAIR_WINDOW", Errno::EINVAL, Nothing(Errno::EPERM)),
    row(30, "TCP_FASTOPEN_CONNECT", 0, Any),
    unread(32, "TCP_MD5SIG_EXT", Errno::ENOPROTOOPT, STRUCTURE),
    row(33, "TCP_FASTOPEN_KEY", 0, STRUCTURE),
    row(34, "TCP_FASTOPEN_NO_COOKIE", 0, Any),
    unread(35, "TCP_ZEROCOPY_RECEIVE", Errno::EINVAL, READ_ONLY),
    row(36, "TCP_INQ", 0, Switch),
    row(37, "TCP_TX_DELAY", 0, Range(0, (1 << 28) - 1)),
    unread(38, "TCP_AO_ADD_KEY", Errno::ENOPROTOOPT, READ_ONLY),
    unread(39, "TCP_AO_DEL_KEY", Errno::ENOPROTOOPT, READ_ONLY),
    unread(40, "TCP_AO_INFO", Errno::ENOPROTOOPT, READ_ONLY),
    unread(41, "TCP_AO_GET_KEYS", Errno::ENOPROTOOPT, READ_ONLY),
    unread(42, "TCP_AO_REPAIR", Errno::ENOPROTOOPT, READ_ONLY),
    row(43, "TCP_IS_MPTCP", 0, READ_ONLY),
    row(12, "TCP_QUICKACK", 1, Flag),
    row(46, "TCP_DELACK_MAX_US", 200_000, Any),
];

#[rustfmt::skip]
const IP: &[Row] = &[
    row(1, "IP_TOS", 0, Any),
    row(3, "IP_HDRINCL", 0, READ_ONLY),
    row(5, "IP_ROUTER_ALERT", 0, STRUCTURE),
    row(6, "IP_RECVOPTS", 0, Flag),
    row(7, "IP_RETOPTS", 0, Flag),
    row(8, "IP_PKTINFO", 0, Flag),
    row(10, "IP_MTU_DISCOVER", 1, Range(0, 5)),
    row(11, "IP_RECVERR", 0, Flag),
    row(12, "IP_RECVTTL", 0, Flag),
    row(13, "IP_RECVTOS", 0, Flag),
    unread(14, "IP_MTU", Errno::ENOTCONN, READ_ONLY),
    row(15, "IP_FREEBIND", 0, Flag),
    row(18, "IP_PASSSEC", 0, Flag),
    row(19, "IP_TRANSPARENT", 0, Flag),
    row(20, "IP_RECVORIGDSTADDR", 0, Flag),
    row(21, "IP_MINTTL", 0, Range(0, 255)),
    row(22, "IP_NODEFRAG", 0, READ_ONLY),
    row(23, "IP_CHECKSUM", 0, Flag),
    row(24, "IP_BIND_ADDRESS_NO_PORT", 0, Flag),
    row(25, "IP_RECVFRAGSIZE", 0, STRUCTURE),
    row(26, "IP_RECVERR_RFC4884", 0, Switch),
    row(32, "IP_MULTICAST_IF", 0, STRUCTURE),
    row(33, "IP_MULTICAST_TTL", 1, STRUCTURE),
    row(34, "IP_MULTICAST_LOOP", 1, Flag),
    unread(35, "IP_ADD_MEMBERSHIP", Errno::ENOPROTOOPT, Nothing(Errno::EPROTO)),
    unread(36, "IP_DROP_MEMBERSHIP", Errno::ENOPROTOOPT, Nothing(Errno::EPROTO)),
    unread(41, "IP_MSFILTER", Errno::EINVAL, STRUCTURE),
    unread(42, "MCAST_JOIN_GROUP", Errno::ENOPROTOOPT, STRUCTURE),
    unread(45, "MCAST_LEAVE_GROUP", Errno::ENOPROTOOPT, STRUCTURE),
    row(49, "IP_MULTICAST_ALL", 1, Switch),
    row(50, "IP_UNICAST_IF", 0, Any),
    changes(51, "IP_LOCAL_PORT_RANGE", 0, Any),
    row(52, "IP_PROTOCOL", 0, READ_ONLY),
];

#[rustfmt::skip]
const IPV6: &[Row] = &[
    row(2, "IPV6_2292PKTINFO", 0, Flag),
    row(3, "IPV6_2292HOPOPTS", 0, Flag),
    row(4, "IPV6_2292DSTOPTS", 0, Flag),
    row(5, "IPV6_2292RTHDR", 0, Flag),
    unread(7, "IPV6_CHECKSUM", Errno::ENOPROTOOPT, READ_ONLY),
    row(8, "IPV6_2292HOPLIMIT", 0, Flag),
    row(11, "IPV6_FLOWINFO", 0, Flag),
    row(16, "IPV6_UNICAST_HOPS", 64, Range(-1, 255)),
    row(17, "IPV6_MULTICAST_IF", 0, READ_ONLY),
    row(18, "IPV6_MULTICAST_HOPS", 1, READ_ONLY),
    row(19, "IPV6_MULTICAST_LOOP", 1, Switch),
    unread(20, "IPV6_ADD_MEMBERSHIP", Errno::ENOPROTOOPT, STRUCTURE),
    unread(21, "IPV6_DROP_MEMBERSHIP", Errno::ENOPROTOOPT, STRUCTURE),
    row(22, "IPV6_ROUTER_ALERT", 0, READ_ONLY),
    row(23, "IPV6_MTU_DISCOVER", 1, Range(0, 5)),
    unread(24, "IPV6_MTU", Errno::ENOTCONN, Any),
    row(25, "IPV6_RECVERR", 0, Flag),
    row(26, "IPV6_V6ONLY", 0, Flag),
    row(29, "IPV6_MULTICAST_ALL", 1, Flag),
    row(30, "IPV6_ROUTER_ALERT_ISOLATE", 0, Flag),
    row(31, "IPV6_RECVERR_RFC4884", 0, Switch),
    unread(32, "IPV6_FLOWLABEL_MGR", Errno::EINVAL, STRUCTURE),
    changes(33, "IPV6_FLOWINFO_SEND", 0, Flag),
    row(49, "IPV6_RECVPKTINFO", 0, Flag),
    unread(50, "IPV6_PKTINFO", Errno::ENOPROTOOPT, STRUCTURE),
    row(51, "IPV6_RECVHOPLIMIT", 0, Flag),
    unread(52, "IPV6_HOPLIMIT", Errno::ENOPROTOOPT, READ_ONLY),
    row(53, "IPV6_RECVHOPOPTS", 0, Flag),
    row(56, "IPV6_RECVRTHDR", 0, Flag),
    row(58, "IPV6_RECVDSTOPTS", 0, Flag),
    row(60, "IPV6_RECVPATHMTU", 0, Flag),
    unread(61, "IPV6_PATHMTU", Errno::EINVAL, READ_ONLY),
    row(62, "IPV6_DONTFRAG", 0, Flag),
    unread(63, "IPV6_USE_MIN_MTU", Errno::ENOPROTOOPT, READ_ONLY),
    row(66, "IPV6_RECVTCLASS", 0, Flag),
    row(67, "IPV6_TCLASS", 0, Range(-1, 255)),
    changes(70, "IPV6_AUTOFLOWLABEL", 1, Flag),
    row(73, "IPV6_MINHOPCOUNT", 0, Range(0, 255)),
    row(74, "IPV6_RECVORIGDSTADDR", 0, Flag),
    row(75, "IPV6_TRANSPARENT", 0, Flag),
    row(77, "IPV6_RECVFRAGSIZE", 0, Flag),
    row(78, "IPV6_FREEBIND", 0, Flag),
];

/// Options that take what they like, and check it themselves.
const CHECKED_ELSEWHERE: &[(i64, i64)] = &[
    (SOL_SOCKET, 7),
    (SOL_SOCKET, 8),
    (SOL_TCP, 2),
    (SOL_TCP, 4),
    (SOL_TCP, 5),
    (SOL_TCP, 6),
    (SOL_TCP, 7),
    (SOL_TCP, 8),
    (SOL_TCP, 44),
    (SOL_TCP, 45),
    (SOL_IP, 2),
];

fn find(level: i64, number: i64) -> Option<&'static Row> {
    let rows = match level {
        SOL_SOCKET => SOCKET,
        SOL_TCP => TCP,
        SOL_IP => IP,
        SOL_IPV6 => IPV6,
        _ => return None,
    };
    rows.iter().find(|row| row.number == number)
}

/// What an option is that is set to `value`.
///
/// # Errors
/// What Linux says where it does not take it.
pub(super) fn taken(level: i64, number: i64, value: i64) -> Outcome<i64> {
    // The kernel reads 32 bits.
    let value = i64::from(value as i32);
    let Some(row) = find(level, number) else {
        let is_one = CHECKED_ELSEWHERE.contains(&(level, number));
        return if is_one { Ok(value) } else { Err(Errno::ENOPROTOOPT.into()) };
    };
    match row.takes {
        Flag => Ok(i64::from(value != 0)),
        Switch if !(0..=1).contains(&value) => Err(Errno::EINVAL.into()),
        Range(least, most) if !(least..=most).contains(&value) => Err(Errno::EINVAL.into()),
        Any | Switch | Range(..) => Ok(value),
        Nothing(errno) => Err(errno.into()),
    }
}

/// What reading an option tells that nobody has set.
pub(super) fn unset(level: i64, number: i64) -> Outcome<i64> {
    Ok(find(level, number).map_or(Err(Errno::ENOPROTOOPT), |row| row.unset)?)
}

/// What it was set to can be read.
pub(super) fn is_read(level: i64, number: i64) -> bool {
    find(level, number).is_none_or(|row| row.unset.is_ok())
}

/// Nothing that a script sees depends on this option, or not on this value.
pub(super) fn changes_nothing(level: i64, number: i64, value: i64) -> bool {
    find(level, number).is_some_and(|row| !row.changes || row.unset == Ok(value))
}

/// The name of an option, for a person.
pub(super) fn name(level: i64, number: i64) -> String {
    let (level_name, prefix) = match level {
        SOL_SOCKET => ("SOL_SOCKET", "SO_"),
        SOL_TCP => ("SOL_TCP", "TCP_"),
        SOL_IP => ("SOL_IP", "IP_"),
        SOL_IPV6 => ("SOL_IPV6", "IPV6_"),
        _ => return format!("option {number} of level {level}"),
    };
    let named = find(level, number).map(|row| row.name).or_else(|| symbols::name(prefix, number));
    named.map_or_else(|| format!("option {number} of {level_name}"), str::to_owned)
}
