//! The receive window and what lies outside it (RFC 9293 sections 3.4, 3.8.6 and 3.10.7.4, RFC 7323).

use synfin_host::TcpEvents;
use synfin_tcp::{Config, DropReason, State};

use crate::peer::{Scene, ack, ms, plain, rst, text};

fn holding(octets: usize) -> Config {
    Config { receive_buffer: octets, ..plain() }
}

/// RFC 7323 section 2.2: the SYN's own window is not scaled; all others are.
#[test]
fn a_large_buffer_is_announced_scaled() {
    let mut scene = Scene::new(Config { receive_buffer: 1 << 20, window_scaling: true, ..plain() });
    scene.peer_options.window_scale = Some(3);
    scene.peer_window = 1000;
    scene.reach(State::Established);
    let heard = scene.segments();
    assert_eq!((heard[0].header.window, heard[0].header.options.window_scale), (65_535, Some(5)));
    assert_eq!(u32::from(heard[1].header.window) << 5, 1 << 20);
    assert_eq!(scene.status().send_window, 1000);
    scene.say(ack());
    assert_eq!(scene.status().send_window, 8000);
}

/// Both ends must offer it.
#[test]
fn a_peer_that_does_not_scale_gets_no_scaled_window() {
    let mut scene = Scene::new(Config { receive_buffer: 1 << 20, window_scaling: true, ..plain() });
    scene.reach(State::Established);
    assert_eq!(scene.segments()[1].header.window, 65_535);
    scene.say(ack().window(500));
    assert_eq!(scene.status().send_window, 500);
}

/// RFC 7323 section 2.3: a shift over 14 is taken as 14.
#[test]
fn an_impossible_shift_is_taken_as_the_largest() {
    let mut scene = Scene::new(Config { window_scaling: true, ..plain() });
    scene.peer_options.window_scale = Some(255);
    let mut scene = scene.established();
    scene.say(ack().window(65_535));
    assert_eq!(scene.status().send_window, 65_535 << 14);
}

/// SHLD-14: the right edge never moves left.
#[test]
fn the_window_never_shrinks() {
    let mut scene = Scene::new(holding(10_000)).established();
    let mut edge = 0;
    for octets in [1000, 1, 1460, 700, 1460, 3] {
        scene.say(text(octets));
        scene.wait(ms(40));
        for heard in scene.segments() {
            let reached = heard.header.ack + u32::from(heard.header.window);
            assert!(reached.distance(crate::peer::IRS) >= edge, "{heard:?}");
            edge = reached.distance(crate::peer::IRS);
        }
    }
    assert_eq!(edge, 10_001);
}

/// The user has made room, and the peer is told at once: without a scale, in whole segments.
#[test]
fn reading_opens_a_closed_window() {
    let mut scene = Scene::new(holding(4000)).established();
    scene.say(text(1460));
    scene.say(text(1460));
    scene.say(text(1080));
    scene.wait(ms(40));
    assert_eq!(scene.segments().last().expect("an acknowledgment").header.window, 0);
    scene.start();
    assert_eq!(scene.read(4000), 4000);
    let heard = scene.segments();
    assert_eq!(
        (scene.line(&heard[0]), heard[0].header.window),
        ("0.000 ACK 1 ack 4001: window-update".into(), 2920)
    );
}

/// While the window is wide open nobody needs to hear that it is a little wider: one acknowledgment for two
/// segments, and no update behind it.
#[test]
fn reading_in_an_open_window_needs_no_update() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..10 {
        scene.say(text(1460));
        scene.say(text(1460));
        scene.read(2920);
    }
    let heard = scene.heard();
    assert!(heard.iter().all(|line| line.ends_with("second-segment-ack")), "{heard:?}");
}

/// What reaches beyond the window of a user who has something to read is not taken: Linux does not cut it.
#[test]
fn text_that_reaches_beyond_the_window_is_refused_while_something_is_unread() {
    let mut scene = Scene::new(holding(1000)).established();
    scene.say(text(600));
    scene.start();
    assert_eq!(scene.say(text(600)), Some(DropReason::OutsideWindow));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 601: unacceptable-ack"]);
    assert_eq!(scene.read(5000), 600);
}

/// Where nothing is unread it is taken whole: a peer that sends large segments is not cut to slivers.
#[test]
fn text_that_reaches_beyond_the_window_is_taken_whole_when_everything_was_read() {
    let mut scene = Scene::new(holding(1000)).established();
    scene.say(text(1400));
    scene.wait(ms(40));
    assert_eq!(scene.segments()[0].header.window, 0);
    assert_eq!(scene.read(5000), 1400);
}

/// A buffer that its user has made smaller than what it holds takes no more: the window closes at once.
#[test]
fn a_buffer_that_was_made_smaller_closes_the_window() {
    let config =
        Config { receive_buffer: 20_000, receive_buffer_max: 20_000, segment_overhead: true, ..plain() };
    let mut scene = Scene::new(config).established();
    for _ in 0..4 {
        assert_eq!(scene.say(text(1000)), None);
    }
    scene.socket().set_receive_buffer(2000);
    // What has room in the page that is there is taken even so.
    let more = (0..10).take_while(|_| scene.say(text(1000)).is_none()).count();
    assert!(more < 2, "{more}");
    let heard = scene.segments();
    let last = heard.last().expect("an answer");
    assert_eq!((last.reason.code(), last.header.window), ("no-room-ack", 0));
    assert_eq!(scene.read(20_000), (4 + more) * 1000);
    assert!(scene.segments()[0].header.window > 0);
}

/// Small segments cost more memory than their text. When it is used up, their text is copied together.
#[test]
fn a_buffer_that_is_full_of_small_segments_takes_what_it_has_offered() {
    let config = Config { receive_buffer: 4000, receive_buffer_max: 4000, segment_overhead: true, ..plain() };
    let mut scene = Scene::new(config).established();
    for _ in 0..10 {
        assert_eq!(scene.say(text(100)), None);
    }
    assert_eq!(scene.read(4000), 1000);
}

#[test]
fn text_beyond_the_window_is_refused() {
    let mut scene = Scene::new(holding(1000)).established();
    assert_eq!(scene.say(text(10).at(1001)), Some(DropReason::OutsideWindow));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: unacceptable-ack"]);
}

/// MUST-66: with no room at all, acknowledgments and RSTs still count, and a probe is answered.
#[test]
fn a_closed_window_takes_acknowledgments() {
    let mut scene = Scene::new(holding(1000)).established();
    scene.say(text(1000));
    scene.send(10);
    scene.start();
    scene.say(ack());
    assert_eq!(scene.status().outstanding, 0);
    scene.say(text(1));
    assert_eq!(scene.heard(), ["0.000 ACK 11 ack 1001: probe-ack"]);
    scene.peer_next = crate::peer::IRS + 1001;
    scene.say(rst());
    assert_eq!(scene.state(), State::Closed);
}

/// A peer that has filled the window, and lost the first of it, acknowledges from the window's very edge.
#[test]
fn an_acknowledgment_from_the_edge_of_the_window_counts() {
    let mut scene = Scene::new(holding(3000)).established();
    scene.say(text(1500).at(1501));
    scene.send(10);
    scene.start();
    assert_eq!(scene.say(ack().at(3001)), None);
    assert_eq!((scene.heard().len(), scene.status().outstanding), (0, 0));
    assert_eq!(scene.say(ack().at(3002)), Some(DropReason::OutsideWindow));
}

/// The peer's window counts from what it acknowledges, and an older segment does not set it.
#[test]
fn an_old_segment_does_not_set_the_send_window() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(100).window(9000));
    scene.say(ack().at(1).window(50));
    assert_eq!(scene.status().send_window, 9000);
    scene.say(ack().window(50));
    assert_eq!(scene.status().send_window, 50);
}

/// The buffer is never overrun, whatever the peer sends.
#[test]
fn no_more_is_held_than_the_buffer_takes() {
    let mut scene = Scene::new(holding(2000)).established();
    for start in (1..20_000).step_by(37) {
        scene.say(text(1400).at(start));
    }
    let held = scene.status().receive_queued;
    assert!((1900..=2000).contains(&held), "{held}");
    assert_eq!(scene.read(50_000), held);
}

/// 2^31 octets on, what was known before seems to lie ahead; 2^32 octets on, the numbers come again.
#[test]
fn numbers_wrap_on_the_way_in() {
    let config = Config { receive_buffer: 1 << 29, window_scaling: true, ..plain() };
    let mut scene = Scene::new(config).willing().established();
    for _ in 0..2 {
        scene.say(text(10).urgent(5));
        assert!(scene.told(TcpEvents::urgent));
        for _ in 0..(3u64 << 30) / 60_000 {
            scene.say(text(60_000));
            assert!(scene.read(1 << 20) >= 60_000);
            scene.segments();
        }
    }
    let next = scene.peer_next;
    scene.say(text(10));
    scene.wait(ms(40));
    assert_eq!(scene.segments()[0].header.ack, next + 10);
}

/// The small segment of long ago does not hold a tail back.
#[test]
fn numbers_wrap_on_the_way_out() {
    let config = Config { window_scaling: true, ..plain() };
    let mut scene = Scene::between("10.0.0.1", "10.0.0.2", 65_535, config);
    let mss = 65_495;
    scene.peer_options.mss = Some(mss as u16);
    scene.peer_options.window_scale = Some(14);
    let mut scene = scene.established();
    for _ in 0..2 {
        scene.send(10);
        scene.say(ack());
        for _ in 0..(3usize << 30) / mss {
            scene.send(mss);
            scene.say(ack());
            assert_eq!(scene.segments().last().expect("text").text.len(), mss);
        }
        scene.send(mss + 10);
        assert_eq!(scene.segments().len(), 2);
        scene.say(ack());
    }
}

/// What a segment acknowledges makes room for a writer, though there is none for its text.
#[test]
fn an_acknowledgment_counts_though_its_text_is_refused() {
    let few = Config {
        segment_overhead: true,
        receive_buffer: 8192,
        receive_buffer_max: 8192,
        send_buffer: 20_000,
        send_buffer_max: 20_000,
        initial_window_segments: 50,
        ..plain()
    };
    let filled = |texts: usize| {
        let mut scene = Scene::new(few.clone()).established();
        let now = scene.now;
        while scene.socket().send(vec![b'u'; 1000].into(), now).is_ok() {}
        scene.drain();
        scene.say(text(500).ack_seq(scene.iss + 1));
        scene.socket().set_receive_buffer(1000);
        let taken = (0..texts).take_while(|_| scene.say(text(500).ack_seq(scene.iss + 1)).is_none()).count();
        (scene, taken)
    };
    let (_, taken) = filled(100);
    assert!((1..100).contains(&taken), "{taken}");
    let (mut scene, _) = filled(taken);
    scene.told(TcpEvents::writable);
    let acknowledged = scene.our_next;
    assert_eq!(scene.say(text(500).ack_seq(acknowledged)), Some(DropReason::NoRoom));
    assert!(scene.told(TcpEvents::writable));
}
