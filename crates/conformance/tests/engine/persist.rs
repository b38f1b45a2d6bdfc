//! A closed window is probed (RFC 9293 section 3.8.6.1).

use synfin_tcp::{CloseReason, Config, State};
use synfin_wire::WindowSize;

use crate::peer::{Scene, ack, ms, plain, secs, text};

fn closed_window(config: Config) -> Scene {
    let mut scene = Scene::new(config).established();
    scene.peer_window = 0;
    scene.say(ack());
    scene.send(100);
    assert_eq!(scene.heard(), [""; 0]);
    scene
}

/// SHLD-29: first after one RTO; SHLD-30: then ever further apart.
#[test]
fn probes_come_ever_further_apart() {
    let mut scene = closed_window(plain());
    scene.wait(secs(7));
    let lines = [
        "0.200 ACK 0 ack 1: zero-window-probe",
        "0.600 ACK 0 ack 1: zero-window-probe",
        "1.400 ACK 0 ack 1: zero-window-probe",
        "3.000 ACK 0 ack 1: zero-window-probe",
        "6.200 ACK 0 ack 1: zero-window-probe",
    ];
    assert_eq!(scene.heard(), lines);
}

#[test]
fn the_answer_that_opens_the_window_lets_the_data_go() {
    let mut scene = closed_window(plain());
    scene.wait(ms(200));
    scene.say(ack().window(1000));
    let lines = ["0.200 ACK 0 ack 1: zero-window-probe", "0.200 PSH,ACK 1+100 ack 1: data"];
    assert_eq!(scene.heard(), lines);
}

/// The window closes once more: the back-off begins anew.
#[test]
fn the_back_off_begins_anew_with_each_closing() {
    let mut scene = closed_window(plain());
    scene.wait(secs(7));
    scene.say(ack().window(100));
    scene.say(ack());
    scene.start();
    scene.send(10);
    scene.wait(ms(600));
    let lines = ["0.200 ACK 100 ack 1: zero-window-probe", "0.600 ACK 100 ack 1: zero-window-probe"];
    assert_eq!(scene.heard(), lines);
}

/// MUST-37: a peer that answers may keep its window closed for as long as it likes.
#[test]
fn a_peer_that_answers_is_probed_for_ever() {
    let mut scene = closed_window(plain());
    for _ in 0..1000 {
        scene.wait(secs(60));
        for _ in scene.heard() {
            scene.say(ack());
        }
    }
    assert_eq!(scene.state(), State::Established);
    scene.wait(secs(120));
    assert_eq!(scene.heard().len(), 1);
}

/// RFC 6429 section 4: where no user is left to decide, the connection is not kept for ever.
#[test]
fn a_peer_that_answers_is_given_up_when_the_user_has_gone() {
    let mut scene = closed_window(plain());
    scene.release();
    let mut last = Vec::new();
    while scene.host.connection_count() > 0 {
        assert!(last.len() < 20, "{last:?}");
        // The answer comes at once, nearly: the wait for the next probe begins with it.
        scene.wait(ms(10));
        for line in scene.heard() {
            if !line.contains("reset-orphan") {
                scene.say(ack());
            }
            last.push(line);
        }
    }
    assert_eq!(last.len(), 10, "{last:?}");
    assert!(last[8].starts_with("102.") && last[8].ends_with("zero-window-probe"), "{last:?}");
    assert!(last[9].starts_with("204.") && last[9].ends_with("reset-orphan"), "{last:?}");
}

/// The same where no timeout ever becomes as long as R2.
#[test]
fn a_peer_that_answers_is_given_up_where_probes_come_often_for_ever() {
    let mut scene = closed_window(Config { max_rto: secs(64), ..plain() });
    scene.release();
    let mut probes = 0;
    while scene.host.connection_count() > 0 {
        scene.wait(secs(1));
        for line in scene.heard() {
            probes += 1;
            assert!(probes < 20, "{line}");
            if line.ends_with("zero-window-probe") {
                scene.say(ack());
            }
        }
    }
}

/// R2 counts from the first probe that nobody answers.
#[test]
fn a_peer_that_is_silent_is_given_up() {
    let mut scene = closed_window(plain());
    scene.wait(secs(900));
    assert_eq!(scene.state(), State::Established);
    scene.wait(secs(25));
    assert_eq!(scene.closed(), Some(CloseReason::RetransmissionTimeout));
}

/// The silence before there was anything to probe for is not the peer's fault.
#[test]
fn a_long_quiet_time_does_not_count_as_silence() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(0));
    scene.wait(secs(5000));
    scene.start();
    scene.send(100);
    scene.wait(secs(3));
    assert_eq!((scene.heard().len(), scene.state()), (4, State::Established));
}

/// MUST-34, SHLD-16: the window is taken back behind what was sent. That is knocked at, and as long as
/// somebody answers, the connection stays.
#[test]
fn a_window_that_was_taken_back_is_no_reason_to_give_up() {
    let mut scene = Scene::new(plain()).established();
    scene.send(5000);
    scene.say(ack().ack_seq(scene.iss + 1461).window(0));
    for _ in 0..100 {
        scene.wait(secs(30));
        for _ in scene.segments() {
            scene.say(ack().ack_seq(scene.iss + 1461).window(0));
        }
    }
    assert_eq!(scene.state(), State::Established);
    assert_eq!(scene.status().send_window, WindowSize::ZERO.octets());
    scene.say(ack().ack_seq(scene.iss + 1461).window(9000));
    assert_eq!(scene.heard(), ["3000.000 ACK 1461+1460 ack 1: rto-retransmit"]);
}

/// A FIN alone needs a window too, and is probed for.
#[test]
fn a_fin_that_waits_is_probed_for() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(0));
    scene.close();
    scene.wait(ms(200));
    assert_eq!(scene.heard(), ["0.200 ACK 0 ack 1: zero-window-probe"]);
    scene.say(ack().window(1));
    assert_eq!(scene.heard(), ["0.200 FIN,ACK 1 ack 1: fin"]);
}

/// MUST-34: beyond a window that was taken back the peer would find an acknowledgment without text
/// unacceptable, and not read it.
#[test]
fn what_acknowledges_stays_in_a_window_that_was_taken_back() {
    let mut scene = Scene::new(plain()).established();
    scene.send(4000);
    scene.say(ack().ack_seq(scene.iss + 1).window(1000));
    scene.start();
    scene.say(text(100).at(101).ack_seq(scene.iss + 1).window(1000));
    assert_eq!(scene.heard(), ["0.000 ACK 1001 ack 1: out-of-order-ack"]);
}
