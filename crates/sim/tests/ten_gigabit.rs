//! A second at 10 Gbit/s, and that simulating it takes work in proportion to what passes and no more.

#[path = "../examples/ten_gigabit.rs"]
#[allow(dead_code, reason = "its `main` measures the time that this takes")]
mod example;

use example::Second;

#[test]
fn a_second_at_ten_gigabit_takes_a_bounded_number_of_steps() {
    let Second { octets, packets, steps } = example::simulate();
    // 1448 of 1500 octets are text.
    assert!(octets * 8 > 9_600_000_000, "{octets}");
    assert!((1_200_000..1_700_000).contains(&packets), "{packets}");
    // A packet is sent in the step that another arrives in, and arrives in one; a timer here and there.
    assert!(steps < packets * 5 / 4, "{steps} steps for {packets} packets");
}
