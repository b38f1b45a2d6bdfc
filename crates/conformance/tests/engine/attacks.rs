//! Attacks that need more than one segment, or more than one connection: see `docs/attacks.md`.

use std::net::SocketAddr;

use synfin_tcp::{Config, DropReason, State};
use synfin_wire::Flags;

use crate::peer::{IRS, Scene, ack, ms, plain, rst, secs, segment, text};

/// A second connection of the same host, with a peer at another port.
fn beside(scene: &mut Scene, port: u16) -> (SocketAddr, synfin_host::TcpHandle) {
    let (first, handle) = (scene.peers, scene.handle);
    scene.peers.set_port(port);
    scene.peer_next = IRS;
    scene.reach(State::Established);
    let second = scene.handle.expect("a connection");
    let peers = std::mem::replace(&mut scene.peers, first);
    scene.handle = handle;
    (peers, second)
}

/// CVE-2016-5696: whoever makes one connection use up a common budget of challenges could count, at a second
/// connection, how many are left. Here each connection has a budget of its own.
#[test]
fn challenges_of_one_connection_tell_nothing_of_another() {
    let mut scene = Scene::new(plain()).established();
    let (other, second) = beside(&mut scene, 9001);
    for _ in 0..2000 {
        scene.say(rst().at(100));
    }
    assert_eq!(scene.segments().iter().filter(|heard| heard.reason.code() == "challenge-rst").count(), 1);
    scene.peers = other;
    scene.handle = Some(second);
    scene.say(rst().at(100));
    assert_eq!(scene.segments().len(), 1, "the other connection challenges as ever");
}

/// Savage et al., RFC 3465: many acknowledgments of an octet each are worth no more than one of them all.
#[test]
fn acknowledging_octet_by_octet_gains_nothing() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100_000);
    let before = scene.status().congestion_window;
    for octets in 1..=1460 {
        let upto = scene.iss + 1 + octets;
        scene.inject(ack().ack_seq(upto));
    }
    assert!(scene.status().congestion_window <= before + 1460);
}

/// Savage et al., RFC 5681 section 3.2: duplicates let no more go than has left the network at most: what was
/// in flight when recovery began.
#[test]
fn spoofed_duplicates_let_no_more_go_than_was_in_flight() {
    let (flight, sent) = after_a_thousand_duplicates(plain());
    assert!(sent <= flight + 3 * 1460, "{sent} octets for a flight of {flight}");
}

/// It is for whoever sets it to say: Linux sends until the peer's window is used up.
#[test]
fn duplicates_that_are_believed_let_go_what_the_window_takes() {
    let (flight, sent) = after_a_thousand_duplicates(Config { bounds_inflation: false, ..plain() });
    assert!(sent > 3 * flight, "{sent} octets for a flight of {flight}");
}

/// How many octets were in flight, and how many went when so many duplicates came.
fn after_a_thousand_duplicates(config: Config) -> (u32, u32) {
    let mut scene = Scene::new(config).established();
    scene.peer_window = u16::MAX;
    scene.send(500_000);
    let una = scene.iss + 1;
    let flight = scene.status().outstanding;
    scene.start();
    for _ in 0..1000 {
        scene.say(ack().ack_seq(una));
    }
    let sent: usize = scene.segments().iter().map(|heard| heard.text.len()).sum();
    (flight, sent as u32)
}

/// Savage et al.: an acknowledgment of what was not sent yet is dropped, and grows nothing.
#[test]
fn an_acknowledgment_before_the_data_gains_nothing() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100_000);
    let before = scene.status();
    for ahead in (1..100).map(|segments| segments * 1460) {
        let unsent = scene.our_next + ahead;
        assert_eq!(scene.say(ack().ack_seq(unsent)), Some(DropReason::AckOfUnsent));
    }
    let after = scene.status();
    assert_eq!(after.congestion_window, before.congestion_window);
    assert_eq!(after.outstanding, before.outstanding);
}

fn stamped() -> Scene {
    let mut scene = Scene::new(Config { timestamps: true, ..plain() }).willing().established();
    scene.say(text(10).stamps(2000, 0));
    scene.wait(secs(1));
    scene.start();
    scene
}

/// A forged timestamp far ahead would make all that the peer sends look old. It counts only in a segment that
/// passes every check: in the window, and with an acknowledgment in range.
#[test]
fn a_forged_timestamp_poisons_nothing() {
    let mut scene = stamped();
    let ahead = 1 << 30;
    scene.say(text(5).at(70_000).stamps(ahead, 0));
    let unsent = scene.our_next + 1000;
    assert_eq!(scene.say(text(5).at(11).ack_seq(unsent).stamps(ahead, 0)), Some(DropReason::AckOfUnsent));
    scene.say(segment(Flags::SYN).at(11).stamps(ahead, 0));
    scene.wait(secs(1));
    scene.peer_next = IRS + 11;
    assert_eq!(scene.say(text(5).at(11).stamps(2001, 0)), None);
    assert_eq!(scene.read(100), 15);
}

/// Off-path hijacking by the IPv4 identification: ours is that of an atomic datagram (RFC 6864), zero, and tells
/// nothing.
#[test]
fn the_ipv4_identification_counts_nothing() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..3 {
        scene.queue(100);
        let now = scene.now;
        let packet = scene.host.poll_transmit(now).expect("data").to_bytes();
        assert_eq!((&packet[4..6], packet[6] & 0x40), (&[0, 0][..], 0x40));
        scene.now = now + ms(1);
        scene.our_next += 100;
        scene.inject(ack());
    }
}
