//! How long a peer that does not acknowledge is put up with (RFC 9293 sections 3.8.3 and 3.9.1.1).

use synfin_host::TcpEvents;
use synfin_tcp::{CloseReason, Config, State};

use crate::peer::{Scene, ack, ms, plain, secs};

/// SHLD-9, SHLD-10: R1 is three retransmissions, and is told.
#[test]
fn r1_is_told_and_changes_nothing() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.wait(ms(600));
    assert!(!scene.told(TcpEvents::path_trouble));
    scene.wait(ms(800));
    assert_eq!(scene.heard().len(), 4);
    assert!(scene.told(TcpEvents::path_trouble));
    assert_eq!(scene.state(), State::Established);
}

/// MUST-20, SHLD-11: R2 is over a hundred seconds.
#[test]
fn at_r2_the_connection_ends() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.wait(ms(923_999));
    assert_eq!(scene.state(), State::Established);
    scene.wait(ms(1));
    assert_eq!(scene.closed(), Some(CloseReason::RetransmissionTimeout));
}

/// MUST-21: the user says how long, and that is when it ends, whatever the back-off has come to.
#[test]
fn the_user_timeout_takes_the_place_of_r2() {
    let mut scene = Scene::new(Config { user_timeout: Some(secs(10)), ..plain() }).established();
    scene.send(10);
    scene.wait(ms(9999));
    assert_eq!((scene.heard().len(), scene.state()), (6, State::Established));
    scene.wait(ms(1));
    assert_eq!(scene.closed(), Some(CloseReason::UserTimeout));
}

#[test]
fn a_user_timeout_shorter_than_the_rto_is_kept() {
    let mut scene = Scene::new(Config { min_rto: secs(5), user_timeout: Some(secs(2)), ..plain() });
    scene = scene.established();
    scene.send(10);
    scene.wait(secs(2));
    assert_eq!(scene.closed(), Some(CloseReason::UserTimeout));
    assert_eq!(scene.heard().len(), 1);
}

#[test]
fn it_counts_from_the_oldest_data_unacknowledged() {
    let mut scene = Scene::new(Config { user_timeout: Some(secs(10)), ..plain() }).established();
    for _ in 0..10 {
        scene.send(10);
        scene.wait(secs(6));
        scene.say(ack());
    }
    assert_eq!(scene.state(), State::Established);
}

#[test]
fn it_ends_probing_as_well() {
    let mut scene = Scene::new(Config { user_timeout: Some(secs(10)), ..plain() }).established();
    scene.say(ack().window(0));
    scene.send(10);
    scene.wait(ms(10_199));
    assert_eq!(scene.state(), State::Established);
    scene.wait(ms(1));
    assert_eq!(scene.closed(), Some(CloseReason::UserTimeout));
}

#[test]
fn it_ends_an_attempt_to_open() {
    let mut scene = Scene::new(Config { user_timeout: Some(secs(5)), ..plain() });
    scene.reach(State::SynSent);
    scene.wait(secs(5));
    assert_eq!(scene.closed(), Some(CloseReason::HandshakeTimeout));
}
