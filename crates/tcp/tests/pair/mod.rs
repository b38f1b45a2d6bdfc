//! Two engines joined in memory, in virtual time, by a path that misbehaves as a seed says.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use synfin_tcp::{
    Config, Connection, Event, FastOpenAttempt, HalfOpen, HalfOpenOutcome, Identity, Incoming, ReceiveError,
    SegmentOut, SendError, SendOptions, State, TransmitLimits, Verdict, no_connection,
};
use synfin_wire::checksum::{Checksum, PseudoHeader};
use synfin_wire::{Ecn, Instant, IpProtocol, Segment, SeqNumber};

/// SplitMix64: enough for a test, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// What the path does, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Path {
    pub(crate) delay_ms: u64,
    pub(crate) loss: u64,
    pub(crate) reorder: u64,
    pub(crate) duplicate: u64,
    pub(crate) corrupt: u64,
}

/// One end: nothing yet, half-open, or a connection.
#[allow(clippy::large_enum_variant, reason = "there are two of them")]
pub(crate) enum End {
    Listen,
    HalfOpen(HalfOpen),
    Connection(Connection),
}

/// A user: what it has to say, and what it has heard.
pub(crate) struct User {
    pub(crate) to_send: Bytes,
    pub(crate) sent: usize,
    pub(crate) closed: bool,
    pub(crate) heard: Vec<u8>,
    pub(crate) end_heard: bool,
    /// Writes only so often, in percent of the turns.
    pub(crate) diligence: u64,
    /// Reads only so often, in percent of the turns.
    pub(crate) eagerness: u64,
    pub(crate) chunk: usize,
}

impl User {
    /// Writes from, and reads into memory of its own: every other one does.
    fn copies(&self) -> bool {
        self.chunk.is_multiple_of(2)
    }
}

pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) ends: [End; 2],
    pub(crate) users: [User; 2],
    pub(crate) configs: [Arc<Config>; 2],
    pub(crate) limits: TransmitLimits,
    path: Path,
    /// Whatever may rest does, before each thing that happens to it; how often one did.
    pub(crate) rests: bool,
    pub(crate) rested: u64,
    /// Every segment that left, where it was to go, and when.
    pub(crate) trace: Option<Vec<(Instant, usize, Bytes)>>,
    /// The second end makes a connection of a SYN at once.
    takes_syn_text: bool,
    random: Random,
    flying: BinaryHeap<Reverse<(Instant, u64, usize, Bytes)>>,
    serial: u64,
}

fn identity(local: u16, remote: u16, iss: u32) -> Identity {
    Identity { local_port: local, remote_port: remote, iss: SeqNumber::new(iss), timestamp_offset: iss / 3 }
}

impl Pair {
    /// The first end opens to the second, which listens.
    pub(crate) fn new(seed: u64, path: Path, configs: [Config; 2], users: [User; 2]) -> Self {
        let mut random = Random::new(seed);
        let configs = configs.map(Arc::new);
        let iss = random.next() as u32;
        let opener = Connection::open(Arc::clone(&configs[0]), identity(40000, 80, iss), Instant::ZERO);
        Self {
            now: Instant::ZERO,
            ends: [End::Connection(opener), End::Listen],
            users,
            configs,
            limits: TransmitLimits::ONE_SEGMENT,
            path,
            rests: false,
            rested: 0,
            trace: None,
            takes_syn_text: false,
            random,
            flying: BinaryHeap::new(),
            serial: 0,
        }
    }

    /// The first end's SYN may carry text, and the second end takes it (RFC 7413).
    pub(crate) fn open_fast(&mut self, peer_mss: u16) {
        let iss = self.random.next() as u32;
        let (config, identity) = (Arc::clone(&self.configs[0]), identity(40000, 80, iss));
        let attempt = FastOpenAttempt { option: None, peer_mss: Some(peer_mss) };
        self.ends[0] = End::Connection(Connection::open_fast(config, identity, attempt, self.now));
        self.takes_syn_text = true;
    }

    /// The second end opens as well.
    pub(crate) fn open_simultaneously(&mut self) {
        let iss = self.random.next() as u32;
        let config = Arc::clone(&self.configs[1]);
        self.ends[1] = End::Connection(Connection::open(config, identity(80, 40000, iss), self.now));
    }

    pub(crate) fn state(&self, end: usize) -> State {
        match &self.ends[end] {
            End::Listen => State::Listen,
            End::HalfOpen(_) => State::SynReceived,
            End::Connection(connection) => connection.state(),
        }
    }

    /// Runs until both ends are CLOSED, or `deadline`.
    pub(crate) fn run(&mut self, deadline: Instant) {
        while self.now < deadline {
            for end in 0..2 {
                self.turn(end);
                self.transmit(end);
            }
            if (0..2).all(|end| self.state(end) == State::Closed) {
                return;
            }
            let Some(next) = self.next_moment() else { return };
            self.now = next.max(self.now);
            self.deliver();
            for end in 0..2 {
                self.time_out(end);
            }
        }
    }

    fn next_moment(&self) -> Option<Instant> {
        let arrival = self.flying.peek().map(|Reverse((at, ..))| *at);
        let timers = self.ends.iter().filter_map(|end| match end {
            End::Listen => None,
            End::HalfOpen(half_open) => half_open.poll_timeout(),
            End::Connection(connection) => connection.poll_timeout(),
        });
        // A user who is not eager looks again after a while.
        let users =
            self.users.iter().any(|user| !user.end_heard).then(|| self.now + Duration::from_millis(7));
        timers.chain(arrival).chain(users).min()
    }

    /// Puts a connection to rest and wakes it up, if it may rest.
    fn nap(&mut self, end: usize) {
        let End::Connection(connection) = &mut self.ends[end] else { return };
        let Some(resting) = connection.rest().filter(|_| self.rests) else { return };
        let woken = resting.wake();
        assert_eq!(format!("{woken:?}"), format!("{connection:?}"), "rest has changed end {end}");
        assert_eq!(resting.poll_timeout(), connection.poll_timeout());
        assert_eq!(resting.state(), connection.state());
        assert_eq!(woken.status(), connection.status());
        *connection = woken;
        self.rested += 1;
    }

    fn turn(&mut self, end: usize) {
        self.nap(end);
        let End::Connection(connection) = &mut self.ends[end] else { return };
        let user = &mut self.users[end];
        while let Some(event) = connection.poll_event() {
            if let Event::Closed(reason) = event {
                assert_eq!(reason.code(), "finished", "end {end} did not end in order");
            }
        }
        let writes = user.diligence >= 100 || self.random.percent(user.diligence);
        while writes && user.sent < user.to_send.len() {
            let chunk = user.to_send.slice(user.sent..user.to_send.len().min(user.sent + user.chunk));
            let sent = if user.copies() {
                connection.send_slice(&chunk, SendOptions::default(), self.now)
            } else {
                connection.send(chunk, self.now)
            };
            match sent {
                Ok(taken) => user.sent += taken,
                Err(SendError::WouldBlock) => break,
                Err(error) => panic!("end {end} cannot send: {error}"),
            }
            if user.diligence < 100 {
                break;
            }
        }
        if user.sent == user.to_send.len() && !user.closed {
            user.closed = true;
            connection.close(self.now);
        }
        // In how many pieces the octets come is nobody's promise: what is read next must not depend on it.
        let mut wanted = 0;
        while wanted > 0 || self.random.percent(user.eagerness) {
            wanted = if wanted == 0 { user.chunk } else { wanted };
            let received = if user.copies() {
                let mut room = vec![0; wanted];
                let copied = connection.receive_slice(&mut room, self.now);
                copied.map(|octets| octets.map(|octets| Bytes::copy_from_slice(&room[..octets])))
            } else {
                connection.receive(wanted, self.now)
            };
            match received {
                Ok(Some(bytes)) => {
                    wanted -= bytes.len();
                    user.heard.extend_from_slice(&bytes);
                }
                Ok(None) => {
                    user.end_heard = true;
                    break;
                }
                Err(ReceiveError::WouldBlock) => break,
                Err(error) => panic!("end {end} cannot receive: {error}"),
            }
        }
    }

    fn transmit(&mut self, end: usize) {
        self.nap(end);
        let mut count = 0;
        loop {
            let config = &self.configs[end];
            let out = match &mut self.ends[end] {
                End::Listen => None,
                End::HalfOpen(half_open) => half_open.poll_transmit(config, self.now),
                End::Connection(connection) => {
                    let out = connection.poll_transmit(self.limits, self.now);
                    if out.is_some() {
                        connection.check_invariants()
                    } else {
                        connection.check_drained()
                    }
                    out
                }
            };
            let Some(out) = out else { break };
            count += 1;
            assert!(count < 10_000, "end {end} never stops sending: {out:?}");
            let fits = out.segment_size.is_none() || out.payload_len <= self.limits.max_payload;
            assert!(fits, "end {end} sends more than the device takes: {out:?}");
            self.launch(1 - end, &out);
        }
    }

    fn launch(&mut self, to: usize, out: &SegmentOut) {
        let bytes = serialize(out);
        if let Some(trace) = &mut self.trace {
            trace.push((self.now, to, bytes.clone()));
        }
        let copies = 1 + usize::from(self.random.percent(self.path.duplicate));
        for _ in 0..copies {
            if self.random.percent(self.path.loss) {
                continue;
            }
            let mut bytes = BytesMut::from(&bytes[..]);
            if self.random.percent(self.path.corrupt) {
                let bit = self.random.below(bytes.len() as u64 * 8) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            let mut delay = Duration::from_millis(self.path.delay_ms);
            if self.random.percent(self.path.reorder) {
                delay += Duration::from_micros(self.random.below(3_000 * self.path.delay_ms.max(1)));
            }
            self.serial += 1;
            self.flying.push(Reverse((self.now + delay, self.serial, to, bytes.freeze())));
        }
    }

    fn deliver(&mut self) {
        while let Some(Reverse((at, ..))) = self.flying.peek() {
            if *at > self.now {
                break;
            }
            let Some(Reverse((_, _, to, bytes))) = self.flying.pop() else { break };
            let Ok(segment) = Segment::parse(bytes.clone(), Some(&pseudo_header(bytes.len()))) else {
                continue;
            };
            if let Some(reset) = self.hand_over(to, segment) {
                self.launch(1 - to, &reset);
            }
        }
    }

    fn hand_over(&mut self, to: usize, segment: Segment) -> Option<SegmentOut> {
        self.nap(to);
        let incoming = Incoming { segment, ecn: Ecn::NotEct, segment_size: None, arrived: self.now };
        let config = &self.configs[to];
        match &mut self.ends[to] {
            End::Listen => {
                let flags = incoming.segment.header.flags;
                if !flags.syn() || flags.ack() {
                    return if flags.ack() { no_connection(&incoming.segment) } else { None };
                }
                let iss = self.random.next() as u32;
                let identity = identity(80, 40000, iss);
                self.ends[to] = if self.takes_syn_text {
                    End::Connection(Connection::accept_fast(config, incoming, identity, None))
                } else {
                    End::HalfOpen(HalfOpen::from_syn(config, &incoming, identity))
                };
            }
            End::HalfOpen(half_open) => match half_open.handle_segment(config, incoming) {
                HalfOpenOutcome::Stay(_) => {}
                HalfOpenOutcome::Promoted(connection, _) => self.ends[to] = End::Connection(connection),
                HalfOpenOutcome::Gone(_) => self.ends[to] = End::Listen,
            },
            End::Connection(connection) if connection.state() == State::Closed => {
                return no_connection(&incoming.segment);
            }
            End::Connection(connection) => {
                let _: Verdict = connection.handle_segment(incoming);
                connection.check_invariants();
            }
        }
        None
    }

    fn time_out(&mut self, end: usize) {
        self.nap(end);
        match &mut self.ends[end] {
            End::Listen => {}
            End::HalfOpen(half_open) => {
                if half_open.handle_timeout(&self.configs[end], self.now).is_some() {
                    self.ends[end] = End::Listen;
                }
            }
            End::Connection(connection) => {
                connection.handle_timeout(self.now);
                connection.check_invariants();
            }
        }
    }
}

fn pseudo_header(length: usize) -> PseudoHeader {
    PseudoHeader {
        source: [10, 0, 0, 1].into(),
        destination: [10, 0, 0, 1].into(),
        protocol: IpProtocol::TCP,
        length: length as u32,
    }
}

fn serialize(out: &SegmentOut) -> Bytes {
    let header_len = out.header.len();
    let mut bytes = BytesMut::zeroed(header_len);
    out.header.write(&mut bytes);
    for slice in &out.payload {
        bytes.extend_from_slice(slice);
    }
    assert_eq!(bytes.len(), header_len + out.payload_len);
    let mut checksum = Checksum::with_pseudo_header(&pseudo_header(bytes.len()));
    checksum.add(&bytes);
    let field = checksum.finish();
    bytes[16..18].copy_from_slice(&field.to_be_bytes());
    bytes.freeze()
}
