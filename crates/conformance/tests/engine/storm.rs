//! Two ends that do not agree on anything must not answer each other for ever (RFC 5961 section 7).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use synfin_tcp::State;
use synfin_wire::{Flags, Instant};

use crate::peer::{Scene, ms, plain, secs, segment};

const DELAY: Duration = ms(5);
/// In a minute: challenges at two a second from both ends, and what timers send.
const A_FEW: usize = 400;

/// Two hosts, each in a state that it came to with somebody else.
struct Strangers {
    ends: [Scene; 2],
    flying: VecDeque<(Instant, usize, Bytes)>,
    sent: usize,
}

fn stranger(ours: (&str, u16), peers: (&str, u16), state: State) -> Scene {
    let mut scene = Scene::between(ours.0, peers.0, 1500, plain());
    scene.ours.set_port(ours.1);
    scene.peers.set_port(peers.1);
    scene.reach(state);
    scene.start();
    scene
}

impl Strangers {
    fn new(states: [State; 2]) -> Self {
        let (a, b) = (("10.0.0.1", 80), ("10.0.0.2", 9000));
        let ends = [stranger(a, b, states[0]), stranger(b, a, states[1])];
        Self { ends, flying: VecDeque::new(), sent: 0 }
    }

    /// Lets everything that is sent arrive, for this long.
    fn run(&mut self, time: Duration) {
        let end = self.ends[0].now + time;
        loop {
            for from in 0..2 {
                let now = self.ends[from].now;
                while let Some(out) = self.ends[from].host.poll_transmit(now) {
                    self.sent += 1;
                    self.flying.push_back((now + DELAY, 1 - from, out.to_bytes()));
                }
            }
            let timers = self.ends.iter().filter_map(|end| end.host.poll_timeout());
            let Some(next) = timers.chain(self.flying.front().map(|(at, ..)| *at)).min() else { return };
            if next > end {
                return;
            }
            for end in &mut self.ends {
                end.now = end.now.max(next);
                end.host.handle_timeout(end.now);
            }
            while self.flying.front().is_some_and(|(at, ..)| *at <= next) {
                let Some((_, to, bytes)) = self.flying.pop_front() else { break };
                self.ends[to].take(bytes);
            }
        }
    }
}

#[test]
fn whatever_states_two_strangers_are_in_they_fall_silent() {
    for first in State::ALL {
        for second in State::ALL {
            for flags in [Flags::ACK, Flags::SYN, Flags::SYN | Flags::ACK, Flags::FIN | Flags::ACK] {
                let mut strangers = Strangers::new([first, second]);
                for end in &mut strangers.ends {
                    if matches!(end.host_state(), Some(State::Established | State::CloseWait)) {
                        end.queue(10);
                    }
                    let _ = end.inject(segment(flags).at(3_000_000_000));
                }
                strangers.run(secs(60));
                let sent = strangers.sent;
                assert!(sent < A_FEW, "{first} and {second} sent {sent} segments after {flags:?}");
            }
        }
    }
}
