use synfin_wire::Instant;

use super::super::{AckEvent, Cause, CongestionController, CongestionEvent, Window};
use super::Reno;

fn arrived(window: &mut Window, delivered: u32) {
    Reno.on_ack(window, &AckEvent { delivered, now: Instant::ZERO });
}

#[test]
fn slow_start_doubles_a_window_and_avoidance_adds_a_segment() {
    let mut window = Window::new(10);
    for _ in 0..5 {
        arrived(&mut window, 2);
    }
    assert_eq!(window.size, 20);
    window.threshold = Reno.on_congestion(&window, &CongestionEvent { cause: Cause::Loss });
    assert_eq!(window.threshold, 10);
    window.size = window.threshold;
    for _ in 0..5 {
        arrived(&mut window, 2);
    }
    assert_eq!(window.size, 11);
}

#[test]
fn slow_start_ends_at_the_threshold_and_what_is_left_counts_for_avoidance() {
    let mut window = Window { threshold: 12, ..Window::new(10) };
    arrived(&mut window, 5);
    assert_eq!((window.size, window.counted), (12, 3));
    arrived(&mut window, 9);
    assert_eq!((window.size, window.counted), (13, 0));
}

#[test]
fn the_threshold_does_not_fall_below_two_segments() {
    let window = Window::new(3);
    assert_eq!(Reno.on_congestion(&window, &CongestionEvent { cause: Cause::Timeout }), 2);
}
