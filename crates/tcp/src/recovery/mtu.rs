//! The search for the largest segment that the path takes (RFC 4821, with the bounds and manners of Linux).
//!
//! In: what became of each probe, timeouts that follow each other, what routers say. Out: how large a segment may be,
//! and how large the next probe is. Sizes are of text and options together, octets: the MTU less the headers of IP and
//! TCP. Who sends a probe is `output`'s to decide; the probe's loss stands apart from other losses in
//! `fast_recovery`.

use core::time::Duration;

use synfin_wire::{Instant, Mss, SeqNumber};

use crate::compact::compact;
use crate::config::{Config, MtuProbing, MtuProbingMode};
use crate::connection::negotiate::Negotiated;
use crate::connection::status::MtuSearchStatus;

/// A larger segment that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MtuProbe {
    pub(crate) size: u16,
    pub(crate) start: SeqNumber,
    pub(crate) end: SeqNumber,
}

compact!(MtuProbe { size, start, end });

/// What a signal from the path has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathNews {
    /// Nothing: so little is known already.
    None,
    /// The path takes less than it was thought to.
    Narrower,
    /// And what was under way as a probe is more than that.
    ProbeTooLarge,
}

/// Between which sizes the search goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MtuSearch {
    /// What the peer takes.
    peer: u16,
    /// What the peer and our own link take.
    limit: u16,
    /// What the path takes as far as routers have told.
    told: u16,
    /// search_low: it passes.
    low: u16,
    /// search_high: nothing larger does.
    high: u16,
    /// No path is believed to take less.
    least: u16,
    /// Octets of the options that every segment carries.
    options: u16,
    enabled: bool,
    /// When the search began, or began again; before it did, when a router has told something.
    began: Instant,
    probe: Option<MtuProbe>,
}

compact!(MtuSearch { peer, limit, told, low, high, least, options, enabled, began, probe });

impl MtuSearch {
    pub(crate) fn new(config: &Config, negotiated: &Negotiated, now: Instant) -> Self {
        let options = negotiated.fixed_len();
        let limit = negotiated.send_mss + options;
        let probing = &config.mtu_probing;
        Self {
            peer: negotiated.peer_mss,
            limit,
            told: limit,
            low: probing.base_mss.octets().saturating_add(options).clamp(Mss::FLOOR.octets(), limit),
            high: limit,
            least: at_least_floor(probing.least_mss).min(limit),
            options,
            enabled: probing.mode == MtuProbingMode::Always,
            began: now,
            probe: None,
        }
    }

    /// How large a segment may be: what routers have told, and once the search is on no more than what passes.
    pub(crate) fn size(&self) -> u16 {
        let passes = if self.enabled { self.low } else { self.limit };
        self.told.min(passes).max(self.least)
    }

    /// What routers have told, where that is less than both ends take.
    pub(crate) fn narrower(&self) -> Option<u16> {
        (self.told < self.limit).then_some(self.told)
    }

    /// Octets of the options that every segment carries.
    pub(crate) fn options_len(&self) -> u16 {
        self.options
    }

    /// Every segment carries so many octets of options from now on.
    pub(crate) fn set_options_len(&mut self, octets: u16) {
        self.options = octets;
    }

    /// The probe that is under way.
    pub(crate) fn probe(&self) -> Option<MtuProbe> {
        self.probe
    }

    /// The size of the next probe; `None` while one is under way, or when there is nothing left to find. That is looked
    /// at again after a while, from `size` on, for a path may have become wider (RFC 4821 section 7.3).
    pub(crate) fn next(&mut self, probing: &MtuProbing, size: u16, now: Instant) -> Option<u16> {
        if !self.enabled || self.probe.is_some() {
            return None;
        }
        let interval = self.high - self.low;
        if interval > 1 && interval >= probing.threshold {
            return Some(self.low.midpoint(self.high));
        }
        if now - self.began >= probing.interval {
            self.began = now;
            self.forget_told();
            self.low = size.min(self.limit);
        }
        None
    }

    /// What a router has told may be true no more after `interval` (RFC 1191 section 6.3, RFC 8201 section 4): without a
    /// search that would look again, it is forgotten then. True when it is.
    pub(crate) fn told_long_ago(&mut self, interval: Duration, now: Instant) -> bool {
        let is_over = !self.enabled && self.told < self.limit && now - self.began >= interval;
        if is_over {
            self.forget_told();
        }
        is_over
    }

    fn forget_told(&mut self) {
        self.told = self.limit;
        self.high = self.limit;
    }

    /// A probe is under way.
    pub(crate) fn sent(&mut self, probe: MtuProbe) {
        self.probe = Some(probe);
    }

    /// Everything before `una` has arrived. Returns the probe if it was part of that.
    pub(crate) fn acknowledged(&mut self, una: SeqNumber) -> Option<MtuProbe> {
        let probe = self.probe.take_if(|probe| probe.end.at_or_before(una))?;
        self.low = probe.size;
        Some(probe)
    }

    /// The probe is lost, and nothing else is (RFC 4821 section 7.6.2).
    pub(crate) fn failed(&mut self) {
        if let Some(probe) = self.probe.take() {
            self.high = (probe.size - 1).max(self.low);
        }
    }

    /// Something is sent again: what is lost or arrives from now on tells nothing of the probe (RFC 4821 section 7.6.4).
    pub(crate) fn inconclusive(&mut self) {
        self.probe = None;
    }

    /// A router tells that the path takes no more than `size`.
    pub(crate) fn told(&mut self, size: u16, now: Instant) -> PathNews {
        let news = self.takes_at_most(size);
        if news != PathNews::None && !self.enabled {
            self.began = now;
        }
        news
    }

    fn takes_at_most(&mut self, size: u16) -> PathNews {
        let size = size.max(self.least);
        if size >= self.told {
            return PathNews::None;
        }
        self.told = size;
        self.high = self.high.min(size);
        self.low = self.low.min(self.high);
        match self.probe.take_if(|probe| probe.size > size) {
            Some(_) => PathNews::ProbeTooLarge,
            None => PathNews::Narrower,
        }
    }

    /// Our own link takes segments of `size` from now on. Where that is more than before, there is more to find.
    pub(crate) fn link_takes(&mut self, size: u16) -> PathNews {
        let limit = size.min(self.peer).max(Mss::FLOOR.octets());
        if limit == self.limit {
            return PathNews::None;
        }
        self.least = self.least.min(limit);
        let news = self.takes_at_most(limit);
        let is_wider = limit > self.limit;
        self.limit = limit;
        if is_wider {
            self.forget_told();
        }
        news
    }

    /// The search is on.
    pub(crate) fn is_on(&self) -> bool {
        self.enabled
    }

    /// Timeouts follow each other: large segments may vanish without a word (RFC 4821 section 7.7). The first time the
    /// search begins with what nearly every path takes; from then on the size halves.
    pub(crate) fn suspect_black_hole(&mut self, probing: &MtuProbing, now: Instant) {
        match probing.mode {
            MtuProbingMode::Off => {}
            MtuProbingMode::AfterBlackHole | MtuProbingMode::Always if !self.enabled => {
                self.enabled = true;
                self.began = now;
            }
            MtuProbingMode::AfterBlackHole | MtuProbingMode::Always => {
                let text = (self.low.saturating_sub(self.options) / 2).min(probing.base_mss.octets());
                let text = text.max(at_least_floor(probing.floor)).max(self.least);
                self.low = text.saturating_add(self.options).min(self.high);
            }
        }
    }

    pub(crate) fn describe(&self) -> MtuSearchStatus {
        MtuSearchStatus {
            enabled: self.enabled,
            low: self.low,
            high: self.high,
            probe: self.probe.map(|probe| probe.size),
        }
    }

    /// What passes is no more than what may pass, and a probe lies between.
    pub(crate) fn check_invariants(&self) {
        assert!(self.low <= self.high && self.high <= self.told && self.told <= self.limit);
        assert!((Mss::FLOOR.octets()..=self.limit).contains(&self.size()), "no size for a segment");
        assert!(self.probe.is_none_or(|probe| probe.size <= self.high), "a probe of too much");
    }
}

fn at_least_floor(size: Mss) -> u16 {
    size.max(Mss::FLOOR).octets()
}

#[cfg(test)]
mod tests;
