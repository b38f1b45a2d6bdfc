//! Errors of the stack as [`io::Error`]s, for those who expect a kernel's.

use std::fmt;
use std::io::{self, ErrorKind};

use synfin_host::tcp::{CloseReason, ReceiveError, SendError};
use synfin_host::{BindError, ConnectError, ListenError, SendToError};

/// Why a connection is gone: what an [`io::Error`] of a stream carries.
///
/// ```
/// use synfin::{CloseReason, ConnectionClosed};
/// let error = std::io::Error::from(ConnectionClosed(CloseReason::Refused));
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Refused));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionClosed(pub CloseReason);

impl ConnectionClosed {
    /// The reason that an error carries, if it is one of a connection.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<CloseReason> {
        error.get_ref()?.downcast_ref::<Self>().map(|closed| closed.0)
    }

    fn kind(self) -> ErrorKind {
        match self.0 {
            CloseReason::Finished => ErrorKind::BrokenPipe,
            CloseReason::Aborted | CloseReason::UnreadData | CloseReason::DataAfterClose => {
                ErrorKind::ConnectionAborted
            }
            CloseReason::Refused => ErrorKind::ConnectionRefused,
            CloseReason::Reset | CloseReason::Contradicted | CloseReason::BackToListen => {
                ErrorKind::ConnectionReset
            }
            CloseReason::HandshakeTimeout
            | CloseReason::RetransmissionTimeout
            | CloseReason::UserTimeout
            | CloseReason::KeepAliveTimeout
            | CloseReason::FinWait2Timeout
            | CloseReason::Orphaned => ErrorKind::TimedOut,
            CloseReason::Unreachable => ErrorKind::HostUnreachable,
        }
    }
}

impl fmt::Display for ConnectionClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self.0 {
            CloseReason::Finished => "the connection has ended",
            CloseReason::Aborted => "the connection was aborted on this side",
            CloseReason::UnreadData => "the connection was closed on this side with data unread",
            CloseReason::DataAfterClose => "data came after this side had closed",
            CloseReason::Contradicted => "the peer closed and sent more after its end",
            CloseReason::Refused => "the peer refused the connection",
            CloseReason::Reset => "the peer reset the connection",
            CloseReason::BackToListen => "the peer gave the connection up before it was established",
            CloseReason::HandshakeTimeout => "the peer did not answer",
            CloseReason::RetransmissionTimeout => "the peer acknowledges no more",
            CloseReason::UserTimeout => "the user timeout has passed",
            CloseReason::KeepAliveTimeout => "the peer answers no keep-alive probe",
            CloseReason::FinWait2Timeout => "the peer never closed its side",
            CloseReason::Orphaned => "its owner has gone, and what was left is not kept any longer",
            CloseReason::Unreachable => "the peer cannot be reached",
        };
        write!(f, "{sentence} [{}]", self.0.clause())
    }
}

impl std::error::Error for ConnectionClosed {}

impl From<ConnectionClosed> for io::Error {
    fn from(closed: ConnectionClosed) -> Self {
        Self::new(closed.kind(), closed)
    }
}

pub(crate) fn of_reason(reason: CloseReason) -> io::Error {
    ConnectionClosed(reason).into()
}

/// Whether a connection that is gone for this has not ended in order.
pub(crate) fn is_failure(reason: CloseReason) -> bool {
    reason != CloseReason::Finished
}

/// What a send says that cannot succeed later either.
pub(crate) fn of_send(error: SendError) -> io::Error {
    match error {
        SendError::WouldBlock => ErrorKind::WouldBlock.into(),
        SendError::Closing => io::Error::new(ErrorKind::BrokenPipe, error),
        SendError::Closed(reason) => of_reason(reason),
    }
}

pub(crate) fn of_receive(error: ReceiveError) -> io::Error {
    match error {
        ReceiveError::WouldBlock => ErrorKind::WouldBlock.into(),
        ReceiveError::Closed(reason) => of_reason(reason),
    }
}

pub(crate) fn of_connect(error: ConnectError) -> io::Error {
    let kind = match error {
        ConnectError::InvalidRemote => ErrorKind::InvalidInput,
        ConnectError::NotOurAddress | ConnectError::NoFreePort => ErrorKind::AddrNotAvailable,
        ConnectError::NoAddress | ConnectError::NoRoute => ErrorKind::NetworkUnreachable,
        ConnectError::InUse => ErrorKind::AddrInUse,
        ConnectError::TooMany => ErrorKind::QuotaExceeded,
    };
    io::Error::new(kind, error)
}

pub(crate) fn of_listen(error: ListenError) -> io::Error {
    let kind = match error {
        ListenError::NotOurAddress | ListenError::NoFreePort => ErrorKind::AddrNotAvailable,
        ListenError::InUse => ErrorKind::AddrInUse,
    };
    io::Error::new(kind, error)
}

pub(crate) fn of_bind(error: BindError) -> io::Error {
    let kind = match error {
        BindError::NotOurAddress | BindError::NoFreePort => ErrorKind::AddrNotAvailable,
        BindError::InUse => ErrorKind::AddrInUse,
    };
    io::Error::new(kind, error)
}

pub(crate) fn of_send_to(error: SendToError) -> io::Error {
    let kind = match error {
        SendToError::Closed => ErrorKind::NotConnected,
        SendToError::InvalidRemote => ErrorKind::InvalidInput,
        SendToError::NoAddress | SendToError::NoRoute => ErrorKind::NetworkUnreachable,
        SendToError::TooLong => ErrorKind::FileTooLarge,
        SendToError::WouldBlock => ErrorKind::WouldBlock,
    };
    io::Error::new(kind, error)
}
