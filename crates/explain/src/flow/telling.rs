//! A connection that is over becomes the model of it.

use synfin_ladder::{Certainty, Connection, End, Negotiated, Seen, Side, Step};
use synfin_wire::Instant;

use super::Flow;
use crate::lost;
use crate::track::{ResetCause, SeenReset};
use crate::verdict;

impl Flow {
    pub(crate) fn negotiated(&self) -> Negotiated {
        let [left, right] = &self.announced;
        Negotiated {
            window_scale: left.window_scale.is_some() && right.window_scale.is_some(),
            sack: left.sack_permitted && right.sack_permitted,
            timestamps: left.timestamps && right.timestamps,
            ecn: left.ecn && right.ecn,
            known: Side::BOTH.iter().all(|side| self.tracker.space(*side).syn_seen()),
        }
    }

    /// Of an RST whose sender goes on after it, or that does not look like its own, it is not known why it was sent.
    fn disown_resets(&self, steps: &mut [Step]) {
        let is_doubtful = |reset: &&SeenReset| {
            reset.foreign
                || matches!(reset.cause, ResetCause::Unread | ResetCause::Abort | ResetCause::AfterClose)
                    && self.evidence.looks_forged_in(reset.by, reset.frame)
        };
        for reset in self.tracker.resets().iter().filter(is_doubtful) {
            if let Ok(at) = steps.binary_search_by_key(&reset.frame, |step| step.frame)
                && steps[at].certainty != Certainty::Told
            {
                let (reason, certainty) = (Seen::ResetUnexplained.into(), Certainty::Unknown);
                steps[at] = Step { reason, certainty, because: None, ..steps[at].clone() };
            }
        }
    }

    /// All that is known of it, now that no more packets come. Its segments are given away.
    pub(crate) fn tell(&mut self, end_of_capture: Instant) -> Connection {
        let is_kept = self.steps.is_some();
        let mut steps = self.steps.take().unwrap_or_default();
        let frames: Vec<u64> = steps.iter().map(|step| step.frame).collect();
        let states = self.tracker.states_after(&frames);
        for (step, states) in steps.iter_mut().zip(states) {
            step.states = states;
        }
        self.disown_resets(&mut steps);
        lost::mark(&mut steps);
        let verdict = self.evidence.verdict(verdict::of(&self.tracker, end_of_capture));
        let findings = self.evidence.findings(self, &verdict, end_of_capture);
        let timelines = if is_kept { self.tracker.timelines(end_of_capture) } else { Default::default() };
        let captured_at = self.tracker.captured_at();
        let mut timelines = timelines.into_iter();
        let ends = Side::BOTH.map(|side| {
            let (before, timeline) = timelines.next().expect("one for each side");
            let announced = &self.announced[side.index()];
            End {
                address: self.addresses[side.index()],
                name: None,
                role: self.tracker.role(side),
                captured_here: captured_at == Some(side),
                first_number: self.tracker.first_number(side),
                syn_seen: self.tracker.space(side).syn_seen(),
                mss: announced.mss,
                window_scale: announced.window_scale,
                sack_permitted: announced.sack_permitted,
                timestamps: announced.timestamps,
                ecn: announced.ecn,
                fast_open: announced.fast_open,
                before,
                timeline,
                sent: self.counts[side.index()],
            }
        });
        Connection {
            number: self.number,
            ends,
            span: self.span,
            verdict,
            negotiated: self.negotiated(),
            handshake: self.handshake.took(),
            rtt: self.round_trips(),
            completeness: self.analysis.completeness(),
            zeek: self.zeek.finish(),
            steps,
            findings,
        }
    }
}
