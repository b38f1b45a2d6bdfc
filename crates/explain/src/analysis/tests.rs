use std::net::SocketAddr;

use super::*;
use crate::testing;

const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);

/// A connection that is told segment by segment; frames are counted, times are given in milliseconds.
#[derive(Default)]
struct Told {
    analysis: Analysis,
    frames: u64,
    now: u64,
}

fn packet(frame: u64, millis: u64, flags: Flags, seq: u32, ack: u32, len: u32) -> Packet<'static> {
    let end = |last, port| SocketAddr::from(([10, 0, 0, last], port));
    Packet { frame, ..testing::packet(millis, [end(1, 1024), end(2, 4000)], flags, (seq, ack), len) }
}

impl Told {
    fn opened() -> Self {
        let mut told = Self::default();
        told.left(Flags::SYN, 0, 0, 0);
        told.right(SYN_ACK, 0, 1, 0);
        told.left(Flags::ACK, 1, 1, 0);
        told
    }

    fn after(&mut self, millis: u64) -> &mut Self {
        self.now += millis;
        self
    }

    fn left(&mut self, flags: Flags, seq: u32, ack: u32, len: u32) -> Observed {
        self.tell(Side::Left, flags, seq, ack, len)
    }

    fn right(&mut self, flags: Flags, seq: u32, ack: u32, len: u32) -> Observed {
        self.tell(Side::Right, flags, seq, ack, len)
    }

    fn tell(&mut self, side: Side, flags: Flags, seq: u32, ack: u32, len: u32) -> Observed {
        self.frames += 1;
        self.now += 1;
        self.analysis.observe(side, &packet(self.frames, self.now, flags, seq, ack, len))
    }
}

fn names(observed: Observed) -> Vec<&'static str> {
    observed.marks.iter().map(Mark::name).collect()
}

#[test]
fn a_handshake_and_an_answer() {
    let mut told = Told::opened();
    assert_eq!(told.analysis.completeness(), 7);
    let sent = told.left(Flags::ACK, 1, 1, 100);
    assert_eq!((sent.in_flight, sent.initial_rtt), (Some(100), Some(Duration::from_millis(2))));
    let answer = told.after(30).right(Flags::ACK, 1, 101, 0);
    assert_eq!((answer.ack_rtt, answer.acks_frame), (Some(Duration::from_millis(31)), Some(4)));
    assert_eq!(told.analysis.completeness(), 15);
}

#[test]
fn what_is_sent_again_is_one_of_four() {
    let mut told = Told::opened();
    for number in 0..4 {
        told.left(Flags::ACK, 1 + 100 * number, 1, 100);
    }
    told.right(Flags::ACK, 1, 101, 0);
    assert_eq!(told.right(Flags::ACK, 1, 101, 0).duplicate_ack, Some((1, 8)));
    assert_eq!(told.right(Flags::ACK, 1, 101, 0).duplicate_ack, Some((2, 8)));
    assert_eq!(names(told.left(Flags::ACK, 101, 1, 100)), ["retransmission", "fast_retransmission"]);
    assert_eq!(names(told.left(Flags::ACK, 1, 1, 100)), ["retransmission", "spurious_retransmission"]);
    let timer = told.after(300).left(Flags::ACK, 201, 1, 100);
    assert_eq!(names(timer), ["retransmission"]);
    assert_eq!(timer.rto.map(|(_, frame)| frame), Some(5), "the oldest that is not acknowledged");
    assert_eq!(names(told.left(Flags::ACK, 501, 1, 100)), ["lost_segment"]);
    assert_eq!(names(told.left(Flags::ACK, 401, 1, 100)), ["out_of_order"]);
}

#[test]
fn a_syn_with_another_number_opens_another_connection() {
    let told = Told::opened();
    let again = |seq| packet(9, 9, Flags::SYN, seq, 0, 0);
    assert!(!told.analysis.is_new_connection(Side::Left, &again(0)));
    assert!(told.analysis.is_new_connection(Side::Left, &again(7)));
    let mut new = Analysis::on_reused_ports();
    assert_eq!(names(new.observe(Side::Left, &again(7))), ["reused_ports"]);
    assert_eq!(new.completeness(), 1);
}

#[test]
fn only_so_much_is_kept_of_what_is_not_acknowledged() {
    let mut told = Told::opened();
    for number in 0..30_000 {
        told.left(Flags::ACK, 1 + 10 * number, 1, 10);
    }
    let last = told.left(Flags::ACK, 300_001, 1, 10);
    assert_eq!(last.in_flight, Some(100_000), "ten thousand of ten octets");
}
