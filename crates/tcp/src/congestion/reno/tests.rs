use super::super::{AckEvent, CongestionController, IdleEvent, LossEvent, RecoveredEvent, TimeoutEvent};
use super::Reno;

const MSS: u32 = 1000;

fn acknowledged(reno: &mut Reno, octets: u32) {
    let in_flight = reno.window();
    reno.on_ack(&AckEvent { acknowledged: octets, in_flight, after_timeout: false, mss: MSS });
}

#[test]
fn slow_start_doubles_a_window_and_avoidance_adds_a_segment() {
    let mut reno = Reno::new(10 * MSS);
    for _ in 0..5 {
        acknowledged(&mut reno, 2 * MSS);
    }
    assert_eq!(reno.window(), 20 * MSS);
    reno.on_loss(&LossEvent { flight_size: 20 * MSS, mss: MSS });
    assert_eq!((reno.window(), reno.slow_start_threshold()), (10 * MSS, 10 * MSS));
    for _ in 0..5 {
        acknowledged(&mut reno, 2 * MSS);
    }
    assert_eq!(reno.window(), 11 * MSS);
}

#[test]
fn a_window_that_is_not_used_does_not_grow() {
    let mut reno = Reno::new(10 * MSS);
    for _ in 0..20 {
        reno.on_ack(&AckEvent { acknowledged: MSS, in_flight: MSS, after_timeout: false, mss: MSS });
    }
    assert_eq!(reno.window(), 10 * MSS);
}

#[test]
fn a_timeout_leaves_one_segment_and_halves_once() {
    let mut reno = Reno::new(40 * MSS);
    reno.on_timeout(&TimeoutEvent { flight_size: 40 * MSS, mss: MSS, repeated: false });
    assert_eq!((reno.window(), reno.slow_start_threshold()), (MSS, 20 * MSS));
    reno.on_timeout(&TimeoutEvent { flight_size: MSS, mss: MSS, repeated: true });
    assert_eq!((reno.window(), reno.slow_start_threshold()), (MSS, 20 * MSS));
    reno.on_ack(&AckEvent { acknowledged: 9 * MSS, in_flight: MSS, after_timeout: true, mss: MSS });
    assert_eq!(reno.window(), 2 * MSS);
}

#[test]
fn recovery_does_not_end_in_a_burst_and_idleness_restarts_small() {
    let mut reno = Reno::new(40 * MSS);
    reno.on_loss(&LossEvent { flight_size: 40 * MSS, mss: MSS });
    reno.on_recovered(&RecoveredEvent { in_flight: 2 * MSS, mss: MSS });
    assert_eq!(reno.window(), 3 * MSS);
    let mut reno = Reno::new(40 * MSS);
    reno.on_idle(&IdleEvent { restart_window: 10 * MSS });
    assert_eq!(reno.window(), 10 * MSS);
}
