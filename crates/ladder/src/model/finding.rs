//! What is worth telling of a connection, with the evidence for it.

use std::net::IpAddr;

use super::end::Side;
use super::states::Certainty;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// It costs something.
    Warning,
    /// Something failed.
    Error,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Declares kinds of what is told: a stable code, how much it matters, and the clause that is about it.
macro_rules! kinds {
    ($(#[$about:meta])* $name:ident: $( $(#[$doc:meta])* $kind:ident = $code:literal, $severity:ident, $clause:literal; )*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$doc])* $kind, )* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$kind, )* ];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$kind => $code, )* }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> $crate::model::finding::Severity {
                match self { $( Self::$kind => $crate::model::finding::Severity::$severity, )* }
            }

            /// The clause that is about it.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $( Self::$kind => $clause, )* }
            }
        }
    };
}

pub(super) use kinds;

kinds! {
    /// What a finding says.
    FindingKind:
    /// An RST answered the SYN.
    Refused = "refused", Error, "RFC 9293 3.10.7.1";
    /// Nothing answered the SYN.
    NoAnswer = "no-answer", Error, "RFC 9293 3.8.3 MUST-23";
    /// The SYN-ACK was never acknowledged.
    HandshakeUnfinished = "handshake-unfinished", Error, "RFC 9293 3.5";
    /// An RST ended an open connection.
    Reset = "reset", Error, "RFC 9293 3.5.2";
    /// An RST came from where there is no such connection.
    HalfOpen = "half-open", Error, "RFC 9293 3.5.1";
    /// An RST came from an end that had not opened the connection yet.
    ResetOpening = "reset-opening", Error, "RFC 9293 3.5.2";
    /// An end closed with text unread, and reset its peer.
    ResetUnread = "reset-unread", Error, "RFC 9293 3.6.1 SHLD-3";
    /// Text came for a user who had gone.
    ResetAfterClose = "reset-after-close", Error, "RFC 9293 3.6.1 SHLD-3";
    /// An end closed when its peer, which had closed long before, waited for that no longer.
    LateClose = "late-close", Warning, "RFC 9293 3.10.7.1";
    /// An end gave its peer up.
    GaveUp = "gave-up", Error, "RFC 9293 3.8.3 MUST-20";
    /// Nothing answers what an end sends again, and it had not given up where the capture ends.
    Stalled = "stalled", Error, "RFC 9293 3.8.3 MUST-20";
    /// ICMP says that a segment could not be delivered.
    Unreachable = "unreachable", Error, "RFC 9293 3.9.2.2 MUST-56";
    /// ICMP says that a segment could not be delivered, and the connection went on all the same.
    UnreachableOnce = "unreachable-once", Warning, "RFC 9293 3.9.2.2 MUST-56";
    /// ICMP says that a segment outlived its hop limit.
    HopLimit = "hop-limit", Warning, "RFC 9293 3.9.2.2 MUST-56";
    /// An ICMP error about a segment that is not in flight.
    IcmpIgnored = "icmp-ignored", Note, "RFC 5927 4.1";
    /// ICMP says that a segment was too long for a link on its way.
    PathMtu = "path-mtu", Note, "RFC 9293 3.7.2";
    /// An RST whose number is not the one its receiver awaits.
    ResetIgnored = "reset-ignored", Warning, "RFC 5961 3.2";
    /// An RST that does not look like its sender's other segments.
    ResetForged = "reset-forged", Error, "RFC 5961 1.1";
    /// Text that differs from what had the same numbers before.
    ConflictingText = "conflicting-text", Warning, "RFC 9293 3.4";
    /// Segments far outside of the receiver's window.
    OutsideWindow = "outside-window", Warning, "RFC 9293 3.10.7.4";
    /// Segments whose timestamps are too old to be taken.
    Paws = "paws", Warning, "RFC 7323 5.3";
    /// Long segments get lost, and nobody says why.
    BlackHole = "black-hole", Error, "RFC 2923 2.1";
    /// Segments were lost on the way.
    Loss = "loss", Warning, "RFC 8985 6.2";
    /// The retransmission timer ran out.
    Timeout = "timeout", Warning, "RFC 6298 5.4";
    /// What had arrived was sent again.
    Spurious = "spurious", Note, "RFC 3522";
    /// What was sent once came twice.
    Duplicated = "duplicated", Note, "RFC 2883 4.1";
    /// Segments came in another order.
    Reordering = "reordering", Note, "RFC 8985 6.2";
    /// The peer's window was closed.
    ZeroWindow = "zero-window", Warning, "RFC 9293 3.8.6.1";
    /// The sender was held back by the peer's window.
    WindowLimited = "window-limited", Note, "RFC 9293 3.8.6";
    /// A window is heeded as if it was not scaled.
    ScaleIgnored = "scale-ignored", Warning, "RFC 7323 2.2";
    /// Reports of SACK have other numbers than what was sent.
    SackForeign = "sack-foreign", Warning, "RFC 2018 3";
    /// Routers marked what an end sent: congestion was experienced.
    CongestionMarks = "congestion-marks", Note, "RFC 3168 5";
    /// Round trips grow with what is in flight: segments wait in a queue.
    Bufferbloat = "bufferbloat", Note, "RFC 7567 1.2";
    /// An end left a FIN unanswered by one of its own.
    HalfClosed = "half-closed", Note, "RFC 9293 3.6";
    /// Both closed at once.
    SimultaneousClose = "simultaneous-close", Note, "RFC 9293 3.6";
    /// Both opened at once.
    SimultaneousOpen = "simultaneous-open", Note, "RFC 9293 3.5 MUST-10";
    /// The handshake took longer because a segment of it was sent again.
    SlowHandshake = "slow-handshake", Warning, "RFC 9293 3.8.3";
    /// The server went on as if the handshake's last segment had not come.
    HandshakeIgnored = "handshake-ignored", Warning, "RFC 9293 3.10.7.4";
    /// Data in a SYN was not taken, and went again.
    FastOpenRefused = "fast-open-refused", Note, "RFC 7413 4.2.2";
    /// The server took long to answer while nothing was under way.
    SlowApplication = "slow-application", Note, "RFC 9293 3.9.1";
    /// The connection was quiet, and keep-alive probes went.
    KeepAlive = "keep-alive", Note, "RFC 9293 3.8.4";
    /// Keep-alive probes went unanswered.
    PeerGone = "peer-gone", Error, "RFC 9293 3.8.4";
    /// The ports of an older connection were used again.
    ReusedPorts = "reused-ports", Note, "RFC 6191";
    /// Nagle's algorithm and a delayed acknowledgment waited for each other.
    NagleDelay = "nagle-delay", Warning, "RFC 9293 3.7.4";
    /// Text without ACK, or another thing that RFC 9293 forbids.
    Deviation = "deviation", Warning, "RFC 9293 3.10.7.4";
    /// The capture begins after the connection.
    NoSyn = "no-syn", Note, "RFC 9293 3.5";
    /// Only one direction was captured.
    OneDirection = "one-direction", Note, "RFC 9293 3.4";
    /// What both ends had was not captured.
    CaptureGap = "capture-gap", Note, "RFC 9293 3.4";
    /// Packets stand in the capture in another order than that of their times.
    Disordered = "disordered", Note, "RFC 9293 3.4";
    /// Each packet stands in the capture more than once.
    Mirrored = "mirrored", Note, "RFC 9293 3.4";
    /// The capture shows several segments of the path as one.
    SuperSegments = "super-segments", Note, "RFC 9293 3.7.1";
    /// Checksums are filled in behind the point of capture.
    ChecksumOffload = "checksum-offload", Note, "RFC 9293 3.1 MUST-2";
    /// A checksum is wrong: the receiver discards the segment.
    BadChecksum = "bad-checksum", Warning, "RFC 9293 3.1 MUST-3";
    /// Octets are missing at the end of packets: the capture's snap length.
    CutOff = "cut-off", Note, "RFC 9293 3.1";
}

/// A number that belongs to a finding, by the name that its sentence uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The name: `count`, `ms`, `octets`; `lost`, what of a handshake was lost, and `here`, whether the capture was made where
    /// it went, as [the catalogue](crate::Catalogue) tells them apart; `quiet`, for how many milliseconds nobody had said
    /// anything before; `mtu`, the largest packet that a link takes, octets; `icmp_code`, why a
    /// segment could not be delivered, by the numbers of ICMP for IPv4 (RFC 792) whichever IP it is.
    pub name: &'static str,
    /// The number.
    pub value: f64,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it says.
    pub kind: FindingKind,
    /// How well it is known.
    pub certainty: Certainty,
    /// Whose doing it was, as far as it was one end's.
    pub by: Option<Side>,
    /// Who said so, where ICMP did: an end, or a router on the way.
    pub reporter: Option<IpAddr>,
    /// The frames that show it, the first of them at most twenty.
    pub frames: Vec<u64>,
    /// Its numbers.
    pub evidence: Vec<Evidence>,
}
