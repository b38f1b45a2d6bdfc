//! Slow start and congestion avoidance (RFC 5681 section 3.1, RFC 6928).

use synfin_tcp::Config;

use crate::peer::{Scene, ack, ms, plain, secs};

/// Everything that the host has sent is acknowledged, a segment at a time.
fn acknowledge_all(scene: &mut Scene) {
    let mut last = scene.our_next - scene.status().outstanding;
    while last != scene.our_next {
        last = scene.our_next.earlier(last + 1460);
        scene.say(ack().ack_seq(last));
    }
}

/// RFC 6928: ten segments, or 14,600 octets.
#[test]
fn ten_segments_begin() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100_000);
    assert_eq!(scene.heard().len(), 10);
}

/// RFC 6928 would have fewer of them; Linux counts segments alone, and so does this.
#[test]
fn ten_segments_begin_however_large_they_are() {
    let mut scene = Scene::between("10.0.0.1", "10.0.0.2", 9000, plain());
    scene.peer_options.mss = Some(8960);
    let mut scene = scene.established();
    assert_eq!(scene.status().congestion_window, 10 * 8960);
    scene.send(60_000);
    assert_eq!(scene.heard().len(), 7, "all of it, at once");
}

/// RFC 6928 section 2: after more than one SYN was lost, one segment begins.
#[test]
fn one_segment_begins_where_two_syns_were_lost() {
    let mut scene = Scene::new(plain());
    scene.reach(synfin_tcp::State::SynSent);
    scene.wait(secs(3));
    scene.say(crate::peer::segment(synfin_wire::Flags::SYN | synfin_wire::Flags::ACK));
    assert_eq!(scene.status().congestion_window, 1460);
}

#[test]
fn slow_start_doubles_the_window_each_round_trip() {
    let mut scene = Scene::new(Config { send_buffer: 1 << 20, ..plain() }).established();
    scene.send(1 << 20);
    for round in 1..=2 {
        scene.wait(ms(10));
        let upto = scene.our_next;
        let mut acknowledged = upto - scene.status().outstanding;
        while acknowledged != upto {
            acknowledged = upto.earlier(acknowledged + 1460);
            scene.say(ack().ack_seq(acknowledged));
        }
        assert_eq!(scene.status().congestion_window, 14_600 << round);
    }
}

/// After a timeout: one segment, then slow start up to half of the window, then a segment a round trip. All ten
/// segments had arrived, so one acknowledgment goes through slow start and a segment beyond.
#[test]
fn congestion_avoidance_adds_a_segment_each_round_trip() {
    let mut scene = Scene::new(plain()).established();
    scene.send(14_600);
    scene.wait(ms(200));
    assert_eq!(scene.status().slow_start_threshold, 7_300);
    assert_eq!(scene.status().congestion_window, 1460);
    scene.say(ack());
    scene.send(500_000);
    for expected in [6, 7, 8, 9, 10] {
        assert_eq!(scene.status().congestion_window, expected * 1460);
        scene.wait(ms(10));
        let upto = scene.our_next;
        let mut acknowledged = upto - scene.status().outstanding;
        while acknowledged != upto {
            acknowledged = upto.earlier(acknowledged + 1460);
            scene.say(ack().ack_seq(acknowledged));
        }
    }
}

/// RFC 5681 section 3.1: the threshold comes down once for a window of data, however often it is sent again.
#[test]
fn a_second_timeout_leaves_the_threshold() {
    let mut scene = Scene::new(plain()).established();
    scene.send(14_600);
    scene.wait(ms(200));
    assert_eq!(scene.status().slow_start_threshold, 7_300);
    scene.wait(ms(400));
    let status = scene.status();
    assert_eq!((status.slow_start_threshold, status.congestion_window), (7_300, 1460));
    assert_eq!(scene.heard().iter().filter(|line| line.contains("rto-retransmit")).count(), 2);
}

/// RFC 5681 section 4.1: what the path took a while ago proves nothing.
#[test]
fn after_a_pause_the_window_is_the_initial_one() {
    let mut scene = Scene::new(plain()).established();
    scene.send(200_000);
    acknowledge_all(&mut scene);
    assert!(scene.status().congestion_window > 14_600);
    scene.wait(secs(1));
    scene.start();
    scene.send(200_000);
    assert_eq!(scene.heard().len(), 10);
}

/// A pause of ours is one, though we acknowledge what the peer sends meanwhile.
#[test]
fn acknowledging_is_not_sending() {
    let mut scene = Scene::new(plain()).established();
    scene.send(200_000);
    acknowledge_all(&mut scene);
    for _ in 0..20 {
        scene.wait(ms(100));
        scene.say(crate::peer::text(10));
    }
    scene.start();
    scene.send(200_000);
    assert_eq!(scene.heard().len(), 10);
}

/// A window that is not used does not grow (RFC 7661).
#[test]
fn a_window_that_is_not_used_stays() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..100 {
        scene.send(100);
        scene.say(ack());
    }
    assert_eq!(scene.status().congestion_window, 14_600);
}
