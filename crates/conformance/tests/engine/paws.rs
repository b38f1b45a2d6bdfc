//! Timestamps and protection against wrapped numbers (RFC 7323 sections 3 to 5).

use synfin_tcp::{Config, DropReason, State};
use synfin_wire::{Flags, TcpOptions};

use crate::peer::{Scene, ms, plain, rst, secs, segment, text};

fn stamped() -> Scene {
    let mut scene = Scene::new(Config { timestamps: true, ..plain() }).willing().established();
    scene.say(text(10).stamps(2000, 0));
    scene.wait(secs(1));
    scene.start();
    scene
}

#[test]
fn both_ends_stamp_when_both_offered_it() {
    let mut scene = stamped();
    scene.send(1);
    let stamps = scene.segments()[0].header.options.timestamps.expect("timestamps");
    assert_eq!(stamps.echo, 2000);
    let mut scene = Scene::new(plain()).willing().established();
    scene.send(1);
    assert_eq!(scene.segments()[0].header.options.timestamps, None);
}

/// R1: older than what was seen, so it is an old duplicate, however well its number fits.
#[test]
fn an_old_timestamp_is_refused_and_answered() {
    let mut scene = stamped();
    assert_eq!(scene.say(text(5).stamps(1999, 0)), Some(DropReason::Paws));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 11: paws-ack"]);
    scene.peer_next = crate::peer::IRS + 11;
    assert_eq!(scene.say(text(5).stamps(2000, 0)), None);
}

/// On a path that reorders, what was sent before a retransmission may come behind it; but older than TS.Recent was
/// before the gap was filled is nothing that is still on its way.
#[test]
fn what_a_retransmission_has_overtaken_is_not_old() {
    let mut scene = stamped();
    assert_eq!(scene.say(text(10).at(21).stamps(2010, 0)), None);
    assert_eq!(scene.say(text(10).at(11).stamps(2100, 0)), None, "the gap is filled");
    assert_eq!(scene.say(text(10).at(31).stamps(2011, 0)), None);
    assert_eq!(scene.say(text(10).at(41).stamps(1999, 0)), Some(DropReason::Paws));
    scene.wait(ms(500));
    assert_eq!(scene.say(text(10).at(41).stamps(2012, 0)), Some(DropReason::Paws));
    assert_eq!(scene.say(text(10).at(41).stamps(2101, 0)), None);
}

/// The clock wraps: later is what lies less than 2^31 ahead.
#[test]
fn timestamps_wrap() {
    let mut scene = stamped();
    for value in [1 << 31, u32::MAX, 5] {
        assert_eq!(scene.say(text(5).stamps(value, 0)), None, "{value}");
        scene.wait(ms(40));
    }
    scene.wait(secs(1));
    assert_eq!(scene.say(text(5).stamps(u32::MAX, 0)), Some(DropReason::Paws));
}

/// Section 3.2: a segment without the timestamp that was agreed on is dropped in silence.
#[test]
fn a_missing_timestamp_is_passed_over() {
    let mut scene = stamped();
    let bare = text(5).options(TcpOptions::default());
    assert_eq!(scene.say(bare), Some(DropReason::MissingTimestamp));
    assert_eq!(scene.heard(), [""; 0]);
}

/// Section 5.2: an RST counts with or without a timestamp.
#[test]
fn an_rst_needs_none() {
    let mut scene = stamped();
    scene.say(rst().options(TcpOptions::default()));
    assert_eq!(scene.state(), State::Closed);
    let mut scene = stamped();
    scene.say(rst().stamps(1, 0));
    assert_eq!(scene.state(), State::Closed);
}

/// Section 5.5: after 24 days of silence the last timestamp says nothing any more.
#[test]
fn after_24_days_any_timestamp_is_new() {
    const DAY: u64 = 24 * 3600;
    let mut scene = stamped();
    scene.wait(secs(23 * DAY));
    assert_eq!(scene.say(text(5).stamps(1999, 0)), Some(DropReason::Paws));
    scene.wait(secs(DAY));
    scene.peer_next = crate::peer::IRS + 11;
    assert_eq!(scene.say(text(5).stamps(1999, 0)), None);
    scene.wait(ms(40));
    assert_eq!(
        scene.segments().last().expect("an answer").header.options.timestamps.expect("timestamps").echo,
        1999
    );
}

/// Section 4.3: the echo is of the segment that the last acknowledgment waits for, not of one beyond a gap.
#[test]
fn a_segment_beyond_a_gap_does_not_set_the_echo() {
    let mut scene = stamped();
    scene.say(text(5).at(111).stamps(3000, 0));
    assert_eq!(scene.segments()[0].header.options.timestamps.expect("timestamps").echo, 2000);
    scene.say(text(100).at(11).stamps(2500, 0));
    assert_eq!(scene.segments()[0].header.options.timestamps.expect("timestamps").echo, 2500);
}

/// With a delayed acknowledgment the echo is of the first segment that waits for it.
#[test]
fn the_echo_is_of_the_earliest_segment_that_waits() {
    let mut scene = stamped();
    scene.say(text(10).stamps(2100, 0));
    scene.say(text(10).stamps(2200, 0));
    scene.send(1);
    assert_eq!(scene.segments()[0].header.options.timestamps.expect("timestamps").echo, 2100);
}

#[test]
fn a_syn_with_an_old_timestamp_is_challenged_as_any_other() {
    let mut scene = stamped();
    assert_eq!(scene.say(segment(Flags::SYN).at(500).stamps(1, 0)), Some(DropReason::Paws));
    assert_eq!(scene.heard(), ["0.000 ACK 1 ack 11: paws-ack"]);
}
