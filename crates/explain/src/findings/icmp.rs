//! What ICMP says of segments.

use synfin_ladder::{Evidence, FindingKind, Side, Verdict, VerdictKind};
use synfin_wire::icmp::Unreachable;

use super::Evidences;
use crate::packet::{IcmpError, IcmpKind};

impl Evidences {
    /// ICMP says what became of a segment of `from`, which is or is not in flight. What is not, nobody should heed
    /// (RFC 5927 section 4.1).
    pub(crate) fn hear(&mut self, from: Side, error: &IcmpError, is_in_flight: bool) {
        let kind = match error.kind {
            _ if !is_in_flight => FindingKind::IcmpIgnored,
            IcmpKind::TooBig { .. } => FindingKind::PathMtu,
            IcmpKind::Unreachable(_) => FindingKind::Unreachable,
            IcmpKind::HopLimitExceeded => FindingKind::HopLimit,
            IcmpKind::ReassemblyTimeExceeded | IcmpKind::ParameterProblem { .. } | IcmpKind::SourceQuench => {
                return;
            }
        };
        self.notice(kind, Some(from), error.frame).heard = Some((error.kind, error.reporter));
    }

    /// ICMP has said that a segment cannot be delivered.
    fn is_unreachable(&self) -> bool {
        Side::BOTH.iter().any(|side| self.noticed.contains_key(&(FindingKind::Unreachable, Some(*side))))
    }

    /// The verdict, with what ICMP has said.
    pub(crate) fn verdict(&self, verdict: Verdict) -> Verdict {
        match verdict.kind {
            VerdictKind::Unanswered if self.is_unreachable() => {
                Verdict { kind: VerdictKind::Unreachable, ..verdict }
            }
            _ => verdict,
        }
    }
}

/// What ICMP says in numbers: the MTU, and why something could not be delivered, as RFC 792 numbers that.
pub(super) fn number(kind: IcmpKind) -> Option<Evidence> {
    let (name, value) = match kind {
        IcmpKind::TooBig { mtu } => ("mtu", mtu),
        IcmpKind::Unreachable(why) => (
            "icmp_code",
            match why {
                Unreachable::Network => 0,
                Unreachable::Host => 1,
                Unreachable::Protocol => 2,
                Unreachable::Port => 3,
                Unreachable::SourceRoute => 5,
                Unreachable::Prohibited => 13,
                Unreachable::Other(code) => code.into(),
            },
        ),
        IcmpKind::HopLimitExceeded
        | IcmpKind::ReassemblyTimeExceeded
        | IcmpKind::ParameterProblem { .. }
        | IcmpKind::SourceQuench => return None,
    };
    Some(Evidence { name, value: value.into() })
}
