//! One connection against a peer that says anything: whatever comes in, in whatever order and however the
//! user and the clock behave, nothing panics, what must hold holds, and what waits has a timer.

#![no_main]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use synfin_fuzz::Input;
use synfin_tcp::{
    Config, Connection, FastOpenAttempt, HalfOpen, HalfOpenOutcome, Identity, Incoming, KeepAlive,
    MtuProbing, MtuProbingMode, PathSignal, PathSignalKind, SegmentOut, State, TimeWait, TransmitLimits,
    UserTimeoutOption,
};
use synfin_wire::tcp::{MAX_HEADER_LEN, SackRange};
use synfin_wire::{
    Ecn, Flags, Instant, Mss, Segment, SeqNumber, TcpHeader, TcpOptions, Timestamps, UserTimeout,
};

/// More segments than this after one event are a storm: the largest send buffer in segments of eight octets, the
/// least that options ever leave, makes fewer.
const STORM: usize = 1 << 16;
const LONGEST_TEXT: usize = 65_000;
/// That of MD5.
const SIGNATURE_LEN: u8 = 20;

fuzz_target!(|octets: &[u8]| {
    let mut input = Input::new(octets);
    let mut bench = Bench::new(&mut input);
    while !input.is_empty() {
        bench.step(&mut input);
        bench.drain();
    }
});

/// What the connection is at the moment.
enum Stage {
    HalfOpen(Box<HalfOpen>),
    Connection(Box<Connection>),
    TimeWait(Box<TimeWait>),
    Gone,
}

struct Bench {
    config: Arc<Config>,
    /// What our link takes.
    mss: Mss,
    limits: TransmitLimits,
    stage: Stage,
    now: Instant,
    /// As a peer sees it: the oldest number not acknowledged, the next, what it should send, and how far it may.
    una: SeqNumber,
    nxt: SeqNumber,
    expected: SeqNumber,
    edge: SeqNumber,
    stamp: u32,
    scale: u8,
    /// What the host adds to each header, octets.
    signature: u8,
    user: bool,
}

impl Bench {
    fn new(input: &mut Input) -> Self {
        let config = Arc::new(config(input));
        let iss = SeqNumber::new(input.one_of(&[1000, 0, u32::MAX - 2000, u32::MAX / 2 - 10, u32::MAX]));
        let identity = Identity { local_port: 80, remote_port: 9000, iss, timestamp_offset: input.long() };
        let now = Instant::from_millis(1000);
        let irs = SeqNumber::new(input.long());
        let active = input.bit();
        let max_payload = input.one_of(&[0, 1500, LONGEST_TEXT]);
        let mut bench = Self {
            config: Arc::clone(&config),
            mss: config.mss,
            limits: TransmitLimits { max_payload, repeats_cwr: false },
            stage: Stage::Gone,
            now,
            una: iss,
            nxt: iss + 1,
            expected: irs,
            edge: irs,
            stamp: 0,
            scale: 0,
            signature: config.signature_len,
            user: true,
        };
        let fast = input.bit();
        bench.stage = if active && fast {
            let attempt = FastOpenAttempt {
                option: None,
                peer_mss: input.one_of(&[None, Some(0), Some(1460), Some(u16::MAX)]),
            };
            let mut connection = Connection::open_fast(config, identity, attempt, now);
            let _ = connection.send(vec![0; input.word().into()].into(), now);
            Stage::Connection(Box::new(connection))
        } else if active {
            Stage::Connection(Box::new(Connection::open(config, identity, now)))
        } else if fast {
            let syn = bench.segment(input, Flags::SYN, irs, SeqNumber::new(0));
            bench.expected = irs + 1;
            Stage::Connection(Box::new(Connection::accept_fast(&config, syn, identity, None)))
        } else {
            let syn = bench.segment(input, Flags::SYN, irs, SeqNumber::new(0));
            bench.expected = irs + 1;
            Stage::HalfOpen(Box::new(HalfOpen::from_syn(&config, &syn, identity)))
        };
        bench.drain();
        bench
    }

    fn step(&mut self, input: &mut Input) {
        match input.octet() % 16 {
            0..=5 => {
                let incoming = self.anything(input);
                self.deliver(incoming);
            }
            6 | 7 => self.sensible(input),
            8 => self.pass_time(input.one_of(&[0, 1, 40, 200, 1000, 60_000, 7_200_000, 25 * 24 * 3_600_000])),
            9 | 10 => {
                let deadline = self.deadline();
                self.now = deadline.map_or(self.now, |deadline| deadline.max(self.now));
                self.time_out();
            }
            11..=13 => self.use_it(input),
            14 => self.signal(input),
            _ => self.end_it(input),
        }
    }

    /// A segment with any fields, most of them near what is live.
    fn anything(&mut self, input: &mut Input) -> Incoming {
        let flags =
            Flags::from_bits(input.one_of(&[
                0x10, 0x10, 0x11, 0x18, 0x02, 0x12, 0x04, 0x14, 0x30, 0x50, 0x150, 0x1c2, 0x1ff, 0,
            ]));
        let seq = near(input, &[self.expected, self.expected, self.edge, self.expected - 1]);
        let ack = near(input, &[self.nxt, self.una, self.una + 1, self.nxt + 1]);
        self.segment(input, flags, seq, ack)
    }

    /// What an ordinary peer might say: text in order, and an acknowledgment of what was sent.
    fn sensible(&mut self, input: &mut Input) {
        let outstanding = self.nxt.octets_since(self.una);
        let ack = self.una + if outstanding == 0 { 0 } else { input.long() % (outstanding + 1) };
        let flags =
            if self.una == self.nxt - 1 && input.bit() { Flags::SYN | Flags::ACK } else { Flags::ACK };
        let incoming = self.segment(input, flags, self.expected, ack);
        self.deliver(incoming);
    }

    fn segment(&mut self, input: &mut Input, flags: Flags, seq: SeqNumber, ack: SeqNumber) -> Incoming {
        let mut options = TcpOptions::default();
        let which = input.octet();
        if flags.syn() || which & 0x80 != 0 {
            options.mss = (which & 1 != 0).then(|| input.one_of(&[0, 1, 48, 536, 1460, 9000, u16::MAX]));
            options.window_scale = (which & 2 != 0).then(|| input.one_of(&[0, 7, 14, 255]));
            options.sack_permitted = which & 4 != 0;
        }
        if which & 8 != 0 {
            let value = match input.octet() % 8 {
                0..=4 => (self.now.as_millis() as u32).wrapping_add(7),
                5 => input.long(),
                _ => (self.now.as_millis() as u32).wrapping_sub(u32::from(input.word())),
            };
            let echo = if input.bit() { self.stamp } else { input.long() };
            options.timestamps = Some(Timestamps { value, echo });
        }
        if which & 32 != 0 {
            options.user_timeout = UserTimeout::from_bits(input.word());
        }
        if which & 16 != 0 {
            for _ in 0..1 + input.octet() % 4 {
                let start = self.una + u32::from(input.word());
                let end = if input.bit() {
                    start + u32::from(input.word())
                } else {
                    near(input, &[self.nxt, start])
                };
                options.sack.push(SackRange { start, end });
            }
        }
        let len = match input.octet() % 8 {
            0..=3 => 0,
            4 => 1,
            5 => usize::from(input.octet()),
            6 => 1460,
            _ => usize::from(input.word()).min(LONGEST_TEXT),
        };
        let header = TcpHeader {
            source_port: 9000,
            destination_port: 80,
            seq,
            ack,
            flags,
            reserved: 0,
            window: input.one_of(&[u16::MAX, 0, 1, 100, 8000, 30_000]),
            urgent_pointer: if flags.urg() { input.word() } else { 0 },
            options,
        };
        let segment = Segment { header, payload: Bytes::from(vec![0x61; len]) };
        let segment_size = input.one_of(&[None, None, Some(0), Some(1), Some(1000), Some(u16::MAX)]);
        Incoming { segment, ecn: Ecn::NotEct, segment_size, arrived: self.now }
    }

    fn deliver(&mut self, incoming: Incoming) {
        let ack = incoming.segment.header.ack;
        if incoming.segment.header.flags.ack() && ack.after(self.una) && ack.at_or_before(self.nxt) {
            self.una = ack;
        }
        if incoming.segment.header.flags.syn() {
            // Where a connection that opens actively takes its numbers from.
            self.expected = incoming.segment.header.seq + 1;
            self.edge = self.expected;
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Gone) {
            Stage::HalfOpen(mut half_open) => match half_open.handle_segment(&self.config, incoming) {
                HalfOpenOutcome::Stay(_) => Stage::HalfOpen(half_open),
                HalfOpenOutcome::Promoted(connection, _) => Stage::Connection(Box::new(connection)),
                HalfOpenOutcome::Gone(_) => Stage::Gone,
            },
            Stage::Connection(mut connection) => {
                if connection.give_way(&incoming).is_none() {
                    let _ = connection.handle_segment(incoming);
                }
                Stage::Connection(connection)
            }
            Stage::TimeWait(time_wait) if time_wait.gives_way_to(&self.config, &incoming.segment.header) => {
                Stage::Gone
            }
            Stage::TimeWait(mut time_wait) => {
                let _ = time_wait.handle_segment(&self.config, &incoming);
                Stage::TimeWait(time_wait)
            }
            Stage::Gone => Stage::Gone,
        };
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::HalfOpen(half_open) => half_open.poll_timeout(),
            Stage::Connection(connection) => connection.poll_timeout(),
            Stage::TimeWait(time_wait) => time_wait.poll_timeout(),
            Stage::Gone => None,
        }
    }

    fn pass_time(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.time_out();
    }

    fn time_out(&mut self) {
        let over = match &mut self.stage {
            Stage::HalfOpen(half_open) => half_open.handle_timeout(&self.config, self.now).is_some(),
            Stage::Connection(connection) => {
                connection.handle_timeout(self.now);
                false
            }
            Stage::TimeWait(time_wait) => time_wait.handle_timeout(self.now),
            Stage::Gone => false,
        };
        if over {
            self.stage = Stage::Gone;
        }
        let late = self.deadline().is_some_and(|deadline| deadline < self.now);
        assert!(!late, "a deadline that has passed stays");
    }

    fn use_it(&mut self, input: &mut Input) {
        let Stage::Connection(connection) = &mut self.stage else { return };
        if !self.user {
            return;
        }
        match input.octet() % 8 {
            0..=3 => {
                let len = usize::from(input.word());
                if let Ok(sent) = connection.send(Bytes::from(vec![0x62; len]), self.now) {
                    assert!(sent <= len && (sent > 0 || len == 0));
                }
            }
            4 | 5 => {
                let max = usize::from(input.word());
                if let Ok(Some(bytes)) = connection.receive(max, self.now) {
                    assert!(bytes.len() <= max);
                }
            }
            6 => {
                let keep_alive = KeepAlive { probes: input.octet(), ..KeepAlive::default() };
                connection.set_keep_alive(input.bit().then_some(keep_alive), self.now);
            }
            _ => match input.octet() % 4 {
                0 => connection.set_nodelay(input.bit(), self.now),
                1 => connection.set_user_timeout_option(input.bit().then(UserTimeoutOption::default)),
                2 => connection.set_user_timeout(
                    input.bit().then(|| Duration::from_secs(input.word().into())),
                    self.now,
                ),
                _ => {
                    self.signature = if input.bit() { SIGNATURE_LEN } else { 0 };
                    connection.set_signature_len(self.signature);
                }
            },
        }
        let _ = connection.status();
    }

    fn signal(&mut self, input: &mut Input) {
        let Stage::Connection(connection) = &mut self.stage else { return };
        let kind = match input.octet() % 4 {
            0 => PathSignalKind::Soft,
            1 => PathSignalKind::Hard,
            3 => {
                self.mss = Mss::new(input.word());
                return connection.set_mss(self.mss);
            }
            _ => PathSignalKind::TooBig { mss: input.word() },
        };
        let quoted_seq = near(input, &[self.una, self.nxt - 1]);
        let _ = connection.handle_path_signal(PathSignal { quoted_seq, kind }, self.now);
    }

    fn end_it(&mut self, input: &mut Input) {
        let Stage::Connection(connection) = &mut self.stage else { return };
        match input.octet() % 8 {
            0..=4 => connection.close(self.now),
            5 | 6 => {
                self.user = false;
                connection.release(self.now);
            }
            _ => connection.abort(self.now),
        }
    }

    /// Everything that is to be sent goes out, and what must hold then is checked.
    fn drain(&mut self) {
        if let Stage::Connection(connection) = &self.stage {
            connection.check_invariants();
        }
        let mut sent = 0;
        while let Some(out) = self.poll() {
            sent += 1;
            assert!(sent < STORM, "a storm: {out:?}");
            self.judge(&out);
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Gone) {
            Stage::Connection(connection) => {
                connection.check_drained();
                if connection.state() == State::TimeWait && !self.user {
                    match connection.into_time_wait() {
                        Ok(time_wait) => Stage::TimeWait(Box::new(time_wait)),
                        Err(connection) => Stage::Connection(Box::new(connection)),
                    }
                } else {
                    Stage::Connection(connection)
                }
            }
            other => other,
        };
    }

    fn poll(&mut self) -> Option<SegmentOut> {
        match &mut self.stage {
            Stage::HalfOpen(half_open) => half_open.poll_transmit(&self.config, self.now),
            Stage::Connection(connection) => {
                // What is signed goes alone.
                let limits = if self.signature == 0 { self.limits } else { TransmitLimits::ONE_SEGMENT };
                let out = connection.poll_transmit(limits, self.now);
                connection.check_invariants();
                out
            }
            Stage::TimeWait(time_wait) => time_wait.poll_transmit(self.now),
            Stage::Gone => None,
        }
    }

    /// A segment that leaves fits its frame, and takes back nothing that was promised.
    fn judge(&mut self, out: &SegmentOut) {
        let header = &out.header;
        let signature = usize::from(self.signature);
        assert!(header.len() + signature <= MAX_HEADER_LEN, "no room for the signature: {out:?}");
        assert_eq!(out.payload.iter().map(Bytes::len).sum::<usize>(), out.payload_len);
        let mut written = vec![0; header.len()];
        assert_eq!(header.write(&mut written), header.len());
        let options = header.len() - 20 + signature;
        let whole = usize::from(self.mss.max(Mss::FLOOR).octets());
        let size = out.segment_size.map_or(out.payload_len, usize::from);
        assert!(out.payload_len == 0 || size + options <= whole, "too long for the path: {out:?}");
        if let Some(size) = out.segment_size {
            assert!(out.payload_len > usize::from(size) && out.payload_len <= self.limits.max_payload);
        }
        let end = header.seq
            + out.payload_len as u32
            + u32::from(header.flags.syn())
            + u32::from(header.flags.fin());
        self.nxt = if header.flags.syn() { end } else { self.nxt.later(end) };
        if let Some(shift) = header.options.window_scale {
            self.scale = shift;
        }
        self.stamp = header.options.timestamps.map_or(self.stamp, |stamps| stamps.value);
        if header.flags.ack() && !header.flags.rst() {
            let edge =
                header.ack + (u32::from(header.window) << if header.flags.syn() { 0 } else { self.scale });
            self.expected = header.ack;
            self.edge = edge;
        }
    }
}

fn config(input: &mut Input) -> Config {
    let bits = input.octet();
    Config {
        mss: Mss::new(input.one_of(&[1460, 536, 48, 100, 9000, 0, u16::MAX])),
        receive_buffer: input.one_of(&[1 << 20, 65_535, 2000, 100, 0]),
        send_buffer: input.one_of(&[1 << 18, 4000, 1]),
        timestamps: bits & 1 != 0,
        sack: bits & 2 != 0,
        window_scaling: bits & 4 != 0,
        nagle: bits & 8 != 0,
        quick_acks: if bits & 16 != 0 { 16 } else { 0 },
        signature_len: if bits & 128 != 0 { SIGNATURE_LEN } else { 0 },
        user_timeout_option: input.bit().then(UserTimeoutOption::default),
        keep_alive: (bits & 32 != 0).then(KeepAlive::default),
        user_timeout: (bits & 64 != 0).then(|| Duration::from_secs(30)),
        mtu_probing: if bits & 128 != 0 { mtu_probing(input) } else { MtuProbing::default() },
        initial_window_segments: if bits & 128 != 0 { 20 } else { 10 },
        ..Config::default()
    }
}

fn mtu_probing(input: &mut Input) -> MtuProbing {
    MtuProbing {
        mode: input.one_of(&[MtuProbingMode::Always, MtuProbingMode::AfterBlackHole]),
        base_mss: Mss::new(input.one_of(&[512, 1024, 48, 0, u16::MAX])),
        floor: Mss::new(input.one_of(&[48, 0, 600, u16::MAX])),
        least_mss: Mss::new(input.one_of(&[48, 0, 600, u16::MAX])),
        interval: Duration::from_secs(input.one_of(&[600, 1, 0])),
        threshold: input.one_of(&[8, 0, 1, u16::MAX]),
    }
}

/// A number on one of the edges, near it, or anywhere.
fn near(input: &mut Input, edges: &[SeqNumber]) -> SeqNumber {
    let edge = input.one_of(edges);
    match input.octet() % 8 {
        0..=4 => edge,
        5 => edge + i32::from(input.octet() as i8) as u32,
        6 => edge + i32::from(input.word() as i16) as u32,
        _ => SeqNumber::new(input.long()),
    }
}
