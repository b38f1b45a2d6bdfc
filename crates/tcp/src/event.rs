//! What a connection tells its owner.

use crate::reason::CloseReason;

/// Something that the owner may want to act on. Each is reported once until it happens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The handshake is complete on this side: ESTABLISHED.
    Established,
    /// There is something to read, or the peer's FIN.
    Readable,
    /// There is room in the send buffer again.
    Writable,
    /// Everything that the user sent, and the FIN, is acknowledged.
    AllAcknowledged,
    /// Retransmissions are past R1 and short of R2 (SHLD-9).
    PathTrouble,
    /// An ICMP error that is not fatal (MUST-47).
    SoftError,
    /// Urgent data has arrived, or there is more of it (MUST-32).
    Urgent,
    /// The connection is CLOSED; no segment will be sent or accepted any more.
    Closed(CloseReason),
}
