//! Two stacks joined by a cable in memory.

// Each test file uses some of it.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use synfin::path::{Instant, Path};
use synfin::{Builder, Capabilities, Medium, Stack, memory};

pub(crate) const LEFT: &str = "10.0.0.1";
pub(crate) const RIGHT: &str = "10.0.0.2";

pub(crate) fn capabilities(offload: bool) -> Capabilities {
    Capabilities::new(Medium::Ip, 1500, offload)
}

/// Builders of two stacks that are joined, offload on.
pub(crate) fn builders() -> (Builder, Builder) {
    let (left, right) = memory::pair(capabilities(true), 64).unwrap();
    let left = Stack::builder(left).address("10.0.0.1/24").address("fd00::1/64");
    let right = Stack::builder(right).address("10.0.0.2/24").address("fd00::2/64");
    (left, right)
}

pub(crate) fn stacks() -> (Stack, Stack) {
    let (left, right) = builders();
    (left.spawn().unwrap(), right.spawn().unwrap())
}

/// Octets that look the same nowhere.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A path that swallows everything once it is opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hole {
    open: Arc<AtomicBool>,
    outgoing: VecDeque<Bytes>,
    incoming: VecDeque<Bytes>,
}

impl Hole {
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

impl Path for Hole {
    fn outgoing(&mut self, packet: Bytes, _: Instant) {
        if !self.is_open() {
            assert!(packet.len() <= 1500);
            self.outgoing.push_back(packet);
        }
    }

    fn incoming(&mut self, packet: Bytes, _: Instant) {
        if !self.is_open() {
            assert!(packet.len() <= 1500);
            self.incoming.push_back(packet);
        }
    }

    fn poll_outgoing(&mut self, _: Instant) -> Option<Bytes> {
        self.outgoing.pop_front()
    }

    fn poll_incoming(&mut self, _: Instant) -> Option<Bytes> {
        self.incoming.pop_front()
    }

    fn next_due(&self) -> Option<Instant> {
        None
    }
}
