//! Resets, ours and the peer's (RFC 9293 sections 3.5.2, 3.5.3 and 3.6.1, RFC 5961).

use synfin_tcp::{CloseReason, DropReason, ReceiveError, State};
use synfin_wire::{Flags, SeqNumber};

use crate::peer::{IRS, Scene, ack, fin, ms, plain, rst, secs, segment, text};

/// SHLD-3: data that nobody will read is a loss that the peer should hear of.
#[test]
fn going_with_data_unread_resets() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10));
    scene.release();
    assert_eq!(scene.heard(), ["0.000 RST,ACK 1 ack 11: reset-unread"]);
    assert_eq!(scene.host.connection_count(), 0);
}

#[test]
fn data_after_the_user_has_gone_resets() {
    let mut scene = Scene::new(plain()).established();
    scene.release();
    assert_eq!(scene.heard(), ["0.000 FIN,ACK 1 ack 1: fin"]);
    scene.say(ack());
    assert_eq!(scene.inject(text(10)), Some(DropReason::NobodyReads));
    assert_eq!(scene.heard(), ["0.000 RST 2: reset-after-close"]);
    assert_eq!(scene.host.connection_count(), 0);
}

/// What was read and comes again is no news, so it does not reset.
#[test]
fn old_data_after_the_user_has_gone_is_acknowledged() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10));
    scene.read(10);
    scene.release();
    scene.start();
    scene.say(text(10).at(1));
    assert_eq!(scene.heard(), ["0.000 ACK 2 ack 11: unacceptable-ack"]);
    assert_eq!(scene.host.connection_count(), 1);
}

#[test]
fn an_abort_drops_what_is_queued_and_resets() {
    let mut scene = Scene::new(plain()).established();
    scene.say(ack().window(10));
    scene.send(1000);
    scene.start();
    scene.abort();
    let sent = scene.our_next.distance(scene.iss);
    assert_eq!(scene.heard(), [format!("0.000 RST,ACK {sent} ack 1: reset-abort")]);
    assert_eq!(scene.closed(), Some(CloseReason::Aborted));
}

/// Section 3.10.5: when both FINs are out there is nothing left to abort.
#[test]
fn an_abort_after_both_ends_have_closed_says_nothing() {
    for state in [State::Closing, State::LastAck, State::TimeWait] {
        let mut scene = Scene::new(plain());
        scene.reach(state);
        scene.start();
        scene.abort();
        assert_eq!((scene.heard().len(), scene.closed()), (0, Some(CloseReason::Aborted)), "{state}");
    }
}

#[test]
fn an_abort_in_syn_sent_says_nothing() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.start();
    scene.abort();
    assert_eq!((scene.heard().len(), scene.closed()), (0, Some(CloseReason::Aborted)));
}

/// Section 3.10.7.1, both forms.
#[test]
fn a_segment_for_nobody_is_reset() {
    let mut scene = Scene::new(plain());
    scene.say(segment(Flags::SYN));
    scene.say(ack().ack_seq(SeqNumber::new(777)));
    let heard = scene.segments();
    assert_eq!((heard[0].header.seq, heard[0].header.ack), (SeqNumber::new(0), IRS + 1));
    assert_eq!(heard[0].header.flags, Flags::RST | Flags::ACK);
    assert_eq!((heard[1].header.seq, heard[1].header.flags), (SeqNumber::new(777), Flags::RST));
    scene.say(rst());
    assert_eq!(scene.heard(), [""; 0]);
}

/// What had come before the peer's RST can be read; then comes the error.
#[test]
fn a_reset_is_told_behind_the_data() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(5));
    scene.say(rst());
    assert_eq!(scene.read(10), 5);
    let now = scene.now;
    assert_eq!(scene.socket().receive(10, now), Err(ReceiveError::Closed(CloseReason::Reset)));
}

/// RFC 5961 section 3: only the very next number ends a connection.
#[test]
fn an_rst_in_the_window_is_challenged() {
    let mut scene = Scene::new(plain()).established();
    assert_eq!(scene.say(rst().at(100)), Some(DropReason::RstNotExact));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: challenge-rst"]);
    assert_eq!(scene.say(rst().at(70_000)), Some(DropReason::OutsideWindow));
    assert_eq!((scene.heard().len(), scene.state()), (0, State::Established));
    scene.say(rst());
    assert_eq!(scene.closed(), Some(CloseReason::Reset));
}

/// RFC 5961 section 7: a flood of challenges would be an attack of its own.
#[test]
fn challenges_are_held_to_a_rate() {
    let mut scene = Scene::new(plain()).established();
    for _ in 0..100 {
        scene.say(rst().at(100));
        scene.say(segment(Flags::SYN).at(500));
        scene.wait(ms(10));
    }
    assert_eq!(scene.heard().len(), 2);
}

/// RFC 5961 section 5: an acknowledgment far in the past, or of what was never sent.
#[test]
fn an_acknowledgment_out_of_range_is_challenged() {
    let mut scene = Scene::new(plain()).established();
    let unsent = scene.our_next + 1;
    assert_eq!(scene.say(text(5).at(1).ack_seq(unsent)), Some(DropReason::AckOfUnsent));
    scene.wait(secs(1));
    let ancient = scene.our_next - 70_000;
    assert_eq!(scene.say(text(5).at(1).ack_seq(ancient)), Some(DropReason::AckTooOld));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: challenge-ack", "1.000 ACK 1 ack 1: challenge-ack"]);
}

/// MUST-66: a closed window still hears an RST.
#[test]
fn an_rst_is_heard_by_a_closed_window() {
    let mut scene = Scene::new(synfin_tcp::Config { receive_buffer: 100, ..plain() }).established();
    scene.say(text(100));
    assert_eq!(scene.status().receive_window, 0);
    scene.say(rst());
    assert_eq!(scene.closed(), Some(CloseReason::Reset));
}

/// A passive open that the peer resets goes back to LISTEN, and nobody hears of it.
#[test]
fn an_rst_in_syn_received_goes_back_to_listen() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.say(rst());
    assert_eq!(scene.host.connection_count(), 0);
    scene.say(segment(Flags::SYN).at(0));
    assert_eq!(scene.host.connection_count(), 1);
}

/// In SYN-RECEIVED an acknowledgment of something else is reset (section 3.10.7.4, fifth).
#[test]
fn a_wrong_third_segment_is_reset() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.start();
    let wrong = scene.our_next + 9;
    scene.say(ack().ack_seq(wrong));
    assert_eq!(scene.heard(), ["0.000 RST 10: reset-bad-ack"]);
    scene.say(ack());
    assert_eq!(scene.state(), State::Established);
}

/// Two half-open entries for each other, made by two forged SYNs, would answer each other for ever.
#[test]
fn a_half_open_connection_does_not_answer_without_end() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.start();
    for _ in 0..50 {
        scene.say(segment(Flags::SYN | Flags::ACK).at(100_000));
        scene.say(ack().at(100_000));
        scene.wait(ms(10));
    }
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 1: unacceptable-ack"]);
}

#[test]
fn a_fin_in_syn_sent_is_nothing() {
    let mut scene = Scene::new(plain());
    scene.reach(State::SynSent);
    scene.start();
    assert_eq!(scene.say(fin()), Some(DropReason::SynSentNoSyn));
    assert_eq!((scene.heard().len(), scene.state()), (0, State::SynSent));
}

/// SHLD-2: an RST may carry text that says why.
#[test]
fn an_rst_with_text_resets() {
    let mut scene = Scene::new(plain()).established();
    scene.say(rst().holding(20));
    assert_eq!(scene.closed(), Some(CloseReason::Reset));
    let now = scene.now;
    assert_eq!(scene.socket().receive(100, now), Err(ReceiveError::Closed(CloseReason::Reset)));
}
