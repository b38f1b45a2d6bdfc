//! Connections made by hand, for tests: refused, closed, with losses, without a beginning, with hostile words in them.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_wire::tcp::SackRange;
use synfin_wire::{DropReason, Flags, Instant, Note, SendReason, SeqNumber, State, TcpOptions};

use crate::model::end::Counts;
use crate::*;

const ISN: [u32; 2] = [1_000_000, 3_000_000_000];
const ACK: Flags = Flags::ACK;
const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);
const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);
const PSH_ACK: Flags = Flags::PSH.with(Flags::ACK);

/// A connection while it is being told.
pub(crate) struct Story {
    pub(crate) connection: Connection,
    /// The next number of each side, and what each side has in order.
    next: [u32; 2],
    received: [u32; 2],
    states: [StateSet; 2],
}

impl Story {
    /// Two ends, both unheard of.
    pub(crate) fn new() -> Self {
        let before = [StateSet::of(State::Closed), StateSet::of(State::Listen)];
        let end = |address: &str, role, before| End {
            address: address.parse::<SocketAddr>().unwrap(),
            name: None,
            role,
            captured_here: role == Role::Client,
            first_number: None,
            syn_seen: false,
            mss: None,
            window_scale: None,
            sack_permitted: false,
            timestamps: false,
            ecn: false,
            fast_open: false,
            before,
            timeline: Timeline::default(),
            sent: Counts::default(),
        };
        let connection = Connection {
            number: 1,
            ends: [
                end("10.0.0.1:57312", Role::Client, before[0]),
                end("10.0.0.2:8000", Role::Server, before[1]),
            ],
            span: (Instant::ZERO, Instant::ZERO),
            verdict: Verdict { kind: VerdictKind::Unknown, by: None },
            negotiated: Negotiated::default(),
            handshake: None,
            rtt: None,
            completeness: 0,
            zeek: Zeek::default(),
            steps: Vec::new(),
            findings: Vec::new(),
        };
        Self { connection, next: ISN, received: ISN.map(|isn| isn + 1), states: before }
    }

    /// The next segment of a side. What is told of it afterwards is changed on the step that comes back.
    pub(crate) fn send(
        &mut self,
        side: Side,
        micros: u64,
        flags: Flags,
        len: u32,
        reason: impl Into<Reason>,
    ) -> &mut Step {
        let (mine, other) = (side.index(), side.other().index());
        let (seq, ack) = (self.next[mine], self.received[other]);
        let at = Instant::from_micros(micros);
        let taken = len + u32::from(flags.syn()) + u32::from(flags.fin());
        self.next[mine] = self.next[mine].wrapping_add(taken);
        self.received[mine] = self.received[mine].max(self.next[mine]);
        let end = &mut self.connection.ends[mine];
        end.first_number.get_or_insert(SeqNumber::new(ISN[mine]));
        end.sent.packets += 1;
        end.sent.data_packets += u64::from(len > 0);
        end.sent.octets += u64::from(len);
        end.sent.new_octets += u64::from(len);
        self.connection.span.1 = at;
        self.connection.steps.push(Step {
            frame: self.connection.steps.len() as u64 + 1,
            at,
            from: side,
            seq: SeqNumber::new(seq),
            ack: SeqNumber::new(if flags.ack() { ack } else { 0 }),
            relative: (
                seq.wrapping_sub(ISN[mine]),
                if flags.ack() { ack.wrapping_sub(ISN[other]) } else { 0 },
            ),
            flags,
            len,
            window: 502,
            window_octets: Some(64_256),
            urgent_pointer: 0,
            options: TcpOptions::default(),
            segments: 1,
            reason: reason.into(),
            certainty: Certainty::Seen,
            because: None,
            states: self.states,
            marks: Marks::NONE,
            ack_rtt: None,
            in_flight: (len > 0).then_some(len),
            fate: Fate::Arrived,
            arrival: Window::at(at),
            comment: None,
            note: Note::default(),
        });
        self.connection.steps.last_mut().unwrap()
    }

    /// A side comes to a state with the last segment.
    pub(crate) fn state(&mut self, side: Side, to: State) {
        self.states[side.index()] = StateSet::of(to);
        let step = self.connection.steps.last_mut().unwrap();
        step.states = self.states;
        let (when, frame) = (Window::at(step.at), Some(step.frame));
        let certainty = if side == Side::Left { Certainty::Seen } else { Certainty::Inferred };
        self.connection.ends[side.index()].timeline.0.push(Transition { to, when, certainty, frame });
    }

    /// A side can be in one of several states from the last segment on.
    pub(crate) fn either(&mut self, side: Side, states: &[State]) {
        self.states[side.index()] = states.iter().copied().collect();
        self.connection.steps.last_mut().unwrap().states = self.states;
    }

    /// The three segments of a handshake, from `micros` on, `rtt` after one another.
    pub(crate) fn handshake(&mut self, micros: u64, rtt: u64) {
        for end in &mut self.connection.ends {
            end.syn_seen = true;
            end.mss = Some(1460);
            end.window_scale = Some(7);
            end.sack_permitted = true;
            end.timestamps = true;
        }
        self.connection.negotiated =
            Negotiated { window_scale: true, sack: true, timestamps: true, ecn: false, known: true };
        self.connection.handshake = Some(Duration::from_micros(rtt));
        self.connection.rtt = Some([rtt, rtt + 900, rtt + 4_000].map(Duration::from_micros));
        self.send(Side::Left, micros, Flags::SYN, 0, SendReason::Syn).options.mss = Some(1460);
        self.state(Side::Left, State::SynSent);
        let step = self.send(Side::Right, micros + rtt, SYN_ACK, 0, SendReason::SynAck);
        step.because = Some(1);
        step.ack_rtt = Some(Duration::from_micros(rtt));
        self.state(Side::Left, State::Established);
        self.state(Side::Right, State::SynReceived);
        let step = self.send(Side::Left, micros + rtt + 30, ACK, 0, SendReason::HandshakeAck);
        step.because = Some(2);
        step.ack_rtt = Some(Duration::from_micros(30));
        self.state(Side::Right, State::Established);
    }

    fn end(
        mut self,
        kind: VerdictKind,
        by: Option<Side>,
        conn_state: &'static str,
        history: &str,
    ) -> Connection {
        self.connection.verdict = Verdict { kind, by };
        self.connection.zeek = Zeek { conn_state, history: history.to_owned() };
        self.connection
    }
}

fn finding(kind: FindingKind, by: Option<Side>, frames: &[u64], evidence: &[(&'static str, f64)]) -> Finding {
    let evidence = evidence.iter().map(|&(name, value)| Evidence { name, value }).collect();
    Finding { kind, certainty: Certainty::Seen, by, reporter: None, frames: frames.to_vec(), evidence }
}

/// Nobody listens there.
pub(crate) fn refused() -> Connection {
    let mut story = Story::new();
    story.connection.number = 2;
    story.connection.ends[1].before = StateSet::of(State::Closed);
    story.states[1] = StateSet::of(State::Closed);
    story.connection.ends[0].syn_seen = true;
    story.connection.ends[0].mss = Some(1460);
    story.send(Side::Left, 0, Flags::SYN, 0, SendReason::Syn);
    story.state(Side::Left, State::SynSent);
    let step = story.send(Side::Right, 212, Flags::RST | ACK, 0, SendReason::ResetNoConnection);
    step.because = Some(1);
    step.window = 0;
    step.window_octets = Some(0);
    story.state(Side::Left, State::Closed);
    story.connection.completeness = 37;
    story.connection.findings.push(finding(FindingKind::Refused, Some(Side::Right), &[1, 2], &[]));
    story.end(VerdictKind::Refused, Some(Side::Right), "REJ", "Sr")
}

/// A question, an answer, and four segments to close, the server waiting for its application.
pub(crate) fn closed() -> Connection {
    let mut story = Story::new();
    story.connection.number = 3;
    story.handshake(0, 20_400);
    story.send(Side::Left, 20_900, PSH_ACK, 500, SendReason::Data);
    let step = story.send(Side::Right, 41_500, PSH_ACK, 120, SendReason::Data);
    step.ack_rtt = Some(Duration::from_micros(20_600));
    let step = story.send(Side::Left, 102_000, FIN_ACK, 0, SendReason::Fin);
    step.ack_rtt = Some(Duration::from_micros(60_500));
    story.state(Side::Left, State::FinWait1);
    story.state(Side::Right, State::CloseWait);
    let step = story.send(Side::Right, 143_812, ACK, 0, SendReason::DelayedAck);
    step.because = Some(6);
    step.certainty = Certainty::Inferred;
    step.ack_rtt = Some(Duration::from_micros(41_812));
    story.state(Side::Left, State::FinWait2);
    story.send(Side::Right, 190_000, FIN_ACK, 0, SendReason::Fin);
    story.state(Side::Right, State::LastAck);
    story.state(Side::Left, State::TimeWait);
    let step = story.send(Side::Left, 190_040, ACK, 0, SendReason::FinAck);
    step.because = Some(8);
    story.either(Side::Right, &[State::LastAck, State::Closed]);
    story.connection.completeness = 31;
    story.connection.ends[0].timeline.0.push(Transition {
        to: State::Closed,
        when: Window { earliest: Some(Instant::from_millis(60_190)), latest: None },
        certainty: Certainty::Inferred,
        frame: None,
    });
    story.end(VerdictKind::Closed, Some(Side::Left), "SF", "ShADadFRf")
}

/// A download with a quiet run, a loss, its repair, a discarded duplicate, a closed window and a reset.
pub(crate) fn lossy() -> Connection {
    let mut story = Story::new();
    story.handshake(0, 20_000);
    story.send(Side::Left, 20_100, PSH_ACK, 74, SendReason::Data);
    let mut micros = 41_000;
    for _ in 0..24 {
        story.send(Side::Right, micros, ACK, 1448, SendReason::Data);
        story.send(Side::Right, micros + 12, ACK, 1448, SendReason::Data);
        let step = story.send(Side::Left, micros + 40, ACK, 0, SendReason::SecondSegmentAck);
        step.certainty = Certainty::Inferred;
        micros += 900;
    }
    micros += 500;
    let have = story.received[1];
    let lost = story.send(Side::Right, micros, ACK, 1448, SendReason::Data);
    lost.fate = Fate::Lost;
    lost.arrival = Window { earliest: None, latest: None };
    lost.certainty = Certainty::Inferred;
    lost.in_flight = Some(1448);
    let (lost_seq, lost_frame) = (lost.seq, lost.frame);
    let mut ends = Vec::new();
    for count in 0..3 {
        let after = story.send(Side::Right, micros + 12 * (count + 1), ACK, 1448, SendReason::Data);
        after.in_flight = Some(1448 * (count as u32 + 2));
        ends.push(after.end());
    }
    for (count, end) in (0..).zip(ends) {
        let ack = story.send(Side::Left, micros + 20_000 + 15 * count, ACK, 0, SendReason::OutOfOrderAck);
        ack.ack = SeqNumber::new(have);
        ack.relative.1 = have.wrapping_sub(ISN[1]);
        ack.marks.insert(Mark::DuplicateAck);
        ack.options.sack.push(SackRange { start: lost_seq + 1448, end });
    }
    micros += 40_100;
    let again = story.send(Side::Right, micros, ACK, 1448, SendReason::FastRetransmit);
    again.seq = lost_seq;
    again.relative.0 = lost_seq.value().wrapping_sub(ISN[1]);
    again.because = Some(lost_frame);
    again.marks.insert(Mark::Retransmission);
    again.marks.insert(Mark::FastRetransmission);
    let again_frame = again.frame;
    story.next[1] -= 1448;
    story.received[1] = story.next[1];
    let full = story.send(Side::Left, micros + 100, ACK, 0, SendReason::GapFilledAck);
    full.because = Some(again_frame);
    full.window = 0;
    full.window_octets = Some(0);
    full.marks.insert(Mark::ZeroWindow);
    let full_frame = full.frame;
    let twice = story.send(Side::Right, micros + 400, ACK, 1448, SendReason::RtoRetransmit);
    twice.seq = lost_seq;
    twice.relative.0 = lost_seq.value().wrapping_sub(ISN[1]);
    twice.because = Some(again_frame);
    twice.fate = Fate::Dropped(DropReason::Duplicate);
    twice.marks.insert(Mark::SpuriousRetransmission);
    story.next[1] -= 1448;
    let opened = story.send(Side::Left, micros + 2_300_000, ACK, 0, SendReason::WindowUpdate);
    opened.marks.insert(Mark::WindowUpdate);
    story.send(Side::Left, micros + 2_300_050, Flags::RST | ACK, 0, SendReason::ResetUnread);
    story.state(Side::Left, State::Closed);
    story.state(Side::Right, State::Closed);
    let reset_frame = story.connection.steps.last().unwrap().frame;
    story.connection.completeness = 47;
    story.connection.ends[1].sent.retransmitted = 2;
    story.connection.ends[1].sent.spurious = 1;
    story.connection.findings = vec![
        finding(FindingKind::ResetUnread, Some(Side::Left), &[reset_frame], &[("octets", 4344.0)]),
        finding(FindingKind::Loss, Some(Side::Right), &[lost_frame, again_frame], &[("count", 1.0)]),
        finding(FindingKind::ZeroWindow, Some(Side::Left), &[full_frame], &[("ms", 2299.9)]),
    ];
    story.end(VerdictKind::Reset, Some(Side::Left), "RSTO", "ShADadtwR")
}

/// Begins in the middle, over IPv6, between two peers; one keeps asking whether the other is there.
pub(crate) fn midway() -> Connection {
    let mut story = Story::new();
    story.connection.number = 4;
    for (end, address) in
        story.connection.ends.iter_mut().zip(["[2001:db8::17]:40022", "[2001:db8:0:5::1]:22"])
    {
        end.address = address.parse().unwrap();
        end.role = Role::Peer;
        end.captured_here = false;
        end.before = StateSet::ALL;
    }
    story.states = [StateSet::ALL; 2];
    let unscaled = |step: &mut Step| step.window_octets = None;
    unscaled(story.send(Side::Left, 5_000_000, PSH_ACK, 48, SendReason::Data));
    story.either(Side::Left, &[State::Established, State::CloseWait]);
    story.either(Side::Right, &[State::Established, State::FinWait1, State::FinWait2]);
    let step = story.send(Side::Right, 5_000_300, ACK, 0, Seen::Ack);
    step.because = Some(1);
    step.certainty = Certainty::Unknown;
    unscaled(step);
    let step = story.send(Side::Left, 65_000_000, ACK, 0, SendReason::KeepAliveProbe);
    step.because = Some(2);
    step.relative.0 -= 1;
    step.marks.insert(Mark::KeepAlive);
    unscaled(step);
    story.connection.findings = vec![
        finding(FindingKind::KeepAlive, Some(Side::Left), &[3], &[("count", 1.0)]),
        finding(FindingKind::NoSyn, None, &[], &[]),
    ];
    story.end(VerdictKind::Open, None, "OTH", "DaA")
}

/// What a capture may bring along to trick a terminal or a page.
pub(crate) const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\u{1b}[2J\u{202e}\"'&";

/// A connection whose names and comments are hostile.
pub(crate) fn hostile() -> Connection {
    let mut connection = closed();
    connection.number = 5;
    connection.ends[1].name = Some(HOSTILE.to_owned());
    connection.steps[0].comment = Some(HOSTILE.to_owned());
    connection.zeek.history = HOSTILE.to_owned();
    connection
}

/// A long one: so many segments, every tenth of them lost and sent again, or none.
pub(crate) fn long(segments: u64, losses: bool) -> Connection {
    let mut story = Story::new();
    story.handshake(0, 20_000);
    let mut micros = 41_000;
    while (story.connection.steps.len() as u64) < segments {
        micros += 437;
        if losses {
            let frame = story.connection.steps.len() as u64;
            let step = story.send(Side::Right, micros, ACK, 1448, SendReason::RackRetransmit);
            step.because = Some(frame);
            step.marks.insert(Mark::Retransmission);
            let step = story.send(Side::Left, micros + 40, ACK, 0, SendReason::OutOfOrderAck);
            step.marks.insert(Mark::DuplicateAck);
            step.because = Some(frame + 1);
            step.ack_rtt = Some(Duration::from_micros(40));
        } else {
            story.send(Side::Right, micros, ACK, 1448, SendReason::Data);
            let step = story.send(Side::Left, micros + 40, ACK, 0, SendReason::QuickAck);
            step.ack_rtt = Some(Duration::from_micros(40));
        }
    }
    story.end(VerdictKind::Open, None, "S1", "ShAdD")
}

/// All of a small capture.
pub(crate) fn all() -> Vec<Connection> {
    vec![lossy(), refused(), closed(), midway()]
}
