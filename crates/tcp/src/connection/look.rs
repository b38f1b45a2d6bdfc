//! The numbers and timers of a connection at one moment: for whoever draws what goes on in it.

use alloc::vec::Vec;

use synfin_wire::{Instant, SeqNumber};

use super::{Connection, HalfOpen, Phase, TimeWait};
use crate::timer::Timer;

/// The sequence variables (RFC 9293 section 3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// ISS.
    pub iss: SeqNumber,
    /// SND.UNA.
    pub una: SeqNumber,
    /// SND.NXT.
    pub nxt: SeqNumber,
    /// IRS; `None` before the peer's SYN.
    pub irs: Option<SeqNumber>,
    /// RCV.NXT; `None` before the peer's SYN.
    pub receive_next: Option<SeqNumber>,
}

/// A timer that is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningTimer {
    /// Its stable name.
    pub name: &'static str,
    /// When it runs out.
    pub expires: Instant,
}

impl Timer {
    const fn name(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmission",
            Self::LossProbe => "loss-probe",
            Self::Reordering => "reordering",
            Self::Persist => "persist",
            Self::DelayedAck => "delayed-ack",
            Self::KeepAlive => "keep-alive",
            Self::FinWait2 => "fin-wait-2",
            Self::Pacing => "pacing",
        }
    }
}

impl Connection {
    /// The sequence variables; `None` once it is CLOSED.
    #[must_use]
    pub fn numbers(&self) -> Option<Numbers> {
        let iss = self.common.identity.iss;
        match &self.phase {
            Phase::SynSent(_) => Some(Numbers { iss, una: iss, nxt: iss + 1, irs: None, receive_next: None }),
            Phase::Synchronized(tcb) => Some(Numbers {
                iss,
                una: tcb.send.una,
                nxt: tcb.send.nxt,
                irs: Some(tcb.receive.irs),
                receive_next: Some(tcb.receive.nxt),
            }),
            Phase::TimeWait { entry, .. } => Some(entry.numbers()),
            Phase::Closed(_) => None,
        }
    }

    /// The timers that are running.
    #[must_use]
    pub fn timers(&self) -> Vec<RunningTimer> {
        match &self.phase {
            Phase::SynSent(_) => self.only_timer("retransmission"),
            Phase::Synchronized(tcb) => {
                let running = |timer: &Timer| {
                    let expires = tcb.timers.deadline(*timer)?;
                    Some(RunningTimer { name: timer.name(), expires })
                };
                Timer::ALL.iter().filter_map(running).collect()
            }
            Phase::TimeWait { .. } => self.only_timer("time-wait"),
            Phase::Closed(_) => Vec::new(),
        }
    }

    fn only_timer(&self, name: &'static str) -> Vec<RunningTimer> {
        self.poll_timeout().map(|expires| RunningTimer { name, expires }).into_iter().collect()
    }
}

impl TimeWait {
    /// The sequence variables.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let next = self.next_numbers();
        Numbers { iss: self.identity().iss, una: next.0, nxt: next.0, irs: None, receive_next: Some(next.1) }
    }
}

impl HalfOpen {
    /// The sequence variables.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let (iss, irs) = self.initial_numbers();
        Numbers { iss, una: iss, nxt: iss + 1, irs: Some(irs), receive_next: Some(irs + 1) }
    }
}
