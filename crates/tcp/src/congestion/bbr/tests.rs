use synfin_wire::{Instant, SeqNumber};

use super::{Bbr, Mode};
use crate::congestion::rate::{DeliveryRate, RateStamp};
use crate::congestion::{CongestionController, DeliveryEvent, Window};
use crate::connection::status::RecoveryState;
use crate::span::Span;

const ROUND_TRIP: Span = Span::from_millis(40);

/// A path that delivers at most so many segments a round trip, and a sender with one acknowledgment for each.
struct Path {
    bbr: Bbr,
    window: Window,
    rate: DeliveryRate,
    now: Instant,
    holds: u32,
}

impl Path {
    fn new(holds: u32) -> Self {
        let now = Instant::from_millis(1);
        Self {
            bbr: Bbr::new(10, SeqNumber::new(7), now),
            window: Window::new(10),
            rate: DeliveryRate::new(now),
            now,
            holds,
        }
    }

    /// A window is sent, of which `lost` do not arrive, and its acknowledgment comes.
    fn round(&mut self, lost: u32) {
        let sent = self.window.size;
        let stamp: RateStamp = self.rate.stamp(true, sent, self.now);
        let sent_at = self.now;
        self.now += ROUND_TRIP * sent.max(self.holds) / self.holds;
        self.rate.arrived(stamp, sent_at, SeqNumber::new(1));
        self.rate.count(sent - lost);
        self.rate.lost += u64::from(lost);
        let sample = self.rate.sample(self.now, None);
        self.bbr.on_delivery(
            &mut self.window,
            &DeliveryEvent {
                sample,
                rtt: Some(Span::between(sent_at, self.now)),
                minimum_rtt: Some(ROUND_TRIP),
                delivered: sent - lost,
                delivered_in_all: self.rate.delivered,
                lost: self.rate.lost,
                in_flight: 0,
                limited: true,
                recovery: RecoveryState::Open,
                now: self.now,
            },
        );
    }
}

#[test]
fn startup_ends_when_the_bandwidth_no_longer_grows() {
    let mut path = Path::new(160);
    path.round(0);
    assert_eq!(path.bbr.mode, Mode::Startup);
    for _ in 0..10 {
        path.round(0);
    }
    assert!(path.bbr.full.reached);
    assert!((158..=162).contains(&path.bbr.bandwidth().segments_in(ROUND_TRIP)));
}

#[test]
fn the_path_is_looked_at_empty_once_it_was_not_for_five_seconds() {
    let mut path = Path::new(160);
    let mut seen = false;
    while path.now < Instant::from_millis(8_000) {
        path.round(0);
        seen |= path.bbr.mode == Mode::ProbeRtt;
    }
    assert!(seen);
    assert!(path.bbr.mode.is_probe_bw());
}

#[test]
fn the_handshake_sets_the_first_pace() {
    let mut path = Path::new(160);
    assert!(path.bbr.control().pacing_rate.is_none());
    path.bbr.on_established(ROUND_TRIP);
    // Ten segments in 40 ms, 2.77 times as fast, rounded up.
    assert_eq!(path.bbr.control().pacing_rate.map(|rate| rate.segments_in(Span::from_secs(1))), Some(693));
}
