use synfin_wire::{Instant, SeqNumber};

use super::{ReceiveMemory, charge, initial_window};
use crate::config::Config;
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
fn a_segment_costs_what_the_allocator_gives_for_it() {
    let seen =
        [(1, 832), (100, 832), (500, 1280), (1460, 2304), (3000, 4352), (5000, 8448), (10_000, 12_544)];
    for (text, cost) in seen {
        assert_eq!(charge(text), cost, "{text}");
    }
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
    memory.full_segment(1460, 268_640);
    assert!(memory.grow_threshold(1460, MSS, 1460, 0));
    assert_eq!(memory.threshold(), 271_560);
}

#[test]
fn short_segments_narrow_it() {
    let mut memory = fresh();
    memory.full_segment(1000, 268_640);
    assert_eq!((memory.clamp(), memory.threshold()), (234_140, 234_140));
}

#[test]
fn what_is_read_is_free_when_all_of_its_segment_is() {
    let mut memory = fresh();
    let free = memory.free(0);
    memory.queued(1000, 1000);
    memory.read(999);
    assert!(memory.free(0) < free && !memory.is_empty());
    memory.read(1);
    assert!(memory.free(0) == free && memory.is_empty());
}

#[test]
fn the_buffer_grows_with_what_is_read_in_a_round_trip() {
    let mut memory = fresh();
    memory.measured(Span::from_millis(10));
    memory.queued(200_000, 200_000);
    memory.read(200_000);
    memory.adjust(0, 0, Instant::from_millis(5));
    assert_eq!(memory.buffer(), 540_000, "the round trip is not over");
    memory.adjust(0, 0, Instant::from_millis(10));
    assert!(memory.buffer() > 800_000 && memory.space() == 200_000);
    let mut slow = fresh();
    slow.measured(Span::from_millis(10));
    slow.read(200_000);
    slow.adjust(190_000, 0, Instant::from_millis(10));
    assert_eq!(slow.buffer(), 540_000, "nearly as much waits to be read");
    let mut fixed = fresh();
    fixed.set_buffer(540_000);
    fixed.measured(Span::from_millis(10));
    fixed.read(200_000);
    fixed.adjust(0, 0, Instant::from_millis(10));
    assert_eq!(fixed.buffer(), 540_000);
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
    memory.measured(Span::from_secs(30));
    for read in [1, u32::MAX] {
        memory.read(read as usize);
        memory.adjust(0, 0, Instant::from_millis(31_000 * u64::from(read).min(2)));
    }
    assert_eq!(memory.buffer(), 15 << 20);
}

#[test]
fn a_short_segment_has_room_behind_the_last() {
    let mut memory = fresh();
    memory.queued(1000, 1000);
    let free = memory.free(0);
    memory.queued(600, 600);
    assert_eq!(memory.free(0), free, "2048 octets hold 424 around 1600");
    memory.queued(100, 100);
    assert!(memory.free(0) < free);
    memory.read(1600);
    memory.read(100);
    assert!(memory.is_empty());
}

#[test]
fn what_came_twice_is_paid_for() {
    let mut memory = fresh();
    memory.queued(100, 1400);
    assert_eq!(memory.unread_charge(), charge(1400));
}
