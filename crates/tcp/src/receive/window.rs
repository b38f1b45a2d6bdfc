//! Which window to announce (RFC 9293 section 3.8.6.2.2, RFC 7323 section 2).

use synfin_wire::{WindowScale, WindowSize};

use super::ReceiveSpace;

/// What the window depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The receive buffer's size, octets.
    pub(crate) capacity: usize,
    /// Octets in it that the user has not read.
    pub(crate) unread: usize,
    /// The largest segment that we take.
    pub(crate) mss: u32,
    /// Our own window scale.
    pub(crate) scale: WindowScale,
}

impl Room {
    /// What could be announced: what is free, as far as the field can say it.
    fn free(&self) -> u32 {
        let free = self.capacity.saturating_sub(self.unread);
        let sayable = (u32::from(u16::MAX) << self.scale.shift()).min(WindowSize::MAX.octets());
        u32::try_from(free).unwrap_or(u32::MAX).min(sayable)
    }

    /// How far the right edge must be able to move before it does: silly-window avoidance (MUST-39).
    fn worthwhile(&self) -> u32 {
        self.mss.min(u32::try_from(self.capacity / 2).unwrap_or(u32::MAX)).max(1)
    }
}

/// By how much the right edge can be moved, if that is worth saying.
pub(crate) fn opening(space: &ReceiveSpace, room: &Room) -> Option<u32> {
    let target = space.nxt + room.free();
    let gain = target.octets_since(space.edge);
    (gain >= room.worthwhile()).then_some(gain)
}

/// Whether the user's reading has opened the window so far that the peer should hear of it at once. While
/// the peer may still send half of what the buffer takes, the next acknowledgment is soon enough.
pub(crate) fn is_news(space: &ReceiveSpace, room: &Room) -> bool {
    space.window() as usize <= room.capacity / 2 && opening(space, room).is_some()
}

/// Moves the right edge as far as the room allows and returns the window to announce.
///
/// The window goes out in units of the scale. An edge that moves is rounded down. An edge that stays is
/// rounded up, so that the peer does not see it move left, unless that would promise a unit more than
/// there is room for: then it moves left by less than a unit, and what was announced before is still
/// taken (RFC 7323 section 2.4).
pub(crate) fn announce(space: &mut ReceiveSpace, room: &Room) -> WindowSize {
    let unit = 1u32 << room.scale.shift();
    if opening(space, room).is_some() {
        let window = room.free() / unit * unit;
        let edge = space.nxt + window.min(u32::from(u16::MAX) << room.scale.shift());
        space.edge = space.edge.later(edge);
    }
    let window = space.window();
    let rounded_up = window.next_multiple_of(unit);
    if rounded_up.saturating_sub(room.free()) < unit {
        space.edge = space.edge.later(space.nxt + rounded_up);
        WindowSize::new(rounded_up)
    } else {
        WindowSize::new(window)
    }
}

#[cfg(test)]
mod tests;
