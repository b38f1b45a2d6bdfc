//! One connection in the simulator, by a seed: who says what, over which link.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_host::tcp::State;
use synfin_host::{HostConfig, TcpHandle};
use synfin_ladder::Side;
use synfin_sim::program::{Client, Exchange, Server};
use synfin_sim::{HostId, LinkConfig, Loss, Network, Probability};
use synfin_wire::Instant;

/// What came of a scene.
pub(crate) struct Played {
    /// Where a capture was made, and the capture.
    pub(crate) captures: Vec<(Option<Side>, Vec<u8>)>,
    /// The states of client and server, each with its moment, nanoseconds.
    pub(crate) states: [Vec<(u64, State)>; 2],
}

/// A number of a seed, `0..below`.
fn number(seed: u64, salt: u64, below: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ mixed >> 31).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) % below
}

fn link(seed: u64) -> LinkConfig {
    let percent = |salt, below| Probability::from_percent((number(seed, salt, below)) as u32);
    LinkConfig {
        delay: Duration::from_millis(2 + number(seed, 1, 30)),
        loss: Loss::Independent(if seed.is_multiple_of(3) { Probability::NEVER } else { percent(2, 8) }),
        reorder: if seed % 4 == 1 { percent(3, 5) } else { Probability::NEVER },
        duplicate: if seed % 5 == 2 { percent(4, 5) } else { Probability::NEVER },
        ..LinkConfig::default()
    }
}

/// Who says what. Of five kinds of scene three are exchanges; in the others a user closes while his text is queued.
fn programs(seed: u64, address: SocketAddr) -> (Client, Server) {
    let size = [0, 1, 1_000, 20_000, 200_000][number(seed, 5, 5) as usize];
    let few = 1 + number(seed, 7, 5);
    let exchange = match number(seed, 6, 5) {
        0 => return (Client::new(address).sending(size), Server::sink(address)),
        1 => return (Client::new(address), Server::source(address, size)),
        2 => Exchange { question: size.clamp(1, 5_000), answer: size.clamp(1, 5_000), rounds: few },
        3 => Exchange { question: 100, answer: size.max(1), rounds: 1 },
        _ => Exchange { question: size.max(1), answer: 100, rounds: 1 },
    };
    (Client::new(address).exchanging(exchange), Server::answering(address, exchange))
}

/// Plays a scene to its end.
pub(crate) fn play(seed: u64) -> Played {
    let mut network = Network::new(seed);
    let a = network.add_host(HostConfig::new([("10.0.1.1".parse().unwrap(), 24)]));
    let b = network.add_host(HostConfig::new([("10.0.2.1".parse().unwrap(), 24)]));
    let router = network.add_router(["10.0.1.254".parse().unwrap()]);
    network.connect(a, router, link(seed));
    network.connect(router, b, link(seed + 1_000_000));
    let address = "10.0.2.1:80".parse().unwrap();
    let (client, server) = programs(seed, address);
    let server = network.run(b, server);
    let client = network.run(a, client);
    let points = [
        (Some(Side::Left), network.capture(a)),
        (Some(Side::Right), network.capture(b)),
        (None, network.capture(router)),
    ];
    let mut states = [Vec::new(), Vec::new()];
    let mut handles: [Option<TcpHandle>; 2] = [None, None];
    loop {
        handles[0] = handles[0].or_else(|| network.program(client).talk().and_then(|talk| talk.handle()));
        handles[1] =
            handles[1].or_else(|| network.program(server).talks().first().and_then(|talk| talk.handle()));
        let now = network.now();
        for (side, host) in [a, b].into_iter().enumerate() {
            if let Some(handle) = handles[side] {
                note(&mut states[side], now.as_nanos(), state(&mut network, host, handle));
            }
        }
        if states.iter().all(|states| matches!(states.last(), Some((_, State::Closed | State::TimeWait)))) {
            break;
        }
        if network.now() > Instant::from_millis(300_000) || network.step().is_none() {
            break;
        }
    }
    network.run_for(Duration::from_secs(3));
    let states = states.map(fill);
    let captures = points.map(|(place, id)| (place, network.captured(id).to_vec())).to_vec();
    Played { captures, states }
}

/// The state; a connection that is gone is CLOSED.
fn state(network: &mut Network, host: HostId, handle: TcpHandle) -> State {
    network.host(host).tcp(handle).map_or(State::Closed, |socket| socket.state())
}

/// Puts in what lasted for less than a step of the simulator, and what has no handle, as a half-open entry.
fn fill(states: Vec<(u64, State)>) -> Vec<(u64, State)> {
    let mut filled: Vec<(u64, State)> = Vec::new();
    for (at, state) in states {
        let last = filled.last().map_or(State::Listen, |(_, last)| *last);
        let between: &[State] = match (last, state) {
            (State::Listen, State::Established) => &[State::SynReceived],
            (State::Listen, State::FinWait1 | State::CloseWait) => &[State::SynReceived, State::Established],
            (State::Listen, State::LastAck) => &[State::SynReceived, State::Established, State::CloseWait],
            (State::SynSent, State::FinWait1 | State::CloseWait) => &[State::Established],
            (State::SynSent, State::LastAck) => &[State::Established, State::CloseWait],
            (State::Established, State::LastAck) => &[State::CloseWait],
            (State::FinWait1, State::TimeWait) => &[State::FinWait2],
            _ => &[],
        };
        filled.extend(between.iter().map(|state| (at, *state)));
        filled.push((at, state));
    }
    filled
}

fn note(states: &mut Vec<(u64, State)>, at: u64, state: State) {
    if states.last().is_none_or(|(_, last)| *last != state) {
        states.push((at, state));
    }
}
