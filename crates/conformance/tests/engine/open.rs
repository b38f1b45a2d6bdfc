//! Opening: active, passive, simultaneous (RFC 9293 section 3.5).

use synfin_host::TcpEvents;
use synfin_tcp::{CloseReason, Config, DropReason, State};
use synfin_wire::{Flags, SeqNumber};

use crate::peer::{IRS, Scene, ack, ms, plain, rst, secs, segment};

const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);

#[test]
fn an_active_open_takes_three_segments() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    assert_eq!(scene.heard(), ["0.000 SYN 0: syn"]);
    scene.say(segment(SYN_ACK));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: handshake-ack"]);
    assert_eq!(scene.state(), State::Established);
    assert!(scene.told(TcpEvents::established));
}

#[test]
fn a_passive_open_waits_for_the_third_segment() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    assert_eq!(scene.heard(), ["0.000 SYN,ACK 0 ack 1: syn-ack"]);
    let listener = scene.listener.expect("a listener");
    assert_eq!(scene.host.accept(listener), None);
    scene.say(ack());
    assert_eq!(scene.heard(), [""; 0]);
    assert_eq!(scene.state(), State::Established);
}

#[test]
fn what_is_sent_before_the_handshake_goes_with_its_third_segment() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.send(100);
    scene.say(segment(SYN_ACK));
    assert_eq!(scene.heard(), ["0.000 SYN 0: syn", "0.000 PSH,ACK 1+100 ack 1: data"]);
}

/// Section 3.10.7.3, last paragraph: what comes with the SYN-ACK counts.
#[test]
fn text_and_a_fin_with_the_syn_ack_are_taken() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.start();
    scene.say(segment(SYN_ACK | Flags::FIN).holding(20));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 22: handshake-ack"]);
    assert_eq!(scene.state(), State::CloseWait);
    assert_eq!((scene.read(100), scene.read(100)), (20, 0));
}

/// MUST-22, MUST-23: R2 of a SYN is three minutes or more, and the first timeout behind it ends the attempt. RFC 6298:
/// 1 s, then twice as long each time.
#[test]
fn a_syn_is_sent_again_for_three_minutes() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.wait(secs(246));
    let lines = [
        "0.000 SYN 0: syn",
        "1.000 SYN 0: syn-retransmit",
        "3.000 SYN 0: syn-retransmit",
        "7.000 SYN 0: syn-retransmit",
        "15.000 SYN 0: syn-retransmit",
        "31.000 SYN 0: syn-retransmit",
        "63.000 SYN 0: syn-retransmit",
        "127.000 SYN 0: syn-retransmit",
    ];
    assert_eq!(scene.heard(), lines);
    assert_eq!(scene.state(), State::SynSent);
    scene.wait(secs(1));
    assert_eq!(scene.closed(), Some(CloseReason::HandshakeTimeout));
    assert_eq!(scene.heard(), [""; 0]);
}

#[test]
fn a_syn_ack_is_sent_again_for_three_minutes() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.wait(secs(246));
    let heard = scene.heard();
    assert_eq!(heard[1], "1.000 SYN,ACK 0 ack 1: syn-ack-retransmit");
    assert_eq!(heard[7], "127.000 SYN,ACK 0 ack 1: syn-ack-retransmit");
    assert_eq!((heard.len(), scene.host.connection_count()), (8, 1));
    scene.wait(secs(1));
    assert_eq!(scene.host.connection_count(), 0);
}

#[test]
fn a_syn_that_comes_again_is_answered_again() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.start();
    scene.wait(ms(300));
    scene.say(segment(Flags::SYN).at(0));
    assert_eq!(scene.heard(), ["0.300 SYN,ACK 0 ack 1: syn-ack-repeat"]);
}

/// Figure 7, MUST-10. The peer's SYN has come twice, which it is told as Linux does.
#[test]
fn both_ends_open_at_once() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    assert_eq!(scene.state(), State::SynReceived);
    assert_eq!(scene.heard(), ["0.000 SYN 0: syn", "0.000 SYN,ACK 0 ack 1: simultaneous-open"]);
    scene.say(segment(SYN_ACK).at(0));
    assert_eq!(scene.state(), State::Established);
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: unacceptable-ack"]);
}

#[test]
fn the_syn_ack_of_a_simultaneous_open_is_sent_again() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    scene.start();
    scene.wait(secs(3));
    let lines = ["1.000 SYN,ACK 0 ack 1: syn-ack-retransmit", "3.000 SYN,ACK 0 ack 1: syn-ack-retransmit"];
    assert_eq!(scene.heard(), lines);
    scene.wait(secs(400));
    assert_eq!(scene.closed(), Some(CloseReason::HandshakeTimeout));
}

/// Figure 8: an old SYN is answered, the RST of the puzzled peer ends that, and the new SYN is taken.
#[test]
fn an_old_duplicate_syn_does_no_harm() {
    let mut scene = Scene::new(plain());
    scene.reach(State::Listen);
    scene.say(segment(Flags::SYN).at_seq(SeqNumber::new(90)));
    assert_eq!(scene.heard().len(), 1);
    let unknown = scene.our_next;
    scene.wait(ms(1));
    scene.say(rst().at_seq(SeqNumber::new(91)));
    assert_eq!(scene.host.connection_count(), 0);
    scene.say(segment(Flags::SYN));
    assert_ne!(scene.our_next, unknown);
    assert_eq!(scene.heard(), ["0.001 SYN,ACK 0 ack 1: syn-ack"]);
    scene.say(ack());
    assert_eq!(scene.state(), State::Established);
}

/// Figure 8 from the other side: an acknowledgment of something that was never sent.
#[test]
fn a_syn_ack_for_an_old_syn_is_reset_and_the_attempt_goes_on() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.start();
    let stray = scene.iss - 50;
    assert_eq!(scene.say(segment(SYN_ACK).at(77).ack_seq(stray)), Some(DropReason::SynSentBadAck));
    assert_eq!(scene.heard(), ["0.000 RST -50: reset-bad-ack"]);
    scene.say(segment(SYN_ACK));
    assert_eq!(scene.state(), State::Established);
}

/// Figure 9: we have crashed and open anew; the peer's old connection answers, is reset, and the next SYN, which
/// follows soon, finds it gone.
#[test]
fn a_half_open_connection_of_the_peers_is_cleared_by_our_rst() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.start();
    let challenge = scene.iss - 100_000;
    scene.say(ack().at(300).ack_seq(challenge));
    assert_eq!(scene.heard(), ["0.000 RST -100000: reset-bad-ack"]);
    scene.wait(ms(5));
    assert_eq!(scene.heard(), ["0.005 SYN 0: syn-retransmit"]);
    scene.say(segment(SYN_ACK));
    assert_eq!(scene.state(), State::Established);
}

/// Figure 9, seen by the end that did not crash: the SYN is challenged, the RST at the place that the
/// challenge names ends it (RFC 5961 section 4).
#[test]
fn a_half_open_connection_of_ours_ends_by_the_rst_that_a_challenge_brings() {
    let mut scene = Scene::new(plain()).established();
    assert_eq!(scene.say(segment(Flags::SYN).at(9000)), Some(DropReason::SynInWindow));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: challenge-syn"]);
    scene.say(rst().at_seq(IRS + 1));
    assert_eq!(scene.closed(), Some(CloseReason::Reset));
}

/// Figure 10: the peer has forgotten the connection, and our data meets its RST.
#[test]
fn data_to_a_peer_that_has_forgotten_is_reset() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+10 ack 1: data"]);
    scene.say(rst().at_seq(IRS + 1));
    assert_eq!(scene.closed(), Some(CloseReason::Reset));
}

#[test]
fn a_refused_attempt_says_so() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.say(segment(Flags::RST | Flags::ACK).at_seq(SeqNumber::new(0)));
    assert_eq!(scene.closed(), Some(CloseReason::Refused));
    assert!(scene.told(|events| events.closed() == Some(CloseReason::Refused)));
}

/// RFC 7323 section 2.2: a window beside a SYN is not scaled, be it that of a simultaneous open.
#[test]
fn the_window_of_a_simultaneous_open_is_not_scaled() {
    let mut scene = Scene::new(Config { window_scaling: true, ..plain() });
    scene.peer_options.window_scale = Some(7);
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    scene.say(segment(SYN_ACK).at(0).window(2000));
    assert_eq!(scene.status().send_window, 2000);
}

/// MUST-11: an RST in SYN-RECEIVED refuses an active open, and is told; a passive one goes back to LISTEN.
#[test]
fn an_rst_in_syn_received_remembers_who_opened() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.say(segment(Flags::SYN));
    assert_eq!(scene.state(), State::SynReceived);
    scene.say(rst());
    assert_eq!(scene.closed(), Some(CloseReason::Refused));

    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.say(rst());
    assert_eq!(scene.host.connection_count(), 0);
    let listener = scene.listener.expect("a listener");
    assert!(scene.host.listener_addr(listener).is_some());
    assert!(!scene.told(|events| events.closed().is_some()));
}

/// MUST-23 bounds how long a half-open connection is kept, and a SYN that comes again and again does not move the bound.
#[test]
fn a_syn_that_comes_again_keeps_no_half_open_connection_alive() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    let began = scene.now;
    while scene.host.connection_count() > 0 {
        assert!(scene.now - began < secs(190), "it lives on");
        scene.wait(ms(600));
        if scene.host.connection_count() > 0 {
            scene.inject(segment(Flags::SYN).at_seq(IRS));
            scene.segments();
        }
    }
}
