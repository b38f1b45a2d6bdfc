use smallvec::smallvec;

use super::*;

fn sender() -> EcnSender {
    EcnSender::new(&EcnHandshake { feedback: EcnFeedback::Accurate, ..EcnHandshake::default() })
}

/// An acknowledgment of `segments` of 1000 octets whose ACE field is `ace`.
fn ack(sender: &mut EcnSender, ace: u32, segments: u32, option: Option<[u32; 3]>) -> u32 {
    let option = option.map(|counters| AccEcn {
        ect1_first: true,
        counters: smallvec![counters[0], counters[1], counters[2]],
    });
    let feedback =
        Feedback { flags: Flags::from_ace(ace), option: option.as_ref(), newer: false, octets_sent: 0 };
    let delivery =
        Delivery { segments, octets: segments * 1000, progress: segments > 0, exact: true, mss: 1000 };
    sender.marked(&feedback, &delivery)
}

#[test]
fn the_field_begins_at_five_and_comes_round() {
    let mut sender = sender();
    assert_eq!([5, 6, 0, 0, 7].map(|ace| ack(&mut sender, ace, 2, None)), [0, 1, 2, 0, 7]);
    assert_eq!(sender.marks, 10);
}

#[test]
fn what_brings_nothing_may_be_old() {
    assert_eq!(ack(&mut sender(), 7, 0, None), 0);
}

#[test]
fn where_the_field_may_have_come_round_unseen_the_most_is_believed() {
    let mut sender = sender();
    for _ in 0..3 {
        assert_eq!(ack(&mut sender, 5, 2, None), 0);
    }
    assert_eq!(ack(&mut sender, 6, 10, None), 9);
}

#[test]
fn the_octets_tell_how_often_it_came_round() {
    let mut first = sender();
    assert_eq!(ack(&mut first, 5, 1, Some([1, 0, 1001])), 0);
    assert_eq!(ack(&mut first, 5, 10, Some([1, 0, 11_001])), 0, "no octet was marked");
    let mut second = sender();
    assert_eq!(ack(&mut second, 5, 1, Some([1, 0, 1001])), 0);
    assert_eq!(ack(&mut second, 6, 10, Some([1, 9000, 2001])), 9, "nine thousand were");
}

#[test]
fn counters_have_24_bits() {
    let mut sender = sender();
    sender.octets.ect0 = 0xff_fffe;
    ack(&mut sender, 5, 1, Some([1, 0, 0x00_03e7]));
    assert_eq!(sender.octets.ect0, 0x100_03e6);
}

#[test]
fn counters_that_begin_at_zero_are_not_believed() {
    let mut sender = sender();
    ack(&mut sender, 5, 1, Some([0, 0, 0]));
    assert!(sender.failures.option_received);
}
