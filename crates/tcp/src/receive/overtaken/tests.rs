use synfin_wire::{Instant, SeqNumber};

use super::{FAR, Overtaken};

fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

const NXT: SeqNumber = SeqNumber::new(u32::MAX - 10);

#[test]
fn text_is_allowed_from_before_the_gap_for_a_while() {
    let overtaken = Overtaken::filled(None, 100, NXT, ms(0));
    assert!(overtaken.allows(100, NXT + 5000, ms(499)));
    assert!(!overtaken.allows(99, NXT, ms(0)), "older than TS.Recent was");
    assert!(!overtaken.allows(100, NXT, ms(500)), "too late");
    assert!(!overtaken.allows(100, NXT + FAR, ms(1)), "too much has come since");
}

#[test]
fn while_gaps_are_filled_the_bound_follows_at_a_distance() {
    let mut overtaken = None;
    for moment in 0..40 {
        let now = moment * 100;
        overtaken = Some(Overtaken::filled(overtaken, now as u32, NXT, ms(now)));
    }
    let overtaken = overtaken.unwrap();
    assert!(overtaken.allows(3400, NXT, ms(3900)), "half a second before is not too old");
    assert!(!overtaken.allows(2900, NXT, ms(3900)), "a second is");
}
