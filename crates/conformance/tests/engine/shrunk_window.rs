//! A peer that takes its window back (RFC 9293 section 3.8.6), and a window of ours that stays closed.

use synfin_tcp::{Config, State};

use crate::peer::{Scene, ack, ms, plain, secs, text};

/// MUST-34, SHLD-15, SHLD-16: the right edge moves back behind what was sent. Nothing new goes, and what is
/// sent again lies within the window.
#[test]
fn what_lies_beyond_the_edge_waits() {
    let mut scene = Scene::new(plain()).established();
    scene.send(5 * 1460);
    scene.say(ack().ack_seq(scene.iss + 1).window(3000));
    scene.start();
    scene.send(5 * 1460);
    assert_eq!(scene.heard(), [""; 0], "nothing new");
    scene.wait(ms(3000));
    let edge = scene.iss + 3001;
    let again = scene.segments();
    assert!(!again.is_empty());
    for heard in again {
        let end = heard.header.seq + heard.text.len() as u32;
        assert!(end.at_or_before(edge), "{heard:?}");
    }
}

/// Of what is sent again a window that ends within a segment gets whole segments: none is cut but the oldest, which must not
/// wait, and all others go as they were once the window is wide.
#[test]
fn a_window_that_ends_within_a_segment_cuts_no_other() {
    let mut scene = Scene::new(plain()).established();
    scene.send(9 * 1460);
    scene.say(ack().ack_seq(scene.iss + 1).window(0));
    scene.say(ack().ack_seq(scene.iss + 1).window(2 * 1460 + 48));
    scene.start();
    scene.wait(secs(20));
    assert!(scene.segments().iter().all(|heard| heard.text.len() == 1460));
    // Only a closed window takes the place of a larger one with the same numbers.
    scene.say(ack().ack_seq(scene.iss + 1).window(0));
    scene.say(ack().ack_seq(scene.iss + 1).window(48));
    scene.start();
    scene.wait(secs(60));
    let slivers = scene.segments();
    assert!(
        slivers.iter().all(|heard| heard.text.len() == 48 && heard.header.seq == scene.iss + 1),
        "{slivers:?}"
    );
    assert!(!slivers.is_empty());
    scene.say(ack().ack_seq(scene.iss + 49));
    for _ in 0..20 {
        scene.say(ack());
        scene.wait(secs(1));
    }
    let lengths: Vec<_> = scene.segments().iter().map(|heard| heard.text.len()).collect();
    assert!(lengths.iter().all(|length| [1412, 1460].contains(length)), "{lengths:?}");
    assert_eq!(scene.status().outstanding, 0);
}

/// The peer has taken what lay beyond the edge all the same, and both ends drop what the other says as old: its word for
/// where it is must do, or they would never hear each other again.
#[test]
fn an_acknowledgment_has_the_number_that_the_peer_says_it_waits_for() {
    let mut scene = Scene::new(plain()).established();
    scene.send(1000);
    scene.say(ack().ack_seq(scene.iss + 1).window(100));
    scene.start();
    // Behind the text that came before: outside the window.
    let outside = || ack().at(1).window(100);
    scene.say(text(10).ack_seq(scene.iss + 1).window(100));
    scene.heard();
    scene.say(outside().ack_seq(scene.iss + 1));
    assert_eq!(scene.heard(), ["0.000 ACK 101 ack 11: unacceptable-ack"], "the edge");
    scene.wait(ms(600));
    scene.heard();
    scene.say(outside().ack_seq(scene.iss + 1001));
    assert_eq!(scene.heard(), ["0.600 ACK 1001 ack 11: unacceptable-ack"]);
}

/// SHLD-17: what lies beyond the edge is not acknowledged for longer than R2, and nobody gives up.
#[test]
fn what_lies_beyond_the_edge_is_no_reason_to_give_up() {
    let mut scene = Scene::new(plain()).established();
    scene.send(3 * 1460);
    scene.peer_window = 0;
    let kept = scene.iss + 1461;
    scene.say(ack().ack_seq(kept));
    for _ in 0..100 {
        scene.wait(secs(20));
        for _ in scene.segments() {
            scene.say(ack().ack_seq(kept));
        }
    }
    assert_eq!(scene.state(), State::Established);
    scene.say(ack().ack_seq(kept).window(9000));
    scene.say(ack());
    assert_eq!(scene.status().outstanding, 0);
}

/// MAY-8, MUST-37: a user who does not read keeps our window closed, and each probe is answered with it.
#[test]
fn our_window_may_stay_closed() {
    let mut scene = Scene::new(Config { receive_buffer: 1000, ..plain() }).established();
    scene.say(text(1000));
    scene.wait(ms(40));
    scene.segments();
    for _ in 0..200 {
        scene.wait(secs(60));
        scene.say(text(1).at(1001));
        let heard = scene.segments();
        assert_eq!((heard.len(), heard[0].header.window), (1, 0));
        scene.peer_next = crate::peer::IRS + 1001;
    }
    assert_eq!((scene.state(), scene.read(2000)), (State::Established, 1000));
}

/// MUST-1, REC-1: the field is unsigned, and what it says is kept in 32 bits.
#[test]
fn a_window_is_never_negative() {
    let mut scene = Scene::new(plain()).established();
    for field in [0x7fff, 0x8000, 0xffff] {
        scene.say(ack().window(field));
        assert_eq!(scene.status().send_window, u32::from(field));
    }
    let mut scene = Scene::new(Config { window_scaling: true, ..plain() });
    scene.peer_options.window_scale = Some(14);
    let mut scene = scene.established();
    scene.say(ack().window(0xffff));
    assert_eq!(scene.status().send_window, 0xffff << 14);
}

/// MUST-66: a closed window still hears of urgent data.
#[test]
fn urgent_data_is_heard_of_by_a_closed_window() {
    let mut scene = Scene::new(Config { receive_buffer: 100, ..plain() }).established();
    scene.say(text(100));
    scene.start();
    scene.say(text(1).at(101).urgent(50));
    assert!(scene.told(synfin_host::TcpEvents::urgent));
    assert_eq!(scene.read(1000), 100);
}
