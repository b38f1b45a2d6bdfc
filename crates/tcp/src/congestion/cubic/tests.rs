use alloc::vec::Vec;

use synfin_wire::{Instant, SeqNumber};

use super::super::{
    AckEvent, Cause, CongestionController, CongestionEvent, RestartEvent, TimeoutEvent, Window,
};
use super::{Cubic, cube_root};
use crate::config::SlowStartExit;
use crate::span::Span;

fn cubic() -> Cubic {
    Cubic::new(SlowStartExit::Loss, false, SeqNumber::new(1), Instant::ZERO)
}

/// A loss at a window of `size`: the window after it.
fn after_loss(cubic: &mut Cubic, size: u32) -> Window {
    let threshold = cubic.on_congestion(&Window::new(size), &CongestionEvent { cause: Cause::Loss });
    Window { size: threshold, threshold, counted: 0 }
}

/// Round trips of 100 ms, every segment of which arrives, from `start` on.
fn rounds(cubic: &mut Cubic, window: &mut Window, start: Instant, count: u32) -> Vec<u32> {
    let mut now = start;
    let mut sizes = Vec::new();
    for _ in 0..count {
        let segments = window.size;
        for _ in 0..segments {
            now += Span::from_micros(100_000 / u64::from(segments));
            cubic.on_ack(window, &AckEvent { delivered: 1, now });
        }
        sizes.push(window.size);
    }
    sizes
}

#[test]
fn cube_roots_are_rounded_down() {
    let cases = [(0, 0), (1, 1), (7, 1), (8, 2), (26, 2), (27, 3), (1 << 60, 1 << 20)];
    for (value, root) in cases {
        assert_eq!(cube_root(value), root, "{value}");
    }
}

#[test]
fn a_loss_takes_three_tenths_and_fast_convergence_a_little_more() {
    let mut cubic = cubic();
    assert_eq!(after_loss(&mut cubic, 100).size, 70);
    assert_eq!(cubic.last_max, 100);
    // The next loss comes sooner: somebody else wants room (RFC 9438 section 4.7).
    assert_eq!(after_loss(&mut cubic, 90).size, 63);
    assert_eq!(cubic.last_max, 90 * (1024 + 717) / 2048);
    assert_eq!(after_loss(&mut cubic, 2).size, 2, "the least that there is");
}

#[test]
fn the_window_is_back_where_it_was_after_k_and_flat_there() {
    let mut cubic = cubic();
    let mut window = after_loss(&mut cubic, 1000);
    // K = cbrt(1000 * 0.3 / 0.4) = 9.09 s: 91 round trips of 100 ms.
    let sizes = rounds(&mut cubic, &mut window, Instant::from_millis(1000), 140);
    assert!((850..900).contains(&sizes[20]), "{}", sizes[20]);
    assert!((980..=1000).contains(&sizes[80]), "{}", sizes[80]);
    assert!((995..=1005).contains(&sizes[91]), "{}", sizes[91]);
    assert!((1035..1060).contains(&sizes[139]), "{}", sizes[139]);
    assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1]));
}

#[test]
fn over_a_short_path_it_is_no_slower_than_reno() {
    let mut cubic = cubic();
    let mut window = after_loss(&mut cubic, 20);
    // Reno with a beta of 0.7 grows by 3 * 0.3 / 1.7 = 0.53 segments in each round trip.
    let sizes = rounds(&mut cubic, &mut window, Instant::from_millis(1000), 20);
    assert!(sizes[19] >= 14 + 9, "{}", sizes[19]);
}

#[test]
fn an_idle_time_does_not_move_along_the_curve() {
    let mut cubic = cubic();
    let mut window = after_loss(&mut cubic, 1000);
    let began = Instant::from_millis(1000);
    rounds(&mut cubic, &mut window, began, 5);
    let now = Instant::from_millis(61_500);
    cubic.on_restart(&RestartEvent { idle: Span::from_secs(60), now });
    let size = window.size;
    let sizes = rounds(&mut cubic, &mut window, now, 1);
    assert!(sizes[0] - size < 40, "{size} to {}", sizes[0]);
}

#[test]
fn a_timeout_forgets_the_curve_and_a_mark_may_count_for_less() {
    let mut cubic = cubic();
    after_loss(&mut cubic, 100);
    cubic.on_timeout(&TimeoutEvent { now: Instant::ZERO, nxt: SeqNumber::new(9) });
    assert_eq!((cubic.last_max, cubic.epoch.is_none()), (0, true));
    let mut cubic = Cubic::new(SlowStartExit::Loss, true, SeqNumber::new(1), Instant::ZERO);
    assert_eq!(cubic.on_congestion(&Window::new(100), &CongestionEvent { cause: Cause::Mark }), 84);
}
