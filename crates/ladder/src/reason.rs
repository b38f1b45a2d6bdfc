//! Why a segment was sent, as far as one who only watches can know.

use std::fmt;

use synfin_wire::SendReason;

synfin_wire::reasons! {
    /// What can be said of a segment when its sender's own reason cannot be told apart from others.
    Seen {
        /// An acknowledgment; its timer or counter is not to be seen.
        Ack = "ack", "RFC 9293 3.8.6.3";
        /// Something sent before goes again; what made it go is not to be seen.
        Retransmit = "retransmit", "RFC 9293 3.8.1";
        /// The FIN again.
        FinRetransmit = "fin-retransmit", "RFC 9293 3.8.1";
        /// An RST; what made it go is not to be seen.
        ResetUnexplained = "reset-unexplained", "RFC 9293 3.5.2";
        /// The same packet a second time: the network, or the point of capture, doubled it.
        NetworkDuplicate = "network-duplicate", "RFC 9293 3.4";
        /// A packet that was overtaken on its way.
        Reordered = "reordered", "RFC 9293 3.4";
        /// Flags that make no sense together.
        Senseless = "senseless", "RFC 9293 3.10.7";
    }
}

/// Why a segment was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A reason of the sender.
    Sent(SendReason),
    /// What one who watches can say.
    Seen(Seen),
}

impl Reason {
    /// Every one of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let sent = SendReason::ALL.iter().copied().map(Self::Sent);
        sent.chain(Seen::ALL.iter().copied().map(Self::Seen))
    }

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sent(reason) => reason.code(),
            Self::Seen(reason) => reason.code(),
        }
    }

    /// The clause that asks for it.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Sent(reason) => reason.clause(),
            Self::Seen(reason) => reason.clause(),
        }
    }
}

impl From<SendReason> for Reason {
    fn from(reason: SendReason) -> Self {
        Self::Sent(reason)
    }
}

impl From<Seen> for Reason {
    fn from(reason: Seen) -> Self {
        Self::Seen(reason)
    }
}

impl fmt::Display for Reason {
    /// The code with its clause behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.code(), self.clause())
    }
}
