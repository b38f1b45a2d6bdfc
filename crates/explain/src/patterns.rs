//! What the connections of a capture have in common: what none of them shows by itself.
//!
//! In: connections, one at a time, in any order. Out: patterns, the worst first. What is kept of a connection is whose it
//! was and how it went; so much that a flood of them has a bound.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use synfin_ladder::{Connection, FindingKind, Pattern, PatternKind, Role, VerdictKind};

/// So many services, clients and pairs of hosts are looked at.
const MOST: usize = 1 << 14;
/// So many connections are named.
const NAMED: usize = 20;
/// So many hosts or services are told apart.
const MANY: usize = 64;

/// As many make a pattern: fewer may be chance.
const SEVERAL: u64 = 3;
/// A flood or a scan has more.
const FLOOD: u64 = 20;
const SCAN: usize = 10;
/// As many others, if each of them is silent, show that it is not their fault.
const OTHERS: usize = 3;

/// What connections have in common.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    services: BTreeMap<SocketAddr, Service>,
    clients: BTreeMap<IpAddr, Client>,
    paths: BTreeMap<(IpAddr, IpAddr), Way>,
}

/// Some connections: how many, and the first of them.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: u64,
    numbers: Vec<u64>,
}

impl Tally {
    fn add(&mut self, number: u64) {
        self.count += 1;
        // They come in the order in which they end.
        let at = self.numbers.partition_point(|known| *known < number);
        self.numbers.insert(at, number);
        self.numbers.truncate(NAMED);
    }

    fn with(&self, other: &Self) -> Self {
        let mut numbers: Vec<u64> = self.numbers.iter().chain(&other.numbers).copied().collect();
        numbers.sort_unstable();
        numbers.truncate(NAMED);
        Self { count: self.count + other.count, numbers }
    }

    /// Whether these are most of so many.
    const fn are_most_of(&self, all: u64) -> bool {
        self.count * 4 >= all * 3
    }
}

/// What is known of a server's port.
#[derive(Clone, Debug, Default)]
struct Service {
    all: u64,
    opened: u64,
    refused: Tally,
    unanswered: Tally,
    unfinished: Tally,
    /// The end of the handshake was ignored, or answered with an RST.
    put_off: Tally,
    reused: Tally,
    sources: BTreeSet<IpAddr>,
    forgotten: Tally,
    quiet: Option<Duration>,
}

/// What is known of who opens connections.
#[derive(Clone, Debug, Default)]
struct Client {
    all: u64,
    opened: u64,
    /// Those that came to nothing.
    failed: Tally,
    unanswered: Tally,
    failed_at: BTreeSet<SocketAddr>,
    silent: BTreeSet<IpAddr>,
}

/// What is known of the way between two hosts.
#[derive(Clone, Debug, Default)]
struct Way {
    with_text: u64,
    lossy: Tally,
    all: u64,
    broken: Tally,
}

impl Patterns {
    /// Takes note of a connection.
    pub fn observe(&mut self, connection: &Connection) {
        let [left, right] = &connection.ends;
        let (client, server) = match (left.role, right.role) {
            (Role::Server, _) | (_, Role::Client) => (right.address, left.address),
            _ => (left.address, right.address),
        };
        let is_opening_seen = left.syn_seen || right.syn_seen;
        let pair =
            if client.ip() <= server.ip() { (client.ip(), server.ip()) } else { (server.ip(), client.ip()) };
        if let Some(way) = entry(&mut self.paths, pair) {
            way.observe(connection);
        }
        if let Some(service) = entry(&mut self.services, server) {
            service.observe(connection, client.ip(), is_opening_seen);
        }
        if is_opening_seen && let Some(asking) = entry(&mut self.clients, client.ip()) {
            asking.observe(connection, server);
        }
    }

    /// What they have in common, the worst first.
    #[must_use]
    pub fn finish(&self) -> Vec<Pattern> {
        let mut found: Vec<Pattern> =
            self.services.iter().flat_map(|(server, service)| service.tell(*server)).collect();
        for (host, client) in &self.clients {
            found.extend(client.tell(*host));
        }
        // What a scan meets is no fault of those whom it asks.
        let scanners: Vec<IpAddr> =
            found.iter().filter(|told| told.kind == PatternKind::PortScan).map(|told| told.host).collect();
        let isolated: Vec<IpAddr> = found
            .iter()
            .filter(|told| told.kind == PatternKind::HostIsolated)
            .map(|told| told.host)
            .collect();
        let is_met_by =
            |told: &Pattern, hosts: &[IpAddr]| told.peer.is_some_and(|peer| hosts.contains(&peer));
        found.retain(|told| match told.kind {
            PatternKind::ServiceRefuses | PatternKind::ServiceSilent => {
                !is_met_by(told, &scanners) && !is_met_by(told, &isolated)
            }
            _ => true,
        });
        found.extend(self.ways());
        found.sort_by_key(|told| {
            (Reverse(told.kind.severity()), Reverse(told.count), told.kind, told.host, told.port)
        });
        found
    }

    /// What the ways between hosts have in common.
    fn ways(&self) -> Vec<Pattern> {
        let mut found = Vec::new();
        for ((one, other), way) in &self.paths {
            let between =
                |kind, tally: &Tally, of| Pattern { peer: Some(*other), ..pattern(kind, *one, tally, of) };
            if way.broken.count > 1 && way.broken.are_most_of(way.all) {
                found.push(between(PatternKind::PathBroke, &way.broken, way.all));
            }
            if way.lossy.count >= SEVERAL && way.lossy.are_most_of(way.with_text) {
                found.push(between(PatternKind::LossyPath, &way.lossy, way.with_text));
            }
        }
        let hosts: BTreeSet<IpAddr> = self.paths.keys().flat_map(|(one, other)| [*one, *other]).collect();
        for host in hosts {
            let ways = self.paths.iter().filter(|((one, other), _)| [one, other].contains(&&host));
            let (mut with_text, mut lossy, mut peers) = (0, Tally::default(), 0);
            for (_, way) in ways.filter(|(_, way)| way.with_text > 0) {
                with_text += way.with_text;
                lossy = lossy.with(&way.lossy);
                peers += usize::from(way.lossy.count > 0);
            }
            if peers >= OTHERS && lossy.are_most_of(with_text) {
                found.retain(|told| {
                    told.kind != PatternKind::LossyPath || told.host != host && told.peer != Some(host)
                });
                found.push(pattern(PatternKind::LossyPath, host, &lossy, with_text));
            }
        }
        found
    }
}

impl Service {
    fn observe(&mut self, connection: &Connection, client: IpAddr, is_opening_seen: bool) {
        let number = connection.number;
        let has = |kind| connection.findings.iter().any(|finding| finding.kind == kind);
        let broke = connection.findings.iter().find(|finding| {
            matches!(finding.kind, FindingKind::GaveUp | FindingKind::Stalled | FindingKind::HalfOpen)
        });
        let quiet =
            broke.and_then(|finding| finding.evidence.iter().find(|evidence| evidence.name == "quiet"));
        if let Some(quiet) = quiet {
            let quiet = Duration::from_secs_f64(quiet.value / 1e3);
            self.forgotten.add(number);
            self.quiet = Some(self.quiet.map_or(quiet, |least| least.min(quiet)));
        }
        if !is_opening_seen {
            return;
        }
        self.all += 1;
        if self.sources.len() < MANY {
            self.sources.insert(client);
        }
        if has(FindingKind::ReusedPorts) {
            self.reused.add(number);
        }
        match connection.verdict.kind {
            VerdictKind::Refused => self.refused.add(number),
            VerdictKind::Unanswered => self.unanswered.add(number),
            VerdictKind::Unfinished => self.unfinished.add(number),
            VerdictKind::Unreachable => {}
            _ if has(FindingKind::HandshakeIgnored) || reset_by_server(connection) => {
                self.put_off.add(number)
            }
            _ => self.opened += 1,
        }
    }

    fn tell(&self, server: SocketAddr) -> Vec<Pattern> {
        let mut found = Vec::new();
        let source = self.sources.iter().next().copied().filter(|_| self.sources.len() == 1);
        let mut add = |kind, tally: &Tally, of| {
            found.push(Pattern {
                port: Some(server.port()),
                peer: source,
                ..pattern(kind, server.ip(), tally, of)
            });
        };
        let dangling = self.unfinished.with(&self.unanswered);
        let took = self.opened + self.put_off.count;
        if dangling.count >= FLOOD
            && dangling.are_most_of(self.all)
            && self.unfinished.count * 2 >= dangling.count
        {
            add(PatternKind::SynFlood, &dangling, self.all);
        } else if took == 0 && self.refused.count == 0 && self.unanswered.count >= SEVERAL {
            add(PatternKind::ServiceSilent, &self.unanswered, self.all);
        } else {
            let passed_over = self.put_off.with(&self.unanswered);
            if took > 0 && passed_over.count >= SEVERAL && self.refused.count == 0 {
                add(PatternKind::ListenQueue, &passed_over, self.all);
            }
        }
        if self.refused.count >= SEVERAL {
            add(PatternKind::ServiceRefuses, &self.refused, self.all);
        }
        if self.reused.count >= SEVERAL && self.reused.count * 2 >= self.all && source.is_some() {
            add(PatternKind::PortsShort, &self.reused, self.all);
        }
        if self.forgotten.count > 1 {
            add(PatternKind::IdleTimeout, &self.forgotten, self.all.max(self.forgotten.count));
            found
                .iter_mut()
                .filter(|told| told.kind == PatternKind::IdleTimeout)
                .for_each(|told| told.quiet = self.quiet);
        }
        found
    }
}

impl Client {
    fn observe(&mut self, connection: &Connection, server: SocketAddr) {
        let octets: u64 = connection.ends.iter().map(|end| end.sent.octets).sum();
        self.all += 1;
        match connection.verdict.kind {
            VerdictKind::Refused | VerdictKind::Unfinished => {}
            VerdictKind::Unanswered | VerdictKind::Unreachable => {
                self.unanswered.add(connection.number);
                if self.silent.len() < MANY {
                    self.silent.insert(server.ip());
                }
            }
            // Who finds a port open says nothing, and is gone.
            VerdictKind::Reset if octets == 0 => {}
            _ => {
                self.opened += 1;
                return;
            }
        }
        self.failed.add(connection.number);
        if self.failed_at.len() < MANY {
            self.failed_at.insert(server);
        }
    }

    fn tell(&self, host: IpAddr) -> Option<Pattern> {
        let are_all_silent = self.opened == 0 && self.unanswered.count == self.failed.count;
        if are_all_silent && self.silent.len() >= OTHERS {
            return Some(pattern(PatternKind::HostIsolated, host, &self.unanswered, self.all));
        }
        let is_scan = self.failed_at.len() >= SCAN && self.failed.are_most_of(self.all);
        is_scan.then(|| pattern(PatternKind::PortScan, host, &self.failed, self.all))
    }
}

impl Way {
    fn observe(&mut self, connection: &Connection) {
        let has = |kind| connection.findings.iter().any(|finding| finding.kind == kind);
        let is_broken = matches!(connection.verdict.kind, VerdictKind::TimedOut | VerdictKind::Stalled);
        let is_opened = connection.ends.iter().all(|end| end.sent.packets > 0);
        if is_opened {
            self.all += 1;
            if is_broken && !has(FindingKind::BlackHole) && !has(FindingKind::HandshakeIgnored) {
                self.broken.add(connection.number);
            }
        }
        if connection.ends.iter().any(|end| end.sent.octets > 0) {
            self.with_text += 1;
            if has(FindingKind::Loss) || has(FindingKind::Timeout) {
                self.lossy.add(connection.number);
            }
        }
    }
}

/// Whether the server has reset it before it was open for a program.
fn reset_by_server(connection: &Connection) -> bool {
    connection.findings.iter().any(|finding| {
        finding.kind == FindingKind::ResetOpening
            && finding.by.is_some_and(|side| connection.end(side).role == Role::Server)
    })
}

fn pattern(kind: PatternKind, host: IpAddr, tally: &Tally, of: u64) -> Pattern {
    Pattern {
        kind,
        host,
        port: None,
        peer: None,
        connections: tally.numbers.clone(),
        count: tally.count,
        of,
        quiet: None,
    }
}

/// What is known of one of them; nothing where there are too many.
fn entry<K: Ord, V: Default>(all: &mut BTreeMap<K, V>, key: K) -> Option<&mut V> {
    if all.len() >= MOST && !all.contains_key(&key) {
        return None;
    }
    Some(all.entry(key).or_default())
}

#[cfg(test)]
mod tests;
