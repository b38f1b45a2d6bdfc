//! Why there is no TUN, and what to do about it.

use std::{fmt, io};

use nix::errno::Errno;

/// Why a TUN or TAP cannot be made or driven. Each is one sentence that says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum TunError {
    /// /dev/net/tun does not exist, or no driver is behind it.
    Missing,
    /// The kernel does not let this process make the interface.
    Permission,
    /// Another process has the interface of that name.
    Busy {
        /// The name asked for.
        name: String,
    },
    /// An interface of that name exists and is another kind of interface, or has one queue where several are asked for.
    Taken {
        /// The name asked for.
        name: String,
    },
    /// No name for an interface.
    InvalidName {
        /// The name asked for.
        name: String,
    },
    /// An MTU that the kernel does not take.
    InvalidMtu {
        /// The MTU asked for, octets.
        mtu: usize,
    },
    /// The descriptor is that of something else.
    NotATun,
    /// The descriptor was attached without `IFF_NO_PI`.
    PacketInformation {
        /// The interface's name.
        name: String,
    },
    /// The interface is in another network namespace and its MTU was not given.
    UnknownMtu {
        /// The interface's name.
        name: String,
    },
    /// Anything else.
    Io {
        /// What failed, to be read after "cannot".
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl TunError {
    pub(super) fn io(step: &'static str, errno: Errno) -> Self {
        Self::Io { step, source: errno.into() }
    }

    pub(super) fn from_open(error: io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO | Errno::ENOTDIR) => Self::Missing,
            Some(Errno::EACCES | Errno::EPERM) => Self::Permission,
            _ => Self::Io { step: "open /dev/net/tun", source: error },
        }
    }

    pub(super) fn from_attach(errno: Errno, name: &str) -> Self {
        let name = name.to_owned();
        match errno {
            Errno::EPERM | Errno::EACCES => Self::Permission,
            Errno::EBUSY => Self::Busy { name },
            // The driver says EINVAL for an interface that is not its own, or that is TAP where TUN was
            // asked for, and for nothing else that we ask of it.
            Errno::EINVAL | Errno::EEXIST if nix::net::if_::if_nametoindex(name.as_str()).is_ok() => {
                Self::Taken { name }
            }
            errno => Self::io("make the interface", errno),
        }
    }

    pub(super) fn from_mtu(errno: Errno, mtu: usize) -> Self {
        match errno {
            Errno::EINVAL => Self::InvalidMtu { mtu },
            Errno::EPERM | Errno::EACCES => Self::Permission,
            errno => Self::io("set the interface's MTU", errno),
        }
    }

    pub(super) fn from_describe(errno: Errno) -> Self {
        match errno {
            Errno::ENOTTY | Errno::EBADFD | Errno::EINVAL | Errno::EOPNOTSUPP | Errno::EBADF => Self::NotATun,
            errno => Self::io("ask which interface the descriptor is of", errno),
        }
    }
}

impl fmt::Display for TunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "/dev/net/tun is missing: run `modprobe tun`, or start the container with `--device /dev/net/tun`",
            ),
            Self::Permission => f.write_str(
                "no permission to make a TUN interface: it takes CAP_NET_ADMIN, so run as root or inside a user \
                 namespace of your own (`unshare -rn`)",
            ),
            Self::Busy { name } => {
                write!(f, "the interface {name:?} is in use by another process: end that or choose another name")
            }
            Self::Taken { name } => {
                write!(
                    f,
                    "there is an interface {name:?} already, and it cannot be attached to: it is no TUN, or it was made \
                     for another number of queues (`ip tuntap add` makes it for several with `multi_queue`, for one \
                     without): choose another name"
                )
            }
            Self::InvalidName { name } => write!(
                f,
                "{name:?} is no name for an interface: use 1 to 15 octets without white space, '/' and ':'"
            ),
            Self::InvalidMtu { mtu } => {
                write!(f, "the kernel does not take an MTU of {mtu}: use 68 to 65521 octets, 1280 at least for IPv6")
            }
            Self::NotATun => f.write_str(
                "the file descriptor is not that of a TUN or TAP interface: open /dev/net/tun and attach it with \
                 TUNSETIFF before handing it over",
            ),
            Self::PacketInformation { name } => {
                write!(f, "the descriptor of {name:?} puts four octets before each packet: attach it with IFF_NO_PI")
            }
            Self::UnknownMtu { name } => write!(
                f,
                "the interface {name:?} is not in this network namespace: give its MTU along with the descriptor"
            ),
            Self::Io { step, source } => write!(f, "cannot {step}: {source}"),
        }
    }
}

impl std::error::Error for TunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
