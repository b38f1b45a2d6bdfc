//! What the two SYNs agree on about congestion feedback (RFC 3168 section 6.1.1, RFC 9768 section 3.1).
//!
//! In: the settings, and the ECN bits of both headers of the peer's SYN or SYN-ACK. Out: the ECN bits of ours, and
//! what both halves of the connection begin with: `congestion::ecn`, which sends under ECN, and `receive::ecn`, which
//! feeds back. Left out: the RST for a peer that asks for both kinds of feedback in one handshake (RFC 9768
//! section 3.1.5), since Linux sends none; the first kind stands.

use synfin_wire::tcp::AccEcn;
use synfin_wire::{Ecn, Flags, TcpHeader};

use crate::compact::compact;
use crate::config::{AccEcnOption, EcnConfig, EcnFeedback};

/// The ECN bits of an ECN-setup SYN (RFC 3168 section 6.1.1).
const SETUP: Flags = Flags::ECE.with(Flags::CWR);
/// Where the counters of the AccECN option begin, in its order 1: not all at zero, so that a path that zeroes them
/// is found out (RFC 9768 section 3.2.1).
pub(crate) const FIRST_COUNTERS: [u32; 3] = [1, 0, 1];

/// What the peer's AccECN option has shown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum AccEcnSeen {
    /// There was none.
    #[default]
    Nothing,
    /// It came without a counter.
    Empty,
    /// It came with counters.
    Counters,
    /// Its counters began at zero: something on the path rewrites them (RFC 9768 section 3.2.3.2.4).
    Zeroed,
}

compact!(
    enum AccEcnSeen {
        Nothing,
        Empty,
        Counters,
        Zeroed,
    }
);

impl AccEcnSeen {
    /// What the first option says.
    pub(crate) fn of(option: &AccEcn) -> Self {
        match option.counters[..] {
            [] => Self::Empty,
            [0, ..] | [_, _, 0] => Self::Zeroed,
            _ => Self::Counters,
        }
    }
}

/// What of AccECN the path has broken, so that it is not used (RFC 9768 sections 3.2.2.3 and 3.2.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AccEcnFailures {
    /// A SYN or SYN-ACK of ours went out with an ACE field of zero: nothing that we send is ECN-capable.
    pub ace_sent: bool,
    /// One of the peer's came with zero, or its feedback on our SYN or SYN-ACK is impossible: as above.
    pub ace_received: bool,
    /// What carried our option was lost again and again: it is not sent.
    pub option_sent: bool,
    /// The peer's option is mangled, or came too late: it is not read.
    pub option_received: bool,
}

compact!(AccEcnFailures { ace_sent, ace_received, option_sent, option_received });

/// What the handshake has said of ECN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct EcnHandshake {
    pub(crate) feedback: EcnFeedback,
    /// How the peer's last SYN or SYN-ACK came.
    pub(crate) peer_syn: Ecn,
    /// The peer says that our SYN-ACK was marked.
    pub(crate) ours_was_marked: bool,
    pub(crate) option_seen: AccEcnSeen,
    pub(crate) failures: AccEcnFailures,
}

compact!(EcnHandshake { feedback, peer_syn, ours_was_marked, option_seen, failures });

impl EcnHandshake {
    /// The peer's SYN; `best` is the most that it may be granted. As in Linux, a SYN that is ECN-capable does not ask
    /// for classic feedback: RFC 3168 section 6.1.1 forbids it, so something on the path has touched it; unless other
    /// bits show that it comes from the future.
    pub(crate) fn from_syn(best: EcnFeedback, syn: &TcpHeader, arrived: Ecn) -> Self {
        let ace = syn.flags.ace();
        let asks_classic = syn.flags.contains(SETUP);
        let is_clean = arrived == Ecn::NotEct || syn.flags.contains(Flags::AE) || syn.reserved != 0;
        let feedback = match best {
            // RFC 9768 section 3.1.3: what is not in use today asks for accurate feedback too.
            EcnFeedback::Accurate if !matches!(ace, 0b000 | 0b011) => EcnFeedback::Accurate,
            EcnFeedback::Classic | EcnFeedback::Accurate if asks_classic && is_clean => EcnFeedback::Classic,
            EcnFeedback::Off | EcnFeedback::Classic | EcnFeedback::Accurate => EcnFeedback::Off,
        };
        Self { feedback, peer_syn: arrived, ..Self::default() }
    }

    /// The peer's SYN came again: the last one is what is fed back (RFC 9768 section 3.1.5).
    pub(crate) fn syn_again(&mut self, syn: &TcpHeader, arrived: Ecn) {
        self.peer_syn = arrived;
        self.failures.ace_received |= syn.flags.ace() == 0;
    }

    /// An active open is answered. `sent` is the SYN's last set of ECN bits.
    pub(crate) fn from_syn_ack(config: &EcnConfig, syn_ack: &TcpHeader, arrived: Ecn, sent: Flags) -> Self {
        let ace = syn_ack.flags.ace();
        let feedback = match config.request {
            EcnFeedback::Classic if syn_ack.flags.ace() & 0b011 == 0b001 => EcnFeedback::Classic,
            EcnFeedback::Accurate if ace == 0b001 => EcnFeedback::Classic,
            EcnFeedback::Accurate if !matches!(ace, 0b000 | 0b111) => EcnFeedback::Accurate,
            EcnFeedback::Off | EcnFeedback::Classic | EcnFeedback::Accurate => EcnFeedback::Off,
        };
        let mut handshake = Self { feedback, peer_syn: arrived, ..Self::default() };
        if feedback == EcnFeedback::Accurate {
            handshake.failures.ace_sent = sent == Flags::NONE;
            handshake.check_echo(config, ace);
            handshake.see_option(syn_ack);
        }
        handshake
    }

    /// The acknowledgment of our SYN-ACK, `is_pure` when it is nothing else (RFC 9768 section 3.2.2.1).
    pub(crate) fn take_third(&mut self, config: &EcnConfig, header: &TcpHeader, is_pure: bool) {
        if self.feedback != EcnFeedback::Accurate {
            return;
        }
        let ace = header.flags.ace();
        if ace == 0 {
            self.failures.ace_received = true;
        } else if is_pure {
            self.check_echo(config, ace);
            let is_sound = !self.failures.ace_received;
            self.ours_was_marked = is_sound && codepoint(ace) == Some(Ecn::Ce);
        }
        self.see_option(header);
    }

    /// Our SYN and SYN-ACK leave as not ECN-capable. Whoever saw them otherwise saw what the path has made of them
    /// (RFC 9768 section 3.2.2.3).
    fn check_echo(&mut self, config: &EcnConfig, ace: u8) {
        let altered = codepoint(ace).is_some_and(|seen| seen != Ecn::NotEct);
        self.failures.ace_received |= altered && config.fallback;
    }

    fn see_option(&mut self, header: &TcpHeader) {
        if let Some(option) = &header.options.acc_ecn {
            self.option_seen = AccEcnSeen::of(option);
            self.failures.option_received |= self.option_seen == AccEcnSeen::Zeroed;
        }
    }

    /// The ECN bits of our SYN-ACK, sent for the `sends`th time, counted from zero.
    pub(crate) fn syn_ack_flags(&self, sends: u8) -> Flags {
        match self.feedback {
            EcnFeedback::Off => Flags::NONE,
            EcnFeedback::Classic => Flags::ECE,
            // RFC 9768 section 3.2.3.2.2: the second repetition does without, in case that is what is lost.
            EcnFeedback::Accurate if sends > 1 => Flags::NONE,
            EcnFeedback::Accurate => echo(self.peer_syn),
        }
    }

    /// Our SYN-ACK left for the `sends`th time, counted from zero.
    pub(crate) fn syn_ack_sent(&mut self, sends: u8) {
        let without = self.syn_ack_flags(sends) == Flags::NONE;
        self.failures.ace_sent |= without && self.feedback == EcnFeedback::Accurate;
    }

    /// The AccECN option of our SYN-ACK: on the first alone (RFC 9768 section 3.2.3.2.2).
    pub(crate) fn syn_ack_option(&self, config: &EcnConfig, sends: u8) -> Option<AccEcn> {
        let wanted = config.option != AccEcnOption::Never && sends == 0;
        (wanted && self.feedback == EcnFeedback::Accurate)
            .then(|| AccEcn { ect1_first: true, counters: FIRST_COUNTERS.into() })
    }
}

/// The ECN bits of our SYN. When it had to be sent again they are given up, should the path not like them: those of
/// classic ECN at once (RFC 3168 section 6.1.1.1), those of AccECN the second time (RFC 9768 section 3.1.4.1).
pub(crate) fn syn_flags(config: &EcnConfig, retransmissions: u8) -> Flags {
    let (flags, patience) = match config.request {
        EcnFeedback::Off => (Flags::NONE, 0),
        EcnFeedback::Classic => (SETUP, 0),
        EcnFeedback::Accurate => (Flags::ACE, 1),
    };
    if config.fallback && retransmissions > patience { Flags::NONE } else { flags }
}

/// The handshake's encoding of how a SYN or SYN-ACK came (RFC 9768 section 3.1.2, Table 2).
pub(crate) fn echo(arrived: Ecn) -> Flags {
    Flags::from_ace(match arrived {
        Ecn::NotEct => 0b010,
        Ecn::Ect1 => 0b011,
        Ecn::Ect0 => 0b100,
        Ecn::Ce => 0b110,
    })
}

/// How our SYN or SYN-ACK came, as the peer says; what is not in use says nothing (RFC 9768 section 3.1.3).
fn codepoint(ace: u8) -> Option<Ecn> {
    match ace {
        0b010 => Some(Ecn::NotEct),
        0b011 => Some(Ecn::Ect1),
        0b100 => Some(Ecn::Ect0),
        0b110 => Some(Ecn::Ce),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
