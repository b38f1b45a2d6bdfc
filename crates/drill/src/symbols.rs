//! The names that scripts use for numbers, with Linux's values.

use crate::sockets::Errno;

/// The value of a name; of an error's name, its number.
pub(crate) fn value(name: &str) -> Option<i64> {
    let found = SYMBOLS.iter().find(|(symbol, _)| *symbol == name).map(|(_, value)| *value);
    found.or_else(|| Errno::ALL.iter().find(|errno| errno.name == name).map(|errno| errno.number))
}

/// The names of the bits that are set, as `A|B`.
pub(crate) fn bits(prefix: &str, value: i64) -> String {
    let names: Vec<&str> = SYMBOLS
        .iter()
        .filter(|(name, bit)| name.starts_with(prefix) && *bit != 0 && value & bit == *bit)
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() { format!("{value:#x}") } else { names.join("|") }
}

pub(crate) const AF_UNSPEC: i64 = 0;
pub(crate) const AF_UNIX: i64 = 1;
pub(crate) const AF_INET: i64 = 2;
pub(crate) const AF_INET6: i64 = 10;
pub(crate) const AF_PACKET: i64 = 17;
pub(crate) const SOCK_CLOEXEC: i64 = 0o2_000_000;

pub(crate) const SOL_IP: i64 = 0;
pub(crate) const SOL_SOCKET: i64 = 1;
pub(crate) const SOL_TCP: i64 = 6;
pub(crate) const SOL_UDP: i64 = 17;
pub(crate) const SOL_IPV6: i64 = 41;

pub(crate) const SO_RCVLOWAT: i64 = 18;
pub(crate) const TCP_CONGESTION: i64 = 13;

pub(crate) const F_GETFL: i64 = 3;
pub(crate) const F_SETFL: i64 = 4;

pub(crate) const O_APPEND: i64 = 0o2000;
pub(crate) const O_NONBLOCK: i64 = 0o4000;
pub(crate) const O_RDONLY: i64 = 0;
pub(crate) const O_WRONLY: i64 = 1;
pub(crate) const O_RDWR: i64 = 2;

pub(crate) const POLLIN: i64 = 0x1;
pub(crate) const POLLPRI: i64 = 0x2;
pub(crate) const POLLOUT: i64 = 0x4;
pub(crate) const POLLERR: i64 = 0x8;
pub(crate) const POLLHUP: i64 = 0x10;
pub(crate) const POLLNVAL: i64 = 0x20;
pub(crate) const POLLRDNORM: i64 = 0x40;
pub(crate) const POLLWRNORM: i64 = 0x100;
pub(crate) const POLLRDHUP: i64 = 0x2000;
pub(crate) const EPOLLET: i64 = 1 << 31;
pub(crate) const EPOLLONESHOT: i64 = 1 << 30;
pub(crate) const EPOLLEXCLUSIVE: i64 = 1 << 28;

pub(crate) const MSG_OOB: i64 = 0x1;
pub(crate) const MSG_PEEK: i64 = 0x2;
pub(crate) const MSG_CTRUNC: i64 = 0x8;
pub(crate) const MSG_TRUNC: i64 = 0x20;
pub(crate) const MSG_DONTWAIT: i64 = 0x40;
pub(crate) const MSG_EOR: i64 = 0x80;
pub(crate) const MSG_WAITALL: i64 = 0x100;
pub(crate) const MSG_ERRQUEUE: i64 = 0x2000;
pub(crate) const MSG_NOSIGNAL: i64 = 0x4000;
pub(crate) const MSG_MORE: i64 = 0x8000;
pub(crate) const MSG_ZEROCOPY: i64 = 0x400_0000;
pub(crate) const MSG_FASTOPEN: i64 = 0x2000_0000;

/// Sorted by what they belong to.
const SYMBOLS: &[(&str, i64)] = &[
    ("AF_UNSPEC", AF_UNSPEC),
    ("AF_INET", AF_INET),
    ("AF_INET6", AF_INET6),
    ("PF_INET", 2),
    ("PF_INET6", 10),
    ("SOCK_STREAM", 1),
    ("SOCK_DGRAM", 2),
    ("SOCK_RAW", 3),
    ("SOCK_NONBLOCK", O_NONBLOCK),
    ("SOCK_CLOEXEC", SOCK_CLOEXEC),
    ("IPPROTO_IP", SOL_IP),
    ("IPPROTO_ICMP", 1),
    ("IPPROTO_TCP", SOL_TCP),
    ("IPPROTO_UDP", 17),
    ("IPPROTO_IPV6", SOL_IPV6),
    ("AF_PACKET", AF_PACKET),
    ("IPPROTO_RAW", 255),
    ("IPPROTO_ICMPV6", 58),
    ("NULL", 0),
    ("SHUT_RD", 0),
    ("SHUT_WR", 1),
    ("SHUT_RDWR", 2),
    ("O_RDONLY", O_RDONLY),
    ("O_WRONLY", O_WRONLY),
    ("O_RDWR", O_RDWR),
    ("O_NONBLOCK", O_NONBLOCK),
    ("F_GETFL", F_GETFL),
    ("F_SETFL", F_SETFL),
    ("O_ACCMODE", 3),
    ("O_CREAT", 64),
    ("O_EXCL", 128),
    ("O_NOCTTY", 256),
    ("O_TRUNC", 512),
    ("O_APPEND", O_APPEND),
    ("F_DUPFD", 0),
    ("F_GETFD", 1),
    ("F_SETFD", 2),
    ("F_DUPFD_CLOEXEC", 1030),
    ("F_GETLK", 5),
    ("F_SETLK", 6),
    ("F_SETLKW", 7),
    ("F_SETOWN", 8),
    ("F_GETOWN", 9),
    ("F_SETSIG", 10),
    ("F_GETSIG", 11),
    ("F_SETLEASE", 1024),
    ("F_GETLEASE", 1025),
    ("F_NOTIFY", 1026),
    ("F_GETLK64", 5),
    ("F_SETLK64", 6),
    ("F_SETLKW64", 7),
    ("F_RDLCK", 0),
    ("F_WRLCK", 1),
    ("F_UNLCK", 2),
    ("F_EXLCK", 4),
    ("F_SHLCK", 8),
    ("LOCK_SH", 1),
    ("LOCK_EX", 2),
    ("LOCK_NB", 4),
    ("LOCK_UN", 8),
    ("SEEK_SET", 0),
    ("SEEK_CUR", 1),
    ("SEEK_END", 2),
    ("FD_CLOEXEC", 1),
    ("SIOCATMARK", 0x8905),
    ("SIOCINQ", 0x541b),
    ("FIONREAD", 0x541b),
    ("SIOCOUTQ", 0x5411),
    ("SIOCOUTQNSD", 0x894b),
    ("SOL_IP", SOL_IP),
    ("SOL_SOCKET", SOL_SOCKET),
    ("SOL_TCP", SOL_TCP),
    ("SOL_IPV6", SOL_IPV6),
    ("SOL_UDP", SOL_UDP),
    ("SO_DEBUG", 1),
    ("SO_REUSEADDR", 2),
    ("SO_TYPE", 3),
    ("SO_ERROR", 4),
    ("SO_DONTROUTE", 5),
    ("SO_BROADCAST", 6),
    ("SO_SNDBUF", 7),
    ("SO_RCVBUF", 8),
    ("SO_KEEPALIVE", 9),
    ("SO_OOBINLINE", 10),
    ("SO_NO_CHECK", 11),
    ("SO_PRIORITY", 12),
    ("SO_LINGER", 13),
    ("SO_BSDCOMPAT", 14),
    ("SO_REUSEPORT", 15),
    ("SO_PASSCRED", 16),
    ("SO_PEERCRED", 17),
    ("SO_RCVLOWAT", SO_RCVLOWAT),
    ("SO_SNDLOWAT", 19),
    ("SO_RCVTIMEO", 20),
    ("SO_SNDTIMEO", 21),
    ("SO_BINDTODEVICE", 25),
    ("SO_ATTACH_FILTER", 26),
    ("SO_DETACH_FILTER", 27),
    ("SO_PEERNAME", 28),
    ("SO_TIMESTAMP", 29),
    ("SO_ACCEPTCONN", 30),
    ("SO_PEERSEC", 31),
    ("SO_SNDBUFFORCE", 32),
    ("SO_RCVBUFFORCE", 33),
    ("SO_MARK", 36),
    ("SO_TIMESTAMPING", 37),
    ("SCM_TIMESTAMPING", 37),
    ("SO_DOMAIN", 39),
    ("SO_MAX_PACING_RATE", 47),
    ("SO_BUSY_POLL", 46),
    ("SO_INCOMING_CPU", 49),
    ("SO_ZEROCOPY", 60),
    ("SO_TXTIME", 61),
    ("TCP_NODELAY", 1),
    ("TCP_MAXSEG", 2),
    ("TCP_CORK", 3),
    ("TCP_KEEPIDLE", 4),
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 6),
    ("TCP_SYNCNT", 7),
    ("TCP_LINGER2", 8),
    ("TCP_DEFER_ACCEPT", 9),
    ("TCP_WINDOW_CLAMP", 10),
    ("TCP_INFO", 11),
    ("TCP_QUICKACK", 12),
    ("TCP_CONGESTION", TCP_CONGESTION),
    ("TCP_MD5SIG", 14),
    ("TCP_COOKIE_TRANSACTIONS", 15),
    ("TCP_THIN_LINEAR_TIMEOUTS", 16),
    ("TCP_THIN_DUPACK", 17),
    ("TCP_USER_TIMEOUT", 18),
    ("TCP_REPAIR", 19),
    ("TCP_FASTOPEN", 23),
    ("TCP_TIMESTAMP", 24),
    ("TCP_NOTSENT_LOWAT", 25),
    ("TCP_CC_INFO", 26),
    ("TCP_SAVE_SYN", 27),
    ("TCP_SAVED_SYN", 28),
    ("TCP_FASTOPEN_CONNECT", 30),
    ("TCP_FASTOPEN_KEY", 33),
    ("TCP_FASTOPEN_NO_COOKIE", 34),
    ("TCP_INQ", 36),
    ("TCP_CM_INQ", 36),
    ("TCP_TX_DELAY", 37),
    ("TCP_RTO_MAX_MS", 44),
    ("TCP_RTO_MIN_US", 45),
    ("TCP_DELACK_MAX_US", 46),
    ("TCP_INFINITE_SSTHRESH", 0x7fffffff),
    ("TCP_CA_OPEN", 0),
    ("TCP_CA_DISORDER", 1),
    ("TCP_CA_CWR", 2),
    ("TCP_CA_RECOVERY", 3),
    ("TCP_CA_LOSS", 4),
    ("IP_TOS", 1),
    ("IP_TTL", 2),
    ("IP_MTU_DISCOVER", 10),
    ("IP_RECVERR", 11),
    ("IP_MTU", 14),
    ("IP_TRANSPARENT", 19),
    ("IP_MINTTL", 21),
    ("IP_BIND_ADDRESS_NO_PORT", 24),
    ("IP_LOCAL_PORT_RANGE", 51),
    ("IP_FREEBIND", 15),
    ("IP_PMTUDISC_DONT", 0),
    ("IP_PMTUDISC_WANT", 1),
    ("IP_PMTUDISC_DO", 2),
    ("IP_PMTUDISC_PROBE", 3),
    ("IPV6_UNICAST_HOPS", 16),
    ("IPV6_MTU_DISCOVER", 23),
    ("IPV6_MTU", 24),
    ("IPV6_RECVERR", 25),
    ("IPV6_V6ONLY", 26),
    ("IPV6_HOPLIMIT", 52),
    ("IPV6_AUTOFLOWLABEL", 70),
    ("IPV6_MINHOPCOUNT", 73),
    ("IPV6_TCLASS", 67),
    ("MSG_OOB", MSG_OOB),
    ("MSG_PEEK", MSG_PEEK),
    ("MSG_DONTROUTE", 4),
    ("MSG_CTRUNC", MSG_CTRUNC),
    ("MSG_PROXY", 16),
    ("MSG_TRUNC", MSG_TRUNC),
    ("MSG_DONTWAIT", MSG_DONTWAIT),
    ("MSG_EOR", MSG_EOR),
    ("MSG_WAITALL", MSG_WAITALL),
    ("MSG_FIN", 512),
    ("MSG_SYN", 1024),
    ("MSG_CONFIRM", 2048),
    ("MSG_RST", 0x1000),
    ("MSG_ERRQUEUE", MSG_ERRQUEUE),
    ("MSG_NOSIGNAL", MSG_NOSIGNAL),
    ("MSG_MORE", MSG_MORE),
    ("MSG_ZEROCOPY", MSG_ZEROCOPY),
    ("MSG_FASTOPEN", MSG_FASTOPEN),
    ("MSG_CMSG_CLOEXEC", 0x40000000),
    ("SPLICE_F_MOVE", 1),
    ("SPLICE_F_NONBLOCK", 2),
    ("SPLICE_F_MORE", 4),
    ("SPLICE_F_GIFT", 8),
    ("POLLIN", POLLIN),
    ("POLLPRI", POLLPRI),
    ("POLLOUT", POLLOUT),
    ("POLLERR", POLLERR),
    ("POLLHUP", POLLHUP),
    ("POLLNVAL", POLLNVAL),
    ("POLLRDNORM", POLLRDNORM),
    ("POLLRDBAND", 128),
    ("POLLWRNORM", POLLWRNORM),
    ("POLLWRBAND", 512),
    ("POLLMSG", 1024),
    ("POLLRDHUP", POLLRDHUP),
    ("EPOLLIN", POLLIN),
    ("EPOLLPRI", POLLPRI),
    ("EPOLLOUT", POLLOUT),
    ("EPOLLERR", POLLERR),
    ("EPOLLHUP", POLLHUP),
    ("EPOLLRDNORM", POLLRDNORM),
    ("EPOLLRDBAND", 128),
    ("EPOLLWRNORM", POLLWRNORM),
    ("EPOLLWRBAND", 512),
    ("EPOLLMSG", 1024),
    ("EPOLLRDHUP", POLLRDHUP),
    ("EPOLLEXCLUSIVE", EPOLLEXCLUSIVE),
    ("EPOLLONESHOT", EPOLLONESHOT),
    ("EPOLLET", EPOLLET),
    ("EPOLL_CTL_ADD", 1),
    ("EPOLL_CTL_DEL", 2),
    ("EPOLL_CTL_MOD", 3),
    ("SO_EE_ORIGIN_NONE", 0),
    ("SO_EE_ORIGIN_LOCAL", 1),
    ("SO_EE_ORIGIN_ICMP", 2),
    ("SO_EE_ORIGIN_ICMP6", 3),
    ("SO_EE_ORIGIN_TIMESTAMPING", 4),
    ("SO_EE_ORIGIN_ZEROCOPY", 5),
    ("SO_EE_CODE_ZEROCOPY_COPIED", 1),
    ("SCM_TSTAMP_SND", 0),
    ("SCM_TSTAMP_SCHED", 1),
    ("SCM_TSTAMP_ACK", 2),
    ("SOF_TIMESTAMPING_TX_HARDWARE", 1),
    ("SOF_TIMESTAMPING_TX_SOFTWARE", 2),
    ("SOF_TIMESTAMPING_RX_HARDWARE", 4),
    ("SOF_TIMESTAMPING_RX_SOFTWARE", 8),
    ("SOF_TIMESTAMPING_SOFTWARE", 16),
    ("SOF_TIMESTAMPING_SYS_HARDWARE", 32),
    ("SOF_TIMESTAMPING_RAW_HARDWARE", 64),
    ("SOF_TIMESTAMPING_OPT_ID", 128),
    ("SOF_TIMESTAMPING_TX_SCHED", 256),
    ("SOF_TIMESTAMPING_TX_ACK", 512),
    ("SOF_TIMESTAMPING_OPT_CMSG", 1024),
    ("SOF_TIMESTAMPING_OPT_TSONLY", 2048),
    ("SOF_TIMESTAMPING_OPT_STATS", 4096),
    ("SOF_TIMESTAMPING_OPT_ID_TCP", 65536),
    ("CAP_SET", 1),
    ("CAP_CLEAR", 0),
    ("CAP_EFFECTIVE", 0),
    ("CAP_PERMITTED", 1),
    ("CAP_INHERITABLE", 2),
    ("CAP_NET_BIND_SERVICE", 10),
    ("CAP_CHOWN", 0),
    ("CAP_DAC_OVERRIDE", 1),
    ("CAP_DAC_READ_SEARCH", 2),
    ("CAP_FOWNER", 3),
    ("CAP_FSETID", 4),
    ("CAP_KILL", 5),
    ("CAP_SETGID", 6),
    ("CAP_SETUID", 7),
    ("CAP_SETPCAP", 8),
    ("CAP_LINUX_IMMUTABLE", 9),
    ("CAP_NET_BROADCAST", 11),
    ("CAP_IPC_LOCK", 14),
    ("CAP_IPC_OWNER", 15),
    ("CAP_SYS_MODULE", 16),
    ("CAP_SYS_RAWIO", 17),
    ("CAP_SYS_CHROOT", 18),
    ("CAP_SYS_PTRACE", 19),
    ("CAP_SYS_PACCT", 20),
    ("CAP_SYS_ADMIN", 21),
    ("CAP_SYS_BOOT", 22),
    ("CAP_SYS_NICE", 23),
    ("CAP_SYS_RESOURCE", 24),
    ("CAP_SYS_TIME", 25),
    ("CAP_SYS_TTY_CONFIG", 26),
    ("CAP_MKNOD", 27),
    ("CAP_LEASE", 28),
    ("CAP_AUDIT_WRITE", 29),
    ("CAP_AUDIT_CONTROL", 30),
    ("CAP_SETFCAP", 31),
    ("CAP_MAC_OVERRIDE", 32),
    ("CAP_MAC_ADMIN", 33),
    ("CAP_SYSLOG", 34),
    ("CAP_WAKE_ALARM", 35),
    ("CAP_BLOCK_SUSPEND", 36),
    ("CAP_NET_ADMIN", 12),
    ("CAP_NET_RAW", 13),
    ("TCP_FASTOPEN_MAX", 23),
];

/// The first name with this prefix that stands for `value`.
pub(crate) fn name(prefix: &str, value: i64) -> Option<&'static str> {
    SYMBOLS.iter().find(|(name, found)| name.starts_with(prefix) && *found == value).map(|(name, _)| *name)
}
