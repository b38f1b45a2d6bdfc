//! Captures from simulated networks: this project's TCP on links that lose, delay, double and reorder, with slow
//! readers, idle connections, resets, cut cables and reboots.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use synfin_host::tcp::KeepAlive;
use synfin_host::{HostConfig, HostEvent, ListenOptions, ListenerHandle, TcpHandle};
use synfin_sim::program::{Client, Context, Program, Server};
use synfin_sim::{Fault, LinkConfig, Loss, Network, Probability, Queue, Rate};
use synfin_wire::Instant;

use super::chance::Draw;
use super::frames::Frames;

/// Accepts connections and treats the last one badly.
struct Slow {
    local: SocketAddr,
    /// Octets that it reads at once, and how long it waits before it reads again.
    chunk: usize,
    pause: Duration,
    /// It aborts when it has read so much.
    patience: u64,
    /// How long it stays half-open when all was read.
    linger: Duration,
    listener: Option<ListenerHandle>,
    talk: Option<TcpHandle>,
    read: u64,
    ended: Option<Instant>,
}

impl Slow {
    fn new(local: SocketAddr, draw: &mut Draw) -> Self {
        Self {
            local,
            chunk: draw.of(&[500, 5_000, 20_000]),
            pause: Duration::from_millis(draw.of(&[5, 50, 400, 1500])),
            patience: draw.of(&[u64::MAX, u64::MAX, 30_000]),
            linger: Duration::from_millis(draw.of(&[0, 100, 12_000])),
            listener: None,
            talk: None,
            read: 0,
            ended: None,
        }
    }
}

impl Program for Slow {
    fn start(&mut self, cx: &mut Context<'_>) {
        self.talk = None;
        self.listener = cx.host().listen(self.local, ListenOptions::default()).ok();
    }

    fn event(&mut self, event: &HostEvent, cx: &mut Context<'_>) {
        if let HostEvent::Accept { listener } = event
            && Some(*listener) == self.listener
            && let Some(accepted) = cx.host().accept(*listener)
        {
            self.talk = Some(accepted.handle);
            let moment = cx.now() + self.pause;
            cx.wake_at(moment);
        }
    }

    fn wake(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(mut socket) = self.talk.and_then(|talk| cx.host().tcp(talk)) else { return };
        if self.ended.is_none() {
            match socket.receive(self.chunk, now) {
                Ok(Some(octets)) => self.read += octets.len() as u64,
                Ok(None) => self.ended = Some(now + self.linger),
                Err(_) => {}
            }
        }
        if self.read > self.patience {
            socket.abort(now);
            self.talk = None;
            return;
        }
        if self.ended.is_some_and(|moment| moment <= now) {
            socket.close(now);
            self.talk = None;
            return;
        }
        cx.wake_at(now + self.pause);
    }
}

fn link(draw: &mut Draw) -> LinkConfig {
    let share = |draw: &mut Draw, tenths: &[u32]| Probability::from_billionths(draw.of(tenths) * 1_000_000);
    LinkConfig {
        rate: draw.of(&[
            None,
            None,
            Rate::from_bits_per_second(1_000_000),
            Rate::from_bits_per_second(20_000_000),
        ]),
        queue: Queue::DropTail { packets: draw.of(&[8, 30, 1000]), octets: usize::MAX },
        mtu: None,
        delay: Duration::from_micros(draw.of(&[50, 1_000, 10_000, 40_000])),
        jitter: Duration::from_micros(draw.of(&[0, 0, 500, 5_000])),
        jitter_reorders: draw.one_in(3),
        loss: Loss::Independent(share(draw, &[0, 0, 10, 30, 100])),
        reorder: share(draw, &[0, 0, 10, 50]),
        duplicate: share(draw, &[0, 0, 10, 30]),
        // What a flipped bit makes of a header is for those who read frames, not for the marks.
        corrupt: Probability::NEVER,
    }
}

/// Runs a network that the seed draws, and adds the capture that was made at one of its ends or in between.
pub(crate) fn add(frames: &mut Frames, seed: u64) {
    let mut draw = Draw(seed);
    let mut network = Network::new(seed);
    let address = |end: u8| Ipv4Addr::new(10, (seed >> 8) as u8, seed as u8, end);
    let mut host = |end: u8, draw: &mut Draw| {
        let mut config = HostConfig::new([(address(end).into(), 24)]);
        config.tcp.sack = !draw.one_in(3);
        config.tcp.timestamps = !draw.one_in(3);
        config.tcp.window_scaling = !draw.one_in(3);
        if draw.one_in(2) {
            config.tcp.receive_buffer = draw.of(&[3_000, 16_000, 60_000]);
            config.tcp.receive_buffer_max = config.tcp.receive_buffer;
        }
        if draw.one_in(3) {
            let seconds = |n| Duration::from_secs(n);
            config.tcp.keep_alive = Some(KeepAlive { idle: seconds(2), interval: seconds(1), probes: 5 });
        }
        network.add_host(config)
    };
    let (a, b) = (host(1, &mut draw), host(2, &mut draw));
    let cable = network.connect_uneven(a, b, link(&mut draw), link(&mut draw));
    let capture = match draw.below(3) {
        0 => network.capture(a),
        1 => network.capture(b),
        _ => network.capture(cable),
    };
    let octets = 1 << draw.below(19);
    let remote = SocketAddr::new(address(2).into(), 40_000);
    let client = match draw.below(10) {
        0..=3 => {
            network.run(b, Slow::new(remote, &mut draw));
            Client::new(remote).sending(octets)
        }
        4..=5 => {
            network.run(b, Server::source(remote, 1 << draw.below(18)));
            Client::new(remote).sending(octets)
        }
        6..=8 => {
            network.run(b, Server::echo(remote));
            Client::new(remote).asking(1 << draw.below(14), 1 + draw.below(10))
        }
        _ => Client::new(remote).sending(octets),
    };
    network.run(a, client);
    let moment = Instant::from_millis(draw.below(3_000));
    match draw.below(8) {
        0 => network.at(moment, Fault::Cut(cable)),
        1 => {
            network.at(moment, Fault::Cut(cable));
            network.at(moment + Duration::from_millis(draw.of(&[300, 2_000, 10_000])), Fault::Mend(cable));
        }
        2 => network.at(moment, Fault::Reboot(b)),
        _ => {}
    }
    network.run_for(Duration::from_secs(60));
    frames.begin(format!("simulated {seed}"));
    frames.add_pcapng(network.captured(capture));
}

/// Runs the same network as [`add`], and forgets a part of what was captured: single frames, a direction, the beginning,
/// a stretch in the middle.
pub(crate) fn add_thinned(frames: &mut Frames, seed: u64) {
    add(frames, seed);
    let mut draw = Draw(!seed);
    let (kind, share, skipped) = (draw.below(5), draw.of(&[5, 20, 100]), draw.below(60) as usize);
    frames.thin(|index, from_higher| match kind {
        0 => !draw.one_in(share),
        1 => from_higher != draw.one_in(share),
        2 => index >= skipped,
        3 => !(skipped..skipped + 20).contains(&index),
        _ => !from_higher || !draw.one_in(share),
    });
}
