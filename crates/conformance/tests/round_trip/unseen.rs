//! What no packet shows, and a note does: when a user has closed behind text that is still queued (RFC 9293 section 3.10.4).

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use synfin_explain::capture::Reader;
use synfin_host::tcp::State;
use synfin_host::{ConnectOptions, HostConfig, HostEvent, TcpHandle};
use synfin_sim::program::{Context, Program, Server, pattern};
use synfin_sim::{LinkConfig, Network};
use synfin_wire::Instant;

use crate::captured::{Notes, explain};

/// More than the first windows take, and less than the send buffer.
const TEXT: u64 = 60_000;
const ROUND_TRIP: Duration = Duration::from_millis(40);

/// Says all of its text as soon as it is connected, and closes so long after.
struct Writer {
    remote: SocketAddr,
    patience: Duration,
    handle: Option<TcpHandle>,
    unsaid: Bytes,
}

impl Writer {
    fn say(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) else { return };
        while !self.unsaid.is_empty()
            && let Ok(taken) = socket.send(self.unsaid.clone(), now)
        {
            self.unsaid = self.unsaid.slice(taken..);
        }
    }
}

impl Program for Writer {
    fn start(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.handle = cx.host().connect(self.remote, ConnectOptions::default(), now).ok();
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        if let HostEvent::Tcp { events, .. } = event
            && events.established()
        {
            self.say(cx);
            cx.wake_at(cx.now() + self.patience);
        }
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        if let Some(mut socket) = self.handle.and_then(|handle| cx.host().tcp(handle)) {
            socket.close(now);
        }
    }
}

/// The packets of a capture, each with its time, without what is noted on them.
fn packets(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut reader = Reader::new(file).expect("it is a capture");
    let mut packets = Vec::new();
    while let Some(frame) = reader.next().expect("it is whole") {
        packets.push((frame.at.as_nanos(), frame.bytes.to_vec()));
    }
    packets
}

/// What was captured at the writer's end, and the writer's state a while after it was connected.
fn play(patience: Duration) -> (Vec<u8>, Option<State>) {
    let mut network = Network::new(1);
    let a = network.add_host(HostConfig::new([("10.0.1.1".parse().unwrap(), 24)]));
    let b = network.add_host(HostConfig::new([("10.0.1.2".parse().unwrap(), 24)]));
    network.connect(a, b, LinkConfig { delay: ROUND_TRIP / 2, ..LinkConfig::default() });
    let remote = "10.0.1.2:80".parse().unwrap();
    network.run(b, Server::sink(remote));
    let writer = Writer { remote, patience, handle: None, unsaid: pattern(0, TEXT) };
    let writer = network.run(a, writer);
    let capture = network.capture(a);
    network.run_until(ROUND_TRIP + ROUND_TRIP / 4, |_| false);
    assert!(network.now() < Instant::ZERO + ROUND_TRIP * 2, "text is queued yet");
    let handle = network.program(writer).handle.unwrap();
    let state = network.host(a).tcp(handle).map(|socket| socket.state());
    network.run_for(Duration::from_secs(10));
    (network.captured(capture).to_vec(), state)
}

/// The states that `explain` takes the writer through.
fn explained(file: &[u8], notes: Notes) -> Vec<State> {
    let (connections, _) = explain(file, notes);
    connections[0].ends[0].timeline.sequence().collect()
}

#[test]
fn when_a_user_closed_behind_queued_text_shows_in_no_packet() {
    let (at_once, later) = (play(Duration::ZERO), play(ROUND_TRIP / 2));
    assert_eq!(packets(&at_once.0), packets(&later.0), "the same packets");
    assert_eq!((at_once.1, later.1), (Some(State::FinWait1), Some(State::Established)));
}

/// The reader closes as well: the writer has closed before that, or after it.
#[test]
fn a_note_tells_whether_a_user_closed_behind_queued_text() {
    let (before, after) = (play(Duration::ZERO).0, play(ROUND_TRIP * 3 / 2).0);
    assert_eq!(packets(&before), packets(&after), "the same packets");
    assert_eq!(explained(&before, Notes::None), explained(&after, Notes::None));
    use State::*;
    assert_eq!(explained(&before, Notes::All)[..5], [SynSent, Established, FinWait1, Closing, TimeWait]);
    assert_eq!(explained(&after, Notes::All), [SynSent, Established, CloseWait, LastAck, Closed]);
}
