//! Why a segment was sent, why one was discarded, why a connection ended.
//!
//! Each reason has a stable code, which is what files and message catalogues are keyed by, and the clause
//! that asks for it.

/// Declares an enum of reasons with a stable code and a clause for each.
#[macro_export]
macro_rules! reasons {
    (
        $(#[$attribute:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $code:literal, $clause:literal; )* }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl $name {
            /// Every one of them, in the order of the declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// The clause that asks for it.
            #[must_use]
            pub const fn clause(self) -> &'static str {
                match self { $( Self::$variant => $clause, )* }
            }
        }

        impl ::core::fmt::Display for $name {
            /// The code with its clause behind it.
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::write!(f, "{} [{}]", self.code(), self.clause())
            }
        }
    };
}

reasons! {
    /// Why a segment was sent.
    SendReason {
        /// The SYN of an active open.
        Syn = "syn", "RFC 9293 3.10.1";
        /// The SYN again: nobody answered.
        SynRetransmit = "syn-retransmit", "RFC 9293 3.8.3 MUST-22";
        /// The SYN of an active open, asking for a Fast Open cookie.
        SynCookieRequest = "syn-cookie-request", "RFC 7413 4.2.1";
        /// The SYN of an active open, with text.
        SynText = "syn-text", "RFC 7413 4.2.1";
        /// The SYN again, without text: the path takes only smaller segments.
        SynPathMtu = "syn-path-mtu", "RFC 9293 3.7.2";
        /// The SYN-ACK of a passive open.
        SynAck = "syn-ack", "RFC 9293 3.10.7.2";
        /// The SYN-ACK of a passive open, with a Fast Open cookie.
        SynAckCookie = "syn-ack-cookie", "RFC 7413 4.2.2";
        /// The SYN-ACK of a passive open whose SYN's text was taken.
        SynAckText = "syn-ack-text", "RFC 7413 4.2.2";
        /// The SYN-ACK of a passive open that is not kept: its numbers say what the SYN said.
        SynAckStateless = "syn-ack-stateless", "RFC 4987 3.6";
        /// The SYN-ACK again: the handshake's third segment has not come.
        SynAckRetransmit = "syn-ack-retransmit", "RFC 9293 3.8.3 MUST-22";
        /// The SYN-ACK again: the peer's SYN came again.
        SynAckRepeat = "syn-ack-repeat", "RFC 9293 3.10.7.4";
        /// The SYN-ACK of a simultaneous open.
        SimultaneousOpen = "simultaneous-open", "RFC 9293 3.5 MUST-10";
        /// The handshake's third segment.
        HandshakeAck = "handshake-ack", "RFC 9293 3.10.7.3";
        /// New data that fits the peer's window and the congestion window.
        Data = "data", "RFC 9293 3.8.6";
        /// New data that Nagle or silly-window avoidance held back until their time was up.
        OverrideData = "override-data", "RFC 9293 3.8.6.2.1";
        /// The end of this direction.
        Fin = "fin", "RFC 9293 3.10.4";
        /// The retransmission timer ran out.
        RtoRetransmit = "rto-retransmit", "RFC 6298 5.4";
        /// Three duplicate acknowledgments.
        FastRetransmit = "fast-retransmit", "RFC 5681 3.2";
        /// A partial acknowledgment during fast recovery.
        PartialAckRetransmit = "partial-ack-retransmit", "RFC 6582 3.2";
        /// Something sent later has arrived, as the peer's SACK ranges show.
        RackRetransmit = "rack-retransmit", "RFC 8985 6.2";
        /// No acknowledgment has come for two round trips: was the tail lost?
        TailLossProbe = "tail-loss-probe", "RFC 8985 7.3";
        /// New data after a timeout, to learn whether anything was lost.
        FrtoData = "frto-data", "RFC 5682 2.1";
        /// The text of the SYN, which its SYN-ACK did not acknowledge.
        SynTextRetransmit = "syn-text-retransmit", "RFC 7413 4.2.1";
        /// New data on the first two duplicate acknowledgments.
        LimitedTransmit = "limited-transmit", "RFC 3042 2";
        /// New data in a segment larger than usual: does the path take it?
        MtuProbe = "mtu-probe", "RFC 4821 7.5";
        /// The path takes only smaller segments.
        PathMtuRetransmit = "path-mtu-retransmit", "RFC 9293 3.7.2";
        /// The peer's window is closed: is it still?
        ZeroWindowProbe = "zero-window-probe", "RFC 9293 3.8.6.1 MUST-36";
        /// The line has been quiet: is the peer still there?
        KeepAliveProbe = "keep-alive-probe", "RFC 9293 3.8.4";
        /// The delayed acknowledgment's time is up.
        DelayedAck = "delayed-ack", "RFC 9293 3.8.6.3 MUST-40";
        /// Two full-sized segments' worth of data has come.
        SecondSegmentAck = "second-segment-ack", "RFC 9293 3.8.6.3 SHLD-19";
        /// Early in the connection every segment is acknowledged at once.
        QuickAck = "quick-ack", "RFC 5681 4.2";
        /// Data beyond a gap has come.
        OutOfOrderAck = "out-of-order-ack", "RFC 5681 4.2";
        /// A gap, or a part of it, has been filled.
        GapFilledAck = "gap-filled-ack", "RFC 5681 4.2";
        /// A segment outside the window: this is where we are.
        UnacceptableAck = "unacceptable-ack", "RFC 9293 3.10.7.4";
        /// No memory was left for a segment: the window is closed.
        NoRoomAck = "no-room-ack", "RFC 9293 3.8.6";
        /// A segment whose timestamp is older than one already seen.
        PawsAck = "paws-ack", "RFC 7323 5.3";
        /// The ECN field has changed, marks have added up, or the peer has reduced its window.
        EcnAck = "ecn-ack", "RFC 9768 3.2.2.5.1";
        /// The user has read, so the window has opened.
        WindowUpdate = "window-update", "RFC 9293 3.8.6.2.2";
        /// The peer's FIN.
        FinAck = "fin-ack", "RFC 9293 3.10.7.4";
        /// A probe or keep-alive from the peer.
        ProbeAck = "probe-ack", "RFC 9293 3.8.4";
        /// An RST in the window but not at its edge.
        ChallengeRst = "challenge-rst", "RFC 5961 3.2";
        /// A SYN on a synchronized connection.
        ChallengeSyn = "challenge-syn", "RFC 5961 4.2";
        /// An acknowledgment of data too old, or never sent.
        ChallengeAck = "challenge-ack", "RFC 5961 5.2";
        /// TIME-WAIT answers a segment of the old connection.
        TimeWaitAck = "time-wait-ack", "RFC 9293 3.10.7.4";
        /// There is no connection here.
        ResetNoConnection = "reset-no-connection", "RFC 9293 3.10.7.1";
        /// The acknowledgment is for something this connection never sent.
        ResetBadAck = "reset-bad-ack", "RFC 9293 3.10.7.3";
        /// The application refused the connection.
        ResetRefused = "reset-refused", "RFC 9293 3.5.2";
        /// The user aborted.
        ResetAbort = "reset-abort", "RFC 9293 3.10.5";
        /// The user closed with data unread.
        ResetUnread = "reset-unread", "RFC 9293 3.6.1 SHLD-3";
        /// Data came for a user who has gone.
        ResetAfterClose = "reset-after-close", "RFC 9293 3.6.1 SHLD-3";
        /// Text went on from before the peer's FIN to behind it.
        ResetContradicted = "reset-contradicted", "RFC 9293 3.10.7.4";
        /// Keep-alive gave the peer up.
        ResetTimeout = "reset-timeout", "RFC 9293 3.8.4";
        /// The user has gone, and what is left to be sent is not kept any longer.
        ResetOrphan = "reset-orphan", "RFC 6429 4";
    }
}

reasons! {
    /// Why a segment was discarded.
    DropReason {
        /// Its checksum is wrong.
        Checksum = "checksum", "RFC 9293 3.1 MUST-3";
        /// It is no TCP segment: cut off, or an impossible data offset.
        Malformed = "malformed", "RFC 9293 3.1";
        /// Its source can be nobody's address.
        InvalidSource = "invalid-source", "RFC 9293 3.9.2.3 MUST-63";
        /// It was sent to a broadcast or multicast address.
        NotUnicast = "not-unicast", "RFC 9293 3.9.2.3 MUST-57";
        /// It has no MD5 signature, and there is a key for its sender.
        Md5NotFound = "md5-not-found", "RFC 2385 2.0";
        /// It has an MD5 signature, and there is no key for its sender.
        Md5Unexpected = "md5-unexpected", "RFC 2385 2.0";
        /// Its MD5 signature is wrong.
        Md5Failure = "md5-failure", "RFC 2385 2.0";
        /// There is no connection here.
        NoConnection = "no-connection", "RFC 9293 3.10.7.1";
        /// A listener takes SYNs only.
        NotForListen = "not-for-listen", "RFC 9293 3.10.7.2";
        /// The SYN or accept queue is full.
        Backlog = "backlog", "RFC 4987 3";
        /// It has come from further away than its sender is (RFC 5082).
        TooFar = "too-far", "RFC 5082 3";
        /// The connection's owner has not decided whether to answer.
        Undecided = "undecided", "RFC 9293 3.10.7.2";
        /// In SYN-SENT, it acknowledges something that was not sent.
        SynSentBadAck = "syn-sent-bad-ack", "RFC 9293 3.10.7.3";
        /// In SYN-SENT, an RST without an acceptable acknowledgment.
        SynSentBadRst = "syn-sent-bad-rst", "RFC 9293 3.10.7.3";
        /// In SYN-SENT, neither SYN nor RST.
        SynSentNoSyn = "syn-sent-no-syn", "RFC 9293 3.10.7.3";
        /// In SYN-SENT, it echoes a timestamp that was not sent.
        SynSentBadEcho = "syn-sent-bad-echo", "RFC 7323 3.2";
        /// It lies outside the receive window.
        OutsideWindow = "outside-window", "RFC 9293 3.10.7.4";
        /// All of it had arrived before.
        Duplicate = "duplicate", "RFC 9293 3.10.7.4";
        /// Its timestamp is older than one already seen.
        Paws = "paws", "RFC 7323 5.3";
        /// It lacks the timestamp that both ends agreed on.
        MissingTimestamp = "missing-timestamp", "RFC 7323 3.2";
        /// An RST in the window but not at its edge.
        RstNotExact = "rst-not-exact", "RFC 5961 3.2";
        /// A SYN on a synchronized connection.
        SynInWindow = "syn-in-window", "RFC 5961 4.2";
        /// It has no acknowledgment.
        NoAck = "no-ack", "RFC 9293 3.10.7.4";
        /// Its acknowledgment is too old.
        AckTooOld = "ack-too-old", "RFC 5961 5.2";
        /// It acknowledges something that was never sent.
        AckOfUnsent = "ack-of-unsent", "RFC 9293 3.10.7.4";
        /// In SYN-RECEIVED, an acknowledgment that is not of the SYN.
        SynReceivedBadAck = "syn-received-bad-ack", "RFC 9293 3.10.7.4";
        /// In SYN-RECEIVED, an acknowledgment without text, when the user wants to see text first.
        AwaitsText = "awaits-text", "RFC 9293 3.10.7.4";
        /// Data came for a user who has gone.
        NobodyReads = "nobody-reads", "RFC 9293 3.6.1 SHLD-3";
        /// Data beyond the peer's own FIN.
        BeyondFin = "beyond-fin", "RFC 9293 3.10.7.4";
        /// What the user has not read takes all of the receive buffer.
        NoRoom = "no-room", "RFC 9293 3.8.6";
        /// The reassembly queue holds as many runs as it may.
        ReassemblyFull = "reassembly-full", "RFC 9293 3.10.7.4 SHLD-31";
        /// The connection is CLOSED.
        Closed = "closed", "RFC 9293 3.10.7.1";
        /// TIME-WAIT ignores an RST.
        TimeWaitRst = "time-wait-rst", "RFC 1337 3";
    }
}

reasons! {
    /// Why a connection is CLOSED, and whose doing it was.
    CloseReason {
        /// Both ends closed, and both FINs are acknowledged.
        Finished = "finished", "RFC 9293 3.6";
        /// The user aborted.
        Aborted = "aborted", "RFC 9293 3.10.5";
        /// The user closed with data unread, so the peer was reset.
        UnreadData = "unread-data", "RFC 9293 3.6.1 SHLD-3";
        /// Data came after the user had gone, so the peer was reset.
        DataAfterClose = "data-after-close", "RFC 9293 3.6.1 SHLD-3";
        /// The peer sent text that goes on from before its FIN to behind it, so it was reset.
        Contradicted = "contradicted", "RFC 9293 3.10.7.4";
        /// The peer refused: an RST answered the SYN.
        Refused = "refused", "RFC 9293 3.10.7.3";
        /// The peer sent an RST.
        Reset = "reset", "RFC 9293 3.10.7.4";
        /// Nobody answered the SYN, or the SYN-ACK.
        HandshakeTimeout = "handshake-timeout", "RFC 9293 3.8.3 MUST-23";
        /// Data was retransmitted until R2 and never acknowledged, or a closed window was probed for as long and nobody answered.
        RetransmissionTimeout = "retransmission-timeout", "RFC 9293 3.8.3 MUST-20";
        /// The user timeout passed.
        UserTimeout = "user-timeout", "RFC 9293 3.10.8";
        /// Every keep-alive probe went unanswered.
        KeepAliveTimeout = "keep-alive-timeout", "RFC 9293 3.8.4";
        /// The user had gone, and the peer never closed.
        FinWait2Timeout = "fin-wait-2-timeout", "RFC 9293 3.6";
        /// The user had gone; the peer kept its window closed, or there were too many such connections.
        Orphaned = "orphaned", "RFC 6429 4";
        /// The network said that there is no way.
        Unreachable = "unreachable", "RFC 9293 3.9.2.2 SHLD-26";
        /// A passive open came to nothing: back to LISTEN.
        BackToListen = "back-to-listen", "RFC 9293 3.10.7.4";
    }
}

impl SendReason {
    /// It asks the peer to prove that it sent what was dropped (RFC 5961).
    #[must_use]
    pub const fn is_challenge(self) -> bool {
        matches!(self, Self::ChallengeRst | Self::ChallengeSyn | Self::ChallengeAck)
    }
}

#[cfg(test)]
mod tests;
