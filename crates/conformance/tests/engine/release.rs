//! The user goes, in every state: what the peer hears, and that nothing stays behind.

use synfin_tcp::State;
use synfin_wire::Flags;

use crate::peer::{Scene, ack, fin, plain, secs, segment, text};

/// What goes out when the user goes.
fn parting(state: State) -> (Scene, Vec<String>) {
    let mut scene = Scene::new(plain());
    scene.reach(state);
    scene.start();
    scene.release();
    let heard = scene.heard();
    (scene, heard)
}

#[test]
fn what_is_open_is_closed_and_what_is_closed_stays_so() {
    for (state, expected) in [
        (State::SynSent, vec![]),
        (State::Established, vec!["0.000 FIN,ACK 1 ack 1: fin"]),
        (State::FinWait1, vec![]),
        (State::FinWait2, vec![]),
        (State::CloseWait, vec!["0.000 FIN,ACK 1 ack 2: fin"]),
        (State::Closing, vec![]),
        (State::LastAck, vec![]),
        (State::TimeWait, vec![]),
    ] {
        assert_eq!(parting(state).1, expected, "{state}");
    }
}

/// With a peer that is never heard again every state comes to an end by itself.
#[test]
fn nothing_stays_behind_a_silent_peer() {
    for state in State::ALL {
        if matches!(state, State::Closed | State::Listen | State::SynReceived) {
            continue;
        }
        let (mut scene, _) = parting(state);
        scene.wait(secs(924 + 60));
        assert_eq!(scene.host.connection_count(), 0, "{state}");
        assert_eq!(scene.host.poll_timeout(), None, "{state}");
    }
}

/// Data that a user has left behind is sent again for R2 of such data, and no longer.
#[test]
fn what_is_left_behind_is_given_up_sooner() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100);
    scene.release();
    scene.wait(secs(101));
    assert_eq!(scene.host.connection_count(), 1);
    scene.wait(secs(3));
    assert_eq!(scene.host.connection_count(), 0);
}

/// With a peer that answers as it should, too, and without an RST from either side.
#[test]
fn nothing_stays_behind_an_orderly_peer() {
    for state in [State::Established, State::FinWait1, State::FinWait2] {
        let (mut scene, _) = parting(state);
        scene.say(ack());
        scene.say(fin());
        scene.wait(secs(60));
        assert_eq!(scene.host.connection_count(), 0, "{state}");
        assert!(scene.segments().iter().all(|heard| !heard.header.flags.rst()), "{state}");
    }
    for state in [State::CloseWait, State::Closing, State::LastAck] {
        let (mut scene, _) = parting(state);
        scene.say(ack());
        scene.wait(secs(60));
        assert_eq!(scene.host.connection_count(), 0, "{state}");
    }
}

/// What was sent before is still delivered, be it all before the handshake is over.
#[test]
fn what_was_sent_is_still_delivered() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.send(2000);
    scene.start();
    scene.release();
    scene.say(segment(Flags::SYN | Flags::ACK));
    let lines = ["0.000 ACK 1+1460 ack 1: data", "0.000 FIN,PSH,ACK 1461+540 ack 1: data"];
    assert_eq!(scene.heard(), lines);
    scene.say(ack());
    scene.say(fin());
    assert_eq!(scene.heard(), ["0.000 ACK 2002 ack 2: fin-ack"]);
}

/// SHLD-3, in each state in which the peer may still send.
#[test]
fn data_for_nobody_is_reset_in_every_state() {
    for state in [State::Established, State::FinWait1, State::FinWait2] {
        let (mut scene, _) = parting(state);
        scene.say(text(1));
        let heard = scene.segments();
        assert_eq!(heard[0].reason.code(), "reset-after-close", "{state}");
        assert_eq!(scene.host.connection_count(), 0, "{state}");
    }
}

/// A passive open that nobody has accepted goes with its listener.
#[test]
fn a_listener_that_closes_resets_what_nobody_accepted() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.say(ack());
    scene.start();
    let (listener, now) = (scene.listener.expect("a listener"), scene.now);
    scene.host.close_listener(listener, now);
    assert_eq!(scene.heard(), ["0.000 RST,ACK 1 ack 1: reset-abort"]);
    assert_eq!(scene.host.connection_count(), 0);
}

/// What a user who has gone left behind does not wait for a peer that answers and takes nothing.
#[test]
fn a_peer_that_takes_its_window_back_keeps_nothing_alive() {
    let mut scene = Scene::new(plain()).established();
    scene.send(2 * 1460);
    scene.release();
    let una = scene.iss + 1;
    for _ in 0..300 {
        if scene.host.connection_count() == 0 {
            return;
        }
        scene.say(ack().ack_seq(una).window(0));
        scene.wait(secs(1));
    }
    panic!("it lives on");
}
