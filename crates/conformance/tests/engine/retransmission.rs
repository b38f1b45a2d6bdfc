//! The retransmission timer (RFC 6298).

use std::time::Duration;

use synfin_tcp::Config;

use crate::peer::{Scene, ack, ms, plain, secs};

/// 5.4 to 5.6: the oldest segment goes again, and the timer doubles, up to its limit.
#[test]
fn the_timer_backs_off() {
    let mut scene = Scene::new(Config { max_rto: secs(60), ..plain() }).established();
    scene.send(10);
    scene.wait(secs(166));
    let lines = [
        "0.000 PSH,ACK 1+10 ack 1: data",
        "0.200 PSH,ACK 1+10 ack 1: rto-retransmit",
        "0.600 PSH,ACK 1+10 ack 1: rto-retransmit",
        "1.400 PSH,ACK 1+10 ack 1: rto-retransmit",
        "3.000 PSH,ACK 1+10 ack 1: rto-retransmit",
        "6.200 PSH,ACK 1+10 ack 1: rto-retransmit",
        "12.600 PSH,ACK 1+10 ack 1: rto-retransmit",
        "25.400 PSH,ACK 1+10 ack 1: rto-retransmit",
        "51.000 PSH,ACK 1+10 ack 1: rto-retransmit",
        "102.200 PSH,ACK 1+10 ack 1: rto-retransmit",
        "162.200 PSH,ACK 1+10 ack 1: rto-retransmit",
    ];
    assert_eq!(scene.heard(), lines);
}

/// Section 2: SRTT and RTTVAR after one sample and after two.
#[test]
fn the_round_trip_is_smoothed() {
    let mut scene = Scene::new(plain());
    scene.reach(synfin_tcp::State::SynSent);
    scene.wait(ms(100));
    scene.say(crate::peer::segment(synfin_wire::Flags::SYN | synfin_wire::Flags::ACK));
    let status = scene.status();
    assert_eq!((status.smoothed_rtt, status.rtt_variation, status.rto), (Some(ms(100)), ms(50), ms(300)));
    scene.send(10);
    scene.wait(ms(180));
    scene.say(ack());
    let status = scene.status();
    assert_eq!((status.smoothed_rtt, status.rtt_variation), (Some(ms(110)), Duration::from_micros(57_500)));
    assert_eq!((status.rto, status.min_rtt), (ms(340), Some(ms(100))));
}

/// Karn: the acknowledgment of what was sent twice is no sample, and the back-off stays for what comes next.
#[test]
fn what_was_sent_twice_is_not_measured() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.wait(ms(250));
    scene.say(ack());
    let status = scene.status();
    assert_eq!((status.smoothed_rtt, status.rto), (Some(ms(0)), ms(400)));
    scene.start();
    scene.send(10);
    scene.wait(ms(400));
    assert_eq!(scene.heard()[1], "0.400 PSH,ACK 11+10 ack 1: rto-retransmit");
}

/// RFC 7323 section 4.1: a timestamp tells which of the two is acknowledged, so it is a sample.
#[test]
fn with_timestamps_it_is_measured() {
    let mut scene = Scene::new(Config { timestamps: true, ..plain() }).willing().established();
    scene.send(10);
    scene.wait(ms(250));
    scene.say(ack());
    let status = scene.status();
    assert_eq!((status.min_rtt, status.rto), (Some(ms(0)), Duration::from_micros(206_250)));
    assert_eq!(status.smoothed_rtt, Some(Duration::from_micros(6_250)));
}

/// A SYN that had to be sent twice: no sample, and 3 s for the first data (5.7).
#[test]
fn after_a_lost_syn_data_begins_with_three_seconds() {
    let mut scene = Scene::new(plain());
    scene.reach(synfin_tcp::State::SynSent);
    scene.wait(ms(1100));
    scene.say(crate::peer::segment(synfin_wire::Flags::SYN | synfin_wire::Flags::ACK));
    let status = scene.status();
    assert_eq!((status.smoothed_rtt, status.rto), (None, secs(3)));
}

/// The peer's SYN came twice and was answered twice: nobody knows which answer is acknowledged.
#[test]
fn a_syn_ack_that_was_repeated_is_not_measured() {
    let mut scene = Scene::new(plain());
    scene.reach(synfin_tcp::State::SynReceived);
    scene.wait(ms(900));
    scene.say(crate::peer::segment(synfin_wire::Flags::SYN).at(0));
    scene.wait(ms(1));
    scene.say(ack());
    assert_eq!(scene.status().smoothed_rtt, None);
}

/// 5.3: an acknowledgment of new data starts the timer over, for what is left.
#[test]
fn progress_starts_the_timer_over() {
    let mut scene = Scene::new(plain()).established();
    scene.send(2920);
    scene.wait(ms(150));
    scene.start();
    scene.say(ack().ack_seq(scene.iss + 1461));
    let rto = scene.status().rto;
    scene.wait(rto - ms(1));
    assert_eq!(scene.heard(), [""; 0]);
    scene.wait(ms(1));
    assert_eq!(scene.segments()[0].header.seq, scene.iss + 1461);
}

/// 5.2: with everything acknowledged there is nothing to wait for.
#[test]
fn with_all_acknowledged_the_timer_stands_still() {
    let mut scene = Scene::new(plain()).established();
    scene.send(10);
    scene.say(ack());
    scene.start();
    scene.wait(secs(10_000));
    assert_eq!(scene.heard(), [""; 0]);
}

/// After a timeout everything in flight counts as lost, and goes again in slow start as acknowledgments come.
#[test]
fn after_a_timeout_the_rest_follows_in_slow_start() {
    let mut scene = Scene::new(plain()).established();
    scene.send(5 * 1460);
    scene.wait(ms(200));
    scene.start();
    scene.say(ack().ack_seq(scene.iss + 1461));
    scene.say(ack().ack_seq(scene.iss + 2921));
    let lines = [
        "0.000 ACK 1461+1460 ack 1: rto-retransmit",
        "0.000 ACK 2921+1460 ack 1: rto-retransmit",
        "0.000 ACK 4381+1460 ack 1: rto-retransmit",
        "0.000 PSH,ACK 5841+1460 ack 1: rto-retransmit",
    ];
    assert_eq!(scene.heard(), lines);
    scene.say(ack());
    assert_eq!(scene.status().outstanding, 0);
}
