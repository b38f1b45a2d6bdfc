//! The errors that calls set.

use synfin_host::tcp::{CloseReason, State};

/// An error by its name; Linux's number is what SO_ERROR returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno {
    pub(crate) name: &'static str,
    pub(crate) number: i64,
}

macro_rules! errnos {
    ($( $name:ident = $number:literal; )*) => {
        impl Errno {
            $( pub(crate) const $name: Self = Self { name: stringify!($name), number: $number }; )*
            /// Every one of them.
            pub(crate) const ALL: &'static [Self] = &[ $( Self::$name, )* ];
        }
    };
}

errnos! {
    ENOENT = 2;
    EBADF = 9;
    EAGAIN = 11;
    EFAULT = 14;
    EINVAL = 22;
    ESPIPE = 29;
    ENOMSG = 42;
    EPIPE = 32;
    ENOPROTOOPT = 92;
    EOPNOTSUPP = 95;
    EADDRINUSE = 98;
    EADDRNOTAVAIL = 99;
    ENETUNREACH = 101;
    ECONNABORTED = 103;
    ECONNRESET = 104;
    ENOBUFS = 105;
    EISCONN = 106;
    ENOTCONN = 107;
    ETIMEDOUT = 110;
    ECONNREFUSED = 111;
    EHOSTUNREACH = 113;
    EALREADY = 114;
    EINPROGRESS = 115;
}

/// The error that a connection leaves behind, given the state it was in before it was CLOSED; `None` when
/// it ended in order.
pub(crate) fn of_closing(reason: CloseReason, before: State) -> Option<Errno> {
    match reason {
        CloseReason::Finished | CloseReason::FinWait2Timeout | CloseReason::UnreadData => None,
        CloseReason::Reset if before == State::CloseWait => Some(Errno::EPIPE),
        CloseReason::Reset | CloseReason::BackToListen | CloseReason::DataAfterClose => {
            Some(Errno::ECONNRESET)
        }
        CloseReason::Refused => Some(Errno::ECONNREFUSED),
        CloseReason::Aborted => Some(Errno::ECONNABORTED),
        CloseReason::HandshakeTimeout
        | CloseReason::RetransmissionTimeout
        | CloseReason::UserTimeout
        | CloseReason::KeepAliveTimeout
        | CloseReason::Orphaned => Some(Errno::ETIMEDOUT),
        CloseReason::Unreachable => Some(Errno::EHOSTUNREACH),
    }
}
