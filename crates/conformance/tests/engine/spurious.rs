//! What looked like a loss and was none, and the probes that look for one (RFC 5682, RFC 2883, RFC 8985 section 7).

use synfin_tcp::{Config, CongestionAlgorithm, RecoveryState};

use crate::peer::{Scene, ack, ms, plain};

/// Ten full segments in flight and `waiting` more to follow, when the timer has run out for the first.
fn timed_out(config: Config, waiting: usize) -> Scene {
    let mut scene = Scene::new(Config { send_buffer: 1 << 20, ..config }).established();
    scene.send((10 + waiting) * 1460);
    assert_eq!(scene.heard().len(), 10);
    scene.start();
    scene.wait(ms(200));
    assert_eq!(scene.heard(), ["0.200 ACK 1+1460 ack 1: rto-retransmit"]);
    scene.start();
    scene
}

fn say_acknowledged(scene: &mut Scene, segments: u32) {
    scene.say(ack().ack_seq(scene.iss + 1 + 1460 * segments));
}

/// RFC 5682 section 2.1: the timeout's one segment, then two new ones, and then an acknowledgment of what was not sent
/// again: nothing was lost, and the window is what it was.
#[test]
fn a_spurious_timeout_is_taken_back() {
    for congestion in [CongestionAlgorithm::Reno, CongestionAlgorithm::Cubic] {
        let mut scene = timed_out(Config { congestion, ..plain() }, 5);
        say_acknowledged(&mut scene, 1);
        let lines = ["0.000 ACK 14601+1460 ack 1: frto-data", "0.000 ACK 16061+1460 ack 1: frto-data"];
        assert_eq!(scene.heard(), lines);
        assert_eq!(scene.status().recovery, RecoveryState::Loss);
        say_acknowledged(&mut scene, 2);
        let status = scene.status();
        assert_eq!((status.recovery, status.slow_start_threshold), (RecoveryState::Open, u32::MAX));
        assert!(status.window_segments >= 10, "{}", status.window_segments);
        assert_eq!(status.octets_retransmitted, 1460);
    }
}

/// RFC 5682 section 2.1 (3a): a duplicate where the second acknowledgment should move on: the loss was real.
#[test]
fn a_duplicate_shows_that_the_timeout_was_none_too_soon() {
    let mut scene = timed_out(plain(), 5);
    say_acknowledged(&mut scene, 1);
    scene.start();
    say_acknowledged(&mut scene, 1);
    assert_eq!(scene.heard(), ["0.000 ACK 1461+1460 ack 1: rto-retransmit"]);
    say_acknowledged(&mut scene, 2);
    let status = scene.status();
    assert_eq!((status.recovery, status.slow_start_threshold), (RecoveryState::Loss, 5 * 1460));
}

/// RFC 2883 section 5: a range below the acknowledgment reports what came twice, and no loss.
#[test]
fn a_duplicate_that_is_reported_shows_no_loss() {
    let mut scene = Scene::new(Config { sack: true, ..plain() });
    scene.peer_options.sack_permitted = true;
    let mut scene = scene.established();
    scene.send(10 * 1460);
    say_acknowledged(&mut scene, 2);
    scene.start();
    for _ in 0..5 {
        scene.say(ack().ack_seq(scene.iss + 1 + 2 * 1460).sack(&[(1, 1461)]));
    }
    let status = scene.status();
    assert_eq!((scene.heard().len(), status.segments_lost, status.segments_sacked), (0, 0, 0));
}

/// Three segments in flight on a connection with SACK, the last of which is lost, and the probe for it sent.
fn probed() -> Scene {
    let mut scene = Scene::new(Config { sack: true, ..plain() });
    scene.peer_options.sack_permitted = true;
    let mut scene = scene.established();
    scene.send(3 * 1460);
    say_acknowledged(&mut scene, 2);
    scene.start();
    scene.wait(ms(199));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(10));
    assert_eq!(scene.heard(), ["0.200 PSH,ACK 2921+1460 ack 1: tail-loss-probe"]);
    scene
}

/// RFC 8985 section 7.3: one probe; then it is the retransmission timer's turn.
#[test]
fn one_probe_looks_for_a_loss_at_the_tail() {
    let mut scene = probed();
    scene.wait(ms(250));
    assert_eq!(scene.heard(), ["0.400 PSH,ACK 2921+1460 ack 1: rto-retransmit"]);
}

/// RFC 8985 section 7.4: what the probe has repaired was lost, and counts as congestion.
#[test]
fn a_loss_that_the_probe_has_repaired_lowers_the_window() {
    let mut scene = probed();
    let before = scene.status().window_segments;
    scene.say(ack());
    assert_eq!(scene.status().slow_start_threshold, u32::MAX, "the original may have been late");
    scene.send(1460);
    scene.say(ack());
    let status = scene.status();
    assert_eq!((status.slow_start_threshold, status.window_segments), (before / 2 * 1460, before / 2));
}

/// RFC 8985 section 7.4: where the peer reports a duplicate both had arrived.
#[test]
fn a_probe_in_vain_lowers_nothing() {
    let mut scene = probed();
    scene.say(ack().sack(&[(2921, 4381)]));
    scene.send(1460);
    scene.say(ack());
    assert_eq!(scene.status().slow_start_threshold, u32::MAX);
}
