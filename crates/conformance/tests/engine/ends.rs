//! Local ends: which address a connection has, and who may use a port (RFC 9293 section 3.9.1.1).

use std::net::{IpAddr, SocketAddr};

use synfin_host::{ConnectOptions, Host, HostConfig, ListenOptions, PacketOut};
use synfin_tcp::State;
use synfin_wire::{Flags, Instant, IpPacket};

use crate::peer::{Scene, ack, fin, ms, plain, segment, text};

const FIRST: &str = "10.0.0.1";
const SECOND: &str = "10.0.0.7";

/// A host with two addresses, whose peer talks to the second.
fn two_addresses() -> Scene {
    let mut scene = Scene::between(SECOND, "10.0.0.2", 1500, plain());
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let config = HostConfig::new([(address(SECOND), 24), (address(FIRST), 24)]);
    scene.host = Host::new(HostConfig { tcp: plain(), ..config }, [7; 32]);
    scene
}

fn source(packet: &PacketOut) -> IpAddr {
    IpPacket::parse(packet.to_bytes(), false).expect("a packet").header.source
}

/// Everything that the host wants to send now comes from this address.
fn all_from(scene: &mut Scene, expected: IpAddr) -> usize {
    let now = scene.now;
    let packets: Vec<PacketOut> = std::iter::from_fn(|| scene.host.poll_transmit(now)).collect();
    assert!(packets.iter().all(|packet| source(packet) == expected));
    packets.len()
}

/// MUST-43, MUST-45: the user names one of two addresses, and every segment comes from it.
#[test]
fn an_active_open_keeps_the_address_that_the_user_named() {
    let mut scene = two_addresses();
    let (now, local) = (scene.now, scene.ours);
    let options = ConnectOptions { local: Some(local), ..ConnectOptions::default() };
    scene.handle = Some(scene.host.connect(scene.peers, options, now).expect("an attempt"));
    assert_eq!(scene.socket().local_addr(), local);
    assert_eq!(all_from(&mut scene, local.ip()), 1);

    let mut scene = two_addresses();
    scene.reach(State::Established);
    scene.queue(2000);
    scene.inject(text(1460));
    scene.inject(text(1460));
    assert!(all_from(&mut scene, local.ip()) > 0);
    scene.inject(fin());
    let now = scene.now;
    scene.socket().close(now);
    assert!(all_from(&mut scene, local.ip()) > 0);
}

/// MUST-45: a passive open on any address answers from the one that was called.
#[test]
fn a_passive_open_keeps_the_address_that_was_called() {
    let mut scene = two_addresses();
    let any = SocketAddr::new([0, 0, 0, 0].into(), 80);
    scene.listener = Some(scene.host.listen(any, ListenOptions::default()).expect("a listener"));
    let called = scene.ours.ip();
    scene.inject(segment(Flags::SYN));
    assert_eq!(all_from(&mut scene, called), 1);
}

/// MUST-44: without a local address the IP layer is asked for one before the SYN goes.
#[test]
fn an_active_open_without_an_address_gets_one() {
    let mut scene = two_addresses();
    let now = scene.now;
    scene.handle = Some(scene.host.connect(scene.peers, ConnectOptions::default(), now).expect("an attempt"));
    let chosen = scene.socket().local_addr().ip();
    assert_eq!(chosen.to_string(), FIRST);
    assert_eq!(all_from(&mut scene, chosen), 1);
}

/// MUST-43: a passive open for one address takes no calls to the other.
#[test]
fn a_listener_for_one_address_is_deaf_at_the_other() {
    let mut scene = two_addresses();
    let first = SocketAddr::new(FIRST.parse().expect("an address"), 80);
    scene.host.listen(first, ListenOptions::default()).expect("a listener");
    scene.say(segment(Flags::SYN));
    assert_eq!(scene.segments()[0].header.flags, Flags::RST | Flags::ACK);
}

/// MUST-41, MUST-42: a passive open may come to a port that is in use, in any state, and disturbs nothing.
#[test]
fn a_passive_open_leaves_the_connections_of_its_port_alone() {
    for state in [State::SynSent, State::Established, State::FinWait2] {
        let mut scene = Scene::new(plain());
        scene.reach(state);
        scene.start();
        let ours = scene.ours;
        let listener = scene.host.listen(ours, ListenOptions::default()).expect("a listener");
        assert_eq!((scene.state(), scene.heard().len()), (state, 0));
        if state == State::SynSent {
            scene.say(segment(Flags::SYN | Flags::ACK));
        } else {
            scene.say(text(10));
            assert_eq!(scene.read(100), 10);
        }
        // Somebody else calls the same port, and gets the listener.
        let mut stranger = scene.peers;
        stranger.set_port(9001);
        std::mem::swap(&mut scene.peers, &mut stranger);
        let next = std::mem::replace(&mut scene.peer_next, crate::peer::IRS);
        scene.say(segment(Flags::SYN));
        assert_eq!(scene.segments().last().expect("a SYN-ACK").header.flags, Flags::SYN | Flags::ACK);
        scene.say(ack());
        scene.peer_next = next;
        assert_eq!(scene.host.accept(listener).expect("a connection").remote.port(), 9001);
    }
}

/// MUST-42 for SYN-RECEIVED, which a simultaneous open has come to.
#[test]
fn a_passive_open_may_stand_beside_syn_received() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    assert_eq!(scene.state(), State::SynReceived);
    let ours = scene.ours;
    assert!(scene.host.listen(ours, ListenOptions::default()).is_ok());
    scene.say(segment(Flags::SYN | Flags::ACK).at(0));
    assert_eq!(scene.state(), State::Established);
}

/// MUST-48, SHLD-21 to SHLD-23: the Diffserv bits that the user set go out with every kind of segment, and
/// stay until he sets others.
#[test]
fn the_diffserv_bits_stay_as_they_were_set() {
    let mut scene = Scene::new(plain()).established();
    for dscp in [46, 8] {
        scene.socket().set_dscp(dscp);
        scene.inject(text(1460));
        scene.inject(text(1460));
        scene.queue(2000);
        let mut marks = all_marks(&mut scene);
        let later = scene.now + ms(300);
        scene.host.handle_timeout(later);
        scene.now = later;
        marks.extend(all_marks(&mut scene));
        assert!(marks.len() >= 2 && marks.iter().all(|mark| *mark == dscp), "{marks:?}");
        let next = scene.our_next + 2000;
        scene.our_next = next;
        scene.inject(ack());
    }
}

fn all_marks(scene: &mut Scene) -> Vec<u8> {
    let now: Instant = scene.now;
    std::iter::from_fn(|| scene.host.poll_transmit(now))
        .map(|packet| IpPacket::parse(packet.to_bytes(), false).expect("a packet").header.dscp)
        .collect()
}

/// MAY-4, MAY-10, MAY-11: a retransmission is the same datagram to the octet, its identification included, and
/// no datagram carries an IP option.
#[test]
fn a_retransmission_is_the_same_datagram() {
    let mut scene = Scene::new(plain()).established();
    scene.queue(100);
    let now = scene.now;
    let first = scene.host.poll_transmit(now).expect("data").to_bytes();
    assert!(scene.host.poll_transmit(now).is_none());
    let later = now + ms(200);
    scene.host.handle_timeout(later);
    let again = scene.host.poll_transmit(later).expect("the data again").to_bytes();
    assert_eq!(first, again);
    assert_eq!(first[0], 0x45, "a header of 20 octets has no options");
}
