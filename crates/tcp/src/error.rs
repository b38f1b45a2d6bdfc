//! How a user's call can fail: one small enum a call.

use core::fmt;

use synfin_wire::reason::CloseReason;

/// Why nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The send buffer is full; [`Event::Writable`](crate::Event::Writable) says when it is not.
    WouldBlock,
    /// The user has closed this direction: "connection closing" (RFC 9293 section 3.10.2).
    Closing,
    /// The connection is gone.
    Closed(CloseReason),
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveError {
    /// Nothing has arrived; [`Event::Readable`](crate::Event::Readable) says when something has.
    WouldBlock,
    /// The connection is gone, and it did not end with the peer's FIN.
    Closed(CloseReason),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldBlock => f.write_str("the send buffer is full"),
            Self::Closing => f.write_str("this direction has been closed"),
            Self::Closed(reason) => reason.fmt(f),
        }
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldBlock => f.write_str("nothing has arrived yet"),
            Self::Closed(reason) => reason.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}
impl core::error::Error for ReceiveError {}
