//! The send sequence space (RFC 9293 section 3.3.1, Figure 3).

use synfin_wire::{SeqNumber, WindowSize};

use crate::compact::compact;

/// The send variables of the TCB.
#[derive(Clone, Debug)]
pub(crate) struct SendSpace {
    /// ISS: the number of our SYN.
    pub(crate) iss: SeqNumber,
    /// SND.UNA: the oldest number not acknowledged.
    pub(crate) una: SeqNumber,
    /// SND.NXT: the next number to send. It never goes back: what is sent again comes from the
    /// retransmission queue.
    pub(crate) nxt: SeqNumber,
    /// SND.WND: what the peer takes from SND.UNA on.
    pub(crate) wnd: WindowSize,
    /// SND.WL1: the sequence number of the last window update.
    pub(crate) wl1: SeqNumber,
    /// SND.WL2: the acknowledgment number of the last window update.
    pub(crate) wl2: SeqNumber,
    /// What the peer says that it has, in a segment that was dropped for its own number.
    pub(crate) claimed: Option<SeqNumber>,
    /// SND.UP: the number behind the urgent data (MUST-62, RFC 6093 section 3.1), while it is not acknowledged.
    pub(crate) urgent: Option<SeqNumber>,
    /// MAX.SND.WND: the largest window ever seen (RFC 5961 section 5, and silly-window avoidance).
    pub(crate) max_wnd: WindowSize,
}

compact!(SendSpace { iss, una, nxt, wnd, wl1, wl2, claimed, urgent, max_wnd });

impl SendSpace {
    /// After our SYN.
    pub(crate) fn new(iss: SeqNumber) -> Self {
        Self {
            iss,
            una: iss,
            nxt: iss + 1,
            wnd: WindowSize::ZERO,
            wl1: SeqNumber::default(),
            wl2: SeqNumber::default(),
            claimed: None,
            urgent: None,
            max_wnd: WindowSize::ZERO,
        }
    }

    /// The number of the first octet of the user's data.
    pub(crate) fn first_octet(&self) -> SeqNumber {
        self.iss + 1
    }

    /// Numbers sent and not acknowledged, the FIN's included.
    pub(crate) fn outstanding(&self) -> u32 {
        self.nxt.octets_since(self.una)
    }

    /// The number behind the last that the peer takes: SND.UNA + SND.WND.
    pub(crate) fn window_end(&self) -> SeqNumber {
        self.una + self.wnd.octets()
    }

    /// What the window has left: SND.UNA + SND.WND - SND.NXT, or 0 when the peer took window back
    /// (MUST-34).
    pub(crate) fn usable_window(&self) -> u32 {
        self.window_end().octets_since(self.nxt)
    }

    /// There is urgent data that is not acknowledged.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent.is_some()
    }

    /// The urgent pointer of a segment at `seq`: the octets from there to behind the urgent data (MUST-62). Where these
    /// are more than the field can say, it says as many as it can, and the segments that follow will say more; but
    /// as in Linux nothing is said where these have left already.
    pub(crate) fn urgent_pointer(&self, seq: SeqNumber) -> Option<u16> {
        let ahead = self.urgent?.octets_since(seq);
        match u16::try_from(ahead) {
            Ok(0) => None,
            Ok(pointer) => Some(pointer),
            Err(_) => (self.nxt.octets_since(seq) < u32::from(u16::MAX)).then_some(u16::MAX),
        }
    }

    /// SND.UNA has moved: urgent data that is acknowledged is urgent no more.
    pub(crate) fn forget_urgent(&mut self) {
        self.urgent.take_if(|end| end.at_or_before(self.una));
    }

    /// Takes a window that a segment announced, when that segment is no older than the last that did. Whatever
    /// acknowledges more is newer, though its text may fill a gap before that of the last. Two with the same numbers may
    /// have changed places on the way: as in Linux, of these the larger window counts, or one that is closed. Returns
    /// whether SND.WND changed.
    pub(crate) fn update_window(&mut self, seq: SeqNumber, ack: SeqNumber, window: WindowSize) -> bool {
        let counts = window > self.wnd || window == WindowSize::ZERO;
        let newer =
            self.wl2.before(ack) || self.wl1.before(seq) || (self.wl1 == seq && self.wl2 == ack && counts);
        if !newer {
            return false;
        }
        self.set_window(seq, ack, window)
    }

    /// Takes a window unasked: the first one.
    pub(crate) fn set_window(&mut self, seq: SeqNumber, ack: SeqNumber, window: WindowSize) -> bool {
        let changed = self.wnd != window;
        self.wnd = window;
        self.wl1 = seq;
        self.wl2 = ack;
        self.max_wnd = self.max_wnd.max(window);
        changed
    }
}
