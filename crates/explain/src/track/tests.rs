use std::net::SocketAddr;

use synfin_ladder::{Side, StateSet};
use synfin_wire::{Ecn, Flags, Instant, SeqNumber, State, TcpHeader, TcpOptions};

use super::{ResetCause, Tracker};
use crate::packet::{ChecksumSeen, Packet};

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);

/// A conversation that is written down packet by packet, ten milliseconds apart. Numbers count from each end's SYN.
#[derive(Default)]
struct Talk {
    tracker: Tracker,
    frames: Vec<u64>,
}

impl Talk {
    /// After a handshake.
    fn opened() -> Self {
        let mut talk = Self::default();
        talk.says(Side::Left, SYN, 0, 0, 0);
        talk.says(Side::Right, SYN | ACK, 0, 1, 0);
        talk.says(Side::Left, ACK, 1, 1, 0);
        talk
    }

    fn says(&mut self, from: Side, flags: Flags, seq: u32, ack: u32, len: u32) {
        let frame = self.frames.len() as u64 + 1;
        let ends: [SocketAddr; 2] =
            ["10.0.0.1:40000", "10.0.0.2:80"].map(|end| end.parse().expect("an address"));
        let (own, peer) = (from.index(), from.other().index());
        let isn = |side: usize| SeqNumber::new([1_000, 2_000_000_000][side]);
        let header = TcpHeader {
            source_port: ends[own].port(),
            destination_port: ends[peer].port(),
            seq: isn(own) + seq,
            ack: if flags.ack() { isn(peer) + ack } else { SeqNumber::new(0) },
            flags,
            reserved: 0,
            window: 60_000,
            urgent_pointer: 0,
            options: TcpOptions::default(),
        };
        let packet = Packet {
            frame,
            at: Instant::from_millis(frame * 10),
            interface: 0,
            source: ends[own],
            destination: ends[peer],
            header,
            len,
            text: &[],
            print: crate::packet::Print::default(),
            captured: len,
            ranges_cut: 0,
            checksum: ChecksumSeen::Right,
            hop_limit: 64,
            identification: 0,
            ecn: Ecn::NotEct,
            comment: None,
        };
        self.tracker.observe(from, &packet);
        self.frames.push(frame);
    }

    /// The states of both ends after the last frame.
    fn last(&self) -> [StateSet; 2] {
        let states = self.tracker.states_after(&self.frames);
        *states.last().expect("something was said")
    }
}

fn set(states: &[State]) -> StateSet {
    states.iter().copied().collect()
}

#[test]
fn what_passes_by_has_arrived_once_the_end_says_so() {
    let mut talk = Talk::default();
    talk.says(Side::Left, SYN, 0, 0, 0);
    assert_eq!(talk.last()[1], set(&[State::Closed, State::Listen, State::SynReceived]));
    talk.says(Side::Right, SYN | ACK, 0, 1, 0);
    assert_eq!(talk.last(), [set(&[State::SynSent, State::Established]), set(&[State::SynReceived])]);
    talk.says(Side::Left, ACK, 1, 1, 0);
    assert_eq!(talk.last(), [set(&[State::Established]), set(&[State::SynReceived, State::Established])]);
    talk.says(Side::Right, ACK, 1, 1, 10);
    assert_eq!(talk.last(), [set(&[State::Established]); 2]);
}

#[test]
fn fins_that_cross_lead_through_closing() {
    let mut talk = Talk::opened();
    talk.says(Side::Left, FIN_ACK, 1, 1, 0);
    talk.says(Side::Right, FIN_ACK, 1, 1, 0);
    talk.says(Side::Left, ACK, 2, 2, 0);
    talk.says(Side::Right, ACK, 2, 2, 0);
    for side in Side::BOTH {
        assert!(talk.tracker.closed_unawares(side), "{side:?}");
        assert_eq!(talk.tracker.state(side), State::TimeWait);
    }
}

#[test]
fn a_fin_that_acknowledges_the_other_s_is_an_answer() {
    let mut talk = Talk::opened();
    talk.says(Side::Right, FIN_ACK, 1, 1, 0);
    talk.says(Side::Left, FIN_ACK, 1, 2, 0);
    talk.says(Side::Right, ACK, 2, 2, 0);
    let [left, right] = talk.tracker.timelines(Instant::from_millis(10_000)).map(|(_, timeline)| timeline);
    use State::*;
    assert_eq!(left.sequence().collect::<Vec<_>>(), [SynSent, Established, CloseWait, LastAck, Closed]);
    let right = right.sequence().collect::<Vec<_>>();
    assert_eq!(right, [SynReceived, Established, FinWait1, FinWait2, TimeWait, Closed]);
}

#[test]
fn a_fin_behind_a_gap_is_not_there_yet() {
    let mut talk = Talk::opened();
    talk.says(Side::Left, FIN_ACK, 101, 1, 0);
    assert_eq!(talk.tracker.state(Side::Right), State::Established);
    talk.says(Side::Left, ACK, 1, 1, 100);
    assert_eq!(talk.tracker.state(Side::Right), State::CloseWait);
}

#[test]
fn an_rst_with_a_wrong_number_ends_nothing() {
    let mut talk = Talk::opened();
    talk.says(Side::Left, ACK, 1, 1, 100);
    talk.says(Side::Right, ACK, 1, 101, 0);
    talk.says(Side::Right, Flags::RST, 5_000, 0, 0);
    let reset = talk.tracker.resets()[0];
    assert!(!reset.acceptable);
    assert_eq!(talk.tracker.state(Side::Left), State::Established);
}

/// RFC 9293 section 3.5.2: what an RST looks like tells what made it go.
#[test]
fn an_rst_tells_what_made_it_go() {
    let cause = |talk: &Talk| talk.tracker.resets().last().map(|reset| reset.cause);
    let rst_ack = Flags::RST | ACK;

    let mut refused = Talk::default();
    refused.says(Side::Left, SYN, 0, 0, 0);
    refused.says(Side::Right, rst_ack, 0, 1, 0);
    assert_eq!(cause(&refused), Some(ResetCause::Refused));
    assert_eq!(refused.tracker.state(Side::Left), State::Closed);

    let mut forgotten = Talk::opened();
    forgotten.says(Side::Left, ACK, 1, 1, 10);
    forgotten.says(Side::Right, Flags::RST, 1, 0, 0);
    assert_eq!(cause(&forgotten), Some(ResetCause::NoConnection));

    let mut unread = Talk::opened();
    unread.says(Side::Left, ACK, 1, 1, 10);
    unread.says(Side::Right, ACK, 1, 11, 0);
    unread.says(Side::Right, rst_ack, 1, 11, 0);
    assert_eq!(cause(&unread), Some(ResetCause::Unread));

    let mut aborted = Talk::opened();
    aborted.says(Side::Left, ACK, 1, 1, 10);
    aborted.says(Side::Right, ACK, 1, 11, 10);
    aborted.says(Side::Left, rst_ack, 11, 11, 0);
    assert_eq!(cause(&aborted), Some(ResetCause::Abort));

    let mut late = Talk::opened();
    late.says(Side::Right, FIN_ACK, 1, 1, 0);
    late.says(Side::Left, ACK, 1, 2, 10);
    late.says(Side::Right, Flags::RST, 2, 0, 0);
    assert_eq!(cause(&late), Some(ResetCause::AfterClose));

    let mut timed_out = Talk::opened();
    (0..4).for_each(|_| timed_out.says(Side::Left, ACK, 1, 1, 10));
    timed_out.says(Side::Left, rst_ack, 11, 1, 0);
    assert_eq!(cause(&timed_out), Some(ResetCause::TimedOut));
}
