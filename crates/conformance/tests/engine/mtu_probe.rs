//! Probes of the path's MTU where a script does not reach: what routers say, and what timers find (RFC 4821).

use synfin_tcp::{Config, MtuProbing, MtuProbingMode, RecoveryState, SendReason, State};
use synfin_wire::icmp::IcmpMessage;
use synfin_wire::{Flags, Mss};

use crate::peer::{Scene, ack, ms, plain, segment};

/// Segments of 512 octets that are known to pass, and 1460 that both ends take.
fn searching(config: Config) -> Scene {
    let mtu_probing =
        MtuProbing { mode: MtuProbingMode::Always, base_mss: Mss::new(512), ..MtuProbing::linux() };
    let mut scene = Scene::new(Config { mtu_probing, initial_window_segments: 20, ..config }).willing();
    scene.reach(State::SynSent);
    scene.wait(ms(40));
    scene.say(segment(Flags::SYN | Flags::ACK));
    assert_eq!(scene.status().send_mss, 512);
    scene.wait(ms(10));
    scene.start();
    scene
}

fn with_sack() -> Config {
    Config { sack: true, tail_loss_probe: false, ..plain() }
}

/// A probe and ten segments behind it.
fn probing() -> Scene {
    let mut scene = searching(with_sack());
    scene.send(986 + 10 * 512);
    let lines = scene.heard();
    assert_eq!(lines[0], "0.000 ACK 1+986 ack 1: mtu-probe");
    assert_eq!((lines.len(), scene.status().window_segments), (11, 19));
    assert_eq!(scene.status().mtu_search.probe, Some(986));
    scene.start();
    scene
}

/// What a router says of a probe ends it at once, and bounds the next.
#[test]
fn a_router_that_speaks_spares_the_wait() {
    let mut scene = probing();
    let quoted = scene.iss + 1;
    scene.router_says(|quote| IcmpMessage::PacketTooBig { mtu: 840, quote }, quoted);
    let lines =
        ["0.000 ACK 1+512 ack 1: path-mtu-retransmit", "0.000 ACK 513+474 ack 1: path-mtu-retransmit"];
    assert_eq!(scene.heard(), lines);
    let status = scene.status();
    assert_eq!((status.send_mss, status.window_segments, status.slow_start_threshold), (512, 20, u32::MAX));
    assert_eq!((status.mtu_search.low, status.mtu_search.high, status.mtu_search.probe), (512, 800, None));
    scene.say(ack());
    scene.start();
    scene.send(10_000);
    assert_eq!(scene.heard()[0], "0.000 ACK 6107+656 ack 1: mtu-probe");
}

/// One that speaks of less than what is known to pass is obeyed, and there is nothing left to search for.
#[test]
fn a_router_may_end_the_search() {
    let mut scene = probing();
    let quoted = scene.iss + 1;
    scene.router_says(|quote| IcmpMessage::PacketTooBig { mtu: 440, quote }, quoted);
    let status = scene.status();
    assert_eq!((status.send_mss, status.mtu_search.low, status.mtu_search.high), (400, 400, 400));
    scene.say(ack());
    scene.start();
    scene.send(10_000);
    assert!(scene.segments().iter().all(|segment| segment.text.len() <= 400));
}

/// A loss that the reordering timer finds is no other loss: the window stays.
#[test]
fn the_reordering_timer_finds_a_probe_that_was_too_large() {
    let mut scene = probing();
    scene.wait(ms(40));
    scene.start();
    // One segment behind it has arrived: it may have overtaken the probe.
    scene.say(ack().ack_seq(scene.iss + 1).sack(&[(987, 1499)]));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(30));
    let heard = scene.segments();
    assert_eq!(heard.iter().map(|segment| segment.text.len()).collect::<Vec<_>>(), [512, 474]);
    assert!(heard.iter().all(|segment| segment.reason == SendReason::PathMtuRetransmit));
    let status = scene.status();
    assert_eq!((status.window_segments, status.slow_start_threshold), (20, u32::MAX));
    assert_eq!(status.mtu_search.high, 985);
}

/// RFC 4821 section 7.6.4: with other losses the window comes down, and the size is as likely to pass as before.
#[test]
fn a_probe_lost_among_others_tells_nothing() {
    let mut scene = probing();
    scene.wait(ms(40));
    scene.say(ack().ack_seq(scene.iss + 1).sack(&[(1499, 6107)]));
    let status = scene.status();
    assert_eq!(status.recovery, RecoveryState::Recovery);
    assert!(status.threshold_segments <= 19, "{}", status.threshold_segments);
    assert_eq!((status.mtu_search.low, status.mtu_search.high, status.mtu_search.probe), (512, 1460, None));
    scene.wait(ms(40));
    scene.say(ack());
    assert_eq!((scene.status().send_mss, scene.status().mtu_search.low), (512, 512));
}

/// A timeout tells nothing of the probe either, until there are so many that it may be a black hole.
#[test]
fn a_timeout_makes_a_probe_inconclusive() {
    let mut scene = probing();
    scene.wait(ms(300));
    let status = scene.status();
    assert_eq!((status.recovery, status.mtu_search.probe), (RecoveryState::Loss, None));
    assert_eq!((status.mtu_search.low, status.mtu_search.high), (512, 1460));
    scene.say(ack());
    assert_eq!(scene.status().mtu_search.low, 512);
}

/// A probe needs enough behind it, in the peer's window and in what is written.
#[test]
fn no_probe_without_what_would_show_its_loss() {
    let mut scene = searching(with_sack());
    scene.send(986 + 4 * 512 - 1);
    assert!(scene.segments().iter().all(|segment| segment.reason == SendReason::Data));
    scene.say(ack().window(986 + 4 * 512 - 1));
    scene.start();
    scene.send(20_000);
    assert!(scene.segments().iter().all(|segment| segment.reason == SendReason::Data));
    scene.say(ack());
    assert!(scene.segments().iter().any(|segment| segment.reason == SendReason::MtuProbe));
}

/// Off, the default, sends none.
#[test]
fn the_default_does_not_search() {
    let config = Config { initial_window_segments: 20, ..with_sack() };
    let mut scene = Scene::new(config).willing().established();
    scene.send(60_000);
    assert!(scene.segments().iter().all(|segment| segment.reason == SendReason::Data));
    assert!(!scene.status().mtu_search.enabled);
}
