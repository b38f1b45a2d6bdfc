//! What a connection tells its owner.

use synfin_wire::reason::CloseReason;

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

/// The events that have happened and were not yet asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Events {
    pending: u8,
    closed: Option<CloseReason>,
}

/// The events without a value, in the order in which they are reported.
const SIMPLE: [Event; 7] = [
    Event::Established,
    Event::Urgent,
    Event::Readable,
    Event::Writable,
    Event::AllAcknowledged,
    Event::PathTrouble,
    Event::SoftError,
];

impl Events {
    pub(crate) fn raise(&mut self, event: Event) {
        if let Event::Closed(reason) = event {
            self.closed = Some(reason);
        } else if let Some(bit) = SIMPLE.iter().position(|simple| *simple == event) {
            self.pending |= 1 << bit;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending == 0 && self.closed.is_none()
    }

    pub(crate) fn take(&mut self) -> Option<Event> {
        let bit = self.pending.trailing_zeros() as usize;
        if let Some(event) = SIMPLE.get(bit) {
            self.pending &= !(1 << bit);
            return Some(*event);
        }
        self.closed.take().map(Event::Closed)
    }
}
