//! What a segment costs in the receive buffer: what Linux's allocator gives for it.

/// What the description of a piece of memory costs, octets.
const DESCRIPTION: usize = 256;
/// The smallest piece of memory.
const SMALLEST_PIECE: usize = 576;
/// What lies before the text of a segment: room, and headers without options.
const BEFORE: usize = 104;
/// What lies behind the text: the list of pages.
const BEHIND: usize = 320;
/// A segment that is longer, what lies before its text included, gets pages for what the first has no room for.
const PAGE: usize = 4096;
/// As much text as a page has room for when text is copied together.
pub(crate) const COPIED_TOGETHER: u32 = (PAGE - BEHIND) as u32;

/// What a piece of memory costs, octets, and how much of the next segment goes into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) charge: u32,
    pub(crate) room: u32,
}

impl Cost {
    /// Of a segment as it came, with so much text and so many octets of options.
    pub(crate) fn of_segment(text: u32, options: u32) -> Self {
        piece(text as usize, BEFORE + options as usize)
    }

    /// Of the text of several, copied together.
    pub(crate) fn of_copy(text: u32) -> Self {
        let pages = text / COPIED_TOGETHER * (DESCRIPTION + PAGE) as u32;
        match text % COPIED_TOGETHER {
            0 => Self { charge: pages, room: 0 },
            rest => {
                let Self { charge, room } = piece(rest as usize, 0);
                Self { charge: pages + charge, room }
            }
        }
    }
}

fn piece(text: usize, before: usize) -> Cost {
    let used = before + text + BEHIND;
    if before + text >= PAGE {
        let pages = (used - PAGE).next_multiple_of(PAGE);
        return Cost { charge: (DESCRIPTION + PAGE + pages) as u32, room: 0 };
    }
    let size = if used <= SMALLEST_PIECE { SMALLEST_PIECE } else { used.next_power_of_two() };
    Cost { charge: (DESCRIPTION + size) as u32, room: (size - used) as u32 }
}

/// How much more a segment may cost without another page for the buffer.
pub(crate) const fn left_in_page(used: usize) -> usize {
    used.wrapping_neg() % PAGE
}

#[cfg(test)]
mod tests {
    use super::{COPIED_TOGETHER, Cost, left_in_page};

    #[test]
    fn a_segment_costs_what_the_allocator_gives_for_it() {
        let seen = [
            (1, 832),
            (152, 832),
            (153, 1280),
            (600, 1280),
            (601, 2304),
            (1460, 2304),
            (3000, 4352),
            (3673, 8448),
            (5000, 8448),
            (7768, 8448),
            (7769, 12_544),
            (10_000, 12_544),
            (14_600, 16_640),
        ];
        for (text, cost) in seen {
            assert_eq!(Cost::of_segment(text, 0).charge, cost, "{text}");
        }
        assert_eq!(Cost::of_segment(141, 12).charge, 1280, "timestamps take room as well");
        let room = [1000, 3673, 5000].map(|text| Cost::of_segment(text, 0).room);
        assert_eq!(room, [624, 4095, 0], "there is none behind pages");
    }

    #[test]
    fn text_that_is_copied_together_fills_pages() {
        assert_eq!(Cost::of_copy(COPIED_TOGETHER), Cost { charge: 4352, room: 0 });
        assert_eq!(Cost::of_copy(4900), Cost { charge: 6656, room: 604 });
    }

    #[test]
    fn what_is_left_of_a_page_counts_down() {
        assert_eq!([0, 1, 4096, 40_768].map(left_in_page), [0, 4095, 0, 192]);
    }
}
