//! Virtual time: it passes only where something waits for it.

use std::time::Duration;

use synfin_host::ChecksumOut;
use synfin_wire::Instant;

use super::{Captured, Due, Halt, Runner, START, Step};
use crate::span::Position;

/// How many times the host may be woken for one event. Far beyond what any script needs, and soon reached by a
/// timer that is always due.
const MOST_WAKES: u32 = 1_000_000;

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// What was waited for has come.
    Come,
    /// The time was up.
    TimeUp,
}

impl Runner {
    /// A moment by the script's clock, microseconds.
    pub(super) fn script_time(&self, moment: Instant) -> u64 {
        u64::try_from((moment - START).as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn moment(&self, micros: u64) -> Instant {
        START + Duration::from_micros(micros)
    }

    /// Collects what the host sends now, and makes the call that blocks again.
    pub(super) fn settle(&mut self) -> Step<()> {
        loop {
            let now = self.kernel.now;
            let before = self.captured.len();
            while let Some(packet) = self.kernel.host.poll_transmit(now) {
                let partial = packet.checksum != ChecksumOut::Complete;
                let captured = Captured { at: now, bytes: packet.to_bytes(), partial };
                self.note_capture(&captured);
                self.captured.push_back(captured);
            }
            while let Some(bytes) = self.kernel.outbox.pop_front() {
                let captured = Captured { at: now, bytes, partial: false };
                self.note_capture(&captured);
                self.captured.push_back(captured);
            }
            while let Some(event) = self.kernel.host.poll_event() {
                self.kernel.note_event(event);
            }
            self.kernel.note_states();
            if !self.retry_ongoing()? && self.captured.len() == before {
                return Ok(());
            }
        }
    }

    /// Lets time pass until `done`, or until `end` at the latest.
    pub(super) fn pass(&mut self, end: Instant, done: impl Fn(&Self) -> bool) -> Step<Ended> {
        let mut wakes = 0;
        loop {
            self.settle()?;
            if done(self) {
                return Ok(Ended::Come);
            }
            let call = self.ongoing.as_ref().and_then(super::Ongoing::deadline);
            let next = [self.kernel.host.poll_timeout(), call].into_iter().flatten().min();
            match next {
                Some(next) if next <= end && wakes < MOST_WAKES => {
                    self.kernel.now = self.kernel.now.max(next);
                    self.kernel.host.handle_timeout(self.kernel.now);
                    wakes += 1;
                }
                _ => {
                    self.kernel.now = self.kernel.now.max(end);
                    return Ok(Ended::TimeUp);
                }
            }
        }
    }

    /// Lets time pass until an event is due; it must not be past that already.
    pub(super) fn wait_until(&mut self, at: Position, due: &Due) -> Step<()> {
        self.pass(self.moment(due.at), |_| false)?;
        self.check_time(at, "this event", self.kernel.now, due)
    }

    /// Whether something happened when it should.
    pub(super) fn check_time(&self, at: Position, what: &str, moment: Instant, due: &Due) -> Step<()> {
        let actual = self.script_time(moment);
        let (earliest, latest) = (due.at, due.end.unwrap_or(due.at));
        if due.any || actual + due.tolerance >= earliest && actual <= latest.saturating_add(due.tolerance) {
            return Ok(());
        }
        let expected = match due.end {
            Some(end) => format!("between {} and {}", seconds(due.at), seconds(end)),
            None => format!("at {}", seconds(due.at)),
        };
        let message = format!(
            "{what} was due {expected} and came at {} (tolerance {})",
            seconds(actual),
            seconds(due.tolerance)
        );
        Err(Halt::failed(at, message))
    }
}

/// Microseconds as seconds.
pub(super) fn seconds(micros: u64) -> String {
    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
}
