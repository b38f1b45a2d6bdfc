//! The user timeout option (RFC 5482).

use std::time::Duration;

use synfin_tcp::{CloseReason, Config, KeepAlive, State, UserTimeoutOption};
use synfin_wire::tcp::SackRange;
use synfin_wire::{Flags, TcpOptions, UserTimeout};

use crate::peer::{IRS, Scene, ack, ms, plain, rst, secs, text};

fn says(timeout: Duration) -> TcpOptions {
    TcpOptions { user_timeout: Some(UserTimeout::new(timeout)), ..TcpOptions::default() }
}

fn advertising(timeout: Duration) -> Config {
    let option = UserTimeoutOption { advertise: Some(timeout), ..UserTimeoutOption::default() };
    Config { user_timeout_option: Some(option), ..plain() }
}

/// What each segment since the last time said, if anything.
fn told(scene: &mut Scene) -> Vec<Option<Duration>> {
    let said = |timeout: UserTimeout| timeout.duration();
    let told = scene.segments().iter().map(|heard| heard.header.options.user_timeout.map(said)).collect();
    scene.start();
    told
}

/// How long the host goes on without an acknowledgment.
fn gives_up_after(scene: &mut Scene) -> Duration {
    let before = scene.now;
    scene.send(10);
    while scene.closed().is_none() {
        scene.wait(secs(1));
        assert!(scene.now - before < secs(100_000), "it never ends");
    }
    scene.now - before
}

/// Section 3: ENABLED is false until the user says otherwise, for sending and for receiving.
#[test]
fn nothing_is_said_and_nothing_heeded_unless_the_user_wants_it() {
    let mut scene = Scene::new(plain());
    scene.peer_options = TcpOptions { mss: Some(1460), ..says(secs(3000)) };
    scene.reach(State::Established);
    scene.say(text(1).options(says(secs(3000))));
    scene.send(10);
    scene.say(ack());
    assert!(told(&mut scene).iter().all(Option::is_none));
    let status = scene.status();
    assert_eq!((status.user_timeout, status.remote_user_timeout), (None, None));
    assert_eq!(gives_up_after(&mut scene), secs(924));
}

/// Section 3: in the SYN, and in the first segment without one.
#[test]
fn an_active_open_says_it_twice() {
    let mut scene = Scene::new(advertising(secs(200)));
    scene.reach(State::Established);
    scene.send(10);
    scene.say(ack());
    scene.send(10);
    assert_eq!(told(&mut scene), [Some(secs(200)), Some(secs(200)), None, None]);
}

#[test]
fn a_passive_open_says_it_twice() {
    let mut scene = Scene::new(advertising(secs(40_000)));
    scene.reach(State::SynReceived);
    scene.say(ack());
    scene.send(10);
    scene.say(ack());
    scene.send(10);
    assert_eq!(told(&mut scene), [Some(secs(40_020)), Some(secs(40_020)), None], "in minutes");
}

/// Section 3.1: min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)).
#[test]
fn both_ends_go_by_the_longer_time_within_the_limits() {
    for (ours, theirs, expected) in [
        (200, None, 200),
        (200, Some(150), 200),
        (200, Some(300), 300),
        (10, Some(20), 100),
        (200, Some(32_000), 3600),
        (5000, Some(300), 3600),
    ] {
        let mut scene = Scene::new(advertising(secs(ours))).established();
        if let Some(theirs) = theirs {
            scene.say(text(1).options(says(secs(theirs))));
        }
        let status = scene.status();
        assert_eq!(status.user_timeout, Some(secs(expected)), "{ours} {theirs:?}");
        assert_eq!(status.remote_user_timeout, theirs.map(secs));
        assert_eq!(gives_up_after(&mut scene), secs(expected), "{ours} {theirs:?}");
        assert_eq!(scene.closed(), Some(CloseReason::UserTimeout));
    }
}

#[test]
fn the_syn_of_the_peer_counts_whoever_opens() {
    let said = TcpOptions { mss: Some(1460), ..says(secs(500)) };
    for opens in [true, false] {
        let mut scene = Scene::new(advertising(secs(200)));
        scene.peer_options = said.clone();
        if opens {
            scene.reach(State::Established);
        } else {
            scene.reach(State::SynReceived);
            scene.say(ack());
        }
        assert_eq!(scene.status().remote_user_timeout, Some(secs(500)), "{opens}");
        assert_eq!(scene.status().user_timeout, Some(secs(500)), "{opens}");
    }
}

#[test]
fn the_last_word_counts_and_zero_is_none() {
    let mut scene = Scene::new(advertising(secs(200))).established();
    for (said, expected) in [(400, 400), (300, 300)] {
        scene.say(text(1).options(says(secs(said))));
        assert_eq!(scene.status().user_timeout, Some(secs(expected)));
    }
    assert_eq!(UserTimeout::from_bits(0x8000), None, "section 3.4: zero is not even read");
}

/// Section 3.1: CHANGEABLE is false, and the user hears what the peer wants.
#[test]
fn what_the_user_asks_for_is_not_changed_by_the_peer() {
    let config = Config { user_timeout: Some(secs(30)), ..advertising(secs(200)) };
    let mut scene = Scene::new(config).established();
    scene.say(text(1).options(says(secs(3000))));
    let status = scene.status();
    assert_eq!((status.user_timeout, status.remote_user_timeout), (Some(secs(30)), Some(secs(3000))));
    assert_eq!(gives_up_after(&mut scene), secs(30));
}

/// Section 3: a new value goes with the next segment; one that is the same does not.
#[test]
fn a_change_is_told_with_the_next_segment() {
    let option = UserTimeoutOption::default();
    let mut scene = Scene::new(plain()).established();
    scene.socket().set_user_timeout_option(Some(option.clone()));
    assert!(told(&mut scene).is_empty(), "it takes no segment of its own");
    scene.send(10);
    scene.say(ack());
    scene.socket().set_user_timeout_option(Some(option));
    scene.send(10);
    scene.say(ack());
    assert_eq!(told(&mut scene), [Some(secs(924)), None], "R2 at first");
    let now = scene.now;
    scene.socket().set_user_timeout(Some(secs(60)), now);
    scene.send(10);
    scene.say(ack());
    scene.socket().set_user_timeout_option(None);
    scene.send(10);
    scene.say(ack());
    assert_eq!(told(&mut scene), [Some(secs(60)), None]);
}

/// Segments in full stay within the path's MTU, and SACK ranges make room for once.
#[test]
fn it_finds_room_beside_other_options() {
    let config = Config { timestamps: true, sack: true, ..advertising(secs(200)) };
    let mut scene = Scene::new(config).willing().established();
    for gap in [201, 401, 601, 801] {
        scene.say(text(100).at(gap));
    }
    scene.start();
    scene.socket().set_user_timeout_option(Some(UserTimeoutOption::default()));
    scene.say(text(100).at(1001));
    scene.say(text(100).at(1201));
    let heard = scene.segments();
    let ranges: Vec<usize> = heard.iter().map(|heard| heard.header.options.sack.len()).collect();
    let said: Vec<bool> = heard.iter().map(|heard| heard.header.options.user_timeout.is_some()).collect();
    assert_eq!((ranges, said), (vec![2, 3], vec![true, false]));
    let first = SackRange { start: IRS + 1001, end: IRS + 1101 };
    assert_eq!(heard[0].header.options.sack[0], first);
    let now = scene.now;
    scene.socket().set_user_timeout(Some(secs(77)), now);
    scene.send(3000);
    let heard = scene.segments();
    assert_eq!(heard[0].header.options.user_timeout, Some(UserTimeout::new(secs(77))));
    let longest = heard.iter().map(|heard| heard.header.len() + heard.text.len()).max();
    assert!(longest.is_some_and(|longest| longest <= 1480), "{longest:?}");
}

/// A segment that is not taken changes nothing: it may be anybody's.
#[test]
fn what_lies_outside_the_window_says_nothing() {
    let mut scene = Scene::new(advertising(secs(200))).established();
    scene.say(text(10).at(4_000_000).options(says(secs(3000))));
    scene.say(rst().at(4_000_000).options(says(secs(3000))));
    assert_eq!(scene.status().remote_user_timeout, None);
    assert_eq!(scene.state(), State::Established);
}

/// Section 4.2.
#[test]
fn keep_alive_waits_longer_than_the_user_timeout() {
    let keep_alive = Some(KeepAlive { idle: secs(10), interval: secs(10), probes: 3 });
    let mut scene = Scene::new(Config { keep_alive, ..advertising(secs(200)) }).established();
    scene.say(text(1).options(says(secs(300))));
    scene.start();
    scene.wait(secs(300));
    assert!(
        scene.segments().iter().all(|heard| heard.header.flags == Flags::ACK && heard.at - scene.now < ms(1))
    );
    let probes = |scene: &mut Scene| scene.heard().iter().filter(|line| line.contains("keep-alive")).count();
    assert_eq!(probes(&mut scene), 0);
    scene.wait(secs(1));
    assert_eq!(probes(&mut scene), 1);
}

/// Section 3: before the synchronized states R2 for the SYN counts.
#[test]
fn an_attempt_to_open_is_given_up_as_ever() {
    let mut scene = Scene::new(advertising(secs(3000)));
    scene.reach(State::SynSent);
    scene.wait(secs(400));
    assert_eq!(scene.closed(), Some(CloseReason::HandshakeTimeout));
}
