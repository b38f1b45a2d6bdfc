//! What must always hold: asserted after every entry in tests, simulation and fuzzing.

use super::tcb::Tcb;
use super::{Connection, Phase};
use crate::timer::Timer;
use synfin_wire::state::State;

impl Connection {
    /// Checks that what must always hold does.
    ///
    /// # Panics
    /// When it does not: a defect of this crate.
    pub fn check_invariants(&self) {
        let Phase::Synchronized(tcb) = &self.phase else { return };
        let fin = u32::from(tcb.fin_sent());
        assert!(tcb.send.una.at_or_before(tcb.send.nxt), "SND.UNA beyond SND.NXT");
        assert!(tcb.send.nxt.at_or_before(tcb.outbox.end_seq() + fin), "SND.NXT beyond the user's data");
        assert!(tcb.receive.nxt.at_or_before(tcb.receive.edge), "RCV.NXT beyond the window announced");
        let most = self.common.config.receive_buffer.max(self.common.config.receive_buffer_max);
        assert!(tcb.inbox.len() <= most + (1 << 16), "the receive buffer overflows");
        let may_come = tcb.state().can_receive_data() || tcb.state() == State::SynReceived;
        assert_eq!(tcb.peer_finished(), !may_come, "the peer's FIN and the state disagree");
        tcb.recovery.mtu.check_invariants();
        tcb.assembler.check_invariants(tcb.receive.nxt);
        if tcb.may_send_text() {
            tcb.queue.check_invariants(tcb.send.una, tcb.send.nxt);
            let waiting = tcb.intents.syn_ack.is_some() || tcb.timers.is_watching();
            assert!(tcb.queue.is_empty() || waiting, "data in flight without a retransmission timer");
        }
    }

    /// Checks that nothing is forgotten: whatever still waits has a timer that will wake it. To be called
    /// when [`Connection::poll_transmit`] has nothing more to send.
    ///
    /// # Panics
    /// When something waits for ever: a defect of this crate.
    pub fn check_drained(&self) {
        self.check_invariants();
        let Phase::Synchronized(tcb) = &self.phase else { return };
        let Tcb { timers, intents, .. } = &**tcb;
        assert!(intents.syn_ack.is_none() && intents.challenge.is_none(), "an answer was not sent");
        assert!(intents.probe.is_none() && intents.stray_reset.is_none(), "a probe or an RST was not sent");
        assert!(tcb.ack.due().is_none(), "an acknowledgment that is due was not sent");
        let acknowledged = !tcb.ack.is_pending() || timers.is_running(Timer::DelayedAck);
        assert!(acknowledged, "something arrived that will never be acknowledged");
        if tcb.awaits_ack_of_syn() || !tcb.queue.is_empty() {
            assert!(timers.is_watching(), "nothing will be sent again");
        } else if tcb.has_unsent() {
            let waits = timers.is_running(Timer::Persist) || timers.is_running(Timer::Pacing);
            assert!(waits, "what is held back will never be sent");
        }
        if tcb.released && tcb.state() == State::FinWait2 {
            assert!(timers.is_running(Timer::FinWait2), "FIN-WAIT-2 without an end");
        }
    }
}
