use synfin_wire::SeqNumber;

use super::{ProbeEvidence, ProbeNews, TailLossProbe};
use crate::span::Span;

const END: SeqNumber = SeqNumber::new(5000);

fn evidence(ack: u32) -> ProbeEvidence {
    ProbeEvidence { ack: SeqNumber::new(ack), dsack: false, duplicate: false }
}

fn out(is_retransmission: bool) -> TailLossProbe {
    let mut probe = TailLossProbe::default();
    probe.sent(END, is_retransmission);
    probe
}

#[test]
fn it_waits_two_round_trips_and_for_a_delayed_acknowledgment_when_alone() {
    let (srtt, min_rto) = (Span::from_millis(30), Span::from_millis(200));
    assert_eq!(TailLossProbe::timeout(Some(srtt), false, min_rto), Span::from_millis(62));
    assert_eq!(TailLossProbe::timeout(Some(srtt), true, min_rto), Span::from_millis(260));
    assert_eq!(TailLossProbe::timeout(None, true, min_rto), Span::from_secs(1));
}

#[test]
fn new_data_repairs_nothing() {
    assert_eq!(out(false).on_ack(&evidence(5000)), ProbeNews::Spurious);
    assert_eq!(out(false).on_ack(&evidence(4000)), ProbeNews::None);
}

#[test]
fn a_repetition_has_repaired_a_loss_unless_it_arrived_twice() {
    let mut probe = out(true);
    assert_eq!(probe.on_ack(&evidence(5000)), ProbeNews::None, "it may have been either of the two");
    assert!(probe.is_out());
    assert_eq!(probe.on_ack(&evidence(5001)), ProbeNews::Repaired);
    assert!(!probe.is_out());
    assert_eq!(out(true).on_ack(&ProbeEvidence { dsack: true, ..evidence(5000) }), ProbeNews::Spurious);
    assert_eq!(out(true).on_ack(&ProbeEvidence { duplicate: true, ..evidence(5000) }), ProbeNews::Spurious);
}
