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

/// What has happened, each at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Events {
    /// A bit for each event without a value.
    bits: u8,
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
    /// It has happened.
    pub fn raise(&mut self, event: Event) {
        match event {
            Event::Closed(reason) => self.closed = Some(reason),
            simple => self.bits |= bit(simple),
        }
    }

    /// These have happened too.
    pub fn join(&mut self, others: Self) {
        self.bits |= others.bits;
        self.closed = others.closed.or(self.closed);
    }

    /// Whether it has happened. Of [`Event::Closed`] the reason counts.
    #[must_use]
    pub fn contains(self, event: Event) -> bool {
        match event {
            Event::Closed(reason) => self.closed == Some(reason),
            simple => self.bits & bit(simple) != 0,
        }
    }

    /// Why the connection is CLOSED, if it has come to be.
    #[must_use]
    pub fn closed(self) -> Option<CloseReason> {
        self.closed
    }

    /// Nothing has happened.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bits == 0 && self.closed.is_none()
    }

    pub(crate) fn take(&mut self) -> Option<Event> {
        match SIMPLE.get(self.bits.trailing_zeros() as usize) {
            Some(event) => {
                self.bits &= !bit(*event);
                Some(*event)
            }
            None => self.closed.take().map(Event::Closed),
        }
    }
}

/// The place of an event in [`SIMPLE`].
const fn bit(event: Event) -> u8 {
    1 << match event {
        Event::Established => 0,
        Event::Urgent => 1,
        Event::Readable => 2,
        Event::Writable => 3,
        Event::AllAcknowledged => 4,
        Event::PathTrouble => 5,
        Event::SoftError => 6,
        Event::Closed(_) => return 0,
    }
}
