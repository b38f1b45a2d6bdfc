//! A network drawn from a seed, and what must hold of it whatever was drawn.
//!
//! Two to four hosts around one or two routers, of which all speak IPv4 and IPv6; cables that lose, delay,
//! reorder, double and corrupt; transfers in all directions; and, of some networks, a fault.

#![allow(dead_code, reason = "each test uses its own part")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::CloseReason;
use synfin_sim::program::{Client, Server, Talk};
use synfin_sim::{
    CableId, CaptureId, Fault, GilbertElliott, HostId, LinkConfig, Loss, Network, Probability, ProgramId,
    Queue, Rate, Rule, Way,
};
use synfin_wire::Instant;

/// No transfer takes longer, however bad the network.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The digests of the first networks.
pub(crate) fn digests() -> impl Iterator<Item = u64> {
    (0..64).map(|seed| {
        let mut scenario = Scenario::new(seed);
        scenario.run();
        scenario.digest()
    })
}

/// A network, and who talks to whom in it.
pub(crate) struct Scenario {
    network: Network,
    transfers: Vec<Transfer>,
    captures: Vec<CaptureId>,
    /// Whether a connection may end otherwise than in order.
    doomed: bool,
}

struct Transfer {
    client: ProgramId<Client>,
    server: ProgramId<Server>,
    upload: u64,
    download: u64,
}

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

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Up to so many tenths of a percent.
    fn share(&mut self, tenths: u64) -> Probability {
        Probability::from_billionths(self.below(tenths * 1_000_000 + 1) as u32)
    }

    fn link(&mut self) -> LinkConfig {
        let rate = Rate::from_bits_per_second(100_000 << self.below(14));
        let queue = match self.below(3) {
            0 => Queue::codel(),
            1 => Queue::DropTail { packets: 2 + self.below(100) as usize, octets: usize::MAX },
            _ => Queue::default(),
        };
        let loss = match self.below(4) {
            0 => Loss::GilbertElliott(GilbertElliott {
                turns_bad: self.share(10),
                // A longer burst may outlast TIME-WAIT where only retransmissions pass, and end in a reset.
                turns_good: Probability::from_percent(60 + self.below(40) as u32),
                ..GilbertElliott::default()
            }),
            1 => Loss::Listed((0..self.below(10)).map(|_| 1 + self.below(60)).collect()),
            _ => Loss::Independent(self.share(50)),
        };
        LinkConfig {
            rate: rate.filter(|_| !self.one_in(4)),
            queue,
            mtu: [None, None, Some(1400), Some(1280)][self.below(4) as usize],
            delay: Duration::from_micros(self.below(100_000)),
            jitter: Duration::from_micros(self.below(20_000)),
            jitter_reorders: self.one_in(3),
            loss,
            reorder: self.share(20),
            duplicate: self.share(20),
            corrupt: self.share(10),
        }
    }
}

fn v4(host: usize) -> IpAddr {
    Ipv4Addr::new(10, 0, host as u8, 1).into()
}

fn v6(host: usize) -> IpAddr {
    Ipv6Addr::new(0xfd00, 0, 0, host as u16, 0, 0, 0, 1).into()
}

impl Scenario {
    /// The network of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self::resting(seed, Some(Duration::from_secs(1)))
    }

    /// The same, where connections go to rest after so long.
    pub(crate) fn resting(seed: u64, rest_after: Option<Duration>) -> Self {
        let mut draw = Draw(seed);
        let mut network = Network::new(seed);
        let (hosts, cables) = build(&mut draw, &mut network, rest_after);
        let captures = vec![
            network.capture(hosts[0]),
            network.capture(hosts[hosts.len() - 1]),
            network.capture(cables[cables.len() - 1]),
        ];
        let transfers = (0..1 + draw.below(4)).map(|number| {
            let to = draw.below(hosts.len() as u64) as usize;
            let from = (to + 1 + draw.below(hosts.len() as u64 - 1) as usize) % hosts.len();
            let address = if draw.one_in(2) { v4(to) } else { v6(to) };
            let remote = SocketAddr::new(address, 1000 + number as u16);
            let (upload, download) = (1 << draw.below(20), 1 << draw.below(20));
            let start = Duration::from_millis(draw.below(2_000));
            let server = network.run(hosts[to], Server::source(remote, download));
            let client = network.run(hosts[from], Client::new(remote).sending(upload).after(start));
            Transfer { client, server, upload, download }
        });
        let transfers = transfers.collect();
        let doomed = afflict(&mut draw, &mut network, &hosts, &cables);
        Self { network, transfers, captures, doomed }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When something does not hold that must.
    pub(crate) fn run(&mut self) {
        while let Some(moment) = self.network.step() {
            self.network.check_invariants();
            if moment > Instant::ZERO + PATIENCE {
                break;
            }
        }
        for (number, transfer) in self.transfers.iter().enumerate() {
            self.check(number, transfer);
        }
    }

    /// Every octet in order, and an end that is in order too, or has a reason.
    fn check(&self, number: usize, transfer: &Transfer) {
        let client = self.network.program(transfer.client);
        let server = self.network.program(transfer.server);
        let Some(opened) = client.talk() else {
            assert!(self.doomed, "transfer {number} was never opened");
            return;
        };
        for talk in server.talks().iter().chain([opened]) {
            assert!(talk.is_intact(), "transfer {number}: an octet is not what was sent");
        }
        if self.doomed {
            return;
        }
        assert_eq!(opened.closed(), Some(CloseReason::Finished), "transfer {number}: {opened:?}");
        let [accepted] = server.talks() else {
            panic!("transfer {number}: one connection was opened, and {} accepted", server.talks().len())
        };
        assert_eq!(accepted.closed(), Some(CloseReason::Finished), "transfer {number}: {accepted:?}");
        let heard = [accepted, opened].map(Talk::received);
        assert_eq!(heard, [transfer.upload, transfer.download], "transfer {number}");
    }

    /// The captures: at the first host, at the last, and in between.
    pub(crate) fn files(&self) -> impl Iterator<Item = &[u8]> {
        self.captures.iter().map(|capture| self.network.captured(*capture))
    }

    /// A number that differs when an octet of a capture does (FNV-1a).
    pub(crate) fn digest(&self) -> u64 {
        self.files().flatten().fold(0xcbf2_9ce4_8422_2325, |digest, octet| {
            (digest ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}

/// Hosts at one router or at either of two.
fn build(
    draw: &mut Draw,
    network: &mut Network,
    rest_after: Option<Duration>,
) -> (Vec<HostId>, Vec<CableId>) {
    let (left, right) = (router(network, 101), router(network, 102));
    let trunk = network.connect_uneven(left, right, draw.link(), draw.link());
    let mut cables = vec![trunk];
    let hosts = (0..2 + draw.below(3) as usize).map(|number| {
        let mut config = HostConfig::new([(v4(number), 24), (v6(number), 64)]);
        // The last acknowledgment may be lost many times: TIME-WAIT must outlast the back-off of what waits for it.
        config.tcp.msl = Duration::from_secs(300);
        let host = network.add_host(HostConfig { rest_after, ..config });
        let (near, far) = if draw.one_in(2) { (left, right) } else { (right, left) };
        // A host knows the MTU of its own link; a router tells those whose packets are too long for the next.
        let there = LinkConfig { mtu: None, ..draw.link() };
        cables.push(network.connect_uneven(host, near, there, draw.link()));
        network.add_route(far, v4(number), 24, trunk);
        network.add_route(far, v6(number), 64, trunk);
        host
    });
    (hosts.collect(), cables)
}

fn router(network: &mut Network, number: usize) -> synfin_sim::RouterId {
    network.add_router([v4(number), v6(number)])
}

/// In one network of four, something befalls it. Returns whether connections may die of that.
fn afflict(draw: &mut Draw, network: &mut Network, hosts: &[HostId], cables: &[CableId]) -> bool {
    let moment = Instant::from_millis(draw.below(5_000));
    let later = moment + Duration::from_millis(draw.below(5_000));
    let host = hosts[draw.below(hosts.len() as u64) as usize];
    let cable = cables[draw.below(cables.len() as u64) as usize];
    match draw.below(16) {
        0 => {
            network.at(moment, Fault::Crash(host));
            network.at(later, Fault::Reboot(host));
            true
        }
        1 => {
            network.at(moment, Fault::Cut(cable));
            network.at(later, Fault::Mend(cable));
            false
        }
        2 => {
            let narrower = LinkConfig { mtu: Some(1280), ..draw.link() };
            network.at(moment, Fault::Reconfigure(cable, Way::Back, narrower));
            false
        }
        3 => {
            network.add_rule(cable, Way::There, Rule::drop().when(|packet| packet.flags().syn()).first(2));
            network.add_rule(cable, Way::Back, Rule::delay(later - moment).nth(5));
            false
        }
        _ => false,
    }
}
