//! Two stacks joined by a cable in memory.

#![allow(dead_code)]

use synfin::{Builder, Capabilities, Medium, Stack, memory};

pub const LEFT: &str = "10.0.0.1";
pub const RIGHT: &str = "10.0.0.2";

/// Builders of two stacks that are joined, offload on.
pub fn builders() -> (Builder, Builder) {
    builders_with(true)
}

pub fn builders_with(offload: bool) -> (Builder, Builder) {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, offload), 64).unwrap();
    let left = Stack::builder(left).address("10.0.0.1/24").address("fd00::1/64");
    let right = Stack::builder(right).address("10.0.0.2/24").address("fd00::2/64");
    (left, right)
}

pub fn stacks() -> (Stack, Stack) {
    let (left, right) = builders();
    (left.spawn().unwrap(), right.spawn().unwrap())
}

/// Octets that look the same nowhere.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
