use synfin_wire::{Instant, SeqNumber};

use super::{ReceiveMemory, initial_window};
use crate::config::Config;
use crate::receive::ack_policy::Size;
use crate::receive::cost::Cost;
use crate::span::Span;

const MSS: u32 = 1460;

/// As Linux has it after `tcp_rmem = 4096 540000 15728640`.
fn config() -> Config {
    Config { receive_buffer: 540_000, receive_buffer_max: 15 << 20, ..Config::default() }
}

fn fresh() -> ReceiveMemory {
    ReceiveMemory::new(&config(), MSS, initial_window(&config(), MSS), 8, Instant::ZERO)
}

#[test]
fn the_first_window_is_whole_segments_in_half_of_the_buffer() {
    assert_eq!(initial_window(&config(), MSS), 268_640);
    let exact = Config { segment_overhead: false, ..config() };
    assert_eq!(initial_window(&exact, MSS), 540_000);
}

#[test]
fn full_segments_that_are_worth_their_memory_widen_the_window() {
    let mut memory = fresh();
    assert_eq!(memory.threshold(), 268_540);
    memory.full_segment(1460, 0, 268_640);
    assert!(memory.grow_threshold(&Size { text: 1460, fixed: 0, variable: 0 }, MSS, 1460, 0));
    assert_eq!(memory.threshold(), 271_560);
}

#[test]
fn short_segments_narrow_it() {
    let mut memory = fresh();
    memory.full_segment(1000, 0, 268_640);
    assert_eq!((memory.clamp(), memory.threshold()), (234_140, 234_140));
}

#[test]
fn what_is_read_is_free_when_all_of_its_segment_is() {
    let mut memory = fresh();
    let free = memory.free(0);
    memory.queued(1000, 1000, 0);
    memory.read(999);
    assert!(memory.free(0) < free && !memory.is_empty());
    memory.read(1);
    assert!(memory.free(0) == free && memory.is_empty());
}

#[test]
fn the_buffer_grows_with_what_is_read_in_a_round_trip() {
    let mut memory = fresh();
    let rtt = Span::from_millis(10);
    memory.echoed(rtt, true);
    memory.queued(200_000, 200_000, 0);
    memory.adjust(200_000, 0, 0, Instant::from_millis(5));
    memory.read(200_000);
    assert_eq!(memory.buffer(), 540_000, "the round trip is not over");
    memory.adjust(0, 0, 0, Instant::from_millis(10));
    assert!(memory.buffer() > 800_000 && memory.space() == 200_000);
    let mut slow = fresh();
    slow.echoed(rtt, true);
    slow.adjust(200_000, 190_000, 0, Instant::from_millis(10));
    assert_eq!(slow.buffer(), 540_000, "nearly as much waits to be read");
    let mut fixed = fresh();
    fixed.set_buffer(540_000);
    fixed.echoed(rtt, true);
    fixed.adjust(200_000, 0, 0, Instant::from_millis(10));
    assert_eq!(fixed.buffer(), 540_000);
}

#[test]
fn a_round_is_over_with_the_first_segment_that_is_read_behind_it() {
    let mut memory = fresh();
    memory.echoed(Span::from_millis(10), true);
    memory.queued(1460, 1460, 0);
    memory.queued(20_000, 20_000, 0);
    assert_eq!(memory.first_left(), 1460);
    memory.adjust(1460, 20_000, 0, Instant::from_millis(10));
    memory.read(21_460);
    assert_eq!(memory.space(), 14_600, "most of it was not read in the round trip");
    memory.adjust(5_000, 0, 0, Instant::from_millis(20));
    assert_eq!(memory.space(), 25_000);
}

#[test]
fn text_beyond_a_gap_makes_the_buffer_grow_by_as_much() {
    let mut memory = fresh();
    memory.reaches(200_000);
    assert_eq!(memory.buffer(), 540_000);
    memory.reaches(300_000);
    assert_eq!(memory.buffer(), 2 * (2 * 14_600 + 300_000));
}

#[test]
fn a_longer_round_trip_counts_a_little_where_the_user_keeps_up() {
    let mut memory = fresh();
    memory.echoed(Span::ZERO, true);
    assert_eq!(memory.rtt(), None, "less than a tick of the clock");
    memory.echoed(Span::from_millis(80), false);
    memory.echoed(Span::from_millis(160), false);
    assert_eq!(memory.rtt(), Some(Span::from_millis(80)));
    assert_eq!([7, 7, 8].map(|echo| memory.is_new_echo(echo)), [true, false, true]);
    memory.echoed(Span::from_millis(160), true);
    assert_eq!(memory.rtt(), Some(Span::from_millis(90)));
    memory.echoed(Span::from_millis(20), false);
    assert_eq!(memory.rtt(), Some(Span::from_millis(20)));
}

/// 49 segments of 100 octets, which cost twice what the buffer has been set to.
fn full_of_small_segments() -> ReceiveMemory {
    let mut memory = fresh();
    memory.full_segment(536, 0, 268_640);
    for _ in 0..49 {
        memory.queued(100, 100, 0);
    }
    assert_eq!(memory.unread_charge(), 49 * 832);
    memory.set_buffer(40_000);
    memory
}

#[test]
fn small_segments_are_copied_together_when_the_buffer_is_full() {
    let mut memory = full_of_small_segments();
    assert!(!memory.has_room(0));
    memory.collapse();
    assert_eq!(memory.unread_charge(), 4352 + 2304);
    for _ in 0..6 {
        memory.queued(100, 100, 0);
    }
    assert_eq!(memory.unread_charge(), 4352 + 2304, "there is room behind them");
    assert!(memory.is_slack(0));
    memory.note_tight(0);
    assert!(!memory.is_slack(0) && memory.is_slack(832));
    memory.read(4900);
    assert!(memory.is_slack(0));
    memory.read(600);
    assert!(memory.is_empty() && memory.unread_charge() == 0);
}

#[test]
fn only_what_is_left_to_read_is_copied_together() {
    let mut memory = full_of_small_segments();
    memory.read(4_650);
    memory.collapse();
    assert_eq!(memory.unread_charge(), Cost::of_copy(250).charge as usize);
}

#[test]
fn what_needs_no_other_page_is_taken_unseen() {
    let mut memory = full_of_small_segments();
    assert!(!memory.is_foreseen(832), "192 octets are left of the page");
    memory.read(100);
    assert!(memory.is_foreseen(832));
    memory.look_closely();
    assert!(!memory.is_foreseen(832));
    memory.set_buffer(39_936);
    memory.foresee();
    assert!(!memory.is_foreseen(832), "there is room for none behind that");
    memory.read(100);
    memory.foresee();
    assert!(memory.is_foreseen(832));
}

#[test]
fn a_window_of_data_after_another_is_a_round_trip() {
    let mut memory = fresh();
    let start = SeqNumber::new(u32::MAX - 10);
    memory.note_arrival(start, 1000, Instant::from_millis(1));
    memory.note_arrival(start + 999, 1000, Instant::from_millis(5));
    assert_eq!(memory.rtt(), None);
    memory.note_arrival(start + 1000, 1000, Instant::from_millis(21));
    assert_eq!(memory.rtt(), Some(Span::from_millis(20)));
}

#[test]
fn a_round_trip_that_the_peer_made_up_grows_the_buffer_no_further_than_it_may() {
    let mut memory = fresh();
    memory.echoed(Span::from_secs(30), true);
    for read in [1, u32::MAX] {
        memory.adjust(read, 0, 0, Instant::from_millis(31_000 * u64::from(read).min(2)));
        memory.read(read);
    }
    assert_eq!(memory.buffer(), 15 << 20);
}

#[test]
fn a_short_segment_has_room_behind_the_last() {
    let mut memory = fresh();
    memory.queued(1000, 1000, 0);
    let free = memory.free(0);
    memory.queued(600, 600, 0);
    assert_eq!(memory.free(0), free, "2048 octets hold 424 around 1600");
    memory.queued(100, 100, 0);
    assert!(memory.free(0) < free);
    memory.read(1600);
    memory.read(100);
    assert!(memory.is_empty());
}

#[test]
fn what_came_twice_is_paid_for() {
    let mut memory = fresh();
    memory.queued(100, 1400, 0);
    assert_eq!(memory.unread_charge(), Cost::of_segment(1400, 0).charge as usize);
}
