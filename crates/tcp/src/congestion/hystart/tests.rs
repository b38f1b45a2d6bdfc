use synfin_wire::{Instant, SeqNumber};

use super::super::{RoundTripEvent, Window};
use super::HyStart;
use crate::config::SlowStartExit;
use crate::span::Span;

/// A slow start whose round trips are told by the test.
struct Scene {
    hystart: HyStart,
    window: Window,
    now: Instant,
    una: SeqNumber,
}

impl Scene {
    fn new(exit: SlowStartExit, size: u32) -> Self {
        let una = SeqNumber::new(1);
        let hystart = HyStart::new(exit, una, Instant::ZERO);
        Self { hystart, window: Window::new(size), now: Instant::from_millis(1000), una }
    }

    /// A round trip of `samples` samples of so many milliseconds, `gap` apart.
    fn round(&mut self, samples: u32, rtt: u64, gap: u64) {
        let nxt = self.una + 1000;
        for _ in 0..samples {
            self.una += 1;
            self.now += Span::from_millis(gap);
            let rtt = Span::from_millis(rtt);
            let (now, una) = (self.now, self.una);
            let event = RoundTripEvent { rtt, now, una, nxt, paced: false, mss: 1460, smoothed: Some(rtt) };
            self.hystart.on_round_trip(&mut self.window, &event);
        }
        self.una = nxt;
    }
}

#[test]
fn hystart_stops_at_once_when_the_delay_has_grown_by_an_eighth() {
    let mut scene = Scene::new(SlowStartExit::HyStart, 20);
    scene.round(10, 100, 5);
    assert!(scene.window.in_slow_start());
    scene.round(10, 110, 5);
    assert!(scene.window.in_slow_start(), "12.5 ms are allowed");
    scene.round(8, 115, 5);
    assert!(scene.window.in_slow_start(), "eight samples are needed first");
    scene.round(10, 115, 5);
    assert_eq!(scene.window.threshold, 20);
}

#[test]
fn hystart_stops_at_a_train_of_half_a_round_trip_and_leaves_small_windows_alone() {
    let mut scene = Scene::new(SlowStartExit::HyStart, 20);
    scene.round(60, 100, 1);
    assert_eq!(scene.window.threshold, 20);
    let mut scene = Scene::new(SlowStartExit::HyStart, 15);
    scene.round(60, 100, 1);
    assert!(scene.window.in_slow_start());
}

#[test]
fn over_a_short_path_a_train_may_be_longer_by_what_bursts_take() {
    let mut scene = Scene::new(SlowStartExit::HyStart, 20);
    scene.round(3, 3, 1);
    assert!(scene.window.in_slow_start(), "2 ms are half of a round trip and a millisecond");
    let mut scene = Scene::new(SlowStartExit::HyStart, 20_000);
    scene.round(3, 3, 1);
    assert_eq!(scene.window.threshold, 20_000, "at 20 Gbit/s a burst takes no time");
}

#[test]
fn hystart_plus_plus_goes_on_at_a_quarter_and_stops_after_five_rounds() {
    let mut scene = Scene::new(SlowStartExit::HyStartPlusPlus, 20);
    scene.round(10, 100, 1);
    assert_eq!(scene.hystart.limit(8), 8);
    scene.round(10, 120, 1);
    assert_eq!([4, 3, 1].map(|delivered| scene.hystart.limit(delivered)), [1, 0, 1]);
    for _ in 0..4 {
        scene.round(10, 120, 1);
        assert!(scene.window.in_slow_start());
    }
    scene.round(10, 120, 1);
    assert_eq!(scene.window.threshold, 20);
}

#[test]
fn hystart_plus_plus_takes_its_suspicion_back_when_the_delay_falls() {
    let mut scene = Scene::new(SlowStartExit::HyStartPlusPlus, 20);
    scene.round(10, 100, 1);
    scene.round(10, 120, 1);
    scene.round(10, 105, 1);
    assert_eq!(scene.hystart.limit(8), 8);
    assert!(scene.window.in_slow_start());
}

#[test]
fn slow_start_may_end_by_loss_alone() {
    let mut scene = Scene::new(SlowStartExit::Loss, 200);
    scene.round(50, 100, 1);
    scene.round(50, 900, 1);
    assert!(scene.window.in_slow_start());
}

#[test]
fn hystart_plus_plus_grows_by_eight_segments_at_once_unless_they_leave_at_a_pace() {
    for (exit, paced, grows) in [
        (SlowStartExit::HyStartPlusPlus, false, 8),
        (SlowStartExit::HyStartPlusPlus, true, 44),
        (SlowStartExit::HyStart, false, 44),
    ] {
        let mut scene = Scene::new(exit, 20);
        scene.hystart.paced = paced;
        assert_eq!(scene.hystart.limit(44), grows);
    }
}
