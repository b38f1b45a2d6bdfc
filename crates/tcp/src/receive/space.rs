//! The receive sequence space (RFC 9293 section 3.3.1, Figure 4).

use synfin_wire::SeqNumber;

use crate::compact::compact;

/// The receive variables of the TCB.
#[derive(Clone, Debug)]
pub(crate) struct ReceiveSpace {
    /// IRS: the number of the peer's SYN.
    pub(crate) irs: SeqNumber,
    /// RCV.NXT: the next number expected.
    pub(crate) nxt: SeqNumber,
    /// RCV.NXT + RCV.WND: the right edge of the window announced. It does not move left (SHLD-14) but
    /// when memory has run out, or where windows may shrink.
    pub(crate) edge: SeqNumber,
    /// RCV.WND as it was announced last.
    pub(crate) announced: u32,
    /// RCV.UP: the octet behind the urgent data, while there is some that the user has not read.
    pub(crate) urgent: Option<SeqNumber>,
}

compact!(ReceiveSpace { irs, nxt, edge, announced, urgent });

impl ReceiveSpace {
    /// After the peer's SYN, before a window was announced beside our own SYN's.
    pub(crate) fn new(irs: SeqNumber, window: u32) -> Self {
        Self { irs, nxt: irs + 1, edge: irs + 1 + window, announced: window, urgent: None }
    }

    /// RCV.WND.
    pub(crate) fn window(&self) -> u32 {
        self.edge.octets_since(self.nxt)
    }

    /// So many octets more have arrived. They may reach beyond the edge.
    pub(crate) fn advance(&mut self, octets: u32) {
        self.nxt += octets;
        self.edge = self.edge.later(self.nxt);
    }

    /// Takes the window back.
    pub(crate) fn close(&mut self) {
        self.edge = self.nxt;
        self.announced = 0;
    }

    /// The acceptability test of section 3.10.7.4, Table 6, but for one number: a peer that has filled the
    /// window and lost some of it acknowledges from the very edge, and must be heard.
    pub(crate) fn accepts(&self, seq: SeqNumber, len: u32) -> bool {
        let inside = |number: SeqNumber| number.at_or_after(self.nxt) && number.before(self.edge);
        match (len, self.window()) {
            (0, 0) => seq == self.nxt,
            (0, _) => inside(seq) || seq == self.edge,
            (_, 0) => false,
            (_, _) => inside(seq) || inside(seq + (len - 1)),
        }
    }
}
