//! Which window to announce (RFC 9293 section 3.8.6.2.2, RFC 7323 section 2).

use synfin_wire::{WindowScale, WindowSize};

use super::ReceiveSpace;

/// Below this part of the buffer the window closes.
const ALMOST_FULL: u32 = 16;

/// What the window depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The window that the whole buffer is good for, octets.
    pub(crate) full: u32,
    /// The window that the free part of it is good for.
    pub(crate) free: u32,
    /// The largest window.
    pub(crate) clamp: u32,
    /// The window that the segments seen so far recommend.
    pub(crate) threshold: u32,
    /// The size of the peer's full segments.
    pub(crate) full_segment: u32,
    /// Our own window scale.
    pub(crate) scale: WindowScale,
    /// The window may take back what it has promised.
    pub(crate) may_shrink: bool,
}

impl Room {
    /// Less than half of the buffer is free.
    pub(crate) fn is_short(&self) -> bool {
        self.free < self.full.min(self.clamp) / 2
    }
}

/// The window that there is room for. It closes before it becomes silly (MUST-39): the receiver announces
/// none that is smaller than a segment, or than a sixteenth of its buffer.
pub(crate) fn select(space: &ReceiveSpace, room: &Room) -> u32 {
    let full = room.full.min(room.clamp);
    // What is recommended is enough to open the window again.
    let segment = room.full_segment.min(full).min(room.threshold).max(1);
    let unit = 1u32 << room.scale.shift();
    if full == 0 {
        return 0;
    }
    let mut free = room.free;
    if room.may_shrink {
        // No more is promised than there is.
        free = free / unit * unit;
    }
    if room.is_short() {
        free = free / unit * unit;
        if free < room.full / ALMOST_FULL || free < segment {
            return 0;
        }
    }
    free = free.min(room.threshold);
    if room.scale != WindowScale::NONE {
        return free.next_multiple_of(unit);
    }
    // Without a scale the window moves by whole segments.
    let window = space.announced;
    if window + segment <= free || window > free {
        free / segment * segment
    } else if segment == full && free > window + full / 2 {
        free
    } else {
        window
    }
}

/// Whether the peer may still send more than half of what he ever may, of which `clamp` is the bound.
pub(crate) fn is_wide(space: &ReceiveSpace, clamp: u32) -> bool {
    space.window() > clamp / 2
}

/// Whether the user's reading has opened the window so far that the peer should hear of it at once: to at
/// least twice what he still may send, where that is not [wide](is_wide).
pub(crate) fn is_news(space: &ReceiveSpace, room: &Room) -> bool {
    let opened = select(space, room);
    !is_wide(space, room.clamp) && opened > 0 && opened >= 2 * space.window()
}

/// Moves the right edge as far as the room allows and returns the window to announce.
///
/// The window goes out in units of the scale. An edge that stays is rounded up, so that the peer does not
/// see it move left (SHLD-14, RFC 7323 section 2.4).
pub(crate) fn announce(space: &mut ReceiveSpace, room: &Room) -> WindowSize {
    let current = space.window();
    let unit = 1u32 << room.scale.shift();
    let selected = select(space, room);
    let stays = selected < current && !room.may_shrink;
    let window = if stays { current.next_multiple_of(unit) } else { selected };
    let edge = space.nxt + window;
    space.edge = if room.may_shrink { edge } else { space.edge.later(edge) };
    space.announced = window;
    WindowSize::new(window.min(u32::from(u16::MAX) << room.scale.shift()))
}

#[cfg(test)]
mod tests;
