//! Scaffold: the signatures alone, until the engine is here.

use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use synfin_wire::{Instant, SeqNumber};

use crate::incoming::PathSignal;
use crate::{
    Config, Event, Incoming, KeepAlive, ReceiveError, SegmentOut, SendError, State, Status, TimeWait,
    TransmitLimits, Verdict,
};

pub mod half_open {
    //! Scaffold.
    use super::*;
    use crate::CloseReason;
    /// A half-open connection.
    #[derive(Debug)]
    pub struct HalfOpen {}
    /// What became of it.
    #[derive(Debug)]
    #[allow(clippy::large_enum_variant)]
    pub enum HalfOpenOutcome {
        /// As before.
        Stay(Verdict),
        /// Established.
        Promoted(Connection, Verdict),
        /// Gone.
        Gone(CloseReason),
    }
    #[allow(missing_docs)]
    impl HalfOpen {
        pub fn from_syn(_config: &Config, _syn: &Incoming, _identity: Identity) -> Self {
            todo!()
        }
        pub fn handle_segment(&mut self, _config: &Arc<Config>, _incoming: Incoming) -> HalfOpenOutcome {
            todo!()
        }
        pub fn handle_timeout(&mut self, _config: &Config, _now: Instant) -> Option<CloseReason> {
            todo!()
        }
        pub fn poll_transmit(&mut self, _config: &Config, _now: Instant) -> Option<SegmentOut> {
            todo!()
        }
        pub fn poll_timeout(&self) -> Option<Instant> {
            todo!()
        }
    }
}
pub mod state {
    //! Scaffold.
    /// The state.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub enum State {
        Closed,
        Listen,
        SynSent,
        SynReceived,
        Established,
        FinWait1,
        FinWait2,
        CloseWait,
        Closing,
        LastAck,
        TimeWait,
    }
    /// Scaffold.
    pub enum Trigger {}
}
pub mod status {
    //! Scaffold.
    /// Scaffold.
    #[derive(Clone, Debug)]
    #[allow(missing_docs)]
    pub struct Status {
        pub state: super::State,
    }
}
pub mod time_wait {
    //! Scaffold.
    use super::*;
    /// TIME-WAIT.
    #[derive(Debug)]
    pub struct TimeWait {}
    /// What became of it.
    #[derive(Debug)]
    #[allow(missing_docs)]
    pub enum TimeWaitOutcome {
        Stay(Verdict),
        Reopen,
        Gone,
    }
    #[allow(missing_docs)]
    impl TimeWait {
        pub fn handle_segment(&mut self, _config: &Config, _incoming: &Incoming) -> TimeWaitOutcome {
            todo!()
        }
        pub fn minimum_iss(&self) -> SeqNumber {
            todo!()
        }
        pub fn poll_transmit(&mut self, _now: Instant) -> Option<SegmentOut> {
            todo!()
        }
        pub fn poll_timeout(&self) -> Option<Instant> {
            todo!()
        }
        pub fn handle_timeout(&mut self, _now: Instant) -> bool {
            todo!()
        }
    }
}

/// Who it is.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Identity {
    pub local_port: u16,
    pub remote_port: u16,
    pub iss: SeqNumber,
    pub timestamp_offset: u32,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {}

#[allow(missing_docs)]
impl Connection {
    pub fn open(_config: Arc<Config>, _identity: Identity, _now: Instant) -> Self {
        todo!()
    }
    pub fn state(&self) -> State {
        todo!()
    }
    pub fn handle_segment(&mut self, _incoming: Incoming) -> Verdict {
        todo!()
    }
    pub fn handle_path_signal(&mut self, _signal: PathSignal, _now: Instant) -> Verdict {
        todo!()
    }
    pub fn handle_timeout(&mut self, _now: Instant) {
        todo!()
    }
    pub fn poll_transmit(&mut self, _limits: TransmitLimits, _now: Instant) -> Option<SegmentOut> {
        todo!()
    }
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    pub fn poll_event(&mut self) -> Option<Event> {
        todo!()
    }
    pub fn send_capacity(&self) -> usize {
        todo!()
    }
    pub fn send(&mut self, _data: Bytes, _now: Instant) -> Result<usize, SendError> {
        todo!()
    }
    pub fn receive(&mut self, _max: usize, _now: Instant) -> Result<Option<Bytes>, ReceiveError> {
        todo!()
    }
    pub fn receive_available(&self) -> usize {
        todo!()
    }
    pub fn close(&mut self, _now: Instant) {
        todo!()
    }
    pub fn release(&mut self, _now: Instant) {
        todo!()
    }
    pub fn abort(&mut self, _now: Instant) {
        todo!()
    }
    pub fn status(&self) -> Status {
        todo!()
    }
    pub fn set_nodelay(&mut self, _nodelay: bool, _now: Instant) {
        todo!()
    }
    pub fn set_keep_alive(&mut self, _keep_alive: Option<KeepAlive>, _now: Instant) {
        todo!()
    }
    pub fn set_user_timeout(&mut self, _timeout: Option<Duration>, _now: Instant) {
        todo!()
    }
    pub fn config(&self) -> &Config {
        todo!()
    }
    pub fn into_time_wait(self) -> Result<TimeWait, Connection> {
        todo!()
    }
    pub fn check_invariants(&self) {
        todo!()
    }
}
