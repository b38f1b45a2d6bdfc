//! Reports of SACK whose numbers are others than those of their acknowledgment: a box on the way moves the sequence numbers
//! of the header and not those in the option (RFC 2018 section 3).

use synfin_ladder::Side;
use synfin_wire::tcp::SackRange;
use synfin_wire::{SeqNumber, TcpHeader};

/// By side of the receiver that reports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reports([Option<Report>; 2]);

/// What was reported first, in the last acknowledgment that reported something.
#[derive(Clone, Copy, Debug)]
struct Report {
    ack: SeqNumber,
    range: SackRange,
}

impl Reports {
    /// Whether this acknowledgment shows that what it reports lies beyond a gap, while its numbers lie before that. What
    /// comes beyond a gap makes the same range longer and longer; each that has come twice is one by itself (RFC 2883
    /// section 4).
    pub(super) fn are_moved(&mut self, from: Side, header: &TcpHeader) -> bool {
        let Some(range) = header.options.sack.first().copied() else { return false };
        let before = self.0[from.index()].replace(Report { ack: header.ack, range });
        before.is_some_and(|before| {
            let grows = before.range.start == range.start && range.end.after(before.range.end);
            before.ack == header.ack && grows && range.end.at_or_before(header.ack)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfin_wire::{Flags, TcpOptions};

    #[test]
    fn a_range_that_grows_before_its_acknowledgment_lies_elsewhere() {
        let reports = |ack: u32, ranges: &[(u32, u32)]| {
            let mut reports = Reports::default();
            let mut moved = Vec::new();
            for (start, end) in ranges {
                let [start, end] = [*start, *end].map(SeqNumber::new);
                let mut options = TcpOptions::default();
                options.sack.push(SackRange { start, end });
                let header = TcpHeader {
                    source_port: 1000,
                    destination_port: 80,
                    seq: SeqNumber::new(1),
                    ack: SeqNumber::new(ack),
                    flags: Flags::ACK,
                    reserved: 0,
                    window: 1000,
                    urgent_pointer: 0,
                    options,
                };
                moved.push(reports.are_moved(Side::Left, &header));
            }
            moved
        };
        assert_eq!(reports(9000, &[(1000, 2000), (1000, 3000)]), [false, true]);
        assert_eq!(reports(9000, &[(1000, 2000), (2000, 3000)]), [false, false], "each has come twice");
        assert_eq!(reports(500, &[(1000, 2000), (1000, 3000)]), [false, false], "there is a gap before it");
    }
}
