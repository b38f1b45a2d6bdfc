//! Losses upon losses (RFC 5681 section 4.3), and a peer that takes a report back (RFC 2018 section 8).

use synfin_tcp::Config;

use crate::peer::{Scene, ack, ms, plain, secs};

/// Three duplicates of the first segment that is outstanding.
fn lose_the_first(scene: &mut Scene) {
    let una = scene.our_next - scene.status().outstanding;
    for _ in 0..3 {
        scene.say(ack().ack_seq(una));
    }
}

/// RFC 5681 section 4.3: two windows with a loss each are two signs of congestion.
#[test]
fn a_second_loss_lowers_the_window_again() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100_000);
    assert_eq!(scene.status().congestion_window, 10 * 1460);
    lose_the_first(&mut scene);
    let once = scene.status().slow_start_threshold;
    assert!(once <= 6 * 1460, "{once}");
    // What ended the first recovery is behind us, and a segment beyond it too (RFC 6582 section 3.2).
    scene.say(ack());
    scene.say(ack());
    lose_the_first(&mut scene);
    let twice = scene.status().slow_start_threshold;
    assert!(twice < once, "{twice} after {once}");
}

/// Section 8: a peer that runs out of room may throw away what it has reported. The timeout begins at the left
/// edge, and everything comes again though it was reported.
#[test]
fn a_peer_that_reneges_gets_it_all_again() {
    let mut scene = Scene::new(Config { sack: true, ..plain() }).willing().established();
    scene.send(4 * 1460);
    scene.say(ack().ack_seq(scene.iss + 1).sack(&[(1461, 5841)]));
    scene.wait(ms(100));
    // The first segment is sent again and lost, and the peer throws the others away.
    scene.start();
    let mut reached = scene.iss + 1;
    for _ in 0..100 {
        scene.wait(secs(1));
        for heard in scene.segments() {
            if heard.header.seq == reached {
                reached = heard.header.seq + heard.text.len() as u32;
                scene.say(ack().ack_seq(reached));
            }
        }
    }
    assert_eq!(reached, scene.iss + 5841);
    assert_eq!(scene.status().outstanding, 0);
}
