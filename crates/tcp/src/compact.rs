//! A connection's memory written down as octets, and read back.
//!
//! In: values of this crate, each of which writes its fields one after another. Out: the same values. Numbers take as many
//! octets as they need; moments and sequence numbers are told by how far they are from the one before, and of zeros, which
//! are every other octet, how many there are. A type names all of its fields in [`compact!`], so that a new one cannot be
//! forgotten. What comes back is what was written by the same program a while ago, and never leaves it: there is no version
//! and no check.
//!
//! Left out on purpose: whatever holds text or a segment. Only what has none is written, and `empty` fields say so.

use alloc::vec::Vec;
use core::time::Duration;

use synfin_wire::state::State;
use synfin_wire::{Ecn, Instant, SeqNumber, UserTimeout, WindowScale, WindowSize};

/// What can be written down.
pub(crate) trait Compact: Sized {
    /// Writes it behind what `to` has.
    fn write(&self, to: &mut Writer);

    /// Reads what [`Compact::write`] has written.
    fn read(from: &mut Reader<'_>) -> Self;
}

/// Octets that are written.
#[derive(Debug)]
pub(crate) struct Writer {
    octets: Vec<u8>,
    /// The last octet says how many zeros there are.
    counts_zeros: bool,
    /// The moment that was written last, nanoseconds.
    moment: u64,
    /// The sequence number that was written last.
    number: u32,
}

/// Octets that are read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    octets: core::slice::Iter<'a, u8>,
    /// Zeros that come before the next of `octets`.
    zeros: u8,
    moment: u64,
    number: u32,
}

impl Writer {
    /// With room for a connection, so that it need not grow.
    pub(crate) fn new() -> Self {
        Self { octets: Vec::with_capacity(1024), counts_zeros: false, moment: 0, number: 0 }
    }

    /// What was written.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn put(&mut self, octet: u8) {
        match self.octets.last_mut() {
            Some(zeros) if octet == 0 && self.counts_zeros && *zeros < u8::MAX => *zeros += 1,
            _ => {
                self.octets.push(octet);
                self.counts_zeros = octet == 0;
                if self.counts_zeros {
                    self.octets.push(1);
                }
            }
        }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { octets: octets.iter(), zeros: 0, moment: 0, number: 0 }
    }

    fn take(&mut self) -> u8 {
        if self.zeros > 0 {
            self.zeros -= 1;
            return 0;
        }
        let mut next = || *self.octets.next().expect("what is read was written");
        let octet = next();
        if octet == 0 {
            self.zeros = next() - 1;
        }
        octet
    }

    /// Everything was read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.octets.as_slice().is_empty() && self.zeros == 0
    }
}

/// Says of which fields a type consists: a structure's, those that are always empty when it is written, or the one number of
/// a tuple; or the variants of an enumeration.
macro_rules! compact {
    (enum $name:ident { $($variant:ident),* $(,)? }) => {
        impl $crate::compact::Compact for $name {
            fn write(&self, to: &mut $crate::compact::Writer) {
                let number = match self { $(Self::$variant => Self::$variant as u8,)* };
                $crate::compact::Compact::write(&number, to);
            }

            fn read(from: &mut $crate::compact::Reader<'_>) -> Self {
                let number = <u8 as $crate::compact::Compact>::read(from);
                $(if number == Self::$variant as u8 { return Self::$variant; })*
                unreachable!("{number} is no {}", stringify!($name))
            }
        }
    };
    ($name:ident($number:ident)) => {
        impl $crate::compact::Compact for $name {
            fn write(&self, to: &mut $crate::compact::Writer) {
                let Self($number) = self;
                $crate::compact::Compact::write($number, to);
            }

            fn read(from: &mut $crate::compact::Reader<'_>) -> Self {
                Self($crate::compact::Compact::read(from))
            }
        }
    };
    ($name:ident { $($(#[$attribute:meta])* $field:ident),* $(,)? } $(empty { $($empty:ident),* $(,)? })?) => {
        impl $crate::compact::Compact for $name {
            fn write(&self, to: &mut $crate::compact::Writer) {
                let Self { $($(#[$attribute])* $field,)* $($($empty: _,)*)? } = self;
                $($(#[$attribute])* $crate::compact::Compact::write($field, to);)*
            }

            fn read(from: &mut $crate::compact::Reader<'_>) -> Self {
                $($(#[$attribute])* let $field = $crate::compact::Compact::read(from);)*
                Self {
                    $($(#[$attribute])* $field,)*
                    $($($empty: Default::default(),)*)?
                }
            }
        }
    };
}
pub(crate) use compact;

impl Compact for u64 {
    /// Seven bits an octet, the lowest first; the eighth says that there are more.
    fn write(&self, to: &mut Writer) {
        let mut rest = *self;
        while rest >= 0x80 {
            to.put(rest as u8 | 0x80);
            rest >>= 7;
        }
        to.put(rest as u8);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let mut value = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let octet = from.take();
            value |= Self::from(octet & 0x7f) << shift;
            if octet < 0x80 {
                break;
            }
        }
        value
    }
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Compact for $number {
            fn write(&self, to: &mut Writer) {
                (*self as u64).write(to);
            }

            fn read(from: &mut Reader<'_>) -> Self {
                u64::read(from) as Self
            }
        }
    )* };
}
numbers!(u8, u16, u32, usize);

impl Compact for bool {
    fn write(&self, to: &mut Writer) {
        to.put((*self).into());
    }

    fn read(from: &mut Reader<'_>) -> Self {
        u8::read(from) == 1
    }
}

/// A difference as a number that is small where it is near zero: forth and back by turns.
fn folded(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn unfolded(folded: u64) -> i64 {
    ((folded >> 1) ^ (folded & 1).wrapping_neg()) as i64
}

impl Compact for SeqNumber {
    /// How far it is from the last one.
    fn write(&self, to: &mut Writer) {
        let ahead = self.value().wrapping_sub(to.number) as i32;
        to.number = self.value();
        folded(ahead.into()).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.number = from.number.wrapping_add(unfolded(u64::read(from)) as u32);
        Self::new(from.number)
    }
}

impl Compact for Instant {
    /// How far it is from the last one.
    fn write(&self, to: &mut Writer) {
        let ahead = self.as_nanos().wrapping_sub(to.moment) as i64;
        to.moment = self.as_nanos();
        folded(ahead).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.moment = from.moment.wrapping_add(unfolded(u64::read(from)) as u64);
        Self::from_nanos(from.moment)
    }
}

impl Compact for Duration {
    fn write(&self, to: &mut Writer) {
        self.as_secs().write(to);
        self.subsec_nanos().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let seconds = u64::read(from);
        Self::new(seconds, u32::read(from))
    }
}

impl<T: Compact> Compact for Option<T> {
    fn write(&self, to: &mut Writer) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        bool::read(from).then(|| T::read(from))
    }
}

impl<T: Compact, const N: usize> Compact for [T; N] {
    fn write(&self, to: &mut Writer) {
        self.iter().for_each(|value| value.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        core::array::from_fn(|_| T::read(from))
    }
}

impl<A: Compact, B: Compact> Compact for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let first = A::read(from);
        (first, B::read(from))
    }
}

impl Compact for WindowSize {
    fn write(&self, to: &mut Writer) {
        self.octets().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self::new(u32::read(from))
    }
}

impl Compact for WindowScale {
    fn write(&self, to: &mut Writer) {
        self.shift().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self::new(u8::read(from))
    }
}

impl Compact for UserTimeout {
    fn write(&self, to: &mut Writer) {
        self.bits().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self::from_bits(u16::read(from)).expect("it was one")
    }
}

compact!(
    enum State {
        Closed,
        Listen,
        SynSent,
        SynReceived,
        Established,
        FinWait1,
        FinWait2,
        CloseWait,
        Closing,
        LastAck,
        TimeWait,
    }
);
compact!(
    enum Ecn {
        NotEct,
        Ect1,
        Ect0,
        Ce,
    }
);

#[cfg(test)]
mod tests;
