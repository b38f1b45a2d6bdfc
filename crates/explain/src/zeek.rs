//! What Zeek's `conn.log` would say of a connection: `conn_state` and `history`.
//!
//! What comes in: the segments of one connection, in the order of the capture. What goes out: a [`Zeek`]. The rules are
//! those of Zeek's documentation, of `conn_state` and `history` in `Conn::Info`. Where the documentation and the program
//! differ, the documentation counts: a lone RST is `OTH`, since `RSTOS0` wants a SYN.
//!
//! Left out on purpose: timeouts, after which Zeek begins another connection; the letter `x`, since nothing here gives up.

use std::net::SocketAddr;

use synfin_ladder::Zeek;
use synfin_wire::SeqNumber;

use crate::packet::{ChecksumSeen, Packet};

mod history;
mod stream;

use history::History;
use stream::Stream;

/// Ports on which servers listen, among those that Zeek has a protocol for: a segment from such a port to another one,
/// where no SYN was seen, comes from the responder.
const SERVER_PORTS: [u16; 41] = [
    21, 22, 25, 53, 80, 81, 88, 110, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614, 631,
    636, 989, 990, 992, 993, 995, 1080, 1883, 3128, 3306, 3389, 5060, 5223, 5432, 6379, 6667, 8000, 8080,
    8888,
];

/// Who sent a segment, as Zeek has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    Originator,
    Responder,
}

/// What is known of one end.
#[derive(Clone, Debug, Default)]
struct Endpoint {
    /// It sent a SYN without ACK.
    syn: bool,
    /// It sent a SYN with ACK.
    syn_ack: bool,
    /// It sent something that is neither a SYN nor an RST.
    spoke: bool,
    fin: bool,
    stream: Stream,
}

/// Follows one connection.
///
/// ```
/// use synfin_explain::zeek::ZeekTracker;
/// assert_eq!(ZeekTracker::default().finish().conn_state, "OTH");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ZeekTracker {
    originator: Option<SocketAddr>,
    ends: [Endpoint; 2],
    /// Who sent the first RST that counts.
    reset_by: Option<Party>,
    history: History,
}

impl ZeekTracker {
    /// Takes the next segment.
    pub fn observe(&mut self, packet: &Packet<'_>) {
        let party = self.party(packet);
        if packet.checksum == ChecksumSeen::Wrong {
            // Zeek takes no further notice of it.
            self.history.scaled(party, 'c');
            return;
        }
        self.note_flags(party, packet);
        if packet.header.window == 0 && !packet.header.flags.rst() {
            self.history.scaled(party, 'w');
        }
        self.note_text(party, packet);
        self.note_acknowledgment(party, packet);
    }

    /// The originator, once there is one: the sender of the first segment, or its receiver where that is a SYN-ACK, or no
    /// SYN and from a server's port.
    #[must_use]
    pub fn originator(&self) -> Option<SocketAddr> {
        self.originator
    }

    /// What the connection looks like by now.
    #[must_use]
    pub fn finish(&self) -> Zeek {
        Zeek { conn_state: self.state(), history: self.history.text() }
    }

    fn party(&mut self, packet: &Packet<'_>) -> Party {
        let originator = match self.originator {
            Some(originator) => originator,
            None if is_from_responder(packet) => {
                self.history.flip();
                packet.destination
            }
            None => packet.source,
        };
        self.originator = Some(originator);
        if packet.source == originator { Party::Originator } else { Party::Responder }
    }

    fn note_flags(&mut self, party: Party, packet: &Packet<'_>) {
        let (flags, seq) = (packet.header.flags, packet.header.seq);
        let end = &mut self.ends[party as usize];
        if flags.syn() && (flags.fin() || flags.rst()) {
            self.history.once(party, 'q');
        } else if flags.fin() && flags.rst() {
            self.history.once(party, 'i');
        }
        if flags.syn() {
            let letter = if flags.ack() { 'h' } else { 's' };
            end.syn |= !flags.ack();
            end.syn_ack |= flags.ack();
            self.history.by_number(party, letter, seq);
        }
        if flags.fin() {
            end.fin = true;
            self.history.by_number(party, 'f', seq);
        }
        if flags.rst() {
            self.history.by_number(party, 'r', seq);
            let closed = self.ends.iter().all(|end| end.fin);
            if !closed && self.reset_by.is_none() {
                self.reset_by = Some(party);
            }
        } else if !flags.syn() {
            self.ends[party as usize].spoke = true;
        }
    }

    fn note_text(&mut self, party: Party, packet: &Packet<'_>) {
        let flags = packet.header.flags;
        let start = packet.header.seq + u32::from(flags.syn());
        let text = if flags.rst() { 0 } else { packet.len };
        let seen_before = self.ends[party as usize].stream.send(start, text, flags.fin());
        if text > 0 {
            if seen_before {
                self.history.scaled(party, 't');
            }
            self.history.once(party, 'd');
        } else if flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() {
            self.history.once(party, 'a');
        }
    }

    /// What is acknowledged and was not seen is a gap in what the other end sent.
    fn note_acknowledgment(&mut self, party: Party, packet: &Packet<'_>) {
        if !packet.header.flags.ack() || packet.header.flags.rst() {
            return;
        }
        let other = match party {
            Party::Originator => Party::Responder,
            Party::Responder => Party::Originator,
        };
        for _ in 0..self.ends[other as usize].stream.acknowledge(packet.header.ack) {
            self.history.scaled(other, 'g');
        }
    }

    fn state(&self) -> &'static str {
        let [originator, responder] = &self.ends;
        // Both SYNs; or neither, and both ends speak in the middle of a connection.
        let opened = originator.syn && (responder.syn_ack || responder.syn);
        let midstream = !originator.syn && !responder.syn_ack && originator.spoke && responder.spoke;
        let established = opened || midstream;
        match self.reset_by {
            Some(Party::Responder) => return responder_reset(originator, responder, established),
            Some(Party::Originator) if established || responder.syn_ack => return "RSTO",
            Some(Party::Originator) if originator.syn => return "RSTOS0",
            Some(Party::Originator) => return "OTH",
            None => {}
        }
        match (originator.fin, responder.fin) {
            (true, true) => "SF",
            (true, false) if established => "S2",
            (true, false) if originator.syn => "SH",
            (false, true) if established => "S3",
            (false, true) if responder.syn_ack => "SHR",
            (false, false) if opened => "S1",
            (false, false) if originator.syn && !responder.spoke && !responder.syn_ack => "S0",
            _ => "OTH",
        }
    }
}

fn responder_reset(originator: &Endpoint, responder: &Endpoint, established: bool) -> &'static str {
    if established {
        "RSTR"
    } else if originator.syn {
        "REJ"
    } else if responder.syn_ack && !originator.spoke {
        "RSTRH"
    } else {
        "RSTR"
    }
}

/// Whether a first segment comes from the end that was called.
fn is_from_responder(packet: &Packet<'_>) -> bool {
    let flags = packet.header.flags;
    let is_server = |address: SocketAddr| SERVER_PORTS.contains(&address.port());
    match (flags.syn(), flags.ack()) {
        (true, acknowledges) => acknowledges,
        (false, _) => is_server(packet.source) && !is_server(packet.destination),
    }
}

#[cfg(test)]
mod tests;
