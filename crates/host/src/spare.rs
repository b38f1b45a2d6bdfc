//! When a container that has grown with a crowd is to shrink after it.

/// Room that is never worth giving back.
const SMALL: usize = 64;

/// The room to keep when so little is used that the rest is given back. Moving what is left costs no more than the
/// removals before it did, since at least as many as are left were removed since the container was that full.
pub(crate) fn room(used: usize, capacity: usize) -> Option<usize> {
    (capacity > SMALL && used <= capacity / 8).then_some((used * 2).max(SMALL))
}
