//! Memory that many connections share.

use crate::compact::compact;

/// How scarce the memory is that the connections of a host share, as Linux's tcp_mem has it: below the second of its
/// marks, from there on, and from the third on. Whoever owns the connections says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MemoryPressure {
    /// There is enough.
    #[default]
    None,
    /// Buffers grow no more, and the windows that are announced become small.
    Scarce,
    /// A connection takes one segment from its peer and one page from its user, and no more before that is done with.
    Exhausted,
}

compact!(
    enum MemoryPressure {
        None,
        Scarce,
        Exhausted,
    }
);
