//! Settings of explicit congestion notification (RFC 3168, RFC 9768).

use crate::compact::compact;

/// Explicit congestion notification: routers mark instead of dropping, and the receiver says so.
///
/// The default is [`EcnConfig::passive`], as in Linux and FreeBSD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcnConfig {
    /// The best feedback that a peer which opens is granted.
    pub accept: EcnFeedback,
    /// The feedback to ask for in an active open; the peer may grant less.
    pub request: EcnFeedback,
    /// Give ECN up where the path seems not to like it: a SYN that has to be sent again (RFC 3168
    /// section 6.1.1.1, RFC 9768 section 3.1.4.1), ECN bits that were changed on the way (section 3.2.2.3).
    pub fallback: bool,
    /// When the AccECN option is sent.
    pub option: AccEcnOption,
    /// How often in a round trip [`AccEcnOption::Sparing`] sends it without need.
    pub option_beacons: u8,
}

/// How marks are fed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EcnFeedback {
    /// Not at all: nothing that is sent is ECN-capable.
    #[default]
    Off,
    /// Once a round trip (RFC 3168).
    Classic,
    /// Each of them (AccECN, RFC 9768).
    Accurate,
}

compact!(
    enum EcnFeedback {
        Off,
        Classic,
        Accurate,
    }
);

/// When the AccECN option is sent (RFC 9768 section 3.2.3.3), to a peer that has shown to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccEcnOption {
    /// Never.
    Never,
    /// When it has news, and some times in each round trip.
    Sparing,
    /// In each segment that has room, unless segments with it are lost again and again.
    #[default]
    Always,
    /// In each segment that has room.
    Persistent,
}

impl Default for EcnConfig {
    fn default() -> Self {
        Self::passive()
    }
}

impl EcnConfig {
    /// What a peer asks for is granted in the classic form, and nothing is asked for.
    #[must_use]
    pub const fn passive() -> Self {
        Self {
            accept: EcnFeedback::Classic,
            request: EcnFeedback::Off,
            fallback: true,
            option: AccEcnOption::Always,
            option_beacons: 3,
        }
    }
}
