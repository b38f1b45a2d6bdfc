//! Captures of many connections, of which it is known what they have in common.

use synfin_wire::Flags;

use super::*;
use crate::packet::Packet;
use crate::testing::packet;
use crate::{Detail, Explainer};

const ACK: Flags = Flags::ACK;
const SYN: Flags = Flags::SYN;
const RST: Flags = Flags::RST;

/// Makes captures: each packet comes a millisecond after the one before.
#[derive(Default)]
struct Story {
    packets: Vec<Packet<'static>>,
    millis: u64,
}

type Ends = [SocketAddr; 2];

fn ends(client: u8, client_port: u16, server: u8, port: u16) -> Ends {
    [SocketAddr::from(([10, 0, 1, client], client_port)), SocketAddr::from(([10, 0, 2, server], port))]
}

impl Story {
    fn says(&mut self, ends: Ends, from: usize, flags: Flags, (seq, ack): (u32, u32), len: u32) -> &mut Self {
        self.millis += 1;
        let said = packet(self.millis, [ends[from], ends[1 - from]], flags, (seq, ack), len);
        self.packets.push(Packet { frame: self.packets.len() as u64 + 1, ..said });
        self
    }

    fn waits(&mut self, millis: u64) -> &mut Self {
        self.millis += millis;
        self
    }

    fn refused(&mut self, ends: Ends) -> &mut Self {
        self.says(ends, 0, SYN, (0, 0), 0).says(ends, 1, RST | ACK, (0, 1), 0)
    }

    fn unanswered(&mut self, ends: Ends) -> &mut Self {
        self.says(ends, 0, SYN, (0, 0), 0).waits(1000).says(ends, 0, SYN, (0, 0), 0)
    }

    fn opened(&mut self, ends: Ends) -> &mut Self {
        self.says(ends, 0, SYN, (0, 0), 0).says(ends, 1, SYN | ACK, (500, 1), 0).says(
            ends,
            0,
            ACK,
            (1, 501),
            0,
        )
    }

    /// A question and its answer, whether or not the first was lost at first.
    fn talked(&mut self, ends: Ends, is_lossy: bool) -> &mut Self {
        self.opened(ends).says(ends, 0, ACK, (1, 501), 100);
        if is_lossy {
            self.waits(300).says(ends, 0, ACK, (1, 501), 100);
        }
        self.says(ends, 1, ACK, (501, 101), 100).says(ends, 0, ACK, (101, 601), 0)
    }

    /// The last of each connection goes again and again.
    fn goes_unanswered(&mut self, ends: Ends) -> &mut Self {
        self.says(ends, 0, ACK, (101, 601), 100);
        for waits in [300, 600, 1200] {
            self.waits(waits).says(ends, 0, ACK, (101, 601), 100);
        }
        self
    }

    fn told(&self) -> Vec<Pattern> {
        let mut explainer = Explainer::new(Detail::None);
        self.packets.iter().for_each(|packet| explainer.observe(packet));
        let mut patterns = Patterns::default();
        explainer.finish().iter().for_each(|connection| patterns.observe(connection));
        patterns.finish()
    }

    /// The kinds with how many connections show each, and out of how many.
    fn kinds(&self) -> Vec<(PatternKind, u64, u64)> {
        self.told().iter().map(|told| (told.kind, told.count, told.of)).collect()
    }
}

#[test]
fn healthy_connections_have_nothing_in_common() {
    let mut story = Story::default();
    for client in 1..20 {
        story.talked(ends(client, 1000, 1, 80), false);
    }
    assert_eq!(story.kinds(), []);
}

#[test]
fn one_or_two_failures_are_no_pattern() {
    let mut story = Story::default();
    story.refused(ends(1, 1000, 1, 80)).refused(ends(2, 1000, 1, 80)).unanswered(ends(3, 1000, 2, 80));
    assert_eq!(story.kinds(), []);
}

#[test]
fn a_service_that_is_down() {
    let mut story = Story::default();
    for port in 1000..1004 {
        story.refused(ends(1, port, 1, 80));
    }
    let told = story.told();
    assert_eq!(story.kinds(), [(PatternKind::ServiceRefuses, 4, 4)]);
    assert_eq!((told[0].host, told[0].port), ([10, 0, 2, 1].into(), Some(80)));
    assert_eq!(told[0].connections, [1, 2, 3, 4]);
    story.talked(ends(1, 1005, 1, 80), false);
    assert_eq!(story.kinds(), [(PatternKind::ServiceRefuses, 4, 5)], "it was restarted");
}

#[test]
fn a_service_behind_a_filter() {
    let mut story = Story::default();
    for port in 1000..1004 {
        story.unanswered(ends(1, port, 1, 80));
    }
    assert_eq!(story.kinds(), [(PatternKind::ServiceSilent, 4, 4)]);
}

#[test]
fn a_listener_whose_queue_is_full() {
    let mut story = Story::default();
    for port in 1000..1004 {
        story.unanswered(ends(1, port, 1, 80)).talked(ends(2, port, 1, 80), false);
    }
    assert_eq!(story.kinds(), [(PatternKind::ListenQueue, 4, 8)]);
}

#[test]
fn a_flood() {
    let mut story = Story::default();
    for client in 1..40 {
        let ends = ends(client, 1000, 1, 80);
        story.says(ends, 0, SYN, (0, 0), 0).says(ends, 1, SYN | ACK, (500, 1), 0);
    }
    story.waits(3000).talked(ends(99, 1000, 1, 80), false);
    assert_eq!(story.kinds(), [(PatternKind::SynFlood, 39, 40)]);
}

#[test]
fn a_scan() {
    let mut story = Story::default();
    for port in 70..90 {
        story.refused(ends(1, 40_000 + port, 1, port));
    }
    let open = ends(1, 50_000, 1, 80);
    story.opened(open).says(open, 0, RST, (1, 0), 0);
    assert_eq!(story.kinds(), [(PatternKind::PortScan, 21, 21)]);
}

#[test]
fn a_host_without_a_way_out() {
    let mut story = Story::default();
    for server in 1..5 {
        story.unanswered(ends(1, 1000, server, 443));
    }
    assert_eq!(story.kinds(), [(PatternKind::HostIsolated, 4, 4)]);
}

#[test]
fn a_way_that_loses() {
    let mut story = Story::default();
    for port in 1000..1004 {
        story.talked(ends(1, port, 1, 80), true);
    }
    assert_eq!(story.kinds(), [(PatternKind::LossyPath, 4, 4)]);
    assert!(story.told()[0].peer.is_some(), "it is between two");
    for server in 2..5 {
        story.talked(ends(1, 1000, server, 80), true).talked(ends(9, 1000, server, 80), false);
    }
    let told = story.told();
    assert_eq!(story.kinds(), [(PatternKind::LossyPath, 7, 7)]);
    assert_eq!((told[0].host, told[0].peer), ([10, 0, 1, 1].into(), None), "whoever is at the other end");
}

#[test]
fn a_way_that_broke() {
    let mut story = Story::default();
    let both = [1000, 1001].map(|port| ends(1, port, 1, 80));
    for ends in both {
        story.talked(ends, false);
    }
    for ends in both {
        story.goes_unanswered(ends);
    }
    assert_eq!(story.kinds(), [(PatternKind::PathBroke, 2, 2)]);
}

#[test]
fn connections_that_break_when_they_were_quiet() {
    let mut story = Story::default();
    let both = [1000, 1001].map(|port| ends(1, port, 1, 80));
    for ends in both {
        story.talked(ends, false);
    }
    story.waits(300_000);
    for ends in both {
        story.says(ends, 0, ACK, (101, 601), 100).says(ends, 1, RST, (601, 0), 0);
    }
    let told = story.told();
    assert_eq!(story.kinds(), [(PatternKind::IdleTimeout, 2, 2)]);
    assert_eq!(told[0].quiet.map(|quiet| quiet.as_secs()), Some(300));
}

#[test]
fn ports_that_are_used_again() {
    let mut story = Story::default();
    for round in 0..4_u32 {
        for port in [1000, 1001] {
            let ends = ends(1, port, 1, 80);
            let (seq, ack) = (round * 100_000, 500 + round * 100_000);
            story
                .says(ends, 0, SYN, (seq, 0), 0)
                .says(ends, 1, SYN | ACK, (ack, seq + 1), 0)
                .says(ends, 0, ACK | Flags::FIN, (seq + 1, ack + 1), 0)
                .says(ends, 1, ACK | Flags::FIN, (ack + 1, seq + 2), 0)
                .says(ends, 0, ACK, (seq + 2, ack + 2), 0);
        }
    }
    assert_eq!(story.kinds(), [(PatternKind::PortsShort, 6, 8)]);
}

#[test]
fn memory_is_bounded() {
    let mut patterns = Patterns::default();
    let mut explainer = Explainer::new(Detail::None);
    let mut story = Story::default();
    story.refused(ends(1, 1000, 1, 80));
    story.packets.iter().for_each(|packet| explainer.observe(packet));
    let mut connection = explainer.finish().pop().expect("it is told");
    for index in 0..2 * MOST as u32 {
        connection.ends[0].address.set_ip(std::net::Ipv4Addr::from(0x0a00_0000 + index).into());
        connection.ends[1].address.set_ip(std::net::Ipv4Addr::from(0x0b00_0000 + index).into());
        patterns.observe(&connection);
    }
    assert_eq!([patterns.services.len(), patterns.clients.len(), patterns.paths.len()], [MOST; 3]);
}
