use alloc::vec::Vec;

use super::*;

fn receiver(feedback: EcnFeedback) -> EcnReceiver {
    EcnReceiver::new(&EcnHandshake { feedback, ..EcnHandshake::default() }, false, Instant::ZERO)
}

fn arrive(receiver: &mut EcnReceiver, ecn: Ecn, octets: u32) -> bool {
    receiver.arrived(&Arrival { ecn, flags: Flags::ACK, octets, segment_size: 1460 })
}

fn plan(receiver: &EcnReceiver, timestamps: bool, ranges: usize) -> OptionPlan {
    let input = OptionPlanInput {
        fixed: if timestamps { 12 } else { 0 },
        ranges,
        smoothed_rtt: None,
        now: Instant::ZERO,
    };
    receiver.plan(&EcnConfig::default(), &input)
}

#[test]
fn the_classic_echo_lasts_until_cwr() {
    let mut receiver = receiver(EcnFeedback::Classic);
    assert!(!receiver.text(Ecn::Ect0));
    assert!(receiver.text(Ecn::Ce), "at once");
    assert!(!receiver.text(Ecn::Ce), "once");
    assert_eq!(receiver.flags(true), Flags::ECE);
    let cwr = Arrival { ecn: Ecn::Ect0, flags: Flags::ACK | Flags::CWR, octets: 100, segment_size: 1460 };
    assert!(receiver.arrived(&cwr), "at once");
    assert_eq!(receiver.flags(true), Flags::NONE);
}

#[test]
fn the_field_counts_marks_from_five() {
    let mut receiver = receiver(EcnFeedback::Accurate);
    let told: Vec<u8> = (0..4)
        .map(|_| {
            arrive(&mut receiver, Ecn::Ce, 0);
            receiver.flags(true).ace()
        })
        .collect();
    assert_eq!(told, [6, 7, 0, 1]);
}

#[test]
fn six_marks_on_pure_acknowledgments_are_told_of() {
    let mut receiver = receiver(EcnFeedback::Accurate);
    let at_once: Vec<bool> = (0..6).map(|_| arrive(&mut receiver, Ecn::Ce, 0)).collect();
    assert_eq!(at_once, [false, false, false, false, false, true]);
}

#[test]
fn the_option_needs_a_peer_that_knows_it() {
    let mut receiver = receiver(EcnFeedback::Accurate);
    assert_eq!(plan(&receiver, true, 0).counters, None);
    receiver.saw_option();
    assert_eq!(plan(&receiver, true, 0), OptionPlan { counters: Some(3), ranges: 0, octets: 12 });
}

#[test]
fn the_option_shrinks_beside_sack_or_takes_the_third_range() {
    let mut receiver = receiver(EcnFeedback::Accurate);
    receiver.saw_option();
    assert_eq!(plan(&receiver, true, 2), OptionPlan { counters: Some(2), ranges: 2, octets: 8 });
    assert_eq!(plan(&receiver, true, 3), OptionPlan { counters: Some(0), ranges: 3, octets: 0 });
    arrive(&mut receiver, Ecn::Ce, 100);
    assert_eq!(plan(&receiver, true, 3), OptionPlan { counters: Some(2), ranges: 2, octets: 8 });
    arrive(&mut receiver, Ecn::Ect0, 100);
    assert_eq!(
        plan(&receiver, true, 3),
        OptionPlan { counters: None, ranges: 3, octets: 0 },
        "no room for three"
    );
}

#[test]
fn a_plan_takes_what_the_header_will() {
    use synfin_wire::tcp::SackRange;
    use synfin_wire::{TcpOptions, Timestamps};
    for counters in 0..=3 {
        for ranges in 0..=2 {
            let mut options = TcpOptions {
                timestamps: Some(Timestamps { value: 1, echo: 2 }),
                sack: core::iter::repeat_n(
                    SackRange { start: SeqNumber::new(1), end: SeqNumber::new(2) },
                    ranges,
                )
                .collect(),
                ..TcpOptions::default()
            };
            let before = options.len();
            if before + option_len(counters, ranges > 0) > OPTION_SPACE {
                continue;
            }
            options.acc_ecn =
                Some(AccEcn { ect1_first: true, counters: core::iter::repeat_n(7, counters).collect() });
            assert_eq!(options.len(), before + option_len(counters, ranges > 0), "{counters}, {ranges}");
        }
    }
}
