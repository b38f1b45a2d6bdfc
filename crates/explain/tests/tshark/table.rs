//! Segments told apart by their connections, as tshark numbers its streams, and what was observed of each.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use synfin_explain::analysis::{Analysis, Observed};
use synfin_ladder::Side;

use super::frames::Frames;

/// What was observed of a frame.
pub(crate) struct Row {
    pub(crate) frame: u64,
    pub(crate) stream: usize,
    pub(crate) completeness: u8,
    pub(crate) observed: Observed,
}

pub(crate) fn observe(frames: &Frames) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut newest: BTreeMap<(SocketAddr, SocketAddr), (usize, Analysis)> = BTreeMap::new();
    let mut streams = 0;
    frames.each(|packet| {
        let (left, side) = if packet.source < packet.destination {
            ((packet.source, packet.destination), Side::Left)
        } else {
            ((packet.destination, packet.source), Side::Right)
        };
        let new = match newest.get(&left) {
            None => Some(Analysis::default()),
            Some((_, old)) => old.is_new_connection(side, packet).then(Analysis::on_reused_ports),
        };
        if let Some(new) = new {
            newest.insert(left, (streams, new));
            streams += 1;
        }
        let (stream, analysis) = newest.get_mut(&left).expect("it is there now");
        let observed = analysis.observe(side, packet);
        rows.push(Row {
            frame: packet.frame,
            stream: *stream,
            completeness: analysis.completeness(),
            observed,
        });
    });
    rows
}
