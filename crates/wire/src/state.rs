//! The eleven states and the one table of their transitions (RFC 9293 section 3.3.2, Figure 5).

use core::fmt;

/// The states of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No connection at all.
    Closed,
    /// Waiting for a SYN from anybody.
    Listen,
    /// A SYN was sent, and none has come.
    SynSent,
    /// SYNs went both ways; ours is not acknowledged.
    SynReceived,
    /// Data goes both ways.
    Established,
    /// Our FIN was sent and is not acknowledged.
    FinWait1,
    /// Our FIN is acknowledged; the peer may still send.
    FinWait2,
    /// The peer's FIN has come; we may still send.
    CloseWait,
    /// Both FINs were sent; ours is not acknowledged.
    Closing,
    /// The peer closed first, and our FIN is not acknowledged.
    LastAck,
    /// All is done; late segments are given time to die.
    TimeWait,
}

/// What moves a connection from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The user's passive OPEN.
    PassiveOpen,
    /// The user's active OPEN: a SYN is sent.
    ActiveOpen,
    /// A SYN without an acknowledgment of ours.
    Syn,
    /// A SYN that acknowledges ours.
    SynAck,
    /// An acknowledgment of our SYN.
    AckOfSyn,
    /// The user's CLOSE: a FIN goes behind the data.
    Close,
    /// The peer's FIN, everything before it being here.
    Fin,
    /// An acknowledgment of our FIN.
    AckOfFin,
    /// A passive open came to nothing.
    ReturnToListen,
    /// An acceptable RST.
    Rst,
    /// The user's ABORT, or a reset that we send for him.
    Abort,
    /// The user timeout, R2, or keep-alive gave the peer up.
    TimedOut,
    /// 2 MSL have passed in TIME-WAIT.
    TimeWaitOver,
}

impl State {
    /// All of them, in the RFC's order.
    pub const ALL: [Self; 11] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// The state's name as the RFC writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// Where `trigger` leads from here; `None` when it cannot happen here.
    ///
    /// ```
    /// use synfin_wire::{State, Trigger};
    /// assert_eq!(State::Established.next(Trigger::Fin), Some(State::CloseWait));
    /// assert_eq!(State::Listen.next(Trigger::Fin), None);
    /// ```
    #[must_use]
    pub const fn next(self, trigger: Trigger) -> Option<Self> {
        use State as S;
        use Trigger as T;
        Some(match (self, trigger) {
            (S::Closed, T::PassiveOpen) => S::Listen,
            (S::Closed | S::Listen, T::ActiveOpen) => S::SynSent,

            (S::Listen | S::SynSent, T::Syn) => S::SynReceived,
            (S::Listen | S::SynSent, T::Close) => S::Closed,
            (S::SynSent, T::SynAck) => S::Established,

            (S::SynReceived, T::AckOfSyn) => S::Established,
            (S::SynReceived, T::ReturnToListen) => S::Listen,

            (S::SynReceived | S::Established, T::Close) => S::FinWait1,
            (S::SynReceived | S::Established, T::Fin) => S::CloseWait,

            (S::FinWait1, T::AckOfFin) => S::FinWait2,
            (S::FinWait1, T::Fin) => S::Closing,
            (S::FinWait2, T::Fin) => S::TimeWait,

            (S::CloseWait, T::Close) => S::LastAck,
            (S::Closing, T::AckOfFin) => S::TimeWait,
            (S::LastAck, T::AckOfFin) => S::Closed,

            (S::TimeWait, T::TimeWaitOver | T::Rst) => S::Closed,
            (
                S::SynSent
                | S::SynReceived
                | S::Established
                | S::FinWait1
                | S::FinWait2
                | S::CloseWait
                | S::Closing
                | S::LastAck,
                T::Rst | T::Abort | T::TimedOut,
            ) => S::Closed,
            (S::Listen | S::TimeWait, T::Abort) => S::Closed,

            (
                S::Closed
                | S::Listen
                | S::SynSent
                | S::SynReceived
                | S::Established
                | S::FinWait1
                | S::FinWait2
                | S::CloseWait
                | S::Closing
                | S::LastAck
                | S::TimeWait,
                _,
            ) => return None,
        })
    }

    /// The peer may still send data: its FIN has not come.
    #[must_use]
    pub const fn can_receive_data(self) -> bool {
        match self {
            Self::Established | Self::FinWait1 | Self::FinWait2 => true,
            Self::Closed
            | Self::Listen
            | Self::SynSent
            | Self::SynReceived
            | Self::CloseWait
            | Self::Closing
            | Self::LastAck
            | Self::TimeWait => false,
        }
    }

    /// Both ends have each other's initial sequence number confirmed.
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        match self {
            Self::Closed | Self::Listen | Self::SynSent | Self::SynReceived => false,
            Self::Established
            | Self::FinWait1
            | Self::FinWait2
            | Self::CloseWait
            | Self::Closing
            | Self::LastAck
            | Self::TimeWait => true,
        }
    }
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::PassiveOpen,
        Self::ActiveOpen,
        Self::Syn,
        Self::SynAck,
        Self::AckOfSyn,
        Self::Close,
        Self::Fin,
        Self::AckOfFin,
        Self::ReturnToListen,
        Self::Rst,
        Self::Abort,
        Self::TimedOut,
        Self::TimeWaitOver,
    ];

    /// How the trigger is called in the table and the graph.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PassiveOpen => "passive OPEN",
            Self::ActiveOpen => "active OPEN",
            Self::Syn => "rcv SYN",
            Self::SynAck => "rcv SYN,ACK",
            Self::AckOfSyn => "rcv ACK of SYN",
            Self::Close => "CLOSE",
            Self::Fin => "rcv FIN",
            Self::AckOfFin => "rcv ACK of FIN",
            Self::ReturnToListen => "back to LISTEN",
            Self::Rst => "rcv RST",
            Self::Abort => "ABORT",
            Self::TimedOut => "timed out",
            Self::TimeWaitOver => "2 MSL over",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
