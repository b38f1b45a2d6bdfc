//! What a seed lets happen, and what must hold whatever that is.

use std::net::SocketAddr;
use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::{CloseReason, Config, KeepAlive};
use synfin_sim::{
    CableId, CaptureId, Fault, HostId, LinkConfig, Loss, Network, Probability, ProgramId, Rate, Rule, Way,
};
use synfin_wire::Instant;

use crate::program::{Answerer, Call, Caller};

/// Whatever happens is over by then: a peer that is gone for good costs R2, at most.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// SplitMix64: the draws of the test, apart from those of what is tested.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn share(&mut self, tenths: u64) -> Probability {
        Probability::from_billionths(self.below(tenths * 1_000_000 + 1) as u32)
    }

    fn millis(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }

    fn link(&mut self) -> LinkConfig {
        LinkConfig {
            rate: Rate::from_bits_per_second(200_000 << self.below(12)).filter(|_| self.percent(70)),
            delay: self.millis(80),
            jitter: self.millis(30),
            jitter_reorders: self.percent(50),
            loss: Loss::Independent(self.share(50)),
            reorder: self.share(50),
            duplicate: self.share(50),
            corrupt: self.share(20),
            ..LinkConfig::default()
        }
    }

    fn tcp(&mut self) -> Config {
        Config {
            // As patient when the user has gone, for so much is lost here.
            r2_orphan: Config::default().r2,
            receive_buffer: 1_000 + self.below(60_000) as usize,
            send_buffer: 1_000 + self.below(60_000) as usize,
            window_scaling: self.percent(70),
            timestamps: self.percent(60),
            sack: self.percent(70),
            nagle: self.percent(50),
            // TIME-WAIT must outlast the back-off of a FIN that is lost many times.
            msl: Duration::from_secs(300),
            // Nobody waits for ever for a host that has forgotten him.
            keep_alive: Some(KeepAlive {
                idle: Duration::from_secs(100),
                interval: Duration::from_secs(20),
                probes: 9,
            }),
            ..Config::default()
        }
    }

    fn call(&mut self) -> Call {
        Call {
            lengths: [1 + self.below(15_000), self.below(15_000)],
            waits: self.percent(60),
            pause: self.millis(2_000),
        }
    }
}

/// Two hosts with a router between them, and what befalls them.
pub(crate) struct Story {
    network: Network,
    calls: Vec<Call>,
    caller: ProgramId<Caller>,
    answerer: ProgramId<Answerer>,
    /// A host crashes.
    crashes: bool,
    capture: CaptureId,
}

impl Story {
    /// The story of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut network = Network::new(seed);
        let ends: [SocketAddr; 2] =
            ["10.0.1.1:40000", "10.0.2.1:80"].map(|end| end.parse().expect("an address"));
        let hosts = ends.map(|end| {
            let config = HostConfig::new([(end.ip(), 24)]);
            network.add_host(HostConfig { tcp: draw.tcp(), ..config })
        });
        let router = network.add_router(["10.0.0.1".parse().expect("an address")]);
        // Two flips of one packet can cancel out in its checksum: each way has one link that flips.
        let cables = hosts.map(|host| {
            let back = LinkConfig { corrupt: Probability::NEVER, ..draw.link() };
            network.connect_uneven(host, router, draw.link(), back)
        });
        for cable in cables {
            for way in [Way::There, Way::Back] {
                afflict_segments(&mut draw, &mut network, cable, way);
            }
        }
        let calls: Vec<Call> = (0..2 + draw.below(4)).map(|_| draw.call()).collect();
        let answerer = Answerer { local: ends[1], calls: calls.clone(), listener: None, sides: Vec::new() };
        let caller = Caller { ends, calls: calls.clone(), sides: Vec::new(), crashed: Vec::new() };
        let answerer = network.run(hosts[1], answerer);
        let caller = network.run(hosts[0], caller);
        change_mtu(&mut draw, &mut network, cables[1]);
        let crashes = crash(&mut draw, &mut network, hosts);
        let capture = network.capture(hosts[1]);
        Self { network, calls, caller, answerer, crashes, capture }
    }

    /// What passed at the answerer.
    pub(crate) fn file(&self) -> &[u8] {
        self.network.captured(self.capture)
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When something does not hold that must.
    pub(crate) fn run(&mut self) {
        while let Some(moment) = self.network.step() {
            self.network.check_invariants();
            assert!(moment < Instant::ZERO + PATIENCE, "it does not come to an end");
        }
        let (caller, answerer) = (self.network.program(self.caller), self.network.program(self.answerer));
        assert_eq!(caller.sides.len(), self.calls.len(), "a connection was never opened");
        for (number, side) in caller.sides.iter().enumerate() {
            let [said, heard] = self.calls[number].lengths;
            assert!(side.closed.is_some() || caller.crashed.contains(&number), "{number}: {side:?}");
            assert!(!side.heard_end || side.received == heard, "{number} ends too soon: {side:?}");
            if side.closed == Some(CloseReason::Finished) {
                let mut told = answerer.sides.iter().filter(|other| other.number == Some(number));
                let is_true = told.any(|other| other.heard_end && other.received == said);
                assert!(side.heard_end && is_true, "{number} was told that all had arrived: {side:?}");
            }
            if !self.crashes {
                assert_eq!(side.closed, Some(CloseReason::Finished), "{number}: {side:?}");
            }
        }
        for side in &answerer.sides {
            let whole = side.number.map(|number| self.calls[number].lengths[0]);
            assert!(!side.heard_end || side.received == whole.unwrap_or(0), "it ends too soon: {side:?}");
        }
    }
}

/// Some segments come so late that they meet a later connection; some windows shrink on the way.
fn afflict_segments(draw: &mut Draw, network: &mut Network, cable: CableId, way: Way) {
    for _ in 0..draw.below(4) {
        let span = Duration::from_millis(500 + draw.below(25_000));
        network.add_rule(cable, way, Rule::delay(span).nth(1 + draw.below(60)));
    }
    // Not behind a link that corrupts: whoever rewrites a segment mends its checksum.
    if way == Way::There && draw.percent(50) {
        let (each, place, divisor) = (2 + draw.below(9), draw.below(9), 1 + draw.below(4) as u16);
        let shrunk = move |segment: &mut synfin_wire::Segment| segment.header.window /= divisor * 2;
        let rule = Rule::rewrite(shrunk);
        let rule = rule.when(move |packet| !packet.flags().syn() && packet.number % each == place % each);
        network.add_rule(cable, way, rule);
    }
}

/// The path becomes narrower, and wider again.
fn change_mtu(draw: &mut Draw, network: &mut Network, cable: CableId) {
    if !draw.percent(40) {
        return;
    }
    let wide = LinkConfig { corrupt: Probability::NEVER, ..draw.link() };
    let narrow = LinkConfig { mtu: Some(600 + draw.below(800) as usize), ..wide.clone() };
    let first = Instant::from_millis(draw.below(3_000));
    // Towards the answerer: the router tells the caller.
    network.at(first, Fault::Reconfigure(cable, Way::Back, narrow));
    network.at(first + draw.millis(5_000), Fault::Reconfigure(cable, Way::Back, wide));
}

/// Hosts crash and boot again. Returns whether they do.
fn crash(draw: &mut Draw, network: &mut Network, hosts: [HostId; 2]) -> bool {
    let mut crashes = false;
    for _ in 0..2 {
        if draw.percent(25) {
            let host = hosts[draw.below(2) as usize];
            let moment = Instant::from_millis(draw.below(6_000));
            network.at(moment, Fault::Crash(host));
            network.at(moment + draw.millis(4_000), Fault::Reboot(host));
            crashes = true;
        }
    }
    crashes
}
