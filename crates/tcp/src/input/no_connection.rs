//! A segment for which there is no connection (RFC 9293 section 3.10.7.1).

use synfin_wire::{Flags, Segment, SeqNumber, TcpHeader, TcpOptions};

use crate::outgoing::SegmentOut;
use synfin_wire::reason::SendReason;

/// The RST that answers a segment that belongs to nothing; `None` for an RST, which is never answered.
///
/// ```
/// # use synfin_wire::{Flags, Segment, SeqNumber, TcpHeader, TcpOptions};
/// # let segment = Segment {
/// #     header: TcpHeader {
/// #         source_port: 40000,
/// #         destination_port: 81,
/// #         seq: SeqNumber::new(100),
/// #         ack: SeqNumber::new(0),
/// #         flags: Flags::SYN,
/// #         reserved: 0,
/// #         window: 1000,
/// #         urgent_pointer: 0,
/// #         options: TcpOptions::default(),
/// #     },
/// #     payload: Default::default(),
/// # };
/// // A SYN to a port on which nobody listens: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>.
/// let reset = synfin_tcp::no_connection(&segment).unwrap();
/// assert_eq!((reset.header.seq, reset.header.ack), (SeqNumber::new(0), SeqNumber::new(101)));
/// ```
#[must_use]
pub fn no_connection(segment: &Segment) -> Option<SegmentOut> {
    let header = &segment.header;
    if header.flags.rst() {
        return None;
    }
    let (seq, ack, flags) = if header.flags.ack() {
        (header.ack, SeqNumber::default(), Flags::RST)
    } else {
        (SeqNumber::default(), segment.end(), Flags::RST | Flags::ACK)
    };
    Some(SegmentOut::without_text(
        TcpHeader {
            source_port: header.destination_port,
            destination_port: header.source_port,
            seq,
            ack,
            flags,
            reserved: 0,
            window: 0,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        },
        SendReason::ResetNoConnection,
    ))
}
