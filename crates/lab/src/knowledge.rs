//! What each end can know of the other, segment by segment: the table behind "two are not enough".
//!
//! In: a trace. Out: for the opening of its first connection, after each segment that arrives, which of four abilities each
//! end has proof of. A segment that comes proves that its sender can send and its receiver can receive; one that
//! acknowledges proves the same of the other way.

use synfin_wire::SeqNumber;

use crate::trace::{Trace, What};

/// The abilities that are in question: the first host's to send and to receive, and the second's.
pub const ABILITIES: [(usize, &str); 4] =
    [(0, "can-send"), (0, "can-receive"), (1, "can-send"), (1, "can-receive")];

/// After one segment: which, and what each host has proof of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The number of the segment in the trace.
    pub segment: usize,
    /// By host, then as in [`ABILITIES`].
    pub by: [[bool; 4]; 2],
}

/// What is known after each segment of an opening, until both ends know all, or nothing more comes.
#[must_use]
pub fn of(trace: &Trace) -> Vec<Known> {
    let mut by = [[false; 4]; 2];
    let mut sent: [Option<SeqNumber>; 2] = [None; 2];
    let mut rows = Vec::new();
    for event in trace.events.iter().filter(|event| event.connection == Some(0)) {
        match event.what {
            What::Sent(number) => {
                let segment = &trace.segments[number];
                sent[segment.host()].get_or_insert(segment.header.seq);
            }
            What::Arrived(number, _) => {
                let segment = &trace.segments[number];
                let (from, to) = (segment.host(), 1 - segment.host());
                let proof = &mut by[to];
                // Its sender sends, and we receive.
                (proof[2 * from], proof[2 * to + 1]) = (true, true);
                let is_acknowledged = segment.header.flags.ack()
                    && sent[to].is_some_and(|first| segment.header.ack.after(first));
                if is_acknowledged {
                    // We send, and it receives.
                    (proof[2 * to], proof[2 * from + 1]) = (true, true);
                }
                rows.push(Known { segment: number, by });
                if by == [[true; 4]; 2] {
                    break;
                }
            }
            _ => {}
        }
    }
    rows
}
