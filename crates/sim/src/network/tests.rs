use std::net::SocketAddr;

use synfin_host::tcp::{CloseReason, Config};
use synfin_host::{ConnectOptions, PacketDrop};
use synfin_wire::Flags;

use super::*;
use crate::link::Loss;
use crate::program::{Client, Server};
use crate::units::Probability;

const MILLI: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

fn config(address: &str) -> HostConfig {
    let address: IpAddr = address.parse().unwrap();
    HostConfig::new([(address, if address.is_ipv4() { 24 } else { 64 })])
}

fn end(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn delay(span: Duration) -> LinkConfig {
    LinkConfig { delay: span, ..LinkConfig::default() }
}

/// Two hosts on one cable.
fn pair(seed: u64, cable: LinkConfig) -> (Network, [HostId; 2], CableId) {
    let mut network = Network::new(seed);
    let hosts = ["10.0.0.1", "10.0.0.2"].map(|address| network.add_host(config(address)));
    let cable = network.connect(hosts[0], hosts[1], cable);
    (network, hosts, cable)
}

/// Two hosts, each behind a router of its own, and the cable between the routers.
fn chain(family: u8, trunk: LinkConfig) -> (Network, [HostId; 2], CableId) {
    let mut network = Network::new(1);
    let address = |number: u8, last: u8| match family {
        4 => format!("10.0.{number}.{last}"),
        _ => format!("fd00:{number}::{last}"),
    };
    let hosts = [1, 2].map(|number| network.add_host(config(&address(number, 1))));
    let routers = [1, 2].map(|number| network.add_router([address(number, 254).parse().unwrap()]));
    for (host, router) in hosts.into_iter().zip(routers) {
        network.connect(host, router, delay(MILLI));
    }
    let trunk = network.connect(routers[0], routers[1], trunk);
    let unspecified: IpAddr = if family == 4 { "0.0.0.0" } else { "::" }.parse().unwrap();
    routers.into_iter().for_each(|router| network.add_route(router, unspecified, 0, trunk));
    (network, hosts, trunk)
}

/// The comments of a capture and whatever else is text in it.
fn text(network: &Network, capture: CaptureId) -> String {
    String::from_utf8_lossy(network.captured(capture)).into_owned()
}

#[test]
fn a_transfer_takes_the_time_that_the_path_needs() {
    let (mut network, [a, b], _) = pair(1, delay(10 * MILLI));
    let server = network.run(b, Server::sink(end("10.0.0.2:80")));
    let client = network.run(a, Client::new(end("10.0.0.2:80")).sending(1000));
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    // SYN and SYN-ACK; the data and the FIN; the server's FIN.
    assert_eq!(network.now(), Instant::from_millis(40));
    assert_eq!(network.program(server).received(), 1000);
    assert!(network.run_until(2 * MINUTE, |network| network.program(client).closed().is_some()));
    assert_eq!(network.program(client).closed(), Some(CloseReason::Finished));
    assert_eq!(network.step(), None, "nothing is left to happen");
}

#[test]
fn questions_and_answers_take_a_round_trip_each() {
    let (mut network, [a, b], _) = pair(1, delay(5 * MILLI));
    network.run(b, Server::echo(end("10.0.0.2:7")));
    let client = network.run(a, Client::new(end("10.0.0.2:7")).asking(100, 20));
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    let talk = network.program(client).talk().unwrap();
    assert_eq!((talk.sent(), talk.received(), talk.is_intact()), (2_000, 2_000, true));
    assert_eq!(network.now(), Instant::from_millis(10 * (1 + 20 + 1)));
}

#[test]
fn time_stands_still_while_nothing_happens_and_jumps_to_what_does() {
    let (mut network, [a, _], _) = pair(1, delay(MILLI));
    assert_eq!((network.step(), network.next_due()), (None, None));
    network.run(a, Client::new(end("10.0.0.2:80")).after(3 * MINUTE));
    assert_eq!(network.next_due(), Some(Instant::ZERO + 3 * MINUTE));
    network.run_for(MINUTE);
    assert_eq!(network.now(), Instant::ZERO + MINUTE);
}

#[test]
fn the_owner_calls_a_host_himself() {
    let (mut network, [a, _], _) = pair(1, delay(MILLI));
    let now = network.now();
    let handle = network.host(a).connect(end("10.0.0.2:80"), ConnectOptions::default(), now).unwrap();
    let refused = |network: &mut Network| network.host(a).tcp(handle).unwrap().close_reason();
    assert_eq!(refused(&mut network), None);
    network.run_for(2 * MILLI);
    assert_eq!(refused(&mut network), Some(CloseReason::Refused));
}

#[test]
fn a_narrow_trunk_is_found_over_both_families() {
    for family in [4, 6] {
        let (mut network, [a, b], trunk) = chain(family, LinkConfig { mtu: Some(1300), ..delay(MILLI) });
        let remote = end(if family == 4 { "10.0.2.1:80" } else { "[fd00:2::1]:80" });
        let capture = network.capture(a);
        let server = network.run(b, Server::sink(remote));
        let client = network.run(a, Client::new(remote).sending(100_000));
        assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
        assert_eq!(network.program(server).received(), 100_000);
        let counters = network.link(trunk, Way::There).counters();
        assert_eq!(counters.too_long, 0, "the router sends back what does not fit");
        assert!(text(&network, capture).contains("path-mtu-retransmit"));
    }
}

#[test]
fn a_black_hole_says_nothing() {
    let (mut network, [a, b], cable) = pair(1, LinkConfig { mtu: Some(1300), ..delay(MILLI) });
    let server = network.run(b, Server::sink(end("10.0.0.2:80")));
    network.run(a, Client::new(end("10.0.0.2:80")).sending(100_000));
    network.run_for(MINUTE);
    assert!(network.link(cable, Way::There).counters().too_long > 3);
    assert!(network.program(server).received() < 1_300);
}

#[test]
fn routers_tell_of_loops_and_of_ways_that_lead_nowhere() {
    let (mut network, [a, _], trunk) = chain(4, delay(MILLI));
    // Neither router knows the address, and each takes it to be the other's.
    let now = network.now();
    network.host(a).connect(end("10.0.9.9:80"), ConnectOptions::default(), now).unwrap();
    network.run_for(Duration::from_millis(900));
    // Of 64 hops 63 are over the trunk; the router that counts the last of them says so over it.
    let taken = Way::BOTH.map(|way| network.link(trunk, way).counters().taken);
    assert_eq!((taken, network.host(a).counters().packets_in), ([32, 32], 1));

    let mut network = Network::new(1);
    let a = network.add_host(config("10.0.1.1"));
    let router = network.add_router(["10.0.1.254".parse().unwrap()]);
    network.connect(a, router, delay(MILLI));
    network.host(a).connect(end("10.0.9.9:80"), ConnectOptions::default(), Instant::ZERO).unwrap();
    network.run_for(Duration::from_millis(900));
    assert_eq!(network.host(a).counters().packets_in, 1);
    assert_eq!(network.host(a).counters().dropped, 0, "it is heard");
}

#[test]
fn the_longest_prefix_counts() {
    let mut network = Network::new(1);
    let [a, near, far] =
        ["10.0.0.1", "10.1.0.1", "10.1.0.2"].map(|address| network.add_host(config(address)));
    let router = network.add_router([]);
    network.connect(a, router, LinkConfig::default());
    let near = network.connect(router, near, LinkConfig::default());
    let far = network.connect(router, far, LinkConfig::default());
    network.add_route(router, "10.1.0.0".parse().unwrap(), 16, near);
    network.add_route(router, "10.1.7.0".parse().unwrap(), 24, far);
    for (address, [by_near, by_far]) in
        [("10.1.0.2:1", [0, 1]), ("10.1.3.3:1", [1, 1]), ("10.1.7.7:1", [1, 2]), ("10.9.9.9:1", [1, 2])]
    {
        let now = network.now();
        network.host(a).connect(end(address), ConnectOptions::default(), now).unwrap();
        network.run_for(MILLI);
        let taken = |cable| network.link(cable, Way::There).counters().taken;
        assert_eq!([taken(near), taken(far)], [by_near, by_far], "{address}");
    }
}

#[test]
fn a_host_that_reboots_resets_whoever_speaks_of_old_times() {
    let (mut network, [a, b], _) = pair(1, delay(10 * MILLI));
    let server = network.run(b, Server::source(end("10.0.0.2:80"), 0));
    let client = network.run(a, Client::new(end("10.0.0.2:80")).sending(u64::MAX));
    network.at(Instant::from_millis(500), Fault::Crash(b));
    network.at(Instant::from_millis(700), Fault::Reboot(b));
    network.run_for(Duration::from_millis(600));
    assert!(!network.is_up(b));
    assert!(network.run_until(MINUTE, |network| network.program(client).closed().is_some()));
    assert_eq!(network.program(client).closed(), Some(CloseReason::Reset));
    assert_eq!(
        network.host(b).counters().dropped_for(PacketDrop::Tcp(synfin_host::tcp::DropReason::NotForListen)),
        1
    );

    // Its server runs again, and takes the next.
    let again = network.run(a, Client::new(end("10.0.0.2:80")).sending(10));
    assert!(network.run_until(MINUTE, |network| network.program(again).is_through()));
    let talks = network.program(server).talks();
    assert_eq!((talks[0].closed(), talks[1].received()), (None, 10));
}

#[test]
fn a_client_does_not_outlive_its_host() {
    let (mut network, [a, b], _) = pair(1, delay(10 * MILLI));
    let server = network.run(b, Server::sink(end("10.0.0.2:80")));
    let client = network.run(a, Client::new(end("10.0.0.2:80")).asking(1, 5));
    network.run_for(50 * MILLI);
    network.inflict(Fault::Reboot(a));
    network.run_for(MINUTE);
    assert_eq!(network.program(client).closed(), None);
    assert_eq!(network.program(server).talks().len(), 1);
}

#[test]
fn a_cut_that_is_mended_costs_time_alone() {
    let (mut network, [a, b], cable) = pair(1, delay(10 * MILLI));
    let server = network.run(b, Server::sink(end("10.0.0.2:80")));
    let client = network.run(a, Client::new(end("10.0.0.2:80")).sending(10_000_000));
    network.at(Instant::from_millis(100), Fault::Cut(cable));
    network.at(Instant::from_millis(3_000), Fault::Mend(cable));
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    assert_eq!(network.program(server).received(), 10_000_000);
    assert!(network.link(cable, Way::There).counters().cut > 0);
    assert!(network.now() > Instant::from_millis(3_000));
}

#[test]
fn a_cable_can_change_its_ways() {
    let (mut network, [a, b], cable) = pair(1, delay(10 * MILLI));
    network.run(b, Server::echo(end("10.0.0.2:7")));
    let client = network.run(a, Client::new(end("10.0.0.2:7")).asking(1, 10));
    let slower = Fault::Reconfigure(cable, Way::Back, delay(110 * MILLI));
    network.at(Instant::from_millis(20 * 6 - 1), slower);
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    // The last five answers and the server's FIN take the longer way.
    assert_eq!(network.now(), Instant::from_millis(20 * 6 + 120 * 6));
}

#[test]
fn a_rule_loses_one_segment() {
    let (mut network, [a, b], cable) = pair(1, delay(10 * MILLI));
    network.add_rule(
        cable,
        Way::There,
        Rule::drop().when(|packet| packet.flags().contains(Flags::SYN)).nth(1),
    );
    let capture = network.capture(cable);
    network.run(b, Server::sink(end("10.0.0.2:80")));
    let client = network.run(a, Client::new(end("10.0.0.2:80")).sending(1));
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    // RFC 6298 section 2.1: the first SYN is sent again after a second.
    assert_eq!(network.now(), Instant::from_millis(1_040));
    assert!(text(&network, capture).contains("lost by a rule"));
}

#[test]
fn captures_tell_why_at_both_ends_and_in_the_middle() {
    let lossy = LinkConfig { loss: Loss::Independent(Probability::from_percent(10)), ..delay(MILLI) };
    let (mut network, [a, b], trunk) = chain(4, lossy);
    let points: [CapturePoint; 3] = [a.into(), trunk.into(), b.into()];
    let captures = points.map(|point| network.capture(point));
    network.run(b, Server::sink(end("10.0.2.1:80")));
    let client = network.run(a, Client::new(end("10.0.2.1:80")).sending(100_000));
    assert!(network.run_until(MINUTE, |network| network.program(client).is_through()));
    let texts = captures.map(|capture| text(&network, capture));
    for reason in ["syn [", "syn-ack [", "data [", "retransmit ["] {
        assert!(texts.iter().all(|text| text.contains(reason)), "{reason}");
    }
    assert_eq!(texts.map(|text| text.contains("; lost")), [false, true, false]);
}

/// What is noted is what the ends are when the packet passes, wherever that is.
#[test]
fn captures_tell_the_states_of_both_ends() {
    let (mut network, [a, b], trunk) = chain(6, delay(MILLI));
    let points: [CapturePoint; 3] = [a.into(), trunk.into(), b.into()];
    let captures = points.map(|point| network.capture(point));
    network.run(b, Server::sink(end("[fd00:2::1]:80")));
    network.run(a, Client::new(end("[fd00:2::1]:80")).sending(1_000));
    network.run_for(MINUTE);
    let texts = captures.map(|capture| text(&network, capture));
    let syns =
        texts.each_ref().map(|text| text.contains("syn [RFC 9293 3.10.1]; sender SYN-SENT, receiver LISTEN"));
    assert_eq!(syns, [true, true, false]);
    assert!(texts[2].contains("syn [RFC 9293 3.10.1]; sender SYN-SENT, receiver SYN-RECEIVED"));
    let answers = ["sender SYN-RECEIVED, receiver FIN-WAIT-1", "sender SYN-RECEIVED, receiver SYN-SENT"];
    let answered = texts
        .each_ref()
        .map(|text| answers.map(|states| text.contains(&format!("syn-ack [RFC 9293 3.10.7.2]; {states}"))));
    assert_eq!(answered, [[true, false], [false, true], [false, true]]);
}

/// A host that is down has forgotten everything.
#[test]
fn a_host_that_is_down_is_closed() {
    let (mut network, [a, b], cable) = pair(1, delay(MILLI));
    let capture = network.capture(cable);
    network.run(b, Server::source(end("10.0.0.2:80"), 1_000_000));
    network.run(a, Client::new(end("10.0.0.2:80")));
    network.at(Instant::from_millis(3), Fault::Crash(a));
    network.run_for(MINUTE);
    let text = text(&network, capture);
    assert!(text.contains("syn-ack [RFC 9293 3.10.7.2]; sender SYN-RECEIVED, receiver SYN-SENT"));
    assert!(text.contains("rto-retransmit [RFC 6298 5.4]; sender LAST-ACK, receiver CLOSED"));
}

#[test]
fn one_seed_one_history() {
    let history = |seed| {
        let lossy = LinkConfig { loss: Loss::Independent(Probability::from_percent(5)), ..delay(MILLI) };
        let (mut network, [a, b], _) = pair(seed, lossy);
        let capture = network.capture(b);
        network.run(b, Server::echo(end("10.0.0.2:7")));
        network.run(a, Client::new(end("10.0.0.2:7")).sending(100_000));
        while network.step().is_some() {}
        network.captured(capture).to_vec()
    };
    assert!(history(1) == history(1));
    assert!(history(1) != history(2));
}

#[test]
fn settings_of_one_connection_differ_from_the_host() {
    let (mut network, [a, b], _) = pair(1, delay(MILLI));
    network.run(b, Server::sink(end("10.0.0.2:80")));
    let impatient = Config { r2_syn: Duration::from_secs(2), ..Config::default() };
    let client = network.run(a, Client::new(end("10.0.0.3:80")).with_config(impatient));
    network.run_for(MINUTE);
    assert_eq!(network.program(client).closed(), Some(CloseReason::HandshakeTimeout));
    let astray = network.run(a, Client::new(end("[fd00::1]:80")));
    assert!(network.program(astray).failed().is_some());
}

#[test]
#[should_panic(expected = "a host has one cable")]
fn a_host_has_one_cable() {
    let (mut network, [a, b], _) = pair(1, LinkConfig::default());
    network.connect(a, b, LinkConfig::default());
}
