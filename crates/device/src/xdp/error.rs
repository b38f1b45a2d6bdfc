//! Why an interface cannot be taken over, and what to do about it.

use std::{fmt, io};

/// Why there is no [`Xdp`](super::Xdp). Each is one sentence that says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum XdpError {
    /// There is no interface of that name in this network namespace.
    Missing {
        /// The name asked for.
        name: String,
    },
    /// The interface has no Ethernet address.
    NotEthernet {
        /// Its name.
        name: String,
    },
    /// The interface's packets are longer than a frame.
    Mtu {
        /// Its name.
        name: String,
        /// Its MTU, octets.
        mtu: usize,
        /// What may be, octets.
        most: usize,
    },
    /// What comes in is spread over several queues.
    Queues {
        /// The interface's name.
        name: String,
        /// How many.
        queues: u32,
    },
    /// The kernel does not let this process do it.
    Permission,
    /// Another socket or another program has the interface.
    Busy {
        /// Its name.
        name: String,
    },
    /// The kernel or the interface's driver cannot do it.
    Unsupported {
        /// What failed, to be read after "cannot".
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// Anything else.
    Io {
        /// What failed, to be read after "cannot".
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl XdpError {
    pub(super) fn io(step: &'static str, source: io::Error) -> Self {
        Self::Io { step, source }
    }

    pub(super) fn new(step: &'static str, name: &str, source: io::Error) -> Self {
        use nix::libc::{EAFNOSUPPORT, EBUSY, EINVAL, ENOSYS, EOPNOTSUPP};
        match (source.kind(), source.raw_os_error()) {
            (io::ErrorKind::PermissionDenied, _) => Self::Permission,
            (_, Some(EBUSY)) => Self::Busy { name: name.to_owned() },
            // An old kernel does not know the command of bpf(2) that attaches a program for as long as it is held.
            (_, Some(EAFNOSUPPORT | EINVAL | ENOSYS | EOPNOTSUPP)) => Self::Unsupported { step, source },
            _ => Self::Io { step, source },
        }
    }
}

impl fmt::Display for XdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => {
                write!(f, "there is no interface {name:?} in this network namespace: see `ip link`")
            }
            Self::NotEthernet { name } => {
                write!(f, "the interface {name:?} has no Ethernet address: AF_XDP needs one, use a TUN instead")
            }
            Self::Mtu { name, mtu, most } => write!(
                f,
                "the interface {name:?} has an MTU of {mtu}, and a frame holds {most}: run `ip link set {name} mtu {most}`"
            ),
            Self::Queues { name, queues } => write!(
                f,
                "the interface {name:?} spreads what comes in over {queues} queues, of which one is taken: run \
                 `ethtool -L {name} combined 1`"
            ),
            Self::Permission => f.write_str(
                "no permission to take an interface over: it takes CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF outside of any \
                 user namespace, so run as root",
            ),
            Self::Busy { name } => write!(
                f,
                "the interface {name:?} has another XDP program, or another socket has its queue: end what uses it, or \
                 run `ip link set {name} xdp off`"
            ),
            Self::Unsupported { step, source } => write!(
                f,
                "cannot {step}: {source}; it takes Linux 5.9 with CONFIG_XDP_SOCKETS, and in native mode a driver with XDP"
            ),
            Self::Io { step, source } => write!(f, "cannot {step}: {source}"),
        }
    }
}

impl std::error::Error for XdpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Unsupported { source, .. } => Some(source),
            _ => None,
        }
    }
}
