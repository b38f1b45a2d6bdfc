//! Closing: who says FIN when, half-close, and what a lost segment does to it (RFC 9293 section 3.6).

use bytes::Bytes;
use synfin_host::TcpEvents;
use synfin_tcp::{CloseReason, SendError, State};
use synfin_wire::Flags;

use crate::peer::{Scene, ack, fin, ms, plain, secs, segment, text};

/// Figure 12, A's side.
#[test]
fn we_close_first() {
    let mut scene = Scene::new(plain()).established();
    scene.close();
    assert_eq!((scene.heard(), scene.state()), (vec!["0.000 FIN,ACK 1 ack 1: fin".into()], State::FinWait1));
    scene.say(ack());
    assert_eq!(scene.state(), State::FinWait2);
    scene.say(fin());
    assert_eq!((scene.heard(), scene.state()), (vec!["0.000 ACK 2 ack 2: fin-ack".into()], State::TimeWait));
    scene.wait(secs(60));
    assert_eq!(scene.closed(), Some(CloseReason::Finished));
}

/// Figure 12, B's side, with an application that takes its time: four segments.
#[test]
fn the_peer_closes_first_and_the_application_is_slow() {
    let mut scene = Scene::new(plain()).established();
    scene.say(fin());
    assert_eq!(scene.state(), State::CloseWait);
    scene.wait(ms(100));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 2: fin-ack"]);
    scene.close();
    assert_eq!((scene.heard(), scene.state()), (vec!["0.100 FIN,ACK 1 ack 2: fin".into()], State::LastAck));
    scene.say(ack());
    assert_eq!(scene.closed(), Some(CloseReason::Finished));
}

/// The same where data came before, and an application that closes within the delayed acknowledgment's time: three
/// segments.
#[test]
fn the_peer_closes_first_and_the_application_answers_at_once() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(100));
    scene.wait(ms(40));
    scene.start();
    scene.say(fin());
    scene.wait(ms(10));
    scene.close();
    assert_eq!(scene.heard(), ["0.010 FIN,ACK 1 ack 102: fin"]);
    scene.say(ack());
    assert_eq!(scene.closed(), Some(CloseReason::Finished));
    scene.wait(secs(1));
    assert_eq!(scene.heard(), [""; 0]);
}

/// The FIN and the acknowledgment of ours in one segment: FIN-WAIT-1 to TIME-WAIT.
#[test]
fn one_segment_acknowledges_our_fin_and_brings_the_peers() {
    let mut scene = Scene::new(plain()).established();
    scene.close();
    scene.say(fin());
    assert_eq!(scene.heard(), ["0.000 FIN,ACK 1 ack 1: fin", "0.000 ACK 2 ack 2: fin-ack"]);
    assert_eq!(scene.state(), State::TimeWait);
}

/// Figure 13: neither FIN acknowledges the other.
#[test]
fn both_ends_close_at_once() {
    let mut scene = Scene::new(plain()).established();
    scene.close();
    let before_our_fin = scene.our_next - 1;
    scene.say(fin().ack_seq(before_our_fin));
    assert_eq!(scene.state(), State::Closing);
    assert_eq!(scene.heard(), ["0.000 FIN,ACK 1 ack 1: fin", "0.000 ACK 2 ack 2: fin-ack"]);
    scene.say(ack());
    assert_eq!(scene.state(), State::TimeWait);
    scene.wait(secs(60));
    assert_eq!(scene.closed(), Some(CloseReason::Finished));
}

/// Section 3.6: after our FIN the peer may go on sending, and we read it.
#[test]
fn a_closed_direction_leaves_the_other_open() {
    let mut scene = Scene::new(plain()).established();
    scene.close();
    scene.say(ack());
    for _ in 0..3 {
        scene.say(text(1000));
        assert_eq!(scene.read(2000), 1000);
    }
    assert_eq!(scene.state(), State::FinWait2);
    let now = scene.now;
    assert_eq!(scene.socket().send(Bytes::from_static(b"more"), now), Err(SendError::Closing));
    scene.say(fin());
    assert_eq!(scene.read(10), 0);
    assert_eq!(scene.state(), State::TimeWait);
}

#[test]
fn the_other_way_round_we_go_on_sending_in_close_wait() {
    let mut scene = Scene::new(plain()).established();
    scene.say(fin());
    scene.send(100);
    scene.close();
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+100 ack 2: data", "0.000 FIN,ACK 101 ack 2: fin"]);
}

/// The FIN goes behind what is queued, and not before the window has room for it.
#[test]
fn a_fin_waits_behind_data_for_a_window() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(2000));
    scene.send(2000);
    scene.close();
    let lines = ["0.000 ACK 1+1460 ack 1: data", "0.000 PSH,ACK 1461+540 ack 1: data"];
    assert_eq!(scene.heard(), lines);
    scene.say(ack().window(0));
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack().window(2000));
    assert_eq!(scene.heard(), ["0.000 FIN,ACK 2001 ack 1: fin"]);
    assert_eq!(scene.state(), State::FinWait1);
}

#[test]
fn data_and_its_fin_share_a_segment() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(0));
    scene.send(500);
    scene.close();
    assert_eq!(scene.heard(), [""; 0]);
    scene.say(ack().window(501));
    assert_eq!(scene.heard(), ["0.000 FIN,PSH,ACK 1+500 ack 1: data"]);
}

#[test]
fn a_lost_fin_is_sent_again() {
    let mut scene = Scene::new(plain()).established();
    scene.close();
    scene.wait(secs(1));
    assert_eq!(scene.heard()[1], "0.200 FIN,ACK 1 ack 1: rto-retransmit");
    scene.say(ack());
    assert_eq!(scene.state(), State::FinWait2);
    assert!(scene.told(TcpEvents::all_acknowledged));
}

#[test]
fn all_is_acknowledged_when_the_fin_is_and_not_before() {
    let mut scene = Scene::new(plain()).established();
    scene.send(100);
    scene.close();
    assert_eq!(scene.heard(), ["0.000 PSH,ACK 1+100 ack 1: data", "0.000 FIN,ACK 101 ack 1: fin"]);
    let before_our_fin = scene.our_next - 1;
    scene.say(ack().ack_seq(before_our_fin));
    assert!(!scene.told(TcpEvents::all_acknowledged));
    scene.say(ack());
    assert!(scene.told(TcpEvents::all_acknowledged));
}

/// The last acknowledgment is lost, so the peer's FIN comes again: it is answered, and 2 MSL begin anew.
#[test]
fn time_wait_answers_the_fin_again_and_starts_over() {
    let mut scene = Scene::new(plain());
    scene.reach(State::TimeWait);
    scene.start();
    scene.wait(secs(50));
    scene.say(fin().at(1));
    assert_eq!(scene.heard(), ["50.000 ACK 2 ack 2: time-wait-ack"]);
    scene.wait(secs(59));
    assert_eq!(scene.state(), State::TimeWait);
    scene.wait(secs(1));
    assert_eq!(scene.closed(), Some(CloseReason::Finished));
}

/// RFC 1337: TIME-WAIT is not cut short by an RST.
#[test]
fn time_wait_is_deaf_to_an_rst() {
    let mut scene = Scene::new(plain());
    scene.reach(State::TimeWait);
    scene.start();
    scene.say(segment(Flags::RST));
    assert_eq!((scene.heard().len(), scene.state()), (0, State::TimeWait));
}

fn released_in_time_wait(timestamps: bool) -> Scene {
    let mut scene = Scene::new(synfin_tcp::Config { timestamps, ..plain() });
    if timestamps {
        scene = scene.willing();
    }
    scene.reach(State::Listen);
    scene.say(segment(Flags::SYN));
    scene.say(ack());
    scene.close();
    scene.say(fin());
    assert_eq!(scene.state(), State::TimeWait);
    scene.release();
    scene.start();
    scene
}

/// MAY-2: a SYN beyond the old connection's numbers opens anew, and so do our own numbers.
#[test]
fn a_syn_with_a_later_number_ends_time_wait() {
    let mut scene = released_in_time_wait(false);
    let old = scene.our_next;
    scene.say(segment(Flags::SYN).at(1));
    assert_eq!(scene.heard(), ["0.000 ACK 2 ack 2: time-wait-ack"]);
    scene.say(segment(Flags::SYN).at(3));
    let heard = scene.segments();
    assert_eq!(heard[0].header.flags, Flags::SYN | Flags::ACK);
    assert!(heard[0].header.seq.after(old + 65_535));
}

/// RFC 6191: with timestamps it is the timestamp that tells new from old, whatever the number.
#[test]
fn a_syn_with_a_later_timestamp_ends_time_wait() {
    let mut scene = released_in_time_wait(true);
    scene.say(segment(Flags::SYN).at(1));
    assert_eq!(scene.heard(), ["0.000 ACK 2 ack 2: time-wait-ack"]);
    scene.wait(ms(5));
    scene.say(segment(Flags::SYN).at(1));
    assert_eq!(scene.segments()[0].header.flags, Flags::SYN | Flags::ACK);
}

/// A user who has gone does not keep FIN-WAIT-2 for ever when the peer never closes.
#[test]
fn fin_wait_2_ends_when_nobody_is_left() {
    let mut scene = Scene::new(plain());
    scene.reach(State::FinWait2);
    scene.wait(secs(3600));
    assert_eq!(scene.state(), State::FinWait2);
    scene.release();
    scene.wait(secs(59));
    assert_eq!(scene.host.connection_count(), 1);
    scene.wait(secs(1));
    assert_eq!(scene.host.connection_count(), 0);
}

/// A FIN that comes before the data in front of it waits for it.
#[test]
fn a_fin_beyond_a_gap_waits() {
    let mut scene = Scene::new(plain()).established();
    scene.say(fin().at(101));
    assert_eq!(scene.state(), State::Established);
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: out-of-order-ack"]);
    scene.say(text(100));
    assert_eq!(scene.state(), State::CloseWait);
    assert_eq!((scene.read(1000), scene.read(1000)), (100, 0));
}

/// Whoever says FIN and had sent more contradicts himself; the user must not see an end that is none.
#[test]
fn a_fin_before_text_that_has_come_is_not_believed() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(50).at(151));
    scene.say(fin().at(121));
    scene.say(text(150).at(1));
    assert_eq!(scene.state(), State::Established);
    assert_eq!(scene.read(1000), 200);
    scene.say(fin().at(201));
    assert_eq!((scene.state(), scene.read(1000)), (State::CloseWait, 0));
}

/// A FIN takes no room: a closed window takes it.
#[test]
fn a_fin_is_taken_by_a_closed_window() {
    let mut scene = Scene::new(synfin_tcp::Config { receive_buffer: 1000, ..plain() }).established();
    scene.say(text(1000));
    scene.say(fin());
    assert_eq!(scene.state(), State::CloseWait);
    assert_eq!((scene.read(2000), scene.read(1)), (1000, 0));
}
