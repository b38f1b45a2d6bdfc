//! One end of a replay: the engine, and the user above it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use synfin_host::tcp::{
    Config, Connection, HalfOpen, HalfOpenOutcome, Identity, Incoming, SegmentOut, State, TransmitLimits,
    no_connection,
};
use synfin_wire::{Ecn, Instant, Segment};

use super::infer::{Call, Setting};

/// What text is made of: the recording need not have it, and TCP does not look at it.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// So many octets of text.
pub(super) fn text(octets: usize) -> Bytes {
    Bytes::from_static(&ZEROS[..octets.min(ZEROS.len())])
}

/// An end that the engine plays.
#[derive(Debug)]
pub(super) struct End {
    config: Arc<Config>,
    identity: Identity,
    stage: Stage,
    /// What the user has given to TCP, and TCP had no room for: octets.
    backlog: VecDeque<usize>,
    closes: bool,
    /// A program waits for connections.
    listens: bool,
    /// What the user has read, octets.
    read: u32,
    has_read_end: bool,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are two ends")]
enum Stage {
    /// Not open: an active end before its OPEN, or a passive one that listens.
    Waiting,
    HalfOpen(HalfOpen),
    Open(Connection),
}

impl End {
    pub(super) fn new(setting: Setting) -> Self {
        Self {
            config: Arc::new(setting.config),
            identity: setting.identity,
            stage: Stage::Waiting,
            backlog: VecDeque::new(),
            closes: false,
            listens: setting.listens,
            read: 0,
            has_read_end: false,
        }
    }

    pub(super) fn timestamp_offset(&self) -> u32 {
        self.identity.timestamp_offset
    }

    /// What the user has heard, octets, the end counted as one.
    pub(super) fn heard(&self) -> u32 {
        self.read.saturating_add(self.has_read_end.into())
    }

    /// The user calls.
    pub(super) fn call(&mut self, call: Call, now: Instant) {
        match call {
            Call::Open => {
                let connection = Connection::open(Arc::clone(&self.config), self.identity, now);
                self.stage = Stage::Open(connection);
            }
            Call::Send(octets) => self.backlog.push_back(octets),
            Call::Close => self.closes = true,
            Call::Abort => {
                if let Stage::Open(connection) = &mut self.stage {
                    connection.abort(now);
                }
            }
        }
        self.go_on(now);
    }

    /// A segment has come. What is returned answers one that is no connection's.
    pub(super) fn hear(
        &mut self,
        segment: Segment,
        segment_size: Option<u16>,
        now: Instant,
    ) -> Option<SegmentOut> {
        let incoming = Incoming { segment, ecn: Ecn::NotEct, segment_size, arrived: now };
        let mut answer = None;
        match &mut self.stage {
            Stage::Waiting => {
                let flags = incoming.segment.header.flags;
                if self.listens && flags.syn() && !flags.ack() && !flags.rst() {
                    self.stage = Stage::HalfOpen(HalfOpen::from_syn(&self.config, &incoming, self.identity));
                } else {
                    answer = no_connection(&incoming.segment);
                }
            }
            Stage::HalfOpen(half_open) => match half_open.handle_segment(&self.config, incoming) {
                HalfOpenOutcome::Stay(_) => {}
                HalfOpenOutcome::Promoted(connection, _) => self.stage = Stage::Open(connection),
                HalfOpenOutcome::Gone(_) => self.stage = Stage::Waiting,
            },
            Stage::Open(connection) if connection.state() == State::Closed => {
                answer = no_connection(&incoming.segment);
            }
            Stage::Open(connection) => {
                let _ = connection.handle_segment(incoming);
            }
        }
        self.go_on(now);
        answer
    }

    /// What is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Waiting => {}
            Stage::HalfOpen(half_open) => {
                if half_open.handle_timeout(&self.config, now).is_some() {
                    self.stage = Stage::Waiting;
                }
            }
            Stage::Open(connection) => connection.handle_timeout(now),
        }
        self.go_on(now);
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::HalfOpen(half_open) => half_open.poll_timeout(),
            Stage::Open(connection) => connection.poll_timeout(),
        }
    }

    pub(super) fn poll_transmit(&mut self, now: Instant) -> Option<SegmentOut> {
        match &mut self.stage {
            Stage::Waiting => None,
            Stage::HalfOpen(half_open) => half_open.poll_transmit(&self.config, now),
            Stage::Open(connection) => connection.poll_transmit(TransmitLimits::ONE_SEGMENT, now),
        }
    }

    /// The user reads what is there, writes what there is room for, and closes when all is written.
    fn go_on(&mut self, now: Instant) {
        let Stage::Open(connection) = &mut self.stage else { return };
        while let Ok(octets) = connection.receive(usize::MAX, now) {
            match octets {
                Some(octets) => self.read = self.read.saturating_add(octets.len() as u32),
                None => {
                    self.has_read_end = true;
                    break;
                }
            }
        }
        while let Some(octets) = self.backlog.front_mut() {
            match connection.send(text(*octets), now) {
                Ok(taken) if taken < *octets => *octets -= taken,
                Ok(_) => {
                    self.backlog.pop_front();
                }
                Err(_) => break,
            }
        }
        if self.closes && self.backlog.is_empty() {
            self.closes = false;
            connection.close(now);
        }
        while connection.poll_event().is_some() {}
    }
}
